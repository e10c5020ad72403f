"""Study: which runs a config asks for, and what each rule may see of it."""

import pytest

from project import ROOT, default_config
from sharpminima.config.study import Study
from sharpminima.regimes import derived


@pytest.fixture
def config():
    """The default config with every experiment."""
    config = default_config()
    config["study"] |= {"networks": ["F1", "C1"], "seeds": [0, 1]}
    config["regimes"]["LB-new"] = {"batch_fraction": 0.1, "learning_rate": 0.01}
    config["study"]["further_regimes"] = {"C1": ["LB-new"]}
    config["sweep"] |= {"batch_sizes": {"F1": [64, 8], "C1": [8]}, "seeds": [5]}
    config["iterates"] |= {"networks": ["F1"], "epochs": [0, 2, 7]}
    config["warm_start"] |= {"networks": ["F1"], "epochs": 4}
    return derived.with_derived(config)


def test_the_default_study_is_sb_and_lb_of_f1():
    study = Study(default_config())
    runs = [("F1", regime, seed) for regime in ("SB", "LB") for seed in study.seeds]
    assert study.runs == study.trained_runs == study.measured_runs == runs
    others = ("sweep_runs", "runs_with_iterates", "warm_start_runs", "runs_with_forms")
    for name in others:
        assert getattr(study, name) == []
    assert study.compared_runs == []
    assert study.datasets == ["mnist5k"]


def test_sections_may_be_missing():
    config = default_config()
    for section in ("sweep", "iterates", "warm_start", "invariance"):
        del config[section]
    del config["study"]["further_regimes"]
    study = Study(config)
    assert len(study.trained_runs) == 2 * len(study.seeds)
    assert study.runs_with_forms == []


def test_a_measure_has_the_runs_of_the_study_if_it_is_named(config):
    assert Study(config).runs_with("curvature") == []
    config["measures"] = ["curvature"]
    assert Study(config).runs_with("curvature") == Study(config).runs != []
    assert Study(config).runs_with("spectral_density") == []


def test_the_sweep_has_a_run_for_each_batch_size_and_seed(config):
    assert Study(config).sweep_runs == [
        ("F1", "B64", 5),
        ("F1", "B8", 5),
        ("C1", "B8", 5),
    ]


def test_iterates_are_kept_by_runs_of_their_own(config):
    assert Study(config).runs_with_iterates == [
        ("F1", f"{regime}-iterates", seed) for regime in ("SB", "LB") for seed in (0, 1)
    ]


def test_each_kept_iterate_is_begun_with(config):
    study = Study(config)
    assert study.warm_start_runs == [
        ("F1", f"LB-after-{epoch}", seed) for epoch in (0, 2, 7) for seed in (0, 1)
    ]
    assert study.runs_before_warm_start == [
        ("F1", "SB-iterates", seed) for seed in (0, 1)
    ]
    assert study.start_of("LB-after-2") == {"regime": "SB-iterates", "epoch": 2}
    assert study.start_of("SB") is None


def test_forms_are_measured_on_runs_of_the_study_that_are_named(config):
    config["invariance"] |= {"networks": ["C1"], "regimes": ["LB", "LB-new"]}
    assert Study(config).runs_with_forms == [
        ("C1", regime, seed) for regime in ("LB", "LB-new") for seed in (0, 1)
    ]


def test_where_and_on_what_forms_are_measured_alters_none_of_them(config):
    config["sharpness"]["epsilons"] = [0.5]
    found = Study(config).invariance
    assert found["sharpness"] == Study(config).search
    assert found["average_sharpness"]["pairs"] == 50
    config["invariance"]["networks"] = ["F1", "C1"]
    config["invariance"]["regimes"] = ["LB"]
    assert Study(config).invariance == found
    config["invariance"]["factor"] = 3
    assert Study(config).invariance != found


def test_a_warm_start_has_the_seeds_of_the_iterates(config):
    config["iterates"]["seeds"] = [1]
    assert Study(config).seeds_of("warm_start") == [1]
    config["warm_start"]["seeds"] = [0]
    assert Study(config).seeds_of("warm_start") == [0]


def test_further_regimes_are_runs_of_the_study_on_their_network(config):
    study = Study(config)
    assert study.regimes_of("F1") == ["SB", "LB"]
    assert study.regimes_of("C1") == ["SB", "LB", "LB-new"]
    assert ("C1", "LB-new", 1) in study.runs
    assert ("F1", "LB-new", 1) not in study.runs
    assert {run[:2] for run in study.compared_runs} == {
        ("C1", "SB"),
        ("C1", "LB"),
        ("C1", "LB-new"),
    }


def test_the_runs_of_the_study_are_matched_on_the_networks_that_ask(config):
    assert Study(config).matched_runs == []
    config["matched"]["networks"] = ["C1"]
    assert Study(config).matched_runs == [
        ("C1", regime, seed) for regime in ("SB", "LB", "LB-new") for seed in (0, 1)
    ]


