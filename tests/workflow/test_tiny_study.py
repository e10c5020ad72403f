"""The whole study for real, with a regime that diverges, through to the report."""

import importlib
import json
import math
import shutil
import subprocess
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest

from project import ROOT, require_jax
from sharpminima import backend, compilation
from sharpminima.data import datasets
from sharpminima.jobs.cost import Work
from sharpminima.loss.context import Context
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.measures.planned import Planned
from sharpminima.networks import builders, parameters
from sharpminima.planning import planned_work
from sharpminima.training.start import starting_point
from studies import Study, counts_of_preview, rows_of_preview

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def ran(request, tmp_path_factory, tiny):
    """A study that ran: one network, SB and LB, and HB with a learning rate of 1e30."""
    config = json.loads(json.dumps(tiny)) | {"backend": request.param}
    if config["backend"] == "jax":
        require_jax()
    config["study"] |= {
        "networks": ["N1"],
        "regimes": ["SB", "LB", "HB"],
        "pairs": [["SB", "LB"], ["SB", "HB"]],
    }
    config["regimes"]["HB"] = {"batch_size": 8, "learning_rate": 1e30}
    config["average_sharpness"] = {"epsilons": [1e-3], "pairs": 4}
    config["invariance"] = {
        **{"networks": ["N1"], "regimes": ["SB", "HB"], "epsilons": [1e-3]},
        **{"forms": ["canonical", "scaled", "permuted"], "factor": 10},
        "tolerance": 1e-4,
    }
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 1e-2, 1e-1]
    config["matched"] = {"networks": ["N1"], "epsilons": [1e-3]}
    config["matched"] |= {"gradient_norm": 1e-9, "max_gradients": 3}
    config["measures"] = ["curvature", "spectral_density", "noise_scale"]
    config["measures"] += ["surface", "barriers"]
    config["curvature"] = {"eigenvalues": 2, "products": 9, "probes": 3}
    config["curvature"]["tolerance"] = 1e-2
    config["spectral_density"] = {"probes": 2, "products": 5}
    config["noise_scale"] = {"small_batches": [8, 16], "pairs": 2}
    config["surface"] = {"seeds": [1], "points": 5, "planes": 2}
    config["surface"] |= {"margin": 0.25, "reach": 1.0}
    config["barriers"] = {"points": 5}
    study = Study(tmp_path_factory.mktemp("ran"))
    done = study.run(config)
    assert done.returncode == 0, done.stdout + done.stderr
    return study, config


def table(ran, name):
    return pd.read_csv(ran[0].directory / f"results/tables/{name}.csv")


def test_a_second_run_does_nothing(ran):
    study, config = ran
    assert study.planned(config) == set()


def test_accuracy_counts_the_diverged_and_averages_the_others(ran):
    rows = table(ran, "accuracy").set_index("regime")
    assert rows["runs"].tolist() == [2, 2, 2]
    assert rows["diverged"].to_dict() == {"SB": 0, "LB": 0, "HB": 2}
    assert math.isnan(rows.loc["HB", "test_accuracy_mean"])
    assert math.isnan(rows.loc["HB", "train_loss_mean"])
    assert 25 < rows.loc["SB", "train_accuracy_mean"] <= 100
    assert rows["batch_size"].to_dict() == {"SB": 8, "LB": 32, "HB": 8}


def test_sharpness_counts_the_diverged_and_averages_the_others(ran):
    rows = table(ran, "sharpness").set_index(["regime", "space", "epsilon"])
    assert len(rows) == 3 * 2 * 2
    for (regime, _, _), row in rows.iterrows():
        assert row["runs"] == 2
        assert row["diverged"] == (2 if regime == "HB" else 0)
        assert math.isnan(row["sharpness_mean"]) == (regime == "HB")
        assert regime == "HB" or row["sharpness_min"] > 0


