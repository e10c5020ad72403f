"""Whole runs with a remedy: their history, and the work that their plan foresaw."""

import numpy as np
import pytest

import training_runs as small
from project import default_config
from sharpminima.loss.measured import EvaluationNetwork
from sharpminima.planning import workload
from sharpminima.regimes.settings import of_regime
from sharpminima.training import fit as training

pytestmark = pytest.mark.computes
REMEDIES = {"augmentation", "conservative", "adversarial", "stability"}
CATALOGUE = default_config()["regimes"]
REGIMES = [name for name, regime in CATALOGUE.items() if REMEDIES & set(regime)]
DENSE = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 8}}
C1 = {"builder": "shallow_convolutional", "options": {"pooling": "tensorflow"}}


def run(network, config, regime):
    """Train for three epochs on images of 8 x 8; return the rows of the history."""
    config["subset"] = {"train_examples": 90, "test_examples": 30}
    settings = {**of_regime(config, regime), "seed": 0}
    settings["stopping"] |= {"min_epochs": 1, "max_epochs": 3}
    dataset, precision = small.images(), settings["precision"]
    model = training.starting_point(network, dataset, 0, precision)
    start = small.point(model)
    evaluation = EvaluationNetwork(model, dataset, batch_norm="batch", batch_size=50)
    rows = list(training.fit(model, dataset, settings, evaluation))
    assert np.abs(small.point(model) - start).max() > 1e-3
    outcome = training.outcome(model, dataset, settings, evaluation, rows)
    assert outcome["status"] == "max_epochs"
    done = training.work(dataset, settings, rows) + evaluation.work
    assert done == workload.of_training(config, "F1", regime, epochs=3)
    return rows


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("regime", REGIMES)
def test_a_run_of_the_catalogue_does_the_work_that_was_planned(regime, precision):
    config = default_config()
    config["training"]["precision"] = precision
    batches = 3 if regime.startswith("SB") else 10
    rows = run(DENSE, config, regime)
    assert [row["updates"] for row in rows] == [batches, 2 * batches, 3 * batches]


@pytest.mark.slow
def test_all_that_go_together_do_so_on_c1():
    """With dropout, batch normalisation and convolutions in mixed precision."""
    config = default_config()
    config["training"]["precision"] = "mixed_bfloat16"
    regimes = config["regimes"]
    names = ("LB-augmented", "LB-conservative", "LB-adversarial")
    regimes["all"] = {k: v for name in names for k, v in regimes[name].items()}
    run(C1, config, "all")
