"""Every kernel of CUDA gives the right numbers in the simulator; and the simulator finds what it is there to find."""
import copy

import numpy as np
import pytest

pytest.importorskip("greenlet", reason="the simulator of CUDA needs greenlet")

import cupy_double  # noqa: E402
from cuda_cases import CASES, LIBRARY_CASES  # noqa: E402
from simulator import BarrierError, simulated  # noqa: E402

from nb_nn.kernels import table  # noqa: E402
from nb_nn.kernels.cuda.launch import Kernel, cuda  # noqa: E402


@pytest.mark.parametrize("case", [case for case in CASES if case.expected], ids=lambda case: case.name)
def test_kernel_gives_the_right_numbers_in_any_order_of_threads(case):
    first = None
    for seed in range(2):
        args = copy.deepcopy(case.args)
        with simulated(seed):
            case.kernel(*args)
        results = args[-len(case.expected):]
        for result, expected in zip(results, case.expected):
            np.testing.assert_allclose(result, np.broadcast_to(expected, result.shape), rtol=case.tolerance, atol=case.tolerance)
        bits = [result.tobytes() for result in results]
        first = first or bits
        assert bits == first or case.atomic


@pytest.mark.parametrize("case", LIBRARY_CASES, ids=lambda case: case.name)
def test_kernel_with_library_calls_gives_the_right_numbers(case):
    with cupy_double.playing() as cupy:
        args = [cupy.asarray(arg) if isinstance(arg, np.ndarray) else arg for arg in case.args]
        returned = case.kernel(*args)
    results = args[-len(case.expected):] if returned is None else returned if isinstance(returned, tuple) else (returned,)
    for result, expected in zip(results, case.expected, strict=True):
        np.testing.assert_allclose(result.get(), expected, rtol=case.tolerance, atol=case.tolerance)


@pytest.mark.parametrize("case", [case for case in CASES if not case.expected], ids=lambda case: case.name)
def test_random_numbers_are_those_of_the_cpu(case):
    *inputs, out = case.args
    out, expected = out.copy(), out.copy()
    table.find("cpu", case.kernel.name).serial(*inputs, expected)
    with simulated():
        case.kernel(*inputs, out)
    np.testing.assert_allclose(out, expected, rtol=1e-6 if out.dtype == "f" else 1e-14, atol=1e-7)


def run(function, *args, threads=64, seed=0):
    with simulated(seed):
        Kernel(function, geometry=lambda *args: ((2, 1, 1), (threads, 1, 1)))(*args)


def test_shared_memory_and_barrier_exchange_between_threads():
    def reverse(out):
        shared = cuda.shared.array(64, np.float32)
        other = cuda.shared.array(64, np.float32)
        shared[cuda.threadIdx.x], other[cuda.threadIdx.x] = cuda.threadIdx.x, 0
        cuda.syncthreads()
        out[cuda.grid(1)] = shared[63 - cuda.threadIdx.x]
    out = np.empty(128, np.float32)
    run(reverse, out)
    assert (out == np.tile(np.arange(64)[::-1], 2)).all()


def test_a_missing_barrier_shows():
    def unsafe(out):
        shared = cuda.shared.array(64, np.float32)
        shared[cuda.threadIdx.x] = cuda.threadIdx.x
        out[cuda.grid(1)] = shared[63 - cuda.threadIdx.x]
    out = np.empty(128, np.float32)
    run(unsafe, out)
    assert np.isnan(out).any()


def test_threads_that_skip_a_barrier_are_an_error():
    def skipping(out):
        if cuda.threadIdx.x < 40:
            cuda.syncthreads()
        out[cuda.grid(1)] = 1
    with pytest.raises(BarrierError, match="40 wait at syncthreads in line .*24 have ended"):
        run(skipping, np.empty(128))


def test_threads_at_different_barriers_are_an_error():
    def split(out):
        if cuda.threadIdx.x < 40:
            cuda.syncthreads()
        else:
            cuda.syncthreads()
    with pytest.raises(BarrierError, match="disagree"):
        run(split, np.empty(128))


def test_a_warp_operation_without_its_partners_is_an_error():
    def lonely(out):
        if cuda.threadIdx.x < 7:
            out[cuda.grid(1)] = cuda.shfl_down_sync(0xFFFFFFFF, 1.0, 1)
    with pytest.raises(BarrierError):
        run(lonely, np.empty(128))


def test_warp_operations():
    def operations(sums, votes, moved):
        value = cuda.laneid
        for distance in (16, 8, 4, 2, 1):
            value += cuda.shfl_xor_sync(0xFFFFFFFF, value, distance)
        sums[cuda.grid(1)] = value
        votes[cuda.grid(1)] = cuda.ballot_sync(0xFFFFFFFF, cuda.laneid % 2 == 0)
        moved[cuda.grid(1)] = cuda.shfl_up_sync(0xFFFFFFFF, cuda.laneid, 3)
        cuda.syncwarp()
    sums, votes, moved = np.empty(128), np.empty(128, np.int64), np.empty(128)
    run(operations, sums, votes, moved)
    assert (sums == 31 * 16).all() and (votes == 0x55555555).all()
    assert moved[:6].tolist() == [0, 1, 2, 0, 1, 2]


def test_votes_of_a_block():
    def count(out):
        out[cuda.grid(1)] = cuda.syncthreads_count(cuda.threadIdx.x < 5) + 100 * cuda.syncthreads_and(cuda.threadIdx.x < 5)
    out = np.empty(128)
    run(count, out)
    assert (out == 5).all()


def test_an_index_outside_an_array_is_an_error():
    def outside(out):
        out[cuda.grid(1) - 1] = 0
    with pytest.raises(IndexError, match="index -1 is outside an array of shape"):
        run(outside, np.empty(128))


def test_atomic_addition():
    def add(out):
        cuda.atomic.add(out, 0, 2)
    out = np.zeros(1)
    run(add, out)
    assert out[0] == 256


def test_cuda_is_only_for_kernels():
    with pytest.raises(AttributeError, match="in kernels only"):
        cuda.grid(1)

