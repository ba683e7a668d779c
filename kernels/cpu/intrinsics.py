"""What `kernels.bits` means in compiled CPU code. Imported (and with it Numba) when the first kernel is built."""
from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic, overload

from .. import bits
from ..formulas import half_casts
from .vector_code import FEATURES

HALF, FLOAT = ir.HalfType(), ir.FloatType()


def _reinterpret(function, source, target):
    """Compile ``function`` to a bit cast from Numba type ``source`` to ``target``."""

    @intrinsic
    def reinterpret(context, x):
        def codegen(context, builder, signature, args):
            return builder.bitcast(args[0], context.get_value_type(target))
        return target(source), codegen

    overload(function, inline="always")(lambda x: lambda x: reinterpret(x))


@intrinsic
def _round_to_half(context, x):
    def codegen(context, builder, signature, args):
        return builder.bitcast(builder.fptrunc(args[0], HALF), ir.IntType(16))
    return types.uint16(types.float32), codegen


@intrinsic
def _widen_half(context, n):
    def codegen(context, builder, signature, args):
        return builder.fpext(builder.bitcast(args[0], HALF), FLOAT)
    return types.float32(types.uint16), codegen


@intrinsic
def _fmod(context, x, y):
    def codegen(context, builder, signature, args):
        return builder.frem(*args)
    return x(x, x), codegen


def _rounding(function, name):
    """Compile ``function`` of a float to the LLVM intrinsic ``name``, one vector instruction."""

    @intrinsic
    def rounding(context, x):
        def codegen(context, builder, signature, args):
            return builder.call(builder.module.declare_intrinsic(f"llvm.{name}", [args[0].type]), args)
        return x(x), codegen

    overload(function)(lambda x: lambda x: rounding(x))


_reinterpret(bits.float32_to_bits, types.float32, types.int32)
_reinterpret(bits.bits_to_float32, types.int32, types.float32)
_reinterpret(bits.float64_to_bits, types.float64, types.int64)
_reinterpret(bits.bits_to_float64, types.int64, types.float64)
for name in ("floor", "ceil", "trunc", "rint"):
    _rounding(getattr(bits, name), name)
overload(bits.fmod)(lambda x, y: lambda x, y: _fmod(x, y))
if {"+f16c", "+avx512fp16", "+neon"} & set(FEATURES):
    overload(bits.float32_to_half)(lambda x: lambda x: _round_to_half(x))
    overload(bits.half_to_float32)(lambda n: lambda n: _widen_half(n))
else:                           # LLVM would call a function of the C library an element
    overload(bits.float32_to_half)(lambda x: half_casts.round_by_integers)
    overload(bits.half_to_float32)(lambda n: half_casts.widen_by_integers)


@overload(bits.cast)
def _cast(x, like):
    to = like.dtype
    return lambda x, like: to(x)


@intrinsic
def _convert(context, value, x):
    def codegen(context, builder, signature, args):
        return context.cast(builder, args[0], value, x)
    return x(value, x), codegen


@overload(bits.typed)
def _typed(value, x):
    return lambda value, x: _convert(value, x)


@overload(bits.cast_all)
def _cast_all(numbers, like):
    return _to_each(like.dtype, len(numbers))


@overload(bits.floats)
def _floats(numbers, like):
    return _to_each(types.float32, len(numbers))


def _to_each(to, count):
    """A function of a tuple and an array that casts each of ``count`` numbers."""
    return (lambda numbers, like: (),
            lambda numbers, like: (to(numbers[0]),),
            lambda numbers, like: (to(numbers[0]), to(numbers[1])),
            lambda numbers, like: (to(numbers[0]), to(numbers[1]), to(numbers[2])),
            lambda numbers, like: (to(numbers[0]), to(numbers[1]), to(numbers[2]), to(numbers[3])))[count]


@intrinsic
def _as_contiguous(context, row):
    def codegen(context, builder, signature, args):     # the same structure, under the type that promises adjacency
        return impl_ret_borrowed(context, builder, signature.return_type, args[0])
    return types.Array(row.dtype, 1, "C", readonly=not row.mutable)(row), codegen


overload(bits.unit)(lambda row: lambda row: _as_contiguous(row))


FLUSH = 0x8040          # of MXCSR: results that are subnormal become zero (bit 15), operands count as zero (bit 6)


@intrinsic
def _set_flush(context, flush):
    def codegen(context, builder, signature, args):
        word = ir.IntType(32)
        place = builder.alloca(word)
        pointer = builder.bitcast(place, ir.IntType(8).as_pointer())
        of_pointer = ir.FunctionType(ir.VoidType(), [pointer.type])
        read = builder.module.declare_intrinsic("llvm.x86.sse.stmxcsr", fnty=of_pointer)
        write = builder.module.declare_intrinsic("llvm.x86.sse.ldmxcsr", fnty=of_pointer)
        builder.call(read, [pointer])
        others = builder.and_(builder.load(place), word(~FLUSH & 0xFFFFFFFF))
        chosen = builder.select(builder.icmp_signed("!=", args[0], args[0].type(0)), word(FLUSH), word(0))
        builder.store(builder.or_(others, chosen), place)
        builder.call(write, [pointer])
        builder.call(read, [pointer])
        set_ = builder.icmp_unsigned("==", builder.and_(builder.load(place), word(FLUSH)), word(FLUSH))
        return builder.zext(set_, ir.IntType(64))
    return types.int64(types.int64), codegen


@intrinsic
def _add_at_once(context, counter, number):
    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.atomic_rmw("add", array.data, args[1], "seq_cst")
    return types.int64(counter, types.int64), codegen


overload(bits.set_flush)(lambda flush: lambda flush: _set_flush(flush))
overload(bits.add_at_once)(lambda counter, number: lambda counter, number: _add_at_once(counter, number))
