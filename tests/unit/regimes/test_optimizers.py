"""Optimizers as settings: whose values hold, and which defaults."""

import numpy as np

from sharpminima.regimes import optimizers


def values(training, **regime):
    """Return the resolved values alone."""
    settings = optimizers.resolved({"optimizer": "adam", **training}, regime)
    return {name: settings[name] for name in optimizers.VALUES & set(settings)}


def test_what_is_not_stated_is_a_default_of_keras_1():
    assert values({}) == optimizers.DEFAULTS["keras1"]["adam"]
    assert values({})["epsilon"] == 1e-8
    adagrad = values({}, optimizer="adagrad")
    assert (adagrad["learning_rate"], adagrad["initial_accumulator_value"]) == (0.01, 0)


def test_a_regime_may_take_todays_defaults():
    today = values({}, optimizer="adagrad", optimizer_defaults="keras3")
    assert (today["learning_rate"], today["initial_accumulator_value"]) == (1e-3, 0.1)
    assert values({"optimizer_defaults": "keras3"})["epsilon"] == 1e-7


def test_what_is_stated_comes_before_defaults_and_the_regime_first():
    stated = {"learning_rate": 0.5, "epsilon": 1.0, "optimizer_defaults": "keras3"}
    found = values(stated, learning_rate=0.25)
    assert (found["learning_rate"], found["epsilon"]) == (0.25, 1.0)


def test_values_of_one_optimizer_are_none_of_another():
    """ADAGRAD has an epsilon as well, and every optimizer a learning rate."""
    stated = {"learning_rate": 0.5, "beta_1": 0.5, "epsilon": 1.0}
    assert values(stated, optimizer="sgd") == optimizers.DEFAULTS["keras1"]["sgd"]
    found = values(stated, optimizer="adagrad", learning_rate=0.25)
    assert found == {
        **optimizers.DEFAULTS["keras1"]["adagrad"],
        "learning_rate": 0.25,
    }


def test_what_is_no_value_of_an_optimizer_holds_for_all():
    settings = optimizers.resolved(
        {"optimizer": "adam", "weight_decay": 0.1, "schedule": {"name": "cosine"}},
        {"optimizer": "sgd"},
    )
    assert settings["weight_decay"] == 0.1
    assert settings["schedule"] == {"name": "cosine"}


def test_the_square_under_the_root_is_the_epsilon_outside_of_it():
    gradient = np.logspace(-6, 1)
    keras_1 = gradient / (np.sqrt(gradient**2) + 1e-8)
    epsilon = optimizers.DEFAULTS["keras1"]["adagrad"]["epsilon"]
    ours = gradient / np.sqrt(gradient**2 + epsilon)
    np.testing.assert_allclose(ours, keras_1, rtol=0.011)
