"""Time the project against what a user would write by hand; write table and chart.

Both are written anew after each benchmark.

Variants take turns in one process, and medians are reported. Not part of the tests: it
takes minutes and needs an idle machine. `make bench`, or

    PYTHONPATH=workflow/scripts:tests python tests/bench/bench.py --only epochs
"""

import argparse
import datetime
import platform
from pathlib import Path

import altair as alt
import epochs
import measures
import overhead
import pandas as pd
import solvers

from project import ROOT
from sharpminima import backend
from sharpminima.backend import keras

BENCHMARKS = {
    "epochs": epochs.rows,
    "gradient": measures.gradient_rows,
    "sharpness": measures.sharpness_rows,
    "solver": solvers.rows,
    "plot": measures.plot_rows,
    "surface": measures.surface_rows,
    "imports": overhead.import_rows,
    "planning": overhead.planning_rows,
    "memory": overhead.memory_rows,
    "shares": overhead.share_rows,
}
OURS = "sharpminima"
COLUMNS = ["benchmark", "case", "variant", "seconds"]


def main():
    """Run the benchmarks that were asked for."""
    arguments = _arguments()
    _configure(arguments.cores)
    rows = []
    for name in arguments.only or BENCHMARKS:
        for row in BENCHMARKS[name](arguments.cores):
            print(row, flush=True)
            rows.append(row)
        write(_with_ratios(pd.DataFrame(rows)), arguments.output, arguments.cores)


def write(table: pd.DataFrame, folder: Path, cores: int) -> None:
    """Write `table` as CSV and Markdown, and its chart."""
    folder.mkdir(parents=True, exist_ok=True)
    table.assign(**_circumstances(cores)).to_csv(folder / "bench.csv", index=False)
    known = table.astype(object).where(table.notna(), None)
    shown = known.to_markdown(index=False, floatfmt=".3g", missingval="")
    (folder / "bench.md").write_text(f"{shown}\n")
    # The parts of a search have no rounds of their own.
    compared = table.dropna(subset=["ratio", "rounds"])
    if len(compared):
        for suffix in ("svg", "html", "png"):
            chart(compared).save(folder / f"bench.{suffix}")


def _configure(cores):
    """Keep to `cores`, without the determinism under which `fit` goes without XLA."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.threading.set_intra_op_parallelism_threads(cores)
    else:
        backend.configure(cores)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS)
    parser.add_argument("--output", type=Path, default=ROOT / "results/bench")
    parser.add_argument("--cores", type=int, default=1)
    return parser.parse_args()


def _with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with each variant's seconds over the project's, in its case."""
    table = table.reindex(columns=[*COLUMNS, *table.columns.difference(COLUMNS)])
    ours = table[table["variant"] == OURS].set_index(["benchmark", "case"])["seconds"]
    keys = pd.MultiIndex.from_frame(table[["benchmark", "case"]])
    return table.assign(ratio=table["seconds"] / ours.reindex(keys).to_numpy())


def _circumstances(cores):
    return {
        "cores": cores,
        "machine": f"{platform.system()} {platform.machine()}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        **backend.describe(),
    }


def chart(table: pd.DataFrame) -> alt.FacetChart:
    """Return the ratio of every variant's time to the project's, a panel a case."""
    table = table.assign(panel=table["benchmark"] + ": " + table["case"])
    x = alt.X("ratio:Q", title="time, sharpminima = 1").scale(type="log")
    y = alt.Y("variant:N", title=None, sort=None).axis(labelLimit=400)
    colour = alt.condition(
        alt.datum.variant == OURS, alt.value("#1b7837"), alt.value("#999999")
    )
    points = alt.Chart().mark_point(filled=True, size=70).encode(x, y, color=colour)
    rule = alt.Chart().mark_rule(strokeDash=[3, 3]).encode(x=alt.datum(1))
    panels = alt.Facet("panel:N", title=None, sort=list(table["panel"].unique()))
    return (
        alt.layer(rule, points, data=table)
        .properties(width=320)
        .facet(panels.header(labelAnchor="start"), columns=1, title="Benchmarks")
        .resolve_scale(y="independent")
    )


if __name__ == "__main__":
    main()
