"""Names shared by every rules file, and the config each rule may see."""

import hashlib
import importlib.util
import os
import sys
from pathlib import Path

from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))
from sharpminima import provenance
from sharpminima.config import mistakes
from sharpminima.networks import signatures
from sharpminima.planning import memory
from sharpminima.regimes import derived
from sharpminima.provenance import fingerprint_of_file, ordered


def config_layers():
    """Yield the folder and content of what Snakemake merged, the last one first."""
    yield Path.cwd(), workflow.config_settings.config
    given = workflow.overwrite_configfiles
    own = workflow.configfiles[len(given) :]
    for file in reversed([*own, *given]):
        yield Path(file).absolute().parent, load_configfile(file)


config = mistakes.without_nulls(config)
config = signatures.anchored(config, config_layers())
if found := mistakes.mistakes(config):
    raise WorkflowError("The config has mistakes:\n" + "\n".join(found))
config = derived.with_derived(config)

# Snakemake would start a job that declares more than there is, as if it were less. Jobs
# on a cluster parse this file again, with their own memory for a limit.
limit = workflow.global_resources.get("mem_mb") if workflow.is_main_process else None
if limit and (found := list(memory.too_large(config, limit.value))):
    raise WorkflowError("Jobs do not fit into memory:\n" + "\n".join(found))

BACKEND = config["backend"]
UNUSED = {"tensorflow": "jax", "jax": "tensorflow"}[BACKEND]
# The paper's values, and the settings that they belong to.
PAPER = {
    name: hashlib.sha256(
        Path(workflow.basedir, "workflow/resources/keskar2017", name).read_bytes()
    ).hexdigest()
    for name in ["settings.csv", "tables.csv"]
}
# Jobs inherit it; one on a cluster reads this file, too.
os.environ.update(KERAS_BACKEND=BACKEND)

NETWORKS = config["study"]["networks"]
REGIMES = config["study"]["regimes"]
SEEDS = config["study"]["seeds"]
PAIRS = config["study"]["pairs"]
DATASETS = sorted({config["networks"][network]["dataset"] for network in NETWORKS})
OF_PAIRS = derived.pairs_of_study(config)
OF_FIRST_PAIR = [pair for pair in OF_PAIRS if list(pair[1:]) in PAIRS[:1]]
OF_STUDY = derived.runs_of_study(config)
OF_SWEEP = derived.runs_of_sweep(config)
KEEPING = derived.runs_with_iterates(config)
WARM_STARTED = derived.runs_after_warm_start(config)
BEFORE_WARM_START = derived.runs_before_warm_start(config)
BESIDE_REMEDIES = derived.runs_beside_remedies(config)
MEASURED = [*OF_STUDY, *OF_SWEEP, *WARM_STARTED]
TABLES = ["runs", "networks", "accuracy", "sharpness", "cost"]
TABLES += ["ratios", "distances", "claims"] if PAIRS else []
TABLES += ["remedies"] if BESIDE_REMEDIES else []
TABLES += ["sweep", "thresholds"] if OF_SWEEP else []
TABLES += ["trajectory"] if KEEPING else []
TABLES += ["warm_start"] if WARM_STARTED else []
EXPERIMENTS = [
    *(f"sweep_{network}" for network in derived.batch_sizes(config)),
    *(f"trajectory_{network}" for network in derived.networks_of(config, "iterates")),
    *(f"warm_start_{network}" for network in derived.networks_of(config, "warm_start")),
]
PERFORMANCE = config.get("performance_model", {}) if PAIRS else {}
TABLES += ["performance"] if PERFORMANCE else []
FORMATS = ["html", "svg", "png"]
SPEECH = {n for n, d in config["datasets"].items() if d["reader"] == "festvox"}


