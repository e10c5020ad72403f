"""What the measuring scripts share, and two of these scripts on a small checkpoint."""

import importlib
from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest
from snakemake.iocontainers import InputFiles, Params, ResourceList, Wildcards

import examples
from project import ROOT
from sharpminima import backend, compilation
from sharpminima.backend import keras
from sharpminima.data import datasets
from sharpminima.jobs import interruption
from sharpminima.loss.batch_norm import POLICIES
from sharpminima.loss.context import Context
from sharpminima.measures import average_sharpness, matched, surface
from sharpminima.measures.maximisers import Minimum
from sharpminima.networks import builders, iterates, parameters
from sharpminima.networks.initialisation import initialise
from sharpminima.storage import digests
from sharpminima.training.start import starting_point

pytestmark = pytest.mark.computes
NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 5}}
EVALUATION = {"batch_norm": "moving", "batch_size": 50}
ORIGIN = {
    **{"network": "N1", "dataset": "blobs", "regime": "SB", "seed": 0},
    **{"variant": "plain", "batch_size": 10, "learning_rate": 1e-3, "parameters": 43},
    **{"train_examples": 60, "status": "ceased", "batch_norm": "batch"},
    "versions": "keras 0",
}
SEARCH = {
    **examples.NO_SEARCH,
    **{"max_iterations": 2, "max_evaluations": 5},
    "full": {"lbfgsb": ["zero", "random"], "sign": []},
    "subspace": {"dimensions": 2, "draws": 1, "lbfgsb": ["zero"], "sign": []},
}

SPACES = ("full", "subspace")
RANDOM = """
import keras
from keras import layers


def build(input_shape, classes):
    image = keras.Input(input_shape)
    x = Own()(layers.Dense(5)(image))
    return keras.Model(image, layers.Dense(classes)(x))


@keras.saving.register_keras_serializable("tests")
class Own(layers.Layer):
    def build(self, shape):
        self.gate = self.add_weight((), "zeros", name="gate")
        self.dropout = layers.Dropout(0.5, seed=0)

    def call(self, inputs):
        return inputs + self.gate * CHANGE
"""
DROPPED, CENTRED = "self.dropout(inputs, training=True)", "keras.ops.mean(inputs, 0)"


@pytest.fixture
def folder(tmp_path, monkeypatch, float64):
    """A prepared dataset, a way of compiling, a checkpoint and an iterate."""
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    monkeypatch.setattr(backend, "configure", lambda threads: None)
    compilation.write(tmp_path / "way.csv", "digest", backend.describe()["way"])
    rng = np.random.default_rng(0)
    y = (np.arange(80) % 3).astype(np.int32)
    x = (rng.normal(size=(3, 2))[y] + rng.normal(size=(80, 2))).astype(np.float32)
    arrays = {"x_train": x[:60], "y_train": y[:60], "x_test": x[60:], "y_test": y[60:]}
    datasets.write(tmp_path / "blobs.h5", {**arrays, "classes": np.array(3)}, {})
    model = builders.build(NETWORK, input_shape=(2,), classes=3)
    initialise(model, 0)
    # Training moves the averages, so code that ignores them has to show.
    for average in parameters.averages_of(model):
        average.assign(average + 0.5)
    parameters.save(tmp_path / "final.weights.h5", model, ORIGIN)
    list(iterates.keeping(tmp_path / "kept.h5", model, [0, 9], []))
    return tmp_path


def context(folder, **changes):
    settings = {"network": NETWORK, "evaluation": EVALUATION, "subset": {}}
    return Context(
        "measure_anything",
        dataset=folder / "blobs.h5",
        compiled=folder / "way.csv",
        **{**settings, "threads": 1, **changes},
    )


def diverge(folder, name="final.weights.h5"):
    """Let the checkpoint be that of a run that diverged."""
    path = folder / name
    with digests.writing(path) as weights:
        weights.write(path.read_bytes())
        with h5py.File(weights, "a") as file:
            file.attrs["status"] = "diverged"


def script(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "workflow/scripts")
    return importlib.import_module(name)


