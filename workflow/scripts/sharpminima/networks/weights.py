"""The values at a point by variable, to be replaced one by one."""

import math

import numpy as np

from sharpminima.networks.parameters import Point, averages_of, flatten


class Weights:
    """The values at a point by variable, to be replaced; float64.

    `moments` has the means and variances that batch normalisation uses, by the `id` of
    its moving average.

    Args:
        model: The network. It names the variables. What it holds is not read.
        point: A point of it. It stays as it is.
        moments: The moments, in the order of the point's averages. By default, these.
    """

    def __init__(self, model, point: Point, moments: list | None = None):
        trained, self._averages = model.trainable_variables, averages_of(model)
        self._trained, self._types = trained, [a.dtype for a in point.averages]
        # Cut the vector at the end of each variable.
        ends = np.cumsum([math.prod(v.shape) for v in trained])[:-1]
        self._values = {
            id(v): part.reshape(v.shape)
            for v, part in zip(trained, np.split(point.parameters, ends), strict=True)
        }
        # Frozen weights are among the averages, and may be kernels.
        frozen, self.moments = (
            {id(v): a.astype(np.float64) for v, a in zip(self._averages, values)}
            for values in (point.averages, moments or point.averages)
        )
        self._values |= frozen

    def __getitem__(self, variable):
        return self._values[id(variable)]

    def __setitem__(self, variable, value):
        self._values[id(variable)] = value

    def point(self) -> Point:
        """Return the point with these values."""
        averages = zip(self._averages, self._types, strict=True)
        return Point(
            flatten(self[variable] for variable in self._trained),
            [self[variable].astype(dtype) for variable, dtype in averages],
        )
