"""Layers and losses beside torch's: values, gradients, types of errors, and how modules print."""
import inspect
import warnings

import numpy as np
import pytest

import nb_nn
from nb_nn import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")
X, SIGNAL = (2, 4, 9, 8), (2, 4, 11)
TARGET = [1, 0, -100, 3, 2]

CASES = {
    "conv2d": (lambda t, F, x, w, b: F.conv2d(x, w, b, (2, 1), (1, 2), (1, 2), 2), X, (6, 2, 3, 2), (6,)),
    "conv2d same": (lambda t, F, x, w: F.conv2d(x[1], w, padding="same"), X, (6, 4, 3, 2)),
    "conv2d 1x1": (lambda t, F, x, w: F.conv2d(x, w), X, (6, 4, 1, 1)),
    "conv2d depthwise": (lambda t, F, x, w, b: F.conv2d(x, w, b, padding=1, groups=4), X, (4, 1, 3, 3), (4,)),
    "conv1d": (lambda t, F, x, w, b: F.conv1d(x, w, b, 2, 1, 2), SIGNAL, (3, 4, 3), (3,)),
    "max_pool2d": (lambda t, F, x: F.max_pool2d(x, (3, 2), 2, 1, 1, True), X),
    "max_pool2d dilated": (lambda t, F, x: F.max_pool2d(x, 2, (1, 2), 0, (3, 2)), X),
    "max_pool1d": (lambda t, F, x: F.max_pool1d(x, 3, 2, 1), SIGNAL),
    "avg_pool2d": (lambda t, F, x: F.avg_pool2d(x, (3, 2), 2, 1, True, False), X),
    "avg_pool2d divisor": (lambda t, F, x: F.avg_pool2d(x, 3, 2, 1, True, True, 4), X),
    "avg_pool1d": (lambda t, F, x: F.avg_pool1d(x, 3, 2, 1, True), SIGNAL),
    "adaptive_avg_pool2d": (lambda t, F, x: F.adaptive_avg_pool2d(x, (4, 3)), X),
    "adaptive_max_pool2d": (lambda t, F, x: F.adaptive_max_pool2d(x, (4, 3)), X),
    "lp_pool2d": (lambda t, F, x: F.lp_pool2d(x, 2, 3, 2), X),
    "batch_norm": (lambda t, F, x, w, b: F.batch_norm(x, None, None, w, b, True), X, (4,), (4,)),
    "batch_norm of columns": (lambda t, F, x, w, b: F.batch_norm(x, None, None, w, b, True), (7, 4), (4,), (4,)),
    "batch_norm eval": (lambda t, F, x, w: F.batch_norm(x, t.ones(4) / 2, t.ones(4) * 2, w), X, (4,)),
    "layer_norm": (lambda t, F, x, w, b: F.layer_norm(x, (9, 8), w, b), X, (9, 8), (9, 8)),
    "group_norm": (lambda t, F, x, w, b: F.group_norm(x, 2, w, b), X, (4,), (4,)),
    "instance_norm": (lambda t, F, x, w, b: F.instance_norm(x, weight=w, bias=b), X, (4,), (4,)),
    "softmax": (lambda t, F, x: F.softmax(x, 1), X),
    "log_softmax": (lambda t, F, x: F.log_softmax(x, -1), X),
    "softmin": (lambda t, F, x: F.softmin(x, 0), X),
    "cross_entropy": (lambda t, F, x: F.cross_entropy(x, t.tensor(TARGET)), (5, 4)),
    "cross_entropy none": (lambda t, F, x: F.cross_entropy(x, t.tensor(TARGET), reduction="none"), (5, 4)),
    "cross_entropy smooth": (lambda t, F, x: F.cross_entropy(x, t.tensor(TARGET), t.ones(4) * 2, label_smoothing=0.1), (5, 4)),
    "cross_entropy of images": (lambda t, F, x: F.cross_entropy(x, t.ones(2, 9, 8).long()), X),
    "cross_entropy of probabilities": (lambda t, F, x, y: F.cross_entropy(x, y.softmax(1), label_smoothing=0.1), (5, 4), (5, 4)),
    "nll_loss": (lambda t, F, x: F.nll_loss(x, t.tensor(TARGET), t.tensor([1.0, 2.0, 3.0, 4.0])), (5, 4)),
    "nll_loss sum": (lambda t, F, x: F.nll_loss(x, t.ones(2, 9, 8).long(), reduction="sum"), X),
    "mse_loss": (lambda t, F, x, y: F.mse_loss(x, y), (5, 4), (5, 4)),
    "l1_loss": (lambda t, F, x, y: F.l1_loss(x, y, reduction="sum"), (5, 4), (5, 4)),
    "smooth_l1_loss": (lambda t, F, x, y: F.smooth_l1_loss(x, y, beta=0.5), (5, 4), (5, 4)),
    "binary_cross_entropy": (lambda t, F, x, y: F.binary_cross_entropy(x.sigmoid(), y.sigmoid()), (5, 4), (5, 4)),
    "bce with logits": (lambda t, F, x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid(), pos_weight=t.tensor(3.0)), (5, 4), (5, 4)),
    "huber_loss": (lambda t, F, x, y: F.huber_loss(x, y, delta=0.5), (5, 4), (5, 4)),
    "huber_loss weighted": (lambda t, F, x, y: F.huber_loss(x, y, weight=t.arange(20.0).reshape(5, 4).to(x.dtype)), (5, 4), (5, 4)),
    "gaussian_nll_loss": (lambda t, F, x, y, v: F.gaussian_nll_loss(x, y, v.abs(), full=True), (5, 4), (5, 4), (5, 1)),
    "triplet with distance": (lambda t, F, x, y, z: F.triplet_margin_with_distance_loss(x, y, z, swap=True), (5, 4), (5, 4), (5, 4)),
    "smooth_l1_loss none": (lambda t, F, x, y: F.smooth_l1_loss(x, y, reduction="none"), (5, 4), (5, 4)),
    "smooth_l1_loss broadcast": (lambda t, F, x, y: F.smooth_l1_loss(x, y), (5, 4), (4,)),
    "hinge_embedding_loss": (lambda t, F, x: F.hinge_embedding_loss(x, x.detach().sin().sign(), 0.7), (5, 4)),
    "margin_ranking_loss": (lambda t, F, x, y: F.margin_ranking_loss(x, y, x.detach().sin().sign(), 0.3), (5, 4), (5, 4)),
    "poisson_nll_loss": (lambda t, F, x: F.poisson_nll_loss(x, x.detach().abs()), (5, 4)),
    "poisson_nll_loss of rates": (lambda t, F, x: F.poisson_nll_loss(x.abs(), x.detach().abs(), log_input=False), (5, 4)),
    "kl_div of logarithms": (lambda t, F, x, y: F.kl_div(x, y.detach(), log_target=True) + 0 * y.sum(), (5, 4), (5, 4)),
    "bce of fixed targets": (lambda t, F, x: F.binary_cross_entropy(x.sigmoid(), x.detach().sigmoid().round()), (5, 4)),
    "rms_norm": (lambda t, F, x, w: F.rms_norm(x, (9, 8), w), X, (9, 8)),
    "rms_norm eps": (lambda t, F, x: F.rms_norm(x, (8,), eps=0.1), X),
    "cdist": (lambda t, F, x, y: t.cdist(x, y), (2, 5, 4), (3, 4)),
    "cdist of many": (lambda t, F, x, y: t.cdist(x, y), (30, 4), (3, 4)),
    "cdist p": (lambda t, F, x, y: t.cdist(x, y, 1.5), (5, 4), (3, 4)),
    "cdist inf": (lambda t, F, x, y: t.cdist(x, y, float("inf")), (5, 4), (3, 4)),
    "pdist": (lambda t, F, x: F.pdist(x, 1.0), (5, 4)),
    "softsign": (lambda t, F, x: F.softsign(x), X),
    "tanhshrink": (lambda t, F, x: F.tanhshrink(x), X),
    "logsigmoid": (lambda t, F, x: F.logsigmoid(3 * x), X),
    "kl_div": (lambda t, F, x, y: F.kl_div(x.log_softmax(1), y.softmax(1), reduction="batchmean"), (5, 4), (5, 4)),
    "soft_margin_loss": (lambda t, F, x: F.soft_margin_loss(x, x.detach().sin().sign()), (5, 4)),
    "cosine_embedding_loss": (lambda t, F, x, y: F.cosine_embedding_loss(x, y, t.tensor([1, -1, 1, -1, 1]), 0.2), (5, 4), (5, 4)),
    "triplet_margin_loss": (lambda t, F, x, y, z: F.triplet_margin_loss(x, y, z, swap=True), (5, 4), (5, 4), (5, 4)),
    "embedding": (lambda t, F, w: F.embedding(t.tensor([[0, 1], [6, 0]]), w, 1, scale_grad_by_freq=True), (7, 3)),
    "pad": (lambda t, F, x: F.pad(x, (1, 2, -1, 3), value=2.0), X),
    "pad reflect": (lambda t, F, x: F.pad(x, (1, 2, 3, 0), "reflect"), X),
    "pad replicate": (lambda t, F, x: F.pad(x, (1, 2, 3, 0), "replicate"), X),
    "pad circular": (lambda t, F, x: F.pad(x, (1, 2, 3, 0), "circular"), X),
    "normalize": (lambda t, F, x: F.normalize(x, 3.0, 2), X),
    "cosine_similarity": (lambda t, F, x, y: F.cosine_similarity(x, y), X, X),
    "pairwise_distance": (lambda t, F, x, y: F.pairwise_distance(x, y, 1.0), (5, 4), (5, 4)),
    "glu": (lambda t, F, x: F.glu(x, 1), X),
    "bilinear": (lambda t, F, x, y, w, b: F.bilinear(x, y, w, b), (5, 4), (5, 3), (2, 4, 3), (2,)),
}


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_same_values_and_gradients(case, kind):
    run, *shapes = CASES[case]
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(shape).astype(kind) for shape in shapes]
    found = []
    for library, F in ((nb_nn, nn.functional), (torch, torch.nn.functional)):
        library.set_default_dtype(getattr(library, kind))
        try:
            leaves = [library.from_numpy(array.copy()).requires_grad_() for array in arrays]
            made = run(library, F, *leaves)
            direction = np.asarray(np.random.default_rng(1).standard_normal(tuple(made.shape)), kind)
            made.backward(library.from_numpy(direction))
        finally:
            library.set_default_dtype(library.float32)
        found.append([made.detach().numpy(), *[leaf.grad.numpy() for leaf in leaves]])
    for ours, theirs in zip(*found):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        rtol, atol = (1e-4, 2e-6) if kind == "float32" else (1e-9, 1e-12)
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol * np.abs(theirs).max(initial=1))