def one_of(names):
    """Return a wildcard's constraint: one of `names`; nothing if there are none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    dataset="|".join(config["datasets"]),
    network="|".join(NETWORKS),
    regime="|".join(sorted({regime for _, regime, _ in [*MEASURED, *KEEPING]})),
    first=one_of(sorted({first for first, _ in PAIRS})),
    second=one_of(sorted({second for _, second in PAIRS})),
    seed=r"\d+",


def files_of(pattern, runs):
    """Return the files of `runs` that `pattern` names."""
    return [pattern.format(network=n, regime=r, seed=s) for n, r, s in runs]


def files_of_pairs(pattern, pairs, **others):
    """Return the files of pairs of regimes that `pattern` names."""
    return [
        file
        for network, first, second in pairs
        for file in collect(
            pattern, network=network, first=first, second=second, **others
        )
    ]


def files_of_network(pattern, runs):
    """Return an input function: the files of those `runs` that are of one network."""
    return lambda wildcards: files_of(
        pattern, [run for run in runs if run[0] == wildcards.network]
    )


# Not when the workflow is read: a plan or a report needs no backend.
onstart:
    here = not workflow.deployment_settings.deployment_method
    if here and importlib.util.find_spec(BACKEND) is None:
        raise WorkflowError(
            f"backend: {BACKEND} is not installed here. Use an environment that has it: "
            "make study REQUIREMENTS=envs/requirements-jax.txt"
        )


def if_studied(table, experiment):
    """Return the table, if the study has the table of that experiment."""
    return [f"<results>/tables/{table}.csv"] if experiment in TABLES else []


def fingerprint(script):
    without = provenance.WITHOUT_NUMBERS | {f"sharpminima.backends.{UNUSED}"}
    return provenance.fingerprint(script, without)


def dataset_config(wildcards):
    """What a prepared dataset depends on: not where its files are or came from."""
    dataset = config["datasets"][wildcards.dataset]
    return ordered({k: dataset[k] for k in dataset if k not in ["bundled", "urls"]})


def raw_folder(wildcards):
    if config["datasets"][wildcards.dataset].get("bundled"):
        return f"{workflow.basedir}/workflow/resources/{wildcards.dataset}"
    folder = os.environ.get("SHARPMINIMA_RAW_FOLDER") or config["raw_folder"]
    return f"{Path(folder).expanduser()}/{wildcards.dataset}"


def raw_urls(wildcards):
    return " ".join(config["datasets"][wildcards.dataset].get("urls", []))


def dataset_of(wildcards):
    dataset = config["networks"][wildcards.network]["dataset"]
    return f"results/data/{dataset}.h5"


def iterates_to_begin_with(wildcards):
    if start := config["regimes"][wildcards.regime].get("warm_start"):
        folder = f"<results>/train/{wildcards.network}/{start['regime']}"
        return f"{folder}/seed{wildcards.seed}/iterates.h5"
    return []


def search_of_iterates(wildcards):
    return ordered(derived.search_of_iterates(config))


def regimes_of_network(wildcards):
    return {"regimes": derived.of_network(config, wildcards.network)}


def regimes_with_iterates(wildcards):
    names = config["iterates"]["regimes"]
    return {"regimes": [derived.with_iterates(name) for name in names]}


def pair_of_warm_start(wildcards):
    return {name: config["warm_start"][name] for name in ("first", "second")}


def network_config(wildcards):
    """What a network depends on: its own builder's code, not where the file lies."""
    names = ["dataset", "builder", "options"]
    network = {k: config["networks"][wildcards.network][k] for k in names}
    if file := builder_file(wildcards):
        network["builder"] = Path(network["builder"]).name
        network["code"] = fingerprint_of_file(file)
    return ordered(network)


def builder_file(wildcards):
    return signatures.path_of(config["networks"][wildcards.network]["builder"])


def memory_of_trial(wildcards):
    return memory.of_trial(config, wildcards.network)


def memory_of_training(wildcards):
    return memory.of_training(config, wildcards.network, wildcards.regime)


def memory_of_interpolation(wildcards):
    return memory.of_interpolation(config, wildcards.network)


def memory_of_measuring(wildcards):
    return memory.of_measuring(config, wildcards.network)


def run_config(wildcards):
    """What makes one training run, and a digest of it for the checkpoint."""
    network, seed = network_config(wildcards), int(wildcards.seed)
    identity = {"network": wildcards.network, "dataset": network["dataset"]}
    run = ordered(
        {
            "identity": {**identity, "regime": wildcards.regime, "seed": seed},
            "network": network,
            "training": {**derived.settings(config, wildcards.regime), "seed": seed},
            "evaluation": config["evaluation"],
            "backend": BACKEND,
            "subset": mistakes.training_subset(config),
        }
    )
    return {**run, "digest": hashlib.sha256(repr(run).encode()).hexdigest()[:16]}
