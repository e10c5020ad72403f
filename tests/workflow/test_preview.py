"""The preview of a study in which nothing has run, and of a mistaken one."""

import subprocess
import sys

from project import ROOT
from studies import counts_of_preview, rows_of_preview


def test_a_preview_counts_the_jobs_of_the_dry_run(study, config):
    text = study.preview(config)
    assert counts_of_preview(text) == study.counts(config)
    assert {row["rate"] for row in rows_of_preview(text)} <= {"stored", ""}
    assert "on 2 cores" in text
    assert not (study.directory / "results/train").exists()


def test_a_network_whose_data_are_unknown_is_said_to_be(study, config):
    del config["datasets"]["tiny"]["input_shape"]
    text = study.preview(config)
    each = {row["each"] for row in rows_of_preview(text) if row["network"]}
    assert "unknown" in each
    assert "whose time is unknown" in text


def test_mistakes_are_the_first_lines_and_the_only_ones(study):
    (study.directory / "bad.yaml").write_text("study: {networks: [F9]}")
    command = [sys.executable, str(ROOT / "workflow/scripts/preview.py")]
    done = subprocess.run(
        [*command, "--configfile", "bad.yaml"],
        cwd=study.directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("study.networks[0]: unknown name. Allowed: C1, C2,")
    assert len(done.stderr.splitlines()) == 1
    done = subprocess.run(
        [*command, "--config", "study"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("--config: Invalid config definition: ")
    assert done.stderr.endswith("Received: study\n")


def test_settings_of_the_command_line_count(study, config):
    text = study.preview(config, "--config", "study={seeds: [0], networks: [N1]}")
    assert counts_of_preview(text)["train"] == 2
