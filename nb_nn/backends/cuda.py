"""What CUDA's libraries can be told."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

DEFAULT_SIZE = 4096             # plans; what torch keeps from CUDA 10 on

matmul = SimpleNamespace(allow_tf32=False, allow_fp16_reduced_precision_reduction=False,     # kept, and changes nothing
                         allow_bf16_reduced_precision_reduction=False)


class PlanCache:
    """The Fourier transforms cuFFT has prepared on a device; without a GPU there are none, and the limit is only remembered.

    >>> torch.backends.cuda.cufft_plan_cache.size
    0
    """

    def __init__(self, index: int | None = None):
        self._index = index
        self._limit = DEFAULT_SIZE

    def _cache(self) -> Any:
        """CuPy's cache of plans, or None."""
        from .. import cuda

        if not cuda.is_available():
            return None
        import cupy

        with cupy.cuda.Device(self._index):
            return cupy.fft.config.get_plan_cache()

    @property
    def size(self) -> int:
        """How many plans are kept now."""
        cache = self._cache()
        return 0 if cache is None else cache.get_curr_size()

    @property
    def max_size(self) -> int:
        """How many plans may be kept."""
        cache = self._cache()
        return self._limit if cache is None else cache.get_size()

    @max_size.setter
    def max_size(self, value: int) -> None:
        if not isinstance(value, int) or value < 0:
            raise RuntimeError(f"cufft_plan_cache.max_size must be a number of plans, 0 or more, but got {value!r}")
        self._limit = value
        cache = self._cache()
        if cache is not None:
            cache.set_size(value)

    def clear(self) -> None:
        """Forget all plans."""
        cache = self._cache()
        if cache is not None:
            cache.clear()


class PlanCaches(PlanCache):
    """The plan cache of the current device, and by index those of the others."""

    def __init__(self) -> None:
        super().__init__()
        self._of_devices: dict[int, PlanCache] = {}

    def __getitem__(self, device: Any) -> PlanCache:
        from .. import cuda

        index, count = getattr(device, "index", device), cuda.device_count()
        if not isinstance(index, int) or not 0 <= index < count:
            raise RuntimeError(f"cufft_plan_cache: expected 0 <= device index < {count}, but got device with index {index}")
        return self._of_devices.setdefault(index, PlanCache(index))


cufft_plan_cache = PlanCaches()


def is_built() -> bool:
    """Whether there is what CUDA tensors need (CuPy)."""
    from importlib.util import find_spec

    return find_spec("cupy") is not None
