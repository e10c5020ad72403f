"""Sharpness as trained beside sharpness at a common gradient norm."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from sharpminima.storage.rows import DIVERGED, IDENTITY
from sharpminima.tables.summaries.averages import (
    counted,
    geometric,
    statistics,
    with_versions,
)
from sharpminima.tables.summaries.pairs import side_by_side
from sharpminima.tables.summaries.searches import CELL, sharpness_of_runs

BOX = ["network", "dataset", *CELL]
KEYS = [*BOX, "regime"]
RUN = [*IDENTITY, *CELL]
POINTS = ["as_trained", "matched"]
OF_DESCENT = ["gradients", "distance", *(f"gradient_norm_{point}" for point in POINTS)]
UNDECIDED = "undecided"


def tabulate(
    measurements: pd.DataFrame, matched: pd.DataFrame, pairs: Iterable[Sequence[str]]
) -> pd.DataFrame:
    """Return one row per network, space, epsilon and regime, and one for each pair.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        matched: One row per search, as the rule `measure_matched` writes it.
        pairs: Two regimes each, such as `["SB", "LB"]`. Their row is called `LB / SB`.

    Returns:
        `runs`, how many `diverged`, and how many `reached` the target.

        For both `POINTS`, over the runs that reached it:

        - `POINT_mean`: the geometric mean of the runs' sharpness (percent) with its
          95 % interval; in a pair's row, of the ratios seed by seed;
        - `POINT_spread`: the largest over the smallest;
        - `POINT_sharper` of a pair: the regime that is sharper for every seed, or
          `undecided`.

        The largest of `OF_DESCENT`: gradients, distance, and norms of the gradient.
    """
    runs = _runs(measurements, matched)
    values = pd.concat([runs, *(_ratios(runs, *pair) for pair in pairs)])
    # A pair stands below the regimes of its box.
    boxes = values.groupby(BOX, sort=False).ngroup()
    values = values.iloc[np.argsort(boxes, kind="stable")]
    sound = values[values["reached"]]
    table = counted(values, KEYS)
    table["reached"] = values.groupby(KEYS)["reached"].sum()
    for point in POINTS:
        ends = statistics(sound, KEYS, point, ["min", "max"])
        sharper = sound.groupby(KEYS)[f"{point}_sharper"].agg(_of_all_seeds)
        table = table.join(geometric(sound, KEYS, point))
        table[f"{point}_spread"] = ends[f"{point}_max"] / ends[f"{point}_min"]
        table = table.join(sharper)
    table = table.join(values.groupby(KEYS)[OF_DESCENT].max()).reset_index("regime")
    sources = pd.concat([measurements, matched])
    return with_versions(table, sources, BOX).reset_index()


def _runs(measurements, matched):
    """Return one row per run, space and epsilon: its sharpness at both points."""
    values = [
        sharpness_of_runs(rows).rename(columns={"sharpness": point})
        for point, rows in zip(POINTS, (measurements, matched))
    ]
    both = values[1].merge(values[0][[*RUN, "as_trained"]], on=RUN)
    descents = matched.drop_duplicates(RUN)[[*RUN, "reached", *OF_DESCENT]]
    # Only pairs have a regime that is sharper.
    none = {f"{point}_sharper": None for point in POINTS}
    return both.merge(descents, on=RUN).assign(**none)


def _ratios(runs, first, second):
    """Return one row per seed that has both regimes: the second's over the first's."""
    columns = ("status", "reached", *POINTS)
    status, reached, *values = (
        side_by_side(runs, [*BOX, "seed"], first, second, name) for name in columns
    )
    lost = status.eq(DIVERGED).any(axis="columns")
    rows = {"status": np.where(lost, DIVERGED, "ok"), "reached": reached.all(axis=1)}
    for point, both in zip(POINTS, values):
        ratio = both[f"second_{point}"] / both[f"first_{point}"]
        sharper = np.select([ratio > 1, ratio < 1], [second, first], UNDECIDED)
        rows |= {point: ratio, f"{point}_sharper": sharper}
    ratios = pd.DataFrame(rows, index=status.index).reset_index()
    return ratios.assign(regime=f"{second} / {first}")


def _of_all_seeds(names):
    """Return the regime that is sharper for every seed."""
    return names.iloc[0] if names.nunique(dropna=False) == 1 else UNDECIDED
