"""What jobs import that compute, tabulate and draw: see `forked_jobs`."""

import sys

import altair  # noqa: F401
import pandas  # noqa: F401
import scipy.optimize
import scipy.stats  # noqa: F401
import vl_convert  # noqa: F401

from sharpminima import backend  # noqa: F401

# The package itself is imported anew, since a test may have edited a copy of it.
for name in [name for name in sys.modules if name.split(".")[0] == "sharpminima"]:
    del sys.modules[name]
