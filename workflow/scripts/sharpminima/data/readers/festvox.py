"""Speech frames and their phones from a voice of Festival, as Debian packages it.

Dataset `ru-speech` has 620 sentences read by one Russian speaker, with phone labels
(package `festvox-ru`). A frame is Kaldi's log-mel energies of 25 ms, every 10 ms, as
long as all 25 ms lie within the recording (`snip_edges`). The phone at its centre gives
its class (see `phones`). Utterances are sorted by name and counted from 0. Numbers that
end in 2, 5 or 8 are for testing.

Functions here import the libraries for speech when they are called. The Snakefile needs
only the signature of `read`, and reads it without them.
"""

import importlib.util
import io
import wave
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath

import numpy as np

from sharpminima.data import archives, frames, integrity
from sharpminima.data.datasets import ARRAYS
from sharpminima.data.readers import phones
from sharpminima.storage.errors import one_line

COPYRIGHT = (
    "Recordings and labels: Copyright (c) 2005 Nickolay V. Shmyrev, all rights "
    "reserved, BSD-like licence. Modified: these are features computed from them."
)
LIBRARIES = ("debian", "kaldi_native_fbank")
RATE, BANDS = 16_000, 40  # Hz; bands of a frame, so nine frames make F2's 360 inputs
WINDOW_MS, HOP_MS = 25, 10
TOLERANCE_S = 0.025  # one window
TEST_DIGITS = (2, 5, 8)
LARGEST_MEMBER = 1 << 26  # bytes; a sentence takes far less
# How many times as many bytes as the declared frames have in their recordings a package
# may unfold to: it also holds other files.
OTHER_FILES = 8


def require_libraries() -> None:
    """Refuse to go on without the libraries that this reader needs.

    Raises:
        ImportError: If one is missing; the message says how to install it.
    """
    for name in LIBRARIES:
        if importlib.util.find_spec(name) is None:
            raise ImportError(
                f"No module named {name!r}. Speech needs libraries of its own: run "
                "`make speech`, or `pip install -r envs/requirements-speech.txt`"
            )


def read(
    paths: Mapping[str, Path], declared: Mapping, *, context: int, classes: int
) -> tuple[dict[str, np.ndarray], dict[str, Path]]:
    """Return normalised frames, labels and utterances of both sets, and their file.

    Args:
        paths: File name -> path of the package.
        declared: The dataset's entry in the catalogue. A package that unfolds to far
            more than its examples take is refused.
        context: Number of neighbours of a frame on each side.
        classes: How many classes to make.

    Returns:
        The four arrays (`x` of shape `(N, 40)`), `utterances_train` and
        `utterances_test` (see `frames.boundaries`), `context` and `class_names`; and
        the file of each of the four.

    Raises:
        ValueError: If the package is damaged, a recording or its labels are not as
            expected, or the classes cannot be made; the message names the file.
    """
    (path,) = paths.values()
    examples = declared["train_examples"] + declared["test_examples"]
    recordings = examples * 2 * RATE * HOP_MS // 1000  # bytes
    features, contexts = _utterances(path, integrity.SMALL + OTHER_FILES * recordings)
    splits = split(sorted(features))
    # Test utterances have no say in what the classes are.
    training = (name for utterance in splits["train"] for name in contexts[utterance])
    names = phones.classes(training, classes, path)
    arrays = {"context": np.int64(context), "class_names": np.array(names, "S")}
    for part, chosen in splits.items():
        arrays[f"x_{part}"] = np.concatenate([features[name] for name in chosen])
        labels = [phones.labels(contexts[name], names, path) for name in chosen]
        arrays[f"y_{part}"] = np.concatenate(labels)
        lengths = [len(features[name]) for name in chosen]
        arrays[f"utterances_{part}"] = frames.boundaries(lengths)
    # The mean and deviation of the training set serve both sets.
    normalised = frames.normalised(arrays["x_train"], arrays["x_test"])
    arrays["x_train"], arrays["x_test"] = normalised
    return arrays, dict.fromkeys(ARRAYS, path)


def split(names: list[str]) -> dict[str, list[str]]:
    """Return the utterances of each set: a mapping from `train` and `test` to names.

    Args:
        names: All utterances, sorted.
    """
    parts = {"train": [], "test": []}
    for position, name in enumerate(names):
        parts["test" if position % 10 in TEST_DIGITS else "train"].append(name)
    return parts


