"""Mistakes in how runs are trained: optimizers, schedules, batches, objectives."""

import pytest

from configs import assert_said_in_a_line, changed, merged
from project import default_config
from sharpminima.config.mistakes import mistakes

WRONG = {
    "training.stopping.min_epochs": (
        500,
        "training.stopping.min_epochs: must be at most max_epochs, 200. Received: 500",
    ),
    "regimes.LB.momentum": (
        0.9,
        "regimes.LB.momentum: unknown to optimizer adam. Allowed: beta_1, beta_2, "
        "epsilon, learning_rate",
    ),
    "training.nesterov": (True, "training.nesterov: unknown to optimizer adam."),
    "regimes.SB.schedule": (
        {"name": "cosine", "warmup_epochs": 200},
        "regimes.SB.schedule.epochs: must be above warmup_epochs, 200. Received: 200",
    ),
    "regimes.SB.growth": (
        {"factor": 2, "every_epochs": 10, "largest_fraction": 0.005},
        "regimes.SB: on network F1, growth.largest_fraction must hold the first batch, "
        "32 examples. Received: 0.005, which holds 20",
    ),
    "training.stability": (
        {"noise": 0.1, "weight": 1.0},
        "regimes.LB-adversarial: must not have both adversarial and stability: each is "
        "an objective",
    ),
}


@pytest.mark.parametrize(("path", "expected"), WRONG.items(), ids=WRONG)
def test_a_mistake_is_one_line_that_helps(path, expected):
    value, line = expected
    assert_said_in_a_line(changed(path, value), line)


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


@pytest.mark.parametrize("section", ["training", "regimes.SB"])
def test_a_mean_has_no_more_epochs_than_the_shortest_run(section):
    for last, expected in {
        20: [],
        21: [
            f"{section}.averaging.last_epochs: must be at most stopping.min_epochs, 20."
            " Received: 21"
        ],
    }.items():
        assert mistakes(changed(f"{section}.averaging", {"last_epochs": last})) == (
            expected
        )


def test_a_mean_must_fit_the_regimes_that_stop_earlier():
    config = changed("training.averaging", {"last_epochs": 6})
    stopping = config["training"]["stopping"] | {"min_epochs": 5}
    config["regimes"]["LB"]["stopping"] = stopping
    assert mistakes(config) == [
        "training.averaging.last_epochs: must be at most stopping.min_epochs, 5. "
        "Received: 6"
    ]


def test_a_regime_that_the_study_leaves_out_does_not_limit_how_short_runs_are():
    config = changed("training.stopping.min_epochs", 5)
    assert "SB-averaged" not in config["study"]["regimes"]
    assert mistakes(config) == []
    config["study"]["further_regimes"] = {"F1": ["SB-averaged"]}
    (mistake,) = mistakes(config)
    assert mistake.startswith("regimes.SB-averaged.averaging.last_epochs: must be at")


@pytest.mark.parametrize("section", LENGTHS)
def test_what_a_section_trains_must_be_long_enough_for_a_mean(section):
    config = merged(default_config(), LENGTHS[section])
    config["training"]["averaging"] = {"last_epochs": 3}
    assert mistakes(config) == []
    config["training"]["averaging"]["last_epochs"] = 4
    assert mistakes(config) == [
        f"{section}.epochs: averaging.last_epochs must be at most stopping.min_epochs, "
        "3. Received: 4"
    ]


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
