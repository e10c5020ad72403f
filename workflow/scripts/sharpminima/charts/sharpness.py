"""The sharpness of every run by regime; lines join a seed's runs of a pair."""

from collections.abc import Iterable, Sequence

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.tables.summaries.searches import sharpness_of_runs

# Names of regimes fit side by side up to this many letters, if all were as long as the
# longest. More are set aslant.
LEVEL_LETTERS = 15


def draw(
    measurements: pd.DataFrame, regimes: list[str], pairs: Iterable[Sequence[str]]
) -> alt.ConcatChart:
    """Return one panel for each space and epsilon of one network.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        regimes: The regimes, in the order of their places and colours.
        pairs: Two regimes each, such as `["SB", "LB"]`.
    """
    values = sharpness_of_runs(measurements)
    # A logarithmic axis cannot show 0; a note says how many values are left out.
    drawn = values[values["sharpness"] > 0]
    letters = len(regimes) * max(map(len, regimes))
    axis = alt.Axis(labelAngle=0 if letters <= LEVEL_LETTERS else -45)
    # A regime keeps its place where lines join others, and where it has no value.
    x = alt.X("regime:N", scale=alt.Scale(domain=regimes), title=None, axis=axis)
    panels = []
    for (space, epsilon), rows in drawn.groupby(["space", "epsilon"], sort=False):
        chart = alt.Chart(rows, width=130, height=160).encode(
            x=x,
            xOffset=alt.XOffset("seed:N"),
            y=alt.Y("sharpness:Q", **style.Y_AXES["sharpness"]),
        )
        line = chart.mark_line(color="grey", opacity=0.4, strokeWidth=1)
        of_seed = line.encode(detail="seed:N")
        lines = [
            of_seed.transform_filter(alt.FieldOneOfPredicate("regime", [*pair]))
            for pair in pairs
        ]
        points = chart.mark_point(filled=True, size=45, opacity=0.9).encode(
            color=style.by_regime(regimes, legend=None),
            tooltip=["regime", "seed", "sharpness"],
        )
        heading = style.heading(style.SPACES[space], f"ε = {epsilon:g}")
        panels.append(alt.layer(*lines, points, title=heading))
    note = style.not_drawn(values["sharpness"])
    title = style.title(measurements, "sharpness (Metric 2.1) of every seed", note)
    return alt.concat(*panels, columns=2).properties(title=title)
