"""Measure loss and accuracy on planes through x_0 and two checkpoints of one seed."""

from itertools import chain
from typing import TYPE_CHECKING

from sharpminima import backend
from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import surface
from sharpminima.networks import iterates, parameters
from sharpminima.storage import rows
from sharpminima.storage.rows import DIVERGED, IDENTITY_OF_PAIR
from sharpminima.training.start import starting_point

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, inputs, settings, points, places, cost):
    """Write the rows of all grids, of marked places and of kept iterates, and the cost.

    `inputs` has the files of two checkpoints, `first` and `second`, and the iterates
    that runs in their regimes have kept, `first_path` and `second_path`, or nothing.
    Without two finite minima there are no values.
    """
    pair = inputs.first, inputs.second
    origins = [parameters.attributes(path) for path in pair]
    carried = context.columns_of_pair(origins)
    if carried["status"] == DIVERGED:
        found, marked = [surface.not_measured()], [{}]
    else:
        with backend.enough_memory("evaluation.batch_size"):
            found, marked = _measured(context, inputs, origins, settings)
    rows.write(points, [{**row, **carried} for row in found])
    rows.write(places, [{**row, **carried} for row in marked])
    context.write_cost(cost, {name: carried[name] for name in IDENTITY_OF_PAIR})


def _measured(context, inputs, origins, settings):
    """Return the rows of the grids, and those of marked places and iterates."""
    seed, model = origins[0]["seed"], context.model
    # No checkpoint has x_0, but the seed makes it again.
    initial = parameters.point_of(starting_point(context.network, context.data, seed))
    restored = (
        parameters.restore(path, model) for path in (inputs.first, inputs.second)
    )
    minima = [*map(context.checked, restored)]
    names = [origin["regime"] for origin in origins]
    plane = surface.through(initial, *minima, settings)
    shapes = [tuple(variable.shape) for variable in model.trainable_variables]
    at_minima = (
        surface.random_planes(point, shapes, settings, seed, name)
        for name, point in zip(names, minima)
    )
    planes = chain([plane] if plane else [], *at_minima)
    found = list(surface.measure(context.loss.mixture, planes, context.step))
    if plane is None:
        return found, [{}]
    marks = dict(zip(("x0", *names), (initial, *minima)))
    paths = (
        (name, epoch, context.checked(iterates.restore(path, epoch, model)))
        for name, path in zip(names, (inputs.first_path, inputs.second_path))
        for epoch in (iterates.epochs(path) if path else [])
    )
    return found, list(surface.places(context.loss, plane, marks, paths, context.step))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input,
        snakemake.params.surface,
        **snakemake.output,
    )
