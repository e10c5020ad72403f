"""Curvature along training, averaged, as shares of what the optimizer bears."""

import pandas as pd

from sharpminima.tables.summaries.averages import summarise

KEYS = ["network", "dataset", "regime", "optimizer", "epoch"]
CURVATURES = ["eigenvalue", "preconditioned_eigenvalue"]
# Each share: the curvature, and the threshold that it is a share of.
SHARES = {
    "batch_share": ("batch_sharpness", "batch_threshold"),
    "critical_share": ("critical_sharpness", "critical_threshold"),
}


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime and epoch.

    Args:
        rows: One row per iterate, as the rule `measure_edge_of_stability` writes it.

    Returns:
        Counts; mean and standard deviation of the training loss (nats per example);
        geometric means, with their 95 % intervals, of the eigenvalues and of the shares
        of the thresholds: `share_of_threshold` and `SHARES`.
    """
    rows = rows.assign(**{n: rows.get(n) for n in (*CURVATURES, *_measured())})
    # With momentum nobody knows where batch sharpness would settle.
    without_momentum = rows["threshold"] == rows["critical_threshold"]
    bears = rows["critical_threshold"].where(without_momentum)
    rows = rows.assign(batch_threshold=bears)
    # What the optimizer bears is judged by its own curvature.
    plain, preconditioned = (rows[name] for name in CURVATURES)
    judged = plain.where(rows["optimizer"] == "sgd", preconditioned)
    shares = {"share_of_threshold": judged / rows["threshold"]}
    shares |= {name: rows[a] / rows[b] for name, (a, b) in SHARES.items()}
    known = rows.assign(**shares)
    # A negative largest eigenvalue has no logarithm.
    positive = known[[*CURVATURES, *shares]]
    known = known.assign(**positive.where(positive > 0))
    return summarise(known, KEYS, ["train_loss"], [*CURVATURES, *shares])


def _measured():
    return [curvature for curvature, _ in SHARES.values()]
