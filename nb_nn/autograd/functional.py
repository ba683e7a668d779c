"""Derivatives of functions of tensors: Jacobians and Hessians, and their products with vectors.

A function takes tensors and returns one or several; its arguments are given as a tensor or a tuple of such. The arguments
themselves are left as they are. Unless ``create_graph``, answers have no history; with ``strict``, a result that does not depend on an
argument is a RuntimeError, and otherwise its derivative is zero.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.tensor_base import TensorBase
from .engine import grad
from .grad_mode import enable_grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
STRATEGIES = ("forward-mode", "reverse-mode")


def as_tuple(given: Any, what: str, name: str) -> tuple:
    """One or several tensors as a tuple; TypeError for anything else."""
    for number, one in enumerate(given if isinstance(given, tuple) else (given,)):
        if not isinstance(one, TensorBase):
            place = f"the value at index {number}" if isinstance(given, tuple) else f"the given {what}"
            raise TypeError(f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but {place} has type {type(one)}.")
    return given if isinstance(given, tuple) else (given,)


def arguments(inputs: Any, name: str, create_graph: bool) -> tuple:
    """The arguments to differentiate by: with their history if that of the answer is wanted, else leaves."""
    given = as_tuple(inputs, "inputs", name)
    return tuple([one.view_as(one) if create_graph and one.requires_grad else one.detach().requires_grad_() for one in given])


def call(func: Callable, given: tuple, name: str, strict: bool) -> tuple[tuple, bool]:
    """The results of the function, and whether they are a tuple."""
    made = func(*given)
    results = as_tuple(made, "outputs of the user-provided function", name)
    for number, one in enumerate(results):
        if strict and not one.requires_grad:
            raise RuntimeError(f"Output {number} of the user-provided function does not require gradients. The outputs must be computed "
                               "in a differentiable manner from the input when running in strict mode.")
    return results, isinstance(made, tuple)


def vectors(v: Any, like: tuple, name: str, what: str) -> tuple:
    """The vectors to multiply with, one a tensor; 1 for a single number if none are given."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(f"The vector v can only be None if {what} is a single Tensor with a single element.")
        return (like[0].new_ones(like[0].shape),)
    given = as_tuple(v, "v", name)
    if len(given) != len(like):
        wanted = f"a tuple of {len(like)} Tensors" if len(like) > 1 else "a single Tensor"
        raise RuntimeError(f"The given v should contain {wanted}, but it has {len(given)}.")
    for number, (one, other) in enumerate(zip(given, like)):
        if one.shape != other.shape:
            place = f"Entry {number} in v" if len(like) > 1 else "v"
            raise RuntimeError(f"{place} has invalid size: should be {other.shape} but got {one.shape}.")
    return given


def gradients(results: tuple, given: tuple, by: tuple | None, keep: bool) -> tuple:
    """The gradients of those results that have any, with None where there is no way to an argument."""
    used = [(one, None if by is None else by[number]) for number, one in enumerate(results) if one.requires_grad]
    if not used:
        return (None,) * len(given)
    outputs, weights = zip(*used)
    return grad(outputs, given, None if by is None else weights, retain_graph=True, create_graph=keep, allow_unused=True)


def filled(found: tuple, like: tuple, strict: bool, words: str) -> tuple:
    """Derivatives with zeros for None, which is an error in strict mode; ``words`` take the number of the argument."""
    for number, one in enumerate(found):
        if one is None and strict:
            raise RuntimeError(words.format(number))
    return tuple([other.new_zeros(other.shape) if one is None else one for one, other in zip(found, like)])


def shown(found: Any, several: bool, create_graph: bool) -> Any:
    """The answer as it was asked for: alone or as a tuple, with or without history."""
    answer = found if create_graph else tuple([one.detach() for one in found])
    return answer if several else answer[0]


