"""Is it a minimum? What loss and gradient say against it, run by run."""

import numpy as np
import pandas as pd
import pytest

from examples import NAN, outcomes, taken_apart
from project import default_config
from sharpminima.regimes import settings, variants
from sharpminima.tables.robustness import minima

RUNS = outcomes(("SB", 0, "ceased", 97.0), ("LB", 0, "floor", 97.0))
SEARCHES = taken_apart(
    ("SB", 0, "full", 1e-3, 0.9, 1.0, 0.0),
    ("SB", 0, "full", 5e-4, 0.3, 1.0, 0.0),
    ("SB", 0, "subspace", 1e-3, 0.75, 1.0, 0.0),
    ("LB", 0, "full", 1e-3, 0.0, 0.5, 0.5),
    ("LB", 0, "subspace", 1e-3, 0.1, 0.1, 0.9),
    ("LB", 0, "adaptive", 1e-3, 0.9, 0.9, 0.1),
)
LOSSES = {"SB": [9.0, 1.0, 3.0, 2.0, 5.0, 4.0, 4.5], "LB": [3.0, 2.0, 1.0]}


def histories(losses=LOSSES):
    """Return the rows of epochs from the losses of each regime, the last one first."""
    rows = [
        {"network": "F1", "dataset": "mnist", "regime": regime, "seed": 0}
        | {"epoch": epoch, "train_loss": loss}
        for regime, of_run in losses.items()
        for epoch, loss in enumerate(of_run)
    ]
    return pd.DataFrame(rows[::-1])


def tabulated(runs=RUNS, searches=SEARCHES, losses=LOSSES):
    return minima.tabulate(runs, histories(losses), searches).set_index("regime")


def test_each_run_has_its_loss_its_gradient_and_its_slopes_in_the_smallest_boxes():
    table = tabulated()
    row = table.loc["SB"]
    assert (row["status"], row["epochs"], row["train_loss"]) == ("ceased", 10, 0.1)
    norms = [row[f"gradient_{norm}"] for norm in ("l1", "l2", "max")]
    assert norms == [2.0, 0.5, 0.25]
    assert row["slope_share_full"] == pytest.approx(0.3)
    assert row["slope_share_subspace"] == pytest.approx(0.75)
    assert np.isnan(row["slope_share_adaptive"])
    assert set(table["versions"]) == {"keras 3.15.1"}


def test_the_last_loss_stands_over_the_median_of_five_epochs_before_it():
    found = tabulated()["last_over_median"].to_dict()
    assert found == pytest.approx({"SB": 4.5 / 3.0, "LB": 1.0 / 2.5})


@pytest.mark.parametrize("changes", [{}, {"optimizer": "sgd", "weight_decay": 0.1}])
def test_the_history_of_a_run_that_averages_tells_nothing_of_its_last_weights(changes):
    """Runs are told by the variant that training gives them."""
    config = default_config()
    config["training"] |= changes
    named = [
        variants.name_of(settings.of_regime(config, regime))
        for regime in ("SB-averaged", "SB-growing")
    ]
    table = tabulated(RUNS.assign(variant=named))
    assert np.isnan(table.loc["SB", "last_over_median"])
    assert table["state"].to_dict()["SB"] == "not stationary"
    assert table.loc["LB", "last_over_median"] == pytest.approx(0.4)


def test_a_run_can_have_several_reasons_and_an_adaptive_box_is_none():
    states = tabulated()["state"].to_dict()
    assert states == {"SB": "loss spike; not stationary", "LB": "nearly stationary"}


def test_a_run_of_one_epoch_has_no_median():
    table = tabulated(losses={"SB": [2.0], "LB": [3.0, 2.0]})
    assert np.isnan(table.loc["SB", "last_over_median"])
    assert table.loc["LB", "last_over_median"] == pytest.approx(2.0 / 3.0)


def test_a_study_of_one_space_has_the_slope_of_that_space():
    table = tabulated(searches=SEARCHES[SEARCHES["space"] == "full"])
    assert table["state"].to_dict()["SB"] == "loss spike"
    assert "slope_share_subspace" not in table


def test_a_diverged_run_has_no_other_state():
    runs = outcomes(("SB", 0, "diverged", 10.0), train_loss=NAN)
    searches = taken_apart(
        ("SB", 0, "full", 1e-3, NAN, NAN, NAN),
        status="diverged",
        **{f"gradient_{norm}": NAN for norm in ("l1", "l2", "max")},
    )
    row = tabulated(runs, searches, {"SB": [2.0, 3.0, NAN]}).loc["SB"]
    assert row["state"] == "diverged"
    assert np.isnan(row["gradient_l2"])


@pytest.mark.parametrize(
    ("status", "over_median", "shares", "found"),
    [
        ("ceased", 1.25, [0.49, -0.1], "nearly stationary"),
        ("floor", NAN, [NAN], "not known"),
        ("floor", 1.0, [], "not known"),
        ("ceased", 1.26, [], "loss spike"),
        ("floor", 1.0, [0.0, 0.5], "not stationary"),
        ("max_epochs", 1.0, [0.0], "unconverged"),
        ("max_epochs", 2.0, [0.9], "unconverged; loss spike; not stationary"),
        ("diverged", 2.0, [0.9], "diverged"),
    ],
)
def test_rules_decide_the_state(status, over_median, shares, found):
    assert minima.state(status, over_median, shares) == found


def test_no_state_says_minimum():
    """No curvature is measured: nothing here proves one."""
    assert not tabulated()["state"].str.contains("minimum").any()
