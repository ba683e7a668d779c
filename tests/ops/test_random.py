"""Random numbers: seeds and states, the same bits for any number of threads, and the distributions they come from."""
import math

import numpy as np
import pytest
from oracle import values
from scipy import stats

import nb_nn as torch

COUNT = 20_000
DRAWS = {
    "rand": lambda g: torch.rand(COUNT, generator=g), "randn": lambda g: torch.randn(COUNT, generator=g),
    "randint": lambda g: torch.randint(-3, 5, (COUNT,), generator=g), "randperm": lambda g: torch.randperm(COUNT, generator=g),
    "bernoulli": lambda g: torch.bernoulli(torch.full((COUNT,), 0.3), generator=g), "normal": lambda g: torch.normal(1.0, 2.0, (COUNT,), generator=g),
    "normal of tensors": lambda g: torch.normal(torch.ones(COUNT), torch.full((COUNT,), 2.0), generator=g),
    "multinomial": lambda g: torch.multinomial(torch.tensor([0.1, 0.2, 0.7]), COUNT, True, generator=g),
    "uniform_": lambda g: torch.empty(COUNT).uniform_(2, 5, generator=g), "normal_": lambda g: torch.empty(COUNT).normal_(1, 3, generator=g),
    "exponential_": lambda g: torch.empty(COUNT).exponential_(0.5, generator=g), "cauchy_": lambda g: torch.empty(COUNT).cauchy_(1, 2, generator=g),
    "log_normal_": lambda g: torch.empty(COUNT).log_normal_(0, 0.5, generator=g),
    "geometric_": lambda g: torch.empty(COUNT).geometric_(0.3, generator=g),
    "bernoulli_": lambda g: torch.empty(COUNT).bernoulli_(0.8, generator=g), "random_": lambda g: torch.empty(COUNT).random_(10, generator=g),
    "double": lambda g: torch.rand(COUNT, dtype=torch.float64, generator=g),
}
# what each draw is distributed like; SciPy's names
CONTINUOUS = {
    "rand": stats.uniform(), "double": stats.uniform(), "randn": stats.norm(), "normal": stats.norm(1, 2), "normal of tensors": stats.norm(1, 2),
    "uniform_": stats.uniform(2, 3), "normal_": stats.norm(1, 3), "exponential_": stats.expon(scale=2), "cauchy_": stats.cauchy(1, 2),
    "log_normal_": stats.lognorm(0.5),
}
DISCRETE = {
    "randint": dict.fromkeys(range(-3, 5), 1 / 8), "bernoulli": {0: 0.7, 1: 0.3}, "bernoulli_": {0: 0.2, 1: 0.8},
    "multinomial": {0: 0.1, 1: 0.2, 2: 0.7}, "random_": dict.fromkeys(range(10), 0.1),
    "geometric_": {1: 0.3, 2: 0.21, 3: 0.147, 4: 0.1029},
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name):
    found = values(DRAWS[name](torch.Generator().manual_seed(12))).astype(np.float64)
    assert stats.kstest(found, CONTINUOUS[name].cdf).pvalue > 1e-3
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 0.03 or name == "cauchy_"


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions(name):
    found = values(DRAWS[name](torch.Generator().manual_seed(12)))
    for value, chance in DISCRETE[name].items():
        assert abs((found == value).mean() - chance) < 5 * math.sqrt(chance * (1 - chance) / COUNT)
    if name != "geometric_":
        assert set(np.unique(found)) == set(DISCRETE[name])


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_gives_the_same_numbers_for_any_number_of_threads(name):
    results = []
    for threads in (1, 2, 2):
        torch.set_num_threads(threads)
        g = torch.Generator().manual_seed(5)
        results.append([values(DRAWS[name](g)).tobytes() for _ in range(2)])
    assert results[0] == results[1] == results[2]
    assert results[0][0] != results[0][1]
    assert values(DRAWS[name](torch.Generator().manual_seed(6))).tobytes() != results[0][0]


def test_large_draws_equal_small_ones_of_the_same_stream():
    torch.set_num_threads(2)
    whole = torch.rand(1 << 16, generator=torch.Generator().manual_seed(1))
    part = torch.rand(100, generator=torch.Generator().manual_seed(1))
    assert torch.equal(whole[:100], part)


def test_the_default_stream():
    torch.manual_seed(3)
    first = torch.rand(5)
    state = torch.get_rng_state()
    second = torch.randn(5)
    torch.set_rng_state(state)
    assert torch.equal(torch.randn(5), second)
    assert torch.manual_seed(3) is torch.default_generator and torch.initial_seed() == 3
    assert torch.equal(torch.rand(5), first)
    assert torch.seed() == torch.initial_seed() and state.dtype is torch.uint8
    with pytest.raises((TypeError, RuntimeError), match="ByteTensor"):
        torch.set_rng_state(torch.zeros(16))
    with pytest.raises(RuntimeError, match="size"):
        torch.set_rng_state(torch.zeros(3, dtype=torch.uint8))
    assert torch.manual_seed(-1).initial_seed() == (1 << 64) - 1
    for wrong in (1 << 64, -(1 << 63) - 1):
        with pytest.raises(RuntimeError, match="Overflow"):
            torch.manual_seed(wrong)


