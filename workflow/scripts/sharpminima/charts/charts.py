"""Charts: DataFrame -> Altair chart. Knows nothing of files.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart. Train is
solid and test dashed everywhere, as in the paper's figures.
"""

from functools import partial

import altair as alt
import pandas as pd

from sharpminima.rows import DIVERGED
from sharpminima.tables.averages import sharpness_of_runs

BLUE, VERMILION = "#0072B2", "#D55E00"
REGIME_COLOURS = [BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
WIDTH, HEIGHT = 260, 200
DECADES = [10.0**exponent for exponent in range(-12, 13)]
SETS = ["train", "test"]
DASHES = {"train": [1, 0], "test": [5, 3]}
LOSS, ACCURACY = "cross entropy (nats per example)", "accuracy (%)"
LOG = alt.Scale(type="log", nice=True)
LOG_AXIS = alt.Axis(values=DECADES, format="~g")
Y_AXES = {
    "test_accuracy": {"title": "test accuracy (%)", "scale": alt.Scale(zero=False)},
    "sharpness": {"title": "sharpness (%)", "scale": LOG, "axis": LOG_AXIS},
}
# So many regimes have room for their names side by side.
LEVEL_LABELS = 3
SPACES = {"full": "full space", "subspace": "random subspace"}


def training_curves(history: pd.DataFrame, regimes: list[str]) -> alt.Chart:
    """Return loss and accuracy against the epoch, one line per run (Figure 2).

    Args:
        history: Rows that `training.fit` yields, of one network.
        regimes: The regimes, in the order of their colours.
    """
    loss = alt.Y("value:Q", title=LOSS, scale=LOG, axis=LOG_AXIS)
    accuracy = alt.Y("value:Q", title=ACCURACY, scale=alt.Scale(zero=False))
    panels = [
        _curve(history, "accuracy", regimes, accuracy),
        _curve(history, "loss", regimes, loss),
    ]
    return alt.hconcat(*panels).properties(title=_title(history, "training curves"))


def parametric_plots(points: pd.DataFrame) -> alt.Chart:
    """Return both parametric plots of a pair, means over the seeds (Figures 3 and 7).

    Cross entropy is on the left axis, accuracy on the right one; bands span the seeds.

    Args:
        points: Rows of `interpolate`, of one network and pair; those of runs that
            diverged are left out.
    """
    sound = _tidy(points[points["status"] != DIVERGED], ["path", "alpha", "seed"])
    first, second = points["first"].iloc[0], points["second"].iloc[0]
    panels = [
        _parametric_plot(sound[sound["path"] == path], path, first, second)
        for path in ("linear", "curvilinear")
    ]
    seeds = _counted(points["seed"].nunique(), "seed")
    title = _title(points, f"from {first} (0) to {second} (1)", seeds)
    return alt.hconcat(*panels, spacing=30).properties(title=title)


def sharpness_by_regime(measurements: pd.DataFrame, regimes: list[str]) -> alt.Chart:
    """Return the sharpness of every run by regime; lines join the runs of one seed.

    Args:
        measurements: Rows of `measure_sharpness`, of one network.
        regimes: The regimes, in order.
    """
    values = sharpness_of_runs(measurements)
    drawn = values[values["sharpness"] > 0]
    panels = [
        _sharpness_panel(group, f"{SPACES[space]}, ε = {epsilon:g}", regimes)
        for (space, epsilon), group in drawn.groupby(["space", "epsilon"], sort=False)
    ]
    note = _left_out(values["sharpness"])
    title = _title(measurements, "sharpness (Metric 2.1) of every seed", note)
    return alt.concat(*panels, columns=4).properties(title=title)


def batch_sizes(rows: pd.DataFrame, thresholds: pd.DataFrame) -> alt.Chart:
    """Return test accuracy and sharpness against the batch size (Figure 4).

    Points are runs, lines go through the means over the seeds; a vertical rule and a
    band stand where a threshold was estimated.

    Args:
        rows: What `experiments.sweep_runs` returned, of one network.
        thresholds: What `thresholds.estimate` returned, of that network.
    """
    axis = alt.Axis(values=sorted(set(rows["batch_size"])), labelOverlap=True)
    scale = alt.Scale(type="log", nice=False, padding=10)
    x = partial(alt.X, title="batch size (examples)", scale=scale, axis=axis)
    panels = [
        _threshold(thresholds[thresholds["measure"] == measure], x)
        + _runs_and_mean(_drawn(rows, measure), x("batch_size:Q"), y, alt.value(BLUE))
        for measure, y in Y_AXES.items()
    ]
    title = _title(rows, "batch sizes", _left_out(rows["sharpness"]))
    return alt.hconcat(*panels).properties(title=title)


def warm_starts(rows: pd.DataFrame, first: str, second: str) -> alt.Chart:
    """Return what runs reach that begin with iterates of another regime (Figure 5).

    Above is the test accuracy of the iterates, but for the starting point, and of the
    runs from there, below these runs' sharpness. Points are runs, lines go through the
    means over the seeds.

    Args:
        rows: What `experiments.warm_start_runs` returned, of one network.
        first: The regime of the iterates.
        second: The regime that begins with them.
    """
    title, whole = f"epochs of {first} before {second}", alt.Axis(tickMinStep=1)
    x = alt.X("epoch:Q", title=title, axis=whole)
    trained = rows[rows["epoch"] > 0]
    parts = {
        measure: pd.concat(
            _drawn(part, f"{which}_{measure}").assign(regime=regime)
            for which, regime, part in (
                ("first", first, trained),
                ("second", second, rows),
            )
            if f"{which}_{measure}" in rows.columns
        )
        for measure in Y_AXES
    }
    colour = _by_regime([first, second])
    panels = [
        _runs_and_mean(part, x, Y_AXES[measure], colour)
        for measure, part in parts.items()
    ]
    note = _left_out(rows["second_sharpness"])
    title = _title(rows, f"{second} from iterates of {first}", note)
    return alt.vconcat(*panels).properties(title=title)


def trajectories(rows: pd.DataFrame, regimes: list[str]) -> alt.Chart:
    """Return sharpness against training loss, iterate by iterate (Figure 6).

    Args:
        rows: Rows of `trajectory.measure`, of one network.
        regimes: The regimes, in the order of their colours.
    """
    drawn = rows[(rows["train_loss"] > 0) & (rows["sharpness"] > 0)]
    chart = (
        alt.Chart(drawn, width=2 * WIDTH, height=1.5 * HEIGHT)
        .mark_line(point=True, strokeWidth=1, opacity=0.8)
        .encode(
            x=alt.X("train_loss:Q", title=f"training {LOSS}", scale=LOG, axis=LOG_AXIS),
            y=alt.Y("sharpness:Q", **Y_AXES["sharpness"]),
            color=_by_regime(regimes),
            detail="seed:N",
            order="epoch:Q",
            tooltip=["regime", "seed", "epoch", "train_loss", "sharpness"],
        )
    )
    note = _left_out(rows["sharpness"])
    return chart.properties(title=_title(rows, "sharpness on the way", note))


def iterations_by_batch(
    table: pd.DataFrame, outcomes: pd.DataFrame, parallel_efficiency: list[float]
) -> alt.Chart:
    """Return I_l / I_s against B_l / B_s, with a line for each f_s(P) (appendix C).

    Below its line LB trains faster than SB at that parallel efficiency of SB.

    Args:
        table: What `performance.compare` returns, of one network.
        outcomes: The runs behind it, for the title.
        parallel_efficiency: Values of f_s(P).
    """
    drawn = table.dropna(subset="iterations_ratio").assign(
        batch_ratio=1.0 / table["bound"]
    )
    missing = len(table) - len(drawn)
    note = f"not drawn: {_counted(missing, 'run')}, target not reached"
    title = _title(outcomes, "when LB pays", note if missing else "")
    bounds = _bounds(drawn["batch_ratio"].max(), parallel_efficiency)
    chart = alt.layer(*bounds, _iterations(drawn)).properties(title=title)
    return chart.properties(width=WIDTH * 1.5, height=HEIGHT * 1.5)


def _iterations(drawn):
    columns = ["second", "seed", "batch_ratio", "iterations_ratio"]
    # Types are named: a table without rows has none.
    tooltip = ["second:N", "seed:N", "batch_ratio:Q", "iterations_ratio:Q"]
    return (
        alt.Chart(drawn[columns])
        .mark_point(filled=True, size=45, opacity=0.9, color=VERMILION)
        .encode(*_ratios("iterations_ratio"), tooltip=tooltip)
    )


def _bounds(largest, parallel_efficiency):
    """Return the lines B_s / (f_s(P) B_l), and what each is called."""
    ends = (1.0, 2.0 * largest if largest > 1.0 else 10.0)
    rows = pd.DataFrame(
        {"batch_ratio": x, "bound": 1.0 / (f * x), "text": f"f = {f:g}"}
        for f in parallel_efficiency
        for x in ends
    )
    chart = alt.Chart(rows).encode(*_ratios("bound"), detail="text:N")
    names = alt.Chart(rows[rows["batch_ratio"] == ends[1]]).encode(*_ratios("bound"))
    return (
        chart.mark_line(color="grey", strokeWidth=1.2),
        names.mark_text(align="left", dx=4, color="grey").encode(text="text:N"),
    )


def _ratios(y):
    scale = alt.Scale(type="log", nice=False)
    return (
        alt.X("batch_ratio:Q", title="batch size, LB / SB", scale=scale),
        alt.Y(f"{y}:Q", title="iterations, LB / SB", scale=scale, axis=LOG_AXIS),
    )


def _curve(history, measure, regimes, y):
    rows = _tidy(history, ["regime", "seed", "epoch"])
    rows = rows[(rows["measure"] == measure) & (rows["value"] > 0)]
    return (
        alt.Chart(rows, width=WIDTH, height=HEIGHT)
        .mark_line(strokeWidth=1.2, opacity=0.8)
        .encode(
            x=alt.X("epoch:Q", title="epoch"),
            y=y,
            color=_by_regime(regimes),
            strokeDash=_by_set(),
            detail="seed:N",
            tooltip=["regime", "seed", "set", "epoch", "value"],
        )
    )


def _parametric_plot(rows, path, first, second):
    x = alt.X("alpha:Q", title=f"alpha ({path}; 0 = {first}, 1 = {second})")
    loss = _seeds(rows, "loss", x, BLUE, LOSS, "left")
    accuracy = _seeds(rows, "accuracy", x, VERMILION, ACCURACY, "right")
    return alt.layer(loss, accuracy).resolve_scale(y="independent")


def _seeds(rows, measure, x, colour, title, side):
    """Return the mean over the seeds as a line and their range as a band."""
    y = alt.Y(
        "mean(value):Q",
        title=title,
        axis=alt.Axis(orient=side, titleColor=colour, labelColor=colour, grid=False),
    )
    chart = alt.Chart(rows[rows["measure"] == measure], width=WIDTH, height=HEIGHT)
    line = chart.mark_line(color=colour, strokeWidth=1.6).encode(
        x, y, strokeDash=_by_set()
    )
    band = chart.mark_area(color=colour, opacity=0.15).encode(
        x,
        alt.Y("min(value):Q", title=title),
        alt.Y2("max(value):Q"),
        detail="set:N",
    )
    return band + line


def _sharpness_panel(rows, title, regimes):
    axis = alt.Axis(labelAngle=0 if len(regimes) <= LEVEL_LABELS else -45)
    chart = alt.Chart(rows, width=130, height=160, title=title).encode(
        x=alt.X("regime:N", sort=regimes, title=None, axis=axis),
        xOffset=alt.XOffset("seed:N"),
        y=alt.Y("sharpness:Q", **Y_AXES["sharpness"]),
    )
    lines = chart.mark_line(color="grey", opacity=0.4, strokeWidth=1).encode(
        detail="seed:N"
    )
    points = chart.mark_point(filled=True, size=45, opacity=0.9).encode(
        color=_by_regime(regimes, legend=None),
        tooltip=["regime", "seed", "sharpness"],
    )
    return lines + points


def _drawn(rows, measure):
    """Return the runs that did not diverge, and the `value` of a measure above 0."""
    sound = rows[(rows["status"] != DIVERGED) & (rows[measure] > 0)]
    return sound.assign(value=sound[measure])


def _left_out(values):
    """Return how many values a logarithmic axis cannot show, in words."""
    missing = len(values) - (values > 0).sum()
    return (
        f"not drawn: {_counted(missing, 'value')}, zero or missing" if missing else ""
    )


def _runs_and_mean(rows, x, y, colour):
    """Return each row's `value` as a point, and their means as a line."""
    chart = alt.Chart(rows, width=WIDTH, height=HEIGHT).encode(x=x, color=colour)
    line = chart.mark_line(strokeWidth=1.6).encode(y=alt.Y("mean(value):Q", **y))
    points = chart.mark_point(filled=True, size=30, opacity=0.6).encode(
        y=alt.Y("value:Q", **y), tooltip=["seed", "value"]
    )
    return line + points


def _threshold(rows, x):
    """Return a vertical rule at an estimated threshold, and a band for its range."""
    known = rows.dropna(subset="threshold")
    band = alt.Chart(known.dropna(subset=["low", "high"])).mark_rect(
        color="grey", opacity=0.2
    )
    rule = alt.Chart(known).mark_rule(color="grey", strokeDash=[4, 3])
    return band.encode(x("low:Q"), x2="high:Q") + rule.encode(x("threshold:Q"))


def _tidy(rows, keys):
    """Return one row per key, set (train, test) and measure (loss, accuracy)."""
    columns = [f"{split}_{m}" for split in SETS for m in ("loss", "accuracy")]
    tidy = rows.melt(id_vars=keys, value_vars=columns).dropna(subset="value")
    parts = tidy["variable"].astype(str).str.extract("(?P<set>.+)_(?P<measure>.+)")
    return tidy.drop(columns="variable").join(parts)


def _by_regime(regimes, **options):
    scale = alt.Scale(domain=regimes, range=_colours(len(regimes)))
    return alt.Color("regime:N", title="regime", scale=scale, **options)


def _colours(number):
    """Return so many colours: the palette, and darker ones of it once it is used up."""
    palette = len(REGIME_COLOURS)
    return [
        _darkened(REGIME_COLOURS[i % palette], 0.6 ** (i // palette))
        for i in range(number)
    ]


def _darkened(colour, factor):
    channels = bytes.fromhex(colour.removeprefix("#"))
    return "#" + bytes(int(factor * part) for part in channels).hex().upper()


def _by_set():
    scale = alt.Scale(domain=SETS, range=[DASHES[name] for name in SETS])
    legend = alt.Legend(symbolStrokeColor="black")
    return alt.StrokeDash("set:N", title="set", scale=scale, legend=legend)


def _counted(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _title(rows, text, note=""):
    network, dataset = rows["network"].iloc[0], rows["dataset"].iloc[0]
    diverged = rows.loc[rows["status"] == DIVERGED, "seed"].nunique()
    lost = f"{_counted(diverged, 'seed')} with a run that diverged" if diverged else ""
    subtitle = "; ".join(part for part in (note, lost) if part)
    return alt.TitleParams(f"{network} on {dataset}: {text}", subtitle=subtitle)
