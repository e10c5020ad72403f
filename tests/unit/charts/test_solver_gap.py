"""Each search is a line of what it has found, by the gradients that it spent."""

import pytest

from examples import NAN, SEARCHED_LONGER, data_of
from sharpminima.charts import solver_gap

CHART = solver_gap.draw(SEARCHED_LONGER, ["SB", "LB"])
NAMES = solver_gap.NAMES


def line(seed, *search):
    """Return the steps of one search of LB: gradients and values."""
    rows = data_of(CHART)
    rows = rows[(rows["regime"] == "LB") & (rows["seed"] == seed)]
    rows = rows[rows["search"] == NAMES[search]].sort_values("gradients")
    return rows["gradients"].tolist(), rows["sharpness"].tolist()


def test_a_search_begins_with_its_first_gradient():
    gradients, values = line(0, "lbfgsb", "zero")
    assert gradients == list(range(1, 11))
    assert values == pytest.approx([10.0 * i for i in range(10)])


def test_a_search_that_goes_on_begins_where_the_other_ends():
    assert line(1, "sign", "lbfgsb") == ([10, 11, 12], [179.0, 179.5, 180.0])


def test_a_line_keeps_its_ends_and_the_steps_between():
    assert line(0, "sign", "corner") == ([1, 4], [93.0, 93.0])
    assert line(0, "reference", "corners") == ([1, 2, 4], [0.0, 1.0, 100.0])


def test_each_regime_is_a_panel_that_tells_its_gap():
    panels = CHART.to_dict()["vconcat"]
    assert [panel["title"]["text"] for panel in panels] == [
        "SB, ε = 0.001: the paper's search is 50 % short",
        "LB, ε = 0.001: the paper's search is 10 to 60 % short",
    ]
    title = CHART.to_dict()["title"]["subtitle"]
    assert title == "3 seeds; 1 seed with a run that diverged"


def test_every_search_has_a_name_in_the_order_of_the_legend():
    (layer, _) = CHART.to_dict()["vconcat"][0]["layer"]
    domain = layer["encoding"]["color"]["scale"]["domain"]
    drawn = ("lbfgsb", "zero"), ("sign", "lbfgsb"), ("sign", "corner")
    assert domain == [NAMES[s] for s in (*drawn, ("reference", "corners"))]
    assert set(data_of(CHART)["search"]) == set(domain)


def test_the_end_of_each_search_is_marked():
    rows = data_of(CHART).query("ends and regime == 'SB'")
    assert sorted(rows["gradients"]) == [4, 4, 10, 12]


def test_without_the_papers_search_there_is_no_gap_to_tell():
    rows = SEARCHED_LONGER[SEARCHED_LONGER["start"] == "corners"]
    panels = solver_gap.draw(rows, ["SB", "LB"]).to_dict()["vconcat"]
    assert [panel["title"]["text"] for panel in panels] == [
        *("SB, ε = 0.001", "LB, ε = 0.001")
    ]


def test_a_single_evaluation_is_a_point():
    """A column of single values is read as numbers, not as text."""
    rows = SEARCHED_LONGER.assign(progress=SEARCHED_LONGER["sharpness"])
    rows["evaluations"] = 1
    chart = solver_gap.draw(rows, ["SB", "LB"])
    assert set(data_of(chart)["gradients"]) == {1}


def test_runs_that_all_diverged_leave_an_empty_chart(tmp_path):
    lost = SEARCHED_LONGER.assign(status="diverged", sharpness=NAN, progress=NAN)
    chart = solver_gap.draw(lost, ["SB", "LB"])
    chart.save(tmp_path / "chart.png")
    assert len(chart.to_dict()["vconcat"]) == 2
