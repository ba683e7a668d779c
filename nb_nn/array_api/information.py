"""What types and devices there are."""
from __future__ import annotations

from typing import Any

from .. import cuda
from .. import types as limits
from ..core import device as devices
from ..core import dtype as dtypes
from ..core.tensor_base import TensorBase

Tensor = TensorBase
SIGNED = {kind.name: kind for kind in (dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)}
UNSIGNED = {kind.name: kind for kind in (dtypes.uint8, dtypes.uint16, dtypes.uint32, dtypes.uint64)}
REAL = {"float32": dtypes.float32, "float64": dtypes.float64}
COMPLEX = {"complex64": dtypes.complex64, "complex128": dtypes.complex128}
KINDS = {"bool": {"bool": dtypes.bool_}, "signed integer": SIGNED, "unsigned integer": UNSIGNED, "integral": {**SIGNED, **UNSIGNED},
         "real floating": REAL, "complex floating": COMPLEX, "numeric": {**SIGNED, **UNSIGNED, **REAL, **COMPLEX}}


def kinds_of(kind: Any) -> dict:
    """The types of a kind, or of several."""
    if isinstance(kind, tuple):
        return {name: found for one in kind for name, found in kinds_of(one).items()}
    if kind not in KINDS:
        raise ValueError(f"unrecognized kind of type {kind!r}; expected one of {', '.join(KINDS)}")
    return dict(KINDS[kind])


def astype(x: Tensor, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Tensor:
    """The elements in another type."""
    if x._dtype.is_complex and not dtype.is_complex and dtype is not dtypes.bool_:
        raise TypeError("The Array API standard stipulates that casting complex values to real ones is not permitted")
    return x.to(dtype=dtype, device=x.device if device is None else device, copy=copy)


def can_cast(from_: Any, to: Any, /) -> bool:
    """Whether the standard's promotion leads from one type to another."""
    own = from_._dtype if isinstance(from_, TensorBase) else from_
    if dtypes.uint64 in (own, to) and (own in SIGNED.values() or to in SIGNED.values()):     # these have no common type
        return False
    return dtypes.promote_types(own, to) is to and (own.category, to.category) not in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3))


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a type is of a kind, such as "integral", or one of several."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    return dtype is kind if isinstance(kind, dtypes.dtype) else dtype in kinds_of(kind).values()


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The type of a result of arrays, types and numbers."""
    kinds = [one if isinstance(one, dtypes.dtype) else one._dtype for one in arrays_and_dtypes
             if isinstance(one, (dtypes.dtype, TensorBase))]
    if not kinds:
        raise ValueError("result_type: at least one array or type is needed")
    found = kinds[0]
    for kind in kinds[1:]:
        found = dtypes.promote_types(found, kind)
    for one in arrays_and_dtypes:
        if isinstance(one, complex) and found.category == 2:
            found = dtypes.complex128 if found is dtypes.float64 else dtypes.complex64
        elif isinstance(one, (bool, int, float, complex)) and (bool, int, float, complex).index(type(one)) > found.category:
            raise TypeError(f"a {type(one).__name__} does not go with {found}")
    return found


def finfo(type: Any, /) -> limits.finfo:
    """Limits of a floating type (of an array)."""
    kind = type._dtype if isinstance(type, TensorBase) else type
    real = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}
    made = limits.finfo(real.get(kind, kind))
    made.dtype = real.get(kind, kind)
    return made


def iinfo(type: Any, /) -> limits.iinfo:
    """Limits of an integer type (of an array)."""
    kind = type._dtype if isinstance(type, TensorBase) else type
    made = limits.iinfo(kind)
    made.dtype = kind
    return made


class __array_namespace_info__:
    """What this namespace can do."""

    __module__ = "nb_nn.array_api"

    def capabilities(self) -> dict:
        """Indexing by masks and shapes that depend on data are there; arrays have up to 64 dimensions."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> Any:
        """Where arrays are made if nothing is said."""
        return devices.CPU

    def default_dtypes(self, *, device: Any = None) -> dict:
        """Types of numbers for which none is said."""
        real = dtypes.get_default_dtype()
        wide = dtypes.complex128 if real is dtypes.float64 else dtypes.complex64
        return {"real floating": real, "complex floating": wide, "integral": dtypes.int64, "indexing": dtypes.int64}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict:
        """The types there are, or those of a kind."""
        return {**KINDS["bool"], **KINDS["numeric"]} if kind is None else kinds_of(kind)

    def devices(self) -> list:
        """The devices there are."""
        return [devices.CPU, *[devices.device("cuda", index) for index in range(cuda.device_count())]]
