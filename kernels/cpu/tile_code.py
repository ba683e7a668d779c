"""Machine code of the tiles of `kernels.cpu.tiles`."""
from __future__ import annotations

import functools

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from . import tiles
from .vector_code import INT, ROWS, Emitter, addresses

AHEAD = 8                       # rows by which a panel is asked for before it is used: the L2 cache needs as many to answer
UNROLLED = 4                    # rows of a panel in one turn of the loop


def emit_sums(emit, wide, a, a_column, b, b_row, begin, end, start):
    """The loop over places ``begin`` to ``end`` of the tables; returns the sums, a row of ``wide`` vectors for each of a.

    ``a`` and ``b`` are addresses, one for each row and each vector; ``start`` has the rows' first values.
    """
    builder = emit.builder
    before, loop, after = builder.block, builder.append_basic_block("products"), builder.append_basic_block("sums")
    builder.branch(loop)
    builder.position_at_end(loop)
    k = builder.phi(INT)
    sums = [[builder.phi(emit.vector) for _ in range(wide)] for _ in range(len(a))]
    a_offset, b_offset = emit.table(a_column, k), emit.table(b_row, k)
    right = [emit.load(emit.element_at(base, b_offset), emit.vector) for base in b]
    total = []
    for i in range(len(a)):
        left = emit.spread(emit.load(emit.element_at(a[i], a_offset), emit.element), emit.vector)
        total.append([emit.multiply_add(left, right[j], sums[i][j]) for j in range(wide)])
        emit.finish(total[i])
    following = builder.add(k, INT(1))
    k.add_incoming(begin, before)
    k.add_incoming(following, loop)
    for i in range(len(a)):
        for j in range(wide):
            sums[i][j].add_incoming(start[i], before)
            sums[i][j].add_incoming(total[i][j], loop)
    builder.cbranch(builder.icmp_signed("<", following, end), loop, after)
    builder.position_at_end(after)
    return total


def emit_panel_sums(emit, wide, a, a_step, panel, depth):
    """The sums over ``depth`` rows of a panel, `tiles.PANEL` vectors wide, of which the first ``wide`` are taken; as `emit_sums`.

    ``a`` are the addresses of the rows' first numbers, and ``a_step`` is the distance from one number to the next.
    """
    builder, width, nothing = emit.builder, tiles.PANEL * emit.length * emit.size, ir.Constant(emit.vector, None)
    distances = [INT(j * emit.length * emit.size) for j in range(wide)]

    def rows_of_panel(state, count):
        offset, at, *sums = state
        for step in range(count):
            ahead, at_row = builder.add(at, INT((step + AHEAD) * width)), builder.add(at, INT(step * width))
            right = [emit.load(builder.add(at_row, distance), emit.vector) for distance in distances]
            for distance in distances:
                emit.prefetch(builder.add(ahead, distance))
            for i in range(len(a)):
                left = emit.spread(emit.load(builder.add(a[i], offset), emit.element), emit.vector)
                row = [emit.multiply_add(left, right[j], sums[i * wide + j]) for j in range(wide)]
                emit.finish(row)
                sums[i * wide:(i + 1) * wide] = row
            offset = emit.opaque(builder.add(offset, a_step))
        return [offset, builder.add(at, INT(count * width)), *sums]

    state = [INT(0), panel, *[nothing] * (wide * len(a))]
    turns = builder.sdiv(depth, INT(UNROLLED))
    state = emit.repeat(turns, state, lambda state: rows_of_panel(state, UNROLLED))
    left = builder.sub(depth, builder.mul(turns, INT(UNROLLED)))
    _, _, *sums = emit.repeat(left, state, lambda state: rows_of_panel(state, 1))
    return [sums[i * wide:(i + 1) * wide] for i in range(len(a))]


def emit_stores(emit, total, rows, add, old, old_step, c, c_step, columns):
    """Write the first ``rows`` rows and ``columns`` columns of the sums to c, with ``add`` plus what is at ``old``."""
    builder, wide, step = emit.builder, len(total[0]), emit.length * emit.size
    whole = builder.icmp_signed(">=", columns, INT(wide * emit.length))
    finished = builder.append_basic_block("finished")
    for i in range(len(total)):
        row, old_row = [emit.element_at(first, builder.mul(step_, INT(i))) for first, step_ in ((c, c_step), (old, old_step))]
        places, old_places = [[builder.add(start, INT(j * step)) for j in range(wide)] for start in (row, old_row)]
        with builder.if_else(whole) as (then, otherwise):
            with then, builder.if_else(add) as (adding, writing):
                with adding:
                    for value, place, old_place in zip(total[i], places, old_places):
                        emit.store(builder.fadd(emit.load(old_place, emit.vector), value), place)
                with writing:
                    for value, place in zip(total[i], places):
                        emit.store(value, place)
            with otherwise:
                masks = [emit.lanes_below(builder.sub(columns, INT(j * emit.length))) for j in range(wide)]
                for value, place, old_place, mask in zip(total[i], places, old_places, masks):
                    before = emit.load_some(old_place, builder.and_(mask, emit.spread(add, emit.mask)))
                    emit.store_some(builder.fadd(before, value), place, mask)
        following = builder.append_basic_block("row")
        builder.cbranch(builder.icmp_signed("<", INT(i + 1), rows), following, finished)
        builder.position_at_end(following)
    builder.branch(finished)
    builder.position_at_end(finished)

