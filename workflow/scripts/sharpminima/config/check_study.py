"""Check the study: its runs, the sections of Figures 4 to 6, subsets, the searches."""

from collections.abc import Iterator, Mapping

import numpy as np

from sharpminima.config import limits, sizes
from sharpminima.config.check_catalogue import known_networks
from sharpminima.config.check_training import impossible_batches
from sharpminima.config.study import Study
from sharpminima.config.wording import Mistake, unknown_name
from sharpminima.regimes import derived


def number_of_files(config: Mapping) -> Iterator[Mistake]:
    """Yield the section whose runs make the study too large to be planned."""
    sections = ("sharpness", "average_sharpness", "invariance")
    epsilons = [len(config.get(name, {}).get("epsilons", [])) for name in sections]
    # Outcome and history of a run, and what each epsilon adds in each space.
    of_run, total = 2 + 2 * sum(epsilons), 0
    for where, runs in _numbers_of_runs(config):
        total += runs * of_run
        if total > limits.FILES:
            yield (
                where,
                f"must not make more than about {limits.FILES:,} files of results, "
                f"{of_run} for each run. Received: {runs:,} runs. Name fewer seeds, "
                "regimes or epsilons, or divide the study",
            )
            return


def names(config: Mapping) -> Iterator[Mistake]:
    """Yield networks and regimes of the study that are not in the catalogue."""
    for section in ("networks", "regimes"):
        for i, name in enumerate(config["study"][section]):
            yield from unknown_name(f"study.{section}[{i}]", name, config[section])
    study = config["study"]
    if not study["networks"] and not config.get("checkpoints"):
        rule = "must be a list of at least 1 where there are no checkpoints"
        yield "study.networks", f"{rule}. Received: []"
    if study["networks"] and not study["regimes"]:
        rule = "must be a list of at least 1 where study.networks is one"
        yield "study.regimes", f"{rule}. Received: []"


def pairs(config: Mapping) -> Iterator[Mistake]:
    """Yield pairs whose regimes are unknown, or which no network has together."""
    study = Study(config)
    trained = {regime for _, regime, _ in study.runs}
    drawn = [regimes for _, *regimes in study.pairs_of_networks]
    for i, pair in enumerate(study.pairs):
        # Claims and remedies compare the first pair on every network.
        known = [*study.regimes, *study.checkpoints] if i == 0 else trained
        for j, regime in enumerate(pair if known else ()):
            yield from unknown_name(f"study.pairs[{i}][{j}]", regime, known)
        # Both regimes are trained, but on different networks: no chart would show them.
        of_study = i == 0 and set(pair) <= set(study.regimes)
        if not of_study and set(pair) <= trained and pair not in drawn:
            message = f"no network of the study has both. Received: {pair!r}"
            yield f"study.pairs[{i}]", message


def further_regimes(config: Mapping) -> Iterator[Mistake]:
    """Yield further regimes that are unknown, named twice, or without a pair."""
    study = config["study"]
    for network, regimes in study.get("further_regimes", {}).items():
        where = f"study.further_regimes.{network}"
        yield from unknown_name(where, network, study["networks"])
        if not Study(config).first_pair:
            yield where, "needs a pair in study.pairs to be compared with"
        for i, name in enumerate(regimes):
            yield from unknown_name(f"{where}[{i}]", name, config["regimes"])
            if name in study["regimes"]:
                message = f"is in study.regimes already. Received: {name!r}"
                yield f"{where}[{i}]", message


def sweep(config: Mapping) -> Iterator[Mistake]:
    """Yield batch sizes of the sweep that do not fit a training set."""
    batch_sizes = derived.batch_sizes(config)
    for network in batch_sizes:
        where = f"sweep.batch_sizes.{network}"
        yield from unknown_name(where, network, config["study"]["networks"])
    for network, _ in known_networks(config):
        for i, size in enumerate(batch_sizes.get(network, [])):
            # The settings of the regime that `derived` makes for this size.
            stopping = {"max_epochs": config["sweep"]["epochs"]}
            chosen = {**config["training"], "batch_size": size, "stopping": stopping}
            for error in impossible_batches(config, network, chosen):
                yield f"sweep.batch_sizes.{network}[{i}]", error


