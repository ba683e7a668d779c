"""Machine code of `kernels.cpu.tiles`, written through llvmlite. Imported (and with it Numba) at its first use."""
from __future__ import annotations

import functools

from llvmlite import ir
from numba import types
from numba.core import config
from numba.core.codegen import get_host_cpu_features
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic, overload
from numba.np.arrayobj import populate_array

from . import tiles

INT, BIT, LANE = ir.IntType(64), ir.IntType(1), ir.IntType(32)


def _features() -> list[str]:
    """Features of the processor Numba compiles for."""
    if config.CPU_FEATURES is not None:
        return config.CPU_FEATURES.split(",")
    return [] if config.CPU_NAME == "generic" else get_host_cpu_features().split(",")


FEATURES = _features()
VECTOR_BYTES = 64 if "+avx512f" in FEATURES else 32 if "+avx2" in FEATURES else 16
REGISTER = "v" if "+avx512f" in FEATURES else "x" if "+sse2" in FEATURES else "w" if "+neon" in FEATURES else ""
ROWS = 8 if "+avx512f" in FEATURES or "+neon" in FEATURES else 4    # these have 32 vector registers, others 16

AHEAD = 8                       # rows by which a panel is asked for before it is used: the L2 cache needs as many to answer
UNROLLED = 4                    # rows of a panel in one turn of the loop

AHEAD_IN_ROW = 128              # bytes by which a row is asked for while it is transposed: more rows than the processor foresees


