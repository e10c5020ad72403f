"""Runs with a remedy: their history, their planned work, and where they are plain."""

import numpy as np
import pytest

import training_runs as small
from project import default_config
from sharpminima import backend
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.planning import planned_work
from sharpminima.regimes import remedies
from sharpminima.regimes.settings import of_regime
from sharpminima.training.fit import fit
from sharpminima.training.outcome import outcome_of, work_of
from sharpminima.training.start import starting_point

pytestmark = pytest.mark.computes
CATALOGUE = default_config()["regimes"]
REGIMES = [
    name for name, regime in CATALOGUE.items() if set(remedies.MODULES) & set(regime)
]
DENSE = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 8}}
# Objectives that change nothing: the perturbation or its weight is zero.
NOTHING = {
    "adversarial": {"adversarial": {"strength": 0.0, "weight": 0.5}},
    "stability": {"stability": {"noise": 0.3, "weight": 0.0}},
}
OBJECTIVES = {
    "adversarial": {"adversarial": {"strength": 0.3, "weight": 0.5}},
    "stability": {"stability": {"noise": 1.0, "weight": 1.0}},
}
C1 = {"builder": "shallow_convolutional", "options": {"pooling": "tensorflow"}}


def run(network, config, regime):
    """Train for three epochs on images of 8 x 8; return the rows of the history."""
    config["subset"] = {"train_examples": 90, "test_examples": 30}
    settings = {**of_regime(config, regime), "seed": 0}
    settings["stopping"] |= {"min_epochs": 1, "max_epochs": 3}
    dataset, precision = small.images(), settings["precision"]
    model = starting_point(network, dataset, 0, precision)
    start = small.point(model)
    measured = MeasuredLoss(model, dataset, batch_norm="batch", batch_size=50)
    rows = list(fit(model, dataset, settings, measured))
    assert np.abs(small.point(model) - start).max() > 1e-3
    outcome = outcome_of(model, dataset, settings, measured, rows)
    assert outcome["status"] == "max_epochs"
    done = work_of(dataset, settings, rows) + measured.work
    job = {"network": "F1", "regime": regime}
    assert done == planned_work.of_training(config, job, epochs=3)
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


@pytest.mark.parametrize("remedy", NOTHING)
@pytest.mark.parametrize("build", [small.with_dropout, small.convolutional])
def test_where_the_perturbation_vanishes_training_is_plain(build, remedy):
    """To rounding, with dropout, too: both passes of an update have the same."""
    dataset = small.images()
    plain, other, changed = (build(dataset) for _ in range(3))
    start = small.point(plain)
    seen = [
        small.epochs(plain, dataset),
        small.epochs(other, dataset, **NOTHING[remedy]),
        small.epochs(changed, dataset, **OBJECTIVES[remedy]),
    ]
    moved = np.linalg.norm(small.point(plain) - start)
    same, apart = (
        np.linalg.norm(small.point(m) - small.point(plain)) for m in (other, changed)
    )
    assert same < 0.02 * moved
    assert apart > 0.1 * moved
    for epoch, alike in zip(*seen[:2]):
        assert epoch.loss == pytest.approx(alike.loss, rel=1e-3)


@pytest.mark.parametrize("remedy", OBJECTIVES)
def test_what_is_seen_and_what_is_kept_is_of_the_clean_inputs(remedy):
    """At a learning rate of almost zero nothing else tells the two apart."""
    dataset = small.images()
    plain, other = (small.convolutional(dataset) for _ in range(2))
    before = small.state(plain)
    rate = {"learning_rate": 1e-30}
    seen = small.epochs(plain, dataset, **rate)
    again = small.epochs(other, dataset, **rate, **OBJECTIVES[remedy])
    for epoch, same in zip(seen, again, strict=True):
        assert epoch.loss == pytest.approx(same.loss, rel=1e-6)
        assert epoch.accuracy == same.accuracy
    for value, same, old in zip(small.state(plain), small.state(other), before):
        np.testing.assert_allclose(value, same, rtol=1e-5)
        assert (value != old).any()


@pytest.mark.parametrize("remedy", OBJECTIVES)
def test_mixed_precision_trains_another_way_and_near(remedy):
    dataset = small.images()
    given = backend.keras.config.dtype_policy()
    backend.keras.config.set_dtype_policy("mixed_bfloat16")
    mixed = small.convolutional(dataset)
    backend.keras.config.set_dtype_policy(given)
    full = small.convolutional(dataset)
    mixed.set_weights(full.get_weights())
    for model in (mixed, full):
        small.epochs(model, dataset, **OBJECTIVES[remedy])
    assert {v.dtype for v in mixed.trainable_variables} == {"float32"}
    apart = np.abs(small.point(mixed) - small.point(full)).max()
    assert 0 < apart < 0.05
