"""Aggregation: means over sound runs, counts of all, the paper beside its own."""

import numpy as np
import pandas as pd
import pytest

from examples import F1, SEARCHES
from sharpminima.tables import averages, paper

NAN = float("nan")
PAPER = paper.read()


def outcomes(*runs, **common):
    """Return run rows from `(regime, seed, status, test accuracy)`."""
    rows = [
        {
            **F1,
            "regime": regime,
            "seed": seed,
            "batch_size": {"SB": 256, "LB": 6000}[regime],
            "status": status,
            "epochs": 10,
            "test_accuracy": accuracy,
            "train_accuracy": 100.0,
            "train_loss": 0.1,
            "test_loss": 0.2,
            "versions": "keras 3.15.1",
            **common,
        }
        for regime, seed, status, accuracy in runs
    ]
    return pd.DataFrame(rows)


def accuracy(*runs, **common):
    rows = outcomes(*runs, **common)
    table = averages.summarise_accuracy(rows, PAPER)
    return table.set_index("regime")


def test_mean_and_sample_deviation_over_the_seeds():
    row = accuracy(("SB", 0, "ceased", 97.0), ("SB", 1, "ceased", 99.0)).loc["SB"]
    assert (row["runs"], row["test_accuracy_mean"]) == (2, 98.0)
    assert row["test_accuracy_std"] == pytest.approx(2**0.5)


def test_one_run_has_no_deviation():
    row = accuracy(("SB", 0, "ceased", 97.0)).loc["SB"]
    assert np.isnan(row["test_accuracy_std"])


def test_diverged_runs_are_counted_and_not_averaged():
    table = accuracy(
        ("LB", 0, "floor", 97.0),
        ("LB", 1, "diverged", 10.0),
        ("LB", 2, "max_epochs", 99.0),
    )
    row = table.loc["LB"]
    assert (row["runs"], row["diverged"], row["unconverged"]) == (3, 1, 1)
    assert row["test_accuracy_mean"] == 98.0


def test_a_regime_that_only_diverged_has_no_mean():
    table = accuracy(("SB", 0, "ceased", 97.0), ("LB", 0, "diverged", NAN))
    assert np.isnan(table.loc["LB", "test_accuracy_mean"])
    assert table.loc["LB", "diverged"] == 1


def test_the_papers_values_stand_beside_its_setting():
    table = accuracy(("SB", 0, "ceased", 97.0), ("LB", 0, "floor", 97.0))
    assert table.loc["SB", "paper_test_accuracy_mean"] == 98.03
    assert table.loc["LB", "paper_test_accuracy_std"] == 0.07
    assert table.loc["LB", "paper_train_accuracy_mean"] == 99.92


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "mnist5k"},
        {"learning_rate": 1e-2},
        {"parameters": 7},
        {"train_examples": 4000},
        {"test_examples": 1000},
        {"batch_norm": "moving"},
        {"batch_size": 32},
        {"variant": "sgd"},
    ],
)
def test_another_setting_has_no_paper_beside_it(change):
    table = accuracy(("SB", 0, "ceased", 97.0), **change)
    assert np.isnan(table.loc["SB", "paper_test_accuracy_mean"])


def test_mixed_versions_are_all_named():
    rows = outcomes(("SB", 0, "ceased", 97.0), ("SB", 1, "ceased", 97.0))
    rows.loc[1, "versions"] = "keras 3.16.0"
    table = averages.summarise_accuracy(rows, PAPER)
    assert table.loc[0, "versions"] == "keras 3.15.1 | keras 3.16.0"


def test_a_network_has_one_row():
    rows = outcomes(("SB", 0, "ceased", 97.0), ("LB", 1, "ceased", 97.0))
    table = averages.summarise_networks(rows)
    assert table[["network", "parameters"]].values.tolist() == [["F1", 1_462_794]]


def test_a_study_of_the_full_space_alone_has_its_sharpness():
    rows = SEARCHES[SEARCHES["space"] == "full"]
    table = averages.sharpness_of_runs(rows.drop(columns="subspace_seed"))
    assert table.equals(averages.sharpness_of_runs(rows))


def sharpness_cell(regime, space):
    table = averages.summarise_sharpness(SEARCHES, PAPER)
    return table.set_index(["regime", "space"]).loc[(regime, space)]


