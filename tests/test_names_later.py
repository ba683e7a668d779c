"""Names that stand alone: random tensors for tests, LOBPCG, stacked datasets, swapped tensors, old and new spellings."""
import weakref

import numpy as np
import pytest
from oracle import numbers, tensor

import nb_nn as torch

make = torch.testing.make_tensor


@pytest.mark.parametrize("kind", ["bool", "uint8", "int8", "int64", "uint64", "float16", "bfloat16", "float32", "float64", "complex64"])
def test_make_tensor_keeps_to_its_bounds(kind):
    kind = getattr(torch, kind)
    made = make(40, 50, dtype=kind, device="cpu")
    assert made.shape == (40, 50) and made.dtype is kind and not made.requires_grad
    parts = (made.real, made.imag) if kind.is_complex else (made,)
    least, most = (0, 1) if kind is torch.bool else (0 if not kind.is_signed else -9, 9)
    for part in parts:
        wide = part.double()
        assert least <= wide.min() <= least + 1 and most - 1 <= wide.max() <= most
    low = make(40, dtype=kind, device="cpu", low=1, high=2) if kind is not torch.bool else make(40, dtype=kind, device="cpu", low=1)
    assert (low.abs().double() >= 1).all() if kind is not torch.bool else low.all()


def test_make_tensor_draws_evenly():
    torch.manual_seed(0)
    counts = np.bincount(make(20000, dtype=torch.int64, device="cpu", low=0, high=5).numpy())
    assert len(counts) == 5 and abs(counts - 4000).max() < 300
    assert make(20000, dtype=torch.float64, device="cpu", low=-1, high=3).mean().item() == pytest.approx(1, abs=0.05)


def test_make_tensor_cuts_bounds_to_the_type():
    assert make(50, dtype=torch.int8, device="cpu", low=-1000, high=1000).dtype is torch.int8
    assert make(50, dtype=torch.float16, device="cpu", low=-1e9, high=1e9).isfinite().all()
    assert make(50, dtype=torch.float32, device="cpu", low=-float("inf"), high=float("inf")).isfinite().all()
    assert make(3, dtype=torch.int64, device="cpu", low=0.5, high=1.5).tolist() == [1, 1, 1]
    assert len(set(make(50, dtype=torch.int64, device="cpu", low=-10**30, high=10**30).tolist())) == 50
    with pytest.warns(FutureWarning, match="low==high"):
        assert make(2, dtype=torch.float32, device="cpu", low=3, high=3).tolist() == [3, 3]


def test_make_tensor_lays_out_as_told():
    assert not make(3, 4, dtype=torch.float32, device="cpu", noncontiguous=True).is_contiguous()
    assert make((), dtype=torch.float32, device="cpu", noncontiguous=True).shape == ()
    made = make([2, 3, 4, 5], dtype=torch.float32, device="cpu", memory_format=torch.channels_last, requires_grad=True)
    assert made.is_contiguous(memory_format=torch.channels_last) and made.requires_grad and made.is_leaf
    assert make(500, dtype=torch.int8, device="cpu", low=-1, high=2, exclude_zero=True).all()
    assert make(50, dtype=torch.bool, device="cpu", exclude_zero=True).all()


@pytest.mark.parametrize(("options", "error", "words"), [
    ({"dtype": "foo"}, TypeError, "'foo' is not supported"),
    ({"dtype": torch.int64, "requires_grad": True}, ValueError, "not supported for boolean and integral"),
    ({"dtype": torch.float32, "low": float("nan")}, ValueError, "cannot be NaN"),
    ({"dtype": torch.float32, "low": 3, "high": 1}, ValueError, "must be less than"),
    ({"dtype": torch.int64, "low": 3, "high": 3}, ValueError, "must be less than"),
    ({"dtype": torch.float32, "noncontiguous": True, "memory_format": torch.contiguous_format}, ValueError, "mutually exclusive"),
])
def test_make_tensor_refuses(options, error, words):
    with pytest.raises(error, match=words):
        make(3, device="cpu", **options)


