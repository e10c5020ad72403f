"""The schema: it is closed, and each of its errors becomes one line that helps."""

import jsonschema
import pytest

from configs import assert_said_in_a_line, changed
from sharpminima.config import schema
from sharpminima.config.layers import without_nulls
from sharpminima.config.mistakes import mistakes


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema.load())


def not_closed(schema, path="config"):
    """Yield every object of the schema that would let an unknown key pass."""
    if isinstance(schema, dict):
        others = ("additionalProperties", "unevaluatedProperties")
        refuses = any(schema.get(key) is False for key in others)
        if schema.get("properties") and not refuses:
            yield path
        for key, value in schema.items():
            if key != "if":
                yield from not_closed(value, f"{path}.{key}")


def test_the_schema_is_closed_at_every_level():
    """`settings` is extended by closed schemas; each kind of schedule has its own."""
    settings = "config.$defs.settings"
    found = list(not_closed(schema.load()))
    assert found == [settings, f"{settings}.properties.schedule"]


WRONG = {
    "training.epoch": (3, "training.epoch: unknown key"),
    "studi": ({}, "studi: unknown key (did you mean study?). Allowed: "),
    "backend": (
        "torch",
        "backend: must be one of tensorflow, jax. Received: 'torch'",
    ),
    "training.learning_rate": (
        "1e-3",
        "training.learning_rate: must be a finite number. Received: '1e-3' "
        "(YAML reads this as text: write 0.001, with a point and without quotes)",
    ),
    "sharpness.epsilons": (
        ["1e-3"],
        "sharpness.epsilons[0]: must be a finite number. Received: '1e-3' (YAML reads",
    ),
    "study.seeds": ([0, 1, 0], "study.seeds: must not name anything twice. Received"),
    "regimes.LB": (
        {"batch_fraction": 0},
        "regimes.LB.batch_fraction: must be above 0. Received: 0",
    ),
    "regimes.SB": (
        {"batch_size": 32, "batch_fraction": 0.1},
        "regimes.SB: needs exactly one of batch_size, batch_fraction. Received: "
        "batch_size, batch_fraction (set the other one to null)",
    ),
    "regimes.SB.batch_size": (1, "regimes.SB.batch_size: must be at least 2."),
    "performance_model": (
        {"tolerance": -1, "parallel_efficiency": [0.5]},
        "performance_model.tolerance: must be at least 0. Received: -1",
    ),
    "performance_model.parallel_efficiency": (
        [0.5, 2.0],
        "performance_model.parallel_efficiency[1]: must be at most 1. Received: 2.0",
    ),
    "invariance.forms": (
        ["canonical", "mirrored"],
        "invariance.forms[1]: must be one of canonical, scaled, permuted. Received:",
    ),
    "invariance.factor": (0, "invariance.factor: must be above 0. Received: 0"),
    "evaluation.batch_norm": (
        "frozen",
        "evaluation.batch_norm: must be one of batch, moving, recalibrated. "
        "Received: 'frozen'",
    ),
    "datasets.mnist.files": ({"a": "abc"}, "datasets.mnist.files.a: must be 64 digits"),
    "regimes.LB.learning_rate": (
        float("nan"),
        "regimes.LB.learning_rate: must be a fin",
    ),
    "training.stopping.patience": (10.0, "training.stopping.patience: must be a whole"),
    "datasets.mnist5k.reader": (
        "cvs",
        "datasets.mnist5k.reader: must be one of arrays,",
    ),
    "datasets.fashion-mnist.files": (
        {"train-images-idx3-ubyte.gz": ["0" * 64, "abc"]},
        "datasets.fashion-mnist.files.train-images-idx3-ubyte.gz[1]: must be 64 digits",
    ),
    "networks.F2.memory": (
        {"data": 1, "search": 2},
        "networks.F2.memory.per_example: required, but missing",
    ),
    "training.optimizer": ("adm", "training.optimizer: must be one of adam, sgd, adag"),
    "training.weight_decay": (-1, "training.weight_decay: must be at least 0. Rece"),
    "training.schedule": (
        {"name": "step", "factor": 0.1, "final": 0},
        "training.schedule.final: unknown to schedule step. Allowed: epochs, factor, "
        "name, warmup_epochs",
    ),
    "regimes.LB.schedule": (
        {"name": "step", "factor": 0.1},
        "regimes.LB.schedule.epochs: required, but missing",
    ),
    "regimes.SB.stopping": (
        {"max_epochs": 3},
        "regimes.SB.stopping.loss_floor: required, but missing",
    ),
    "regimes.LB.growth": (
        {"factor": 1, "every_epochs": 10, "largest_fraction": 1},
        "regimes.LB.growth.factor: must be at least 1.01. Received: 1",
    ),
    "training.conservative": (
        {"weight": 1e-3, "iterations": 1},
        "training.conservative.iterations: must be at least 2. Received: 1",
    ),
    "regimes.SB.averaging": (
        {"last_epochs": 1},
        "regimes.SB.averaging.last_epochs: must be at least 2. Received: 1",
    ),
    "regimes.LB.adversarial": (
        {"strength": 0.0, "weight": 0.5},
        "regimes.LB.adversarial.strength: must be above 0. Received: 0.0",
    ),
    "regimes.LB.augmentation": (
        {"flip": True, "rotation": 10},
        "regimes.LB.augmentation.translation: required, but missing",
    ),
}


