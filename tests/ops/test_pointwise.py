"""Every row of `rows` in its forms, types and layouts; and what is particular to one operation."""
import operator

import numpy as np
import pytest
from layouts import LAYOUTS, laid_out
from oracle import FLOATS, check, numbers, rounded, tensor, values

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.core.op import DECLARED
from ops.rows import ACTIVATIONS, BINARY, BOOL, MODULES, POINTWISE

# Loops are shared, so a few operations try every type and layout; each further one costs compile time.
EVERY_TYPE = ("abs", "add", "eq", "exp", "logical_not", "bitwise_not", "remainder", "maximum")
SOME_TYPES = (*FLOATS, "int64")
EVERY_LAYOUT = [case for case in POINTWISE if case.name in ("abs", "exp", "clamp", "isnan", "sub", "div", "lt", "lerp", "addcmul")
                and not case.options.get("rounding_mode")]
by_name = {"argvalues": POINTWISE, "ids": repr}


def given(case, kind, shape=(3, 4)):
    """A case's inputs as tensors."""
    return [tensor(array, kind) for array in case.operands(kind, shape)]


def call(function, case, *operands, **more):
    return function(*operands, *case.params, **case.options, **more)


@pytest.mark.parametrize("case, kind", [
    (case, kind) for case in POINTWISE for kind in case.kinds if kind in SOME_TYPES or case.name in EVERY_TYPE], ids=repr)
def test_value_size_and_type(case, kind):
    arrays = case.operands(kind)
    operands = [tensor(array, kind) for array in arrays]
    made = call(case.function, case, *operands)
    check(made, case.expected(arrays, kind), case.answer_kind(kind))
    for operand, array in zip(operands, arrays):
        np.testing.assert_array_equal(values(operand), array)


@pytest.mark.parametrize("case", **by_name)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1,), (2, 1, 2, 1, 1, 3)], ids=str)
def test_any_number_of_dimensions(case, shape):
    kind = case.kinds[0] if case.kinds[0] != "float16" else "float32"
    arrays = case.operands(kind, shape)
    check(call(case.function, case, *[tensor(array, kind) for array in arrays]), case.expected(arrays, kind), case.answer_kind(kind))


@pytest.mark.parametrize("case", **by_name)
def test_a_transposed_input_gives_a_transposed_result(case):
    kind = case.kinds[0] if case.kinds[0] != "float16" else "float32"
    arrays = case.operands(kind)
    made = call(case.function, case, *[tensor(array, kind).t() for array in arrays])
    check(made, case.expected(arrays, kind).T, case.answer_kind(kind))
    assert made.stride() == (1, 4)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", EVERY_LAYOUT, ids=repr)
def test_any_layout(case, layout):
    operands, arrays = zip(*[laid_out(layout, "float32", *case.bounds(place), seed=place) for place in range(case.inputs)])
    check(call(case.function, case, *operands), case.expected(arrays, "float32"), case.answer_kind("float32"))


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "int16", "bool"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_of_half_and_narrow_types(layout, kind):
    x, array = laid_out(layout, kind, -3, 3)
    wide = array.astype(np.float32) if kind in FLOATS else array
    check(x + x, wide | wide if kind == "bool" else rounded(wide + wide, kind).astype(wide.dtype), kind)
    check(x.double(), wide.astype(np.float64))
    check(x.float().to(x.dtype), wide, kind)


def as_three_by_four(layout, seed=0):
    """A (3, 4) float32 tensor of a layout."""
    x, array = laid_out(layout, seed=seed)
    return (x.t(), array.T) if array.shape == (4, 3) else (x, array)


FLAT_PAIRS = [layout for layout, (size, _, _) in LAYOUTS.items() if size in ((3, 4), (4, 3))]


@pytest.mark.parametrize("first", FLAT_PAIRS)
@pytest.mark.parametrize("second", FLAT_PAIRS)
def test_two_layouts_at_once(first, second):
    (x, a), (y, b) = as_three_by_four(first), as_three_by_four(second, seed=1)
    check(x - y, a - b)
    check(torch.where(x > 0, x, y), np.where(a > 0, a, b))


