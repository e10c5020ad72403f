"""Average-case sharpness is averaged over the runs that did not diverge."""

import pandas as pd
import pytest

from examples import F1, NAN
from sharpminima.tables import average_sharpness


def test_runs_are_averaged_by_regime_and_epsilon():
    columns = ["regime", "seed", "status", "average_rise", "standard_error"]
    rows = pd.DataFrame(
        [
            ("SB", 0, "ceased", 0.25, 0.01),
            ("SB", 1, "ceased", 0.75, 0.02),
            ("LB", 0, "floor", 2.0, 0.1),
            ("LB", 1, "diverged", NAN, NAN),
        ],
        columns=columns,
    ).assign(**F1, batch_size=32, epsilon=1e-3, pairs=50, versions="keras 3")
    rows["average_sharpness"] = 50.0 * rows["average_rise"]
    table = average_sharpness.tabulate(rows).set_index("regime")
    assert table["runs"].to_dict() == {"SB": 2, "LB": 2}
    assert table["diverged"].to_dict() == {"SB": 0, "LB": 1}
    assert table["average_rise_mean"].to_dict() == {"SB": 0.5, "LB": 2.0}
    assert table.loc["SB", "average_rise_std"] == pytest.approx(0.125**0.5)
    assert table["average_sharpness_mean"].to_dict() == {"SB": 25.0, "LB": 100.0}
    assert table["largest_standard_error"].to_dict() == {"SB": 0.02, "LB": 0.1}
