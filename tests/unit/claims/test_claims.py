"""Claims are judged by their data alone: every verdict, on tables that are made up."""

import numpy as np
import pandas as pd
import pytest

from sharpminima.claims import claims

NAN = float("nan")
PAIR = ["SB", "LB"]
VERDICTS = {
    "reproduced": [1, 1, 1],
    "contradicted": [-1, -1, -1],
    "undecided": [1, -1, 1],
}
# Seeds 0, 1, 2 are sound; this one diverges.
LOST = 9
SIZES, ALPHAS = [16, 32, 64, 128, 256], [-0.5, 0.0, 0.5, 1.0, 1.5]


def run(regime, seed, *, variant="plain", **measures):
    return {
        **{"network": "F1", "dataset": "mnist", "regime": regime, "seed": seed},
        "batch_size": 32 if regime.startswith("SB") else 400,
        **{"learning_rate": 1e-3, "parameters": 7, "train_examples": 4000},
        **{"batch_norm": "batch", "variant": variant},
        **{"train_accuracy": 99.0, "test_accuracy": 90.0},
        "status": "diverged" if seed == LOST else "ceased",
        **measures,
    }


def runs(measure, signs, large, small=98.0, *, regime="LB", **of_regime):
    """Return runs where the measure of `regime` depends on each seed's sign."""
    rows = []
    for seed, sign in signs:
        rows.append(run("SB", seed, **{measure: small}))
        rows.append(run(regime, seed, **of_regime, **{measure: large(sign)}))
    return rows


def accuracy(signs, large):
    return {"runs": pd.DataFrame(runs("test_accuracy", signs, large))}


def training(signs):
    rows = runs("train_accuracy", signs, lambda sign: 96.0 + sign)
    return {"runs": pd.DataFrame(rows)}


def sharpness(signs, space="full", **of_regime):
    rows = runs("sharpness", signs, lambda sign: 10.0**sign, 1.0, **of_regime)
    cell = {"space": space, "subspace_seed": None}
    return {
        "measurements": pd.DataFrame(
            {**row, **cell, "epsilon": epsilon} for row in rows for epsilon in (1, 2)
        )
    }


def line(signs, losses):
    return {
        "interpolation": pd.DataFrame(
            {**run("SB", seed), "path": path, "alpha": alpha, "train_loss": loss}
            for seed, sign in signs
            for path in ("linear", "curvilinear")
            for alpha, loss in zip(
                ALPHAS, losses(sign if path == "linear" else 0), strict=True
            )
        )
    }


def distances(signs):
    ratios = {1: 5.0, -1: 12.0}
    return {
        "distances": pd.DataFrame(
            {**run("SB", seed), "distance_ratio": ratios[sign]} for seed, sign in signs
        )
    }


def sweep(signs, *, threshold=64.0):
    def values(size, sign):
        beyond = max(0.0, np.log2(size / 64))
        rise = 0.5 * np.log2(min(size, 64)) + (0.0 if sign > 0 else beyond)
        return {"test_accuracy": 80.0 - sign * beyond, "sharpness": 10.0**rise}

    rows = [
        {**run("B", seed), "batch_size": size, **values(size, sign)}
        for seed, sign in signs
        for size in SIZES
    ]
    found = [
        {"network": "F1", "measure": measure, "threshold": threshold}
        for measure in ("test_accuracy", "sharpness")
    ]
    return {"sweep_runs": pd.DataFrame(rows), "thresholds": pd.DataFrame(found)}


def warm_start(signs):
    return {
        "warm_start_runs": pd.DataFrame(
            {
                **{**run("LB", seed), "epoch": epoch},
                "second_test_accuracy": 80.0 + sign * epoch,
                "second_sharpness": 10.0 ** (-sign * epoch),
            }
            for seed, sign in signs
            for epoch in range(7)
        )
    }


def trajectory(signs, *, rises):
    rows = [
        {
            **{**run(regime, seed), "space": "full", "epsilon": 1e-3, "epoch": epoch},
            "train_loss": 2.0 / (1 + epoch),
            "sharpness": 1e6 if epoch == 0 else 50.0 + rises * sign * epoch,
        }
        for seed, sign in signs
        for regime in ("SB-iterates", "LB-iterates")
        for epoch in range(6)
    ]
    return {"trajectory": pd.DataFrame(rows)}


