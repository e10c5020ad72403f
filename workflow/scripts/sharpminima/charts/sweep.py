"""Test accuracy and sharpness against the batch size (the paper's Figure 4).

Beside the paper's thresholds stand, where they were measured, the critical batch size
and the range of the gradient noise scale. Notes say both in numbers, since they may lie
beyond the axis.
"""

from functools import partial

import altair as alt
import numpy as np
import pandas as pd

from sharpminima.charts import style
from sharpminima.charts.runs_and_means import drawn, panel

# Colours of the critical batch size and of the noise scale. Strips on the axis, so many
# pixels high, show how far they reach.
CRITICAL, NOISE = "#009E73", "#E69F00"
STRIP = 7


def draw(
    rows: pd.DataFrame,
    thresholds: pd.DataFrame,
    critical: pd.DataFrame | None = None,
    noise: pd.DataFrame | None = None,
) -> alt.HConcatChart:
    """Return both measures of one network.

    Points are runs, and lines go through the means over the seeds, geometric ones for
    the sharpness. A vertical rule marks an estimated threshold, and a band its
    interval. A rule and a strip on the axis do so for the critical batch size. Another
    strip reaches from the smallest noise scale to the largest.

    Args:
        rows: The table `sweep_runs`, of one network.
        thresholds: The table `thresholds`, of that network.
        critical: The table `critical_batch`, of that network, if there is one.
        noise: The table `noise_scale`, of that network, if there is one.
    """
    axis = alt.Axis(values=sorted(set(rows["batch_size"])), labelOverlap=True)
    scale = alt.Scale(type="log", nice=False, padding=10)
    x = partial(alt.X, title="batch size (examples)", scale=scale, axis=axis)
    colour = alt.value(style.BLUE)
    notes, beside = [], []
    if critical is not None:
        notes.append(_critical_note(critical.iloc[0]))
        # A sweep may tell one end alone, or none.
        known = critical.dropna(subset=["low", "high"], how="all")
        ends = known.fillna({"low": 0.0, "high": np.inf})
        strip = _strip(_on_axis(ends, rows["batch_size"]), x, CRITICAL, above=STRIP)
        inside = critical["critical_batch"].between(*_span(rows["batch_size"]))
        value = critical.loc[inside, ["critical_batch"]]
        beside += [strip, _rule(value, "critical_batch", x, CRITICAL)]
    if noise is not None and noise["noise_scale_mean"].notna().any():
        low, high = noise["noise_scale_mean"].agg(["min", "max"])
        notes.append(f"orange: noise scale, {_text(low)} to {_text(high)}")
        ends = pd.DataFrame([{"low": low, "high": high}])
        beside.append(_strip(_on_axis(ends, rows["batch_size"]), x, NOISE, above=0))
    notes.append(style.not_drawn(rows["sharpness"]))
    panels = []
    for measure in style.Y_AXES:
        # A network may have no threshold, or one without an interval.
        known = thresholds[thresholds["measure"] == measure].dropna(subset="threshold")
        band = alt.Chart(known.dropna(subset=["low", "high"])).mark_rect(
            color="grey", opacity=0.2
        )
        panels.append(
            alt.layer(
                *beside,
                band.encode(x("low:Q"), x2="high:Q"),
                _rule(known, "threshold", x, "grey"),
                panel(
                    *(drawn(rows, measure), measure, ["batch_size"]),
                    *(x("batch_size:Q"), colour),
                ),
            )
        )
    title = style.title(rows, "batch sizes", *notes)
    return alt.hconcat(*panels).properties(title=title)


def _critical_note(row):
    """Return what is known of a critical batch size, and the colour that marks it."""
    at = f"at a training loss of {row['train_loss']:g}"
    low, high = (_text(row[end]) for end in ("low", "high"))
    if pd.notna(row["critical_batch"]):
        value = f"{_text(row['critical_batch'])} ({low} to {high})"
    elif pd.notna(row["low"]):
        value = f"above {low}"
    elif pd.notna(row["high"]):
        value = f"below {high}"
    else:
        return f"the sweep does not tell the critical batch size {at}"
    return f"green: critical batch size, {value} {at}"


def _text(number):
    """Return a number of examples with three digits, such as 75,200."""
    return f"{float(f'{number:.3g}'):,.12g}"


def _span(sizes):
    return sizes.min(), sizes.max()


def _on_axis(rows, sizes):
    """Return the parts of intervals that lie between the smallest and largest size."""
    first, last = _span(sizes)
    shown = rows[(rows["low"] <= last) & (rows["high"] >= first)]
    return shown.assign(
        low=shown["low"].clip(first, last), high=shown["high"].clip(first, last)
    )


def _strip(rows, x, colour, *, above):
    """Return a strip for each interval, so many pixels above the axis."""
    lower, upper = style.HEIGHT - above, style.HEIGHT - above - STRIP
    # The outline shows an interval of a single value.
    strip = alt.Chart(rows).mark_rect(color=colour, stroke=colour, opacity=0.6)
    return strip.encode(
        x("low:Q"), x2="high:Q", y=alt.value(lower), y2=alt.value(upper)
    )


def _rule(rows, value, x, colour):
    """Return a vertical rule at a value."""
    rule = alt.Chart(rows).mark_rule(color=colour, strokeDash=[4, 3])
    return rule.encode(x(f"{value}:Q"))
