"""Vector registers of this machine, written through llvmlite. Imported (and with it Numba) when the first kernel is built."""
from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import config
from numba.core.codegen import get_host_cpu_features

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

    def repeat(self, turns, values, body):
        """``body`` turns ``values`` into the next ones, ``turns`` times; the last ones."""
        builder = self.builder
        before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed(">", turns, INT(0)), loop, after)
        builder.position_at_end(loop)
        left, *state = phis = [builder.phi(value.type) for value in (turns, *values)]
        following = [builder.sub(left, INT(1)), *body(state)]
        end = builder.block
        for phi, first, next_ in zip(phis, (turns, *values), following):
            phi.add_incoming(first, before)
            phi.add_incoming(next_, end)
        builder.cbranch(builder.icmp_signed(">", following[0], INT(0)), loop, after)
        builder.position_at_end(after)
        merged = [builder.phi(value.type) for value in values]
        for phi, first, last in zip(merged, values, following[1:]):
            phi.add_incoming(first, before)
            phi.add_incoming(last, end)
        return merged


def addresses(context, builder, signature, args):
    """The arguments, with the address of its first element for each array."""
    return [builder.ptrtoint(context.make_array(type_)(context, builder, arg).data, INT)
            if isinstance(type_, types.Array) else arg for type_, arg in zip(signature.args, args)]
