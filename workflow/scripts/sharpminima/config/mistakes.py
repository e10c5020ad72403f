"""The config: closed schema, references that a schema cannot express, plain messages.

Everything wrong is found before any job runs, and said at once, a line each: the key,
the rule, what was received. Knows nothing of Keras, nor of Snakemake.
"""

import difflib
import math
import typing
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import yaml

from sharpminima.data.readers import idx
from sharpminima.networks import builders, signatures
from sharpminima.regimes import batches, derived, optimizers, remedies

WORKFLOW = Path(__file__).resolve().parents[3]
SCHEMA = WORKFLOW / "schemas/config.schema.yaml"
RESOURCES = WORKFLOW / "resources"
NEEDED_FILES = {
    "kaldi": [
        f"{split}/{of}.scp" for split in ("train", "test") for of in ("feats", "pdf")
    ]
}
READER_OPTIONS = {"kaldi": {"context", "max_dropped"}, "festvox": {"context"}}
# Those of `step` are required.
SCHEDULE_OPTIONS = {
    "constant": set(),
    "step": {"epochs", "factor"},
    "cosine": {"epochs", "final"},
}
ALWAYS_OF_SCHEDULE = {"name", "warmup_epochs"}
RENAMED = {
    "study.remedies": "study.further_regimes",
    "performance": "performance_model",
}


def without_nulls(config, where=""):
    """Return `config` without the keys whose value is null.

    Snakemake merges a study's file into `config.yaml` key by key: null is how such a
    file takes a setting away. Old names of keys stay: they are mistakes even so.
    """
    if not isinstance(config, dict):
        return config
    return {
        key: without_nulls(value, f"{where}{key}.")
        for key, value in config.items()
        if value is not None or f"{where}{key}" in RENAMED
    }


def training_subset(config: dict) -> dict:
    """Return the part of the `subset` section that training depends on."""
    subset = config["subset"]
    return {name: subset[name] for name in subset if name != "measure_examples"}


