"""Names shared by all rules files: the study, wildcards, and adapters for the rules."""

import functools
import importlib.util
import os
import shlex
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psutil
from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

# In a module, `workflow.basedir` is the folder of the workflow that imports it.
PROJECT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
SCRIPTS = PROJECT / "workflow" / "scripts"
if not SCRIPTS.is_dir():
    raise WorkflowError(
        "The workflow needs its whole folder, not its Snakefile alone: clone it, and "
        f"name the path of its Snakefile. Received: {PROJECT}"
    )
sys.path.insert(0, str(SCRIPTS))
import sharpminima

if not SCRIPTS.samefile(Path(sharpminima.__file__).parents[1]):
    raise WorkflowError(
        "One run of Snakemake can use one copy of sharpminima. "
        f"Received: {SCRIPTS}, after {sharpminima.__file__}"
    )
from sharpminima import provenance
from sharpminima.storage import locks
from sharpminima.config import layers, mistakes, reading
from sharpminima.config.study import Study
from sharpminima.planning import memory
from sharpminima.planning.rules import megabytes
from sharpminima.regimes import derived, remedies, settings
from sharpminima.provenance import ordered


class Quoted(str):
    """A path that stays whole in a shell's command."""

    def __format__(self, spec):
        return shlex.quote(self)


# Snakemake starts jobs with it, and quotes nothing.
sys.executable = Quoted(sys.executable)


def own_files():
    """Return the config files that Snakemake merged, in order.

    A module has none: its config comes from the workflow that imports it.
    """
    given = workflow.overwrite_configfiles
    merged = [*workflow.configfiles[len(given) :], *given]
    return [] if workflow.modifier.skip_configfile else merged


def own_settings():
    """Return the settings of the command line, with numbers in place of texts."""
    is_module = workflow.modifier.skip_configfile
    return {} if is_module else layers.retyped(workflow.config_settings.config)


def config_layers():
    """Yield the folder and content of what Snakemake merged, the last one first."""
    yield Path.cwd(), own_settings()
    for file in reversed(own_files()):
        yield Path(file).absolute().parent, load_configfile(file)


def limit_of(resource):
    """Return how much there is of a resource for all jobs, or None if nobody said.

    Jobs read this file again with their own resources for limits: they are not asked.
    """
    if not workflow.is_main_process:
        return None
    limit = workflow.global_resources.get(resource)
    # What is absent may come as a resource without a value.
    return getattr(limit, "value", limit)


def stop_at(*lines):
    """End Snakemake with these lines alone.

    Snakemake would put a file and a line of the workflow above an exception's text.
    """
    logger.error("\n".join(lines))
    sys.exit(1)


# Jobs read this file again. What was planned has no mistakes, and fits into memory.
if workflow.is_main_process:
    if found := reading.mistakes([layers.DEFAULTS, *own_files()]):
        stop_at("Config files cannot be used:", *found)
# Wherever the config comes from, it says only what differs.
config = reading.merged([reading.read(layers.DEFAULTS), config, own_settings()])
config = layers.complete(config, config_layers())
if found := mistakes.mistakes(config):
    stop_at("The config has mistakes:", *found)
config = derived.with_derived(config)

# Jobs, too, read this file, but only the process that begins them is a run.
if workflow.is_main_process:
    run = locks.run_here()
    if run.released:
        logger.warning("The last run here was cut off: its lock is removed.")
    for other in run.others:
        logger.warning(
            f"Another run may be at work in this folder ({other}). If it makes the same "
            "files, Snakemake refuses this one. If it was killed, say `make unlock`."
        )

# Snakemake would start a job that declares more memory than there is, as if it
# declared less.
if workflow.is_main_process:
    if found := list(memory.too_large(config, limit_of("mem_mb"))):
        stop_at("Jobs do not fit into memory:", *found)

STUDY = Study(config)
BACKEND = config["backend"]
# Jobs inherit both; a job on a cluster reads this file, too. Jobs must not run another
# package of this name, which may be installed.
python_path = filter(None, [str(SCRIPTS), os.environ.get("PYTHONPATH")])
os.environ.update(KERAS_BACKEND=BACKEND, PYTHONPATH=os.pathsep.join(python_path))
# Where a profile or the command line offers GPUs, jobs that compute take one each.
GPU = {"gpu": 1} if limit_of("gpu") else {}
# Where a profile makes the jobs of a group take turns, each of them takes one.
TURN = {"turn": 1} if limit_of("turn") else {}
# The paper's values, and the settings that they belong to.
PAPER = {
    name: provenance.digest(PROJECT / "workflow/resources/keskar2017" / name)
    for name in ["settings.csv", "tables.csv"]
}
# Where the files of this study are, for what is read when the workflow is planned.
RESULTS = Path(
    workflow.pathvars.apply(workflow.modifier.path_modifier.replace_prefix("<results>"))
)
SPEECH = {n for n, d in config["datasets"].items() if d["reader"] == "festvox"}
FORMATS = ["html", "svg", "png", "pdf"]
# As text: Snakemake takes no fractions as resources.
SAVE_EVERY = str(config["save_every"])
# Below it each job has a folder for what it has done so far. Jobs that share a submission
# must have the same texts for resources.
UNFINISHED = str(RESULTS / "unfinished")
# What the study makes, and what its jobs cost: the rules files below add to them.
TABLES, CHARTS, COSTS = [], [], []


