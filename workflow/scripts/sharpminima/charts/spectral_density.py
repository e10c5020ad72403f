"""How many eigenvalues of the Hessian are larger than a value, one line per run."""

import altair as alt
import pandas as pd

from sharpminima.charts import style

PANELS = {1: "positive eigenvalues", -1: "negative eigenvalues"}
HEIGHT = 150
# Closer to zero, next to the largest one, is rounding of products in float32.
ROUNDING = 1e-6
SCALE = alt.Scale(type="log", nice=False, padding=8)


def draw(rows: pd.DataFrame, regimes: list[str]) -> alt.VConcatChart:
    """Return a panel of the positive eigenvalues of one network, and of the negative.

    At t stands the number of eigenvalues of at least the size t.

    Args:
        rows: One row per node of each run, as the rule `measure_spectral_density`
            writes it.
        regimes: The regimes, in the order of their colours.
    """
    counts = {sign: _counts(rows, sign) for sign in PANELS}
    panels = [
        _panel(of_sign, regimes, heading)
        for of_sign, heading in zip(counts.values(), PANELS.values(), strict=True)
        if len(of_sign)
    ]
    note = "counts below ten are rough"
    title = style.title(rows, "how many eigenvalues are as large", note)
    return alt.vconcat(*panels).properties(title=title).resolve_scale(x="shared")


def _counts(rows, sign):
    """Return the number of eigenvalues of a sign beyond each node of each run."""
    found = []
    for (regime, seed), run in rows.groupby(["regime", "seed"], sort=False):
        sizes = sign * run["eigenvalue"]
        rounding = ROUNDING * run["eigenvalue"].abs().max()
        nodes = run.assign(size=sizes)[sizes > rounding]
        nodes = nodes.sort_values("size", ascending=False)
        # From the largest node downwards. Each probe has seen all eigenvalues.
        shares = nodes["weight"].cumsum() / run["probe"].nunique()
        counts = shares * run["parameters"].iloc[0]
        # The k-th largest node of a probe is at most the k-th largest eigenvalue.
        known = nodes.groupby("probe").cumcount().add(1).cummax()
        nodes = nodes.assign(count=counts.clip(lower=known))[["size", "count"]]
        found.append(nodes.assign(regime=regime, seed=seed))
    return pd.concat(found)


def _panel(counts, regimes, heading):
    """Return a step line for each run."""
    chart = alt.Chart(
        counts, width=style.WIDTH, height=HEIGHT, title=style.heading(heading)
    ).encode(
        x=alt.X("size:Q", title="size t", scale=SCALE, axis=style.LOG_AXIS),
        y=alt.Y(
            "count:Q",
            title="eigenvalues of size ≥ t",
            scale=SCALE,
            axis=style.LOG_AXIS,
        ),
        color=style.by_regime(regimes, legend=alt.Legend(orient="top", title=None)),
        detail="seed:N",
        tooltip=["regime", "seed", "size", "count"],
    )
    return chart.mark_line(interpolate="step-before", strokeWidth=1.2, opacity=0.8)
