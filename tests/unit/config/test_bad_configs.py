"""Bad configs: each of the page's table is refused in its words, before any job."""

import pytest

import bad_configs

ROWS = bad_configs.rows()


def test_the_page_has_many_kinds_each_once():
    kinds = [kind for kind, _, _ in ROWS]
    assert len(set(kinds)) == len(kinds) >= 60
    assert set(bad_configs.MADE) <= {written for _, written, _ in ROWS}


@pytest.mark.parametrize(("kind", "written", "message"), ROWS, ids=[r[0] for r in ROWS])
def test_a_bad_config_is_refused_as_the_page_says(
    tmp_path, monkeypatch, kind, written, message
):
    monkeypatch.chdir(tmp_path)
    content = bad_configs.content_of(written)
    said = bad_configs.said_of(content, tmp_path)
    assert said == message
    assert said
    assert all(len(line) < 520 for line in said.split("<br>"))
