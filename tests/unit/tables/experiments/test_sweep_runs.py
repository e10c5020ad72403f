"""Every run of the sweep, with its sharpness."""

from examples import OF_SWEPT, SWEPT
from sharpminima.tables.experiments import sweep_runs


def test_the_sweep_has_a_row_for_each_run_in_order_of_the_batch_size():
    rows = sweep_runs.tabulate(SWEPT, OF_SWEPT, epsilon=1e-3)
    assert rows["batch_size"].tolist() == [8, 8, 64, 64]
    assert rows["seed"].tolist() == [0, 1, 0, 1]
    assert rows["sharpness"].tolist()[2:] == [10.0, 30.0]
    assert set(rows["epsilon"]) == {1e-3}
    assert list(rows) == sweep_runs.COLUMNS
