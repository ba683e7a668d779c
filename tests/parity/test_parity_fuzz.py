"""Random arguments for many operations, here and in PyTorch: the same values, types and first derivatives, or both refuse.

A row is a name and what its arguments are, a letter each: T any tensor, F a floating one, P a positive one, S one that broadcasts with
it, O that of any type, I integers or bools, M a mask, X indices along the dimension drawn, = one of the same size, d a dimension,
D some dimensions, n a number, f a float, p a small count, i a small integer, b a bool.
"""
import numpy as np
import pytest

import nb_nn

theirs = pytest.importorskip("torch")

KINDS = ("float32", "float64", "float32", "float64", "int64", "bool", "uint8", "int32", "float16", "bfloat16")
SHAPES = ((), (1,), (4,), (3, 4), (3, 1), (1, 4), (2, 3, 4), (0, 4), (2, 1, 3, 2), (3, 3), (2, 3, 3))
TOLERANCE = {"float32": 1e-4, "float64": 1e-9, "float16": 8e-3, "bfloat16": 6e-2}
ROWS = """
add TO Tn; sub TS; mul TO Tn; div TO Tn; floor_divide TS Tn; remainder TS Tn; fmod TS; pow PS Pn nP; atan2 FS; maximum TO; minimum TO
eq TO Tn; lt TO; ge TO; logical_and TO; bitwise_and IS; bitwise_xor IS; where MTO; lerp FSf; addcmul TSS; addcdiv FSS; clamp TSS Tnn
clamp_min TS Tn; clamp_max Tn; abs F; sign T; neg F; exp F; log P; sqrt P; rsqrt P; tanh F; sigmoid F; erf F; lgamma P; digamma P; round F; trunc F
sum T TD TDb; mean F FD FDb; prod F Fd; all T TD; any T TD; max F Td; min F Tdb; amax TD FDb; amin FD; argmax T; median F; var F FDbb
std F FDbb; logsumexp FD FDb; norm F Ff FfD; cumsum Td; cumprod Fd; cummax Td; count_nonzero T TD; sort Fd; topk Fp; nansum F FD
flip TD; roll Ti Tid; rot90 Ti; tril Ti; triu Ti; diag Ti; diagonal Ti; transpose Tdd; select Tdp; narrow Tdpp; unsqueeze Td; squeeze Td
unbind Td; chunk Tpd; flatten T; softmax Fd; log_softmax Fd; masked_fill TMn; masked_select TM; index_select TdX; index_fill TdXn
matmul FS; mm F=; mv FS; dot F=; bmm F=; addmm FSS; addmv FSS; outer FS; dist F=; cross F=; tensordot FSp; cdist F=; take TX
cosine_similarity F=; trace T; repeat_interleave Tpd; isclose T=; unique_consecutive T; bincount I; renorm Pfdf; diag_embed T; movedim Tdd
"""
INPLACE = """
add_ TO Tn; sub_ TS; mul_ TS Tn; div_ FS Fn; pow_ PS; eq_ TO; lt_ Tn; copy_ TO; clamp_ TSS Tnn; fill_ Tn; masked_fill_ TMn; lerp_ FSf; exp_ F
addcmul_ TSS; tril_ =; zero_ T; relu_ F; cumsum_ Td; remainder_ TS; logical_not_ T; addr_ FSS; addmm_ FSS; index_fill_ TdXn; floor_ F; abs_ F
"""

UNLIKE = ("median", "unique_consecutive", "eq_", "lt_", "logical_not_")     # where PyTorch says of a constant that it has a gradient


class Pair:
    """A tensor here and the same there."""

    def __init__(self, mine, their):
        self.mine, self.their = mine, their
        self.leaf = None

    def require_gradient(self, inplace):
        self.leaf = [self.mine.detach().requires_grad_(), self.their.detach().requires_grad_()]
        self.mine, self.their = [leaf * 1 if inplace else leaf for leaf in self.leaf]


