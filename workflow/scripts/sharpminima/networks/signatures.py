"""Builders in files of one's own: `FILE.py:FUNCTION`, read without running it.

Such a function has the contract of the builders in `sharpminima.networks.builders`. Its
file is only parsed here: the config is checked before anything of it runs.
"""

import ast
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FORM = "FILE.py:FUNCTION"
PATTERN = re.compile(r"(.+\.py):([^\W\d]\w*)")
KINDS = {"int": int, "float": float, "bool": bool, "str": str}


@dataclass(frozen=True)
class Options:
    """What a builder takes beside shape and classes.

    Attributes:
        kinds: Type of each option; None where it has no annotation that is checked.
        optional: Those that have a default value.
    """

    kinds: dict[str, type | None]
    optional: set[str]


def path_of(builder: str) -> str | None:
    """Return the file that `builder` names; None for any other builder."""
    match = PATTERN.fullmatch(builder) if isinstance(builder, str) else None
    return match[1] if match else None


def options(builder: str) -> Options:
    """Return the options of the function that `builder` names.

    Raises:
        ValueError: If the file cannot be read or parsed, has no such function, or one
            with other arguments than a builder takes.
    """
    functions = _functions(builder)
    name = PATTERN.fullmatch(builder)[2]
    if name not in functions:
        raise ValueError(
            "must name a function at the top level of the file. "
            f"Allowed: {', '.join(sorted(functions)) or 'none'}. Received: {builder!r}"
        )
    arguments = functions[name].args
    if len(arguments.posonlyargs + arguments.args) != 2:
        raise ValueError(
            "must take two arguments, input_shape and classes, and options after `*`. "
            f"Received: def {name}({ast.unparse(arguments)})"
        )
    pairs = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    return Options(
        kinds={option.arg: _kind(option.annotation) for option, _ in pairs},
        optional={option.arg for option, default in pairs if default is not None},
    )


def _functions(builder):
    """Return the top-level functions of a builder's file by name."""
    path = Path(path_of(builder))
    try:
        tree = ast.parse(path.read_bytes(), path)
    except OSError as error:
        raise ValueError(
            "must name a file that can be read, from the folder of the config file: "
            f"{error.strerror}. Received: {builder!r}"
        ) from error
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        place = f" in line {line}" if line else ""
        raise ValueError(
            f"must name a Python file: {getattr(error, 'msg', error)}{place}. "
            f"Received: {builder!r}"
        ) from error
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _kind(annotation):
    match annotation:
        case ast.Name(id=name):
            return KINDS.get(name)
        case ast.Subscript(
            value=ast.Name(id="Literal") | ast.Attribute(attr="Literal"), slice=choices
        ):
            with suppress(ValueError):  # choices that are no plain values
                return Literal[ast.literal_eval(choices)]
    return None
