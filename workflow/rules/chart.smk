"""<results>/train, tables, a folder for each measure -> <results>/charts"""

# The wildcards of a pair, and the first pair of each network.
NAMES = ("network", "first", "second")
FIRST_PAIRS = [
    dict(zip(NAMES, pair)) for pair in dict.fromkeys(p[:3] for p in STUDY.first_pairs)
]


if STUDY.runs_with_history:

    rule chart_training:
        input:
            files_of_network(rules.train.output.history, STUDY.runs_with_history),
        output:
            **chart("training", "Training curves", of_each(STUDY.trained_networks)),
        log:
            "<logs>/chart_training/{network}.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=trained_regimes_of_network,
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
            **chart("point_and_box", "Sharpness", of_each(STUDY.networks_with_pairs)),
        log:
            "<logs>/chart_point_and_box/{network}.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=regimes_and_pairs_of_network,
            code=fingerprint("chart_point_and_box"),
        script:
            "../scripts/chart_point_and_box.py"


if STUDY.runs_with("spectral_density"):

    rule chart_spectral_density:
        input:
            files_of_network(
                rules.measure_spectral_density.output.rows,
                STUDY.runs_with("spectral_density"),
            ),
        output:
            **chart("spectral_density", "Curvature", of_each(STUDY.networks)),
        log:
            "<logs>/chart_spectral_density/{network}.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=regimes_of_network,
            code=fingerprint("chart_spectral_density"),
        script:
            "../scripts/chart_spectral_density.py"


if STUDY.pairs_of_networks:

    PAIRS = [dict(zip(NAMES, pair)) for pair in STUDY.pairs_of_networks]

    rule chart_interpolation:
        input:
            files_of_pair(rules.measure_interpolation.output.plot),
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


if STUDY.barriers:

    rule chart_barriers:
        input:
            lambda wildcards: files_of_barriers(
                rules.measure_barriers.output.rows, **wildcards
            ),
        output:
            **chart("barriers", "Parametric plots", FIRST_PAIRS),
        log:
            "<logs>/chart_barriers/{network}_{first}_{second}.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("chart_barriers"),
        script:
            "../scripts/chart_barriers.py"


if STUDY.surfaces:

    rule chart_surface:
        input:
            points=rules.measure_surface.output.points,
            places=rules.measure_surface.output.places,
        output:
            **chart(
                "surface",
                "Surfaces",
                [dict(zip((*NAMES, "seed"), pair)) for pair in STUDY.surfaces],
            ),
        log:
            "<logs>/chart_surface/{network}_{first}_{second}_{seed}.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("chart_surface"),
        script:
            "../scripts/chart_surface.py"


if STUDY.sweep_runs:

    rule chart_sweep:
        input:
            runs=rules.tabulate_sweep_runs.output[0],
            thresholds=rules.tabulate_thresholds.output[0],
            critical_batch=if_studied("critical_batch"),
            noise_scale=if_studied("noise_scale"),
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


if STUDY.runs_at_edge:

    rule chart_edge_of_stability:
        input:
            files_of_network(
                rules.measure_edge_of_stability.output.rows, STUDY.runs_at_edge
            ),
        output:
            **chart(
                "edge_of_stability",
                "Sharpness on the way",
                of_each(ITERATES["networks"]),
            ),
        log:
            "<logs>/chart_edge_of_stability/{network}.log",
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
            code=fingerprint("chart_edge_of_stability"),
        script:
            "../scripts/chart_edge_of_stability.py"


if STUDY.performance_model:

    rule chart_performance_model:
        input:
            histories=files_of_network(rules.train.output.history, TIMED),
            outcomes=files_of_network(rules.train.output.outcome, TIMED),
        output:
            **chart(
                "performance_model",
                "Performance model",
                of_each(STUDY.trained_networks),
            ),
        log:
            "<logs>/chart_performance_model/{network}.log",
        conda:
            "../../envs/present.yaml"
        params:
            study={"pairs": STUDY.first_pair},
            performance_model=ordered(STUDY.performance_model),
            code=fingerprint("chart_performance_model"),
        script:
            "../scripts/chart_performance_model.py"


rule charts:
    input:
        CHARTS,
