"""Kept iterates: they come back to the bit, and keeping them changes nothing."""

import h5py
import numpy as np
import pytest

from project import default_config
from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import iterates, parameters
from sharpminima.networks.iterates import keeping, restore
from sharpminima.networks.parameters import flatten
from sharpminima.regimes.settings import of_regime
from sharpminima.training.fit import fit
from sharpminima.training.start import starting_point

pytestmark = pytest.mark.computes
NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 8}}


@pytest.fixture
def dataset():
    """Three noisy blobs in the plane: 90 and 30 examples."""
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 3.0], [3.0, 0.0], [-3.0, -3.0]])
    y = (np.arange(120) % 3).astype(np.int32)
    x = (centres[y] + rng.normal(size=(120, 2))).astype(np.float32)
    return Dataset(x[:90], y[:90], x[90:], y[90:], classes=3)


def trained(dataset, path, kept=(), start=None, **changes):
    """Train for three epochs, from an iterate or cold; return model and history."""
    settings = of_regime(default_config(), "SB")
    settings |= {"batch_size": 10, "seed": 0, **changes}
    settings["stopping"] |= {"min_epochs": 1, "max_epochs": 3}
    model = starting_point(NETWORK, dataset, 0)
    if start is not None:
        restore(*start, model)
    measured = MeasuredLoss(model, dataset, batch_norm="moving", batch_size=50)
    history = fit(model, dataset, settings, measured)
    rows = list(keeping(path, model, kept, history))
    return model, [{**row, "seconds": 0} for row in rows]


def assert_same(models):
    first, second = (model.get_weights() for model in models)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def assert_equal(first, second):
    np.testing.assert_array_equal(first.parameters, second.parameters)
    for a, b in zip(first.averages, second.averages, strict=True):
        np.testing.assert_array_equal(a, b)


def test_keeping_iterates_changes_no_run(dataset, tmp_path):
    cold, rows = trained(dataset, tmp_path / "none.h5")
    keeper, same = trained(dataset, tmp_path / "some.h5", [0, 1, 3])
    assert_same([cold, keeper])
    assert rows == same
    assert iterates.epochs(tmp_path / "none.h5") == []
    assert iterates.epochs(tmp_path / "some.h5") == [0, 1, 3]


def test_the_last_iterate_is_the_final_checkpoint(dataset, tmp_path):
    model, _ = trained(dataset, tmp_path / "kept.h5", [0, 3])
    parameters.save(tmp_path / "final.weights.h5", model, {})
    last, final = (starting_point(NETWORK, dataset, 7) for _ in range(2))
    point = restore(tmp_path / "kept.h5", 3, last)
    assert_equal(point, parameters.restore(tmp_path / "final.weights.h5", final))
    assert_same([last, final])


def test_the_iterate_of_epoch_zero_is_the_starting_point(dataset, tmp_path):
    trained(dataset, tmp_path / "kept.h5", [0])
    other = starting_point(NETWORK, dataset, 7)
    restore(tmp_path / "kept.h5", 0, other)
    assert_same([other, starting_point(NETWORK, dataset, 0)])


def test_a_warm_start_from_epoch_zero_is_a_cold_start(dataset, tmp_path):
    large = {"batch_size": 45}
    cold, rows = trained(dataset, tmp_path / "cold.h5", **large)
    trained(dataset, tmp_path / "kept.h5", [0, 1])
    start = (tmp_path / "kept.h5", 0)
    warm, same = trained(dataset, tmp_path / "warm.h5", start=start, **large)
    assert_same([cold, warm])
    assert rows == same


def test_a_warm_start_begins_with_weights_and_moving_averages(dataset, tmp_path):
    trained(dataset, tmp_path / "kept.h5", [1])
    _, rows = trained(dataset, tmp_path / "cold.h5")
    model = starting_point(NETWORK, dataset, 0)
    point = restore(tmp_path / "kept.h5", 1, model)
    measured = MeasuredLoss(model, dataset, batch_norm="moving", batch_size=50)
    reached = measured.measures(point)
    assert reached["test_loss"] == pytest.approx(rows[0]["test_loss"], rel=1e-6)
    still, _ = trained(
        dataset,
        tmp_path / "warm.h5",
        start=(tmp_path / "kept.h5", 1),
        learning_rate=1e-30,
    )
    np.testing.assert_array_equal(point.parameters, flatten(still.trainable_variables))


def test_epochs_that_a_diverged_run_did_not_reach_are_nan(dataset, tmp_path):
    path = tmp_path / "kept.h5"
    _, rows = trained(dataset, path, [0, 1, 50], learning_rate=1e30)
    assert rows[-1]["status"] == "diverged"
    model = starting_point(NETWORK, dataset, 0)
    assert np.isfinite(restore(path, 0, model).parameters).all()
    missing = restore(path, 50, model)
    assert all(np.isnan(part).all() for part in [missing.parameters, *missing.averages])
    _, after = trained(dataset, tmp_path / "warm.h5", start=(path, 50))
    assert [row["status"] for row in after] == ["diverged"]


def test_a_restored_point_stays_when_the_model_moves_on(dataset, tmp_path):
    path = tmp_path / "kept.h5"
    trained(dataset, path, [0, 3])
    model = starting_point(NETWORK, dataset, 0)
    first, last = (restore(path, epoch, model) for epoch in (0, 3))
    assert_equal(first, restore(path, 0, model))
    assert_equal(last, restore(path, 3, model))
    assert (first.averages[0] != last.averages[0]).any()


def test_a_run_that_breaks_off_leaves_no_file(dataset, tmp_path):
    def breaking_off():
        yield {"epoch": 1}
        raise RuntimeError("power cut")

    model = starting_point(NETWORK, dataset, 0)
    with pytest.raises(RuntimeError, match="power cut"):
        list(keeping(tmp_path / "kept.h5", model, [0, 1], breaking_off()))
    assert list(tmp_path.iterdir()) == []


def test_iterates_are_float32_one_vector_each(dataset, tmp_path):
    model, _ = trained(dataset, tmp_path / "kept.h5", [3])
    with h5py.File(tmp_path / "kept.h5") as file:
        vector = file["3/parameters"][()]
        averages = file["3/averages"][()]
    assert (vector.dtype, averages.shape) == (np.float32, (2 * 8,))
    np.testing.assert_array_equal(vector, flatten(model.trainable_variables))


def test_the_state_of_dropout_is_no_part_of_an_iterate(tmp_path):
    layers = keras.layers
    first, second = (
        keras.Sequential(
            [keras.Input((2,)), layers.Dense(3), layers.Dropout(0.5, seed=s)]
        )
        for s in (0, 1)
    )
    list(keeping(tmp_path / "kept.h5", first, [0], []))
    restore(tmp_path / "kept.h5", 0, second)
    np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])
    states = [m.non_trainable_variables[0].numpy() for m in (first, second)]
    assert (states[0] != states[1]).any()
