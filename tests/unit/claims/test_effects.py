"""Effects that the claims' verdicts do not show: sizes, edges, what is compared."""

import numpy as np
import pandas as pd
import pytest

from sharpminima.claims import effects

from .test_claims import PAIR, line, remedied, run, sharpness, sweep, trajectory

SIGNS = [(0, 1)]


def only(table):
    (value,) = table["effect"]
    return value


def test_the_ratio_of_sharpness_is_a_logarithm_for_each_epsilon():
    table = effects.sharpness_ratio(sharpness(SIGNS), PAIR, space="full")
    assert table["effect"].tolist() == [1.0, 1.0]


def test_a_sharpness_of_zero_has_no_ratio():
    tables = sharpness(SIGNS)
    tables["measurements"].loc[0, "sharpness"] = 0.0
    table = effects.sharpness_ratio(tables, PAIR, space="full")
    assert table["effect"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("ratio", "effect"),
    [(3.0, 0.0), (10.0, 0.0), (30.0, np.log10(1 / 3)), (1.0, np.log10(1 / 3))],
)
def test_the_distance_ratio_is_within_its_range_or_outside(ratio, effect):
    rows = pd.DataFrame([{**run("SB", 0), "distance_ratio": ratio}])
    found = effects.distance_ratio({"distances": rows}, PAIR)
    assert only(found) == pytest.approx(effect)


def test_the_barrier_is_above_the_higher_end():
    tables = line(SIGNS, lambda sign: [9, 1, 5, 2, 9])
    assert only(effects.barrier(tables, PAIR)) == 3.0
    assert only(effects.steepness(tables, PAIR)) == (7 - 2) - (7 - 1)


@pytest.mark.parametrize(
    "alphas", [[0.0, 0.5, 1.0, 1.5, 2.0], [-0.4, 0.1, 0.6, 1.1, 1.6]]
)
def test_a_line_that_lacks_a_point_has_no_effect(alphas):
    tables = line(SIGNS, lambda sign: [1, 2, 3, 4, 5])
    rows = tables["interpolation"]
    rows["alpha"] = np.tile(alphas, 2)
    assert np.isnan(only(effects.steepness(tables, PAIR)))


@pytest.mark.parametrize(
    ("threshold", "sign", "accuracy", "sharpness"),
    [
        (64.0, 1, 1.0, 0.5),
        (np.nan, 1, 0.0, 0.0),
        (64.0, -1, -1.0, 0.5 - 1.0),
        (np.nan, -1, -1.0, 0.5 - 1.0),
    ],
)
def test_trends_meet_at_the_threshold_or_in_the_middle(
    threshold, sign, accuracy, sharpness
):
    """Where none was found, what would speak for one counts for nothing."""
    tables = sweep([(0, sign)], threshold=threshold)
    found = effects.accuracy_beyond_threshold(tables, PAIR)
    assert only(found) == pytest.approx(accuracy)
    found = effects.sharpness_beyond_threshold(tables, PAIR)
    assert only(found) == pytest.approx(sharpness)


def test_accuracy_that_rises_up_to_the_threshold_does_not_fall_faster_for_it():
    tables = sweep(SIGNS)
    rows = tables["sweep_runs"]
    rows["test_accuracy"] = 80.0 + np.log2(rows["batch_size"].clip(upper=64))
    found = effects.accuracy_beyond_threshold(tables, PAIR)
    assert only(found) == pytest.approx(0.0)


def test_the_starting_point_does_not_count_in_training():
    tables = trajectory(SIGNS, rises=1)
    assert only(effects.large_gets_sharper(tables, PAIR)) == pytest.approx(1.0)
    assert only(effects.small_gets_flatter(tables, PAIR)) == pytest.approx(-1.0)


def test_the_largest_start_is_an_iterates_sharpness():
    tables = trajectory(SIGNS, rises=1)
    rows = tables["trajectory"]
    tables["trajectory"] = pd.concat([rows.assign(sharpness=0.1), rows])
    assert only(effects.large_gets_sharper(tables, PAIR)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("variant", "of_large", "found"),
    [
        ("augmentation", "plain", 1),
        ("cosine + augmentation", "cosine", 1),
        ("cosine + augmentation", "plain", 0),
        ("augmentation + stability", "plain", 0),
        ("plain", "augmentation", 0),
        ("augmentation", "augmentation", 0),
        ("plain", "plain", 0),
    ],
)
def test_a_remedy_is_all_that_may_differ(variant, of_large, found):
    tables = remedied(SIGNS, lambda sign: 91.0, variant)
    rows = tables["runs"]
    rows.loc[rows["regime"] == "LB", "variant"] = of_large
    table = effects.gained_test_accuracy(tables, PAIR, remedy="augmentation")
    assert table["effect"].tolist() == [1.0] * found


@pytest.mark.parametrize("column", ["batch_size", "learning_rate"])
def test_a_remedy_with_another_setting_is_not_compared(column):
    tables = remedied(SIGNS, lambda sign: 91.0, "augmentation")
    rows = tables["runs"]
    rows.loc[rows["regime"] == "LB-better", column] *= 2
    assert effects.gained_test_accuracy(tables, PAIR, remedy="augmentation").empty


def test_runs_without_a_variant_have_no_remedy():
    tables = remedied(SIGNS, lambda sign: 91.0, "augmentation")
    tables["runs"] = tables["runs"].drop(columns="variant")
    assert effects.gained_test_accuracy(tables, PAIR, remedy="augmentation").empty


def test_a_gain_is_a_share_of_the_error():
    tables = remedied(SIGNS, lambda sign: 91.0, "stability")
    found = effects.missing_gain(tables, PAIR, remedy="stability")
    assert only(found) == pytest.approx(5.0 - 10.0)
