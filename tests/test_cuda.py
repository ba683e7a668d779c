"""``nb_nn.cuda`` without a device; what needs one is tested in kernels/cuda/test_tensors.py."""
import pytest

import nb_nn as torch

without = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")


@without
def test_seeds_are_ignored_without_a_device():
    for function in (torch.cuda.manual_seed, torch.cuda.manual_seed_all):
        assert function(3) is None
    torch.cuda.seed()
    torch.cuda.seed_all()
    torch.cuda.empty_cache()
    assert torch.cuda.get_rng_state_all() == [] and torch.cuda.device_count() == 0
    torch.cuda.set_device(-1)
    with torch.cuda.device(None), torch.cuda.device_of(torch.ones(1)), torch.cuda.stream(None):
        pass


@without
@pytest.mark.parametrize("call", [
    torch.cuda.init, torch.cuda.current_device, torch.cuda.synchronize, torch.cuda.memory_allocated, torch.cuda.max_memory_cached,
    torch.cuda.get_device_name, torch.cuda.get_device_capability, torch.cuda.initial_seed, torch.cuda.get_rng_state, torch.cuda.Stream,
    torch.cuda.Event, torch.cuda.current_stream, torch.cuda.default_stream, torch.cuda.current_blas_handle,
    lambda: torch.cuda.set_device(0), lambda: torch.cuda.nvtx.mark("x"), lambda: torch.cuda.nvtx.range_push("x"),
    lambda: torch.cuda.comm.broadcast(torch.ones(1), [0]), lambda: torch.cuda.comm.gather([torch.ones(1)]),
    lambda: torch.ones(1).cuda(), lambda: torch.ones(1, device="cuda")])
def test_all_else_says_why_there_is_no_device(call):
    with pytest.raises(RuntimeError, match="needs CUDA, which cannot be used here: "):
        call()


@without
@pytest.mark.parametrize("name", ["Bool", "Byte", "Char", "Short", "Int", "Long", "Half", "BFloat16", "Float", "Double"])
def test_legacy_types_of_cuda_need_a_device(name):
    kind = getattr(torch.cuda, name + "Tensor")
    assert repr(kind) == f"<class 'torch.cuda.{name}Tensor'>" and kind.dtype is getattr(torch, name + "Tensor").dtype
    assert not isinstance(torch.ones(1, dtype=kind.dtype), kind)
    for call in (kind, lambda: kind(2, 3), lambda: kind([1]), lambda: torch.ones(1).type(kind), lambda: torch.ones(1).type(f"torch.cuda.{name}Tensor")):
        with pytest.raises(RuntimeError, match="needs CUDA, which cannot be used here: "):
            call()


@without
def test_the_profiler_of_cuda_needs_a_device():
    profiler = torch.cuda.profiler
    for call in (profiler.start, profiler.stop, lambda: profiler.profile().__enter__()):
        with pytest.raises(RuntimeError, match="needs CUDA, which cannot be used here: "):
            call()


@without
def test_the_accelerator_is_not_there():
    accelerator = torch.accelerator
    assert not accelerator.is_available() and accelerator.current_accelerator() is None and accelerator.device_count() == 0
    with accelerator.device_index(None):
        accelerator.set_device_index(None)
    for name in ("current_device_index", "current_stream", "empty_cache", "empty_host_cache", "get_device_capability", "get_memory_info",
                 "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved", "memory_stats",
                 "reset_accumulated_memory_stats", "reset_peak_memory_stats", "synchronize"):
        with pytest.raises(RuntimeError, match=f"{name}: Cannot access accelerator device when none is available"):
            getattr(accelerator, name)()
    with pytest.raises(RuntimeError, match="none is available"):
        accelerator.set_device_index(0)
    with pytest.raises(RuntimeError, match="none is available"), accelerator.device_index(0):
        pass
