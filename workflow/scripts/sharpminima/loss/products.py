"""Products of second derivatives of the measured loss with vectors, without a matrix.

The Hessian of f(x) = 1/N sum_i l(h(a_i; x), b_i) is the sum of two parts,

    H = 1/N sum_i J_i^T S_i J_i  +  1/N sum_i sum_k (dl_i/dh_k) H_ik,

with J_i and H_ik the first and second derivatives of the logits h(a_i; x) by x, and S_i
the second derivatives of the loss by the logits. The first part is the Gauss-Newton
matrix. It has no negative eigenvalue.
"""

import numpy as np

from sharpminima.jobs.cost import Work
from sharpminima.loss import batch_norm as policies
from sharpminima.loss.compiled import vector_to_device


class Products:
    """The Hessian and the Gauss-Newton matrix of the training loss at one point.

    Both methods take a vector v, shape `(n,)`, and return the product with it, summed
    over the batches in float64. Batches compute in Keras' precision, so products carry
    noise of its size.

    Where batch normalisation uses averages m(x) that are computed anew at every x, the
    loss is f(x, m(x)), and the products follow the chain rule.

    Args:
        network: The compiled network.
        moments: The compiled network that computes m(x); None where m does not depend
            on x.
        examples: The training set.
        point: The `Point`, whose averages are those before m(x) is computed.
        averages: The averages that the loss uses at the point.
        by_averages: df/dm at the point, one array for each average.
        meter: Has the `work` that each product adds to.
    """

    def __init__(
        self, network, moments, examples, point, *, averages, by_averages, meter
    ):
        self._network, self._moments, self._examples = network, moments, examples
        self._x = vector_to_device(point.parameters)
        self._own, self._averages = point.averages, averages
        self._by_averages, self._meter = by_averages, meter

    def hessian(self, vector: np.ndarray) -> np.ndarray:
        """Return H v, shape `(n,)`, float64."""
        # A gradient, and as much again for its change along v.
        self._count(gradient_examples=2)
        v, moved = self._direction(vector)
        by_x, by_averages = self._sum(self._network.hessian_product, v, moved)
        if self._moments is None:
            return by_x
        # (dm/dx)^T (df/dm) changes along v, as both of its factors do.
        self._count(gradient_examples=2)
        given = *self._at_own_averages(), self._by_averages
        return by_x + policies.change_through_moments(*given, v=v, change=by_averages)

    def gauss_newton(self, vector: np.ndarray) -> np.ndarray:
        """Return the product of the Gauss-Newton matrix with v, shape `(n,)`."""
        # The logits' change along v, and a gradient.
        self._count(gradient_examples=1, forward_examples=1)
        v, moved = self._direction(vector)
        by_x, by_averages = self._sum(self._network.gauss_newton_product, v, moved)
        if self._moments is None:
            return by_x
        self._count(gradient_examples=1)
        given = *self._at_own_averages(), by_averages
        return by_x + policies.gradient_through_moments(*given)

    def _direction(self, vector):
        """Return v on the device, and how the averages change along it."""
        v = vector_to_device(vector)
        if self._moments is None:
            return v, [np.zeros_like(average) for average in self._averages]
        self._count(forward_examples=2)
        return v, policies.change_of_moments(*self._at_own_averages(), v)

    def _at_own_averages(self):
        """Return what the functions of `batch_norm` take first."""
        return self._moments, self._x, self._own, self._examples.batches()

    def _sum(self, product, v, moved):
        """Return the mean over all examples of what `product` returns for a batch."""
        by_x = np.zeros(v.shape)
        by_averages = [np.zeros(average.shape) for average in self._averages]
        for batch, _ in self._examples.batches():
            by_v, parts = product(self._x, self._averages, batch, (v, moved))
            by_x += by_v
            for total, part in zip(by_averages, parts, strict=True):
                total += part
        return by_x / len(self._examples), [
            t / len(self._examples) for t in by_averages
        ]

    def _count(self, **passes):
        counts = {name: n * len(self._examples) for name, n in passes.items()}
        self._meter.work += Work(**counts)