def mistakes(config: dict) -> list[str]:
    """Return what is wrong with `config`, one line a mistake; empty if nothing is.

    References are checked as far as the sections that they join are of the right form.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    errors = Validator(schema).iter_errors(config)
    found = {line for error in errors for line in _lines(error)}
    malformed = {key for key, _ in found}
    for check in CHECKS:
        try:
            found |= {x for x in check(config) if not _covered(x[0], malformed)}
        except (AttributeError, KeyError, TypeError, ValueError):
            if not found:
                raise
    return [f"{key}: {message}" for key, message in sorted(found)]


def _is_number(_, value):
    return type(value) in (int, float) and math.isfinite(value)


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": lambda _, value: type(value) is int, "number": _is_number}
    ),
)
TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a finite number",
    "object": "a mapping",
    "string": "text",
}


def _covered(key, malformed):
    """Tell whether a malformed part of the config holds `key`, or lies within it."""
    return any(_within(key, bad) or _within(bad, key) for bad in malformed)


def _within(inner, outer):
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def _lines(error) -> Iterator[tuple[str, str]]:
    """Yield key and message of the mistakes behind one schema error."""
    where, received = _path(error.absolute_path), error.instance
    match error.validator:
        case "additionalProperties":
            allowed = sorted(error.schema["properties"])
            for key in set(received) - set(allowed):
                path, hint = _join(where, key), _suggestion(key, allowed)
                message = f"unknown key{hint}. Allowed: {', '.join(allowed)}"
                if path in RENAMED:
                    message = f"renamed to {RENAMED[path]}"
                yield path, message
        case "required":
            for key in set(error.validator_value) - set(received):
                yield _join(where, key), "required, but missing"
        case "pattern":
            rule = f"must match {error.validator_value}"
            yield where, f"{rule}. Received: {received!r}"
        case "uniqueItems":
            twice = next(x for i, x in enumerate(received) if x in received[:i])
            yield where, f"must not name anything twice. Received twice: {twice!r}"
        case "oneOf" if not isinstance(received, dict):
            return
        case "oneOf":
            yield where, _one_of(error)
        case _:
            hint = _hint(error)
            yield where, f"must be {_rule(error)}. Received: {received!r}{hint}"


def _one_of(error):
    names = [choice["required"][0] for choice in error.validator_value]
    given = [name for name in names if name in error.instance]
    way_out = " (set the other one to null)" if given else ""
    return (
        f"needs exactly one of {', '.join(names)}. "
        f"Received: {', '.join(given) or 'none'}{way_out}"
    )


def _rule(error):
    value = error.validator_value
    if error.validator == "enum":
        return f"one of {', '.join(map(str, value))}"
    if error.validator == "type":
        return TYPES[value]
    return {
        "minimum": f"at least {value}",
        "maximum": f"at most {value}",
        "exclusiveMinimum": f"above {value}",
        "exclusiveMaximum": f"below {value}",
        "minItems": f"a list of at least {value}",
        "maxItems": f"a list of at most {value}",
        "minLength": "text that is not empty",
        "minProperties": "a mapping that is not empty",
    }[error.validator]


def _hint(error):
    """Explain numbers that YAML took for text."""
    wanted = error.validator_value
    if wanted not in ("integer", "number") or not isinstance(error.instance, str):
        return ""
    try:
        number = float(error.instance)
    except ValueError:
        return ""
    if wanted == "integer" and number.is_integer():
        return f" (text to YAML: write {int(number)}, without quotes)"
    return f" (text to YAML: write {number!r}, with a point and without quotes)"


def _path(parts) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or "config"


def _join(where, key):
    return key if where == "config" else f"{where}.{key}"


def _suggestion(key, allowed):
    close = difflib.get_close_matches(str(key), allowed, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _bad_study(config) -> Iterator[tuple[str, str]]:
    study = config["study"]
    for section in ("networks", "regimes"):
        for i, name in enumerate(study[section]):
            yield from _unknown(f"study.{section}[{i}]", name, config[section])
    # Claims and remedies take the first pair, of every network.
    for j, regime in enumerate(study["pairs"][0] if study["pairs"] else []):
        yield from _unknown(f"study.pairs[0][{j}]", regime, study["regimes"])
    for i, pair in enumerate(study["pairs"][1:], 1):
        yield from _bad_pair(f"study.pairs[{i}]", pair, config)


def _bad_pair(where, pair, config):
    known = {regime for _, regime, _ in derived.runs_of_study(config)}
    for j, regime in enumerate(pair):
        yield from _unknown(f"{where}[{j}]", regime, known)
    drawn = [names for _, *names in derived.pairs_of_study(config)]
    if set(pair) <= known and pair not in drawn:
        yield where, f"no network of the study has both. Received: {pair!r}"


def _bad_datasets(config) -> Iterator[tuple[str, str]]:
    for name, dataset in config["datasets"].items():
        where = f"datasets.{name}"
        yield from _bad_files(f"{where}.files", dataset)
        yield from _bad_reader_options(f"{where}.options", dataset)
        yield from _bad_speech(where, dataset)
        if dataset.get("bundled") and not (RESOURCES / name).is_dir():
            yield f"{where}.bundled", f"there is no folder workflow/resources/{name}"


def _bad_files(where, dataset):
    if dataset["reader"] == "idx":
        try:
            idx.roles(dataset["files"])
        except ValueError as error:
            yield where, str(error)
    for name in NEEDED_FILES.get(dataset["reader"], []):
        if name not in dataset["files"]:
            yield f"{where}.{name}", "required, but missing"


def _bad_reader_options(where, dataset):
    wanted = READER_OPTIONS.get(dataset["reader"], set())
    given = set(dataset.get("options", {}))
    for key in given - wanted:
        yield f"{where}.{key}", f"unknown to reader {dataset['reader']}"
    for key in wanted - given:
        yield f"{where}.{key}", "required, but missing"


def _bad_speech(where, dataset):
    """A package is one file, and its classes are made: they cannot be inferred."""
    if dataset["reader"] == "festvox":
        if len(dataset["files"]) != 1:
            count = len(dataset["files"])
            yield f"{where}.files", f"must be one file, the package. Received: {count}"
        if "classes" not in dataset:
            yield f"{where}.classes", "required, but missing"


def _bad_networks(config) -> Iterator[tuple[str, str]]:
    for name, network in config["networks"].items():
        where = f"networks.{name}"
        yield from _unknown(f"{where}.dataset", network["dataset"], config["datasets"])
        builder, given = network["builder"], network["options"]
        if builder in builders.BUILDERS:
            wanted = signatures.options(builder).kinds
            yield from _bad_options(where, given, wanted, least=1)
        elif signatures.path_of(builder):
            yield from _bad_builder_file(where, builder, given)
        else:
            known = [*builders.BUILDERS, signatures.FORM]
            yield from _unknown(f"{where}.builder", builder, known)


def _datasets_of_study(config):
    """Yield each network of the study with its dataset, as far as both are known."""
    for name in config["study"]["networks"]:
        network = config["networks"].get(name, {})
        if network.get("dataset") in config["datasets"]:
            yield name, config["datasets"][network["dataset"]]


def _bad_subsets(config) -> Iterator[tuple[str, str]]:
    """Compare each subset with the declared size of what it is taken from."""
    subset = config["subset"]
    for name, dataset in _datasets_of_study(config):
        available = dict(dataset)
        available["measure_examples"] = min(
            subset.get("train_examples", dataset["train_examples"]),
            dataset["train_examples"],
        )
        for key, examples in subset.items():
            if examples > available[key]:
                yield (
                    f"subset.{key}",
                    f"must be at most {available[key]}, for network {name}. "
                    f"Received: {examples}",
                )


def _unknown(where, name, known) -> Iterator[tuple[str, str]]:
    if name not in known:
        allowed = ", ".join(sorted(known))
        hint = _suggestion(name, known)
        yield where, f"unknown name{hint}. Allowed: {allowed}. Received: {name!r}"


def _bad_builder_file(where, builder, given) -> Iterator[tuple[str, str]]:
    try:
        options = signatures.options(builder)
    except ValueError as error:
        yield f"{where}.builder", str(error)
    else:
        yield from _bad_options(where, given, options.kinds, options.optional)


def _bad_options(
    where, given, wanted, optional=(), least=-math.inf
) -> Iterator[tuple[str, str]]:
    """Compare a network's options with what its builder takes."""
    for key in set(given) - set(wanted):
        hint, allowed = _suggestion(key, wanted), ", ".join(sorted(wanted)) or "none"
        yield f"{where}.options.{key}", f"unknown key{hint}. Allowed: {allowed}"
    for key, kind in wanted.items():
        if key in given:
            if complaint := _misfit(given[key], kind, least):
                yield f"{where}.options.{key}", f"{complaint}. Received: {given[key]!r}"
        elif key not in optional:
            yield f"{where}.options.{key}", "required, but missing"


