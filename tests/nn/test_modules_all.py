"""Every module of ``nn``: it runs, has right first and second gradients, keeps its state, and says what is wrong with an input."""
import copy
import inspect
import pickle
import re

import numpy as np
import pytest
from module_rows import FIRST, NOT_IN_ROWS, flat

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

TESTED_ELSEWHERE = ("CTCLoss",)         # its gradient is for log-probabilities that come from log_softmax, as torch's
by_name = {"argvalues": [row for row in FIRST if row.inputs and row.name not in TESTED_ELSEWHERE], "ids": lambda row: row.name}
WRONG = {       # a module, an input that does not fit, and what the error names: what was given and what was expected
    "Linear": (lambda: nn.Linear(4, 3), [(2, 5)], "5", "4"),
    "Bilinear": (lambda: nn.Bilinear(4, 2, 3), [(2, 5), (2, 2)], "5", "4"),
    **{f"{kind}{dims}d": (lambda kind=kind, dims=dims: getattr(nn, f"{kind}{dims}d")(4, 6, 3), [(1, 5, *(6,) * dims)], "5", "4")
       for kind in ("Conv", "ConvTranspose") for dims in (1, 2, 3)},
    **{f"{kind}{dims}d dims": (lambda kind=kind, dims=dims: getattr(nn, f"{kind}{dims}d")(4, 6, 3), [(4,)], r"\[4\]|1D", f"{dims + 1}D|{dims + 1}-D")
       for kind in ("Conv", "ConvTranspose") for dims in (1, 2, 3)},
    **{f"{kind}Pool{dims}d": (lambda kind=kind, dims=dims: getattr(nn, f"{kind}Pool{dims}d")(2), [(4,)], r"\[4\]|1D", f"{dims + 1}D|{dims + 1}-D")
       for kind in ("Max", "Avg", "AdaptiveAvg", "AdaptiveMax") for dims in (1, 2, 3)},
    **{f"MaxPool{dims}d small": (lambda dims=dims: getattr(nn, f"MaxPool{dims}d")(5), [(1, 2, *(3,) * dims)], "3", "5") for dims in (1, 2, 3)},
    **{f"{kind}Pad{dims}d": (lambda kind=kind, dims=dims: getattr(nn, f"{kind}Pad{dims}d")(1), [(4,)], "got 1|dimension 1", "2 or 3|two times")
       for kind in ("Reflection", "Replication", "Circular") for dims in (1, 2, 3)},
    **{f"{kind}Norm{dims}d": (lambda kind=kind, dims=dims: getattr(nn, f"{kind}Norm{dims}d")(3, affine=True), [(2, 4, *(5,) * dims)], "4", "3")
       for kind in ("Batch", "Instance") for dims in (1, 2, 3)},
    **{f"BatchNorm{dims}d dims": (lambda dims=dims: getattr(nn, f"BatchNorm{dims}d")(3), [(3,)], "1D", f"{dims + 2}D") for dims in (1, 2, 3)},
    "LayerNorm": (lambda: nn.LayerNorm(4), [(2, 5)], "5", "4"), "GroupNorm": (lambda: nn.GroupNorm(2, 4), [(2, 6, 3)], "6", "4"),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(2), [(2, 3)], "2D|2 dim|2-D", "3D|3 dim|3-D"),
    **{kind: (lambda kind=kind: getattr(nn, kind)(4, 3), [(5, 2, 6)], "6", "4") for kind in ("RNN", "LSTM", "GRU")},
    **{f"{kind}Cell": (lambda kind=kind: getattr(nn, f"{kind}Cell")(4, 3), [(2, 6)], "6", "4") for kind in ("RNN", "LSTM", "GRU")},
    **{f"{kind} state": (lambda kind=kind: getattr(nn, kind)(4, 3), [(5, 2, 4), (1, 7, 3)], "7", "2") for kind in ("RNN", "GRU")},
    **{name: (lambda name=name: getattr(nn, name)(), [(3, 4), (3, 5)], "5", "4") for name in (
        "MSELoss", "L1Loss", "SmoothL1Loss", "BCELoss", "BCEWithLogitsLoss", "SoftMarginLoss", "PoissonNLLLoss", "KLDivLoss",
        "HingeEmbeddingLoss", "MultiLabelSoftMarginLoss", "CosineSimilarity", "PairwiseDistance")},
    "MarginRankingLoss": (lambda: nn.MarginRankingLoss(), [(3,), (4,), (3,)], "4", "3"),
    "TripletMarginLoss": (lambda: nn.TripletMarginLoss(), [(3, 4), (3, 5), (3, 4)], "5", "4"),
    "PReLU": (lambda: nn.PReLU(3), [(2, 4)], "4", "3"), "GLU": (lambda: nn.GLU(), [(2, 5)], "5", "even"),
    "Softmax2d": (lambda: nn.Softmax2d(), [(2, 5)], "2D", "4D"), "Unflatten": (lambda: nn.Unflatten(1, (2, 3)), [(2, 5)], "5", "2, 3|6"),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), [(1, 3, 2, 2)], "3", "4"), "PixelUnshuffle": (lambda: nn.PixelUnshuffle(2), [(1, 3, 3, 2)], "3", "2"),
    "Fold": (lambda: nn.Fold((4, 5), 2), [(2, 8, 11)], "11", "12"), "Unfold": (lambda: nn.Unfold(3), [(1, 1, 2, 2)], "2", "3"),
    "MultiheadAttention": (lambda: nn.MultiheadAttention(4, 2), [(3, 2, 6), (3, 2, 6), (3, 2, 6)], "6", "4"),
    **{name: (lambda name=name: getattr(nn, name)(), [(3, 4), (3, 5)], "5", "4") for name in ("HuberLoss", "MultiLabelMarginLoss")},
    "RMSNorm": (lambda: nn.RMSNorm(4), [(2, 5)], "5", "4"), "SyncBatchNorm": (lambda: nn.SyncBatchNorm(3), [(2, 4)], "4", "3"),
    "ChannelShuffle": (lambda: nn.ChannelShuffle(2), [(1, 3, 2)], "3", "2"), "Upsample": (lambda: nn.Upsample(2, mode="bilinear"), [(1, 2, 3)], "3D|3", "4D|4"),
    **{f"LPPool{dims}d": (lambda dims=dims: getattr(nn, f"LPPool{dims}d")(2, 3), [(1, 2, *(2,) * dims)], "2", "3") for dims in (1, 2, 3)},
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(4, 2, 6), [(3, 2, 6)], "6", "4"),
    "TransformerDecoderLayer": (lambda: nn.TransformerDecoderLayer(4, 2, 6), [(3, 2, 6), (3, 2, 4)], "6", "4"),
    "Transformer": (lambda: nn.Transformer(4, 2, 1, 1, 6), [(3, 2, 6), (3, 2, 4)], "6", "4"),
    "TripletMarginWithDistanceLoss": (lambda: nn.TripletMarginWithDistanceLoss(), [(3, 4), (3, 5), (3, 4)], "5", "4"),
    "CosineEmbeddingLoss": (lambda: nn.CosineEmbeddingLoss(), [(3, 4), (3, 5), (3,)], "5", "4"),
    "GaussianNLLLoss": (lambda: nn.GaussianNLLLoss(), [(3, 4), (3, 4), (3, 5)], "5", "4"),
    **{f"FractionalMaxPool{dims}d": (lambda dims=dims: getattr(nn, f"FractionalMaxPool{dims}d")(2, output_size=5), [(1, 2, *(4,) * dims)], "4", "5")
       for dims in (2, 3)},
    "AdaptiveLogSoftmaxWithLoss": (lambda: nn.AdaptiveLogSoftmaxWithLoss(16, 12, [3, 6]), [(2, 16), (3,)], "3", "2"),
}


