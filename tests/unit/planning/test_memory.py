"""Memory follows network, batch and subset; what cannot fit names what to lower."""

import pytest

from project import default_config
from sharpminima.planning import memory
from sharpminima.regimes import derived


@pytest.fixture
def config():
    config = default_config()
    config["networks"]["F1"]["memory"] = {"data": 10, "per_example": 2, "search": 300}
    return config


def training(config, regime):
    return memory.of_training(config, {"network": "F1", "regime": regime})


def measuring(config, name):
    job = {"rule": f"measure_{name}", "network": "F1"}
    return memory.of_measuring(config, job)


def test_training_takes_the_larger_of_its_batch_and_the_evaluated_one(config):
    assert training(config, "SB") == 1500 + 10 + 2 * 4000
    config["evaluation"]["batch_size"] = 50
    assert training(config, "SB") == 1500 + 10 + 2 * 50
    assert training(config, "LB") == 1500 + 10 + 2 * 400


def test_a_growing_batch_takes_what_its_largest_takes(config):
    config["evaluation"]["batch_size"] = 50
    growth = {"factor": 2, "every_epochs": 10, "largest_fraction": 0.1}
    config["regimes"]["SB"]["growth"] = growth
    assert training(config, "SB") == 1500 + 10 + 2 * 400
    stopping = config["training"]["stopping"] | {"max_epochs": 20}
    config["regimes"]["SB"]["stopping"] = stopping
    assert training(config, "SB") == 1500 + 10 + 2 * 64


@pytest.mark.parametrize(
    ("regime", "views", "passes"),
    [
        *(("LB-augmented", 1, 1), ("LB-conservative", 0, 1)),
        *(("LB-adversarial", 0, 2), ("LB-stability", 1, 2)),
    ],
)
def test_views_of_the_inputs_and_a_second_pass_take_memory(
    config, regime, views, passes
):
    config["evaluation"]["batch_size"] = 50
    expected = 1500 + 10 + 10 * views + 2 * 400 * passes
    assert training(config, regime) == expected


def test_a_subset_makes_batches_smaller(config):
    config["subset"] = {"train_examples": 1000, "measure_examples": 200}
    assert training(config, "LB") == 1500 + 10 + 2 * 1000
    assert measuring(config, "interpolation") == 1500 + 10 + 2 * 1000  # of the test
    assert measuring(config, "sharpness") == 1500 + 10 + 2 * 200 + 300


def test_products_take_both_passes_and_the_vectors_that_are_kept(config):
    """F1 has 1,462,794 parameters. A vector in float32 takes 5.85 MB."""
    before = 1500 + 10 + 2 * 2 * 4000
    for name, kept in (("curvature", 40), ("spectral_density", 80)):
        expected = before + (20 + kept) * 4 * 1_462_794 / 1e6
        assert measuring(config, name) == int(expected)
    config["curvature"]["products"] = 9
    assert measuring(config, "curvature") == int(before + 29 * 5.851176)


def test_a_network_that_does_not_say_gets_a_guess(config):
    del config["networks"]["F1"]["memory"]
    assert measuring(config, "sharpness") == 1500 + 500 + 4000 + 2000
    assert list(memory.too_large(config, 1000)) == []


def test_what_cannot_fit_is_refused_with_what_to_lower(config):
    assert list(memory.too_large(config, 9810)) == []
    (line,) = memory.too_large(config, 9809)
    assert line.startswith(
        "networks.F1: measure_sharpness would take 9810 MB, and there are 9809 "
    )
    assert "Lower evaluation.batch_size (now 5000)" in line
    train = list(memory.too_large(config, 1000))
    assert train[0].startswith("networks.F1: train in regime SB would take 9510 MB")
    assert len(train) == 3


def test_batches_of_experiments_must_fit_too(config):
    config["evaluation"]["batch_size"] = 50
    config["sweep"]["batch_sizes"] = {"F1": [2000]}
    config["regimes"]["XB"] = {"batch_size": 3000}
    config["iterates"] |= {"networks": ["F1"], "regimes": ["XB"]}
    lines = list(memory.too_large(derived.with_derived(config), 5000))
    assert [line.split("would")[0] for line in lines] == [
        "networks.F1: train in regime XB ",
        "networks.F1: train in regime B2000 ",
    ]


def test_what_no_machine_has_is_refused_where_nobody_says_what_there_is(config):
    assert list(memory.too_large(config, None)) == []
    del config["networks"]["F1"]["memory"]
    config["networks"]["F1"]["options"]["units"] = 10**9
    (line,) = memory.too_large(config, None)
    assert line.startswith("networks.F1: training would take at least 64,000,012,944,0")
    assert "there are 4,000,000 (`--resources mem_mb=`). Lower networks.F1.opt" in line


@pytest.mark.parametrize(
    ("changes", "least", "lower"),
    [
        ({}, 585, "sharpness.subspace.dimensions or networks.F1.options.hidden_layers"),
        ({"draws": 0}, 23, "networks.F1.options.hidden_layers or networks.F1.opt"),
        ({"lbfgsb": [], "sign": []}, 23, "networks.F1.options.hidden_layers"),
    ],
)
def test_a_job_takes_at_least_its_vectors(config, changes, least, lower):
    """1,462,794 numbers of 4 bytes: 4 times in training, 100 times in a subspace."""
    del config["networks"]["F1"]["memory"]
    config["sharpness"]["subspace"] |= changes
    assert list(memory.too_large(config, least)) == []
    (line,) = memory.too_large(config, least - 1)
    assert f"at least {least} MB, and there are {least - 1}" in line
    assert f"Lower {lower}" in line
