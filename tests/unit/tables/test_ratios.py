"""Ratios of sharpness, seed by seed."""

import numpy as np
import pandas as pd

from examples import SEARCHES
from sharpminima.tables import ratios


def test_every_seed_has_its_ratio():
    table = ratios.tabulate(SEARCHES, [["SB", "LB"]])
    full = table[table["space"] == "full"].set_index("seed")
    assert full.loc[0, "ratio"] == 50.0
    assert np.isnan(full.loc[1, "ratio"])


def test_a_network_without_a_regime_has_no_ratio_of_it():
    own = SEARCHES[SEARCHES["regime"] == "LB"].assign(regime="LB-slow", network="F2")
    searches = pd.concat([SEARCHES, own])
    table = ratios.tabulate(searches, [["SB", "LB"], ["SB", "LB-slow"]])
    assert set(table["network"]) == set(SEARCHES["network"])
    assert set(table["second"]) == {"LB"}


def test_ratios_name_the_versions_behind_them():
    table = ratios.tabulate(SEARCHES, [["SB", "LB"]])
    assert set(table["versions"]) == {"keras 3.15.1"}