def leaves_of(row, module):
    """(parameters, inputs): what gradients are taken of, and a function of them."""
    torch.manual_seed(0)
    inputs = row.tensors(torch, 1)
    names = [name for name, parameter in module.named_parameters()]
    places = [place for place, one in enumerate(inputs) if isinstance(one, torch.Tensor) and one.requires_grad]

    def run(*leaves):
        given = list(inputs)
        for place, leaf in zip(places, leaves):
            given[place] = leaf
        for name, leaf in zip(names, leaves[len(places):]):
            owner, _, last = name.rpartition(".")
            owner = module.get_submodule(owner) if owner else module
            del owner._parameters[last]
            owner._parameters[last] = leaf
        torch.manual_seed(0)
        call = {key: value.make(torch) for key, value in row.call.items()}
        return tuple(one for one in flat(module(*given, **call)) if one.is_floating_point() and one.requires_grad)

    return run, [inputs[place] for place in places] + [parameter.detach().clone().requires_grad_() for parameter in module.parameters()]


def test_every_module_is_tried():
    names = {name for name, one in vars(nn).items() if inspect.isclass(one) and issubclass(one, nn.Module)}
    assert names - NOT_IN_ROWS == {row.name for row in FIRST}


@pytest.mark.parametrize("row", **by_name)
def test_first_and_second_gradients(row):
    module = row.module(torch).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.rand(parameter.shape, dtype=torch.float64) - 0.5)
    run, leaves = leaves_of(row, module)
    assert gradcheck(run, leaves, fast_mode=True)
    assert gradgradcheck(run, leaves, fast_mode=True)


