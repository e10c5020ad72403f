"""What each search has found against the gradients spent: how short is the paper's?"""

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.storage.rows import IDENTITY
from sharpminima.tables.summaries.protocols import REFERENCE, by_protocol
from sharpminima.tables.summaries.searches import best_searches

NAMES = {
    ("lbfgsb", "zero"): "the paper's: L-BFGS-B from the minimum",
    ("lbfgsb", "random"): "L-BFGS-B from a random point",
    ("lbfgsb", "corner"): "L-BFGS-B from a corner",
    ("sign", "lbfgsb"): "sign ascent from where L-BFGS-B ends",
    ("sign", "zero"): "sign ascent from the minimum",
    ("sign", "random"): "sign ascent from a random point",
    ("sign", "corner"): "sign ascent from a corner",
    (REFERENCE, "corners"): "reference: both in turn, many corners",
}
# As many as names: black is the paper's alone.
COLOURS = ["#000000", "#009E73", "#E69F00", "#CC79A7"]
COLOURS += ["#56B4E9", "#999999", "#8B4513", "#B8A200"]
SCALE = alt.Scale(type="log", nice=False, padding=5)
# A search's first steps reach over decades: lines begin this much below all ends.
BELOW_ENDS = 0.1
TICKS = [factor * 10**exponent for exponent in range(-6, 7) for factor in (1, 2, 5)]


def draw(measurements: pd.DataFrame, regimes: list[str]) -> alt.VConcatChart:
    """Return one panel for each regime and epsilon of one network, in the full space.

    A line is a search of one run, and a point is where it has ended. Values below a
    tenth of the lowest end in their panel are left out.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        regimes: The regimes, in the order of their panels.
    """
    steps = _steps(measurements)
    runs = by_protocol(measurements).groupby(["regime", "epsilon"])["percent_below"]
    below = runs.agg(["min", "max"]).reindex(regimes, level=0)
    found = [name for name in NAMES.values() if name in set(steps["search"])]
    # A legend without a name has no size. All runs may have diverged.
    names = found or [*NAMES.values()][:1]
    panels = []
    for (regime, epsilon), ends in below.iterrows():
        rows = steps[(steps["regime"] == regime) & (steps["epsilon"] == epsilon)]
        heading = style.heading(f"{regime}, ε = {epsilon:g}", _gap(*ends))
        panels.append(_panel(rows, names).properties(title=heading))
    seeds = style.counted(measurements["seed"].nunique(), "seed")
    title = style.title(measurements, "how far do searches get?", seeds)
    return alt.vconcat(*panels).properties(title=title)


def _steps(measurements):
    """Return where the searches in the full space grow, step by step.

    `gradients` counts those that were spent, and `sharpness` is the largest so far. A
    search that goes on where L-BFGS-B has ended has spent the gradients of both.
    """
    full = measurements[measurements["space"] == "full"].dropna(subset="progress")
    run = [*IDENTITY, "epsilon"]
    by_lbfgsb = best_searches(full[full["maximiser"] == "lbfgsb"]).set_index(run)
    # The end is known, and it is the first value of the search that goes on from there.
    before = full[run].join(by_lbfgsb["evaluations"] - 1, on=run)["evaluations"]
    steps = pd.DataFrame(
        {
            **full[["regime", "seed", "epsilon"]],
            "search": list(map(NAMES.get, zip(full["maximiser"], full["start"]))),
            "gradients": before.where(full["start"] == "lbfgsb", 0),
            "sharpness": full["progress"].astype(str).str.split(),
        }
    ).explode("sharpness")
    steps["sharpness"] = steps["sharpness"].astype(float)
    of_search = steps.groupby(level=0)
    steps["gradients"] += of_search.cumcount() + 1
    # A line is drawn where it grows, up to its last value.
    grows = of_search["sharpness"].diff() != 0
    ends = of_search.cumcount(ascending=False) == 0
    # The axis is logarithmic, and at the minimum, where most searches begin, is 0.
    return steps.assign(ends=ends)[(grows | ends) & (steps["sharpness"] > 0)]


def _gap(least, most):
    """Return by how many percent the paper's searches fall short of the reference."""
    # Without the paper's search, or without a run, there is no gap.
    if pd.isna(least):
        return ""
    # By way of a number, since 100 is easier to read than 1e+02.
    rounded = (f"{float(f'{end:.2g}'):g}" for end in (least, most))
    return f"the paper's search is {' to '.join(dict.fromkeys(rounded))} % short"


def _panel(rows, names):
    """Return a line for each search, with a point at its end."""
    colours = alt.Scale(domain=names, range=COLOURS)
    legend = alt.Legend(orient="bottom", columns=1, title=None, labelLimit=300)
    lowest = rows.loc[rows["ends"], "sharpness"].min()
    rows = rows[rows["sharpness"] >= BELOW_ENDS * lowest]
    # What comes last is drawn above the others: the paper's searches.
    place = rows["search"].map(names.index)
    rows = rows.assign(place=place).sort_values("place", ascending=False, kind="stable")
    chart = alt.Chart(rows, width=style.WIDTH, height=style.HEIGHT).encode(
        x=alt.X(
            "gradients:Q",
            title="gradients spent",
            scale=SCALE,
            axis=alt.Axis(values=TICKS),
        ),
        y=alt.Y(
            "sharpness:Q",
            title="sharpness (%)",
            scale=SCALE,
            axis=alt.Axis(values=TICKS, format="~g"),
        ),
        color=alt.Color("search:N", scale=colours, legend=legend),
        detail="seed:N",
        tooltip=["search", "seed", "gradients", "sharpness"],
    )
    lines = chart.mark_line(interpolate="step-after", strokeWidth=1.2, opacity=0.7)
    points = chart.mark_point(filled=True, size=25).transform_filter("datum.ends")
    return lines + points
