"""Tables in files: nothing is rounded that must not be; readers get few digits."""

import pandas as pd
import pytest

from sharpminima.tables import files


def test_seeds_of_subspaces_survive_the_journey(tmp_path):
    seeds = ["9223372036854775807", None]
    for i, seed in enumerate(seeds):
        row = pd.DataFrame([{"space": "x", "subspace_seed": seed}])
        files.write(row, tmp_path / f"{i}.csv")
    rows = files.gather(sorted(tmp_path.glob("*.csv")))
    assert rows["subspace_seed"].fillna("").tolist() == [seeds[0], ""]


@pytest.mark.parametrize(
    ("options", "shown"), [({}, "0.1235"), ({"digits": 2}, "0.12")]
)
def test_digits_are_those_that_readers_see(tmp_path, options, shown):
    paths = [tmp_path / f"table.{kind}" for kind in ("csv", "md", "html")]
    table = pd.DataFrame({"loss": [0.123456789]})
    files.write_for_readers(table, *paths, **options)
    csv, md, html = (path.read_text() for path in paths)
    assert csv == "loss,digest\n0.123457,134050199e569a1d\n"
    assert "digest" not in md + html
    assert f" {shown} " in md
    assert f"<td>{shown}</td>" in html
