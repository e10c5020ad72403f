"""<results>/train -> <results>/sharpness, curve, trajectory, interpolation, matched,
average_sharpness, invariance, curvature, spectral_density, noise_scale, surface,
barriers, cost
"""

import re

from sharpminima.measures.planned import by_searches

# As files name them. Figures 4 and 5 take the first one.
EPSILONS = [repr(float(epsilon)) for epsilon in config["sharpness"]["epsilons"]]
# The files of one checkpoint at one epsilon, by space.
SEARCHES = {
    space: "<results>/sharpness/{network}/{regime}/seed{seed}/%s_{epsilon}.csv" % space
    for space, count in by_searches(config["sharpness"], 1).searches.items()
    if count
}
COST_AT_EPSILON = (
    "<results>/cost/measure_sharpness/{network}/{regime}/seed{seed}_{epsilon}.csv"
)
APART = epsilons_apart(EPSILONS, SEARCHES.values(), COST_AT_EPSILON)
TOGETHER = [epsilon for epsilon in EPSILONS if epsilon not in APART]
# What every job that measures a network sees.
NETWORK = {
    "dataset": dataset_of,
    "compiled": rules.choose_compilation.output.choice,
}
SETTINGS = {
    "network": network_config,
    "evaluation": STUDY.section("evaluation"),
    "subset": STUDY.section("subset"),
    "backend": {"name": BACKEND},
}


rule measure_sharpness:
    input:
        **NETWORK,
        weights=rules.train.output.weights,
    output:
        **{
            space: collect(file, epsilon=TOGETHER, allow_missing=True)
            for space, file in SEARCHES.items()
        },
        cost="<results>/cost/measure_sharpness/{network}/{regime}/seed{seed}.csv",
    log:
        "<logs>/measure_sharpness/{network}_{regime}_seed{seed}.log",
    benchmark:
        "<benchmarks>/measure_sharpness/{network}_{regime}_seed{seed}.tsv"
    wildcard_constraints:
        regime=one_of(sorted({regime for _, regime, _ in STUDY.runs})),
    conda:
        f"../../envs/{BACKEND}.yaml"
    threads: 1
    resources:
        **GPU,
        **asked_by("measure_sharpness"),
        builder_file=builder_file,
        unfinished=UNFINISHED,
        save_every=SAVE_EVERY,
    params:
        **SETTINGS,
        sharpness=STUDY.search,
        epsilons=epsilons_together,
        code=fingerprint("measure_sharpness"),
    script:
        "../scripts/measure_sharpness.py"


# The same at one epsilon: one that is new, or the only one that an experiment takes.
use rule measure_sharpness as measure_sharpness_at_epsilon with:
    output:
        **{space: [file] for space, file in SEARCHES.items()},
        cost=COST_AT_EPSILON,
    log:
        "<logs>/measure_sharpness/{network}_{regime}_seed{seed}_{epsilon}.log",
    benchmark:
        "<benchmarks>/measure_sharpness/{network}_{regime}_seed{seed}_{epsilon}.tsv"
    wildcard_constraints:
        epsilon=one_of(map(re.escape, EPSILONS)),
    params:
        **SETTINGS,
        sharpness=STUDY.search,
        epsilons=epsilon_of_job,
        code=fingerprint("measure_sharpness"),


# Where both could measure, it is done together.
ruleorder: measure_sharpness > measure_sharpness_at_epsilon


COSTS += [
    *(files_of(rules.measure_sharpness.output.cost, STUDY.runs) if TOGETHER else []),
    *files_of(
        rules.measure_sharpness_at_epsilon.output.cost, STUDY.runs, epsilon=APART
    ),
    *files_of(
        rules.measure_sharpness_at_epsilon.output.cost,
        [*STUDY.sweep_runs, *STUDY.warm_start_runs],
        epsilon=EPSILONS[:1],
    ),
]


