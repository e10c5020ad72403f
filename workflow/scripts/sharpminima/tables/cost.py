"""What all jobs of a rule cost together, by network and device."""

import pandas as pd

KEYS = ["rule", "network", "dataset", "device"]
SUMMED = ["jobs", "seconds", "gradient_evaluations", "forward_examples"]
SUMMED += ["gradient_examples", "gigaflops"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rule, network and device.

    Args:
        rows: One row per job, as `sharpminima.jobs.cost.Job` writes it.

    Returns:
        Sums of `jobs`, `seconds` (the start of each process included), evaluations,
        examples and FLOPs; `peak_mb`, the memory of the largest job.
    """
    rows = rows.assign(
        jobs=1,
        seconds=rows["startup_seconds"] + rows["seconds"],
        gigaflops=rows["flops"] / 1e9,
    )
    groups = rows.groupby(KEYS, sort=False, dropna=False)
    return groups[SUMMED].sum().join(groups["peak_mb"].max()).reset_index()
