"""When training ends: "until the loss function ceased to improve" (section 2).

The paper gives no tolerance. The rule here is the same for every regime and looks at
the mean training loss of each epoch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class StoppingRule:
    """Stop when the loss has ceased to improve, or is as good as zero.

    A purely relative rule would never stop LB, whose loss falls by a few percent an
    epoch for ever; hence the floor.

    Attributes:
        patience: Epochs that are given to find an improvement.
        relative_improvement: How far the best of them must be below the best loss
            before, as a share of it.
        loss_floor: Training loss, nats per example, under which nothing is gained.
        min_epochs: No stop before this epoch.
        max_epochs: Always a stop at this epoch.
    """

    patience: int
    relative_improvement: float
    loss_floor: float
    min_epochs: int
    max_epochs: int

    def reason(self, losses: Sequence[float]) -> str | None:
        """Return why training ends after these epochs' mean losses, or None.

        Returns:
            `diverged` (the loss is not finite), `floor`, `ceased` or `max_epochs`.
        """
        if not math.isfinite(losses[-1]):
            return "diverged"
        if len(losses) >= self.min_epochs:
            if min(losses[-self.patience :]) < self.loss_floor:
                return "floor"
            if self._ceased(losses):
                return "ceased"
        return "max_epochs" if len(losses) >= self.max_epochs else None

    def _ceased(self, losses):
        before, recent = losses[: -self.patience], losses[-self.patience :]
        target = 1.0 - self.relative_improvement
        return bool(before) and min(recent) > target * min(before)
