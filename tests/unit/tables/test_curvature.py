"""Curvature is averaged over the runs that did not diverge."""

import pandas as pd
import pytest

from examples import F1, NAN
from sharpminima.tables import curvature

COLUMNS = ["regime", "seed", "status", "layer", "largest_eigenvalue", "trace"]
COLUMNS += ["smallest_eigenvalue", "smallest_residual"]


def tabulated(*runs):
    rows = pd.DataFrame(runs, columns=COLUMNS).assign(**F1, batch_size=32)
    rows = rows.assign(
        gauss_newton_eigenvalue=2.0 * rows["largest_eigenvalue"],
        frobenius_norm=3.0 * rows["largest_eigenvalue"],
        gauss_newton_share=0.25 * rows["seed"],
        largest_residual=0.1 + rows["seed"],
        trace_standard_error=1.0 + rows["seed"],
        versions="keras 3",
    )
    return curvature.tabulate(rows).set_index("regime")


TABLE = tabulated(
    ("SB", 0, "ceased", "all", 1.0, 10.0, -0.5, 0.1),
    ("SB", 0, "ceased", "dense", NAN, 7.0, NAN, NAN),
    ("SB", 1, "ceased", "all", 4.0, 40.0, -0.5, 0.6),
    ("LB", 0, "floor", "all", 2.0, -1.0, 0.3, 0.1),
    ("LB", 1, "diverged", "all", NAN, NAN, NAN, NAN),
)


def test_runs_are_averaged_by_regime_without_their_layers():
    assert TABLE["runs"].to_dict() == {"SB": 2, "LB": 2}
    assert TABLE["diverged"].to_dict() == {"SB": 0, "LB": 1}
    means = TABLE["largest_eigenvalue_mean"].to_dict()
    assert means == pytest.approx({"SB": 2.0, "LB": 2.0})
    for name, factor in (("gauss_newton_eigenvalue", 2.0), ("frobenius_norm", 3.0)):
        assert TABLE.loc["SB", f"{name}_mean"] == pytest.approx(factor * 2.0)
    assert TABLE.loc["SB", "trace_mean"] == pytest.approx(20.0)
    assert TABLE.loc["SB", "gauss_newton_share_mean"] == 0.125


def test_only_what_lies_beyond_its_residual_speaks_against_a_minimum():
    assert TABLE["no_minimum"].to_dict() == {"SB": 1, "LB": 0}
    assert TABLE["smallest_eigenvalue_min"].to_dict() == {"SB": -0.5, "LB": 0.3}


def test_the_largest_errors_are_relative_to_their_values():
    residuals = TABLE["largest_relative_residual"].to_dict()
    assert residuals == pytest.approx({"SB": 1.1 / 4.0, "LB": 0.05})
    errors = TABLE["largest_relative_error"].to_dict()
    assert errors == pytest.approx({"SB": 0.1, "LB": 1.0})
