"""What jobs import that compute, tabulate and draw: see `forked_jobs`."""

import altair  # noqa: F401
import pandas  # noqa: F401
import scipy.optimize
import scipy.stats  # noqa: F401
import vl_convert  # noqa: F401

from sharpminima import backend  # noqa: F401