def test_rows_carry_their_run_and_what_computed(folder):
    context(folder).write(folder / "rows.csv", [{"a": 1}, {"a": 2, "b": 0.5}], ORIGIN)
    rows = pd.read_csv(folder / "rows.csv")
    assert rows["a"].tolist() == [1, 2]
    assert set(rows["network"]) == {"N1"}
    # The policy of the measure, not the one that training was evaluated with.
    assert set(rows["batch_norm"]) == {"moving"}
    assert set(rows["measure_examples"]) == {60}
    assert set(rows["trained_with"]) == {"keras 0"}
    assert set(backend.describe()) < set(rows.columns)


def test_it_is_made_from_what_snakemake_hands_to_a_script(folder, monkeypatch):
    inputs = {"dataset": folder / "blobs.h5", "compiled": folder / "way.csv"}
    params = {"network": NETWORK, "evaluation": EVALUATION, "subset": {}}
    resources = {"unfinished": str(folder / "unfinished"), "save_every": "60"}
    job = SimpleNamespace(
        rule="measure_anything",
        wildcards=Wildcards(fromdict={"network": "N1"}),
        input=InputFiles(fromdict=inputs),
        params=Params(fromdict=params),
        resources=ResourceList(fromdict=resources),
        threads=1,
    )
    monkeypatch.setattr(interruption, "watch", lambda: None)
    found = Context.of(job)
    assert found.network == {**NETWORK, "file": None}
    found.write_cost(folder / "cost.csv", {"network": "N1"})
    row = pd.read_csv(folder / "cost.csv").iloc[0]
    assert (row["rule"], row["network"]) == ("measure_anything", "N1")


def test_each_space_and_epsilon_has_a_file_of_its_own(folder, monkeypatch):
    job, epsilons = context(folder), [1e-3, 5e-4]
    paths = {s: [folder / f"{s}_{e}.csv" for e in epsilons] for s in SPACES}
    main, checkpoint = script("measure_sharpness", monkeypatch).main, "final.weights.h5"
    main(job, folder / checkpoint, SEARCH, epsilons, folder / "cost.csv", **paths)
    rows = {
        (space, epsilon): pd.read_csv(path)
        for space, files in paths.items()
        for epsilon, path in zip(epsilons, files)
    }
    assert rows["full", 1e-3]["start"].tolist() == ["zero", "random"]
    assert len(rows["subspace", 5e-4]) == 1
    for (space, epsilon), found in rows.items():
        assert set(found["space"]) == {space}
        assert set(found["epsilon"]) == {epsilon}
        assert (found["sharpness"] > 0).all()
        assert found["train_accuracy"].between(0, 100).all()
    evaluations = 1 + sum(found["evaluations"].sum() for found in rows.values())
    # Four searches from zero know what they begin with. Six values are taken apart.
    evaluations += 6 - 4
    cost = pd.read_csv(folder / "cost.csv").iloc[0]
    assert cost["gradient_evaluations"] == evaluations


def test_a_diverged_run_has_rows_without_values(folder, monkeypatch):
    diverge(folder)
    main, path = script("measure_sharpness", monkeypatch).main, folder / "full.csv"
    checkpoint = folder / "final.weights.h5"
    main(context(folder), checkpoint, SEARCH, [1e-3], folder / "cost.csv", full=[path])
    rows = pd.read_csv(path)
    assert rows["message"].tolist() == ["diverged"] * 2
    assert rows["sharpness"].isna().all()
    assert pd.read_csv(folder / "cost.csv")["gradient_evaluations"].tolist() == [0]


CURVE = {"epsilons": [1e-3, 1e-2], "spaces": ["full"], "max_evaluations": 9}


def curved(folder, monkeypatch):
    """Return the rows and the cost of the checkpoint's sharpness against epsilon."""
    main = script("measure_curve", monkeypatch).main
    paths = folder / "rows.csv", folder / "cost.csv"
    main(context(folder), folder / "final.weights.h5", CURVE, *paths)
    return [pd.read_csv(path) for path in paths]