@pytest.mark.parametrize("row", FIRST, ids=lambda row: row.name)
def test_state_and_copies(row):
    module, other = row.module(torch), row.module(torch)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_()
    assert other.load_state_dict(module.state_dict()) == ([], [])
    for twin in (other, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert repr(twin) == repr(module)
        assert list(twin.state_dict()) == list(module.state_dict())
        for one, same in zip(twin.state_dict().values(), module.state_dict().values()):
            assert np.array_equal(one.numpy(), same.numpy())
            assert one.data_ptr() != same.data_ptr() or one.numel() == 0


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_size_is_refused_by_naming_it_and_what_would_fit(case):
    make, sizes, given, expected = WRONG[case]
    with pytest.raises((RuntimeError, ValueError, AssertionError)) as caught:
        make()(*[torch.rand(size) for size in sizes])
    said = str(caught.value)
    assert re.search(given, said), said
    assert re.search(expected, said), said


def whole(*size):
    """A tensor of integer zeros."""
    return torch.zeros(size, dtype=torch.int64)


@pytest.mark.parametrize("make, inputs, given, expected", [
    (lambda: nn.EmbeddingBag(5, 3), [whole(2, 2, 2)], "dimension 3", "1D or 2D"),
    (lambda: nn.MaxUnpool2d(2), [torch.zeros(1, 1, 2, 2), whole(1, 1, 2, 3)], r"\[1, 1, 2, 3\]", r"\[1, 1, 2, 2\]"),
    (lambda: nn.NLLLoss(), [torch.zeros(3, 4), whole(2)], r"\(2\)", r"\(3\)"),
    (lambda: nn.CrossEntropyLoss(), [torch.zeros(3, 4, 5), whole(3, 6)], r"\[3, 6\]", r"\[3, 5\]"),
    (lambda: nn.MultiMarginLoss(), [torch.zeros(3, 4), whole(2)], r"\[2\]", r"\[3, 4\]"),
    (lambda: nn.CTCLoss(), [torch.zeros(5, 2, 4), whole(3, 2), whole(2) + 5, whole(2) + 2], "size 3", "size 2"),
], ids=["EmbeddingBag", "MaxUnpool2d", "NLLLoss", "CrossEntropyLoss", "MultiMarginLoss", "CTCLoss"])
def test_a_wrong_size_beside_integers_is_refused_likewise(make, inputs, given, expected):
    with pytest.raises((RuntimeError, ValueError)) as caught:
        make()(*inputs)
    assert re.search(given, str(caught.value)) and re.search(expected, str(caught.value)), caught.value
