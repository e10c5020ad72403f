"""Made-up rows of results, raw files, archives and packages; what a chart holds."""

import gzip
import io
import tarfile
import wave

import numpy as np
import pandas as pd

NAN = float("nan")
F1 = {"network": "F1", "builder": "fully_connected", "dataset": "mnist"} | {
    "input_shape": "28x28",
    "classes": 10,
    "parameters": 1_462_794,
    "train_examples": 60_000,
    "measure_examples": 60_000,
    "test_examples": 10_000,
    "variant": "plain",
    "learning_rate": 1e-3,
    "batch_norm": "batch",
}


# Settings of a search that searches nowhere; see `Study.search`.
NO_SEARCH = {
    "full": {"lbfgsb": [], "sign": []},
    "adaptive": {"lbfgsb": [], "sign": []},
    "subspace": {"dimensions": 3, "draws": 0, "lbfgsb": [], "sign": []},
    "reference": {"corners": 0, "patience": 1},
}


def measurements(*searches):
    """Return rows from `(regime, seed, space, subspace seed, start, value, status)`."""
    names = ["regime", "seed", "space", "subspace_seed", "start", "sharpness", "status"]
    rows = pd.DataFrame(searches, columns=names)
    sizes = rows["regime"].map({"SB": 256, "LB": 6000})
    return rows.assign(
        **F1,
        epsilon=1e-3,
        batch_size=sizes,
        max_iterations=10,
        dimensions=rows["space"].map({"subspace": 100}),
        maximiser="lbfgsb",
        versions="keras 3.15.1",
    )


SEARCHES = measurements(
    ("SB", 0, "full", None, "zero", 1.0, "ceased"),
    ("SB", 0, "full", None, "random", 2.0, "ceased"),
    ("SB", 1, "full", None, "zero", 4.0, "ceased"),
    ("SB", 1, "full", None, "random", 3.0, "ceased"),
    ("LB", 0, "full", None, "zero", 100.0, "floor"),
    ("LB", 0, "full", None, "random", 90.0, "floor"),
    ("LB", 1, "full", None, "zero", NAN, "diverged"),
    ("LB", 1, "full", None, "random", NAN, "diverged"),
    ("SB", 0, "subspace", "11", "zero", 0.1, "ceased"),
    ("SB", 0, "subspace", "12", "zero", 0.3, "ceased"),
)


def taken_apart(*searches, **common):
    """Return rows of searches from `(regime, seed, space, epsilon, slope, odd, even)`.

    The parts of the rise are in nats. The loss at the minimum is 0.
    """
    names = ["regime", "seed", "space", "epsilon", "linear", "odd", "even"]
    rows = pd.DataFrame(searches, columns=names).assign(**F1, loss_before=0.0)
    rows = rows.assign(loss_after=rows["odd"] + rows["even"], status="ceased")
    return rows.assign(
        sharpness=100.0 * rows["loss_after"],
        batch_size=rows["regime"].map({"SB": 256, "LB": 6000}),
        dimensions=rows["space"].map({"subspace": 100}),
        subspace_seed=rows["space"].map({"subspace": "11"}),
        gradient_l1=2.0,
        gradient_l2=0.5,
        gradient_max=0.25,
        versions="keras 3.15.1",
    ).assign(**common)


def outcomes(*runs, **common):
    """Return run rows from `(regime, seed, status, test accuracy)`."""
    rows = [
        {
            **F1,
            "regime": regime,
            "seed": seed,
            "batch_size": {"SB": 256, "LB": 6000}[regime],
            "status": status,
            "epochs": 10,
            "test_accuracy": accuracy,
            "train_accuracy": 100.0,
            "train_loss": 0.1,
            "test_loss": 0.2,
            "versions": "keras 3.15.1",
            **common,
        }
        for regime, seed, status, accuracy in runs
    ]
    return pd.DataFrame(rows)


IDENTITY = {"network": "F1", "dataset": "mnist5k"}
COMMON = IDENTITY | {
    "variant": "plain",
    "learning_rate": 1e-3,
    "parameters": 7,
    "train_examples": 4000,
    "batch_norm": "batch",
}
REACHED = {"epochs": 100, "updates": 900, "train_accuracy": 99.0, "train_loss": 0.1}


def trained(*runs):
    """Return rows of runs from `(regime, batch size, seed, status, test accuracy)`."""
    names = ["regime", "batch_size", "seed", "status", "test_accuracy"]
    rows = pd.DataFrame(runs, columns=names)
    return rows.assign(**COMMON, **REACHED, versions="keras 1")