def test_a_curve_keeps_the_averages_of_the_checkpoint(folder, monkeypatch):
    rows, cost = curved(folder, monkeypatch)
    job = context(folder)
    point = parameters.restore(folder / "final.weights.h5", job.model)
    loss = job.loss.measures(point)["train_loss"]
    assert rows["epsilon"].tolist() == [1e-3, 1e-2]
    assert rows["loss_before"].tolist() == pytest.approx([loss] * 2, rel=1e-6)
    assert 0 < rows["sharpness"][0] < rows["sharpness"][1]
    assert set(rows["regime"]) == {"SB"}
    # Two searches from the minimum know what they begin with.
    evaluations = 1 + rows["evaluations"].sum() - 2
    assert cost["gradient_evaluations"].tolist() == [evaluations]


def test_a_curve_of_a_diverged_run_has_no_values(folder, monkeypatch):
    diverge(folder)
    rows, cost = curved(folder, monkeypatch)
    assert rows["epsilon"].tolist() == [1e-3, 1e-2]
    assert rows["sharpness"].isna().all()
    assert cost["gradient_evaluations"].tolist() == [0]


AVERAGED = {"epsilon": 0.1, "pairs": 3}


def averaged(folder, monkeypatch):
    """Return the row and the cost of the checkpoint's average-case sharpness."""
    main = script("measure_average_sharpness", monkeypatch).main
    paths = folder / "row.csv", folder / "cost.csv"
    main(context(folder), folder / "final.weights.h5", AVERAGED, *paths)
    return [pd.read_csv(path).iloc[0] for path in paths]


def test_average_sharpness_keeps_the_averages_of_the_checkpoint(folder, monkeypatch):
    row, cost = averaged(folder, monkeypatch)
    job = context(folder)
    point = parameters.restore(folder / "final.weights.h5", job.model)

    def loss(x):
        return job.loss.measures(parameters.Point(x, point.averages))["train_loss"]

    expected = average_sharpness.measure(loss, point.parameters, AVERAGED, 0)
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=1e-6)
    assert (row["network"], row["regime"], row["seed"]) == ("N1", "SB", 0)
    assert cost["forward_examples"] == 60 * (1 + 2 * 3)
    assert cost["gradient_evaluations"] == 0


def test_average_sharpness_of_a_diverged_run_has_no_value(folder, monkeypatch):
    diverge(folder)
    row, cost = averaged(folder, monkeypatch)
    assert (row["status"], row["pairs"]) == ("diverged", 3)
    assert row[["average_rise", "standard_error", "average_sharpness"]].isna().all()
    assert cost["forward_examples"] == 0


FORMS = {
    **{"forms": ["canonical", "scaled", "permuted"], "factor": 10, "epsilons": [1e-3]},
    **{"tolerance": 1e-4, "sharpness": SEARCH, "average_sharpness": {}},
}


def with_forms(folder, monkeypatch, **changes):
    """Return the rows of the checkpoint and its forms, and what they cost."""
    main = script("measure_invariance", monkeypatch).main
    paths = folder / "rows.csv", folder / "cost.csv"
    main(context(folder), folder / "final.weights.h5", FORMS | changes, *paths)
    return pd.read_csv(paths[0]), pd.read_csv(paths[1]).iloc[0]


def test_each_form_is_measured_as_the_checkpoint_is(folder, monkeypatch):
    rows, cost = with_forms(folder, monkeypatch)
    assert rows["form"].unique().tolist() == ["as trained", *FORMS["forms"]]
    assert rows["form"].value_counts().unique().tolist() == [3]
    assert (rows["logit_change"] < 1e-4).all()
    assert rows["loss_before"].to_numpy() == pytest.approx(rows["loss_before"][0])
    full = rows.query("space == 'full'").groupby("form")["sharpness"].max()
    assert full["permuted"] == pytest.approx(full["as trained"], rel=0.05)
    assert full["scaled"] < full["as trained"]
    # Two logits for each certificate.
    assert cost["forward_examples"] == 60 * 2 * 4


