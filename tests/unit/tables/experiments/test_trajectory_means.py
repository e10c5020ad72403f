"""Iterates, averaged by regime and epoch."""

import pytest

from examples import ITERATES
from sharpminima.tables.experiments import trajectory_means


def test_iterates_are_averaged_by_regime_and_epoch():
    table = trajectory_means.tabulate(ITERATES).set_index("epoch")
    assert table["test_accuracy_mean"].to_dict() == {0: 10.5, 5: 15.5}
    assert table["sharpness_mean"].to_dict() == pytest.approx({0: 9.0, 5: 9.0})
    assert set(table["regime"]) == {"SB-iterates"}
