"""Effects: the numbers that claims are judged by, positive if a claim holds.

Every function takes the tables of a study and the names of SB and LB. It returns one
row per effect: `network`; `seed`; `effect`, NaN where it cannot be computed;
`diverged`, true for a seed that is left out because one of its runs diverged.

The tables are, by name: `runs`, `measurements`, `sweep_runs`, `thresholds`,
`warm_start_runs` and `trajectory` as they stand in `results/tables`; `interpolation`
and `distances` as `measure_interpolation` writes them for this pair.

Source: Keskar et al. 2017 (arXiv:1609.04836), at the place that `claims.CLAIMS` names.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sharpminima.storage.rows import DIVERGED, PLAIN, departures
from sharpminima.tables.summaries import trends
from sharpminima.tables.summaries.searches import sharpness_of_runs

Tables = Mapping[str, pd.DataFrame]
Pair = Sequence[str]
COLUMNS = ["network", "seed", "effect", "diverged"]
# Points of training accuracy: the largest deficit of LB in Table 2 is 1.64 (F2).
DEFICIT = 2.0
# Of ||x_s - x0|| over ||x_l - x0||; section 2, as recalled.
DISTANCE_RATIO = (3.0, 10.0)
# Percent of LB's test error: in Tables 6 and 7, remedies that help remove 5 or more.
GAIN = 5.0


def lost_test_accuracy(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return by how many points LB's test accuracy is below SB's (Table 2)."""
    small, large = _of_pair(tables["runs"], pair)
    return _compared(small, large, "test_accuracy", lambda sb, lb: sb - lb)


