"""Every module in every floating type, on inputs in any layout, with empty batches and without a batch: each against itself where the answer
is known, on float64 numbers in C order.
"""
import numpy as np
import pytest
from module_rows import FIRST, flat

import nb_nn as torch

KINDS = {"float32": 1e-5, "float16": 2e-2, "bfloat16": 1.5e-1}
ROWS = [row for row in FIRST if row.inputs and not row.random and row.name not in ("CTCLoss", "Transformer")]
by_name = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
# modules whose inputs all begin with the batch, and which take any number of samples: each sample has its own answer
BATCHED = {
    **{f"{kind}{dims}d": row for row in FIRST for dims in (1, 2, 3) for kind in (
        "Conv", "ConvTranspose", "MaxPool", "AvgPool", "LPPool", "AdaptiveAvgPool", "AdaptiveMaxPool", "InstanceNorm", "ReflectionPad",
        "ReplicationPad", "CircularPad", "ZeroPad", "ConstantPad") if row.name == f"{kind}{dims}d"},
    **{row.name: row for row in FIRST if row.name in (
        "Linear", "Bilinear", "Unfold", "Fold", "PixelShuffle", "PixelUnshuffle", "GLU", "Softmax2d", "Embedding", "CosineSimilarity",
        "PairwiseDistance", "RNNCell", "LSTMCell", "GRUCell", "GroupNorm", "LayerNorm", "RMSNorm", "LocalResponseNorm", "ChannelShuffle")},
}
EMPTY = {name: row for name, row in BATCHED.items() if name not in ("Fold",)}
UNBATCHED = {name: row for name, row in BATCHED.items() if not name.startswith(("GroupNorm", "LocalResponse", "ChannelShuffle", "PairwiseDistance", "CosineSimilarity"))}


def answer(row, kind="float64", changed=lambda tensor: tensor):
    """Results and gradients, as float64 arrays, of a row's module and inputs in a type, each input passed through a function."""
    torch.manual_seed(0)
    module = row.module(torch)
    module = module.double() if kind == "float64" else module.double().to(getattr(torch, kind))
    leaves = [one.to(getattr(torch, kind)).detach().requires_grad_(one.requires_grad) if isinstance(one, torch.Tensor) and one.is_floating_point()
              else one for one in row.tensors(torch, 3)]
    call = {key: value.make(torch).to(getattr(torch, kind)) if hasattr(value, "make") else value for key, value in row.call.items()}
    results = flat(module(*[changed(one) if isinstance(one, torch.Tensor) else one for one in leaves], **call))
    assert all(one.dtype is getattr(torch, kind) or not one.is_floating_point() for one in results)
    terms = [one.double().sum() + (one.double() ** 2).sum() for one in results if one.requires_grad]
    if terms:
        sum(terms[1:], terms[0]).backward()
    grads = [one.grad for one in (*leaves, *module.parameters()) if isinstance(one, torch.Tensor) and one.grad is not None]
    return [(one.to_dense() if one.is_sparse else one).detach().double().numpy() for one in (*results, *grads)]


@by_name
@pytest.mark.parametrize("kind", KINDS)
def test_types(row, kind):
    chosen = row.name.endswith("Loss") or "Max" in row.name or "Unpool" in row.name     # ties, or numbers of their own
    for one, exact in zip(answer(row, kind), answer(row)):
        assert one.shape == exact.shape
        scale = max(1.0, np.abs(exact).max()) if exact.size else 1.0
        close = np.isclose(one, exact, KINDS[kind], KINDS[kind] * scale)
        assert close.all() or chosen and kind != "float32" and close.mean() > 0.6


def transposed(tensor):
    return tensor.transpose(0, -1).clone(memory_format=torch.contiguous_format).transpose(0, -1) if tensor.dim() > 1 else tensor


def part(tensor):
    return torch.stack([tensor, tensor], -1)[..., 0]


def channels_last(tensor):
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else torch.flip(torch.flip(tensor, [0]), [0]) if tensor.dim() else tensor


def expanded(tensor):
    return (tensor + 0).unsqueeze(0).expand(2, *tensor.shape)[1]


@by_name
@pytest.mark.parametrize("layout", [transposed, part, channels_last, expanded], ids=lambda layout: layout.__name__)
def test_layouts(row, layout):
    for one, exact in zip(answer(row, changed=layout), answer(row), strict=True):
        np.testing.assert_allclose(one, exact, 1e-10, 1e-12)


def results_of(row, module, inputs):
    return flat(module(*inputs, **{key: value.make(torch) if hasattr(value, "make") else value for key, value in row.call.items()}))


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_batch_gives_an_empty_result_and_zero_gradients(name):
    row = EMPTY[name]
    module = row.module(torch).double()
    whole = row.tensors(torch, 3)
    inputs = [one[:0].detach().requires_grad_(one.requires_grad) for one in whole]
    results = results_of(row, module, inputs)
    for one, full in zip(results, results_of(row, module, whole), strict=True):
        assert one.shape == (0, *full.shape[1:])
    if results[0].requires_grad:
        results[0].sum().backward()
        assert all(one.grad.shape == one.shape for one in inputs if one.requires_grad)
        assert all(not np.any(one.grad.numpy()) for one in module.parameters() if one.grad is not None)


@pytest.mark.parametrize("name", UNBATCHED)
def test_a_sample_without_a_batch_has_its_own_answer(name):
    row = UNBATCHED[name]
    module, whole = row.module(torch).double(), row.tensors(torch, 3)
    if name.startswith("InstanceNorm"):
        module.eval()
    for one, full in zip(results_of(row, module, [one[0] for one in whole]), results_of(row, module, [one[:1] for one in whole]), strict=True):
        np.testing.assert_allclose(one.detach().numpy(), full.detach().numpy()[0], 1e-10, 1e-12)
