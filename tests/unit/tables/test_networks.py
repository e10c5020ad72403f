"""Table 1: what each network is."""

from examples import outcomes
from sharpminima.tables.networks import tabulate


def test_a_network_has_one_row():
    rows = outcomes(("SB", 0, "ceased", 97.0), ("LB", 1, "ceased", 97.0))
    table = tabulate(rows)
    assert table[["network", "parameters"]].values.tolist() == [["F1", 1_462_794]]
