"""Indices of arrays of `nb_nn.array_api` against NumPy's, and what the standard refuses."""
import numpy as np
import pytest

import nb_nn as torch
from nb_nn import array_api as xp


def any_slice(random, size):
    start, stop = (None if random.random() < 0.3 else int(random.integers(-size - 2, size + 3)) for _ in range(2))
    return slice(start, stop, None if random.random() < 0.2 else int(random.choice([-3, -2, -1, 1, 2])))


def any_key(random, shape):
    """Slices, integers, None and Ellipsis; or slices and an array of integers; or arrays and integers alone."""
    form = random.choice(["basic", "one array", "arrays"], p=[0.7, 0.2, 0.1])
    if form == "arrays":
        return tuple(int(random.integers(-size, size)) if random.random() < 0.3 else random.integers(-size, size, (2, 1) if random.random() < 0.5 else 3)
                     for size in shape)
    key = [any_slice(random, size) for size in shape]
    place = int(random.integers(len(shape)))
    if form == "one array":
        key[place] = random.integers(-shape[place], shape[place], 4)
        return tuple(key)
    for place, size in enumerate(shape):
        if random.random() < 0.3:
            key[place] = int(random.integers(-size, size))
    if random.random() < 0.4:
        key[place] = ...
    for _ in range(int(random.integers(3))):
        key.insert(int(random.integers(len(key) + 1)), None)
    return key[0] if len(key) == 1 else tuple(key)


def as_arrays(key):
    return tuple(xp.asarray(one) if isinstance(one, np.ndarray) else one for one in key) if isinstance(key, tuple) else key


@pytest.mark.parametrize("shape", [(6,), (3, 4), (2, 3, 5), (1, 0, 2)], ids=str)
def test_keys_select_what_numpy_selects(shape):
    random = np.random.default_rng(len(shape))
    for _ in range(300):
        array = random.integers(0, 100, shape)
        key = any_key(random, shape) if 0 not in shape else tuple(any_slice(random, size) for size in shape)
        x, expected = xp.asarray(array, copy=True), array[key]
        made = x[as_arrays(key)]
        assert type(made) is xp.Array and made.dtype is xp.int64 and made.shape == expected.shape and made.tolist() == expected.tolist(), key


@pytest.mark.parametrize("shape", [(6,), (3, 4), (2, 3, 5)], ids=str)
def test_keys_write_where_numpy_writes(shape):
    random = np.random.default_rng(len(shape))
    for _ in range(300):
        array, key = random.integers(0, 100, shape), any_key(random, shape)
        size = array[key].shape
        value = random.integers(100, 200, size[1:] if random.random() < 0.3 else size)
        if isinstance(key, tuple) and any(isinstance(one, np.ndarray) for one in key) or random.random() < 0.2:
            value = 7                   # places may be named twice
        x, same = xp.asarray(array, copy=True), xp.asarray(array)
        array[key] = value
        x[as_arrays(key)] = value if isinstance(value, int) else xp.asarray(value)
        assert x.tolist() == array.tolist() == same.tolist(), key


def test_views_are_written_through_and_overlaps_count_as_they_were():
    x = xp.asarray([0, 1, 2, 3, 4, 5])
    part = x[1:5]
    part[::-1] = part
    assert x.tolist() == [0, 4, 3, 2, 1, 5]
    x[4::-2] = xp.asarray(9)
    assert x.tolist() == [9, 4, 9, 2, 9, 5] and x[::2].data_ptr() == x.data_ptr()
    x[::-1][0] = 100                    # reversed elements are a copy
    assert x[5] == 5
    with pytest.raises(RuntimeError):
        x[::-1] = xp.asarray([1, 2])
    assert x.tolist() == [9, 4, 9, 2, 9, 5]


def test_masks():
    x = xp.reshape(xp.arange(6), (2, 3))
    assert x[x > 3].tolist() == [4, 5] and x[xp.asarray([False, True])].tolist() == [[3, 4, 5]]
    assert x[xp.asarray(True)].tolist() == [x.tolist()] and x[xp.asarray(False)].shape == (0, 2, 3) and xp.asarray(5)[xp.asarray(True)].tolist() == [5]
    for sizes, expected in (((0,), (0, 3)), ((0, 3), (0,)), ((2, 0), (0,)), ((0, 0), (0,))):
        mask = xp.zeros(sizes, dtype=xp.bool)
        assert x[mask].shape == expected and x[mask].dtype is xp.int64
        x[mask] = 9
        assert 9 not in x
    for sizes in ((3,), (2, 2), (2, 3, 1), (0, 2), (2, 3, 0), (1, 0)):
        for call in (lambda m: x[m], lambda m: x.__setitem__(m, 1)):
            with pytest.raises(IndexError):
                call(xp.zeros(sizes, dtype=xp.bool))
    x[x > 3] = xp.asarray(0)
    assert x.tolist() == [[0, 1, 2], [3, 0, 0]]
    assert x[::-1, xp.asarray([True, False, True])].tolist() == [[3, 0], [0, 2]]


@pytest.mark.parametrize("kind", [xp.int8, xp.uint8, xp.int32, xp.uint16, xp.uint64, xp.int64])
def test_indices_of_any_integer_type(kind):
    x, places = xp.asarray([10, 11, 12]), xp.asarray([2, 0], dtype=kind)
    assert x[places].tolist() == [12, 10] and x[places[0]].tolist() == 12 and x[(places,)].tolist() == [12, 10] and x[places[1]:places[0]].tolist() == [10, 11]
    x[places] = xp.asarray([1, 2])
    assert x.tolist() == [2, 11, 1] and x[xp.asarray(1, dtype=kind), ...].shape == ()
    assert torch.tensor([10, 11])[torch.tensor([1, 0], dtype=torch.uint8)].tolist() == [10]         # a tensor's uint8 is a mask


@pytest.mark.parametrize("key", [3, -4, (0, 0), (..., ...), (..., slice(None, None, -1), ...), (slice(None, None, -1), 0), (None, 0, 0), (5, None), 0.5,
                                 (slice(None, None, -1), slice(None)), ([0, 3],)], ids=str)
def test_wrong_keys(key):
    x = xp.asarray([1, 2, 3])
    with pytest.raises(IndexError):
        x[key]
    with pytest.raises(IndexError):
        x[key] = 0
    assert x.tolist() == [1, 2, 3]


def test_wrong_keys_of_arrays_without_dimensions():
    x = xp.asarray(1.0)
    assert x[()].tolist() == 1 and x[...].shape == () and x[None].shape == (1,) and x[None, ..., None].shape == (1, 1)
    for key in (0, slice(None), slice(None, None, -1), (0, ...)):
        with pytest.raises(IndexError):
            x[key]
    with pytest.raises(ValueError, match="zero"):
        xp.ones(2)[::0]


def test_written_numbers_keep_the_type():
    for kind, number in ((xp.float32, 2), (xp.complex64, 2.5), (xp.uint8, 200), (xp.bool, True)):
        x = xp.zeros(3, dtype=kind)
        x[::-2] = number
        x[1] = xp.asarray(number, dtype=kind)
        assert x.dtype is kind and xp.all(x == number)