def test_each_rise_is_taken_apart(ran):
    rows = table(ran, "anatomy")
    rows = rows[rows["source"] == "this study"].set_index("regime")
    assert len(rows) == 3 * 2 * 2
    sound = rows.loc[["SB", "LB"]]
    total = sound["odd_share_mean"] + sound["even_share_mean"]
    assert total.tolist() == pytest.approx([1.0] * len(sound), abs=1e-3)
    assert sound["made_of"].notna().all()
    assert rows.loc["HB", "made_of"].isna().all()


def test_each_run_says_what_speaks_against_a_minimum(ran):
    """Two epochs do not converge, and HB diverges."""
    rows = table(ran, "minima").set_index("regime")
    assert set(rows.loc["HB", "state"]) == {"diverged"}
    assert rows.loc[["SB", "LB"], "state"].str.contains("unconverged").all()


def test_the_average_rise_is_below_the_largest(ran):
    average = table(ran, "average_sharpness").set_index("regime")
    assert average["runs"].to_dict() == {"SB": 2, "LB": 2, "HB": 2}
    assert math.isnan(average.loc["HB", "average_rise_mean"])
    largest = table(ran, "sharpness").query("space == 'full' and epsilon == 0.001")
    largest = largest.set_index("regime")["sharpness_mean"]
    for regime in ("SB", "LB"):
        row = average.loc[regime]
        assert row["average_sharpness_mean"] < largest[regime]
        assert 0 < row["largest_standard_error"] < 1


def test_curvature_counts_the_diverged_and_averages_the_others(ran):
    rows = table(ran, "curvature").set_index("regime")
    assert rows["runs"].to_dict() == {"SB": 2, "LB": 2, "HB": 2}
    assert math.isnan(rows.loc["HB", "largest_eigenvalue_mean"])
    for regime in ("SB", "LB"):
        row = rows.loc[regime]
        largest = row["largest_eigenvalue_mean"]
        assert row["smallest_eigenvalue_max"] < largest < row["frobenius_norm_mean"]
        # All of the trace that batch normalisation does not add.
        assert 0 < row["gauss_newton_share_mean"] < 2


def test_curvature_tells_of_each_layer(ran):
    rows = table(ran, "curvature_runs")
    sound = rows[rows["status"] != "diverged"]
    for _, run in sound.groupby(["regime", "seed"]):
        assert len(run) == 1 + 3  # two dense layers, one batch normalisation
        whole = run["layer"] == "all"
        layers = run.loc[~whole, "trace"].sum()
        assert layers == pytest.approx(run.loc[whole, "trace"].item(), rel=1e-4)
    assert (rows[rows["status"] == "diverged"]["layer"] == "all").all()


def test_the_spectral_density_has_the_trace_that_curvature_tells(ran):
    folder = ran[0].directory / "results"
    rows = pd.read_csv(folder / "spectral_density/N1/LB/seed0.csv")
    assert rows.groupby("probe")["weight"].sum().tolist() == pytest.approx([1.0] * 2)
    runs = table(ran, "curvature_runs").query("layer == 'all' and regime == 'LB'")
    largest = runs.set_index("seed").loc[0, "largest_eigenvalue"]
    assert rows["eigenvalue"].max() == pytest.approx(largest, rel=0.2)
    assert (folder / "charts/spectral_density_N1.svg").exists()


def test_every_measure_is_repeated_where_the_function_stays(ran):
    rows = table(ran, "invariance")
    assert len(rows) == 2 * 2 * 3  # regimes, seeds, and measures in their spaces
    searched = rows.query("measure == 'sharpness' and space == 'full'")
    searched = searched.set_index(["regime", "seed"])
    expected = pd.read_csv(
        ran[0].directory / "results/sharpness/N1/SB/seed0/full_0.001.csv"
    )
    as_trained = searched.loc[("SB", 0), "as_trained"]
    assert as_trained == pytest.approx(expected["sharpness"].max(), rel=1e-5)
    for seed in (0, 1):
        row = searched.loc["SB", seed]
        assert row["largest_logit_change"] < 1e-4
        assert row["permuted_drift"] == pytest.approx(1.0, rel=0.05)
        assert row["scaled_drift"] < 1
    assert searched.loc["HB", "as_trained"].isna().all()
    assert rows["refused"].isna().all()


