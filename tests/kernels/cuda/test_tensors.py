"""Tensors on CUDA devices: the double of CuPy and the simulator stand in for a GPU."""
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("greenlet", reason="the simulator of CUDA needs greenlet")

import cupy_double  # noqa: E402

import nb_nn as torch  # noqa: E402
from nb_nn.kernels import table  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[2] / "ops"))
from rows import POINTWISE  # noqa: E402


@pytest.fixture(autouse=True)
def device():
    with cupy_double.playing() as cupy:
        yield cupy


def on(where, array, kind=None):
    return torch.tensor(array).to(where, kind) if kind else torch.tensor(array).to(where)


@pytest.mark.parametrize("case", POINTWISE, ids=repr)
def test_pointwise_operations_give_the_right_numbers(case):
    kind = "float32" if "float32" in case.kinds else case.kinds[0]
    arrays = case.operands(kind, (2, 3))
    expected, moved = case.expected(arrays, kind), [on("cuda", array) for array in arrays]
    try:
        result = case.function(*moved, *case.params, **case.options)
    except RuntimeError as error:
        assert "has no kernel for cuda" in str(error)
        pytest.skip(str(error))
    assert result.device == moved[0].device
    found = result.cpu().numpy()
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_moving_there_and_back_is_differentiable():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.cuda()
    assert y.is_cuda and y.grad_fn.name() == "ToCopyBackward0" and y.get_device() == 0
    (y.double() * 3).sum().cpu().backward()
    assert x.grad.tolist() == [3.0, 3.0] and not x.grad.is_cuda


def test_types_and_numbers():
    x = torch.arange(6, device="cuda").reshape(2, 3)
    assert (x + 0.5).dtype is torch.float32 and (x * 2).tolist() == [[0, 2, 4], [6, 8, 10]]
    assert (x > 2).tolist() == [[False] * 3, [True] * 3]
    assert (x.half() / 4).tolist() == [[0.0, 0.25, 0.5], [0.75, 1.0, 1.25]] and (x.bfloat16() + 1).sum().item() == 21.0
    assert x.float().half().dtype is torch.float16 and x.bool().long().sum().item() == 5
    assert (1 - x).tolist() == [[1, 0, -1], [-2, -3, -4]] and (x + torch.tensor(2.5)).dtype is torch.float32
    assert (torch.tensor(2.5) * x).device == x.device
    assert repr(x[0]) == "tensor([0, 1, 2], device='cuda:0')" and x[1, 2].item() == 5


def test_views_share_memory():
    x = torch.zeros(2, 3, device="cuda")
    x.t()[1] += 1
    x[1, ::2] = 5
    x.view(-1)[0].fill_(7)
    assert x.tolist() == [[7, 1, 0], [5, 1, 5]] and x[1].storage_offset() == 3
    assert x.expand(2, 2, 3).sum().item() == 38 and x.t().contiguous().tolist() == [[7, 5], [1, 1], [0, 5]]
    assert x.unfold(1, 2, 1).shape == (2, 2, 2) and x.diagonal().tolist() == [7, 1] and x[:0].sum().item() == 0
    x[:, 1:] = x[:, :-1]
    assert x.tolist() == [[7, 7, 1], [5, 5, 1]]