def test_a_network_trains_what_any_section_asks_for(config):
    config["warm_start"]["second"] = "LB-new"
    study = Study(config)
    assert study.regimes_trained_on("F1") == ["SB", "LB", "LB-new"]
    assert study.regimes == ["SB", "LB"]


def test_a_pair_is_of_the_networks_that_have_both(config):
    config["study"]["pairs"] = [["SB", "LB"], ["SB", "LB-new"]]
    study = Study(config)
    first = [("F1", "SB", "LB"), ("C1", "SB", "LB")]
    assert study.pairs_of_networks == [*first, ("C1", "SB", "LB-new")]
    assert study.first_pairs == [(*pair, seed) for pair in first for seed in (0, 1)]


def test_without_pairs_there_is_no_performance_model(config):
    assert Study(config).performance_model == config["performance_model"]
    config["study"]["pairs"] = []
    assert Study(config).performance_model == {}


def test_a_dataset_does_not_depend_on_where_its_files_are(config):
    before = Study(config).dataset("mnist")
    config["datasets"]["mnist"]["urls"] = ["https://example.org"]
    assert Study(config).dataset("mnist") == before
    config["datasets"]["mnist"]["classes"] = 11
    assert Study(config).dataset("mnist") != before


def test_a_network_depends_on_its_own_builders_code_and_not_on_its_place(
    config, tmp_path
):
    source = (ROOT / "tests/config/residual.py").read_text()
    found = []
    for folder, text in (("a", source), ("b", source), ("c", f"{source}\nx = 1\n")):
        file = tmp_path / folder / "residual.py"
        file.parent.mkdir()
        file.write_text(text)
        config["networks"]["F1"]["builder"] = f"{file}:residual"
        study = Study(config)
        assert study.builder_file("F1") == str(file)
        found.append(study.network("F1"))
    assert found[0] == found[1] != found[2]
    assert found[0]["builder"] == "residual.py:residual"


def test_a_run_depends_on_all_that_trains_it_and_says_so_in_its_digest(config):
    run = Study(config).run("F1", "SB", 0)
    assert run["identity"] == {
        **{"network": "F1", "dataset": "mnist5k", "regime": "SB", "seed": 0}
    }
    config["sharpness"]["max_iterations"] += 1
    config["subset"]["measure_examples"] = 10
    assert Study(config).run("F1", "SB", 0) == run
    for section, key, value in (
        ("training", "last_batch", "drop"),
        ("evaluation", "batch_size", 10),
        ("subset", "train_examples", 100),
    ):
        config[section] = {**config[section], key: value}
        changed = Study(config).run("F1", "SB", 0)
        assert changed["digest"] != run["digest"]
        run = changed


def test_iterates_are_measured_by_one_search_from_each(config):
    search = Study(config).search_of_iterates
    assert search["epsilon"] == 1e-3
    assert search["full"] == {"lbfgsb": ["zero"], "sign": []}
    assert search["adaptive"] == {"lbfgsb": [], "sign": []}
    assert search["subspace"]["draws"] == search["reference"]["corners"] == 0
    limits = ("max_iterations", "max_evaluations")
    assert all(search[name] == config["sharpness"][name] for name in limits)


def test_a_search_is_the_same_at_every_epsilon(config):
    before = Study(config).search
    config["sharpness"]["epsilons"] = [5e-3]
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 5e-3]
    assert Study(config).search == before
    assert "epsilons" not in before


def test_all_runs_of_the_study_have_a_curve_if_it_names_epsilons(config):
    assert Study(config).runs_with_curve == []
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 5e-3]
    assert Study(config).runs_with_curve == Study(config).runs != []


def test_a_curve_depends_on_its_own_section_and_the_limit_of_a_search(config):
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 5e-3]
    before = Study(config).curve
    config["sharpness"] |= {"epsilons": [1e-2], "max_iterations": 3}
    assert Study(config).curve == before
    assert before == {
        **{"epsilons": [1e-3, 5e-3], "spaces": ["full", "adaptive"]},
        "max_evaluations": 40,
    }


@pytest.mark.parametrize(
    ("together", "apart"),
    [
        ([set(), set()], []),
        ([{"a", "b"}, {"a", "b"}], []),
        ([{"a", "b"}, set()], []),
        ([{"a"}, {"a"}], ["b"]),
        ([{"a"}, set()], ["b"]),
        ([{"c"}, {"c"}], ["a", "b"]),
        ([{"a", "b"}, {"a"}], []),
        ([{"a"}, {"b"}], []),
    ],
    ids=[
        *("nothing is finished", "all is", "a new seed", "a new epsilon"),
        *("a new epsilon and a new seed", "other epsilons than before"),
        *("seeds that began with other epsilons", "each lacks another"),
    ],
)
def test_an_epsilon_that_no_finished_job_measured_is_measured_apart(
    config, together, apart
):
    assert Study(config).epsilons_apart(["a", "b"], together) == apart


