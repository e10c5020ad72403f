"""A chart into its files: HTML that opens offline, SVG, PNG and PDF."""

import json

import altair as alt

from sharpminima.charts import style
from sharpminima.storage.files import replacing

PIXELS_PER_POINT = 2


def save(chart: alt.TopLevelMixin, html: str, svg: str, png: str, pdf: str) -> None:
    """Write `chart` to four files.

    Args:
        chart: The chart.
        html: The HTML file, which carries the libraries that it needs.
        svg: The SVG file.
        png: The PNG file.
        pdf: The PDF file.
    """
    chart = chart.properties(padding=style.PADDING)
    for path, options in (
        (html, {"inline": True, "json_kwds": {"cls": _InScript}}),
        (svg, {}),
        (png, {"scale_factor": PIXELS_PER_POINT}),
        (pdf, {}),
    ):
        with replacing(path) as temporary:
            chart.save(temporary, **options)


class _InScript(json.JSONEncoder):
    """JSON within a script of a page, which no text in it can end."""

    def encode(self, o):
        return super().encode(o).replace("</", "<\\/")
