"""Regimes: what a run of one is set to, and which runs the experiments need.

Figures 4 to 6 of the paper are made of runs like all others, in regimes that the
sections `sweep`, `iterates` and `warm_start` derive. Knows nothing of Keras.
"""

from collections.abc import Mapping

from sharpminima.regimes import optimizers

Run = tuple[str, str, int]


def settings(config: Mapping, regime: str) -> dict:
    """Return the settings of the runs in `regime`: `training`'s, where it has no own.

    A setting that is a mapping, such as `stopping`, is replaced as a whole.

    Args:
        config: The whole config.
        regime: The regime's name.
    """
    return optimizers.resolved(config["training"], config["regimes"][regime])


def with_derived(config: Mapping) -> dict:
    """Return `config` with the regimes that its sections derive, see `derived`."""
    return {**config, "regimes": {**config["regimes"], **derived(config)}}


def derived(config: Mapping) -> dict[str, dict]:
    """Return the regimes that the sections of a config derive, by name.

    - `B{size}` for each batch size of the sweep (Figure 4);
    - `{regime}-iterates`, the regime with iterates kept on the way (Figure 6);
    - `{second}-after-{epoch}`, the second regime from each kept iterate of the first
      (Figure 5).

    All of them train for exactly as many epochs as their section says.

    Args:
        config: The whole config, without mistakes.
    """
    return {**_swept(config), **_keeping(config), **_warm_started(config)}


def of_network(config: Mapping, network: str) -> list[str]:
    """Return the regimes of the study on `network`, its remedies last."""
    study = config["study"]
    return [*study["regimes"], *study.get("further_regimes", {}).get(network, [])]


def trained_on(config: Mapping, network: str) -> list[str]:
    """Return the regimes of the catalogue in which any run of `network` is set."""
    names = of_network(config, network)
    if network in networks_of(config, "iterates"):
        names += config["iterates"]["regimes"]
    if network in networks_of(config, "warm_start"):
        names.append(config["warm_start"]["second"])
    return list(dict.fromkeys(names))


def of_sweep(config: Mapping, network: str) -> list[str]:
    """Return the regimes of the sweep on `network`."""
    return [_of_size(size) for size in batch_sizes(config).get(network, [])]


def batch_sizes(config: Mapping) -> dict[str, list[int]]:
    """Return the batch sizes of the sweep by network."""
    return config.get("sweep", {}).get("batch_sizes", {})


def networks_of(config: Mapping, section: str) -> list[str]:
    """Return the networks of section `iterates` or `warm_start`."""
    return config.get(section, {}).get("networks", [])


def seeds(config: Mapping, section: str) -> list[int]:
    """Return the seeds of a section: its own, or those of the study.

    A warm start begins with a kept iterate, and has the seeds of `iterates` by default.
    """
    if own := config.get(section, {}).get("seeds"):
        return own
    return seeds(config, "iterates" if section == "warm_start" else "study")


def with_iterates(regime: str) -> str:
    """Return the name of the regime that is `regime` with kept iterates."""
    return f"{regime}-iterates"


def epochs_of_warm_start(config: Mapping) -> dict[str, int]:
    """Return each regime that begins with a kept iterate, and after which epoch."""
    if not networks_of(config, "warm_start"):
        return {}
    second, epochs = config["warm_start"]["second"], config["iterates"]["epochs"]
    return {f"{second}-after-{epoch}": epoch for epoch in epochs}


def runs_of_study(config: Mapping) -> list[Run]:
    """Return network, regime and seed of each run of the study, remedies included."""
    return [
        (network, regime, seed)
        for network in config["study"]["networks"]
        for regime in of_network(config, network)
        for seed in config["study"]["seeds"]
    ]


def pairs_of_study(config: Mapping) -> list[tuple[str, str, str]]:
    """Return network, first and second regime of each pair that the network has."""
    return [
        (network, first, second)
        for network in config["study"]["networks"]
        for first, second in config["study"]["pairs"]
        if {first, second} <= set(of_network(config, network))
    ]


def runs_beside_remedies(config: Mapping) -> list[Run]:
    """Return the runs of the first pair and of the remedies, where there are any."""
    study = config["study"]
    return [
        (network, regime, seed)
        for network, remedies in study.get("further_regimes", {}).items()
        for regime in [*study["pairs"][0], *remedies]
        for seed in study["seeds"]
    ]


def runs_of_sweep(config: Mapping) -> list[Run]:
    """Return network, regime and seed of each run of the sweep (Figure 4)."""
    return [
        (network, regime, seed)
        for network in batch_sizes(config)
        for regime in of_sweep(config, network)
        for seed in seeds(config, "sweep")
    ]


def runs_with_iterates(config: Mapping) -> list[Run]:
    """Return network, regime and seed of each run with kept iterates (Figure 6)."""
    return [
        (network, with_iterates(regime), seed)
        for network in networks_of(config, "iterates")
        for regime in config["iterates"]["regimes"]
        for seed in seeds(config, "iterates")
    ]


def runs_before_warm_start(config: Mapping) -> list[Run]:
    """Return the runs whose iterates others begin with."""
    return [
        (network, with_iterates(config["warm_start"]["first"]), seed)
        for network in networks_of(config, "warm_start")
        for seed in seeds(config, "warm_start")
    ]


def runs_after_warm_start(config: Mapping) -> list[Run]:
    """Return network, regime and seed of each run from a kept iterate (Figure 5)."""
    return [
        (network, regime, seed)
        for network in networks_of(config, "warm_start")
        for regime in epochs_of_warm_start(config)
        for seed in seeds(config, "warm_start")
    ]


def search_of_iterates(config: Mapping) -> dict:
    """Return the `sharpness` section for the iterates: one search from each."""
    limits = ("max_iterations", "max_evaluations")
    return {
        **{name: config["sharpness"][name] for name in limits},
        "epsilons": [config["iterates"]["epsilon"]],
        "full": {"starts": ["zero"]},
        "subspace": {"draws": 0},
    }


def _swept(config):
    sizes = {size for sizes in batch_sizes(config).values() for size in sizes}
    return {
        _of_size(size): {
            "batch_size": size,
            "stopping": _exactly(config["sweep"]["epochs"]),
        }
        for size in sorted(sizes)
    }


def _of_size(size):
    return f"B{size}"


def _keeping(config):
    if not networks_of(config, "iterates"):
        return {}
    section = config["iterates"]
    return {
        with_iterates(regime): {
            **config["regimes"][regime],
            "stopping": _exactly(section["epochs"][-1]),
            "iterates": section["epochs"],
        }
        for regime in section["regimes"]
    }


def _warm_started(config):
    section = config.get("warm_start")
    return {
        name: {
            **config["regimes"][section["second"]],
            "stopping": _exactly(section["epochs"]),
            "warm_start": {"regime": with_iterates(section["first"]), "epoch": epoch},
        }
        for name, epoch in epochs_of_warm_start(config).items()
    }


def _exactly(epochs):
    """Return a stopping rule that ends training after so many epochs, or diverged."""
    return {
        "patience": epochs,
        "relative_improvement": 0.0,
        "loss_floor": 0.0,
        "min_epochs": epochs,
        "max_epochs": epochs,
    }
