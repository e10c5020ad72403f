"""L-BFGS-B on an objective that costs little: the project's against SciPy's.

Each search has a process of its own, in which processor time and peak memory are
measured. The peak is that of the whole process, with Python and with the problem. One
search alone, VARIANT being a name in `SEARCHES`:

    PYTHONPATH=workflow/scripts:tests python tests/bench/solvers.py VARIANT VARIABLES
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import timing

from sharpminima.measures import lbfgsb
from sharpminima.measures.spaces import box_half_widths

# How many rounds at each size. F1 has 1,462,794 parameters.
ROUNDS = {100_000: 3, 1_462_794: 3, 15_000_000: 1}
EPSILON, ITERATIONS, BLOCK = 1e-3, 10, 1 << 14


def rows(cores: int) -> Iterator[dict]:
    """Yield processor time and peak memory of searches of ten iterations."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(cores)}
    for variables, rounds in ROUNDS.items():
        found = {variant: [] for variant in SEARCHES}
        for variant in [*SEARCHES] * rounds:
            command = [sys.executable, __file__, variant, str(variables)]
            run = subprocess.run(
                command, env=environment, check=True, capture_output=True, text=True
            )
            found[variant].append(json.loads(run.stdout))
        seconds = {
            name: [run["seconds"] for run in runs] for name, runs in found.items()
        }
        for row in timing.medians(seconds):
            megabytes = max(run["megabytes"] for run in found[row["variant"]])
            case = f"{variables} variables, {ITERATIONS} iterations, processor time"
            yield {"benchmark": "solver", "case": case, **row, "megabytes": megabytes}


def search(variant: str, variables: int) -> dict[str, float]:
    """Run one search in this process.

    Returns:
        Processor time (`seconds`) of the search with its objective, about a tenth of
        it, the peak memory of the process (`megabytes`), and `evaluations`.
    """
    run, dtype = SEARCHES[variant]
    objective, half_widths = separable(variables, dtype)
    start, lower = np.zeros(variables, dtype), -half_widths
    started = time.process_time()
    evaluations = run(objective, start, lower, half_widths)
    seconds = time.process_time() - started
    return {"seconds": seconds, "megabytes": peak(), "evaluations": evaluations}


def ours(objective, start, lower, upper) -> int:
    """Search with the project's solver, and return the number of evaluations."""
    limits = {"max_iterations": ITERATIONS, "max_evaluations": 100}
    return lbfgsb.minimise(objective, start, lower, upper, **limits).evaluations


def scipy(objective, start, lower, upper) -> int:
    """Search with SciPy's solver, and return the number of evaluations."""
    from scipy import optimize

    options = {"maxiter": ITERATIONS, "ftol": 0.0, "gtol": 0.0}
    bounds = optimize.Bounds(lower, upper)
    return optimize.minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options
    ).nfev


SEARCHES = {
    "sharpminima": (ours, np.float32),
    "sharpminima, float64": (ours, np.float64),
    "SciPy": (scipy, np.float64),
}


def separable(variables: int, dtype):
    """Return a separable quadratic and its box: a fifth of the curvatures is negative.

    The others make each iteration keep its pair. With negative curvatures alone every
    update would be skipped, and most of the solver would stay untimed.
    """
    curvatures, slope, half_widths = np.empty((3, variables), dtype)
    blocks = [slice(i, i + BLOCK) for i in range(0, variables, BLOCK)]
    rng = np.random.default_rng(0)
    for block in blocks:
        n = len(slope[block])
        widths = box_half_widths(0.05 * rng.standard_normal(n), EPSILON)
        curvature = 10.0 ** rng.uniform(-1.5, 1.5, n)
        slope[block] = curvature * widths * rng.uniform(-1.6, 1.6, n)
        curvatures[block] = curvature * rng.choice([-1, 1, 1, 1, 1], n)
        half_widths[block] = widths
    factor = dtype(100 * EPSILON / max(slope.max(), -slope.min()))
    curvatures *= factor
    slope *= factor

    def objective(z):
        gradient, value = curvatures * z, 0.0
        for block in blocks:
            here = z[block].astype(np.float64)
            value += here @ (0.5 * gradient[block] + slope[block])
        gradient += slope
        return value, gradient

    return objective, half_widths


def peak() -> float:
    """Return this process' peak memory in megabytes, NaN where Linux does not say it.

    `resource.getrusage` would count the process that this one was forked from.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    print(json.dumps(search(sys.argv[1], int(sys.argv[2]))))
