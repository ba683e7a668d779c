"""How many threads run, for Numba and BLAS alike, and when none may."""
from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any

_forked = False
_layer_lock = threading.Lock()
_local = threading.local()


def available() -> tuple[int, str]:
    """The default number of threads, and what it comes from."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = [(affinity, "processors of this process")]
    quota = _cgroup_quota()
    if quota:
        limits.append((quota, "cgroup quota"))
    for name in ("SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        value = os.environ.get(name, "").split(",")[0]
        if value.isdecimal() and int(value) > 0:
            limits.append((int(value), name))
    return min(limits)


def _cgroup_quota() -> int | None:
    with contextlib.suppress(OSError, ValueError):
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
        return max(1, int(quota) // int(period))
    return None


count, source = available()


def set_count(number: int) -> None:
    """Let kernels and BLAS use ``number`` threads."""
    global count, source
    count, source = number, "set_num_threads"
    _limit_blas()


def _limit_blas() -> None:
    from threadpoolctl import ThreadpoolController

    ThreadpoolController().limit(limits=count, user_api="blas")


if source in ("cgroup quota", "SLURM_CPUS_PER_TASK", "NUMBA_NUM_THREADS"):
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(count))   # for a BLAS that is loaded later
    _limit_blas()


def serial_only() -> bool:
    """Whether parallel kernels must not run: one thread, or a forked child (OpenMP kills a child forked after use)."""
    return count == 1 or _forked


def guarded(parallel: Callable) -> Callable:
    """``parallel``, run with the current number of threads, and alone where the threading layer demands it."""
    import numba

    def run(*args: Any) -> Any:
        wanted = min(count, numba.config.NUMBA_NUM_THREADS)
        if getattr(_local, "count", None) != wanted:
            numba.set_num_threads(wanted)
            _local.count = wanted
        if _layer() in ("tbb", "omp"):
            return parallel(*args)
        with _layer_lock:       # workqueue aborts the process when two threads enter it
            return parallel(*args)

    run.dispatcher = parallel
    return run


def _layer() -> str | None:
    """Numba's threading layer, None before its first use."""
    from numba.np.ufunc import parallel

    return parallel._threading_layer


def _after_fork() -> None:
    global _forked
    _forked = True              # OpenBLAS restarts its threads in a child by itself


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
