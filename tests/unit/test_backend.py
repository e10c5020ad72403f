"""Two backends: neither loads the other, and their numbers agree."""

import os
import subprocess
import sys

import numpy as np
import pytest

from project import ROOT, require_jax
from sharpminima.loss.batch_norm import POLICIES

BACKENDS = ("tensorflow", "jax")
NETWORKS = ("dense", "convolutional")


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """Return what each backend computes in a process of its own."""
    require_jax()
    folder = tmp_path_factory.mktemp("backends")
    for name in BACKENDS:
        command = [sys.executable, str(ROOT / "tests/compute.py"), str(folder / name)]
        scripts = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "KERAS_BACKEND": name}
        done = subprocess.run(
            command,
            env=os.environ | scripts,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
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
