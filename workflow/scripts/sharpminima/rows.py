"""What every row of results carries, and what one run's status may be."""

IDENTITY = ("network", "dataset", "regime", "seed")
IDENTITY_OF_PAIR = ("network", "dataset", "first", "second", "seed")
SETTING = ("variant", "batch_size", "learning_rate", "parameters", "train_examples")
CARRIED = (*IDENTITY, *SETTING, "batch_norm", "status")
DIVERGED = "diverged"
UNCONVERGED = "max_epochs"


def identity_of_pair(origins: list[dict]) -> dict:
    """Return what identifies a comparison of two runs of one seed in a row.

    Args:
        origins: The attributes of both checkpoints.

    Returns:
        Network, dataset, seed, the two regimes, the versions that trained them, and
        `status`: diverged if one of the runs is, or ok.
    """
    first, second = origins
    trained_with = sorted({first["versions"], second["versions"]})
    statuses = (first["status"], second["status"])
    return {
        "network": first["network"],
        "dataset": first["dataset"],
        "first": first["regime"],
        "second": second["regime"],
        "seed": first["seed"],
        "status": DIVERGED if DIVERGED in statuses else "ok",
        "trained_with": " | ".join(trained_with),
    }
