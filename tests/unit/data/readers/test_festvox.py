"""A voice of Festival: package -> recordings and labels -> frames and classes."""

import hashlib
import importlib
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from examples import archive, package, recording
from project import ROOT, default_config
from sharpminima.data import datasets, frames, integrity, raw_files
from sharpminima.data.readers import festvox, phones

for library in festvox.LIBRARIES:
    pytest.importorskip(library, reason="needs `make speech`")
VOICE = "./usr/share/festival/voices/x"
SAMPLES = [8000, 9000, 10_000, 12_345]
LABELS = "#\n0.1 125 pau\n0.3 125 a\n{end} 125 pau\n"
CLASSES = 9
DECLARED = {"train_examples": 10_000, "test_examples": 10_000}


@pytest.fixture
def voice():
    """Files of four recordings of noise with labels, by path. Yours to edit."""
    rng = np.random.default_rng(0)
    files = {f"{VOICE}/doc/README.wav": b"not a recording"}
    for number, size in enumerate(SAMPLES):
        samples = rng.integers(-1000, 1000, size)
        labels = LABELS.format(end=size / 16_000)
        files[f"{VOICE}/wav/x_{number}.wav"] = recording(samples)
        files[f"{VOICE}/lab/x_{number}.lab"] = labels.encode()
    return files


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a voice's files from a package."""

    def run(voice, classes=CLASSES):
        path = package(tmp_path / "x.deb", *voice.items())
        return festvox.read({path.name: path}, DECLARED, context=4, classes=classes)

    return run


def test_frames_are_those_that_lie_within_their_recording(voice, read, tmp_path):
    arrays, sources = read(voice)
    counts = [1 + (size - 400) // 160 for size in SAMPLES]
    test = counts.pop(2)
    assert arrays["x_test"].shape == (test, 40)
    assert arrays["utterances_train"].tolist() == [0, *np.cumsum(counts)]
    assert arrays["utterances_test"].tolist() == [0, test]
    assert set(sources.values()) == {tmp_path / "x.deb"}


def test_frames_are_normalised_by_the_training_set(voice, read):
    arrays, _ = read(voice)
    assert arrays["x_train"].dtype == arrays["x_test"].dtype == np.float32
    np.testing.assert_allclose(arrays["x_train"].mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(arrays["x_train"].std(0), 1, atol=1e-5)
    assert np.abs(arrays["x_test"].mean(0)).max() > 1e-3


def test_a_frame_has_the_phone_at_its_centre(voice, read):
    arrays, _ = read(voice)
    names = arrays["class_names"][arrays["y_test"]]
    times = np.arange(len(names)) * 0.01 + 0.0125
    is_a = (times >= 0.1) & (times < 0.3)
    assert [name.startswith(b"a.") for name in names] == is_a.tolist()
    assert np.bincount(arrays["y_train"], minlength=CLASSES).min() > 0


def test_the_order_of_files_in_the_package_does_not_matter(voice, read):
    forth, _ = read(voice)
    back, _ = read(dict(reversed(voice.items())))
    for name, array in forth.items():
        np.testing.assert_array_equal(array, back[name])


def test_one_in_ten_of_three_is_a_test_utterance():
    splits = festvox.split([f"{number:02}" for number in range(20)])
    assert splits["test"] == ["02", "05", "08", "12", "15", "18"]
    assert len(splits["train"]) == 14


@pytest.mark.parametrize("hertz", [500, 1000, 3000])
def test_a_tone_is_loudest_in_its_band(hertz):
    """Bands are spread evenly from 20 to 8,000 Hz in mel."""
    tone = 1000 * np.sin(2 * np.pi * hertz * np.arange(16_000) / 16_000)
    energies = festvox.log_mel(tone.astype(np.int16))
    low, at, high = 1127 * np.log1p(np.array([20, hertz, 8000]) / 700)
    band = round((at - low) / (high - low) * 41) - 1
    assert energies.shape == (98, 40)
    assert (energies.argmax(axis=1) == band).all()


def test_features_are_the_same_every_time():
    samples = np.random.default_rng(0).integers(-9, 9, 8000).astype(np.int16)
    first, second = festvox.log_mel(samples), festvox.log_mel(samples)
    np.testing.assert_array_equal(first, second)


WAV, LAB = f"{VOICE}/wav/x_1.wav", f"{VOICE}/lab/x_1.lab"
NOISE = np.ones(9000)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (LAB, None, r"wav/x_1.wav without lab/x_1.lab"),
        (WAV, None, r"lab/x_1.lab without wav/x_1.wav"),
        (WAV, recording(NOISE, 8000), r"wav/x_1.wav: expected .* 16000 Hz.* at 8000"),
        (WAV, recording(NOISE, channels=2), "x_1.wav: expected .*Received: 2 of 16"),
        (WAV, recording(NOISE[:399]), "expected 800 bytes of samples. Received: 798"),
        (WAV, recording(NOISE)[:-9], "expected 18000 bytes .* Received: 17991"),
        (WAV, recording(NOISE)[:30], "x_1.wav: expected a WAV file. Received"),
        (WAV, b"RIFF", "x_1.wav: expected a WAV file. Received"),
        (LAB, b"#\n0.1 pau\n", r"lab/x_1.lab: expected rows .* Received: '0.1 pau'"),
        (LAB, b"#\n0.1 125 \xff\n", r"lab/x_1.lab: expected rows"),
        (LAB, b"#\n0.536 125 a\n", r"lab/x_1.lab: .* 0.5625 s. Received: 0.536 s"),
        (LAB, b"#\n0.588 125 a\n", r"lab/x_1.lab: .* 0.5625 s. Received: 0.588 s"),
        (f"{VOICE}/../../../../../x", b"", "refused, its member"),
    ],
)
def test_a_damaged_voice_is_refused(voice, read, file, content, message):
    voice[file] = content
    with pytest.raises(ValueError, match=rf"x.deb: .*{message}"):
        read({name: content for name, content in voice.items() if content is not None})