def iterates(config: Mapping) -> Iterator[Mistake]:
    """Yield unknown names in `iterates`, and epochs that are out of order."""
    yield from _unknown_networks(config, "iterates")
    if derived.networks_of(config, "iterates"):
        section = config["iterates"]
        for i, name in enumerate(section["regimes"]):
            yield from unknown_name(f"iterates.regimes[{i}]", name, config["regimes"])
        # Training ends at the last of them, so it needs one epoch at least.
        epochs = section["epochs"]
        if epochs != sorted(epochs) or epochs[-1] == 0:
            rule = "must be in order, the last at least 1"
            yield "iterates.epochs", f"{rule}. Received: {epochs!r}"


def warm_start(config: Mapping) -> Iterator[Mistake]:
    """Yield the iterates that `warm_start` needs and `iterates` does not keep."""
    if networks := derived.networks_of(config, "warm_start"):
        # Figure 5: a run starts at an iterate of its network, first regime and seed.
        section, kept = config["warm_start"], config.get("iterates", {})
        known = kept.get("networks", [])
        for i, name in enumerate(networks):
            where = f"warm_start.networks[{i}]"
            yield from _not_kept(where, name, "networks", known)
        first, known = section["first"], kept.get("regimes", [])
        yield from _not_kept("warm_start.first", first, "regimes", known)
        second = section["second"]
        yield from unknown_name("warm_start.second", second, config["regimes"])
        known = Study(config).seeds_of("iterates")
        for i, seed in enumerate(section.get("seeds", [])):
            yield from _not_kept(f"warm_start.seeds[{i}]", seed, "seeds", known)


def invariance(config: Mapping) -> Iterator[Mistake]:
    """Yield networks and regimes of `invariance` that the study does not have."""
    yield from _unknown_networks(config, "invariance")
    if derived.networks_of(config, "invariance"):
        trained = {regime for _, regime, _ in Study(config).runs}
        for i, name in enumerate(config["invariance"]["regimes"]):
            yield from unknown_name(f"invariance.regimes[{i}]", name, trained)


def matched(config: Mapping) -> Iterator[Mistake]:
    """Yield unknown networks in `matched`, and epsilons without a value as trained."""
    yield from _unknown_networks(config, "matched")
    if derived.networks_of(config, "matched"):
        known = config["sharpness"]["epsilons"]
        for i, epsilon in enumerate(config["matched"]["epsilons"]):
            if epsilon not in known:
                allowed = ", ".join(map(str, known))
                rule = "must be one of sharpness.epsilons, to be compared"
                message = f"{rule}. Allowed: {allowed}. Received: {epsilon}"
                yield f"matched.epsilons[{i}]", message


def measures(config: Mapping) -> Iterator[Mistake]:
    """Yield measures whose settings are missing."""
    for i, name in enumerate(config["measures"]):
        if name not in config:
            yield f"measures[{i}]", f"needs a section {name}. Received: {name!r}"


def measures_of_pairs(config: Mapping) -> Iterator[Mistake]:
    """Yield measures of pairs and seeds of which the study does not have enough."""
    study = Study(config)
    for i, name in enumerate(config["measures"]):
        if name in ("surface", "barriers") and not study.first_pair:
            rule = f"{name} needs a pair of regimes, the first of study.pairs"
            yield f"measures[{i}]", rule
        if name == "barriers" and len(study.seeds) < 2:
            rule = "barriers compares runs of different seeds and needs two or more"
            yield f"measures[{i}]", f"{rule} in study.seeds. Received: {study.seeds!r}"
    if "surface" in config["measures"]:
        for i, seed in enumerate(study.seeds_of("surface")):
            if seed not in study.seeds:
                allowed = ", ".join(map(str, study.seeds))
                rule = f"must be one of study.seeds. Allowed: {allowed}"
                yield f"surface.seeds[{i}]", f"{rule}. Received: {seed}"


