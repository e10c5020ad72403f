"""<results>/train, cost, a folder for each measure -> <results>/tables"""

# Figures 4 and 5 show the sharpness at one epsilon, the first.
EPSILON = {"epsilon": config["sharpness"]["epsilons"][0]}
# The performance model compares the runs of the sweep, too.
TIMED = [*STUDY.runs_with_history, *STUDY.sweep_runs]
# The rows of the study's runs, and of the searches on them.
OUTCOMES = files_of(rules.train.output.outcome, STUDY.runs)
SEARCHED = files_of(SEARCHES.values(), STUDY.runs, epsilon=EPSILONS)


rule tabulate_runs:
    input:
        OUTCOMES,
    output:
        table("runs"),
    log:
        "<logs>/tabulate_runs.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_runs"),
    script:
        "../scripts/tabulate_runs.py"


rule tabulate_networks:
    input:
        OUTCOMES,
    output:
        table("networks", "networks (Table 1)"),
    log:
        "<logs>/tabulate_networks.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_networks"),
    script:
        "../scripts/tabulate_networks.py"


rule tabulate_accuracy:
    input:
        OUTCOMES,
    output:
        table("accuracy", "accuracy (Table 2)"),
    log:
        "<logs>/tabulate_accuracy.log",
    conda:
        "../../envs/present.yaml"
    params:
        paper=PAPER,
        code=fingerprint("tabulate_accuracy"),
    script:
        "../scripts/tabulate_accuracy.py"


rule tabulate_measurements:
    input:
        SEARCHED,
    output:
        table("measurements"),
    log:
        "<logs>/tabulate_measurements.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_measurements"),
    script:
        "../scripts/tabulate_measurements.py"


rule tabulate_sharpness:
    input:
        SEARCHED,
    output:
        table("sharpness", "sharpness (Tables 3 and 4)"),
    log:
        "<logs>/tabulate_sharpness.log",
    conda:
        "../../envs/present.yaml"
    params:
        paper=PAPER,
        code=fingerprint("tabulate_sharpness"),
    script:
        "../scripts/tabulate_sharpness.py"


rule tabulate_anatomy:
    input:
        SEARCHED,
    output:
        table("anatomy", "what sharpness is made of"),
    log:
        "<logs>/tabulate_anatomy.log",
    conda:
        "../../envs/present.yaml"
    params:
        paper=PAPER,
        code=fingerprint("tabulate_anatomy"),
    script:
        "../scripts/tabulate_anatomy.py"


rule tabulate_minima:
    input:
        outcomes=OUTCOMES,
        histories=files_of(rules.train.output.history, STUDY.runs_with_history),
        searches=SEARCHED,
    output:
        table("minima", "is it a minimum?"),
    log:
        "<logs>/tabulate_minima.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_minima"),
    script:
        "../scripts/tabulate_minima.py"


if config["sharpness"]["reference"]["corners"]:

    rule tabulate_solver_gap:
        input:
            files_of(SEARCHES["full"], STUDY.runs, epsilon=EPSILONS),
        output:
            table("solver_gap", "short searches beside a long one"),
        log:
            "<logs>/tabulate_solver_gap.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_solver_gap"),
        script:
            "../scripts/tabulate_solver_gap.py"


rule tabulate_cost:
    input:
        COSTS,
    output:
        table("cost", "cost"),
    log:
        "<logs>/tabulate_cost.log",
    conda:
        "../../envs/present.yaml"
    params:
        code=fingerprint("tabulate_cost"),
    script:
        "../scripts/tabulate_cost.py"


if AVERAGED:

    rule tabulate_average_sharpness:
        input:
            files_of(
                rules.measure_average_sharpness.output.row,
                STUDY.runs,
                epsilon=AVERAGED,
            ),
        output:
            table("average_sharpness", "average-case sharpness"),
        log:
            "<logs>/tabulate_average_sharpness.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_average_sharpness"),
        script:
            "../scripts/tabulate_average_sharpness.py"


if STUDY.runs_with("curvature"):

    rule tabulate_curvature:
        input:
            files_of(rules.measure_curvature.output.rows, STUDY.runs_with("curvature")),
        output:
            table("curvature", "curvature"),
        log:
            "<logs>/tabulate_curvature.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_curvature"),
        script:
            "../scripts/tabulate_curvature.py"

    rule tabulate_curvature_runs:
        input:
            files_of(rules.measure_curvature.output.rows, STUDY.runs_with("curvature")),
        output:
            table("curvature_runs"),
        log:
            "<logs>/tabulate_curvature_runs.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_curvature_runs"),
        script:
            "../scripts/tabulate_curvature_runs.py"


if config["measures"]:

    rule tabulate_selftest:
        input:
            rules.measure_selftest.output,
        output:
            table("selftest", "measures beside closed forms"),
        log:
            "<logs>/tabulate_selftest.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_selftest"),
        script:
            "../scripts/tabulate_selftest.py"


if STUDY.runs_with_noise_scale:

    rule tabulate_noise_scale:
        input:
            files_of(rules.measure_noise_scale.output.rows, STUDY.runs_with_noise_scale),
        output:
            table("noise_scale", "gradient noise scale"),
        log:
            "<logs>/tabulate_noise_scale.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_noise_scale"),
        script:
            "../scripts/tabulate_noise_scale.py"


