"""Times two ways of computing the same thing in one process, in turns, so that what disturbs one disturbs the other."""
from __future__ import annotations

import dataclasses
import json
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np


@dataclasses.dataclass
class Row:
    """One comparison: seconds a call, the ratio of ours to theirs (median over the rounds), and the most it may be."""

    group: str
    name: str
    ours: float
    theirs: float
    ratio: float
    difference: float


def seconds(function: Callable[[], Any], count: int) -> float:
    """Mean seconds of ``count`` calls."""
    start = time.perf_counter()
    for _ in range(count):
        function()
    return (time.perf_counter() - start) / count


def compare(group: str, name: str, ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int = 15, budget: float = 0.02,
            agree: float | None = 1e-3) -> Row:
    """Call both in turns; check that they agree within ``agree`` (relative to the largest magnitude; None: not checked)."""
    first, second = ours(), theirs()
    difference = disagreement(first, second) if agree is not None else 0.0
    if agree is not None and not difference <= agree:
        raise AssertionError(f"{group} {name}: the results differ by {difference:.2g}, more than {agree:.2g}")
    del first, second
    single = max(seconds(ours, 1), seconds(theirs, 1), 1e-7)
    count = max(1, int(budget / single))
    pairs = [(seconds(ours, count), seconds(theirs, count)) for _ in range(rounds)]
    return Row(group, name, statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs),
               statistics.median(a / b for a, b in pairs), difference)


def disagreement(first: Any, second: Any) -> float:
    """Largest difference of two results, or of tuples of results, relative to their largest magnitude."""
    if isinstance(first, (tuple, list)):
        return max((disagreement(a, b) for a, b in zip(first, second)), default=0.0)
    a, b = (np.asarray(one.detach().numpy() if hasattr(one, "detach") else one) for one in (first, second))
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    a, b = a.astype(wide), b.astype(wide)
    if a.shape != b.shape:
        return float("inf")
    scale = max(1e-30, float(np.abs(b[np.isfinite(b)]).max(initial=0)))
    return float(np.abs(a - b).max(initial=0) / scale) if np.isfinite(b).all() else float(not np.allclose(a, b, equal_nan=True))


def geometric_mean(ratios: list[float]) -> float:
    """The geometric mean."""
    return float(np.exp(np.mean(np.log(ratios))))


def report(rows: list[Row], limits: dict[str, tuple[float, float]], path: str | None) -> bool:
    """Print a table with the mean of each group against its limits (mean, single); write JSON; tell whether all hold."""
    fine = True
    for group in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == group]
        mean_limit, single_limit = limits.get(group, (float("inf"), float("inf")))
        print(f"\n{group}")
        for row in members:
            mark = " <-- above the limit" if row.ratio > single_limit else ""
            print(f"  {row.name:34} {row.ours * 1e6:12.1f} us {row.theirs * 1e6:12.1f} us   {row.ratio:6.2f}{mark}")
        mean = geometric_mean([row.ratio for row in members])
        print(f"  {'geometric mean':34} {'':30}   {mean:6.2f}   (at most {mean_limit:g})")
        fine = fine and mean <= mean_limit and all(row.ratio <= single_limit for row in members)
    if path:
        with open(path, "w") as file:
            json.dump({"machine": platform.processor() or platform.machine(), "rows": [dataclasses.asdict(row) for row in rows]}, file,
                      indent=1)
    return fine
