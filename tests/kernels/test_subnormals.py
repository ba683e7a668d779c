"""Subnormal numbers are taken as zero where that was asked for, in every thread, and nowhere else."""
import platform
import threading

import numpy as np
import pytest

import nb_nn as torch
from nb_nn.kernels import compile, threads

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the mode is one of x86 processors")
TINY = 1e-310


@pytest.fixture
def flushing():
    assert torch.set_flush_denormal(True) is True
    yield
    assert torch.set_flush_denormal(False) is True


@pytest.mark.parametrize("size", [3, 8 * compile.SERIAL_BELOW])
def test_results_of_kernels_are_zero_in_every_thread(flushing, size):
    smallest = torch.full((size,), 2.3e-308, dtype=torch.float64)
    assert not (smallest * 0.5).any() and (smallest * 2 == 4.6e-308).all()
    torch.set_flush_denormal(False)
    assert (smallest * 0.5 == 1.15e-308).all()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_for_any_number_of_threads(number):
    before = threads.count
    torch.set_num_threads(number)
    try:
        torch.set_flush_denormal(True)
        smallest = torch.full((8 * compile.SERIAL_BELOW,), 2.3e-308, dtype=torch.float64)
        assert not (smallest * 0.5).any()
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)
    assert (smallest * 0.5 != 0).all()


def test_numpy_follows_in_the_calling_thread_and_in_threads_it_starts(flushing):
    found = []
    thread = threading.Thread(target=lambda: found.append((np.array([TINY]) * 1)[0]))
    thread.start()
    thread.join()
    assert (np.array([TINY]) * 1)[0] == 0 == found[0]


def test_subnormal_numbers_count_by_default():
    assert (torch.tensor([TINY], dtype=torch.float64) * 1).item() == TINY


def test_only_a_bool_is_a_mode():
    with pytest.raises(RuntimeError, match="expects a bool"):
        torch.set_flush_denormal(1)