# None, unless the config asks for it.
if STUDY.runs_with_curve:

    rule measure_curve:
        input:
            **NETWORK,
            weights=rules.train.output.weights,
        output:
            rows="<results>/curve/{network}/{regime}/seed{seed}.csv",
            cost="<results>/cost/measure_curve/{network}/{regime}/seed{seed}.csv",
        log:
            "<logs>/measure_curve/{network}_{regime}_seed{seed}.log",
        benchmark:
            "<benchmarks>/measure_curve/{network}_{regime}_seed{seed}.tsv"
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_curve"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **SETTINGS,
            curve=STUDY.curve,
            code=fingerprint("measure_curve"),
        script:
            "../scripts/measure_curve.py"

    COSTS += files_of(rules.measure_curve.output.cost, STUDY.runs_with_curve)


rule measure_trajectory:
    input:
        **NETWORK,
        weights=rules.train.output.weights,
        kept=rules.train.output.iterates,
    output:
        rows="<results>/trajectory/{network}/{regime}/seed{seed}.csv",
        cost="<results>/cost/measure_trajectory/{network}/{regime}/seed{seed}.csv",
    log:
        "<logs>/measure_trajectory/{network}_{regime}_seed{seed}.log",
    benchmark:
        "<benchmarks>/measure_trajectory/{network}_{regime}_seed{seed}.tsv"
    conda:
        f"../../envs/{BACKEND}.yaml"
    threads: 1
    resources:
        **GPU,
        **asked_by("measure_trajectory"),
        builder_file=builder_file,
        unfinished=UNFINISHED,
        save_every=SAVE_EVERY,
    params:
        **SETTINGS,
        sharpness=search_of_iterates,
        code=fingerprint("measure_trajectory"),
    script:
        "../scripts/measure_trajectory.py"


COSTS += files_of(rules.measure_trajectory.output.cost, STUDY.runs_with_iterates)


if STUDY.runs_at_edge:

    rule measure_edge_of_stability:
        input:
            **NETWORK,
            weights=rules.train.output.weights,
            kept=rules.train.output.iterates,
        output:
            rows="<results>/edge_of_stability/{network}/{regime}/seed{seed}.csv",
            cost="<results>/cost/measure_edge_of_stability/{network}/{regime}/seed{seed}.csv",
        log:
            "<logs>/measure_edge_of_stability/{network}_{regime}_seed{seed}.log",
        benchmark:
            "<benchmarks>/measure_edge_of_stability/{network}_{regime}_seed{seed}.tsv"
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_edge_of_stability"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **SETTINGS,
            edge_of_stability=edge_of_run,
            code=fingerprint("measure_edge_of_stability"),
        script:
            "../scripts/measure_edge_of_stability.py"

    COSTS += files_of(rules.measure_edge_of_stability.output.cost, STUDY.runs_at_edge)


rule measure_interpolation:
    input:
        **NETWORK,
        first="<results>/train/{network}/{first}/seed{seed}/final.weights.h5",
        second="<results>/train/{network}/{second}/seed{seed}/final.weights.h5",
    output:
        plot="<results>/interpolation/{network}/{first}_{second}/seed{seed}.csv",
        distances="<results>/interpolation/{network}/{first}_{second}/seed{seed}.distances.csv",
        cost="<results>/cost/measure_interpolation/{network}/{first}_{second}/seed{seed}.csv",
    log:
        "<logs>/measure_interpolation/{network}_{first}_{second}_seed{seed}.log",
    benchmark:
        "<benchmarks>/measure_interpolation/{network}_{first}_{second}_seed{seed}.tsv"
    conda:
        f"../../envs/{BACKEND}.yaml"
    threads: 1
    resources:
        **GPU,
        **asked_by("measure_interpolation"),
        builder_file=builder_file,
        unfinished=UNFINISHED,
        save_every=SAVE_EVERY,
    params:
        **SETTINGS,
        interpolation=STUDY.section("interpolation"),
        code=fingerprint("measure_interpolation"),
    script:
        "../scripts/measure_interpolation.py"


COSTS += files_of_pairs(rules.measure_interpolation.output.cost, STUDY.pairs_of_runs)