@pytest.mark.parametrize("size", [1, 3, (7, 8), (None, 5)])
def test_places_of_maxima(size):
    x = np.random.default_rng(0).integers(0, 5, X).astype(np.float32)       # with many equals
    for run in (lambda F, x: F.max_pool2d(x, 3, 2, 1, 1, True, return_indices=True),
                lambda F, x: F.adaptive_max_pool2d(x, size, return_indices=True)):
        ours, theirs = run(nn.functional, nb_nn.from_numpy(x)), run(torch.nn.functional, torch.from_numpy(x))
        for a, b in zip(ours, theirs):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


MODULES = [
    lambda nn: nn.Conv2d(3, 6, 3), lambda nn: nn.Conv2d(4, 6, (3, 2), 2, (1, 0), 2, 2, False, "reflect"),
    lambda nn: nn.Conv1d(3, 6, 3, padding="same"), lambda nn: nn.MaxPool2d(2), lambda nn: nn.MaxPool1d(3, 2, 1, 1, ceil_mode=True),
    lambda nn: nn.AvgPool2d((2, 3), padding=1), lambda nn: nn.AdaptiveAvgPool2d((3, None)), lambda nn: nn.AdaptiveMaxPool2d(3),
    lambda nn: nn.BatchNorm2d(3, momentum=None), lambda nn: nn.BatchNorm1d(3, affine=False, track_running_stats=False),
    lambda nn: nn.GroupNorm(2, 4), lambda nn: nn.Embedding(4, 3, 1, 2.0, 1.0, True),
    lambda nn: nn.CrossEntropyLoss(), lambda nn: nn.BCEWithLogitsLoss(), lambda nn: nn.MSELoss(reduction="sum"),
]