SHAPES = [((3, 4), (4,)), ((3, 1), (1, 4)), ((), (3, 4)), ((2, 1, 3, 1), (5, 1, 4)), ((0, 3), (1, 3)), ((1,), (0,)), ((2, 3, 4), (2, 1, 4)),
          ((2, 1, 2, 1, 2), (1, 3, 1, 3, 1)), ((1, 1, 1), (1,)), ((65, 1, 7), (3, 1))]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_sizes_broadcast(shapes):
    a, b = (numbers("float32", shape, seed=place) for place, shape in enumerate(shapes))
    x, y = tensor(a), tensor(b)
    check(x - y, a - b)
    check(y < x, b < a)
    check(torch.lerp(x, y, 0.25), a + np.float32(0.25) * (b - a))
    check(torch.where(x > 0, y, x), np.where(a > 0, b, a))
    check(torch.addcmul(x, y, x), a + b * a)


@pytest.mark.parametrize("case", [case for case in BINARY if case.kinds[0] == "float16"], ids=repr)
def test_binary_operations_broadcast(case):
    (a, b) = case.operands("float32", (3, 4))
    b = b[:1]
    check(call(case.function, case, tensor(a), tensor(b)), case.expected([a, b], "float32"), case.answer_kind("float32"))


# ---- forms


@pytest.mark.parametrize("case", [case for case in POINTWISE if case.method], ids=repr)
def test_the_method_is_the_function(case):
    operands = given(case, case.kinds[-1])
    made = call(getattr(operands[0], case.name), case, *operands[1:])
    check(made, values(call(case.function, case, *operands)), case.answer_kind(case.kinds[-1]))


def form_kind(case):
    """A type whose loops other tests need anyway."""
    return "float64" if "float64" in case.kinds else "int64"


@pytest.mark.parametrize("case", [case for case in POINTWISE if case.out], ids=repr)
def test_out_takes_the_result(case):
    kind = form_kind(case)
    operands = given(case, kind)
    expected = call(case.function, case, *operands)
    right = torch.empty(3, 4, dtype=expected.dtype)
    assert call(case.function, case, *operands, out=right) is right
    check(right, values(expected))
    wrong = torch.empty(0, dtype=expected.dtype)
    assert call(case.function, case, *operands, out=wrong) is wrong
    check(wrong, values(expected))
    apart = torch.zeros(3, 8, dtype=expected.dtype)
    call(case.function, case, *operands, out=apart[:, ::2])
    check(apart[:, ::2].contiguous(), values(expected))
    assert not apart[:, 1::2].bool().any()
    other = torch.empty(3, 4, dtype=torch.float32)
    call(case.function, case, *operands, out=other)
    check(other, values(expected).astype("float32"))


@pytest.mark.parametrize("case", [case for case in POINTWISE if case.out and case.answer != BOOL and "float64" in case.kinds], ids=repr)
def test_out_of_a_lower_category_is_refused_before_it_is_touched(case):
    operands = given(case, "float64")
    out = torch.zeros(2, dtype=torch.int64)
    with pytest.raises(RuntimeError, match="result type Double can't be cast to the desired output type Long"):
        call(case.function, case, *operands, out=out)
    assert out.tolist() == [0, 0]


@pytest.mark.parametrize("case", [case for case in POINTWISE if case.out and case.inputs == 2], ids=repr)
def test_out_may_be_an_input_or_overlap_one(case):
    kind = form_kind(case)
    for place in range(2):
        operands = given(case, kind)
        expected = values(call(case.function, case, *operands))
        if expected.dtype == values(operands[0]).dtype:
            call(case.function, case, *operands, out=operands[place])
            check(operands[place], expected, kind)
    array = case.operands(kind, (5,))[1]
    line = tensor(array)
    if case.answer_kind(kind) == kind:
        expected = values(call(case.function, case, tensor(array[:4]), tensor(array[:4])))
        call(case.function, case, line[:4], line[:4], out=line[1:])
        check(line[1:].clone(), expected, kind)


def test_in_place_beside_memory_that_overlaps():
    for count in (6, 100_000):
        a = numbers("float32", (count,))
        x = tensor(a)
        x[1:].add_(x[:-1])
        check(x[1:].clone(), a[1:] + a[:-1])
        y = tensor(a)
        y[1:] += torch.from_numpy(y.numpy())[:-1]
        check(y[1:].clone(), a[1:] + a[:-1])
    square = tensor(np.arange(16.0).reshape(4, 4))
    square.add_(square.t())
    check(square, np.arange(16.0).reshape(4, 4) + np.arange(16.0).reshape(4, 4).T)


