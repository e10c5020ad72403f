"""Conservative training: an update stays close to where its batch began.

Source: Li et al. 2014, "Efficient mini-batch training for stochastic optimization"
(KDD); Keskar et al. 2017 (arXiv:1609.04836), appendix E.2, as recalled: three
iterations of ADAM with a weight of 1e-3. From x_k, batch B_k leads to

    x_{k+1} = argmin_x  1/|B_k| sum_{i in B_k} f_i(x)  +  lambda/2 ||x - x_k||^2.

A few updates of the run's optimizer solve this problem inexactly. The whole run has one
optimizer, so its moments last from batch to batch.
"""

from collections.abc import Callable

from sharpminima.backend import keras


def conservative(update: Callable, *, weight: float, iterations: int) -> Callable:
    """Return an update that solves a batch's problem by several calls of `update`.

    Args:
        update: A backend's `update(state, labels, views, pull)`. The first item of
            `state` is the point, the list of trainable weights. `pull(gradients,
            point)` returns the gradients that the optimizer gets.
        weight: The paper's lambda.
        iterations: Calls of `update` for each batch; 1 is plain training.

    Returns:
        A function like `update`, without `pull`. The loss that it returns is the one
        before the first iteration, as in plain training.
    """

    def updates(state, labels, views):
        start = [keras.ops.copy(variable) for variable in state[0]]

        # The gradient of lambda/2 ||x - x_k||^2 is lambda (x - x_k).
        def pull(gradients, point):
            return [
                gradient + weight * (variable - begun)
                for gradient, variable, begun in zip(gradients, point, start)
            ]

        # At x_k itself that gradient is zero: the first iteration needs no pull.
        state, sums = update(state, labels, views)
        for _ in range(iterations - 1):
            state, _ = update(state, labels, views, pull)
        return state, sums

    return updates