if STUDY.matched_runs:
    # As files name them.
    MATCHED = [repr(float(epsilon)) for epsilon in config["matched"]["epsilons"]]

    rule measure_matched:
        input:
            **NETWORK,
            weights=rules.train.output.weights,
        output:
            rows="<results>/matched/{network}/{regime}/seed{seed}_{epsilon}.csv",
            cost="<results>/cost/measure_matched/{network}/{regime}/seed{seed}_{epsilon}.csv",
        log:
            "<logs>/measure_matched/{network}_{regime}_seed{seed}_{epsilon}.log",
        benchmark:
            "<benchmarks>/measure_matched/{network}_{regime}_seed{seed}_{epsilon}.tsv"
        wildcard_constraints:
            epsilon=one_of(map(re.escape, MATCHED)),
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_matched"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **SETTINGS,
            sharpness=STUDY.search,
            target=STUDY.target_of_descent,
            code=fingerprint("measure_matched"),
        script:
            "../scripts/measure_matched.py"

    COSTS += files_of(
        rules.measure_matched.output.cost, STUDY.matched_runs, epsilon=MATCHED
    )


# None, unless the config asks for them.
AVERAGED = [
    repr(float(epsilon))
    for epsilon in config.get("average_sharpness", {}).get("epsilons", [])
]

if AVERAGED:

    rule measure_average_sharpness:
        input:
            **NETWORK,
            weights=rules.train.output.weights,
        output:
            row="<results>/average_sharpness/{network}/{regime}/seed{seed}_{epsilon}.csv",
            cost="<results>/cost/measure_average_sharpness/{network}/{regime}/seed{seed}_{epsilon}.csv",
        log:
            "<logs>/measure_average_sharpness/{network}_{regime}_seed{seed}_{epsilon}.log",
        benchmark:
            "<benchmarks>/measure_average_sharpness/{network}_{regime}_seed{seed}_{epsilon}.tsv"
        wildcard_constraints:
            epsilon=one_of(map(re.escape, AVERAGED)),
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_average_sharpness"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **SETTINGS,
            average_sharpness={"pairs": config["average_sharpness"]["pairs"]},
            code=fingerprint("measure_average_sharpness"),
        script:
            "../scripts/measure_average_sharpness.py"

    COSTS += files_of(
        rules.measure_average_sharpness.output.cost, STUDY.runs, epsilon=AVERAGED
    )


# None, unless the config asks for them.
if STUDY.runs_with_forms:

    rule measure_invariance:
        input:
            **NETWORK,
            weights=rules.train.output.weights,
        output:
            rows="<results>/invariance/{network}/{regime}/seed{seed}.csv",
            cost="<results>/cost/measure_invariance/{network}/{regime}/seed{seed}.csv",
        log:
            "<logs>/measure_invariance/{network}_{regime}_seed{seed}.log",
        benchmark:
            "<benchmarks>/measure_invariance/{network}_{regime}_seed{seed}.tsv"
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_invariance"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **SETTINGS,
            invariance=STUDY.invariance,
            code=fingerprint("measure_invariance"),
        script:
            "../scripts/measure_invariance.py"

    COSTS += files_of(rules.measure_invariance.output.cost, STUDY.runs_with_forms)


if STUDY.runs_with("curvature"):

    rule measure_curvature:
        input:
            **NETWORK,
            weights=rules.train.output.weights,
        output:
            rows="<results>/curvature/{network}/{regime}/seed{seed}.csv",
            cost="<results>/cost/measure_curvature/{network}/{regime}/seed{seed}.csv",
        log:
            "<logs>/measure_curvature/{network}_{regime}_seed{seed}.log",
        benchmark:
            "<benchmarks>/measure_curvature/{network}_{regime}_seed{seed}.tsv"
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_curvature"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **SETTINGS,
            curvature=STUDY.section("curvature"),
            code=fingerprint("measure_curvature"),
        script:
            "../scripts/measure_curvature.py"

    COSTS += files_of(
        rules.measure_curvature.output.cost, STUDY.runs_with("curvature")
    )