@pytest.mark.parametrize("case", [case for case in POINTWISE if case.inplace], ids=repr)
def test_in_place(case):
    kind = form_kind(case)
    operands = given(case, kind)
    expected = values(call(case.function, case, *operands))
    target, version, place = operands[0], operands[0]._version, operands[0].data_ptr()
    inplace = getattr(target, case.name + "_") if case.method else lambda *args, **options: getattr(
        case.module, case.name + "_")(target, *args, **options)
    assert call(inplace, case, *operands[1:]) is target
    assert target._version > version and target.data_ptr() == place
    check(target, expected.astype(kind), kind)


@pytest.mark.parametrize("case", [case for case in ACTIVATIONS if case.name in ("elu", "selu", "celu")], ids=repr)
def test_activations_with_an_inplace_argument(case):
    (x,) = given(case, "float64")
    expected = values(call(case.function, case, x))
    assert call(case.function, case, x, inplace=True) is x
    check(x, expected)


@pytest.mark.parametrize("case", [case for case in BINARY if case.name not in (
    "maximum", "minimum", "logaddexp", "logical_and", "logical_or", "logical_xor")], ids=repr)
def test_a_number_in_place_of_the_second_operand(case):
    kind = form_kind(case)
    a, _ = case.operands(kind)
    number = 2 if kind == "int64" else 1.5
    b = np.full_like(a, number)
    for given_number in (number, np.float64(number) if kind == "float64" else np.int64(number)):
        check(call(case.function, case, tensor(a), given_number), case.expected([a, b], kind), case.answer_kind(kind))


OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv, "%": operator.mod,
             "**": operator.pow, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
             ">=": operator.ge}


@pytest.mark.parametrize("sign", OPERATORS)
def test_operators_take_tensors_and_numbers_on_either_side(sign):
    apply = OPERATORS[sign]
    a, b = numbers("float32", (3, 4), 1, 4), numbers("float32", (3, 4), 1, 3, seed=1)
    x, y = tensor(a), tensor(b)
    check(apply(x, y), apply(a, b), rtol=1e-6)
    check(apply(x, 2.5), apply(a, np.float32(2.5)), rtol=1e-6)
    check(apply(2.5, x), apply(np.float32(2.5), a), rtol=1e-6)
    check(apply(np.float32(2.5), x), apply(np.float32(2.5), a), rtol=1e-6)
    check(apply(tensor(np.array([3, 4])), 2), apply(np.array([3, 4]), 2).astype("float32") if sign == "/" else apply(np.array([3, 4]), 2))
    if sign in ("==", "!="):
        assert apply(x, "a") is (sign == "!=")
    else:
        with pytest.raises(TypeError):
            apply(x, "a")


@pytest.mark.parametrize("sign, apply", [("&", operator.and_), ("|", operator.or_), ("^", operator.xor), ("<<", operator.lshift),
                                         (">>", operator.rshift)])
def test_operators_of_bits(sign, apply):
    a, b = numbers("int64", (3, 4), 0, 20), numbers("int64", (3, 4), 0, 4, seed=1)
    check(apply(tensor(a), tensor(b)), apply(a, b))
    check(apply(tensor(a), 3), apply(a, 3))
    if sign in "&|^":
        check(apply(3, tensor(a)), apply(3, a))
        masks = a > 10, b > 2
        check(apply(*map(tensor, masks)), apply(*masks))
        check(apply(tensor(masks[0]), True), apply(masks[0], True))
    with pytest.raises(RuntimeError):
        apply(tensor(a.astype("float32")), tensor(b))


@pytest.mark.parametrize("sign", ["+=", "-=", "*=", "/=", "//=", "%=", "**="])
def test_augmented_assignment_writes_in_place(sign):
    a = numbers("float32", (3, 4), 1, 4)
    x = y = tensor(a)
    x = getattr(operator, {"+=": "iadd", "-=": "isub", "*=": "imul", "/=": "itruediv", "//=": "ifloordiv", "%=": "imod", "**=": "ipow"}[
        sign])(x, 2)
    assert x is y
    check(y, OPERATORS[sign[:-1]](a, np.float32(2)), rtol=1e-6)


# ---- gradients


@pytest.mark.parametrize("case", [case for case in POINTWISE if case.gradient], ids=repr)
def test_first_and_second_derivative(case):
    inputs = [tensor(array, requires_grad=True) for array in case.operands("float64", (3,))]

    def function(*operands):
        return call(case.function, case, *operands)

    assert gradcheck(function, inputs)
    assert gradgradcheck(function, inputs, atol=1e-4)


@pytest.mark.parametrize("case", [case for case in BINARY if case.gradient], ids=repr)
def test_gradients_of_broadcast_operands_have_their_sizes(case):
    a, b = case.operands("float64", (2, 3))
    inputs = [tensor(a, requires_grad=True), tensor(b[:1, :1], requires_grad=True)]
    assert gradcheck(lambda x, y: call(case.function, case, x, y), inputs)


