"""The bad configs of workflow/docs/config_mistakes.md: make each, and say what is said.

    PYTHONPATH=workflow/scripts:tests python tests/bad_configs.py

writes the page's messages anew, from what the checks say now.
"""

import itertools
import os
import re
import tempfile
from pathlib import Path

from project import ROOT
from sharpminima.config import layers, mistakes
from sharpminima.planning import memory
from sharpminima.regimes import derived

PAGE = ROOT / "workflow/docs/config_mistakes.md"
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.*) \|$", re.MULTILINE)
HEADER, RULE = "kind", "---"
STUDY = "study.yaml"


def numbers(count):
    """Return a list of so many numbers, as YAML has it."""
    return f"[{', '.join(map(str, range(count)))}]"


def bomb():
    """Return ten lists, each with nine aliases of the one before it."""
    lines = ["study: {networks: &a [F1, F1, F1, F1, F1, F1, F1, F1, F1]}"]
    names = "abcdefghij"
    for last, name in itertools.pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]")
    return "\n".join(lines)


# What the page describes in words.
MADE = {
    "no file of this name": None,
    "a folder in place of a file": ...,
    "nothing": "",
    "an é in Latin-1": "# é\nstudy: {seeds: [0]}".encode("latin-1"),
    "a tab before `seeds: [0]`": "study:\n\tseeds: [0]",
    "a null byte": "study: \0",
    "ten lists, each with nine aliases of the one before": bomb(),
    "a thousand brackets in each other": f"study: {'[' * 1000}{']' * 1000}",
    "two megabytes of comment": f"# {'x' * 2_000_000}",
    "a path of a million letters": f"raw_folder: {'x' * 1_000_000}",
    "100,000 seeds": f"study: {{seeds: {numbers(100_000)}}}",
    "2,000 seeds": f"study: {{seeds: {numbers(2000)}}}",
    "1,000 seeds of four regimes": f"study: {{seeds: {numbers(1000)}, "
    "regimes: [SB, LB, SB-sgd, LB-sgd]}",
    "a warm start after each of 1,000 epochs": "warm_start: {networks: [F1]}\n"
    f"iterates: {{networks: [F1], epochs: {numbers(1000)}}}",
}


def rows():
    """Return the rows of the page: kind, what is written, and the messages."""
    cells = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return [row for row in cells if row[0] not in (HEADER, RULE)]


def content_of(written):
    """Return the content of the file that a cell of the page shows or describes."""
    if written in MADE:
        return MADE[written]
    return "\n".join(_plain(line) for line in written.split("<br>"))


def said_of(content, folder):
    """Return a cell with the messages about `study.yaml` of this content in `folder`.

    The working directory must be `folder`.
    """
    path = folder / STUDY
    match content:
        case None:
            path.unlink(missing_ok=True)
        case bytes() | str():
            path.write_bytes(
                content if isinstance(content, bytes) else content.encode()
            )
        case _:
            path.unlink(missing_ok=True)
            path.mkdir()
    files = [ROOT / "config.yaml", STUDY]
    found = mistakes.in_files(files, {})
    if not found:
        config = derived.with_derived(layers.of_files(files, {}))
        found = memory.too_large(config, None)
    if path.is_dir():
        path.rmdir()
    return "<br>".join(_code(line.replace(str(folder), "FOLDER")) for line in found)


def main():
    """Write the page again, with what the checks say now."""
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for kind, written, message in rows():
            said = said_of(content_of(written), Path(folder).resolve())
            row = "| {} | {} | {} |".format
            text = text.replace(row(kind, written, message), row(kind, written, said))
    PAGE.write_text(text, encoding="utf-8")


def _plain(code):
    """Return the text between the backticks of Markdown."""
    return code.removeprefix("`` ").removesuffix(" ``").strip("`")


def _code(text):
    return f"`` {text} ``" if "`" in text else f"`{text}`"


if __name__ == "__main__":
    main()
