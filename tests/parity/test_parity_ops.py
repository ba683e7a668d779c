"""Random calls of operations here and in PyTorch: the same values, types, strides, and types of errors."""
import numpy as np
import pytest
from oracle import INTEGERS, TOLERANCE, numbers, values
from oracle import tensor as ours_of

import nb_nn

theirs = pytest.importorskip("torch")

KINDS = ("float32", "float64", "float16", "int64", "uint8", "bool")
SHAPES = [(), (1,), (4,), (3, 4), (3, 1), (1, 4), (2, 3, 4), (0, 4), (5,), (2, 1, 3, 2)]

UNARY = ["abs", "neg", "sign", "square", "floor", "ceil", "trunc", "frac", "reciprocal", "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "sin",
         "tan", "atan", "tanh", "sigmoid", "erf", "relu", "logical_not", "isnan", "isfinite", "bitwise_not", "float", "long", "bool",
         "half", "byte", "clone", "t", "contiguous", "numel", "dim", "tolist"]
BINARY = ["add", "sub", "mul", "div", "floor_divide", "remainder", "fmod", "pow", "atan2", "maximum", "minimum", "eq", "ne", "lt", "ge",
          "logical_and", "logical_xor", "bitwise_and", "bitwise_or", "matmul", "mm", "mv", "dot", "expand_as", "view_as", "reshape_as"]
INPLACE = ["abs_", "neg_", "exp_", "floor_", "relu_", "sigmoid_", "logical_not_", "zero_", "bitwise_not_"]
INPLACE_BINARY = ["add_", "sub_", "mul_", "div_", "floor_divide_", "remainder_", "pow_", "eq_", "lt_", "logical_and_", "bitwise_or_", "copy_"]
REDUCTIONS = ["sum", "mean", "prod", "all", "any", "max", "min", "argmax", "argmin", "amax", "amin", "var", "std", "logsumexp", "norm",
              "count_nonzero", "cumsum", "cumprod"]
VIEWS = {
    "view": [(-1,), (2, -1), (4,), (3, 4), (2, 3, 2, 2), (0, -1), (5, 5), (-1, -1), (-2,)],
    "reshape": [(-1,), (2, -1), (4, 3), (12,), (5,), (0,)],
    "transpose": [(0, 1), (-1, 0), (0, 0), (1, 3)], "permute": [(1, 0), (0, 1, 2), (2, 0, 1), (0, 0), (-1, 0)],
    "select": [(0, 0), (1, -1), (0, 7), (5, 0), (-1, 1)], "narrow": [(0, 0, 2), (1, 1, 2), (0, 3, 5), (0, -1, 1), (0, 0, -1)],
    "squeeze": [(), (0,), (1,), (-1,), (7,)], "unsqueeze": [(0,), (1,), (-1,), (5,), (-5,)],
    "expand": [(3, 4), (2, -1, 4), (5,), (-1,), (2, 2, 3, 4), (2, 1, 3, 2)], "flatten": [(), (1,), (0, 1), (1, 0), (0, 5)],
    "diagonal": [(), (1,), (-1,), (9,), (0, 1, 0), (0, 0, 0), (0, 1, 2)], "unfold": [(0, 2, 1), (-1, 3, 2), (1, 9, 1), (0, 1, 0)],
    "unbind": [(), (1,), (-1,), (4,)], "split": [(2,), (1, 1), (0,), (5, -1), ((1, 2), 0), ((1, 3), -1)],
    "chunk": [(2,), (3, 1), (0,), (7,)], "t": [()], "flip": [(0,), (1,), ((0, 1),), (4,)], "roll": [(1,), (1, 0), ((1, 2), (0, 1))],
    "repeat": [(2,), (2, 1), (1, 2, 1, 1), (-1,)], "is_contiguous": [()], "stride": [(), (0,), (4,)], "size": [(), (0,), (4,)],
    "as_strided": [((2, 2), (1, 1)), ((2,), (1,), 1), ((9, 9), (9, 9)), ((2,), (1, 1)), ((2,), (-1,))],
    "resize_": [(2,), (3, 2), (1,), (-1,)], "triu": [(), (1,), (-1,)], "tril": [()], "diag": [(), (1,)],
}


