"""Many rows -> one row per condition: the paper's Tables 1 to 4, and their company.

A run that diverged is counted and never averaged. Standard deviations are those of a
sample (n - 1), missing for a single run. Knows nothing of files.
"""

import pandas as pd

from sharpminima.rows import CARRIED, DIVERGED, UNCONVERGED

CONDITION = ["network", "dataset", "regime", "batch_size"]
CELL = ["space", "epsilon"]
COST = ["rule", "network", "dataset", "device"]
SUMMED = (
    "jobs",
    "seconds",
    "gradient_evaluations",
    "forward_examples",
    "gradient_examples",
    "gigaflops",
)
MEASURE_OF_PAPER = {
    "train_accuracy": "train_accuracy_pct",
    "test_accuracy": "test_accuracy_pct",
}


def summarise_networks(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network: what it is and how large (Table 1).

    Args:
        outcomes: One row per run, as `training.outcome` describes it.
    """
    columns = ["network", "builder", "dataset", "input_shape", "classes", "parameters"]
    columns += ["train_examples", "test_examples"]
    table = outcomes[columns].drop_duplicates().set_index("network")
    return _with_versions(table, outcomes, ["network"]).reset_index()


def summarise_accuracy(outcomes: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and regime: accuracy and loss at the end (Table 2).

    Args:
        outcomes: One row per run, as `training.outcome` describes it.
        paper: The paper's values, as `reference.read` returns them.

    Returns:
        Counts (`runs`, of which `diverged` and `unconverged`), means and standard
        deviations of accuracy (percent) and loss (nats per example) over the runs that
        did not diverge, and the paper's accuracies where the setting is the paper's.
    """
    table = _counted(outcomes, CONDITION)
    statuses = outcomes.groupby(CONDITION, sort=False)["status"]
    table["unconverged"] = statuses.agg(lambda s: (s == UNCONVERGED).sum())
    for measure, statistics in {
        "train_accuracy": ["mean", "std"],
        "test_accuracy": ["mean", "std"],
        "train_loss": ["mean"],
        "test_loss": ["mean"],
        "epochs": ["mean"],
    }.items():
        table = table.join(_statistics(outcomes, CONDITION, measure, statistics))
    for measure, name in MEASURE_OF_PAPER.items():
        values = paper[paper["measure"] == name]
        table = _beside(table, outcomes, values, CONDITION, f"paper_{measure}_")
    return _with_versions(table, outcomes, CONDITION).reset_index()


def sharpness_of_runs(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return one row per run, space and epsilon.

    A run's sharpness is the largest over the starts, since each search is a lower
    bound, and the mean over the random subspaces where there are several.

    Args:
        measurements: One row per search, as `sharpness.measure` describes it.
    """
    run = [*CARRIED, *CELL]
    draw = measurements.columns.intersection([*run, "subspace_seed"], sort=False)
    draws = measurements.groupby(list(draw), dropna=False, sort=False)
    largest = draws["sharpness"].max().reset_index()
    values = largest.groupby(run, sort=False)["sharpness"].mean()
    return values.reset_index()


def summarise_sharpness(
    measurements: pd.DataFrame, paper: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per network, regime, space and epsilon (Tables 3 and 4).

    Args:
        measurements: One row per search, as `sharpness.measure` describes it.
        paper: The paper's values, as `reference.read` returns them.

    Returns:
        `runs`, `diverged`, and `mean`, `std`, `min` and `max` of the runs' sharpness
        (percent) over the runs that did not diverge; the paper's mean and standard
        deviation where the setting is the paper's.
    """
    values, keys = sharpness_of_runs(measurements), [*CONDITION, *CELL]
    table = _counted(values, keys)
    statistics = _statistics(values, keys, "sharpness", ["mean", "std", "min", "max"])
    statistics.columns = statistics.columns.str.removeprefix("sharpness_")
    table = table.join(statistics)
    known = paper.dropna(subset="space")
    table = _beside(table, measurements, known, keys, "paper_")
    return _with_versions(table, measurements, keys).reset_index()


def sharpness_ratios(measurements: pd.DataFrame, pairs: list) -> pd.DataFrame:
    """Return one row per pair of runs of one seed: how much sharper the second is.

    Args:
        measurements: One row per search, as `sharpness.measure` describes it.
        pairs: Two regimes each, such as `["SB", "LB"]`.

    Returns:
        `first_sharpness`, `second_sharpness` (percent) and `ratio`, second over first,
        missing where one of the runs diverged.
    """
    keys = ["network", "dataset", *CELL, "seed"]
    values = sharpness_of_runs(measurements).set_index([*keys, "regime"])
    table = pd.concat([_ratios(values["sharpness"], *pair) for pair in pairs])
    table = _with_versions(table, measurements, keys).reset_index()
    return table[["first", "second", *table.columns.drop(["first", "second"])]]


def _ratios(values, first, second):
    """Return the values of two regimes, side by side where there are both."""
    both = [values.xs(regime, level="regime") for regime in (first, second)]
    table = pd.concat(
        both, axis=1, join="inner", keys=["first_sharpness", "second_sharpness"]
    )
    ratio = table["second_sharpness"] / table["first_sharpness"]
    return table.assign(ratio=ratio, first=first, second=second)


def summarise_distances(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and pair: how far the minima lie from x0 and apart.

    Args:
        rows: One row per pair of runs, as `interpolation.distances` describes it.
    """
    keys = ["network", "dataset", "first", "second"]
    table = _counted(rows, keys)
    for measure in (
        "first_to_initial",
        "second_to_initial",
        "first_to_second",
        "distance_ratio",
    ):
        table = table.join(_statistics(rows, keys, measure, ["mean", "std"]))
    return _with_versions(table, rows, keys).reset_index()


def summarise_cost(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rule, network and device: what all its jobs took together.

    Args:
        rows: One row per job, as `cost.Job` writes it.

    Returns:
        `jobs`, `seconds` (with the start of each process), evaluations, examples and
        FLOPs, summed; `peak_mb`, that of the largest job.
    """
    rows = rows.assign(
        jobs=1,
        seconds=rows["startup_seconds"] + rows["seconds"],
        gigaflops=rows["flops"] / 1e9,
    )
    groups = rows.groupby(COST, sort=False, dropna=False)
    table = groups[list(SUMMED)].sum()
    return table.join(groups["peak_mb"].max()).reset_index()


def summarise(rows: pd.DataFrame, keys: list, measures: list) -> pd.DataFrame:
    """Return one row per value of `keys`: counts, and mean and std of `measures`.

    Args:
        rows: One row per run, with its `status` and its `versions`.
        keys: Columns that make a condition.
        measures: Columns that are averaged over the runs that did not diverge.
    """
    table = _counted(rows, keys)
    for measure in measures:
        table = table.join(_statistics(rows, keys, measure, ["mean", "std"]))
    return _with_versions(table, rows, keys).reset_index()


def _counted(rows, keys):
    """Return how many runs each condition has, and how many of them diverged."""
    groups = rows.groupby(keys, sort=False)["status"]
    return pd.DataFrame(
        {
            "runs": groups.size(),
            "diverged": groups.agg(lambda status: (status == DIVERGED).sum()),
        }
    )


def _statistics(rows, keys, measure, statistics):
    """Return statistics of a measure over the runs that did not diverge."""
    sound = rows[rows["status"] != DIVERGED]
    table = sound.groupby(keys, sort=False)[measure].agg(statistics)
    return table.add_prefix(f"{measure}_")


def _beside(table, rows, paper, keys, prefix):
    """Add the paper's mean and std to the conditions that have the paper's setting."""
    if paper.empty:
        return table
    settings = [c for c in paper.columns if c in rows.columns]
    known = rows[settings + [k for k in keys if k not in settings]].drop_duplicates()
    matched = known.merge(paper, on=settings).set_index(keys)[["mean", "std"]]
    return table.join(matched.add_prefix(prefix))


def _with_versions(table, rows, keys):
    """Add the package versions behind each condition, all of them, joined by `|`."""
    columns = [name for name in ("versions", "trained_with") if name in rows.columns]
    texts = rows.melt(id_vars=keys, value_vars=columns, value_name="text")
    parts = texts.assign(text=texts["text"].str.split(" | ", regex=False))
    groups = parts.explode("text").groupby(keys, sort=False)["text"]
    versions = groups.agg(lambda values: " | ".join(sorted(set(values))))
    return table.join(versions.rename("versions"))
