"""The function f(x) that is measured: a network's mean loss at parameters x.

Source: Keskar et al. 2017 (arXiv:1609.04836), sections 1 and 2.2: f is the mean cross
entropy over a whole set. It must be deterministic: dropout is off, and the evaluation
batches are fixed (see `sharpminima.regimes.batches`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, mul

import numpy as np

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.jobs.cost import NOTHING, Work
from sharpminima.loss import batch_norm as policies
from sharpminima.loss.compiled import CompiledNetwork, vector_to_device
from sharpminima.loss.products import Products
from sharpminima.networks import repeatable
from sharpminima.networks.parameters import Point
from sharpminima.regimes import batches

TRIED = 64  # examples on which a network is tried


@dataclass(frozen=True)
class ExampleSet:
    """One set on the device, and the indices of each of its evaluation batches."""

    x: object
    y: object
    cuts: list

    @classmethod
    def cut(cls, split: str, x, y, batch_size: int) -> "ExampleSet":
        """Cut the set called `split` into batches of at most `batch_size`."""
        cuts = batches.evaluation_batches(split, len(x), batch_size)
        cuts = [backend.to_device(cut.astype(np.int32)) for cut in cuts]
        # Labels may come in any integer type. Cast inside the compiled program, a byte
        # would alter how JAX rounds.
        y = keras.ops.cast(backend.to_device(y), "int32")
        return cls(backend.to_device(x), y, cuts)

    def __len__(self):
        return len(self.x)

    def batches(self):
        """Yield each batch B, as a `CompiledNetwork` takes it, and its share w_B."""
        for cut in self.cuts:
            yield (self.x, self.y, cut), len(cut) / len(self)


class MeasuredLoss:
    """The mean loss of one network on one dataset, as a function of a point.

    With N examples (a_i, b_i) in a set, logits h and cross entropy l, the empirical
    risk is

        f(x) = 1/N sum_i l(h(a_i; x, m), b_i).

    x are the parameters as one flat vector. m are the averages that batch normalisation
    uses: the point's own or others, as the policy says (see `loss.batch_norm`). Losses
    are summed in float64.

    `work` counts the examples and gradients computed so far. Nothing else
    changes between calls, and no method reads the model's weights.

    Args:
        model: The network. It is copied.
        dataset: Both sets, as arrays or on the device.
        batch_norm: One of `batch_norm.POLICIES`.
        batch_size: Largest number of examples evaluated at a time.

    Raises:
        ValueError: If the policy is unknown, or cannot reach a batch normalisation.
    """

    def __init__(self, model, dataset: Dataset, *, batch_norm: str, batch_size: int):
        if batch_norm not in policies.POLICIES:
            raise ValueError(
                f"`batch_norm` must be one of {policies.POLICIES}. "
                f"Received: {batch_norm!r}"
            )
        self.work = NOTHING
        self._model, self._recalibrates = model, batch_norm == "recalibrated"
        # Both sets go to the device once, for all evaluations.
        self._sets = {
            split: ExampleSet.cut(split, x, y, batch_size)
            for split, x, y in (
                ("train", dataset.x_train, dataset.y_train),
                ("test", dataset.x_test, dataset.y_test),
            )
        }
        # `recalibrated` evaluates as `moving` does, with other averages. A second copy,
        # which normalises by the moments of each batch, computes these averages.
        by_moments = batch_norm == "batch"
        self._network = CompiledNetwork(
            policies.copy_of(model, batch_moments=by_moments)
        )
        self._moments = self._network if by_moments else None
        if self._recalibrates:
            self._moments = CompiledNetwork(policies.copy_of(model, batch_moments=True))

    @property
    def examples(self) -> int:
        """How many examples the training set has."""
        return len(self._sets["train"])

    def loss_and_accuracy(self, point: Point, split: str) -> tuple[float, float]:
        """Return mean loss (nats per example) and accuracy (percent) at `point`.

        Args:
            point: Its parameters may lie on the device.
            split: `train` or `test`.
        """
        x, examples = vector_to_device(point.parameters), len(self._sets[split])
        averages = self._averages(x, point.averages)
        found = [
            self._network.loss(x, averages, batch)
            for batch, _ in self._sets[split].batches()
        ]
        # Reading a number waits for the device, so it comes after the last batch.
        loss, correct = (sum(map(float, column)) for column in zip(*found))
        self.work += Work(forward_examples=examples)
        return loss / examples, 100.0 * correct / examples

    def check(self, point: Point) -> None:
        """Refuse a network that is no function: see `networks.repeatable`.

        It is evaluated on a few training examples, which `work` does not count.

        Args:
            point: Where the network is.

        Raises:
            ValueError: If evaluations at `point` differ.
        """
        examples = self._sets["train"]
        few = np.asarray(examples.cuts[0])[:TRIED]
        x = vector_to_device(point.parameters)

        def logits(indices):
            batch = examples.x, examples.y, backend.to_device(few[indices])
            return self._network.logits(x, point.averages, batch)

        repeatable.check(
            *(logits, len(few)),
            where=f"network {self._model.name}",
            batches_matter=self._moments is self._network,
        )

    def measures(self, point: Point) -> dict[str, float]:
        """Return loss (nats per example) and accuracy (percent) of both sets."""
        row = {}
        for split in self._sets:
            loss, accuracy = self.loss_and_accuracy(point, split)
            row |= {f"{split}_loss": loss, f"{split}_accuracy": accuracy}
        return row

    def loss_accuracy_and_gradient(self, point: Point):
        """Return mean training loss, accuracy (percent) and gradient, in one pass.

        The gradient is by the parameters, a vector of shape `(n,)` in the precision in
        which the network computes. It is summed in float64.
        """
        x = vector_to_device(point.parameters)
        averages = self._averages(x, point.averages)
        loss, accuracy, gradient, by_averages = self._gradients(x, averages)
        # Where m depends on x: df/dx + (dm/dx)^T (df/dm), the chain rule.
        if self._recalibrates:
            gradient += policies.gradient_through_moments(
                self._moments,
                x,
                point.averages,
                self._sets["train"].batches(),
                by_averages,
            )
            self.work += Work(gradient_examples=len(self._sets["train"]))
        return loss, accuracy, gradient.astype(keras.config.floatx())

    def products(self, point: Point) -> Products:
        """Return the products of second derivatives at `point` with vectors.

        They are those of the training loss by the parameters. Each call of them counts
        as work.
        """
        x = vector_to_device(point.parameters)
        averages, by_averages = self._averages(x, point.averages), None
        if self._recalibrates:
            *_, by_averages = self._gradients(x, averages)
        return Products(
            self._network,
            self._moments if self._recalibrates else None,
            self._sets["train"],
            point,
            averages=averages,
            by_averages=by_averages,
            meter=self,
        )

    def curvature_along_gradients(self, point: Point) -> Callable:
        """Return a function: what SGD's own batches see at `point`.

        It maps the indices of a batch B of training examples to `g^T H g` and `|g|^2`,
        with g and H the gradient and the Hessian of the mean loss of B. Batch
        normalisation takes the moments of B, as in training, whatever the policy here
        is. Dropout is off.

        Raises:
            ValueError: If a batch normalisation cannot be reached.
        """
        network, examples = self._by_moments(), self._sets["train"]
        x, averages = vector_to_device(point.parameters), point.averages
        fixed = [np.zeros_like(average) for average in averages]

        def along_gradient(indices):
            batch = examples.x, examples.y, backend.to_device(indices.astype(np.int32))
            _, _, by_x, _ = network.loss_and_gradients(x, averages, batch)
            gradient, seen = by_x / len(indices), len(indices)
            along = vector_to_device(gradient), fixed
            product, _ = network.hessian_product(x, averages, batch, along)
            # A gradient, and as much again twice for its change along itself.
            self.work += Work(gradient_evaluations=1, gradient_examples=3 * seen)
            gradient = gradient.astype(np.float64)
            return gradient @ product / seen, gradient @ gradient

        return along_gradient

    def _gradients(self, x, averages):
        """Return loss, accuracy (percent), df/dx with m held fixed, and df/dm."""
        examples = len(self._sets["train"])
        loss, correct, gradient = 0.0, 0, np.zeros(x.shape)
        by_averages = [np.zeros(average.shape) for average in averages]
        # Sum over the batches, in float64.
        for batch, _ in self._sets["train"].batches():
            part, hits, by_x, by_parts = self._network.loss_and_gradients(
                x, averages, batch
            )
            loss, correct = loss + part / examples, correct + hits
            gradient += np.divide(by_x, examples, dtype=np.float64)
            for total, term in zip(by_averages, by_parts, strict=True):
                total += term / examples
        self.work += Work(gradient_evaluations=1, gradient_examples=examples)
        return loss, 100.0 * correct / examples, gradient, by_averages

    def moments(self, point: Point) -> list[np.ndarray]:
        """Return the means and variances that batch normalisation uses at `point`.

        They are in the order of its averages. Where each batch has its own, they are
        averaged over the batches of the training set.
        """
        if self._moments is None:
            return point.averages
        x = vector_to_device(point.parameters)
        return self._recalibrated(self._moments, x, point.averages)

    def largest_change_of_logits(self, start: Point, end: Point) -> float:
        """Return how far any logit of any training example differs between two points.

        NaN if any logit is NaN.
        """
        ends = [
            (vector_to_device(point.parameters), point.averages)
            for point in (start, end)
        ]
        ends = [(x, self._averages(x, averages)) for x, averages in ends]
        changes = []
        for batch, _ in self._sets["train"].batches():
            before, after = (self._network.logits(*point, batch) for point in ends)
            changes.append(np.abs(after - before).max())
        self.work += Work(forward_examples=2 * len(self._sets["train"]))
        return float(np.max(changes))

    def at_averages(self, averages: list[np.ndarray]) -> Callable:
        """Return f: it maps x, shape `(n,)`, to the training loss and its gradient.

        Args:
            averages: What batch normalisation uses. They stay fixed as x moves.
        """

        def loss_and_gradient(x):
            loss, _, gradient = self.loss_accuracy_and_gradient(Point(x, averages))
            return loss, gradient

        return loss_and_gradient

    def gradients_of_batches(self) -> Callable[..., Iterator[np.ndarray]]:
        """Return a function of a `Point` and of batches, which are arrays of indices.

        It yields the gradient of each batch's mean loss, shape `(n,)`. Batch
        normalisation takes the moments of that batch, as in training, whatever the
        policy here is. Dropout is off. All batches of a call count as one gradient.

        Raises:
            ValueError: If a batch normalisation cannot be reached.
        """
        network, examples = self._by_moments(), self._sets["train"]

        def gradients(point, batches):
            x, seen = vector_to_device(point.parameters), 0
            for indices in batches:
                cut = backend.to_device(indices.astype(np.int32))
                batch = examples.x, examples.y, cut
                _, _, by_x, _ = network.loss_and_gradients(x, point.averages, batch)
                seen += len(indices)
                yield by_x / len(indices)
            self.work += Work(gradient_evaluations=1, gradient_examples=seen)

        return gradients

    def training_moments(self) -> Callable[[Point], list[np.ndarray]]:
        """Return a function: the moments of the training set at a point.

        These are the averages of policy `recalibrated`, whatever the policy here is.

        Raises:
            ValueError: If a batch normalisation cannot be reached.
        """
        network = self._by_moments()
        return lambda point: self._recalibrated(
            network, vector_to_device(point.parameters), point.averages
        )

    def mixture(self, points: Sequence[Point]) -> Callable[..., dict[str, float]]:
        """Return the measures at a weighted sum of points, as a function of weights.

        The function takes the `weights` of the parameters, one for each point, and the
        `shares`, which are the weights of the averages. A variance that would become
        negative is zero. All vectors stay on the device: only numbers go there and come
        back.

        Args:
            points: Points, or directions: a direction's averages are how fast the
                averages change along it.

        Raises:
            ValueError: If points differ in the number of parameters.
        """
        if len(shapes := {point.parameters.shape for point in points}) > 1:
            raise ValueError(
                "All points must have as many parameters. "
                f"Received: shapes {', '.join(map(str, sorted(shapes)))}"
            )
        vectors = [vector_to_device(point.parameters) for point in points]
        summed = backend.compiled(
            lambda weights, vectors: reduce(add, map(mul, weights, vectors))
        )

        def measures(weights: Sequence[float], shares: Sequence[float]):
            numbers = [np.asarray(w, keras.config.floatx()) for w in weights]
            averages = policies.mixed(
                self._model, [point.averages for point in points], shares
            )
            return self.measures(Point(summed(numbers, vectors), averages))

        return measures

    def _by_moments(self):
        """Return a copy that normalises by the moments of each batch, compiled."""
        if self._moments:
            return self._moments
        return CompiledNetwork(policies.copy_of(self._model, batch_moments=True))

    def _averages(self, x, averages):
        """Return what batch normalisation computes with at x."""
        if not self._recalibrates:
            return averages
        return self._recalibrated(self._moments, x, averages)

    def _recalibrated(self, network, x, averages):
        """Return the moments of the training set at x, which `network` computes."""
        # The moving averages that training left do not enter, but frozen weights do.
        batches_of_training = self._sets["train"].batches()
        self.work += Work(forward_examples=len(self._sets["train"]))
        return policies.recalibrated(network, x, averages, batches_of_training)
