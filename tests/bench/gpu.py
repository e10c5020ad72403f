"""What a GPU does, in one command: throughput, a sharpness, C1 to the end.

Needs JAX, Keras, h5py, pandas and SciPy, and a prepared CIFAR-10 (or its stand-in):

    KERAS_BACKEND=jax PYTHONPATH=workflow/scripts:tests \\
        python tests/bench/gpu.py results/data/cifar10.h5 results/gpu

`throughput.csv` has images per second and the share of the roofline: of the FLOP/s that
a large matrix product reaches on the same device, in the same precision. Files such as
`SB.full_0.001.csv` have Metric 2.1, by regime, space and epsilon. `interpolation.csv`
has the parametric plot, and `figure3.png` lays it over the authors' own curve, where
Altair is at hand.
To try it on a CPU, shrink it: `--networks F1 --examples 300 --epochs 1 --updates 1
--matrix 1024 --evaluations 2`.
"""

import argparse
import importlib.util
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import cases
import choose_compilation
import epochs
import measure_interpolation
import measure_sharpness
import numpy as np
import pandas as pd
import timing
import train

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.config.study import Study
from sharpminima.jobs.cost import PASSES_OF_A_GRADIENT
from sharpminima.loss.context import Context
from sharpminima.networks import flops
from sharpminima.regimes.settings import of_regime
from sharpminima.tables.paper import FOLDER

THROUGHPUT = (("F1", 256), ("F1", 6000), ("C1", 256), ("C1", 5000), ("C2", 256))
REGIMES = {"SB": {"batch_size": 256}, "LB": {"batch_fraction": 0.1}}
PAIR = ("SB", "LB")


def main():
    """Write what was asked for into a folder."""
    arguments = _arguments()
    arguments.output.mkdir(parents=True, exist_ok=True)
    backend.configure(1)
    rows = list(_throughput(arguments))
    table = pd.DataFrame(rows).assign(**backend.describe())
    table.to_csv(arguments.output / "throughput.csv", index=False)
    print(table.drop(columns="versions").to_string())
    _train_and_measure(arguments)
    if importlib.util.find_spec("altair"):
        _overlay(arguments.output)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path, help="prepared by the workflow")
    parser.add_argument("output", type=Path, help="a folder")
    parser.add_argument(
        "--networks", nargs="+", default=[*cases.SHAPES], help="to time"
    )
    parser.add_argument("--examples", type=int, help="of each set; all by default")
    parser.add_argument("--epochs", type=int, default=200, help="at most")
    parser.add_argument("--updates", type=int, default=20, help="to time")
    parser.add_argument("--evaluations", type=int, default=40, help="in a search")
    parser.add_argument("--matrix", type=int, default=8192, help="side, to time")
    return parser.parse_args()


def _throughput(arguments):
    updates, side = arguments.updates, arguments.matrix
    limit = _matrix_flops_per_second(side)
    yield {"network": "matrix product", "batch_size": side, "flops_per_second": limit}
    for network, size in THROUGHPUT:
        if network not in arguments.networks:
            continue
        dataset = cases.noise(network, size * updates)
        run = epochs.ours(network, dataset, size)
        (timed,) = timing.alternate({network: run})
        images = size * updates / timed["seconds"]
        per_image = PASSES_OF_A_GRADIENT * flops.per_example(
            cases.model(network, dataset)
        )
        yield {
            "network": network,
            "batch_size": size,
            "images_per_second": images,
            "flops_per_second": images * per_image,
            "share_of_roofline": images * per_image / limit,
        }


def _matrix_flops_per_second(side):
    rng = np.random.default_rng(0)
    matrix = backend.to_device(rng.random((side, side), np.float32))

    def product():
        return np.asarray(keras.ops.matmul(matrix, matrix)[0, 0])

    (timed,) = timing.alternate({"matrix product": product})
    return 2 * side**3 / timed["seconds"]