def remedied(signs, large, variant):
    plain = runs("test_accuracy", signs, lambda sign: 90.0)
    name = {"regime": "LB-better", "variant": variant}
    changed = runs("test_accuracy", signs, large, **name)
    return {"runs": pd.DataFrame([*plain, *changed[1::2]])}


def remedied_sharpness(signs, variant):
    return {
        **remedied(signs, lambda sign: 90.0, variant),
        **sharpness(signs, regime="LB-better"),
    }


MADE_UP = {
    "lb-tests-worse": lambda signs: accuracy(signs, lambda sign: 98.0 - sign),
    "lb-trains-as-well": training,
    "lb-sharper": sharpness,
    "lb-sharper-in-subspaces": lambda signs: sharpness(signs, "subspace"),
    "barrier": lambda signs: line(signs, lambda sign: [1, 1, 1 + sign, 1, 1]),
    "lb-steeper": lambda signs: line(signs, lambda sign: [3, 3, 3, 3, 3 + sign]),
    "distance-ratio": distances,
    "accuracy-threshold": sweep,
    "sharpness-threshold": sweep,
    "warm-start-accuracy": warm_start,
    "warm-start-sharpness": warm_start,
    "lb-sharpens": lambda signs: trajectory(signs, rises=1),
    "sb-does-not-sharpen": lambda signs: trajectory(signs, rises=-1),
    **{
        f"{remedy}-helps": lambda signs, remedy=remedy: remedied(
            signs, lambda sign: 90.0 + sign, remedy
        )
        for remedy in ("augmentation", "conservative")
    },
    **{
        f"{remedy}-stays-sharp": lambda signs, remedy=remedy: remedied_sharpness(
            signs, remedy
        )
        for remedy in ("augmentation", "conservative")
    },
    **{
        f"{remedy}-does-not-help": lambda signs, remedy=remedy: remedied(
            signs, lambda sign: 90.5 - sign, remedy
        )
        for remedy in ("adversarial", "stability")
    },
}


def tables_of(name, signs, *lost):
    return MADE_UP[name]([*enumerate(signs), *((seed, 1) for seed in lost)])


def row_of(name, tables, network="F1"):
    table = claims.tabulate(tables, [network], PAIR)
    return table.set_index("claim").loc[name]


def test_every_claim_is_tested():
    assert set(MADE_UP) == {claim.name for claim in claims.CLAIMS}
    assert len(claims.CLAIMS) == len(MADE_UP)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("name", MADE_UP)
def test_a_claim_is_judged_by_its_tables(name, verdict):
    row = row_of(name, tables_of(name, VERDICTS[verdict]))
    assert row["verdict"] == verdict
    assert (row["seeds"], row["diverged"]) == (3, 0)
    assert np.sign(row["effect"]) == {"contradicted": -1}.get(verdict, 1)


@pytest.mark.parametrize("name", ["lb-sharpens", "sb-does-not-sharpen"])
def test_the_unit_of_a_correlation_says_whether_its_sign_is_changed(name):
    """Sharpness rises here as the loss falls: the correlation itself is -1."""
    row = row_of(name, trajectory([(0, 1)], rises=1))
    sign = -1.0 if row["unit"].endswith("times -1") else 1.0
    assert sign * row["effect"] == pytest.approx(-1.0)


