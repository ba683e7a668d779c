"""What is particular to one pointwise operation: ties, infinities, types, errors."""
import math

import numpy as np
import pytest
from layouts import OVERLAPPING, laid_out
from oracle import check, numbers, tensor, values

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.ops import activation
from ops.rows import ACTIVATIONS, UNARY


def test_maximum_and_minimum_share_the_gradient_of_equal_elements():
    x, y = (torch.tensor([1.0, 2.0, 3.0], requires_grad=True), torch.tensor([2.0, 2.0, 2.0], requires_grad=True))
    torch.maximum(x, y).sum().backward()
    assert x.grad.tolist() == [0, 0.5, 1] and y.grad.tolist() == [1, 0.5, 0]
    x.grad = y.grad = None
    torch.minimum(x, y).sum().backward()
    assert x.grad.tolist() == [1, 0.5, 0] and y.grad.tolist() == [0, 0.5, 1]


def test_clamp_passes_the_gradient_at_its_bounds():
    x = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0], requires_grad=True)
    x.clamp(-1, 1).sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 1, 0]


def test_clamp_by_tensors_has_gradients_for_all_three():
    x, low, high = (tensor(array, requires_grad=True) for array in (
        np.array([-2.0, 0.1, 2.0]), np.array([-1.0, -1.0, -1.0]), np.array([1.0, 1.5, 1.0])))
    assert gradcheck(lambda *args: torch.clamp(*args), (x, low, high))
    check(torch.clamp(x, low, high), np.array([-1, 0.1, 1]))
    check(torch.clamp(x, min=low), np.array([-1, 0.1, 2]))
    check(torch.clamp(x, max=high), np.array([-2, 0.1, 1]))


def test_slopes_at_zero_are_those_of_torch():
    x = torch.zeros(1, requires_grad=True)
    for function, slope in [(torch.relu, 0), (torch.abs, 0), (torch.sign, 0), (lambda x: torch.clamp(x, min=0), 1)]:
        x.grad = None
        function(x).backward()
        assert x.grad.item() == slope


@pytest.mark.parametrize("case", [case for case in UNARY if "float32" in case.kinds], ids=repr)
def test_nan_stays_nan(case):
    made = case.function(torch.tensor([math.nan]), *case.params, **case.options)
    expected = case.expected([np.array([np.nan], "float32")], "float32") if case.name != "sign" else np.zeros(1, "float32")
    check(made, expected, case.answer_kind("float32"))


@pytest.mark.parametrize("case", ACTIVATIONS, ids=repr)
def test_nan_stays_nan_in_activations(case):
    if case.name not in ("hardshrink", "softshrink", "threshold"):
        assert math.isnan(case.function(torch.tensor([math.nan]), *case.params, **case.options).item())


def test_comparisons_with_nan_are_false_but_for_unequal():
    x = torch.tensor([math.nan, 1.0])
    assert (x == x).tolist() == [False, True] and (x != x).tolist() == [True, False]
    assert (x < 2).tolist() == [False, True] and (x >= 1).tolist() == [False, True]


def test_maximum_is_nan_if_either_is():
    x, y = torch.tensor([math.nan, 1.0]), torch.tensor([1.0, math.nan])
    assert torch.maximum(x, y).isnan().all() and torch.minimum(x, y).isnan().all()


@pytest.mark.parametrize("kind", ["uint8", "int8", "int16", "int32", "int64"])
def test_integers_wrap(kind):
    info = torch.iinfo(getattr(torch, kind))
    top = torch.tensor([info.max], dtype=getattr(torch, kind))
    assert (top + 1).item() == info.min and (top * 2).item() == (-2 if info.min else info.max - 1)
    bottom = torch.tensor([info.min], dtype=getattr(torch, kind))
    assert (bottom - 1).item() == info.max
    assert (-bottom).item() == info.min and bottom.abs().item() == info.min