if STUDY.runs_with_forms:

    rule tabulate_invariance:
        input:
            files_of(rules.measure_invariance.output.rows, STUDY.runs_with_forms),
        output:
            table("invariance", "drift where the function stays"),
        log:
            "<logs>/tabulate_invariance.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_invariance"),
        script:
            "../scripts/tabulate_invariance.py"


if STUDY.barriers:

    rule tabulate_barriers:
        input:
            files_of_barriers(rules.measure_barriers.output.rows),
        output:
            table("barriers", "barriers between minima"),
        log:
            "<logs>/tabulate_barriers.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_barriers"),
        script:
            "../scripts/tabulate_barriers.py"


if STUDY.matched_runs:

    rule tabulate_matched:
        input:
            searches=files_of(SEARCHES.values(), STUDY.matched_runs, epsilon=MATCHED),
            after_descent=files_of(
                rules.measure_matched.output.rows, STUDY.matched_runs, epsilon=MATCHED
            ),
        output:
            table("matched", "sharpness at a common gradient norm"),
        log:
            "<logs>/tabulate_matched.log",
        conda:
            "../../envs/present.yaml"
        params:
            study={"pairs": STUDY.pairs},
            code=fingerprint("tabulate_matched"),
        script:
            "../scripts/tabulate_matched.py"


if STUDY.pairs and STUDY.runs_with_curve:

    rule tabulate_curve:
        input:
            files_of(rules.measure_curve.output.rows, STUDY.runs_with_curve),
        output:
            table("curve", "sharpness against epsilon"),
        log:
            "<logs>/tabulate_curve.log",
        conda:
            "../../envs/present.yaml"
        params:
            study={"pairs": STUDY.pairs},
            code=fingerprint("tabulate_curve"),
        script:
            "../scripts/tabulate_curve.py"


if STUDY.has_point_and_box:
    # By network or of all: the same files for the table and the chart.
    POINT_AND_BOX = {
        "curvatures": (rules.measure_curvature.output.rows, STUDY.runs, {}),
        "averages": (
            rules.measure_average_sharpness.output.row,
            STUDY.runs,
            {"epsilon": AVERAGED},
        ),
        "curves": (rules.measure_curve.output.rows, STUDY.runs, {}),
    }

    rule tabulate_point_and_box:
        input:
            **{
                name: files_of(pattern, runs, **others)
                for name, (pattern, runs, others) in POINT_AND_BOX.items()
            },
        output:
            table("point_and_box", "at the point and in the box"),
        log:
            "<logs>/tabulate_point_and_box.log",
        conda:
            "../../envs/present.yaml"
        params:
            study={"pairs": STUDY.pairs},
            code=fingerprint("tabulate_point_and_box"),
        script:
            "../scripts/tabulate_point_and_box.py"


if STUDY.pairs:

    rule tabulate_ratios:
        input:
            SEARCHED,
        output:
            table("ratios", "ratio of each seed"),
        log:
            "<logs>/tabulate_ratios.log",
        conda:
            "../../envs/present.yaml"
        params:
            study={"pairs": STUDY.pairs},
            code=fingerprint("tabulate_ratios"),
        script:
            "../scripts/tabulate_ratios.py"

    rule tabulate_distances:
        input:
            files_of_pairs(
                rules.measure_interpolation.output.distances,
                STUDY.pairs_of_runs,
            ),
        output:
            table("distances", "distances"),
        log:
            "<logs>/tabulate_distances.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_distances"),
        script:
            "../scripts/tabulate_distances.py"


if STUDY.compared_runs:

    rule tabulate_further_regimes:
        input:
            outcomes=files_of(rules.train.output.outcome, STUDY.compared_runs),
            searches=files_of(SEARCHES.values(), STUDY.compared_runs, epsilon=EPSILONS),
        output:
            table("further_regimes", "further regimes (Tables 6 and 7)"),
        log:
            "<logs>/tabulate_further_regimes.log",
        conda:
            "../../envs/present.yaml"
        params:
            study={"pairs": STUDY.first_pair},
            code=fingerprint("tabulate_further_regimes"),
        script:
            "../scripts/tabulate_further_regimes.py"


if STUDY.sweep_runs:

    OF_SWEEP = {
        "outcomes": files_of(rules.train.output.outcome, STUDY.sweep_runs),
        "searches": files_of(SEARCHES.values(), STUDY.sweep_runs, epsilon=EPSILONS[:1]),
    }

    rule tabulate_sweep_runs:
        input:
            **OF_SWEEP,
        output:
            table("sweep_runs"),
        log:
            "<logs>/tabulate_sweep_runs.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=EPSILON,
            code=fingerprint("tabulate_sweep_runs"),
        script:
            "../scripts/tabulate_sweep_runs.py"

    rule tabulate_sweep:
        input:
            **OF_SWEEP,
        output:
            table("sweep", "batch sizes (Figure 4)"),
        log:
            "<logs>/tabulate_sweep.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=EPSILON,
            code=fingerprint("tabulate_sweep"),
        script:
            "../scripts/tabulate_sweep.py"

    rule tabulate_thresholds:
        input:
            **OF_SWEEP,
        output:
            table("thresholds", "thresholds of the batch size"),
        log:
            "<logs>/tabulate_thresholds.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=EPSILON,
            code=fingerprint("tabulate_thresholds"),
        script:
            "../scripts/tabulate_thresholds.py"


