"""Two backends: their numbers agree, and nothing around a process alters them."""

import dataclasses
import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from project import ROOT, require_jax
from sharpminima import backend
from sharpminima.loss.batch_norm import POLICIES
from sharpminima.loss.compiled import CompiledNetwork
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import point_of
from sharpminima.training.start import starting_point
from training_runs import EVALUATION, NETWORK, blobs, run

BACKENDS = ("tensorflow", "jax")
NETWORKS = ("dense", "convolutional")


def run_script(name, script, *arguments, **surroundings):
    """Run a script of `tests/` on the backend `name`; return what it printed."""
    scripts = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "KERAS_BACKEND": name}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / script), *arguments],
        env=os.environ | scripts | surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """Return what each backend computes in a process of its own."""
    require_jax()
    folder = tmp_path_factory.mktemp("backends")
    for name in BACKENDS:
        run_script(name, "compute.py", str(folder / name))
    return [np.load(folder / f"{name}.npz") for name in BACKENDS]


def test_neither_loads_the_other(numbers):
    tensorflow, jax = (set(found["loaded"]) for found in numbers)
    assert (tensorflow, jax) == ({"tensorflow"}, {"jax", "jaxlib"})


@pytest.mark.parametrize("network", NETWORKS)
def test_starting_points_are_the_same_to_the_bit(numbers, network):
    first, second = (found[f"{network} initial"] for found in numbers)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("network", NETWORKS)
def test_losses_and_gradients_agree(numbers, network, policy):
    first, second = (found[f"{network} {policy} loss"] for found in numbers)
    assert first == pytest.approx(second, rel=1e-6)
    first, second = (found[f"{network} {policy} gradient"] for found in numbers)
    assert np.linalg.norm(first - second) < 1e-5 * np.linalg.norm(first)


@pytest.mark.parametrize("matrix", ["hessian", "gauss_newton"])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("network", NETWORKS)
def test_products_of_second_derivatives_agree(numbers, network, policy, matrix):
    first, second = (found[f"{network} {policy} {matrix}"] for found in numbers)
    assert np.linalg.norm(first - second) < 1e-5 * np.linalg.norm(first)


def test_a_few_epochs_agree(numbers):
    """Twenty updates, after which rounding has begun to part the two.

    It does so first in the biases before a batch normalisation: their gradient is
    nothing but rounding, and ADAM scales it up to full steps.
    """
    first, second = numbers
    for name in ("train_loss", "test_loss"):
        np.testing.assert_allclose(first[name], second[name], rtol=1e-3)
    for name in ("train_accuracy", "test_accuracy"):
        np.testing.assert_array_equal(first[name], second[name])
    distance = np.linalg.norm(first["path"] - second["path"])
    assert distance < 0.05 * np.linalg.norm(first["path"])


# Each of them altered the weights on one backend or the other.
VARIABLES = {
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "JAX_SOFTMAX_CUSTOM_JVP": "1",
    "JAX_THREEFRY_PARTITIONABLE": "0",
}


@pytest.fixture(scope="module", params=BACKENDS)
def clean(request):
    """Return a backend, and the digests that it prints in clean surroundings."""
    if request.param == "jax":
        require_jax()
    return request.param, run_script(request.param, "surroundings.py").stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "values",
    [
        {"floatx": "float16"},
        {"floatx": "float64", "image_data_format": "channels_first", "epsilon": 0.1},
    ],
    ids=["float16", "float64"],
)
def test_the_users_file_of_keras_alters_no_weight(clean, tmp_path, values):
    name, expected = clean
    values |= {"backend": "torch"}
    (tmp_path / "keras.json").write_text(json.dumps(values))
    done = run_script(name, "surroundings.py", KERAS_HOME=str(tmp_path))
    assert done.stdout == expected


