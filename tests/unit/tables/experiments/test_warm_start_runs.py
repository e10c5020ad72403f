"""Every warm start beside the iterate that it began with."""

from examples import EPOCHS, ITERATES, OF_WARM, WARM
from sharpminima.tables.experiments import warm_start_runs


def test_a_run_stands_beside_the_iterate_that_it_began_with():
    rows = warm_start_runs.tabulate(WARM, OF_WARM, ITERATES, EPOCHS, 1e-3)
    assert list(rows) == warm_start_runs.COLUMNS
    assert rows["epoch"].tolist() == [0, 0, 5]
    assert rows["first_test_accuracy"].tolist() == [10.0, 11.0, 15.0]
    assert rows["first_train_loss"].tolist() == [2.0, 2.0, 1.0]
    assert rows["second_test_accuracy"].tolist() == [92.0, 10.0, 96.0]
    assert rows["second_sharpness"].fillna(-1).tolist() == [200.0, -1.0, 3.0]
