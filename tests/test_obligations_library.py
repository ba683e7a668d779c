"""Promised behaviours, continued: F spectral, L4 and N2, S3 and S5 files, A autograd, Q sparse, U CUDA without a device, I-4 DLPack."""
import io
import math
import pickle
import warnings

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import tensor

DOUBLE = torch.float64


def pairs(array):
    """Complex numbers as pairs."""
    return tensor(np.stack((array.real, array.imag), -1))


def complexes(made):
    return made.numpy()[..., 0] + 1j * made.numpy()[..., 1]


Z = np.random.default_rng(0).normal(size=(2, 3, 4)) + 1j * np.random.default_rng(1).normal(size=(2, 3, 4))


def test_F1_complex_numbers_are_pairs_and_other_dimensions_are_a_batch():
    for dims in (1, 2, 3):
        np.testing.assert_allclose(complexes(torch.fft(pairs(Z), dims)), np.fft.fftn(Z, axes=range(3 - dims, 3)))
    for call in (lambda: torch.fft(torch.ones(2, 3), 1), lambda: torch.fft(pairs(Z), 4), lambda: torch.fft(pairs(Z), 0)):
        with pytest.raises(RuntimeError):
            call()


def test_F2_normalized_and_its_inverse():
    made = torch.fft(pairs(Z), 2, normalized=True)
    np.testing.assert_allclose(complexes(made), np.fft.fft2(Z) / math.sqrt(12))
    np.testing.assert_allclose(complexes(torch.ifft(made, 2, normalized=True)), Z)
    x = tensor(Z.real[0, :, :3])
    assert torch.allclose(torch.irfft(torch.rfft(x, 2, normalized=True), 2, normalized=True, signal_sizes=x.shape), x)
    assert torch.irfft(torch.rfft(x, 2), 2).shape == (3, 2)             # an odd length is not guessed


def test_F3_one_sided_transforms_have_half_of_the_last_dimension():
    x = tensor(Z.real)
    assert torch.rfft(x, 2).shape == (2, 3, 3, 2) and torch.rfft(x, 2, onesided=False).shape == (2, 3, 4, 2)
    assert torch.allclose(torch.irfft(torch.rfft(x, 3, onesided=False), 3, onesided=False), x)


