"""Warm starts, averaged by epoch."""

import pytest

from examples import EPOCHS, ITERATES, OF_WARM, WARM
from sharpminima.tables.experiments import warm_start, warm_start_runs


def test_warm_starts_are_averaged_by_epoch():
    rows = warm_start_runs.tabulate(WARM, OF_WARM, ITERATES, EPOCHS, 1e-3)
    table = warm_start.tabulate(rows).set_index("epoch")
    assert table["diverged"].to_dict() == {0: 1, 5: 0}
    means = table["second_sharpness_mean"].to_dict()
    assert means == pytest.approx({0: 200.0, 5: 3.0})
    assert table["first_test_accuracy_mean"].to_dict() == {0: 10.0, 5: 15.0}
