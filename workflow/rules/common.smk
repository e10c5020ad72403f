"""Names shared by every rules file, and the config each rule may see."""

import hashlib
import importlib.util
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))
from sharpminima import batches, configuration, provenance
from sharpminima.provenance import ordered

config = configuration.without_nulls(config)
if found := configuration.mistakes(config):
    raise WorkflowError("The config has mistakes:\n" + "\n".join(found))

BACKEND = config["backend"]
UNUSED = {"tensorflow": "jax_backend", "jax": "tensorflow_backend"}[BACKEND]
# Jobs inherit it; one on a cluster reads this file, too.
os.environ.update(KERAS_BACKEND=BACKEND)

NETWORKS = config["study"]["networks"]
REGIMES = config["study"]["regimes"]
SEEDS = config["study"]["seeds"]
PAIRS = config["study"]["pairs"]
PAIR_NAMES = [f"{first}_{second}" for first, second in PAIRS]
TABLES = ["runs", "networks", "accuracy", "sharpness"]
TABLES += ["ratios", "distances"] if PAIRS else []
FORMATS = ["html", "svg", "png"]


wildcard_constraints:
    dataset="|".join(config["datasets"]),
    network="|".join(NETWORKS),
    regime="|".join(REGIMES),
    first="|".join(REGIMES),
    second="|".join(REGIMES),
    seed=r"\d+",


# Not when the workflow is read: a plan or a report needs no backend.
onstart:
    here = not workflow.deployment_settings.deployment_method
    if here and importlib.util.find_spec(BACKEND) is None:
        raise WorkflowError(
            f"backend: {BACKEND} is not installed here. Use an environment that has it: "
            "make study REQUIREMENTS=envs/requirements-jax.txt"
        )


def fingerprint(script):
    return provenance.fingerprint(script, without=UNUSED)


def dataset_config(wildcards):
    """What a prepared dataset depends on: not where its files are or came from."""
    names = ["reader", "files", "train_examples", "test_examples", "classes"]
    dataset = config["datasets"][wildcards.dataset]
    return ordered({name: dataset[name] for name in names})


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


def network_config(wildcards):
    names = ["dataset", "builder", "options"]
    return ordered({k: config["networks"][wildcards.network][k] for k in names})


def memory(wildcards, search=False):
    """MB of a job on one network: what all take, its batch, its search."""
    needs = config["networks"][wildcards.network].get("memory", {})
    sizes = [config["evaluation"]["batch_size"]]
    if regime := wildcards.get("regime"):
        settings = {**config["training"], **config["regimes"][regime]}
        sizes.append(batches.batch_size(settings, training_examples(wildcards)))
    batch = min(max(sizes), training_examples(wildcards))
    searched = needs.get("search", 2000) if search else 0
    return int(1500 + needs.get("per_example", 1.0) * batch + searched)


def memory_of_search(wildcards):
    return memory(wildcards, search=True)


def training_examples(wildcards):
    dataset = config["networks"][wildcards.network]["dataset"]
    declared = config["datasets"][dataset]["train_examples"]
    return config["subset"].get("train_examples", declared)


def run_config(wildcards):
    """What makes one training run, and a digest of it for the checkpoint."""
    network, seed = network_config(wildcards), int(wildcards.seed)
    identity = {"network": wildcards.network, "dataset": network["dataset"]}
    run = ordered(
        {
            "identity": {**identity, "regime": wildcards.regime, "seed": seed},
            "network": network,
            "training": {
                **config["training"],
                **config["regimes"][wildcards.regime],
                "seed": seed,
            },
            "evaluation": config["evaluation"],
            "backend": BACKEND,
            "subset": configuration.training_subset(config),
        }
    )
    return {**run, "digest": hashlib.sha256(repr(run).encode()).hexdigest()[:16]}