@pytest.mark.parametrize("end", [0.539, 0.586])
def test_labels_may_end_a_window_before_or_after_the_recording(voice, read, end):
    voice[LAB] = LABELS.format(end=end).encode()
    arrays, _ = read(voice)
    assert arrays["utterances_train"][2] == 48 + 54


def test_a_package_without_enough_recordings_is_refused(voice, read):
    few = {n: c for n, c in voice.items() if "x_2" not in n and "x_3" not in n}
    with pytest.raises(ValueError, match="more than 2 recordings .* Received: 2"):
        read(few)


@pytest.mark.parametrize("cut", [0, 4, 30, 100, 1000, -100])
def test_a_cut_package_is_refused(voice, tmp_path, cut):
    path = package(tmp_path / "x.deb", *voice.items())
    path.write_bytes(path.read_bytes()[:cut])
    message = r"x.deb: expected (a complete|more than 2 recordings)"
    with pytest.raises(ValueError, match=message):
        festvox.read({path.name: path}, DECLARED, context=4, classes=CLASSES)


def test_another_archive_is_no_package(tmp_path):
    path = archive(tmp_path / "x.deb", ("x.wav", b""))
    message = "x.deb: expected a complete Debian package. Received: Unable to find"
    with pytest.raises(ValueError, match=message):
        festvox.read({path.name: path}, DECLARED, context=4, classes=CLASSES)


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "workflow/scripts")
    return importlib.import_module("prepare_speech")


def declared(sha256):
    sizes = {"train_examples": 48 + 54 + 75, "test_examples": 61, "classes": CLASSES}
    return {**sizes, "files": {"x.deb": sha256}, "options": {"context": 4}}


