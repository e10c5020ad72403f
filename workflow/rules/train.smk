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
    wildcard_constraints:
        network=one_of([network for network, choice in CHOSEN.items() if not choice]),
    conda:
        f"../../envs/{BACKEND}.yaml"
    threads: 1
    resources:
        **GPU,
        **asked_by("choose_compilation"),
        builder_file=builder_file,
        choice=choice_file,
    params:
        network=network_config,
        compiled_for=compiled_for,
        code=fingerprint("choose_compilation"),
    script:
        "../scripts/choose_compilation.py"


# Where a way is chosen, no job waits for another trial: it runs nothing else, unless it
# finds that another way is faster. The choice stays until all jobs have ended.
use rule choose_compilation as choose_compilation_again with:
    output:
        cost="<results>/cost/choose_compilation/{network}/trial.csv",
    wildcard_constraints:
        network=one_of([network for network, choice in CHOSEN.items() if choice]),


COSTS += collect(rules.choose_compilation.output.cost, network=STUDY.networks)


rule train:
    input:
        dataset=dataset_of,
        compiled=rules.choose_compilation.output.choice,
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
        **asked_by("train"),
        builder_file=builder_file,
        unfinished=UNFINISHED,
        save_every=SAVE_EVERY,
    params:
        run=run_config,
        code=fingerprint_of_run("train"),
    script:
        "../scripts/train.py"


COSTS += files_of(rules.train.output.cost, STUDY.trained_runs)