def test_the_matched_control_descends_from_every_sound_run(ran):
    rows = table(ran, "matched").set_index(["regime", "space"])
    regimes = ["SB", "LB", "HB", "LB / SB", "HB / SB"]
    assert list(rows.loc[:, "full", :].index) == regimes
    assert rows["diverged"].xs("full", level="space").tolist() == [0, 0, 2, 0, 2]
    # Three gradients are too few for that target, and the table says so.
    assert (rows["reached"] == 0).all()
    assert rows["matched_mean"].isna().all()
    for regime in ("SB", "LB"):
        path = f"results/matched/N1/{regime}/seed0_0.001.csv"
        found = pd.read_csv(ran[0].directory / path)
        assert (found["gradients"] == 3).all()
        assert (found["loss_matched"] < found["loss_as_trained"]).all()
        assert (found["distance"] > 0).all()
        assert (found["sharpness"] > 0).all()


def test_the_matched_control_counts_what_it_evaluated(ran):
    """One gradient at the checkpoint, three of the descent, and the searches."""
    _, work = ledger(ran, "measure_matched", "SB", "seed0_0.001.csv")
    job = {"rule": "measure_matched", "network": "N1", "epsilon": "0.001"}
    most = planned_work.of_measuring(ran[1], job)
    rows = pd.read_csv(ran[0].directory / "results/matched/N1/SB/seed0_0.001.csv")
    evaluations = 1 + 3 + gradients_of(rows)
    assert work == Work(evaluations, 0, evaluations * 64)
    assert work.gradient_evaluations <= most.gradient_evaluations


def test_sharpness_grows_with_epsilon(ran):
    rows = table(ran, "curve").set_index(["second", "space"])
    assert len(rows) == 2 * 2 * 3
    for space in ("full", "adaptive"):
        sound = rows.loc[("LB", space)]
        assert sound["seeds"].tolist() == [2, 2, 2]
        for regime in ("first", "second"):
            assert sound[f"{regime}_sharpness_mean"].is_monotonic_increasing
            smallest, *larger = sound[f"{regime}_exponent"]
            assert math.isnan(smallest)
            assert all(0 <= exponent <= 5 for exponent in larger)
        assert sound["order_changes_at"].notna().all()
        diverged = rows.loc[("HB", space)]
        assert diverged["seeds"].tolist() == [0, 0, 0]
        assert diverged[["ratio_mean", "order_changes_at"]].isna().all(axis=None)


def test_the_point_and_the_box_stand_side_by_side(ran):
    rows = table(ran, "point_and_box")
    rows = rows[rows["second"] == "LB"].set_index("measure")
    assert rows["seeds"].tolist() == [2] * 7  # three at the point, 1 + 3 in boxes
    runs = table(ran, "curvature_runs").query("layer == 'all'")
    runs = runs.set_index(["regime", "seed"])["trace"]
    ratio = np.sqrt(np.prod([runs["LB", s] / runs["SB", s] for s in (0, 1)]))
    assert rows.loc["trace", "ratio_mean"] == pytest.approx(ratio, rel=1e-4)
    # HB has no values, so nothing compares it.
    assert not (table(ran, "point_and_box")["second"] == "HB").any()


def test_the_noise_scale_is_known_but_for_the_diverged(ran):
    rows = table(ran, "noise_scale").set_index(["regime", "small_batch"])
    assert len(rows) == 3 * 2
    sound = rows.loc[["SB", "LB"]]
    assert (sound["noise_trace_mean"] > 0).all()
    assert rows.loc["HB", "noise_trace_mean"].isna().all()
    assert rows["diverged"].tolist() == [0] * 4 + [2] * 2
    _, work = ledger(ran, "measure_noise_scale", "SB", "seed0.csv")
    job = {"rule": "measure_noise_scale", "network": "N1", "regime": "SB"}
    assert work == planned_work.of_measuring(ran[1], job)


