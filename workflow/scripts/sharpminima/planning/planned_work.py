"""The work that jobs are going to do: what their rows of cost will count.

Needs neither Keras nor the data: the sizes of sets are the declared ones.
"""

import importlib
from collections.abc import Mapping

from sharpminima.config import sizes
from sharpminima.jobs.cost import NOTHING, Work
from sharpminima.measures.planned import Planned
from sharpminima.regimes import batches, remedies, settings


def of_training(config: Mapping, job: Mapping, epochs: int) -> Work:
    """Return the work of one training run that ends after `epochs`.

    Args:
        config: The whole config, with its derived regimes.
        job: Its `network` and `regime`.
        epochs: How many the run trains.
    """
    chosen = settings.of_regime(config, job["regime"])
    examples = sizes.of_network(config, job["network"])
    train, test = examples["train_examples"], examples["test_examples"]
    # The test set after each epoch, and both sets after the last one.
    evaluations = epochs * _examples_of_loss(config, train, test)
    evaluations += _examples_of_loss(config, train, train)
    evaluations += _examples_of_loss(config, train, test)
    # Averaged weights get the moments of the training set.
    evaluations += train if "averaging" in chosen else 0
    updates = remedies.work(
        chosen,
        batches=batches.updates(chosen, train, epochs),
        examples=batches.examples_seen(chosen, train, epochs),
    )
    return updates + Work(forward_examples=evaluations)


def of_measuring(config: Mapping, job: Mapping) -> Work:
    """Return the work of one job that measures.

    Args:
        config: The whole config, with its derived regimes.
        job: Its `rule`, `measure_X` for module `measures.X`, and its wildcards.
    """
    return of_evaluations(config, job["network"], planned(config, job))


def of_evaluations(config: Mapping, network: str, planned: Planned) -> Work:
    """Return the work of planned evaluations of one network's loss."""
    examples = sizes.of_network(config, network)
    train, test = examples["measure_examples"], examples["test_examples"]
    # Recalibrated moments depend on x: one more pass computes them, and another one
    # takes the gradient through them.
    again = planned.gradients * train if _recalibrates(config) else 0
    losses = planned.train_losses * _examples_of_loss(config, train, train)
    losses += planned.test_losses * _examples_of_loss(config, train, test)
    return Work(
        gradient_evaluations=planned.gradients,
        forward_examples=again + losses,
        gradient_examples=planned.gradients * train + again,
    ) + _of_products(config, planned, train)


def _of_products(config, planned, train):
    """Return the work of products of second derivatives with vectors."""
    hessian, gauss_newton = planned.hessian_products, planned.gauss_newton_products
    products = hessian + gauss_newton
    if not products:
        return NOTHING
    gradients, forward = 2 * hessian + gauss_newton, gauss_newton
    work = Work(forward_examples=forward * train, gradient_examples=gradients * train)
    if not _recalibrates(config):
        return work
    # How the moments change along each vector, and what that does to the gradient. And
    # once, before the first product, the moments and the gradient by them.
    return work + Work(
        gradient_evaluations=1,
        forward_examples=(1 + 2 * products) * train,
        gradient_examples=(1 + gradients) * train,
    )


def script_of(rule: str) -> str:
    """Return the script of a rule: two rules share one with the rule they vary."""
    return rule.removesuffix("_at_epsilon").removesuffix("_again")


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what a job that measures evaluates, as its measure says."""
    name = script_of(job["rule"]).removeprefix("measure_")
    measure = importlib.import_module(f"sharpminima.measures.{name}")
    return measure.planned(config, job)


def _examples_of_loss(config, train, examples):
    """Return how many examples are seen to know the loss on `examples`."""
    return examples + (train if _recalibrates(config) else 0)


def _recalibrates(config):
    return config["evaluation"]["batch_norm"] == "recalibrated"