@pytest.mark.parametrize("name", MADE_UP)
def test_seeds_that_diverged_are_left_out_and_counted(name):
    tables = tables_of(name, VERDICTS["reproduced"])
    row = row_of(name, tables_of(name, VERDICTS["reproduced"], LOST))
    assert (row["seeds"], row["diverged"]) == (3, 1)
    assert row["effect"] == pytest.approx(row_of(name, tables)["effect"])


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("accuracy-threshold", "sweep_runs"),
        ("sharpness-threshold", "sweep_runs"),
        ("warm-start-accuracy", "warm_start_runs"),
        ("warm-start-sharpness", "warm_start_runs"),
        ("lb-sharpens", "trajectory"),
    ],
)
def test_a_seed_is_left_out_if_one_of_its_runs_diverged(name, table):
    tables = tables_of(name, VERDICTS["reproduced"])
    rows = tables[table]
    last = rows.index[(rows["seed"] == 0) & (rows["regime"] != "SB-iterates")][-1]
    rows.loc[last, "status"] = "diverged"
    row = row_of(name, tables)
    assert (row["seeds"], row["diverged"]) == (2, 1)


@pytest.mark.parametrize("sizes", [[32, 64, 128, 256, 512], [16, 64, 128, 256, 512]])
@pytest.mark.parametrize("name", ["accuracy-threshold", "sharpness-threshold"])
def test_what_does_not_depend_on_the_batch_size_has_no_threshold(name, sizes):
    rows = pd.DataFrame(
        {**run("B", seed), "batch_size": size, "test_accuracy": 97.3, "sharpness": 12.3}
        for seed in range(3)
        for size in sizes
    )
    found = pd.DataFrame(columns=["network", "measure", "threshold"])
    row = row_of(name, {"sweep_runs": rows, "thresholds": found})
    assert (row["verdict"], row["effect"], row["seeds"]) == ("undecided", 0.0, 3)


@pytest.mark.parametrize("name", ["accuracy-threshold", "sharpness-threshold"])
@pytest.mark.parametrize(
    ("shape", "verdict"),
    [("reproduced", "undecided"), ("contradicted", "contradicted")],
)
def test_a_claim_on_a_threshold_that_was_not_found_is_not_reproduced(
    name, shape, verdict
):
    tables = tables_of(name, VERDICTS[shape])
    tables["thresholds"]["threshold"] = np.nan
    assert row_of(name, tables)["verdict"] == verdict


@pytest.mark.parametrize("name", MADE_UP)
def test_a_network_without_data_is_not_studied(name):
    tables = tables_of(name, VERDICTS["reproduced"])
    row = row_of(name, tables, network="F2")
    assert row["verdict"] == "not studied"
    assert row[["effect", "low", "high", "p", "smallest_p"]].isna().all()
    assert row["statement"]


def test_without_data_no_claim_has_another_verdict():
    table = claims.tabulate({}, ["F1", "F2"], PAIR)
    assert set(table["verdict"]) == {"not studied"}
    assert len(table) == 2 * len(claims.CLAIMS)
    assert (table["seeds"] == 0).all()


def test_with_every_run_diverged_no_claim_has_another_verdict():
    for name in MADE_UP:
        row = row_of(name, tables_of(name, [], LOST))
        assert (row["verdict"], row["seeds"], row["diverged"]) == ("not studied", 0, 1)


@pytest.mark.parametrize("name", [c.name for c in claims.CLAIMS if len(c.needs) > 1])
def test_a_claim_needs_all_its_tables(name):
    tables = tables_of(name, VERDICTS["reproduced"])
    del tables[next(iter(tables))]
    assert row_of(name, tables)["verdict"] == "not studied"


@pytest.mark.parametrize("name", MADE_UP)
def test_minima_that_training_has_not_reached_are_not_judged(name):
    """Every run ended at `max_epochs`, while its loss was still falling."""
    tables = tables_of(name, VERDICTS["reproduced"])
    runs = tables.get("runs", pd.DataFrame([run("SB", 0), run("LB", 0)]))
    tables["runs"] = runs.assign(status="max_epochs")
    (claim,) = (claim for claim in claims.CLAIMS if claim.name == name)
    row = row_of(name, tables)
    if claim.of_minima:
        of_pair = runs["regime"].isin(PAIR).sum()
        assert (row["verdict"], row["unconverged"]) == ("not judged", of_pair)
    else:
        assert (row["verdict"], row["unconverged"]) == ("reproduced", 0)
    # Those of another network say nothing of this one.
    tables["runs"] = tables["runs"].assign(network="F2")
    assert row_of(name, tables)["verdict"] != "not judged"
