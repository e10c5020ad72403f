"""Checkpoints from elsewhere: what they plan, and `make measure` as a user calls it."""

import copy
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from configs import merged
from project import PYTHON, ROOT, clone, default_config, printed, require_jax
from studies import TIMEOUT_S, Study

from .test_reruns import CHARTS, TABLES, jobs

PAGE = (ROOT / "workflow/docs/checkpoints.md").read_text(encoding="utf-8")
# What a user does elsewhere, in plain Keras: it knows nothing of this project.
ELSEWHERE = """
import sys
import keras
import numpy as np
from saved_models import convolutional, data, trained

(x_train, y_train), (x_test, y_test) = data(64), data(32, seed=1)
names = ("x_train", "y_train", "x_test", "y_test")
np.savez("data.npz", **{name: globals()[name] for name in names})
for name, epochs in (("small", 4), ("large", 2), ("model", 4)):
    model = trained(convolutional(), epochs)
    model.save(f"{name}.keras")
model.save_weights("model.weights.h5")
model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
print("Keras says:", *model.evaluate(x_train, y_train, verbose=0), ".")
"""
BUILDER = """
import keras
from keras import layers


def network(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape), layers.Conv2D(3, 3), layers.BatchNormalization(),
        layers.ReLU(), layers.Flatten(), layers.Dropout(0.3), layers.Dense(classes),
    ])
"""
QUICK = {
    "sharpness": {
        "epsilons": [1e-3],
        "subspace": {"dimensions": 5},
        "curve": {"epsilons": [1e-3, 1e-2]},
    },
    "interpolation": {"alphas": {"count": 4}},
}


# ------------------------------------------------------------------------- plans


def with_checkpoints(tiny):
    """Return the tiny config with two checkpoints of N1 and one of its own network.

    Nothing reads the files of checkpoints when a study is planned, but their digests.
    """
    config = copy.deepcopy(tiny)
    config["checkpoints"] = {
        "A": {"file": "files/a.weights.h5", "network": "N1"},
        "B": {"file": "files/b.weights.h5", "network": "N1"},
        "C": {"file": "files/c.keras", "dataset": "tiny"},
    }
    config["study"]["pairs"].append(["A", "B"])
    return config


def write_files(folder, **contents):
    folder.mkdir(parents=True)
    for name in ("a.weights.h5", "b.weights.h5", "c.keras"):
        (folder / name).write_text(contents.get(name[0], name))


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny):
    """A finished study with checkpoints beside its own runs."""
    study = Study(tmp_path_factory.mktemp("finished"))
    write_files(study.directory / "files")
    config = with_checkpoints(tiny)
    study.record_as_finished(config)
    return study, config


def of_checkpoint(network, regime):
    return {
        (rule, f"network={network}, regime={regime}, seed=0")
        for rule in ("adopt_checkpoint", "measure_sharpness")
    }


AFTER = TABLES - jobs("tabulate_performance_model") - jobs("tabulate_distances")
OF_PAIR = {
    ("measure_interpolation", "network=N1, first=A, second=B, seed=0"),
    ("chart_interpolation", "network=N1, first=A, second=B"),
    *jobs("tabulate_distances"),
}


def charts(network):
    return jobs("chart_sharpness", [network]) | jobs("chart_anatomy", [network])


@pytest.mark.parametrize(
    ("changes", "reruns"),
    [
        ({}, set()),
        ({"a": "other"}, of_checkpoint("N1", "A") | OF_PAIR | AFTER | charts("N1")),
        (
            {"c": "other"},
            {("choose_compilation", "network=C")}
            | of_checkpoint("C", "C")
            | AFTER
            | charts("C"),
        ),
    ],
    ids=["moved", "other weights", "other model"],
)
def test_another_file_is_measured_again_wherever_it_lies(
    finished, tmp_path, changes, reruns
):
    study, config = finished
    write_files(tmp_path / "files", **changes)
    for name in config["checkpoints"]:
        entry = config["checkpoints"][name]
        config = copy.deepcopy(config)
        config["checkpoints"][name] = {**entry, "file": f"{tmp_path}/{entry['file']}"}
    assert study.planned(config) == reruns


def test_without_networks_nothing_is_trained_or_claimed(tiny, study):
    write_files(study.directory / "files")
    config = with_checkpoints(tiny)
    config["study"]["networks"] = []
    planned = study.counts(config)
    assert planned.pop("adopt_checkpoint") == planned.pop("measure_sharpness") == 3
    assert planned.pop("choose_compilation") == planned.pop("chart_anatomy") == 2
    assert planned.pop("measure_interpolation") == planned.pop("prepare_dataset") == 1
    for rule in ("train", "chart_training", "tabulate_claims"):
        assert rule not in planned
    assert "tabulate_performance_model" not in planned


def test_checkpoints_stand_beside_the_runs_of_their_network(finished):
    study, config = finished
    done = study.run(config, "--forceall", "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rule adopt_checkpoint:") == 3
    assert done.stdout.count("rule train:") == 8
    for chart in CHARTS:
        assert f"rule chart_{chart}:" in done.stdout


# --------------------------------------------------------------------- for real


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A user's folder: three models and data, and what Keras says of one of them."""
    folder = tmp_path_factory.mktemp("elsewhere")
    environment = {"PYTHONPATH": str(ROOT / "tests"), "KERAS_BACKEND": "tensorflow"}
    said = printed([sys.executable, "-c", ELSEWHERE], cwd=folder, env=environment)
    (folder / "mine.py").write_text(BUILDER)
    (folder / "more.yaml").write_text(yaml.safe_dump(QUICK))
    loss, accuracy = map(float, re.search(r"Keras says: (\S+) (\S+) .", said).groups())
    return folder, loss, 100 * accuracy


