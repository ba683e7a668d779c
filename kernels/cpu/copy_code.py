"""Machine code of the copies in `kernels.cpu.tiles`."""
from __future__ import annotations

import functools

from llvmlite import ir
from numba import types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic, overload
from numba.np.arrayobj import populate_array

from . import tiles
from .vector_code import INT, LANE, ROWS, VECTOR_BYTES, Emitter, addresses

AHEAD = 8                       # rows by which what is copied row by row is asked for before,
AHEAD_IN_ROW = 128              # and bytes, where rows are transposed: more of them than the processor foresees


@intrinsic
def _copy(context, source, start, target, place, count):
    """`tiles.copy` by vectors, and at the end a part of one."""
    signature = types.void(source, types.intp, target, types.intp, types.intp)

    def codegen(context, builder, signature, args):
        emit = Emitter(builder, signature.args[0].dtype)
        source, start, target, place, count = addresses(context, builder, signature, args)

        def vector(state):
            source, target, left = state
            mask, length = emit.lanes_below(left), INT(emit.length)
            emit.store_some(emit.load_some(source, mask), target, mask)
            return [emit.element_at(source, length), emit.element_at(target, length), builder.sub(left, length)]

        turns = builder.sdiv(builder.add(count, INT(emit.length - 1)), INT(emit.length))
        emit.repeat(turns, [emit.element_at(source, start), emit.element_at(target, place), count], vector)
        return context.get_dummy_value()

    return signature, codegen


def _strided_copier(spread):
    """An intrinsic that copies by vectors from numbers that lie apart to adjacent ones, or with ``spread`` the other way."""

    @intrinsic
    def copy(context, source, start, target, place, step, count):
        signature = types.void(source, types.intp, target, types.intp, types.intp, types.intp)

        def codegen(context, builder, signature, args):
            emit = Emitter(builder, signature.args[0].dtype)
            source, start, target, place, step, count = addresses(context, builder, signature, args)
            apart = builder.mul(step, INT(emit.length))

            def vector(state):
                source, target, left = state
                mask, adjacent = emit.lanes_below(left), INT(emit.length)
                if spread:
                    emit.scatter(emit.load_some(source, mask), target, step, mask)
                else:
                    emit.store_some(emit.gather(source, step, mask), target, mask)
                return [emit.element_at(source, adjacent if spread else apart), emit.element_at(target, apart if spread else adjacent),
                        builder.sub(left, adjacent)]

            turns = builder.sdiv(builder.add(count, INT(emit.length - 1)), INT(emit.length))
            emit.repeat(turns, [emit.element_at(source, start), emit.element_at(target, place), count], vector)
            return context.get_dummy_value()

        return signature, codegen

    return copy


_gather, _scatter = _strided_copier(False), _strided_copier(True)


@functools.cache
def _rows_copier(wide):
    """An intrinsic that copies rows of up to ``wide`` vectors; see `tiles.copy_rows`."""

    @intrinsic
    def copy(context, source, start, step, rows, width, target, place, target_step):
        n = types.intp
        signature = types.void(source, n, n, n, n, target, n, n)

        def codegen(context, builder, signature, args):
            emit = Emitter(builder, signature.args[0].dtype)
            source, start, step, rows, width, target, place, target_step = addresses(context, builder, signature, args)
            source, target = emit.element_at(source, start), emit.element_at(target, place)
            distances = [INT(j * emit.length * emit.size) for j in range(wide)]
            ahead = emit.element_at(INT(0), builder.mul(step, INT(AHEAD)))

            def copy_all(load):
                def row(state):
                    source, target = state
                    for j, distance in enumerate(distances):
                        emit.prefetch(builder.add(builder.add(source, ahead), distance))
                        emit.store(load(builder.add(source, distance), j), builder.add(target, distance))
                    return [emit.element_at(source, step), emit.element_at(target, target_step)]
                emit.repeat(rows, [source, target], row)

            with builder.if_else(builder.icmp_signed(">=", width, INT(wide * emit.length))) as (whole, part):
                with whole:
                    copy_all(lambda address, j: emit.load(address, emit.vector))
                with part:
                    masks = [emit.lanes_below(builder.sub(width, INT(j * emit.length))) for j in range(wide)]
                    copy_all(lambda address, j: emit.load_some(address, masks[j]))
            return context.get_dummy_value()

        return signature, codegen

    return copy


