"""Rows of results: columns that all of them carry, statuses and variants, files."""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from sharpminima.storage.faults import DamagedError
from sharpminima.storage.files import replacing

IDENTITY = ("network", "dataset", "regime", "seed")
IDENTITY_OF_PAIR = ("network", "dataset", "first", "second", "seed")
SETTING = ("variant", "batch_size", "learning_rate", "parameters", "train_examples")
CARRIED = (*IDENTITY, *SETTING, "batch_norm", "status")
WHOLE = "all"  # the layer of a row that is about the whole network
DIVERGED = "diverged"
UNCONVERGED = "max_epochs"
ADOPTED = "adopted"  # a checkpoint from elsewhere: nobody here saw how training ended
# A variant is plain, or lists how a run departs from the paper's protocol.
PLAIN, AVERAGING, ELSEWHERE = "plain", "averaging", "trained elsewhere"
AND = " + "


def departures(variant: str) -> set[str]:
    """Return what a variant lists, such as `averaging`; nothing if it is plain."""
    return set(variant.split(AND)) - {PLAIN}


def identity_of_run(origin: Mapping) -> dict:
    """Return network, dataset, regime and seed of a run, from all that `origin` says.

    Args:
        origin: The attributes of the run's checkpoint.
    """
    return {name: origin[name] for name in IDENTITY}


def identity_of_pair(origins: list[dict]) -> dict:
    """Return what identifies a comparison of two runs of one seed in a row.

    Args:
        origins: The attributes of both checkpoints.

    Returns:
        Network, dataset, seed, the two regimes, the versions that trained them, and
        `status`: diverged if one of the runs is, or ok.
    """
    first, second = origins
    trained_with = sorted({first["versions"], second["versions"]})
    statuses = (first["status"], second["status"])
    return {
        "network": first["network"],
        "dataset": first["dataset"],
        "first": first["regime"],
        "second": second["regime"],
        "seed": first["seed"],
        "status": DIVERGED if DIVERGED in statuses else "ok",
        "trained_with": " | ".join(trained_with),
    }


def write(
    path: str | Path, rows: Iterable[Mapping], columns: Iterable[str] = ()
) -> None:
    """Write `rows` as the CSV file `path`, as `pandas.DataFrame.to_csv` would.

    Columns come in the order in which rows first name them. A value that a row lacks,
    or that is NaN, is left empty. Floats keep all their digits, and integers stay
    integers in a column that some rows lack. A last column, `digest`, has the same
    digest of all this in each row; without rows it stands in the header.

    Args:
        path: The file.
        rows: Values by column.
        columns: The first columns, for a table that may have no rows.
    """
    rows = [
        # Only NaN differs from itself. Text and None pass, unlike with `math.isnan`.
        {name: "" if value != value else value for name, value in row.items()}
        for row in rows
    ]
    # A dict keeps the order in which names come, a set would not.
    columns = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    table = [columns, *([row.get(name) for name in columns] for row in rows)]
    lines = [_line(cells) for cells in table]
    digest = _digest("".join(f"{line}\n" for line in lines).encode())
    last = ["digest" if rows else digest, *[digest] * len(rows)]
    sealed = "".join(f"{line},{cell}\n" for line, cell in zip(lines, last))
    with replacing(path) as temporary:
        temporary.write_text(sealed, encoding="utf-8", newline="")


def read(path: str | Path) -> io.StringIO:
    """Return the text of a CSV file that `write` wrote, without its digest.

    Raises:
        DamagedError: If it is not as it was written.
    """
    content = Path(path).read_bytes()
    # The digest ends every row, so it ends the file.
    last = content[content.rfind(b",") :]
    table = content.replace(b",digest\n", b"\n", 1).replace(last, b"\n")
    if last != f",{_digest(table)}\n".encode():
        raise DamagedError(path, "another digest" if last else "no table")
    return io.StringIO(table.decode(), newline="")


def _line(cells):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _digest(content):
    return hashlib.sha256(content).hexdigest()[:16]
