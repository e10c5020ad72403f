"""Study: which runs a config asks for, and what each rule may see of the config.

The Snakefile asks one `Study`, so that nothing here needs Snakemake. What a rule sees
becomes its params: mappings of plain values, sorted. A rule reruns when they change, so
each holds what the rule's numbers depend on and nothing else.
"""

import functools
import hashlib
import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path

from sharpminima.networks import signatures
from sharpminima.provenance import (
    WITHOUT_NUMBERS,
    digest,
    fingerprint,
    fingerprint_of_file,
    ordered,
)
from sharpminima.regimes import derived, settings

Run = tuple[str, str, int]  # network, regime, seed
OTHER_BACKEND = {"tensorflow": "jax", "jax": "tensorflow"}
TRIAL = "sharpminima.training.trial"
BUILDERS = "sharpminima/networks/builders"
# Keys that say where raw files are. They alter no number, since `files` has checksums.
WHERE = ("bundled", "folder", "urls")
# A job asks for the digest of a user's file again and again, and it may be large.
digest_of = functools.cache(digest)


class Study:
    """The runs, pairs and params of a config.

    Args:
        config: The whole config without mistakes. Runs of derived regimes are listed
            whether or not the config holds these regimes; params need them.
    """

    def __init__(self, config: Mapping):
        self.config = config
        section = config["study"]
        self.checkpoints: Mapping = config.get("checkpoints", {})
        self.trained_networks: list[str] = section["networks"]
        # Where the network of a checkpoint is missing, the catalogue's check says so.
        of_checkpoints = [c.get("network", n) for n, c in self.checkpoints.items()]
        # Each of them once, in this order.
        self.networks = list(dict.fromkeys([*section["networks"], *of_checkpoints]))
        # Without a network to train there are no regimes, and no pairs of them.
        trains = bool(self.trained_networks)
        self.regimes: list[str] = section["regimes"] if trains else []
        self.seeds: list[int] = section["seeds"]
        self.pairs: list[list[str]] = [
            pair
            for pair in section["pairs"]
            if trains or not self.checkpoints.keys().isdisjoint(pair)
        ]
        self._further: Mapping = section.get("further_regimes", {})

    def regimes_of(self, network: str) -> list[str]:
        """Return the regimes of `network`, those it is trained in and checkpoints."""
        checkpoints = self.checkpoints.items()
        return [
            *self.trained_regimes_of(network),
            *(name for name, each in checkpoints if each.get("network") == network),
        ]

    def trained_regimes_of(self, network: str) -> list[str]:
        """Return the regimes of the study on `network`, its further ones last."""
        if network not in self.trained_networks:
            return []
        return [*self.regimes, *self._further.get(network, [])]

    def seeds_of_regimes(self, *regimes: str) -> list[int]:
        """Return the seeds that all of some regimes of the study have.

        A checkpoint has one, the first: only random starts of measures draw from it.
        """
        adopted = not self.checkpoints.keys().isdisjoint(regimes)
        return self.seeds[:1] if adopted else self.seeds

    def regimes_trained_on(self, network: str) -> list[str]:
        """Return the regimes of the catalogue that any run of `network` is set to.

        Derived regimes count as the regime that they are derived from.
        """
        # Not the sweep's: they come from `training`, not from the catalogue.
        config, names = self.config, self.trained_regimes_of(network)
        if network in derived.networks_of(config, "iterates"):
            names += config["iterates"]["regimes"]
        if network in derived.networks_of(config, "warm_start"):
            names.append(config["warm_start"]["second"])
        return list(dict.fromkeys(names))

    def seeds_of(self, section: str) -> list[int]:
        """Return the seeds of `sweep`, `iterates`, `warm_start` or `surface`.

        A section without seeds takes the study's. A warm start begins with a kept
        iterate, so it takes the seeds of `iterates`.
        """
        if own := self.config.get(section, {}).get("seeds"):
            return own
        return self.seeds_of("iterates") if section == "warm_start" else self.seeds

    @property
    def runs(self) -> list[Run]:
        """The runs of the study's regimes and further regimes, and its checkpoints.

        A checkpoint is a run that was trained elsewhere. Its name is its regime.
        """
        return [
            (network, regime, seed)
            for network in self.networks
            for regime in self.regimes_of(network)
            for seed in self.seeds_of_regimes(regime)
        ]

    @property
    def adopted_runs(self) -> list[Run]:
        """The checkpoints among `runs`."""
        return [run for run in self.runs if run[1] in self.checkpoints]

    @property
    def compared_runs(self) -> list[Run]:
        """The runs of the first pair and of the further regimes beside it."""
        return [
            (network, regime, seed)
            for network, further in self._further.items()
            for pair in self.first_pair
            for regime in [*pair, *further]
            for seed in self.seeds
        ]

    @property
    def sweep_runs(self) -> list[Run]:
        """The runs of the sweep over batch sizes (Figure 4)."""
        return [
            (network, regime, seed)
            for network in derived.batch_sizes(self.config)
            for regime in derived.of_sweep(self.config, network)
            for seed in self.seeds_of("sweep")
        ]

    @property
    def runs_with_iterates(self) -> list[Run]:
        """The runs that keep iterates on the way (Figure 6)."""
        return [
            (network, derived.with_iterates(regime), seed)
            for network in derived.networks_of(self.config, "iterates")
            for regime in self.config["iterates"]["regimes"]
            for seed in self.seeds_of("iterates")
        ]

    @property
    def warm_start_runs(self) -> list[Run]:
        """The runs that begin with a kept iterate (Figure 5)."""
        return [
            (network, regime, seed)
            for network in derived.networks_of(self.config, "warm_start")
            for regime in derived.epochs_of_warm_start(self.config)
            for seed in self.seeds_of("warm_start")
        ]

    @property
    def runs_before_warm_start(self) -> list[Run]:
        """The runs that keep the iterates with which a warm start begins."""
        return [
            (network, derived.with_iterates(self.config["warm_start"]["first"]), seed)
            for network in derived.networks_of(self.config, "warm_start")
            for seed in self.seeds_of("warm_start")
        ]

    @property
    def runs_with_forms(self) -> list[Run]:
        """The runs that are measured again at points with the same function."""
        networks = derived.networks_of(self.config, "invariance")
        return [
            (network, regime, seed)
            for network, regime, seed in self.runs
            if network in networks and regime in self.config["invariance"]["regimes"]
        ]

    @property
    def runs_with_curve(self) -> list[Run]:
        """The runs whose sharpness is measured at many epsilons."""
        return self.runs if self.config["sharpness"]["curve"]["epsilons"] else []

    def runs_with(self, measure: str) -> list[Run]:
        """Return the runs of the study that `measures` of the config asks to measure.

        Args:
            measure: A name there, such as `curvature`.
        """
        return self.runs if measure in self.config["measures"] else []

    @property
    def has_point_and_box(self) -> bool:
        """Whether the study measures pairs at the point, on average and in the box."""
        averaged = self.config.get("average_sharpness", {}).get("epsilons")
        measured = self.runs_with("curvature") and self.runs_with_curve and averaged
        return bool(self.pairs_of_networks and measured)

    @property
    def runs_with_noise_scale(self) -> list[Run]:
        """The runs whose noise scale is measured, at their end or at kept iterates."""
        runs = self.runs_with("noise_scale")
        return [*runs, *self.runs_with_iterates] if runs else []

    @property
    def critical_batch(self) -> dict:
        """The target of the critical batch size; empty where it is not measured."""
        named = "critical_batch" in self.config["measures"] and self.sweep_runs
        return self.section("critical_batch") if named else {}

    @property
    def runs_at_edge(self) -> list[Run]:
        """The runs whose curvature is measured at kept iterates."""
        asked = "edge_of_stability" in self.config["measures"]
        return self.runs_with_iterates if asked else []

    @property
    def measured_runs(self) -> list[Run]:
        """The runs whose last iterate is measured."""
        return [*self.runs, *self.sweep_runs, *self.warm_start_runs]

    @property
    def trained_runs(self) -> list[Run]:
        """All runs but checkpoints."""
        every = [*self.measured_runs, *self.runs_with_iterates]
        return [run for run in every if run[1] not in self.checkpoints]

    @property
    def runs_with_history(self) -> list[Run]:
        """The runs of the study that are trained here."""
        return [run for run in self.runs if run[1] not in self.checkpoints]

    @property
    def matched_runs(self) -> list[Run]:
        """The runs of the study that are measured again after a descent."""
        networks = derived.networks_of(self.config, "matched")
        return [run for run in self.runs if run[0] in networks]

    @property
    def pairs_of_networks(self) -> list[tuple[str, str, str]]:
        """Each pair on each network that has it: network, first and second regime."""
        return [
            (network, first, second)
            for network in self.networks
            for first, second in self.pairs
            # A pair with a further regime exists only on the networks that have it.
            if {first, second} <= set(self.regimes_of(network))
        ]

    @property
    def networks_with_pairs(self) -> list[str]:
        """The networks that any pair compares."""
        return list(dict.fromkeys(pair[0] for pair in self.pairs_of_networks))

    @property
    def pairs_of_runs(self) -> list[tuple[str, str, str, int]]:
        """Each pair on each network, seed by seed: network, both regimes, seed."""
        return [
            (*pair, seed)
            for pair in self.pairs_of_networks
            for seed in self.seeds_of_regimes(*pair[1:])
        ]

    @property
    def first_pair(self) -> list[list[str]]:
        """The study's SB and LB, alone in a list; empty without a pair of regimes."""
        return [pair for pair in self.pairs[:1] if set(pair) <= set(self.regimes)]

    @property
    def first_pairs(self) -> list[tuple[str, str, str, int]]:
        """The runs of the study's SB and LB, as `pairs_of_runs` has them."""
        return [
            pair for pair in self.pairs_of_runs if list(pair[1:3]) in self.first_pair
        ]

    @property
    def surfaces(self) -> list[tuple[str, str, str, int]]:
        """The pairs whose surfaces are measured: network, both regimes, seed."""
        if "surface" not in self.config["measures"]:
            return []
        seeds = self.seeds_of("surface")
        return [pair for pair in self.first_pairs if pair[3] in seeds]

    @property
    def barriers(self) -> list[tuple[str, str, str, int, int]]:
        """The seeds between whose runs barriers are measured.

        Each has a network, both regimes of its first pair, a seed, and the same seed or
        a later one.
        """
        if "barriers" not in self.config["measures"]:
            return []
        pairs = dict.fromkeys(pair[:3] for pair in self.first_pairs)
        together = itertools.combinations_with_replacement(self.seeds, 2)
        return [(*pair, *two) for pair, two in itertools.product(pairs, together)]

    @property
    def datasets(self) -> list[str]:
        """The datasets of the study's networks."""
        return sorted({self.dataset_of(network) for network in self.networks})

    @property
    def performance_model(self) -> dict:
        """The settings of appendix C; empty without them or without a pair."""
        return self.config.get("performance_model", {}) if self.first_pair else {}

    def dataset_of(self, network: str) -> str:
        """Return the dataset of `network`."""
        return self.config["networks"][network]["dataset"]

    def start_of(self, regime: str) -> dict | None:
        """Return the regime and epoch that runs in `regime` begin with, if any."""
        return self.config["regimes"][regime].get("warm_start")

    @property
    def modules_not_used(self) -> set[str]:
        """Modules of which no number of this study depends."""
        other = OTHER_BACKEND[self.config["backend"]]
        return {f"sharpminima.backends.{other}", *WITHOUT_NUMBERS}

    def compiled_for(self, network: str) -> str:
        """Return a digest of what a choice of compiling `network` depends on.

        How often the ways are tried is no part of it: trying more often makes the same
        choice surer, and no other one.
        """
        without = self.modules_not_used
        # Without the trial, the script does not reach the builders.
        code = [
            fingerprint("choose_compilation", {TRIAL, *without}),
            fingerprint(BUILDERS, without),
        ]
        made_for = self.network(network), self.config["backend"], code
        return hashlib.sha256(repr(made_for).encode()).hexdigest()[:16]

    def builder_file(self, network: str) -> str | None:
        """Return the user's file that makes the model of `network`, if it has one."""
        return signatures.path_of(self.config["networks"][network]["builder"])

    def section(self, name: str) -> dict:
        """Return a section of the config as a param."""
        return ordered(self.config[name])

    def dataset(self, name: str) -> dict:
        """Return what a prepared dataset depends on."""
        entry = self.config["datasets"][name]
        return ordered({key: entry[key] for key in entry if key not in WHERE})

    def network(self, name: str) -> dict:
        """Return what a network depends on: its builder's code, not its place."""
        entry = self.config["networks"][name]
        network = {key: entry[key] for key in ("dataset", "builder", "options")}
        # A file may move without a rerun, but not change.
        if file := self.builder_file(name):
            network["builder"] = Path(network["builder"]).name
            is_model = signatures.is_saved_model(file)
            network["code"] = (digest_of if is_model else fingerprint_of_file)(file)
        return ordered(network)

    def run(self, network: str, regime: str, seed: int) -> dict:
        """Return all that a training run depends on, and a digest of it."""
        identity = {"network": network, "dataset": self.dataset_of(network)}
        training = settings.of_regime(self.config, regime)
        # Checkpoints carry the digest, so that results show which settings made them.
        run = ordered(
            {
                "identity": {**identity, "regime": regime, "seed": seed},
                "network": self.network(network),
                "training": {**training, "seed": seed},
                "evaluation": self.config["evaluation"],
                "backend": self.config["backend"],
                "subset": self.subset_of_training,
            }
        )
        return {**run, "digest": hashlib.sha256(repr(run).encode()).hexdigest()[:16]}

    @property
    def subset_of_training(self) -> dict:
        """The examples of outcomes. Measures may see fewer; training does not know."""
        subset = self.config["subset"]
        return ordered({k: subset[k] for k in subset if k != "measure_examples"})

    def checkpoint(self, name: str) -> dict:
        """Return what adopting a checkpoint depends on: its file, not where it lies."""
        file = self.checkpoints[name]["file"]
        whole = self.builder_file(self.checkpoints[name]["network"])
        return ordered(
            {
                "file": Path(file).name,
                "sha256": digest_of(file),
                # Else its weights alone are read: a builder has the code.
                "whole": whole is not None and signatures.is_saved_model(whole),
                "seed": self.seeds[0],
            }
        )

    @property
    def search(self) -> dict:
        """The settings of the search for the sharpness, the same for each epsilon."""
        # Without the epsilons, so that a new one repeats no search.
        section, apart = self.config["sharpness"], ("epsilons", "curve")
        return ordered({key: section[key] for key in section if key not in apart})

    @property
    def curve(self) -> dict:
        """The settings of the curve of sharpness against epsilon."""
        section = self.config["sharpness"]
        limit = {"max_evaluations": section["max_evaluations"]}
        return ordered({**section["curve"], **limit})

    @property
    def search_of_iterates(self) -> dict:
        """The settings of the search at iterates: one start, in the full space."""
        none = {"lbfgsb": [], "sign": []}
        once = {
            "full": {**none, "lbfgsb": ["zero"]},
            "adaptive": none,
            "subspace": {**none, "draws": 0},
            "reference": {"corners": 0},
        }
        epsilon = self.config["iterates"]["epsilon"]
        return ordered({**self.search, **once, "epsilon": epsilon})

    def edge_of_stability(self, regime: str) -> dict:
        """Return how curvature is measured at the iterates of runs in `regime`.

        The optimizer's formulas and the size of its batches belong to it.
        """
        training = settings.of_regime(self.config, regime)
        return ordered({**self.config["edge_of_stability"], "training": training})

    @property
    def invariance(self) -> dict:
        """What is measured at points with the same function, and how."""
        section = self.config["invariance"]
        which = {k: section[k] for k in section if k not in ("networks", "regimes")}
        averaged = self.config.get("average_sharpness", {})
        return ordered(
            {**which, "sharpness": self.search, "average_sharpness": averaged}
        )

    @property
    def surface(self) -> dict:
        """The planes on which surfaces are measured, and their grids."""
        section = self.config["surface"]
        return ordered({key: section[key] for key in section if key != "seeds"})

    @property
    def evaluation_of_barriers(self) -> dict:
        """How the loss between two minima is evaluated.

        Moving averages belong to the minima. Between these they would make a barrier of
        their own.
        """
        evaluation = self.config["evaluation"]
        moving = evaluation["batch_norm"] == "moving"
        policy = {"batch_norm": "recalibrated"} if moving else {}
        return ordered({**evaluation, **policy})

    @property
    def target_of_descent(self) -> dict:
        """Where the descents before the matched searches end."""
        section = self.config["matched"]
        return {key: section[key] for key in ("gradient_norm", "max_gradients")}

    def epsilons_apart(
        self, epsilons: list[str], together: Iterable[set[str]]
    ) -> list[str]:
        """Return the epsilons that have jobs of their own.

        One job measures a checkpoint at all other epsilons, since a process takes as
        long to start as a search. An epsilon that is new to finished checkpoints has
        jobs of its own, so that no search is repeated. It keeps them when they have
        finished, so that their rows of cost count.

        Args:
            epsilons: The epsilons of the config, as files name them.
            together: For each checkpoint, the epsilons at which one job measured it.
        """
        # A checkpoint that has none of them waits for its one job anyway.
        begun = [each for each in together if each]
        return [e for e in epsilons if begun and all(e not in each for each in begun)]