@overload(tiles.copy_rows, prefer_literal=True)
def _copy_rows(vectors, source, start, step, rows, width, target, place, target_step):
    if not isinstance(vectors, types.IntegerLiteral):
        return None
    copy = _rows_copier(vectors.literal_value)

    def copy_rows(vectors, source, start, step, rows, width, target, place, target_step):
        copy(source, start, step, rows, width, target, place, target_step)
    return copy_rows


@overload(tiles.gather)
def _gather_row(source, start, step, target, place, count):
    if VECTOR_BYTES > 32:       # the others have no fast ones
        return lambda source, start, step, target, place, count: _gather(source, start, target, place, step, count)
    return tiles.gather


@overload(tiles.scatter)
def _scatter_row(source, start, target, place, step, count):
    if VECTOR_BYTES > 32:
        return lambda source, start, target, place, step, count: _scatter(source, start, target, place, step, count)
    return tiles.scatter


@overload(tiles.copy)
def _copy_row(source, start, target, place, count):
    if VECTOR_BYTES > 16:       # the others have no masked stores
        return lambda source, start, target, place, count: _copy(source, start, target, place, count)
    return tiles.copy


def emit_transpose(emit, rows):
    """The transpose of a square of vectors: pairs of rows exchange ever larger blocks."""
    builder, length, distance = emit.builder, emit.length, 1
    while distance < length:
        keep = [lane if not lane & distance else lane - distance + length for lane in range(length)]
        give = [lane + distance if not lane & distance else lane + length for lane in range(length)]
        new = list(rows)
        for i in range(length):
            if not i & distance:
                for row, lanes in ((i, keep), (i + distance, give)):
                    order = ir.Constant(ir.VectorType(LANE, length), [LANE(lane) for lane in lanes])
                    new[row] = builder.shuffle_vector(rows[i], rows[i + distance], order)
        rows, distance = new, 2 * distance
    return rows


@intrinsic
def _turn(context, source, start, step, height, width, target, place, target_step):
    """`tiles.turn_square`."""
    n = types.intp
    signature = types.void(source, n, n, n, n, target, n, n)

    def codegen(context, builder, signature, args):
        emit = Emitter(builder, signature.args[0].dtype)
        source, start, step, height, width, target, place, target_step = addresses(context, builder, signature, args)
        last = builder.sub(height, INT(1))
        indices = [builder.select(builder.icmp_signed("<", INT(i), last), INT(i), last) for i in range(emit.length)]
        source, target = emit.element_at(source, start), emit.element_at(target, place)
        places = [emit.element_at(source, builder.mul(index, step)) for index in indices]
        for place in places:
            emit.prefetch(builder.add(place, INT(AHEAD_IN_ROW)))
        mask = emit.lanes_below(width)
        with builder.if_else(builder.icmp_signed(">=", width, INT(emit.length))) as (then, otherwise):
            with then:
                whole, from_whole = [emit.load(place, emit.vector) for place in places], builder.block
            with otherwise:
                part, from_part = [emit.load_some(place, mask) for place in places], builder.block
        rows = []
        for one, other in zip(whole, part):
            rows.append(builder.phi(emit.vector))
            rows[-1].add_incoming(one, from_whole)
            rows[-1].add_incoming(other, from_part)
        for i, row in enumerate(emit_transpose(emit, rows)):
            emit.store(row, emit.element_at(target, builder.mul(target_step, INT(i))))
        return context.get_dummy_value()

    return signature, codegen


@overload(tiles.turn_square)
def _turn_square(source, start, step, height, width, target, place, target_step):
    return lambda source, start, step, height, width, target, place, target_step: _turn(
        source, start, step, height, width, target, place, target_step)

@intrinsic
def _memory(context, x):
    result = types.Array(x.dtype, 1, "C", readonly=not x.mutable)

    def codegen(context, builder, signature, args):
        source = context.make_array(signature.args[0])(context, builder, args[0])
        array = context.make_array(signature.return_type)(context, builder)
        populate_array(array, source.data, [INT(1 << 40)], [INT(x.dtype.bitwidth // 8)], INT(x.dtype.bitwidth // 8),
                       source.meminfo)
        return impl_ret_borrowed(context, builder, signature.return_type, array._getvalue())

    return result(x), codegen


@overload(tiles.memory)
def _memory_of(x):
    return lambda x: _memory(x)


@overload(tiles.tile_rows)
def _tile_rows(a):
    return lambda a: ROWS


@overload(tiles.vector_length)
def _vector_length(a):
    length = VECTOR_BYTES // (a.dtype.bitwidth // 8)
    return lambda a: length