def test_division_of_integers_by_zero_is_refused_and_of_floats_follows_ieee():
    x = torch.tensor([1, -1, 0])
    for function in (torch.floor_divide, torch.remainder, torch.fmod):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            function(x, 0)
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            function(x, torch.tensor([1, 0, 1]))
    check(x / 0, np.array([np.inf, -np.inf, np.nan], "float32"))
    check(torch.floor_divide(x.float(), 0), np.array([np.inf, -np.inf, np.nan], "float32"))
    assert torch.remainder(x.float(), 0).isnan().all() and torch.fmod(x.float(), 0).isnan().all()


def test_remainder_has_the_sign_of_the_divisor_and_fmod_of_the_dividend():
    a, b = np.array([-7, 7, -7, 7]), np.array([3, 3, -3, -3])
    for kind in ("int64", "float32", "int8"):
        x, y = tensor(a.astype(kind)), tensor(b.astype(kind))
        check(x % y, np.remainder(a, b).astype(kind))
        check(torch.fmod(x, y), np.fmod(a, b).astype(kind))
        check(x // y, (a // b).astype(kind))
        check(torch.div(x, y, rounding_mode="trunc"), np.trunc(a / b).astype(kind))


def test_remainder_by_infinity_keeps_the_number():
    inf = math.inf
    check(torch.fmod(torch.tensor([3.0, -3.0]), inf), np.array([3, -3], "float32"))
    check(torch.remainder(torch.tensor([3.0]), inf), np.array([3], "float32"))


def test_powers_of_zero_and_negative_numbers():
    x = torch.tensor([0.0, -2.0, -0.0])
    check(x ** 2, np.array([0, 4, 0], "float32"))
    check(x ** 3, np.array([0, -8, 0], "float32"))
    check(x ** 0, np.ones(3, "float32"))
    assert math.isnan((x ** 0.5)[1].item()) and (x ** -1)[0].item() == math.inf and (x ** -1)[2].item() == -math.inf
    check(torch.tensor([2, -3]) ** torch.tensor([-1, 3]), np.array([0, -27]))
    with pytest.raises(RuntimeError, match="negative integer powers"):
        torch.tensor([2]) ** -1


def test_gradient_of_a_power_at_zero():
    x = torch.tensor([0.0, 2.0], requires_grad=True)
    for power, slope in [(0, [0, 0]), (1, [1, 1]), (2, [0, 4]), (3, [0, 12])]:
        x.grad = None
        (x ** power).sum().backward()
        assert x.grad.tolist() == slope
    base, exponent = torch.tensor([0.0], requires_grad=True), torch.tensor([2.0], requires_grad=True)
    (base ** exponent).sum().backward()
    assert base.grad.item() == 0 and exponent.grad.item() == 0


def test_one_minus_a_mask_inverts_it_and_other_differences_of_masks_are_refused():
    mask = torch.tensor([True, False])
    assert (1 - mask).tolist() == [False, True]
    with pytest.raises(RuntimeError, match="bool"):
        mask - mask
    with pytest.raises(RuntimeError, match="bool"):
        -mask


def test_where_takes_numbers_and_old_masks():
    mask = torch.tensor([1, 0], dtype=torch.uint8)
    check(torch.where(mask, torch.tensor([1.0, 2.0]), 5.0), np.array([1, 5], "float32"))
    check(torch.where(mask.bool(), 1, 0), np.array([1, 0]))
    check(torch.where(mask.bool(), torch.tensor([1, 2]), torch.tensor([0.5, 1.5])), np.array([1, 1.5], "float32"))
    with pytest.raises(RuntimeError, match="mask"):
        torch.where(torch.tensor([1, 0]), 1, 0)


def test_where_has_gradients_on_the_chosen_side():
    mask = torch.tensor([True, False, True])
    x, y = (tensor(numbers("float64", (3,), seed=seed), requires_grad=True) for seed in range(2))
    assert gradcheck(lambda x, y: torch.where(mask, x, y), (x, y)) and gradgradcheck(lambda x, y: torch.where(mask, x, y), (x, y))


def test_closeness():
    x = torch.tensor([1.0, math.nan, math.inf, 2.0])
    y = torch.tensor([1.0 + 1e-6, math.nan, math.inf, 2.1])
    assert torch.isclose(x, y).tolist() == [True, False, True, False]
    assert torch.isclose(x, y, equal_nan=True).tolist() == [True, True, True, False]
    assert not torch.allclose(x, y) and torch.allclose(x[:1], y[:1])
    assert torch.equal(x[2:], x[2:].clone()) and not torch.equal(x[2:], x[2:3]) and not torch.equal(x, x)


def test_prelu_takes_one_slope_or_one_a_channel():
    a = numbers("float64", (2, 3, 4))
    for slopes in ([0.25], [0.1, 0.2, 0.3]):
        w = np.array(slopes)
        wide = w if len(w) == 1 else w[:, None]
        check(torch.prelu(tensor(a), tensor(w)), np.where(a > 0, a, a * wide))
        assert gradcheck(torch.prelu, (tensor(a, requires_grad=True), tensor(w, requires_grad=True)))
    with pytest.raises(RuntimeError, match="weight"):
        torch.prelu(tensor(a), torch.ones(2, dtype=torch.float64))


# ---- bad input


def test_sizes_that_do_not_broadcast_are_refused():
    with pytest.raises(RuntimeError, match=r"The size of tensor a \(3\) must match the size of tensor b \(4\) at non-singleton dimension 1"):
        torch.ones(2, 3) + torch.ones(2, 4)
    x = torch.ones(2, 3)
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        x[:, :1].add_(x)
    assert x.tolist() == [[1] * 3] * 2


def test_in_place_keeps_the_type_and_refuses_what_does_not_fit():
    x = torch.ones(2, dtype=torch.int64)
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output type Long"):
        x += 1.5
    with pytest.raises(RuntimeError, match="can't be cast"):
        x.div_(2)
    assert x.tolist() == [1, 1]
    half = torch.ones(2, dtype=torch.float16)
    half += torch.ones(2, dtype=torch.float64)
    assert half.dtype is torch.float16 and half.tolist() == [2, 2]


@pytest.mark.parametrize("layout", OVERLAPPING)
def test_in_place_on_overlapping_memory_is_refused(layout):
    x, array = laid_out(layout)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        x.mul_(2)
    np.testing.assert_array_equal(values(x), array)


@pytest.mark.parametrize("function", [lambda x: torch.add(x, "a"), lambda x: torch.add(x, None), lambda x: torch.exp("a"), lambda x: torch.exp(1.0),
                                      lambda x: x + [1, 2], lambda x: torch.where(1, x, x), lambda x: torch.clamp(x, "a"),
                                      lambda x: torch.mul([1], x)])
def test_what_is_not_a_tensor_or_number_is_refused(function):
    with pytest.raises(TypeError):
        function(torch.ones(2))


@pytest.mark.parametrize("function", [
    lambda x: x & x, lambda x: ~x, lambda x: torch.clamp(x), lambda x: torch.add(x.long(), x.long(), alpha=1.5),
lambda x: torch.div(x, x, rounding_mode="up"), lambda x: torch.lerp(x, x.double(), 0.5),
    lambda x: torch.addcdiv(x.long(), x.long(), x.long()), lambda x: activation.gelu(x.long()), lambda x: torch.relu(x.bool()), lambda x: torch.isclose(x, x.double())])
def test_types_that_do_not_fit_are_refused(function):
    with pytest.raises(RuntimeError):
        function(torch.ones(2))


def test_out_and_gradients_do_not_go_together():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        torch.exp(x, out=torch.empty(2))
    with torch.no_grad():
        torch.exp(x, out=torch.empty(2))
