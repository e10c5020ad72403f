"""Mistakes in the study, its pairs and subsets, and the sections of its figures."""

import numpy as np
import pytest

from configs import assert_said_in_a_line, changed, with_sections
from project import default_config
from sharpminima.config import check_study
from sharpminima.config.mistakes import mistakes

CATALOGUE = default_config()["regimes"]

REGIMES = ", ".join(sorted(CATALOGUE))

WITH_NEW = ", ".join(sorted([*CATALOGUE, "LB-new"]))


# Searches of a space that is not searched.
NONE = {"lbfgsb": [], "sign": []}
WRONG = {
    "study.networks": (
        ["F9"],
        "study.networks[0]: unknown name. Allowed: C1, C2, C3, C4, F1, F2. Re",
    ),
    "study.regimes": (
        ["SB", "XB"],
        f"study.regimes[1]: unknown name. Allowed: {REGIMES}. Received: 'XB'",
    ),
    "study.pairs": (
        [["SB", "MB"]],
        "study.pairs[0][1]: unknown name. Allowed: LB, SB. Received: 'MB'",
    ),
    "subset.train_examples": (
        4001,
        "subset.train_examples: must be at most 4000, for network F1. Received: 4001",
    ),
    "subset": (
        {"train_examples": 100, "measure_examples": 101},
        "subset.measure_examples: must be at most 100, for network F1. Received: 101",
    ),
    "sharpness.full": (NONE, "sharpness: needs at least one search"),
    "sharpness.curve.epsilons": (
        [1.0e-3],
        "sharpness.curve.epsilons: must name two epsilons or more, or none. Received",
    ),
    "sharpness.full.lbfgsb": (
        ["random"],
        "sharpness.full.lbfgsb: must name zero where sharpness.reference has corners. "
        "Received: ['random']",
    ),
    "sharpness.adaptive": (
        NONE | {"sign": ["lbfgsb"]},
        "sharpness.adaptive.sign: must not name lbfgsb, since sharpness.adaptive.",
    ),
}


@pytest.mark.parametrize(("path", "expected"), WRONG.items(), ids=WRONG)
def test_a_mistake_is_one_line_that_helps(path, expected):
    value, line = expected
    config = changed(path, value)
    if path == "sharpness.full.lbfgsb":
        config["sharpness"]["reference"]["corners"] = 1
    if path == "sharpness.full":
        config["sharpness"]["subspace"]["draws"] = 0
    assert_said_in_a_line(config, line)


def test_every_experiment_is_sound():
    assert mistakes(with_sections()) == []


@pytest.mark.parametrize(
    "section", ["sweep", "iterates", "warm_start", "invariance", "matched"]
)
def test_a_section_of_an_experiment_may_be_missing(section):
    config = default_config()
    del config[section]
    assert mistakes(config) == []


def test_a_measure_needs_its_settings():
    config = default_config()
    config["measures"] = ["spectral_density", "curvature"]
    assert mistakes(config) == []
    del config["curvature"]
    expected = "measures[1]: needs a section curvature. Received: 'curvature'"
    assert mistakes(config) == [expected]
    config["measures"] = []
    assert mistakes(config) == []


def test_epsilons_may_be_unknown_where_nothing_is_matched():
    assert mistakes(changed("matched.epsilons", [2e-3])) == []


def test_seeds_of_surfaces_may_be_unknown_where_none_are_measured():
    assert mistakes(changed("surface.seeds", [99])) == []


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
            "warm_start.seeds[1]: must be one of iterates.seeds. Allowed: "
            "0, 1, 2, 3, 4, 5. Received: 9",
        ),
        (
            {"invariance": {"networks": ["C1"]}},
            "invariance.networks[0]: unknown name. Allowed: F1. Received: 'C1'",
        ),
        (
            {"invariance": {"regimes": ["SB", "SB-sgd"]}},
            "invariance.regimes[1]: unknown name. Allowed: LB, LB-new, SB. R",
        ),
        (
            {"matched": {"networks": ["F1", "C1"]}},
            "matched.networks[1]: unknown name. Allowed: F1. Received: 'C1'",
        ),
        (
            {"matched": {"networks": ["F1"], "epsilons": [1e-3, 2e-3]}},
            "matched.epsilons[1]: must be one of sharpness.epsilons, to be compared. "
            "Allowed: 0.001, 0.0005. Received: 0.002",
        ),
        (
            {"matched": {"networks": ["F1"], "gradient_norm": 0}},
            "matched.gradient_norm: must be above 0. Received: 0",
        ),
        (
            {"measures": ["surface"], "surface": {"seeds": [0, 9]}},
            "surface.seeds[1]: must be one of study.seeds. Allowed: 0, 1, 2, 3, 4, 5. ",
        ),
        (
            {"measures": ["barriers"], "study": {"seeds": [3]}},
            "measures[0]: barriers compares runs of different seeds and needs two or "
            "more in study.seeds. Received: [3]",
        ),
        (
            {"measures": ["surface"], "study": {"pairs": [], "further_regimes": {}}},
            "measures[0]: surface needs a pair of regimes, the first of study.pairs",
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
            {"sharpness": {"full": NONE}},
            "sharpness.full: needs a search where sweep, warm_start or",
        ),
    ],
)
def test_a_mistake_in_an_experiment_is_one_line(sections, line):
    config = with_sections(**sections)
    assert_said_in_a_line(config, line)
    assert len(mistakes(config)) <= 2


