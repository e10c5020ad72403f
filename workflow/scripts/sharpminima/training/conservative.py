"""Conservative training: an update that does not go far from where its batch began.

Source: Li et al. 2014, "Efficient mini-batch training for stochastic optimization"
(KDD); Keskar et al. 2017 (arXiv:1609.04836), appendix E.2, with 3 iterations of ADAM
and a weight of 1e-3, both as recalled. From x_k, batch B_k leads to

    x_{k+1} = argmin_x  1/|B_k| sum_{i in B_k} f_i(x)  +  lambda/2 ||x - x_k||^2,

solved inexactly, by a few updates of the run's optimizer. There is one optimizer for
the whole run: its moments last from batch to batch.
"""

from collections.abc import Callable

from sharpminima.backend import keras


def conservative(update: Callable, *, weight: float, iterations: int) -> Callable:
    """Return the update that solves a batch's sub-problem by several of `update`.

    At x_k itself the second term has no slope: the first iteration is plain training's
    update, and the loss that is reported is the one before it, as in plain training.

    Args:
        update: A backend's `update(state, labels, views, pull)`, where `pull(gradients,
            point)` returns what to give the optimizer in place of `gradients`. The
            first of `state` is the point, the list of trainable weights.
        weight: The paper's lambda.
        iterations: Updates a batch; 1 is plain training.
    """

    def updates(state, labels, views):
        start = [keras.ops.copy(variable) for variable in state[0]]

        def pull(gradients, point):
            return [
                gradient + weight * (variable - begun)
                for gradient, variable, begun in zip(gradients, point, start)
            ]

        state, sums = update(state, labels, views)
        for _ in range(iterations - 1):
            state, _ = update(state, labels, views, pull)
        return state, sums

    return updates