def one_of(names):
    """Return a wildcard's constraint: one of `names`; nothing if there are none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    dataset=one_of(config["datasets"]),
    network=one_of(STUDY.networks),
    regime=one_of(
        sorted({regime for _, regime, _ in [*STUDY.trained_runs, *STUDY.runs]})
    ),
    first=one_of(sorted({first for first, _ in STUDY.pairs})),
    second=one_of(sorted({second for _, second in STUDY.pairs})),
    seed=r"\d+",
    other=r"\d+",


def choice_of(network):
    """Return the file that says how the steps of a network are compiled."""
    return RESULTS / "compilation" / f"{network}.csv"


def made_again(network):
    """Return the file of another trial, beside the choice that running jobs read."""
    return choice_of(network).with_suffix(".again")


def choice_in(file, network):
    """Return the text of `file` if its choice holds for the network as it is now."""
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    return text if STUDY.compiled_for(network) in text else ""


CHOSEN = {network: choice_in(choice_of(network), network) for network in STUDY.networks}


def stop_jobs(number, frame):
    """Handle a signal: begin no job any more, and let running ones save and end."""
    if number == signal.SIGTERM and workflow.non_local_exec:
        # As after Ctrl-C, Snakemake cancels the jobs of a cluster, which lets them save.
        # If the terminal is closed, they may finish.
        raise KeyboardInterrupt
    for process in psutil.Process().children(recursive=True):
        # A job may have ended by now.
        with suppress(psutil.NoSuchProcess):
            # Not the shells that wait for jobs: Snakemake would not wait, either.
            if not process.children():
                process.send_signal(signal.SIGTERM)
    # In a thread: the main one may hold the lock that this takes.
    threading.Thread(target=workflow.scheduler.exit_gracefully, daemon=True).start()


# Not when the workflow is read: a plan or a report needs no backend.
onstart:
    for number in (signal.SIGTERM, signal.SIGHUP):
        # What `nohup` has told a process to ignore stays ignored. Only the main thread
        # may handle signals: a program that calls Snakemake in another one has its own.
        if signal.getsignal(number) is not signal.SIG_IGN:
            with suppress(ValueError):
                signal.signal(number, stop_jobs)
    here = not workflow.deployment_settings.deployment_method
    if here and importlib.util.find_spec(BACKEND) is None:
        stop_at(
            f"backend: {BACKEND} is not installed here. Use an environment that has it: "
            "make study REQUIREMENTS=envs/requirements-jax.txt"
        )


def adopt_choices():
    """Put choices of other trials in place where they differ, and warn of it.

    No job reads a choice any more: the next plan sees another file.
    """
    changed = []
    for network, chosen in CHOSEN.items():
        again = made_again(network)
        if chosen and choice_in(again, network) not in ("", chosen):
            again.replace(choice_of(network))
            changed.append(network)
        again.unlink(missing_ok=True)
    if changed:
        logger.warning(
            f"{', '.join(changed)}: the way of compiling has changed. Run the same "
            "command again: it trains and measures what depends on it."
        )


onsuccess:
    adopt_choices()


onerror:
    adopt_choices()


def files_of(pattern, runs, **others):
    """Return the files of `runs` that `pattern` names."""
    return [
        file
        for network, regime, seed in runs
        for file in collect(
            pattern, network=network, regime=regime, seed=seed, **others
        )
    ]


def files_of_pairs(pattern, pairs):
    """Return the files of pairs of runs that `pattern` names."""
    return [
        file
        for network, first, second, seed in pairs
        for file in collect(
            pattern, network=network, first=first, second=second, seed=seed
        )
    ]


def files_of_pair(pattern):
    """Return an input function: the files of one pair of regimes, of all its seeds."""
    return lambda wildcards: files_of_pairs(
        pattern,
        [pair for pair in STUDY.pairs_of_runs if list(pair[:3]) == [*wildcards]],
    )


def files_of_barriers(pattern, **which):
    """Return the files of two seeds each that `pattern` names.

    Args:
        pattern: A pattern of network, first, second, seed and other.
        which: Wildcards and their values, to take some of these files.
    """
    names = ("network", "first", "second", "seed", "other")
    found = [dict(zip(names, each)) for each in STUDY.barriers]
    return [pattern.format(**each) for each in found if which.items() <= each.items()]


def files_of_network(pattern, runs, **others):
    """Return an input function: the files of those `runs` that are of one network."""
    return lambda wildcards: files_of(
        pattern, [run for run in runs if run[0] == wildcards.network], **others
    )


def runs_here(rule):
    """Let the jobs of a rule run where Snakemake runs, not on a cluster's node."""
    # Snakemake gives rules other names in a workflow that imports this one.
    workflow.localrules(workflow.modifier.modify_rulename(rule))


