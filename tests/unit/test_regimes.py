"""Regimes: what they state comes first, as a whole, and `training` fills in."""

import subprocess
import sys

from project import ROOT, default_config
from sharpminima import regimes


def test_the_default_study_trains_as_the_paper_does():
    settings = regimes.settings(default_config(), "LB")
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
    assert regimes.settings(config, "LB")["stopping"] == own
    assert regimes.settings(config, "SB")["stopping"]["max_epochs"] == 200


def test_settings_are_resolved_without_keras():
    """The Snakefile does so whenever it is read."""
    code = (
        "from sharpminima import configuration, memory, regimes, variants, workload\n"
        "import sys; assert not {'keras', 'jax', 'tensorflow'} & set(sys.modules)"
    )
    scripts = ROOT / "workflow/scripts"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=scripts)
