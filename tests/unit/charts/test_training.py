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
            "train_loss": 1 / epoch,
            "test_loss": 2 / epoch,
            "train_accuracy": 90.0,
            "test_accuracy": 80.0,
        }
        for regime in ("SB", "LB")
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