def test_surfaces_are_those_of_the_first_pair_and_of_their_own_seeds(config):
    config["study"] |= {"networks": ["F1", "C1"], "seeds": [3, 4]}
    assert Study(config).surfaces == Study(config).barriers == []
    config["measures"] = ["surface", "barriers"]
    config["surface"]["seeds"] = [4]
    assert Study(config).surfaces == [("F1", "SB", "LB", 4), ("C1", "SB", "LB", 4)]
    del config["surface"]["seeds"]
    assert [seed for *_, seed in Study(config).surfaces] == [3, 4, 3, 4]
    assert Study(config).surface == {
        **{"margin": 0.25, "planes": 2, "points": 41},
        "reach": 1.0,
    }
    assert Study(config).barriers[:3] == [
        *(("F1", "SB", "LB", 3, 3), ("F1", "SB", "LB", 3, 4), ("F1", "SB", "LB", 4, 4))
    ]


@pytest.mark.parametrize(
    ("policy", "between"),
    [("batch", "batch"), ("recalibrated",) * 2, ("moving", "recalibrated")],
)
def test_moving_averages_are_not_used_between_minima(config, policy, between):
    config["evaluation"]["batch_norm"] = policy
    found = Study(config).evaluation_of_barriers
    assert found == {"batch_norm": between, "batch_size": 5000}


@pytest.fixture
def with_checkpoints(config, tmp_path):
    """The same beside three checkpoints: two of F1, and one that is its own network."""
    for name in ("a.weights.h5", "b.weights.h5", "c.keras"):
        (tmp_path / name).write_text(name)
    config["networks"]["C"] = {
        **{"dataset": "mnist5k", "builder": str(tmp_path / "c.keras"), "options": {}},
    }
    config["checkpoints"] = {
        "A": {"file": str(tmp_path / "a.weights.h5"), "network": "F1"},
        "B": {"file": str(tmp_path / "b.weights.h5"), "network": "F1"},
        "C": {"file": str(tmp_path / "c.keras"), "network": "C"},
    }
    return config


def test_a_checkpoint_is_a_run_that_nobody_trains(with_checkpoints):
    study = Study(with_checkpoints)
    adopted = [("F1", "A", 0), ("F1", "B", 0), ("C", "C", 0)]
    assert study.adopted_runs == adopted
    assert set(adopted) <= set(study.runs) <= set(study.measured_runs)
    assert set(adopted).isdisjoint([*study.trained_runs, *study.runs_with_history])
    assert len(study.runs) == len(study.runs_with_history) + 3
    assert study.regimes_of("F1") == ["SB", "LB", "A", "B"]
    assert study.regimes_of("C") == ["C"]
    assert "A" not in study.regimes_trained_on("F1")
    assert study.networks == ["F1", "C1", "C"]
    assert study.trained_networks == ["F1", "C1"]


def test_checkpoints_have_pairs_of_one_seed_and_no_claims(with_checkpoints):
    with_checkpoints["study"]["pairs"] = [["A", "B"], ["SB", "LB"], ["SB", "A"]]
    study = Study(with_checkpoints)
    of_f1 = [pair for pair in study.pairs_of_runs if pair[0] == "F1"]
    assert of_f1 == [
        *[("F1", "A", "B", 0), ("F1", "SB", "LB", 0), ("F1", "SB", "LB", 1)],
        ("F1", "SB", "A", 0),
    ]
    assert study.first_pair == study.first_pairs == study.compared_runs == []
    assert study.performance_model == {}


def test_without_networks_nothing_is_trained(with_checkpoints):
    section = with_checkpoints["study"]
    section |= {"networks": [], "pairs": [["SB", "LB"], ["A", "B"]]}
    study = Study(with_checkpoints)
    assert study.runs == study.adopted_runs
    assert study.pairs == [["A", "B"]]
    assert study.datasets == ["mnist5k"]


def test_a_checkpoint_is_its_content_wherever_it_lies(with_checkpoints, tmp_path):
    before = Study(with_checkpoints)
    found = before.checkpoint("C"), before.network("C")
    assert found[0]["whole"]
    assert not before.checkpoint("A")["whole"]
    (tmp_path / "moved").mkdir()
    moved = str((tmp_path / "c.keras").rename(tmp_path / "moved/c.keras"))
    with_checkpoints["checkpoints"]["C"]["file"] = moved
    with_checkpoints["networks"]["C"]["builder"] = moved
    after = Study(with_checkpoints)
    assert (after.checkpoint("C"), after.network("C")) == found
    other = tmp_path / "moved/other/c.keras"
    other.parent.mkdir()
    other.write_text("other")
    with_checkpoints["checkpoints"]["C"]["file"] = str(other)
    assert Study(with_checkpoints).checkpoint("C") != found[0]
