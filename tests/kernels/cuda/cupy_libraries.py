"""The libraries behind CuPy, for its double: NumPy and SciPy take the parts of Thrust, cuFFT, cuBLAS and cuSOLVER."""
from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from scipy import fft, linalg


def on_device(function: Callable) -> Callable:
    """A function of host arrays as one of device arrays: these must be on the current device, and so are the results."""
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        import cupy_double

        for arg in (*args, *kwargs.values()):
            if isinstance(arg, np.ndarray) and arg.ndim:
                raise TypeError(f"Unsupported type {type(arg)}: {function.__name__} takes arrays of CuPy")
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = function(*[there(arg) for arg in args], **{name: there(arg) for name, arg in kwargs.items()})
        if isinstance(found, tuple):
            return tuple([cupy_double.new(one) for one in found])
        return cupy_double.new(np.asarray(found))
    return run


def there(arg: Any) -> Any:
    """What a library sees of an argument."""
    if isinstance(arg, tuple):
        return tuple([there(one) for one in arg])
    return arg._here() if hasattr(arg, "_here") else arg


@on_device
def argsort(a, axis=-1, kind=None):
    if kind not in (None, "stable"):
        raise ValueError(f"{kind} is not supported: only stable sort")
    return np.argsort(a, axis, kind="stable")


@on_device
def cumsum(a, axis=None, dtype=None):
    return np.cumsum(a, axis, dtype)


@on_device
def ascontiguousarray(a, dtype=None):
    return np.ascontiguousarray(a, dtype)


@on_device
def broadcast_to(array, shape):
    return np.broadcast_to(array, shape)


@on_device
def eye(N, M=None, k=0, dtype=float):
    return np.eye(N, M, k, dtype)


def transform(name: str) -> Callable:
    """One of cuFFT's, which compute in the type of their argument."""
    function = getattr(fft, name)
    if name.endswith("n"):
        def run(a, s=None, axes=None, norm=None):
            return function(a, s, axes, norm)
    else:
        def run(a, n=None, axis=-1, norm=None):
            return function(a, n, axis, norm)
    run.__name__ = name
    return on_device(run)


@on_device
def cholesky(a):
    """Of a matrix that is not positive, what potrf leaves; an error where ``cupyx.errstate`` asks for one."""
    kind = {"f": "s", "d": "d", "F": "c", "D": "z"}[a.dtype.char]
    found, info = getattr(linalg.lapack, kind + "potrf")(a, lower=True, clean=True)
    if info and checked[-1]:
        raise np.linalg.LinAlgError(f"Error reported by potrf in cuSOLVER. devInfo = {info}")
    return found


@on_device
def svd(a, full_matrices=True, compute_uv=True):
    found = np.linalg.svd(a, full_matrices, compute_uv)
    return tuple(found) if compute_uv else found


@on_device
def eigh(a, UPLO="L"):
    return tuple(np.linalg.eigh(a, UPLO))


@on_device
def eig(a):
    values, vectors = np.linalg.eig(a)
    return values.astype(np.result_type(values, np.complex64)), vectors.astype(np.result_type(vectors, np.complex64))


@on_device
def qr(a, mode="reduced"):
    return tuple(np.linalg.qr(a, mode))


@on_device
def lu_factor(a, overwrite_a=False, check_finite=True):
    if a.ndim != 2:
        raise np.linalg.LinAlgError(f"{a.ndim}-dimensional array given. Array must be two-dimensional")
    return linalg.lu_factor(a, check_finite=check_finite)


@on_device
def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    if lu_and_piv[0].ndim != 2:
        raise np.linalg.LinAlgError("Array must be two-dimensional")
    return linalg.lu_solve(lu_and_piv, b, trans, check_finite=check_finite)


@on_device
def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=False):
    return linalg.solve_triangular(a, b, trans, lower, unit_diagonal, check_finite=False)


@on_device
def expm(a):
    if a.ndim != 2:
        raise ValueError("expm takes one matrix")
    return linalg.expm(a).astype(a.dtype)


checked = [False]               # whether cuSOLVER's reports are looked at, which they are not by default


@contextlib.contextmanager
def errstate(*, linalg=None):
    checked.append(linalg == "raise")
    try:
        yield
    finally:
        checked.pop()


FUNCTIONS = (argsort, cumsum, ascontiguousarray, broadcast_to, eye)
TRANSFORMS = [transform(name) for name in ("fftn", "ifftn", "rfftn", "irfft")]
DECOMPOSITIONS = (cholesky, svd, eigh, eig, qr)
OF_SCIPY = (lu_factor, lu_solve, solve_triangular, expm)


def modules() -> dict[str, ModuleType]:
    """What belongs to the double beside `cupy` itself, by name."""
    cupyx, scipy, of_scipy = ModuleType("cupyx"), ModuleType("cupyx.scipy"), ModuleType("cupyx.scipy.linalg")
    cupyx.errstate, cupyx.scipy, scipy.linalg = errstate, scipy, of_scipy
    for one in OF_SCIPY:
        setattr(of_scipy, one.__name__, one)
    return {"cupyx": cupyx, "cupyx.scipy": scipy, "cupyx.scipy.linalg": of_scipy}
