"""Modules that take their sizes from the first input, parameters without a size, and buffers given as attributes."""
import copy
import io
import pickle

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import nn

SIZES = {1: (2, 4, 7), 2: (2, 4, 6, 5), 3: (2, 4, 4, 5, 3)}
ROWS = [         # a lazy module, its input's size, and the module it becomes
    (lambda: nn.LazyLinear(3), (2, 5), lambda: nn.Linear(5, 3)), (lambda: nn.LazyLinear(3, bias=False), (2, 5), lambda: nn.Linear(5, 3, bias=False)),
    *(row for dims, size in SIZES.items() for row in (
        (lambda dims=dims: getattr(nn, f"LazyConv{dims}d")(6, 3, 2, 1, bias=False, groups=2), size,
         lambda dims=dims: getattr(nn, f"Conv{dims}d")(4, 6, 3, 2, 1, bias=False, groups=2)),
        (lambda dims=dims: getattr(nn, f"LazyConv{dims}d")(6, 2), size[1:], lambda dims=dims: getattr(nn, f"Conv{dims}d")(4, 6, 2)),
        (lambda dims=dims: getattr(nn, f"LazyConvTranspose{dims}d")(6, 3, 2, output_padding=1, dilation=2), size,
         lambda dims=dims: getattr(nn, f"ConvTranspose{dims}d")(4, 6, 3, 2, output_padding=1, dilation=2)),
        (lambda dims=dims: getattr(nn, f"LazyBatchNorm{dims}d")(bias=False), size, lambda dims=dims: getattr(nn, f"BatchNorm{dims}d")(4, bias=False)),
        (lambda dims=dims: getattr(nn, f"LazyBatchNorm{dims}d")(affine=False, track_running_stats=False), size,
         lambda dims=dims: getattr(nn, f"BatchNorm{dims}d")(4, affine=False, track_running_stats=False)),
        (lambda dims=dims: getattr(nn, f"LazyInstanceNorm{dims}d")(), size,
         lambda dims=dims: getattr(nn, f"InstanceNorm{dims}d")(4, affine=True, track_running_stats=True)))),
]


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_a_lazy_module_becomes_the_ordinary_one_at_its_first_call(number):
    make, size, ordinary = ROWS[number]
    lazy, expected = make(), ordinary()
    assert type(lazy).__name__ == f"Lazy{type(expected).__name__}"
    assert list(lazy.state_dict()) == list(expected.state_dict())
    twins = copy.deepcopy(lazy), pickle.loads(pickle.dumps(lazy)), make()
    x = torch.rand(size)
    result = lazy(x)
    assert type(lazy) is type(expected)
    assert repr(lazy) == repr(expected)
    for twin in twins:
        assert isinstance(twin, nn.modules.lazy.LazyModuleMixin)
        twin.load_state_dict(lazy.state_dict())
        assert not twin.has_uninitialized_params()
        assert np.array_equal(twin(x).detach().numpy(), result.detach().numpy())
        assert repr(twin) == repr(expected)


def test_until_then_it_can_be_cast_saved_and_given_to_an_optimizer():
    net = nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(2)).double()
    assert net[0].weight.dtype is torch.float64
    assert repr(net[0].weight) == "<UninitializedParameter>"
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    assert [repr(value) for value in torch.load(file).values()] == ["<UninitializedParameter>"] * 4
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    net(torch.ones(1, 4, dtype=torch.float64)).sum().backward()
    before = net[0].bias.detach().clone(), net[2].bias.detach().clone()
    optimizer.step()
    assert np.allclose(net[2].bias.detach().numpy(), before[1].numpy() - 0.1)


@pytest.mark.parametrize(("error", "function"), [
    (ValueError, lambda: nn.LazyLinear(3).weight + 1), (RuntimeError, lambda: nn.LazyLinear(3).weight.shape),
    (RuntimeError, lambda: nn.LazyLinear(3).share_memory()), (RuntimeError, lambda: nn.LazyConv2d(3, 2)(torch.ones(2, 3))),
    (ValueError, lambda: nn.LazyConv2d(4, 2, groups=2)(torch.ones(1, 3, 4, 4))), (ValueError, lambda: nn.LazyConv1d(3, 2, groups=2)),
    (RuntimeError, lambda: nn.Linear(2, 3).load_state_dict(nn.LazyLinear(3).state_dict())),
])
def test_what_needs_a_size_is_refused(error, function):
    with pytest.raises(error):
        function()


def test_own_lazy_modules():
    class Scale(nn.modules.lazy.LazyModuleMixin, nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.UninitializedParameter()

        def initialize_parameters(self, input):
            if self.has_uninitialized_params():
                self.weight.materialize(input.shape[-1:])
                nn.init.ones_(self.weight)

        def forward(self, input):
            return input * self.weight

    scale = Scale()
    assert scale(torch.ones(2, 3)).shape == (2, 3)
    scale(torch.ones(3)).sum().backward()
    assert scale.weight.grad.tolist() == [1, 1, 1]


def test_buffers_as_attributes():
    module = nn.Module()
    module.kept, module.passing = nn.Buffer(torch.ones(2)), nn.Buffer(torch.ones(2), persistent=False)
    assert list(module.state_dict()) == ["kept"]
    assert len(list(module.buffers())) == 2
    module.double()
    assert module.passing.dtype is torch.float64
    module.kept = torch.zeros(3)
    assert module.state_dict()["kept"].tolist() == [0, 0, 0]
    assert list(copy.deepcopy(module).state_dict()) == ["kept"]
    module.weight = nn.Parameter(torch.ones(1))
    with pytest.raises(TypeError):
        module.weight = nn.Buffer(torch.ones(1))
