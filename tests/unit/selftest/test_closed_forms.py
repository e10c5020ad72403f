"""Every measure has its closed forms, and what is wrong with it shows there."""

import importlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from project import ROOT
from sharpminima.measures import (
    average_sharpness,
    barriers,
    curvature,
    curve,
    edge_of_stability,
    interpolation,
    invariance,
    matched,
    noise_scale,
    sharpness,
    spectral_density,
    surface,
    trajectory,
)
from sharpminima.measures.lanczos import lanczos
from sharpminima.selftest import closed_forms
from sharpminima.tables import selftest as table

pytestmark = pytest.mark.computes
MEASURES = ROOT / "workflow/scripts/sharpminima/measures"


def judged(entries):
    """Return the table of these checks."""
    return table.tabulate(pd.DataFrame(closed_forms.rows(entries)))


def test_all_values_agree_on_this_backend():
    rows = judged(closed_forms.CLOSED_FORMS)
    assert rows[rows["verdict"] != "ok"].empty, rows
    assert len(rows) == len(closed_forms.CLOSED_FORMS)


def test_every_measure_has_a_closed_form():
    """What can be planned can be measured."""
    names = {path.stem for path in MEASURES.glob("*.py")}
    modules = {n: importlib.import_module(f"sharpminima.measures.{n}") for n in names}
    measures = {name for name, module in modules.items() if hasattr(module, "planned")}
    measures -= {"planned"}
    assert {entry.measure for entry in closed_forms.CLOSED_FORMS} == measures


STANDING = SimpleNamespace(linspace=lambda *_: np.zeros(5), linalg=np.linalg)
# What is broken in each measure: a function of its module, and another in its place.
BROKEN = {
    "sharpness": (sharpness, "metric", lambda before, after: after - before),
    "average_sharpness": (
        *(average_sharpness, "_mean_rise"),
        lambda loss, x, d, before: {"rise": loss(x + d) - loss(x - d)},
    ),
    "curve": (curve, "metric", lambda before, after: 50.0 * (after - before)),
    "interpolation": (
        *(interpolation, "PATHS"),
        {"linear": lambda a: (a, a), "curvilinear": lambda a: (a, a)},
    ),
    "matched": (
        *(matched, "descend"),
        lambda f, start, **target: (start, matched.Descent(*[0] * 8)),
    ),
    "invariance": (invariance, "_certificate", lambda *_: {"logit_change": 1.0}),
    "trajectory": (
        *(trajectory, "Minimum"),
        lambda x, loss, gradient: closed_forms.Minimum(x, loss, 0 * gradient),
    ),
    "noise_scale": (noise_scale, "_ratio_of_means", lambda a, b: (b.mean(), 0.0)),
    "curvature": (curvature, "_mean", lambda estimates: (2.0, 0.0)),
    "spectral_density": (
        *(spectral_density, "lanczos"),
        lambda product, *given, **options: lanczos(
            lambda v: 2.0 * product(v), *given, **options
        ),
    ),
    "edge_of_stability": (edge_of_stability, "_scaled", lambda product, root, v: v),
    "surface": (surface, "_minus", lambda point, other: point),
    "barriers": (barriers, "np", STANDING),
}


@pytest.mark.parametrize("measure", BROKEN)
def test_a_broken_measure_is_off(monkeypatch, measure):
    monkeypatch.setattr(*BROKEN[measure])
    entries = [e for e in closed_forms.CLOSED_FORMS if e.measure == measure]
    assert "off" in set(judged(entries)["verdict"])
