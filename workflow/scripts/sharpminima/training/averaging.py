"""Weight averaging: a run ends at the mean of the weights after its last epochs.

Source: Kaddour 2022, "Stop Wasting My Time! Saving Days of ImageNet and BERT Training
with Latest Weight Averaging" (arXiv:2209.14981), known as LAWA; only its abstract was
read. With x_t the weights after epoch t of T,

    x = 1/k (x_{T-k+1} + ... + x_T).

Moving averages of batch normalisation belong to single weights, and not to their mean.
So they become the moments of the training set at x, as in Izmailov et al. 2018
(arXiv:1803.05407), recalled, who average weights in another way.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import averages_of, point_of
from sharpminima.storage.rows import DIVERGED
from sharpminima.training.progress import Progress


def averaged(
    history: Iterable[Mapping],
    model,
    measured: MeasuredLoss,
    progress: Progress,
    *,
    last_epochs: int,
) -> Iterator[Mapping]:
    """Yield the rows of `history`; then move `model` to the mean of its last weights.

    The rows are of the weights as trained, and so are iterates that are kept on the
    way. A run that diverged stays where it is.

    Args:
        history: Rows of epochs. Taking the next one trains `model` for an epoch.
        model: The network that trains.
        measured: The measured loss of `model`.
        progress: What the run has done. It keeps the last weights.
        last_epochs: The number k of epochs. All count if the run has fewer.
    """
    # Made before training starts: it refuses a network that it cannot normalise.
    moments_at = measured.training_moments()
    for row in history:
        weights = [variable.numpy() for variable in model.trainable_variables]
        progress.last_weights = [*progress.last_weights, weights][-last_epochs:]
        yield row
    if row["status"] == DIVERGED:
        return
    # A network holds float32, so the mean is rounded once, when it is assigned.
    weights = zip(*progress.last_weights)
    for variable, values in zip(model.trainable_variables, weights):
        variable.assign(np.mean(values, axis=0, dtype=np.float64))
    for variable, value in zip(averages_of(model), moments_at(point_of(model))):
        variable.assign(value)