class Emitter:
    """Vectors of one element type, their loads and stores at integer addresses, and the arithmetic of addresses."""

    def __init__(self, builder, dtype):
        self.builder = builder
        self.size = dtype.bitwidth // 8
        self.length = VECTOR_BYTES // self.size
        self.element = ir.FloatType() if dtype == types.float32 else ir.DoubleType()
        self.vector = ir.VectorType(self.element, self.length)
        self.mask = ir.VectorType(BIT, self.length)
        self.suffix = f"v{self.length}f{dtype.bitwidth}"

    def call(self, name, result, *arguments):
        types_ = [argument.type for argument in arguments]
        function = self.builder.module.globals.get(name)
        function = function or ir.Function(self.builder.module, ir.FunctionType(result, types_), name)
        return self.builder.call(function, arguments)

    def pointer(self, address, type_):
        return self.builder.inttoptr(address, type_.as_pointer())

    def load(self, address, type_):
        value = self.builder.load(self.pointer(address, type_))
        value.align = 8 if type_ is INT else self.size
        return value

    def store(self, value, address):
        self.builder.store(value, self.pointer(address, self.vector)).align = self.size

    def load_some(self, address, mask):
        return self.call(f"llvm.masked.load.{self.suffix}.p0", self.vector, self.pointer(address, self.vector),
                         LANE(self.size), mask, ir.Constant(self.vector, None))

    def store_some(self, value, address, mask):
        self.call(f"llvm.masked.store.{self.suffix}.p0", ir.VoidType(), value, self.pointer(address, self.vector),
                  LANE(self.size), mask)

    def places(self, address, step):
        """Pointers to as many numbers as a vector has, ``step`` apart."""
        wide = ir.VectorType(INT, self.length)
        distances = ir.Constant(wide, [INT(i * self.size) for i in range(self.length)])
        distances = self.builder.mul(distances, self.spread(step, wide))
        addresses = self.builder.add(self.spread(address, wide), distances)
        return self.builder.inttoptr(addresses, ir.VectorType(self.element.as_pointer(), self.length))

    def gather(self, address, step, mask):
        return self.call(f"llvm.masked.gather.{self.suffix}.v{self.length}p0", self.vector, self.places(address, step),
                         LANE(self.size), mask, ir.Constant(self.vector, None))

    def scatter(self, value, address, step, mask):
        self.call(f"llvm.masked.scatter.{self.suffix}.v{self.length}p0", ir.VoidType(), value, self.places(address, step),
                  LANE(self.size), mask)

    def spread(self, value, vector):
        """A vector with ``value`` in every lane."""
        undefined = ir.Constant(vector, ir.Undefined)
        lane0 = self.builder.insert_element(undefined, value, LANE(0))
        return self.builder.shuffle_vector(lane0, undefined, ir.Constant(ir.VectorType(LANE, self.length), None))

    def lanes_below(self, count):
        """The mask of lanes whose number is less than ``count``."""
        wide = ir.VectorType(INT, self.length)
        numbers = ir.Constant(wide, [INT(i) for i in range(self.length)])
        return self.builder.icmp_signed("<", numbers, self.spread(count, wide))

    def multiply_add(self, x, y, z):
        """x * y + z, fused where the processor does so."""
        return self.call(f"llvm.fmuladd.{self.suffix}", self.vector, x, y, z)

    def prefetch(self, address):
        """Ask for the cache line at ``address``, of which nobody asks whether it exists."""
        self.call("llvm.prefetch.p0", ir.VoidType(), self.pointer(address, ir.IntType(8)), LANE(0), LANE(3), LANE(1))

    def opaque(self, number):
        """``number``, of which the compiler forgets how it was made. (Otherwise it keeps the sum of each address and each
        offset, and runs out of registers.)"""
        if not REGISTER:
            return number
        return self.builder.asm(ir.FunctionType(INT, [INT]), "", "=r,0", [number], False)

    def finish(self, values):
        """No load moves from after this to before ``values`` are there. (Otherwise the compiler begins a step with
        all its loads and runs out of registers.)"""
        if REGISTER:
            signature = ir.FunctionType(ir.VoidType(), [self.vector] * len(values))
            constraints = ",".join([REGISTER] * len(values) + ["~{memory}"])
            self.builder.call(ir.InlineAsm(signature, "", constraints, side_effect=True), values)

    def element_at(self, address, index):
        return self.builder.add(address, self.builder.mul(index, INT(self.size)))

    def table(self, address, index):
        """Entry of a table of int64."""
        return self.load(self.builder.add(address, self.builder.mul(index, INT(8))), INT)


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
    builder, width = emit.builder, tiles.PANEL * emit.length * emit.size
    nothing = ir.Constant(emit.vector, None)
    offset, sums = INT(0), [[nothing] * wide for _ in a]
    left = depth
    for unrolled in (UNROLLED, 1):
        before, loop, after = builder.block, builder.append_basic_block("products"), builder.append_basic_block("sums")
        turns = builder.sdiv(left, INT(unrolled))
        builder.cbranch(builder.icmp_signed(">", turns, INT(0)), loop, after)
        builder.position_at_end(loop)
        starts = [turns, offset, panel, *sum(sums, [])]
        state = [builder.phi(value.type) for value in starts]
        turn, a_offset, at, *values = state
        for step in range(unrolled):
            right = [emit.load(builder.add(at, INT(step * width + j * emit.length * emit.size)), emit.vector) for j in range(wide)]
            for j in range(wide):
                emit.prefetch(builder.add(at, INT((step + AHEAD) * width + j * emit.length * emit.size)))
            for i in range(len(a)):
                left_number = emit.spread(emit.load(builder.add(a[i], a_offset), emit.element), emit.vector)
                row = [emit.multiply_add(left_number, right[j], values[i * wide + j]) for j in range(wide)]
                emit.finish(row)
                values[i * wide:(i + 1) * wide] = row
            a_offset = emit.opaque(builder.add(a_offset, a_step))
        following = [builder.sub(turn, INT(1)), a_offset, builder.add(at, INT(unrolled * width)), *values]
        for value, first, next_ in zip(state, starts, following):
            value.add_incoming(first, before)
            value.add_incoming(next_, loop)
        builder.cbranch(builder.icmp_signed(">", following[0], INT(0)), loop, after)
        builder.position_at_end(after)
        merged = [builder.phi(value.type) for value in starts]
        for value, first, last in zip(merged, starts, following):
            value.add_incoming(first, before)
            value.add_incoming(last, loop)
        _, offset, panel, *values = merged
        sums = [values[i * wide:(i + 1) * wide] for i in range(len(a))]
        left = builder.sub(left, builder.mul(turns, INT(unrolled)))
    return sums


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