def test_reductions():
    array = np.random.default_rng(0).standard_normal((3, 4, 5)).astype("f")
    x = on("cuda", array)
    for dims in (None, 0, 1, (0, 2)):
        np.testing.assert_allclose(x.sum(dims).cpu().numpy(), array.sum(dims), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(x.transpose(0, 2).amax(dims).cpu().numpy(), array.swapaxes(0, 2).max(dims))
    values, places = x.max(1)
    assert (places.cpu().numpy() == array.argmax(1)).all() and (values.cpu().numpy() == array.max(1)).all()
    assert x.argmin().item() == array.argmin() and bool((x > -9).all()) and (x > 0).any().is_cuda


def test_gradients_are_those_of_the_cpu():
    array, grads = np.random.default_rng(1).standard_normal((3, 4)).astype("f"), []
    for where in ("cpu", "cuda"):
        x = on(where, array).requires_grad_()
        y = torch.cat([x[1:].relu(), x[:1].tanh()]) @ x.t()
        y[0] *= 2
        loss = (torch.softmax(y, 1) * x.sum(1)).sum() + x.view(-1)[3:7].max() + x.gather(1, x.argmax(1, True)).mean()
        first, = torch.autograd.grad(loss, x, create_graph=True)
        (first ** 2).sum().backward()
        grads += [first.detach().cpu().numpy(), x.grad.cpu().numpy()]
    np.testing.assert_allclose(grads[2], grads[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(grads[3], grads[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name, size, window, numbers", [
    ("conv2d", (2, 4, 5, 5), (6, 2, 3, 2), {"stride": (2, 1), "padding": 1, "groups": 2}), ("conv1d", (2, 3, 9), (2, 3, 3), {"dilation": 2}),
    ("conv3d", (1, 2, 3, 4, 3), (2, 2, 2, 2, 2), {"padding": (1, 0, 1)}),
    ("conv_transpose2d", (2, 4, 3, 3), (4, 3, 2, 2), {"stride": 2, "groups": 2, "output_padding": 1})])
def test_convolutions_and_their_gradients(name, size, window, numbers):
    function, results = getattr(torch.nn.functional, name), []
    given = [torch.randn(*size), torch.randn(*window), torch.randn(6 if "transpose" in name else window[0])]
    for where in ("cpu", "cuda"):
        own = [one.clone().to(where).requires_grad_() for one in given]
        y = function(*own, **numbers)
        (y * y.detach()).sum().backward()
        results.append([y.detach(), *[one.grad for one in own]])
    for expected, found in zip(*results):
        np.testing.assert_allclose(found.cpu().numpy(), expected.numpy(), rtol=1e-4, atol=1e-4)


def test_in_place_and_out():
    x, out = torch.ones(2, 3, device="cuda"), torch.empty(0, device="cuda")
    assert torch.add(x, 1, out=out) is out and out.tolist() == [[2.0] * 3] * 2
    x.mul_(out).add_(torch.tensor(1.0)).t().sub_(on("cuda", [1.0, 2.0]))
    assert x.tolist() == [[2.0] * 3, [1.0] * 3] and x._version == 4
    with pytest.raises(RuntimeError, match="on the same device.*cuda:0 and cpu"):
        torch.add(x, 1, out=torch.empty(2, 3))


def test_devices_do_not_mix():
    x = torch.ones(2, device="cuda")
    for other in (torch.ones(2), torch.ones(2, device="cuda:1")):
        with pytest.raises(RuntimeError, match="expected all tensors to be on the same device"):
            x + other
        with pytest.raises(RuntimeError, match="same device"):
            torch.cat([x, other])
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.ones(1, device="cuda:2")


def test_an_operation_without_a_kernel_says_so():
    with pytest.raises(RuntimeError, match="pivoted_cholesky has no kernel for cuda.*devices that have one: cpu"):
        torch.pstrf(torch.ones(2, 2, device="cuda"))


def test_other_devices_are_used_where_another_is_current():
    x = torch.arange(4.0, device="cuda:1")
    y = (x.reshape(2, 2) @ x.reshape(2, 2).t()).relu().sum(0)
    assert y.device == torch.device("cuda:1") and y.tolist() == [4.0, 16.0] and torch.cuda.current_device() == 0
    x[1:] = x[:-1].clone()
    assert x.to("cuda:0").tolist() == [0.0, 0.0, 1.0, 2.0] and x.half().float().fill_(2).cpu().sum() == 8
    with torch.cuda.device(1):
        assert torch.ones(1, device="cuda").device.index == 1


def test_the_names_of_torch_cuda():
    assert torch.cuda.is_available() and torch.cuda.device_count() == 2 and torch.cuda.get_device_capability(1) == (9, 0)
    assert torch.cuda.get_device_name("cuda:0") == "Simulated device"
    before = torch.cuda.memory_allocated()
    x = torch.empty(1000, device="cuda")
    assert torch.cuda.memory_allocated() - before == 4000
    torch.cuda.reset_max_memory_allocated()
    del x
    assert torch.cuda.memory_allocated() == before and torch.cuda.max_memory_allocated() == before + 4000
    assert torch.cuda.max_memory_cached() >= torch.cuda.memory_cached() == before
    with torch.cuda.stream(torch.cuda.Stream()) as _:
        assert torch.cuda.current_stream() != torch.cuda.default_stream()
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    end.record()
    end.synchronize()
    assert start.elapsed_time(end) >= 0 and end.query() and torch.cuda.current_stream().query()
    with pytest.raises(RuntimeError, match="enable_timing"):
        start.elapsed_time(torch.cuda.Event())
    with pytest.raises(ValueError, match="expected a cuda device"):
        torch.cuda.set_device("cpu")
    assert torch.cuda.nvtx.range_push("a") == 0 and torch.cuda.nvtx.range_pop() == 0


def test_random_states_of_devices():
    torch.manual_seed(5)
    expected = torch.rand(6)
    torch.manual_seed(5)
    first = torch.rand(6, device="cuda")
    np.testing.assert_allclose(first.cpu().numpy(), expected.numpy(), rtol=1e-6)       # the stream of a seed is the same everywhere
    state = torch.cuda.get_rng_state()
    a = torch.randn(3, device="cuda")
    torch.cuda.set_rng_state(state)
    assert torch.equal(torch.randn(3, device="cuda"), a) and torch.cuda.initial_seed() == 5
    torch.cuda.manual_seed_all(6)
    assert torch.cuda.initial_seed() == 6 and torch.initial_seed() == 5 and len(torch.cuda.get_rng_state_all()) == 2


def test_comm():
    comm, x = torch.cuda.comm, torch.arange(6.0).reshape(3, 2)
    parts = comm.scatter(x, [0, 1])
    assert [part.device.index for part in parts] == [0, 1] and parts[1].tolist() == [[4.0, 5.0]]
    assert torch.equal(comm.gather(parts, destination=-1), x) and comm.gather(parts).device.index == 0
    copies = comm.broadcast(x, [1, 0])
    assert comm.reduce_add(copies, 1).tolist() == (x * 2).tolist()
    assert [[one.device.index for one in group] for group in comm.broadcast_coalesced([x, x], [0, 1])] == [[0, 0], [1, 1]]
    with pytest.raises(ValueError, match="chunk sizes"):
        comm.scatter(x, [0, 1], [1, 1])


def test_the_own_kernel_of_the_example(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "examples"))
    from own_kernel import bump

    x = torch.linspace(-1, 1, 5, dtype=torch.float64)
    results = []
    for where in ("cpu", "cuda"):
        own = x.clone().to(where).requires_grad_()
        y = bump(own, 0.5)
        y.sum().backward()
        results.append((y.detach().cpu().numpy(), own.grad.cpu().numpy()))
    np.testing.assert_allclose(results[1], results[0], rtol=1e-14)


def test_a_kernel_is_found_by_where_its_arrays_are():
    x = torch.arange(8.0, device="cuda").reshape(1, 2, 4)
    values, places = torch.max_pool2d(x, 2, return_indices=True) if hasattr(torch, "max_pool2d") else \
        torch.nn.functional.max_pool2d(x, 2, return_indices=True)
    assert values.tolist() == [[[5.0, 7.0]]] and places.tolist() == [[[5, 7]]]
    assert "max_pool2d" in cupy_double.state.launches and "max_pool2d" in table.names("cuda")


def test_the_double_has_no_names_that_cupy_lacks():
    script = ("import importlib.util as u, sys\nif u.find_spec('cupy') is None: sys.exit(7)\nimport cupy\nfor name in sys.argv[1:]:\n"
              "    one = cupy\n    for part in name.split('.'): one = getattr(one, part)\n")
    ended = subprocess.run([sys.executable, "-c", script, *cupy_double.names_used()], capture_output=True, text=True)
    if ended.returncode == 7:
        pytest.skip("CuPy is not installed")
    assert ended.returncode == 0, ended.stderr


def test_legacy_types():
    x = torch.cuda.FloatTensor([1, 2])
    assert x.is_cuda and x.tolist() == [1.0, 2.0] and isinstance(x, torch.cuda.FloatTensor) and not isinstance(x, torch.FloatTensor)
    assert torch.cuda.LongTensor(2, 3).type() == "torch.cuda.LongTensor"
    assert x.type("torch.DoubleTensor").type() == "torch.DoubleTensor" and x.cpu().type(torch.cuda.HalfTensor).type() == "torch.cuda.HalfTensor"
    assert x.to("cuda:1").type(torch.cuda.DoubleTensor).device.index == 1 and x.type(torch.float64).is_cuda
    with torch.cuda.profiler.profile():
        assert x.sum().item() == 3


def test_the_accelerator_is_cuda():
    accelerator = torch.accelerator
    assert accelerator.is_available() and accelerator.current_accelerator() == torch.device("cuda")
    assert accelerator.device_count() == torch.cuda.device_count() == 2 and accelerator.current_device_index() == 0
    with accelerator.device_index(1):
        assert accelerator.current_device_index() == 1 == accelerator.current_device_idx()
        with accelerator.device_index(None):
            assert accelerator.current_device_index() == 1
    assert accelerator.current_device_index() == 0
    accelerator.set_device_index("cuda:1")
    assert torch.cuda.current_device() == 1
    accelerator.set_device_index(0)
    accelerator.set_device_index(None)
    accelerator.synchronize()
    assert torch.float16 in accelerator.get_device_capability()["supported_dtypes"]
    with pytest.raises(ValueError, match="doesn't match the current accelerator cuda"):
        accelerator.synchronize("cpu")


def test_memory_of_the_accelerator():
    accelerator = torch.accelerator
    before = accelerator.memory_allocated()
    accelerator.reset_peak_memory_stats()
    x = torch.zeros(1024, device="cuda")
    assert accelerator.memory_allocated() == before + x.nbytes == torch.cuda.memory_allocated()
    assert accelerator.memory_reserved() >= x.nbytes and accelerator.max_memory_reserved("cuda:0") >= x.nbytes
    stats = accelerator.memory_stats()
    assert stats["allocated_bytes.all.current"] == accelerator.memory_allocated() <= stats["allocated_bytes.all.peak"]
    assert stats["allocated_bytes.all.peak"] == accelerator.max_memory_allocated(0)
    free, total = accelerator.get_memory_info()
    assert 0 < free < total and torch.cuda.mem_get_info() == (free, total)
    accelerator.empty_cache()
    accelerator.empty_host_cache()
    accelerator.reset_accumulated_memory_stats()


def test_streams_of_the_accelerator():
    before, stream = torch.accelerator.current_stream(), torch.cuda.Stream()
    torch.accelerator.set_stream(stream)
    try:
        assert torch.accelerator.current_stream() == stream == torch.cuda.current_stream()
    finally:
        torch.cuda.set_stream(before)
    torch.cuda.set_stream(None)
    with pytest.raises(TypeError, match="expected a Stream"):
        torch.accelerator.set_stream(None)


def test_a_full_device_has_an_error_of_its_own(device, monkeypatch):
    def full(*args):
        raise MemoryError("Out of memory allocating 4,096 bytes")

    monkeypatch.setattr(device, "empty", full)
    with pytest.raises(torch.cuda.OutOfMemoryError, match="CUDA out of memory: Out of memory allocating"):
        torch.empty(1024, device="cuda")
    assert torch.OutOfMemoryError is torch.cuda.OutOfMemoryError and issubclass(torch.OutOfMemoryError, RuntimeError)


def test_the_module_of_the_device():
    assert torch.get_device_module() is torch.cuda is torch.get_device_module("cuda:1")
    torch.get_device_module(torch.ones(1, device="cuda").device).synchronize()