def table(name, label=None, category="Tables"):
    """Return the files of a table, and let the study make it, where Snakemake runs.

    Args:
        name: Its file's name in `<results>/tables`, and its caption's.
        label: What the report calls it. Without a label it is a CSV file for programs.
        category: Where the report shows it.
    """
    csv, markdown, page = (
        f"<results>/tables/{name}.{e}" for e in ("csv", "md", "html")
    )
    TABLES.append(csv)
    runs_here(f"tabulate_{name}")
    if label is None:
        return csv
    caption, labels = f"../report/tables/{name}.rst", {"table": label}
    page = report(page, caption=caption, category=category, labels=labels)
    return [csv, markdown, page]


def if_studied(name):
    """Return a table that the study makes, or nothing if it does not."""
    return [file for file in TABLES if file == f"<results>/tables/{name}.csv"]


def chart(name, category, drawn):
    """Return the files of a chart by format, and let the study make them.

    Like tables, they are made where Snakemake runs.

    Args:
        name: The first part of its files' names in `<results>/charts`, and its caption.
        category: Where the report shows it.
        drawn: What is drawn in a chart of its own: values of its wildcards by name, of
            which its files' names are made.
    """
    runs_here(f"chart_{name}")
    stem = "_".join([f"<results>/charts/{name}", *(f"{{{key}}}" for key in drawn[0])])
    CHARTS.extend(f"{stem.format(**d)}.{format}" for d in drawn for format in FORMATS)
    shown = {
        format: report(
            f"{stem}.{format}",
            caption=f"../report/charts/{name}.rst",
            category=category,
            labels={key: f"{{{key}}}" for key in drawn[0]} | {"format": kind},
        )
        for format, kind in {"html": "interactive", "svg": "picture"}.items()
    }
    return {**shown, **{kind: f"{stem}.{kind}" for kind in ("png", "pdf")}}


def of_each(networks):
    """Return what `chart` draws: a chart of each network."""
    return [{"network": network} for network in networks]


def found(pattern):
    """Return the wildcards of the files that `pattern` names and that exist."""
    return set(zip(*glob_wildcards(pattern.replace("<results>", str(RESULTS)))))


def epsilons_apart(epsilons, searches, cost):
    """Return the epsilons that have jobs of their own: see `Study.epsilons_apart`.

    A job on a cluster reads this file again, when other jobs have finished: it inherits
    what was planned.

    Args:
        epsilons: The epsilons of the config, as files name them.
        searches: The files of one run at one epsilon, as patterns of network, regime,
            seed and epsilon.
        cost: The file of its cost, if it had a job of its own; a pattern of the same.
    """
    planned = os.environ.get("SHARPMINIMA_APART")
    if planned is None or workflow.is_main_process:
        together = {(n, r, str(seed)): set() for n, r, seed in STUDY.runs}
        for *run, epsilon in set().union(*map(found, searches)) - found(cost):
            together.get(tuple(run), set()).add(epsilon)
        planned = " ".join(STUDY.epsilons_apart(epsilons, together.values()))
        os.environ.update(SHARPMINIMA_APART=planned)
    return planned.split()


def fingerprint(script, without=frozenset()):
    """Return the digest of the code that the numbers of a script depend on."""
    return provenance.fingerprint(script, STUDY.modules_not_used | without)


def fingerprint_of_run(script):
    """Return a function: the digest of a script, but for remedies that a run lacks."""
    return lambda wildcards: fingerprint(
        script,
        remedies.modules_not_used(settings.of_regime(config, wildcards.regime)),
    )


