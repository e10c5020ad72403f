"""The table of rules knows every rule of the workflow, and says what rules declare."""

import re

import pytest

from project import ROOT, default_config
from sharpminima.planning import rules

NAMES = [
    name
    for path in sorted((ROOT / "workflow/rules").glob("*.smk"))
    for name in re.findall(
        r"^ *(?:rule|use rule \w+ as) (\w+)\b", path.read_text(), re.M
    )
    if name not in ("tables", "charts")
]


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_row(name):
    assert rules.rule(name).stage >= 0


def test_an_unknown_rule_is_named():
    with pytest.raises(KeyError, match="'paint_walls'"):
        rules.rule("paint_walls")


def test_data_come_before_training_and_tables_last():
    order = ["prepare_dataset", "choose_compilation", "train", "measure_anything"]
    stages = [rules.rule(name).stage for name in [*order, "tabulate_anything"]]
    assert stages == sorted(set(stages))


@pytest.mark.parametrize(
    ("job", "computes"),
    [
        ({"rule": "train", "regime": "LB"}, True),
        ({"rule": "measure_sharpness"}, True),
        ({"rule": "measure_trajectory"}, True),
        ({"rule": "measure_interpolation"}, True),
        ({"rule": "measure_invariance"}, True),
        ({"rule": "measure_curvature"}, True),
        ({"rule": "measure_spectral_density"}, True),
        ({"rule": "adopt_checkpoint"}, False),
        ({"rule": "choose_compilation"}, False),
        ({"rule": "prepare_dataset"}, False),
    ],
)
def test_jobs_declare_memory(job, computes):
    assert rules.megabytes(default_config(), {"network": "F1", **job}) > 1500
    assert rules.rule(job["rule"]).computes is computes
