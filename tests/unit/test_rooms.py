"""The rooms of the package: which may import which, and which must do without Keras."""

import ast
import re
import subprocess
import sys

import pytest

from project import ROOT

SCRIPTS = ROOT / "workflow/scripts"
PACKAGE = SCRIPTS / "sharpminima"
# Rows of CONTRIBUTING's table, the ground floor first: a room, * if it does without
# Keras, what it holds, and the rooms that it may import. `root` are the modules beside
# the rooms. Every room may import those in ANYWHERE that stand on a lower floor. A
# folder within a room that has no row belongs to that room.
ROW = re.compile(r"^\| `?([a-z/]+?)/?`?( \*)? \| .* \| ([a-z/, ]*?) ?\|$", re.MULTILINE)
SECTION = (ROOT / "CONTRIBUTING.md").read_text().split("### ")[1]
_, *ROWS = ROW.findall(SECTION)  # the first row is the header
ARROWS = {room: set(re.findall(r"[a-z/]+", below)) for room, _, below in ROWS}
FLOORS = list(ARROWS)
ANYWHERE = ("storage", "jobs", "root")
WITHOUT_KERAS = [room for room, star, _ in ROWS if star]


def room_of(parts):
    """Return the room of a module, from the parts of its name within the package."""
    folders = ["/".join(parts[:depth]) for depth in range(len(parts) - 1, 0, -1)]
    return next((folder for folder in folders if folder in ARROWS), "root")


def allowed(room):
    """Return the rooms that a module in `room` may import from."""
    lower = FLOORS[: FLOORS.index(room)]
    return {room, *ARROWS[room], *set(lower).intersection(ANYWHERE)}


def modules():
    """Return every module of the package, as the parts of its name."""
    paths = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return [path.with_suffix("").parts for path in paths if path.stem != "__init__"]


def imported_by(parts):
    """Yield the modules of the package that a module imports, as parts of names."""
    tree = ast.parse(PACKAGE.joinpath(*parts).with_suffix(".py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("sharpminima"):
            inner = tuple(node.module.split(".")[1:])
            is_module = inner and PACKAGE.joinpath(*inner).with_suffix(".py").exists()
            yield from [inner] if is_module else [(*inner, a.name) for a in node.names]


def test_every_init_is_empty():
    """Fingerprints follow modules: code in a package's face would escape them."""
    faces = list(PACKAGE.rglob("__init__.py"))
    assert len(faces) >= len(ARROWS)
    assert [face for face in faces if face.read_text()] == []


def test_nothing_imports_snakemake():
    imports = re.compile(r"^ *(import|from) snakemake", re.MULTILINE)
    assert [p for p in PACKAGE.rglob("*.py") if imports.search(p.read_text())] == []


def test_every_folder_is_a_room_and_every_room_a_folder():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    rooms = set(ARROWS) - {"root"}
    assert folders - {"__pycache__"} == {room.partition("/")[0] for room in rooms}
    assert [room for room in rooms if not (PACKAGE / room).is_dir()] == []


def test_no_import_runs_up():
    """Every arrow is allowed, and allowed arrows lead to a lower floor."""
    for room, below in ARROWS.items():
        assert all(FLOORS.index(other) < FLOORS.index(room) for other in below)
    wrong = {
        (".".join(module), ".".join(other))
        for module in modules()
        for other in imported_by(module)
        if room_of(other) not in allowed(room_of(module))
    }
    assert wrong == set()


@pytest.mark.parametrize("room", WITHOUT_KERAS)
def test_a_room_does_without_keras(room):
    names = [
        ".".join(("sharpminima", *parts))
        for parts in modules()
        if room_of(parts) == room
    ]
    code = f"import {', '.join(names)}, sys\n"
    code += "assert not {'keras', 'jax', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SCRIPTS)
