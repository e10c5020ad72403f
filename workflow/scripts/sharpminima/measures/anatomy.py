"""What a value of Metric 2.1 is made of: slope and curvature, odd and even part.

With z* the best z of a search and g the gradient at x,

    odd  = (f(x + A z*) - f(x - A z*)) / 2,
    even = (f(x + A z*) + f(x - A z*)) / 2 - f(x),

and odd + even is the rise f(x + A z*) - f(x). The slope g . A z* is the odd part to
first order: where it explains the rise, x is no minimiser at this scale. Half of the
curvature along A z* is the even part to second order. An odd part without a slope is
cubic. Knows nothing of Keras.
"""

import numpy as np

from sharpminima.measures.maximisers import Ascent, LossAndGradient, Minimum
from sharpminima.measures.spaces import Box


def norms(gradient: np.ndarray) -> dict[str, float]:
    """Return the norms of the gradient at x: l1, l2, and its largest entry."""
    orders = {"l1": 1, "l2": 2, "max": np.inf}
    vector = gradient.astype(np.float64)
    return {
        f"gradient_{name}": float(np.linalg.norm(vector, order))
        for name, order in orders.items()
    }


def anatomy(
    loss_and_gradient: LossAndGradient, minimum: Minimum, box: Box, ascent: Ascent
) -> dict[str, float]:
    """Return what the rise that a search found is made of.

    Args:
        loss_and_gradient: See `maximisers.maximise`.
        minimum: Where the box is centred.
        box: The box that was searched.
        ascent: What the search found in it.

    Returns:
        In nats per example: `linear`, g . A z*; `linear_bound`, the most that the slope
        could raise the loss anywhere in the box; `odd` and `even`.
    """
    z, slope = ascent.end.z, box.space.pull_back(minimum.gradient)
    # One more evaluation, at the mirror image of z*.
    opposite, _ = loss_and_gradient(minimum.displaced(box, -z))
    odd = (ascent.loss_after - opposite) / 2.0
    return {
        "linear": float(slope @ z),
        "linear_bound": float(np.abs(slope) @ box.half_widths),
        "odd": odd,
        "even": ascent.loss_after - ascent.loss_before - odd,
    }