def measured_with(runs, *values):
    """Return rows of searches from `(regime, seed, space, epsilon, sharpness)`."""
    names = ["regime", "seed", "space", "epsilon", "sharpness"]
    rows = pd.DataFrame(values, columns=names).assign(subspace_seed=None)
    known = runs.drop(columns=[*REACHED, "test_accuracy", "versions"])
    return rows.merge(known, on=["regime", "seed"]).assign(versions="keras 2")


SWEPT = trained(
    ("B64", 64, 1, "max_epochs", 90.0),
    ("B64", 64, 0, "max_epochs", 94.0),
    ("B8", 8, 0, "max_epochs", 95.0),
    ("B8", 8, 1, "diverged", 10.0),
)
OF_SWEPT = measured_with(
    SWEPT,
    ("B64", 1, "full", 1e-3, 30.0),
    ("B64", 1, "full", 1e-3, 20.0),
    ("B64", 1, "full", 5e-4, 7.0),
    ("B64", 1, "subspace", 1e-3, 99.0),
    ("B64", 0, "full", 1e-3, 10.0),
    ("B8", 0, "full", 1e-3, 5.0),
    ("B8", 1, "full", 1e-3, NAN),
)
WARM = trained(
    ("LB-after-5", 400, 0, "max_epochs", 96.0),
    ("LB-after-0", 400, 0, "max_epochs", 92.0),
    ("LB-after-0", 400, 1, "diverged", 10.0),
)
OF_WARM = measured_with(
    WARM,
    ("LB-after-5", 0, "full", 1e-3, 3.0),
    ("LB-after-0", 0, "full", 1e-3, 200.0),
    ("LB-after-0", 1, "full", 1e-3, NAN),
)
EPOCHS = {"LB-after-0": 0, "LB-after-5": 5}
ITERATES = pd.DataFrame(
    {
        **COMMON,
        **{"regime": "SB-iterates", "status": "max_epochs", "versions": "keras 1"},
        **{"seed": seed, "epoch": epoch, "epsilon": 1e-3, "sharpness": 9.0},
        **{"train_loss": 2.0 - epoch / 5, "train_accuracy": 50.0},
        **{"test_loss": 1.0, "test_accuracy": 10.0 + epoch + seed},
    }
    for seed in (0, 1)
    for epoch in (0, 5)
)


# The paper's search, its polish, one from a corner, and a reference, of two seeds of LB
# and one of SB. LB's third seed diverged.
SEARCHED_LONGER = measurements(
    *(
        (regime, seed, "full", None, start, value, status)
        for regime, seed, values, status in (
            ("SB", 0, (4.0, 5.0, 3.0, 8.0), "ceased"),
            ("LB", 0, (90.0, 95.0, 93.0, 100.0), "floor"),
            ("LB", 1, (160.0, 180.0, 190.0, 400.0), "floor"),
            ("LB", 2, (NAN,) * 4, "diverged"),
        )
        for start, value in zip(("zero", "lbfgsb", "corner", "corners"), values)
    ),
).assign(maximiser=["lbfgsb", "sign", "sign", "reference"] * 4)
# The values after each evaluation: ten in the first search, three in its polish.
SEARCHED_LONGER["progress"] = [
    None
    if value != value
    else {
        "zero": " ".join(f"{value * i / 9:g}" for i in range(10)),
        "lbfgsb": f"{value - 1:g} {value - 0.5:g} {value:g}",
        "corner": f"{value:g} {value:g} {value:g} {value:g}",
        "corners": f"0 1 1 {value:g}",
    }[start]
    for start, value in zip(SEARCHED_LONGER["start"], SEARCHED_LONGER["sharpness"])
]
SEARCHED_LONGER["evaluations"] = [10, 3, 4, 4] * 4


def curve_rows(curves, epsilons, **changes):
    """Return rows of `measure_curve` from sharpnesses by `(regime, seed, space)`."""
    rows = [
        {"regime": regime, "seed": seed, "space": space, "sharpness": value}
        | {"epsilon": epsilon, "versions": "keras 1"}
        | {"status": "ceased" if value == value else "diverged"}
        for (regime, seed, space), values in curves.items()
        for epsilon, value in zip(epsilons, values, strict=True)
    ]
    return pd.DataFrame(rows).assign(**IDENTITY, **changes)


# SB grows like epsilon, and LB faster: in the full space they are as sharp halfway, in
# decades, between 1e-3 and 1e-2. LB's second seed diverged.
CURVES = curve_rows(
    {
        ("SB", 0, "full"): [1.0, 10.0, 100.0],
        ("SB", 0, "adaptive"): [0.2, 2.0, 20.0],
        ("SB", 1, "full"): [9.0, 90.0, 900.0],
        ("SB", 1, "adaptive"): [9.0, 90.0, 900.0],
        ("LB", 0, "full"): [0.01, 1.0, 1000.0],
        ("LB", 0, "adaptive"): [0.0, 1e-3, 0.1],
        ("LB", 1, "full"): [NAN] * 3,
        ("LB", 1, "adaptive"): [NAN] * 3,
    },
    epsilons=[1e-4, 1e-3, 1e-2],
)