def derived_names(config: Mapping) -> Iterator[Mistake]:
    """Yield regimes and checkpoints that have the name of a derived regime."""
    for section in ("regimes", "checkpoints"):
        for name in set(derived.derived(config)) & set(config.get(section, {})):
            message = "a regime of sweep, iterates or warm_start has this name"
            yield f"{section}.{name}", message


def similar_names(config: Mapping) -> Iterator[Mistake]:
    """Yield names of the catalogue that some file systems take for one."""
    for section in ("datasets", "networks", "regimes"):
        first = {}
        # Checkpoints, and what experiments derive, make folders as regimes do.
        others = {**config.get("checkpoints", {}), **derived.derived(config)}
        made = others if section == "regimes" else {}
        for name in [*config[section], *made]:
            other = first.setdefault(name.casefold(), name)
            if other != name:
                where = f"{section}.{name if name in config[section] else other}"
                message = "must differ from another name by more than capital letters"
                yield where, f"{message}. Received: {other!r} and {name!r}"


def subsets(config: Mapping) -> Iterator[Mistake]:
    """Yield subsets that are larger than what they are taken from."""
    subset = config["subset"]
    for network, declared in known_networks(config):
        train = sizes.of_network(config, network)["train_examples"]
        # Examples for measures are taken from those for training.
        available = {
            **declared,
            "measure_examples": min(train, declared["train_examples"]),
        }
        for key, examples in subset.items():
            if examples > available[key]:
                rule = f"must be at most {available[key]}, for network {network}"
                yield f"subset.{key}", f"{rule}. Received: {examples}"


def searches(config: Mapping) -> Iterator[Mistake]:
    """Yield searches that the study's tables need and that have no start."""
    section = config["sharpness"]
    starts = {name: section[name] for name in ("full", "adaptive", "subspace")}
    searched = {name: each["lbfgsb"] + each["sign"] for name, each in starts.items()}
    if not section["subspace"]["draws"]:
        searched["subspace"] = []
    if not any(searched.values()):
        yield "sharpness", "needs at least one search"
    for name, each in starts.items():
        if "lbfgsb" in each["sign"] and not each["lbfgsb"]:
            rule = f"must not name lbfgsb, since sharpness.{name}.lbfgsb is empty"
            yield f"sharpness.{name}.sign", rule
    # What the paper's search misses is told from that search.
    if section["reference"]["corners"] and "zero" not in starts["full"]["lbfgsb"]:
        rule = "must name zero where sharpness.reference has corners"
        received = starts["full"]["lbfgsb"]
        yield "sharpness.full.lbfgsb", f"{rule}. Received: {received!r}"
    # These tables and charts show the sharpness in the full space.
    needing = (
        derived.batch_sizes(config),
        derived.networks_of(config, "warm_start"),
        config["study"].get("further_regimes"),
    )
    if any(needing) and not searched["full"]:
        sections = "sweep, warm_start or study.further_regimes"
        yield "sharpness.full", f"needs a search where {sections} name anything"


def subspaces(config: Mapping) -> Iterator[Mistake]:
    """Yield subspaces with more dimensions than a network has parameters."""
    section = config["sharpness"]["subspace"]
    for network, _ in known_networks(config) if section["draws"] else ():
        parameters = sizes.parameters_of(config, network)
        if parameters is not None and section["dimensions"] > parameters:
            rule = f"must be at most {parameters}, the parameters of network {network}"
            message = f"{rule}. Received: {section['dimensions']}"
            yield "sharpness.subspace.dimensions", message


def alphas(config: Mapping) -> Iterator[Mistake]:
    """Yield parametric plots whose points float32 cannot tell apart."""
    line = config["interpolation"]["alphas"]
    start, stop = line["start"], line["stop"]
    # Float32 is coarsest at the end that lies farther from 0.
    with np.errstate(over="ignore"):  # the schema refuses such an end
        least = float(np.spacing(np.float32(max(abs(start), abs(stop)))))
    if abs(stop - start) < least * (line["count"] - 1):
        yield (
            "interpolation.alphas",
            "must have a start and a stop so far apart that float32 can tell the "
            f"points between them apart. Received: {line['count']} points from {start} "
            f"to {stop}",
        )


