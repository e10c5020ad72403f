"""Roughly how long jobs take, said before they run.

A job takes the time that its process needs to start, and the time of its FLOPs. The
rate comes from finished jobs of the same script, network, dataset and regime. Without
any, stored rates serve; they also count the optimizer's updates and the solver. How
many epochs a run trains is known from finished runs, or lies between `min_epochs` and
`max_epochs`.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pandas as pd

from sharpminima.config import sizes
from sharpminima.data import datasets
from sharpminima.networks import builders, signatures, size
from sharpminima.planning import planned_work
from sharpminima.planning.rules import rule
from sharpminima.regimes import batches, settings, variants
from sharpminima.storage import rows
from sharpminima.storage.faults import DamagedError

RATES = Path(__file__).resolve().parents[3] / "resources/rates/rates.csv"


@dataclass(frozen=True)
class Past:
    """What finished jobs left: rows of `cost.Job`, and outcomes of training."""

    costs: pd.DataFrame
    outcomes: pd.DataFrame

    @classmethod
    def of(cls, folder: str | Path) -> "Past":
        """Return the past of every study whose results lie under `folder`."""
        folder = Path(folder)
        costs = [*folder.rglob("cost/**/*.csv"), *folder.rglob("data/*.cost.csv")]
        return cls(_rows(costs), _rows(folder.rglob("train/*/*/*/outcome.csv")))


def rates() -> pd.DataFrame:
    """Return the stored rates, by name: `seconds`, `per` what, `machine`, `date`."""
    return pd.read_csv(RATES, index_col="rate")


def size_of(config: Mapping, network: str, data: str | Path) -> size.Size | None:
    """Return the size of a network, or None if the form of its data is unknown.

    Args:
        config: The whole config.
        network: The network's name.
        data: The prepared dataset; where it does not exist, what is declared counts.
    """
    entry = config["networks"][network]
    declared = config["datasets"][entry["dataset"]]
    try:
        input_shape, classes = datasets.form(data)
    except (FileNotFoundError, DamagedError):
        input_shape, classes = declared.get("input_shape"), declared.get("classes")
    if input_shape is None or classes is None:
        return None
    file = signatures.path_of(entry["builder"])
    network = {**entry, "file": file}
    # Only a built model tells its size, and a user's own may have any layers.
    return size.of(builders.build(network, input_shape=input_shape, classes=classes))


class Estimate:
    """How long the jobs of a config take.

    Args:
        config: The whole config, with the regimes that it derives.
        seconds_per: Stored rates, by name.
        sizes: The `Size` of each network, or None where it is unknown.
        past: What finished jobs left.
    """

    def __init__(
        self, config: Mapping, seconds_per: Mapping, sizes: Mapping, past: Past
    ):
        self._config, self._seconds_per = config, seconds_per
        self._sizes, self._past = sizes, past
        # Jobs of one script take the same time, whichever rule they are of.
        self._costs = past.costs
        if not past.costs.empty:
            scripts = past.costs["rule"].map(planned_work.script_of)
            self._costs = past.costs.assign(rule=scripts)

    def seconds(self, job: Mapping) -> tuple[float, float]:
        """Return the least and the most seconds of a job; NaN if they are unknown.

        Args:
            job: Its `rule` and wildcards.
        """
        past = self.finished(job)
        if not rule(job["rule"]).computes:
            return (self._of_small_job(job, past),) * 2
        if self._sizes[job["network"]] is None:
            return math.nan, math.nan
        if job["rule"] == "train":
            # What is uncertain is when the loss ceases to improve.
            works = [
                planned_work.of_training(self._config, job, epochs)
                for epochs in self.epochs(job["network"], job["regime"])
            ]
        else:
            works = [planned_work.of_measuring(self._config, job)] * 2
        return tuple(self._of_work(job, past, work) for work in works)

    def finished(self, job: Mapping) -> pd.DataFrame:
        """Return the rows of finished jobs that tell how long `job` takes."""
        alike = {
            n: job[n] for n in ("rule", "network", "dataset", "regime") if n in job
        }
        alike["rule"] = planned_work.script_of(job["rule"])
        if "network" in job:
            alike["dataset"] = self._config["networks"][job["network"]]["dataset"]
        past = _matching(self._costs, alike)
        # Jobs that measure a diverged run compute nothing, so they tell no rate.
        if rule(job["rule"]).computes and not past.empty:
            return past[past["flops"] > 0]
        return past

    def epochs(self, network: str, regime: str) -> tuple[int, int]:
        """Return the least and the most epochs of a run in `regime`."""
        chosen = settings.of_regime(self._config, regime)
        stopping = chosen["stopping"]
        bounds = stopping["min_epochs"], stopping["max_epochs"]
        # Finished runs count if they were set as this config would set them.
        dataset = self._config["networks"][network]["dataset"]
        examples = sizes.of_network(self._config, network)["train_examples"]
        alike = {
            "network": network,
            "dataset": dataset,
            "regime": regime,
            "variant": variants.name_of(chosen),
            "batch_size": batches.batch_size(chosen, examples),
            "train_examples": examples,
        }
        past = _matching(self._past.outcomes, alike)
        if past.empty:
            return bounds
        # Their stopping rule may have had other bounds.
        return (round(past["epochs"].clip(*bounds).mean()),) * 2

    def _of_small_job(self, job, past):
        if not past.empty:
            return (past["startup_seconds"] + past["seconds"]).mean()
        if job["rule"].startswith("choose_compilation"):
            return self._seconds_per["trial"]
        # Raw files that do not come with the project may have to be downloaded first.
        dataset = self._config["datasets"].get(job.get("dataset"), {"bundled": True})
        return self._seconds_per["small job"] if dataset.get("bundled") else math.nan

    def _of_work(self, job, past, work):
        network = self._sizes[job["network"]]
        total = work.flops(network.flops_per_example)
        if not past.empty:
            # Sums, not a mean of rates: long jobs tell the rate best.
            per_flop = past["seconds"].sum() / past["flops"].sum()
            return past["startup_seconds"].mean() + per_flop * total
        # Without finished jobs, count vector operations too, of the optimizer's updates
        # or of the solver. Their time follows the number of parameters.
        stored = self._seconds_per
        if job["rule"] == "train":
            vectors = stored["update"] * work.gradient_evaluations
        else:
            searches = planned_work.planned(self._config, job).searches
            vectors = sum(
                stored[f"search {space}"] * searches[space] for space in searches
            )
        vectors *= network.parameters
        # Rates are in seconds per 10^9 FLOPs and per 10^6 parameters.
        return stored["start"] + stored[network.kind] * total / 1e9 + vectors / 1e6


def _rows(paths) -> pd.DataFrame:
    """Return the rows of CSV files. There may be thousands, of a row each."""
    lines_below = defaultdict(list)
    for path in sorted(paths):
        # An estimate does without what is damaged or of an older version.
        with suppress(DamagedError):
            header, *lines = rows.read(path).getvalue().splitlines() or [""]
            lines_below[header] += lines
    tables = [
        pd.read_csv(StringIO("\n".join([header, *lines])))
        for header, lines in lines_below.items()
        if lines
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _matching(found, wanted):
    """Return the rows that have all values of `wanted`."""
    if not set(wanted) <= set(found.columns):
        return found.iloc[:0]
    return found[(found[list(wanted)] == pd.Series(wanted)).all(axis="columns")]