def kind_of(made):
    return str(made.dtype).removeprefix("torch.")


def random_pair(random, kinds=KINDS, shapes=SHAPES):
    """A tensor here and the same there: any size, type and layout."""
    kind, shape = str(random.choice(kinds)), shapes[random.integers(len(shapes))]
    low = 1 if random.random() < 0.5 else -2
    array = numbers(kind, shape, low, 4, seed=int(random.integers(5)))
    mine, their = ours_of(array, kind), theirs.tensor(array)
    change = random.integers(4)
    if change == 1 and shape:
        mine, their = (one.transpose(0, -1) for one in (mine, their))
    elif change == 2 and shape and shape[-1] > 1:
        mine, their = (one[..., ::2] for one in (mine, their))
    elif change == 3:
        mine, their = (one.unsqueeze(0).expand(2, *shape) for one in (mine, their))
    return mine, their


def outcome(call):
    """A call's result, or the error it raises."""
    try:
        return call(), None
    except Exception as error:  # noqa: BLE001  whatever it is, it is compared
        return None, error


FAMILIES = ((TypeError,), (IndexError, RuntimeError, ValueError, NotImplementedError))     # PyTorch itself is not consistent within these


def same_family(mine, their):
    return type(mine) is type(their) or any(isinstance(mine, family) and isinstance(their, family) for family in FAMILIES[1:])


def compare(mine, their, strides=True):
    """One result and its partner."""
    if isinstance(their, theirs.Tensor):
        assert isinstance(mine, nb_nn.Tensor)
        assert tuple(mine.shape) == tuple(their.shape)
        assert kind_of(mine) == kind_of(their)
        if strides and 0 not in their.shape:
            assert [step for step, n in zip(mine.stride(), mine.shape) if n > 1] == [
                step for step, n in zip(their.stride(), their.shape) if n > 1]
        tolerance = 10 * TOLERANCE.get(kind_of(mine), 0)
        np.testing.assert_allclose(values(mine), their.detach().numpy(), tolerance, tolerance)
    elif isinstance(their, (tuple, list)):
        assert len(mine) == len(their)
        for one, other in zip(mine, their):
            compare(one, other, strides)
    else:
        assert mine == their


def both(call, mine, their, **options):
    """Compare a call here and there. A call that fails there and is answered here is an extension, which is fine."""
    (found, error), (expected, refusal) = outcome(lambda: call(nb_nn, *mine)), outcome(lambda: call(theirs, *their))
    if refusal is not None:
        if error is not None:
            assert same_family(error, refusal), (error, refusal)
        return error is not None
    if error is not None and 0 in getattr(expected, "shape", ()):
        return False                            # PyTorch does not check what it has nothing to compute from
    assert error is None, f"{error!r}, where PyTorch answers {expected}"
    compare(found, expected, **options)
    return True


ROUNDS = 40


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    random = np.random.default_rng(len(name))
    for _ in range(ROUNDS):
        x, y = random_pair(random)
        both(lambda t, x: getattr(x, name)(), (x,), (y,))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    random = np.random.default_rng(len(name))
    for _ in range(2 * ROUNDS):
        (x, y), (u, v) = random_pair(random), random_pair(random)
        both(lambda t, x, u: getattr(x, name)(u), (x, u), (y, v), strides=name not in ("matmul", "mm"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in BINARY if name not in ("matmul", "mm", "mv", "dot", "expand_as", "view_as", "reshape_as")])
def test_tensor_and_number(name):
    random = np.random.default_rng(len(name))
    for _ in range(ROUNDS):
        x, y = random_pair(random)
        number = random.choice([2, -1, 0, 1.5, True, 3])
        number = bool(number) if number == 1 else int(number) if number == int(number) else float(number)
        both(lambda t, x, number=number: getattr(t, name)(x, number), (x,), (y,))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", INPLACE)
