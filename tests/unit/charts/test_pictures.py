"""Pictures: files that open offline."""

import re

import altair as alt
import pandas as pd

from sharpminima.charts import pictures

ROWS = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25]})
CHART = alt.Chart(ROWS).mark_line().encode(x="epoch", y="loss")


def test_pictures_open_offline(tmp_path):
    paths = [tmp_path / f"chart.{kind}" for kind in ("html", "svg", "png", "pdf")]
    pictures.save(CHART, *map(str, paths))
    html, svg, png, pdf = paths
    assert "cdn.jsdelivr" not in html.read_text()
    assert svg.read_text().startswith("<svg")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert pdf.read_bytes().rstrip().endswith(b"%%EOF")


def size(svg):
    """Return width and height of an SVG file, in points."""
    found = re.search(r'width="(\d+)" height="(\d+)"', svg.read_text())
    return tuple(map(int, found.groups()))


def test_pictures_leave_room_for_letters_that_are_wider_elsewhere(tmp_path):
    paths = [tmp_path / f"chart.{kind}" for kind in ("html", "svg", "png", "pdf")]
    pictures.save(CHART, *map(str, paths))
    bare = tmp_path / "bare.svg"
    CHART.properties(padding=0).save(bare)
    assert [a - b for a, b in zip(size(paths[1]), size(bare))] == [40, 16]


def test_no_text_ends_the_script_that_draws(tmp_path):
    chart = alt.Chart(pd.DataFrame({"x": [1]}), title="</script><b>").mark_point()
    pictures.save(
        chart, *(tmp_path / f"chart.{kind}" for kind in ("html", "svg", "png", "pdf"))
    )
    page = (tmp_path / "chart.html").read_text(encoding="utf-8")
    assert "</script><b>" not in page
    assert r"<\/script><b>" in page
