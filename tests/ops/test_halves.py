"""Half types through operations: every layout and form gives what float32 gives, rounded once."""
import numpy as np
import pytest

import nb_nn as torch
import nb_nn.nn.functional as F

KINDS = [torch.float16, torch.bfloat16]
kinds = pytest.mark.parametrize("kind", KINDS, ids=["float16", "bfloat16"])


def drawn(kind, *size, seed=0):
    return torch.tensor(np.random.default_rng(seed).standard_normal(size).astype(np.float32)).to(kind)


def same(half, wide):
    """``half`` holds the float32 numbers ``wide``, rounded."""
    assert half.shape == wide.shape and wide.dtype is torch.float32
    np.testing.assert_array_equal(half.float().numpy(), wide.to(half.dtype).float().numpy())


LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.transpose(0, 2),
    "sliced": lambda x: x[:, 1:, ::2],
    "flipped columns": lambda x: x.transpose(1, 2)[1:],
    "expanded": lambda x: x[:, :1].expand(-1, 40, -1),
}


@kinds
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(kind, layout):
    x, y = LAYOUTS[layout](drawn(kind, 20, 9, 40)), LAYOUTS[layout](drawn(kind, 20, 9, 40, seed=1))
    same(x + y, x.float() + y.float())
    same(x * y.sum(0), x.float() * y.float().sum(0).to(kind).float())
    same(x.exp(), x.float().exp())
    assert (x < y).tolist() == (x.float() < y.float()).tolist()
    same(torch.where(x < y, x, y), torch.where(x < y, x.float(), y.float()))


@kinds
def test_sizes_and_numbers(kind):
    x = drawn(kind, 8192, 2)
    for y in (x[0], x[:, :1], x[3, 1], x.new_empty(0, 2), x.new_tensor(0.3)):
        if y.numel():
            same(x + y, x.float() + y.float())
            same(y * x, y.float() * x.float())
        else:
            assert (y + y).shape == (0, 2)
    number = float(torch.tensor(0.3, dtype=kind))
    same(x + 0.3, x.float() + number)       # a summand is rounded first, a factor is not, as in PyTorch
    same(x * 0.3, x.float() * 0.3)
    same(0.3 * x, x.float() * 0.3)
    same(x / 3, x.float() / 3)
    assert (x < 0.3).tolist() == (x.float() < number).tolist()
    same(F.leaky_relu(x, 0.1), F.leaky_relu(x.float(), 0.1))
    same(x.clamp(-0.5, 0.5), x.float().clamp(-0.5, 0.5))


@kinds
def test_types_mix(kind):
    x, y = drawn(kind, 70, 80), drawn(torch.float32, 70, 80, seed=1)
    made = x + y
    assert made.dtype is torch.float32
    np.testing.assert_array_equal(made.numpy(), x.float().numpy() + y.numpy())
    assert (x + y.double()).dtype is torch.float64
    np.testing.assert_array_equal((x + y.double()).numpy(), x.float().numpy().astype(np.float64) + y.numpy())
    same(x * torch.arange(80), x.float() * torch.arange(80))
    same(x + torch.ones((), dtype=torch.float64), x.float() + 1)
    other = torch.bfloat16 if kind is torch.float16 else torch.float16
    np.testing.assert_array_equal((x + y.to(other)).numpy(), (x.float() + y.to(other).float()).numpy())


@kinds
def test_written_in_place_and_to_out(kind):
    x, y = drawn(kind, 70, 80), drawn(kind, 70, 80, seed=1)
    expected = x.float() + y.float()
    z = x.clone()
    assert z.add_(y) is z
    same(z, expected)
    z = x.clone().t()
    z.add_(y.t())
    same(z, expected.t())
    for out in (torch.empty(70, 80, dtype=kind), torch.empty(80, 70, dtype=kind).t(), torch.empty(0, dtype=kind)):
        assert torch.add(x, y, out=out) is out
        same(out, expected)
    out = torch.empty(70, 80)
    torch.add(x, y, out=out)
    same(x + y, out)
    z = x.clone()
    z[1:].add_(z[:-1])                      # the operand overlaps what is written, and counts as it was
    same(z[1:], x[1:].float() + x[:-1].float())
    z = x.clone()
    same(z.mul_(z), x.float() * x.float())


@kinds
def test_reductions(kind):
    x = drawn(kind, 6, 70, 50)
    for layout in LAYOUTS.values():
        part = layout(x)
        wide = part.double()
        for dim in (None, 0, -1, (0, 2)):
            for name in ("sum", "mean", "amax"):
                arguments = () if dim is None else (dim,)
                found = getattr(part, name)(*arguments)
                assert found.dtype is kind
                same(found, getattr(wide, name)(*arguments).float())
        values, places = part.max(1)
        assert values.tolist() == wide.max(1)[0].tolist() and places.tolist() == wide.max(1)[1].tolist()
        same(part.norm(), wide.norm().float())
        same(part.prod(1), wide.prod(1).float())
    assert x.sum(dtype=torch.float32).dtype is torch.float32
    np.testing.assert_allclose(x.sum(dtype=torch.float32).item(), x.double().sum().item(), rtol=1e-6)
    assert x.sum(dtype=torch.float64).item() == x.double().sum().item()
    assert torch.full((3,), float("nan"), dtype=kind).max().isnan()
    assert torch.zeros(0, dtype=kind).sum().item() == 0


@kinds
def test_softmax_and_layer_norm(kind):
    x = drawn(kind, 9, 4, 33)
    for dim in (2, 1):
        same(F.softmax(x, dim), F.softmax(x.float(), dim))
        same(F.log_softmax(x.transpose(0, 2), dim), F.log_softmax(x.transpose(0, 2).float(), dim))
    weight, bias = drawn(kind, 33, seed=1), drawn(kind, 33, seed=2)
    same(F.layer_norm(x, (33,), weight, bias), F.layer_norm(x.float(), (33,), weight.float(), bias.float()))
    assert F.softmax(x[:0], 2).shape == (0, 4, 33) and F.layer_norm(x[:0], (33,)).shape == (0, 4, 33)


@kinds
def test_gradients(kind):
    x, y = drawn(kind, 6, 50).requires_grad_(), drawn(kind, 50, seed=1).requires_grad_()
    wide = [one.detach().float().requires_grad_() for one in (x, y)]
    for a, b in ((x, y), wide):
        (F.softmax(a * b + a.exp(), 1) * b).sum().backward()
    for half, full in zip((x, y), wide):
        assert half.grad.dtype is kind
        np.testing.assert_allclose(half.grad.float().numpy(), full.grad.numpy(), atol=0.1 if kind is torch.bfloat16 else 0.01)
