"""The ratio of two regimes by every measure: at the point, and in growing boxes."""

from collections.abc import Iterable, Sequence

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.tables.summaries.averages import geometric
from sharpminima.tables.summaries.curves import crossings
from sharpminima.tables.summaries.point_and_box import (
    AT_POINT,
    AVERAGE,
    LARGEST,
    side_by_side_of_seeds,
)

COLOURS = {
    AT_POINT["largest_eigenvalue"]: "#009E73",
    AT_POINT["trace"]: "#CC79A7",
    AVERAGE: "#E69F00",
    LARGEST: "#000000",
}
# How far the axis of ratios reaches beyond them, as a factor.
ROOM = 1.5
GREY = "#666666"


def draw(
    curvatures: pd.DataFrame,
    averages: pd.DataFrame,
    curves: pd.DataFrame,
    pairs: Iterable[Sequence[str]],
) -> alt.VConcatChart:
    """Return one panel for each pair of regimes of one network.

    Points on the left are ratios of curvature at the point. Lines are ratios in boxes
    of growing epsilon: a thin one for each seed, a thick one for their geometric mean.

    Args:
        curvatures: See `side_by_side_of_seeds`, like the following ones.
        averages: Rows of the average case.
        curves: Rows of Metric 2.1.
        pairs: Two regimes each, such as `["SB", "LB"]`.
    """
    rows = side_by_side_of_seeds(curvatures, averages, curves, pairs)
    panels = [
        _panel(of_pair[of_pair["ratio"] > 0], first, second)
        for (first, second), of_pair in rows.groupby(["first", "second"], sort=False)
    ]
    missing = style.not_drawn(rows.loc[rows["measure"].isin(COLOURS), "ratio"])
    title = style.title(curvatures, "which minimum is sharper?", missing)
    return alt.vconcat(*panels).properties(title=title)


def _panel(rows, first, second):
    """Return the points and the lines of one pair, on one axis of ratios."""
    drawn = rows[rows["measure"].isin(COLOURS)]
    names = [name for name in COLOURS if name in set(drawn["measure"])]
    shared = {
        "y": alt.Y(
            "ratio:Q",
            title=f"{second} / {first}",
            scale=alt.Scale(type="log", nice=False, domain=_domain(drawn["ratio"])),
            axis=alt.Axis(values=style.DECADES, format="~g"),
        ),
        "color": alt.Color(
            "measure:N",
            scale=alt.Scale(domain=names, range=[COLOURS[name] for name in names]),
            # A legend without a name has no size.
            legend=alt.Legend(orient="bottom", columns=2, title=None, labelLimit=300)
            if names
            else None,
        ),
    }
    at_point = drawn["epsilon"].isna()
    points = _at_point(drawn[at_point], names, shared)
    lines = _in_boxes(drawn[~at_point], shared)
    heading = style.heading(f"above 1 {second} is sharper, below 1 {first}")
    return alt.hconcat(points, lines, spacing=0).properties(title=heading)


def _domain(ratios):
    """Return the ends of an axis that holds all ratios and 1, with room beyond."""
    known = [1.0, *ratios]
    return [min(known) / ROOM, max(known) * ROOM]


def _equal(rows):
    """Return the line on which both regimes are equally sharp."""
    chart = alt.Chart(pd.DataFrame({"ratio": [1.0]})).encode(y="ratio:Q")
    return chart.mark_rule(color=GREY, strokeDash=[4, 3])


def _at_point(rows, names, shared):
    """Return a point for each seed and measure of curvature."""
    kinds = [name for name in names if name in set(rows["measure"])]
    x = alt.X(
        "measure:N",
        title="at the point",
        sort=kinds,
        axis=alt.Axis(labels=False, ticks=False, grid=False),
    )
    points = alt.Chart(rows, width=0.4 * style.WIDTH, height=1.4 * style.HEIGHT)
    tooltip = ["measure", "seed", "first_value", "second_value", "ratio"]
    points = points.encode(x=x, tooltip=tooltip, **shared)
    return points.mark_point(filled=True, size=30, opacity=0.7) + _equal(rows)


def _in_boxes(rows, shared):
    """Return a thin line for each seed, a thick one for the mean, and changes."""
    axis = alt.Axis(values=style.DECADES, format="~g")
    x = alt.X(
        "epsilon:Q",
        title="in the box of size ε",
        scale=alt.Scale(type="log", nice=False, padding=10),
        axis=axis,
    )
    y = shared["y"].copy()
    y.axis = alt.Axis(values=style.DECADES, labels=False, ticks=False, title=None)
    encoding = {"x": x, "y": y, "color": shared["color"]}
    size = {"width": 1.4 * style.WIDTH, "height": 1.4 * style.HEIGHT}
    tooltip = ["measure", "seed", "epsilon", "first_value", "second_value", "ratio"]
    seeds = alt.Chart(rows, **size).encode(detail="seed:N", tooltip=tooltip, **encoding)
    means = _means(rows)
    drawn = means["ratio_mean"].rename("ratio").reset_index()
    mean = alt.Chart(drawn, **size).encode(**encoding)
    layers = [
        seeds.mark_line(strokeWidth=0.8, opacity=0.35),
        mean.mark_line(strokeWidth=2.5, point={"size": 25}),
        _equal(rows),
        *_changes(means, x),
    ]
    return alt.layer(*layers)


def _means(rows):
    """Return geometric means over the seeds, in the columns of `means_of_pair`."""
    named = rows.assign(status="ok", first_sharpness=rows["first_value"])
    keys = ["measure", "epsilon"]
    columns = ("ratio", "first_sharpness")
    return pd.concat([geometric(named, keys, column) for column in columns], axis=1)


def _changes(means, x):
    """Return a dotted rule where a mean ratio crosses 1, with its epsilon."""
    curves = means.groupby("measure", sort=False)
    found = [e for _, curve in curves for e in crossings(curve)["epsilon"]]
    rows = pd.DataFrame({"epsilon": found, "text": [f"ε = {e:.2g}" for e in found]})
    chart = alt.Chart(rows).encode(x=x)
    name = chart.mark_text(color=GREY, align="left", dx=3, y=1.4 * style.HEIGHT - 7)
    rule = chart.mark_rule(color=GREY, strokeDash=[1, 3])
    return (rule, name.encode(text="text:N")) if found else ()
