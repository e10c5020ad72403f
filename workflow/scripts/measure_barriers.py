"""Measure the barriers between the checkpoints of one seed or of two."""

from typing import TYPE_CHECKING

from sharpminima import backend
from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import barriers
from sharpminima.networks import parameters, permutations
from sharpminima.storage import rows as files
from sharpminima.storage.rows import DIVERGED, IDENTITY_OF_PAIR

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, settings, rows, cost):
    """Write a row for each position between two checkpoints, and the cost.

    `weights` has the checkpoints of both regimes of a seed, and then perhaps those of
    another seed.
    """
    with backend.enough_memory("evaluation.batch_size"):
        found = [
            {**row, **carried}
            for pair in barriers.pairs(weights[:2], weights[2:])
            for row, carried in _between(context, pair, settings)
        ]
    files.write(rows, found)
    origins = [parameters.attributes(path) for path in weights[:2]]
    carried = context.columns_of_pair(origins)
    context.write_cost(cost, {name: carried[name] for name in IDENTITY_OF_PAIR})


def _between(context, pair, settings):
    """Yield each row of the lines between two checkpoints, and what it carries."""
    origins = [parameters.attributes(path) for path in pair]
    seeds = {f"{name}_seed": o["seed"] for name, o in zip(("first", "second"), origins)}
    carried = {**context.columns_of_pair(origins), **seeds}
    if carried["status"] == DIVERGED:
        found = barriers.not_measured()
    else:
        restored = (parameters.restore(path, context.model) for path in pair)
        start, end = map(context.checked, restored)
        ends = {barriers.AS_TRAINED: end}
        seed = seeds["second_seed"]
        if matched := permutations.matched(context.model, start, end, seed):
            ends[barriers.MATCHED] = matched
        given = start, ends, settings["points"]
        found = barriers.measure(context.loss.mixture, *given, context.step)
    for row in found:
        yield row, carried


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        snakemake.params.barriers,
        **snakemake.output,
    )