def test_a_run_is_as_sharp_as_its_sharpest_start():
    row = sharpness_cell("SB", "full")
    assert (row["runs"], row["diverged"]) == (2, 0)
    assert (row["mean"], row["min"], row["max"]) == (3.0, 2.0, 4.0)
    assert row["std"] == pytest.approx(2**0.5)


def test_subspaces_of_a_run_are_averaged():
    assert sharpness_cell("SB", "subspace")["mean"] == pytest.approx(0.2)


def test_a_diverged_run_has_no_sharpness_but_counts():
    row = sharpness_cell("LB", "full")
    assert (row["runs"], row["diverged"], row["mean"]) == (2, 1, 100.0)


def test_tables_3_and_4_stand_beside():
    assert sharpness_cell("LB", "full")["paper_mean"] == 205.14
    assert sharpness_cell("SB", "subspace")["paper_mean"] == 0.11


def test_every_seed_has_its_ratio():
    table = averages.sharpness_ratios(SEARCHES, [["SB", "LB"]])
    full = table[table["space"] == "full"].set_index("seed")
    assert full.loc[0, "ratio"] == 50.0
    assert np.isnan(full.loc[1, "ratio"])


def test_a_network_without_a_regime_has_no_ratio_of_it():
    own = SEARCHES[SEARCHES["regime"] == "LB"].assign(regime="LB-slow", network="F2")
    searches = pd.concat([SEARCHES, own])
    table = averages.sharpness_ratios(searches, [["SB", "LB"], ["SB", "LB-slow"]])
    assert set(table["network"]) == set(SEARCHES["network"])
    assert set(table["second"]) == {"LB"}


def test_ratios_name_the_versions_behind_them():
    table = averages.sharpness_ratios(SEARCHES, [["SB", "LB"]])
    assert set(table["versions"]) == {"keras 3.15.1"}


def test_versions_that_trained_count_as_well():
    rows = SEARCHES.assign(trained_with="keras 3.14.0 | keras 3.15.1")
    table = averages.summarise_sharpness(rows, PAPER)
    assert set(table["versions"]) == {"keras 3.14.0 | keras 3.15.1"}


@pytest.mark.parametrize(
    "change",
    [
        {"max_iterations": 100},
        {"dimensions": 50},
        {"measure_examples": 2000},
        {"variant": "augmentation"},
    ],
)
def test_another_measure_has_no_paper_beside_it(change):
    table = averages.summarise_sharpness(SEARCHES.assign(**change), PAPER)
    table = table.set_index(["regime", "space"])
    assert np.isnan(table.loc[("SB", "subspace"), "paper_mean"])


def test_distances_are_averaged_over_sound_pairs():
    rows = pd.DataFrame(
        {
            "seed": [0, 1, 2],
            "status": ["ok", "ok", "diverged"],
            "distance_ratio": [4.0, 6, NAN],
        }
    ).assign(
        network="F1",
        dataset="mnist",
        first="SB",
        second="LB",
        first_to_initial=1.0,
        second_to_initial=1.0,
        first_to_second=1.0,
        versions="keras 3.15.1",
    )
    row = averages.summarise_distances(rows).iloc[0]
    assert (row["runs"], row["diverged"], row["distance_ratio_mean"]) == (3, 1, 5.0)


def cost(rule, network, startup, seconds, examples, peak):
    return {
        "rule": rule,
        "network": network,
        "dataset": "mnist",
        "device": "CPU",
        "startup_seconds": startup,
        "seconds": seconds,
        "gradient_evaluations": 1,
        "forward_examples": 0,
        "gradient_examples": examples,
        "flops": examples * 10**9,
        "peak_mb": peak,
    }


def test_costs_are_sums_but_for_the_peak():
    rows = [
        cost("prepare_dataset", None, 1, 2, 0, 90),
        cost("train", "F1", 3, 10, 5, 700),
        cost("train", "F1", 3, 20, 7, 600),
        cost("train", "F2", 3, 40, 9, 100),
    ]
    table = averages.summarise_cost(pd.DataFrame(rows))
    columns = ["rule", "jobs", "seconds", "gradient_examples", "gigaflops", "peak_mb"]
    assert table[columns].values.tolist() == [
        ["prepare_dataset", 1, 3, 0, 0, 90],
        ["train", 2, 36, 12, 12, 700],
        ["train", 1, 43, 9, 9, 100],
    ]
