"""Starting points: the same for every regime of a seed, in either precision."""

import numpy as np
import pytest

from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import flatten, point_of
from sharpminima.training.start import starting_point
from training_runs import NETWORK, run

pytestmark = pytest.mark.computes


def test_regimes_of_a_seed_start_at_the_same_point(dataset):
    first, second = (starting_point(NETWORK, dataset, 0) for _ in range(2))
    other = starting_point(NETWORK, dataset, 1)
    a, b, c = (flatten(m.trainable_variables) for m in (first, second, other))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_mixed_precision_trains_float32_weights_another_way(dataset):
    full, _, _ = run(dataset, precision="float32")
    mixed, _, outcome = run(dataset, precision="mixed_bfloat16")
    assert {v.dtype for v in mixed.trainable_variables} == {"float32"}
    assert mixed.layers[-1].compute_dtype == "bfloat16"
    x, y = (flatten(model.trainable_variables) for model in (full, mixed))
    assert 0 < np.abs(x - y).max() < 0.1
    assert outcome["precision"] == "mixed_bfloat16"
    assert outcome["train_accuracy"] > 50


@pytest.mark.parametrize("policy", ["batch", "moving", "recalibrated"])
def test_what_was_trained_in_mixed_precision_is_measured_in_full(dataset, policy):
    found = []
    for precision in ("float32", "mixed_bfloat16"):
        model = starting_point(NETWORK, dataset, 0, precision)
        function = MeasuredLoss(model, dataset, batch_norm=policy, batch_size=50)
        found.append(function.loss_accuracy_and_gradient(point_of(model)))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][2], found[1][2])
