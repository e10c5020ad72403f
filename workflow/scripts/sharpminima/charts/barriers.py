"""The loss between minima of one regime and of two, as trained and matched."""

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.storage.rows import DIVERGED

WIDTH, HEIGHT = 200, 150
SETS = {"train_excess": "training set", "test_excess": "test set"}
PAIR = ["first", "second", "first_seed", "second_seed"]


def draw(rows: pd.DataFrame) -> alt.VConcatChart:
    """Return how far the loss lies above the straight line between its ends.

    A column of panels shows the runs as trained, and another one after the units of one
    run are matched with those of the other. Thin lines are pairs of runs, thick lines
    are means. Pairs with a run that diverged are left out.

    Args:
        rows: One row per position between two runs of one network, as the rule
            `measure_barriers` writes it.
    """
    sound = rows[rows["status"] != DIVERGED]
    sound = sound.assign(ends=[_ends(*pair) for pair in sound[PAIR].to_numpy()])
    kinds, panels = list(dict.fromkeys(sound["ends"])), []
    for column, name in SETS.items():
        of_set = [
            _panel(of_units, column, kinds).properties(
                width=WIDTH, height=HEIGHT, title=style.heading(f"{name}, {units}")
            )
            for units, of_units in sound.groupby("units", sort=False)
        ]
        panels.append(alt.hconcat(*of_set, spacing=15).resolve_scale(y="shared"))
    lost = len(rows[rows["status"] == DIVERGED].drop_duplicates(PAIR))
    note = f"{style.counted(lost, 'pair')} with a run that diverged" if lost else ""
    title = style.title(rows.assign(status="ok"), "between minima", note)
    return alt.vconcat(*panels, spacing=15).properties(title=title)


def _ends(first, second, seed, other):
    """Return what a pair compares: two regimes, and one seed or two."""
    return f"{first} to {second}, {'one seed' if seed == other else 'two seeds'}"


def _panel(rows, column, kinds):
    """Return a line for each pair of runs, and the mean of each kind of pairs."""
    scale = alt.Scale(domain=kinds, range=style.REGIME_COLOURS[: len(kinds)])
    legend = alt.Legend(
        orient="bottom", title=None, columns=2, symbolStrokeWidth=2, symbolOpacity=1
    )
    x = alt.X("t:Q", title="position t")
    chart = alt.Chart(rows[[*PAIR, "t", "ends", column]]).encode(
        x, color=alt.Color("ends:N", scale=scale, legend=legend)
    )
    title = "rise above the ends (nats)"
    pairs = chart.mark_line(strokeWidth=0.6, opacity=0.35).encode(
        alt.Y(f"{column}:Q", title=title),
        detail=["first_seed:N", "second_seed:N"],
        tooltip=[*PAIR, "t", column],
    )
    means = chart.mark_line(strokeWidth=2).encode(
        alt.Y(f"mean({column}):Q", title=title)
    )
    return pairs + means
