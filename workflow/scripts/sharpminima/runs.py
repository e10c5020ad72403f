"""What every row of results carries, and what one run's status may be."""

IDENTITY = ("network", "dataset", "regime", "seed")
SETTING = ("batch_size", "learning_rate", "parameters", "train_examples")
CARRIED = (*IDENTITY, *SETTING, "batch_norm", "status")
DIVERGED = "diverged"
UNCONVERGED = "max_epochs"
VERSIONS = ("python", "numpy", "scipy", "h5py", "keras", "tensorflow")


def pair_status(runs: list[dict]) -> str:
    """Return the status of a comparison of runs: diverged if one of them is, or ok."""
    return DIVERGED if DIVERGED in [run["status"] for run in runs] else "ok"
