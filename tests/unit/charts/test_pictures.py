"""Pictures: files that open offline."""

import altair as alt
import pandas as pd

from sharpminima.charts import pictures


def test_pictures_open_offline(tmp_path):
    paths = [tmp_path / f"chart.{kind}" for kind in ("html", "svg", "png")]
    rows = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25]})
    pictures.save(
        alt.Chart(rows).mark_line().encode(x="epoch", y="loss"), *map(str, paths)
    )
    html, svg, png = paths
    assert "cdn.jsdelivr" not in html.read_text()
    assert svg.read_text().startswith("<svg")
    assert png.read_bytes().startswith(b"\x89PNG")
