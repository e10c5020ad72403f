"""Runs beside their sharpness: which searches count."""

import pytest

from examples import OF_SWEPT, SWEPT
from sharpminima.tables.summaries import measured_runs


def sharpness_of_b64(**options):
    rows = measured_runs.join(SWEPT, OF_SWEPT, **options)
    rows = rows[(rows["regime"] == "B64") & (rows["seed"] == 1)]
    return rows.set_index("epsilon")["sharpness"].to_dict()


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, {1e-3: 30.0, 5e-4: 7.0}),
        ({"epsilon": 5e-4}, {5e-4: 7.0}),
        ({"epsilon": 2e-3}, {}),
    ],
)
def test_a_run_has_its_sharpness_in_the_full_space(options, found):
    assert sharpness_of_b64(**options) == found


def test_the_versions_that_trained_and_measured_are_told_apart():
    rows = measured_runs.join(SWEPT, OF_SWEPT)
    assert set(rows["trained_with"]) == {"keras 1"}
    assert set(rows["versions"]) == {"keras 2"}


def test_each_epsilon_names_the_versions_that_measured_it():
    later = OF_SWEPT["epsilon"] == 5e-4
    searches = OF_SWEPT.assign(versions=later.map({False: "keras 2", True: "keras 3"}))
    rows = measured_runs.join(SWEPT, searches).query("regime == 'B64' and seed == 1")
    versions = rows.set_index("epsilon")["versions"].to_dict()
    assert versions == {1e-3: "keras 2", 5e-4: "keras 3"}
