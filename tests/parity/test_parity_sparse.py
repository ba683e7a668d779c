"""Sparse tensors against torch: values, places, printing, gradients, optimizers and files."""
import io

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import nb_nn  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Sparse")
PAIR = (nb_nn, torch)
random = np.random.default_rng(0)
PLACES, VALUES = random.integers(0, 4, (2, 9)) % [[3], [4]], random.integers(1, 9, 9).astype(np.float32)
HYBRID = random.integers(1, 9, (9, 2, 3)).astype(np.float32)
STRIDED = random.integers(-4, 5, (3, 4)).astype(np.float32)


def given(library, coalesced):
    made = (library.sparse_coo_tensor(library.tensor(PLACES), library.tensor(VALUES), (3, 4)),
            library.sparse_coo_tensor(library.tensor(PLACES), library.tensor(HYBRID), (3, 4, 2, 3)))
    return *[one.coalesce() if coalesced else one for one in made], library.tensor(STRIDED)


SAME_TEXT = {
    "itself": lambda lib, s, h, d: s, "coalesce": lambda lib, s, h, d: s.coalesce(), "hybrid": lambda lib, s, h, d: h,
    "coalesced hybrid": lambda lib, s, h, d: h.coalesce(), "to_dense": lambda lib, s, h, d: h.to_dense(), "times a number": lambda lib, s, h, d: s * 2.5,
    "sum with itself": lambda lib, s, h, d: s + s, "strided plus": lambda lib, s, h, d: lib.add(d, s, alpha=2), "minus": lambda lib, s, h, d: d - s,
    "pow": lambda lib, s, h, d: s ** 2, "sqrt": lambda lib, s, h, d: s.sqrt(), "times strided": lambda lib, s, h, d: s * d,
    "transpose": lambda lib, s, h, d: s.t(), "sparse.sum": lambda lib, s, h, d: lib.sparse.sum(s, 0), "sum of hybrid": lambda lib, s, h, d: lib.sparse.sum(h, [1, 3]),
    "total": lambda lib, s, h, d: lib.sparse.sum(s), "to strided": lambda lib, s, h, d: lib.sparse.sum(h, [0, 1]), "norm": lambda lib, s, h, d: s.norm(),
    "select": lambda lib, s, h, d: s.select(0, 1), "index_select": lambda lib, s, h, d: s.index_select(0, lib.tensor([1, 0, 1])), "cat": lambda lib, s, h, d: lib.cat([s, s], 1),
    "cat of dense": lambda lib, s, h, d: lib.cat([h, h], 3), "narrow_copy": lambda lib, s, h, d: s.narrow_copy(1, 1, 2), "unsqueeze": lambda lib, s, h, d: h.unsqueeze(1),
    "element": lambda lib, s, h, d: s[1, 2], "sparse_mask": lambda lib, s, h, d: d.sparse_mask(s), "to_sparse": lambda lib, s, h, d: d.to_sparse(),
    "to_sparse(1)": lambda lib, s, h, d: d.to_sparse(1), "double": lambda lib, s, h, d: s.double(), "zero_": lambda lib, s, h, d: s.clone().zero_(),
    "mm": lambda lib, s, h, d: lib.sparse.mm(s, d.t()), "zeros_like": lambda lib, s, h, d: lib.zeros_like(h), "new_zeros": lambda lib, s, h, d: s.new_zeros(2),
    "sspaddmm": lambda lib, s, h, d: lib.sspaddmm(lib.sparse_coo_tensor((3, 3)), s, d.t()).to_dense(), "hspmm": lambda lib, s, h, d: lib.hspmm(s, d.t()).to_dense(),
    "requires grad": lambda lib, s, h, d: s.requires_grad_(),
}


@pytest.mark.parametrize("coalesced", [True, False])
@pytest.mark.parametrize("name", SAME_TEXT)
def test_same_text(name, coalesced):
    ours, theirs = (repr(SAME_TEXT[name](library, *given(library, coalesced))) for library in PAIR)
    assert ours == theirs


@pytest.mark.parametrize("name, call", [
    ("mm", lambda lib, s, d: lib.sparse.mm(s, d)), ("addmm", lambda lib, s, d: lib.sparse.addmm(lib.ones(3, 3), s, d, beta=2, alpha=3)),
    ("sum", lambda lib, s, d: lib.sparse.sum(s)), ("to_dense", lambda lib, s, d: s.to_dense()), ("product", lambda lib, s, d: lib.sparse.sum(s * s, 0).to_dense()),
])
def test_gradients(name, call):
    found = []
    for library in PAIR:
        s, _, d = given(library, True)
        s, d = s.requires_grad_(), d.t().contiguous().requires_grad_()
        (call(library, s, d) ** 2).sum().backward()
        found.append([np.asarray(one.grad.to_dense()) for one in (s, d) if one.grad is not None])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("name, options", [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}), ("SparseAdam", {"lr": 0.1}), ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}),
])
def test_optimizers(name, options):
    found = []
    for library in PAIR:
        layer = library.nn.Embedding(3, 4, sparse=True, padding_idx=2, _weight=library.tensor(STRIDED))
        optimizer = getattr(library.optim, name)(layer.parameters(), **options)
        for index in ([0, 1, 1], [2, 0], [1]):
            optimizer.zero_grad()
            (layer(library.tensor(index)) ** 2).sum().backward()
            optimizer.step()
        found.append(layer.weight.detach().numpy())
    np.testing.assert_allclose(*found, rtol=1e-5)


@pytest.mark.parametrize("writer, reader", [PAIR, PAIR[::-1]])
def test_files(writer, reader):
    s, h, _ = given(writer, False)
    buffer = io.BytesIO()
    writer.save({"s": s, "h": h.coalesce()}, buffer)
    buffer.seek(0)
    made = reader.load(buffer)
    assert repr(made["s"]) == repr(s) and repr(made["h"]) == repr(h.coalesce())
    assert made["h"].is_coalesced() and not made["s"].is_coalesced()
