"""Networks as people have them start, train and are measured, on either backend."""

import numpy as np
import pytest
from scipy.special import logsumexp

import training_runs as small
from examples import NO_SEARCH
from project import ROOT
from sharpminima.backend import keras
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.measures import sharpness
from sharpminima.measures.maximisers import Minimum
from sharpminima.networks.parameters import point_of
from sharpminima.training.fit import fit
from sharpminima.training.start import drawn_by_keras, starting_point

pytestmark = [pytest.mark.slow, pytest.mark.computes]
# Each network, the weights that only Keras can draw, and its number of penalties.
ZOO = {
    "vision_transformer": ([], 0),
    "mobile": ([], 0),
    "recurrent": ([], 0),
    "normalised": (["vector_u"], 2),
    "own_layer": (["kernel"], 0),
    "one_parameter": ([], 0),
}
SEARCH = {
    **NO_SEARCH,
    **{"max_iterations": 2, "max_evaluations": 5},
    "full": {"lbfgsb": ["zero"], "sign": []},
}
EPSILON = 1e-2


def network(name):
    file = ROOT / "tests/config/zoo.py"
    return {"builder": f"zoo.py:{name}", "file": str(file), "options": {}}


def cross_entropy(model, x, y):
    """Return the mean loss, by a pass of the model in plain Keras."""
    logits = keras.ops.convert_to_numpy(model(x, training=False))
    return np.mean(logsumexp(logits, axis=1) - logits[range(len(y)), y])


@pytest.mark.parametrize("name", ZOO)
def test_a_network_trains_and_is_measured(name):
    data, entry = small.images(), network(name)
    model = starting_point(entry, data, 0)
    drawn, penalties = drawn_by_keras(model, entry, data), len(model.losses)
    assert ([path.rpartition("/")[2] for path in drawn], penalties) == ZOO[name]
    measured = MeasuredLoss(model, data, batch_norm="moving", batch_size=90)
    chosen = small.settings(learning_rate=0.02, batch_size=30)
    rows = list(fit(model, data, chosen, measured))
    assert rows[-1]["train_loss"] < rows[0]["train_loss"] - 1e-3
    point = point_of(model)
    measured.check(point)
    loss, _, gradient = measured.loss_accuracy_and_gradient(point)
    expected = cross_entropy(model, data.x_train, data.y_train)
    assert loss == pytest.approx(expected, rel=1e-5)
    f = measured.at_averages(point.averages)
    minimum = Minimum(point.parameters, loss, gradient)
    (row,) = sharpness.measure(f, minimum, SEARCH, [EPSILON], 0)
    # No search may find less than a step along the gradient's signs.
    step = EPSILON * (np.abs(point.parameters) + 1) * np.sign(gradient)
    reached = f(point.parameters + step)[0]
    assert row["sharpness"] >= 100 * (reached - loss) / (1 + loss) * 0.9 > 0


def test_a_normalised_kernel_is_the_one_that_is_measured():
    """Keras' own loop on JAX would drop it: the largest singular value would stay."""
    data, entry = small.images(), network("normalised")
    model = starting_point(entry, data, 0)
    norms = [np.linalg.norm(model.layers[2].kernel.numpy(), 2)]
    measured = MeasuredLoss(model, data, batch_norm="moving", batch_size=90)
    for _ in fit(model, data, small.settings(learning_rate=1e-4), measured):
        norms.append(np.linalg.norm(model.layers[2].kernel.numpy(), 2))
    assert norms[0] > 1.5
    assert norms[-1] == pytest.approx(1.0, abs=0.02)
