"""The one door an operation passes: where it is recorded for backward, traced and profiled.

``@op`` makes a function an operation, ``derivative`` states its gradient, ``inplace`` makes the form that writes into its
first argument. The architecture page (docs/design.md) walks through a call.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from ..autograd import graph
from ..autograd.views import count_write
from .arguments import mended
from .sparse_array import SparseAccess
from .state import recorders, state
from .storage import storage_of
from .tensor_base import TensorBase

P, R = ParamSpec("P"), TypeVar("R")
DECLARED: dict[str, Declaration] = {}
KEYWORD_ONLY = 1 << 30          # position of a parameter that has none


class Declaration:
    """What is known of an operation: its parameters, and a formula for each argument it has a derivative for."""

    __slots__ = ("name", "body", "parameters", "positions", "defaults", "formulas", "plan", "joint", "decided", "node_name",
                 "multiple", "holomorphic", "sparse", "sparse_inplace")

    def __init__(self, body: Callable):
        code = body.__code__
        self.name = body.__name__
        self.body = body
        self.parameters = code.co_varnames[:code.co_argcount + code.co_kwonlyargcount]
        self.positions = {name: position for position, name in enumerate(code.co_varnames[:code.co_argcount])}
        defaults = body.__defaults__ or ()
        self.defaults = dict(zip(code.co_varnames[code.co_argcount - len(defaults):code.co_argcount], defaults))
        self.defaults.update(body.__kwdefaults__ or {})
        self.formulas: dict[str, graph.Formula] = {}
        self.plan: list[tuple] = []         # of each formula: it, and position, name and default of its argument
        self.joint: graph.Formula | None = None
        self.decided = False
        self.holomorphic = False
        self.sparse: Callable | None = None             # what to call instead where an argument is sparse
        self.sparse_inplace: Callable | None = None
        self.node_name = "".join(part.capitalize() for part in self.name.split("_")) + "Backward0"

    def value(self, name: str, args: tuple, kwargs: dict) -> Any:
        """The argument a call gave for a parameter, or its default."""
        position = self.positions.get(name, KEYWORD_ONLY)
        return args[position] if position < len(args) else kwargs.get(name, self.defaults.get(name))


def op(body: Callable[P, R]) -> Callable[P, R]:
    """Make a function an operation: a plain function with the same signature, which active recorders see."""
    declaration = Declaration(body)
    if declaration.name in DECLARED:
        raise ValueError(f"operation {declaration.name} is declared twice")
    DECLARED[declaration.name] = declaration

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            if recorders:
                return recorders[-1].call(declaration, body, args, kwargs)
            if state.grad:
                for value in args:
                    if isinstance(value, TensorBase):
                        if value._requires_grad or (value._base is not None and value._base._requires_grad):
                            return graph.record(declaration, args, kwargs)
                    elif value.__class__ in (tuple, list) and any_requires_grad(value):
                        return graph.record(declaration, args, kwargs)
                if kwargs and any_requires_grad(kwargs.values()):
                    return graph.record(declaration, args, kwargs)
            if not kwargs:
                return body(*args)
            result = body(*args, **kwargs)
            if kwargs.get("out") is not None:
                count_write(kwargs["out"])
            return result
        except (AttributeError, TypeError) as error:
            other = mended(declaration.parameters, body.__annotations__, args, kwargs) if error.__class__ is TypeError else None
            if other is None and error.__class__ is not SparseAccess:
                explain(declaration, args, kwargs, error)
                raise
        except Exception as error:
            if error.__class__.__module__.startswith("numba."):
                raise refusal_of_types(declaration, args, kwargs) from None
            raise
        if other is not None:
            return call(*other[0], **other[1])
        return (declaration.sparse or no_sparse_form(declaration.name))(*args, **kwargs)

    call.declaration = declaration
    return call


def check_tensors(declaration: Declaration, args: tuple, kwargs: dict) -> None:
    """TypeError for something else where a tensor is expected; asked only when an operation has failed to use it as one."""
    for name in declaration.parameters:
        value = declaration.value(name, args, kwargs)
        if declaration.body.__annotations__.get(name) == "Tensor" and not isinstance(value, TensorBase):
            raise TypeError(f"{declaration.name}(): argument '{name}' must be Tensor, not {type(value).__name__}") from None


def explain(declaration: Declaration, args: tuple, kwargs: dict, error: Exception) -> None:
    """Raise what a failure of an operation means, if it is known."""
    if isinstance(error, AttributeError):
        check_tensors(declaration, args, kwargs)
    check_kernels(declaration, args, kwargs, error)


def check_kernels(declaration: Declaration, args: tuple, kwargs: dict, error: Exception) -> None:
    """RuntimeError where an operation that knows NumPy's arrays alone was given a tensor on a CUDA device."""
    for value in (*args, *kwargs.values()):
        for one in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(one, TensorBase) and one._device.type == "cuda":
                raise RuntimeError(f"{declaration.name} has no kernel for cuda, or not for such arguments; devices that have one: cpu. "
                                   f"({type(error).__name__}: {error})") from error


