"""raw files -> results/data/{dataset}.h5, shared by all studies"""


# Raw files are not inputs: Snakemake would retrain everything after a move or a copy.
# Only their content counts, and the checksums of it are among the params.
rule prepare_dataset:
    output:
        arrays="results/data/{dataset}.h5",
        cost="results/data/{dataset}.cost.csv",
    log:
        "results/data/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(sorted(set(config["datasets"]) - SPEECH)),
    conda:
        "../../envs/data.yaml"
    resources:
        **asked_by("prepare_dataset"),
        raw_folder=raw_folder,
        raw_urls=raw_urls,
    params:
        dataset=dataset_config,
        code=fingerprint("prepare_dataset"),
    script:
        "../scripts/prepare_dataset.py"


# A rule of its own, so that no other dataset needs the libraries for speech.
rule prepare_speech:
    output:
        arrays="results/data/{dataset}.h5",
        cost="results/data/{dataset}.cost.csv",
    log:
        "results/data/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(sorted(SPEECH)),
    conda:
        "../../envs/speech.yaml"
    resources:
        **asked_by("prepare_speech"),
        raw_folder=raw_folder,
        raw_urls=raw_urls,
    params:
        dataset=dataset_config,
        code=fingerprint("prepare_speech"),
    script:
        "../scripts/prepare_speech.py"


COSTS += collect("results/data/{dataset}.cost.csv", dataset=STUDY.datasets)
