"""How much of each sharpness is slope: the share of the rise that it explains."""

from functools import partial

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.tables.summaries.parts import MOST, parts_of_runs

WIDTH, HEIGHT_OF_ROW = 220, 17
# Shares below 0 and above 1 are possible, where the gradient at x points away from the
# highest loss or the loss is concave. The axis then reaches further.
LEAST, LARGEST = -0.1, 1.05


def draw(measurements: pd.DataFrame, regimes: list[str]) -> alt.VConcatChart:
    """Return one panel for each space of one network.

    A row is a regime and an epsilon. Points are seeds, and bars their means. Right of
    the dashed rule the slope explains most of the rise.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        regimes: The regimes, in the order of their rows and colours.
    """
    runs = parts_of_runs(measurements)
    drawn = runs.dropna(subset="slope_share")
    # Rows go regime by regime, the larger box first.
    drawn = drawn.assign(place=drawn["regime"].map(regimes.index))
    drawn = drawn.sort_values(["place", "epsilon"], ascending=[True, False])
    drawn["row"] = drawn["regime"] + ", ε = " + drawn["epsilon"].map("{:g}".format)
    spaces = [space for space in style.SPACES if space in set(drawn["space"])]
    shares = drawn["slope_share"]
    ends = min(LEAST, shares.min()), max(LARGEST, shares.max())
    x = partial(alt.X, scale=alt.Scale(domain=ends, nice=False))
    panels = [
        _panel(drawn[drawn["space"] == space], regimes, x, last=space == spaces[-1])
        for space in spaces
    ]
    missing = len(runs) - len(drawn)
    note = f"not drawn: {style.counted(missing, 'value')}, without a rise"
    title = style.title(measurements, "how much is slope?", note if missing else "")
    return alt.vconcat(*panels, spacing=8).properties(title=title)


def _panel(rows, regimes, x, last):
    """Return the panel of one space. The last one names the axis."""
    title = "the slope's share of the rise" if last else None
    axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], labels=last, ticks=last)
    x = partial(x, title=title, axis=axis)
    names = list(dict.fromkeys(rows["row"]))
    y = alt.Y("row:N", sort=names, title=None, axis=alt.Axis(ticks=False))
    most = alt.Chart(pd.DataFrame({"most": [MOST]})).encode(x=x("most:Q"))
    rule = most.mark_rule(strokeDash=[4, 3])
    # Above the panel, beside its heading.
    name = most.mark_text(align="left", dx=3, text="mostly slope →").encode(
        y=alt.value(-8)
    )
    runs = alt.Chart(rows, width=WIDTH, height=HEIGHT_OF_ROW * len(names)).encode(
        y=y, color=style.by_regime(regimes, legend=None)
    )
    points = runs.mark_point(filled=True, size=40, opacity=0.7).encode(
        x=x("slope_share:Q"),
        tooltip=["regime", "seed", "epsilon", "slope_share", "sharpness"],
    )
    means = runs.mark_tick(thickness=1.5, size=13).encode(x=x("mean(slope_share):Q"))
    space = style.SPACES[rows["space"].iloc[0]]
    heading = alt.TitleParams(space, anchor="start", fontSize=11, offset=-11)
    return alt.layer(rule, name, points, means, title=heading)
