"""results/data, checkpoints from elsewhere -> <results>/compilation,
<results>/train/{network}/{regime}/seed{seed}/
"""


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
    wildcard_constraints:
        regime=one_of(sorted({regime for _, regime, _ in STUDY.trained_runs})),
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


# None, unless the config names checkpoints. Their files stand where training would have
# put them, so that every measure follows from them as from a run.
if STUDY.checkpoints:

    rule adopt_checkpoint:
        input:
            dataset=dataset_of,
            compiled=rules.choose_compilation.output.choice,
        output:
            weights=rules.train.output.weights,
            outcome=rules.train.output.outcome,
            cost="<results>/cost/adopt_checkpoint/{network}/{regime}/seed{seed}.csv",
        log:
            "<logs>/adopt_checkpoint/{network}_{regime}_seed{seed}.log",
        benchmark:
            "<benchmarks>/adopt_checkpoint/{network}_{regime}_seed{seed}.tsv"
        wildcard_constraints:
            regime=one_of(STUDY.checkpoints),
        conda:
            f"../../envs/{BACKEND}.yaml"
        threads: 1
        resources:
            **GPU,
            **asked_by("adopt_checkpoint"),
            builder_file=builder_file,
            checkpoint_file=checkpoint_file,
            unfinished=UNFINISHED,
            save_every=SAVE_EVERY,
        params:
            network=network_config,
            evaluation=STUDY.section("evaluation"),
            subset=STUDY.subset_of_training,
            backend={"name": BACKEND},
            checkpoint=checkpoint_config,
            code=fingerprint("adopt_checkpoint"),
        script:
            "../scripts/adopt_checkpoint.py"

    COSTS += files_of(rules.adopt_checkpoint.output.cost, STUDY.adopted_runs)
