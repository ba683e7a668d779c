"""What a numerical script calls in a loop, on some ten elements: not recorded, recorded, and recorded with its backward."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from compare import Row, compare

import nb_nn

# x, y, p (positive), u (inside -1..1): 10 elements; m, n: 3x4; s: 4x4; d: 4x4, definite; b: 2x3x4; i, j: indices; z: integers
CALLS = {
    # arithmetic
    "x + y": lambda lib, a: a.x + a.y, "x * y": lambda lib, a: a.x * a.y, "x / y": lambda lib, a: a.x / a.p,
    "x - 1": lambda lib, a: a.x - 1,
    "2 * x": lambda lib, a: 2 * a.x, "1 - x": lambda lib, a: 1 - a.x, "1 / x": lambda lib, a: 1 / a.p,
    "x / 2": lambda lib, a: a.x / 2,
    "-x": lambda lib, a: -a.x, "x ** 2": lambda lib, a: a.x ** 2, "x ** 0.5": lambda lib, a: a.p ** 0.5,
    "x ** y": lambda lib, a: a.p ** a.y,
    "2 ** x": lambda lib, a: 2 ** a.x, "x // 2": lambda lib, a: a.x // 2, "x % 2": lambda lib, a: a.x % 2,
    "z + 1": lambda lib, a: a.z + 1,
    "z / 2": lambda lib, a: a.z / 2, "z * x": lambda lib, a: a.z * a.x, "m + row": lambda lib, a: a.m + a.row,
    "m * column": lambda lib, a: a.m * a.column, "x * scalar tensor": lambda lib, a: a.x * a.scalar,
    "m.t() + s": lambda lib, a: a.s.t() + a.s, "row views": lambda lib, a: a.m[0] + a.m[1],
    "lerp": lambda lib, a: lib.lerp(a.x, a.y, 0.5), "addcmul": lambda lib, a: lib.addcmul(a.x, a.y, a.p, value=0.5),
    "addcdiv": lambda lib, a: lib.addcdiv(a.x, a.y, a.p), "add alpha": lambda lib, a: lib.add(a.x, a.y, alpha=2),
    # functions
    "exp": lambda lib, a: a.x.exp(), "log": lambda lib, a: a.p.log(), "sqrt": lambda lib, a: a.p.sqrt(),
    "rsqrt": lambda lib, a: a.p.rsqrt(),
    "sin": lambda lib, a: a.x.sin(), "cos": lambda lib, a: lib.cos(a.x), "tanh": lambda lib, a: a.x.tanh(),
    "abs": lambda lib, a: a.x.abs(),
    "sigmoid": lambda lib, a: a.x.sigmoid(), "relu": lambda lib, a: a.x.relu(), "sign": lambda lib, a: a.x.sign(),
    "floor": lambda lib, a: a.x.floor(), "round": lambda lib, a: a.x.round(), "square": lambda lib, a: a.x.square(),
    "reciprocal": lambda lib, a: a.p.reciprocal(), "pow(3)": lambda lib, a: a.x.pow(3),
    "atan2": lambda lib, a: lib.atan2(a.x, a.y),
    "erf": lambda lib, a: a.x.erf(), "lgamma": lambda lib, a: a.p.lgamma(),
    "gelu": lambda lib, a: lib.nn.functional.gelu(a.x),
    "elu": lambda lib, a: lib.nn.functional.elu(a.x), "leaky_relu": lambda lib, a: lib.nn.functional.leaky_relu(a.x),
    "softplus": lambda lib, a: lib.nn.functional.softplus(a.x), "clamp": lambda lib, a: a.x.clamp(-0.5, 0.5),
    "clamp(min)": lambda lib, a: a.x.clamp(min=0), "maximum": lambda lib, a: lib.maximum(a.x, a.y),
    "max(x, y)": lambda lib, a: lib.max(a.x, a.y),
    "min(x, y)": lambda lib, a: lib.min(a.x, a.y), "nan_to_num": lambda lib, a: lib.nan_to_num(a.x),
    "hypot": lambda lib, a: lib.hypot(a.x, a.y),
    # comparison and logic
    "x > y": lambda lib, a: a.x > a.y, "x > 0": lambda lib, a: a.x > 0, "x == y": lambda lib, a: a.x == a.y,
    "x != 0": lambda lib, a: a.x != 0,
    "x <= 0": lambda lib, a: a.x <= 0,
    "mask & mask": lambda lib, a: a.mask & a.mask, "~mask": lambda lib, a: ~a.mask,
    "mask | mask": lambda lib, a: a.mask | a.mask,
    "isnan": lambda lib, a: lib.isnan(a.x), "isfinite": lambda lib, a: lib.isfinite(a.x),
    "isinf": lambda lib, a: lib.isinf(a.x),
    "allclose": lambda lib, a: lib.allclose(a.x, a.x), "isclose": lambda lib, a: lib.isclose(a.x, a.y),
    "equal": lambda lib, a: lib.equal(a.x, a.x),
    "any": lambda lib, a: a.mask.any(), "all": lambda lib, a: a.mask.all(), "all(1)": lambda lib, a: a.grid.all(1),
    "logical_and": lambda lib, a: lib.logical_and(a.mask, a.mask), "logical_not": lambda lib, a: lib.logical_not(a.mask),
    "where": lambda lib, a: lib.where(a.mask, a.x, a.y), "where number": lambda lib, a: lib.where(a.mask, a.x, 0.0),
    "where column": lambda lib, a: lib.where(a.grid, a.m, a.column),
    "masked_fill": lambda lib, a: a.x.masked_fill(a.mask, 1.0),
    # reductions
    "sum": lambda lib, a: a.x.sum(), "sum(0)": lambda lib, a: a.m.sum(0), "sum(1)": lambda lib, a: a.m.sum(1),
    "sum(-1, True)": lambda lib, a: a.m.sum(-1, keepdim=True), "sum of ints": lambda lib, a: a.z.sum(),
    "mask.sum": lambda lib, a: a.mask.sum(),
    "mean": lambda lib, a: a.x.mean(), "mean(0)": lambda lib, a: a.m.mean(0), "mean(1)": lambda lib, a: a.m.mean(1),
    "prod": lambda lib, a: a.p.prod(), "std": lambda lib, a: a.x.std(), "std(1)": lambda lib, a: a.m.std(1),
    "var": lambda lib, a: a.x.var(),
    "var(1)": lambda lib, a: a.m.var(1), "max": lambda lib, a: a.x.max(), "min": lambda lib, a: a.x.min(),
    "max(1)": lambda lib, a: a.m.max(1)[0], "min(0)": lambda lib, a: a.m.min(0)[0], "argmax": lambda lib, a: a.x.argmax(),
    "argmax(1)": lambda lib, a: a.m.argmax(1), "argmin": lambda lib, a: a.x.argmin(), "amax(1)": lambda lib, a: a.m.amax(1),
    "norm": lambda lib, a: a.x.norm(), "norm(1)": lambda lib, a: a.m.norm(dim=1), "norm p 1": lambda lib, a: a.x.norm(1),
    "linalg.norm": lambda lib, a: lib.linalg.norm(a.x), "logsumexp": lambda lib, a: a.m.logsumexp(1),
    "median": lambda lib, a: a.x.median(),
    "mode": lambda lib, a: a.z.mode()[0], "count_nonzero": lambda lib, a: lib.count_nonzero(a.x),
    "dist": lambda lib, a: lib.dist(a.x, a.y),
    "cumsum": lambda lib, a: a.x.cumsum(0), "cumprod": lambda lib, a: a.x.cumprod(0),
    "cummax": lambda lib, a: a.x.cummax(0)[0],
    "diff": lambda lib, a: lib.diff(a.x), "trapz": lambda lib, a: lib.trapz(a.y, a.x),
    "softmax": lambda lib, a: a.m.softmax(1),
    "log_softmax": lambda lib, a: a.m.log_softmax(1), "trace": lambda lib, a: a.s.trace(),
    "quantile": lambda lib, a: a.x.quantile(0.3),
    # sorting and searching
    "sort": lambda lib, a: a.x.sort()[0], "argsort": lambda lib, a: a.x.argsort(), "topk": lambda lib, a: a.x.topk(3)[0],
    "kthvalue": lambda lib, a: a.x.kthvalue(3)[0], "unique": lambda lib, a: a.z.unique(),
    "searchsorted": lambda lib, a: lib.searchsorted(a.p, a.y),
    "bincount": lambda lib, a: a.z.bincount(), "histc": lambda lib, a: a.x.histc(4, -1, 1),
    "nonzero": lambda lib, a: a.mask.nonzero(),
    "unique_consecutive": lambda lib, a: a.z.unique_consecutive(), "bucketize": lambda lib, a: lib.bucketize(a.y, a.p),
    # indexing
    "x[3]": lambda lib, a: a.x[3], "x[1:5]": lambda lib, a: a.x[1:5], "m[1, 2]": lambda lib, a: a.m[1, 2],
    "m[:, 1]": lambda lib, a: a.m[:, 1],
    "m[i]": lambda lib, a: a.m[a.i], "m[i, i]": lambda lib, a: a.m[a.i, a.i], "x[mask]": lambda lib, a: a.x[a.mask],
    "x[None]": lambda lib, a: a.x[None], "m[..., 0]": lambda lib, a: a.m[..., 0], "x[::2]": lambda lib, a: a.x[::2],
    "m[:, i]": lambda lib, a: a.m[:, a.i], "x[list]": lambda lib, a: a.x[[0, 2, 4]],
    "x[3].item()": lambda lib, a: a.x[3].item(), "float(x[3])": lambda lib, a: float(a.x[3]),
    "index_select": lambda lib, a: a.m.index_select(0, a.i),
    "gather": lambda lib, a: a.m.gather(1, a.j), "scatter": lambda lib, a: a.m.scatter(1, a.j, 2.0),
    "scatter of m": lambda lib, a: a.m.scatter(1, a.j, a.m), "scatter_add": lambda lib, a: a.m.scatter_add(1, a.j, a.m),
    "index_add": lambda lib, a: a.m.index_add(0, a.i, a.m), "index_fill": lambda lib, a: a.m.index_fill(0, a.i, 1.0),
    "index_copy": lambda lib, a: a.m.index_copy(0, a.i, a.m), "take": lambda lib, a: a.m.take(a.i),
    "masked_select": lambda lib, a: a.x.masked_select(a.mask), "narrow": lambda lib, a: a.x.narrow(0, 2, 3),
    "select": lambda lib, a: a.m.select(0, 1),
    "take_along_dim": lambda lib, a: lib.take_along_dim(a.m, a.j, 1),
    # sizes
    "view": lambda lib, a: a.m.view(-1), "reshape": lambda lib, a: a.m.reshape(2, 6), "t": lambda lib, a: a.m.t(),
    ".T": lambda lib, a: a.m.T,
    "transpose": lambda lib, a: a.m.transpose(0, 1), "permute": lambda lib, a: a.b.permute(2, 0, 1),
    "unsqueeze": lambda lib, a: a.x.unsqueeze(0),
    "squeeze": lambda lib, a: a.column.squeeze(1), "flatten": lambda lib, a: a.m.flatten(),
    "expand": lambda lib, a: a.column.expand(3, 4),
    "expand_as": lambda lib, a: a.column.expand_as(a.m), "repeat": lambda lib, a: a.x.repeat(2),
    "tile": lambda lib, a: lib.tile(a.x, (2,)),
    "repeat_interleave": lambda lib, a: a.x.repeat_interleave(2), "contiguous": lambda lib, a: a.m.t().contiguous(),
    "clone": lambda lib, a: a.x.clone(), "detach": lambda lib, a: a.x.detach(),
    "to float64": lambda lib, a: a.x.to(lib.float64),
    "double": lambda lib, a: a.x.double(), "long": lambda lib, a: a.x.long(), "z.float()": lambda lib, a: a.z.float(),
    "cat": lambda lib, a: lib.cat((a.x, a.y)), "cat of columns": lambda lib, a: lib.cat((a.m, a.column), 1),
    "stack": lambda lib, a: lib.stack((a.x, a.y)), "split": lambda lib, a: a.x.split(5)[0],
    "chunk": lambda lib, a: a.x.chunk(2)[0],
    "unbind": lambda lib, a: a.m.unbind(0)[0], "flip": lambda lib, a: a.x.flip(0), "roll": lambda lib, a: a.x.roll(1),
    "tril": lambda lib, a: a.s.tril(), "triu": lambda lib, a: a.s.triu(), "diag of a matrix": lambda lib, a: a.s.diag(),
    "diag of a vector": lambda lib, a: a.row.diag(), "diagonal": lambda lib, a: a.s.diagonal(),
    "outer": lambda lib, a: lib.outer(a.x, a.y),
    "meshgrid": lambda lib, a: lib.meshgrid(a.x, a.y, indexing="ij")[0], "movedim": lambda lib, a: a.b.movedim(0, 2),
    # products
    "dot": lambda lib, a: a.x.dot(a.y), "m @ row": lambda lib, a: a.m @ a.row, "m @ m.t()": lambda lib, a: a.m @ a.mt,
    "mm": lambda lib, a: a.s.mm(a.d),
    "bmm": lambda lib, a: a.b.bmm(a.bt), "x @ y": lambda lib, a: a.x @ a.y, "addmm": lambda lib, a: lib.addmm(a.s, a.s, a.d),
    "mv": lambda lib, a: a.s.mv(a.row), "einsum ij,jk": lambda lib, a: lib.einsum("ij,jk->ik", a.m, a.s),
    "einsum i,i": lambda lib, a: lib.einsum("i,i->", a.x, a.y), "einsum bij->bi": lambda lib, a: lib.einsum("bij->bi", a.b),
    "tensordot": lambda lib, a: lib.tensordot(a.m, a.s, 1), "cross": lambda lib, a: lib.linalg.cross(a.m[:, :3], a.m[:, 1:]),
    "kron": lambda lib, a: lib.kron(a.i, a.i), "linear": lambda lib, a: lib.nn.functional.linear(a.m, a.s, a.row),
    "det": lambda lib, a: a.d.det(), "inverse": lambda lib, a: a.d.inverse(),
    "solve": lambda lib, a: lib.linalg.solve(a.d, a.row),
    "cholesky": lambda lib, a: lib.linalg.cholesky(a.d), "eigh": lambda lib, a: lib.linalg.eigh(a.d)[0],
    "qr": lambda lib, a: lib.linalg.qr(a.d)[1],
    "svd": lambda lib, a: lib.linalg.svdvals(a.d), "matrix_power": lambda lib, a: lib.linalg.matrix_power(a.s, 3),
    "cdist": lambda lib, a: lib.cdist(a.m, a.m + 1),
    "cosine_similarity": lambda lib, a: lib.nn.functional.cosine_similarity(a.m, a.n),
    # losses and layers
    "mse_loss": lambda lib, a: lib.nn.functional.mse_loss(a.x, a.y),
    "l1_loss": lambda lib, a: lib.nn.functional.l1_loss(a.x, a.y),
    "cross_entropy": lambda lib, a: lib.nn.functional.cross_entropy(a.m, a.i),
    "nll_loss": lambda lib, a: lib.nn.functional.nll_loss(a.m, a.i),
    "bce_with_logits": lambda lib, a: lib.nn.functional.binary_cross_entropy_with_logits(a.x, a.u.abs()),
    "layer_norm": lambda lib, a: lib.nn.functional.layer_norm(a.m, (4,)),
    "normalize": lambda lib, a: lib.nn.functional.normalize(a.m),
    "embedding": lambda lib, a: lib.nn.functional.embedding(a.i, a.m),
    "one_hot": lambda lib, a: lib.nn.functional.one_hot(a.i, 4),
    "pad": lambda lib, a: lib.nn.functional.pad(a.x, (1, 1)),
}
CREATION = {
    "tensor of a number": lambda lib, a: lib.tensor(1.5), "tensor of a list": lambda lib, a: lib.tensor([1.0, 2.0, 3.0]),
    "tensor of an array": lambda lib, a: lib.tensor(a.array), "from_numpy": lambda lib, a: lib.from_numpy(a.array),
    "as_tensor": lambda lib, a: lib.as_tensor(a.array), "numpy": lambda lib, a: a.x.detach().numpy(),
    "tolist": lambda lib, a: a.x.tolist(),
    "item": lambda lib, a: a.scalar.item(), "float": lambda lib, a: float(a.scalar), "int": lambda lib, a: int(a.integer),
    "bool": lambda lib, a: bool(a.scalar > 0), "zeros": lambda lib, a: lib.zeros(3, 4), "ones": lambda lib, a: lib.ones(10),
    "empty": lambda lib, a: lib.empty(10), "full": lambda lib, a: lib.full((3, 4), 2.0),
    "zeros_like": lambda lib, a: lib.zeros_like(a.x),
    "ones_like": lambda lib, a: lib.ones_like(a.m), "full_like": lambda lib, a: lib.full_like(a.m, 2.0),
    "eye": lambda lib, a: lib.eye(3),
    "arange": lambda lib, a: lib.arange(10), "arange of floats": lambda lib, a: lib.arange(0, 1, 0.1),
    "linspace": lambda lib, a: lib.linspace(0, 1, 10),
    "logspace": lambda lib, a: lib.logspace(0, 1, 10), "new_zeros": lambda lib, a: a.x.new_zeros(3),
    "tril_indices": lambda lib, a: lib.tril_indices(3, 3),
    "size": lambda lib, a: a.m.size(), "shape": lambda lib, a: a.m.shape, "numel": lambda lib, a: a.m.numel(),
    "dim": lambda lib, a: a.m.dim(),
    "dtype": lambda lib, a: a.m.dtype, "size(0)": lambda lib, a: a.m.size(0), "len": lambda lib, a: len(a.m),
    "stride": lambda lib, a: a.m.stride(),
    "is_contiguous": lambda lib, a: a.m.is_contiguous(), "device": lambda lib, a: a.m.device,
    "iteration": lambda lib, a: list(a.m),
    "data_ptr": lambda lib, a: a.m.data_ptr(),
}
SAMPLES = {
    "rand": lambda lib, a: lib.rand(10), "randn": lambda lib, a: lib.randn(10),
    "randint": lambda lib, a: lib.randint(0, 10, (10,)),
    "randperm": lambda lib, a: lib.randperm(10), "rand_like": lambda lib, a: lib.rand_like(a.x),
    "normal": lambda lib, a: lib.normal(0.0, 1.0, (10,)),
    "bernoulli": lambda lib, a: lib.bernoulli(a.unit), "multinomial": lambda lib, a: lib.multinomial(a.p, 3),
    "uniform_": lambda lib, a: a.out.uniform_(), "normal_": lambda lib, a: a.out.normal_(),
    "dropout": lambda lib, a: lib.nn.functional.dropout(a.x, 0.5),
    "manual_seed": lambda lib, a: lib.manual_seed(0),
}
WRITES = {
    "add_": lambda lib, a: a.out.add_(1), "add_ of x": lambda lib, a: a.out.add_(a.x),
    "mul_": lambda lib, a: a.out.mul_(0.5),
    "sub_ alpha": lambda lib, a: a.out.sub_(a.x, alpha=0.1), "zero_": lambda lib, a: a.out.zero_(),
    "fill_": lambda lib, a: a.out.fill_(2.0),
    "copy_": lambda lib, a: a.out.copy_(a.x), "x += y": lambda lib, a: a.out.__iadd__(a.x),
    "clamp_": lambda lib, a: a.out.clamp_(-1, 1),
    "x[3] = 1": lambda lib, a: a.out.__setitem__(3, 1.0),
    "x[1:3] = y": lambda lib, a: a.out.__setitem__(slice(1, 3), a.x[1:3]),
    "x[mask] = 0": lambda lib, a: a.out.__setitem__(a.mask, 0.0), "x[i] = y": lambda lib, a: a.out.__setitem__(a.i, a.x[:3]),
    "m[0] = row": lambda lib, a: a.grid_out.__setitem__(0, a.row),
    "m[:, 1] = 0": lambda lib, a: a.grid_out.__setitem__((slice(None), 1), 0.0),
    "exp_": lambda lib, a: a.out.exp_().zero_(), "add out": lambda lib, a: lib.add(a.x, a.y, out=a.out),
    "mul out": lambda lib, a: lib.mul(a.x, a.y, out=a.out),
    "masked_fill_": lambda lib, a: a.out.masked_fill_(a.mask, 0.0),
    "index_add_": lambda lib, a: a.grid_out.index_add_(0, a.i, a.m),
    "scatter_": lambda lib, a: a.grid_out.scatter_(1, a.j, 1.0),
    "addcmul_": lambda lib, a: a.out.addcmul_(a.x, a.y, value=0.1),
    "matmul out": lambda lib, a: lib.mm(a.s, a.d, out=a.square_out),
}


def given(lib: Any, needs: bool = False) -> SimpleNamespace:
    """The tensors of a library that the calls take."""
    random = np.random.default_rng(0)
    square = random.standard_normal((4, 4)).astype(np.float32)
    floats = {"x": random.standard_normal(10), "y": random.standard_normal(10), "p": np.sort(random.random(10)) + 0.5,
    "u": random.random(10) - 0.5,
              "m": random.standard_normal((3, 4)), "n": random.standard_normal((3, 4)), "s": square,
              "d": square @ square.T + 4 * np.eye(4),
              "b": random.standard_normal((2, 3, 4)), "row": random.standard_normal(4),
              "column": random.standard_normal((3, 1)), "scalar": np.array(2.5)}
    made = {name: lib.tensor(value.astype(np.float32)).requires_grad_(needs) for name, value in floats.items()}
    plain = {"i": np.array([1, 0, 2]), "j": np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 1, 0]]), "mask": floats["x"] > 0,
    "grid": floats["m"] > 0,
             "z": np.array([3, 1, 2, 2, 5, 5, 0, 1, 1, 4]), "integer": np.array(3),
             "unit": random.random(10).astype(np.float32),
             "out": np.zeros(10, np.float32), "grid_out": np.zeros((3, 4), np.float32),
             "square_out": np.zeros((4, 4), np.float32)}
    made.update({name: lib.tensor(value) for name, value in plain.items()})
    made["mt"] = made["m"].detach().t().clone().requires_grad_(needs)
    made["bt"] = made["b"].detach().transpose(1, 2).clone().requires_grad_(needs)
    made["array"] = floats["x"]
    return SimpleNamespace(**made)


def rows(group: str, cases: dict, needs: bool = False, agree: float | None = None) -> Iterator[Row]:
    """A row a call; with ``needs`` of tensors that require grad."""
    ours, theirs = given(nb_nn, needs), given(torch, needs)
    for name, call in cases.items():
        yield compare(group, name, lambda: call(nb_nn, ours), lambda: call(torch, theirs), rounds=41, budget=0.002, agree=agree)


def few() -> Iterator[Row]:
    """Calls that are not recorded."""
    yield from rows("few", CALLS, agree=1e-3)


def few_made() -> Iterator[Row]:
    """New tensors, random numbers, and questions to a tensor."""
    yield from rows("few, made", {**CREATION, **SAMPLES})


def few_written() -> Iterator[Row]:
    """Calls that write to a tensor."""
    yield from rows("few, written", WRITES)


def differentiable() -> dict[str, Callable]:
    """The calls whose result has a gradient, in both libraries."""
    theirs = given(torch, True)
    return {name: call for name, call in CALLS.items() if name != "x // 2" and getattr(call(torch, theirs), "requires_grad", False)}


def few_recorded() -> Iterator[Row]:
    """Calls that are recorded."""
    yield from rows("few, recorded", differentiable(), True)


def few_backward() -> Iterator[Row]:
    """Calls that are recorded, and backward of their result with a gradient of ones."""
    cases = differentiable()
    gradients = {}
    for lib in (nb_nn, torch):
        tensors = given(lib, True)
        gradients[lib] = {name: lib.ones_like(call(lib, tensors)).detach() for name, call in cases.items()}

    def through(name: str, call: Callable) -> Callable:
        return lambda lib, a: call(lib, a).backward(gradients[lib][name])
    yield from rows("few, backward", {name: through(name, call) for name, call in cases.items()}, True)


GROUPS = (few, few_made, few_written, few_recorded, few_backward)
LIMITS = {"few": (2.0, 6.0), "few, made": (2.0, 6.0), "few, written": (2.0, 6.0), "few, recorded": (2.5, 6.0),
"few, backward": (2.5, 6.0)}
