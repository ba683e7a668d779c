"""A launch hands the driver what the kernel was compiled for; CuPy and the driver are played by a recorder."""
import ctypes
import struct
import sys
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda is not installed")

from nb_nn.kernels import table  # noqa: E402
from nb_nn.kernels.cuda import launch, loops  # noqa: E402


class Array(np.ndarray):
    """A NumPy array that has an address where CuPy's have it."""

    @property
    def data(self):
        return SimpleNamespace(ptr=self.ctypes.data)


@pytest.fixture
def recorder(monkeypatch, tmp_path):
    """Stands in for CuPy: counts the modules loaded, and keeps of each launch its shape and its parameters' bytes."""
    seen = SimpleNamespace(loaded=[], launches=[])

    class Module:
        def load(self, cubin):
            seen.loaded.append(cubin)

        def get_function(self, name):
            return SimpleNamespace(ptr=len(seen.loaded), name=name)

    def launch_kernel(function, *rest):
        assert len(rest) == 10
        config = (ctypes.c_size_t * 5).from_address(rest[9])
        assert (config[0], config[2], config[4], rest[8]) == (1, 2, 0, 0)   # CU_LAUNCH_PARAM_BUFFER_POINTER, _SIZE, _END
        size = ctypes.c_size_t.from_address(config[3]).value
        seen.launches.append((function, rest[:3], rest[3:6], ctypes.string_at(config[1], size)))

    cupy = SimpleNamespace(cuda=SimpleNamespace(
        runtime=SimpleNamespace(getDevice=lambda: 0), Device=lambda: SimpleNamespace(compute_capability="80"),
        function=SimpleNamespace(Module=Module), driver=SimpleNamespace(launchKernel=launch_kernel),
        get_current_stream=lambda: SimpleNamespace(ptr=0)))
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(launch.cache, "directory", lambda: tmp_path)
    return seen


def shifted(x, by):
    return x + by


def test_a_launch_packs_its_arguments(recorder):
    x, out = np.zeros(1000, "f").view(Array), np.zeros(1000, "f").view(Array)
    loops.flat(shifted, 1)(x, (2,), out)
    function, grid, block, parameters = recorder.launches[0]
    assert (grid, block) == ((4, 1, 1), (256, 1, 1))
    assert struct.unpack("@PPqqPqqfPPqqPqq", parameters) == (0, 0, 1000, 4, x.ctypes.data, 1000, 4, 2.0,
                                                             0, 0, 1000, 4, out.ctypes.data, 1000, 4)


def test_a_kernel_is_loaded_once_for_each_dtype(recorder):
    kernel = table.find("cuda", "bernoulli")
    kernel.loaded.clear()
    for size in (10, 20):
        for dtype in ("f", "d"):
            kernel(1, 2, 0.5, np.zeros(size, dtype).view(Array))
    assert [cubin[:4] for cubin in recorder.loaded] == [b"\x7fELF"] * 2
    assert [function for function, *_ in recorder.launches] == [1, 2, 1, 2]
    kernel.loaded.clear()


def test_nothing_is_launched_for_nothing(recorder):
    kernel = table.find("cuda", "bernoulli")
    kernel(1, 2, 0.5, np.zeros(0, "f").view(Array))
    assert not recorder.launches and not recorder.loaded