@pytest.mark.parametrize("case", [case for case in POINTWISE if case.gradient and case.inplace], ids=repr)
def test_gradient_through_the_in_place_form(case):
    inputs = [tensor(array, requires_grad=True) for array in case.operands("float64", (3,))]

    def function(first, *others):
        target = first * 1
        inplace = getattr(target, case.name + "_") if case.method else lambda *args, **options: getattr(
            case.module, case.name + "_")(target, *args, **options)
        return call(inplace, case, *others)

    assert gradcheck(function, inputs)


@pytest.mark.parametrize("case", [case for case in BINARY if case.gradient and case.name not in ("maximum", "minimum", "logaddexp")],
                         ids=repr)
def test_gradient_beside_a_number(case):
    x = tensor(case.operands("float64", (3,))[0], requires_grad=True)
    assert gradcheck(lambda x: call(case.function, case, x, 1.5), (x,))
    assert gradgradcheck(lambda x: call(case.function, case, x, 1.5), (x,))


@pytest.mark.parametrize("function", [lambda x: 2.5 - x, lambda x: 2.5 / x, lambda x: 2.5 ** x, lambda x: x ** 3, lambda x: x ** 0,
                                      lambda x: torch.pow(2, x)])
def test_gradient_of_a_number_on_the_left(function):
    x = tensor(numbers("float64", (3,), 0.5, 2), requires_grad=True)
    assert gradcheck(function, (x,)) and gradgradcheck(function, (x,))


def test_no_gradient_is_zero_where_the_function_is_flat():
    x = torch.tensor([-1.5, 0.0, 2.5], requires_grad=True)
    (x.floor() + x.ceil() + x.trunc() + x.sign() + torch.floor_divide(x, 2)).sum().backward()
    assert x.grad.tolist() == [0, 0, 0]


# ---- large tensors: the parallel twin of each loop

LARGE = (300, 200)


def test_flat_loops_in_parallel():
    a, b, c = (numbers("float32", LARGE, seed=seed) for seed in range(3))
    x, y, z = map(tensor, (a, b, c))
    check(-x, -a)
    check(x - y, a - b)
    check(torch.where(x > 0, y, z), np.where(a > 0, b, c))
    check(x - 1.5, a - np.float32(1.5))


def test_row_loops_in_parallel():
    a, b, c = (numbers("float32", LARGE, seed=seed) for seed in range(3))
    x, y, z = map(tensor, (a, b, c))
    check(-x[:, ::2][:, :90], -a[:, ::2][:, :90])
    check(x - y[0], a - b[0])
    check(x - y[:, :1], a - b[:, :1])
    check(y[0] - x, b[0] - a)
    check(x[:200] - y[:200].t(), a[:200] - b[:200].T)
    check(torch.where(x > 0, y[:1], z[:, :1]), np.where(a > 0, b[:1], c[:, :1]))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_does_not_matter(threads):
    x = tensor(numbers("float32", LARGE))
    expected = torch.exp(x)
    torch.set_num_threads(threads)
    assert torch.equal(torch.exp(x), expected)


def test_every_operation_of_these_topics_has_a_row():
    rows = {case.name for case in POINTWISE} | {"div", "rsub"}
    particular = {"pow", "trunc_divide", "true_divide"}
    for module in MODULES:
        own = {name for name, declaration in DECLARED.items() if declaration.body.__module__ == module.__name__}
        assert own <= rows | particular


@pytest.mark.parametrize("kind, beyond", [("int8", (128, 300, -129, 2 ** 40)), ("uint8", (256, -300, 2 ** 40)), ("int32", (2 ** 40, -2 ** 63))])
def test_integer_types_refuse_numbers_that_they_do_not_hold(kind, beyond):
    x = torch.tensor([1, 100], dtype=getattr(torch, kind))
    calls = (lambda n: x.clamp(min=n), lambda n: x.clamp(max=n), lambda n: x.clamp(1, n), lambda n: x.clone().clamp_(min=n),
             lambda n: torch.addcmul(x, x, x, value=n), lambda n: x ** abs(n))
    for number in beyond:
        for call in calls:
            with pytest.raises(RuntimeError, match="overflow"):
                call(number)
    assert x.clamp(2, 127).tolist() == [2, 100] and torch.tensor([7], dtype=torch.uint8).clamp(min=-1).tolist() == [255]
