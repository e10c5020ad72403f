"""What the paper's search, ours and a longer one find of each run."""

import pandas as pd
import pytest

from examples import SEARCHED_LONGER
from sharpminima.tables.summaries.protocols import by_protocol

COLUMNS = ["paper", "searches", "reference", "percent_below"]


def test_every_run_has_all_three_beside_each_other():
    runs = by_protocol(SEARCHED_LONGER).set_index(["regime", "seed"])[COLUMNS]
    assert runs.loc[("SB", 0)].tolist() == pytest.approx([4.0, 5.0, 8.0, 50.0])
    assert runs.loc[("LB", 0)].tolist() == pytest.approx([90.0, 95.0, 100.0, 10.0])
    assert runs.loc[("LB", 1)].tolist() == pytest.approx([160.0, 190.0, 400.0, 60.0])
    assert runs.loc[("LB", 2)].isna().all()


def test_other_spaces_do_not_count():
    rows = SEARCHED_LONGER.assign(sharpness=9e9, space="adaptive")
    both = by_protocol(pd.concat([rows, SEARCHED_LONGER], ignore_index=True))
    assert both.equals(by_protocol(SEARCHED_LONGER))


def test_without_the_papers_search_nothing_is_below():
    rows = SEARCHED_LONGER[SEARCHED_LONGER["start"] != "zero"]
    runs = by_protocol(rows)
    assert runs[["paper", "percent_below"]].isna().all(axis=None)
    assert runs["searches"].tolist()[:3] == [5.0, 95.0, 190.0]
