"""results/data -> <results>/compilation, <results>/train/{network}/{regime}/seed{seed}/"""


rule choose_compilation:
    input:
        dataset=dataset_of,
    output:
        choice="<results>/compilation/{network}.csv",
        cost="<results>/cost/choose_compilation/{network}/trial.csv",
    log:
        "<logs>/choose_compilation/{network}.log",
    benchmark:
        "<benchmarks>/choose_compilation/{network}.tsv"
    conda:
        f"../../envs/{BACKEND}.yaml"
    threads: 1
    resources:
        **GPU,
        mem_mb=memory_of("choose_compilation"),
        builder_file=builder_file,
    params:
        network=network_config,
        backend={"name": BACKEND},
        code=fingerprint("choose_compilation"),
    script:
        "../scripts/choose_compilation.py"


COSTS += collect(rules.choose_compilation.output.cost, network=STUDY.networks)


rule train:
    input:
        dataset=dataset_of,
        compiled=ancient(rules.choose_compilation.output.choice),
        warm_start=iterates_to_begin_with,
    output:
        weights="<results>/train/{network}/{regime}/seed{seed}/final.weights.h5",
        history="<results>/train/{network}/{regime}/seed{seed}/history.csv",
        outcome="<results>/train/{network}/{regime}/seed{seed}/outcome.csv",
        iterates="<results>/train/{network}/{regime}/seed{seed}/iterates.h5",
        cost="<results>/cost/train/{network}/{regime}/seed{seed}.csv",
    log:
        "<logs>/train/{network}_{regime}_seed{seed}.log",
    benchmark:
        "<benchmarks>/train/{network}_{regime}_seed{seed}.tsv"
    conda:
        f"../../envs/{BACKEND}.yaml"
    threads: 1
    resources:
        **GPU,
        mem_mb=memory_of("train"),
        builder_file=builder_file,
    params:
        run=run_config,
        way=way_of_network,
        code=fingerprint_of_run("train"),
    script:
        "../scripts/train.py"


COSTS += files_of(rules.train.output.cost, STUDY.trained_runs)
