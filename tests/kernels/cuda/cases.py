"""What a case of a kernel of CUDA is, and expectations by the kernels of the CPU."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nb_nn.kernels import table

ATOMIC = {"embedding_backward", "max_pool2d_backward", "bag_sums_backward", "bag_maxima_backward", "add_at_places", "bincount_weighted",
          "resample_backward", "grid_sample_input_grad", "add_rows", "ctc_loss_backward"}


class Case(NamedTuple):
    name: str
    kernel: Callable
    args: tuple
    expected: tuple             # what the last arguments hold afterwards
    tolerance: float = 0
    atomic: bool = False        # additions in any order: the last bits differ from run to run


def numbers(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def by_the_cpu(name: str, *args: Any, results: int = 1, kernel: Any = None, twin: Any = None, tolerance: float = 1e-5) -> Case:
    """A case whose last arguments are expected to be what the CPU's kernel, which has tests of its own, makes of them."""
    expected = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]
    kernel, twin = kernel or table.find("cuda", name), twin or table.find("cpu", name)
    getattr(twin, "serial", twin)(*expected)
    atomic = name in ATOMIC or name.endswith(" add")
    return Case(name, kernel, args, tuple(expected[-results:]), tolerance, atomic)
