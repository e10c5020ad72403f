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
        mem_mb=memory_of_measuring,
        builder_file=builder_file,
    params:
        network=network_config,
        sharpness=ordered(config["sharpness"]),
        evaluation=ordered(config["evaluation"]),
        subset=ordered(config["subset"]),
        backend={"name": BACKEND},
        code=fingerprint("measure_sharpness"),
    script:
        "../scripts/measure_sharpness.py"


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
        mem_mb=memory_of_measuring,
        builder_file=builder_file,
    params:
        network=network_config,
        sharpness=search_of_iterates,
        evaluation=ordered(config["evaluation"]),
        subset=ordered(config["subset"]),
        backend={"name": BACKEND},
        code=fingerprint("measure_trajectory"),
    script:
        "../scripts/measure_trajectory.py"


rule interpolate:
    input:
        dataset=dataset_of,
        compiled=rules.choose_compilation.output.choice,
        first="<results>/train/{network}/{first}/seed{seed}/final.weights.h5",
        second="<results>/train/{network}/{second}/seed{seed}/final.weights.h5",
    output:
        plot="<results>/interpolation/{network}/{first}_{second}/seed{seed}.csv",
        distances="<results>/interpolation/{network}/{first}_{second}/seed{seed}.distances.csv",
        cost="<results>/cost/interpolate/{network}/{first}_{second}/seed{seed}.csv",
    log:
        "<logs>/interpolate/{network}_{first}_{second}_seed{seed}.log",
    benchmark:
        "<benchmarks>/interpolate/{network}_{first}_{second}_seed{seed}.tsv"
    conda:
        f"../../envs/{BACKEND}.yaml"
    threads: 1
    resources:
        mem_mb=memory_of_interpolation,
        builder_file=builder_file,
    params:
        network=network_config,
        interpolation=ordered(config["interpolation"]),
        evaluation=ordered(config["evaluation"]),
        subset=ordered(config["subset"]),
        backend={"name": BACKEND},
        code=fingerprint("interpolate"),
    script:
        "../scripts/interpolate.py"
