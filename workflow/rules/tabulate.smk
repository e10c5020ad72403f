"""<results>/train, sharpness, interpolation -> <results>/tables"""

# Of the old form, until each table has a rule of its own.
NETWORKS, SEEDS, PAIRS = STUDY.networks, STUDY.seeds, STUDY.pairs
OF_PAIRS, OF_FIRST_PAIR = STUDY.pairs_of_networks, STUDY.first_pairs
OF_STUDY, OF_SWEEP = STUDY.runs, STUDY.sweep_runs
KEEPING, WARM_STARTED = STUDY.runs_with_iterates, STUDY.warm_start_runs
BEFORE_WARM_START = STUDY.runs_before_warm_start
BESIDE_REMEDIES = STUDY.compared_runs
PERFORMANCE = STUDY.performance_model
NAMES = ["runs", "networks", "accuracy", "sharpness", "cost"]
NAMES += ["ratios", "distances", "claims"] if PAIRS else []
NAMES += ["remedies"] if BESIDE_REMEDIES else []
NAMES += ["sweep", "thresholds"] if OF_SWEEP else []
NAMES += ["trajectory"] if KEEPING else []
NAMES += ["warm_start"] if WARM_STARTED else []
NAMES += ["performance"] if PERFORMANCE else []


def if_studied(table, experiment):
    """Return the table, if the study has the table of that experiment."""
    return [f"<results>/tables/{table}.csv"] if experiment in NAMES else []


rule tables:
    input:
        collect("<results>/tables/{table}.csv", table=NAMES),


rule tabulate_accuracy:
    input:
        files_of(rules.train.output.outcome, OF_STUDY),
    output:
        runs="<results>/tables/runs.csv",
        networks=[
            "<results>/tables/networks.csv",
            "<results>/tables/networks.md",
            report(
                "<results>/tables/networks.html",
                caption="../report/networks.rst",
                category="Tables",
                labels={"table": "networks (Table 1)"},
            ),
        ],
        accuracy=[
            "<results>/tables/accuracy.csv",
            "<results>/tables/accuracy.md",
            report(
                "<results>/tables/accuracy.html",
                caption="../report/accuracy.rst",
                category="Tables",
                labels={"table": "accuracy (Table 2)"},
            ),
        ],
    log:
        "<logs>/tabulate_accuracy.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_accuracy"),
        paper=PAPER,
    script:
        "../scripts/tabulate_accuracy.py"


rule tabulate_sharpness:
    input:
        files_of(SEARCHES.values(), OF_STUDY, epsilon=EPSILONS),
    output:
        measurements="<results>/tables/measurements.csv",
        sharpness=[
            "<results>/tables/sharpness.csv",
            "<results>/tables/sharpness.md",
            report(
                "<results>/tables/sharpness.html",
                caption="../report/sharpness.rst",
                category="Tables",
                labels={"table": "sharpness (Tables 3 and 4)"},
            ),
        ],
    log:
        "<logs>/tabulate_sharpness.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_sharpness"),
        paper=PAPER,
    script:
        "../scripts/tabulate_sharpness.py"


rule tabulate_ratios:
    input:
        rules.tabulate_sharpness.input,
    output:
        ratios=[
            "<results>/tables/ratios.csv",
            "<results>/tables/ratios.md",
            report(
                "<results>/tables/ratios.html",
                caption="../report/ratios.rst",
                category="Tables",
                labels={"table": "ratio of each seed"},
            ),
        ],
    log:
        "<logs>/tabulate_ratios.log",
    conda:
        "../../envs/present.yaml"
    params:
        study={"pairs": PAIRS},
        code=fingerprint("tabulate_ratios"),
    script:
        "../scripts/tabulate_ratios.py"


rule tabulate_distances:
    input:
        files_of_pairs(
            rules.measure_interpolation.output.distances, OF_PAIRS, seed=SEEDS
        ),
    output:
        distances=[
            "<results>/tables/distances.csv",
            "<results>/tables/distances.md",
            report(
                "<results>/tables/distances.html",
                caption="../report/distances.rst",
                category="Tables",
                labels={"table": "distances"},
            ),
        ],
    log:
        "<logs>/tabulate_distances.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_distances"),
    script:
        "../scripts/tabulate_distances.py"


rule tabulate_remedies:
    input:
        outcomes=files_of(rules.train.output.outcome, BESIDE_REMEDIES),
        searches=files_of(SEARCHES.values(), BESIDE_REMEDIES, epsilon=EPSILONS),
    output:
        remedies=[
            "<results>/tables/remedies.csv",
            "<results>/tables/remedies.md",
            report(
                "<results>/tables/remedies.html",
                caption="../report/remedies.rst",
                category="Tables",
                labels={"table": "remedies (Tables 6 and 7)"},
            ),
        ],
    log:
        "<logs>/tabulate_remedies.log",
    conda:
        "../../envs/present.yaml"
    params:
        study={"pairs": PAIRS[:1]},
        code=fingerprint("tabulate_remedies"),
    script:
        "../scripts/tabulate_remedies.py"