def test_a_form_beyond_the_tolerance_is_refused(folder, monkeypatch):
    rows, _ = with_forms(folder, monkeypatch, tolerance=1e-12)
    assert rows.query("form == 'as trained'")["sharpness"].notna().all()
    scaled = rows.query("form == 'scaled'")
    assert scaled["sharpness"].isna().all()
    assert scaled["message"].str.startswith("refused: a logit changes by").all()


def test_forms_of_a_diverged_run_have_no_value(folder, monkeypatch):
    diverge(folder)
    rows, cost = with_forms(folder, monkeypatch)
    assert rows["form"].tolist() == ["as trained"] * 3
    assert rows["sharpness"].isna().all()
    assert cost["forward_examples"] == 0


TARGET = {"gradient_norm": 0.15, "max_gradients": 60}


def after_descent(folder, monkeypatch):
    """Return the rows and the cost of the checkpoint's matched control."""
    main = script("measure_matched", monkeypatch).main
    paths = folder / "rows.csv", folder / "cost.csv"
    checkpoint = folder / "final.weights.h5"
    main(context(folder), checkpoint, SEARCH, TARGET, 1e-3, *paths)
    rows, cost = (pd.read_csv(path) for path in paths)
    return rows, cost.iloc[0]


def test_a_descent_keeps_the_averages_of_the_checkpoint(folder, monkeypatch):
    rows, cost = after_descent(folder, monkeypatch)
    job = context(folder)
    point = parameters.restore(folder / "final.weights.h5", job.model)
    f = job.loss.at_averages(point.averages)
    checkpoint = Minimum(point.parameters, *f(point.parameters))
    end, descent = matched.descend(f, checkpoint, **TARGET)
    assert descent.reached
    assert len(rows) == 3
    assert rows.loc[0, "loss_matched"] == pytest.approx(end.loss, rel=1e-5)
    assert (rows["loss_as_trained"] > 1.1 * end.loss).all()
    assert (rows["gradients"] == descent.gradients).all()
    assert (rows["gradient_norm_matched"] <= TARGET["gradient_norm"]).all()
    # One search in each space begins at the end of the descent, which is known. Three
    # values are taken apart.
    evaluations = 1 + descent.gradients + rows["evaluations"].sum() - 2 + 3
    assert cost["gradient_evaluations"] == evaluations


def test_a_diverged_run_does_not_descend(folder, monkeypatch):
    diverge(folder)
    rows, cost = after_descent(folder, monkeypatch)
    assert rows["descent_message"].tolist() == ["diverged"] * 3
    assert not rows["reached"].any()
    assert rows[["sharpness", "gradients", "loss_matched"]].isna().all().all()
    assert cost["gradient_evaluations"] == 0


def test_iterates_are_measured_with_their_own_averages(folder, monkeypatch):
    """The one that training did not reach is NaN, and has no values."""
    main = script("measure_trajectory", monkeypatch).main
    search = SEARCH | {"subspace": examples.NO_SEARCH["subspace"]}
    search["full"] = {"lbfgsb": ["zero"], "sign": []}
    search["epsilon"] = 1e-3
    inputs = (folder / "final.weights.h5", folder / "kept.h5", search)
    main(context(folder), *inputs, folder / "rows.csv", folder / "cost.csv")
    rows = pd.read_csv(folder / "rows.csv").set_index("epoch")
    assert rows.loc[9, ["train_loss", "test_loss", "sharpness"]].isna().all()
    job = context(folder)
    point = parameters.restore(folder / "final.weights.h5", job.model)
    for name, value in job.loss.measures(point).items():
        assert rows.loc[0, name] == pytest.approx(value, rel=1e-6)


SURFACE = {"points": 3, "margin": 0.1, "planes": 2, "reach": 1.0}


def with_pairs(folder):
    """Write checkpoints of both regimes and two seeds, and an iterate near SB's."""
    paths = {}
    for seed in (0, 1):
        for shift, regime in ((0.2, "SB"), (-0.3, "LB")):
            model = starting_point(NETWORK, context(folder).data, seed)
            rng = np.random.default_rng(len(paths))
            for variable in [
                *model.trainable_variables,
                *parameters.averages_of(model),
            ]:
                variable.assign_add(abs(shift) * rng.random(variable.shape))
            paths[regime, seed] = folder / f"{regime}{seed}.weights.h5"
            origin = ORIGIN | {"regime": regime, "seed": seed}
            parameters.save(paths[regime, seed], model, origin)
    return paths


