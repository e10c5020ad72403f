"""Reading: files of a config as Snakemake reads them, but for what nobody meant."""

import os
import threading

import pytest
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from project import ROOT
from sharpminima.config import limits, reading

STUDIES = sorted((ROOT / "workflow/studies").glob("*.yaml"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.yaml"


@pytest.mark.parametrize("file", [ROOT / "config.yaml", *STUDIES], ids=lambda p: p.stem)
def test_the_projects_files_are_read_as_snakemake_reads_them(file):
    assert reading.read(file) == load_configfile(file)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ('{\n\t"a": 1e5,\n\t"b": "\\u00e9"\n}', {"a": 1e5, "b": "é"}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: &x {b: 1}\nc: {<<: *x, b: 2}", {"a": {"b": 1}, "c": {"b": 2}}),
        ("a: [0, 10, 0x1F, 0.5, 08]", {"a": [0, 10, 31, 0.5, "08"]}),
        ("\ufeffa: {b: 1}\nb: {b: 1}", {"a": {"b": 1}, "b": {"b": 1}}),
    ],
)
def test_what_is_sound_is_read(path, text, content):
    path.write_text(text, encoding="utf-8")
    assert reading.mistakes([path]) == []
    assert reading.read(path) == content == load_configfile(path)


def test_all_keys_that_stand_twice_are_said(path):
    path.write_text("a: 1\nb: {c: 1,\n  c: 2}\na: 3\na: 4\n")
    assert reading.mistakes([path]) == [
        f"{path}, lines {first} and {second}: must not have a key twice in one "
        f"mapping. Received: '{key}'"
        for first, second, key in [(2, 3, "c"), (1, 4, "a"), (1, 5, "a")]
    ]


def test_every_file_has_its_lines(tmp_path):
    missing, empty = tmp_path / "missing.yaml", tmp_path / "empty\n.yaml"
    empty.touch()
    first, second = reading.mistakes([missing, empty])
    assert first.startswith(f"{missing}: must be a file that can be read: No such file")
    assert "empty\\n.yaml: must be a mapping" in second


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a" * 300, "File name too long"), ("a\0b", "embedded null byte")],
)
def test_a_path_that_cannot_be_is_no_crash(name, reason):
    (line,) = reading.mistakes([name])
    assert line.endswith(f"must be a file that can be read: {reason}")


def test_what_has_no_end_is_refused():
    (line,) = reading.mistakes(["/dev/zero"])
    assert line == "/dev/zero: must hold at most 2,000,000 bytes. Received: more"


def test_a_pipe_is_left_to_snakemake(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=["a: 1\na: 2"], daemon=True)
    writer.start()
    assert reading.mistakes([pipe]) == []
    assert writer.is_alive()
    pipe.read_text()
    writer.join()


@pytest.mark.parametrize("depth", [limits.DEPTH, limits.DEPTH + 1])
def test_depth_counts_through_aliases(path, depth):
    """A mapping, a list in it, and lists that each hold an alias of the one before."""
    lists = depth - 2
    lines = ["- &a0 []", *(f"- &a{i} [*a{i - 1}]" for i in range(1, lists))]
    path.write_text("a:\n" + "\n".join(lines))
    assert bool(reading.mistakes([path])) == (depth > limits.DEPTH)


@pytest.mark.parametrize("spare", [0, -1])
def test_values_are_counted_with_what_aliases_stand_for(path, spare):
    """The mapping and its keys, a list of 100 values, and aliases in another list."""
    each = 100
    aliases, rest = divmod(limits.VALUES - 4 - each, each)
    others = ["*x"] * aliases + ["1"] * (rest - spare)
    path.write_text(
        f"a: &x [{', '.join(['1'] * (each - 1))}]\nb: [{', '.join(others)}]"
    )
    assert bool(reading.mistakes([path])) == (spare < 0)


def test_files_are_merged_as_snakemake_merges_them():
    contents = [
        {"a": {"b": 1, "c": [1, 2]}, "d": 3},
        {"a": {"c": [3]}, "d": {"e": None}},
        {"a": {"b": {}}, "f": {}},
    ]
    expected = {}
    for content in contents:
        update_config(expected, content)
    before = repr(contents)
    assert reading.merged(contents) == expected
    assert repr(contents) == before
