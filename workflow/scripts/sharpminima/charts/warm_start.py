"""What runs reach from iterates of another regime (the paper's Figure 5)."""

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.charts.runs_and_means import drawn, panel


def draw(rows: pd.DataFrame, first: str, second: str) -> alt.VConcatChart:
    """Return test accuracy above and sharpness below, of one network.

    The accuracy is shown for the iterates of the first regime, without the starting
    point, and for the runs from there. The sharpness is shown for the runs alone.
    Points are runs, and lines go through the means over the seeds, geometric ones for
    the sharpness.

    Args:
        rows: The table `warm_start_runs`, of one network.
        first: The regime of the iterates.
        second: The regime that begins with them.
    """
    epochs = f"epochs of {first} before {second}"
    x = alt.X("epoch:Q", title=epochs, axis=alt.Axis(tickMinStep=1))
    # The accuracy of an untrained network would stretch the axis.
    trained = rows[rows["epoch"] > 0]
    runs = {
        measure: drawn(rows, f"second_{measure}").assign(regime=second)
        for measure in style.Y_AXES
    }
    iterates = drawn(trained, "first_test_accuracy").assign(regime=first)
    runs["test_accuracy"] = pd.concat([iterates, runs["test_accuracy"]])
    keys, colour = ["epoch", "regime"], style.by_regime([first, second])
    panels = [panel(runs[m], m, keys, x, colour) for m in style.Y_AXES]
    note = style.not_drawn(rows["second_sharpness"])
    title = style.title(rows, f"{second} from iterates of {first}", note)
    return alt.vconcat(*panels).properties(title=title)
