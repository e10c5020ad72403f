"""Derived regimes: what the sections of Figures 4 to 6 train in.

The runs of these figures are runs like all others. The sections `sweep`, `iterates` and
`warm_start` derive their regimes from the catalogue. Knows nothing of Keras.
"""

from collections.abc import Mapping


def with_derived(config: Mapping) -> dict:
    """Return `config` with its derived regimes among the others."""
    return {**config, "regimes": {**config["regimes"], **derived(config)}}


def derived(config: Mapping) -> dict[str, dict]:
    """Return the regimes that the sections of a config derive, by name.

    - `B{size}` for each batch size of the sweep (Figure 4);
    - `{regime}-iterates`, the regime with iterates kept on the way (Figure 6);
    - `{second}-after-{epoch}`, the second regime from each kept iterate of the first
      (Figure 5).

    Each trains for exactly as many epochs as its section says.

    Args:
        config: The whole config, without mistakes.
    """
    regimes = {}
    # Figure 4: each batch size trains from scratch, for the same number of epochs.
    sizes = {size for sizes in batch_sizes(config).values() for size in sizes}
    for size in sorted(sizes):
        stopping = _exactly(config["sweep"]["epochs"])
        regimes[_of_size(size)] = {"batch_size": size, "stopping": stopping}

    # Figure 6: training ends at the last iterate that is kept.
    if networks_of(config, "iterates"):
        section = config["iterates"]
        for regime in section["regimes"]:
            regimes[with_iterates(regime)] = {
                **config["regimes"][regime],
                "stopping": _exactly(section["epochs"][-1]),
                "iterates": section["epochs"],
                **_beside(config),
            }

    # Figure 5: a run of SB is kept once; each of its iterates starts a run of LB.
    for name, epoch in epochs_of_warm_start(config).items():
        section = config["warm_start"]
        regimes[name] = {
            **config["regimes"][section["second"]],
            "stopping": _exactly(section["epochs"]),
            "warm_start": {"regime": with_iterates(section["first"]), "epoch": epoch},
        }
    return regimes


def batch_sizes(config: Mapping) -> dict[str, list[int]]:
    """Return the batch sizes of the sweep by network."""
    return config.get("sweep", {}).get("batch_sizes", {})


def networks_of(config: Mapping, section: str) -> list[str]:
    """Return the networks of a section that names its own, such as `iterates`."""
    return config.get(section, {}).get("networks", [])


def of_sweep(config: Mapping, network: str) -> list[str]:
    """Return the regimes of the sweep on `network`."""
    return [_of_size(size) for size in batch_sizes(config).get(network, [])]


def with_iterates(regime: str) -> str:
    """Return the name of the regime that is `regime` with kept iterates."""
    return f"{regime}-iterates"


def epochs_of_warm_start(config: Mapping) -> dict[str, int]:
    """Return the regimes of the warm start: name -> the epoch that it begins after."""
    if not networks_of(config, "warm_start"):
        return {}
    second, epochs = config["warm_start"]["second"], config["iterates"]["epochs"]
    return {f"{second}-after-{epoch}": epoch for epoch in epochs}


def _beside(config):
    """Return what runs keep beside their iterates, if a measure asks for it."""
    asked = "edge_of_stability" in config.get("measures", [])
    return {"optimizer_states": True} if asked else {}


def _of_size(size):
    return f"B{size}"


def _exactly(epochs):
    """Return the rule that ends after `epochs` epochs, unless the run diverges."""
    # The paper fixes the number of epochs here: 100 in Figures 4 and 5.
    return {
        "patience": epochs,
        "relative_improvement": 0.0,
        "loss_floor": 0.0,
        "min_epochs": epochs,
        "max_epochs": epochs,
    }
