"""Loss and accuracy on the way between two minima (the paper's Figures 3 and 7)."""

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.charts.train_and_test import by_set, tidy
from sharpminima.storage.rows import DIVERGED

# The colour and the side of each measure's axis.
AXES = {
    "loss": (style.LOSS, style.BLUE, "left"),
    "accuracy": (style.ACCURACY, style.VERMILION, "right"),
}


def draw(points: pd.DataFrame) -> alt.HConcatChart:
    """Return both parametric plots of one network and pair of regimes.

    Cross entropy is on the left axis, accuracy on the right one. Lines are means over
    the seeds, and bands span the seeds. Seeds with a run that diverged are left out.

    Args:
        points: One row per point, as the rule `measure_interpolation` writes it: the
            pair's identity and `status`, `path`, `alpha`, loss (nats per example) and
            accuracy (percent) of both sets.
    """
    sound = tidy(points[points["status"] != DIVERGED], ["path", "alpha", "seed"])
    first, second = points["first"].iloc[0], points["second"].iloc[0]
    panels = []
    for path in ("linear", "curvilinear"):
        x = alt.X("alpha:Q", title=f"alpha ({path}; 0 = {first}, 1 = {second})")
        rows = sound[sound["path"] == path]
        layers = [_seeds(rows, measure, x) for measure in AXES]
        panels.append(alt.layer(*layers).resolve_scale(y="independent"))
    seeds = style.counted(points["seed"].nunique(), "seed")
    title = style.title(points, f"from {first} (0) to {second} (1)", seeds)
    return alt.hconcat(*panels, spacing=30).properties(title=title)


def _seeds(rows, measure, x):
    """Return the mean over the seeds as a line and their range as a band."""
    title, colour, side = AXES[measure]
    y = alt.Y(
        "mean(value):Q",
        title=title,
        axis=alt.Axis(orient=side, titleColor=colour, labelColor=colour, grid=False),
    )
    chart = alt.Chart(
        rows[rows["measure"] == measure], width=style.WIDTH, height=style.HEIGHT
    )
    line = chart.mark_line(color=colour, strokeWidth=1.6).encode(
        x, y, strokeDash=by_set()
    )
    # The two sets may overlap, so each has a band of its own.
    band = chart.mark_area(color=colour, opacity=0.15).encode(
        x,
        alt.Y("min(value):Q", title=title),
        alt.Y2("max(value):Q"),
        detail="set:N",
    )
    return band + line
