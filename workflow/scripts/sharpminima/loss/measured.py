"""The function f(x) that is measured: the network's mean loss at parameters x.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 2.2: f is the mean cross entropy
over a whole set. It must be deterministic, so dropout is off, and the batches are fixed
(see `sharpminima.regimes.batches`). What batch normalisation does is a choice:

- `batch`: the moments of each evaluation batch, as the authors' networks did (Keras 1,
  `BatchNormalization(mode=2)`) in batches of 5000;
- `moving`: the moving averages that training left in the checkpoint;
- `recalibrated`: the moments averaged over the batches of the training set, computed
  anew at every x; the gradient takes their dependence on x into account.

Losses are summed in float64.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.cost import NOTHING, Work
from sharpminima.data.datasets import Dataset
from sharpminima.loss import compiled
from sharpminima.loss.compiled import Evaluator
from sharpminima.networks.layers import layers_of
from sharpminima.regimes import batches

# In which networks may be trained, and are never measured.
MIXED = "mixed_bfloat16"
POLICIES = ("batch", "moving", "recalibrated")


@keras.saving.register_keras_serializable("sharpminima")
class BatchMoments(keras.layers.BatchNormalization):
    """Batch normalisation by the moments of the batch at hand, in evaluation too."""

    def call(self, inputs, training=None, mask=None):
        """Normalise `inputs`; at momentum 0 the updated state is the batch moments."""
        return super().call(inputs, training=True, mask=mask)


@dataclass(frozen=True)
class Split:
    """One set on the device, and the indices of each of its evaluation batches."""

    x: object
    y: object
    cuts: list

    @classmethod
    def on_device(cls, split: str, x, y, batch_size: int) -> "Split":
        """Cut the set called `split` into batches of at most `batch_size`."""
        cuts = batches.evaluation_batches(split, len(x), batch_size)
        cuts = [backend.to_device(cut.astype(np.int32)) for cut in cuts]
        return cls(backend.to_device(x), backend.to_device(y), cuts)

    def __len__(self):
        return len(self.x)

    def batches(self):
        """Yield each batch, as an `Evaluator` takes it, and its share of the set."""
        for cut in self.cuts:
            yield (self.x, self.y, cut), len(cut) / len(self)


class EvaluationNetwork:
    """The loss of one network on one dataset as a function of its flat parameters.

    `work` counts the examples that it has seen so far, and the gradients.

    Args:
        model: The network as it was trained; its statistics serve the `moving` policy.
        dataset: Both sets, wherever they lie.
        batch_norm: One of `POLICIES`.
        batch_size: Largest number of examples evaluated at a time.

    Raises:
        ValueError: If the policy is unknown, or cannot reach a batch normalisation.
    """

    def __init__(self, model, dataset: Dataset, *, batch_norm: str, batch_size: int):
        if batch_norm not in POLICIES:
            raise ValueError(
                f"`batch_norm` must be one of {POLICIES}. Received: {batch_norm!r}"
            )
        self._policy = batch_norm
        self.work = NOTHING
        self._sets = {
            split: Split.on_device(split, x, y, batch_size)
            for split, x, y in (
                ("train", dataset.x_train, dataset.y_train),
                ("test", dataset.x_test, dataset.y_test),
            )
        }
        self._model = model
        by_moments = _copy(model, batch_moments=True)
        if batch_norm != "moving":
            _require_batch_moments(by_moments)
        self._moments = Evaluator(by_moments)
        if batch_norm == "batch":
            self._losses = self._moments
        else:
            self._losses = Evaluator(_copy(model, batch_moments=False))

    def moving_averages(self) -> list[np.ndarray]:
        """Return the moving averages of the model as it is now."""
        return [value for _, value in compiled.statistics(self._model)]

    def loss_and_accuracy(self, x, split: str, moving=None) -> tuple[float, float]:
        """Return mean loss (nats per example) and accuracy (percent) at `x`.

        Args:
            x: Parameters, shape `(n,)`, an array or on the device.
            split: `train` or `test`.
            moving: Moving averages for the `moving` policy; by default the model's.
        """
        x, examples = compiled.vector(x), len(self._sets[split])
        statistics = self._statistics(x, moving)
        found = [
            self._losses.loss(x, statistics, batch)
            for batch, _ in self._sets[split].batches()
        ]
        # Numbers leave the device when all batches are under way.
        loss, correct = (sum(map(float, column)) for column in zip(*found))
        self.work += Work(forward_examples=examples)
        return loss / examples, 100.0 * correct / examples

    def measures(self, x, moving=None) -> dict[str, float]:
        """Return loss (nats per example) and accuracy (percent) of both sets at `x`."""
        row = {}
        for split in self._sets:
            loss, accuracy = self.loss_and_accuracy(x, split, moving)
            row |= {f"{split}_loss": loss, f"{split}_accuracy": accuracy}
        return row

    def between(self, start, end) -> Callable[..., dict[str, float]]:
        """Return the measures at `a start + b end` as a function of `a` and `b`.

        Both vectors stay on the device: only numbers go there and come back.

        Args:
            start: Parameters, shape `(n,)`.
            end: Parameters, shape `(n,)`.

        Raises:
            ValueError: If `start` and `end` differ in shape.
        """
        if start.shape != end.shape:
            raise ValueError(
                "`start` and `end` must have the same shape. "
                f"Received: start.shape={start.shape}, end.shape={end.shape}"
            )
        ends = compiled.vector(start), compiled.vector(end)
        mixed = backend.compiled(lambda a, b, start, end: a * start + b * end)

        def measures(a: float, b: float, moving=None):
            return self.measures(mixed(*_floatx([a, b]), *ends), moving)

        return measures

    def loss_and_gradient(self, x) -> tuple[float, np.ndarray]:
        """Return the mean training loss at `x` and its gradient, float64 `(n,)`."""
        loss, _, gradient = self.loss_accuracy_and_gradient(x)
        return loss, gradient

    def loss_accuracy_and_gradient(self, x) -> tuple[float, float, np.ndarray]:
        """Return mean training loss, accuracy (percent) and gradient, in one pass.

        Args:
            x: Parameters, shape `(n,)`.
        """
        x = compiled.vector(x)
        statistics, examples = self._statistics(x), len(self._sets["train"])
        loss, correct, gradient = 0.0, 0, np.zeros(x.shape)
        by_statistics = [np.zeros(s.shape) for s in statistics]
        for batch, _ in self._sets["train"].batches():
            part, hits, by_x, by_s = self._losses.loss_and_gradient(
                x, statistics, batch
            )
            loss, correct = loss + part / examples, correct + hits
            gradient += by_x.astype(np.float64) / examples
            for total, term in zip(by_statistics, by_s, strict=True):
                total += term / examples
        self.work += Work(gradient_evaluations=1, gradient_examples=examples)
        if self._policy == "recalibrated":
            gradient += self._gradient_through_moments(x, by_statistics)
        return loss, 100.0 * correct / examples, gradient

    def interpolated_averages(self, start, end, alpha: float) -> list[np.ndarray]:
        """Return moving averages on the straight line between those of two models.

        Beyond the two ends a variance could become negative; it stops at zero.

        Args:
            start: `moving_averages` of the model at alpha 0.
            end: The same at alpha 1.
            alpha: Position on the line.
        """
        names = [name for name, _ in self._losses.statistics()]
        return [
            np.maximum(mix, 0.0) if name == "moving_variance" else mix
            for name, mix in zip(
                names, (alpha * b + (1.0 - alpha) * a for a, b in zip(start, end))
            )
        ]

    def _gradient_through_moments(self, x, by_statistics):
        """Return `(d statistics / dx)^T (df / d statistics)`, the chain rule's rest."""
        gradient = np.zeros(x.shape)
        for batch, share in self._sets["train"].batches():
            weights = _floatx(share * part for part in by_statistics)
            term = self._moments.moments_gradient(x, batch, weights)
            gradient += term.astype(np.float64)
        self.work += Work(gradient_examples=len(self._sets["train"]))
        return gradient

    def _statistics(self, x, moving=None):
        if self._policy == "recalibrated":
            return self._recalibrated(x)
        return self.moving_averages() if moving is None else moving

    def _recalibrated(self, x):
        """Return the batch moments at `x`, averaged over the training set."""
        means = None
        for batch, share in self._sets["train"].batches():
            moments = self._moments.moments(x, batch)
            terms = [share * m.astype(np.float64) for m in moments]
            means = terms if means is None else [a + b for a, b in zip(means, terms)]
        self.work += Work(forward_examples=len(self._sets["train"]))
        return _floatx(means)


