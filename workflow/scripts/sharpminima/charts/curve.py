"""Sharpness against epsilon, one line per run, beside that of a quadratic."""

from collections.abc import Iterable, Sequence

import altair as alt
import numpy as np
import pandas as pd

from sharpminima.charts import style
from sharpminima.tables.summaries.curves import crossings, means_of_pair

GREY = "#666666"
# Lines begin at the smallest epsilon, not at the power of ten below it.
SCALE = alt.Scale(type="log", nice=False, padding=8)


def draw(
    rows: pd.DataFrame, regimes: list[str], pairs: Iterable[Sequence[str]]
) -> alt.VConcatChart:
    """Return one panel for each space of one network.

    A dashed line grows like epsilon^2. A dotted rule marks where the order of a pair of
    regimes changes, by their geometric means over the seeds.

    Args:
        rows: One row per run, space and epsilon, as the rule `measure_curve` writes it.
        regimes: The regimes, in the order of their colours.
        pairs: Two regimes each, such as `["SB", "LB"]`.
    """
    means = [means_of_pair(rows, *pair) for pair in pairs]
    panels, changes = [], 0
    for space, runs in rows[rows["sharpness"] > 0].groupby("space", sort=False):
        layers = [*_quadratic(runs), _runs(runs, regimes)]
        for curves in means:
            crossed = crossings(curves.xs(space, level="space"))
            layers += _rules(crossed["epsilon"])
            changes += len(crossed)
        panels.append(alt.layer(*layers, title=style.heading(style.SPACES[space])))
    order = "dotted: the order changes here" if changes else "the order changes nowhere"
    compared = any(curves["ratio_mean"].notna().any() for curves in means)
    missing = style.not_drawn(rows["sharpness"])
    title = style.title(rows, "sharpness against ε", order if compared else "", missing)
    return alt.vconcat(*panels).properties(title=title)


def _at():
    return alt.X("epsilon:Q", title="ε", scale=SCALE, axis=style.LOG_AXIS)


def _runs(rows, regimes):
    """Return a line for each run, with a point for each epsilon."""
    chart = alt.Chart(rows, width=style.WIDTH, height=style.HEIGHT).encode(
        x=_at(),
        y=alt.Y("sharpness:Q", **style.Y_AXES["sharpness"]),
        color=style.by_regime(regimes, legend=alt.Legend(orient="top", title=None)),
        detail="seed:N",
        tooltip=["regime", "seed", "epsilon", "sharpness"],
    )
    return chart.mark_line(strokeWidth=1.2, opacity=0.8, point={"size": 12})


def _quadratic(rows):
    """Return a line of exponent 2 from the lowest point on the left, and its name."""
    left = rows[rows["epsilon"] == rows["epsilon"].min()]
    start, lowest = left["epsilon"].iloc[0], left["sharpness"].min()
    # It ends where it would leave the panel, on the right or at the top.
    right, top = rows["epsilon"].max() / start, rows["sharpness"].max() / lowest
    longest = min(right, np.sqrt(top))
    # The name stands below the line, two thirds of the way up.
    factors = longest ** np.array([0.0, 2.0 / 3.0, 1.0])
    points = {"epsilon": start * factors, "sharpness": lowest * factors**2}
    line = alt.Chart(pd.DataFrame(points)).encode(x=_at(), y="sharpness:Q")
    name = alt.Chart(pd.DataFrame(points).iloc[[1]]).encode(x=_at(), y="sharpness:Q")
    return (
        line.mark_line(color=GREY, strokeWidth=1, strokeDash=[4, 3]),
        name.mark_text(text="quadratic", color=GREY, align="left", dx=6, dy=6),
    )


def _rules(epsilons):
    """Return a dotted rule at each of `epsilons`, with its value at the bottom."""
    rows = pd.DataFrame(
        {"epsilon": epsilons, "text": [f"ε = {e:.2g}" for e in epsilons]}
    )
    chart = alt.Chart(rows).encode(x=_at())
    rule = chart.mark_rule(color=GREY, strokeDash=[1, 3])
    name = chart.mark_text(color=GREY, align="left", dx=3, y=style.HEIGHT - 7)
    return rule, name.encode(text="text:N")
