"""Objectives: closed forms of a linear model, and plain training where they vanish."""

import numpy as np
import pytest

import training_runs as small
from sharpminima import backend
from sharpminima.training import objectives

pytestmark = pytest.mark.computes
EVERYTHING = [np.arange(90)]
# Neither changes anything: the perturbation or its weight is nothing.
NOTHING = {
    "adversarial": {"adversarial": {"strength": 0.0, "weight": 0.5}},
    "stability": {"stability": {"noise": 0.3, "weight": 0.0}},
}
REMEDIES = {
    "adversarial": {"adversarial": {"strength": 0.3, "weight": 0.5}},
    "stability": {"stability": {"noise": 1.0, "weight": 1.0}},
}


@pytest.fixture
def dataset():
    return small.blobs()


@pytest.fixture
def model(dataset):
    return small.linear(dataset)


class Linear:
    """The naive oracle: a softmax model, its loss and gradients, in float64."""

    def __init__(self, model, dataset):
        self.weights, self.bias = (np.float64(v) for v in model.get_weights())
        self.x = dataset.x_train.astype(np.float64)
        self.hits = np.eye(dataset.classes)[dataset.y_train]

    def probabilities(self, x):
        return small.softmax(x @ self.weights + self.bias)

    def loss(self, x):
        return -np.log((self.probabilities(x) * self.hits).sum(-1)).mean()

    def slope(self, x):
        return (self.probabilities(x) - self.hits) @ self.weights.T / len(x)

    def gradient(self, x):
        by_logits = (self.probabilities(x) - self.hits) / len(x)
        return np.concatenate([(x.T @ by_logits).ravel(), by_logits.sum(0)])

    def perturbed(self, strength):
        return self.x + strength * np.sign(self.slope(self.x))


def test_the_adversary_follows_the_sign_of_the_gradient_by_the_inputs(model, dataset):
    """One step of length one is minus the gradient, in which the sign is a constant."""
    oracle, start = Linear(model, dataset), small.point(model)
    worst = oracle.perturbed(0.3)
    assert len(np.unique(worst - oracle.x, axis=0).round(6)) > 2
    objective = objectives.adversarial(strength=0.3, weight=0.25)
    small.descend(model, dataset, EVERYTHING, objective=objective)
    expected = 0.75 * oracle.gradient(oracle.x) + 0.25 * oracle.gradient(worst)
    np.testing.assert_allclose(start - small.point(model), expected, atol=1e-6)
    assert np.abs(expected - oracle.gradient(oracle.x)).max() > 1e-2


def objective_of(objective, model, dataset, *views):
    x, y = (backend.to_device(a) for a in (dataset.x_train, dataset.y_train))
    logits = model(x)
    loss = backend.keras.ops.mean(backend.cross_entropies(y, logits))
    return float(loss), float(objective(loss, logits, model, y, x, *views))


def test_the_adversary_raises_the_loss_as_far_as_the_formula_says(model, dataset):
    oracle = Linear(model, dataset)
    for weight in (0.25, 1.0):
        objective = objectives.adversarial(strength=0.3, weight=weight)
        plain, raised = objective_of(objective, model, dataset)
        assert plain == pytest.approx(oracle.loss(oracle.x), rel=1e-5)
        worst = oracle.loss(oracle.perturbed(0.3))
        assert raised == pytest.approx((1 - weight) * plain + weight * worst, rel=1e-5)
        assert raised > plain + 0.05


def test_divergence_of_known_probabilities():
    p, q = np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([[0.25, 0.75], [0.2, 0.8]])
    logits, others = (np.log(each).astype(np.float32) + 3 for each in (p, q))
    expected = 0.5 * (0.5 * np.log(2) + 0.5 * np.log(2 / 3))
    found = objectives.mean_divergence(*map(backend.to_device, (logits, others)))
    assert float(found) == pytest.approx(expected, rel=1e-5)
    turned = objectives.mean_divergence(*map(backend.to_device, (others, logits)))
    expected = 0.5 * (0.25 * np.log(0.5) + 0.75 * np.log(1.5))
    assert float(turned) == pytest.approx(expected, rel=1e-5)


