"""Fixtures of the tests that plan or run the real Snakefile."""

import copy

import pytest

from studies import Study, tiny_config


@pytest.fixture(scope="session")
def tiny():
    """The tiny config with the checksums of its raw files. Not to be edited."""
    return tiny_config()


@pytest.fixture
def config(tiny):
    """A copy of the tiny config. Yours to edit."""
    return copy.deepcopy(tiny)


@pytest.fixture
def study(tmp_path):
    """Return a study in which nothing has run."""
    return Study(tmp_path)


@pytest.fixture(scope="module")
def finished_study(tmp_path_factory, tiny):
    """Return a study in which every job counts as done. Plan against it; do not run."""
    study = Study(tmp_path_factory.mktemp("finished"))
    study.record_as_finished(tiny)
    return study
