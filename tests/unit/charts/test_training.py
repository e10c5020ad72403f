"""Training curves have a line for every run and set."""

import pandas as pd
import pytest

from examples import IDENTITY, data_of
from sharpminima.charts import training


@pytest.fixture
def history():
    rows = [
        {
            **IDENTITY,
            "regime": regime,
            "seed": seed,
            "epoch": epoch,
            "status": "training",
            "train_loss": loss / epoch,
            "test_loss": 2 * loss / epoch,
            "train_accuracy": 90.0,
            "test_accuracy": 80.0,
        }
        for regime, loss in (("SB", 1.0), ("LB", 3.0))
        for seed in (0, 1)
        for epoch in (1, 2, 3)
    ]
    return pd.DataFrame(rows)


def test_training_curves_have_a_line_for_every_run_and_set(history):
    chart = training.draw(history, ["SB", "LB"])
    accuracy, loss = chart.to_dict()["hconcat"]
    assert accuracy["encoding"]["detail"]["field"] == "seed"
    assert accuracy["encoding"]["y"]["title"] == "accuracy (%)"
    assert loss["encoding"]["y"]["title"] == "cross entropy (nats per example)"
    assert loss["encoding"]["y"]["scale"]["type"] == "log"
    assert loss["encoding"]["strokeDash"]["scale"]["domain"] == ["train", "test"]
    assert loss["encoding"]["color"]["scale"]["domain"] == ["SB", "LB"]
    assert len(data_of(chart)) == 2 * 2 * 2 * 2 * 3


def test_a_regime_with_the_epochs_of_another_does_not_hide_it(history):
    """Averaging alters the last weights alone. Rows may come in any order."""
    averaged = history[history["regime"] == "SB"].assign(regime="SB-averaged")
    rows = pd.concat([averaged[::-1], history])
    regimes = ["SB", "SB-averaged", "LB"]
    chart = training.draw(rows, regimes)
    assert set(data_of(chart)["regime"]) == {"SB", "LB"}
    spec = chart.to_dict()
    note = "not drawn: SB-averaged, whose epochs are those of SB"
    assert spec["title"]["subtitle"] == [note]
    for panel in spec["hconcat"]:
        colour = panel["encoding"]["color"]
        assert colour["legend"]["values"] == ["SB", "LB"]
        assert colour["scale"]["domain"] == regimes


def test_a_regime_that_differs_in_one_value_is_drawn(history):
    other = history[history["regime"] == "SB"].assign(regime="SB-other")
    other.iloc[-1, other.columns.get_loc("test_accuracy")] = 80.1
    chart = training.draw(pd.concat([history, other]), ["SB", "LB", "SB-other"])
    assert set(data_of(chart)["regime"]) == {"SB", "LB", "SB-other"}
    assert chart.to_dict()["title"]["subtitle"] == ""
