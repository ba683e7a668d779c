"""Padding, recurrent, distance, fold, margin-loss and vision layers beside torch's: values, gradients, state, errors, printing."""
import warnings

import numpy as np
import pytest

import nb_nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")
X, SIGNAL, VOLUME = (2, 3, 6, 5), (2, 3, 7), (2, 3, 4, 3, 5)
LABELS = [[3, 0, -1, 1], [-1, 0, 2, 3], [2, 1, 0, 3]]

# a function of the library and tensors of these sizes
CASES = {
    **{f"{name}Pad{dims}d": (lambda t, x, name=name, dims=dims: getattr(t.nn, f"{name}Pad{dims}d")((1, 2, 0, 1, 2, 1)[:2 * dims])(x), size)
       for name in ("Reflection", "Replication", "Circular", "Zero") for dims, size in ((1, SIGNAL), (2, X), (3, VOLUME))},
    "ConstantPad2d": (lambda t, x: t.nn.ConstantPad2d((1, -1, 2, 0), 3.0)(x), X),
    "InstanceNorm1d": (lambda t, x: t.nn.InstanceNorm1d(3, affine=True)(x), SIGNAL),
    "InstanceNorm2d": (lambda t, x: t.nn.InstanceNorm2d(3, track_running_stats=True)(x), X),
    "InstanceNorm3d unbatched": (lambda t, x: t.nn.InstanceNorm3d(3)(x[0]), VOLUME),
    "LocalResponseNorm": (lambda t, x: t.nn.LocalResponseNorm(2, 0.5, 0.7, 2.0)(x), X),
    "LocalResponseNorm of signals": (lambda t, x: t.nn.LocalResponseNorm(3)(x), SIGNAL),
    "CosineSimilarity": (lambda t, x, y: t.nn.CosineSimilarity(2)(x, y), X, X),
    "PairwiseDistance": (lambda t, x, y: t.nn.PairwiseDistance(3.0, keepdim=True)(x, y), (5, 4), (5, 4)),
    "pdist": (lambda t, x: t.nn.functional.pdist(x, 1.5), (5, 4)),
    "unfold": (lambda t, x: t.nn.Unfold((2, 3), (2, 1), (1, 2), (1, 2))(x), X),
    "fold": (lambda t, x: t.nn.Fold((5, 6), (2, 3), (2, 1), (1, 2), (1, 2))(x), (2, 12, 20)),
    "MultiMarginLoss": (lambda t, x, w: t.nn.MultiMarginLoss(2, 0.5, w.detach().abs())(x, t.tensor([0, 3, 1])) + 0 * w.sum(), (3, 4), (4,)),
    "MultiMarginLoss none": (lambda t, x: t.nn.MultiMarginLoss(reduction="none")(x, t.tensor([0, 3, 1])), (3, 4)),
    "MultiLabelMarginLoss": (lambda t, x: t.nn.MultiLabelMarginLoss()(x, t.tensor(LABELS)), (3, 4)),
    "MultiLabelMarginLoss none": (lambda t, x: t.nn.MultiLabelMarginLoss(reduction="none")(x, t.tensor(LABELS)), (3, 4)),
    "MultiLabelSoftMarginLoss": (lambda t, x, y: t.nn.MultiLabelSoftMarginLoss()(x, y.sigmoid()), (3, 4), (3, 4)),
    "pixel_shuffle": (lambda t, x: t.nn.PixelShuffle(2)(x), (2, 8, 2, 3)),
    "pad_sequence": (lambda t, x: t.nn.utils.rnn.pad_sequence([x[:2], x], padding_value=1.0)[::2], (5, 3)),
    **{f"{mode} {options}": (lambda t, x, mode=mode, options=options: t.nn.functional.interpolate(x, mode=mode, **options), size)
       for mode, size in (("nearest", X), ("linear", SIGNAL), ("bilinear", X), ("bicubic", X), ("trilinear", VOLUME), ("area", X))
       for options in ({"scale_factor": 2}, {"scale_factor": 1.7}, {"scale_factor": 0.6, "recompute_scale_factor": True}, {"size": 4})},
    **{f"{mode} aligned": (lambda t, x, mode=mode: t.nn.functional.interpolate(x, 5, mode=mode, align_corners=True), size)
       for mode, size in (("linear", SIGNAL), ("bilinear", X), ("bicubic", X), ("trilinear", VOLUME))},
}


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_same_values_and_gradients(case, kind):
    run, *shapes = CASES[case]
    random, found = np.random.default_rng(0), []
    arrays = [random.standard_normal(shape).astype(kind) for shape in shapes]
    for library in (nb_nn, torch):
        library.set_default_dtype(getattr(library, kind))
        try:
            leaves = [library.from_numpy(array.copy()).requires_grad_() for array in arrays]
            made = run(library, *leaves)
            made.backward(library.from_numpy(np.asarray(np.random.default_rng(1).standard_normal(tuple(made.shape)), kind)))
        finally:
            library.set_default_dtype(library.float32)
        found.append([made.detach().numpy(), *[leaf.grad.numpy() for leaf in leaves]])
    for ours, theirs in zip(*found):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        scale = np.abs(theirs).max() if theirs.size else 1
        np.testing.assert_allclose(ours, theirs, rtol=1e-4 if kind == "float32" else 1e-9, atol=scale * (5e-6 if kind == "float32" else 1e-12))


