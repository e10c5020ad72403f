"""Rows of results, made up, with values that are easy to average."""

import pandas as pd

NAN = float("nan")
F1 = {"network": "F1", "builder": "fully_connected", "dataset": "mnist"} | {
    "input_shape": "28x28",
    "classes": 10,
    "parameters": 1_462_794,
    "train_examples": 60_000,
    "test_examples": 10_000,
    "learning_rate": 1e-3,
    "batch_norm": "batch",
}


def measurements(*searches):
    """Return rows from `(regime, seed, space, subspace seed, start, value, status)`."""
    names = ["regime", "seed", "space", "subspace_seed", "start", "sharpness", "status"]
    rows = pd.DataFrame(searches, columns=names)
    sizes = rows["regime"].map({"SB": 256, "LB": 6000})
    return rows.assign(**F1, epsilon=1e-3, batch_size=sizes, keras="3.15.1")


SEARCHES = measurements(
    ("SB", 0, "full", None, "zero", 1.0, "ceased"),
    ("SB", 0, "full", None, "random", 2.0, "ceased"),
    ("SB", 1, "full", None, "zero", 4.0, "ceased"),
    ("SB", 1, "full", None, "random", 3.0, "ceased"),
    ("LB", 0, "full", None, "zero", 100.0, "floor"),
    ("LB", 0, "full", None, "random", 90.0, "floor"),
    ("LB", 1, "full", None, "zero", NAN, "diverged"),
    ("LB", 1, "full", None, "random", NAN, "diverged"),
    ("SB", 0, "subspace", "11", "zero", 0.1, "ceased"),
    ("SB", 0, "subspace", "12", "zero", 0.3, "ceased"),
)
