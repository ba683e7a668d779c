"""Gradients compared with differences of the function itself.

A complex number counts as two real ones throughout: real part, imaginary part.
"""
from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.sparse_array import is_sparse
from ..core.tensor_base import TensorBase
from .engine import grad


class GradcheckError(RuntimeError):
    """A gradient that is not the function's."""


def gradcheck(func: Callable, inputs: Any, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3, raise_exception: bool = True,
              check_sparse_nnz: bool = False, nondet_tol: float = 0.0, fast_mode: bool = False) -> bool:
    """Whether the gradients of ``func(*inputs)`` agree with central differences of step ``eps``.

    Every input that requires grad is checked; it should be float64, for which the defaults are made. Where
    ``abs(analytical - numerical) <= atol + rtol * abs(numerical)`` fails, GradcheckError (a RuntimeError) shows both matrices
    (one row an element of the input, one column an element of the output), or False is returned if not ``raise_exception``. A
    second backward may differ from the first by ``nondet_tol``. ``fast_mode`` compares along one random direction instead of
    element by element. Sparse inputs need ``check_sparse_nnz``, and are checked where they store values.

    >>> x = tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    >>> gradcheck(lambda x: x * x, (x,))
    True
    """
    inputs = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    checked = [tensor for tensor in inputs if isinstance(tensor, TensorBase) and tensor.requires_grad]
    if not checked:
        raise ValueError("gradcheck expects at least one input tensor to require gradient, but none of the them have "
                         "requires_grad=True.")
    if not check_sparse_nnz and any(is_sparse(tensor) for tensor in inputs if isinstance(tensor, TensorBase)):
        if raise_exception:
            raise GradcheckError("gradcheck expects all tensor inputs are dense when check_sparse_nnz is set to False.")
        return False
    for number, tensor in enumerate(inputs):
        if isinstance(tensor, TensorBase) and tensor.requires_grad:
            check_input(number, tensor)
    try:
        (compare_directions if fast_mode else compare_elements)(func, inputs, checked, eps, atol, rtol)
        check_repeatable(func, inputs, checked, nondet_tol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def check_input(number: int, tensor: Any) -> None:
    """Refuse what differences cannot be taken of, and warn of what they are too coarse for."""
    if tensor.dtype.itemsize < (16 if tensor.is_complex() else 8):
        warnings.warn(f"Input #{number} requires gradient and is not a double precision floating point or complex. "
                      "This check will likely fail if all the inputs are not of double precision floating point or complex.",
                      stacklevel=3)
        if tensor.dtype.half:
            raise ValueError(f"gradcheck: input {number} is {tensor.dtype}, which is too coarse for differences")
    if any(step == 0 and size > 1 for step, size in zip(memory_of(tensor).strides, memory_of(tensor).shape)):
        raise RuntimeError(f"The {number}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                           "non-overlapping to be able to compute the numerical gradients correctly. You should call "
                           ".contiguous on the input before passing it to gradcheck.")


def differentiable_outputs(func: Callable, inputs: tuple) -> list:
    """The results that require grad."""
    outputs = func(*inputs)
    outputs = (outputs,) if isinstance(outputs, TensorBase) else outputs
    return [output.to_dense() if is_sparse(output) else output
            for output in outputs if isinstance(output, TensorBase) and output.requires_grad]


def memory_of(tensor: Any) -> np.ndarray:
    """The elements to change: of a sparse tensor its values."""
    return tensor._array.values._array if is_sparse(tensor) else tensor._array


def stored(tensor: Any, like: Any) -> Any:
    """A gradient's elements where ``like`` stores any."""
    return tensor.sparse_mask(like.detach())._values() if is_sparse(like) else tensor.to_dense()


def reals(array: np.ndarray) -> np.ndarray:
    """The real numbers of an array, in a copy of one dimension."""
    array = np.array(array).ravel()
    return array.view(array.real.dtype).astype(np.float64) if array.dtype.kind == "c" else array.astype(np.float64)


def values_of(tensors: list) -> list[np.ndarray]:
    """The real numbers of some tensors."""
    return [reals((tensor._values() if is_sparse(tensor) else tensor.detach()).cpu().numpy()) for tensor in tensors]


def units(tensor: Any) -> list:
    """What to change one real number of an element by: 1, and for complex types 1j."""
    return [1, 1j] if tensor.is_complex() else [1]


def numerical_jacobians(func: Callable, inputs: tuple, tensor: Any, eps: float) -> list[np.ndarray]:
    """For each result, the change of its elements (columns) with those of ``tensor`` (rows), by central differences."""
    rows: list[list] = []
    array = memory_of(tensor)
    for place in np.ndindex(array.shape):
        held = array[place].item()
        for unit in units(tensor):
            array[place] = held + eps * unit
            above = values_of(differentiable_outputs(func, inputs))
            array[place] = held - eps * unit
            below = values_of(differentiable_outputs(func, inputs))
            array[place] = held
            rows.append([(high - low) / (2 * eps) for high, low in zip(above, below)])
    outputs = values_of(differentiable_outputs(func, inputs))
    return [np.array([row[k] for row in rows]).reshape(len(rows), output.size) for k, output in enumerate(outputs)]


def gradients(output: Any, checked: list, direction: Any) -> list[np.ndarray]:
    """The gradient of one result for each input, with zeros where there is none; its type and size are checked."""
    found = grad(output, checked, direction, retain_graph=True, allow_unused=True)
    for number, (one, tensor) in enumerate(zip(found, checked)):
        if one is not None and (one.shape != tensor.shape or one.dtype is not tensor.dtype):
            raise GradcheckError(f"gradient {number} has size {tuple(one.shape)} and type {one.dtype}, its input has "
                                 f"{tuple(tensor.shape)} and {tensor.dtype}")
    found = [tensor.detach().to_dense() * 0 if one is None else one for one, tensor in zip(found, checked)]
    return values_of([stored(one, tensor) for one, tensor in zip(found, checked)])


def analytical_jacobians(output: Any, checked: list) -> list[np.ndarray]:
    """For each input, the gradients of the elements of a result (columns) with respect to its elements (rows)."""
    columns = []
    for place in np.ndindex(tuple(output.shape)):
        for unit in units(output):
            direction = output.detach().new_zeros(output.shape)
            direction._array[place] = unit
            columns.append(gradients(output, checked, direction))
    sizes = [len(values) for values in values_of(checked)]
    return [np.array([column[k] for column in columns]).reshape(len(columns), size).T for k, size in enumerate(sizes)]


def compare_elements(func: Callable, inputs: tuple, checked: list, eps: float, atol: float, rtol: float) -> None:
    """Compare all derivatives of all results."""
    numerical = [numerical_jacobians(func, inputs, tensor, eps) for tensor in checked]
    outputs = differentiable_outputs(func, inputs)
    if not outputs:
        check_constant(func, inputs, checked, eps)
    for k, output in enumerate(outputs):
        for i, analytical in enumerate(analytical_jacobians(output, checked)):
            if not np.allclose(analytical, numerical[i][k], rtol, atol, equal_nan=True):
                raise mismatch(k, i, numerical[i][k], analytical)


def mismatch(output: int, input: int, numerical: Any, analytical: Any) -> GradcheckError:
    """The error that shows both."""
    return GradcheckError(f"Jacobian mismatch for output {output} with respect to input {input},\n"
                          f"numerical:{numerical}\nanalytical:{analytical}\n")


def check_constant(func: Callable, inputs: tuple, checked: list, eps: float) -> None:
    """A function none of whose results requires grad must not change with its inputs."""
    def all_values() -> list[np.ndarray]:
        outputs = func(*inputs)
        return values_of([outputs] if isinstance(outputs, TensorBase) else list(outputs))

    before = all_values()
    for tensor in checked:
        array, held = memory_of(tensor), memory_of(tensor).copy()
        array[...] = held + eps * random_like(held)
        after = all_values()
        array[...] = held
        if not all(np.array_equal(one, other, equal_nan=True) for one, other in zip(before, after)):
            raise GradcheckError("Numerical gradient for function expected to be zero")


def random_like(array: np.ndarray) -> np.ndarray:
    """Numbers between 1/2 and 1 of either sign, the same each time."""
    random = np.random.default_rng(array.size)

    def numbers() -> np.ndarray:
        return random.uniform(0.5, 1, array.shape) * random.choice([-1, 1], array.shape)

    return (numbers() + 1j * numbers() if array.dtype.kind == "c" else numbers()).astype(array.dtype)


def direction_of(tensor: Any) -> Any:
    """A random tensor like another."""
    made = tensor.detach().new_empty(tensor.shape)
    made._array[...] = random_like(made._array)
    return made


def compare_directions(func: Callable, inputs: tuple, checked: list, eps: float, atol: float, rtol: float) -> None:
    """Compare the change of each result, weighted at random, along a random direction of each input."""
    outputs = differentiable_outputs(func, inputs)
    if not outputs:
        check_constant(func, inputs, checked, eps)
    weights = [direction_of(output) for output in outputs]
    for i, tensor in enumerate(checked):
        array, held = memory_of(tensor), memory_of(tensor).copy()
        step = random_like(held)
        array[...] = held + eps * step
        above = values_of(differentiable_outputs(func, inputs))
        array[...] = held - eps * step
        below = values_of(differentiable_outputs(func, inputs))
        array[...] = held
        for k, (output, weight) in enumerate(zip(outputs, weights)):
            numerical = ((above[k] - below[k]) / (2 * eps)) @ values_of([weight])[0]
            analytical = gradients(output, [tensor], weight)[0] @ reals(step)
            if not np.allclose(analytical, numerical, rtol, atol * max(1, held.size * output.numel()) ** 0.5, equal_nan=True):
                raise mismatch(k, i, numerical, analytical)


def check_repeatable(func: Callable, inputs: tuple, checked: list, nondet_tol: float) -> None:
    """Two backwards through one graph must give the same."""
    for output in differentiable_outputs(func, inputs):
        weight = direction_of(output)
        pairs = zip(gradients(output, checked, weight), gradients(output, checked, weight))
        if not all(np.allclose(one, other, 0.0, nondet_tol, equal_nan=True) for one, other in pairs):
            raise GradcheckError("Backward is not reentrant, i.e., running backward with same input and grad_output multiple times "
                                 "gives different values, although analytical gradient matches numerical gradient. The tolerance "
                                 f"for nondeterminism was {nondet_tol}.")


def gradgradcheck(func: Callable, inputs: Any, grad_outputs: Any = None, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
                  gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True, nondet_tol: float = 0.0,
                  fast_mode: bool = False) -> bool:
    """Whether the gradients of the gradients of ``func`` agree with differences, for inputs and ``grad_outputs``.

    ``grad_outputs`` are random unless given; with ``gen_non_contig_grad_outputs`` they are not contiguous. Otherwise as
    `gradcheck`.

    >>> x = tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    >>> gradgradcheck(lambda x: x * x, (x,))
    True
    """
    inputs = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    if grad_outputs is None:
        outputs = differentiable_outputs(func, inputs)
        grad_outputs = [direction_of(output) for output in outputs]
        if gen_non_contig_grad_outputs:
            grad_outputs = [spaced(one) for one in grad_outputs]
        for one in grad_outputs:
            one.requires_grad = True
    grad_outputs = (grad_outputs,) if isinstance(grad_outputs, TensorBase) else tuple(grad_outputs)

    def first_gradients(*args: Any) -> tuple:
        given, weights = args[:len(inputs)], args[len(inputs):]
        wanted = [x for x in given if isinstance(x, TensorBase) and x.requires_grad]
        found = grad(differentiable_outputs(func, given), wanted, weights, create_graph=True, allow_unused=True)
        return tuple(one for one in found if one is not None)

    return gradcheck(first_gradients, (*inputs, *grad_outputs), eps, atol, rtol, raise_exception, True, nondet_tol=nondet_tol,
                     fast_mode=fast_mode)


def spaced(tensor: Any) -> Any:
    """A copy of a tensor with a gap after each element."""
    wide = tensor.new_zeros((*tensor.shape, 2))
    wide._array[..., 0] = tensor._array
    return wide.select(tensor.dim(), 0)
