"""A study that was killed goes on, and ends as one that was not. See `chaos`."""

import random

import pytest

import chaos

pytestmark = pytest.mark.slow
# Kind, rule, and the seconds since its first job was seen. A job takes three seconds to
# import Keras. After the last kill, Snakemake finishes all that does not need this job.
KILLS = [
    *(("both", "train", 5.0), ("Snakemake", "train", 5.0)),
    *(("both", "measure_sharpness", 5.0), ("job", "measure", 5.0)),
]


def test_a_study_that_was_killed_ends_with_the_same_bytes(tmp_path):
    random.seed(0)
    given = chaos.config(epochs=300, draws=100)
    whole, victim = chaos.Victim.pair(tmp_path, given)
    whole.run()
    survived = [victim.kill(*kill) for kill in KILLS]
    victim.run()
    assert all(survived)
    assert sum(victim.kills.values()) == len(KILLS)
    # A kill must not fall where there is nothing to go on with.
    assert any(name.startswith("N1_") for name, _ in victim.resumed)
    expected, found = (chaos.content(study.folder) for study in (whole, victim))
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    assert len(found) > 30
    # Finished jobs leave no saved state.
    assert list((victim.folder / "results/unfinished").iterdir()) == []