@pytest.mark.parametrize("make", MODULES)
def test_modules_print_alike_and_read_each_others_state(make):
    ours, theirs = make(nn), make(torch.nn)
    assert repr(ours) == repr(theirs)
    state = ours.state_dict()
    assert list(state) == list(theirs.state_dict())
    theirs.load_state_dict({name: torch.from_numpy(value.numpy()) for name, value in state.items()})
    ours.load_state_dict({name: nb_nn.from_numpy(value.numpy()) for name, value in theirs.state_dict().items()})


def test_a_network_trains_alike():
    def make(nn):
        return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 3))

    ours, theirs = make(nn), make(torch.nn)
    theirs.load_state_dict({name: torch.from_numpy(value.numpy().copy()) for name, value in ours.state_dict().items()})
    random = np.random.default_rng(0)
    for _ in range(5):
        x, target = random.standard_normal((8, 1, 8, 8)).astype(np.float32), random.integers(0, 3, 8)
        losses = []
        for library, model in ((nb_nn, ours), (torch, theirs)):
            loss = library.nn.functional.cross_entropy(model(library.from_numpy(x)), library.from_numpy(target))
            loss.backward()
            with library.no_grad():
                for parameter in model.parameters():
                    parameter -= 0.1 * parameter.grad
                    parameter.grad = None
            losses.append(loss.item())
        assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    for (name, a), b in zip(ours.state_dict().items(), theirs.state_dict().values()):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-4, err_msg=name)
    x = random.standard_normal((8, 1, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(ours.eval()(nb_nn.from_numpy(x)).detach().numpy(),
                               theirs.eval()(torch.from_numpy(x)).detach().numpy(), rtol=1e-3, atol=1e-4)


ERRORS = {
    "conv2d channels": lambda t, F: F.conv2d(t.zeros(1, 3, 5, 5), t.zeros(2, 4, 3, 3)),
    "conv2d small": lambda t, F: F.conv2d(t.zeros(1, 3, 2, 5), t.zeros(2, 3, 3, 3)),
    "conv2d dims": lambda t, F: F.conv2d(t.zeros(3, 5), t.zeros(2, 3, 3, 3)),
    "conv2d types": lambda t, F: F.conv2d(t.zeros(1, 3, 5, 5).double(), t.zeros(2, 3, 3, 3)),
    "conv2d stride": lambda t, F: F.conv2d(t.zeros(1, 3, 5, 5), t.zeros(2, 3, 3, 3), stride=(1, 1, 1)),
    "max_pool2d small": lambda t, F: F.max_pool2d(t.zeros(1, 3, 2, 2), 3),
    "max_pool2d padding": lambda t, F: F.max_pool2d(t.zeros(1, 3, 9, 9), 3, padding=2, dilation=2),
    "batch_norm size": lambda t, F: F.batch_norm(t.zeros(2, 3), t.zeros(2), t.ones(2)),
    "batch_norm one": lambda t, F: F.batch_norm(t.zeros(1, 3), t.zeros(3), t.ones(3), training=True),
    "layer_norm": lambda t, F: F.layer_norm(t.zeros(2, 3), (2,)),
    "group_norm": lambda t, F: F.group_norm(t.zeros(2, 3, 1), 2),
    "softmax type": lambda t, F: F.softmax(t.zeros(2, 3).long(), 0),
    "softmax dim": lambda t, F: F.softmax(t.zeros(2, 3), 2),
    "cross_entropy target": lambda t, F: F.cross_entropy(t.zeros(2, 3), t.tensor([0, 3])),
    "cross_entropy batch": lambda t, F: F.cross_entropy(t.zeros(2, 3), t.tensor([0, 1, 1])),
    "cross_entropy type": lambda t, F: F.cross_entropy(t.zeros(2, 3), t.tensor([0, 1]).int()),
    "cross_entropy weight": lambda t, F: F.cross_entropy(t.zeros(2, 3), t.tensor([0, 1]), t.zeros(2)),
    "cross_entropy reduction": lambda t, F: F.cross_entropy(t.zeros(2, 3), t.tensor([0, 1]), reduction="avg"),
    "bce range": lambda t, F: F.binary_cross_entropy(t.tensor([1.5]), t.tensor([1.0])),
    "bce size": lambda t, F: F.binary_cross_entropy_with_logits(t.tensor([0.5]), t.tensor([1.0, 1.0])),
    "embedding range": lambda t, F: F.embedding(t.tensor([3]), t.zeros(3, 2)),
    "embedding type": lambda t, F: F.embedding(t.tensor([1.0]), t.zeros(3, 2)),
    "one_hot": lambda t, F: F.one_hot(t.tensor([3]), 2),
    "pad odd": lambda t, F: F.pad(t.zeros(2, 3), (1,)),
    "pad mode": lambda t, F: F.pad(t.zeros(1, 3), (1, 1), "mirror"),
    "pad reflect": lambda t, F: F.pad(t.zeros(1, 3), (3, 1), "reflect"),
    "pad circular": lambda t, F: F.pad(t.zeros(1, 3), (4, 1), "circular"),
    "dropout": lambda t, F: F.dropout(t.zeros(3), 1.5),
    "linear": lambda t, F: F.linear(t.zeros(2, 3), t.zeros(4, 2)),
}


@pytest.mark.parametrize("case", ERRORS)
def test_same_types_of_errors(case):
    with pytest.raises(Exception) as theirs:
        ERRORS[case](torch, torch.nn.functional)
    with pytest.raises(Exception) as ours:
        ERRORS[case](nb_nn, nn.functional)
    assert isinstance(ours.value, type(theirs.value)) or isinstance(theirs.value, type(ours.value))


NAMES = [name for name, function in vars(nn.functional).items()
         if inspect.isfunction(function) and not name.endswith("_") and hasattr(torch.nn.functional, name)]


@pytest.mark.parametrize("name", NAMES)
def test_arguments_have_the_same_names(name):
    ours = list(inspect.signature(getattr(nn.functional, name)).parameters)
    try:
        theirs = list(inspect.signature(getattr(torch.nn.functional, name)).parameters)
    except ValueError:
        return                                  # a builtin
    if theirs in (["args", "kwargs"], ["input", "args", "kwargs"]):
        return
    if name in ("mse_loss", "l1_loss"):
        theirs.remove("weight")                 # newer than what is followed here
    assert [one for one in ours if one in theirs] == theirs