def test_stability_is_the_loss_and_the_divergence_from_noisy_inputs(model, dataset):
    """And its gradient goes through both answers: the numbers are differences of it."""
    x = backend.to_device(dataset.x_train)
    noisy = objectives.noisy(x, 0.5, seed=0, epoch=0)
    oracle, start = Linear(model, dataset), small.point(model)

    def value(vector):
        oracle.weights, oracle.bias = vector[:6].reshape(2, 3), vector[6:]
        p, q = (oracle.probabilities(np.float64(each)) for each in (x, noisy))
        return oracle.loss(oracle.x) + 2 * (p * np.log(p / q)).sum(-1).mean()

    objective = objectives.stability(weight=2.0)
    plain, found = objective_of(objective, model, dataset, noisy)
    assert found == pytest.approx(value(np.float64(start)), rel=1e-5)
    assert found > plain + 0.02
    small.descend(model, dataset, EVERYTHING, (x, noisy), objective=objective)
    steps = 1e-6 * np.eye(9)
    expected = [(value(start + e) - value(start - e)) / 2e-6 for e in steps]
    np.testing.assert_allclose(start - small.point(model), expected, atol=1e-5)


def test_noise_has_its_strength_and_is_drawn_for_each_seed_and_epoch():
    x = backend.to_device(np.ones((2000, 3, 4), np.float32))
    names = [(0, 0), (0, 1), (1, 0), (0, 0)]
    drawn = [
        np.asarray(objectives.noisy(x, 0.25, seed=s, epoch=e)) - 1 for s, e in names
    ]
    assert drawn[0].std() == pytest.approx(0.25, rel=0.02)
    assert abs(drawn[0].mean()) < 0.01
    assert drawn[0].dtype == np.float32
    np.testing.assert_array_equal(drawn[0], drawn[3])
    for a, b in [(0, 1), (0, 2), (1, 2)]:
        assert abs(np.corrcoef(drawn[a].ravel(), drawn[b].ravel())[0, 1]) < 0.05


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
        small.epochs(changed, dataset, **REMEDIES[remedy]),
    ]
    moved = np.linalg.norm(small.point(plain) - start)
    same, apart = (
        np.linalg.norm(small.point(m) - small.point(plain)) for m in (other, changed)
    )
    assert same < 0.02 * moved
    assert apart > 0.1 * moved
    for epoch, alike in zip(*seen[:2]):
        assert epoch.loss == pytest.approx(alike.loss, rel=1e-3)


@pytest.mark.parametrize("remedy", REMEDIES)
def test_what_is_seen_and_what_is_kept_is_of_the_clean_inputs(remedy):
    """At a learning rate of almost zero nothing else tells the two apart."""
    dataset = small.images()
    plain, other = (small.convolutional(dataset) for _ in range(2))
    before = small.state(plain)
    rate = {"learning_rate": 1e-30}
    seen = small.epochs(plain, dataset, **rate)
    again = small.epochs(other, dataset, **rate, **REMEDIES[remedy])
    for epoch, same in zip(seen, again, strict=True):
        assert epoch.loss == pytest.approx(same.loss, rel=1e-6)
        assert epoch.accuracy == same.accuracy
    for value, same, old in zip(small.state(plain), small.state(other), before):
        np.testing.assert_allclose(value, same, rtol=1e-5)
        assert (value != old).any()


@pytest.mark.parametrize("remedy", REMEDIES)
def test_mixed_precision_trains_another_way_and_near(remedy):
    dataset = small.images()
    given = backend.keras.config.dtype_policy()
    backend.keras.config.set_dtype_policy("mixed_bfloat16")
    mixed = small.convolutional(dataset)
    backend.keras.config.set_dtype_policy(given)
    full = small.convolutional(dataset)
    mixed.set_weights(full.get_weights())
    for model in (mixed, full):
        small.epochs(model, dataset, **REMEDIES[remedy])
    assert {v.dtype for v in mixed.trainable_variables} == {"float32"}
    apart = np.abs(small.point(mixed) - small.point(full)).max()
    assert 0 < apart < 0.05
