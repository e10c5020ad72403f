"""A study that was killed goes on, and ends as one that was not. See `chaos`."""

import random

import pytest

import chaos

pytestmark = pytest.mark.slow
# Kind, rule, and the seconds since a job of it has saved a state. After the last kill,
# Snakemake finishes all that does not need this job.
KILLS = [
    *(("both", "train", 0.5), ("Snakemake", "train", 0.3)),
    *(("both", "measure_sharpness", 0.2), ("job", "measure_sharpness", 0.2)),
]


def test_a_study_that_was_killed_ends_with_the_same_bytes(tmp_path):
    random.seed(0)
    given = chaos.config(epochs=800, draws=300)
    begun = chaos.Victim.begun(tmp_path, given)
    whole, victim = begun.copy("whole"), begun.copy("killed")
    whole.run()
    survived = [victim.kill(*kill, saved=True) for kill in KILLS]
    victim.run()
    assert all(survived)
    assert victim.kills == {"both": 2, "job": 1, "Snakemake": 1}
    resumed = {name.split("/")[0] for name, _ in victim.resumed}
    assert {"train", "measure_sharpness"} <= resumed
    expected, found = (chaos.content(study.folder) for study in (whole, victim))
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    assert len(found) > 30
    # Finished jobs leave no saved state.
    assert list((victim.folder / "results/unfinished").iterdir()) == []
