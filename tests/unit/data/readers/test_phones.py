"""Phones: label files, thirds of phones in context, classes of those."""

import numpy as np
import pytest

from sharpminima.data.readers import phones


def test_a_label_file_gives_ends_and_phones():
    text = "signal x\n#\n    0.10000 125 pau\n 0.25 125 a \n1 26 t\n"
    ends, found = phones.read(text, "x.lab")
    assert ends.tolist() == [0.1, 0.25, 1.0]
    assert found == ["pau", "a", "t"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.1 125 a\n", "x.lab: expected phones after a line `#`. Received: none"),
        ("#\n", "x.lab: expected phones after a line `#`. Received: none"),
        ("#\n0.1 125\n", "x.lab: expected rows `end colour phone`.*: '0.1 125'"),
        ("#\nnan 125 a\n", "expected rows.*Received: 'nan 125 a'"),
        ("#\n0.1 125 a+b\n", r"expected rows.*Received: '0.1 125 a\+b'"),
        ("#\n0.2 125 a\n0.2 125 b\n", "each end after.*Received: '0.2 125 b'"),
        ("#\n0.0 125 a\n", "each end after the one before. Received: '0.0 125 a'"),
    ],
)
def test_a_label_file_without_sense_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        phones.read(text, "x.lab")


def test_frames_are_thirds_of_phones_in_context():
    ends = np.array([0.02, 0.09, 0.1])
    times = np.arange(13) / 100 + 0.005
    assert phones.contexts(ends, ["k", "a", "t"], times) == [
        *("pau-k.0", "pau-k.1+a"),
        *("k-a.0", "k-a.0", "k-a.0", "k-a.1+t", "k-a.1+t", "a.2+t", "a.2+t"),
        *("a-t.0", "a-t.0", "a-t.1+pau", "t.2+pau"),
    ]


def test_a_phone_without_a_frame_is_a_neighbour_all_the_same():
    ends = np.array([0.02, 0.021, 0.03])
    found = phones.contexts(ends, ["k", "a", "t"], np.array([0.005, 0.015, 0.025]))
    assert found == ["pau-k.0", "pau-k.1+a", "a-t.0"]


TRAINING = ["k-a.0"] * 5 + ["t-a.0"] * 3 + ["p-a.0"] * 3 + ["b-a.0"] + ["a.2+k"] * 9


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (2, ["a.0", "a.2"]),
        (3, ["a.0", "k-a.0", "a.2"]),
        (4, ["a.0", "k-a.0", "p-a.0", "a.2"]),
        (5, ["a.0", "k-a.0", "p-a.0", "t-a.0", "a.2"]),
    ],
)
def test_classes_are_the_thirds_and_the_most_frequent_contexts(count, expected):
    """Each third keeps its rarest context: `b-a.0`, and `a.2+k` although frequent."""
    assert phones.classes(TRAINING, count, "x.deb") == expected
    assert phones.classes(reversed(TRAINING), count, "x.deb") == expected


def test_equal_contexts_are_ordered_by_third_first():
    training = ["z-a.0", "z-a.0", "a-b.0", "a-b.0", "k-a.0", "k-b.0"]
    assert phones.classes(training, 3, "x.deb") == ["a.0", "z-a.0", "b.0"]


@pytest.mark.parametrize("count", [1, 6])
def test_more_or_fewer_classes_than_there_can_be_are_refused(count):
    message = f"x.deb: `classes` must be from 2, .* to 5, .* Received: {count}"
    with pytest.raises(ValueError, match=message):
        phones.classes(TRAINING, count, "x.deb")


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_every_class_occurs_in_training(count):
    labels = phones.labels(TRAINING, phones.classes(TRAINING, count, "x.deb"), "x.deb")
    assert labels.dtype == np.int32
    assert np.bincount(labels, minlength=count).min() > 0


def test_an_unseen_context_is_of_the_class_of_its_third():
    classes = ["a.0", "k-a.0", "a.2"]
    assert phones.labels(["m-a.0", "k-a.0"], classes, "x.deb").tolist() == [0, 1]
    with pytest.raises(ValueError, match="x.deb: expected thirds .*Received: 'a.1'"):
        phones.labels(["k-a.1+t"], classes, "x.deb")