class Draw:
    """Random arguments."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def pick(self, *options):
        return options[self.random.integers(len(options))]

    def tensor(self, kind, shape, low=-3, high=4, special=True):
        random, layout = self.random, self.random.integers(5)
        base = shape
        if layout == 1 and len(shape) > 1:
            base = (*shape[:-2], shape[-1], shape[-2])
        elif layout == 2 and shape:
            base = (*shape[:-1], 2 * shape[-1])
        native = "float32" if kind == "bfloat16" else kind
        if kind == "bool":
            array = random.random(base) < 0.5
        elif "float" in kind:
            array = random.uniform(low, high, base) if random.random() < 0.7 else random.integers(low + (low > 0), high, base)
            if special and random.random() < 0.15:
                array = np.where(random.random(base) < 0.3, random.choice([np.nan, np.inf, -np.inf, 0.0], base), array)
        else:
            array = random.integers(max(low, 0) if kind == "uint8" else low, high, base)
        array = np.array(array, native)
        both = []
        for module in (nb_nn, theirs):
            made = module.tensor(array.tolist(), dtype=getattr(module, native)).reshape(base).to(getattr(module, kind))
            both.append(made.transpose(-1, -2) if layout == 1 and len(shape) > 1 else made[..., ::2] if layout == 2 and shape else made)
        return Pair(*both)

    def begin(self):
        self.shape, self.kind, self.dim = self.pick(*SHAPES), self.pick(*KINDS), 0

    def other_shape(self):
        return self.pick(self.shape, self.shape, self.shape, self.shape[1:], tuple(self.pick(1, n) for n in self.shape), (2, *self.shape),
                         self.pick(*SHAPES))

    def dimension(self):
        return int(self.random.integers(-3, 3)) if self.random.random() < 0.2 or not self.shape else int(
            self.random.integers(-len(self.shape), len(self.shape)))

    def argument(self, letter):
        if letter in "FPI":
            self.kind = self.pick("int64", "bool", "uint8", "int32") if letter == "I" else self.pick("float32", "float64", "float64", "bfloat16")
        if letter == "P":
            return self.tensor(self.kind, self.shape, 0.2, 3, False)
        if letter in "TFI=":
            return self.tensor(self.kind, self.shape)
        if letter in "SO":
            return self.tensor(self.pick(*KINDS) if letter == "O" and self.random.random() < 0.4 else self.kind, self.other_shape())
        if letter == "M":
            return self.tensor("bool", self.other_shape())
        if letter == "X":
            size = self.shape[self.dim] if self.shape and -len(self.shape) <= self.dim < len(self.shape) else 1
            return self.tensor("int64", (int(self.random.integers(0, 4)),), 0, max(size, 1))
        if letter == "d":
            self.dim = self.dimension()
            return self.dim
        if letter == "D":
            dims = [int(one) for one in self.random.permutation(len(self.shape))[:self.random.integers(0, 3)]]
            return self.pick(tuple(dims), dims) if dims else self.dimension()
        return {"n": lambda: self.pick(0, 1, 2, -1, 0.5, True, 300, float("nan")), "f": lambda: self.pick(0.5, 2, 1.0, 3),
                "p": lambda: int(self.random.integers(0, 4)), "i": lambda: int(self.random.integers(-3, 4)),
                "b": lambda: bool(self.random.random() < 0.5)}[letter]()


def values(tensor):
    tensor = tensor.detach()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()


def compare(mine, their, doubt=1):
    if isinstance(their, theirs.Tensor):
        assert tuple(mine.shape) == tuple(their.shape)
        assert str(mine.dtype) == str(their.dtype)
        tolerance = doubt * TOLERANCE.get(str(their.dtype)[6:], 0)
        np.testing.assert_allclose(values(mine), values(their), tolerance, tolerance)
    elif isinstance(their, (tuple, list)):
        assert len(mine) == len(their)
        for one, other in zip(mine, their):
            compare(one, other, doubt)
    else:
        assert mine == their


def attempt(call):
    try:
        return call(), None
    except Exception as error:  # noqa: BLE001  whether there is one is compared
        return None, error


def floating(result):
    many = result if isinstance(result, (tuple, list)) else [result]
    return [one for one in many if hasattr(one, "requires_grad") and one.requires_grad]


def check(name, letters, seed, inplace):
    draw = Draw(seed)
    draw.begin()
    args = [draw.argument(letter) for letter in letters]
    pairs = [one for one in args if isinstance(one, Pair)]
    for pair in pairs:
        if "float" in str(pair.their.dtype) and "16" not in str(pair.their.dtype) and draw.random.random() < 0.4:
            pair.require_gradient(inplace)
    mine = [one.mine if isinstance(one, Pair) else one for one in args]
    their = [one.their if isinstance(one, Pair) else one for one in args]
    if inplace:
        found, error = attempt(lambda: getattr(mine[0], name)(*mine[1:]))
        expected, refusal = attempt(lambda: getattr(their[0], name)(*their[1:]))
    else:
        found, error = attempt(lambda: getattr(nb_nn, name)(*mine))
        expected, refusal = attempt(lambda: getattr(theirs, name)(*their))
    if refusal is not None:
        assert error is None or not isinstance(error, (AttributeError, AssertionError)), error
        if inplace:                             # nothing has been resized where PyTorch refuses
            assert tuple(mine[0].shape) == tuple(their[0].shape)
        return
    if error is not None and 0 in getattr(expected[0] if isinstance(expected, tuple) else expected, "shape", ()):
        return                                  # PyTorch does not check what it has nothing to compute from
    assert error is None, f"{error!r}, where PyTorch answers {expected}"
    if name in ("median", "topk", "sort", "cummax") and isinstance(expected, tuple):
        found, expected = found[0], expected[0]             # which of equal elements is open
    compare(found, expected)
    pairs = [pair for pair in pairs if pair.leaf is not None]
    if pairs and floating(expected) and name not in UNLIKE:
        assert len(floating(found)) == len(floating(expected))
        compare_gradients(draw, pairs, floating(found), floating(expected))


def compare_gradients(draw, pairs, found, expected):
    grads = [draw.random.standard_normal(tuple(one.shape)) for one in expected]
    results = []
    for module, outputs, place in ((theirs, expected, 1), (nb_nn, found, 0)):
        made = [module.tensor(grad.tolist(), dtype=one.dtype).reshape(tuple(one.shape)) for grad, one in zip(grads, outputs)]
        results.append(attempt(lambda module=module, outputs=outputs, made=made, place=place: module.autograd.grad(
            outputs, [pair.leaf[place] for pair in pairs], made, allow_unused=True)))
    (wanted, refusal), (given, error) = results
    if refusal is None:
        assert error is None, error
        for one, other in zip(given, wanted):
            if one is not None and other is not None and np.isfinite(values(other)).all():
                compare(one, other, 10)


def rows(text):
    return [(row.split()[0], row.split()[1:]) for line in text.strip().splitlines() for row in line.split(";") if row.strip()]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "forms"), rows(ROWS))
def test_function(name, forms):
    for letters in forms:
        for seed in range(7):
            check(name, letters, 100 * seed + len(name), inplace=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "forms"), rows(INPLACE))
def test_in_place(name, forms):
    for letters in forms:
        for seed in range(9):
            check(name, letters, 100 * seed + len(name), inplace=True)
