"""What `kernels.formulas.by_dtype` means in compiled CPU code. Imported when the first such call is compiled."""
from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.core.typing.templates import make_overload_template
from numba.extending import intrinsic

from ..compile import FASTMATH
from ..formulas.by_dtype import ByDtype

FLOAT, DOUBLE, INT = ir.FloatType(), ir.DoubleType(), ir.IntType(32)
OPTIONS = {"forceinline": True, "error_model": "numpy", "fastmath": set(FASTMATH), "no_cpython_wrapper": True, "nogil": True}


def compiled(function: ByDtype) -> types.Function:
    """The Numba type of a function whose calls become its implementation for the widest dtype among the arguments."""

    def choose(*args):
        if function.float32 is function.float64 or all(arg == types.float32 for arg in args):
            return function.float32
        if all(arg == types.float64 for arg in args):
            return function.float64
        wide = types.float64
        return (lambda x: function(wide(x)), lambda x, y: function(wide(x), wide(y)))[len(args) - 1]

    return types.Function(make_overload_template(function, choose, OPTIONS, strict=False, inline="never"))


def primitive(name: str) -> types.Function:
    """The Numba type of an intrinsic of this file."""
    from numba.core.registry import cpu_target

    return cpu_target.typing_context.resolve_value_type(globals()[name])


def _call(builder: ir.IRBuilder, name: str, args: list) -> Any:
    """Call an LLVM intrinsic on floats of one type."""
    kind = args[0].type
    function = builder.module.declare_intrinsic(name, [kind], ir.FunctionType(kind, [kind] * len(args)))
    return builder.call(function, args)


@intrinsic
def fma(context, x, y, z):
    if not x == y == z:         # Numba would cast silently
        raise TypingError(f"fma of {x}, {y} and {z}")

    def codegen(context, builder, signature, args):
        return _call(builder, "llvm.fma", args)
    return x(x, x, x), codegen


@intrinsic
def floor(context, x):
    def codegen(context, builder, signature, args):
        return _call(builder, "llvm.floor", args)
    return x(x), codegen


@intrinsic
def polynomial(context, x, coefficients):
    """Horner's scheme, unrolled; the coefficients are constants, which LLVM casts to the dtype of x."""
    def codegen(context, builder, signature, args):
        numbers = [context.cast(builder, number, each, signature.args[0]) for number, each in
                   zip([builder.extract_value(args[1], i) for i in range(len(coefficients))], coefficients)]
        total = numbers[-1]
        for number in numbers[-2::-1]:
            total = _call(builder, "llvm.fma", [total, args[0], number])
        return total
    return x(x, coefficients), codegen


def _settling(name: str, limits: dict[ir.Type, float]) -> Any:
    """An intrinsic of x and y that is the C library's function ``name`` of x where |x| is beyond the limit, else y.

    A branch would keep LLVM from vectorizing the loop around it; a call need not, if LLVM is told of functions that do
    the same for several elements at once (the attribute ``vector-function-abi-variant``). Those look whether any
    element is beyond the limit, which costs little, and only then take the elements one by one.
    """

    @intrinsic
    def settle(context, x, y):
        def codegen(context, builder, signature, args):
            return builder.call(_settler(builder.module, name, args[0].type, limits[args[0].type], 1), args)
        return x(x, x), codegen

    return settle


def _settler(module: ir.Module, name: str, kind: ir.Type, limit: float, taken: int) -> ir.Function:
    """The scalar function; the C function takes the first ``taken`` arguments, the last one is answered within the limit."""
    symbol = f"nb_nn_settle_{name}_{kind.intrinsic_name}"
    if symbol in module.globals:
        return module.globals[symbol]
    function = _function(module, symbol, kind, taken + 1)
    *given, y = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    with builder.if_then(_beyond(builder, given, limit), likely=False):
        wide = [builder.fpext(x, DOUBLE) if kind == FLOAT else x for x in given]
        result = builder.call(_declared(module, name, DOUBLE, taken), wide)
        builder.ret(builder.fptrunc(result, kind) if kind == FLOAT else result)
    builder.ret(y)
    variants = [(f"{symbol}_{lanes}", lanes) for lanes in (2, 4, 8, 16)]
    told = ",".join(f"_ZGV_LLVM_N{lanes}{'v' * (taken + 1)}_{symbol}({variant})" for variant, lanes in variants)
    set.add(function.attributes, f'"vector-function-abi-variant"="{told}"')     # llvmlite does not know this one
    for variant, lanes in variants:
        _settle_lanes(_function(module, variant, ir.VectorType(kind, lanes), taken + 1), function, lanes, limit)
    return function


def _settle_lanes(vector: ir.Function, scalar: ir.Function, lanes: int, limit: float) -> None:
    *given, y = vector.args
    builder = ir.IRBuilder(vector.append_basic_block())
    some = builder.icmp_unsigned("!=", builder.bitcast(_beyond(builder, given, limit), ir.IntType(lanes)), ir.IntType(lanes)(0))
    with builder.if_then(some, likely=False):
        result = y
        for lane in [INT(i) for i in range(lanes)]:
            each = builder.call(scalar, [builder.extract_element(x, lane) for x in vector.args])
            result = builder.insert_element(result, each, lane)
        builder.ret(result)
    builder.ret(y)


def _beyond(builder: ir.IRBuilder, given: list, limit: float) -> Any:
    """|x| > limit, or of two arguments |x| > limit |y|."""
    kind = given[0].type
    lanes = kind.count if isinstance(kind, ir.VectorType) else 0
    scalar = kind.element if lanes else kind
    magnitude = _declared(builder.module, f"llvm.fabs.{f'v{lanes}' if lanes else ''}{scalar.intrinsic_name}", kind, 1)
    edge = ir.Constant(kind, [limit] * lanes) if lanes else kind(limit)
    if len(given) == 2:
        edge = builder.fmul(builder.call(magnitude, [given[1]]), edge)
    return builder.fcmp_ordered(">", builder.call(magnitude, [given[0]]), edge)


def _declared(module: ir.Module, symbol: str, kind: ir.Type, taken: int) -> ir.Function:
    """A function of numbers or vectors from elsewhere."""
    return module.globals.get(symbol) or ir.Function(module, ir.FunctionType(kind, [kind] * taken), symbol)


def _function(module: ir.Module, symbol: str, kind: ir.Type, taken: int) -> ir.Function:
    """A function of numbers or vectors that LLVM may neither take apart nor drop."""
    function = ir.Function(module, ir.FunctionType(kind, [kind] * taken), symbol)
    function.linkage = "weak_odr"
    for attribute in ("noinline", "nounwind", "readnone"):
        function.attributes.add(attribute)
    return function


# beyond these, the reductions in formulas/trigonometric.py lose bits
settle_sin = _settling("sin", {FLOAT: 1e5, DOUBLE: 1e15})
settle_cos = _settling("cos", {FLOAT: 1e5, DOUBLE: 1e15})
settle_tan = _settling("tan", {FLOAT: 1e9, DOUBLE: 1e15})


@intrinsic
def settle_fmod(context, x, y, rest):
    """The C library's fmod of x and y where the quotient has too many digits to be whole, else ``rest``."""
    def codegen(context, builder, signature, args):
        limit = {FLOAT: 2.0**22, DOUBLE: 2.0**51}[args[0].type]
        return builder.call(_settler(builder.module, "fmod", args[0].type, limit, 2), args)
    return x(x, x, x), codegen
