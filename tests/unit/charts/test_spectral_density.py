"""The chart counts the eigenvalues beyond each node."""

import pandas as pd
import pytest

from examples import IDENTITY, NAN, data_of
from sharpminima.charts import spectral_density

# Two probes of SB, one of LB, and a run that diverged. The network has 100 parameters.
NODES = [
    ("SB", 0, "ceased", 0, 8.0, 0.02),
    ("SB", 0, "ceased", 0, 0.5, 0.9),
    ("SB", 0, "ceased", 0, -2.0, 0.08),
    ("SB", 0, "ceased", 1, 9.0, 0.04),
    ("SB", 0, "ceased", 1, 1e-9, 0.96),
    ("LB", 0, "floor", 0, 0.25, 1.0),
    ("LB", 1, "diverged", 0, NAN, NAN),
]
COLUMNS = ["regime", "seed", "status", "probe", "eigenvalue", "weight"]


def drawn(nodes=NODES):
    rows = pd.DataFrame(nodes, columns=COLUMNS).assign(parameters=100, **IDENTITY)
    return spectral_density.draw(rows, ["SB", "LB"])


def test_a_point_counts_what_is_as_large():
    data = data_of(drawn()).set_index(["regime", "size"])["count"].to_dict()
    expected = {
        ("SB", 9.0): 2.0,
        ("SB", 8.0): 3.0,
        ("SB", 0.5): 48.0,
        ("SB", 2.0): 4.0,  # the negative one
        ("LB", 0.25): 100.0,
    }
    assert data == pytest.approx(expected)


def test_there_are_at_least_as_many_eigenvalues_as_nodes():
    """A probe may hardly see the largest eigenvalue, which Lanczos finds anyway."""
    nodes = [
        ("SB", 0, "ceased", 0, 9.0, 1e-9),
        ("SB", 0, "ceased", 0, 8.0, 1e-9),
        ("SB", 0, "ceased", 1, 7.0, 1e-9),
        ("SB", 0, "ceased", 0, 1.0, 0.5),
    ]
    counts = data_of(drawn(nodes)).set_index("size")["count"].to_dict()
    assert counts == pytest.approx({9.0: 1.0, 8.0: 2.0, 7.0: 2.0, 1.0: 25.0})


def test_there_is_a_panel_for_each_sign_that_occurs():
    titles = [panel["title"]["text"] for panel in drawn().to_dict()["vconcat"]]
    assert titles == ["positive eigenvalues", "negative eigenvalues"]
    (panel,) = drawn([NODES[0]]).to_dict()["vconcat"]
    assert panel["title"]["text"] == "positive eigenvalues"


def test_a_run_that_diverged_is_named():
    assert "1 seed with a run that diverged" in drawn().to_dict()["title"]["subtitle"]
