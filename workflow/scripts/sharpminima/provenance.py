"""What a rule depends on: its own config, in a fixed order, and its own code.

Limits: only `from sharpminima...` imports are followed (other forms are refused, not
missed), and no import of a user's file; `ast.dump` may differ between Python minor
versions; a new version of a library reruns nothing by itself, but every row of results
names the versions it used.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1]
PACKAGE = Path(__file__).resolve().parent.name


def ordered(value):
    """Return `value` with mapping keys sorted at every level.

    Snakemake compares params by `repr`, so `{a, b}` and `{b, a}` would differ.
    """
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [ordered(item) for item in value]
    return value


@cache
def fingerprint(script: str, without: str | None = None) -> str:
    """Return a digest of the code that `scripts/{script}.py` can reach.

    Follows imports inside the package; ignores comments, layout and docstrings, so
    that only a change of behaviour reruns a rule.

    Args:
        script: Name of the script.
        without: Name of a module that is not followed: the backend not in use.

    Raises:
        FileNotFoundError: If the script does not exist.
        ValueError: If a module is imported in a way that could not be followed.
    """
    digest = hashlib.sha256()
    for path in sorted(_reachable(SCRIPTS / f"{script}.py", without)):
        digest.update(path.relative_to(SCRIPTS).as_posix().encode())
        digest.update(_behaviour(path))
    return digest.hexdigest()[:16]


@cache
def fingerprint_of_file(path: str) -> str:
    """Return a digest of the code in the user's file at `path`, wherever it lies.

    Ignores what `fingerprint` ignores, and does not follow imports.
    """
    return hashlib.sha256(_behaviour(Path(path))).hexdigest()[:16]


def _behaviour(path):
    return ast.dump(_without_docstrings(ast.parse(path.read_bytes()))).encode()


def _reachable(script, without=None):
    seen, todo = set(), [script]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            names = [name for name in _imported(path) if name != without]
            todo += [SCRIPTS / PACKAGE / f"{name}.py" for name in names]
    return seen


def _imported(path):
    """Yield the names of the package's modules that the file at `path` imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module), level=0):
                root, _, inner = module.partition(".")
                if root == PACKAGE:
                    names = [alias.name for alias in node.names]
                    yield from [inner] if inner else names
            case ast.ImportFrom():
                raise ValueError(
                    f"{path}:{node.lineno}: relative imports go untracked."
                )
            case ast.Import() if any(a.name.startswith(PACKAGE) for a in node.names):
                raise ValueError(f"{path}:{node.lineno}: use `from {PACKAGE} import`.")


def _without_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return tree