def measure_surface(folder, monkeypatch, paths):
    main = script("measure_surface", monkeypatch).main
    first, second = (paths[regime, 1] for regime in ("SB", "LB"))
    kept = {"first_path": folder / "kept.h5", "second_path": []}
    inputs = SimpleNamespace(first=first, second=second, **kept)
    outputs = [folder / f"{name}.csv" for name in ("points", "places", "cost")]
    main(context(folder), inputs, SURFACE, *outputs)
    return [pd.read_csv(path) for path in outputs]


def test_a_surface_goes_through_what_the_checkpoints_are(folder, monkeypatch):
    """With each one's own averages, which `moving` uses."""
    paths = with_pairs(folder)
    points, places, cost = measure_surface(folder, monkeypatch, paths)
    assert len(points) == 9 * (1 + 2 * 2)
    centres = points.query("plane == 'random' and x == 0 and y == 0")
    job, marked = context(folder), places.set_index("place")
    for regime in ("SB", "LB"):
        point = parameters.restore(paths[regime, 1], job.model)
        expected = job.loss.measures(point)
        of_regime = centres[centres["around"] == regime]
        assert len(of_regime) == 2
        for name, value in expected.items():
            assert of_regime[name].tolist() == pytest.approx([value] * 2, rel=1e-5)
            assert marked.loc[regime, name] == pytest.approx(value, rel=1e-6)
        # Where a minimum lies on the plane, the mixture of all three is that minimum.
        initial = parameters.point_of(starting_point(NETWORK, job.data, 1))
        minima = [parameters.restore(paths[r, 1], job.model) for r in ("SB", "LB")]
        plane = surface.through(initial, *minima, SURFACE)
        at = marked.loc[regime]
        weights = (1.0, at["x"], at["y"])
        found = job.loss.mixture((plane.origin, *plane.axes))(weights, weights)
        assert found == pytest.approx(expected, rel=1e-4)
    assert marked.loc["x0", "distance"] == 0
    iterate = marked.loc["iterate"]
    assert (iterate["regime"], iterate["epoch"]) == ("SB", 0)
    assert iterate["outside"] > 0
    assert set(points["seed"]) == {1}
    assert cost["forward_examples"].tolist() == [(45 + 3) * 80]


def test_surfaces_need_two_minima(folder, monkeypatch):
    paths = with_pairs(folder)
    diverge(folder, paths["LB", 1].name)
    points, places, cost = measure_surface(folder, monkeypatch, paths)
    assert points["status"].tolist() == places["status"].tolist() == ["diverged"]
    assert cost["forward_examples"].tolist() == [0]


def measure_barriers(folder, monkeypatch, weights):
    main = script("measure_barriers", monkeypatch).main
    job = context(folder, evaluation={"batch_norm": "recalibrated", "batch_size": 50})
    main(job, weights, {"points": 3}, folder / "rows.csv", folder / "cost.csv")
    rows = pd.read_csv(folder / "rows.csv")
    return rows.set_index(["first", "first_seed", "second", "second_seed", "units"])


def test_barriers_are_measured_between_all_runs_of_two_seeds(folder, monkeypatch):
    paths = with_pairs(folder)
    rows = measure_barriers(folder, monkeypatch, list(paths.values())).sort_index()
    ends = {key[:4] for key in rows.index}
    assert ends == {
        *(("SB", 0, "SB", 1), ("LB", 0, "LB", 1)),
        *(("SB", 0, "LB", 1), ("SB", 1, "LB", 0)),
    }
    assert len(rows) == 4 * 2 * 3
    job = context(folder, evaluation={"batch_norm": "recalibrated", "batch_size": 50})
    for first, seed, second, other in ends:
        trained, matched = (
            rows.loc[first, seed, second, other, units].set_index("t")
            for units in ("as trained", "matched")
        )
        for t, key in ((0.0, (first, seed)), (1.0, (second, other))):
            point = parameters.restore(paths[key], job.model)
            for name, value in job.loss.measures(point).items():
                # Matching keeps the function.
                for line in (trained, matched):
                    assert line.loc[t, name] == pytest.approx(value, rel=1e-4)
        assert matched["distance"].iloc[0] <= trained["distance"].iloc[0]
    assert set(rows["batch_norm"]) == {"recalibrated"}


