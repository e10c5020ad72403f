"""Memory that jobs declare, so that they queue; what no machine has is refused.

Estimates in MB from the network's `memory` in the config: what any job takes, the data,
each example of the largest batch whose gradient is taken, the search for the sharpness.
"""

from collections.abc import Iterator, Mapping

from sharpminima.regimes import batches, derived, remedies

JOB = 1500
TRIAL = 64  # examples of the batches that are tried
UNSTATED = {"data": 500, "per_example": 1.0, "search": 2000}


def of_trial(config: Mapping, network: str) -> int:
    """Return the MB of trying how steps are compiled."""
    return _megabytes(config, network, TRIAL)


def of_training(config: Mapping, network: str, regime: str) -> int:
    """Return the MB of one training run.

    An update that sees its batch twice keeps what both passes leave for the gradient;
    each view of the inputs counts like the data, of which it is the largest part.
    """
    settings = derived.settings(config, regime)
    examples = _examples(config, network)
    last_epoch = settings["stopping"]["max_epochs"] - 1
    batch = batches.batch_size(settings, examples, last_epoch)
    batch *= remedies.passes_of_update(settings)
    total = _megabytes(config, network, max(batch, _evaluated(config, examples)))
    views = remedies.views_of_epoch(settings) * _needs(config, network)["data"]
    return int(total + views)


def of_interpolation(config: Mapping, network: str) -> int:
    """Return the MB of evaluating the paths between two minima."""
    examples = _examples(config, network)
    return _megabytes(config, network, _evaluated(config, examples))


def of_measuring(config: Mapping, network: str) -> int:
    """Return the MB of searching for the sharpness of one checkpoint."""
    examples = config["subset"].get("measure_examples", _examples(config, network))
    search = _needs(config, network)["search"]
    return _megabytes(config, network, _evaluated(config, examples)) + int(search)


def too_large(config: Mapping, limit: int) -> Iterator[str]:
    """Yield a line for each kind of job that would take more than `limit` MB.

    Networks whose `memory` is not stated are not judged by a guess.

    Args:
        config: The whole config, with the regimes that it derives.
        limit: What there is.
    """
    for network in config["study"]["networks"]:
        if "memory" in config["networks"][network]:
            for job, megabytes in _jobs(config, network):
                if megabytes > limit:
                    yield (
                        f"networks.{network}: {job} would take {megabytes} MB, and "
                        f"there are {limit} (`--resources mem_mb=`). Lower "
                        "evaluation.batch_size (now "
                        f"{config['evaluation']['batch_size']}), the batch of the "
                        f"regime, or subset; or correct networks.{network}.memory"
                    )


def _jobs(config, network):
    names = derived.trained_on(config, network) + derived.of_sweep(config, network)
    for regime in names:
        yield f"train in regime {regime}", of_training(config, network, regime)
    yield "measure_sharpness", of_measuring(config, network)


def _examples(config, network):
    declared = config["datasets"][config["networks"][network]["dataset"]]
    return config["subset"].get("train_examples", declared["train_examples"])


def _evaluated(config, examples):
    return min(config["evaluation"]["batch_size"], examples)


def _needs(config, network):
    return UNSTATED | config["networks"][network].get("memory", {})


def _megabytes(config, network, batch):
    needs = _needs(config, network)
    return int(JOB + needs["data"] + needs["per_example"] * batch)
