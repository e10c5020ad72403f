"""Large-batch training and sharp minima: the whole study, one target per deliverable."""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.16.3")

# It says what differs from the project's own config.yaml: see common.smk.
if Path("config.yaml").exists():

    configfile: "config.yaml"


pathvars:
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/tabulate.smk"
include: "workflow/rules/chart.smk"


rule all:
    default_target: True
    input:
        rules.tables.input,
        rules.charts.input,