rule tabulate_sweep:
    input:
        outcomes=files_of(rules.train.output.outcome, OF_SWEEP),
        searches=files_of(SEARCHES.values(), OF_SWEEP, epsilon=EPSILONS[:1]),
    output:
        runs="<results>/tables/sweep_runs.csv",
        sweep=[
            "<results>/tables/sweep.csv",
            "<results>/tables/sweep.md",
            report(
                "<results>/tables/sweep.html",
                caption="../report/sweep.rst",
                category="Tables",
                labels={"table": "batch sizes (Figure 4)"},
            ),
        ],
        thresholds=[
            "<results>/tables/thresholds.csv",
            "<results>/tables/thresholds.md",
            report(
                "<results>/tables/thresholds.html",
                caption="../report/thresholds.rst",
                category="Tables",
                labels={"table": "thresholds of the batch size"},
            ),
        ],
    log:
        "<logs>/tabulate_sweep.log",
    conda:
        "../../envs/present.yaml"
    params:
        study={"epsilon": config["sharpness"]["epsilons"][0]},
        code=fingerprint("tabulate_sweep"),
    script:
        "../scripts/tabulate_sweep.py"


rule tabulate_trajectory:
    input:
        files_of(rules.measure_trajectory.output.rows, KEEPING),
    output:
        trajectory="<results>/tables/trajectory.csv",
        means=[
            "<results>/tables/trajectory_means.csv",
            "<results>/tables/trajectory_means.md",
            report(
                "<results>/tables/trajectory_means.html",
                caption="../report/trajectory_means.rst",
                category="Tables",
                labels={"table": "iterates (Figure 6)"},
            ),
        ],
    log:
        "<logs>/tabulate_trajectory.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_trajectory"),
    script:
        "../scripts/tabulate_trajectory.py"


rule tabulate_warm_start:
    input:
        outcomes=files_of(rules.train.output.outcome, WARM_STARTED),
        searches=files_of(SEARCHES.values(), WARM_STARTED, epsilon=EPSILONS[:1]),
        trajectories=files_of(rules.measure_trajectory.output.rows, BEFORE_WARM_START),
    output:
        runs="<results>/tables/warm_start_runs.csv",
        warm_start=[
            "<results>/tables/warm_start.csv",
            "<results>/tables/warm_start.md",
            report(
                "<results>/tables/warm_start.html",
                caption="../report/warm_start.rst",
                category="Tables",
                labels={"table": "warm start (Figure 5)"},
            ),
        ],
    log:
        "<logs>/tabulate_warm_start.log",
    conda:
        "../../envs/present.yaml"
    params:
        study={
            "epochs": ordered(derived.epochs_of_warm_start(config)),
            "epsilon": config["sharpness"]["epsilons"][0],
        },
        code=fingerprint("tabulate_warm_start"),
    script:
        "../scripts/tabulate_warm_start.py"


rule tabulate_performance:
    input:
        histories=files_of(rules.train.output.history, [*OF_STUDY, *OF_SWEEP]),
        outcomes=files_of(rules.train.output.outcome, [*OF_STUDY, *OF_SWEEP]),
    output:
        performance=[
            "<results>/tables/performance.csv",
            "<results>/tables/performance.md",
            report(
                "<results>/tables/performance.html",
                caption="../report/performance.rst",
                category="Tables",
                labels={"table": "performance model (appendix C)"},
            ),
        ],
    log:
        "<logs>/tabulate_performance.log",
    conda:
        "../../envs/present.yaml"
    params:
        study={"pairs": PAIRS[:1]},
        performance=ordered(PERFORMANCE),
        code=fingerprint("tabulate_performance"),
    script:
        "../scripts/tabulate_performance.py"


rule tabulate_claims:
    input:
        runs=[rules.tabulate_accuracy.output.runs],
        measurements=[rules.tabulate_sharpness.output.measurements],
        interpolation=files_of_pairs(
            rules.measure_interpolation.output.plot, OF_FIRST_PAIR, seed=SEEDS
        ),
        distances=files_of_pairs(
            rules.measure_interpolation.output.distances, OF_FIRST_PAIR, seed=SEEDS
        ),
        sweep_runs=if_studied("sweep_runs", "sweep"),
        thresholds=if_studied("thresholds", "sweep"),
        warm_start_runs=if_studied("warm_start_runs", "warm_start"),
        trajectory=if_studied("trajectory", "trajectory"),
    output:
        claims=[
            "<results>/tables/claims.csv",
            "<results>/tables/claims.md",
            report(
                "<results>/tables/claims.html",
                caption="../report/claims.rst",
                category="Claims",
                labels={"table": "the paper's claims"},
            ),
        ],
    log:
        "<logs>/tabulate_claims.log",
    conda:
        "../../envs/present.yaml"
    params:
        study={"networks": NETWORKS, "pairs": PAIRS[:1]},
        code=fingerprint("tabulate_claims"),
    script:
        "../scripts/tabulate_claims.py"


rule tabulate_cost:
    input:
        COSTS,
    output:
        cost=[
            "<results>/tables/cost.csv",
            "<results>/tables/cost.md",
            report(
                "<results>/tables/cost.html",
                caption="../report/cost.rst",
                category="Tables",
                labels={"table": "cost"},
            ),
        ],
    log:
        "<logs>/tabulate_cost.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_cost"),
    script:
        "../scripts/tabulate_cost.py"