def curve(config: Mapping) -> Iterator[Mistake]:
    """Yield a curve of a single point, which has no exponent."""
    epsilons = config["sharpness"]["curve"]["epsilons"]
    if len(epsilons) == 1:
        rule = "must name two epsilons or more, or none"
        yield "sharpness.curve.epsilons", f"{rule}. Received: {epsilons!r}"


def noise_scale(config: Mapping) -> Iterator[Mistake]:
    """Yield small batches of which a training set does not hold two."""
    if "noise_scale" not in set(config["measures"]).intersection(config):
        return
    for network, _ in known_networks(config):
        most = sizes.of_network(config, network)["measure_examples"] // 2
        for i, size in enumerate(config["noise_scale"]["small_batches"]):
            if size > most:
                rule = f"must be at most {most}, half of what network {network} sees"
                message = f"{rule}. Received: {size}"
                yield f"noise_scale.small_batches[{i}]", message


def curvature(config: Mapping) -> Iterator[Mistake]:
    """Yield fewer products than the eigenvalues at both ends of the spectrum take."""
    section = config.get("curvature", {})
    if section and section["products"] <= section["eigenvalues"]:
        rule = "must be more than curvature.eigenvalues"
        yield "curvature.products", f"{rule}. Received: {section['products']}"


def measures_of_experiments(config: Mapping) -> Iterator[Mistake]:
    """Yield measures of an experiment's runs where the study has none of them."""
    needs = {
        "critical_batch": ("sweep.batch_sizes", derived.batch_sizes(config)),
        "edge_of_stability": (
            "iterates.networks",
            derived.networks_of(config, "iterates"),
        ),
    }
    for i, name in enumerate(config["measures"]):
        where, named = needs.get(name, ("", True))
        if not named:
            yield f"measures[{i}]", f"{name} needs {where}. Received: none"


CHECKS = (
    names,
    pairs,
    further_regimes,
    sweep,
    iterates,
    warm_start,
    invariance,
    matched,
    measures,
    measures_of_pairs,
    derived_names,
    similar_names,
    subsets,
    searches,
    subspaces,
    alphas,
    curve,
    noise_scale,
    curvature,
    measures_of_experiments,
)


def _unknown_networks(config, section):
    """Yield the networks of a section that the study does not have."""
    # What trains nothing also measures the networks of checkpoints.
    study = Study(config)
    trains = section in ("iterates", "warm_start")
    known = study.trained_networks if trains else study.networks
    for i, name in enumerate(derived.networks_of(config, section)):
        yield from unknown_name(f"{section}.networks[{i}]", name, known)


def _numbers_of_runs(config):
    """Yield each section that adds runs, and how many. Pairs count as runs.

    Nothing is listed here, since there may be billions.
    """
    study, kept = Study(config), config.get("iterates", {})
    networks = len(study.trained_networks)
    further = config["study"].get("further_regimes", {})
    regimes = networks * (len(study.regimes) + len(study.pairs))
    yield "study", (regimes + sum(map(len, further.values()))) * len(study.seeds)
    yield "checkpoints", len(study.checkpoints)
    # Each seed with itself and with every other one.
    of_seeds = len(study.seeds) * (len(study.seeds) + 1) // 2
    yield "measures", networks * of_seeds * ("barriers" in config["measures"])
    sizes = sum(map(len, derived.batch_sizes(config).values()))
    yield "sweep", sizes * len(study.seeds_of("sweep"))
    runs = len(kept.get("networks", [])) * len(kept.get("regimes", []))
    yield "iterates", runs * len(study.seeds_of("iterates"))
    runs = len(derived.networks_of(config, "warm_start")) * len(kept.get("epochs", []))
    yield "warm_start", runs * len(study.seeds_of("warm_start"))


def _not_kept(where, name, key, kept):
    """Yield a mistake unless `kept`, which is `iterates.KEY`, holds `name`."""
    if name not in kept:
        allowed = ", ".join(map(str, kept)) or "none"
        rule = f"must be one of iterates.{key}"
        yield where, f"{rule}. Allowed: {allowed}. Received: {name!r}"