RECURRENT = [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("GRU", {})]
FORMS = [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False, "num_layers": 2, "batch_first": True}]


def recurrent_run(library, kind, options, state, arrays, packed):
    """Results and all gradients of a recurrent layer with a given state."""
    module = getattr(library.nn, kind)(5, 7, **options).double()
    module.load_state_dict({name: library.from_numpy(value.copy()) for name, value in state.items()})
    leaves = [library.from_numpy(array.copy()).requires_grad_() for array in arrays]
    x, states, pack = leaves[0], tuple(leaves[1:]), library.nn.utils.rnn
    if packed:
        x = pack.pack_padded_sequence(x, library.tensor([4, 6, 1, 4]), options.get("batch_first", False), enforce_sorted=False)
    output, last = module(x, states if kind == "LSTM" else states[0])
    lengths = []
    if packed:
        assert [one if one is None else one.tolist() for one in output[1:]] == [one if one is None else one.tolist() for one in x[1:]]
        output, lengths = pack.pad_packed_sequence(output, options.get("batch_first", False), -1.0, 7)
    last = last if kind == "LSTM" else (last,)
    ((output * output).sum() + sum((one ** 3).sum() for one in last)).backward()
    return [output.detach().numpy(), np.asarray(lengths), *[one.detach().numpy() for one in last], *[leaf.grad.numpy() for leaf in leaves],
            *[parameter.grad.numpy() for parameter in module.parameters()]]


@pytest.mark.parametrize("kind, options", RECURRENT)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_recurrent_layers(kind, options, form, packed):
    options, random = {**options, **form}, np.random.default_rng(0)
    theirs, ours = getattr(torch.nn, kind)(5, 7, **options), getattr(nb_nn.nn, kind)(5, 7, **options)
    assert repr(ours) == repr(theirs)
    state = {name: value.double().numpy() for name, value in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    count = theirs.num_layers * (1 + theirs.bidirectional)
    arrays = [random.standard_normal((4, 6, 5) if theirs.batch_first else (6, 4, 5)),
              *[random.standard_normal((count, 4, 7)) for _ in range(2 if kind == "LSTM" else 1)]]
    for one, other in zip(*[recurrent_run(library, kind, options, state, arrays, packed) for library in (nb_nn, torch)]):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind, options", RECURRENT)
def test_recurrent_cells(kind, options):
    theirs, ours = (getattr(library.nn, kind + "Cell")(5, 7, **options) for library in (torch, nb_nn))
    ours.load_state_dict({name: nb_nn.from_numpy(value.numpy()) for name, value in theirs.state_dict().items()})
    assert repr(ours) == repr(theirs)
    x = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)
    for given in (x, x[0]):
        one, other = ours(nb_nn.from_numpy(given)), theirs(torch.from_numpy(given))
        for a, b in zip(one if kind == "LSTM" else [one], other if kind == "LSTM" else [other]):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)


MODULES = [
    lambda nn: nn.ReflectionPad2d((1, 2, 3, 4)), lambda nn: nn.ZeroPad2d(1), lambda nn: nn.ConstantPad1d(2, 3.5), lambda nn: nn.CircularPad3d(1),
    lambda nn: nn.ReplicationPad1d(1), lambda nn: nn.InstanceNorm2d(3), lambda nn: nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
    lambda nn: nn.LocalResponseNorm(2), lambda nn: nn.CosineSimilarity(), lambda nn: nn.PairwiseDistance(), lambda nn: nn.Unfold((2, 3)),
    lambda nn: nn.Fold((4, 5), 2), lambda nn: nn.MultiMarginLoss(), lambda nn: nn.MultiLabelMarginLoss(), lambda nn: nn.MultiLabelSoftMarginLoss(),
    lambda nn: nn.PixelShuffle(2), lambda nn: nn.PixelUnshuffle(2), lambda nn: nn.Upsample(scale_factor=2, mode="bilinear"),
    lambda nn: nn.Upsample((2, 3)), lambda nn: nn.UpsamplingBilinear2d(scale_factor=2), lambda nn: nn.LSTM(3, 4, 2, dropout=0.5),
    lambda nn: nn.RNNCell(3, 4, nonlinearity="relu"), lambda nn: nn.utils.spectral_norm(nn.Linear(3, 4)),
    lambda nn: nn.utils.weight_norm(nn.Conv2d(3, 4, 2)),
]


