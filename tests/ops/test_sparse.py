"""Sparse tensors against strided ones and SciPy."""

import numpy as np
import pytest
import scipy.sparse

import nb_nn as torch
from ops.sparse_tensors import BOTH, _same_numbers_in_any_order, array, close, dense, random, sparse  # noqa: F401  the fixture is for all


# construction
def test_size_is_the_smallest_that_holds_all_places():
    s = torch.sparse_coo_tensor([[0, 1, 1], [2, 0, 2]], [3.0, 4.0, 5.0])
    assert s.shape == (2, 3) and s.layout is torch.sparse_coo and s.is_sparse and s._nnz() == 3
    assert (s.sparse_dim(), s.dense_dim(), s.numel(), s.dim()) == (2, 0, 6, 2)
    hybrid = torch.sparse.FloatTensor(torch.LongTensor([[2, 4]]), torch.FloatTensor([[1, 3], [5, 7]]))
    assert hybrid.shape == (5, 2) and (hybrid.sparse_dim(), hybrid.dense_dim()) == (1, 1)
    close(hybrid, [[0, 0], [0, 0], [1, 3], [0, 0], [5, 7]])


def test_construction_of_nothing():
    s = torch.sparse_coo_tensor(torch.empty(1, 0), torch.empty(0, 2), [1, 2])
    assert s._indices().shape == (1, 0) and s._indices().dtype is torch.int64 and s._values().shape == (0, 2)
    for empty in (torch.sparse.FloatTensor(2, 3), torch.sparse_coo_tensor((2, 3)), torch.zeros_like(sparse(2, 3))):
        assert empty._nnz() == 0 and empty.coalesce()._nnz() == 0
        close(empty, np.zeros((2, 3)))
        close(empty.to_dense(), np.zeros((2, 3)))
    assert torch.sparse.FloatTensor().shape == (0,)
    scalar = torch.sparse_coo_tensor(torch.zeros(0, 2), [3.0, 4.0], ())
    assert scalar.to_dense().item() == 7 and scalar.coalesce()._nnz() == 1


@pytest.mark.parametrize("arguments, message", [
    (([[0, 1], [2, 0]], [1.0, 2.0], [2, 2]), "for dim 1, size is 2 but found index 2"),
    (([[0, -1]], [1.0, 2.0], [2]), "found negative index -1 for dim 0"),
    (([[0, 1]], [1.0, 2.0], [2, 2]), r"must be sparse_dim \(1\) \+ dense_dim \(0\), but got 2"),
    (([0, 1], [1.0, 2.0]), r"indices must be sparse_dim x nnz, but got: \[2\]"),
    (([[0, 1]], [1.0]), "nnz from indices: 2, nnz from values: 1"),
    (([[0, 1]], [[1.0], [2.0]], [2, 3]), r"values has incorrect size, expected \[2, 3\], got \[2, 1\]"),
    (([[0]], [1.0], [-1]), "must not be negative"),
    (([[0], [0]], [1.0], [1 << 40, 1 << 40]), "overflow"),
])
def test_parts_that_do_not_fit(arguments, message):
    with pytest.raises(RuntimeError, match=message):
        torch.sparse_coo_tensor(*arguments)


def test_is_coalesced_is_checked():
    assert torch.sparse_coo_tensor([[0, 2]], [1.0, 2.0], is_coalesced=True).is_coalesced()
    with pytest.raises(RuntimeError, match="is_coalesced"):
        torch.sparse_coo_tensor([[2, 0]], [1.0, 2.0], is_coalesced=True)


def test_parts_are_shared_and_values_keep_their_history():
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    s = torch.sparse_coo_tensor([[0, 1]], values, (2,))
    assert s._values().data_ptr() == values.data_ptr() and s.grad_fn is not None
    s.to_dense().pow(2).sum().backward()
    assert values.grad.tolist() == [2, 4]
    assert torch.sparse_coo_tensor([[0]], [1.0], requires_grad=True).is_leaf