def symmetric(shape, seed=0):
    a = numbers("float64", shape, seed=seed)
    return a @ a.swapaxes(-1, -2) + np.diag(np.arange(shape[-1]))


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("shape", [(9, 9), (2, 12, 12), (30, 30)])
def test_lobpcg_finds_eigenpairs(shape, largest):
    a = symmetric(shape)
    values, vectors = torch.lobpcg(tensor(a), 3, largest=largest, tol=1e-10)
    expected = np.linalg.eigvalsh(a)
    expected = expected[..., ::-1][..., :3] if largest else expected[..., :3]
    np.testing.assert_allclose(values.numpy(), expected, 1e-8)
    np.testing.assert_allclose(a @ vectors.numpy(), vectors.numpy() * values.numpy()[..., None, :], atol=1e-6)


def test_lobpcg_of_sparse_and_generalized_problems():
    a, b = symmetric((12, 12)), np.diag(np.arange(1.0, 13))
    assert torch.allclose(torch.lobpcg(tensor(a).to_sparse(), 2)[0], torch.lobpcg(tensor(a), 2)[0])
    values, vectors = torch.lobpcg(tensor(a), 2, B=tensor(b), tol=1e-10)
    np.testing.assert_allclose(a @ vectors.numpy(), b @ vectors.numpy() * values.numpy(), atol=1e-6)
    start = tensor(numbers("float64", (12, 2), seed=3))
    helped = torch.lobpcg(tensor(a), X=start, iK=tensor(np.linalg.inv(a)), largest=False)
    assert torch.allclose(helped[0], torch.lobpcg(tensor(a), 2, n=3, largest=False, tol=1e-8)[0], rtol=1e-4)
    assert torch.lobpcg(tensor(a).float())[0].dtype is torch.float32


def test_derivatives_of_lobpcg():
    a = tensor(symmetric((9, 9))).requires_grad_()

    def function(a):
        values, vectors = torch.lobpcg(a, 2, tol=1e-13)
        return values, vectors * vectors[0].sign().detach()

    assert torch.autograd.gradcheck(function, a, eps=1e-5, atol=1e-4)
    assert torch.autograd.gradgradcheck(function, a, eps=1e-5, atol=1e-3)


EYE = torch.eye(9)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: torch.lobpcg(EYE, 4), ValueError, "3 x the number"),
    (lambda: torch.lobpcg(EYE, 0), ValueError, "must be one"),
    (lambda: torch.lobpcg(EYE[:3], 1), RuntimeError, "3 by 9"),
    (lambda: torch.lobpcg(EYE.half(), 1), NotImplementedError, "Half"),
    (lambda: torch.lobpcg(EYE, 1, method="other"), ValueError, "'other'"),
    (lambda: torch.lobpcg(EYE, 1, tracker=print), ValueError, "tracker"),
    (lambda: torch.lobpcg(EYE, 2, X=torch.ones(9, 1)), ValueError, "at least k"),
    (lambda: torch.lobpcg(EYE, 2, X=torch.ones(8, 2)), ValueError, "X shape mismatch"),
    (lambda: torch.lobpcg(EYE, 2, B=EYE.double()), RuntimeError, "type of A"),
    (lambda: torch.lobpcg(torch.eye(9, requires_grad=True), 2, B=EYE), RuntimeError, "no derivative"),
])
def test_lobpcg_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_datasets_side_by_side():
    stack = torch.utils.data.StackDataset(range(4), [5, 6, 7, 8])
    assert len(stack) == 4 and stack[1] == (1, 6) and stack.__getitems__([0, 2]) == [(0, 5), (2, 7)]
    named = torch.utils.data.StackDataset(x=stack, y="abcd")
    assert named[3] == {"x": (3, 8), "y": "d"} and named.__getitems__([1]) == [{"x": (1, 6), "y": "b"}]
    batch = next(iter(torch.utils.data.DataLoader(torch.utils.data.StackDataset(x=range(4), y=torch.arange(4.0)), batch_size=3)))
    assert batch["x"].tolist() == [0, 1, 2] == batch["y"].tolist()
    for arguments, words in ((((), {}), "At least one"), ((([1],), {"x": [1]}), "not both"), ((([1], [1, 2]), {}), "Size mismatch")):
        with pytest.raises(ValueError, match=words):
            torch.utils.data.StackDataset(*arguments[0], **arguments[1])