if STUDY.critical_batch:

    rule tabulate_critical_batch:
        input:
            outcomes=files_of(rules.train.output.outcome, STUDY.sweep_runs),
            histories=files_of(rules.train.output.history, STUDY.sweep_runs),
        output:
            table("critical_batch", "critical batch size"),
        log:
            "<logs>/tabulate_critical_batch.log",
        conda:
            "../../envs/present.yaml"
        params:
            critical_batch=STUDY.critical_batch,
            code=fingerprint("tabulate_critical_batch"),
        script:
            "../scripts/tabulate_critical_batch.py"


if STUDY.runs_with_iterates:

    rule tabulate_trajectory:
        input:
            files_of(rules.measure_trajectory.output.rows, STUDY.runs_with_iterates),
        output:
            table("trajectory"),
        log:
            "<logs>/tabulate_trajectory.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_trajectory"),
        script:
            "../scripts/tabulate_trajectory.py"

    rule tabulate_trajectory_means:
        input:
            files_of(rules.measure_trajectory.output.rows, STUDY.runs_with_iterates),
        output:
            table("trajectory_means", "iterates (Figure 6)"),
        log:
            "<logs>/tabulate_trajectory_means.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_trajectory_means"),
        script:
            "../scripts/tabulate_trajectory_means.py"


if STUDY.runs_at_edge:

    rule tabulate_edge_of_stability:
        input:
            files_of(rules.measure_edge_of_stability.output.rows, STUDY.runs_at_edge),
        output:
            table("edge_of_stability", "curvature on the way"),
        log:
            "<logs>/tabulate_edge_of_stability.log",
        conda:
            "../../envs/present.yaml"
        params:
            code=fingerprint("tabulate_edge_of_stability"),
        script:
            "../scripts/tabulate_edge_of_stability.py"


if STUDY.warm_start_runs:

    WARM_START = {
        "epochs": ordered(derived.epochs_of_warm_start(config)),
        **EPSILON,
    }

    OF_WARM_START = {
        "outcomes": files_of(rules.train.output.outcome, STUDY.warm_start_runs),
        "searches": files_of(
            SEARCHES.values(), STUDY.warm_start_runs, epsilon=EPSILONS[:1]
        ),
        "trajectories": files_of(
            rules.measure_trajectory.output.rows, STUDY.runs_before_warm_start
        ),
    }

    rule tabulate_warm_start_runs:
        input:
            **OF_WARM_START,
        output:
            table("warm_start_runs"),
        log:
            "<logs>/tabulate_warm_start_runs.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=WARM_START,
            code=fingerprint("tabulate_warm_start_runs"),
        script:
            "../scripts/tabulate_warm_start_runs.py"

    rule tabulate_warm_start:
        input:
            **OF_WARM_START,
        output:
            table("warm_start", "warm start (Figure 5)"),
        log:
            "<logs>/tabulate_warm_start.log",
        conda:
            "../../envs/present.yaml"
        params:
            study=WARM_START,
            code=fingerprint("tabulate_warm_start"),
        script:
            "../scripts/tabulate_warm_start.py"


if STUDY.performance_model:

    rule tabulate_performance_model:
        input:
            histories=files_of(rules.train.output.history, TIMED),
            outcomes=files_of(rules.train.output.outcome, TIMED),
        output:
            table("performance_model", "performance model (appendix C)"),
        log:
            "<logs>/tabulate_performance_model.log",
        conda:
            "../../envs/present.yaml"
        params:
            study={"pairs": STUDY.first_pair},
            performance_model=ordered(STUDY.performance_model),
            code=fingerprint("tabulate_performance_model"),
        script:
            "../scripts/tabulate_performance_model.py"


# Last, since it reads the tables that the study makes.
if STUDY.first_pair:

    rule tabulate_claims:
        input:
            runs=if_studied("runs"),
            measurements=if_studied("measurements"),
            interpolation=files_of_pairs(
                rules.measure_interpolation.output.plot,
                STUDY.first_pairs,
            ),
            distances=files_of_pairs(
                rules.measure_interpolation.output.distances,
                STUDY.first_pairs,
            ),
            sweep_runs=if_studied("sweep_runs"),
            thresholds=if_studied("thresholds"),
            warm_start_runs=if_studied("warm_start_runs"),
            trajectory=if_studied("trajectory"),
        output:
            table("claims", "the paper's claims", category="Claims"),
        log:
            "<logs>/tabulate_claims.log",
        conda:
            "../../envs/present.yaml"
        params:
            study={"networks": STUDY.trained_networks, "pairs": STUDY.first_pair},
            code=fingerprint("tabulate_claims"),
        script:
            "../scripts/tabulate_claims.py"


rule tables:
    input:
        TABLES,
