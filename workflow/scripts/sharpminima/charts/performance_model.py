"""When large batches pay: I_l / I_s against B_l / B_s (the paper's appendix C)."""

import altair as alt
import pandas as pd

from sharpminima.charts import style


def draw(
    table: pd.DataFrame, outcomes: pd.DataFrame, parallel_efficiency: list[float]
) -> alt.LayerChart:
    """Return a point for each run with a larger batch, and a line for each f_s(P).

    Below a line LB trains faster than SB, where SB has that parallel efficiency.

    Args:
        table: The performance model (see `tables.performance_model`), of one network.
        outcomes: The runs behind it, for the title.
        parallel_efficiency: Values of f_s(P), above 0 and at most 1.
    """
    table = table.assign(batch_ratio=1.0 / table["bound"])
    drawn = table.dropna(subset="iterations_ratio")
    missing = len(table) - len(drawn)
    note = f"not drawn: {style.counted(missing, 'run')}, target not reached"
    title = style.title(outcomes, "when LB pays", note if missing else "")
    columns = ["second", "seed", "batch_ratio", "iterations_ratio"]
    # Types are named: Altair cannot tell them from a table without rows.
    tooltip = ["second:N", "seed:N", "batch_ratio:Q", "iterations_ratio:Q"]
    points = (
        alt.Chart(drawn[columns])
        .mark_point(filled=True, size=45, opacity=0.9, color=style.VERMILION)
        .encode(*_axes("iterations_ratio"), tooltip=tooltip)
    )
    bounds = _bounds(drawn["batch_ratio"].max(), parallel_efficiency)
    return alt.layer(*bounds, points).properties(
        title=title, width=style.WIDTH * 1.5, height=style.HEIGHT * 1.5
    )


def _bounds(largest, parallel_efficiency):
    """Return the lines B_s / (f_s(P) B_l), and their names."""
    # The largest ratio is NaN where no run is drawn.
    ends = (1.0, 2.0 * largest if largest > 1.0 else 10.0)
    rows = pd.DataFrame(
        {"batch_ratio": x, "bound": 1.0 / (f * x), "text": f"f = {f:g}"}
        for f in parallel_efficiency
        for x in ends
    )
    chart = alt.Chart(rows).encode(*_axes("bound"), detail="text:N")
    names = alt.Chart(rows[rows["batch_ratio"] == ends[1]]).encode(*_axes("bound"))
    return (
        chart.mark_line(color="grey", strokeWidth=1.2),
        names.mark_text(align="left", dx=4, color="grey").encode(text="text:N"),
    )


def _axes(y):
    scale = alt.Scale(type="log", nice=False)
    return (
        alt.X("batch_ratio:Q", title="batch size, LB / SB", scale=scale),
        alt.Y(f"{y}:Q", title="iterations, LB / SB", scale=scale, axis=style.LOG_AXIS),
    )