def _utterances(path, limit):
    """Return utterance -> its frames, and utterance -> the context of each frame."""
    features, seconds, labels = {}, {}, {}
    for file, content in _files(path, limit):
        where = f"{path}: {file.parent.name}/{file.name}"
        if file.suffix == ".wav":
            samples = _samples(content, where)
            features[file.stem] = log_mel(samples)
            seconds[file.stem] = len(samples) / RATE
        else:
            labels[file.stem] = phones.read(content.decode("ascii", "replace"), where)
    _check_utterances(path, seconds, labels)
    # A frame belongs to the phone at its centre.
    contexts = {
        name: phones.contexts(ends, spoken, centres(len(features[name])))
        for name, (ends, spoken) in labels.items()
    }
    return features, contexts


def _files(path, limit) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield path and content of each recording and label file of the package."""
    from debian import arfile

    def wanted(file):
        return (file.parent.name, file.suffix) in [("wav", ".wav"), ("lab", ".lab")]

    with closing(_Forwards(path)) as stream:
        try:
            parts = arfile.ArFile(fileobj=stream).members
        except Exception as error:
            raise ValueError(
                f"{path}: expected a complete Debian package. "
                f"Received: {one_line(error)}"
            ) from error
        # A Debian package is an ar archive; its files are in a tar archive inside.
        for part in parts:
            if part.name.startswith("data.tar"):
                yield from archives.files(path, wanted, limit, part, LARGEST_MEMBER)


class _Forwards(io.FileIO):
    """A file in which a member of negative size is an error, and no endless loop."""

    def seek(self, offset, whence=io.SEEK_SET):
        if whence == io.SEEK_CUR and offset < 0:
            raise OSError(f"a member of {offset} bytes")
        return super().seek(offset, whence)


def _samples(content, where):
    """Return the samples of a WAV file, `(S,)`, int16."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            channels, hertz = file.getnchannels(), file.getframerate()
            bits = 8 * file.getsampwidth()
            declared, data = file.getnframes(), file.readframes(file.getnframes())
    except Exception as error:
        raise ValueError(
            f"{where}: expected a WAV file. Received: {one_line(error)}"
        ) from error
    if (channels, bits, hertz) != (1, 16, RATE):
        raise ValueError(
            f"{where}: expected one channel of 16 bits at {RATE} Hz. Received: "
            f"{channels} of {bits} bits at {hertz} Hz"
        )
    # All that the header declares, and enough for one frame.
    needed = max(2 * declared, 2 * RATE * WINDOW_MS // 1000)
    if len(data) < needed:
        raise ValueError(
            f"{where}: expected {needed} bytes of samples. Received: {len(data)}"
        )
    return np.frombuffer(data, "<i2")


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Return Kaldi's log-mel energies of `samples` (int16, `(S,)`), `(T, 40)`, float32.

    Settings are Kaldi's defaults (Povey's window, pre-emphasis 0.97, 20 to 8,000 Hz),
    except for the number of bands, and for dither: its noise would differ every time.
    """
    from kaldi_native_fbank import FbankOptions, OnlineFbank

    options = FbankOptions()
    # Frames lie wholly within the recording, so `centres` knows their times.
    options.frame_opts.samp_freq = RATE
    options.frame_opts.frame_length_ms = WINDOW_MS
    options.frame_opts.frame_shift_ms = HOP_MS
    options.frame_opts.snip_edges = True
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = BANDS
    extractor = OnlineFbank(options)
    # Kaldi expects the range of 16-bit integers, not samples scaled to [-1, 1].
    extractor.accept_waveform(RATE, samples.tolist())
    extractor.input_finished()
    rows = range(extractor.num_frames_ready)
    return np.stack([extractor.get_frame(row) for row in rows])


def centres(count: int) -> np.ndarray:
    """Return the centres of the first `count` frames, seconds, `(count,)`."""
    return (HOP_MS * np.arange(count) + WINDOW_MS / 2) / 1000


def _check_utterances(path, seconds, labels):
    """Refuse recordings and labels that lack each other or differ in length."""
    for name in sorted(seconds.keys() - labels):
        raise ValueError(
            f"{path}: expected a recording and a label file for every utterance. "
            f"Received: wav/{name}.wav without lab/{name}.lab"
        )
    for name in sorted(labels.keys() - seconds):
        raise ValueError(
            f"{path}: expected a recording and a label file for every utterance. "
            f"Received: lab/{name}.lab without wav/{name}.wav"
        )
    # Fewer would leave the test set empty.
    if len(seconds) <= min(TEST_DIGITS):
        raise ValueError(
            f"{path}: expected more than {min(TEST_DIGITS)} recordings in its "
            f"data.tar. Received: {len(seconds)}"
        )
    for name, (ends, _) in labels.items():
        if abs(seconds[name] - ends[-1]) > TOLERANCE_S:
            raise ValueError(
                f"{path}: lab/{name}.lab: expected the last phone to end within "
                f"{TOLERANCE_S:g} s of the end of the recording, "
                f"{seconds[name]:g} s. Received: {ends[-1]:g} s"
            )
