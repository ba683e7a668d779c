"""The cases of the simulator, on a GPU where there is one."""
import numpy as np
import pytest
from cuda_cases import CASES, LIBRARY_CASES

from nb_nn.kernels import table


def gpu():
    """CuPy, if it finds a device."""
    try:
        import cupy

        cupy.cuda.runtime.getDeviceCount()
        return cupy
    except Exception:           # not installed, or no driver, or no device: each has an error of its own
        return None


pytestmark = pytest.mark.skipif(gpu() is None, reason="there is no GPU, or CuPy is not installed")


def moved(arg):
    """An array on the device, its dimensions in the order in memory that they have here."""
    if not isinstance(arg, np.ndarray):
        return arg
    axes = np.argsort(arg.strides, kind="stable")[::-1]
    return gpu().asarray(np.ascontiguousarray(arg.transpose(axes))).transpose(np.argsort(axes))


@pytest.mark.parametrize("case", [*CASES, *LIBRARY_CASES], ids=lambda case: case.name)
def test_kernel_gives_the_right_numbers(case):
    args, expected = [moved(arg) for arg in case.args], case.expected
    returned = case.kernel(*args)
    if not expected:            # random numbers are those of the CPU
        expected = (case.args[-1].copy(),)
        table.find("cpu", case.kernel.name).serial(*case.args[:-1], *expected)
    results = args[-len(expected):] if returned is None else returned if isinstance(returned, tuple) else (returned,)
    for result, wanted in zip(results, expected):
        np.testing.assert_allclose(result.get(), np.broadcast_to(wanted, result.shape), rtol=max(case.tolerance, 1e-6), atol=1e-5)