INDEPENDENT = "{} of the user-provided function is independent of input {{}}. This is not allowed in strict mode."
CONSTANT = ("While computing the {}, found that the jacobian of the user-provided function with respect to input {{}} is independent of "
            "the input. This is not allowed in strict mode. You should ensure that your function is twice differentiable and that the "
            "jacobian depends on the inputs (this would be violated by a linear function for example).")


def history_needed(found: tuple, create_graph: bool, strict: bool, what: str) -> None:
    """RuntimeError in strict mode if an answer whose history is wanted has none."""
    for number, one in enumerate(found):
        if create_graph and strict and not one.requires_grad:
            raise RuntimeError(f"The {what} of the user-provided function is independent of input {number}. This is not allowed in strict "
                               "mode when create_graph=True.")


def vjp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """The results of a function, and ``v`` (of their size) times its Jacobian: what backward computes.

    >>> torch.autograd.functional.vjp(torch.exp, torch.zeros(2), tensor([1.0, 3.0]))
    (tensor([1., 1.]), tensor([1., 3.]))
    """
    with enable_grad():
        given = arguments(inputs, "vjp", create_graph)
        results, several = call(func, given, "vjp", strict)
        v = vectors(v, results, "vjp", "the result of the user-provided function")
        found = filled(gradients(results, given, v, create_graph), given, strict, INDEPENDENT.format("The output"))
        history_needed(found, create_graph, strict, "jacobian")
    return shown(results, several, create_graph), shown(found, isinstance(inputs, tuple), create_graph)


def jvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """The results of a function, and its Jacobian times ``v`` (of the arguments' size): the derivative in that direction.

    Computed as the derivative of `vjp` by its vector, in which it is linear.

    >>> torch.autograd.functional.jvp(torch.exp, torch.zeros(2), tensor([1.0, 3.0]))
    (tensor([1., 1.]), tensor([1., 3.]))
    """
    with enable_grad():
        given = arguments(inputs, "jvp", create_graph)
        v = vectors(v, given, "jvp", "the input to the user-provided function")
        results, several = call(func, given, "jvp", strict)
        weights = tuple([one.new_zeros(one.shape).requires_grad_() for one in results])
        linear = filled(gradients(results, given, weights, True), given, strict, INDEPENDENT.format("The output"))
        found = filled(gradients(linear, weights, v, create_graph), results, strict, INDEPENDENT.format("Output"))
        history_needed(found, create_graph, strict, "jacobian")
    return shown(results, several, create_graph), shown(found, several, create_graph)


