"""What sharpness is made of: a word for each of our values and the paper's."""

import numpy as np
import pandas as pd
import pytest

from examples import NAN, taken_apart
from project import ROOT
from sharpminima.tables import paper
from sharpminima.tables.robustness import anatomy

PAPER = paper.read()
SLOPE = [(0.08, 0.09, 0.01), (0.07, 0.08, 0.02)]  # slope, odd and even of two seeds

# Best searches on SB's runs of a default study, each in one subspace: seed, epsilon,
# slope, odd, even, loss, |g|_2.
MEASURED = [
    (0, 1e-3, 0.013949, 0.014341, 0.0043545, 0.031238, 0.19078),
    (0, 5e-4, 0.0070275, 0.0070568, 0.0010955, 0.031238, 0.19078),
    (1, 1e-3, 0.00089612, 0.00095365, 0.00035773, 0.0015559, 0.013172),
    (1, 5e-4, 0.00045404, 0.00046251, 8.8727e-05, 0.0015559, 0.013172),
    (2, 1e-3, 0.0022207, 0.002161, 0.00055275, 0.0043938, 0.025295),
    (2, 5e-4, 0.0011158, 0.0011054, 0.00012893, 0.0043938, 0.025295),
]


def rows_of(regime, space, parts, power):
    """Return searches at two epsilons: all parts of a rise fall by 2^power."""
    return [
        (regime, seed, space, epsilon, *(np.array(of_seed) * factor))
        for epsilon, factor in ((1e-3, 1.0), (5e-4, 2.0**-power))
        for seed, of_seed in enumerate(parts)
    ]


def ours(*searches, **common):
    table = anatomy.tabulate(taken_apart(*searches, **common), PAPER)
    return table[table["source"] == "this study"].set_index("epsilon")


def papers(table, network, regime):
    """Return the rows of the paper's table, by epsilon."""
    rows = anatomy.tabulate(taken_apart(*rows_of("SB", "full", SLOPE, 1)), PAPER)
    rows = rows[rows["source"] == f"paper, Table {table}"].set_index("epsilon")
    return rows[(rows["network"] == network) & (rows["regime"] == regime)]


def test_a_row_has_the_means_of_the_seeds():
    row = ours(*rows_of("SB", "subspace", SLOPE, 1.0)).loc[1e-3]
    assert (row["runs"], row["diverged"]) == (2, 0)
    assert row["sharpness_mean"] == pytest.approx(10.0)
    assert row["slope_share_mean"] == pytest.approx(0.75)
    assert (row["slope_share_min"], row["slope_share_max"]) == pytest.approx((0.7, 0.8))
    assert row["odd_share_mean"] == pytest.approx(0.85)
    assert row["even_share_mean"] == pytest.approx(0.15)
    assert row["gradient_l2_mean"] == pytest.approx(0.5)
    predicted = 100.0 * 1e-3 * 100 * np.sqrt(2.0 / np.pi) * 0.5
    assert row["slope_prediction_mean"] == pytest.approx(predicted)
    assert row["made_of"] == "slope"


def test_an_exponent_has_an_interval_over_the_seeds():
    searches = [
        ("SB", seed, "full", epsilon, 0.0, 0.0, epsilon**power)
        for seed, power in enumerate((1.8, 2.0, 2.2))
        for epsilon in (1e-3, 5e-4)
    ]
    table = ours(*searches)
    found = table.loc[1e-3, ["exponent_low", "exponent_mean", "exponent_high"]]
    half = 4.302653 * 0.2 / np.sqrt(3.0)
    assert found.tolist() == pytest.approx([2.0 - half, 2.0, 2.0 + half])
    assert np.isnan(table.loc[5e-4, "exponent_mean"])


def test_one_seed_has_an_exponent_without_an_interval_and_a_word():
    table = ours(*rows_of("SB", "full", [(0.0, 0.0, 0.1)], 2.0))
    assert table.loc[1e-3, "exponent_mean"] == pytest.approx(2.0)
    assert np.isnan(table.loc[1e-3, "exponent_low"])
    assert table["made_of"].tolist() == ["curvature", "curvature"]


def test_a_diverged_run_counts_and_has_no_part_in_the_means():
    searches = [*rows_of("SB", "full", SLOPE[:1], 1.0), *rows_of("SB", "full", [], 1.0)]
    lost = [("SB", 1, "full", epsilon, NAN, NAN, NAN) for epsilon in (1e-3, 5e-4)]
    status = ["ceased"] * 2 + ["diverged"] * 2
    row = ours(*searches, *lost, status=status).loc[1e-3]
    assert (row["runs"], row["diverged"]) == (2, 1)
    assert row["slope_share_mean"] == pytest.approx(0.8)
    assert row["exponent_mean"] == pytest.approx(1.0)
    alone = ours(*lost, status="diverged")
    assert alone["made_of"].isna().all()