def test_legacy_types():
    s = sparse(2, 3, dtype=torch.float32)
    assert isinstance(s, torch.sparse.FloatTensor) and isinstance(s, torch.Tensor) and type(s) is torch.Tensor
    assert not isinstance(s, (torch.FloatTensor, torch.sparse.DoubleTensor))
    assert not isinstance(s.to_dense(), torch.sparse.FloatTensor)
    assert s.type() == "torch.sparse.FloatTensor" and s.type("torch.sparse.DoubleTensor").dtype is torch.float64
    assert s.long().is_sparse and s.toDense().shape == (2, 3) and s.get_device() == -1
    with pytest.raises(TypeError, match="expected DoubleTensor"):
        torch.sparse.DoubleTensor(s._indices(), s._values())


def test_accessors_refuse_what_is_not_coalesced_or_sparse():
    with pytest.raises(RuntimeError, match="uncoalesced"):
        sparse(3, 4, coalesced=False).values()
    with pytest.raises(RuntimeError, match="uncoalesced"):
        sparse(3, 4, coalesced=False).indices()
    for call in (lambda t: t.coalesce(), lambda t: t._nnz(), lambda t: t._values(), lambda t: t.indices()):
        with pytest.raises(RuntimeError, match="got Strided"):
            call(torch.ones(2))
    assert torch.ones(2, 3).sparse_dim() == 0 and torch.ones(2, 3).dense_dim() == 2


# parts
@pytest.mark.parametrize("rest", [(), (2,), (2, 3)])
@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16, torch.int32])
def test_coalesce_adds_what_stands_in_one_place(rest, kind):
    s = (sparse(3, 4, nnz=30, dense=rest, coalesced=False) * 4).to(kind)
    c = s.coalesce()
    assert c.is_coalesced() and not s.is_coalesced() and c.dtype is kind and c.coalesce() is c
    keys = c.indices()[0] * 4 + c.indices()[1]
    assert (keys[1:] > keys[:-1]).all()
    tolerance = 1e-6 if kind is torch.float64 else 0.1
    np.testing.assert_allclose(array(c.double()), array(s.double()), rtol=tolerance)


def test_coalesce_of_many():
    places = random.integers(0, 1 << 20, (2, 200000))
    s = torch.sparse_coo_tensor(places, random.random(200000), (1 << 20, 1 << 20)).coalesce()
    wanted = scipy.sparse.coo_array((s._values().numpy(), tuple(s._indices().numpy())), (1 << 20, 1 << 20))
    assert (np.diff(wanted.row * (1 << 20) + wanted.col) > 0).all()


def test_to_sparse_and_back():
    d = torch.tensor([[0, 0, 0], [9, 0, 10], [0, 0, 0]])
    assert d.to_sparse().indices().tolist() == [[1, 1], [0, 2]] and d.to_sparse().values().tolist() == [9, 10]
    assert d.to_sparse(1).values().tolist() == [[9, 0, 10]]
    assert d.to_dense() is d and d.to_sparse().to_sparse(2).is_sparse
    for made in (d.to_sparse(), d.to_sparse(1), d.t().to_sparse()):
        assert made.is_coalesced()
    close(d.t().to_sparse(), d.t().numpy())
    with pytest.raises(RuntimeError, match="sparse_dim"):
        d.to_sparse(3)
    with pytest.raises(RuntimeError, match="Sparse to Sparse"):
        d.to_sparse().to_sparse(1)
    assert torch.zeros(2, 0).to_sparse()._nnz() == 0 and torch.tensor(3.0).to_sparse().to_dense().item() == 3


def test_sparse_mask_takes_the_places_of_the_mask():
    mask, d = sparse(3, 4, coalesced=False, dense=(2,)), dense(3, 4, 2).detach()
    found = d.sparse_mask(mask)
    assert found._indices().tolist() == mask._indices().tolist()
    np.testing.assert_array_equal(found._values(), d.numpy()[tuple(mask._indices().numpy())])
    other = sparse(3, 4, dense=(2,))
    np.testing.assert_allclose(other.sparse_mask(mask)._values(), array(other)[tuple(mask._indices().numpy())])
    with pytest.raises(RuntimeError, match="incompatible sizes"):
        torch.ones(2, 2).sparse_mask(mask)