def test_F4_frames_and_windows():
    x = tensor(np.random.default_rng(2).normal(size=(2, 40)))
    made = torch.stft(x, 8)
    assert made.shape == (2, 5, 40 // 2 + 1, 2)                 # hop of n_fft / 4, centred
    padded = np.pad(x.numpy(), ((0, 0), (4, 4)), "reflect")
    for frame in range(5):
        np.testing.assert_allclose(complexes(made[:, :, frame]), np.fft.rfft(padded[:, 2 * frame:2 * frame + 8]), atol=1e-12)
    for make in (torch.hann_window, torch.hamming_window, torch.bartlett_window, torch.blackman_window):
        assert torch.allclose(make(6), make(7, periodic=False)[:-1]) and make(1).tolist() == [1]
        with pytest.raises(RuntimeError, match="floating point dtypes"):
            make(4, dtype=torch.int64)


def test_F5_plan_caches_and_mkl():
    cache = torch.backends.cuda.cufft_plan_cache
    assert cache.size == 0 or torch.cuda.is_available()
    assert hasattr(cache, "max_size") and hasattr(cache, "clear") and torch.backends.mkl.is_available() is False


def test_L4_btrifact_pivots_on_the_cpu():
    lu, pivots = torch.btrifact(tensor([[[0.0, 1.0], [2.0, 3.0]]]))
    assert pivots.tolist() == [[2, 2]] and lu[0, 0].tolist() == [2, 3]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_N2_seeds_of_devices_that_are_not_there_are_ignored():
    torch.cuda.manual_seed(1)
    torch.cuda.manual_seed_all(1)
    torch.cuda.seed()
    torch.cuda.seed_all()
    assert not torch.cuda.is_available() and torch.cuda.device_count() == 0


def test_S3_places_of_storages():
    assert torch.serialization.location_tag(torch.FloatStorage(1)) == "cpu"
    before, asked = list(torch.serialization_options._packages), []
    torch.serialization.register_package(1, lambda storage: "moon", lambda storage, place: storage if place == "moon" else None)
    try:
        buffer = io.BytesIO()
        torch.save(torch.ones(2), buffer)
        assert torch.load(buffer, map_location=lambda storage, place: asked.append(place)).tolist() == [1, 1] and asked == ["moon"]
    finally:
        torch.serialization_options._packages[:] = before
    buffer.seek(0)
    with pytest.raises(RuntimeError, match="moon"):
        torch.load(buffer)


def test_S5_arguments_reach_the_unpickler():
    class Module:
        Pickler = pickle.Pickler

        class Unpickler(pickle.Unpickler):
            def __init__(self, file, **given):
                seen.update(given)
                super().__init__(file, **given)

    seen, buffer = {}, io.BytesIO()
    torch.save({"a": torch.ones(1)}, buffer)
    assert torch.load(buffer, pickle_module=Module, encoding="latin1")["a"].tolist() == [1] and seen == {"encoding": "latin1"}


def test_A1_to_A4_leaves_gradients_and_graphs():
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    y.retain_grad()
    with pytest.raises(RuntimeError, match="scalar outputs"):
        y.backward()
    y.backward(torch.ones(2), retain_graph=True)
    y.backward(torch.ones(2))
    assert x.grad.tolist() == [6, 6] and y.grad.tolist() == [2, 2] and y.grad_fn is not None and x.is_leaf
    z = (x * x).sum()
    z.backward()
    with pytest.raises(RuntimeError, match="second time"):
        z.backward()
    (slope,) = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
    assert torch.autograd.grad(slope.sum(), x)[0].tolist() == [6, 6]
    w = torch.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="appears to not have been used"):
        torch.autograd.grad((x * 2).sum(), w)
    assert torch.autograd.grad((x * 2).sum(), w, allow_unused=True) == (None,)
    torch.autograd.grad((x * w).sum(), w, only_inputs=False)
    assert x.grad.tolist() == [9, 9] and w.grad is None
    torch.autograd.backward([x * 2], grad_variables=[torch.ones(2)])
    assert x.grad.tolist() == [11, 11]


def test_A5_writes_are_noticed_and_detached_tensors_keep_their_size():
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    d = x.detach()
    for change in (lambda: d.resize_(3), lambda: d.set_(torch.ones(3)), lambda: d.unsqueeze_(0), lambda: d.t_() if d.dim() == 2 else d.squeeze_()):
        with pytest.raises(RuntimeError):
            change()
    with pytest.raises(RuntimeError, match="detach views"):
        (x * 1).view(2, 1).detach_()


def test_A6_modes():
    x = torch.ones(1, requires_grad=True)

    @torch.no_grad()
    def without():
        return x * 2

    assert not without().requires_grad
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
    torch.set_grad_enabled(False)
    assert not (x * 2).requires_grad
    torch.set_grad_enabled(True)
    assert (x * 2).requires_grad


def test_A7_hooks_replace_gradients():
    x = torch.ones(1, requires_grad=True)
    handle = x.register_hook(lambda grad: grad * 5)
    (x * 2).backward()
    handle.remove()
    (x * 2).backward()
    assert x.grad.item() == 12


def test_A8_functions_of_your_own():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.save_for_backward(x)
            assert ctx.needs_input_grad == (True, False)
            return x * factor

        @staticmethod
        def backward(ctx, grad):
            assert ctx.saved_tensors[0].tolist() == [3]
            return grad * 2, None

    x = tensor([3.0], requires_grad=True)
    y = Double.apply(x, 2)
    y.backward()
    assert y.item() == 6 and x.grad.item() == 2


def test_A9_and_A10_checks_and_anomalies():
    x = torch.rand(3, dtype=DOUBLE, requires_grad=True)
    assert torch.autograd.gradcheck(torch.exp, x) and torch.autograd.gradgradcheck(torch.exp, x)
    bad = tensor([0.0], requires_grad=True)
    with pytest.warns(UserWarning, match="test_obligations_library"), pytest.raises(RuntimeError, match="nan"), torch.autograd.detect_anomaly():
        (bad.sqrt() * 0).sum().backward()


