"""The outcome of a run: its variant and sizes, and the work of its updates."""

import pytest

from sharpminima.jobs.cost import Work
from sharpminima.training.outcome import work_of
from training_runs import run, settings

pytestmark = pytest.mark.computes


@pytest.mark.parametrize(
    ("last_batch", "updates", "seen"),
    [("keep", [9, 14, 17], 3 * 90), ("drop", [9, 13, 15], 90 + 80 + 72)],
)
def test_a_growing_batch_makes_the_updates_of_its_sizes(
    dataset, last_batch, updates, seen
):
    """Batches of 10, 20 and 36, which is 40 % of the examples."""
    growth = {"factor": 2, "every_epochs": 1, "largest_fraction": 0.4}
    chosen = settings(growth=growth, last_batch=last_batch)
    _, rows, outcome = run(dataset, growth=growth, last_batch=last_batch)
    assert [row["updates"] for row in rows] == updates
    assert (outcome["batch_size"], outcome["final_batch_size"]) == (10, 36)
    assert work_of(dataset, chosen, rows) == Work(updates[-1], 0, seen)


def test_an_outcome_names_its_variant(dataset):
    _, _, plain = run(dataset)
    _, _, other = run(dataset, optimizer="sgd", schedule={"name": "cosine"})
    assert plain["variant"] == "plain"
    assert plain["batch_size"] == plain["final_batch_size"] == 10
    assert (other["variant"], other["learning_rate"]) == ("sgd + cosine", 0.01)
