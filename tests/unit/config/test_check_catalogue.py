"""Mistakes in datasets and networks: files, readers, builders and their options."""

import pytest

from configs import assert_said_in_a_line, changed
from project import default_config
from sharpminima.config.mistakes import mistakes

WRONG = {
    "networks.F1.dataset": (
        "minst",
        "networks.F1.dataset: unknown name (did you mean mnist?). Allowed: cifar10, "
        "cifar100, fashion-mnist, mnist",
    ),
    "networks.F1.builder": (
        "dense",
        "networks.F1.builder: unknown name. Allowed: FILE.py:FUNCTION, "
        "MODEL.keras, deep_convolutional, fully_connected, shallow_convolutional. "
        "Received: 'dense'",
    ),
    "networks.F1.options": (
        {"hidden_layers": 0, "unit": 4},
        "networks.F1.options.hidden_layers: must be of type int, at least 1. "
        "Received: 0",
    ),
    "networks.F1.options.units": (
        True,
        "networks.F1.options.units: must be of type int",
    ),
    "datasets.new": (
        {
            **{"reader": "idx", "bundled": True, "classes": 2},
            **{"train_examples": 9, "test_examples": 9, "files": {"a.gz": "0" * 64}},
        },
        "datasets.new.files: reader idx needs four files called like ",
    ),
    "datasets.timit.options": (
        {"context": 4, "width": 3},
        "datasets.timit.options.max_dropped: required, but missing",
    ),
    "datasets.mnist5k.options": (
        {"context": 4},
        "datasets.mnist5k.options.context: unknown to reader idx",
    ),
    "datasets.timit.files": (
        {"train/feats.scp": "unknown"},
        "datasets.timit.files.test/pdf.scp: required, but missing",
    ),
    "datasets.ru-speech.files": (
        {"a.deb": "0" * 64, "b.deb": "0" * 64},
        "datasets.ru-speech.files: must be one file, the package. Received: 2",
    ),
}


@pytest.mark.parametrize(("path", "expected"), WRONG.items(), ids=WRONG)
def test_a_mistake_is_one_line_that_helps(path, expected):
    value, line = expected
    assert_said_in_a_line(changed(path, value), line)


def test_classes_that_are_made_cannot_be_inferred():
    config = default_config()
    del config["datasets"]["ru-speech"]["classes"]
    assert mistakes(config) == ["datasets.ru-speech.classes: required, but missing"]


def with_builder(tmp_path, source, **options):
    """Return the mistakes of a config whose F1 is built by `own` of this source."""
    path = tmp_path / "mine.py"
    path.write_text(source)
    config = changed("networks.F1.builder", f"{path}:own")
    config["networks"]["F1"]["options"] = options
    return [line.replace(str(tmp_path), "DIR") for line in mistakes(config)]


OWN = "def own(input_shape, classes, *, units: int, rate: float = 0.5, mode: str = 'a')"

BUILDER, OPTIONS = "networks.F1.builder: ", "networks.F1.options."

RECEIVED = "Received: 'DIR/mine.py:own'"


def test_a_builder_of_ones_own_is_sound(tmp_path):
    assert with_builder(tmp_path, f"{OWN}: raise", units=-3, rate=1) == []


@pytest.mark.parametrize(
    ("source", "options", "line"),
    [
        (
            "def own(:",
            {},
            f"{BUILDER}must name a Python file: invalid syntax in line 1. {RECEIVED}",
        ),
        (
            "def other(a, b): pass\nclass own: pass",
            {},
            f"{BUILDER}must name a function at the top level of the file. "
            f"Allowed: other. {RECEIVED}",
        ),
        (
            "if True:\n    def own(input_shape, classes): pass",
            {},
            f"{BUILDER}must name a function at the top level of the file. "
            f"Allowed: none. {RECEIVED}",
        ),
        (
            "def own(input_shape, *, units=3): pass",
            {},
            f"{BUILDER}must take two arguments, input_shape and classes, and options "
            "after `*`. Received: def own(input_shape, *, units=3)",
        ),
        (
            "def own(input_shape, classes, units): pass",
            {"units": 3},
            f"{BUILDER}must take two arguments, input_shape and classes, and options "
            "after `*`. Received: def own(input_shape, classes, units)",
        ),
        (OWN + ": pass", {}, f"{OPTIONS}units: required, but missing"),
        (
            OWN + ": pass",
            {"units": 3, "rat": 0.5},
            f"{OPTIONS}rat: unknown key (did you mean rate?). "
            "Allowed: mode, rate, units",
        ),
        (
            "def own(input_shape, classes): pass",
            {"rate": 0.5},
            f"{OPTIONS}rate: unknown key. Allowed: none",
        ),
        (
            OWN + ": pass",
            {"units": 3.0},
            f"{OPTIONS}units: must be of type int. Received: 3.0",
        ),
        (
            OWN + ": pass",
            {"units": 3, "rate": True},
            f"{OPTIONS}rate: must be of type float. Received: True",
        ),
        (
            "def own(input_shape, classes, *, mode: Literal['a', 2]): pass",
            {"mode": "b"},
            f"{OPTIONS}mode: must be one of a, 2. Received: 'b'",
        ),
    ],
)
def test_a_mistake_in_a_builder_of_ones_own_is_one_line(
    tmp_path, source, options, line
):
    assert with_builder(tmp_path, source, **options) == [line]


def test_a_builder_file_must_exist():
    (found,) = mistakes(changed("networks.F1.builder", "nowhere/mine.py:own"))
    assert found == (
        f"{BUILDER}must name a file that can be read, from the folder of the config "
        "file: No such file or directory. Received: 'nowhere/mine.py:own'"
    )


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ("kaldi", {"context", "max_dropped"}),
        ("festvox", {"context"}),
        ("idx", set()),
        ("cifar10", set()),
    ],
)
def test_readers_say_which_options_they_take(reader, expected):
    config = default_config()
    (name,) = [n for n, d in config["datasets"].items() if d["reader"] == reader][:1]
    config["datasets"][name]["options"] = {"context": 4, "max_dropped": 0.1}
    unknown = {"context", "max_dropped"} - expected
    assert mistakes(config) == [
        f"datasets.{name}.options.{key}: unknown to reader {reader}"
        for key in sorted(unknown)
    ]
