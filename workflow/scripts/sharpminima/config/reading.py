"""Reading: a config file as plain values, or what is wrong with its text.

Snakemake reads config files by itself and says less: of two equal keys it takes the
last one, 010 becomes 8, and a template in a file runs its code. Here a file is refused
before its values are made, so that a file of a few lines cannot unfold into gigabytes.
"""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from sharpminima.config import limits, wording

# Numbers that YAML 1.1 reads in base 8 or 60, as nobody expects today.
OCTAL, SEXAGESIMAL = re.compile(r"[-+]?0[0-9_]+"), re.compile(r"[^:]+:.+")
TEMPLATE = "__use_yte__"  # makes Snakemake run the code in a file


class Malformed(ValueError):
    """A config file that cannot be used, with one argument for each reason."""


def read(path: str | Path) -> dict:
    """Return the content of a config file, YAML or JSON.

    Raises:
        Malformed: If the file cannot be read, is no mapping, has a key twice in one
            mapping, is larger than `limits` allows, or holds a number that YAML and
            people read differently.
    """
    text = _text(Path(path))
    content = _of_json(text)
    try:
        # In JSON tabs may indent, and never stand in a text.
        loader = _Loader(text if content is None else text.replace("\t", " "))
        node = loader.get_single_node()
        if content is None and node is not None:
            content = loader.construct_document(node)
    except yaml.YAMLError as error:
        raise Malformed(f"{path}{_place_and_reason(error)}") from error
    if loader.mistakes:
        raise Malformed(*(f"{path}, {line}" for line in loader.mistakes))
    if not isinstance(content, dict):
        received = {list: "a list", type(None): "nothing"}.get(type(content), content)
        raise Malformed(
            f"{path}: must be a mapping, such as study: {{seeds: [0, 1]}}. "
            f"Received: {received}"
        )
    if TEMPLATE in content:
        raise Malformed(f"{path}: must not have the key {TEMPLATE}, which runs code")
    return content


def mistakes(paths: Iterable[str | Path]) -> list[str]:
    """Return what is wrong with the texts of config files, one line each."""
    found = []
    for path in paths:
        try:
            if not _is_pipe(path):
                read(path)
        except Malformed as error:
            found += error.args
    return [wording.one_line(line) for line in found]


def merged(contents: Iterable[Mapping]) -> dict:
    """Return the contents of config files merged as Snakemake does, the last one wins.

    Mappings are merged key by key. Any other value replaces the one before it.
    """
    return functools.reduce(_merged, contents, {})


class _Refused(yaml.MarkedYAMLError):
    """What YAML allows and a config must not have, at a node or event."""

    def __init__(self, problem, place):
        super().__init__(problem=problem, problem_mark=place.start_mark)


class _Loader(yaml.SafeLoader):
    """YAML's plain values, with limits on what they unfold to.

    Attributes:
        mistakes: What else the text must not have, with line numbers.
    """

    def __init__(self, text):
        super().__init__(text)
        self.mistakes, self._depth, self._sizes = [], 0, {}

    def compose_node(self, parent, index):
        """Return the next node, unless it lies too deep or stands for too much."""
        self._depth += 1
        if self._depth > limits.DEPTH:
            raise _Refused(limits.TOO_DEEP, self.peek_event())
        if self.check_event(yaml.AliasEvent):
            anchored = self.anchors.get(self.peek_event().anchor)
            if anchored and id(anchored) not in self._sizes:
                raise _Refused("must not name what it lies in", self.peek_event())
        node = super().compose_node(parent, index)
        self._depth -= 1
        # The parts of a node came before it, and an alias names a node that did.
        values, depth = self._sizes[id(node)] = self._size(node)
        if max(values, len(self._sizes)) > limits.VALUES:
            raise _Refused(limits.TOO_MANY, node)
        if self._depth + depth > limits.DEPTH:
            raise _Refused(limits.TOO_DEEP, node)
        return node

    def compose_mapping_node(self, anchor):
        """Return the next mapping. Note keys that stand in it twice."""
        node, lines = super().compose_mapping_node(anchor), {}
        for key, _ in node.value:
            name, line = (key.tag, str(key.value)), key.start_mark.line + 1
            if name in lines:
                self.mistakes.append(
                    f"lines {lines[name]} and {line}: must not have a key twice in one "
                    f"mapping. Received: {key.value!r}"
                )
            lines.setdefault(name, line)
        return node

    def compose_scalar_node(self, anchor):
        """Return the next scalar. Note numbers that mean what nobody expects."""
        node = super().compose_scalar_node(anchor)
        kind, base = node.tag.rpartition(":")[2], 0
        if kind == "int" and OCTAL.fullmatch(node.value):
            base = 8
        elif kind in ("int", "float") and SEXAGESIMAL.fullmatch(node.value):
            base = 60
        if base:
            self.mistakes.append(
                f"line {node.start_mark.line + 1}: must be written without zeros in "
                f"front and without colons: to YAML it is a number in base {base}. "
                f"Received: {node.value}"
            )
        return node

    def construct_object(self, node, deep=False):
        """Return the value of a node, or say the line of one that has none."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            kind = node.tag.rpartition(":")[2]
            raise _Refused(f"must be a value of type {kind}", node) from error

    def _size(self, node):
        """Return how many values a node stands for, and how deep they lie."""
        if isinstance(node, yaml.ScalarNode):
            return 1, 0
        pairs = isinstance(node, yaml.MappingNode)
        parts = [part for pair in node.value for part in pair] if pairs else node.value
        sizes = [self._sizes[id(part)] for part in parts]
        depth = 1 + max((depth for _, depth in sizes), default=0)
        return 1 + sum(values for values, _ in sizes), depth


def _is_pipe(path):
    """Tell whether `path` is a pipe: it can be read only once, and Snakemake did."""
    try:
        return Path(path).is_fifo()
    except OSError:
        return False


def _text(path):
    """Return the text of the file at `path`."""
    try:
        with path.open("rb") as file:
            content = file.read(limits.BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        reason = getattr(error, "strerror", None) or error
        raise Malformed(f"{path}: must be a file that can be read: {reason}") from error
    if len(content) > limits.BYTES:
        raise Malformed(
            f"{path}: must hold at most {limits.BYTES:,} bytes. Received: more"
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Malformed(
            f"{path}, line {line}: must be UTF-8. "
            f"Received: the byte 0x{content[error.start]:02x}"
        ) from error


def _of_json(text):
    """Return the value of a text in JSON; None if it is something else."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _place_and_reason(error) -> str:
    """Return where and why YAML refuses a text."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # a character that no YAML may have
        return f": must be YAML: {str(error).splitlines()[0]}"
    tabs = "'\\t'" in str(error.problem)
    hint = " (indent with spaces, not with tabs)" if tabs else ""
    place = f", line {mark.line + 1}, column {mark.column + 1}"
    if isinstance(error, _Refused):
        return f"{place}: {error.problem}"
    context = f"{error.context}: " if error.context else ""
    problem = error.problem.replace("tag:yaml.org,2002:", "!!")
    return f"{place}: must be YAML: {context}{problem}{hint}"


def _merged(before, after):
    if not isinstance(after, Mapping):
        return after
    if not after:  # an empty mapping adds no key, and Snakemake lets it replace nothing
        return before
    result = dict(before) if isinstance(before, Mapping) else {}
    for key, value in after.items():
        result[key] = _merged(result.get(key, {}), value)
    return result
