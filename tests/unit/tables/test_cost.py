"""The cost of all jobs of a rule together."""

import pandas as pd

from sharpminima.tables.cost import tabulate


def cost(rule, network, startup, seconds, examples, peak):
    return {
        "rule": rule,
        "network": network,
        "dataset": "mnist",
        "device": "CPU",
        "startup_seconds": startup,
        "seconds": seconds,
        "gradient_evaluations": 1,
        "forward_examples": 0,
        "gradient_examples": examples,
        "flops": examples * 10**9,
        "peak_mb": peak,
    }


def test_costs_are_sums_but_for_the_peak():
    rows = [
        cost("prepare_dataset", None, 1, 2, 0, 90),
        cost("train", "F1", 3, 10, 5, 700),
        cost("train", "F1", 3, 20, 7, 600),
        cost("train", "F2", 3, 40, 9, 100),
    ]
    table = tabulate(pd.DataFrame(rows))
    columns = ["rule", "jobs", "seconds", "gradient_examples", "gigaflops", "peak_mb"]
    assert table[columns].values.tolist() == [
        ["prepare_dataset", 1, 3, 0, 0, 90],
        ["train", 2, 36, 12, 12, 700],
        ["train", 1, 43, 9, 9, 100],
    ]