def test_a_surface_has_every_point_of_its_planes(ran):
    folder = ran[0].directory / "results/surface/N1/SB_LB"
    points = pd.read_csv(folder / "seed1.csv")
    planes = points.groupby(["plane", "around", "draw"], sort=False).size()
    assert planes.index.tolist() == [("minima", "x0", 0)] + [
        ("random", regime, draw) for regime in ("SB", "LB") for draw in (0, 1)
    ]
    assert set(planes) == {25}
    runs = table(ran, "runs").set_index(["regime", "seed"])
    centres = points.query("plane == 'random' and x == 0 and y == 0")
    places = pd.read_csv(folder / "seed1.places.csv").set_index("place")
    for regime in ("SB", "LB"):
        expected = runs.loc[(regime, 1), ["train_loss", "test_loss"]].tolist()
        at = centres[centres["around"] == regime][["train_loss", "test_loss"]]
        assert at.to_numpy() == pytest.approx(np.array([expected] * 2), rel=1e-4)
        found = places.loc[regime, ["train_loss", "test_loss"]].tolist()
        assert found == pytest.approx(expected, rel=1e-4)
    _, work = ledger(ran, "measure_surface", "SB_LB", "seed1.csv")
    job = {"rule": "measure_surface", "network": "N1"}
    assert planned_work.of_measuring(ran[1], job) == work


def test_barriers_stand_beside_their_controls(ran):
    """Of two seeds, pairs of different seeds have no interval."""
    rows = table(ran, "barriers").set_index(["first", "second", "seeds"])
    kinds = [("SB", "LB", "one"), ("SB", "SB", "different"), ("LB", "LB", "different")]
    for kind in (*kinds, ("SB", "LB", "different")):
        of_kind = rows.loc[[kind]].set_index("units")
        assert of_kind["pairs"].tolist() == [1 if kind[0] == kind[1] else 2] * 2
        assert (of_kind["train_barrier_mean"] >= 0).all()
        known = of_kind["train_barrier_low"].notna()
        assert known.all() if "one" in kind else not known.any()
        distance = of_kind["distance_mean"]
        assert distance["matched"] <= distance["as trained"] * (1 + 1e-6)
    job = {"rule": "measure_barriers", "network": "N1", "seed": 0, "other": 1}
    _, work = ledger(ran, "measure_barriers", "SB_LB", "seed0_1.csv")
    assert planned_work.of_measuring(ran[1], job) == work


def test_ratios_are_missing_where_a_run_diverged(ran):
    rows = table(ran, "ratios")
    assert rows[rows["second"] == "HB"]["ratio"].isna().all()
    assert (rows[rows["second"] == "LB"]["ratio"] > 0).all()


def test_distances_leave_the_diverged_out(ran):
    rows = table(ran, "distances").set_index("second")
    assert rows["diverged"].to_dict() == {"LB": 0, "HB": 2}
    assert rows.loc["LB", "first_to_second_mean"] > 0
    assert math.isnan(rows.loc["HB", "distance_ratio_mean"])


def test_performance_compares_each_larger_batch_with_sb(ran):
    """HB has SB's batch size, and no larger one."""
    rows = table(ran, "performance_model").set_index("seed")
    assert rows["second"].tolist() == ["LB", "LB"]
    assert (rows["bound"] == 0.25).all()
    runs = table(ran, "runs").set_index(["regime", "seed"])
    target = runs.loc["SB"]["test_accuracy"] - ran[1]["performance_model"]["tolerance"]
    assert rows["target_accuracy"].tolist() == pytest.approx(target.tolist(), rel=1e-5)
    assert (rows["first_iterations"] >= 8).all()