@pytest.mark.parametrize(("path", "expected"), WRONG.items(), ids=WRONG)
def test_a_mistake_is_one_line_that_helps(path, expected):
    value, line = expected
    assert_said_in_a_line(changed(path, value), line)


@pytest.mark.parametrize(
    ("key", "where"),
    [
        ("networks", " where there are no checkpoints"),
        ("regimes", " where study.networks is one"),
        ("seeds", ""),
    ],
)
def test_an_empty_list_is_refused(key, where):
    found = mistakes(changed(f"study.{key}", []))
    assert found == [f"study.{key}: must be a list of at least 1{where}. Received: []"]


def test_a_section_of_the_wrong_kind_is_no_crash():
    assert mistakes(changed("study", 3)) == ["study: must be a mapping. Received: 3"]


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("regimes.SB", 32, "regimes.SB: must be a mapping. Received: 32"),
        ("regimes.SB", [32], "regimes.SB: must be a mapping. Received: [32]"),
        ("study.networks", "F1", "study.networks: must be a list. Received: 'F1'"),
        ("regimes.LB.batch_fraction", 0, "regimes.LB.batch_fraction: must be above 0"),
        (
            "regimes.SB.batch_size",
            True,
            "regimes.SB.batch_size: must be a whole",
        ),
        ("networks.F1.options", [1], "networks.F1.options: must be a mapping."),
        (
            "study.seeds",
            ["0"],
            "study.seeds[0]: must be a whole number. Received: '0'",
        ),
        ("study.seeds", [0.0], "study.seeds[0]: must be a whole number. Received: 0.0"),
    ],
)
def test_a_mistake_is_no_more_than_one_line(path, value, line):
    (found,) = mistakes(changed(path, value))
    assert found.startswith(line)


def test_text_for_a_whole_number_is_told_apart():
    (found,) = mistakes(changed("study.seeds", ["3"]))
    assert found.endswith("(YAML reads this as text: write 3, without quotes)")


def test_keys_that_are_no_text_are_named():
    config = changed("regimes.X", {"batch_size": 3, "foo": 1, 2: 3})
    assert len(mistakes(config)) == 2


@pytest.mark.parametrize("value", [None, {}, {"F1": ["LB"]}])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("study.remedies", "study.further_regimes"),
        ("performance", "performance_model"),
    ],
)
def test_an_old_key_is_refused_with_its_new_name(old, new, value):
    found = mistakes(without_nulls(changed(old, value)))
    assert found == [f"{old}: renamed to {new}"]