def test_A11_and_A12_leaves_and_variables():
    x = torch.ones(1, requires_grad=True)
    assert x.is_leaf and not x.double().is_leaf and x.detach().is_leaf and torch.ones(1).double().is_leaf
    made = torch.autograd.Variable(torch.ones(1), requires_grad=True)
    assert isinstance(made, torch.Tensor) and made.requires_grad
    made.data.fill_(3)
    assert made.item() == 3 and not made.data.requires_grad
    with pytest.warns(UserWarning, match="volatile was removed"):
        assert made.volatile is False


def test_A13_sparse_gradients():
    x = torch.ones(3, requires_grad=True)
    torch.gather(x, 0, tensor([2]), sparse_grad=True).sum().backward()
    assert x.grad.is_sparse and x.grad.to_dense().tolist() == [0, 0, 1]
    layer = torch.nn.Embedding(3, 2, sparse=True)
    layer(tensor([1])).sum().backward()
    assert layer.weight.grad.is_sparse and layer.weight.grad._indices().tolist() == [[1]]


def test_Q1_dimensions_of_sparse_tensors():
    s = torch.sparse_coo_tensor([[0, 2]], torch.ones(2, 3), (4, 3))
    assert s.sparse_dim() + s.dense_dim() == s.dim() == 2 and s._indices().shape == (1, 2) and s._values().shape == (2, 3)
    empty = torch.sparse.FloatTensor(2, 3)
    assert empty._nnz() == 0 and not empty.to_dense().any() and empty.shape == (2, 3)


def test_Q2_and_Q3_uncoalesced_values_are_added_up():
    s = torch.sparse_coo_tensor([[0, 0]], [9.0, 16.0])
    assert not s.is_coalesced() and s.to_dense().tolist() == [25] and s._nnz() == 2 and s.coalesce()._nnz() == 1
    assert (s * 2).to_dense().tolist() == [50] and s.sqrt().to_dense().tolist() == [5] and (s + s).to_dense().tolist() == [50]


def test_Q4_sums_of_sparse_tensors():
    s = torch.sparse_coo_tensor([[0, 1], [2, 0]], torch.ones(2, 2), (2, 3, 2), requires_grad=True)
    assert not torch.sparse.sum(s).is_sparse and torch.sparse.sum(s).item() == 4
    assert not torch.sparse.sum(s, (0, 1)).is_sparse and torch.sparse.sum(s, (0, 1)).tolist() == [2, 2]
    part = torch.sparse.sum(s, 0)
    assert part.is_sparse and part.shape == (3, 2)
    torch.sparse.sum(s).backward()
    assert s.grad.is_sparse and s.grad._nnz() == 2 and s.grad.is_coalesced()


def test_Q5_products_and_conversions():
    s = torch.eye(2).to_sparse().requires_grad_()
    torch.sparse.mm(s, torch.ones(2, 3)).sum().backward()
    assert s.grad.is_coalesced() and s.grad.to_dense().tolist() == [[3, 0], [0, 3]]
    with pytest.raises(RuntimeError):
        torch.sparse.mm(torch.ones(2, 2).to_sparse(1), torch.ones(2, 2))
    assert torch.ones(2, 3).to_sparse(1).dense_dim() == 1
    kept = tensor([[1.0, 2.0], [3.0, 4.0]]).sparse_mask(torch.eye(2).to_sparse().coalesce())
    assert kept.to_dense().tolist() == [[1, 0], [0, 4]]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_U1_and_U2_cuda_without_a_device():
    assert torch.cuda.device_count() == 0 and "CuPy" in torch.cuda.why_unavailable() or "CUDA" in torch.cuda.why_unavailable()
    with torch.cuda.device(-1), torch.cuda.device(None), torch.cuda.stream(None):
        pass


def test_I4_dlpack_shares_memory_and_a_capsule_is_used_once():
    x = torch.zeros(3)
    capsule = torch.utils.dlpack.to_dlpack(x)
    y = torch.utils.dlpack.from_dlpack(capsule)
    y[0] = 5
    assert x.tolist() == [5, 0, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((RuntimeError, ValueError, BufferError)):
            torch.utils.dlpack.from_dlpack(capsule)
