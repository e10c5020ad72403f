"""Compare the measures with closed forms on the backend at hand: `make selftest`.

No rule's script: the rule `measure_selftest` makes the same comparison for a study.
"""

import sys

import pandas as pd

from sharpminima import backend
from sharpminima.selftest import closed_forms
from sharpminima.tables import readable, selftest


def main() -> int:
    """Print the table of closed forms; return the exit code, 1 if a value is off."""
    backend.configure(threads=1)
    table = selftest.tabulate(pd.DataFrame(closed_forms.rows()))
    made_with = table[["device", "way", "versions"]].iloc[0]
    print(readable.markdown(table.drop(columns=made_with.index)))
    off = table[table["verdict"] == selftest.OFF]
    print(f"{len(table)} values, {len(off)} of them off. {', '.join(made_with)}")
    return 1 if len(off) else 0


if __name__ == "__main__":
    sys.exit(main())
