"""Sizes and strides against NumPy's, over random cases."""
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb_nn.core import geometry

shapes = st.lists(st.integers(0, 4), max_size=5).map(tuple)
full_shapes = st.lists(st.integers(1, 4), max_size=5).map(tuple)


@st.composite
def strided_arrays(draw, empty=True):
    """An array of any layout that slicing, transposing and broadcasting give, whose elements are their places in memory."""
    shape = draw(shapes if empty else full_shapes)
    array = np.arange(math.prod(size * 2 for size in shape)).reshape([size * 2 for size in shape])
    for d in range(len(shape)):
        choice = draw(st.integers(0, 2))
        part = [slice(0, shape[d]), slice(0, 2 * shape[d], 2), slice(0, None)][choice]
        array = array[(slice(None),) * d + (part,)]
    array = array.transpose(draw(st.permutations(range(len(shape)))))
    if draw(st.booleans()):
        array = np.broadcast_to(array, (draw(st.integers(1, 3)), *array.shape))
    return array


def steps(array):
    return tuple(step // array.itemsize for step in array.strides)


def factors(draw, count):
    """A random size of so many elements."""
    size = []
    while count > 1:
        divisors = [d for d in range(1, count + 1) if count % d == 0]
        size.append(draw(st.sampled_from(divisors)))
        count //= size[-1]
        if size[-1] == 1 and draw(st.booleans()):
            size.append(count)
            count = 1
    return tuple(size)


@given(st.data())
def test_a_view_exists_exactly_where_numpy_needs_no_copy(data):
    array = data.draw(strided_arrays(empty=False))
    size = factors(data.draw, array.size)
    stride = geometry.view_strides(array.shape, steps(array), size)
    expected = array.reshape(size)
    if not np.shares_memory(expected, array):
        expected = None
    if stride is None:
        assert expected is None
        return
    assert len(stride) == len(size)
    made = np.lib.stride_tricks.as_strided(array, size, [step * array.itemsize for step in stride])
    np.testing.assert_array_equal(made, array.reshape(size))


@given(st.lists(full_shapes, min_size=1, max_size=3))
def test_shapes_broadcast_as_numpys(sizes):
    try:
        expected = np.broadcast_shapes(*sizes)
    except ValueError:
        with pytest.raises(RuntimeError, match="must match the size"):
            geometry.broadcast_shapes(*sizes)
    else:
        assert geometry.broadcast_shapes(*sizes) == expected


@given(shapes)
def test_contiguous_strides_are_those_of_an_array(shape):
    expected = steps(np.empty([max(size, 1) for size in shape], np.int8))
    assert geometry.contiguous_strides(shape) == expected


@given(strided_arrays(), strided_arrays())
def test_merged_dimensions_reach_the_same_places(first, second):
    arrays = [first] if first.shape != second.shape else [first, second]
    if first.size == 0:
        return
    sizes, kept = geometry.collapse(first.shape, [steps(array) for array in arrays])
    assert math.prod(sizes) == first.size and 1 not in sizes
    for array, strides in zip(arrays, kept):
        merged = np.lib.stride_tricks.as_strided(array, sizes, [step * array.itemsize for step in strides])
        np.testing.assert_array_equal(merged.ravel(), array.ravel())


@given(strided_arrays())
def test_memory_order_sorts_the_strides(array):
    order = geometry.memory_order(array.shape, [steps(array)])
    assert sorted(order) == list(range(array.ndim))
    told = [steps(array)[d] for d in order if steps(array)[d]]
    assert told == sorted(told, reverse=True)


@given(strided_arrays())
def test_density_and_overlap(array):
    places = array.ravel()
    dense = geometry.is_dense(array.shape, steps(array))
    distinct = len(set(places.tolist())) == array.size
    if array.size > 1:
        assert dense == (distinct and places.max() - places.min() + 1 == array.size)
        assert geometry.overlaps_itself(array.shape, steps(array)) == (not distinct)


@given(st.integers(0, 30), shapes)
def test_one_size_is_inferred(count, shape):
    size = (*shape, -1)
    known = math.prod(shape)
    if known and count % known == 0:
        assert geometry.infer_size(size, count) == (*shape, count // known)
    else:
        with pytest.raises(RuntimeError, match="invalid for input|ambiguous"):
            geometry.infer_size(size, count)


@given(st.integers(0, 5), st.integers(-8, 8))
def test_dims_count_from_either_end(ndim, dim):
    size = max(ndim, 1)
    if -size <= dim < size:
        assert geometry.wrap_dim(dim, ndim) == dim % size
    else:
        with pytest.raises(IndexError, match="Dimension out of range"):
            geometry.wrap_dim(dim, ndim)


def test_several_dims():
    assert geometry.wrap_dims(None, 3) == (0, 1, 2) and geometry.wrap_dims((-1, 0), 3) == (2, 0) and geometry.wrap_dims(1, 3) == (1,)
    with pytest.raises(RuntimeError, match="multiple times"):
        geometry.wrap_dims((0, -3), 3)
    with pytest.raises(TypeError, match="must be an int"):
        geometry.wrap_dim(1.5, 3)


def test_windows_that_fit():
    for length, window, stride, pad, dilation in itertools.product(range(1, 9), (1, 2, 3), (1, 2, 3), (0, 1), (1, 2)):
        reach = dilation * (window - 1) + 1
        if length + 2 * pad < reach:
            continue
        starts = [start for start in range(-pad, length + pad, stride) if start + reach <= length + pad]
        assert geometry.window_count(length, window, stride, pad, dilation) == len(starts)
        if 2 * pad <= window:
            more = [start for start in range(-pad, length, stride) if start - stride + reach < length + pad or start == -pad]
            assert geometry.window_count(length, window, stride, pad, dilation, True) == len(more)


def test_sizes_one_by_one_or_as_a_sequence():
    assert geometry.sizes_of((2, 3)) == geometry.sizes_of(((2, 3),)) == geometry.sizes_of(([np.int64(2), 3],)) == (2, 3)
    with pytest.raises(TypeError, match="got float"):
        geometry.sizes_of((2.5,))
