"""Remedies: a run depends on the formulas of the remedies that it uses."""

import shutil

import pytest

from project import ROOT, default_config
from sharpminima import provenance
from sharpminima.regimes import remedies
from sharpminima.regimes.settings import of_regime

REGIMES = {
    "LB": set(),
    "LB-augmented": {"augmentation"},
    "LB-conservative": {"conservative"},
    "LB-adversarial": {"adversarial"},
    "LB-stability": {"stability"},
    "SB-averaged": {"averaging"},
}


def forget():
    for member in vars(provenance).values():
        if hasattr(member, "cache_clear"):
            member.cache_clear()


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A copy of the scripts, to edit."""
    copy = tmp_path / "scripts"
    shutil.copytree(ROOT / "workflow/scripts", copy)
    monkeypatch.setattr(provenance, "SCRIPTS", copy)
    forget()
    yield copy
    forget()


def fingerprints():
    """Return the fingerprint of training in each of the `REGIMES`."""
    forget()
    config = default_config()
    settings = {regime: of_regime(config, regime) for regime in REGIMES}
    return {
        regime: provenance.fingerprint(
            "train", provenance.WITHOUT_NUMBERS | remedies.modules_not_used(values)
        )
        for regime, values in settings.items()
    }


@pytest.mark.parametrize("remedy", remedies.MODULES)
def test_a_formula_counts_exactly_for_the_runs_that_use_it(scripts, remedy):
    before = fingerprints()
    path = scripts.joinpath(*remedies.MODULES[remedy].split(".")).with_suffix(".py")
    path.write_text(path.read_text() + "\nANOTHER = 1\n")
    after = fingerprints()
    changed = {regime for regime in REGIMES if after[regime] != before[regime]}
    assert changed == {regime for regime in REGIMES if remedy in REGIMES[regime]}
    assert len(changed) == 1


def test_what_trains_every_run_counts_for_every_run(scripts):
    before = fingerprints()
    path = scripts / "sharpminima/training/epochs.py"
    path.write_text(path.read_text() + "\nANOTHER = 1\n")
    after = fingerprints()
    assert all(after[regime] != before[regime] for regime in REGIMES)


def test_a_run_with_every_remedy_uses_every_module():
    assert (
        remedies.modules_not_used({remedy: {} for remedy in remedies.MODULES}) == set()
    )
    assert remedies.modules_not_used({}) == set(remedies.MODULES.values())
