"""How far measures drift where other parameters give the same function."""

import pandas as pd

from sharpminima.storage.rows import DIVERGED
from sharpminima.tables.summaries.averages import with_versions
from sharpminima.tables.summaries.searches import CELL, sharpness_of_runs

KEYS = ["network", "dataset", "regime", "seed", "measure", *CELL]
AS_TRAINED = "as_trained"


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per run, measure, space and epsilon.

    Args:
        rows: One row per form and search, as the rule `measure_invariance` writes it.

    Returns:
        `as_trained` and each other form (percent); `FORM_drift`, its value over that as
        trained; `largest_logit_change` of the forms that count; and `refused`, the
        forms that changed the function and have no value.
    """
    values = {
        form.replace(" ", "_"): _values(of_form)
        for form, of_form in rows.groupby("form", sort=False)
    }
    # In the order of the rows: the measures of one run stand together.
    order = pd.MultiIndex.from_frame(rows[KEYS].drop_duplicates())
    table = pd.concat(values, axis=1).reindex(order)
    for form in table.columns.drop(AS_TRAINED):
        table[f"{form}_drift"] = table[form] / table[AS_TRAINED]
    counting = rows["sharpness"].notna()
    changes = rows[counting].groupby(KEYS)["logit_change"].max()
    refused = rows[~counting & (rows["status"] != DIVERGED)].groupby(KEYS)["form"]
    table = table.join(changes.rename("largest_logit_change"))
    table = table.join(refused.agg(_names).rename("refused"))
    return with_versions(table, rows, KEYS).reset_index()


def _values(rows):
    """Return the value of each run, measure, space and epsilon at one form."""
    values = [
        sharpness_of_runs(of_measure).assign(measure=measure)
        for measure, of_measure in rows.groupby("measure", sort=False)
    ]
    return pd.concat(values).set_index(KEYS)["sharpness"]


def _names(forms):
    return ", ".join(forms.unique())
