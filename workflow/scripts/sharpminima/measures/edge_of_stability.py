"""Curvature during training, beside the largest that the optimizer bears.

On a quadratic with the largest curvature c, gradient descent with learning rate eta
diverges once c is above 2 / eta. Training often drives the curvature up to this
threshold and then stays there (Cohen et al. 2021, arXiv:2103.00065). An optimizer that
divides by a preconditioner P is as stable as gradient descent on P^-1/2 H P^-1/2
(Cohen et al. 2022, arXiv:2207.14484). Here this is measured at kept iterates. Knows
nothing of Keras.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from sharpminima import streams
from sharpminima.jobs import unfinished
from sharpminima.measures.lanczos import converged, eigenpair, lanczos
from sharpminima.measures.planned import Planned

# The step that raises the loss is first bracketed by doubling and halving, at most so
# many times, and then found to this share of itself.
BRACKETS, PRECISION = 40, 1.0 / 16.0
# Evaluations that this takes from a learning rate that is not far off.
OF_CRITICAL = 8
# A spread of fewer batches says little of the error of their mean.
LEAST_BATCHES = 10


def measure(
    loss,
    iterates: Iterable[tuple],
    settings: Mapping,
    seed: int,
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield the row of each iterate; one without a finite loss has no values.

    Args:
        loss: A `MeasuredLoss`.
        iterates: Epoch, `Point`, `Optimizer` and batch size of each, in any order.
        settings: See `Study.edge_of_stability`.
        seed: The run's seed. It names the batches that are drawn.
        step: Measures an iterate, or knows its row (see `unfinished.Steps`).

    Yields:
        `epoch`, `optimizer`, `iterations` (updates so far), `learning_rate`,
        `train_loss` (nats per example), and

        - `eigenvalue`, the largest one of the Hessian, and its `residual`;
        - `preconditioned_eigenvalue` and `preconditioned_residual`, for optimizers with
          a preconditioner;
        - `batch_sharpness` and `batch_sharpness_error`, for SGD;
        - `critical_sharpness`;
        - `threshold`, up to which the (preconditioned) curvature is stable, and
          `critical_threshold`, which is 2 / learning_rate.
    """
    for epoch, point, optimizer, size in iterates:
        named = seed, epoch
        row = step(partial(_reached, loss, point, optimizer))
        if np.isfinite(row["train_loss"]):
            hessian = loss.products(point).hessian
            # Step 1: the largest eigenvalue of H, and of P^-1/2 H P^-1/2.
            given = len(point.parameters), settings, named, step
            row |= _largest("", hessian, *given)
            if (diagonal := optimizer.preconditioner) is not None:
                root = np.sqrt(diagonal)
                scaled = partial(_scaled, hessian, root)
                row |= _largest("preconditioned_", scaled, *given)
            # Step 2: the curvature that SGD's own batches see.
            if optimizer.values["optimizer"] == "sgd":
                along = loss.curvature_along_gradients(point)
                rng = streams.generator("batches of batch sharpness", *named)
                row |= step(
                    partial(batch_sharpness, along, loss.examples, size, rng, settings)
                )
            # Step 3: the smallest step of the next update's direction that raises f.
            row |= step(partial(_critical, loss, point, optimizer, hessian))
        logging.info("%s", {"epoch": epoch, **row})
        yield {"epoch": epoch, **row}


def _reached(loss, point, optimizer):
    """Return where an iterate is, and what its optimizer bears there."""
    before, _ = loss.loss_and_accuracy(point, "train")
    rate = float(optimizer.state["learning_rate"])
    return {
        "optimizer": optimizer.values["optimizer"],
        "iterations": float(optimizer.state["iterations"]),
        "learning_rate": rate,
        "train_loss": before if np.isfinite(before) else np.nan,
        "threshold": float(optimizer.threshold),
        "critical_threshold": _over(2.0, rate),
    }


