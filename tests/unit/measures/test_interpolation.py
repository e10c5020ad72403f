"""Paths between minima, and distances."""

import numpy as np
import pytest

from sharpminima.measures import interpolation

START, END = np.array([1.0, 0.0]), np.array([0.0, 3.0])


def points(path, alphas):
    def measures(weights, shares):
        assert shares[0] + shares[1] == pytest.approx(1.0)
        return {"x": weights[0] * START + weights[1] * END}

    rows = interpolation.plots(measures, alphas)
    return {row["alpha"]: row["x"] for row in rows if row["path"] == path}


@pytest.mark.parametrize("path", ["linear", "curvilinear"])
def test_both_paths_pass_through_both_minima(path):
    at = points(path, [0.0, 1.0])
    np.testing.assert_allclose(at[0.0], START, atol=1e-15)
    np.testing.assert_allclose(at[1.0], END, atol=1e-15)


def test_the_line_is_straight_and_goes_beyond():
    at = points("linear", [-1.0, 0.5, 2.0])
    np.testing.assert_allclose(at[0.5], [0.5, 1.5])
    np.testing.assert_allclose(at[-1.0], [2.0, -3.0])
    np.testing.assert_allclose(at[2.0], [-1.0, 6.0])


def test_the_curve_keeps_the_length_between_orthogonal_ends():
    at = points("curvilinear", [0.5, 2.0])
    np.testing.assert_allclose(at[0.5], np.array([1.0, 3.0]) / np.sqrt(2))
    np.testing.assert_allclose(at[2.0], [-1.0, 0.0], atol=1e-15)


def test_the_papers_alphas_include_both_minima():
    alphas = interpolation.alphas(start=-1.0, stop=2.0, count=25)
    assert (alphas[8], alphas[16], len(alphas)) == (0.0, 1.0, 25)


def test_there_is_a_row_for_each_path_and_alpha():
    rows = interpolation.plots(lambda _, shares: {"seen": shares[1]}, [0.25, 0.5])
    assert list(rows) == [
        {"path": path, "alpha": alpha, "seen": alpha}
        for path in ("linear", "curvilinear")
        for alpha in (0.25, 0.5)
    ]


def test_distances_and_their_ratio():
    row = interpolation.distances(np.zeros(2), np.array([3.0, 4.0]), np.array([0, 1.0]))
    assert row["first_to_initial"] == 5.0
    assert row["second_to_initial"] == 1.0
    assert row["first_to_second"] == pytest.approx(np.sqrt(18))
    assert row["distance_ratio"] == 5.0
