"""Names shared by every rules file, and the config each rule may see."""

import hashlib
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))
from sharpminima import configuration
from sharpminima.provenance import fingerprint, ordered

config = configuration.without_nulls(config)
if found := configuration.mistakes(config):
    raise WorkflowError("The config has mistakes:\n" + "\n".join(found))

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
    return ordered(config["networks"][wildcards.network])


def run_config(wildcards):
    """What makes one training run, and a digest of it for the checkpoint."""
    network, seed = config["networks"][wildcards.network], int(wildcards.seed)
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
        }
    )
    return {**run, "digest": hashlib.sha256(repr(run).encode()).hexdigest()[:16]}
