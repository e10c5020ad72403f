"""When training ends: "until the loss function ceased to improve" (section 2).

The paper states no tolerance. Our rule reads the mean training loss of each epoch and
is the same for every regime.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class StoppingRule:
    """Stop when the loss has ceased to improve, or is nearly zero.

    A relative rule alone would never stop LB, whose loss keeps falling by a few percent
    an epoch. So there is a floor as well.

    Attributes:
        patience: Number of the last epochs among which an improvement must be found.
        relative_improvement: How far their best loss must be below the best loss before
            them, as a share of that loss.
        loss_floor: Training loss, in nats per example, that counts as zero.
        min_epochs: Training does not stop before this epoch.
        max_epochs: Training always stops at this epoch.
    """

    patience: int
    relative_improvement: float
    loss_floor: float
    min_epochs: int
    max_epochs: int

    def reason(self, losses: Sequence[float]) -> str | None:
        """Return why training ends after these epochs, or None if it goes on.

        Args:
            losses: Mean training loss of each epoch so far.

        Returns:
            `diverged` (the loss is not finite), `floor`, `ceased` or `max_epochs`.
        """
        if not math.isfinite(losses[-1]):
            return "diverged"
        if len(losses) >= self.min_epochs:
            # Compare the best of the last `patience` epochs with the best before them:
            # single epochs of SB are noisy.
            before, recent = losses[: -self.patience], losses[-self.patience :]
            if min(recent) < self.loss_floor:
                return "floor"
            target = 1.0 - self.relative_improvement
            if before and min(recent) > target * min(before):
                return "ceased"
        return "max_epochs" if len(losses) >= self.max_epochs else None