if STUDY.runs_with("spectral_density"):

    rule measure_spectral_density:
        input:
            **NETWORK,
            weights=rules.train.output.weights,
        output:
            rows="<results>/spectral_density/{network}/{regime}/seed{seed}.csv",
            cost="<results>/cost/measure_spectral_density/{network}/{regime}/seed{seed}.csv",
        log:
            "<logs>/measure_spectral_density/{network}_{regime}_seed{seed}.log",
        benchmark:
            "<benchmarks>/measure_spectral_density/{network}_{regime}_seed{seed}.tsv"
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_spectral_density"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **SETTINGS,
            spectral_density=STUDY.section("spectral_density"),
            code=fingerprint("measure_spectral_density"),
        script:
            "../scripts/measure_spectral_density.py"

    COSTS += files_of(
        rules.measure_spectral_density.output.cost,
        STUDY.runs_with("spectral_density"),
    )


# None, unless the config asks for it.
if STUDY.runs_with_noise_scale:

    rule measure_noise_scale:
        input:
            **NETWORK,
            weights=rules.train.output.weights,
            kept=kept_iterates,
        output:
            rows="<results>/noise_scale/{network}/{regime}/seed{seed}.csv",
            cost="<results>/cost/measure_noise_scale/{network}/{regime}/seed{seed}.csv",
        log:
            "<logs>/measure_noise_scale/{network}_{regime}_seed{seed}.log",
        benchmark:
            "<benchmarks>/measure_noise_scale/{network}_{regime}_seed{seed}.tsv"
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_noise_scale"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **SETTINGS,
            noise_scale=STUDY.section("noise_scale"),
            code=fingerprint("measure_noise_scale"),
        script:
            "../scripts/measure_noise_scale.py"

    COSTS += files_of(
        rules.measure_noise_scale.output.cost, STUDY.runs_with_noise_scale
    )


# A study that makes further measures shows that they can be trusted.
if config["measures"]:

    rule measure_selftest:
        output:
            "<results>/selftest.csv",
        log:
            "<logs>/measure_selftest.log",
        benchmark:
            "<benchmarks>/measure_selftest.tsv"
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_selftest"),
        params:
            backend={"name": BACKEND},
            code=fingerprint("measure_selftest"),
        script:
            "../scripts/measure_selftest.py"


if STUDY.surfaces:

    rule measure_surface:
        input:
            **NETWORK,
            first="<results>/train/{network}/{first}/seed{seed}/final.weights.h5",
            second="<results>/train/{network}/{second}/seed{seed}/final.weights.h5",
            first_path=kept_on_the_way("first"),
            second_path=kept_on_the_way("second"),
        output:
            points="<results>/surface/{network}/{first}_{second}/seed{seed}.csv",
            places="<results>/surface/{network}/{first}_{second}/seed{seed}.places.csv",
            cost="<results>/cost/measure_surface/{network}/{first}_{second}/seed{seed}.csv",
        log:
            "<logs>/measure_surface/{network}_{first}_{second}_seed{seed}.log",
        benchmark:
            "<benchmarks>/measure_surface/{network}_{first}_{second}_seed{seed}.tsv"
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_surface"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **SETTINGS,
            surface=STUDY.surface,
            code=fingerprint("measure_surface"),
        script:
            "../scripts/measure_surface.py"

    COSTS += files_of_pairs(rules.measure_surface.output.cost, STUDY.surfaces)


if STUDY.barriers:

    rule measure_barriers:
        input:
            **NETWORK,
            weights=checkpoints_of_seeds,
        output:
            rows="<results>/barriers/{network}/{first}_{second}/seed{seed}_{other}.csv",
            cost="<results>/cost/measure_barriers/{network}/{first}_{second}/seed{seed}_{other}.csv",
        log:
            "<logs>/measure_barriers/{network}_{first}_{second}_seed{seed}_{other}.log",
        benchmark:
            "<benchmarks>/measure_barriers/{network}_{first}_{second}_seed{seed}_{other}.tsv"
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("measure_barriers"),
            builder_file=builder_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            **{**SETTINGS, "evaluation": STUDY.evaluation_of_barriers},
            barriers=STUDY.section("barriers"),
            code=fingerprint("measure_barriers"),
        script:
            "../scripts/measure_barriers.py"

    COSTS += files_of_barriers(rules.measure_barriers.output.cost)
