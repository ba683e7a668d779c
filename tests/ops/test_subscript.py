"""`tensor[index]` and `tensor[index] = value` against NumPy, and their gradients."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import check, numbers, tensor, values

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck


@st.composite
def indices(draw, shape):
    """Any index of a tensor of this shape."""
    items, dim, many = [], 0, draw(st.sampled_from([(2,), (3,), (2, 3), (1,)]))
    ellipsis = False
    while dim < len(shape):
        size = shape[dim]
        kind = draw(st.sampled_from(["int", "slice", "array", "mask", "none", "ellipsis", "end"]))
        if kind == "int" and size:
            items.append(draw(st.integers(-size, size - 1)))
            dim += 1
        elif kind == "slice":
            bound = st.one_of(st.none(), st.integers(-size - 1, size + 1))
            items.append(slice(draw(bound), draw(bound), draw(st.sampled_from([None, 1, 2]))))
            dim += 1
        elif kind == "array" and size:
            length = int(np.prod(many))
            drawn = draw(st.lists(st.integers(-size, size - 1), min_size=length, max_size=length))
            items.append(np.array(drawn).reshape(many))
            dim += 1
        elif kind == "mask":
            drawn = draw(st.lists(st.booleans(), min_size=size, max_size=size))
            if sum(drawn) in (1, many[-1]):             # else it does not broadcast with the other arrays
                items.append(np.array(drawn))
                dim += 1
        elif kind == "none":
            items.append(None)
        elif kind == "ellipsis" and not ellipsis:
            items.append(Ellipsis)
            ellipsis, dim = True, dim + draw(st.integers(0, len(shape) - dim))
        elif kind == "end":
            break
    return tuple(items)


def two_steps(index):
    """The index in two: integers, slices and None first, as a view, then arrays (NumPy takes an integer for an array)."""
    first = tuple(slice(None) if isinstance(item, np.ndarray) else item for item in index)
    second = tuple(item if isinstance(item, np.ndarray) or item is Ellipsis else slice(None) for item in index if not
                   isinstance(item, int))
    return first if any(item is Ellipsis for item in first) else (*first, ...), second


def as_tensors(index):
    return tuple(torch.tensor(item) if isinstance(item, np.ndarray) else item for item in index)


CASES = st.sampled_from([(3,), (2, 3), (3, 1, 4), (2, 3, 2, 3), (0, 2), ()]).flatmap(
    lambda shape: st.tuples(st.just(shape), indices(shape), st.booleans()))


@settings(max_examples=300)
@given(CASES)
def test_getitem_and_setitem_do_what_numpy_does(case):
    shape, index, reverse = case
    array = np.arange(float(np.prod(shape))).reshape(shape[::-1] if reverse else shape)
    array = array.T if reverse else array
    made = torch.from_numpy(array.T.copy()).permute(*range(len(shape))[::-1]) if reverse else torch.from_numpy(array.copy())
    first, second = two_steps(index)
    expected = array[first][second]
    found = made[as_tensors(index)]
    np.testing.assert_array_equal(found.numpy(), expected)
    value = np.arange(1.0, 1 + expected.size).reshape(expected.shape)
    made[as_tensors(index)] = torch.from_numpy(value)
    array = array.copy()
    array[first][second] = value
    np.testing.assert_array_equal(made.numpy(), array)
    made[as_tensors(index)] = 7
    array[first][second] = 7
    np.testing.assert_array_equal(made.numpy(), array)


@settings(max_examples=60)
@given(CASES)
def test_gradient_of_getitem_counts_how_often_each_element_was_taken(case):
    shape, index, _ = case
    x = torch.ones(shape, dtype=torch.float64, requires_grad=True)
    x[as_tensors(index)].sum().backward()
    first, second = two_steps(index)
    taken = np.arange(int(np.prod(shape))).reshape(shape)[first][second]
    np.testing.assert_array_equal(x.grad.numpy(), np.bincount(taken.ravel(), minlength=int(np.prod(shape))).reshape(shape))


@pytest.mark.parametrize("index", [
    [0, 2], (0, 2), range(2), np.array([2, 0]), np.int64(1), [[0, 1], [1, 2]], [True, False, True], [slice(None), 1], [],
    (slice(None), [1, 1]), [0, slice(1, 3)], (np.array([True, False, True]), 1), np.array(2), np.array([[0], [2]])], ids=repr)
def test_python_and_numpy_indices(index):
    array = np.arange(12.0).reshape(3, 4)
    as_numpy = tuple(index) if isinstance(index, list) and any(isinstance(one, (slice, list)) for one in index) else index
    as_numpy = np.array([], int) if isinstance(index, list) and not index else list(index) if isinstance(index, range) else as_numpy
    check(torch.tensor(array)[index], array[as_numpy])


@pytest.mark.parametrize("kind", ["uint8", "int32"])
def test_uint8_is_a_mask_and_int32_an_index(kind):
    x, index = torch.arange(2), torch.tensor([1, 1], dtype=getattr(torch, kind))
    assert x[index].tolist() == ([0, 1] if kind == "uint8" else [1, 1])


def test_bool_adds_a_dimension():
    x = torch.arange(3)
    assert x[True].tolist() == [[0, 1, 2]]
    assert tuple(x[False].shape) == (0, 3)
    assert tuple(x[torch.tensor(True)].shape) == (1, 3)
    x[False] = 5
    assert x.tolist() == [0, 1, 2]
    x[True] = 5
    assert x.tolist() == [5, 5, 5]


def test_basic_indices_make_views_and_advanced_ones_copies():
    x = torch.zeros(3, 4)
    for view in (x[1], x[1:], x[..., 1], x[None], x[:], x[...], x[()], x[torch.tensor(1)]):
        assert view.storage().data_ptr() == x.storage().data_ptr() if hasattr(x, "storage") else True
        view += 1
    assert x.sum().item() == 4 + 8 + 3 + 12 * 4 + 4
    copy = x[[0, 1]]
    copy += 100
    assert x.max().item() < 100


@pytest.mark.parametrize("index, error, message", [
    (3, IndexError, "index 3 is out of bounds for dimension 0 with size 3"),
    ((0, -5), IndexError, "index -5 is out of bounds for dimension 1 with size 4"),
    ((0, 0, 0), IndexError, "too many indices for tensor of dimension 2"),
    (slice(None, None, -1), ValueError, "step must be greater than zero"),
    (slice(None, None, 0), ValueError, "slice step cannot be zero"),
    (1.0, IndexError, "only integers, slices"),
    ("a", TypeError, "not a str"),
    ([1.5], IndexError, "tensors used as indices must be long, int, byte or bool tensors"),
    ([5], IndexError, "index 5 is out of bounds for dimension 0 with size 3"),
    ((slice(None), [-5]), IndexError, "index -5 is out of bounds for dimension 1 with size 4"),
    ([True, False], IndexError, "shape of the mask"),
    (([0, 1], [0, 1, 2]), IndexError, "shape mismatch: indexing tensors could not be broadcast together with shapes"),
])
def test_wrong_indices_raise(index, error, message):
    x = torch.zeros(3, 4)
    with pytest.raises(error, match=message.replace("(", r"\(")):
        x[index]
    with pytest.raises(error, match=message.replace("(", r"\(")):
        x[index] = 1.0


def test_a_0d_tensor_has_no_element_to_index():
    x = torch.tensor(3.0)
    with pytest.raises(IndexError, match="invalid index of a 0-dim tensor"):
        x[0]
    with pytest.raises(IndexError, match="cannot be applied to a 0-dim tensor"):
        x[:]
    assert x[...].item() == x[()].item() == x[None][0].item() == 3
    assert x[x > 0].tolist() == [3]
    x[x > 0] = 4
    assert x.item() == 4


def test_wrong_values_raise_and_nothing_is_written():
    x = torch.zeros(3, 4)
    for value, error in [([1.0] * 4, TypeError), (None, TypeError), (np.ones(4), TypeError), (torch.ones(3), RuntimeError),
                         (1j, RuntimeError), (torch.ones(2, 1, 4), RuntimeError)]:
        with pytest.raises(error):
            x[0] = value
    with pytest.raises(RuntimeError, match="shape mismatch: value tensor of shape"):
        x[[0, 1]] = torch.ones(3)
    with pytest.raises(RuntimeError, match="source and destination dtypes match"):
        x[[0, 1]] = torch.ones(4, dtype=torch.float64)
    with pytest.raises(RuntimeError, match="without overflow"):
        x.to(torch.int8)[0] = 300
    with pytest.raises(RuntimeError, match="without overflow"):
        x.long()[0, 0] = float("nan")
    with pytest.raises(TypeError, match="does not support deleting"):
        del x[0]
    assert not x.any()


def test_values_are_cast_and_leading_ones_dropped():
    x = torch.zeros(2, 3, dtype=torch.int64)
    x[0] = torch.tensor([[[1.7, 2.2, 3.0]]])
    x[1] = 2.9
    assert x.tolist() == [[1, 2, 3], [2, 2, 2]]
    x[[0, 1]] = torch.tensor([[[4, 5, 6]]])
    assert x.tolist() == [[4, 5, 6]] * 2
    u = torch.zeros(2, dtype=torch.uint8)
    u[0] = -1
    assert u.tolist() == [255, 0]


def test_overlapping_assignment_reads_before_it_writes():
    x = torch.arange(10.0)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    x[[0, 1, 2]] = x[[9, 8, 7]]
    x[torch.tensor([3, 4])] = x[5:7]
    assert x.tolist() == [8, 7, 6, 4, 5, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("kind", ["bool", "int64", "bfloat16", "float64", "complex128"])
def test_all_types(kind):
    array = numbers(kind, (4, 5), -4, 4)
    x = tensor(array, kind)
    check(x[[3, 0]], array[[3, 0]], kind)
    check(x[:, [1, 1]], array[:, [1, 1]], kind)
    check(x[[0, 1], [2, 3]], array[[0, 1], [2, 3]], kind)
    mask = numbers("bool", (4, 5), seed=3)
    check(x[torch.tensor(mask)], array[mask], kind)
    x[torch.tensor([0, 2])] = x[[1, 3]]
    array[[0, 2]] = array[[1, 3]]
    check(x, array, kind)
    x[torch.tensor(mask)] = 1
    array[mask] = 1
    check(x, array, kind)
    if kind != "bool":
        x.index_put_((torch.tensor([0, 0]), torch.tensor([1, 1])), x[0, 0].expand(2), True)
        np.add.at(array, ([0, 0], [1, 1]), array[0, 0])
        check(x, array, kind)


def test_few_elements_of_many_that_do_not_lie_in_order():
    array = np.arange(6000.0).reshape(60, 100)
    index = np.array([3, 50, 3])
    for made, source in [(torch.tensor(array).t(), array.T), (torch.tensor(array)[:, ::2], array[:, ::2])]:
        source = source.copy()
        check(made[torch.tensor(index)], source[index])
        check(made[:, torch.tensor([1, 1])], source[:, [1, 1]])
        made[torch.tensor(index), torch.tensor([0, 1, 2])] = -1
        source[index, [0, 1, 2]] = -1
        made.index_put_((torch.tensor(index), torch.tensor([4, 4, 4])), torch.ones(3, dtype=torch.float64), True)
        np.add.at(source, (index, [4, 4, 4]), 1)
        check(made, source)


def test_many_elements_are_moved_by_all_threads():
    array = numbers("float32", (300, 200))
    rows, columns = np.random.default_rng(0).integers(-300, 300, 400), np.random.default_rng(1).integers(0, 200, 400)
    x = torch.tensor(array)
    check(x[torch.tensor(rows)], array[rows])
    check(x[:, torch.tensor(columns)], array[:, columns])
    check(x[torch.tensor(rows[:, None]), torch.tensor(columns)], array[rows[:, None], columns])
    check(x[x > 0], array[array > 0])
    value = numbers("float32", (400, 200), seed=1)
    x[torch.tensor(rows)] = torch.tensor(value)
    for row, new in zip(rows, value):           # of equal rows the last stays
        array[row] = new
    check(x, array)
    x.index_put_((torch.tensor(rows),), torch.tensor(value), True)
    np.add.at(array, rows, value)
    check(x, array, rtol=1e-5)
    x[:], array[:] = 3, 3
    check(x, array)


def put(x, indices, values, accumulate=False):
    return x.index_put(tuple(one if one is None else torch.tensor(one) for one in indices), values, accumulate)


def written(x, v):
    """Several writes to one tensor, some of them through views."""
    y = x * 2
    y[1] = v
    y[:, 2] = y[:, 1] * 3
    y[0, 0] = 7
    y[[0, 2], [1, 3]] = v[:2]
    y.t()[3][0] = v[1]
    y[torch.tensor([[True] + [False] * 3] * 3)] = v[3]
    return y * y


GRADIENTS = [
    (lambda x: x[1], (2, 3)), (lambda x: x[..., -1], (2, 3)), (lambda x: x[:, None, ::2], (2, 3)), (lambda x: x[True], (2,)),
    (lambda x: x[[0, 0, 1]], (2, 3)), (lambda x: x[[0, 1, 1], [2, -1, 2]], (2, 3)), (lambda x: x[[0, 1], :, [2, -1]], (2, 2, 3)),
    (lambda x: x[:, [[0, 1], [1, 1]]], (2, 2, 3)), (lambda x: x[torch.tensor([[True, False], [False, True]])], (2, 2)),
    (lambda x: x[torch.tensor([[True, False], [False, True]])], (2, 2, 2)), (lambda x: x[...], (2,)),
    (lambda x, v: put(x, ([1, 0], [2, 2]), v), (2, 3), (2,)), (lambda x, v: put(x, ([1, 1], [2, 2]), v, True), (2, 3), (2,)),
    (lambda x, v: put(x, ([1, 0],), v), (2, 3), (1,)), (lambda x, v: put(x, (None, [1, 0]), v), (2, 3), ()),
    (written, (3, 4), (4,)),
]


@pytest.mark.parametrize("case", GRADIENTS, ids=range(len(GRADIENTS)))
def test_gradients(case):
    function, *shapes = case
    inputs = [tensor(numbers("float64", shape, seed=place), requires_grad=True) for place, shape in enumerate(shapes)]
    assert gradcheck(function, inputs, fast_mode=True)
    assert gradgradcheck(function, inputs, fast_mode=True)


def test_writing_to_a_leaf_that_requires_grad_raises():
    x = torch.zeros(3, requires_grad=True)
    for index in (0, [0], x > 1):
        with pytest.raises(RuntimeError, match="leaf"):
            x[index] = 1
    with torch.no_grad():
        x[0] = 1
    assert x.tolist() == [1, 0, 0]


def test_a_write_is_counted():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    z = y * y
    y[0] = 5
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


@pytest.mark.parametrize("indices, error, message", [
    (torch.tensor([0]), TypeError, "must be tuple of Tensors"),
    (([0],), TypeError, "expected Tensor as element 0"),
    ((torch.tensor([0.5]),), IndexError, "must be long"),
    ((torch.tensor([0]),) * 3, IndexError, "too many indices for tensor of dimension 2"),
    ((torch.tensor([9]),), IndexError, "out of bounds"),
])
def test_wrong_index_put_raises(indices, error, message):
    with pytest.raises(error, match=message):
        torch.zeros(2, 2).index_put(indices, torch.zeros(()))


def test_values_of_views_follow_the_base():
    x = torch.zeros(2, 3)
    row = x[1]
    x[1, 2] = 5
    assert values(row).tolist() == [0, 0, 5]
