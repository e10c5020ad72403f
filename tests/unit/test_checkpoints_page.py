"""The Python of workflow/docs/checkpoints.md runs as printed, on either backend."""

import re

import numpy as np
import pytest
from saved_models import convolutional, data, trained

from project import ROOT
from sharpminima.backend import keras
from sharpminima.config import reading, schema

PAGE = (ROOT / "workflow/docs/checkpoints.md").read_text(encoding="utf-8")


def blocks(language):
    """Return the blocks of code of the page in one language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def namespace():
    """What the page's reader has: a model and four arrays."""
    (x_train, y_train), (x_test, y_test) = data(40), data(20, seed=1)
    names = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    return {"model": trained(convolutional()), **names}


@pytest.mark.computes
def test_every_block_of_python_runs(tmp_path, monkeypatch, namespace):
    monkeypatch.chdir(tmp_path)
    for code in blocks("python"):
        exec(code, namespace)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["data.npz", "model.keras", "model.weights.h5"]
    model, x, y = (namespace[name] for name in ("model", "x_train", "y_train"))
    entropy = keras.losses.SparseCategoricalCrossentropy()
    expected = float(entropy(y, model(x, training=False)))
    assert namespace["value"] == pytest.approx(expected, rel=1e-4)
    assert namespace["gradient"].shape == namespace["x"].shape
    # Each measure has values.
    found = max(row["sharpness"] for row in namespace["rows"])
    assert found > abs(namespace["row"]["average_sharpness"]) > 0
    assert [row["epsilon"] for row in namespace["against_epsilon"]] == 2 * [1e-3, 1e-2]
    assert namespace["after_descent"][0]["gradients"] > 0
    assert len(namespace["path"]) == 4
    assert namespace["path"][0]["train_loss"] == pytest.approx(expected, rel=1e-4)
    forms = {row["form"] for row in namespace["invariant"]}
    assert forms == {"as trained", "scaled", "permuted"}
    assert np.isfinite([row["sharpness"] for row in namespace["invariant"]]).all()
    whole, *of_layers = namespace["eigenvalues_and_traces"]
    assert whole["largest_eigenvalue"] > whole["smallest_eigenvalue"]
    traces = sum(row["trace"] for row in of_layers)
    assert traces == pytest.approx(whole["trace"], rel=1e-4)
    assert len(namespace["density"]) == 20
    assert max(row["train_excess"] for row in namespace["rise"]) >= 0
    assert len(namespace["losses"]) == 9
    assert namespace["losses"][4]["train_loss"] == pytest.approx(expected, rel=1e-4)
    assert namespace["noise"][0]["noise_trace"] > 0
    assert namespace["edge"][0]["batch_sharpness"] != 0
    assert namespace["on_the_way"][0]["train_loss"] == pytest.approx(expected, rel=1e-4)


def test_every_config_of_the_page_has_known_keys(tmp_path):
    known = reading.read(schema.SCHEMA)["properties"]
    for number, text in enumerate(blocks("yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        assert set(reading.read(path)) <= set(known)
    assert number == 1
