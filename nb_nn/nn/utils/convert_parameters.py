"""Parameters as one vector."""
from __future__ import annotations

from collections.abc import Iterable

from ...ops.joining import cat
from ...tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters behind each other.

    >>> parameters_to_vector([tensor([[1.0, 2.0]]), tensor([3.0])])
    tensor([1., 2., 3.])
    """
    parameters = list(parameters)
    check_devices(parameters)
    return cat([one.reshape(-1) for one in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make the parameters views of parts of a vector, as `parameters_to_vector` has put them."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    parameters = list(parameters)
    check_devices(parameters)
    first = 0
    for one in parameters:
        one.data = vec[first:first + one.numel()].view_as(one).data
        first += one.numel()


def check_devices(parameters: list[Tensor]) -> None:
    if len({one.device for one in parameters}) > 1:
        raise TypeError("Found two parameters on different devices, this is currently not supported: "
                        + ", ".join(sorted({str(one.device) for one in parameters})))
