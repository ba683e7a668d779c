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