def _train_and_measure(arguments):
    """Train C1 in both regimes, search around both minima, and plot between them."""
    folder, data = arguments.output, arguments.dataset
    subset = {}
    if arguments.examples:
        keys = ("train_examples", "test_examples")
        subset = dict.fromkeys(keys, arguments.examples)
    network = cases.CONFIG["networks"]["C1"]
    choice = folder / "compilation.csv"
    choose_compilation.main(
        *(data, (choice, "bench"), folder / "compilation.cost.csv"),
        identity={"network": "C1", "dataset": network["dataset"]},
        **{"network": network, "threads": 1},
    )
    context = partial(
        Context,
        dataset=data,
        compiled=choice,
        network=network,
        evaluation=cases.CONFIG["evaluation"],
        subset=subset,
        threads=1,
    )
    for regime in PAIR:
        inputs = SimpleNamespace(dataset=data, compiled=choice, warm_start=[])
        run = _run(regime, network, subset, arguments.epochs)
        _train(regime, inputs, folder, run)
        _search(regime, context("measure_sharpness"), folder, arguments.evaluations)
    measure_interpolation.main(
        context("measure_interpolation"),
        [_weights(folder, regime) for regime in PAIR],
        cases.CONFIG["interpolation"],
        plot=folder / "interpolation.csv",
        distances=folder / "distances.csv",
        cost=folder / "interpolation.cost.csv",
    )


def _train(regime, inputs, folder, run):
    """Train as the rule `train` does."""
    tables = ("history", "outcome", "cost")
    outputs = SimpleNamespace(
        weights=_weights(folder, regime),
        iterates=folder / f"{regime}.iterates.h5",
        **{name: folder / f"{regime}.{name}.csv" for name in tables},
    )
    train.main(inputs, outputs, run=run, builder_file=None, threads=1)


def _search(regime, context, folder, evaluations):
    """Measure as the rule `measure_sharpness` does, with a limit of evaluations."""
    epsilons = cases.CONFIG["sharpness"]["epsilons"]
    files = {
        space: [folder / f"{regime}.{space}_{epsilon}.csv" for epsilon in epsilons]
        for space in ("full", "subspace")
    }
    measure_sharpness.main(
        context,
        _weights(folder, regime),
        Study(cases.CONFIG).search | {"max_evaluations": evaluations},
        epsilons,
        cost=folder / f"{regime}.measure.cost.csv",
        **files,
    )


def _weights(folder, regime):
    return folder / f"{regime}.weights.h5"


def _run(regime, network, subset, epochs):
    config = cases.CONFIG
    training = of_regime({**config, "regimes": REGIMES}, regime) | {"seed": 0}
    bounds = {"max_epochs": epochs, "min_epochs": min(epochs, 20)}
    training["stopping"] = {**training["stopping"], **bounds}
    identity = {"network": "C1", "dataset": network["dataset"]}
    return {
        "identity": {**identity, "regime": regime, "seed": 0},
        "network": {name: network[name] for name in ("dataset", "builder", "options")},
        "training": training,
        "evaluation": config["evaluation"],
        "subset": subset,
        "digest": "",
    }


def _overlay(folder):
    """Draw our straight path and the authors' (their Figure 3) in one chart."""
    import altair as alt

    ours = pd.read_csv(folder / "interpolation.csv").query("path == 'linear'")
    theirs = (
        pd.read_csv(FOLDER / "figure3.csv")
        .query("network == 'C1'")
        .rename(columns={"train_xent": "train_loss", "test_xent": "test_loss"})
    )
    rows = pd.concat([ours.assign(who="ours"), theirs.assign(who="the authors'")])
    rows = rows.melt(
        ["alpha", "who"], ["train_loss", "test_loss"], "set", "cross entropy"
    )
    chart = (
        alt.Chart(rows)
        .mark_line()
        .encode(
            x="alpha:Q",
            y=alt.Y("cross entropy:Q").scale(type="log"),
            color="who:N",
            strokeDash=alt.StrokeDash("set:N").scale(
                domain=["train_loss", "test_loss"], range=[[1, 0], [5, 3]]
            ),
        )
    )
    for suffix in ("png", "svg"):
        chart.save(folder / f"figure3.{suffix}")


if __name__ == "__main__":
    main()
