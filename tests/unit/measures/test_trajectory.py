"""Every iterate is measured, and one without a finite loss has no values."""

from collections import namedtuple

import numpy as np
import pandas as pd
import pytest

from project import default_config
from sharpminima.config.study import Study
from sharpminima.measures import trajectory

Point = namedtuple("Point", ["parameters", "averages"])


class Bowl:
    """Stands for a measured loss: half the squared distance from zero."""

    def loss_accuracy_and_gradient(self, point):
        x = point.parameters
        return float(x @ x / 2), 90.0, x

    def at_averages(self, averages):
        return lambda x: (float(x @ x / 2), x)

    def loss_and_accuracy(self, point, split):
        """Return twice the loss: the test set can be told from the other one."""
        return float(point.parameters @ point.parameters), {"test": 80.0}[split]


@pytest.fixture
def settings():
    config = default_config()
    config["iterates"]["epsilon"] = 0.1
    return Study(config).search_of_iterates


def points(*vectors):
    """Return iterates after epochs 0, 5 and so on."""
    return [(5 * i, Point(np.array(x), [])) for i, x in enumerate(vectors)]


def test_each_iterate_has_a_row_with_its_sharpness(settings):
    iterates = points([2.0, -1.0], [1.0, 0.5])
    rows = pd.DataFrame(trajectory.measure(Bowl(), iterates, settings, 0))
    assert rows["epoch"].tolist() == [0, 5]
    assert rows["train_loss"].tolist() == [2.5, 0.625]
    assert rows["test_loss"].tolist() == [5.0, 1.25]
    # In the corner of the box, x grows by epsilon (|x| + 1).
    corners = [(2.3**2 + 1.2**2) / 2, (1.2**2 + 0.65**2) / 2]
    expected = [100 * (top - f) / (1 + f) for top, f in zip(corners, [2.5, 0.625])]
    assert rows["sharpness"].tolist() == pytest.approx(expected)
    assert set(rows["space"]) == {"full"}
    assert set(rows["epsilon"]) == {0.1}


def test_an_iterate_without_a_finite_loss_has_no_values(settings):
    iterates = points([2.0, -1.0], [np.nan, 1.0])
    rows = pd.DataFrame(trajectory.measure(Bowl(), iterates, settings, 0))
    values = ["train_loss", "train_accuracy", "test_loss", "test_accuracy", "sharpness"]
    assert rows.loc[1, values].isna().all()
    assert rows.loc[1, ["epoch", "message", "space"]].tolist() == [
        5,
        "diverged",
        "full",
    ]
    assert rows.loc[0, values].notna().all()
