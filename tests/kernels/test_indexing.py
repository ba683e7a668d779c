import itertools

import numpy as np
import pytest

from nb_nn.kernels.cpu import indexing

TWINS = ["serial", "parallel"]
generator = np.random.default_rng(0)
SHAPES = [(1, 6, 1), (3, 6, 1), (2, 6, 5), (1, 40, 100), (1, 9, 0), (0, 4, 2)]


def call(made, twin, *args):
    getattr(made, twin)(*args)
    return args[-1]


@pytest.mark.parametrize("twin", TWINS)
def test_reverse_rows(twin):
    for shape in ((3, 5), (1, 20000), (2, 0), (0, 3), (4, 1)):
        x = generator.integers(0, 1 << 30, shape).astype("u4")
        np.testing.assert_array_equal(call(indexing.reverse_rows, twin, x, np.zeros_like(x)), x[:, ::-1])


@pytest.mark.parametrize("twin", TWINS)
def test_first_out_of_range(twin):
    found = np.empty(1, "l")
    index = np.tile(np.arange(-5, 5), 2000)
    for wrong, position in ((5, 17), (-6, 12345), (1 << 62, 19999), (-1 << 63, 0)):
        changed = index.copy()
        changed[position:] = np.where(np.arange(len(index) - position) % 100 == 0, wrong, changed[position:])
        assert call(indexing.first_out_of_range, twin, changed, -5, 5, found) == position
    assert call(indexing.first_out_of_range, twin, index, -5, 5, found) == -1
    assert call(indexing.first_out_of_range, twin, index[:0], -5, 5, found) == -1
    assert call(indexing.first_out_of_range, twin, index, 0, 0, found) == 0


@pytest.mark.parametrize("twin", TWINS)
def test_positions_of_several_indices(twin):
    rows, columns = generator.integers(-4, 4, 50), generator.integers(-7, 7, 50)
    positions = np.zeros(50, "l")
    call(indexing.add_positions, twin, rows, 4, 7, positions)
    call(indexing.add_positions, twin, columns, 7, 1, positions)
    np.testing.assert_array_equal(np.arange(28)[positions], np.arange(28).reshape(4, 7)[rows, columns])


@pytest.mark.parametrize("twin, dtype", [("serial", "f"), ("parallel", "f"), ("serial", "l")])
def test_reads(twin, dtype):
    for outer, n, inner in SHAPES:
        x = generator.integers(0, 100, (outer, n, inner)).astype(dtype)
        index = generator.integers(-n, n, 13)
        out = np.empty((outer, 13, inner), dtype)
        np.testing.assert_array_equal(call(indexing.index_select, twin, x, index, out), x[:, index])
        index = generator.integers(0, n, (outer, 13, inner))
        np.testing.assert_array_equal(call(indexing.gather, twin, x, index, out), np.take_along_axis(x, index, 1))


@pytest.mark.parametrize("name, twin", list(itertools.product(["set", "add", "multiply"], TWINS)))
def test_writes_happen_in_order(name, twin):
    write = {"set": lambda old, new: new, "add": lambda old, new: old + new, "multiply": lambda old, new: old * new}[name]
    for outer, n, inner in SHAPES:
        x = generator.normal(size=(outer, n, inner))
        source = generator.normal(size=(outer, 13, inner))
        index, all_index = generator.integers(0, n, 13), generator.integers(0, n, (outer, 13, inner))
        one, each, value = x.copy(), x.copy(), x.copy()
        for o, i, j in itertools.product(range(outer), range(13), range(inner)):
            one[o, index[i], j] = write(one[o, index[i], j], source[o, i, j])
            each[o, all_index[o, i, j], j] = write(each[o, all_index[o, i, j], j], source[o, i, j])
            value[o, all_index[o, i, j], j] = write(value[o, all_index[o, i, j], j], 0.5)
        np.testing.assert_array_equal(call(indexing.index_write(name), twin, index, source, x.copy()), one)
        np.testing.assert_array_equal(call(indexing.scatter(name), twin, all_index, source, x.copy()), each)
        np.testing.assert_array_equal(call(indexing.scatter_value(name), twin, all_index, 0.5, x.copy()), value)


@pytest.mark.parametrize("twin", TWINS)
def test_index_fill(twin):
    x = np.zeros((2, 5, 3), "f")
    expected = x.copy()
    expected[:, [1, 4, 1]] = 7
    np.testing.assert_array_equal(call(indexing.index_fill, twin, np.array([1, -1, 1]), np.float32(7), x), expected)


@pytest.mark.parametrize("twin, width", list(itertools.product(TWINS, [1, 5, 300])))
def test_embedding_backward(twin, width):
    grad, index = generator.normal(size=(40, width)), generator.integers(0, 9, 40)
    for by_frequency, padding in ((False, -1), (True, 3)):
        expected = np.zeros((10, width))
        np.add.at(expected, index, grad)
        counts = np.bincount(index, minlength=10)
        if padding >= 0:
            expected[padding] = 0
        if by_frequency:
            expected /= np.maximum(counts, 1)[:, None]
        given = counts if by_frequency else counts[:0]
        out = np.full((10, width), np.nan)
        np.testing.assert_allclose(call(indexing.embedding_backward, twin, grad, index, given, padding, out), expected, rtol=1e-13)


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("shape", [(0,), (1,), (5,), (3, 0), (4, 7), (2, 3, 4, 5), (30, 1, 700), (3, 20000)])
def test_masks(twin, shape):
    for share in (0, 0.3, 1):
        x = generator.normal(size=shape)
        mask = generator.random(shape) < share
        flat, offsets = mask.reshape(-1), np.empty(indexing.block_count(mask.size), "l")
        total = call(indexing.true_offsets, twin, flat, offsets)[-1]
        assert total == mask.sum()
        selected = call(indexing.masked_select, twin, x.reshape(-1), flat, offsets, np.empty(total))
        np.testing.assert_array_equal(selected, x[mask])
        places = call(indexing.nonzero, twin, flat, np.array(shape), offsets, np.empty((total, len(shape)), "l"))
        np.testing.assert_array_equal(places, np.argwhere(mask))
        expected, source = x.copy(), generator.normal(size=mask.size + 1)
        expected[mask] = source[:total]
        call(indexing.masked_scatter, twin, flat, source, offsets, x.reshape(-1))
        np.testing.assert_array_equal(x, expected)


def test_nonzero_of_one_number_without_dimensions():
    offsets = np.empty(indexing.block_count(1), "l")
    total = call(indexing.true_offsets, "serial", np.array([3.0]), offsets)[-1]
    out = np.empty((total, 0), "l")
    assert call(indexing.nonzero, "serial", np.array([3.0]), np.empty(0, "l"), offsets, out).shape == (1, 0)
