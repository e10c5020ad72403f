"""Settings: a regime's own replace those of `training`."""

from project import default_config
from sharpminima.regimes.settings import of_regime


def test_the_default_study_trains_as_the_paper_does():
    settings = of_regime(default_config(), "LB")
    stopping = settings.pop("stopping")
    assert stopping["max_epochs"] == 200
    assert settings == {
        "batch_fraction": 0.1,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
        "precision": "float32",
        "last_batch": "keep",
    }


def test_a_regime_has_its_own_stopping_rule():
    config = default_config()
    own = config["training"]["stopping"] | {"max_epochs": 7}
    config["regimes"]["LB"]["stopping"] = own
    assert of_regime(config, "LB")["stopping"] == own
    assert of_regime(config, "SB")["stopping"]["max_epochs"] == 200
