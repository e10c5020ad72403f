"""<results>/train -> <results>/sharpness, <results>/trajectory, <results>/interpolation"""


rule measure_sharpness:
    input:
        dataset=dataset_of,
        compiled=rules.choose_compilation.output.choice,
        weights=rules.train.output.weights,
    output:
        searches="<results>/sharpness/{network}/{regime}/seed{seed}.csv",
        cost="<results>/cost/measure_sharpness/{network}/{regime}/seed{seed}.csv",
    log:
        "<logs>/measure_sharpness/{network}_{regime}_seed{seed}.log",
    benchmark:
        "<benchmarks>/measure_sharpness/{network}_{regime}_seed{seed}.tsv"
    conda:
        f"../../envs/{BACKEND}.yaml"
    threads: 1
    resources:
        **GPU,
        mem_mb=memory_of("measure_sharpness"),
        builder_file=builder_file,
    params:
        network=network_config,
        sharpness=STUDY.section("sharpness"),
        evaluation=STUDY.section("evaluation"),
        subset=STUDY.section("subset"),
        backend={"name": BACKEND},
        code=fingerprint("measure_sharpness"),
    script:
        "../scripts/measure_sharpness.py"


COSTS += files_of(rules.measure_sharpness.output.cost, STUDY.measured_runs)


rule measure_trajectory:
    input:
        dataset=dataset_of,
        compiled=rules.choose_compilation.output.choice,
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
        mem_mb=memory_of("measure_trajectory"),
        builder_file=builder_file,
    params:
        network=network_config,
        sharpness=STUDY.search_of_iterates(),
        evaluation=STUDY.section("evaluation"),
        subset=STUDY.section("subset"),
        backend={"name": BACKEND},
        code=fingerprint("measure_trajectory"),
    script:
        "../scripts/measure_trajectory.py"


COSTS += files_of(rules.measure_trajectory.output.cost, STUDY.runs_with_iterates)


rule measure_interpolation:
    input:
        dataset=dataset_of,
        compiled=rules.choose_compilation.output.choice,
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
        mem_mb=memory_of("measure_interpolation"),
        builder_file=builder_file,
    params:
        network=network_config,
        interpolation=STUDY.section("interpolation"),
        evaluation=STUDY.section("evaluation"),
        subset=STUDY.section("subset"),
        backend={"name": BACKEND},
        code=fingerprint("measure_interpolation"),
    script:
        "../scripts/measure_interpolation.py"


COSTS += files_of_pairs(
    rules.measure_interpolation.output.cost, STUDY.pairs_of_networks, seed=STUDY.seeds
)