def training_accuracy(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return LB's training accuracy minus SB's, plus `DEFICIT` (points, Table 2).

    The effect is positive if LB is less than `DEFICIT` points below SB.
    """
    small, large = _of_pair(tables["runs"], pair)
    return _compared(small, large, "train_accuracy", lambda sb, lb: lb - sb + DEFICIT)


def sharpness_ratio(tables: Tables, pair: Pair, *, space: str) -> pd.DataFrame:
    """Return log10 of LB's sharpness over SB's, for each epsilon (Tables 3 and 4).

    Args:
        tables: The tables of the study.
        pair: SB and LB.
        space: `full` or `subspace`.
    """
    small, large = _of_pair(_sharpness(tables, space), pair)
    return _compared(small, large, "sharpness", _log_ratio, ["epsilon"])


def barrier(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return how far the loss rises above both minima between them (nats, Figure 3)."""

    def effect(losses, first, second):
        between = losses[first + 1 : second]
        top = max(losses[first], losses[second])
        return between.max() - top if len(between) else np.nan

    return _on_the_line(tables, effect)


def steepness(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return how much more the loss rises next to LB than next to SB (nats, Figure 3).

    The rise is the mean over the two points of the plot on either side of a minimum.
    """
    return _on_the_line(tables, lambda f, sb, lb: _rise(f, lb) - _rise(f, sb))


def distance_ratio(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return how far inside `DISTANCE_RATIO` the ratio of distances lies, in log10.

    The ratio is the distance of SB's minimum from x0 over LB's.
    """
    low, high = np.log10(DISTANCE_RATIO)

    def effect(rows):
        # Positive inside the range, and 0 at either end of it.
        ratio = np.log10(rows["distance_ratio"].iloc[0])
        return min(ratio - low, high - ratio)

    return _of_each_seed(tables["distances"], effect)


def accuracy_beyond_threshold(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return how much faster accuracy falls beyond the threshold than before it.

    The unit is points per doubling of the batch size (Figure 4). Where accuracy rises
    up to the threshold, the trend before it counts as zero. `_by_threshold` says what
    happens where no threshold was found.
    """
    return _by_threshold(
        tables, "test_accuracy", lambda before, after: min(before, 0.0) - after
    )


def sharpness_beyond_threshold(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return how much slower sharpness rises beyond the threshold than before it.

    The unit is log10 per doubling of the batch size (Figure 4). Where sharpness falls
    beyond the threshold, the trend there counts as zero. `_by_threshold` says what
    happens where no threshold was found.
    """
    return _by_threshold(
        tables, "sharpness", lambda before, after: before - max(after, 0.0)
    )


def accuracy_after_warm_start(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return by how many points LB tests better after more epochs of SB (Figure 5).

    LB starts after several epochs of SB. The last third of these is compared with the
    first third.
    """
    return _of_each_seed(
        tables["warm_start_runs"],
        lambda rows: _late_minus_early(rows, rows["second_test_accuracy"]),
    )


def sharpness_after_warm_start(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return how much sharper LB is after few epochs of SB than after many (Figure 5).

    LB starts after several epochs of SB. The first third of these is compared with the
    last third. The unit is log10 of the ratio.
    """
    return _of_each_seed(
        tables["warm_start_runs"],
        lambda rows: -_late_minus_early(rows, _log10(rows["second_sharpness"])),
    )


def large_gets_sharper(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return minus Spearman's correlation of LB's sharpness with its loss (Figure 6).

    There is one effect for each epsilon, over the iterates that were kept after x0. It
    is positive if LB gets sharper as its loss falls.
    """
    return _along_training(tables, pair[1], lambda correlation: -correlation)


def small_gets_flatter(tables: Tables, pair: Pair) -> pd.DataFrame:
    """Return Spearman's correlation of SB's sharpness with its loss (Figure 6).

    There is one effect for each epsilon, over the iterates that were kept after x0. It
    is positive if SB gets flatter as its loss falls.
    """
    return _along_training(tables, pair[0], lambda correlation: correlation)


def gained_test_accuracy(tables: Tables, pair: Pair, *, remedy: str) -> pd.DataFrame:
    """Return how many points a remedy adds to LB's test accuracy (Tables 6 and 7)."""
    large, remedied = _of_remedy(tables, pair, remedy)
    return _compared(large, remedied, "test_accuracy", lambda lb, own: own - lb)


def missing_gain(tables: Tables, pair: Pair, *, remedy: str) -> pd.DataFrame:
    """Return how far a remedy's gain falls short of `GAIN` (appendix E.3).

    The gain is the test error that the remedy removes, in percent of LB's.
    """
    large, remedied = _of_remedy(tables, pair, remedy)

    def effect(lb, own):
        # Percent of the error, not points: in Table 2, LB errs by 2 to 54 %.
        error = 100.0 - lb
        return GAIN - 100.0 * (own - lb) / error.where(error > 0)

    return _compared(large, remedied, "test_accuracy", effect)


def remaining_sharpness(tables: Tables, pair: Pair, *, remedy: str) -> pd.DataFrame:
    """Return log10 of LB's sharpness with a remedy over SB's without (Tables 6 and 7).

    There is one effect for each epsilon, in the full space.
    """
    rows = _sharpness(tables, "full")
    _, remedied = _of_remedy(tables, pair, remedy)
    own = rows.merge(remedied[["network", "regime"]].drop_duplicates())
    small, _ = _of_pair(rows, pair)
    return _compared(small, own, "sharpness", _log_ratio, ["epsilon"])


def _of_pair(rows, pair):
    return [rows[rows["regime"] == regime] for regime in pair]


def _of_remedy(tables, pair, remedy):
    """Return the runs of LB, and the runs that differ from them by a remedy alone.

    The column `variant` decides what a regime is, not its name.
    """
    rows = tables["runs"]
    if "variant" not in rows:
        rows = rows.assign(variant=PLAIN)
    # Nothing else may differ, or the gain would not be the remedy's.
    keys = ["network", "batch_size", "learning_rate"]
    large = rows[rows["regime"] == pair[1]]
    plain = large[[*keys, "variant"]].drop_duplicates()
    both = rows.merge(plain, on=keys, suffixes=("", "_of_large"))
    variants = zip(both["variant"], both["variant_of_large"])
    return large, both[[_adds(remedy, *two) for two in variants]]


def _adds(remedy, variant, other):
    """Tell whether `variant` is `other` with the remedy added."""
    names, others = departures(variant), departures(other)
    return remedy not in others and names == others | {remedy}


def _sharpness(tables, space):
    values = sharpness_of_runs(tables["measurements"])
    return values[values["space"] == space]


def _log10(values):
    # A search that finds no rise at all returns 0, which has no logarithm.
    return np.log10(values.where(values > 0))


def _log_ratio(first, second):
    return _log10(second) - _log10(first)


def _compared(first, second, measure, effect, cells=()):
    """Return the effect of two regimes on a measure, for each seed and each cell."""
    # Runs of one seed share x0 and the order of the data, so seeds make the pairs.
    keys, names = ["network", "seed", *cells], ("_first", "_second")
    wanted = [*keys, "status", measure]
    both = first[wanted].merge(second[wanted], on=keys, suffixes=names)
    values = effect(*(both[f"{measure}{name}"] for name in names))
    diverged = [both[f"status{name}"] == DIVERGED for name in names]
    return both.assign(effect=values, diverged=diverged[0] | diverged[1])[COLUMNS]


def _of_each_seed(rows, effect, cells=()):
    """Return the effect for each cell and each seed without a diverged run."""
    diverged = rows["status"] == DIVERGED
    # A diverged run takes its whole seed out: the rest would not be comparable.
    lost = diverged.groupby([rows["network"], rows["seed"]]).transform("any")
    groups = rows[~lost].groupby(["network", "seed", *cells], sort=False)
    found = [(*key[:2], effect(group), False) for key, group in groups]
    seeds = rows.loc[lost, ["network", "seed"]].drop_duplicates()
    found += [(*row, np.nan, True) for row in seeds.itertuples(index=False)]
    return pd.DataFrame(found, columns=COLUMNS)


def _on_the_line(tables, effect):
    """Return the effect of the training losses on the straight line, for each seed.

    `effect` takes the losses and the places of the two minima among them.
    """
    rows = tables["interpolation"]
    lines = rows[rows["path"] == "linear"].sort_values("alpha")

    def of_seed(rows):
        alphas, losses = rows["alpha"].to_numpy(), rows["train_loss"].to_numpy()
        # SB is at alpha 0 and LB at alpha 1. Floats may miss both by a rounding.
        first, second = (int(np.abs(alphas - end).argmin()) for end in (0.0, 1.0))
        known = np.allclose(alphas[[first, second]], [0.0, 1.0])
        # Both minima need a neighbour on their far side for `_rise`.
        inside = first > 0 and second < len(alphas) - 1
        return effect(losses, first, second) if known and inside else np.nan

    return _of_each_seed(lines, of_seed)


def _rise(losses, end):
    """Return the mean rise of the loss from a place to its two neighbours."""
    return (losses[end - 1] + losses[end + 1]) / 2.0 - losses[end]


def _by_threshold(tables, measure, effect):
    """Return the effect of the trends before and after a threshold, for each seed.

    Where no threshold was found, the trends before and after the middle of the batch
    sizes count instead. The effect is then zero at most, since the paper's threshold is
    not there; it can be negative, if the opposite is.
    """
    found = tables["thresholds"].query("measure == @measure").set_index("network")
    found = found["threshold"].dropna()

    def of_seed(rows):
        values = trends.by_size(rows, measure)
        at = found.get(rows["network"].iloc[0])
        if at is not None:
            return effect(*trends.around(values, at))
        # No threshold, no evidence for one: at most 0, so never `reproduced`.
        around_middle = trends.around(values, trends.middle(values))
        return min(effect(*around_middle), 0.0)

    return _of_each_seed(tables["sweep_runs"], of_seed)


def _late_minus_early(rows, values):
    """Return the mean over the last third of epochs minus the mean over the first."""
    epochs = np.sort(rows["epoch"].unique())
    third = max(1, len(epochs) // 3)
    # Thirds, since single warm starts are noisy.
    early = values[rows["epoch"].isin(epochs[:third])]
    late = values[rows["epoch"].isin(epochs[-third:])]
    return late.mean() - early.mean()


def _along_training(tables, regime, effect):
    """Return the effect of a regime's rank correlation of loss and sharpness."""
    rows, names = tables["trajectory"], [regime, f"{regime}-iterates"]
    rows = rows[rows["regime"].isin(names) & (rows["space"] == "full")]
    keys = ["network", "seed", "epsilon", "epoch", "status"]
    # x0 is the same for SB and LB. Of several starts, the largest rise is the best
    # lower bound of the sharpness.
    points = rows[rows["epoch"] > 0].groupby(keys, sort=False)
    points = points.agg({"train_loss": "first", "sharpness": "max"}).reset_index()

    def of_seed(rows):
        # Spearman's correlation is Pearson's of the ranks.
        ranks = rows[["train_loss", "sharpness"]].rank()
        return effect(ranks.corr().iloc[0, 1])

    return _of_each_seed(points, of_seed, ["epsilon"])
