"""HDF5 files end in their digest: what was not written so is an error, to the bit."""

import hashlib
import tracemalloc

import h5py
import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.data import datasets
from sharpminima.networks import builders, iterates, parameters
from sharpminima.storage import digests, hdf5
from sharpminima.storage.faults import DamagedError

NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 2}}


@pytest.fixture
def network():
    """A small network of the study."""
    keras.utils.set_random_seed(0)
    return builders.build(NETWORK, input_shape=(3,), classes=2)


@pytest.fixture
def dataset(tmp_path):
    x, y = np.ones((4, 3), np.float32), np.arange(4, dtype=np.int32) % 2
    arrays = {"x_train": x, "y_train": y, "x_test": x, "y_test": y, "classes": 2}
    datasets.write(tmp_path / "data.h5", arrays, {"source": "ones"})
    return tmp_path / "data.h5", [datasets.read, datasets.form]


@pytest.fixture
def checkpoint(tmp_path, network):
    path = tmp_path / "final.weights.h5"
    parameters.save(path, network, {"seed": 0, "status": "ceased"})
    readers = [parameters.attributes, lambda path: parameters.restore(path, network)]
    return path, readers


@pytest.fixture
def kept(tmp_path, network):
    path = tmp_path / "iterates.h5"
    list(iterates.keeping(path, network, [0, 9], []))
    readers = [iterates.epochs, lambda path: iterates.restore(path, 0, network)]
    return path, readers


@pytest.fixture(params=["dataset", "checkpoint", "kept"])
def written(request):
    """A file that a job wrote, and all functions that read it."""
    return request.getfixturevalue(request.param)


def refused(path, reader):
    """Assert that the file is refused with the way out; return what the error says."""
    with pytest.raises(DamagedError) as error:
        reader(path)
    assert str(error.value).startswith(f"{path}: expected a whole file")
    assert str(error.value).endswith(f"run the same command again: {path}")
    return str(error.value)


def test_what_was_written_is_read(written):
    path, readers = written
    for reader in readers:
        assert reader(path) is not None


def test_no_flipped_bit_is_read(written):
    """One bit of every byte, by each reader in turn."""
    path, readers = written
    content = path.read_bytes()
    with path.open("rb+", buffering=0) as file:
        for position, byte in enumerate(content):
            file.seek(position)
            file.write(bytes([byte ^ 1 << position % 8]))
            refused(path, readers[position % len(readers)])
            file.seek(position)
            file.write(bytes([byte]))
    for reader in readers:
        reader(path)


def test_no_file_that_was_cut_off_is_read(written):
    path, readers = written
    with path.open("rb+") as file:
        for length in reversed(range(path.stat().st_size)):
            file.truncate(length)
            refused(path, readers[length % len(readers)])


def test_what_is_added_or_of_an_older_version_is_refused(written):
    path, readers = written
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    assert "Received: no digest at its end" in refused(path, readers[0])
    path.write_bytes(content[: -digests.LENGTH])
    assert "Received: no digest at its end" in refused(path, readers[0])
    path.write_bytes(b"x" + content[1:])
    assert "Received: another digest" in refused(path, readers[0])


def test_the_digest_is_that_of_all_before_it(tmp_path):
    with digests.writing(tmp_path / "state") as file:
        file.write(b"content")
    digest = hashlib.sha256(b"content").hexdigest()
    assert (tmp_path / "state").read_bytes() == f"content\nsha256 {digest}\n".encode()
    digests.check(tmp_path / "state")


def test_a_large_file_is_hashed_in_pieces(tmp_path):
    path = tmp_path / "large"
    with digests.writing(path) as file:
        file.write(bytes(30 * digests.PIECE))
    tracemalloc.start()
    try:
        digests.check(path)
        assert tracemalloc.get_traced_memory()[1] < 3 * digests.PIECE
    finally:
        tracemalloc.stop()


def test_plain_hdf5_and_plain_keras_read_a_sealed_file(checkpoint, network):
    path, _ = checkpoint
    weights = network.get_weights()
    network.set_weights([np.zeros_like(w) for w in weights])
    network.load_weights(path)
    for restored, saved in zip(network.get_weights(), weights):
        np.testing.assert_array_equal(restored, saved)
    with h5py.File(path) as file:
        assert file.attrs["status"] == "ceased"


def test_the_digest_vouches_for_no_stranger(tmp_path):
    """Anybody can compute a digest, so what it seals must be harmless as well."""
    path = tmp_path / "data.h5"
    with digests.writing(path) as content, h5py.File(content, "w") as file:
        file["x_train"] = h5py.ExternalLink("/etc/passwd", "x")
    with pytest.raises(hdf5.Refused, match="expected 'x_train' in the file itself"):
        datasets.form(path)
