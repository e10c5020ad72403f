"""The sharpness of every run by regime; lines join the runs of one seed."""

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.tables.summaries.searches import sharpness_of_runs

# Up to this many names of regimes fit side by side; more are set aslant.
LEVEL_LABELS = 3


def draw(measurements: pd.DataFrame, regimes: list[str]) -> alt.ConcatChart:
    """Return one panel for each space and epsilon of one network.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        regimes: The regimes, in the order of their places and colours.
    """
    values = sharpness_of_runs(measurements)
    # A logarithmic axis cannot show 0; a note says how many values are left out.
    drawn = values[values["sharpness"] > 0]
    axis = alt.Axis(labelAngle=0 if len(regimes) <= LEVEL_LABELS else -45)
    panels = []
    for (space, epsilon), rows in drawn.groupby(["space", "epsilon"], sort=False):
        heading = f"{style.SPACES[space]}, ε = {epsilon:g}"
        chart = alt.Chart(rows, width=130, height=160, title=heading).encode(
            x=alt.X("regime:N", sort=regimes, title=None, axis=axis),
            xOffset=alt.XOffset("seed:N"),
            y=alt.Y("sharpness:Q", **style.Y_AXES["sharpness"]),
        )
        lines = chart.mark_line(color="grey", opacity=0.4, strokeWidth=1).encode(
            detail="seed:N"
        )
        points = chart.mark_point(filled=True, size=45, opacity=0.9).encode(
            color=style.by_regime(regimes, legend=None),
            tooltip=["regime", "seed", "sharpness"],
        )
        panels.append(lines + points)
    note = style.not_drawn(values["sharpness"])
    title = style.title(measurements, "sharpness (Metric 2.1) of every seed", note)
    return alt.concat(*panels, columns=4).properties(title=title)