def _largest(name, product, n, settings, named, step):
    """Return the largest eigenvalue of a matrix and its residual, with their names."""
    krylov = lanczos(
        product,
        n,
        streams.generator("lanczos along training", *named),
        most=settings["products"],
        enough=partial(converged, settings["tolerance"], [-1]),
        step=step,
    )
    top = step(lambda: eigenpair(product, krylov.vector(-1)))
    return {f"{name}eigenvalue": top["eigenvalue"], f"{name}residual": top["residual"]}


def _scaled(product, root, vector):
    """Return the product of P^-1/2 H P^-1/2 with a vector, from the root of P."""
    return product(vector / root) / root


def _critical(loss, point, optimizer, hessian):
    """Return the critical sharpness of an iterate along its optimizer's next update."""
    _, _, gradient = loss.loss_accuracy_and_gradient(point)
    direction = optimizer.direction(gradient.astype(np.float64))

    def after(eta):
        moved = replace(point, parameters=point.parameters + eta * direction)
        return loss.loss_and_accuracy(moved, "train")[0]

    # The search begins where a quadratic would have the answer.
    curved = direction @ hessian(direction)
    near = -2.0 * (gradient @ direction) / curved if curved > 0 else 0.0
    rate = float(optimizer.state["learning_rate"])
    return critical_sharpness(after, near if near > 0 else rate or 1.0)


def _over(value, rate):
    """Return `value / rate`: an optimizer that stands still bears any curvature."""
    return value / rate if rate else np.inf


