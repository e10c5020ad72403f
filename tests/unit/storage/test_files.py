"""A file appears whole or not at all, also on a device that is full or read-only."""

import errno
import os
import re
import resource

import altair as alt
import h5py
import numpy as np
import pandas as pd
import pytest

from devices import device, remount
from sharpminima.backend import keras
from sharpminima.charts import pictures
from sharpminima.networks import parameters
from sharpminima.storage import digests, faults
from sharpminima.storage.files import replacing
from sharpminima.tables import files


def test_the_file_appears_under_its_name_at_the_end(tmp_path):
    path = tmp_path / "new" / "a.weights.h5"
    with replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.name.endswith(".weights.h5")
    assert path.read_text() == "whole"
    assert [p.name for p in path.parent.iterdir()] == ["a.weights.h5"]


def break_off(path):
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("power cut")


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("before")
    with pytest.raises(RuntimeError, match="power cut"):
        break_off(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_removed(tmp_path):
    for name in (".123.a.csv", ".123.b.a.csv", "123.a.csv"):
        (tmp_path / name).write_text("half")
    with replacing(tmp_path / "a.csv") as temporary:
        temporary.write_text("whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"a.csv", "123.a.csv", ".123.b.a.csv"}


def test_the_content_is_on_the_device_before_its_name(tmp_path, monkeypatch):
    """What is synchronised: the file before it is renamed, the folder after that."""
    path, found = tmp_path / "a.csv", []

    def fsync(descriptor):
        found.append((os.fstat(descriptor).st_ino, path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    with replacing(path) as temporary:
        temporary.write_text("whole")
    assert found == [(path.stat().st_ino, False), (tmp_path.stat().st_ino, True)]


FULL = "No space left on device"


def write_text(path):
    with replacing(path) as temporary:
        temporary.write_text("x" * 200_000)


def write_arrays(path):
    with digests.writing(path) as content, h5py.File(content, "w") as file:
        file["x"] = np.ones(50_000)


def write_groups(path):
    """HDF5 holds these until the file is closed, and crashes if it cannot."""
    with digests.writing(path) as content, h5py.File(content, "w") as file:
        for i in range(300):
            file[f"{i}/x"] = np.ones(50)


def write_weights(path):
    network = keras.Sequential([keras.Input((50,)), keras.layers.Dense(1000)])
    parameters.save(path.with_name("final.weights.h5"), network, {"seed": 0})


def write_chart(path):
    chart = alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_point().encode(x="x")
    pictures.save(
        chart, *(path.with_suffix(end) for end in (".html", ".svg", ".png", ".pdf"))
    )


def write_table(path):
    table = pd.DataFrame({"x": np.linspace(0, 1, 1500), "y": "a word" * 10})
    files.write_for_readers(table, path, path.with_suffix(".m"), path.with_suffix(".h"))


WRITERS = [
    *(write_text, write_arrays, write_groups, write_weights, write_chart, write_table)
]


@pytest.mark.parametrize("write", WRITERS)
def test_a_full_device_says_so_and_keeps_no_half(tmp_path, write):
    with device(tmp_path / "full", "size=100k") as folder:
        with pytest.raises(faults.DeviceError, match=FULL) as error:
            write(folder / "a.csv")
        assert f"Device {folder} has 0.0" in str(error.value)
        assert str(error.value).endswith("finished jobs are kept.")
        assert error.value.errno == errno.ENOSPC
        assert list(folder.iterdir()) == []
        remount(folder, "size=3m")
        write(folder / "a.csv")


@pytest.mark.parametrize(
    ("options", "change", "text"),
    [
        ("nr_inodes=1", None, "0 inodes free. Free space or inodes there."),
        ("size=1m", "ro", "Read-only file system. It takes 0.00 MB or more."),
    ],
)
@pytest.mark.parametrize("write", [write_text, write_arrays, write_weights])
def test_a_device_without_inodes_or_rights_says_so(
    tmp_path, write, options, change, text
):
    with device(tmp_path / "full", options) as folder:
        if change:
            remount(folder, change)
        with pytest.raises(faults.DeviceError, match=re.escape(text)):
            write(folder / "a.csv")
        assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become somebody else.")
@pytest.mark.parametrize("write", [write_text, write_arrays])
def test_a_folder_of_somebody_else_says_so(tmp_path, write):
    (tmp_path / "theirs").mkdir(mode=0o700)
    os.seteuid(65534)
    try:
        with pytest.raises(faults.DeviceError, match="Permission denied") as error:
            write(tmp_path / "theirs/a.csv")
    finally:
        os.seteuid(0)
    assert "Give yourself the rights to it. Then run the same" in str(error.value)


def test_too_many_open_files_say_what_to_raise(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    following = os.open(tmp_path, os.O_RDONLY)
    os.close(following)
    resource.setrlimit(resource.RLIMIT_NOFILE, (following, hard))
    try:
        with pytest.raises(OSError, match="Too many open files") as error:
            write_text(tmp_path / "a.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "Raise the limit (ulimit -n)" in str(error.value)
