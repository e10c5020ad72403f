"""Distances between minima, averaged over the seeds."""

import pandas as pd

from sharpminima.tables import distances

NAN = float("nan")


def test_distances_are_averaged_over_sound_pairs():
    rows = pd.DataFrame(
        {
            "seed": [0, 1, 2],
            "status": ["ok", "ok", "diverged"],
            "distance_ratio": [4.0, 6, NAN],
        }
    ).assign(
        network="F1",
        dataset="mnist",
        first="SB",
        second="LB",
        first_to_initial=1.0,
        second_to_initial=1.0,
        first_to_second=1.0,
        versions="keras 3.15.1",
    )
    row = distances.tabulate(rows).iloc[0]
    assert (row["runs"], row["diverged"], row["distance_ratio_mean"]) == (3, 1, 5.0)