@dataclass(frozen=True)
class Optimizer:
    """An optimizer at an iterate: its formulas, with the state that it has there.

    The formulas are those of Keras, with its epsilons and its corrections of bias.

    Attributes:
        values: `optimizer` (its name) and its values, as `regimes.optimizers` has them.
        state: What `networks.iterates.optimizer_state` returned.
    """

    values: Mapping
    state: Mapping

    @property
    def threshold(self) -> float:
        """The largest curvature at which a step on a quadratic is stable.

        By it the preconditioned curvature is judged (Cohen et al. 2022, section 2). For
        ADAM this is (2 + 2 beta_1) / ((1 - beta_1) eta), or 38 / eta at the defaults.
        """
        rate, values = self.state["learning_rate"], self.values
        if self.values["optimizer"] == "adam":
            beta = values["beta_1"]
            return _over((2.0 + 2.0 * beta) / (1.0 - beta), rate)
        # Momentum bears more curvature than none, and Nesterov's less than either.
        beta = values.get("momentum", 0.0)
        slower = 1.0 + 2.0 * beta if values.get("nesterov") else 1.0
        return _over((2.0 + 2.0 * beta) / slower, rate)

    @property
    def preconditioner(self) -> np.ndarray | None:
        """The diagonal of P, shape `(n,)`.

        None if the optimizer has none, or has not made an update yet.
        """
        made, values = self.state["iterations"], self.values
        if made == 0 or values["optimizer"] == "sgd":
            return None
        if values["optimizer"] == "adagrad":
            return np.sqrt(self.state["accumulator"] + values["epsilon"])
        return _of_adam(self.state["velocity"], values, made)

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return the next update per unit of the learning rate, shape `(n,)`.

        Without weight decay: it is no part of the loss.

        Args:
            gradient: The gradient that the optimizer sees, shape `(n,)`.
        """
        values, state, rate = self.values, self.state, self.state["learning_rate"]
        if values["optimizer"] == "adam":
            first, second = values["beta_1"], values["beta_2"]
            mean = first * state["momentum"] + (1.0 - first) * gradient
            square = second * state["velocity"] + (1.0 - second) * gradient**2
            return -mean / _of_adam(square, values, state["iterations"] + 1)
        if values["optimizer"] == "adagrad":
            root = np.sqrt(state["accumulator"] + gradient**2 + values["epsilon"])
            return -gradient / root
        # Keras' velocity holds the learning rate, so without a rate it says nothing.
        if "momentum" not in state or not rate:
            return -gradient
        velocity = values["momentum"] * state["momentum"] / rate - gradient
        if values["nesterov"]:
            return values["momentum"] * velocity - gradient
        return velocity


def _of_adam(second_moments, values, made):
    """Return ADAM's preconditioner after `made` updates.

    An update is -eta m / P, with the corrections of both moments in P.
    """
    first = 1.0 - values["beta_1"] ** made
    root = np.sqrt(second_moments / (1.0 - values["beta_2"] ** made))
    # Keras adds its epsilon before it corrects the second moment.
    return first * (root + values["epsilon"] / np.sqrt(1.0 - values["beta_2"] ** made))


def batch_sharpness(
    curvature_along: Callable[[np.ndarray], tuple[float, float]],
    examples: int,
    size: int,
    rng: np.random.Generator,
    settings: Mapping,
) -> dict:
    """Return the batch sharpness of a point: the curvature that SGD's own steps see.

        E_B[g_B^T H_B g_B] / E_B[|g_B|^2],

    with gradient g_B and Hessian H_B of a random batch B. For SGD it settles at 2 / eta
    (Andreyev and Beneventano 2024, arXiv:2412.20553).

    Args:
        curvature_along: Maps the indices of a batch to g_B^T H_B g_B and |g_B|^2.
        examples: Size of the training set.
        size: Size of a batch.
        rng: Draws batches.
        settings: Draws `batches` of them at most, and no more once the standard error
            is the share `relative_error` of the value.

    Returns:
        `batch_sharpness`, its `batch_sharpness_error` (a standard error, by the delta
        method), and the number of `batches`.
    """
    found = []
    for _ in range(settings["batches"]):
        indices = rng.choice(examples, size, replace=False)
        found.append(curvature_along(indices))
        curved, squared = np.transpose(found)
        # The ratio of the means: a mean of ratios would weigh small gradients like
        # large ones.
        ratio = curved.mean() / squared.mean()
        error = np.inf
        if len(found) >= LEAST_BATCHES:
            spread = np.std(curved - ratio * squared, ddof=1)
            error = spread / squared.mean() / np.sqrt(len(found))
        if error <= settings["relative_error"] * abs(ratio):
            break
    return {
        "batch_sharpness": float(ratio),
        "batch_sharpness_error": float(error),
        "batches": len(found),
    }


def critical_sharpness(loss: Callable[[float], float], rate: float) -> dict:
    """Return 2 / eta_c: eta_c is the smallest learning rate whose step raises the loss.

    On a quadratic with gradient g and Hessian H this is d^T H d / (g^T d) for the step
    eta d. Source: arXiv:2601.16979. Where the loss crosses its value more than once on
    the way, this is the first crossing between two tried rates.

    Args:
        loss: Maps a learning rate to the loss after the step.
        rate: Where the search begins, such as the learning rate in use.

    Returns:
        `critical_sharpness`, to one part in 16, and the `evaluations` of the loss. NaN
        if the smallest rate tried still raises the loss, or the largest does not.
    """
    before, evaluations = loss(0.0), 1

    def raises(eta):
        nonlocal evaluations
        evaluations += 1
        after = loss(eta)
        return not after <= before  # also where it is no number

    # Step 1: double or halve until the loss is raised at `high`, and not at `low`.
    low, high = 0.0, np.inf
    eta = rate
    for _ in range(BRACKETS):
        if raises(eta):
            high, eta = eta, eta / 2.0
        else:
            low, eta = eta, eta * 2.0
        if low and np.isfinite(high):
            break
    else:
        return {"critical_sharpness": np.nan, "evaluations": evaluations}
    # Step 2: halve the interval.
    while high - low > PRECISION * low:
        middle = (low + high) / 2.0
        low, high = (low, middle) if raises(middle) else (middle, high)
    return {"critical_sharpness": 4.0 / (low + high), "evaluations": evaluations}


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring the kept iterates of one run evaluates at most."""
    iterates, settings = len(config["iterates"]["epochs"]), config["edge_of_stability"]
    products = settings["products"] + 1
    return Planned(
        gradients=iterates,
        train_losses=iterates * (1 + OF_CRITICAL),
        hessian_products=2 * iterates * products,
        vectors=settings["products"],
    )