def test_claims_are_judged_by_the_tables(ran):
    rows = table(ran, "claims").set_index("claim")
    accuracy = table(ran, "accuracy").set_index("regime")["test_accuracy_mean"]
    row = rows.loc["lb-tests-worse"]
    assert row["effect"] == pytest.approx(accuracy["SB"] - accuracy["LB"], abs=1e-3)
    assert (row["seeds"], row["smallest_p"]) == (2, 0.5)
    ratios = table(ran, "ratios").query("second == 'LB' and space == 'full'")["ratio"]
    mean = np.log10(ratios).mean()
    assert rows.loc["lb-sharper", "effect"] == pytest.approx(mean, rel=1e-3)
    studied = rows[rows["verdict"] != "not studied"]
    assert set(studied["seeds"]) == {2}
    assert rows.loc["warm-start-accuracy", "verdict"] == "not studied"


def test_history_has_the_status_of_each_run(ran):
    path = "results/train/N1/{}/seed0/history.csv"
    histories = {
        regime: pd.read_csv(ran[0].directory / path.format(regime))
        for regime in ("SB", "HB")
    }
    assert histories["SB"]["status"].tolist() == ["training", "max_epochs"]
    assert histories["HB"]["status"].iloc[-1] == "diverged"
    assert set(table(ran, "runs").query("regime == 'HB'")["status"]) == {"diverged"}


def test_interpolation_ends_at_the_checkpoints(ran):
    """Alpha 0 and 1 give the losses that the runs reported for themselves."""
    directory = ran[0].directory
    points = pd.read_csv(directory / "results/interpolation/N1/SB_LB/seed1.csv")
    runs = table(ran, "runs").set_index(["regime", "seed"])
    for alpha, regime in ((0.0, "SB"), (1.0, "LB")):
        at = points[points["alpha"] == alpha]
        assert len(at) == 2
        for measure in ("train_loss", "test_loss", "test_accuracy"):
            expected = runs.loc[(regime, 1), measure]
            assert at[measure].tolist() == pytest.approx([expected] * 2, rel=1e-4)


@pytest.mark.parametrize("policy", ["moving", "recalibrated"])
def test_interpolation_ends_at_the_checkpoints_with_every_policy(
    ran, tmp_path, monkeypatch, policy
):
    """With each model's own averages at its end, where the policy needs any."""
    monkeypatch.syspath_prepend(ROOT / "workflow/scripts")
    script = importlib.import_module("measure_interpolation")
    monkeypatch.setattr(backend, "configure", lambda threads: None)
    # The study may have run on the other backend, which compiles in other ways.
    compilation.write(tmp_path / "way.csv", "digest", backend.describe()["way"])
    study, config = ran
    train = study.directory / "results/train/N1"
    first, second = (train / f"{r}/seed0/final.weights.h5" for r in ("SB", "LB"))
    evaluation = {"batch_norm": policy, "batch_size": 40}
    network = config["networks"]["N1"]
    context = Context(
        "measure_interpolation",
        dataset=study.directory / "results/data/tiny.h5",
        compiled=tmp_path / "way.csv",
        network=network,
        evaluation=evaluation,
        subset={},
        threads=1,
    )
    outputs = (tmp_path / f"{name}.csv" for name in ("plot", "distances", "cost"))
    script.main(context, (first, second), config["interpolation"], *outputs)
    points = pd.read_csv(tmp_path / "plot.csv")
    data = datasets.read(study.directory / "results/data/tiny.h5")
    for alpha, path in ((0.0, first), (1.0, second)):
        model = builders.for_dataset(network, data)
        point = parameters.restore(path, model)
        expected = MeasuredLoss(model, data, **evaluation).measures(point)
        for name, value in expected.items():
            at = points[points["alpha"] == alpha][name].tolist()
            assert at == pytest.approx([value] * 2, rel=1e-4)