@pytest.mark.parametrize("make", MODULES)
def test_modules_print_alike_and_read_each_others_state(make):
    ours, theirs = make(nb_nn.nn), make(torch.nn)
    assert repr(ours) == repr(theirs)
    state = ours.state_dict()
    assert list(state) == list(theirs.state_dict())
    theirs.load_state_dict({name: torch.from_numpy(value.numpy()) for name, value in state.items()})
    ours.load_state_dict({name: nb_nn.from_numpy(value.numpy()) for name, value in theirs.state_dict().items()})


ERRORS = [
    lambda t: t.nn.ReflectionPad1d(4)(t.zeros(1, 2, 4)), lambda t: t.nn.LSTM(3, 4)(t.zeros(2, 1, 5)), lambda t: t.nn.GRU(3, 4)(t.zeros(3)),
    lambda t: t.nn.GRU(3, 4)(t.zeros(2, 2, 3), t.zeros(1, 3, 4)), lambda t: t.nn.GRU(3, 4)(t.zeros(2, 2, 3), t.zeros(1, 4)),
    lambda t: t.nn.LSTM(3, 4)(t.zeros(2, 2, 3), (t.zeros(1, 2, 4), t.zeros(1, 3, 4))), lambda t: t.nn.RNN(3, 4)(t.zeros(2, 1, 3).double()),
    lambda t: t.nn.RNN(3, 4, nonlinearity="sin"), lambda t: t.nn.GRU(3, 4, dropout=2), lambda t: t.nn.LSTM(3, 0),
    lambda t: t.nn.LSTM(3, 4)(t.zeros(0, 2, 3)), lambda t: t.nn.LSTMCell(3, 4)(t.zeros(2, 4)), lambda t: t.nn.GRUCell(3, 4)(t.zeros(1, 2, 3)),
    lambda t: t.nn.utils.rnn.pack_padded_sequence(t.zeros(5, 2, 3), [2, 5]), lambda t: t.nn.utils.rnn.pack_padded_sequence(t.zeros(5, 2, 3), [2, 0]),
    lambda t: t.nn.utils.rnn.pack_padded_sequence(t.zeros(5, 2, 3), [2, 1, 1]), lambda t: t.nn.InstanceNorm2d(3)(t.zeros(3, 4)),
    lambda t: t.nn.InstanceNorm1d(3, affine=True)(t.zeros(2, 4, 5)), lambda t: t.nn.InstanceNorm1d(3)(t.zeros(2, 3, 1)),
    lambda t: t.nn.LocalResponseNorm(2)(t.zeros(2, 3)), lambda t: t.nn.functional.pdist(t.zeros(2, 3, 4)), lambda t: t.nn.Unfold(3)(t.zeros(1, 1, 2, 2)),
    lambda t: t.nn.Fold(3, 2)(t.zeros(1, 5, 4)), lambda t: t.nn.Fold(3, 2)(t.zeros(1, 4, 5)), lambda t: t.nn.MultiMarginLoss(3),
    lambda t: t.nn.MultiMarginLoss()(t.zeros(2, 3), t.zeros(3).long()), lambda t: t.nn.PixelShuffle(2)(t.zeros(1, 3, 2, 2)),
    lambda t: t.nn.Upsample()(t.zeros(1, 1, 2)), lambda t: t.nn.Upsample(2, 2)(t.zeros(1, 1, 2)), lambda t: t.nn.Upsample(2)(t.zeros(2, 2)),
    lambda t: t.nn.Upsample(2, mode="linear")(t.zeros(1, 1, 2, 2)), lambda t: t.nn.utils.remove_weight_norm(t.nn.Linear(2, 2)),
    lambda t: t.nn.utils.weight_norm(t.nn.utils.weight_norm(t.nn.Linear(2, 2))), lambda t: t.nn.utils.spectral_norm(t.nn.Linear(2, 2), n_power_iterations=0),
]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors_are_of_the_same_type(number):
    raised = []
    for library in (torch, nb_nn):
        with pytest.raises(Exception) as caught:        # noqa: B017, PT011  which one is the question
            ERRORS[number](library)
        raised.append(caught.type.__name__)
    assert raised[0] == raised[1]
