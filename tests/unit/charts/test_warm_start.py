"""Warm starts: accuracy above, sharpness below."""

import pandas as pd
import pytest

from examples import IDENTITY, data_of, layers
from sharpminima.charts import warm_start


@pytest.fixture
def warm():
    rows = [
        {
            **IDENTITY,
            "seed": seed,
            "epoch": epoch,
            "status": "max_epochs",
            "first_test_accuracy": 90.0 + epoch,
            "first_train_loss": 0.1,
            "second_test_accuracy": 95.0,
            "second_train_accuracy": 99.0,
            "second_sharpness": 300.0 - epoch,
        }
        for seed in (0, 1)
        for epoch in (0, 5, 10)
    ]
    return pd.DataFrame(rows)


def test_warm_starts_show_accuracy_above_and_sharpness_below(warm):
    chart = warm_start.draw(warm, "SB", "LB").to_dict()
    above, below = (layers(panel)[1] for panel in chart["vconcat"])
    assert above["x"]["title"] == "epochs of SB before LB"
    assert above["y"]["title"] == "test accuracy (%)"
    assert below["y"]["title"] == "sharpness (%)"
    assert below["y"]["scale"]["type"] == "log"
    assert above["color"]["scale"]["domain"] == ["SB", "LB"]


def test_warm_starts_draw_trained_iterates_and_what_follows(warm):
    drawn = data_of(warm_start.draw(warm, "SB", "LB"))
    accuracies = drawn[drawn["value"] < 101]
    assert sorted(accuracies.loc[accuracies["regime"] == "SB", "value"]) == sorted(
        [95.0, 100.0] * 2
    )
    assert (accuracies.loc[accuracies["regime"] == "LB", "value"] == 95.0).all()
    assert set(drawn.loc[drawn["value"] > 101, "regime"]) == {"LB"}
