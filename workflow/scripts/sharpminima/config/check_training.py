"""Check how runs are trained: optimizers, schedules, batches, stopping, objectives."""

import math
from collections.abc import Iterator, Mapping

from sharpminima.config import sizes
from sharpminima.config.check_catalogue import known_networks
from sharpminima.config.study import Study
from sharpminima.config.wording import Mistake
from sharpminima.regimes import batches, derived, optimizers, remedies, settings


def optimizer_values(config: Mapping) -> Iterator[Mistake]:
    """Yield values that belong to another optimizer, and Nesterov without momentum."""
    for where, stated, merged in _sections(config):
        optimizer = merged["optimizer"]
        known = optimizers.values_of(optimizer)
        allowed = ", ".join(sorted(known))
        for key in (optimizers.VALUES & set(stated)) - known:
            message = f"unknown to optimizer {optimizer}. Allowed: {allowed}"
            yield f"{where}.{key}", message
        # Without momentum, Keras would ignore `nesterov` and say nothing.
        values = optimizers.resolved(config["training"], stated)
        if values.get("nesterov") and not values["momentum"]:
            for key in {"nesterov", "momentum"} & set(stated):
                yield f"{where}.{key}", "nesterov needs a momentum above 0"


def schedule_epochs(config: Mapping) -> Iterator[Mistake]:
    """Yield schedules whose epochs are out of order, or within the warm-up."""
    for where, stated, merged in _sections(config):
        # A regime may break a schedule of `training` by its own `max_epochs`.
        section = where if "schedule" in stated else "training"
        if rule := _broken_rule_of_schedule(merged):
            yield f"{section}.schedule.epochs", rule


def batch_sizes(config: Mapping) -> Iterator[Mistake]:
    """Yield regimes of the study whose batches do not fit a training set."""
    for network, regime, chosen in _runs_of_study(config):
        for error in impossible_batches(config, network, chosen):
            yield f"regimes.{regime}", f"on network {network}, {error}"


def stopping_rules(config: Mapping) -> Iterator[Mistake]:
    """Yield stopping rules whose first allowed epoch comes after the last one."""
    for where, stated, _ in _sections(config):
        if stopping := stated.get("stopping"):
            first, last = stopping["min_epochs"], stopping["max_epochs"]
            if first > last:
                rule = f"must be at most max_epochs, {last}"
                yield f"{where}.stopping.min_epochs", f"{rule}. Received: {first}"


def averaged_epochs(config: Mapping) -> Iterator[Mistake]:
    """Yield regimes of the study with means of more epochs than a run may have."""
    for _, regime, chosen in _runs_of_study(config):
        own = "averaging" in config["regimes"][regime]
        section = f"regimes.{regime}" if own else "training"
        if rule := _broken_rule_of_averaging(chosen):
            yield f"{section}.averaging.last_epochs", rule


def objectives(config: Mapping) -> Iterator[Mistake]:
    """Yield regimes of the catalogue that would minimise two things at once."""
    for name in config["regimes"]:
        if set(remedies.OBJECTIVES) <= set(settings.of_regime(config, name)):
            both = " and ".join(remedies.OBJECTIVES)
            yield f"regimes.{name}", f"must not have both {both}: each is an objective"


def augmentations(config: Mapping) -> Iterator[Mistake]:
    """Yield regimes of the study that would augment inputs that are not images."""
    for network, regime, chosen in _runs_of_study(config):
        # Without a declared shape, the training run itself finds out.
        shape = sizes.dataset_of(config, network).get("input_shape")
        if "augmentation" in chosen and shape and not remedies.are_images(shape):
            yield (
                f"regimes.{regime}.augmentation",
                f"needs images, and network {network}'s inputs have shape {shape}",
            )


def lengths_of_sections(config: Mapping) -> Iterator[Mistake]:
    """Yield sections that train too short for their settings, or too long for a batch.

    The section sets how long the runs of `sweep`, `iterates` and `warm_start` train,
    not the regime that they come from.
    """
    study, with_derived = Study(config), derived.with_derived(config)
    for section, runs in {
        "sweep": study.sweep_runs,
        "iterates": study.runs_with_iterates,
        "warm_start": study.warm_start_runs,
    }.items():
        for network, regime in {run[:2] for run in runs}:
            where = f"{section}.epochs"
            chosen = settings.of_regime(with_derived, regime)
            # `schedule_epochs` checks a schedule that states its own epochs.
            follows = "epochs" not in chosen.get("schedule", {})
            if follows and (rule := _broken_rule_of_schedule(chosen)):
                yield where, f"the schedule's epochs {rule}"
            if rule := _broken_rule_of_averaging(chosen):
                yield where, f"averaging.last_epochs {rule}"
            # `check_study.sweep` tries the batches of the sweep.
            if "growth" in chosen and section != "sweep":
                for error in impossible_batches(config, network, chosen):
                    yield where, f"on network {network}, {error}"


CHECKS = (
    optimizer_values,
    schedule_epochs,
    batch_sizes,
    stopping_rules,
    averaged_epochs,
    objectives,
    augmentations,
    lengths_of_sections,
)


def impossible_batches(config: Mapping, network: str, chosen: Mapping) -> Iterator[str]:
    """Yield the reason why a training set cannot be cut into batches, if there is one.

    Args:
        config: The whole config.
        network: The network's name.
        chosen: The settings of a run.
    """
    examples = sizes.of_network(config, network)["train_examples"]
    try:
        # A batch that grows must have a possible size in every epoch.
        list(batches.stages(chosen, examples, chosen["stopping"]["max_epochs"]))
    except ValueError as error:
        yield str(error)


def _sections(config):
    """Yield `training` and each regime: key, own settings, settings that then hold."""
    training = config["training"]
    yield "training", training, training
    for name, regime in config["regimes"].items():
        yield f"regimes.{name}", regime, {**training, **regime}


def _runs_of_study(config):
    """Yield network, regime and settings of each kind of run, where all are known."""
    study = Study(config)
    for network, _ in known_networks(config):
        for regime in study.regimes_trained_on(network):
            if regime in config["regimes"]:
                yield network, regime, settings.of_regime(config, regime)


def _broken_rule_of_averaging(chosen):
    """Return the rule that the epochs of a run's mean break, if they break one.

    Args:
        chosen: The settings of a run.
    """
    last = chosen.get("averaging", {}).get("last_epochs", 0)
    least = chosen["stopping"]["min_epochs"]
    if last > least:
        return f"must be at most stopping.min_epochs, {least}. Received: {last}"
    return ""


def _broken_rule_of_schedule(chosen):
    """Return the rule that the epochs of a run's schedule break, if they break one.

    Args:
        chosen: The settings of a run.
    """
    schedule = chosen.get("schedule", {"name": "constant"})
    match schedule["name"]:
        case "constant":
            return ""
        case "step":
            epochs = schedule.get("epochs", [])
            if epochs != sorted(epochs):
                return f"must be in order. Received: {epochs!r}"
            first_change = min(epochs, default=math.inf)
        case "cosine":
            epochs = schedule.get("epochs", chosen["stopping"]["max_epochs"])
            # A cosine ends where it says, or else with the run.
            first_change = epochs
    # The warm-up raises the rate to its full value before anything lowers it.
    warmup = schedule.get("warmup_epochs", 0)
    if first_change <= warmup:
        return f"must be above warmup_epochs, {warmup}. Received: {epochs!r}"
    return ""
