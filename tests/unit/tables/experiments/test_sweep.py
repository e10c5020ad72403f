"""The sweep, averaged by batch size."""

import pytest

from examples import OF_SWEPT, SWEPT
from sharpminima.tables.experiments import sweep, sweep_runs


def test_the_sweep_is_averaged_without_what_diverged():
    rows = sweep_runs.tabulate(SWEPT, OF_SWEPT, epsilon=1e-3)
    table = sweep.tabulate(rows).set_index("batch_size")
    assert table["runs"].to_dict() == {8: 2, 64: 2}
    assert table["diverged"].to_dict() == {8: 1, 64: 0}
    assert table["test_accuracy_mean"].to_dict() == {8: 95.0, 64: 92.0}
    assert table["sharpness_mean"].to_dict() == pytest.approx({8: 5.0, 64: 300**0.5})
    assert table.loc[64, "sharpness_low"] < 10.0
    assert table.loc[64, "test_accuracy_std"] == pytest.approx(8**0.5)
    assert table.loc[64, "versions"] == "keras 1 | keras 2"
