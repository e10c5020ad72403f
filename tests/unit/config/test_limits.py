"""Limits: what a plain Snakemake hands over may be as large as it likes."""

import pytest

from sharpminima.config import limits


def nested(depth):
    return {"a": nested(depth - 1)} if depth else 0


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"a": [1] * 1000, "b": {str(i): i for i in range(1000)}}, set()),
        (
            {"a": {"b": [0] * 1001}},
            {("a.b", "must not be longer than 1000. Received: 1001")},
        ),
        (
            {"a": ["x" * 1001]},
            {("a[0]", "must not have more than 1000 characters. Received: 1001")},
        ),
        ({"a": 10**18 - 1, "b": "x" * 1000}, set()),
        ({"a": -(10**18)}, {("a", "must not have more than 18 digits")}),
        (nested(limits.DEPTH), set()),
    ],
)
def test_a_part_that_is_too_large_is_named(config, expected):
    assert limits.mistakes(config) == expected


def bomb():
    value = ["x"] * 9
    for _ in range(12):
        value = [value] * 9
    return value


def itself():
    value = {}
    value["a"] = value
    return value


@pytest.mark.parametrize("config", [{"a": bomb()}, itself(), nested(500)])
def test_what_unfolds_is_refused_at_once(config):
    ((where, message),) = limits.mistakes(config)
    assert where == "config"
    assert message.startswith("must not stand for more than 20,000 values")
