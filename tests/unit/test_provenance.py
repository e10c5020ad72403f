"""Fingerprints change with behaviour, and only with behaviour."""

import pytest

from sharpminima import provenance
from sharpminima.provenance import fingerprint, ordered


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A scripts folder: `step.py` imports `pkg.inner`, which imports `pkg.deep`."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "step.py").write_text("from pkg.inner import f\n")
    (tmp_path / "pkg/inner.py").write_text("from pkg.deep import g\nf = g\n")
    (tmp_path / "pkg/deep.py").write_text("def g():\n    return 1\n")
    (tmp_path / "pkg/other.py").write_text("h = 0\n")
    monkeypatch.setattr(provenance, "SCRIPTS", tmp_path)
    monkeypatch.setattr(provenance, "PACKAGE", "pkg")
    yield tmp_path
    fingerprint.cache_clear()


def digest():
    fingerprint.cache_clear()
    return fingerprint("step")


@pytest.mark.parametrize(
    ("module", "source", "changes"),
    [
        ("deep", "def g():\n    return 2\n", True),
        ("deep", 'def g():\n    """Return one."""\n    # one\n    return 1\n', False),
        ("other", "h = 1\n", False),
    ],
)
def test_only_reachable_behaviour_counts(scripts, module, source, changes):
    before = digest()
    (scripts / f"pkg/{module}.py").write_text(source)
    assert (digest() != before) is changes


def test_the_backend_that_is_not_in_use_does_not_count(scripts):
    before = fingerprint("step", without="deep")
    (scripts / "pkg/deep.py").write_text("def g():\n    return 2\n")
    fingerprint.cache_clear()
    assert fingerprint("step", without="deep") == before != fingerprint("step")


@pytest.mark.parametrize("line", ["from .deep import g", "import pkg.deep"])
def test_an_import_that_would_go_untracked_is_refused(scripts, line):
    (scripts / "pkg/inner.py").write_text(line + "\n")
    with pytest.raises(ValueError, match="inner.py:1"):
        digest()


def test_ordered_sorts_keys_at_every_level():
    assert (
        repr(ordered({"b": 1, "a": {"d": (2,), "c": 3}}))
        == "{'a': {'c': 3, 'd': [2]}, 'b': 1}"
    )


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("def f():\n    return 2\n", True),
        ('"""Mine."""\n\n\ndef f():  # one\n    return 1\n', False),
    ],
)
def test_the_file_of_a_user_counts_by_its_behaviour(tmp_path, source, changes):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("def f():\n    return 1\n")
    other.write_text(source)
    digests = [provenance.fingerprint_of_file(str(path)) for path in (one, other)]
    assert (digests[0] != digests[1]) is changes
