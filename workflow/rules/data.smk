"""raw files -> results/data/{dataset}.h5, shared by all studies"""


# The raw files are no inputs: another folder, or a copy of it, would be another input
# and retrain everything. What counts is their content, and its digests are params.
rule prepare_dataset:
    output:
        arrays="results/data/{dataset}.h5",
        cost="results/data/{dataset}.cost.csv",
    log:
        "results/data/{dataset}.log",
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=2000,
        raw_folder=raw_folder,
        raw_urls=raw_urls,
    params:
        dataset=dataset_config,
        code=fingerprint("prepare_dataset"),
    script:
        "../scripts/prepare_dataset.py"
