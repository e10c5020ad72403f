"""Fingerprints change with behaviour, and only with behaviour."""

import pytest

from sharpminima import provenance
from sharpminima.provenance import fingerprint, ordered

SOURCES = {
    "step.py": "from pkg.inner import f\nfrom pkg.room import near, far\n"
    "from pkg.measures.height import n\n",
    "pkg/__init__.py": "",
    "pkg/inner.py": "from pkg import deep\nf = deep.g\n",
    "pkg/deep.py": "def g():\n    return 1\n",
    "pkg/other.py": "h = 0\n",
    "pkg/room/__init__.py": "",
    "pkg/room/near.py": "from pkg.room.corner.box import k\n",
    "pkg/room/far.py": "m = 0\n",
    "pkg/room/corner/__init__.py": "",
    "pkg/measures/__init__.py": "",
    "pkg/measures/height.py": "n = 0\n",
    "pkg/room/corner/box.py": "k = 0\n",
}


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A scripts folder with one script, `step.py`, and a package of two floors."""
    for name, source in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    monkeypatch.setattr(provenance, "SCRIPTS", tmp_path)
    monkeypatch.setattr(provenance, "PACKAGE", "pkg")
    yield tmp_path
    forget()


def forget():
    for name in ("_fingerprint", "_tree", "_behaviour", "_imported"):
        getattr(provenance, name).cache_clear()


def digest(without=()):
    forget()
    return fingerprint("step", without)


@pytest.mark.parametrize(
    ("module", "source", "changes"),
    [
        ("deep", "def g():\n    return 2\n", True),
        ("deep", 'def g():\n    """Return one."""\n    # one\n    return 1\n', False),
        ("deep", "def g():\n    print(1)\n    return 1\n", True),
        ("deep", "def g():\n    logging.info('%s', 1)\n    return 1\n", False),
        ("room/far", "m = 1\n", True),
        ("room/corner/box", "k = 1\n", True),
        ("deep", "def g():\n    return 1\n\ndef planned():\n    return 2\n", True),
        ("measures/height", "n = 0\n\ndef planned():\n    return 2\n", False),
        ("measures/height", "n = 1\n", True),
        ("other", "h = 1\n", False),
    ],
)
def test_only_reachable_behaviour_counts(scripts, module, source, changes):
    before = digest()
    (scripts / f"pkg/{module}.py").write_text(source)
    assert (digest() != before) is changes


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ('raise ValueError("too small")', 'raise ValueError(f"too low: {x}")', False),
        ('raise ValueError("too small")', 'raise TypeError("too small")', True),
        ("logging.info('%s', 1)", "logging.warning('%s s', 2)", False),
        ('error.add_note("here")', 'error.add_note("there")', False),
    ],
)
def test_wording_does_not_count(scripts, before, after, changes):
    module = scripts / "pkg/deep.py"
    module.write_text(f"def g():\n    {before}\n")
    first = digest()
    module.write_text(f"def g():\n    {after}\n")
    assert (digest() != first) is changes


@pytest.mark.parametrize("left_out", ["deep", "room.corner.box"])
def test_a_module_that_is_left_out_does_not_count(scripts, left_out):
    without, everything = [f"pkg.{left_out}"], digest()
    before = digest(without)
    (scripts / f"pkg/{left_out.replace('.', '/')}.py").write_text("g = k = 2\n")
    assert digest(without) == before
    assert digest() != everything


def test_a_module_that_is_left_out_must_exist(scripts):
    with pytest.raises(ValueError, match=r"no module 'pkg\.typo'"):
        digest(["pkg.typo"])


@pytest.mark.parametrize(
    "line",
    [
        *("from .deep import g", "import pkg.deep", "from pkg.typo import g"),
        *("from pkg import typo", "from pkg.room import typo", "from pkg import room"),
    ],
)
def test_an_import_that_would_go_untracked_is_refused(scripts, line):
    (scripts / "pkg/inner.py").write_text(line + "\n")
    with pytest.raises(ValueError, match="inner.py:1"):
        digest()


def test_the_exceptions_of_a_users_file_count(tmp_path):
    """A user's code may catch them and read what they say."""
    texts, digests = ("'relu'", "'gelu'"), []
    for name, text in zip("ab", texts):
        path = tmp_path / f"{name}.py"
        path.write_text(f"def f():\n    raise Chosen({text})\n")
        digests.append(provenance.fingerprint_of_file(str(path)))
    assert digests[0] != digests[1]


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
        ("def f():\n    logging.info('one')\n    return 1\n", False),
        ("def f():\n    logs.append(1)\n    return 1\n", True),
        ("def f():\n    model.add_note('one')\n    return 1\n", True),
        ("def planned():\n    return 1\n\n\ndef f():\n    return 1\n", True),
    ],
)
def test_the_file_of_a_user_counts_by_its_behaviour(tmp_path, source, changes):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("def f():\n    return 1\n")
    other.write_text(source)
    digests = [provenance.fingerprint_of_file(str(path)) for path in (one, other)]
    assert (digests[0] != digests[1]) is changes