def test_in_place(name):
    random = np.random.default_rng(len(name))
    for _ in range(ROUNDS):
        x, y = random_pair(random)
        both(lambda t, x: getattr(x, name)(), (x,), (y,))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", INPLACE_BINARY)
def test_in_place_with_another(name):
    random = np.random.default_rng(len(name))
    for _ in range(2 * ROUNDS):
        (x, y), (u, v) = random_pair(random), random_pair(random)
        if both(lambda t, x, u: getattr(x, name)(u), (x, u), (y, v)):
            compare(x, y)                       # nothing changed where it was refused


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reduction(name):
    random = np.random.default_rng(len(name))
    for _ in range(2 * ROUNDS):
        x, y = random_pair(random)
        dims = [(), (0,), (1,), (-1,), ((0, 1),), ((0, 0),), (3,), ((-1, 0),), (None,)][random.integers(9)]
        more = {"keepdim": True} if dims and random.random() < 0.4 and not name.startswith("cum") else {}
        if name == "norm":
            dims = (2, *dims)
        both(lambda t, x, dims=dims, more=more: getattr(x, name)(*dims, **more), (x,), (y,), strides=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", VIEWS)
def test_view(name):
    random = np.random.default_rng(len(name))
    for args in VIEWS[name]:
        for _ in range(ROUNDS // 2):
            x, y = random_pair(random, ("float32", "int64"))
            if name == "stride" and 0 in y.shape:
                continue                        # what elements would be apart is not kept
            if name == "resize_":
                x, y = x.clone(), y.clone()
                both(lambda t, x, args=args: tuple(x.resize_(*args).shape), (x,), (y,))
                continue
            both(lambda t, x, args=args: getattr(x, name)(*args), (x,), (y,), strides=name not in ("flip", "roll"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", [
    lambda t, x, u: t.where(x.bool(), x, u), lambda t, x, u: t.where(x > 1, u, 2), lambda t, x, u: t.lerp(x, u, 0.3),
    lambda t, x, u: t.addcmul(x, u, u, value=2), lambda t, x, u: t.addcdiv(x, u, x, value=0.5), lambda t, x, u: t.clamp(x, -1, 2),
    lambda t, x, u: t.clamp(x, min=0.5), lambda t, x, u: t.clamp(x, min=u), lambda t, x, u: t.add(x, u, alpha=2),
    lambda t, x, u: t.sub(x, u, alpha=0.5), lambda t, x, u: x.masked_fill(u > 0, 1), lambda t, x, u: x + u * 2 - 1,
    lambda t, x, u: t.div(x, u, rounding_mode="trunc"), lambda t, x, u: t.div(x, u, rounding_mode="floor"), lambda t, x, u: 2 - x,
    lambda t, x, u: 2 / x, lambda t, x, u: 2 ** x, lambda t, x, u: t.equal(x, u), lambda t, x, u: t.allclose(x, u),
    lambda t, x, u: t.isclose(x, u), lambda t, x, u: t.cat((x, u)), lambda t, x, u: t.stack((x, u), -1), lambda t, x, u: x.to(u),
    lambda t, x, u: x.type_as(u), lambda t, x, u: t.result_type(x, u) is getattr(t, kind_of(x + u)), lambda t, x, u: t.zeros_like(x),
    lambda t, x, u: t.einsum("ij,jk->ik", x * 1, u * 1), lambda t, x, u: t.einsum("i,i", x * 1, u * 1), lambda t, x, u: t.einsum("...i,...i->...", x.float(), u.float()),
    lambda t, x, u: t.tensordot(x, u, 1), lambda t, x, u: t.ger(x, u), lambda t, x, u: t.addmm(x, u, x), lambda t, x, u: t.bmm(x, u),
    lambda t, x, u: t.max(x, u), lambda t, x, u: t.min(x), lambda t, x, u: t.dist(x, u), lambda t, x, u: x[u.long()],
    lambda t, x, u: x[u.bool()], lambda t, x, u: x[None, ..., 0], lambda t, x, u: x[1:, ::2], lambda t, x, u: x[-1], lambda t, x, u: x[7],
    lambda t, x, u: bool(x), lambda t, x, u: float(x), lambda t, x, u: len(x), lambda t, x, u: x.item(), lambda t, x, u: list(x),
    lambda t, x, u: t.full_like(x, 2.5), lambda t, x, u: t.empty_like(x).zero_(), lambda t, x, u: x.new_tensor([1, 2]),
    lambda t, x, u: x.fill_(3), lambda t, x, u: x.fill_(u), lambda t, x, u: t.arange(x.numel(), dtype=x.dtype),
    lambda t, x, u: t.exp(x, out=t.empty(1)), lambda t, x, u: t.add(x, u, out=t.empty(2, dtype=t.int64)), lambda t, x, u: x & 1,
    lambda t, x, u: x ^ u, lambda t, x, u: x << 1, lambda t, x, u: x // 2, lambda t, x, u: x % 2,
    lambda t, x, u: t.var(x, unbiased=False), lambda t, x, u: t.std(x, 0, True), lambda t, x, u: t.var_mean(x, -1),
    lambda t, x, u: x.sum(dtype=t.float64), lambda t, x, u: x.prod(0, dtype=t.int64), lambda t, x, u: x.norm(1), lambda t, x, u: x.norm(3, -1),
    lambda t, x, u: x.norm(float("inf")), lambda t, x, u: x.norm(0), lambda t, x, u: x.mean(dtype=t.float32),
])
def test_expression(call):
    random = np.random.default_rng(7)
    for _ in range(ROUNDS):
        (x, y), (u, v) = random_pair(random), random_pair(random)
        if random.random() < 0.5:
            u, v = u.to(x.dtype), v.to(y.dtype)
        both(call, (x, u), (y, v), strides=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", [
    lambda t: t.arange(5), lambda t: t.arange(1, 2, 0.3), lambda t: t.arange(5, 1, -2), lambda t: t.arange(0), lambda t: t.arange(1, 0),
    lambda t: t.arange(1, 2, 0), lambda t: t.arange(0, float("inf")), lambda t: t.arange(3.0), lambda t: t.arange(3, dtype=t.float16),
    lambda t: t.linspace(0, 1, 5), lambda t: t.linspace(0, 1, 1), lambda t: t.linspace(0, 1, 0), lambda t: t.linspace(1, -1, 7),
    lambda t: t.linspace(0, 1, -1), lambda t: t.logspace(0, 2, 3), lambda t: t.logspace(0, 3, 4, 2), lambda t: t.eye(3), lambda t: t.eye(2, 4),
    lambda t: t.eye(0), lambda t: t.eye(-1), lambda t: t.zeros(2, 3), lambda t: t.zeros((2, 0)), lambda t: t.zeros(-1), lambda t: t.ones(()),
    lambda t: t.full((2,), 3), lambda t: t.full((2,), True), lambda t: t.full((2,), 2.5), lambda t: t.full((2,), 300, dtype=t.int16),
    lambda t: t.tensor([1, 2.5]), lambda t: t.tensor([True, 2]), lambda t: t.tensor([]), lambda t: t.tensor([[]]), lambda t: t.tensor(3),
    lambda t: t.tensor([[1, 2], [3]]), lambda t: t.tensor("a"), lambda t: t.tensor([None]), lambda t: t.tensor([1, [2]]),
    lambda t: t.tensor(2 ** 70), lambda t: t.tensor([1.5], dtype=t.int64), lambda t: t.tensor(np.float32(1.5)), lambda t: t.tensor(np.int8(3)),
    lambda t: t.tensor(np.arange(3, dtype="int32")), lambda t: t.tensor(np.array(["a"])), lambda t: t.tensor([np.float64(1)]),
    lambda t: t.tensor([t.tensor(1), t.tensor(2.5)]), lambda t: t.tensor((1, 2)), lambda t: t.tensor(range(3)), lambda t: t.tensor([1, 2],
    dtype=t.uint8), lambda t: t.as_tensor([1.5]), lambda t: t.as_tensor(np.arange(2)), lambda t: t.from_numpy(np.arange(3)[::-1]),
    lambda t: t.from_numpy([1]), lambda t: t.from_numpy(np.array(["a"])), lambda t: t.from_numpy(np.array([1j])), lambda t: t.tensor([300],
    dtype=t.uint8), lambda t: t.randint(5, 3, (2,)), lambda t: t.randint(0, (2,)), lambda t: t.randperm(-1), lambda t: t.normal(0.0, -1.0, (2,)),
    lambda t: t.bernoulli(t.tensor([2.0])), lambda t: t.multinomial(t.tensor([1.0, -1.0]), 1), lambda t: t.multinomial(t.ones(2), 3),
    lambda t: t.rand(2, dtype=t.int64), lambda t: t.zeros(2, requires_grad=True, dtype=t.int64), lambda t: t.zeros(2, device="abc"),
    lambda t: t.zeros(2, dtype="float32"), lambda t: t.zeros("a"), lambda t: t.zeros(2.5), lambda t: t.empty_strided((2, 3), (1, 2)).zero_(),
    lambda t: t.empty_strided((2,), (1, 2)), lambda t: t.promote_types(t.uint8, t.int8) is t.int16, lambda t: t.Tensor([1, 2]),
    lambda t: t.LongTensor([1, 2]), lambda t: t.FloatTensor(2, 3).shape, lambda t: t.ones(2).backward(), lambda t: t.ones(2).numpy().tolist(),
    lambda t: t.ones(2, requires_grad=True).numpy(), lambda t: t.ones(2, 3).view(4), lambda t: t.ones(2, 2, 2).t(),
    lambda t: t.scalar_tensor(3), lambda t: t.complex64, lambda t: t.ones(2).long().requires_grad_(), lambda t: t.cat([]),
    lambda t: t.stack([t.ones(2), t.ones(3)]), lambda t: t.cat([t.ones(2, 2), t.ones(2, 3)]), lambda t: t.einsum("ij,jk->il", t.ones(2, 2),
    t.ones(2, 2)), lambda t: t.einsum("ij", t.ones(2)), lambda t: t.einsum("i,i,i", t.ones(2), t.ones(2)), lambda t: t.einsum("ii->ii",
    t.ones(2, 2)), lambda t: t.einsum("ii->i", t.ones(2, 2)), lambda t: t.einsum("ij->", t.ones(2, 2)), lambda t: t.iinfo(t.uint8).max,
    lambda t: t.finfo(t.bfloat16).eps, lambda t: t.finfo(t.int32), lambda t: t.can_cast(t.float32, t.int64), lambda t: t.device("cuda:1").index,
    lambda t: t.device("cpu:x"), lambda t: str(t.device("cuda", 1)), lambda t: t.set_num_threads(0), lambda t: t.set_default_dtype(t.int64),
])
def test_call_without_tensors(call):
    def neutral(t):
        found = call(t)
        return str(found) if isinstance(found, (nb_nn.dtype, theirs.dtype)) else tuple(found) if type(found).__name__ == "Size" else found

    both(neutral, (), ())


def test_promotion_of_all_pairs_of_types():
    kinds = (*INTEGERS, "bool", "float16", "bfloat16", "float32", "float64", "complex64", "complex128")
    for first in kinds:
        for second in kinds:
            mine = nb_nn.promote_types(getattr(nb_nn, first), getattr(nb_nn, second))
            their = theirs.promote_types(getattr(theirs, first), getattr(theirs, second))
            assert str(mine) == str(their)