def _floatx(arrays):
    return [np.asarray(array, keras.config.floatx()) for array in arrays]


def _copy(model, *, batch_moments):
    """Return a copy of `model` in full precision, in whatever it was trained.

    With `batch_moments`, its batch normalisation uses them always.
    """
    mixed = keras.dtype_policies.DTypePolicy(MIXED)

    def replaced(layer):
        if hasattr(layer, "layers"):
            return _copy(layer, batch_moments=batch_moments)
        config = layer.get_config()
        if getattr(layer, "dtype_policy", None) == mixed:
            config["dtype"] = keras.config.floatx()
        if batch_moments and type(layer) is keras.layers.BatchNormalization:
            return BatchMoments.from_config({**config, "momentum": 0.0})
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(model, clone_function=replaced)
    copy.set_weights(model.get_weights())
    return copy


def _require_batch_moments(network):
    """Refuse a batch normalisation that would go on using its moving averages."""
    replaced = [la for la in layers_of(network) if isinstance(la, BatchMoments)]
    reached = {id(v) for layer in replaced for v in layer.variables}
    for variable in network.non_trainable_variables:
        if variable.name == "moving_variance" and id(variable) not in reached:
            raise ValueError(
                "Batch normalisation must be a BatchNormalization layer of the model, "
                "no subclass of it and not inside another layer, unless "
                f"`evaluation.batch_norm` is moving. Received: {variable.path}"
            )