def test_streams_do_not_disturb_each_other():
    g = torch.Generator().manual_seed(9)
    torch.manual_seed(1)
    first = torch.rand(3, generator=g)
    torch.rand(10)
    second = torch.rand(3, generator=g)
    g.manual_seed(9)
    assert torch.equal(torch.rand(3, generator=g), first) and torch.equal(torch.rand(3, generator=g), second)
    state = g.get_state()
    third = torch.rand(3, generator=g)
    assert torch.equal(torch.rand(3, generator=torch.Generator().set_state(state)), third)


def test_permutations_hold_every_number_once():
    for n in (0, 1, 2, 7, 1000):
        assert sorted(torch.randperm(n).tolist()) == list(range(n))
    places = np.array([values(torch.randperm(5)) for _ in range(2000)])
    assert abs((places == 3).mean(0) - 0.2).max() < 0.05
    assert torch.randperm(3, dtype=torch.int32).dtype is torch.int32


def test_drawing_without_replacement():
    weights = torch.tensor([[0.0, 1.0, 2.0, 3.0], [1.0, 1.0, 0.0, 1.0]])
    found = torch.multinomial(weights, 3)
    assert found.shape == (2, 3) and [sorted(row) for row in found.tolist()] == [[1, 2, 3], [0, 1, 3]]
    first = np.array([torch.multinomial(weights[0], 1).item() for _ in range(3000)])
    assert abs((first == 3).mean() - 0.5) < 0.05 and not (first == 0).any()


def test_types_and_sizes():
    for kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        x = torch.rand(500, dtype=kind)
        assert x.dtype is kind and (x >= 0).all() and (x < 1).all() and torch.randn(3, dtype=kind).dtype is kind
    x = torch.ones(2, 3, dtype=torch.float64).t()
    for like in (torch.rand_like, torch.randn_like):
        assert like(x).shape == (3, 2) and like(x).dtype is torch.float64 and like(x, dtype=torch.float32).dtype is torch.float32
    assert torch.randint_like(x, 5).max() < 5 and torch.randint(3, (2, 2)).dtype is torch.int64
    assert torch.rand(0).shape == (0,) and torch.randn(2, 0).shape == (2, 0) and torch.rand(()).shape == ()
    assert torch.rand(2, requires_grad=True).requires_grad
    out = torch.empty(0)
    assert torch.rand(2, 2, out=out) is out and out.shape == (2, 2)
    y = torch.zeros(4, 6)
    y[:, ::2].uniform_(1, 2)
    assert (y[:, ::2] >= 1).all() and not y[:, 1::2].any()
    for kind, top in [(torch.uint8, 255), (torch.int8, 127), (torch.bool, 1), (torch.float16, 2048)]:
        drawn = torch.empty(5000, dtype=kind).random_().double()
        assert drawn.min() >= 0 and top * 0.9 <= drawn.max() <= top


def test_filling_at_random_cuts_the_history():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.uniform_()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    with pytest.raises(RuntimeError, match="leaf"):
        x.normal_()


@pytest.mark.parametrize("error, function", [
    (RuntimeError, lambda: torch.empty(2).uniform_(2, 1)), (RuntimeError, lambda: torch.empty(2).normal_(0, -1)),
    (RuntimeError, lambda: torch.empty(2).exponential_(0)), (RuntimeError, lambda: torch.empty(2).cauchy_(0, -1)),
    (RuntimeError, lambda: torch.empty(2).log_normal_(0, -1)), (RuntimeError, lambda: torch.empty(2).geometric_(1.5)),
    (RuntimeError, lambda: torch.empty(2).bernoulli_(2)), (RuntimeError, lambda: torch.bernoulli(torch.tensor([1.5]))),
    (RuntimeError, lambda: torch.bernoulli(torch.tensor([1]))), (RuntimeError, lambda: torch.randint(5, 5, (2,))),
    (TypeError, lambda: torch.randint(5)), (RuntimeError, lambda: torch.randperm(-1)), (RuntimeError, lambda: torch.rand(2, dtype=torch.int64)),
    (RuntimeError, lambda: torch.normal(torch.zeros(2), torch.tensor([1.0, -1.0]))), (RuntimeError, lambda: torch.normal(0.0, -1.0, (2,))),
    (RuntimeError, lambda: torch.multinomial(torch.tensor([1.0, -1.0]), 1)), (RuntimeError, lambda: torch.multinomial(torch.zeros(2), 1)),
    (RuntimeError, lambda: torch.multinomial(torch.ones(2), 3)), (RuntimeError, lambda: torch.multinomial(torch.ones(2), 0)),
    (RuntimeError, lambda: torch.multinomial(torch.tensor([math.nan, 1.0]), 1)), (RuntimeError, lambda: torch.multinomial(torch.ones(2, 2, 2), 1)),
    (RuntimeError, lambda: torch.multinomial(torch.tensor([1, 1]), 1)), (TypeError, lambda: torch.empty(2).uniform_(above=3)),
])
def test_parameters_that_make_no_distribution_are_refused(error, function):
    with pytest.raises(error):
        function()
