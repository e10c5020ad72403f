"""Variants: the paper's protocol is plain; whatever differs from it is named."""

import pytest

from project import default_config
from sharpminima.regimes import optimizers, variants


def name(**regime):
    settings = optimizers.resolved(default_config()["training"], regime)
    return variants.name_of(settings)


@pytest.mark.parametrize(
    "regime",
    [
        {},
        {"learning_rate": 0.1, "batch_size": 8, "last_batch": "drop"},
        {"stopping": {"max_epochs": 3}},
        {"optimizer": "adam", "epsilon": 1e-8, "weight_decay": 0},
        {"schedule": {"name": "constant"}},
    ],
)
def test_the_papers_protocol_is_plain(regime):
    assert name(**regime) == "plain"


@pytest.mark.parametrize(
    ("regime", "expected"),
    [
        ({"optimizer": "sgd"}, "sgd"),
        (
            {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
            "sgd + momentum + nesterov",
        ),
        ({"optimizer_defaults": "keras3"}, "epsilon"),
        ({"optimizer": "adagrad"}, "adagrad"),
        ({"beta_2": 0.99}, "beta 2"),
        ({"schedule": {"name": "constant", "warmup_epochs": 2}}, "warmup"),
        (
            {"weight_decay": 0.1, "schedule": {"name": "cosine", "warmup_epochs": 2}},
            "cosine + warmup + weight decay",
        ),
        ({"growth": {"factor": 2}}, "growth"),
        ({"augmentation": {"flip": True}}, "augmentation"),
        ({"conservative": {"weight": 1}, "optimizer": "sgd"}, "sgd + conservative"),
        ({"stability": {}, "adversarial": {}}, "adversarial + stability"),
        ({"averaging": {"last_epochs": 6}}, "averaging"),
        ({"warm_start": {"epoch": 2}}, "warm start"),
    ],
)
def test_what_differs_is_named(regime, expected):
    assert name(**regime) == expected
