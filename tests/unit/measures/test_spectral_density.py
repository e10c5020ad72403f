"""The spectral density has the moments of the eigenvalues."""

import numpy as np
import pytest

from sharpminima.measures import spectral_density

N = 400
VALUES = np.concatenate([np.linspace(-1.0, 1.0, 390), np.full(10, 5.0)])
SETTINGS = {"probes": 20, "products": 15}


def nodes(**changes):
    given = lambda v: VALUES * v, N, SETTINGS | changes, 0
    return list(spectral_density.measure(*given))


def test_a_probe_has_the_weight_of_the_whole_spectrum():
    found = nodes()
    assert len(found) == 20 * 15
    for probe in range(20):
        of_probe = [node for node in found if node["probe"] == probe]
        assert sum(node["weight"] for node in of_probe) == pytest.approx(1.0)
        values = [node["eigenvalue"] for node in of_probe]
        assert values == sorted(values)


def test_moments_are_those_of_the_eigenvalues():
    """The mean over probes, within four of its own errors."""
    for power in (1, 2, 3):
        moments = np.zeros(20)
        for node in nodes():
            moments[node["probe"]] += node["weight"] * node["eigenvalue"] ** power
        error = moments.std(ddof=1) / np.sqrt(20)
        assert abs(moments.mean() - np.mean(VALUES**power)) < 4.0 * error
        assert error < 0.3 * np.mean(np.abs(VALUES**power))


def test_outliers_have_their_share_of_the_weight():
    weights = [n["weight"] for n in nodes(probes=60) if n["eigenvalue"] > 4.0]
    assert sum(weights) / 60 == pytest.approx(10 / N, rel=0.2)


def test_probes_differ_and_the_same_seed_draws_the_same():
    assert nodes(probes=2) == nodes(probes=2)
    first, second = ([n for n in nodes(probes=2) if n["probe"] == p] for p in (0, 1))
    assert first[3]["eigenvalue"] != second[3]["eigenvalue"]


def test_a_diverged_run_has_the_same_columns_without_values():
    (row,) = spectral_density.not_measured()
    assert list(row) == list(nodes()[0])
    assert np.isnan([row["eigenvalue"], row["weight"]]).all()


def test_a_plan_counts_the_products():
    planned = spectral_density.planned({"spectral_density": SETTINGS}, {})
    assert (planned.hessian_products, planned.vectors) == (300, 15)
