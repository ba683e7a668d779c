"""``python -m nb_nn.info``: versions, threads, cache and devices, for a bug report or a doubt."""
from __future__ import annotations

import importlib.metadata
import platform
import sys

from nb_nn.kernels import cache, threads

from . import cuda, version
from .core import memory

PACKAGES = ("numba", "llvmlite", "numpy", "scipy", "threadpoolctl", "tbb", "numba-cuda", "cupy-cuda12x", "cupy-cuda13x", "ml_dtypes",
            "tqdm", "matplotlib")


def lines() -> list[tuple[str, str]]:
    """Names and values, in the order they are printed."""
    import threadpoolctl

    found = [("nb_nn", f"{version.package}, torch API {version.api}"), ("Python", f"{platform.python_version()} on {platform.platform()}")]
    for name in PACKAGES:
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append((name, "not installed"))
    for pool in threadpoolctl.threadpool_info():
        where = f"{pool['internal_api']} {pool['version'] or ''}".strip()
        found.append(("BLAS" if pool["user_api"] == "blas" else pool["user_api"], f"{where}, {pool['num_threads']} threads"))
    files, size = cache.size()
    held = memory.stats()
    found += [("threading layer", threading_layer()), ("threads", f"{threads.count}, from {threads.source}"),
              ("kernel cache", f"{cache.directory() or 'none: no folder can be written'}, {files} kernels, {size / 2**20:.1f} MiB"),
              ("memory cache", f"at most {held['limit'] / 2**20:.0f} MiB kept for reuse"),
              ("CUDA", f"{cuda.device_count()} devices" if cuda.is_available() else cuda.why_unavailable())]
    return found


def threading_layer() -> str:
    """The layer that runs parallel kernels: the one in use, or the first that can be loaded."""
    if threads._layer():
        return f"{threads._layer()}, in use"
    for name, module in (("tbb", "numba.np.ufunc.tbbpool"), ("omp", "numba.np.ufunc.omppool"), ("workqueue", "numba.np.ufunc.workqueue")):
        try:
            importlib.import_module(module)
            return name
        except ImportError:
            continue
    return "none: kernels run on one thread"


def main() -> int:
    """Print all lines."""
    for name, value in lines():
        print(f"{name:16} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