def test_distances_are_those_of_the_checkpoints(ran):
    study, config = ran
    train = study.directory / "results/train/N1"
    data = datasets.read(study.directory / "results/data/tiny.h5")
    model = starting_point(config["networks"]["N1"], data, seed=1)
    points = [parameters.flatten(model.trainable_variables)]
    for regime in ("SB", "LB"):
        path = train / f"{regime}/seed1/final.weights.h5"
        points.append(parameters.restore(path, model).parameters)
    initial, first, second = points
    row = pd.read_csv(
        study.directory / "results/interpolation/N1/SB_LB/seed1.distances.csv"
    ).iloc[0]
    norm = np.linalg.norm
    assert row["first_to_initial"] == pytest.approx(norm(first - initial))
    assert row["second_to_initial"] == pytest.approx(norm(second - initial))
    assert row["first_to_second"] == pytest.approx(norm(first - second))


# Two for each weight of a kernel of N1.
FLOPS = 2 * (36 * 8 + 8 * 4)


def ledger(ran, rule, *path):
    path = ran[0].directory.joinpath("results/cost", rule, "N1", *path)
    row = pd.read_csv(path).iloc[0]
    work = Work(
        row["gradient_evaluations"], row["forward_examples"], row["gradient_examples"]
    )
    return row, work


@pytest.mark.parametrize("regime", ["SB", "LB", "HB"])
def test_a_run_counts_what_its_history_shows(ran, regime):
    history = ran[0].directory / f"results/train/N1/{regime}/seed0/history.csv"
    history = pd.read_csv(history)
    row, work = ledger(ran, "train", regime, "seed0.csv")
    assert work.gradient_evaluations == history["updates"].iloc[-1]
    assert work.gradient_examples == 64 * len(history)
    assert work.forward_examples == 32 * len(history) + 64 + 32
    assert row["flops"] == FLOPS * (work.forward_examples + 3 * work.gradient_examples)
    assert row["seconds"] > history["seconds"].sum()
    job = {"network": "N1", "regime": regime}
    assert planned_work.of_training(ran[1], job, len(history)) == work


def gradients_of(searches):
    """Return how many gradients searches computed, with those that take values apart.

    What a search from the minimum, or from another's end, begins with is known.
    """
    known = searches["start"].isin(["zero", "lbfgsb"]).sum()
    return searches["evaluations"].sum() - known + len(searches)


def test_a_measurement_counts_what_its_searches_evaluated(ran):
    folder = ran[0].directory / "results/sharpness/N1/SB/seed0"
    searches = pd.concat(map(pd.read_csv, sorted(folder.glob("*.csv"))))
    assert set(searches["epsilon"]) == {1e-3, 5e-4}
    row, work = ledger(ran, "measure_sharpness", "SB", "seed0.csv")
    evaluations = 1 + gradients_of(searches)
    assert work == Work(evaluations, 0, 64 * evaluations)
    assert row["flops"] == FLOPS * 3 * 64 * evaluations
    assert row["seconds"] > searches["seconds"].sum()
    evaluated = Planned(gradients=evaluations)
    assert planned_work.of_evaluations(ran[1], "N1", evaluated) == work
    planned = planned_work.planned(ran[1], {"rule": "measure_sharpness"})
    assert len(searches) == sum(planned.searches.values())


def test_a_diverged_run_is_not_measured_for_free(ran):
    row, work = ledger(ran, "measure_sharpness", "HB", "seed0.csv")
    assert (work, row["flops"]) == (Work(), 0)
    assert row["seconds"] > 0


def test_a_plot_counts_its_points(ran):
    row, work = ledger(ran, "measure_interpolation", "SB_LB", "seed0.csv")
    assert work == Work(0, 2 * 4 * (64 + 32), 0)
    job = {"rule": "measure_interpolation", "network": "N1"}
    assert planned_work.of_measuring(ran[1], job) == work
    assert (row["first"], row["second"]) == ("SB", "LB")


