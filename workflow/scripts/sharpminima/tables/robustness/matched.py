"""Sharpness as trained beside sharpness at a common gradient norm."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from sharpminima.rows import DIVERGED, IDENTITY
from sharpminima.tables.summaries.averages import with_versions
from sharpminima.tables.summaries.searches import CELL, sharpness_of_runs

BOX = ["network", "dataset", *CELL]
RUN = [*IDENTITY, *CELL]
POINTS = ["as_trained", "matched"]
OF_DESCENT = ["gradients", "distance", *(f"gradient_norm_{point}" for point in POINTS)]


def tabulate(
    measurements: pd.DataFrame, matched: pd.DataFrame, pairs: Iterable[Sequence[str]]
) -> pd.DataFrame:
    """Return one row per network, space, epsilon and regime, and one for each pair.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        matched: One row per search, as the rule `measure_matched` writes it.
        pairs: Two regimes each, such as `["SB", "LB"]`. Their row is called `LB / SB`.

    Returns:
        `runs`, how many `diverged`, and how many `reached` the target;

        - the largest of `OF_DESCENT`: gradients, distance, and norms of the gradient.

        Over the runs that reached it:

        - `as_trained` and `matched`: the geometric mean of the runs' sharpness
          (percent); in a pair's row, of the ratios seed by seed;
        - `as_trained_spread` and `matched_spread`: the largest over the smallest;
        - `as_trained_sharper` and `matched_sharper` of a pair: the regime that is
          sharper for every seed, or `undecided`.
    """
    runs = _runs(measurements, matched)
    values = pd.concat([runs, *(_ratios(runs, *pair) for pair in pairs)])
    rows = []
    for box, of_box in values.groupby(BOX, sort=False):
        for regime, group in of_box.groupby("regime", sort=False):
            rows.append({**dict(zip(BOX, box)), "regime": regime, **_summary(group)})
    table = pd.DataFrame(rows).set_index(BOX)
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
    return both.merge(descents, on=RUN)


def _ratios(runs, first, second):
    """Return one row per seed that has both regimes: the second's over the first's."""
    keys = [*BOX, "seed"]
    ours, theirs = (runs[runs["regime"] == name] for name in (first, second))
    both = ours.merge(theirs, on=keys, suffixes=("_1", "_2"))
    diverged = both["status_1"].eq(DIVERGED) | both["status_2"].eq(DIVERGED)
    return both[keys].assign(
        regime=f"{second} / {first}",
        first=first,
        second=second,
        status=np.where(diverged, DIVERGED, "ok"),
        reached=both["reached_1"] & both["reached_2"],
        **{point: both[f"{point}_2"] / both[f"{point}_1"] for point in POINTS},
    )


def _summary(group):
    """Return the row of one regime or pair in one box."""
    sound = group[group["reached"]]
    row = {
        "runs": len(group),
        "diverged": (group["status"] == DIVERGED).sum(),
        "reached": len(sound),
    }
    for point in POINTS:
        values = sound[point]
        # A sharpness may be zero: then the mean is, and the spread has no bound.
        with np.errstate(divide="ignore", invalid="ignore"):
            row[point] = np.exp(np.log(values).mean())
            row[f"{point}_spread"] = values.max() / values.min()
    if "first" in group and group["first"].notna().all():
        first, second = group[["first", "second"]].iloc[0]
        row |= {f"{p}_sharper": _sharper(sound[p], first, second) for p in POINTS}
    return row | group[OF_DESCENT].max().to_dict()


def _sharper(ratios, first, second):
    """Return the regime that is sharper for every seed."""
    if ratios.empty:
        return None
    if (ratios > 1.0).all():
        return second
    return first if (ratios < 1.0).all() else "undecided"