def test_a_prepared_voice_is_read_as_frames_in_context(voice, tmp_path, script):
    path = package(tmp_path / "x.deb", *voice.items())
    entry = declared(hashlib.sha256(path.read_bytes()).hexdigest())
    output = tmp_path / "x.h5"
    cost = tmp_path / "cost.csv"
    script.main(output, cost, name="x", dataset=entry, folder=tmp_path, urls=[])
    assert "prepare_speech,x," in cost.read_text()
    data = datasets.read(output)
    assert data.x_train.shape == (entry["train_examples"], 9 * 40)
    assert data.classes == CLASSES
    with h5py.File(output) as file:
        assert "Shmyrev" in file.attrs["copyright"]
        np.testing.assert_array_equal(data.x_test[:, 160:200], file["x_test"])


def test_a_missing_package_is_asked_for(tmp_path, script):
    entry = declared("a" * 64)
    outputs = tmp_path / "x", tmp_path / "cost"
    with pytest.raises(FileNotFoundError, match="x.deb .*(\n.*)*apt-get download"):
        script.main(*outputs, name="x", dataset=entry, folder=tmp_path, urls=[])


def raw_file(name):
    """Return where a raw file is, or skip the test."""
    folders = [ROOT / "data/raw", Path(os.environ.get("SHARPMINIMA_RAW_FOLDER", "."))]
    for folder in folders:
        if (folder / name).exists():
            return folder / name
    pytest.skip(f"needs {name} in data/raw or in SHARPMINIMA_RAW_FOLDER")


@pytest.fixture(scope="module")
def ru_speech():
    entry = default_config()["datasets"]["ru-speech"]
    (name,) = entry["files"]
    folder = raw_file(f"ru-speech/{name}").parent
    paths = raw_files.locate(folder, entry["files"])
    options = {"classes": entry["classes"], **entry["options"]}
    made = festvox.read(paths, entry, **options)
    return integrity.checked(*made, entry)


@pytest.mark.slow
def test_ru_speech_is_what_the_catalogue_declares(ru_speech):
    counts = np.bincount(ru_speech["y_train"], minlength=1973)
    assert len(counts) == len(ru_speech["class_names"]) == 1973
    assert counts.min() == 23
    assert len(ru_speech["utterances_train"]) - 1 == 434
    assert len(ru_speech["utterances_test"]) - 1 == 186


@pytest.fixture(scope="module")
def reference():
    """The same speech by another hand: set -> its arrays, names in place of numbers."""
    with h5py.File(raw_file("ru-speech-frames.h5")) as file:
        lengths = np.diff(file["offsets"][()].astype(int))
        in_test = file["utterance_is_test"][()].astype(bool)
        arrays = {
            "features": file["features"][()] * np.float32(file.attrs["step"]),
            "phone": file["phone_names"][()][file["phone"][()]],
            "class": file["class_names"][()][file["label"][()]],
        }
    return {
        split: {"lengths": lengths[of]}
        | {name: array[np.repeat(of, lengths)] for name, array in arrays.items()}
        for split, of in (("train", ~in_test), ("test", in_test))
    }


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train", "test"])
def test_ru_speech_has_the_labels_that_another_hand_gave_it(
    ru_speech, reference, split
):
    lengths = np.diff(ru_speech[f"utterances_{split}"])
    np.testing.assert_array_equal(lengths, reference[split]["lengths"])
    names = ru_speech["class_names"][ru_speech[f"y_{split}"]]
    np.testing.assert_array_equal(names, reference[split]["class"])
    phone = [phones.third(n.decode()).split(".")[0].encode() for n in names]
    np.testing.assert_array_equal(phone, reference[split]["phone"])


@pytest.mark.slow
def test_ru_speech_has_features_much_like_those_another_hand_made(ru_speech, reference):
    """Log(1 + energy) there, other windows and band edges: the last band differs."""
    theirs = frames.normalised(*(reference[s]["features"] for s in ("train", "test")))
    for split, expected in zip(("train", "test"), theirs):
        ours = ru_speech[f"x_{split}"]
        correlation = [np.corrcoef(a, b)[0, 1] for a, b in zip(ours.T, expected.T)]
        assert min(correlation[:38]) > 0.95
        assert np.median(correlation) > 0.98
