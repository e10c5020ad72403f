"""Mistakes in the config: every one is found, in one line, with what is allowed."""

import copy

import jsonschema
import pytest
import yaml

from project import ROOT, default_config
from sharpminima.config.mistakes import SCHEMA, mistakes, without_nulls


def changed(path, value):
    """Return the default config with `value` at `path`, keys separated by dots."""
    config = default_config()
    *parents, last = path.split(".")
    section = config
    for key in parents:
        section = section[key]
    section[last] = value
    return config


def merged(config, overlay):
    """Return `overlay` merged into `config` as Snakemake does it."""
    result = copy.deepcopy(config)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def test_the_default_config_is_sound():
    assert mistakes(default_config()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "workflow/studies").glob("*.yaml")))
def test_every_study_is_sound(path):
    overlay = yaml.safe_load(path.read_text())
    assert mistakes(without_nulls(merged(default_config(), overlay))) == []


def test_the_schema_is_a_schema():
    schema = yaml.safe_load(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)


def closed(schema, path="config"):
    """Yield every object of the schema that would let an unknown key pass."""
    if isinstance(schema, dict):
        if schema.get("properties") and schema.get("additionalProperties") is not False:
            yield path
        for key, value in schema.items():
            yield from closed(value, f"{path}.{key}")


def test_the_schema_is_closed_at_every_level():
    schema = yaml.safe_load(SCHEMA.read_text())
    assert list(closed(schema)) == []