def test_forms_count_what_they_evaluate(ran):
    folder = ran[0].directory / "results/invariance/N1/SB/seed0.csv"
    searches = pd.read_csv(folder).query("measure == 'sharpness'")
    _, work = ledger(ran, "measure_invariance", "SB", "seed0.csv")
    evaluations = 4 + gradients_of(searches)
    # The moments once; for each form two logits and the pairs of the mean rise.
    losses = 1 + 4 * (2 + 1 + 2 * 4)
    assert work == Work(evaluations, 64 * losses, 64 * evaluations)
    planned = planned_work.planned(ran[1], {"rule": "measure_invariance"})
    assert planned.train_losses == losses
    assert len(searches) == sum(planned.searches.values())


def test_a_curve_counts_what_it_evaluates(ran):
    rows = pd.read_csv(ran[0].directory / "results/curve/N1/SB/seed0.csv")
    _, work = ledger(ran, "measure_curve", "SB", "seed0.csv")
    # In each box one search begins at the minimum, which is known.
    evaluations = 1 + rows["evaluations"].sum() - len(rows)
    assert work == Work(evaluations, 0, 64 * evaluations)


def test_curvature_counts_its_products(ran):
    rows = pd.read_csv(ran[0].directory / "results/curvature/N1/SB/seed0.csv")
    _, work = ledger(ran, "measure_curvature", "SB", "seed0.csv")
    hessian, gauss_newton = rows.iloc[0][["hessian_products", "gauss_newton_products"]]
    assert work == Work(0, 64 * gauss_newton, 64 * (2 * hessian + gauss_newton))
    planned = planned_work.planned(ran[1], {"rule": "measure_curvature"})
    assert hessian <= planned.hessian_products
    assert gauss_newton <= planned.gauss_newton_products
    _, work = ledger(ran, "measure_spectral_density", "SB", "seed0.csv")
    job = {"rule": "measure_spectral_density", "network": "N1"}
    assert work == planned_work.of_measuring(ran[1], job) == Work(0, 0, 2 * 64 * 10)


def test_costs_are_summed_by_rule_and_network(ran):
    rows = table(ran, "cost").set_index("rule")
    assert rows["jobs"].to_dict() == {
        "prepare_dataset": 1,
        "choose_compilation": 1,
        "train": 6,
        "measure_sharpness": 6,
        "measure_average_sharpness": 6,
        "measure_matched": 6,
        "measure_interpolation": 4,
        "measure_invariance": 4,
        "measure_curve": 6,
        "measure_curvature": 6,
        "measure_spectral_density": 6,
        "measure_noise_scale": 6,
        "measure_surface": 1,
        "measure_barriers": 3,
    }
    updates = table(ran, "runs")["updates"].sum()
    assert rows.loc["train", "gradient_evaluations"] == updates
    assert rows.loc["measure_interpolation", "forward_examples"] == 4 * 2 * 4 * (
        64 + 32
    )
    assert (rows["seconds"] > 0).all()
    assert rows["peak_mb"].between(20, 20_000).all()
    assert set(rows["device"]) <= {"CPU", "GPU"}


def test_a_checkpoint_says_what_made_it(ran):
    study, config = ran
    path = study.directory / "results/train/N1/LB/seed1/final.weights.h5"
    with h5py.File(path) as file:
        made = dict(file.attrs)
    assert (made["network"], made["regime"], made["seed"]) == ("N1", "LB", 1)
    assert made["threads"] == 1
    assert len(made["config_digest"]) == 16
    for package in ("keras", config["backend"], "numpy", "python"):
        assert f"{package} " in made["versions"]


