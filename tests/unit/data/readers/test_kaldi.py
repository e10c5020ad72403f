"""Kaldi archives: what is written comes back, nothing is run, damage is named."""

import logging
import re

import kaldiio
import numpy as np
import pytest

from sharpminima.data import datasets, integrity
from sharpminima.data.readers import kaldi, registry

LENGTHS = {"train": {"a": 4, "b": 3, "c": 5}, "test": {"d": 2, "e": 6}}
OPTIONS = {"context": 1, "max_dropped": 0.0}
DECLARED = {"train_examples": 12, "test_examples": 8, "classes": 3, "options": OPTIONS}


def utterances(split):
    """Return frames (three features) and states of each utterance of a set."""
    rng = np.random.default_rng(len(split))
    frames = {u: rng.normal(2, 3, (n, 3)) for u, n in LENGTHS[split].items()}
    states = {u: np.arange(n, dtype=np.int32) % 3 for u, n in LENGTHS[split].items()}
    return {u: f.astype(np.float32) for u, f in frames.items()}, states


def write(folder, split, frames, states, **options):
    for name, content in (("feats", frames), ("pdf", states)):
        place = folder / split
        place.mkdir(parents=True, exist_ok=True)
        ark, scp = place / f"{name}.ark", place / f"{name}.scp"
        kaldiio.save_ark(str(ark), content, scp=str(scp), **options)
        # Kaldi writes the paths that it was given: here those from the scp's folder.
        scp.write_text(scp.read_text().replace(f"{place}/", ""))


@pytest.fixture
def folder(tmp_path):
    for split in LENGTHS:
        write(tmp_path, split, *utterances(split))
    return tmp_path


def paths(folder):
    files = sorted(folder.glob("t*/*"))
    return {str(path.relative_to(folder)): path for path in files}


def load(folder, **options):
    declared = DECLARED | {"options": OPTIONS | options}
    return registry.load(paths(folder), reader="kaldi", declared=declared)


def test_frames_come_back_normalised_and_spliced(folder, tmp_path):
    datasets.write(tmp_path / "d.h5", load(folder), {})
    dataset = datasets.read(tmp_path / "d.h5")
    assert dataset.x_train.shape == (12, 9)
    assert dataset.x_test.shape == (8, 9)
    frames, states = utterances("train")
    every = np.concatenate(list(frames.values()))
    normalised = (every - every.mean(0)) / every.std(0)
    np.testing.assert_allclose(dataset.x_train[:, 3:6], normalised, rtol=1e-4)
    np.testing.assert_allclose(dataset.x_train[4, :3], normalised[4], rtol=1e-4)
    np.testing.assert_array_equal(dataset.y_train, np.concatenate([*states.values()]))


def test_a_subset_of_the_frames_keeps_their_neighbours(folder, tmp_path):
    datasets.write(tmp_path / "d.h5", load(folder), {})
    whole = datasets.read(tmp_path / "d.h5")
    part = datasets.read(tmp_path / "d.h5", {"train_examples": 6})
    rows = {tuple(row) for row in whole.x_train}
    assert len(part.x_train) == len(part.y_train) == 6
    assert {tuple(row) for row in part.x_train} < rows


@pytest.mark.parametrize("options", [{"text": True}, {"compression_method": 3}])
def test_text_and_compressed_archives_are_read_too(tmp_path, options):
    for split in LENGTHS:
        frames, states = utterances(split)
        write(tmp_path, split, frames, states, text="text" in options)
        if "compression_method" in options:
            write(tmp_path, split, frames, states)
            ark = tmp_path / split / "feats.ark"
            scp = tmp_path / split / "feats.scp"
            kaldiio.save_ark(str(ark), frames, scp=str(scp), **options)
    arrays = load(tmp_path)
    assert arrays["x_train"].shape == (12, 3)
    assert np.isfinite(arrays["x_train"]).all()


def test_paths_are_tried_from_the_working_directory_too(folder, monkeypatch):
    scp = folder / "train/feats.scp"
    scp.write_text(scp.read_text().replace("feats.ark", "train/feats.ark"))
    monkeypatch.chdir(folder)
    assert load(folder)["x_train"].shape == (12, 3)


def change(name, old, new):
    """Return what replaces `old` by `new`, a regular expression, in one file."""

    def damage(folder):
        path = folder / name
        path.write_text(re.sub(old, new, path.read_text(), count=1))

    return damage


def cut(name, size):
    return lambda folder: (folder / name).write_bytes(
        (folder / name).read_bytes()[:size]
    )


def content(name, data):
    return lambda folder: (folder / name).write_bytes(data)


def frames_with(**changed):
    def damage(folder):
        frames, states = utterances("train")
        write(folder, "train", frames | changed, states)

    return damage


