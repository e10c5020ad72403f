"""Networks whose loss is a formula, so that measures of it have closed forms.

The cross entropy of class 0 with the logits 0 and z is log(1 + e^z). A network that
answers z = log(e^f - 1) has the loss f, for any f above 0. So a formula is measured as
a network is: by Keras, compiled, in float32, on the backend at hand.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.measures.maximisers import Minimum
from sharpminima.networks.parameters import Point

ops = keras.ops


class Formula(keras.layers.Layer):
    """A layer of n weights x whose logits give each example a the loss f(a, x).

    Args:
        formula: Maps examples, shape `(N, d)`, and x to losses above 0, shape `(N,)` or
            one number for all.
        parameters: The number n of weights, at least 2.
    """

    def __init__(self, formula: Callable, parameters: int, **options):
        super().__init__(**options)
        self._formula, self._parameters = formula, parameters

    def build(self, input_shape):
        """Make the weights, in two parts as those of a layer with a bias."""
        self._first = self.add_weight(shape=(1,), name="first")
        self._others = self.add_weight(shape=(self._parameters - 1,), name="others")

    def call(self, inputs):
        """Return logits, shape `(N, 2)`, for labels that are all 0."""
        x = ops.concatenate([self._first, self._others])
        losses = self._formula(inputs, x) + ops.zeros_like(inputs[:, 0])
        return ops.stack([ops.zeros_like(losses), ops.log(ops.expm1(losses))], -1)

    def get_config(self):
        """Return what makes a copy."""
        own = {"formula": self._formula, "parameters": self._parameters}
        return {**super().get_config(), **own}


@dataclass(frozen=True)
class Problem:
    """A formula as a loss, and the point where it is measured.

    Attributes:
        loss: The measured loss.
        point: The point.
    """

    loss: MeasuredLoss
    point: Point

    @classmethod
    def of(cls, formula: Callable, x, examples=((1.0,),)) -> "Problem":
        """Return the problem of a formula at x.

        Args:
            formula: See `Formula`.
            x: The point, shape `(n,)`.
            examples: The training examples, shape `(N, d)`.
        """
        inputs, x = np.float32(examples), np.float64(x)
        labels = np.zeros(len(inputs), np.int32)
        data = Dataset(inputs, labels, inputs, labels, classes=2)
        layer = Formula(formula, len(x))
        model = keras.Sequential([keras.Input(inputs.shape[1:]), layer])
        given = {"batch_norm": "moving", "batch_size": len(inputs)}
        return cls(MeasuredLoss(model, data, **given), Point(x, []))

    def f(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss at x, and its gradient."""
        return self.loss.at_averages([])(x)

    def value(self, x: np.ndarray) -> float:
        """Return the loss at x."""
        return self.loss.loss_and_accuracy(self.at(x), "train")[0]

    @property
    def minimum(self) -> Minimum:
        """The point, as searches take it."""
        return Minimum(self.point.parameters, *self.f(self.point.parameters))

    @staticmethod
    def at(x: np.ndarray) -> Point:
        """Return the `Point` at x."""
        return Point(np.float64(x), [])
