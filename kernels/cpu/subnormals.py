"""Subnormal numbers, those below the normal range, taken as zero: a mode of each thread's processor."""
import platform

import numpy as np

from .. import threads
from ..bits import add_at_once, set_flush
from ..compile import Kernel, prange

PATIENCE = 1 << 22          # looks at the counter, after which a thread no longer waits for those that never come


def in_each_thread(flush, arrived, states):
    """Set the mode in every thread: none takes a second element of ``states`` before all have taken one."""
    for i in prange(states.size):
        states[i] = set_flush(flush)
        add_at_once(arrived, 1)
        for _ in range(PATIENCE):
            if add_at_once(arrived, 0) >= states.size:
                break


kernel = Kernel(in_each_thread)


def set_mode(flush: bool) -> bool:
    """Set the mode in the calling thread, its workers, and so in those that either starts later; False where the processor has none."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    states = np.zeros(1, np.int64)
    kernel.serial(np.int64(flush), np.zeros(1, np.int64), states)
    if not threads.serial_only():
        kernel.parallel(np.int64(flush), np.zeros(1, np.int64), np.zeros(threads.count, np.int64))
    return bool(states[0]) == flush
