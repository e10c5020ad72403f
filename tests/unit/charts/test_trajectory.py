"""Trajectories join iterates."""

import pandas as pd

from examples import IDENTITY, data_of, fields
from sharpminima.charts import trajectory


def test_trajectories_join_iterates_in_the_order_of_epochs():
    rows = pd.DataFrame(
        {
            **{key: [value] * 4 for key, value in IDENTITY.items()},
            "regime": ["SB-iterates"] * 4,
            "seed": [0] * 4,
            "epoch": [0, 1, 2, 3],
            "status": ["max_epochs"] * 4,
            "train_loss": [2.3, 0.5, None, 0.0],
            "sharpness": [1.0, 2.0, None, 3.0],
        }
    )
    chart = trajectory.draw(rows, ["SB-iterates", "LB-iterates"])
    encoding = chart.to_dict()["encoding"]
    assert fields(encoding) == {
        **{"x": "train_loss", "y": "sharpness", "color": "regime"},
        **{"detail": "seed", "order": "epoch"},
    }
    title = "training cross entropy (nats per example)"
    assert encoding["x"]["title"] == title
    assert encoding["x"]["scale"]["type"] == encoding["y"]["scale"]["type"] == "log"
    assert data_of(chart)["epoch"].tolist() == [0, 1]
    assert (
        "not drawn: 2 values, zero or missing" in chart.to_dict()["title"]["subtitle"]
    )
