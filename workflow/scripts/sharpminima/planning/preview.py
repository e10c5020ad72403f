"""What a study would run, as a table for readers: how many jobs, and for how long."""

import math
import re

import numpy as np
import pandas as pd

from sharpminima.planning.planned_time import Estimate
from sharpminima.planning.rules import RULES, rule

TARGETS = ("all", "tables", "charts")
TABULATING = RULES["tabulate_*"].stage
GROUP = ["rule", "network", "regime"]
ENDS = ["low", "high"]


def jobs_of(text: str) -> list[dict]:
    """Return the jobs that a dry run announces: the `rule` and wildcards of each.

    Args:
        text: What `snakemake --dry-run` printed.
    """
    blocks = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", text, re.MULTILINE)
    jobs = []
    for name, body in blocks:
        if name not in TARGETS:  # they collect files and compute nothing
            line = re.search(r"^    wildcards: (.*)$", body, re.MULTILINE)
            wildcards = re.findall(r"(\w+)=([^,]+)", line[1]) if line else []
            jobs.append({"rule": name, **dict(wildcards)})
    return jobs


def table(jobs: list[dict], estimate: Estimate) -> pd.DataFrame:
    """Return one row per rule, network and regime; tables and charts one per rule.

    Args:
        jobs: What `jobs_of` returned, at least one.
        estimate: How long they take.

    Returns:
        `jobs`; `low` and `high`, the least and the most seconds of all together, and
        `each_low` and `each_high`, of one, missing where unknown; `rate`, whether it is
        this project's `own`.
    """
    rows = pd.DataFrame(jobs).reindex(columns=GROUP).fillna("")
    stage = rows["rule"].map(_stage)
    # Tables and charts of one rule make one row, whichever network they show.
    rows["network"] = rows["network"].where(stage < TABULATING, "")
    rows[ENDS] = [estimate.seconds(job) for job in jobs]
    rows["rate"] = ["stored" if estimate.finished(j).empty else "own" for j in jobs]
    rows = rows.assign(stage=stage).sort_values(["stage", *GROUP], key=_natural)
    # NaN must stay NaN in sums: a group with one unknown time has no known time.
    groups = rows.groupby(GROUP, sort=False)
    return (
        groups[ENDS]
        .sum(skipna=False)
        .join(groups[ENDS].max(skipna=False).add_prefix("each_"))
        .join(groups["rate"].first())
        .join(groups.size().rename("jobs"))
        .reset_index()
    )


def elapsed(rows: pd.DataFrame, cores: int) -> list[float]:
    """Return the least and the most seconds on `cores`, a job on each, stage by stage.

    Args:
        rows: What `table` returned.
        cores: How many jobs run side by side, memory permitting.
    """
    # The cores share a stage, but it takes at least as long as its longest job.
    known = rows.dropna(subset=ENDS)
    stages = known.groupby(known["rule"].map(_stage))
    return [
        np.maximum(stages[end].sum() / cores, stages[f"each_{end}"].max()).sum()
        for end in ENDS
    ]


def text(rows: pd.DataFrame, cores: int) -> str:
    """Return the table and the whole time in words.

    Args:
        rows: What `table` returned.
        cores: How many jobs run side by side.
    """
    each = rows[["each_low", "each_high"]].to_numpy()
    shown = rows[[*GROUP, "jobs"]].assign(
        each=[span(*ends) for ends in each],
        all=[span(*ends) for ends in rows[ENDS].to_numpy()],
        rate=rows["rate"].where(rows["low"].notna(), ""),
    )
    jobs, unknown = rows["jobs"].sum(), rows.loc[rows["low"].isna(), "jobs"].sum()
    known = span(*elapsed(rows, cores))
    beside = f", without {unknown} whose time is unknown" if unknown else ""
    machine = f"{cores} core{'s' if cores > 1 else ''}"
    line = f"Jobs: {jobs}; about {known} on {machine}{beside}"
    return f"{shown.to_markdown(index=False)}\n\n{line}"


def sources(rates: pd.DataFrame) -> str:
    """Return where rates come from.

    Args:
        rates: What `planned_time.rates` returned.
    """
    machine, date = rates.iloc[0][["machine", "date"]]
    return (
        "Rates: `own` from finished jobs under results/, `stored` measured on\n"
        f"{machine}, {date} (workflow/resources/rates)."
    )


def span(low: float, high: float) -> str:
    """Return a range of seconds in words."""
    first, last = duration(low), duration(high)
    return first if first == last else f"{first} to {last}"


def duration(seconds: float) -> str:
    """Return seconds in words, of two units at most."""
    if math.isnan(seconds):
        return "unknown"
    # From 59.5 s and 3595 s on, rounding would make `60 s` and `60 min`.
    if seconds < 59.5:
        return f"{max(1, round(seconds))} s"
    if seconds < 3595:
        return _two_units(10 * round(seconds / 10), 60, "min", "s")
    if seconds < 2 * 86400:
        return _two_units(round(seconds / 60), 60, "h", "min")
    return _two_units(round(seconds / 3600), 24, "d", "h")


def _stage(name):
    return rule(name).stage


def _natural(column):
    """Return the keys by which B64 comes before B128."""
    # Equally many digits in every number: then the order of texts is their order.
    texts = column.astype(str)
    return texts.str.replace(r"\d+", lambda digits: digits[0].zfill(9), regex=True)


def _two_units(value, per, large, small):
    whole, rest = divmod(value, per)
    return f"{whole} {large} {rest} {small}" if rest else f"{whole} {large}"