@functools.cache
def _tile(high, wide):
    """An intrinsic for tiles of ``high`` rows and ``wide`` vectors; its parameters are those of `tiles.multiply_tile`."""

    @intrinsic
    def tile(context, a, a_start, a_row, a_column, first_row, rows, b, b_start, b_row, b_column, first_vector, begin, end,
             bias, add, c, c_start, c_step, columns):
        n = types.intp
        signature = types.void(a, n, a_row, a_column, n, n, b, n, b_row, b_column, n, n, n, bias, types.boolean, c, n, n, n)

        def codegen(context, builder, signature, args):
            emit = Emitter(builder, signature.args[0].dtype)
            (a, a_start, a_row, a_column, first_row, rows, b, b_start, b_row, b_column, first_vector, begin, end,
             bias, add, c, c_start, c_step, columns) = addresses(context, builder, signature, args)
            # Rows past the end repeat the last one: their sums are not stored.
            last = builder.sub(rows, INT(1))
            indices = [builder.select(builder.icmp_signed("<", INT(i), last), INT(i), last) for i in range(high)]
            indices = [builder.add(first_row, index) for index in indices]
            a, b, c = emit.element_at(a, a_start), emit.element_at(b, b_start), emit.element_at(c, c_start)
            a = [emit.element_at(a, emit.table(a_row, index)) for index in indices]
            b = [emit.element_at(b, emit.table(b_column, builder.add(first_vector, INT(j)))) for j in range(wide)]
            nothing = emit.element(0.0)
            start = [builder.select(add, nothing, emit.load(emit.element_at(bias, index), emit.element)) for index in indices]
            start = [emit.spread(value, emit.vector) for value in start]
            total = emit_sums(emit, wide, a, a_column, b, b_row, begin, end, start)
            emit_stores(emit, total, rows, add, c, c_step, c, c_step, columns)
            return context.get_dummy_value()

        return signature, codegen

    return tile


@overload(tiles.multiply_tile, prefer_literal=True)
def _multiply_tile(one_row, vectors, a, a_start, a_row, a_column, first_row, rows, b, b_start, b_row, b_column, first_vector,
                   begin, end, bias, add, c, c_start, c_step, columns):
    if not isinstance(vectors, types.IntegerLiteral) or not isinstance(one_row, types.BooleanLiteral):
        return None
    tile = _tile(1 if one_row.literal_value else ROWS, vectors.literal_value)

    def multiply_tile(one_row, vectors, a, a_start, a_row, a_column, first_row, rows, b, b_start, b_row, b_column, first_vector,
                      begin, end, bias, add, c, c_start, c_step, columns):
        tile(a, a_start, a_row, a_column, first_row, rows, b, b_start, b_row, b_column, first_vector, begin, end,
             bias, add, c, c_start, c_step, columns)
    return multiply_tile


@functools.cache
def _panel_tile(high, wide):
    """An intrinsic for tiles of ``high`` rows and ``wide`` vectors of a panel; see `tiles.multiply_panel`."""

    @intrinsic
    def tile(context, a, a_start, a_step, rows, panel, place, depth, add, old, old_start, old_step, c, c_start, c_step, columns):
        n = types.intp
        signature = types.void(a, n, a_step, n, panel, n, n, types.boolean, old, n, n, c, n, n, n)

        def codegen(context, builder, signature, args):
            emit = Emitter(builder, signature.args[0].dtype)
            (a, a_start, a_step, rows, panel, place, depth, add, old, old_start, old_step, c, c_start, c_step,
             columns) = addresses(context, builder, signature, args)
            row_step, column_step = [builder.extract_value(a_step, i) for i in range(2)]
            a, panel, old, c = [emit.element_at(*one) for one in ((a, a_start), (panel, place), (old, old_start), (c, c_start))]
            last = builder.sub(rows, INT(1))    # rows past the end repeat it: their sums are not stored
            indices = [builder.select(builder.icmp_signed("<", INT(i), last), INT(i), last) for i in range(high)]
            a = [emit.element_at(a, builder.mul(index, row_step)) for index in indices]
            total = emit_panel_sums(emit, wide, a, builder.mul(column_step, INT(emit.size)), panel, depth)
            emit_stores(emit, total, rows, add, old, old_step, c, c_step, columns)
            return context.get_dummy_value()

        return signature, codegen

    return tile


@overload(tiles.multiply_panel, prefer_literal=True)
def _multiply_panel(half, vectors, a, a_start, a_step, rows, panel, place, depth, add, old, old_start, old_step, c, c_start, c_step,
                    columns):
    if not isinstance(vectors, types.IntegerLiteral) or not isinstance(half, types.BooleanLiteral):
        return None
    tile = _panel_tile(ROWS // 2 if half.literal_value else ROWS, vectors.literal_value)

    def multiply_panel(half, vectors, a, a_start, a_step, rows, panel, place, depth, add, old, old_start, old_step, c, c_start, c_step,
                       columns):
        tile(a, a_start, a_step, rows, panel, place, depth, add, old, old_start, old_step, c, c_start, c_step, columns)
    return multiply_panel