def raw_folder(wildcards):
    dataset = config["datasets"][wildcards.dataset]
    if dataset.get("bundled"):
        return f"{PROJECT}/workflow/resources/{wildcards.dataset}"
    if folder := dataset.get("folder"):
        return folder
    folder = os.environ.get("SHARPMINIMA_RAW_FOLDER") or config["raw_folder"]
    return f"{Path(folder).expanduser()}/{wildcards.dataset}"


def raw_urls(wildcards):
    return " ".join(config["datasets"][wildcards.dataset].get("urls", []))


def dataset_config(wildcards):
    return STUDY.dataset(wildcards.dataset)


def dataset_of(wildcards):
    return f"results/data/{STUDY.dataset_of(wildcards.network)}.h5"


def network_config(wildcards):
    return STUDY.network(wildcards.network)


def choice_file(wildcards):
    network = wildcards.network
    return str(made_again(network) if CHOSEN[network] else choice_of(network))


def compiled_for(wildcards):
    return {"digest": STUDY.compiled_for(wildcards.network)}


def builder_file(wildcards):
    return STUDY.builder_file(wildcards.network)


def run_config(wildcards):
    return STUDY.run(wildcards.network, wildcards.regime, int(wildcards.seed))


def iterates_to_begin_with(wildcards):
    if start := STUDY.start_of(wildcards.regime):
        folder = f"<results>/train/{wildcards.network}/{start['regime']}"
        return f"{folder}/seed{wildcards.seed}/iterates.h5"
    return []


def kept_iterates(wildcards):
    if config["regimes"][wildcards.regime].get("iterates"):
        folder = f"<results>/train/{wildcards.network}/{wildcards.regime}"
        return f"{folder}/seed{wildcards.seed}/iterates.h5"
    return []


def kept_on_the_way(end):
    """Return an input function: the iterates of a run that keeps them, if one does.

    Args:
        end: The wildcard that names the run's regime.
    """

    def iterates(wildcards):
        regime = derived.with_iterates(wildcards[end])
        run = (wildcards.network, regime, int(wildcards.seed))
        kept = run in STUDY.runs_with_iterates
        return files_of(rules.train.output.iterates, [run]) if kept else []

    return iterates


def checkpoints_of_seeds(wildcards):
    """Return the checkpoints of both regimes of a seed, and of another, if it is one."""
    seeds = dict.fromkeys((wildcards.seed, wildcards.other))
    regimes = (wildcards.first, wildcards.second)
    runs = [(wildcards.network, regime, seed) for seed in seeds for regime in regimes]
    return files_of(rules.train.output.weights, runs)


def search_of_iterates(wildcards):
    return STUDY.search_of_iterates


def edge_of_run(wildcards):
    return STUDY.edge_of_stability(wildcards.regime)


def epsilon_of_job(wildcards, output):
    # Snakemake compares no value of a function of the output. The files' names say it.
    return [float(wildcards.epsilon)]


def epsilons_together(wildcards, output):
    # Since Snakemake does not compare this, one epsilon less repeats no other search.
    return [float(epsilon) for epsilon in TOGETHER]


def checkpoint_file(wildcards):
    return STUDY.checkpoints[wildcards.regime]["file"]


def checkpoint_config(wildcards):
    return STUDY.checkpoint(wildcards.regime)


def trained_regimes_of_network(wildcards):
    return {"regimes": STUDY.trained_regimes_of(wildcards.network)}


def regimes_of_network(wildcards):
    return {"regimes": STUDY.regimes_of(wildcards.network)}


def regimes_and_pairs_of_network(wildcards):
    of_network = [p for p in STUDY.pairs_of_networks if p[0] == wildcards.network]
    pairs = [[first, second] for _, first, second in of_network]
    return {**regimes_of_network(wildcards), "pairs": pairs}


@functools.cache
def runtimes():
    """Return what says how long jobs take."""
    # Here, since it loads pandas: running jobs, which read this file too, need none.
    from sharpminima.planning.runtime import Runtimes

    return Runtimes(config, RESULTS)


def asked_by(rule):
    """Return the memory and the time that each job of a rule asks for, and its turn.

    Memory and time grow with each attempt, since clusters kill jobs that take more than
    they asked for. Snakemake lets no job ask for more memory than all jobs have.
    """

    def job(wildcards):
        return {"rule": rule, **dict(wildcards.items())}

    def mem_mb(wildcards, attempt):
        return attempt * megabytes(config, job(wildcards))

    def runtime(wildcards, attempt):
        return attempt * runtimes().of(job(wildcards))

    # A running job reads this file again, and need not estimate how long it takes.
    time = {"runtime": runtime} if workflow.is_main_process else {}
    return {"mem_mb": mem_mb, **time, **TURN}