def jacobian(func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
             strategy: str = "reverse-mode") -> Any:
    """The derivatives of each element of each result by each element of each argument: of size (\\*result, \\*argument).

    With several results or arguments, a tuple, or a tuple of tuples [result][argument]. ``vectorize`` and ``strategy`` choose how PyTorch
    computes it; here one backward an element of the results does.

    >>> torch.autograd.functional.jacobian(lambda x: x ** 2, tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    if strategy not in STRATEGIES:
        raise AssertionError(f'Expected strategy to be either "forward-mode" or "reverse-mode", got {strategy!r}')
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError('torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not '
                                      'supported together (yet). Please either set `create_graph=False` or `strategy="reverse-mode"`.')
        if not vectorize:
            raise NotImplementedError("Computing Jacobian using forward-AD or forward-over-reverse Hessian is only implemented for "
                                      "`vectorize=True`.")
    if strict and vectorize:
        raise RuntimeError("torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. Please "
                           "either set `strict=False` or `vectorize=False`.")
    with enable_grad():
        given = arguments(inputs, "jacobian", create_graph)
        results, several = call(func, given, "jacobian", strict)
        made = tuple([jacobian_of(one, number, given, create_graph, strict) for number, one in enumerate(results)])
    made = made if isinstance(inputs, tuple) else tuple([rows[0] for rows in made])
    return made if several else made[0]


def jacobian_of(result: Any, number: int, given: tuple, create_graph: bool, strict: bool) -> tuple:
    """The derivatives of the elements of one result, a tensor an argument."""
    from ..ops.joining import stack
    from ..ops.sequences import eye

    rows: list[tuple] = []
    unit = eye(result.numel() if result.requires_grad else 0, dtype=result.dtype, device=result.device)
    for weight in unit.unbind():
        row = gradients((result,), given, (weight.reshape(result.shape),), create_graph)
        rows.append(filled(row, given, strict, INDEPENDENT.format(f"Output {number}")))
        history_needed(rows[-1], create_graph, strict, "jacobian")
    if not rows:
        return tuple([one.new_zeros((*result.shape, *one.shape)) for one in given])
    columns = [stack(column).reshape(*result.shape, *one.shape) for column, one in zip(zip(*rows), given)]
    return tuple(columns) if create_graph else tuple([one.detach() for one in columns])


def single(func: Callable, given: tuple, name: str, strict: bool) -> Any:
    """The result of a function that must be a single number."""
    results, several = call(func, given, name, strict)
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if results[0].numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return results[0].reshape(())


def slope(func: Callable, given: tuple, name: str, strict: bool) -> tuple:
    """The result of a function, a number, and its gradients, with history."""
    result = single(func, given, name, strict)
    found = filled(gradients((result,), given, None, True), given, strict, INDEPENDENT.format("The output"))
    for number, one in enumerate(found):
        if strict and not one.requires_grad:
            raise RuntimeError(CONSTANT.format(name).format(number))
    return result, found


def hessian(func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
            outer_jacobian_strategy: str = "reverse-mode") -> Any:
    """The second derivatives of a function whose result is a number: of size (\\*argument, \\*argument).

    With a tuple of arguments, a tuple of tuples [argument][argument].

    >>> torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), tensor([1.0, 3.0]))
    tensor([[ 6.,  0.],
            [ 0., 18.]])
    """
    if outer_jacobian_strategy not in STRATEGIES:
        raise AssertionError(f'Expected strategy to be either "forward-mode" or "reverse-mode", got {outer_jacobian_strategy!r}')
    several = isinstance(inputs, tuple)

    def gradient(*given: Any) -> tuple:
        given = tuple([one.view_as(one) for one in given])
        return slope(func, given, "hessian", strict)[1]

    made = jacobian(gradient, inputs if several else (inputs,), create_graph, strict, vectorize, outer_jacobian_strategy)
    return made if several else made[0][0]


def vhp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """The result of a function, a number, and ``v`` times its Hessian, in one backward of a backward.

    >>> torch.autograd.functional.vhp(lambda x: (x ** 3).sum(), tensor([1.0, 3.0]), torch.ones(2))
    (tensor(28.), tensor([ 6., 18.]))
    """
    with enable_grad():
        given = arguments(inputs, "vhp", create_graph)
        v = vectors(v, given, "vhp", "the input to the user-provided function")
        result, first = slope(func, given, "vhp", strict)
        found = filled(gradients(first, given, v, create_graph), given, strict, CONSTANT.format("hessian"))
        history_needed(found, create_graph, strict, "hessian")
    return shown((result,), False, create_graph), shown(found, isinstance(inputs, tuple), create_graph)


def hvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """The result of a function, a number, and its Hessian times ``v``. As Hessians are symmetric, `vhp` gives the same for less.

    >>> torch.autograd.functional.hvp(lambda x: (x ** 3).sum(), tensor([1.0, 3.0]), torch.ones(2))
    (tensor(28.), tensor([ 6., 18.]))
    """
    with enable_grad():
        given = arguments(inputs, "hvp", create_graph)
        v = vectors(v, given, "hvp", "the input to the user-provided function")
        result, first = slope(func, given, "hvp", strict)
        weights = tuple([one.new_zeros(one.shape).requires_grad_() for one in given])
        linear = filled(gradients(first, given, weights, True), given, strict, CONSTANT.format("hessian"))
        found = filled(gradients(linear, weights, v, create_graph), given, strict, CONSTANT.format("hessian"))
        history_needed(found, create_graph, strict, "hessian")
    return shown((result,), False, create_graph), shown(found, isinstance(inputs, tuple), create_graph)
