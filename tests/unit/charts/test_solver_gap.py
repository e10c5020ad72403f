"""Each search is a line of what it has found, by the gradients that it spent."""

import pytest

from examples import NAN, SEARCHED_LONGER, data_of, fields
from sharpminima.charts import solver_gap

CHART = solver_gap.draw(SEARCHED_LONGER, ["SB", "LB"])
NAMES = solver_gap.NAMES
OF_SB = SEARCHED_LONGER[SEARCHED_LONGER["regime"] == "SB"]


def line(regime, seed, *search, chart=CHART):
    """Return the steps of one search: gradients and values."""
    rows = data_of(chart)
    rows = rows[(rows["regime"] == regime) & (rows["seed"] == seed)]
    rows = rows[rows["search"] == NAMES[search]].sort_values("gradients")
    return rows["gradients"].tolist(), rows["sharpness"].tolist()


def test_each_evaluation_of_a_search_spends_a_gradient():
    """The first one finds 0, which no logarithmic axis has."""
    gradients, values = line("LB", 0, "lbfgsb", "zero")
    assert gradients == list(range(2, 11))
    assert values == pytest.approx([10.0 * i for i in range(1, 10)])


def test_a_search_that_goes_on_begins_where_the_other_ends():
    assert line("LB", 1, "sign", "lbfgsb") == ([10, 11, 12], [179.0, 179.5, 180.0])


def test_a_line_keeps_its_ends_and_the_steps_between():
    assert line("LB", 0, "sign", "corner") == ([1, 4], [93.0, 93.0])
    assert line("SB", 0, "reference", "corners") == ([2, 4], [1.0, 8.0])


def test_a_line_begins_at_a_tenth_of_the_lowest_end_of_its_panel():
    """The lowest end of LB is 90, and 3 of SB, where the reference finds nothing."""
    assert line("LB", 0, "reference", "corners") == ([4], [100.0])
    progress = ["0.2 4", "4 5", "0.29 0.31 3", "0 0"]
    chart = solver_gap.draw(OF_SB.assign(progress=progress), ["SB"])
    assert line("SB", 0, "sign", "corner", chart=chart) == ([2, 3], [0.31, 3.0])
    assert line("SB", 0, "lbfgsb", "zero", chart=chart) == ([2], [4.0])
    assert line("SB", 0, "reference", "corners", chart=chart) == ([], [])


def test_what_a_search_has_found_stays_until_it_finds_more():
    for panel in CHART.to_dict()["vconcat"]:
        lines, points = panel["layer"]
        assert lines["mark"]["interpolate"] == "step-after"
        for layer in (lines, points):
            assert fields(layer["encoding"]) == {
                **{"x": "gradients", "y": "sharpness"},
                **{"color": "search", "detail": "seed"},
            }
            for axis in "xy":
                assert layer["encoding"][axis]["scale"]["type"] == "log"


def test_the_papers_searches_are_drawn_above_all_others():
    chart = CHART.to_dict()
    for panel in chart["vconcat"]:
        rows = chart["datasets"][panel["data"]["name"]]
        drawn = list(dict.fromkeys(row["search"] for row in rows))
        assert drawn == [name for name in reversed(NAMES.values()) if name in drawn]
        assert drawn[-1] == NAMES["lbfgsb", "zero"]


def test_each_regime_is_a_panel_that_tells_its_gap():
    headings = [panel["title"] for panel in CHART.to_dict()["vconcat"]]
    assert [(heading["text"], heading["subtitle"]) for heading in headings] == [
        ("SB, ε = 0.001", "the paper's search is 50 % short"),
        ("LB, ε = 0.001", "the paper's search is 10 to 60 % short"),
    ]
    title = CHART.to_dict()["title"]["subtitle"]
    assert title == ["3 seeds", "1 seed with a run that diverged"]


@pytest.mark.parametrize(
    ("paper", "percent"),
    [(99.394, "0.61"), (43.2, "57"), (86.96, "13"), (0.04, "100"), (100.0, "0")],
)
def test_a_gap_has_two_significant_digits(paper, percent):
    rows = OF_SB.assign(sharpness=[paper, 99.0, 99.0, 100.0])
    (panel,) = solver_gap.draw(rows, ["SB"]).to_dict()["vconcat"]
    assert panel["title"]["subtitle"] == f"the paper's search is {percent} % short"


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
    assert [panel["title"]["subtitle"] for panel in panels] == ["", ""]


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