def test_swapped_tensors_are_each_other():
    a, b = torch.nn.Parameter(torch.zeros(2)), torch.ones(3, dtype=torch.int64)
    a.note, held = "a", [a, b]
    torch.utils.swap_tensors(a, b)
    assert held[0] is a and type(a) is torch.Tensor and type(b) is torch.nn.Parameter
    assert a.tolist() == [1, 1, 1] and b.requires_grad and b.note == "a" and not hasattr(a, "note")
    (b * 2).sum().backward()
    assert b.grad.tolist() == [2, 2]
    keep = (b * 2).sum()
    with pytest.raises(RuntimeError, match="a graph leads to it"):
        torch.utils.swap_tensors(a, b)
    del keep
    with pytest.raises(TypeError, match="expected tensors"):
        torch.utils.swap_tensors(a, 3)
    watch = weakref.ref(a)
    with pytest.raises(RuntimeError, match="weakref"):
        torch.utils.swap_tensors(a, b)
    assert watch() is a


class Mine(torch.Tensor):
    pass


def test_a_tensor_as_an_instance_of_a_subclass():
    x = torch.ones(2, requires_grad=True)
    made = (x * 2).as_subclass(Mine)
    assert type(made) is Mine and made.requires_grad
    made.sum().backward()
    assert x.grad.tolist() == [2, 2]
    y = torch.zeros(2)
    y.as_subclass(Mine).fill_(3)
    assert y.tolist() == [3, 3]
    for wrong in (int, 3):
        with pytest.raises(TypeError, match="inherits from Tensor"):
            y.as_subclass(wrong)


def test_deprecated_resizes_keep_the_elements():
    x = torch.arange(6.0, requires_grad=True)
    with pytest.warns(UserWarning, match="non-inplace resize is deprecated"):
        made = x.resize(2, 3)
    made.sum().backward()
    assert made.shape == (2, 3) and x.grad.tolist() == [1] * 6
    with pytest.warns(UserWarning, match="resize_as is deprecated"):
        assert x.resize_as(torch.ones(3, 2)).shape == (3, 2)
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="4 elements in total"):
        x.resize(2, 2)


def test_places_where_a_tensor_is_not():
    x = torch.ones(2)
    assert not any(getattr(x, name) for name in ("is_xla", "is_ipu", "is_maia", "is_mtia", "is_vulkan", "is_sparse_csr"))
    assert x.const_data_ptr() == x.data_ptr() and x.storage_type() is torch.FloatStorage
    with pytest.warns(UserWarning, match="volatile was removed"):
        assert x.volatile is False
    with pytest.warns(UserWarning, match="no_grad"):
        x.volatile = True


def test_old_spellings_of_sparse_products():
    s, m = torch.eye(2).to_sparse(), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert torch.equal(torch.dsmm(s, m), m) and torch.hsmm(s, m).is_sparse and torch.equal(torch.hsmm(s, m).to_dense(), m)
    assert isinstance(torch.FloatStorage(2), torch.TypedStorage)


X = torch.arange(8.0).view(1, 2, 2, 2)


