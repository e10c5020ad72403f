"""<results>/train, sharpness, interpolation -> <results>/charts"""


rule charts:
    input:
        collect(
            "<results>/charts/{chart}_{network}.{format}",
            chart=["training", "sharpness"],
            network=NETWORKS,
            format=FORMATS,
        ),
        collect(
            "<results>/charts/interpolation_{network}_{pair}.{format}",
            network=NETWORKS,
            pair=PAIR_NAMES,
            format=FORMATS,
        ),
        collect(
            "<results>/charts/performance_{network}.{format}",
            network=NETWORKS if PERFORMANCE else [],
            format=FORMATS,
        ),


rule chart_training:
    input:
        collect(
            rules.train.output.history, regime=REGIMES, seed=SEEDS, allow_missing=True
        ),
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
        study={"regimes": REGIMES},
        code=fingerprint("chart_training"),
    script:
        "../scripts/chart_training.py"


rule chart_sharpness:
    input:
        collect(
            rules.measure_sharpness.output.searches,
            regime=REGIMES,
            seed=SEEDS,
            allow_missing=True,
        ),
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
        study={"regimes": REGIMES},
        code=fingerprint("chart_sharpness"),
    script:
        "../scripts/chart_sharpness.py"


rule chart_interpolation:
    input:
        collect(rules.interpolate.output.plot, seed=SEEDS, allow_missing=True),
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


rule chart_performance:
    input:
        histories=collect(
            rules.train.output.history, regime=REGIMES, seed=SEEDS, allow_missing=True
        ),
        outcomes=collect(
            rules.train.output.outcome, regime=REGIMES, seed=SEEDS, allow_missing=True
        ),
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
