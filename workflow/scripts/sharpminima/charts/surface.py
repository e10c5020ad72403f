"""Loss on planes through two minima: contours at 1, 2 and 5 times powers of ten."""

import altair as alt
import numpy as np
import pandas as pd

from sharpminima.charts import contours, style
from sharpminima.storage.rows import DIVERGED

# The kinds of planes, in the column `plane`.
MINIMA, RANDOM = "minima", "random"
# Panels: the longer side of the plane through both minima, a side of a random plane.
LARGE, SMALL, COLUMNS = 185, 112, 3
DARK, HALO = "#222222", "white"
LOSSES = {"train_loss": "training set", "test_loss": "test set"}
SHOWN = ["train_loss", "test_loss", "train_accuracy", "test_accuracy"]


def draw(points: pd.DataFrame, places: pd.DataFrame) -> alt.VConcatChart:
    """Return the surfaces of one network, pair of regimes and seed.

    Above is the plane through x_0 and both minima, for both sets, with the paths of
    training where iterates were kept. Below are the random planes at each minimum, and
    the mean loss at each distance from it: its spread is that of the draws.

    Args:
        points: One row per point, as the rule `measure_surface` writes it.
        places: One row per marked place and iterate, as the same rule writes it.
    """
    first, second = points["first"].iloc[0], points["second"].iloc[0]
    notes = [f"seed {points['seed'].iloc[0]}", *_notes(places, second)]
    title = style.title(points, f"surfaces of {first} and {second}", *notes)
    if points["plane"].isna().all():
        return alt.vconcat(title=title)
    planes, colour = [], _colour(points)
    if (at_minima := points[points["plane"] == MINIMA]).size:
        planes.append(_through_minima(at_minima, places, colour))
    random = points[points["plane"] == RANDOM]
    for around, drawn in random.groupby("around", sort=False):
        planes.append(_at_minimum(drawn, around, colour))
    rows = [alt.vconcat(*planes, spacing=14).resolve_scale(color="shared")]
    if random.size:
        rows.append(_spread(random, [first, second]))
    return alt.vconcat(*rows, spacing=14).properties(title=title)


def _notes(places, second):
    """Yield what is to be known of the plane: the angle, and what lies outside."""
    if places["status"].iloc[0] == DIVERGED:
        return
    if places["place"].isna().all():
        yield "no plane: x0 and both minima lie on one line"
        return
    angle = places.loc[places["place"] == second, "angle"].iloc[0]
    yield f"angle between both ways from x0: {angle:.0f}°"
    for regime, path in _iterates(places).groupby("regime", sort=False):
        share = (path["outside"] / path["distance"]).max()
        yield f"path of {regime}: up to {share:.0%} of its way from x0 is outside"


def _iterates(places):
    """Return the iterates beyond x_0, which is in the plane."""
    found = places[places["place"] == "iterate"]
    return found[found["distance"] > 0]


def _colour(points):
    """Return the colours of losses, with a step at each level."""
    losses = points[list(LOSSES)].stack()
    losses = losses[(losses > 0) & np.isfinite(losses)]
    low, high = losses.min(), losses.max()
    legend = alt.Legend(
        orient="bottom",
        format="~g",
        values=[decade for decade in style.DECADES if low <= decade <= high],
        gradientLength=LARGE,
        gradientThickness=10,
        title="cross entropy (nats)",
    )
    scale = alt.Scale(type="log", scheme="viridis", clamp=True, domain=[low, high])
    return {"scale": scale, "legend": legend}


def _through_minima(points, places, colour):
    """Return the plane through x_0 and both minima, for both sets."""
    width, height = _size(points)
    first = points["first"].iloc[0]
    titles = {"x": f"distance from x0 towards {first}", "y": "distance across"}
    panels = [
        alt.layer(
            *_contours(points, loss, colour, titles), *_paths(places), *_marks(places)
        ).properties(width=width, height=height, title=style.heading(name))
        for loss, name in LOSSES.items()
    ]
    return alt.hconcat(*panels, spacing=12)


def _size(points):
    """Return width and height of a panel, so that distances are true."""
    width, height = (np.ptp(points[axis]) for axis in ("x", "y"))
    return tuple(float(LARGE * side / max(width, height)) for side in (width, height))


def _at_minimum(points, around, colour):
    """Return the random planes at one minimum."""
    panels = [
        alt.layer(
            *_contours(plane, "train_loss", colour, {"x": "", "y": ""})
        ).properties(
            width=SMALL, height=SMALL, title=style.heading(f"{around}, draw {draw + 1}")
        )
        for draw, plane in points.groupby("draw")
    ]
    return alt.concat(*panels, columns=COLUMNS, spacing=8)


