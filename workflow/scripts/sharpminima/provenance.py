"""What a rule depends on: its own config in a fixed order, and its own code.

A rule reruns when its numbers can change. So a fingerprint covers all code that a
script reaches in this package, without what cannot alter a number: comments, layout,
docstrings, log lines, the texts of errors, plans, and the modules in
`WITHOUT_NUMBERS`.

Limits: only `from sharpminima... import ...` is followed; other forms are refused.
Imports of a user's file are not followed. `ast.dump` may differ between minor versions
of Python. A new version of a library reruns nothing, but every row names its versions.
"""

import ast
import hashlib
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1]
PACKAGE = Path(__file__).resolve().parent.name
# They say what a job is going to do, what it does and what it took, save it or refuse
# it. No number of a result depends on them, nor on the function `PLAN` of a module in
# `MEASURES`.
WITHOUT_NUMBERS = frozenset(
    f"{PACKAGE}.{module}"
    for module in (
        *("jobs.cost", "jobs.interruption", "jobs.logs", "jobs.unfinished"),
        *("storage.errors", "storage.faults", "storage.locks"),
        *("measures.planned", "networks.flops", "networks.size"),
        "networks.repeatable",
    )
)
MEASURES, PLAN = "measures", "planned"


def ordered(value):
    """Return `value` with mapping keys sorted at every level.

    Snakemake compares params by `repr`, so `{a, b}` and `{b, a}` would differ.
    """
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [ordered(item) for item in value]
    return value


def fingerprint(script: str, without: Collection[str] = WITHOUT_NUMBERS) -> str:
    """Return a digest of the code that makes the numbers of `scripts/{script}.py`.

    Args:
        script: Name of the script; or a module's path from `scripts`, without `.py`.
        without: Dotted names of modules that are left out, such as
            `sharpminima.backends.jax`.

    Raises:
        FileNotFoundError: If the script does not exist.
        ValueError: If a module is imported in a way that could not be followed, or if a
            name in `without` is no module.
    """
    return _fingerprint(script, frozenset(without))


@cache
def _fingerprint(script, without):
    # A misspelt name would leave nothing out and go unnoticed.
    for name in without:
        if not _file_of(name):
            raise ValueError(f"There is no module {name!r} to leave out.")
    found = hashlib.sha256()
    # Sorted, since a set has another order in every process.
    for path in sorted(_reachable(SCRIPTS / f"{script}.py", without)):
        found.update(path.relative_to(SCRIPTS).as_posix().encode())
        is_measure = path.parent == SCRIPTS / PACKAGE / MEASURES
        found.update(_behaviour(path, _OfMeasure if is_measure else _OfPackage))
    return found.hexdigest()[:16]


@cache
def fingerprint_of_file(path: str) -> str:
    """Return a digest of the code in the user's file at `path`, wherever it lies.

    Ignores comments, layout, docstrings and calls of `logging`. A user's code may read
    the texts of its errors, and name its functions and lists as it likes, so all else
    counts. Does not follow imports.
    """
    return hashlib.sha256(_behaviour(Path(path), _OfUser)).hexdigest()[:16]


def digest(path: str | Path) -> str:
    """Return the SHA-256 of the file at `path`, which is no code."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@cache
def _tree(path):
    return ast.parse(path.read_bytes())


@cache
def _behaviour(path, visitor):
    # The visitor changes the cached tree. `_imported` has read its imports by then.
    return ast.dump(visitor().visit(_tree(path))).encode()


def _reachable(script, without):
    """Return the files of all modules that `script` imports, directly or not."""
    seen, todo = set(), [script]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += [file for name, file in _imported(path) if name not in without]
    return seen


@cache
def _imported(path) -> list[tuple[str, Path]]:
    """Return name and file of each module of the package that `path` imports."""
    found = []
    # Imports inside functions count as well, so walk the whole tree.
    for node in ast.walk(_tree(path)):
        match node:
            case ast.ImportFrom(module=str(module), level=0):
                if module.partition(".")[0] == PACKAGE:
                    where = f"{path}:{node.lineno}"
                    found += _modules(module, [a.name for a in node.names], where)
            case ast.ImportFrom():
                raise ValueError(
                    f"{path}:{node.lineno}: relative imports go untracked."
                )
            case ast.Import() if any(a.name.startswith(PACKAGE) for a in node.names):
                raise ValueError(f"{path}:{node.lineno}: use `from {PACKAGE} import`.")
    return found


def _modules(module, names, where) -> Iterator[tuple[str, Path]]:
    """Yield the modules behind `from module import names`: itself, or its members."""
    # Packages are empty, so what is imported from them are modules.
    if (file := _file_of(module)) and file.name != "__init__.py":
        yield module, file
        return
    for name in names:
        dotted = f"{module}.{name}"
        file = _file_of(dotted)
        if not file or file.name == "__init__.py":
            raise ValueError(f"{where}: {dotted} is no module of the package.")
        yield dotted, file


def _file_of(dotted):
    """Return the file of a module or package, or None if there is none."""
    base = SCRIPTS.joinpath(*dotted.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


class _OfUser(ast.NodeTransformer):
    """Takes docstrings and calls of `logging` out of a syntax tree."""

    LOGS = ("logging",)

    def visit_Expr(self, node):
        """Drop statements that only state or log something: the tree is not run."""
        self.generic_visit(node)
        match node.value:
            case ast.Constant():
                return None
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                return None if name in self.LOGS else node
        return node


class _OfPackage(_OfUser):
    """Takes the texts of errors out as well: no code of the package reads them."""

    LOGS = ("logging", "logs")

    def visit_Expr(self, node):
        """Drop notes on errors, too."""
        match node.value:
            case ast.Call(func=ast.Attribute(attr="add_note")):
                return None
        return super().visit_Expr(node)

    def visit_Raise(self, node):
        """Keep an error's type: what it says alters no number."""
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        return self.generic_visit(node)


class _OfMeasure(_OfPackage):
    """Takes plans out as well."""

    def visit_FunctionDef(self, node):
        """Drop what says beforehand what a measure evaluates."""
        return None if node.name == PLAN else self.generic_visit(node)