def test_regimes_of_experiments_must_fit_even_if_the_study_has_them_not():
    config = with_sections(study={"regimes": ["SB", "LB"]})
    config["regimes"]["XB"] = {"batch_size": 4001}
    config["warm_start"]["second"] = "XB"
    (found,) = mistakes(config)
    assert found.startswith("regimes.XB: on network F1, a batch must not be larger")


@pytest.mark.parametrize(
    ("start", "stop", "count", "told_apart"),
    [
        *((-1.0, 2.0, 10_000, True), (2.0, -1.0, 25, True), (0.0, 1e-30, 2, True)),
        *((1.0, 1.0, 2, False), (1.0, 1.0 + 1e-8, 2, False), (0.0, 0.0, 2, False)),
        *((1.0, 1.0 + 2.0**-20, 9, True), (1.0, 1.0 + 2.0**-20, 10, False)),
    ],
)
def test_points_of_a_plot_must_differ_in_float32(start, stop, count, told_apart):
    line = {"start": start, "stop": stop, "count": count}
    found = mistakes(changed("interpolation.alphas", line))
    assert [each.split(":")[0] for each in found] == (
        [] if told_apart else ["interpolation.alphas"]
    )
    points = np.linspace(start, stop, count, dtype=np.float32)
    assert (len(set(points)) == count) == told_apart


def test_a_subspace_may_have_as_many_dimensions_as_parameters():
    assert mistakes(changed("sharpness.subspace.dimensions", 1_462_794)) == []
    (line,) = mistakes(changed("sharpness.subspace.dimensions", 1_462_795))
    assert line.startswith("sharpness.subspace.dimensions: must be at most 1462794, ")
    config = changed("sharpness.subspace.dimensions", 1_462_795)
    config["sharpness"]["subspace"] |= {"draws": 0}
    assert mistakes(config) == []


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("regimes.lB", {"batch_size": 8}, "regimes.lB: must differ from another name"),
        ("regimes.b64", {"batch_size": 8}, "regimes.b64: must differ from another"),
        ("networks.f1", None, "networks.f1: must differ from another name by more"),
        ("datasets.MNIST", None, "datasets.MNIST: must differ from another name"),
    ],
)
def test_names_must_differ_where_capitals_do_not_count(path, value, line):
    section, name = path.split(".")
    config = with_sections(sweep={"batch_sizes": {"F1": [64]}})
    config[section][name] = value or dict(config[section][name.swapcase()])
    (found,) = mistakes(config)
    assert found.startswith(line)


@pytest.mark.parametrize(
    ("section", "changes"),
    [
        ("study", {"seeds": range(1000), "regimes": ["SB", "LB", "SB-sgd", "LB-sgd"]}),
        ("study", {"seeds": range(1000), "pairs": [["SB", "LB"], ["LB", "SB"]]}),
        ("sweep", {"batch_sizes": {"F1": range(2, 1000)}, "seeds": range(4)}),
        ("iterates", {"seeds": range(1000), "regimes": list(CATALOGUE)[:4]}),
        ("warm_start", {"seeds": [0, 1, 2, 3]}),
        ("sharpness", {"epsilons": range(1, 1000)}),
    ],
)
def test_a_study_too_large_to_be_planned_says_what_makes_it_so(section, changes):
    changes = {k: list(v) if isinstance(v, range) else v for k, v in changes.items()}
    config = with_sections(**{section: changes})
    if section == "warm_start":
        config["iterates"]["epochs"] = list(range(1000))
    if section == "sharpness":
        config["study"]["seeds"], section = list(range(9)), "study"
    (found,) = check_study.number_of_files(config)
    assert found[0] == section
    assert found[1].startswith("must not make more than about 30,000 files of results")


def test_pairs_of_seeds_make_a_study_too_large():
    config = changed("study.seeds", list(range(300)))
    assert list(check_study.number_of_files(config)) == []
    config["measures"] = ["barriers"]
    ((where, message),) = check_study.number_of_files(config)
    assert where == "measures"
    assert "45,150 runs" in message
