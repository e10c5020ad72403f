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
        networks_csv="<results>/tables/networks.csv",
        networks_md=report(
            "<results>/tables/networks.md",
            caption="../report/networks.rst",
            category="Tables",
            labels={"table": "networks (Table 1)"},
        ),
        accuracy_csv="<results>/tables/accuracy.csv",
        accuracy_md=report(
            "<results>/tables/accuracy.md",
            caption="../report/accuracy.rst",
            category="Tables",
            labels={"table": "accuracy (Table 2)"},
        ),
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
            rules.measure_sharpness.output,
            network=NETWORKS,
            regime=REGIMES,
            seed=SEEDS,
        ),
    output:
        every_search="<results>/tables/measurements.csv",
        sharpness_csv="<results>/tables/sharpness.csv",
        sharpness_md=report(
            "<results>/tables/sharpness.md",
            caption="../report/sharpness.rst",
            category="Tables",
            labels={"table": "sharpness (Tables 3 and 4)"},
        ),
        ratios_csv="<results>/tables/ratios.csv",
        ratios_md=report(
            "<results>/tables/ratios.md",
            caption="../report/ratios.rst",
            category="Tables",
            labels={"table": "ratio of each seed"},
        ),
    log:
        "<logs>/tabulate_sharpness.log",
    conda:
        "../../envs/present.yaml"
    params:
        study={"pairs": PAIRS},
        code=fingerprint("tabulate_sharpness"),
    script:
        "../scripts/tabulate_sharpness.py"


rule tabulate_distances:
    input:
        collect(
            "<results>/interpolation/{network}/{pair}/seed{seed}.distances.csv",
            network=NETWORKS,
            pair=PAIR_NAMES,
            seed=SEEDS,
        ),
    output:
        distances_csv="<results>/tables/distances.csv",
        distances_md=report(
            "<results>/tables/distances.md",
            caption="../report/distances.rst",
            category="Tables",
            labels={"table": "distances"},
        ),
    log:
        "<logs>/tabulate_distances.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_distances"),
    script:
        "../scripts/tabulate_distances.py"