@pytest.mark.slow
def test_the_users_environment_alters_no_weight_and_the_log_says_so(clean):
    name, expected = clean
    done = run_script(name, "surroundings.py", **VARIABLES)
    assert done.stdout == expected
    for variable, value in VARIABLES.items():
        assert f"Ignored, as it may alter results: {variable}={value}" in done.stderr


def test_an_unknown_backend_is_refused():
    done = subprocess.run(
        [sys.executable, "-c", "from sharpminima import backend"],
        cwd=ROOT / "workflow/scripts",
        env=os.environ | {"KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=False,
    )
    message = "KERAS_BACKEND must be `tensorflow` or `jax`. Received: 'torch'"
    assert message in done.stderr


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


@pytest.mark.computes
def test_a_process_keeps_to_one_core():
    command = [sys.executable, "-c", textwrap.dedent(BUSY), "1"]
    done = subprocess.run(
        command, check=True, cwd=ROOT / "workflow/scripts", capture_output=True
    )
    assert float(done.stdout) < 1.1


@pytest.mark.computes
def test_losses_are_summed_in_float64():
    """Above 2^24 a float32 could not hold the units of the sum."""
    labels = backend.to_device(np.zeros(3, np.int32))
    logits = np.array([[0, 2.0**24], [0, 1], [0, 1]], np.float32)
    loss, _ = backend.loss_and_correct(labels, backend.to_device(logits))
    expected = 2.0**24 + 2 * np.float64(np.float32(np.log1p(np.e)))
    assert float(loss) == pytest.approx(expected, rel=1e-12)
    dataset = blobs()
    model = starting_point(NETWORK, dataset, 0)
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


@pytest.mark.computes
def test_labels_of_8_and_64_bits_count_as_well():
    labels = np.array([0, 2, 1])
    logits = backend.to_device(np.eye(3, dtype=np.float32))
    found = [
        backend.loss_and_correct(backend.to_device(labels.astype(kind)), logits)
        for kind in (np.int32, np.int64, np.uint8)
    ]
    assert [int(correct) for _, correct in found] == [1, 1, 1]
    assert len({float(loss) for loss, _ in found}) == 1


@pytest.mark.computes
@pytest.mark.parametrize("kind", ["uint8", "int64"])
def test_labels_of_any_integer_type_lead_to_the_same_numbers(kind):
    def numbers(kind):
        data = blobs()
        labels = {
            name: getattr(data, name).astype(kind) for name in ("y_train", "y_test")
        }
        data = dataclasses.replace(data, **labels)
        model, rows, _ = run(data, learning_rate=0.01)
        point, losses = point_of(model), MeasuredLoss(model, data, **EVALUATION)
        return [
            *(rows[-1][name] for name in ("train_loss", "train_accuracy")),
            *losses.measures(point).values(),
            *losses.loss_accuracy_and_gradient(point)[2],
            *point.parameters,
        ]

    assert numbers(kind) == numbers("int32")


@pytest.mark.computes
@pytest.mark.parametrize(
    ("regime", "advice"),
    [
        (None, "Lower `evaluation.batch_size`, run fewer"),
        ("LB", "Lower the batch of regime LB or `evaluation.batch_size`, run fewer"),
    ],
)
def test_a_device_without_memory_left_says_what_to_lower(regime, advice):
    with (
        pytest.raises(MemoryError, match=advice),
        backend.enough_memory("evaluation.batch_size", regime),
    ):
        raise out_of_memory()
    with (
        pytest.raises(MemoryError, match=advice),
        backend.enough_memory("evaluation.batch_size", regime),
    ):
        raise MemoryError("Unable to allocate 8.00 GiB")


@pytest.mark.computes
def test_other_errors_are_left_as_they_are():
    with pytest.raises(ValueError, match="another"), backend.enough_memory("this"):
        raise ValueError("another")


def out_of_memory():
    if backend.keras.backend.backend() == "jax":
        from jax.errors import JaxRuntimeError

        return JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
    from tensorflow.errors import ResourceExhaustedError

    return ResourceExhaustedError(None, None, "OOM when allocating tensor")