def _contours(points, loss, colour, titles):
    """Return the cells of a grid in the colours of its losses, and its lines."""
    grid = points.pivot(index="y", columns="x", values=loss)
    xs, ys = grid.columns.to_numpy(), grid.index.to_numpy()
    halves = {"x": (xs[1] - xs[0]) / 2, "y": (ys[1] - ys[0]) / 2}
    cells = points[["x", "y", *SHOWN]].copy()
    for axis, half in halves.items():
        cells[f"{axis}1"], cells[f"{axis}2"] = cells[axis] - half, cells[axis] + half
    scales = {
        axis: alt.Scale(
            domain=[of[0] - halves[axis], of[-1] + halves[axis]], nice=False
        )
        for axis, of in (("x", xs), ("y", ys))
    }
    filled = (
        alt.Chart(cells)
        .mark_rect(clip=True, strokeWidth=0.6)
        .encode(
            x=alt.X("x1:Q", title=titles["x"], scale=scales["x"]),
            y=alt.Y("y1:Q", title=titles["y"], scale=scales["y"]),
            x2="x2:Q",
            y2="y2:Q",
            color=alt.Color(f"{loss}:Q", **colour),
            # Without it light shines through between the cells.
            stroke=alt.Stroke(f"{loss}:Q", scale=colour["scale"], legend=None),
            tooltip=["x", "y", *SHOWN],
        )
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(grid.to_numpy())
    finite = 10 ** logs[np.isfinite(logs)]
    found = [
        contours.lines(xs, ys, logs, np.log10(level)).assign(level=level)
        for level in contours.levels(finite.min(), finite.max())
    ]
    if not found:
        return [filled]
    segments = pd.concat(found)
    # Powers of ten have heavier lines.
    heavy = np.isclose(np.log10(segments["level"]) % 1, 0)
    line = (
        alt.Chart(segments.assign(width=np.where(heavy, 1.1, 0.45)))
        .mark_rule(color=HALO, clip=True, strokeCap="round")
        .encode(
            x="x:Q",
            y="y:Q",
            x2="x2:Q",
            y2="y2:Q",
            size=alt.Size("width:Q", scale=None),
            tooltip="level",
        )
    )
    return [filled, line]


def _paths(places):
    """Return the kept iterates of each run, projected onto the plane."""
    shown = ["regime", "epoch", "x", "y", "distance", "outside"]
    found = places[places["place"] == "iterate"]
    if found.empty:
        return []
    chart = alt.Chart(found[shown]).encode(x="x:Q", y="y:Q", tooltip=shown)
    chart = chart.encode(detail="regime:N", order="epoch:Q")
    options = {"strokeWidth": 1.2, "clip": True}
    return [chart.mark_line(color=DARK, point={"size": 9, "color": DARK}, **options)]


def _marks(places):
    """Return x_0 and both minima as points with their names."""
    found = places[places["place"] != "iterate"].dropna(subset="place")
    shown = ["place", "x", "y", *SHOWN]
    chart = alt.Chart(found[shown]).encode(x="x:Q", y="y:Q", tooltip=shown)
    text = chart.encode(text="place:N")
    place = {"dy": -9, "fontWeight": "bold", "fontSize": 11}
    return [
        chart.mark_point(filled=True, size=42, color=DARK, stroke=HALO, opacity=1),
        text.mark_text(color=HALO, stroke=HALO, strokeWidth=3, **place),
        text.mark_text(color=DARK, **place),
    ]


def _spread(points, regimes):
    """Return the mean loss at each distance from a minimum, a line for each draw."""
    side = np.unique(points["x"])
    step, reach = side[1] - side[0], side[-1]
    distance = np.hypot(points["x"], points["y"])
    ring = (distance / step).round() * step
    inside = points.assign(ring=ring, regime=points["around"])[distance <= reach]
    keys = ["regime", "draw", "ring"]
    means = inside.groupby(keys)[list(LOSSES)].mean()
    of_draws = means["train_loss"].groupby(["regime", "ring"])
    ratio = (of_draws.max() / of_draws.min()).groupby("regime").max()
    factors = ", ".join(f"{ratio[regime]:.2g} ({regime})" for regime in regimes)
    long = means.reset_index().melt(id_vars=keys, var_name="loss", value_name="value")
    below = {"orient": "bottom", "title": None, "symbolStrokeColor": DARK}
    note = f"draws differ in the training loss by at most a factor of {factors}"
    note = note if means.index.get_level_values("draw").nunique() > 1 else ""
    long = long.assign(set=long["loss"].map(LOSSES))
    return (
        alt.Chart(long[long["value"] > 0], width=2 * LARGE - 20, height=SMALL)
        .mark_line(strokeWidth=1, opacity=0.8)
        .encode(
            x=alt.X("ring:Q", title="distance from the minimum, in its filters' norms"),
            y=alt.Y(
                "value:Q",
                title="mean loss (nats)",
                scale=style.LOG,
                axis=style.LOG_AXIS,
            ),
            color=style.by_regime(regimes, legend=alt.Legend(**below)),
            strokeDash=alt.StrokeDash(
                "set:N", sort=[*LOSSES.values()], legend=alt.Legend(**below)
            ),
            detail="draw:N",
        )
        .properties(title=style.heading("random planes, a line for each draw", note))
    )