def test_sb_of_the_default_study_is_slope_in_subspaces_as_its_gradient_predicts():
    """Where the slope's share is above 0.8, the prediction is within 15 %."""
    searches = [("SB", s, "subspace", e, *parts) for s, e, *parts, _, _ in MEASURED]
    *_, losses, gradients = zip(*MEASURED)
    sizes = {"loss_before": losses, "gradient_l2": gradients}
    rows = taken_apart(*searches).assign(**sizes)
    rows["loss_after"] = rows["loss_before"] + rows["odd"] + rows["even"]
    rows["sharpness"] = (
        100.0 * (rows["odd"] + rows["even"]) / (1.0 + rows["loss_before"])
    )
    table = anatomy.tabulate(rows, PAPER).query("source == 'this study'")
    assert table["made_of"].tolist() == ["slope", "slope"]
    row = table.set_index("epsilon").loc[5e-4]
    assert row["slope_share_min"] > 0.8
    ratio = row["slope_prediction_mean"] / row["sharpness_mean"]
    assert ratio == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("slope", "odd", "even", "low", "high", "word"),
    [
        (0.5, 0.5, 0.5, 1.0, 1.5, "slope"),
        (0.9, 0.9, 0.1, 0.1, 0.9, "slope"),
        (0.49, 0.5, 0.5, 0.8, 0.99, "not a power of epsilon"),
        (0.49, 0.5, 0.5, 0.8, 1.01, "curvature"),
        (0.0, 0.0, 1.0, 2.01, 2.5, "beyond the quadratic"),
        (0.0, 0.25, 0.75, 1.9, 2.5, "beyond the quadratic"),
        (0.3, 0.05, 0.95, NAN, NAN, "beyond the quadratic"),
        (0.0, 0.24, 0.76, 1.9, 2.5, "curvature"),
        (0.45, 0.55, 0.45, NAN, NAN, "between slope and curvature"),
        (NAN, NAN, NAN, NAN, NAN, None),
    ],
)
def test_the_parts_decide_the_word(slope, odd, even, low, high, word):
    assert anatomy.made_of_parts(slope, odd, even, low, high) == word


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.1, 0.99, "not a power of epsilon"),
        (0.9, 1.9, "slope"),
        (1.0, 1.0, "slope"),
        (0.9, 2.1, "slope or curvature"),
        (1.1, 1.9, "between slope and curvature"),
        (1.1, 2.1, "curvature"),
        (2.0, 2.0, "curvature"),
        (2.1, 2.2, "beyond the quadratic"),
        (NAN, NAN, None),
    ],
)
def test_the_exponent_alone_decides_the_word(low, high, word):
    assert anatomy.made_of_exponent(low, high) == word


def test_sb_of_the_papers_table_4_is_slope_whatever_the_rounding():
    row = papers(4, "F1", "SB").loc[1e-3]
    found = row[["exponent_low", "exponent_mean", "exponent_high"]].tolist()
    expected = [np.log2(0.105 / 0.055), np.log2(0.11 / 0.05), np.log2(0.115 / 0.045)]
    assert found == pytest.approx(expected)
    assert row["made_of"] == "slope"


def test_lb_of_the_papers_table_4_is_no_power_of_epsilon():
    rows = papers(4, "F1", "LB")
    assert rows["sharpness_mean"].to_dict() == {1e-3: 9.22, 5e-4: 9.17}
    assert rows.loc[1e-3, "exponent_mean"] == pytest.approx(np.log2(9.22 / 9.17))
    assert rows.loc[1e-3, "made_of"] == "not a power of epsilon"


@pytest.mark.parametrize(
    ("table", "network", "regime", "word"),
    [
        (3, "F1", "SB", "slope or curvature"),
        (3, "C1", "SB", "curvature"),
        (3, "C2", "LB", "beyond the quadratic"),
        (3, "C3", "LB", "between slope and curvature"),
        (3, "F2", "SB", "not a power of epsilon"),
    ],
)
def test_the_scatter_of_the_papers_trials_counts(table, network, regime, word):
    """By rounding alone, C1's 28.58 and 7.08 would be above a power of 2."""
    rows = papers(table, network, regime)
    assert rows.loc[1e-3, "made_of"] == word
    assert rows["made_of"].isna().to_dict() == {1e-3: False, 5e-4: True}


def test_the_paper_prints_two_decimals():
    text = pd.read_csv(ROOT / "workflow/resources/keskar2017/tables.csv", dtype=str)
    printed = text.loc[text["table"].isin(["3", "4"]), ["mean", "std"]].stack()
    assert (printed.str.partition(".")[2].str.len() == 2).all()