# arithmetic
@BOTH
def test_arithmetic(coalesced):
    s, u, d = sparse(3, 4, coalesced=coalesced), sparse(3, 4, coalesced=coalesced), dense(3, 4).detach()
    a, b, c = array(s), array(u), d.numpy()
    for found, wanted in ((s + u, a + b), (s - u, a - b), (torch.add(s, u, alpha=3), a + 3 * b), (d + s, c + a), (d - s, c - a),
                          (torch.add(d, s, alpha=2), c + 2 * a), (s * 3, 3 * a), (3 * s, 3 * a), (s * u, a * b), (s * d, a * c),
                          (d * s, a * c), (s / 2, a / 2), (s // 2, a // 2), (-s, -a), (s ** 2, a ** 2), (s.sqrt(), np.sqrt(a)),
                          (s.abs(), a), (torch.sin(s), np.sin(a)), (s.clone(), a), (s * torch.tensor(2.0), 2 * a), (s.double(), a),
                          (torch.log1p(s), np.log1p(a))):
        close(found, wanted)
    assert not (d + s).is_sparse and (s * d).is_sparse
    assert torch.equal((s ** -1).to_dense()[torch.tensor(a != 0)], 1 / s.to_dense()[torch.tensor(a != 0)])


def test_types_promote():
    s, whole = sparse(3, 4, dtype=torch.float32), torch.sparse_coo_tensor([[0], [1]], [2], (3, 4))
    assert (s + whole).dtype is torch.float32 and (whole * 1.5).dtype is torch.float32 and (whole / 2).dtype is torch.float32
    assert (torch.ones(3, 4, dtype=torch.float64) + s).dtype is torch.float64
    with pytest.raises(RuntimeError, match="can't be cast"):
        torch.ones(3, 4, dtype=torch.int64).add_(s)
    masks = torch.sparse_coo_tensor([[0, 0]], torch.tensor([True, True]), (2,))
    assert masks.coalesce().values().tolist() == [True] and masks.to_dense().tolist() == [True, False]


@BOTH
def test_in_place_forms(coalesced):
    s, u, d = sparse(3, 4, coalesced=coalesced), sparse(3, 4, coalesced=coalesced), dense(3, 4).detach()
    a, b, c = array(s), array(u), d.numpy().copy()
    version = s._version
    for call, wanted in ((lambda: s.add_(u), a + b), (lambda: s.mul_(2), 2 * (a + b)), (lambda: s.div_(4), (a + b) / 2),
                         (lambda: s.sub_(u, alpha=0.5), a / 2), (lambda: s.neg_(), -a / 2), (lambda: s.pow_(2), a * a / 4),
                         (lambda: s.copy_(u), b), (lambda: s.mul_(u), b * b), (lambda: s.sqrt_(), b), (lambda: s.zero_(), 0 * b)):
        assert call() is s
        close(s, wanted)
    assert s._version > version and s._nnz() == 0
    d.add_(u)
    close(d, c + b)
    d.sub_(u, alpha=2)
    close(d, c - b)
    d.t().add_(u.t())
    close(d, c)
    s = sparse(2, 3)
    a = array(s)
    assert s.t_() is s and s.transpose_(0, 1) is s and s.t_().shape == (3, 2)
    close(s, a.T)


def test_wrong_operands():
    s, d = sparse(3, 4), torch.ones(3, 4)
    for call, message in ((lambda: s + d, "Use add\\(dense, sparse\\)"), (lambda: s + 1, "Use add"), (lambda: s / s, "Sparse division"),
                          (lambda: 2 / s, "Sparse division"), (lambda: s ** 0, "zeroth power"), (lambda: s + sparse(2, 4), "sizes"),
                          (lambda: d.copy_(s), "between dense and sparse"), (lambda: s.copy_(d), "between dense and sparse"),
                          (lambda: d.mul_(s), "mul_"), (lambda: s.fill_(2), "fill_"), (lambda: torch.ones_like(s), "full_like"),
                          (lambda: s.add_(sparse(3, 4).requires_grad_().double().to_dense()), "Use add")):
        with pytest.raises(RuntimeError, match=message):
            call()
    leaf = sparse(3, 4, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable"):
        leaf.add_(s)
    with pytest.raises(RuntimeError, match="detach"):
        s.detach().add_(s)


@pytest.mark.parametrize("name, arguments", [
    ("eq", (1,)), ("exp", ()), ("cos", ()), ("mean", ()), ("view", (12,)), ("reshape", (12,)), ("stride", ()), ("cumsum", (0,)), ("sort", ()),
    ("max", ()), ("storage", ()), ("item", ()), ("tolist", ()), ("expand", (2, 3, 4)), ("resize_", (3,)), ("matmul", (torch.ones(2, 4, 1),)),
    ("gather", (0, torch.zeros(1, 1, dtype=torch.int64))), ("contiguous", ()), ("data_ptr", ()), ("exp_", ()), ("clamp", (0,)), ("flip", (0,)),
    ("masked_fill", (torch.ones(3, 4, dtype=torch.bool), 1)), ("softmax", (0,)), ("var", ()), ("triu", ()), ("unfold", (0, 1, 1)),
])
def test_what_is_not_for_sparse_tensors_says_so(name, arguments):
    with pytest.raises(RuntimeError, match=f"to_dense|{name}|Scalar|none"):
        getattr(sparse(3, 4), name)(*arguments)
    with pytest.raises(TypeError, match="to_dense"):
        sparse(3, 4).numpy()


# shapes
@BOTH
def test_shapes(coalesced):
    s, h = sparse(3, 4, coalesced=coalesced), sparse(3, dense=(2, 4), coalesced=coalesced)
    a, b = array(s), array(h)
    index = torch.tensor([1, 0, 1])
    for found, wanted in ((s.t(), a.T), (s.transpose(0, -1), a.T), (s.permute(1, 0), a.T), (h.permute(0, 2, 1), b.transpose(0, 2, 1)),
                          (s.unsqueeze(0), a[None]), (s.unsqueeze(-1), a[..., None]), (h.unsqueeze(1), b[:, None]),
                          (h.unsqueeze(2), b[:, :, None]), (s[1], a[1]), (s.select(1, 2), a[:, 2]), (h.select(0, 1), b[1]),
                          (h.select(2, 1), b[:, :, 1]), (s[1, 2], a[1, 2]), (s.index_select(0, index), a[index.numpy()]),
                          (s.index_select(1, index), a[:, index.numpy()]), (h.index_select(1, index), b[:, index.numpy()]),
                          (s.narrow_copy(1, 1, 2), a[:, 1:3]), (h.narrow_copy(1, 1, 1), b[:, 1:2]), (torch.cat([s, s]), np.concatenate([a, a])),
                          (torch.cat([s, s], 1), np.concatenate([a, a], 1)), (torch.cat([h, h], 2), np.concatenate([b, b], 2)),
                          (s.unsqueeze(1).squeeze(1), a)):
        assert tuple(found.shape) == np.shape(wanted)
        close(found, wanted)
    assert len(s) == 3 and [one.shape for one in s] == [(4,)] * 3
    for call in (lambda: h.transpose(0, 1), lambda: torch.cat([s, s.to_dense()]), lambda: s.narrow_copy(0, 2, 2)):
        with pytest.raises(RuntimeError):
            call()
    with pytest.raises(IndexError):
        s.index_select(0, torch.tensor([3]))


def test_resizing():
    s = sparse(2, 3)
    a = array(s)
    assert s.sparse_resize_((4, 5), 2, 0) is s and s.shape == (4, 5)
    np.testing.assert_allclose(array(s)[:2, :3], a)
    with pytest.raises(RuntimeError, match="shrinking"):
        s.sparse_resize_((1, 1), 2, 0)
    with pytest.raises(RuntimeError, match="changing the number"):
        s.sparse_resize_((4, 5), 1, 1)
    assert s.sparse_resize_and_clear_((2, 2), 1, 1)._values().shape == (0, 2)
    assert s.resizeAs_(sparse(5, 6)).shape == (5, 6)


# sums and products
@BOTH
def test_sums(coalesced):
    s = sparse(4, 3, dense=(2, 5), nnz=8, coalesced=coalesced)
    a = array(s)
    for dims in (0, 1, -1, [1, 3], [0, 1, 3], [0, 1], [2, 3], [0, 1, 2, 3]):
        found = torch.sparse.sum(s, dims)
        assert found.is_sparse != ({0, 1} <= {d % 4 for d in np.atleast_1d(dims)})
        close(found, a.sum(tuple(np.atleast_1d(dims))))
    close(torch.sparse.sum(s), a.sum())
    close(s.sum(0, keepdim=True), a.sum(0, keepdims=True))
    assert torch.sparse.sum(s, 0, dtype=torch.float32).dtype is torch.float32
    for p in (1, 2, 3, float("inf"), 0):
        np.testing.assert_allclose(s.norm(p), np.linalg.norm(a.ravel(), p))
    with pytest.raises(RuntimeError, match="full reductions"):
        s.norm(2, 0)


@BOTH
def test_products_against_scipy(coalesced):
    s, d = sparse(6, 5, nnz=12, coalesced=coalesced), dense(5, 3).detach()
    m, c = s.to_scipy(), d.numpy()
    assert isinstance(m, scipy.sparse.coo_array)
    close(torch.sparse.mm(s, d), m @ c)
    close(s @ d, m @ c)
    close(d.t() @ s.t(), (m @ c).T)
    close(s @ d[:, 0], m @ c[:, 0])
    close(s.mm(d.t().contiguous().t()), m @ c)
    close(torch.sparse.addmm(torch.ones(6, 3, dtype=torch.float64), s, d, beta=2, alpha=3), 2 + 3 * (m @ c))
    close(torch.addmm(torch.ones(3, dtype=torch.float64), s, d), 1 + m @ c)
    u = sparse(5, 4, nnz=9, coalesced=coalesced)
    found = torch.sparse.mm(s, u)
    assert found.is_sparse and found.is_coalesced()
    close(found, (m @ u.to_scipy()).toarray())
    hybrid = torch.hspmm(s, d)
    assert (hybrid.sparse_dim(), hybrid.dense_dim()) == (1, 1)
    close(hybrid, m @ c)
    assert torch.smm(s, d).sparse_dim() == 2
    close(torch.smm(s, d), m @ c)
    t = sparse(6, 3)
    close(torch.sspaddmm(t, s, d, beta=2, alpha=3), 2 * array(t) + 3 * (m @ c))
    close(s.spmm(d), m @ c)
    close(s.sspmm(d), m @ c)
    close(s.spadd(torch.ones(6, 5, dtype=torch.float64)), m.toarray() + 1)


def test_products_of_little():
    assert torch.sparse.mm(torch.sparse_coo_tensor((2, 3)), torch.ones(3, 2)).tolist() == [[0, 0], [0, 0]]
    assert torch.sparse.mm(torch.sparse_coo_tensor((2, 3)), torch.ones(3, 0)).shape == (2, 0)
    assert torch.sparse.mm(torch.sparse_coo_tensor((0, 3)), torch.ones(3, 2)).shape == (0, 2)
    for call in (lambda: torch.sparse.mm(torch.sparse_coo_tensor((2, 3)), torch.ones(2, 2)), lambda: torch.sparse.mm(torch.ones(2, 2), torch.ones(2, 2)),
                 lambda: torch.sparse.mm(sparse(2, dense=(2,)), torch.ones(2, 2)), lambda: torch.sparse.mm(sparse(2, 2), torch.ones(2, 2))):
        with pytest.raises(RuntimeError):
            call()


def test_from_scipy():
    matrix = scipy.sparse.random_array((5, 4), density=0.4, rng=np.random.default_rng(0), format="csr")
    s = torch.sparse.from_scipy(matrix)
    close(s, matrix.toarray())
    close(torch.sparse.from_scipy(s.to_scipy().tocsc()), matrix.toarray())
    with pytest.raises(TypeError):
        torch.sparse.from_scipy(np.ones(2))