def refusal_of_types(declaration: Declaration, args: tuple, kwargs: dict) -> RuntimeError:
    """What an operation raises whose kernel does not compile for the types of its arguments."""
    values = (*args, *kwargs.values())
    kinds = [one._dtype for one in values if isinstance(one, TensorBase)]
    for one in values:
        if isinstance(one, complex) and all(kind.category < 3 for kind in kinds):
            return RuntimeError(f"{declaration.name}: value cannot be converted to a real type without overflow: {one}")
    return NotImplementedError(f"\"{declaration.name}\" not implemented for {', '.join(kind.tensor_name[:-6] for kind in kinds)}")


def any_requires_grad(values: Any) -> bool:
    """Whether a tensor among ``values``, or in a list or tuple among them, may require a gradient."""
    for value in values:
        if isinstance(value, TensorBase):
            if value._requires_grad or (value._base is not None and value._base._requires_grad):
                return True
        elif value.__class__ in (tuple, list) and value and isinstance(value[0], TensorBase) and any_requires_grad(value):
            return True
    return False


def sparse_form(function: Callable, form: Callable | None, inplace_form: Callable | None = None) -> None:
    """State what is called in place of an operation where an argument is sparse."""
    function.declaration.sparse, function.declaration.sparse_inplace = form, inplace_form


def no_sparse_form(name: str) -> Callable:
    """Refuse sparse tensors in an operation's name; an operation that called this one may still have a form of its own."""
    raise SparseAccess(f"{name}: is not implemented for sparse tensors; to_dense() gives a strided one")


def derivative(function: Callable, joint: Callable | None = None, of: tuple[str, ...] = (), **per_argument: Callable) -> None:
    """State the gradients of an operation, one formula an argument, or one ``joint`` formula for the arguments ``of``.

    A formula's parameters say what it needs, and only that is saved: ``grad`` (of the first result), ``grads``, ``result``,
    ``results``, the operation's own arguments, ``<argument>_size``, ``_dtype`` and ``_geometry`` (which save no memory), and in a joint
    formula ``needs`` (which arguments want a gradient). Formulas are written in operations, so second derivatives are free.
    Sums over broadcast dimensions and casts are the engine's.
    """
    declaration = function.declaration
    declaration.decided = True
    for name, formula in per_argument.items():
        declaration.formulas[name] = graph.Formula(declaration, formula)
        if name not in declaration.parameters:
            raise TypeError(f"{declaration.name} has no argument {name} to have a derivative")
    if joint is not None:
        declaration.joint = graph.Formula(declaration, joint)
        declaration.formulas.update(dict.fromkeys(of, declaration.joint))
    declaration.plan = [(formula, declaration.positions.get(name, KEYWORD_ONLY), name, declaration.defaults.get(name))
                        for name, formula in declaration.formulas.items()]


def holomorphic(*functions: Callable) -> None:
    """State that operations are holomorphic and that their formulas are those of real numbers.

    The gradient of complex numbers is, as in torch, that of the conjugate: where f' is the derivative, ``grad * conj(f')``. So the
    formulas get the conjugate of ``grad``, and what they give is conjugated. Operations that are linear with real coefficients
    (sums, views, choices) need neither; those that are not holomorphic (`abs`, `real`), and decompositions, say what they mean.
    """
    for function in functions:
        function.declaration.holomorphic = True


def zero_slope(grad: Any) -> Any:
    """The formula of what does not change with its argument (but where it jumps): zeros, whatever ``grad`` is."""
    return grad.new_zeros(grad._array.shape)


def no_derivative(*functions: Callable) -> None:
    """State that operations have no derivative: their results never require a gradient."""
    for function in functions:
        function.declaration.decided = True


def inplace(function: Callable[P, R]) -> Callable[P, R]:
    """The form of an operation that writes its result into its first argument and returns that.

    Guards the argument (a leaf that requires grad, or a view of one, must not be overwritten while recording), counts the
    write, and makes the operation the argument's history.
    """
    declaration = function.declaration
    name = declaration.name + "_"

    @functools.wraps(declaration.body)
    def call(input: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if recorders:
                return recorders[-1].call_inplace(declaration, input, args, kwargs)
            return write(declaration, input, args, kwargs)
        except SparseAccess:
            other = None
        except TypeError:
            other = mended(declaration.parameters[1:], declaration.body.__annotations__, args, kwargs)
            if other is None:
                raise
        except Exception as error:
            if error.__class__.__module__.startswith("numba."):
                raise refusal_of_types(declaration, (input, *args), kwargs) from None
            raise
        if other is not None:
            return call(input, *other[0], **other[1])
        return (declaration.sparse_inplace or no_sparse_form(name))(input, *args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"In-place form of :func:`{declaration.name}`: the result replaces ``input``, which is returned."
    call.inplace_of = declaration
    return call


def write(declaration: Declaration, input: Any, args: tuple, kwargs: dict) -> Any:
    """Run an operation with its first argument as ``out``."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{declaration.name}_(): argument 'input' must be Tensor, not {type(input).__name__}")
    if state.grad and (input._requires_grad or input._base is not None or any_requires_grad(args)
                       or (kwargs and any_requires_grad(kwargs.values()))):
        return graph.record_inplace(declaration, input, args, kwargs)
    version = storage_of(input).version + 1         # an operation that the body calls with ``out`` may count the write, too
    try:
        declaration.body(input, *args, out=input, **kwargs)
    except (AttributeError, TypeError) as error:
        if error.__class__ is not SparseAccess:
            check_kernels(declaration, (input, *args), kwargs, error)
        raise
    storage_of(input).version = version
    return input
