"""What all charts share: colours, sizes, axes and titles.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart. An edit
here redraws every chart; an edit in a chart's own module redraws that chart.
"""

import altair as alt
import pandas as pd

from sharpminima.storage.rows import DIVERGED

BLUE, VERMILION = "#0072B2", "#D55E00"
REGIME_COLOURS = [BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
WIDTH, HEIGHT = 260, 200
# A browser's letters may be a sixth wider than those that Vega has measured.
PADDING = {"left": 20, "right": 20, "top": 8, "bottom": 8}
LOSS, ACCURACY = "cross entropy (nats per example)", "accuracy (%)"
LOG = alt.Scale(type="log", nice=True)
SPACES = {
    "full": "full space",
    "adaptive": "adaptive box",
    "subspace": "random subspace",
}
# Only powers of ten have a tick.
DECADES = [10.0**exponent for exponent in range(-12, 13)]
LOG_AXIS = alt.Axis(values=DECADES, format="~g")
Y_AXES = {
    "test_accuracy": {"title": "test accuracy (%)", "scale": alt.Scale(zero=False)},
    "sharpness": {"title": "sharpness (%)", "scale": LOG, "axis": LOG_AXIS},
}


def title(rows: pd.DataFrame, text: str, *notes: str) -> alt.TitleParams:
    """Return the title of a chart, with notes and lost seeds below it, line by line.

    Args:
        rows: The rows behind the chart: `network`, `dataset`, `seed`, `status`.
        text: What the chart shows.
        notes: What readers must know. Empty ones are left out.
    """
    network, dataset = rows["network"].iloc[0], rows["dataset"].iloc[0]
    diverged = rows.loc[rows["status"] == DIVERGED, "seed"].nunique()
    lost = f"{counted(diverged, 'seed')} with a run that diverged" if diverged else ""
    lines = [line for line in (*notes, lost) if line]
    return alt.TitleParams(f"{network} on {dataset}: {text}", subtitle=lines or "")


def heading(text: str, note: str = "") -> alt.TitleParams:
    """Return the title of a panel, above its left edge, with a note below it."""
    return alt.TitleParams(
        text, subtitle=note, anchor="start", frame="group", fontSize=11
    )


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, such as `1 seed` or `2 seeds`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def not_drawn(values: pd.Series) -> str:
    """Return a note on the values that a logarithmic axis cannot show, or ''."""
    missing = len(values) - (values > 0).sum()
    return f"not drawn: {counted(missing, 'value')}, zero or missing" if missing else ""


def by_regime(regimes: list[str], **options) -> alt.Color:
    """Return the colours of regimes, in the order of `regimes`.

    Args:
        regimes: The regimes. After six, the colours repeat in a darker shade.
        options: What else `altair.Color` should know.
    """
    colours = []
    for place in range(len(regimes)):
        # 0.6 of the brightness for each time that the colours repeat.
        shade, colour = divmod(place, len(REGIME_COLOURS))
        channels = bytes.fromhex(REGIME_COLOURS[colour].removeprefix("#"))
        darker = bytes(int(0.6**shade * channel) for channel in channels)
        colours.append(f"#{darker.hex().upper()}")
    scale = alt.Scale(domain=regimes, range=colours)
    return alt.Color("regime:N", title="regime", scale=scale, **options)
