"""Side by side: every variant of a case in turn, round after round, medians."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

ROUNDS = 5


def alternate(
    variants: Mapping[str, Callable[[], object]], rounds: int = ROUNDS
) -> Iterator[dict]:
    """Time each of `variants` once a round, after one call that is not timed.

    Yields:
        `variant`, `seconds` (the median), `fastest` and `slowest` round.
    """
    for run in variants.values():
        run()
    seconds = {name: [] for name in variants}
    for _ in range(rounds):
        for name, run in variants.items():
            seconds[name].append(timed(run))
    yield from medians(seconds)


def medians(seconds: Mapping[str, Sequence[float]]) -> Iterator[dict]:
    """Yield what `alternate` yields, from the seconds that each variant took."""
    for name, taken in seconds.items():
        yield {
            "variant": name,
            "seconds": statistics.median(taken),
            "fastest": min(taken),
            "slowest": max(taken),
            "rounds": len(taken),
        }


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


class Clock:
    """Adds up the seconds of all calls of the functions that it wraps."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self, function: Callable) -> Callable:
        """Return `function`, timed."""

        def wrapped(*arguments, **options):
            started = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - started

        return wrapped