COMMANDS = re.findall(r"```sh\n(make measure .*)\n```", PAGE)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def cloned(tmp_path_factory, elsewhere):
    """A fresh clone, with the user's files in its folder."""
    folder = clone(tmp_path_factory.mktemp("of") / "clone")
    for name, content in contents(elsewhere[0]).items():
        (folder / name).write_bytes(content)
    return folder


def make(folder, command, *settings):
    """Run a command of the page in a clone; return what it prints."""
    words = [*shlex.split(command), *settings, f"PYTHON={PYTHON}"]
    words.append("REQUIREMENTS=envs/requirements.txt")
    return printed(words, cwd=folder, timeout=TIMEOUT_S)


def test_the_page_has_its_three_commands():
    assert len(COMMANDS) == 3


def test_without_a_checkpoint_the_command_says_what_it_needs(cloned):
    done = subprocess.run(
        ["make", "measure", f"PYTHON={PYTHON}", "REQUIREMENTS=envs/requirements.txt"],
        cwd=cloned,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "make measure CHECKPOINT=model.keras DATA=data.npz" in done.stdout


@pytest.mark.slow
def test_one_command_measures_a_model_from_a_fresh_clone(cloned, elsewhere):
    """As a new user calls it, to two of the tables. Nothing of theirs is written to."""
    _, loss, accuracy = elsewhere
    before, results = contents(cloned), cloned / "results/measure/model"
    tables = [f"results/measure/model/tables/{n}.csv" for n in ("accuracy", "runs")]
    settings = "STUDY=more.yaml", f"CORES=2 {' '.join(tables)}"
    text = make(cloned, COMMANDS[0], *settings)
    assert contents(cloned) == before
    row = pd.read_csv(results / "tables/accuracy.csv").iloc[0]
    assert row["train_loss_mean"] == pytest.approx(loss, rel=1e-4)
    assert row["train_accuracy_mean"] == pytest.approx(accuracy, rel=1e-4)
    assert "without the softmax of its layer top" in text
    run = pd.read_csv(results / "tables/runs.csv").iloc[0]
    assert (run["file"], run["softmax_taken_off"]) == ("model.keras", "top")
    assert "Nothing to be done" in make(cloned, COMMANDS[0], *settings)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS[1:])
def test_the_other_commands_of_the_page_plan_their_jobs(cloned, command):
    text = make(cloned, command, "CORES=2 --dry-run")
    assert "rule adopt_checkpoint:" in text
    assert ("rule measure_interpolation:" in text) == ("small.keras large" in command)


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "way"), [("tensorflow", "graph"), ("jax", "loop")])
def test_metric_2_1_is_the_same_to_the_last_digit_by_either_way_in(
    elsewhere, tmp_path, backend, way
):
    """A whole model, and its weights with a builder, beside a pair of whole models."""
    if backend == "jax":
        require_jax()
    folder = elsewhere[0]
    study = Study(tmp_path)
    for name, content in contents(folder).items():
        (study.directory / name).write_bytes(content)
    found = {}
    for arguments in (
        ["--checkpoint", "model.keras", "small.keras"],
        ["--checkpoint", "model.weights.h5", "--builder", "mine.py:network"],
    ):
        config = planned_config(study, [*arguments, "--data", "data.npz"])
        config = merged(default_config(), {**config, **QUICK, "backend": backend})
        study.write_choices(config, way)
        results = study.directory / config["pathvars"]["results"]
        # One of the four runs makes all that there is.
        all_of_it = backend == "tensorflow" and "small.keras" in arguments
        table = f"{config['pathvars']['results']}/tables/measurements.csv"
        done = study.run(config, *([] if all_of_it else [table]))
        assert done.returncode == 0, done.stdout + done.stderr
        table = pd.read_csv(results / "tables/measurements.csv")
        of_model = table[table["regime"] == "model"]
        assert len(of_model) > 3
        found[arguments[1]] = of_model.set_index(["space", "maximiser", "start"])
        if all_of_it:
            for name in re.findall(r"\| `((?:tables|charts)/[\w.]+)`", PAGE):
                assert (results / name).stat().st_size > 0
            points = pd.read_csv(next(results.glob("interpolation/*/*/seed0.csv")))
            assert len(points) == 2 * 4
            distances = pd.read_csv(results / "tables/distances.csv").iloc[0]
            assert distances["first_to_second_mean"] > 0
            assert np.isnan(distances["distance_ratio_mean"])
    whole, weights = found.values()
    for column in ("sharpness", "loss_before", "loss_after", "gradient_l2"):
        assert whole[column].tolist() == weights[column].tolist()
    assert (whole["sharpness"] > 0).all()


def planned_config(study, arguments):
    """Return the config that `measure.py` writes for these arguments."""
    program = [sys.executable, str(ROOT / "workflow/scripts/measure.py"), *arguments]
    printed([*program, "--cores", "1", "--dry-run"], cwd=study.directory)
    (path,) = study.directory.glob("results/measure/*/config.yaml")
    config = yaml.safe_load(path.read_text())
    shutil.rmtree(study.directory / "results/measure")
    return config
