"""Complex numbers: their parts, sizes and angles. Angles are in radians.

Gradients are torch's: of a real loss L, that of x + iy is dL/dx + i dL/dy.
"""
from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.elementwise import BOOL, COMPLEX, FLOAT, REAL, elementwise, unary
from ..core.op import derivative, inplace, no_derivative, op, zero_slope
from ..core.storage import storage_offset
from ..core.tensor_base import TensorBase, view_of
from . import arithmetic, as_strided, copies, creation, from_data, view

Tensor = TensorBase


@op
def view_as_real(input: Tensor) -> Tensor:
    """A view of complex elements as pairs of real ones: real part, imaginary part.

    Shape: (\\*) gives (\\*, 2).

    >>> view_as_real(tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    if input._dtype.category != 3:
        raise RuntimeError("view_as_real is only supported for complex tensors")
    kind = input._dtype.to_real()
    made = view_of(input, input._array[..., None].view(kind.numpy))
    made._dtype = kind
    return made


@op
def view_as_complex(input: Tensor) -> Tensor:
    """A view of pairs of real elements, side by side in the last dimension, as complex ones.

    Shape: (\\*, 2) gives (\\*).

    >>> view_as_complex(tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    array, kind = input._array, input._dtype
    if kind not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
                           f"{kind.tensor_name[:-6]}")
    if not array.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if array.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    steps = as_strided.strides_of(input)
    if steps[-1] != 1:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if builtins.any(step % 2 for step in steps[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    if storage_offset(input) % 2:
        raise RuntimeError("Tensor must have a storage_offset divisible by 2")
    wide = kind.to_complex()
    made = view_of(input, array.view(wide.numpy)[..., 0])
    made._dtype = wide
    return made


derivative(view_as_real, input=lambda grad: complex_of_pairs(grad))
derivative(view_as_complex, input=lambda grad: view_as_real(grad))


def complex_of_pairs(pairs: Tensor) -> Tensor:
    """`view_as_complex`, of a copy if the pairs lie otherwise."""
    steps = as_strided.strides_of(pairs)
    fits = steps[-1] == 1 and not builtins.any(step % 2 for step in steps[:-1]) and storage_offset(pairs) % 2 == 0
    return view_as_complex(pairs if fits else copies.clone(view.contiguous(pairs)))


@op
def real_part(input: Tensor) -> Tensor:
    """`real` of a complex tensor."""
    return part_of(input, input._array.real)


@op
def imaginary_part(input: Tensor) -> Tensor:
    """`imag` of a complex tensor."""
    return part_of(input, input._array.imag)


def part_of(input: Tensor, array: np.ndarray) -> Tensor:
    made = view_of(input, array)
    made._dtype = input._dtype.to_real()
    return made


real_part.declaration.node_name, imaginary_part.declaration.node_name = "SelectBackward0", "SelectBackward0"
derivative(real_part, input=lambda grad: from_parts(grad, None))
derivative(imaginary_part, input=lambda grad: from_parts(None, grad))


def from_parts(real: Tensor | None, imag: Tensor | None) -> Tensor:
    """Complex numbers of which a part may be left out, as zero."""
    given = imag if real is None else real
    zero = creation.zeros((), dtype=given._dtype, device=given._device)
    return complex_parts(zero if real is None else real, zero if imag is None else imag)


def real(input: Tensor) -> Tensor:
    """Real parts, a view; a real tensor itself.

    >>> real(tensor([1 + 2j]))
    tensor([1.])
    """
    return real_part(input) if input._dtype.category == 3 else input


def imag(input: Tensor) -> Tensor:
    """Imaginary parts of a complex tensor, a view.

    >>> imag(tensor([1 + 2j]))
    tensor([2.])
    """
    if input._dtype.category != 3:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return imaginary_part(input)


def set_real(input: Tensor, value: Any) -> None:
    """``input.real = value``."""
    copies.copy_(real(input), value if isinstance(value, TensorBase) else from_data.as_tensor(value))


def set_imag(input: Tensor, value: Any) -> None:
    """``input.imag = value``."""
    copies.copy_(imag(input), value if isinstance(value, TensorBase) else from_data.as_tensor(value))


@op
def complex_parts(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`complex` with checked parts, which broadcast."""
    return elementwise("complex_from_parts", (real, imag), (), out, COMPLEX)


complex_parts.declaration.node_name = "ComplexBackward0"
derivative(complex_parts, real=lambda grad: real_part(grad), imag=lambda grad: imaginary_part(grad))


def check_parts(one: Tensor, other: Tensor) -> None:
    """Both must be of one floating type that a complex type has for its parts."""
    for part in (one, other):
        if not isinstance(part, TensorBase):
            raise TypeError(f"a complex number is made of two tensors, not of {type(part).__name__}")
    if one._dtype.category != 2 or other._dtype.category != 2 or one._dtype is dtypes.bfloat16 or other._dtype is dtypes.bfloat16:
        raise RuntimeError(f"Expected both inputs to be Half, Float or Double tensors but got {one._dtype.tensor_name[:-6]} and "
                           f"{other._dtype.tensor_name[:-6]}")
    if one._dtype is not other._dtype:
        raise RuntimeError(f"Expected object of scalar type {one._dtype.tensor_name[:-6]} but got scalar type "
                           f"{other._dtype.tensor_name[:-6]} for second argument")
    one._dtype.to_complex()


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers from their real and imaginary parts, two float32 or two float64 tensors that broadcast.

    >>> complex(tensor([1.0]), tensor([2.0]))
    tensor([1.+2.j])
    """
    for name, one in (("real", real), ("imag", imag)):
        if not isinstance(one, TensorBase):
            raise TypeError(f"complex(): argument '{name}' must be Tensor, not {type(one).__name__}")
    check_parts(real, imag)
    return complex_parts(real, imag, out=out)


@op
def polar_form(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`polar` with checked arguments."""
    return elementwise("complex_from_polar", (abs, angle), (), out, COMPLEX)


def _turned_part(grad: Tensor, result: Tensor) -> Tensor:
    """The imaginary part of conj(result) grad: how ``result`` turns."""
    return imaginary_part(arithmetic.mul(conj(result), grad))


polar_form.declaration.node_name = "PolarBackward0"
derivative(polar_form, abs=lambda grad, angle: real_part(grad) * angle.cos() + imaginary_part(grad) * angle.sin(),
           angle=lambda grad, result: _turned_part(grad, result))


def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers of the given sizes and angles, two float32 or two float64 tensors that broadcast.

    >>> polar(tensor([2.0]), tensor([0.0]))
    tensor([2.+0.j])
    """
    check_parts(abs, angle)
    return polar_form(abs, angle, out=out)


@op
def conjugate(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`conj` of complex elements."""
    return unary("conj" if input._dtype.category == 3 else "copy", input, (), out)


conjugate.declaration.node_name = "ConjBackward0"
derivative(conjugate, input=lambda grad: conj(grad))
conj_physical_ = inplace(conjugate)


def conj(input: Tensor) -> Tensor:
    """The numbers with their imaginary parts negated; a real tensor itself.

    Complex ones are computed at once into memory of their own: no tensor of this library is conjugated lazily.

    >>> conj(tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    return conjugate(input) if input._dtype.category == 3 else input


def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`conj` in memory of its own, or ``out``."""
    return conj(input) if out is None else conjugate(input, out=out)


def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugates are never pending here."""
    return input


def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: negations are never pending here."""
    return input


def is_conj(input: Tensor) -> bool:
    """Whether a conjugate is pending: never.

    >>> is_conj(conj(tensor([1j])))
    False
    """
    return False


is_neg = is_conj


def adjoint(input: Tensor) -> Tensor:
    """Matrices transposed and conjugated.

    >>> adjoint(tensor([[1 + 2j, 3]]))
    tensor([[1.-2.j],
            [3.-0.j]])
    """
    if input._array.ndim == 1:
        raise RuntimeError("tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return conj(view.transpose(input, -2, -1)) if input._array.ndim else conj(input)


def hermitian(input: Tensor) -> Tensor:
    """A matrix transposed and conjugated: ``Tensor.H``."""
    if input._array.ndim not in (0, 2):
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {input._array.ndim}-D tensor."
                           + (" For batches of matrices, consider using tensor.mH" if input._array.ndim > 2 else ""))
    return adjoint(input)


@op
def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of each number, between -pi and pi: pi for negative real ones, 0 for positive.

    >>> angle(tensor([1j, -1]))
    tensor([1.5708, 3.1416])
    """
    return elementwise("angle", (input,), (), out, FLOAT if input._dtype.category < 3 else REAL)


def _angle_gradient(grad: Tensor, input: Tensor) -> Tensor:
    """i z / |z|^2 times the gradient; zero for 0 and for real numbers."""
    if input._dtype.category < 3:
        return zero_slope(grad)
    return (input * 1j * (grad / magnitude_squared(input))).masked_fill(input == 0, 0)


def magnitude_squared(input: Tensor) -> Tensor:
    """The squares of the sizes of complex numbers."""
    return real(input * conj(input))


derivative(angle, input=_angle_gradient)


@op
def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Of complex numbers, the one of size 1 with the same angle, 0 for 0; of real ones, the sign.

    >>> sgn(tensor([3 + 4j]))
    tensor([0.6000+0.8000j])
    """
    return unary("sgn" if input._dtype.category == 3 else "sign", input, (), out)


def _sgn_gradient(grad: Tensor, input: Tensor, result: Tensor) -> Tensor:
    """What of the gradient turns the number, over its size."""
    if input._dtype.category < 3:
        return zero_slope(grad)
    across = _turned_part(grad, result)
    return (result * 1j * (across / arithmetic.abs(input))).masked_fill(input == 0, 0)


sgn_ = inplace(sgn)
derivative(sgn, input=_sgn_gradient)


@op
def isreal(input: Tensor) -> Tensor:
    """Where an element's imaginary part is zero.

    >>> isreal(tensor([1, 1j]))
    tensor([ True, False])
    """
    if input._dtype.category < 3:
        return creation.ones(input._array.shape, dtype=dtypes.bool_, device=input._device)
    return unary("isreal", input, (), None, BOOL)


no_derivative(isreal)


def cfloat(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as complex64."""
    return input.to(dtypes.complex64, memory_format=memory_format)


def cdouble(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as complex128."""
    return input.to(dtypes.complex128, memory_format=memory_format)
