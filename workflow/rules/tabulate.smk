"""<results>/train, sharpness, interpolation -> <results>/tables"""


rule tables:
    input:
        collect("<results>/tables/{table}.csv", table=TABLES),


rule tabulate_accuracy:
    input:
        collect(
            rules.train.output.outcome, network=NETWORKS, regime=REGIMES, seed=SEEDS
        ),
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
    script:
        "../scripts/tabulate_accuracy.py"


rule tabulate_sharpness:
    input:
        collect(
            rules.measure_sharpness.output.searches,
            network=NETWORKS,
            regime=REGIMES,
            seed=SEEDS,
        ),
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
        collect(
            "<results>/interpolation/{network}/{pair}/seed{seed}.distances.csv",
            network=NETWORKS,
            pair=PAIR_NAMES,
            seed=SEEDS,
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


rule tabulate_performance:
    input:
        histories=collect(
            rules.train.output.history, network=NETWORKS, regime=REGIMES, seed=SEEDS
        ),
        outcomes=rules.tabulate_accuracy.input,
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
        interpolation=collect(
            "<results>/interpolation/{network}/{pair}/seed{seed}.csv",
            network=NETWORKS,
            pair=PAIR_NAMES[:1],
            seed=SEEDS,
        ),
        distances=collect(
            "<results>/interpolation/{network}/{pair}/seed{seed}.distances.csv",
            network=NETWORKS,
            pair=PAIR_NAMES[:1],
            seed=SEEDS,
        ),
        sweep_runs=if_studied("sweep", "sweep_runs"),
        thresholds=if_studied("sweep", "thresholds"),
        warm_start_runs=if_studied("warm_start", "warm_start_runs"),
        trajectory=if_studied("iterates", "trajectory"),
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
        collect(rules.prepare_dataset.output.cost, dataset=DATASETS),
        collect(rules.train.output.cost, network=NETWORKS, regime=REGIMES, seed=SEEDS),
        collect(
            rules.measure_sharpness.output.cost,
            network=NETWORKS,
            regime=REGIMES,
            seed=SEEDS,
        ),
        collect(
            "<results>/cost/interpolate/{network}/{pair}/seed{seed}.csv",
            network=NETWORKS,
            pair=PAIR_NAMES,
            seed=SEEDS,
        ),
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
