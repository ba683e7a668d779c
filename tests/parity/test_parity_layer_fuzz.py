"""Random options and inputs for every layer and loss, here and in PyTorch, in all floating types and memory layouts: the same text, state,
results, gradients and buffers over three steps of learning, or both refuse with the same type of error."""
import warnings

import numpy as np
import pytest
from layer_draws import LAYERS, Draw, Given, Numbers
from loss_draws import LOSSES
from module_rows import flat

import nb_nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    theirs = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")
ALL = {**LAYERS, **LOSSES}
KINDS = ("float64", "float64", "float64", "float32", "float16", "bfloat16")
TOLERANCE = {"float64": 1e-7, "float32": 2e-4, "float16": 2e-2, "bfloat16": 1e-1}
SEEDS = 5
# what PyTorch refuses and this library answers, on purpose (docs/design.md)
MORE_HERE = ("not implemented for", "invalid gradient at index", "grad_input must be contiguous", "doesn't match the broadcast shape",
             "index 0 out of range for tensor of size [0]", "smaller than kernel size", "too many indices")


def laid_out(library, tensor, layout, grad):
    """(leaf, tensor): equal numbers in another layout, as a function of a leaf."""
    leaf = tensor
    if layout == "transposed" and tensor.dim() > 1:
        leaf = tensor.transpose(0, -1).contiguous().requires_grad_(grad)
        tensor = leaf.transpose(0, -1)
    elif layout == "part" and tensor.dim():
        leaf = library.cat([tensor, tensor], -1).requires_grad_(grad)
        tensor = leaf[..., :tensor.shape[-1]]
    elif layout == "channels last" and tensor.dim() == 4:
        leaf = tensor = tensor.to(memory_format=library.channels_last).requires_grad_(grad)
    else:
        tensor.requires_grad_(grad)
    return leaf, tensor


class Case:
    """A layer with options and inputs."""

    def __init__(self, name, seed):
        draw = Draw(seed)
        self.name, (self.args, self.options, self.inputs, self.call) = name, ALL[name](draw)
        self.kind, self.layout = draw.pick(*KINDS), draw.pick(None, None, "transposed", "part", "channels last")
        if name.startswith("BatchNorm") and self.layout == "transposed":
            self.layout = None              # there PyTorch's gradient differs from its own for the same numbers in C order
        self.arrays: dict = {}
        self.random = draw.random

    def made(self, library, value, leaves):
        """A tensor, or several, of a description; leaves that want gradients are collected."""
        if isinstance(value, tuple) and value and isinstance(value[0], Numbers):
            return tuple(self.made(library, one, leaves) for one in value)
        if not hasattr(value, "array"):
            return value
        array = self.arrays.setdefault(id(value), value.array(self.random))
        tensor = library.from_numpy(np.array(array))
        if array.dtype.kind == "f":
            tensor = tensor.to(getattr(library, self.kind))
        if isinstance(value, Numbers):
            leaf, tensor = laid_out(library, tensor, self.layout, value.grad)
            leaves += [leaf] if value.grad else []
        return tensor

    def module(self, library):
        library.manual_seed(0)
        options = {name: self.made(library, value, []) if isinstance(value, Given) else value for name, value in self.options.items()}
        return getattr(library.nn, self.name)(*self.args, **options)

    def step(self, library, module):
        """Results, gradients and state of one step of learning."""
        leaves: list = []
        inputs = [self.made(library, one, leaves) for one in self.inputs]
        if self.options.get("inplace"):
            inputs = [one * 1 for one in inputs]
        results = flat(module(*inputs, **{name: self.made(library, one, leaves) for name, one in self.call.items()}))
        random = np.random.default_rng(5)
        weights = [library.from_numpy(np.array(random.standard_normal(tuple(one.shape)))) for one in results]
        terms = [(one * weight.to(one.dtype)).sum() for one, weight in zip(results, weights) if one.requires_grad]
        module.zero_grad()
        if terms:
            sum(terms[1:], terms[0]).backward()
        grads = [one.grad for one in leaves] + [one.grad for one in module.parameters()]
        with library.no_grad():
            for parameter in module.parameters():
                if parameter.grad is not None and not parameter.grad.is_sparse:
                    parameter.sub_(0.05 * parameter.grad)
        return [[array(one) for one in many] for many in (results, grads, module.state_dict().values())]


def array(tensor):
    if tensor is None:
        return None
    tensor = (tensor.to_dense() if tensor.is_sparse else tensor).detach()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()


def attempt(call):
    try:
        return call(), None
    except Exception as error:  # noqa: BLE001  whether there is one is compared
        return None, error


def both(ours, other):
    """What two calls return, or None where both refuse, or PyTorch alone does what is listed."""
    (mine, error), (their, refusal) = attempt(ours), attempt(other)
    if refusal is None:
        assert error is None, f"{error!r}, where PyTorch answers"
        return mine, their
    if error is None:
        assert any(one in str(refusal) for one in MORE_HERE), f"an answer, where PyTorch raises {refusal!r}"
    else:
        assert type(error).__name__ == type(refusal).__name__, f"{error!r}, where PyTorch raises {refusal!r}"
    return None


def alike(mine, their, tolerance, what):
    assert len(mine) == len(their), what
    for number, (one, other) in enumerate(zip(mine, their)):
        assert (one is None) == (other is None), f"{what} {number}"
        if other is not None:
            assert one.dtype == other.dtype, f"{what} {number}"
            assert one.shape == other.shape, f"{what} {number}"
            np.testing.assert_allclose(one, other, tolerance, tolerance, err_msg=f"{what} {number}")


@pytest.mark.parametrize("name", ALL)
def test_layer(name):
    for seed in range(SEEDS):
        case = Case(name, 1000 * len(name) + seed)
        made = both(lambda case=case: case.module(nb_nn), lambda case=case: case.module(theirs))
        if made is None:
            continue
        ours, other = made
        assert repr(ours) == repr(other)
        ours.to(getattr(nb_nn, case.kind)), other.to(getattr(theirs, case.kind))
        state = {key: value if value.dtype != theirs.bfloat16 else value.float() for key, value in other.state_dict().items()}
        assert list(ours.state_dict()) == list(state)
        ours.load_state_dict({key: nb_nn.from_numpy(np.array(value.numpy())) for key, value in state.items()})
        for step in range(3):
            if step == 2:
                ours.eval(), other.eval()
            found = both(lambda case=case, ours=ours: case.step(nb_nn, ours), lambda case=case, other=other: case.step(theirs, other))
            if found is None:
                break
            for mine, their, what, factor in zip(*found, ("result", "gradient", "state"), (1, 5, 3)):
                alike(mine, their, factor * TOLERANCE[case.kind], f"{case.args} {case.options} {case.kind} step {step} {what}")