def test_names_that_stand_for_others():
    assert X.ndimension() == X.dim() == 4 and X.nelement() == X.numel() == 8
    assert torch.is_tensor(X) and not torch.is_tensor([1]) and torch.is_tensor(torch.nn.Parameter(X))
    made = torch.scalar_tensor(3, dtype=torch.float64, layout=torch.strided, device="cpu")
    assert made.shape == () and made.dtype is torch.float64 and made == 3
    for kind, dtype in ((torch.CharTensor, torch.int8), (torch.ShortTensor, torch.int16)):
        assert kind([1, -2]).dtype is dtype and kind([1, -2]).tolist() == [1, -2] and isinstance(kind(2), kind) and kind(2, 3).shape == (2, 3)


@pytest.mark.parametrize("name", [
    "max_pool2d_with_indices", "max_pool3d_with_indices", "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d_with_indices", "fractional_max_pool2d_with_indices", "fractional_max_pool3d_with_indices"])
def test_pooling_with_indices(name):
    functional = torch.nn.functional
    x = X[0] if "1d" in name else X
    options = {"output_size": 1} if "fractional" in name else {}
    size = 1 if "adaptive" in name else 2
    values, where = getattr(functional, name)(x, size, **options)
    expected, places = getattr(functional, name.removesuffix("_with_indices"))(x, size, return_indices=True, **options)
    assert torch.equal(values, expected) and torch.equal(where, places) and where.dtype is torch.int64
    assert values.ravel()[-1] == X.max()


def test_norms_tell_their_means_and_deviations():
    x = tensor(numbers("float64", (2, 4, 3), seed=2)).requires_grad_()
    made, mean, inverse = torch.native_layer_norm(x, (4, 3), None, None, 1e-5)
    assert torch.equal(made, torch.layer_norm(x, (4, 3))) and made.requires_grad
    np.testing.assert_allclose(mean.numpy(), x.detach().numpy().mean((1, 2), keepdims=True))
    np.testing.assert_allclose(inverse.numpy(), (x.detach().numpy().var((1, 2), keepdims=True) + 1e-5) ** -0.5)
    weight, bias = torch.arange(4.0).double(), torch.ones(4).double()
    made, mean, inverse = torch.native_group_norm(x, weight, bias, 2, 4, 3, 2, 1e-5)
    assert torch.equal(made, torch.group_norm(x, 2, weight, bias))
    groups = x.detach().numpy().reshape(2, 2, 6)
    np.testing.assert_allclose(mean.numpy(), groups.mean(-1))
    np.testing.assert_allclose(inverse.numpy(), (groups.var(-1) + 1e-5) ** -0.5)
    with pytest.raises(RuntimeError, match="has not N=1 samples"):
        torch.native_group_norm(x, None, None, 1, 4, 3, 2, 1e-5)
    assert torch.equal(torch.native_channel_shuffle(x[..., None], 2), torch.channel_shuffle(x[..., None], 2))


def test_copies_of_the_parts_of_sparse_tensors():
    s = torch.sparse_coo_tensor([[2, 0]], tensor([1.0, 3.0]), requires_grad=True).coalesce()
    places, values = torch.indices_copy(s), torch.values_copy(s)
    places.zero_()
    assert s.indices().tolist() == [[0, 2]] and values.tolist() == [3, 1] and values.requires_grad
    out = torch.empty(0, dtype=torch.int64)
    assert torch.indices_copy(s, out=out) is out and out.tolist() == [[0, 2]]


def test_the_cpu_is_a_device_among_others():
    cpu = torch.get_device_module("cpu")
    assert cpu is torch.cpu and (cpu.device_count(), cpu.current_device(), cpu.is_available(), cpu.is_initialized()) == (1, "cpu", True, True)
    cpu.set_device(0)
    cpu.synchronize()
    stream = cpu.Stream()
    with cpu.stream(stream):
        assert cpu.current_stream() is stream
        stream.wait_stream(cpu.Stream())
    assert cpu.current_stream() is not stream
    if not torch.cuda.is_available():
        assert torch.get_device_module() is cpu