def states_with(**changed):
    def damage(folder):
        frames, states = utterances("train")
        write(folder, "train", frames, states | changed)

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            change("train/feats.scp", "feats.ark:.*", "touch gone |"),
            "expected an archive for a. Received a command, which is never run",
        ),
        (change("train/feats.scp", "feats.ark:", "|touch gone"), "Received a command"),
        (
            change("train/feats.scp", "feats.ark", "gone.ark"),
            r"among the dataset's files for a. .*gone.ark.* no such file",
        ),
        (
            change("train/feats.scp", "feats.ark", "/etc/passwd"),
            r"among the dataset's files for a. .*\(add it to",
        ),
        (change("train/feats.scp", "a .*", "a"), "expected `utterance archive"),
        (change("train/feats.scp", "(?m)^b ", "a "), "expected each utterance once"),
        (change("train/pdf.scp", "(?s).*", ""), "expected utterances. .*an empty"),
        (cut("train/feats.ark", 100), "complete Kaldi matrix for b .*Received"),
        (cut("train/pdf.ark", 40), "expected a complete Kaldi vector for b"),
        (cut("train/feats.ark", 0), "expected a complete Kaldi matrix for a"),
        (content("train/feats.ark", b"a PKL(dp0\n."), "NumPy or pickled content"),
        (content("train/pdf.ark", b"a NPY" + bytes(99)), "NumPy or pickled content"),
        (content("train/feats.ark", b"a \0BXX " + bytes(99)), "Unexpected format"),
        (frames_with(b=np.full((3, 3), np.nan)), "finite features.* infinity in b"),
        (frames_with(b=np.zeros((3, 2))), "3 features in every frame. .*: 2 in b"),
        (frames_with(b=np.zeros(3)), r"complete Kaldi matrix for b.*shape \(3,\)"),
        (states_with(b=np.zeros(3, np.float32)), "whole numbers for b.*float32"),
        (states_with(b=np.full(3, 3, np.int32)), "labels from 0 to 2. Received: 3"),
        (states_with(b=np.full(3, -1, np.int32)), "0 to 2. Received: -1"),
        (states_with(b=np.zeros(4, np.int32)), "1 of 3 .*b: 3 frames, 4 states"),
        (
            states_with(z=np.zeros(4, np.int32)),
            "1 of 4 utterances .*z: 0 frames, 4 states",
        ),
        (
            frames_with(y=np.zeros((4, 3))),
            "1 of 4 utterances do not fit: y: 4 frames, 0 states",
        ),
    ],
)
def test_damage_is_named_with_the_file(folder, damage, message):
    damage(folder)
    with pytest.raises(ValueError, match=rf"\w+\.scp: .*{message}"):
        load(folder)
    assert not (folder / "gone").exists()


def test_a_pickle_in_an_archive_is_never_loaded(folder, monkeypatch):
    monkeypatch.setattr("pickle.load", lambda *_, **__: pytest.fail("was unpickled"))
    content("train/feats.ark", b"a PKL(dp0\n.")(folder)
    with pytest.raises(ValueError, match="pickled content"):
        load(folder)


def test_a_known_file_whose_name_is_a_command_is_read_and_not_run(folder):
    (folder / "train/feats.ark").rename(folder / "train/touch gone |")
    scp = folder / "train/feats.scp"
    scp.write_text(scp.read_text().replace("feats.ark", "./touch gone |"))
    arrays = load(folder)
    assert arrays["x_train"].shape == (12, 3)
    assert not list(folder.rglob("gone"))


def test_ranges_of_a_matrix_are_read(folder):
    scp = folder / "train/feats.scp"
    whole, _ = kaldi.read(paths(folder), DECLARED, context=1, max_dropped=0)
    scp.write_text(re.sub(r"(?m)$", "[0:1,0:1]", scp.read_text().strip()))
    pdf = folder / "train/pdf.scp"
    pdf.write_text(re.sub(r"(?m)$", "[0:1]", pdf.read_text().strip()))
    test = folder / "test/feats.scp"
    test.write_text(re.sub(r"(?m)$", "[,0:1]", test.read_text().strip()))
    arrays, _ = kaldi.read(paths(folder), DECLARED, context=1, max_dropped=0)
    assert (arrays["x_train"].shape, arrays["x_test"].shape) == ((6, 2), (8, 2))
    assert arrays["y_train"].tolist() == [0, 1] * 3
    assert whole["x_train"].shape == (12, 3)


def test_many_utterances_at_one_place_are_refused(folder, monkeypatch):
    monkeypatch.setattr(integrity, "SMALL", 100)
    monkeypatch.setattr(integrity, "UNFOLDED", 1)
    lines = (folder / "train/feats.scp").read_text().splitlines()
    again = "".join(f"a{n} {lines[0].partition(' ')[2]}\n" for n in range(1 << 12))
    (folder / "train/feats.scp").write_text(again)
    with pytest.raises(ValueError, match=r"feats.scp: expected at most \d+ bytes"):
        load(folder)


def test_a_few_utterances_that_do_not_fit_are_dropped_with_a_warning(folder, caplog):
    states_with(b=np.zeros(4, np.int32))(folder)
    with caplog.at_level(logging.WARNING):
        arrays, _ = kaldi.read(paths(folder), DECLARED, context=1, max_dropped=0.4)
    assert len(arrays["x_train"]) == len(arrays["y_train"]) == 9
    assert arrays["utterances_train"].tolist() == [0, 4, 9]
    assert "feats.scp: dropped b: 3 frames, 4 states" in caplog.text
