"""A file appears whole or not at all."""

import pytest

from sharpminima.files import replacing


def test_the_file_appears_under_its_name_at_the_end(tmp_path):
    path = tmp_path / "new" / "a.weights.h5"
    with replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.name.endswith(".weights.h5")
    assert path.read_text() == "whole"
    assert [p.name for p in path.parent.iterdir()] == ["a.weights.h5"]


def break_off(path):
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("power cut")


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("before")
    with pytest.raises(RuntimeError, match="power cut"):
        break_off(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
