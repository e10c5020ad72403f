"""Average-case sharpness is averaged over the runs that did not diverge."""

import numpy as np
import pandas as pd
import pytest

from examples import F1, NAN
from sharpminima.tables import average_sharpness


def tabulated(*runs):
    columns = ["regime", "seed", "status", "average_rise", "standard_error"]
    rows = pd.DataFrame(runs, columns=columns).assign(**F1, batch_size=32)
    rows = rows.assign(epsilon=1e-3, pairs=50, versions="keras 3")
    rows["average_sharpness"] = 50.0 * rows["average_rise"]
    return average_sharpness.tabulate(rows).set_index("regime")


def test_runs_are_averaged_by_regime_and_epsilon():
    table = tabulated(
        ("SB", 0, "ceased", 0.25, 0.01),
        ("SB", 1, "ceased", 0.75, 0.02),
        ("LB", 0, "floor", 2.0, 0.1),
        ("LB", 1, "diverged", NAN, NAN),
    )
    assert table["runs"].to_dict() == {"SB": 2, "LB": 2}
    assert table["diverged"].to_dict() == {"SB": 0, "LB": 1}
    rises = {"SB": 0.1875**0.5, "LB": 2.0}
    assert table["average_rise_mean"].to_dict() == pytest.approx(rises)
    means = table["average_sharpness_mean"]
    assert means.to_dict() == pytest.approx({r: 50.0 * rises[r] for r in rises})
    assert table["average_sharpness_max"].to_dict() == {"SB": 37.5, "LB": 100.0}
    assert table["largest_standard_error"].to_dict() == {"SB": 0.02, "LB": 0.1}


def test_a_fall_of_the_loss_has_no_geometric_mean_but_shows():
    runs = [("SB", seed, "ceased", rise, 0.1) for seed, rise in enumerate((-0.1, 0.4))]
    row = tabulated(*runs).loc["SB"]
    assert np.isnan(row["average_sharpness_mean"])
    assert (row["average_sharpness_min"], row["average_sharpness_max"]) == (-5.0, 20.0)
