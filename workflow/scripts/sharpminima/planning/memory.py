"""The memory that jobs declare, so that they queue. A job too large is refused.

Estimates in MB follow from the network's `memory` in the config: a fixed part for any
job, the data, each example of the largest batch, and the search's own vectors.
"""

import math
from collections.abc import Iterator, Mapping

from sharpminima.config import sizes
from sharpminima.config.study import Study
from sharpminima.planning.planned_work import planned
from sharpminima.regimes import batches, derived, remedies, settings

JOB = 1500  # MB of any job: Python, Keras and the backend
BYTES = 4  # of a number
BESIDE = 20  # vectors in float32 that products take, beside those that a measure keeps
LARGEST = 4_000_000  # MB of the largest machine, where nobody says what there is
PREPARING = 2000  # MB of a job that prepares a dataset
TRIAL = 64  # examples of the batches that a trial takes
# Rough values for a network that states none, enough for jobs to queue by.
UNSTATED = {"data": 500, "per_example": 1.0, "search": 2000}


def of_preparing(config: Mapping, job: Mapping) -> int:
    """Return the MB of preparing a dataset."""
    return PREPARING


def of_selftest(config: Mapping, job: Mapping) -> int:
    """Return the MB of comparing the measures with closed forms."""
    return JOB


def of_trial(config: Mapping, job: Mapping) -> int:
    """Return the MB of trying how a network's steps are compiled."""
    return _megabytes(config, job, TRIAL)


def of_training(config: Mapping, job: Mapping) -> int:
    """Return the MB of one training run.

    An update that sees its batch twice keeps both passes for the gradient. Each view of
    the inputs counts like the data, since inputs make up most of the data.
    """
    chosen = settings.of_regime(config, job["regime"])
    examples = sizes.of_network(config, job["network"])["train_examples"]
    # A batch that grows is largest in the last epoch that a run may reach.
    last_epoch = chosen["stopping"]["max_epochs"] - 1
    batch = batches.batch_size(chosen, examples, last_epoch)
    batch *= remedies.passes_of_update(chosen)
    views = remedies.views_of_epoch(chosen) * _needs(config, job)["data"]
    total = _megabytes(config, job, max(batch, _evaluated(config, examples)))
    return int(total + views)


def of_measuring(config: Mapping, job: Mapping) -> int:
    """Return the MB of one job that measures."""
    plan, seen = planned(config, job), sizes.of_network(config, job["network"])
    examples = seen["measure_examples"]
    if plan.test_losses:
        examples = max(examples, seen["test_examples"])
    vectors = _needs(config, job)["search"] if any(plan.searches.values()) else 0
    evaluated = _evaluated(config, examples)
    if plan.hessian_products:
        # The pass back through a gradient keeps what the gradient computed.
        evaluated *= 2
        parameters = sizes.parameters_of(config, job["network"]) or 0
        vectors += (plan.vectors + BESIDE) * BYTES * parameters / 1e6
    return _megabytes(config, job, evaluated) + int(vectors)


def of_adopting(config: Mapping, job: Mapping) -> int:
    """Return the MB of taking over one checkpoint, and of its loss on both sets."""
    seen = sizes.of_network(config, job["network"])
    examples = max(seen["train_examples"], seen["test_examples"])
    return _megabytes(config, job, _evaluated(config, examples))


def too_large(config: Mapping, limit: int | None) -> Iterator[str]:
    """Yield a line for each kind of job that would take more than `limit` MB.

    Where the config states no `memory`, a job is refused only for what it takes at
    least: a guess refuses none.

    Args:
        config: The whole config, with its derived regimes.
        limit: How many MB there are; None if nobody said, which stands for `LARGEST`.
    """
    limit = limit or LARGEST
    for network in Study(config).networks:
        impossible = list(_impossible(config, network, limit))
        yield from impossible
        if "memory" in config["networks"][network] and not impossible:
            jobs, regimes = {}, Study(config).regimes_trained_on(network)
            for regime in [*regimes, *derived.of_sweep(config, network)]:
                job = {"network": network, "regime": regime}
                jobs[f"train in regime {regime}"] = of_training(config, job)
            # The search keeps vectors, so it takes the most memory of all measures.
            job = {"rule": "measure_sharpness", "network": network}
            jobs[job["rule"]] = of_measuring(config, job)
            for what, megabytes in jobs.items():
                if megabytes > limit:
                    yield (
                        f"networks.{network}: {what} would take {megabytes} MB, and "
                        f"there are {limit} (`--resources mem_mb=`). Lower "
                        "evaluation.batch_size (now "
                        f"{config['evaluation']['batch_size']}), the batch of the "
                        f"regime, or subset; or correct networks.{network}.memory"
                    )


def _impossible(config, network, limit):
    """Yield the first part of a job that alone takes more than `limit` MB, if any."""
    entry, declared = config["networks"][network], sizes.dataset_of(config, network)
    parameters = sizes.parameters_of(config, network) or 0
    options = [f"networks.{network}.options.{key}" for key in entry["options"]]
    settings_of_network = " or ".join(options) or f"networks.{network}"
    inputs = math.prod(declared.get("input_shape", [1]))
    examples = declared["train_examples"] + declared["test_examples"]
    space = config["sharpness"]["subspace"]
    searched = space["draws"] and (space["lbfgsb"] or space["sign"])
    columns = space["dimensions"] if searched else 0
    for what, numbers, lower in (
        (
            "its data",
            examples * inputs,
            f"the examples or the input_shape of datasets.{entry['dataset']}",
        ),
        # Weights, gradient, and the two slots of most optimizers.
        ("training", 4 * parameters, settings_of_network),
        (
            "a random subspace",
            columns * parameters,
            f"sharpness.subspace.dimensions or {settings_of_network}",
        ),
    ):
        if (megabytes := numbers * BYTES // 10**6) > limit:
            yield (
                f"networks.{network}: {what} would take at least {megabytes:,} MB, and "
                f"there are {limit:,} (`--resources mem_mb=`). Lower {lower}"
            )
            return


def _evaluated(config, examples):
    return min(config["evaluation"]["batch_size"], examples)


def _needs(config, job):
    return UNSTATED | config["networks"][job["network"]].get("memory", {})


def _megabytes(config, job, batch):
    needs = _needs(config, job)
    return int(JOB + needs["data"] + needs["per_example"] * batch)
