"""<results>/train, tables, a folder for each measure -> <results>/charts"""


rule chart_training:
    input:
        files_of_network(rules.train.output.history, STUDY.runs),
    output:
        **chart("training", "Training curves", of_each(STUDY.networks)),
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
        files_of_network(SEARCHES.values(), STUDY.runs, epsilon=EPSILONS),
    output:
        **chart("sharpness", "Sharpness", of_each(STUDY.networks)),
    log:
        "<logs>/chart_sharpness/{network}.log",
    conda:
        "../../envs/present.yaml"
    params:
        study=regimes_and_pairs_of_network,
        code=fingerprint("chart_sharpness"),
    script:
        "../scripts/chart_sharpness.py"


rule chart_anatomy:
    input:
        files_of_network(SEARCHES.values(), STUDY.runs, epsilon=EPSILONS),
    output:
        **chart("anatomy", "Sharpness", of_each(STUDY.networks)),
    log:
        "<logs>/chart_anatomy/{network}.log",
    conda:
        "../../envs/present.yaml"
    params:
        study=regimes_of_network,
        code=fingerprint("chart_anatomy"),
    script:
        "../scripts/chart_anatomy.py"


if config["sharpness"]["reference"]["corners"]:

    rule chart_solver_gap:
        input:
            files_of_network(SEARCHES["full"], STUDY.runs, epsilon=EPSILONS),
        output:
            **chart("solver_gap", "Sharpness", of_each(STUDY.networks)),
        log:
            "<logs>/chart_solver_gap/{network}.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=regimes_of_network,
            code=fingerprint("chart_solver_gap"),
        script:
            "../scripts/chart_solver_gap.py"


if STUDY.runs_with_curve:

    rule chart_curve:
        input:
            files_of_network(rules.measure_curve.output.rows, STUDY.runs_with_curve),
        output:
            **chart("curve", "Sharpness against epsilon", of_each(STUDY.networks)),
        log:
            "<logs>/chart_curve/{network}.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=regimes_and_pairs_of_network,
            code=fingerprint("chart_curve"),
        script:
            "../scripts/chart_curve.py"


if STUDY.has_point_and_box:

    rule chart_point_and_box:
        input:
            **{
                name: files_of_network(pattern, runs, **others)
                for name, (pattern, runs, others) in POINT_AND_BOX.items()
            },
        output:
            **chart("point_and_box", "Sharpness", of_each(STUDY.networks)),
        log:
            "<logs>/chart_point_and_box/{network}.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=regimes_and_pairs_of_network,
            code=fingerprint("chart_point_and_box"),
        script:
            "../scripts/chart_point_and_box.py"


if STUDY.pairs_of_networks:

    PAIRS = [
        {"network": network, "first": first, "second": second}
        for network, first, second in STUDY.pairs_of_networks
    ]

    rule chart_interpolation:
        input:
            collect(
                rules.measure_interpolation.output.plot,
                seed=STUDY.seeds,
                allow_missing=True,
            ),
        output:
            **chart("interpolation", "Parametric plots", PAIRS),
        log:
            "<logs>/chart_interpolation/{network}_{first}_{second}.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("chart_interpolation"),
        script:
            "../scripts/chart_interpolation.py"


if STUDY.sweep_runs:

    rule chart_sweep:
        input:
            runs=rules.tabulate_sweep_runs.output[0],
            thresholds=rules.tabulate_thresholds.output[0],
        output:
            **chart("sweep", "Batch sizes", of_each(derived.batch_sizes(config))),
        log:
            "<logs>/chart_sweep/{network}.log",
        wildcard_constraints:
            network=one_of(derived.batch_sizes(config)),
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("chart_sweep"),
        script:
            "../scripts/chart_sweep.py"


if STUDY.warm_start_runs:

    START = config["warm_start"]

    rule chart_warm_start:
        input:
            runs=rules.tabulate_warm_start_runs.output[0],
        output:
            **chart("warm_start", "Warm start", of_each(START["networks"])),
        log:
            "<logs>/chart_warm_start/{network}.log",
        wildcard_constraints:
            network=one_of(START["networks"]),
        conda:
            "../../envs/present.yaml"
        params:
            study={"first": START["first"], "second": START["second"]},
            code=fingerprint("chart_warm_start"),
        script:
            "../scripts/chart_warm_start.py"


if STUDY.runs_with_iterates:

    ITERATES = config["iterates"]

    rule chart_trajectory:
        input:
            files_of_network(
                rules.measure_trajectory.output.rows, STUDY.runs_with_iterates
            ),
        output:
            **chart("trajectory", "Sharpness on the way", of_each(ITERATES["networks"])),
        log:
            "<logs>/chart_trajectory/{network}.log",
        wildcard_constraints:
            network=one_of(ITERATES["networks"]),
        conda:
            "../../envs/present.yaml"
        params:
            study={
                "regimes": [
                    derived.with_iterates(name) for name in ITERATES["regimes"]
                ]
            },
            code=fingerprint("chart_trajectory"),
        script:
            "../scripts/chart_trajectory.py"


if STUDY.performance_model:

    rule chart_performance_model:
        input:
            histories=files_of_network(rules.train.output.history, TIMED),
            outcomes=files_of_network(rules.train.output.outcome, TIMED),
        output:
            **chart("performance_model", "Performance model", of_each(STUDY.networks)),
        log:
            "<logs>/chart_performance_model/{network}.log",
        conda:
            "../../envs/present.yaml"
        params:
            study={"pairs": STUDY.pairs[:1]},
            performance_model=ordered(STUDY.performance_model),
            code=fingerprint("chart_performance_model"),
        script:
            "../scripts/chart_performance_model.py"


rule charts:
    input:
        CHARTS,