def addresses(context, builder, signature, args):
    """The arguments, with the address of its first element for each array."""
    return [builder.ptrtoint(context.make_array(type_)(context, builder, arg).data, INT)
            if isinstance(type_, types.Array) else arg for type_, arg in zip(signature.args, args)]


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


def _copier(fill):
    """An intrinsic that copies by vectors, and at the end writes part of one, or with ``fill`` zeros into the rest."""

    @intrinsic
    def copy(context, source, start, target, place, count):
        signature = types.void(source, types.intp, target, types.intp, types.intp)

        def codegen(context, builder, signature, args):
            emit = Emitter(builder, signature.args[0].dtype)
            source, start, target, place, count = addresses(context, builder, signature, args)
            source, target = emit.element_at(source, start), emit.element_at(target, place)
            before, loop, after = builder.block, builder.append_basic_block("copy"), builder.append_basic_block("copied")
            builder.cbranch(builder.icmp_signed(">", count, INT(0)), loop, after)
            builder.position_at_end(loop)
            done = builder.phi(INT)
            mask = emit.lanes_below(builder.sub(count, done))
            value = emit.load_some(emit.element_at(source, done), mask)
            if fill:
                emit.store(value, emit.element_at(target, done))
            else:
                emit.store_some(value, emit.element_at(target, done), mask)
            following = builder.add(done, INT(emit.length))
            done.add_incoming(INT(0), before)
            done.add_incoming(following, loop)
            builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
            builder.position_at_end(after)
            return context.get_dummy_value()

        return signature, codegen

    return copy


_copy, _copy_vectors = _copier(False), _copier(True)


def _strided_copier(spread):
    """An intrinsic that copies by vectors from numbers that lie apart to adjacent ones, or with ``spread`` the other way."""

    @intrinsic
    def copy(context, source, start, target, place, step, count):
        signature = types.void(source, types.intp, target, types.intp, types.intp, types.intp)

        def codegen(context, builder, signature, args):
            emit = Emitter(builder, signature.args[0].dtype)
            source, start, target, place, step, count = addresses(context, builder, signature, args)
            source, target = emit.element_at(source, start), emit.element_at(target, place)
            before, loop, after = builder.block, builder.append_basic_block("copy"), builder.append_basic_block("copied")
            builder.cbranch(builder.icmp_signed(">", count, INT(0)), loop, after)
            builder.position_at_end(loop)
            done = builder.phi(INT)
            mask, place = emit.lanes_below(builder.sub(count, done)), builder.mul(done, step)
            if spread:
                emit.scatter(emit.load_some(emit.element_at(source, done), mask), emit.element_at(target, place), step, mask)
            else:
                emit.store_some(emit.gather(emit.element_at(source, place), step, mask), emit.element_at(target, done), mask)
            following = builder.add(done, INT(emit.length))
            done.add_incoming(INT(0), before)
            done.add_incoming(following, loop)
            builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
            builder.position_at_end(after)
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
            step, target_step = emit.element_at(INT(0), step), emit.element_at(INT(0), target_step)
            source, target = emit.element_at(source, start), emit.element_at(target, place)
            distances = [INT(j * emit.length * emit.size) for j in range(wide)]
            ahead = builder.mul(step, INT(AHEAD))

            def copy_all(load):
                before, loop, after = builder.block, builder.append_basic_block("copy"), builder.append_basic_block("copied")
                builder.cbranch(builder.icmp_signed(">", rows, INT(0)), loop, after)
                builder.position_at_end(loop)
                state = left, from_, to = [builder.phi(INT) for _ in range(3)]
                for j, distance in enumerate(distances):
                    emit.prefetch(builder.add(builder.add(from_, ahead), distance))
                    emit.store(load(builder.add(from_, distance), j), builder.add(to, distance))
                following = [builder.sub(left, INT(1)), builder.add(from_, step), builder.add(to, target_step)]
                for value, first, next_ in zip(state, (rows, source, target), following):
                    value.add_incoming(first, before)
                    value.add_incoming(next_, loop)
                builder.cbranch(builder.icmp_signed(">", following[0], INT(0)), loop, after)
                builder.position_at_end(after)

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