def test_another_process_trains_to_the_same_bytes(ran, tmp_path):
    study, config = Study(tmp_path / "again"), ran[1]
    shutil.copytree(ran[0].directory, study.directory, dirs_exist_ok=True)
    path = study.directory / "results/train/N1/SB/seed0/final.weights.h5"
    before, finished = path.read_bytes(), path.stat().st_mtime
    done = study.run(config, "--force", str(path.relative_to(study.directory)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.stat().st_mtime > finished
    assert path.read_bytes() == before


def test_a_preview_of_a_finished_study_is_empty(ran):
    study, config = ran
    assert "Nothing would run" in study.preview(config)


def test_a_preview_knows_what_is_finished_and_what_it_took(ran):
    study, config = ran[0], json.loads(json.dumps(ran[1]))
    config["study"] |= {"networks": ["N1", "N2"], "seeds": [0, 1, 5]}
    text = study.preview(config)
    assert counts_of_preview(text) == study.counts(config)
    rates = {
        (row["rule"], row["network"], row["rate"]) for row in rows_of_preview(text)
    }
    assert ("train", "N1", "own") in rates
    assert ("measure_interpolation", "N1", "own") in rates
    assert ("train", "N2", "stored") in rates


def test_logs_have_a_line_an_epoch(ran):
    text = (ran[0].directory / "results/logs/train/N1_SB_seed0.log").read_text()
    assert "epoch 1/2" in text
    assert "examples/s" in text
    assert "s left" in text


def test_the_report_holds_every_item(ran):
    study, config = ran
    done = study.run(config, "--report", "report.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(study.directory / "report.zip") as archive:
        names = archive.namelist()
        page = archive.read(next(n for n in names if n.endswith("report.html")))
    assert b"What batch size does to a network" in page
    assert b'src="http' not in page
    charts = (
        "sharpness_N1.svg",
        "interpolation_N1_SB_LB.html",
        "performance_model_N1.svg",
    )
    for item in (*charts, "accuracy", "claims", "performance_model.html"):
        assert any(item in name for name in names), names


def open_offline(page, folder, *flags):
    """Open `page` in a browser without a network; return what it prints."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs Chromium")
    command = [
        *(browser, "--headless", "--no-sandbox", "--disable-gpu"),
        *("--disable-background-networking", "--disable-component-update"),
        "--host-resolver-rules=MAP * ~NOTFOUND",
        *(f"--user-data-dir={folder}", *flags, page.as_uri()),
    ]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True
    ).stdout


@pytest.mark.parametrize(
    "chart",
    [
        *("training_N1", "sharpness_N1", "anatomy_N1", "curve_N1"),
        *("interpolation_N1_SB_LB", "performance_model_N1"),
        *("surface_N1_SB_LB_1", "barriers_N1_SB_LB", "point_and_box_N1"),
    ],
)
def test_a_chart_draws_itself_offline(ran, tmp_path, chart):
    page, picture = (
        ran[0].directory / f"results/charts/{chart}.html",
        tmp_path / "a.png",
    )
    open_offline(page, tmp_path, f"--screenshot={picture}", "--window-size=1000,500")
    assert picture.stat().st_size > 10_000  # a blank page takes 2 kB


def test_the_report_opens_offline(ran, tmp_path):
    study, config = ran
    done = study.run(config, "--report", "whole.html")
    assert done.returncode == 0, done.stdout + done.stderr
    page = study.directory / "whole.html"
    text = open_offline(page, tmp_path, "--dump-dom", "--virtual-time-budget=5000")
    for part in ("<strong>What batch size", "Parametric plots", "Training curves"):
        assert part in text


@pytest.mark.parametrize("damage", ["missing", "corrupt"])
def test_a_bad_raw_file_stops_the_study_with_a_sentence(tmp_path, config, damage):
    study = Study(tmp_path, forked=False)  # no job gets as far as Keras
    path = study.directory / "raw/tiny/train-labels-idx1-ubyte.gz"
    path.unlink() if damage == "missing" else path.write_bytes(b"damaged")
    done = study.run(config)
    assert done.returncode != 0
    text = done.stdout + done.stderr
    sha256 = config["datasets"]["tiny"]["files"][path.name]
    assert path.name in text
    assert sha256 in text
    assert not (study.directory / "results/data/tiny.h5").exists()
