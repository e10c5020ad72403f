"""The function f(x) that is measured: the network's mean loss at parameters x.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 2.2: f is the mean cross entropy
over a whole set. It must be deterministic, so dropout is off, and the batches are fixed
(see `sharpminima.batches`). What batch normalisation does is a choice:

- `batch`: the moments of each evaluation batch, as the authors' networks did (Keras 1,
  `BatchNormalization(mode=2)`) in batches of 5000;
- `moving`: the moving averages that training left in the checkpoint;
- `recalibrated`: the moments averaged over the batches of the training set, computed
  anew at every x; the gradient takes their dependence on x into account.

Losses are summed in float64.
"""

from dataclasses import dataclass

import numpy as np

from sharpminima import backend, batches
from sharpminima.backend import keras
from sharpminima.cost import NOTHING, Work
from sharpminima.datasets import Dataset
from sharpminima.evaluator import Evaluator, statistics
from sharpminima.networks import layers_of

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
class Batch:
    """One evaluation batch on the device and its share of the set."""

    inputs: object
    labels: object
    share: float


class EvaluationNetwork:
    """The loss of one network on one dataset as a function of its flat parameters.

    `work` counts the examples that it has seen so far, and the gradients.

    Args:
        model: The network as it was trained; its statistics serve the `moving` policy.
        dataset: The arrays of both sets.
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
            split: _on_device(split, x, y, batch_size)
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
        return [value for _, value in statistics(self._model)]

    def loss_and_accuracy(self, x, split: str, moving=None) -> tuple[float, float]:
        """Return mean loss (nats per example) and accuracy (percent) at `x`.

        Args:
            x: Parameters, shape `(n,)`.
            split: `train` or `test`.
            moving: Moving averages for the `moving` policy; by default the model's.
        """
        statistics = self._statistics(x, moving)
        loss, correct, examples = 0.0, 0, 0
        for batch in self._sets[split]:
            batch_loss, batch_correct = self._losses.loss(
                x, statistics, batch.inputs, batch.labels
            )
            loss, correct = loss + batch_loss, correct + batch_correct
            examples += len(batch.labels)
        self.work += Work(forward_examples=examples)
        return loss / examples, 100.0 * correct / examples

    def measures(self, x, moving=None) -> dict[str, float]:
        """Return loss (nats per example) and accuracy (percent) of both sets at `x`."""
        row = {}
        for split in self._sets:
            loss, accuracy = self.loss_and_accuracy(x, split, moving)
            row |= {f"{split}_loss": loss, f"{split}_accuracy": accuracy}
        return row

    def loss_and_gradient(self, x) -> tuple[float, np.ndarray]:
        """Return the mean training loss at `x` and its gradient, float64 `(n,)`."""
        statistics = self._statistics(x)
        loss, gradient = 0.0, np.zeros(len(x))
        by_statistics = [np.zeros(s.shape) for s in statistics]
        examples = sum(len(batch.labels) for batch in self._sets["train"])
        for batch in self._sets["train"]:
            part, by_x, by_s = self._losses.loss_and_gradient(
                x, statistics, batch.inputs, batch.labels
            )
            loss += part / examples
            gradient += by_x.astype(np.float64) / examples
            for total, term in zip(by_statistics, by_s, strict=True):
                total += term / examples
        self.work += Work(gradient_evaluations=1, gradient_examples=examples)
        if self._policy == "recalibrated":
            gradient += self._gradient_through_moments(x, by_statistics)
        return loss, gradient

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
        gradient = np.zeros(len(x))
        for batch in self._sets["train"]:
            weights = _floatx(batch.share * part for part in by_statistics)
            term = self._moments.moments_gradient(x, batch.inputs, weights)
            gradient += term.astype(np.float64)
            self.work += Work(gradient_examples=len(batch.labels))
        return gradient

    def _statistics(self, x, moving=None):
        if self._policy == "recalibrated":
            return self._recalibrated(x)
        return self.moving_averages() if moving is None else moving

    def _recalibrated(self, x):
        """Return the batch moments at `x`, averaged over the training set."""
        means = None
        for batch in self._sets["train"]:
            moments = self._moments.moments(x, batch.inputs)
            self.work += Work(forward_examples=len(batch.labels))
            terms = [batch.share * m.astype(np.float64) for m in moments]
            means = terms if means is None else [a + b for a, b in zip(means, terms)]
        return _floatx(means)


def _floatx(arrays):
    return [np.asarray(array, keras.config.floatx()) for array in arrays]


def _on_device(split, x, y, batch_size):
    cut = batches.evaluation_batches(split, len(x), batch_size)
    return [
        Batch(backend.to_device(x[i]), backend.to_device(y[i]), len(i) / len(x))
        for i in cut
    ]


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
