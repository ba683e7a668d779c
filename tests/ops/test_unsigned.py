"""The types uint16, uint32 and uint64: whatever is computed with them is NumPy's, up to the largest numbers."""
import copy
import io
import pickle

import numpy as np
import pytest

import nb_nn as torch

KINDS = ("uint16", "uint32", "uint64")


def numbers(kind, count, seed=0, largest=None):
    limit = np.iinfo(kind).max if largest is None else largest
    made = np.random.default_rng(seed).integers(0, limit, count, dtype=kind, endpoint=True)
    if largest is None:
        made[:3] = 0, limit, limit - 1
    return made


def check(own, expected):
    own, expected = own.numpy(), np.asarray(expected)
    assert own.dtype == expected.dtype
    np.testing.assert_array_equal(own, expected)


ARITHMETIC = {
    "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "floor": lambda x, y: x // y, "rest": lambda x, y: x % y,
    "and": lambda x, y: x & y, "or": lambda x, y: x | y, "xor": lambda x, y: x ^ y, "less": lambda x, y: x < y, "equal": lambda x, y: x == y,
    "not": lambda x, y: ~x, "minus": lambda x, y: -x, "absolute": lambda x, y: abs(x),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic(name, kind):
    x, y = numbers(kind, 50), np.maximum(numbers(kind, 50, 1)[::-1], 1).copy()
    check(ARITHMETIC[name](torch.tensor(x), torch.tensor(y)), ARITHMETIC[name](x, y))


@pytest.mark.parametrize("kind", KINDS)
def test_powers_and_shifts(kind):
    x, y = numbers(kind, 20), numbers(kind, 20, 1, largest=7)
    bits = 8 * x.itemsize
    with np.errstate(over="ignore"):
        check(torch.tensor(x) ** torch.tensor(y), x ** y)
    check(torch.tensor(x) << torch.tensor(y), x << y)
    check(torch.tensor(x) >> torch.tensor(y), x >> y)
    for beyond in (bits, 64, 100):
        assert not (torch.tensor(x) << beyond).any() and not (torch.tensor(x) >> beyond).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", (30, 300))            # sorted by insertion, and by radix
def test_order(kind, count):
    x = numbers(kind, count)
    t, ordered = torch.tensor(x), np.sort(x)
    check(t.sort()[0], ordered)
    check(t.sort(descending=True)[0], ordered[::-1])
    check(t.argsort(stable=True), np.argsort(x, kind="stable"))
    check(t.topk(2)[0], ordered[::-1][:2])
    check(t.kthvalue(3)[0], ordered[2])
    check(t.max(), x.max())
    check(t.min(), x.min())
    assert t.argmax().item() == x.argmax() and t.argmin().item() == x.argmin()
    check(t.unique(), np.unique(x))
    check(torch.searchsorted(torch.tensor(ordered), t), np.searchsorted(ordered, x))
    check(t.clamp(5, int(np.iinfo(kind).max) - 5), np.clip(x, 5, np.iinfo(kind).max - 5).astype(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_sums_are_int64_unless_asked_for(kind):
    x = numbers(kind, 40)
    own = getattr(torch, kind)
    check(torch.tensor(x).sum(), x.astype(np.int64).sum())
    check(torch.tensor(x).sum(dtype=own), x.sum(dtype=kind))
    check(torch.tensor(x).cumsum(0, dtype=own), x.cumsum(dtype=kind))
    check(torch.tensor(x).prod(dtype=own), x.prod(dtype=kind))


@pytest.mark.parametrize("kind", KINDS)
def test_making_casting_and_picking(kind):
    own, limit = getattr(torch, kind), np.iinfo(kind).max
    assert torch.iinfo(own).max == limit and torch.iinfo(own).min == 0 and not own.is_signed
    check(torch.tensor([int(limit), 0], dtype=own), np.array([limit, 0], kind))
    check(torch.tensor(-1, dtype=own), np.array(limit, kind))
    check(torch.full((2,), int(limit), dtype=own), np.full(2, limit, kind))
    check(torch.arange(4, dtype=own), np.arange(4, dtype=kind))
    x = numbers(kind, 12)
    t = torch.from_numpy(x)
    assert t.data_ptr() == x.ctypes.data and t.tolist() == x.tolist() and t[1].item() == limit
    for other in ("int64", "float32", "float64", "uint8", "bool"):
        check(t.to(getattr(torch, other)), x.astype(other))
    check(torch.tensor([0.5, 7.9]).to(own), np.array([0, 7], kind))
    check(t.reshape(3, 4).t()[1:, [2, 0]], x.reshape(3, 4).T[1:, [2, 0]])
    check(t[t > 5], x[x > 5])
    y = t.clone()
    y[2:4] = int(limit)
    assert y[3].item() == limit and torch.tensor([7, 8, 9])[torch.tensor(2, dtype=own)].item() == 9
    for wrong in (limit + 1, 2 ** 70):
        with pytest.raises(RuntimeError, match="overflow|Overflow"):
            torch.tensor(int(limit) + 1 if wrong == limit + 1 else wrong, dtype=own)


def test_promotion_is_the_standards():
    u2, u4, u8, i1, i2, i4, i8 = (getattr(torch, name) for name in ("uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"))
    for first, second, expected in [(u2, torch.uint8, u2), (u2, u4, u4), (u4, u8, u8), (u2, i1, i4), (u2, i2, i4), (u2, i4, i4), (u4, i4, i8),
                                    (u4, i8, i8), (u8, torch.bool, u8), (u8, torch.float16, torch.float16), (u2, torch.complex64, torch.complex64)]:
        assert torch.promote_types(first, second) is expected and torch.promote_types(second, first) is expected
    with pytest.raises(RuntimeError, match="uint64 and signed integer types is not supported, attempted to promote Long and UInt64"):
        torch.ones(1, dtype=u8) + torch.ones(1, dtype=i8)
    assert (torch.ones(2, dtype=u8) + 1).dtype is u8 and (torch.ones(2, dtype=u8) / 2).dtype is torch.float32


def test_names():
    t = torch.tensor([1, 65535], dtype=torch.uint16)
    assert repr(t) == "tensor([    1, 65535], dtype=torch.uint16)" and t.type() == "torch.UInt16Tensor"
    assert torch.ones(1).type("torch.UInt64Tensor").dtype is torch.uint64 and pickle.loads(pickle.dumps(torch.uint32)) is torch.uint32
    assert t.storage().tolist() == [1, 65535] and t.untyped_storage().nbytes() == 4


@pytest.mark.parametrize("kind", KINDS)
def test_files_and_memory(kind):
    x = numbers(kind, 12).reshape(3, 4)
    t = torch.tensor(x)
    file = io.BytesIO()
    torch.save({"whole": t, "turned": t.t(), "part": t[1, 1:], "none": t[:0]}, file)
    file.seek(0)
    found = torch.load(file)
    for name, part in (("whole", x), ("turned", x.T), ("part", x[1, 1:]), ("none", x[:0])):
        check(found[name], part)
    found["whole"][1, 1] = 9
    assert found["part"][0].item() == 9 and found["turned"][1, 1].item() == 9          # still one memory
    file = io.BytesIO()
    torch.save_safetensors({"x": t}, file)
    check(torch.load_safetensors(file.getvalue())["x"], x)
    check(copy.deepcopy(t), x)
    check(torch.from_dlpack(t), x)
    np.testing.assert_array_equal(np.from_dlpack(t), x)
