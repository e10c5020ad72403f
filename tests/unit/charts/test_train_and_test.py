"""Rows of both sets: one row per set and measure, each set with its own dashes."""

import pandas as pd

from sharpminima.charts.train_and_test import by_set, tidy


def test_a_row_becomes_one_for_each_set_and_measure():
    values = {"train_loss": 0.1, "test_loss": None}
    values |= {"train_accuracy": 99.0, "test_accuracy": 90.0}
    rows = tidy(pd.DataFrame([{"epoch": 3, "status": "ceased", **values}]), ["epoch"])
    found = rows.set_index(["set", "measure"])["value"].to_dict()
    assert found == {
        ("train", "loss"): 0.1,
        ("train", "accuracy"): 99.0,
        ("test", "accuracy"): 90.0,
    }
    assert set(rows["epoch"]) == {3}


def test_train_is_solid_and_test_dashed():
    scale = by_set().to_dict()["scale"]
    assert dict(zip(scale["domain"], scale["range"])) == {
        "train": [1, 0],
        "test": [5, 3],
    }
