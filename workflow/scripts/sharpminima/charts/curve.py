"""Sharpness against epsilon, one line per run, beside the slope of a quadratic."""

from collections.abc import Iterable, Sequence

import altair as alt
import numpy as np
import pandas as pd

from sharpminima.charts import style
from sharpminima.tables.summaries.curves import crossings, means_of_pair

GREY, HEIGHT = "#666666", 1.2 * style.HEIGHT
# Lines begin at the smallest epsilon, not at the power of ten below it.
SCALE = alt.Scale(type="log", nice=False, padding=8)


def draw(
    rows: pd.DataFrame, regimes: list[str], pairs: Iterable[Sequence[str]]
) -> alt.HConcatChart:
    """Return one panel for each space of one network.

    A dashed line grows like epsilon^2. Dotted rules mark where the order of the regimes
    of a pair changes, by their geometric means.

    Args:
        rows: One row per run, space and epsilon, as the rule `measure_curve` writes it.
        regimes: The regimes, in the order of their colours.
        pairs: Two regimes each, such as `["SB", "LB"]`.
    """
    drawn = rows[rows["sharpness"] > 0]
    means = [means_of_pair(rows, *pair) for pair in pairs]
    panels = []
    for space, of_space in drawn.groupby("space", sort=False):
        changes = [crossings(each.xs(space, level="space")) for each in means]
        heading = alt.TitleParams(style.SPACES[space], anchor="start", fontSize=11)
        panel = alt.layer(
            *(_change(epsilons) for epsilons in changes),
            *_quadratic(of_space),
            _runs(of_space, regimes),
        )
        panels.append(
            panel.properties(title=heading, width=style.WIDTH, height=HEIGHT)
        )
    note = style.not_drawn(rows["sharpness"])
    title = style.title(rows, "sharpness against ε", note)
    return alt.hconcat(*panels).properties(title=title)


def _axes(y):
    x = alt.X("epsilon:Q", title="ε", scale=SCALE, axis=style.LOG_AXIS)
    return x, alt.Y(f"{y}:Q", **style.Y_AXES["sharpness"])


def _runs(rows, regimes):
    """Return a line for each run."""
    line = alt.Chart(rows).mark_line(strokeWidth=1.2, opacity=0.8, point={"size": 12})
    return line.encode(
        *_axes("sharpness"),
        color=style.by_regime(regimes),
        detail="seed:N",
        tooltip=["regime", "seed", "epsilon", "sharpness"],
    )


def _quadratic(rows):
    """Return a line of slope 2 with its name, below the curves."""
    smallest = rows[rows["epsilon"] == rows["epsilon"].min()]
    first, lowest = smallest["epsilon"].iloc[0], smallest["sharpness"].min()
    # It ends where it would leave the panel, above or on the right.
    steps = min(
        np.log(rows["epsilon"].max() / first),
        np.log(rows["sharpness"].max() / lowest) / 2.0,
    )
    ends = pd.DataFrame({"epsilon": first * np.exp([0.0, steps])})
    ends["sharpness"] = lowest * (ends["epsilon"] / first) ** 2
    line = alt.Chart(ends).encode(*_axes("sharpness"))
    name = alt.Chart(ends.tail(1)).encode(*_axes("sharpness"))
    return (
        line.mark_line(color=GREY, strokeWidth=1, strokeDash=[4, 3]),
        name.mark_text(text="quadratic", color=GREY, align="left", dx=5, dy=8),
    )


def _change(changes):
    """Return a rule with its epsilon, for each change of the order of two regimes."""
    rows = changes.assign(text=[f"{e:.2g}" for e in changes["epsilon"]])
    chart = alt.Chart(rows).encode(_axes("sharpness")[0])
    rule = chart.mark_rule(color=GREY, strokeDash=[1, 3])
    name = chart.mark_text(color=GREY, align="left", dx=3).encode(
        y=alt.value(8), text="text:N"
    )
    return rule + name
