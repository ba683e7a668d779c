"""The cache of large blocks: reuse, limit, statistics; views keep their block; threads."""
import gc
import threading

import numpy as np
import pytest

import nb_nn as torch
from nb_nn.core import memory

LARGE = memory.SMALLEST // 4 * 3        # elements of a float32 tensor of three blocks of the smallest kind
BYTES = np.dtype(np.uint8)


@pytest.fixture(autouse=True)
def _fresh():
    limit = memory.stats()["limit"]
    gc.collect()
    memory.empty_cache()
    yield
    memory.set_limit(limit)


def test_a_block_is_used_again():
    x = torch.empty(LARGE)
    place = x.data_ptr()
    held, hits = memory.stats()["held"], memory.stats()["hits"]
    del x
    assert memory.stats()["held"] > held
    y = torch.empty(LARGE)
    assert y.data_ptr() == place and memory.stats()["hits"] == hits + 1 and memory.stats()["held"] == held


@pytest.mark.parametrize("view", [lambda x: x[5:], lambda x: x.view(3, -1)[1], lambda x: x.numpy()[7:], lambda x: x.detach(), lambda x: x.storage()
                                  if hasattr(x, "storage") else x.data, lambda x: x.view(torch.uint8), lambda x: memoryview(x.numpy())])
def test_views_keep_their_block(view):
    x = torch.empty(LARGE)
    place = x.data_ptr()
    kept = view(x)
    del x
    gc.collect()
    y = torch.empty(LARGE)
    assert y.data_ptr() != place
    del kept
    gc.collect()
    assert torch.empty(LARGE).data_ptr() == place


def test_small_tensors_do_not_pass_the_cache():
    before = memory.stats()
    for _ in range(10):
        torch.empty(100)
    after = memory.stats()
    assert (before["hits"], before["misses"], before["held"]) == (after["hits"], after["misses"], after["held"])


def test_statistics():
    memory.reset_peak()
    start = memory.stats()["in_use"]
    x = torch.empty(LARGE)
    size = memory.stats()["in_use"] - start
    assert LARGE * 4 <= size <= LARGE * 4 * 1.13 + 4096
    del x
    assert memory.stats()["in_use"] == start and memory.stats()["peak"] == start + size
    memory.reset_peak()
    assert memory.stats()["peak"] == start


def test_the_limit_holds_and_zero_turns_the_cache_off():
    memory.set_limit(LARGE * 5)
    blocks = [memory.empty((LARGE * 4,), BYTES) for _ in range(3)]
    del blocks
    assert 0 < memory.stats()["held"] <= LARGE * 5
    memory.set_limit(0)
    assert memory.stats()["held"] == 0
    memory.empty((LARGE * 4,), BYTES)
    assert memory.stats()["held"] == 0


def test_a_used_block_is_clean_where_zeros_are_asked_for():
    torch.ones(LARGE)
    assert not torch.zeros(LARGE).bool().any()
    assert not memory.zeros((LARGE,), np.dtype(np.float32)).any()


@pytest.mark.parametrize("shape", [(LARGE,), (3, LARGE // 3), (0, LARGE), (), (7,)])
def test_arrays_are_contiguous_writable_and_of_the_size_asked_for(shape):
    for kind in (np.float32, np.bool_, np.complex128):
        array = memory.empty(shape, np.dtype(kind))
        assert array.shape == shape and array.dtype == kind and array.flags.c_contiguous and array.flags.writeable and array.flags.aligned
        array[...] = 1


def test_threads_share_the_cache_without_sharing_blocks():
    failures = []

    def work(number):
        for _ in range(60):
            x, y = torch.full((LARGE,), float(number)), torch.full((LARGE,), float(-number))
            if not ((x == number).all() and (y == -number).all()):
                failures.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_more_than_there_is_raises_and_leaves_the_statistics_right():
    before = memory.stats()["in_use"]
    with pytest.raises(RuntimeError, match="not enough memory: you tried to allocate"):
        torch.empty(1 << 60)
    assert memory.stats()["in_use"] == before
