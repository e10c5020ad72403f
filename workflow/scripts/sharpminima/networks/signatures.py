"""The options of builders, read from their signatures without Keras.

A builder is a name in `sharpminima.networks.builders`; `FILE.py:FUNCTION`, a function
in a user's file with the same arguments; or the file of a model that Keras saved whole,
which has no options. The config is checked before any code of the user runs, so files
of code are only parsed.
"""

import ast
import inspect
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_type_hints

from sharpminima.networks.builders import BUILDERS

FORM, MODEL = "FILE.py:FUNCTION", "MODEL.keras"
PATTERN = re.compile(r"(.+\.py):([^\W\d]\w*)")
# Files of a whole model, and what else Keras saves under one of these names.
WHOLE_MODELS, WEIGHTS_ALONE = (".keras", ".h5"), ".weights.h5"
# The annotations that are checked, beside `Literal`.
KINDS = {"int": int, "float": float, "bool": bool, "str": str}


@dataclass(frozen=True)
class Options:
    """The options of a builder: its arguments after `*`.

    Attributes:
        kinds: Type of each option; None if its annotation is missing or not checked.
        optional: Names of the options with a default value.
    """

    kinds: dict[str, type | None]
    optional: set[str]


def path_of(builder: str) -> str | None:
    """Return the file that `builder` names, or None if it names no file."""
    if not isinstance(builder, str):
        return None
    match = PATTERN.fullmatch(builder)
    return match[1] if match else (builder if is_saved_model(builder) else None)


def is_saved_model(file: str) -> bool:
    """Tell whether `file` is called as a model that Keras saved whole."""
    return file.endswith(WHOLE_MODELS) and not file.endswith(WEIGHTS_ALONE)


def options(builder: str) -> Options:
    """Return the options of `builder`.

    Args:
        builder: A name in `BUILDERS`, `FILE.py:FUNCTION`, or the file of a whole model.

    Raises:
        ValueError: If the file cannot be read or parsed, or has no such function, or if
            the function has other arguments than a builder.
    """
    if is_saved_model(builder):
        return Options(kinds={}, optional=set())
    if builder in BUILDERS:
        hints = get_type_hints(BUILDERS[builder])
        every = inspect.signature(BUILDERS[builder]).parameters.values()
        found = [p for p in every if p.kind is p.KEYWORD_ONLY]
        return Options(
            kinds={p.name: hints[p.name] for p in found},
            optional={p.name for p in found if p.default is not p.empty},
        )
    # A user's file must not run yet, so read its syntax tree.
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
    # `kw_defaults` has a None for each option without a default value.
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
        raise ValueError(
            f"must name a Python file: {getattr(error, 'msg', error)}"
            f"{f' in line {line}' if line else ''}. Received: {builder!r}"
        ) from error
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _kind(annotation):
    """Return the type that an annotation in a parsed file stands for, or None."""
    match annotation:
        case ast.Name(id=name):
            return KINDS.get(name)
        case ast.Subscript(
            value=ast.Name(id="Literal") | ast.Attribute(attr="Literal"), slice=choices
        ):
            with suppress(ValueError):  # if a choice is no plain value
                return Literal[ast.literal_eval(choices)]
    return None