CATALOGUE = default_config()["regimes"]
REGIMES = ", ".join(sorted(CATALOGUE))
WITH_NEW = ", ".join(sorted([*CATALOGUE, "LB-new"]))
WRONG = {
    "training.epoch": (3, "training.epoch: unknown key"),
    "studi": ({}, "studi: unknown key (did you mean study?). Allowed: backend,"),
    "backend": (
        "torch",
        "backend: must be one of tensorflow, jax. Received: 'torch'",
    ),
    "training.learning_rate": (
        "1e-3",
        "training.learning_rate: must be a finite number. Received: '1e-3' "
        "(text to YAML: write 0.001, with a point and without quotes)",
    ),
    "sharpness.epsilons": (
        ["1e-3"],
        "sharpness.epsilons[0]: must be a finite number. Received: '1e-3' (text to",
    ),
    "study.networks": (
        ["F9"],
        "study.networks[0]: unknown name. Allowed: C1, C2, C3, C4, F1, F2. Re",
    ),
    "study.regimes": (
        ["SB", "XB"],
        f"study.regimes[1]: unknown name. Allowed: {REGIMES}. Received: 'XB'",
    ),
    "networks.F1.dataset": (
        "minst",
        "networks.F1.dataset: unknown name (did you mean mnist?). Allowed: cifar10, "
        "cifar100, fashion-mnist, mnist",
    ),
    "networks.F1.builder": (
        "dense",
        "networks.F1.builder: unknown name. Allowed: FILE.py:FUNCTION, "
        "deep_convolutional, fully_connected, shallow_convolutional. Received: 'dense'",
    ),
    "networks.F1.options": (
        {"hidden_layers": 0, "unit": 4},
        "networks.F1.options.hidden_layers: must be of type int, at least 1. "
        "Received: 0",
    ),
    "study.seeds": ([0, 1, 0], "study.seeds: must not name anything twice. Received"),
    "study.pairs": (
        [["SB", "MB"]],
        "study.pairs[0][1]: unknown name. Allowed: LB, SB. Received: 'MB'",
    ),
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
    "training.stopping.min_epochs": (
        500,
        "training.stopping.min_epochs: must be at most max_epochs, 200. Received: 500",
    ),
    "performance_model": (
        {"tolerance": -1, "parallel_efficiency": [0.5]},
        "performance_model.tolerance: must be at least 0. Received: -1",
    ),
    "performance_model.parallel_efficiency": (
        [0.5, 2.0],
        "performance_model.parallel_efficiency[1]: must be at most 1. Received: 2.0",
    ),
    "evaluation.batch_norm": (
        "frozen",
        "evaluation.batch_norm: must be one of batch, moving, recalibrated. "
        "Received: 'frozen'",
    ),
    "datasets.mnist.files": ({"a": "abc"}, "datasets.mnist.files.a: must match"),
    "regimes.LB.learning_rate": (
        float("nan"),
        "regimes.LB.learning_rate: must be a fin",
    ),
    "training.stopping.patience": (10.0, "training.stopping.patience: must be a whole"),
    "networks.F1.options.units": (
        True,
        "networks.F1.options.units: must be of type int",
    ),
    "datasets.mnist5k.reader": (
        "cvs",
        "datasets.mnist5k.reader: must be one of arrays,",
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
    "datasets.fashion-mnist.files": (
        {"train-images-idx3-ubyte.gz": ["0" * 64, "abc"]},
        "datasets.fashion-mnist.files.train-images-idx3-ubyte.gz[1]: must match",
    ),
    "networks.F2.memory": (
        {"data": 1, "search": 2},
        "networks.F2.memory.per_example: required, but missing",
    ),
    "datasets.ru-speech.files": (
        {"a.deb": "0" * 64, "b.deb": "0" * 64},
        "datasets.ru-speech.files: must be one file, the package. Received: 2",
    ),
    "subset.train_examples": (
        4001,
        "subset.train_examples: must be at most 4000, for network F1. Received: 4001",
    ),
    "subset": (
        {"train_examples": 100, "measure_examples": 101},
        "subset.measure_examples: must be at most 100, for network F1. Received: 101",
    ),
    "regimes.LB.momentum": (
        0.9,
        "regimes.LB.momentum: unknown to optimizer adam. Allowed: beta_1, beta_2, "
        "epsilon, learning_rate",
    ),
    "training.optimizer": ("adm", "training.optimizer: must be one of adam, sgd, adag"),
    "training.nesterov": (True, "training.nesterov: unknown to optimizer adam."),
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
    "regimes.SB.schedule": (
        {"name": "cosine", "warmup_epochs": 200},
        "regimes.SB.schedule.epochs: must be above warmup_epochs, 200. Received: 200",
    ),
    "regimes.SB.stopping": (
        {"max_epochs": 3},
        "regimes.SB.stopping.loss_floor: required, but missing",
    ),
    "regimes.SB.growth": (
        {"factor": 2, "every_epochs": 10, "largest_fraction": 0.005},
        "regimes.SB: on network F1, growth.largest_fraction must hold the first batch, "
        "32 examples. Received: 0.005, which holds 20",
    ),
    "regimes.LB.growth": (
        {"factor": 1, "every_epochs": 10, "largest_fraction": 1},
        "regimes.LB.growth.factor: must be above 1. Received: 1",
    ),
    "training.conservative": (
        {"weight": 1e-3, "iterations": 1},
        "training.conservative.iterations: must be at least 2. Received: 1",
    ),
    "regimes.LB.adversarial": (
        {"strength": 0.0, "weight": 0.5},
        "regimes.LB.adversarial.strength: must be above 0. Received: 0.0",
    ),
    "regimes.LB.augmentation": (
        {"flip": True, "rotation": 10},
        "regimes.LB.augmentation.translation: required, but missing",
    ),
    "training.stability": (
        {"noise": 0.1, "weight": 1.0},
        "regimes.LB-adversarial: must not have both adversarial and stability: each is "
        "an objective",
    ),
    "sharpness.full.starts": ([], "sharpness: needs at least one start"),
}


@pytest.mark.parametrize(("path", "expected"), WRONG.items(), ids=WRONG)
def test_a_mistake_is_one_line_that_helps(path, expected):
    value, line = expected
    config = changed(path, value)
    if path == "sharpness.full.starts":
        config["sharpness"]["subspace"]["draws"] = 0
    found = mistakes(config)
    assert any(mistake.startswith(line) for mistake in found), found
    assert all("\n" not in mistake for mistake in found)


def test_classes_that_are_made_cannot_be_inferred():
    config = default_config()
    del config["datasets"]["ru-speech"]["classes"]
    assert mistakes(config) == ["datasets.ru-speech.classes: required, but missing"]


def with_sections(**sections):
    """Return the default config with every experiment, and changes to its sections."""
    config = default_config()
    config["regimes"]["LB-new"] = {"batch_fraction": 0.1}
    config["study"]["further_regimes"] = {"F1": ["LB-new"]}
    config["sweep"]["batch_sizes"] = {"F1": [16, 400]}
    config["iterates"]["networks"] = config["warm_start"]["networks"] = ["F1"]
    for name, changes in sections.items():
        config[name] |= changes
    return config


def test_every_experiment_is_sound():
    assert mistakes(with_sections()) == []


@pytest.mark.parametrize("section", ["sweep", "iterates", "warm_start"])
def test_a_section_of_an_experiment_may_be_missing(section):
    config = default_config()
    del config[section]
    assert mistakes(config) == []


def test_what_an_empty_section_would_use_may_be_unknown():
    config = changed("regimes", {"A": {"batch_size": 32}, "B": {"batch_size": 400}})
    config["study"] |= {"regimes": ["A", "B"], "pairs": [["A", "B"]]}
    assert mistakes(config) == []


@pytest.mark.parametrize(
    ("sections", "line"),
    [
        (
            {"sweep": {"batch_sizes": {"C1": [16]}}},
            "sweep.batch_sizes.C1: unknown name. Allowed: F1. Received: 'C1'",
        ),
        (
            {"sweep": {"batch_sizes": {"F1": [16, 4001]}}},
            "sweep.batch_sizes.F1[1]: a batch must not be larger than the training set "
            "of 4000 examples. Received: 4001",
        ),
        (
            {"sweep": {"batch_sizes": {"F1": [1333]}}},
            "sweep.batch_sizes.F1[0]: 4000 examples in batches of 1333 leave a last",
        ),
        (
            {"sweep": {"batch_sizes": {"F1": [1]}}},
            "sweep.batch_sizes.F1[0]: must be at least 2. Received: 1",
        ),
        (
            {"iterates": {"networks": ["F1", "C1"]}},
            "iterates.networks[1]: unknown name. Allowed: F1. Received: 'C1'",
        ),
        (
            {"iterates": {"regimes": ["SB", "XB"]}},
            f"iterates.regimes[1]: unknown name. Allowed: {WITH_NEW}. Received: 'XB'",
        ),
        (
            {"iterates": {"epochs": [0, 5, 3]}},
            "iterates.epochs: must be in order, the last at least 1. Received: [0, 5",
        ),
        (
            {"iterates": {"epochs": [0]}},
            "iterates.epochs: must be in order, the last at least 1. Received: [0]",
        ),
        (
            {"iterates": {"networks": []}},
            "warm_start.networks[0]: must be one of iterates.networks. Allowed: none. "
            "Received: 'F1'",
        ),
        (
            {"iterates": {"regimes": ["LB"]}},
            "warm_start.first: must be one of iterates.regimes. Allowed: LB. "
            "Received: 'SB'",
        ),
        (
            {"warm_start": {"second": "XB"}},
            f"warm_start.second: unknown name. Allowed: {WITH_NEW}. Received: 'XB'",
        ),
        (
            {"warm_start": {"seeds": [0, 9]}},
            "warm_start.seeds[1]: must be one of iterates.seeds. Allowed: 0, 1, 2. "
            "Received: 9",
        ),
        (
            {"study": {"further_regimes": {"C1": ["LB-new"]}}},
            "study.further_regimes.C1: unknown name. Allowed: F1. Received: 'C1'",
        ),
        (
            {"study": {"further_regimes": {"F1": ["XB"]}}},
            f"study.further_regimes.F1[0]: unknown name. Allowed: {WITH_NEW}. "
            "Received: 'XB'",
        ),
        (
            {"study": {"further_regimes": {"F1": ["LB"]}}},
            "study.further_regimes.F1[0]: is in study.regimes already. Received: 'LB'",
        ),
        (
            {"study": {"pairs": [["SB", "LB-new"]]}},
            "study.pairs[0][1]: unknown name. Allowed: LB, SB. Received: 'LB-new'",
        ),
        (
            {"study": {"pairs": [["SB", "LB"], ["SB", "XB"]]}},
            "study.pairs[1][1]: unknown name. Allowed: LB, LB-new, SB. Received: 'XB'",
        ),
        (
            {
                "study": {
                    "networks": ["F1", "C1"],
                    "pairs": [["SB", "LB"], ["LB-new", "LB-adversarial"]],
                    "further_regimes": {"F1": ["LB-new"], "C1": ["LB-adversarial"]},
                }
            },
            "study.pairs[1]: no network of the study has both. "
            "Received: ['LB-new', 'LB-adversarial']",
        ),
        (
            {"study": {"pairs": []}},
            "study.further_regimes.F1: needs a pair in study.pairs to be compared with",
        ),
        (
            {"regimes": {"LB-after-3": {"batch_size": 2}}},
            "regimes.LB-after-3: a regime of sweep, iterates or warm_start has this",
        ),
        (
            {"regimes": {"LB-new": {"batch_size": 4001}}},
            "regimes.LB-new: on network F1, a batch must not be larger than",
        ),
        (
            {"sharpness": {"full": {"starts": []}}},
            "sharpness.full.starts: must not be empty where sweep, warm_start or",
        ),
    ],
)
def test_a_mistake_in_an_experiment_is_one_line(sections, line):
    found = mistakes(with_sections(**sections))
    assert any(mistake.startswith(line) for mistake in found), found
    assert len(found) <= 2


def test_regimes_of_experiments_must_fit_even_if_the_study_has_them_not():
    config = with_sections(study={"regimes": ["SB", "LB"]})
    config["regimes"]["XB"] = {"batch_size": 4001}
    config["warm_start"]["second"] = "XB"
    (found,) = mistakes(config)
    assert found.startswith("regimes.XB: on network F1, a batch must not be larger")


@pytest.mark.parametrize("key", ["networks", "regimes", "seeds"])
def test_an_empty_list_is_refused(key):
    found = mistakes(changed(f"study.{key}", []))
    assert f"study.{key}: must be a list of at least 1. Received: []" in found


def test_a_large_batch_beyond_the_declared_data_is_refused():
    found = mistakes(changed("regimes.LB", {"batch_size": 4001}))
    assert found == [
        "regimes.LB: on network F1, a batch must not be larger than the training set "
        "of 4000 examples. Received: 4001"
    ]


def test_a_batch_of_one_example_is_refused():
    found = mistakes(changed("regimes.SB", {"batch_size": 3999}))
    assert "leave a last batch of one example" in found[0]


def test_a_batch_of_one_example_is_refused_at_every_size_of_a_growing_batch():
    growth = {"factor": 1.5, "every_epochs": 10, "largest_fraction": 1}
    regime = {"batch_size": 62, "growth": growth}
    found = mistakes(changed("regimes.SB", {**regime, "last_batch": "drop"}))
    assert found == []
    (found,) = mistakes(changed("regimes.SB", regime))
    assert found.startswith(
        "regimes.SB: on network F1, 4000 examples in batches of 93 "
    )


@pytest.mark.parametrize(
    ("schedule", "line"),
    [
        ({"name": "step", "factor": 1, "epochs": 3}, "must be a list. Received: 3"),
        (
            {"name": "step", "factor": 1, "epochs": [6, 3]},
            "must be in order. Received: [6, 3]",
        ),
        (
            {"name": "step", "factor": 1, "epochs": [3, 6], "warmup_epochs": 3},
            "must be above warmup_epochs, 3. Received: [3, 6]",
        ),
        ({"name": "cosine", "epochs": [3]}, "must be a whole number. Received: [3]"),
    ],
)
def test_epochs_must_fit_their_schedule(schedule, line):
    found = mistakes(changed("training.schedule", schedule))
    assert found == [f"training.schedule.epochs: {line}"]


def test_a_regime_with_a_shorter_training_needs_a_schedule_that_fits():
    config = changed("training.schedule", {"name": "cosine", "warmup_epochs": 20})
    assert mistakes(config) == []
    stopping = config["training"]["stopping"] | {"max_epochs": 20}
    config["regimes"]["LB"]["stopping"] = stopping
    assert mistakes(config) == [
        "training.schedule.epochs: must be above warmup_epochs, 20. Received: 20"
    ]


LENGTHS = {
    "sweep": {"sweep": {"batch_sizes": {"F1": [16]}, "epochs": 3}},
    "iterates": {"iterates": {"networks": ["F1"], "epochs": [0, 3]}},
    "warm_start": {
        "iterates": {"networks": ["F1"], "epochs": [0, 9]},
        "warm_start": {"networks": ["F1"], "epochs": 3},
    },
}


@pytest.mark.parametrize("section", LENGTHS)
def test_what_a_section_trains_must_be_long_enough_for_the_schedule(section):
    config = merged(default_config(), LENGTHS[section])
    assert mistakes(config) == []
    config["training"]["schedule"] = {"name": "cosine", "warmup_epochs": 3}
    assert mistakes(config) == [
        f"{section}.epochs: the schedule's epochs must be above warmup_epochs, 3. "
        "Received: 3"
    ]
    config["training"]["schedule"]["warmup_epochs"] = 2
    assert mistakes(config) == []


def test_a_batch_of_the_sweep_that_grows_too_large_is_named_once():
    sweep = {"batch_sizes": {"F1": [50]}, "epochs": 300}
    config = merged(default_config(), {"sweep": sweep})
    growth = {"factor": 1.86, "every_epochs": 250, "largest_fraction": 1.0}
    config["training"]["growth"] = growth
    found = [line for line in mistakes(config) if line.startswith("sweep")]
    assert [line.split(":")[0] for line in found] == ["sweep.batch_sizes.F1[0]"]


@pytest.mark.parametrize("section", ["iterates", "warm_start"])
def test_a_batch_must_not_grow_too_large_while_a_section_trains(section):
    """From epoch 251 on, one example is left; the regime itself stops at 200."""
    lasting = {"epochs": [0, 300]} if section == "iterates" else {"epochs": 300}
    overlay = merged(LENGTHS["warm_start"], {section: lasting})
    config = merged(default_config(), overlay)
    growth = {"factor": 1.86, "every_epochs": 250, "largest_fraction": 1.0}
    config["regimes"]["LB"] = {"batch_size": 50, "growth": growth}
    assert mistakes(config) == [
        f"{section}.epochs: on network F1, 4000 examples in batches of 93 leave a last "
        "batch of one example. Choose another size, or `last_batch: drop`"
    ]


def test_a_regime_with_another_optimizer_is_sound():
    """What `training` states for ADAM is no mistake in it, and no setting of it."""
    config = changed("training.beta_1", 0.5)
    config["regimes"]["LB"] |= {"optimizer": "sgd", "momentum": 0.9, "nesterov": True}
    assert mistakes(config) == []
    config["regimes"]["LB"]["beta_1"] = 0.5
    assert mistakes(config) == [
        "regimes.LB.beta_1: unknown to optimizer sgd. Allowed: learning_rate, "
        "momentum, nesterov"
    ]


def test_nesterov_without_momentum_is_refused():
    regime = {"batch_size": 32, "optimizer": "sgd", "nesterov": True}
    found = mistakes(changed("regimes.SB", regime))
    assert found == ["regimes.SB.nesterov: nesterov needs a momentum above 0"]
    config = changed("training.optimizer", "sgd")
    config["training"] |= {"momentum": 0.9, "nesterov": True}
    assert mistakes(config) == []
    config["regimes"]["SB"]["momentum"] = 0
    found = mistakes(config)
    assert found == ["regimes.SB.momentum: nesterov needs a momentum above 0"]


def test_the_stopping_rule_of_a_regime_is_checked():
    stopping = default_config()["training"]["stopping"] | {"max_epochs": 5}
    assert mistakes(changed("regimes.SB.stopping", stopping)) == [
        "regimes.SB.stopping.min_epochs: must be at most max_epochs, 5. Received: 20"
    ]


def test_all_mistakes_are_reported_at_once():
    config = changed("training.epoch", 3)
    config["study"]["seeds"] = []
    config["study"]["networks"] = ["F9"]
    config["evaluation"]["batch_size"] = 1
    del config["raw_folder"]
    assert len(mistakes(config)) == 5


def test_an_augmentation_of_what_is_no_image_is_refused():
    config = changed("study.networks", ["F1", "F2"])
    assert mistakes(config) == []
    config["study"]["regimes"] = ["SB", "LB-augmented"]
    config["study"]["pairs"] = []
    refused = "needs images, and network F2's inputs have shape [360]"
    assert mistakes(config) == [f"regimes.LB-augmented.augmentation: {refused}"]
    del config["datasets"]["timit"]["input_shape"]
    assert mistakes(config) == []


@pytest.mark.parametrize(
    "regime", ["LB-augmented", "LB-conservative", "LB-adversarial", "LB-stability"]
)
def test_remedies_go_together_but_for_two_objectives(regime):
    config = changed("training.conservative", {"weight": 0.1, "iterations": 2})
    given = {"flip": True, "rotation": 0, "translation": 0}
    config["training"]["augmentation"] = given
    config["study"]["regimes"] = ["SB", regime]
    config["study"]["pairs"] = [["SB", regime]]
    assert mistakes(config) == []


def test_null_takes_a_setting_away():
    overlay = {"regimes": {"LB": {"batch_fraction": None, "batch_size": 400}}}
    config = without_nulls(merged(default_config(), overlay))
    assert config["regimes"]["LB"] == {"batch_size": 400}
    assert mistakes(config) == []


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
    assert found.endswith("(text to YAML: write 3, without quotes)")


def test_keys_that_are_no_text_are_named():
    config = changed("regimes.X", {"batch_size": 3, "foo": 1, 2: 3})
    assert len(mistakes(config)) == 2


@pytest.mark.parametrize("path", ["study", "training", "regimes", "networks.F1"])
@pytest.mark.parametrize("value", [3, [], "text", {}, [{}], True, {1: 2, "a": 3}])
def test_nothing_that_yaml_can_say_is_a_crash(path, value):
    found = mistakes(changed(path, value))
    assert found
    assert all("Traceback" not in line for line in found)


@pytest.mark.parametrize(
    "path",
    [
        *("study.further_regimes", "sweep", "sweep.batch_sizes", "iterates"),
        *("iterates.epochs", "warm_start", "warm_start.networks"),
    ],
)
@pytest.mark.parametrize("value", [3, "text", [{}], True, {1: 2, "a": 3}, {"a": {}}])
def test_nothing_that_an_experiment_can_be_is_a_crash(path, value):
    assert mistakes(changed(path, value))


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
