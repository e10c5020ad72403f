"""Training: ADAM by the book, paired regimes, one row an epoch, divergence as data."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from project import ROOT
from sharpminima import backend
from sharpminima.cost import Work
from sharpminima.loss.compiled import CompiledNetwork
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import flatten, point_of
from sharpminima.regimes import batches
from sharpminima.training import fit as training
from training_runs import blobs, settings

pytestmark = pytest.mark.computes
EVALUATION = {"batch_norm": "batch", "batch_size": 5000}
NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 8}}


@pytest.fixture
def dataset():
    return blobs()


def run(dataset, **changes):
    """Train; return the model, the rows of its history, and its outcome."""
    chosen = settings(**changes)
    model = training.starting_point(
        NETWORK, dataset, chosen["seed"], chosen["precision"]
    )
    evaluation = MeasuredLoss(model, dataset, **EVALUATION)
    rows = list(training.fit(model, dataset, chosen, evaluation))
    outcome = training.outcome(model, dataset, chosen, evaluation, rows)
    return model, rows, outcome


def test_there_is_a_row_for_each_epoch(dataset):
    _, rows, outcome = run(dataset, batch_size=20)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert [row["updates"] for row in rows] == [5, 10, 15]
    assert [row["status"] for row in rows] == ["training", "training", "max_epochs"]
    assert outcome["status"] == "max_epochs"
    assert outcome["updates"] == 15


def test_training_lowers_the_loss(dataset):
    _, rows, outcome = run(dataset, learning_rate=0.05)
    assert rows[-1]["train_loss"] < 0.5 * rows[0]["train_loss"]
    assert outcome["train_accuracy"] > 90
    assert 0 < outcome["test_loss"] < 1


def test_the_first_update_is_adams(dataset):
    """One full batch: each weight moves by the learning rate against its gradient."""
    chosen = settings(batch_size=90)
    model = training.starting_point(NETWORK, dataset, 0)
    before = flatten(model.trainable_variables)
    evaluation = MeasuredLoss(model, dataset, **EVALUATION)
    _, _, gradient = evaluation.loss_accuracy_and_gradient(point_of(model))
    next(training.fit(model, dataset, chosen, evaluation))
    moved = flatten(model.trainable_variables) - before
    steep = np.abs(gradient) > 1e-4
    expected = -1e-3 * gradient / (np.abs(gradient) + 1e-8 / np.sqrt(1e-3))
    np.testing.assert_allclose(moved[steep], expected[steep], rtol=2e-2)


def test_the_last_batch_can_be_dropped(dataset):
    _, rows, _ = run(dataset, batch_size=40, last_batch="drop")
    assert rows[0]["updates"] == 2


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
    assert training.work(dataset, chosen, rows) == Work(updates[-1], 0, seen)


def test_an_outcome_names_its_variant(dataset):
    _, _, plain = run(dataset)
    _, _, other = run(dataset, optimizer="sgd", schedule={"name": "cosine"})
    assert plain["variant"] == "plain"
    assert plain["batch_size"] == plain["final_batch_size"] == 10
    assert (other["variant"], other["learning_rate"]) == ("sgd + cosine", 0.01)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.1},
        {"optimizer": "adagrad", "learning_rate": 0.1},
        {
            "learning_rate": 0.05,
            "weight_decay": 0.01,
            "schedule": {"name": "cosine", "warmup_epochs": 1},
        },
    ],
    ids=["sgd", "adagrad", "cosine"],
)
def test_every_optimizer_lowers_the_loss(dataset, changes):
    _, rows, _ = run(dataset, **changes)
    assert rows[-1]["train_loss"] < 0.7 * rows[0]["train_loss"]


def test_regimes_of_a_seed_start_at_the_same_point(dataset):
    first, second = (training.starting_point(NETWORK, dataset, 0) for _ in range(2))
    other = training.starting_point(NETWORK, dataset, 1)
    a, b, c = (flatten(m.trainable_variables) for m in (first, second, other))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_a_huge_learning_rate_diverges_and_says_so(dataset):
    _, rows, outcome = run(dataset, learning_rate=1e30)
    assert outcome["status"] == "diverged"
    assert rows[-1]["status"] == "diverged"


def test_the_stopping_rule_is_obeyed(dataset):
    stopping = settings()["stopping"] | {"loss_floor": 100.0, "max_epochs": 50}
    _, rows, outcome = run(dataset, stopping=stopping)
    assert len(rows) == 1
    assert outcome["status"] == "floor"


def test_a_batch_of_one_is_refused(dataset):
    with pytest.raises(ValueError, match="last batch of one example"):
        run(dataset, batch_size=89)


TRAIN_A_CONVOLUTIONAL_NETWORK = """
    import hashlib, sys
    import numpy as np
    from sharpminima import backend
    from sharpminima.backend import keras
    from sharpminima.data.datasets import Dataset
    from sharpminima.loss.measured import MeasuredLoss
    from sharpminima.networks import initialisation, parameters
    from sharpminima.training import fit as training

    backend.configure(threads=int(sys.argv[2]))
    rng = np.random.default_rng(0)
    x = rng.random((512, 16, 16, 3), np.float32)
    y = rng.integers(0, 10, 512).astype(np.int32)
    data = Dataset(x, y, x[:64], y[:64], classes=10)
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((16, 16, 3)),
        layers.Conv2D(32, 5, padding="same"), layers.BatchNormalization(),
        layers.Activation("relu"), layers.MaxPooling2D(3, 2, padding="same"),
        layers.Conv2D(32, 5, padding="same"), layers.BatchNormalization(),
        layers.Activation("relu"), layers.Flatten(), layers.Dense(64),
        layers.Dropout(0.5), layers.Dense(10),
    ])
    initialisation.initialise(model, 0)
    settings = {
        "optimizer": "adam", "learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999,
        "epsilon": 1e-8, "last_batch": "keep", "batch_size": 100, "seed": 0,
        "precision": "float32",
        "stopping": {"patience": 9, "relative_improvement": 0, "loss_floor": 0,
                     "min_epochs": 1, "max_epochs": 3},
    }
    evaluation = MeasuredLoss(model, data, batch_norm="batch", batch_size=5000)
    list(training.fit(model, data, settings, evaluation))
    parameters.save(sys.argv[1], model, {"seed": 0})