def test_one_seed_has_one_pair_and_a_diverged_run_has_no_values(folder, monkeypatch):
    paths = with_pairs(folder)
    one = [paths["SB", 0], paths["LB", 0]]
    rows = measure_barriers(folder, monkeypatch, one)
    assert {key[:4] for key in rows.index} == {("SB", 0, "LB", 0)}
    diverge(folder, paths["LB", 0].name)
    rows = measure_barriers(folder, monkeypatch, one)
    assert rows["status"].tolist() == ["diverged"] * 2
    assert rows["train_excess"].isna().all()
    rows = measure_barriers(folder, monkeypatch, list(paths.values()))
    assert (rows["status"] == "diverged").sum() == 2 * 2
    assert (rows["status"] == "ok").sum() == 2 * 2 * 3


def with_own_layer(folder, change, batch_norm="moving"):
    """Return a job on a checkpoint whose gate has opened, and the checkpoint."""
    path = folder / "random.py"
    path.write_text(RANDOM.replace("CHANGE", change))
    network = {"builder": "random.py:build", "file": str(path), "options": {}}
    model = builders.build(network, input_shape=(2,), classes=3)
    model.layers[2].gate.assign(1.0)
    parameters.save(folder / "final.weights.h5", model, ORIGIN)
    list(iterates.keeping(folder / "kept.h5", model, [0, 9], []))
    evaluation = EVALUATION | {"batch_norm": batch_norm}
    job = context(folder, network=network, evaluation=evaluation)
    return job, folder / "final.weights.h5"


def measured_on_a_checkpoint(monkeypatch, job, weights):
    main = script("measure_average_sharpness", monkeypatch).main
    main(job, weights, AVERAGED, weights.parent / "row.csv", weights.parent / "c.csv")


def measured_between_two(monkeypatch, job, weights):
    main = script("measure_interpolation", monkeypatch).main
    folder = weights.parent
    paths = folder / "row.csv", folder / "distances.csv", folder / "c.csv"
    main(job, (weights, weights), {"alphas": {}}, *paths)


def measured_on_iterates(monkeypatch, job, weights):
    main = script("measure_trajectory", monkeypatch).main
    folder = weights.parent
    paths = weights, folder / "kept.h5", SEARCH, folder / "row.csv", folder / "c.csv"
    main(job, *paths)


@pytest.mark.parametrize(
    "measured", [measured_on_a_checkpoint, measured_between_two, measured_on_iterates]
)
def test_what_is_no_function_of_the_point_is_not_measured(
    folder, monkeypatch, measured
):
    """Compiled, dropout draws the same mask each time, so only a shuffle shows it."""
    job, weights = with_own_layer(folder, DROPPED)
    message = "^network .*: must give an example the same logits .* other examples in"
    with pytest.raises(ValueError, match=message):
        measured(monkeypatch, job, weights)
    assert not (folder / "row.csv").exists()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_function_passes_and_costs_nothing(folder, policy):
    job = context(folder, evaluation=EVALUATION | {"batch_norm": policy})
    point = parameters.restore(folder / "final.weights.h5", job.model)
    work = job.loss.work
    assert job.checked(point) is point
    assert job.loss.work == work


@pytest.mark.parametrize("change", [DROPPED, CENTRED])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_batch_may_matter_where_the_policy_says_so(folder, policy, change):
    job, weights = with_own_layer(folder, change, policy)
    point = parameters.restore(weights, job.model)
    if (policy, change) == ("batch", CENTRED):
        job.checked(point)
        return
    which = "order of the" if policy == "batch" else "other"
    with pytest.raises(ValueError, match=f"with the {which} examples in a batch"):
        job.checked(point)