def _misfit(value, kind, least) -> str:
    """Return what a builder's option must be, if `value` is not, or nothing."""
    if kind is None:
        return ""
    if choices := typing.get_args(kind):
        allowed = ", ".join(map(str, choices))
        return "" if value in choices else f"must be one of {allowed}"
    fits = type(value) in ((int, float) if kind is float else (kind,))
    if fits and (kind in (bool, str) or value >= least):
        return ""
    limit = "" if least == -math.inf else f", at least {least}"
    return f"must be of type {kind.__name__}{limit}"


def _runs_of_study(config):
    """Yield network, dataset, regime and settings, as far as all are known."""
    for name, dataset in _datasets_of_study(config):
        for regime in derived.trained_on(config, name):
            if regime in config["regimes"]:
                yield name, dataset, regime, derived.settings(config, regime)


def _bad_batches(config) -> Iterator[tuple[str, str]]:
    """Try each regime of the study on each network's declared training set."""
    for name, dataset, regime, settings in _runs_of_study(config):
        for error in _impossible_batches(config, dataset, settings):
            yield f"regimes.{regime}", f"on network {name}, {error}"


def _impossible_batches(config, dataset, settings) -> Iterator[str]:
    declared = dataset["train_examples"]
    examples = config["subset"].get("train_examples", declared)
    try:
        list(batches.stages(settings, examples, settings["stopping"]["max_epochs"]))
    except ValueError as error:
        yield str(error)


def _bad_objectives(config) -> Iterator[tuple[str, str]]:
    """Find regimes of the catalogue that would minimise two things at once."""
    for name in config["regimes"]:
        if set(remedies.OBJECTIVES) <= set(derived.settings(config, name)):
            both = " and ".join(remedies.OBJECTIVES)
            yield f"regimes.{name}", f"must not have both {both}: each is an objective"


def _bad_augmentations(config) -> Iterator[tuple[str, str]]:
    """Find regimes of the study that would move inputs which are no images."""
    for name, dataset, regime, settings in _runs_of_study(config):
        shape = dataset.get("input_shape")
        if "augmentation" in settings and shape and not remedies.are_images(shape):
            yield (
                f"regimes.{regime}.augmentation",
                f"needs images, and network {name}'s inputs have shape {shape}",
            )


