"""The memory that jobs declare, so that they queue. A job too large is refused.

Estimates in MB follow from the network's `memory` in the config: a fixed part for any
job, the data, each example of the largest batch, and the search's own vectors.
"""

from collections.abc import Iterator, Mapping

from sharpminima.config import sizes
from sharpminima.config.study import Study
from sharpminima.planning.planned_work import planned
from sharpminima.regimes import batches, derived, remedies, settings

JOB = 1500  # MB of any job: Python, Keras and the backend
TRIAL = 64  # examples of the batches that a trial takes
# Rough values for a network that states none, enough for jobs to queue by.
UNSTATED = {"data": 500, "per_example": 1.0, "search": 2000}


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
    search = _needs(config, job)["search"] if any(plan.searches.values()) else 0
    return _megabytes(config, job, _evaluated(config, examples)) + int(search)


def too_large(config: Mapping, limit: int) -> Iterator[str]:
    """Yield a line for each kind of job that would take more than `limit` MB.

    Networks without a stated `memory` are left out: a guess refuses no job.

    Args:
        config: The whole config, with its derived regimes.
        limit: How many MB there are.
    """
    for network in config["study"]["networks"]:
        if "memory" in config["networks"][network]:
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


def _evaluated(config, examples):
    return min(config["evaluation"]["batch_size"], examples)


def _needs(config, job):
    return UNSTATED | config["networks"][job["network"]].get("memory", {})


def _megabytes(config, job, batch):
    needs = _needs(config, job)
    return int(JOB + needs["data"] + needs["per_example"] * batch)
