"""Curvature during training, beside the largest that the optimizer bears."""

import altair as alt
import pandas as pd

from sharpminima.charts import style

# Each panel: its column, its heading, and the column of its threshold.
PANELS = {
    "eigenvalue": ("largest eigenvalue", "plain_threshold"),
    "preconditioned_eigenvalue": ("largest eigenvalue, preconditioned", "threshold"),
    "batch_sharpness": ("batch sharpness", "batch_threshold"),
    "critical_sharpness": ("critical sharpness", "critical_threshold"),
}
COLUMNS = 2


def draw(rows: pd.DataFrame, regimes: list[str]) -> alt.VConcatChart:
    """Return one panel for each kind of curvature that any run of one network has.

    Args:
        rows: One row per iterate, as the rule `measure_edge_of_stability` writes it.
        regimes: The regimes, in the order of their colours.
    """
    rows = rows.assign(**{name: rows.get(name) for name in PANELS})
    # Without a preconditioner, the threshold is that of the Hessian itself.
    of_sgd = rows["optimizer"] == "sgd"
    plain = rows["threshold"].where(of_sgd)
    # With momentum nobody knows where batch sharpness would settle.
    without_momentum = plain.where(plain == rows["critical_threshold"])
    rows = rows.assign(plain_threshold=plain, batch_threshold=without_momentum)
    measured = {"preconditioned_eigenvalue": ~of_sgd, "batch_sharpness": of_sgd}
    panels, missing = [], []
    for column, (heading, threshold) in PANELS.items():
        if rows[column].notna().any():
            panels.append(_panel(rows, regimes, column, threshold))
            panels[-1] = panels[-1].properties(title=style.heading(heading))
            missing.append(rows.loc[measured.get(column, slice(None)), column])
    note = style.not_drawn(pd.concat(missing)) if missing else ""
    dashed = "dashed: what the optimizer bears"
    title = style.title(rows, "at the edge of stability?", dashed, note)
    grid = [panels[i : i + COLUMNS] for i in range(0, len(panels), COLUMNS)]
    lines = [alt.hconcat(*line) for line in grid]
    return alt.vconcat(*lines).properties(title=title)


def _panel(rows, regimes, column, threshold):
    """Return the curvature of each run as a line, and its threshold as a dashed one."""
    base = alt.Chart(width=style.WIDTH, height=style.HEIGHT).encode(
        x=alt.X("epoch:Q"),
        color=style.by_regime(regimes),
        detail="seed:N",
    )

    def line(values, **mark):
        drawn = rows.loc[rows[values] > 0, ["regime", "seed", "epoch", values]]
        y = alt.Y(f"{values}:Q", title="", scale=style.LOG, axis=style.LOG_AXIS)
        return base.properties(data=drawn).mark_line(**mark).encode(y=y)

    curve = line(column, strokeWidth=1.2, opacity=0.8, point={"size": 14})
    return curve + line(threshold, strokeWidth=1, strokeDash=[4, 3])