def _bad_sweep(config) -> Iterator[tuple[str, str]]:
    """Try each batch size of the sweep on its network's declared training set."""
    batch_sizes, known = derived.batch_sizes(config), config["study"]["networks"]
    for network in batch_sizes:
        yield from _unknown(f"sweep.batch_sizes.{network}", network, known)
    for name, dataset in _datasets_of_study(config):
        for i, size in enumerate(batch_sizes.get(name, [])):
            stopping = {"max_epochs": config["sweep"]["epochs"]}
            settings = {**config["training"], "batch_size": size, "stopping": stopping}
            for error in _impossible_batches(config, dataset, settings):
                yield f"sweep.batch_sizes.{name}[{i}]", error


def _bad_remedies(config) -> Iterator[tuple[str, str]]:
    study = config["study"]
    for network, names in study.get("further_regimes", {}).items():
        where = f"study.further_regimes.{network}"
        yield from _unknown(where, network, study["networks"])
        if not study["pairs"]:
            yield where, "needs a pair in study.pairs to be compared with"
        for i, name in enumerate(names):
            yield from _unknown(f"{where}[{i}]", name, config["regimes"])
            if name in study["regimes"]:
                message = f"is in study.regimes already. Received: {name!r}"
                yield f"{where}[{i}]", message


def _bad_iterates(config) -> Iterator[tuple[str, str]]:
    networks_with_iterates = derived.networks_of(config, "iterates")
    for i, name in enumerate(networks_with_iterates):
        known = config["study"]["networks"]
        yield from _unknown(f"iterates.networks[{i}]", name, known)
    if networks_with_iterates:
        for i, name in enumerate(config["iterates"]["regimes"]):
            yield from _unknown(f"iterates.regimes[{i}]", name, config["regimes"])
        epochs = config["iterates"]["epochs"]
        if epochs != sorted(epochs) or epochs[-1] == 0:
            rule = "must be in order, the last at least 1"
            yield "iterates.epochs", f"{rule}. Received: {epochs!r}"


def _bad_warm_start(config) -> Iterator[tuple[str, str]]:
    """Check that runs begin with what `iterates` keeps."""
    if starting := derived.networks_of(config, "warm_start"):
        section, iterates = config["warm_start"], config.get("iterates", {})
        for i, name in enumerate(starting):
            where, kept = f"warm_start.networks[{i}]", iterates.get("networks", [])
            yield from _not_kept(where, name, "networks", kept)
        first, kept = section["first"], iterates.get("regimes", [])
        yield from _not_kept("warm_start.first", first, "regimes", kept)
        yield from _unknown("warm_start.second", section["second"], config["regimes"])
        for i, seed in enumerate(section.get("seeds", [])):
            kept = derived.seeds(config, "iterates")
            yield from _not_kept(f"warm_start.seeds[{i}]", seed, "seeds", kept)


def _not_kept(where, name, key, kept) -> Iterator[tuple[str, str]]:
    if name not in kept:
        allowed = ", ".join(map(str, kept)) or "none"
        rule = f"must be one of iterates.{key}"
        yield where, f"{rule}. Allowed: {allowed}. Received: {name!r}"


def _bad_lengths(config) -> Iterator[tuple[str, str]]:
    """Try schedules and growing batches for as long as the sections train."""
    for section, network, settings in _runs_of_sections(config):
        where, schedule = f"{section}.epochs", settings.get("schedule", {})
        if schedule and "epochs" not in schedule:
            longest = settings["stopping"]["max_epochs"]
            for _, message in _bad_epochs(where, schedule, longest):
                yield where, f"the schedule's epochs {message}"
        # `_bad_sweep` has tried the sweep's batches.
        if "growth" in settings and section != "sweep":
            dataset = config["datasets"][config["networks"][network]["dataset"]]
            for error in _impossible_batches(config, dataset, settings):
                yield where, f"on network {network}, {error}"


def _runs_of_sections(config) -> Iterator[tuple[str, str, dict]]:
    """Yield section, network and settings of the runs of each regime it derives."""
    with_derived = derived.with_derived(config)
    for section, runs in {
        "sweep": derived.runs_of_sweep(config),
        "iterates": derived.runs_with_iterates(config),
        "warm_start": derived.runs_after_warm_start(config),
    }.items():
        for network, regime in {run[:2] for run in runs}:
            yield section, network, derived.settings(with_derived, regime)