# Two iterates each of a run by ADAM at rate 1e-3 and of one by SGD at rate 0.1.
EDGE = pd.DataFrame(
    {
        **{key: [value] * 4 for key, value in F1.items()},
        "regime": ["SB-iterates"] * 2 + ["LB-iterates"] * 2,
        "optimizer": ["adam"] * 2 + ["sgd"] * 2,
        "seed": [0] * 4,
        "epoch": [0, 1] * 2,
        "status": ["max_epochs"] * 4,
        "train_loss": [2.3, 0.5, 2.3, 0.4],
        "threshold": [38000.0, 38000.0, 20.0, 20.0],
        "critical_threshold": [2000.0, 2000.0, 20.0, 20.0],
        "eigenvalue": [1.0, 2.0, 5.0, 19.0],
        "preconditioned_eigenvalue": [NAN, 20000.0, NAN, NAN],
        "batch_sharpness": [NAN, NAN, 6.0, 18.0],
        "critical_sharpness": [1000.0, 1500.0, 4.0, 21.0],
        "versions": ["keras 3.15.1"] * 4,
    }
)


def point_and_box(seeds=(0, 1)):
    """Return rows of curvature, of the average case, and of curves, of SB and LB.

    LB / SB is 0.01 by the largest eigenvalue and 0.1 by the trace; twice that for seed
    1. On average it is 0.1 at all epsilons, and in the box it grows from 0.1 to 10.
    """
    curvatures, averages, curves = [], [], []
    for regime, seed in [(r, s) for r in ("SB", "LB") for s in seeds]:
        run = {**F1, "regime": regime, "seed": seed, "status": "ceased"}
        run |= {"versions": "keras 3.15.1", "batch_size": {"SB": 32, "LB": 400}[regime]}
        factor = 1.0 if regime == "SB" else 1.0 + seed
        at_point = {"SB": (2.0, -0.1, 10.0), "LB": (0.02, 1e-3, 1.0)}[regime]
        names = ("largest_eigenvalue", "smallest_eigenvalue", "trace")
        values = dict(zip(names, factor * np.array(at_point)))
        curvatures.append({**run, "layer": "all", **values})
        curvatures.append({**run, "layer": "dense", "trace": 99.0})
        for epsilon in (1e-4, 1e-3, 1e-2):
            average = (1.0 if regime == "SB" else 0.1 * factor) * (1e3 * epsilon) ** 2
            largest = epsilon if regime == "SB" else 1e3 * factor * epsilon**2
            at = {**run, "epsilon": epsilon}
            averages.append({**at, "average_sharpness": average})
            curves.append({**at, "space": "full", "sharpness": largest})
            curves.append({**at, "space": "adaptive", "sharpness": 7.0})
    return [pd.DataFrame(rows) for rows in (curvatures, averages, curves)]


def idx_content(array: np.ndarray) -> bytes:
    """Return the content of an IDX file of unsigned bytes, not compressed."""
    shape = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()


def idx_file(array: np.ndarray) -> bytes:
    """Return an IDX file of unsigned bytes, the same for the same array."""
    return gzip.compress(idx_content(array), mtime=0)


def archive(path, *members):
    """Write a tar archive of `(name, content)` or `TarInfo` members."""
    with tarfile.open(path, "w:gz") as file:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member)
            else:
                name, content = member
                info = tarfile.TarInfo(name)
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
    return path


def package(path, *members):
    """Write a Debian package whose data.tar.gz has these members (see `archive`)."""
    data = archive(path.with_name("data.tar.gz"), *members).read_bytes()
    content = b"!<arch>\n"
    for name, part in (("debian-binary", b"2.0\n"), ("data.tar.gz", data)):
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(part):<10}`\n"
        content += header.encode() + part + b"\n" * (len(part) % 2)
    path.write_bytes(content)
    return path


def recording(samples: np.ndarray, rate: int = 16_000, channels: int = 1) -> bytes:
    """Return a WAV file of int16 samples."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return content.getvalue()


def data_of(chart):
    """Return the rows of all data that a chart holds."""
    datasets = chart.to_dict()["datasets"].values()
    return pd.concat(pd.DataFrame(rows) for rows in datasets if rows)


def layers(chart):
    """Return the encodings of all layers of a chart, in the order of drawing."""
    if "layer" not in chart:
        return [chart["encoding"]]
    return [encoding for layer in chart["layer"] for encoding in layers(layer)]


def fields(encoding):
    """Return the fields of an encoding, by channel."""
    return {name: of["field"] for name, of in encoding.items() if "field" in of}