"""


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_two_processes_train_the_same_convolutional_network_to_the_byte(
    tmp_path, threads
):
    paths = [tmp_path / f"{name}.weights.h5" for name in ("first", "second")]
    for path in paths:
        code = textwrap.dedent(TRAIN_A_CONVOLUTIONAL_NETWORK)
        command = [sys.executable, "-c", code, str(path), str(threads)]
        subprocess.run(command, check=True, cwd=ROOT / "workflow/scripts")
    assert paths[0].read_bytes() == paths[1].read_bytes()


BUSY = """
    import resource, sys, time
    import numpy as np
    from sharpminima import backend
    from sharpminima.backend import keras

    backend.configure(threads=int(sys.argv[1]))
    model = keras.Sequential([keras.Input((1500,)), keras.layers.Dense(1500)])
    x = backend.to_device(np.ones((2000, 1500), np.float32))
    multiply = backend.compiled(lambda x: model(x))
    np.asarray(multiply(x))

    def used():
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    before, started = used(), time.perf_counter()
    for _ in range(40):
        np.asarray(multiply(x))
    print((used() - before) / (time.perf_counter() - started))
"""


def test_a_process_keeps_to_one_core():
    command = [sys.executable, "-c", textwrap.dedent(BUSY), "1"]
    done = subprocess.run(
        command, check=True, cwd=ROOT / "workflow/scripts", capture_output=True
    )
    assert float(done.stdout) < 1.1


def test_adam_has_the_papers_values(dataset):
    model = training.starting_point(NETWORK, dataset, 0)
    config = training._optimizer(model, settings(), 90).get_config()
    assert config["learning_rate"] == pytest.approx(1e-3)
    assert (config["beta_1"], config["beta_2"]) == (0.9, 0.999)
    assert config["epsilon"] == 1e-8
    chosen = settings(beta_1=0.5, epsilon=1e-3)
    other = training._optimizer(model, chosen, 90).get_config()
    assert (other["beta_1"], other["epsilon"]) == (0.5, 1e-3)


def test_losses_are_summed_in_float64(dataset):
    """Above 2^24 a float32 could not hold the units of the sum."""
    labels = backend.to_device(np.zeros(3, np.int32))
    logits = np.array([[0, 2.0**24], [0, 1], [0, 1]], np.float32)
    loss, _ = backend.loss_and_correct(labels, backend.to_device(logits))
    expected = 2.0**24 + 2 * np.float64(np.float32(np.log1p(np.e)))
    assert float(loss) == pytest.approx(expected, rel=1e-12)
    model = training.starting_point(NETWORK, dataset, 0)
    network, point = CompiledNetwork(model), point_of(model)
    vector = point.parameters.astype(np.float32)
    batch = x, y, indices = (
        dataset.x_train,
        dataset.y_train,
        np.arange(90, dtype="int32"),
    )
    assert network.loss(vector, point.averages, batch)[0].dtype == "float64"
    (loss, _), (gradient, _) = network._loss_gradients(
        vector, point.averages, x, y, indices
    )
    assert (loss.dtype, gradient.dtype) == ("float64", "float32")


def test_an_epoch_sums_what_its_batches_saw(dataset):
    """At a learning rate of almost zero, every batch sees the starting point."""
    chosen = settings(learning_rate=1e-30)
    model = training.starting_point(NETWORK, dataset, 0)
    x, y = backend.to_device(dataset.x_train), backend.to_device(dataset.y_train)
    optimizer = training._optimizer(model, chosen, 90)
    run_epoch = backend.epoch_runner(model, optimizer, x, y)
    cut = np.split(np.random.default_rng(0).permutation(90), [40, 80])
    loss, correct, seen = run_epoch(cut)
    expected = [
        backend.loss_and_correct(labels, model(inputs, training=True))
        for inputs, labels in ((dataset.x_train[i], dataset.y_train[i]) for i in cut)
    ]
    assert loss == pytest.approx(sum(float(part) for part, _ in expected), rel=1e-6)
    assert correct == sum(int(hits) for _, hits in expected)
    assert seen == 90


def test_dropout_draws_a_new_mask_for_each_batch_and_epoch(dataset):
    """Its state is not trained, but must move on within an epoch and after it."""
    layers = backend.keras.layers
    model = backend.keras.Sequential([layers.Dropout(0.5, seed=0), layers.Dense(3)])
    model.build((None, 2))
    x, y = backend.to_device(dataset.x_train), backend.to_device(dataset.y_train)
    optimizer = training._optimizer(model, settings(learning_rate=1e-30), 90)
    run_epoch = backend.epoch_runner(model, optimizer, x, y)
    batch = np.arange(45)
    losses = [run_epoch([batch])[0] for _ in range(3)]
    both = run_epoch([batch, batch])[0]
    assert len({*losses, both / 2}) == 4


def test_the_order_of_the_data_is_the_stream_of_the_seed(dataset, monkeypatch):
    seen = []
    stream = batches.epoch_batches

    def spy(*args, **kwargs):
        seen.append((kwargs["seed"], kwargs["epoch"]))
        return stream(*args, **kwargs)

    monkeypatch.setattr(batches, "epoch_batches", spy)
    run(dataset, seed=7)
    assert seen == [(7, 0), (7, 1), (7, 2)]


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
        model = training.starting_point(NETWORK, dataset, 0, precision)
        function = MeasuredLoss(model, dataset, batch_norm=policy, batch_size=50)
        found.append(function.loss_accuracy_and_gradient(point_of(model)))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][2], found[1][2])


@pytest.mark.parametrize(
    ("precision", "rounded"), [("float32", False), ("tensorfloat32", True)]
)
def test_tf32_is_for_training_alone_and_only_if_asked(
    dataset, monkeypatch, precision, rounded
):
    asked = []
    given = backend.tensor_float_32

    def recording(enabled):
        asked.append(enabled)
        return given(enabled)

    monkeypatch.setattr(backend, "tensor_float_32", recording)
    run(dataset, precision=precision)
    assert asked == [rounded] * 3


def test_a_device_without_memory_left_says_what_to_lower():
    with (
        pytest.raises(MemoryError, match=r"Lower the batch of regime LB, or use"),
        backend.enough_memory("the batch of regime LB"),
    ):
        raise out_of_memory()


def test_other_errors_are_left_as_they_are():
    with pytest.raises(ValueError, match="another"), backend.enough_memory("this"):
        raise ValueError("another")


def out_of_memory():
    if backend.keras.backend.backend() == "jax":
        from jax.errors import JaxRuntimeError

        return JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
    from tensorflow.errors import ResourceExhaustedError

    return ResourceExhaustedError(None, None, "OOM when allocating tensor")
