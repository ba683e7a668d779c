"""From tensors to loops: plans, the memory of results, and what is refused before anything is written."""
import itertools

import numpy as np
import pytest
from layouts import LAYOUTS, laid_out
from oracle import check, numbers, tensor, values

import nb_nn as torch
from nb_nn.core import launch, scalars
from nb_nn.kernels import table


def test_one_formula_over_one_two_and_three_tensors_has_three_plans():
    a = numbers("float32", (4,))
    x = tensor(a)
    for _ in range(2):
        check(x.clamp(min=0), a.clip(0))
        check(x.clamp(min=torch.zeros(4)), a.clip(0))
        check(torch.lerp(x, x * 2, 0.5), a * 1.5)
        check(torch.lerp(x, x * 2, torch.full((4,), 0.5)), a * 1.5)
        check(x + 1, a + 1)
        check(x + x, a + a)


def test_plans_of_a_type_do_not_serve_another():
    for kind in ("float32", "int64", "bool", "float16", "float64"):
        x = torch.ones(3, dtype=getattr(torch, kind))
        assert (x + x).dtype is x.dtype and x.exp().dtype is (x.dtype if x.is_floating_point() else torch.float32) and (x > 0).dtype is torch.bool


def test_a_change_of_the_default_dtype_reaches_integers():
    x = torch.tensor([1, 2])
    assert x.exp().dtype is torch.float32
    torch.set_default_dtype(torch.float64)
    assert x.exp().dtype is (x / 2).dtype is (x + 1.5).dtype is torch.float64


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_results_lie_in_the_memory_order_of_the_operands(order):
    x = torch.ones(2, 3, 4).permute(order)
    for made in (x + 1, x + x, -x, x * torch.ones(1), x.double(), x.clone(), torch.zeros_like(x)):
        assert made.stride() == x.stride()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_results_are_dense(layout):
    x, _ = laid_out(layout)
    made = x + x
    assert sorted(made.stride(), reverse=True) == [made.stride(d) for d in sorted(range(made.dim()), key=lambda d: -made.stride(d))]
    assert made.numel() == 0 or max([1] + [(n - 1) * step + 1 for n, step in zip(made.shape, made.stride())]) <= made.numel()


@pytest.mark.parametrize("kind", ["float32", "float16", "int8"])
@pytest.mark.parametrize("layout", ["contiguous", "transposed", "stepped", "five dimensions, mixed", "no dimension", "empty"])
def test_out_of_any_layout_and_type(layout, kind):
    x, a = laid_out(layout, "int8", -3, 3)
    out, before = laid_out(layout, kind, seed=3)
    assert torch.add(x, x, out=out) is out
    check(out, (a + a).astype(before.dtype), kind)


def test_a_refused_result_leaves_out_as_it_was():
    out = torch.tensor([7, 8])
    for error, call in [(RuntimeError, lambda: torch.add(torch.ones(2), 1.5, out=out)), (RuntimeError, lambda: torch.add(torch.ones(3), torch.ones(4), out=out)),
                        (TypeError, lambda: torch.add(torch.ones(2), "a", out=out)), (RuntimeError, lambda: torch.mean(out, out=out))]:
        with pytest.raises(error):
            call()
        assert out.tolist() == [7, 8] and out._version == 0
    with pytest.raises(TypeError, match="'out' must be Tensor"):
        torch.exp(torch.ones(2), out=[1, 2])


@pytest.mark.parametrize("value, kind", [(1 << 70, torch.int64), (300, torch.uint8), (1 << 40, torch.int32)])
def test_numbers_too_large_for_a_type_are_refused(value, kind):
    with pytest.raises(RuntimeError, match="without overflow"):
        scalars.full_scalar(value, kind, torch.device("cpu"))
    with pytest.raises((RuntimeError, OverflowError)):
        torch.zeros(2, dtype=torch.int64) + (1 << 70)


def test_a_missing_kernel_says_who_has_one():
    with pytest.raises(RuntimeError, match="max_pool2d has no kernel for nowhere; devices that have one: .*cpu|no_such has no kernel"):
        table.find("cpu", "no_such")
    table.find("cpu", "matmul")
    assert "matmul" in table.names("cpu")


def test_kernels_are_built_when_first_used_and_then_found():
    assert table.find("cpu", "matmul") is table.find("cpu", "matmul")
    assert launch.launch.__doc__


def test_halves_are_cast_exactly_both_ways():
    bits = np.arange(1 << 16, dtype=np.uint16)
    halves = bits.view(np.float16)
    np.testing.assert_array_equal(values(torch.from_numpy(halves).float()), halves.astype(np.float32))
    wide = (bits.astype(np.uint32) << 16).view(np.float32)
    x = torch.from_numpy(bits.view(np.int16)).view(torch.bfloat16)
    np.testing.assert_array_equal(values(x.float()), wide)
    finite = np.isfinite(wide)
    assert (x.float().bfloat16().view(torch.int16).numpy() == bits.view(np.int16))[finite].all()
