"""Gradient noise scale by regime and epoch, averaged over the runs."""

import numpy as np
import pandas as pd

from sharpminima.storage.rows import DIVERGED
from sharpminima.tables.summaries.averages import CONDITION, summarise

KEYS = [*CONDITION, "epoch", "small_batch", "pairs"]
MEASURES = ["noise_scale", "noise_trace", "squared_gradient"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime, epoch and small batch.

    Args:
        rows: One row per run, epoch and small batch, as the rule `measure_noise_scale`
            writes it.

    Returns:
        Counts; the geometric mean over the runs, with its 95 % interval, of the noise
        scale (examples), of tr(Sigma) and of |G|^2 (nats^2 per unit of the parameters
        squared); `without_upper_end`, how many runs have a noise scale that cannot be
        told from infinity. Where |G|^2 of a run is not above 0, the mean is infinite.
    """
    # Left out, the largest scales would be missing from the mean.
    sound = rows["status"] != DIVERGED
    scale = rows["noise_scale"].mask(sound & rows["noise_scale"].isna(), np.inf)
    rows = rows.assign(noise_scale=scale)
    unbounded = rows["noise_scale_high"].eq(float("inf"))
    counts = unbounded.groupby([rows[key] for key in KEYS], sort=False).sum()
    table = summarise(rows, KEYS, sharpness=MEASURES)
    return table.join(counts.rename("without_upper_end"), on=KEYS)
