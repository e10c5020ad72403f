"""<results>/train, sharpness, interpolation -> <results>/charts"""

EXPERIMENTS = [
    *(f"sweep_{network}" for network in derived.batch_sizes(config)),
    *(f"trajectory_{network}" for network in derived.networks_of(config, "iterates")),
    *(f"warm_start_{network}" for network in derived.networks_of(config, "warm_start")),
]


def regimes_with_iterates(wildcards):
    names = config["iterates"]["regimes"]
    return {"regimes": [derived.with_iterates(name) for name in names]}


def pair_of_warm_start(wildcards):
    return {name: config["warm_start"][name] for name in ("first", "second")}


rule charts:
    input:
        collect(
            "<results>/charts/{chart}_{network}.{format}",
            chart=["training", "sharpness"],
            network=NETWORKS,
            format=FORMATS,
        ),
        files_of_pairs(
            "<results>/charts/interpolation_{network}_{first}_{second}.{format}",
            OF_PAIRS,
            format=FORMATS,
        ),
        collect("<results>/charts/{chart}.{format}", chart=EXPERIMENTS, format=FORMATS),
        collect(
            "<results>/charts/performance_{network}.{format}",
            network=NETWORKS if PERFORMANCE else [],
            format=FORMATS,
        ),


rule chart_training:
    input:
        files_of_network(rules.train.output.history, OF_STUDY),
    output:
        html=report(
            "<results>/charts/training_{network}.html",
            caption="../report/training.rst",
            category="Training curves",
            labels={"network": "{network}", "format": "interactive"},
        ),
        svg=report(
            "<results>/charts/training_{network}.svg",
            caption="../report/training.rst",
            category="Training curves",
            labels={"network": "{network}", "format": "picture"},
        ),
        png="<results>/charts/training_{network}.png",
    log:
        "<logs>/chart_training/{network}.log",
    conda:
        "../../envs/present.yaml"
    params:
        study=regimes_of_network,
        code=fingerprint("chart_training"),
    script:
        "../scripts/chart_training.py"


rule chart_sharpness:
    input:
        files_of_network(SEARCHES.values(), OF_STUDY, epsilon=EPSILONS),
    output:
        html=report(
            "<results>/charts/sharpness_{network}.html",
            caption="../report/sharpness_chart.rst",
            category="Sharpness",
            labels={"network": "{network}", "format": "interactive"},
        ),
        svg=report(
            "<results>/charts/sharpness_{network}.svg",
            caption="../report/sharpness_chart.rst",
            category="Sharpness",
            labels={"network": "{network}", "format": "picture"},
        ),
        png="<results>/charts/sharpness_{network}.png",
    log:
        "<logs>/chart_sharpness/{network}.log",
    conda:
        "../../envs/present.yaml"
    params:
        study=regimes_of_network,
        code=fingerprint("chart_sharpness"),
    script:
        "../scripts/chart_sharpness.py"


rule chart_interpolation:
    input:
        collect(rules.measure_interpolation.output.plot, seed=SEEDS, allow_missing=True),
    output:
        html=report(
            "<results>/charts/interpolation_{network}_{first}_{second}.html",
            caption="../report/interpolation.rst",
            category="Parametric plots",
            labels={
                "network": "{network}",
                "pair": "{first}, {second}",
                "format": "interactive",
            },
        ),
        svg=report(
            "<results>/charts/interpolation_{network}_{first}_{second}.svg",
            caption="../report/interpolation.rst",
            category="Parametric plots",
            labels={
                "network": "{network}",
                "pair": "{first}, {second}",
                "format": "picture",
            },
        ),
        png="<results>/charts/interpolation_{network}_{first}_{second}.png",
    log:
        "<logs>/chart_interpolation/{network}_{first}_{second}.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("chart_interpolation"),
    script:
        "../scripts/chart_interpolation.py"


rule chart_sweep:
    input:
        runs=rules.tabulate_sweep.output.runs,
        thresholds="<results>/tables/thresholds.csv",
    output:
        html=report(
            "<results>/charts/sweep_{network}.html",
            caption="../report/sweep_chart.rst",
            category="Batch sizes",
            labels={"network": "{network}", "format": "interactive"},
        ),
        svg=report(
            "<results>/charts/sweep_{network}.svg",
            caption="../report/sweep_chart.rst",
            category="Batch sizes",
            labels={"network": "{network}", "format": "picture"},
        ),
        png="<results>/charts/sweep_{network}.png",
    log:
        "<logs>/chart_sweep/{network}.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("chart_sweep"),
    script:
        "../scripts/chart_sweep.py"


rule chart_warm_start:
    input:
        runs=rules.tabulate_warm_start.output.runs,
    output:
        html=report(
            "<results>/charts/warm_start_{network}.html",
            caption="../report/warm_start_chart.rst",
            category="Warm start",
            labels={"network": "{network}", "format": "interactive"},
        ),
        svg=report(
            "<results>/charts/warm_start_{network}.svg",
            caption="../report/warm_start_chart.rst",
            category="Warm start",
            labels={"network": "{network}", "format": "picture"},
        ),
        png="<results>/charts/warm_start_{network}.png",
    log:
        "<logs>/chart_warm_start/{network}.log",
    conda:
        "../../envs/present.yaml"
    params:
        study=pair_of_warm_start,
        code=fingerprint("chart_warm_start"),
    script:
        "../scripts/chart_warm_start.py"


rule chart_trajectory:
    input:
        files_of_network(rules.measure_trajectory.output.rows, KEEPING),
    output:
        html=report(
            "<results>/charts/trajectory_{network}.html",
            caption="../report/trajectory_chart.rst",
            category="Sharpness on the way",
            labels={"network": "{network}", "format": "interactive"},
        ),
        svg=report(
            "<results>/charts/trajectory_{network}.svg",
            caption="../report/trajectory_chart.rst",
            category="Sharpness on the way",
            labels={"network": "{network}", "format": "picture"},
        ),
        png="<results>/charts/trajectory_{network}.png",
    log:
        "<logs>/chart_trajectory/{network}.log",
    conda:
        "../../envs/present.yaml"
    params:
        study=regimes_with_iterates,
        code=fingerprint("chart_trajectory"),
    script:
        "../scripts/chart_trajectory.py"


rule chart_performance:
    input:
        histories=files_of_network(rules.train.output.history, [*OF_STUDY, *OF_SWEEP]),
        outcomes=files_of_network(rules.train.output.outcome, [*OF_STUDY, *OF_SWEEP]),
    output:
        html=report(
            "<results>/charts/performance_{network}.html",
            caption="../report/performance_chart.rst",
            category="Performance model",
            labels={"network": "{network}", "format": "interactive"},
        ),
        svg=report(
            "<results>/charts/performance_{network}.svg",
            caption="../report/performance_chart.rst",
            category="Performance model",
            labels={"network": "{network}", "format": "picture"},
        ),
        png="<results>/charts/performance_{network}.png",
    log:
        "<logs>/chart_performance/{network}.log",
    conda:
        "../../envs/present.yaml"
    params:
        study={"pairs": PAIRS[:1]},
        performance=ordered(PERFORMANCE),
        code=fingerprint("chart_performance"),
    script:
        "../scripts/chart_performance.py"
