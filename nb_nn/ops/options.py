"""What factories are told besides sizes: type, device, layout, requires_grad."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core.device import CPU, device
from ..core.dtype import dtype


def resolve(kind: dtype | None, where: Any, requires_grad: bool) -> tuple[dtype, Any]:
    """Checked type and device of a tensor to be made."""
    if kind is None:
        kind = dtypes.get_default_dtype()
    elif not isinstance(kind, dtype):
        raise TypeError(f"dtype must be a torch.dtype, not {type(kind).__name__}")
    if requires_grad and kind.category < 2:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    return kind, place(where)


def check_options(layout: Any = None, pin_memory: bool = False) -> None:
    """Refuse what cannot be honoured: other layouts than strided, pinned memory without CUDA."""
    if layout is not None and layout.name != "strided":
        raise RuntimeError(f"layout {layout} is not made by this function; it makes strided tensors")
    if pin_memory:
        from .. import cuda

        cuda.check_available("pin_memory")


default_device: list[device] = [CPU]


def set_default_device(device: Any) -> None:
    """Let factories make tensors on this device where none is said; None means the CPU.

    >>> torch.set_default_device("cpu")
    >>> torch.get_default_device()
    device(type='cpu')
    """
    default_device[0] = CPU if device is None else place(device)


def get_default_device() -> device:
    """Where factories make tensors if no device is said."""
    return default_device[0]


def place(where: Any) -> device:
    """A device argument as a device that is there: CPU, or a CUDA device."""
    if where is None:
        return default_device[0]
    if where is CPU:
        return CPU
    where = device(where)
    if where.type == "cpu":
        return CPU
    from .. import cuda

    return cuda.checked(where)


def finish(tensor: Any, requires_grad: bool) -> Any:
    """Set ``requires_grad`` on a new tensor."""
    if requires_grad:
        resolve(tensor._dtype, None, True)
        tensor._requires_grad = True
    return tensor