def _bad_names(config) -> Iterator[tuple[str, str]]:
    """A regime that a section derives must not be one of the catalogue."""
    for name in set(derived.derived(config)) & set(config["regimes"]):
        yield (
            f"regimes.{name}",
            "a regime of sweep, iterates or warm_start has this name",
        )


def _sections(config) -> Iterator[tuple[str, dict, dict]]:
    """Yield `training` and each regime: its key, what it states, what then holds."""
    training = config["training"]
    yield "training", training, training
    for name, regime in config["regimes"].items():
        yield f"regimes.{name}", regime, {**training, **regime}


def _bad_optimizers(config) -> Iterator[tuple[str, str]]:
    for where, stated, merged in _sections(config):
        optimizer = merged["optimizer"]
        known = optimizers.values_of(optimizer)
        allowed = ", ".join(sorted(known))
        for key in (optimizers.VALUES & set(stated)) - known:
            message = f"unknown to optimizer {optimizer}. Allowed: {allowed}"
            yield f"{where}.{key}", message
        values = optimizers.resolved(config["training"], stated)
        if values.get("nesterov") and not values["momentum"]:
            for key in {"nesterov", "momentum"} & set(stated):
                yield f"{where}.{key}", "nesterov needs a momentum above 0"


def _bad_schedules(config) -> Iterator[tuple[str, str]]:
    for where, stated, merged in _sections(config):
        if schedule := merged.get("schedule"):
            section = where if "schedule" in stated else "training"
            longest = merged["stopping"]["max_epochs"]
            yield from _bad_schedule_options(f"{section}.schedule", schedule)
            yield from _bad_epochs(f"{section}.schedule.epochs", schedule, longest)


def _bad_schedule_options(where, schedule) -> Iterator[tuple[str, str]]:
    name = schedule["name"]
    known = SCHEDULE_OPTIONS[name]
    for key in set(schedule) - known - ALWAYS_OF_SCHEDULE:
        allowed = ", ".join(sorted(known | ALWAYS_OF_SCHEDULE))
        yield f"{where}.{key}", f"unknown to schedule {name}. Allowed: {allowed}"
    for key in known - set(schedule):
        if name == "step":
            yield f"{where}.{key}", "required, but missing"


def _bad_epochs(where, schedule, longest) -> Iterator[tuple[str, str]]:
    """Compare a schedule's epochs with its name, with each other, and with warm-up."""
    steps, warmup = schedule["name"] == "step", schedule.get("warmup_epochs", 0)
    epochs = schedule.get("epochs", [] if steps else longest)
    if schedule["name"] == "constant" or epochs == []:
        return
    if steps != isinstance(epochs, list):
        rule = "a list" if steps else "a whole number"
    elif steps and epochs != sorted(epochs):
        rule = "in order"
    elif (epochs[0] if steps else epochs) <= warmup:
        rule = f"above warmup_epochs, {warmup}"
    else:
        return
    yield where, f"must be {rule}. Received: {epochs!r}"


def _bad_rules(config) -> Iterator[tuple[str, str]]:
    for where, stated, _ in _sections(config):
        stopping = stated.get("stopping")
        if stopping and stopping["min_epochs"] > stopping["max_epochs"]:
            yield (
                f"{where}.stopping.min_epochs",
                f"must be at most max_epochs, {stopping['max_epochs']}. "
                f"Received: {stopping['min_epochs']}",
            )
    sharpness = config["sharpness"]
    full, subspace = sharpness["full"], sharpness["subspace"]
    if not (full["starts"] or (subspace["draws"] and subspace["starts"])):
        yield "sharpness", "needs at least one start, in the full space or in subspaces"
    if not full["starts"] and _is_compared_in_full_space(config):
        rule = (
            "must not be empty where sweep, warm_start or study.further_regimes name "
            "anything"
        )
        yield "sharpness.full.starts", rule


def _is_compared_in_full_space(config):
    return (
        derived.batch_sizes(config)
        or derived.networks_of(config, "warm_start")
        or config["study"].get("further_regimes")
    )


CHECKS = (
    _bad_study,
    _bad_datasets,
    _bad_networks,
    _bad_subsets,
    _bad_batches,
    _bad_sweep,
    _bad_remedies,
    _bad_iterates,
    _bad_warm_start,
    _bad_lengths,
    _bad_names,
    _bad_optimizers,
    _bad_schedules,
    _bad_objectives,
    _bad_augmentations,
    _bad_rules,
)
