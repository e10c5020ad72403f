"""Studies live side by side: none makes another run again."""

import copy

from project import ROOT

from .conftest import Study


def test_one_study_after_another_leaves_both_finished(tmp_path, tiny):
    study = Study(tmp_path)
    other = copy.deepcopy(tiny)
    other["pathvars"] = {"results": "results/other"}
    other["study"]["seeds"] = [0]
    other["regimes"]["SB"] = {"batch_size": 4}
    study.record_as_finished(tiny)
    study.record_as_finished(other)
    assert study.planned(tiny) == set()
    assert study.planned(other) == set()


def test_an_overlay_is_merged_into_the_default_config(tmp_path):
    """`workflow/studies/mnist.yaml` over `config.yaml`, as the README says."""
    study = Study(tmp_path)
    (tmp_path / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    overlay = ROOT / "workflow/studies/mnist.yaml"
    done = study.snakemake("--summary", "--configfile", str(overlay))
    assert done.returncode == 0, done.stderr
    outputs = {line.split("\t")[0] for line in done.stdout.splitlines()[1:]}
    assert "results/data/mnist.h5" in outputs
    assert "results/mnist/train/F1/SB/seed4/final.weights.h5" in outputs
