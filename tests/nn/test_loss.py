from functools import partial

import numpy as np
import pytest
from oracle import check, numbers, tensor
from scipy import special

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd import grad
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F

REDUCTIONS = ("none", "mean", "sum")


def reduced(loss, reduction):
    return loss if reduction == "none" else np.mean(loss) if reduction == "mean" else np.sum(loss)


def slow_nll(scores, target, weight, ignore, reduction):
    """Minus the log-probabilities (N, C, \\*) at the targets (N, \\*), one by one."""
    losses, weights = np.zeros(target.shape), np.zeros(target.shape)
    for place in np.ndindex(target.shape):
        if target[place] != ignore:
            weights[place] = 1 if weight is None else weight[target[place]]
            losses[place] = -weights[place] * scores[(place[0], target[place], *place[1:])]
    if reduction == "none":
        return losses
    return losses.sum() / weights.sum() if reduction == "mean" else losses.sum()


# ---- of elements -------------------------------------------------------------------------------------------------------

ELEMENTWISE = [
    ("mse_loss", {}, lambda x, y: (x - y) ** 2), ("l1_loss", {}, lambda x, y: np.abs(x - y)),
    ("smooth_l1_loss", {}, lambda x, y: np.where(np.abs(x - y) < 1, (x - y) ** 2 / 2, np.abs(x - y) - 0.5)),
    ("smooth_l1_loss", {"beta": 0.25}, lambda x, y: np.where(np.abs(x - y) < 0.25, (x - y) ** 2 * 2, np.abs(x - y) - 0.125)),
    ("smooth_l1_loss", {"beta": 0}, lambda x, y: np.abs(x - y)),
    ("huber_loss", {"delta": 0.2}, lambda x, y: np.where(np.abs(x - y) <= 0.2, (x - y) ** 2 / 2, 0.2 * (np.abs(x - y) - 0.1))),
    ("kl_div", {}, lambda x, y: special.xlogy(y, y) - y * x), ("kl_div", {"log_target": True}, lambda x, y: np.exp(y) * (y - x)),
    ("poisson_nll_loss", {}, lambda x, y: np.exp(x) - y * x),
    ("poisson_nll_loss", {"log_input": False, "full": True}, lambda x, y: x - y * np.log(x + 1e-8) + np.where(
        y > 1, y * np.log(y) - y + np.log(2 * np.pi * y) / 2, 0)),
    ("binary_cross_entropy", {}, lambda x, y: -y * np.log(x) - (1 - y) * np.log(1 - x)),
    ("binary_cross_entropy_with_logits", {}, lambda x, y: np.logaddexp(0, x) - y * x),
]


@pytest.mark.parametrize("name, options, oracle", ELEMENTWISE)
def test_elementwise_losses(name, options, oracle):
    function = getattr(F, name)
    x, y = numbers("float64", (3, 4), 0.1, 0.9), numbers("float64", (3, 4), 0.1, 0.9, seed=1)
    for reduction in REDUCTIONS:
        check(function(tensor(x), tensor(y), reduction=reduction, **options), np.asarray(reduced(oracle(x, y), reduction)))
    inputs = tensor(x, requires_grad=True), tensor(y, requires_grad=not options.get("full"))
    for reduction in REDUCTIONS:
        run = partial(function, reduction=reduction, **options)
        assert gradcheck(run, inputs)
        assert gradgradcheck(run, inputs)


def test_binary_losses_stay_finite_and_take_weights():
    x, y = np.array([[-800.0, 800.0], [1.0, -2.0]]), np.array([[0.0, 1.0], [1.0, 0.25]])
    check(F.binary_cross_entropy_with_logits(tensor(x), tensor(y), reduction="none"), np.logaddexp(0, x) - y * x)
    check(F.binary_cross_entropy(tensor(np.array([0.0, 1.0])), tensor(np.array([1.0, 0.0])), reduction="none"), np.array([100.0, 100.0]))
    positive, weight = np.array([2.0, 0.5]), np.array([[3.0], [1.0]])
    expected = (positive * y * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x)) * weight
    check(F.binary_cross_entropy_with_logits(tensor(x), tensor(y), tensor(weight), pos_weight=tensor(positive)), expected.mean())
    probable = special.expit(x[1])
    check(F.binary_cross_entropy(tensor(probable), tensor(y[1]), tensor(positive), reduction="sum"),
          ((np.logaddexp(0, x[1]) - y[1] * x[1]) * positive).sum())


def test_kl_div_of_zeros_and_batchmean():
    scores, target = np.log(np.array([[0.5, 0.5], [0.25, 0.75]])), np.array([[1.0, 0.0], [0.5, 0.5]])
    expected = special.xlogy(target, target) - target * scores
    check(F.kl_div(tensor(scores), tensor(target), reduction="none"), expected)
    check(nn.KLDivLoss(reduction="batchmean")(tensor(scores), tensor(target)), expected.sum() / 2)


def test_other_losses():
    x, y = numbers("float64", (5,), 0.1, 2), np.array([1.0, -1.0, 1.0, -1.0, -1.0])
    check(nn.HingeEmbeddingLoss(1.5)(tensor(x), tensor(y)), np.where(y == 1, x, np.maximum(0, 1.5 - x)).mean())
    check(nn.SoftMarginLoss()(tensor(x), tensor(y)), np.log1p(np.exp(-y * x)).mean())
    check(nn.MarginRankingLoss(0.5)(tensor(x), tensor(x[::-1].copy()), tensor(y)), np.maximum(0, 0.5 - y * (x - x[::-1])).mean())
    a, b, c = (numbers("float64", (5, 3), seed=seed) for seed in range(3))
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    check(nn.CosineEmbeddingLoss(0.1)(tensor(a), tensor(b), tensor(y)), np.where(y == 1, 1 - cosine, np.maximum(0, cosine - 0.1)).mean())
    near, far = np.linalg.norm(a - b + 1e-6, axis=1), np.linalg.norm(a - c + 1e-6, axis=1)
    check(nn.TripletMarginLoss()(tensor(a), tensor(b), tensor(c)), np.maximum(0, near - far + 1).mean())
    swapped = np.minimum(far, np.linalg.norm(b - c + 1e-6, axis=1))
    check(nn.TripletMarginLoss(swap=True)(tensor(a), tensor(b), tensor(c)), np.maximum(0, near - swapped + 1).mean())


# ---- of classes --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5, 4), (2, 4, 3), (2, 4, 2, 3)], ids=str)
def test_nll_loss_and_cross_entropy(shape, weighted, reduction):
    x, weight = numbers("float64", shape), numbers("float64", (4,), 0.5, 2) if weighted else None
    target = np.random.default_rng(0).integers(0, 4, (shape[0], *shape[2:]))
    target.flat[1] = -1
    options = {"weight": None if weight is None else tensor(weight), "reduction": reduction, "ignore_index": -1}
    leaf = tensor(x, requires_grad=True)
    check(F.nll_loss(leaf, tensor(target), **options), slow_nll(x, target, weight, -1, reduction))
    check(F.cross_entropy(leaf, tensor(target), **options), slow_nll(special.log_softmax(x, 1), target, weight, -1, reduction))
    for function in (F.nll_loss, F.cross_entropy):
        run = partial(function, target=tensor(target), **options)
        assert gradcheck(run, (leaf,))
        assert gradgradcheck(run, (leaf,))


def test_one_sample_needs_no_batch():
    x = tensor(numbers("float64", (4,)), requires_grad=True)
    for function in (F.nll_loss, F.cross_entropy):
        check(function(x, torch.tensor(2)), function(x.unsqueeze(0), torch.tensor([2])).detach().numpy())
        assert gradcheck(partial(function, target=torch.tensor(2)), (x,))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(5, 4), (2, 4, 3)], ids=str)
def test_label_smoothing_and_probabilities(shape, reduction):
    x, weight = numbers("float64", shape), numbers("float64", (4,), 0.5, 2)
    target = np.random.default_rng(0).integers(0, 4, (shape[0], *shape[2:]))
    target.flat[1] = -100
    scores, each = special.log_softmax(x, 1), weight.reshape(-1, *(1,) * (len(shape) - 2))
    smooth = np.where(target == -100, 0, -(scores * each).sum(1))
    if reduction == "mean":
        smooth = smooth.sum() / weight[target[target != -100]].sum()
    elif reduction == "sum":
        smooth = smooth.sum()
    expected = 0.8 * slow_nll(scores, target, weight, -100, reduction) + 0.2 / 4 * smooth
    leaf = tensor(x, requires_grad=True)
    options = {"weight": tensor(weight), "reduction": reduction, "label_smoothing": 0.2}
    check(F.cross_entropy(leaf, tensor(target), **options), expected)
    assert gradcheck(lambda x: F.cross_entropy(x, tensor(target), **options), (leaf,))

    probable = special.softmax(numbers("float64", shape, seed=3), 1)
    loss = -(scores * each * (probable * 0.8 + 0.05)).sum(1)
    if reduction != "none":
        loss = loss.sum() / (target.size if reduction == "mean" else 1)
    check(F.cross_entropy(leaf, tensor(probable), **options), loss)


def test_a_scale_of_the_loss_may_be_written_into_it():
    x = torch.randn(3, 4, requires_grad=True)
    expected = grad(F.cross_entropy(x, torch.tensor([0, 1, 2])) / 4, x)[0]
    loss = F.cross_entropy(x, torch.tensor([0, 1, 2]))
    loss /= 4
    assert torch.allclose(grad(loss, x)[0], expected)


def test_many_rows_run_on_all_threads():
    x, target = numbers("float32", (5000, 11), -9, 9), np.random.default_rng(0).integers(0, 11, 5000)
    leaf = tensor(x, requires_grad=True)
    loss = F.cross_entropy(leaf, tensor(target))
    check(loss, np.float32(slow_nll(special.log_softmax(x.astype(np.float64), 1), target, None, -100, "mean")), rtol=1e-6)
    loss.backward()
    check(leaf.grad, ((special.softmax(x.astype(np.float64), 1) - np.eye(11)[target]) / 5000).astype(np.float32), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_types(kind):
    x, target = numbers(kind, (3, 4)), torch.tensor([0, 3, 1])
    for function in (F.cross_entropy, F.nll_loss):
        leaf = tensor(x, kind, requires_grad=True)
        loss = function(leaf, target)
        check(loss, function(leaf.detach().float(), target).numpy(), kind)
        loss.backward()
        assert leaf.grad.dtype is leaf.dtype


def test_nothing_to_average():
    empty, none = torch.zeros(0, 3, requires_grad=True), torch.zeros(0, dtype=torch.int64)
    for function in (F.cross_entropy, F.nll_loss):
        assert function(empty, none).isnan()
        assert function(empty, none, reduction="sum") == 0
        assert function(empty, none, reduction="none").shape == (0,)
        assert function(torch.zeros(2, 3), torch.tensor([-100, -100])).isnan()
        function(empty, none, reduction="sum").backward()
    assert F.mse_loss(torch.zeros(0), torch.zeros(0)).isnan()


# ---- arguments ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flags, reduction", [({"size_average": False}, "sum"), ({"reduce": False}, "none"),
                                              ({"size_average": True}, "mean"), ({"size_average": False, "reduce": True}, "sum")])
def test_old_flags_warn_and_still_work(flags, reduction):
    x, y = torch.randn(3, 4), torch.randn(3, 4)
    with pytest.warns(UserWarning, match=f"reduction='{reduction}'"):
        made = F.mse_loss(x, y, **flags)
    assert torch.equal(made, F.mse_loss(x, y, reduction=reduction))
    with pytest.warns(UserWarning, match=f"reduction='{reduction}'"):
        assert nn.MSELoss(**flags).reduction == reduction


def test_sizes_that_broadcast_warn():
    with pytest.warns(UserWarning, match="different to the input size") as caught:
        F.mse_loss(torch.zeros(2, 3), torch.zeros(3))
    assert caught[0].filename == __file__


CLASSES = torch.tensor([0, 1])


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 3])), IndexError, "Target 3 is out of bounds.*0 to 2"),
    (lambda: F.nll_loss(torch.zeros(2, 3), torch.tensor([0, -1])), IndexError, "Target -1 is out of bounds"),
    (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1, 1])), ValueError, r"batch_size \(2\).*batch_size \(3\)"),
    (lambda: F.cross_entropy(torch.zeros(2, 3, 4), torch.zeros(2, 3).long()), RuntimeError, r"\[2, 4\], got \[2, 3\]"),
    (lambda: F.cross_entropy(torch.zeros(2, 3), CLASSES.int()), RuntimeError, "Long .* got Int"),
    (lambda: F.cross_entropy(torch.zeros(2, 3), CLASSES, torch.zeros(2)), RuntimeError, r"all 3 classes.*\[2\]"),
    (lambda: F.cross_entropy(torch.zeros(2, 3), CLASSES, torch.zeros(3).double()), RuntimeError, "Float.*Double"),
    (lambda: F.cross_entropy(torch.zeros(2, 3), CLASSES, reduction="avg"), ValueError, "avg is not a valid value"),
    (lambda: F.cross_entropy(torch.zeros(2, 3), CLASSES, label_smoothing=2), RuntimeError, "between 0.0 and 1.0"),
    (lambda: F.cross_entropy(torch.zeros(2, 3).long(), CLASSES), RuntimeError, "'Long'"),
    (lambda: F.nll_loss(torch.zeros(()), torch.tensor(0)), ValueError, "1 or more dimensions"),
    (lambda: F.binary_cross_entropy(torch.tensor([1.5]), torch.tensor([1.0])), RuntimeError, "between 0 and 1"),
    (lambda: F.binary_cross_entropy(torch.tensor([0.5]), torch.ones(2)), ValueError, "target size"),
    (lambda: F.binary_cross_entropy_with_logits(torch.tensor([0.5]), torch.ones(2)), ValueError, "same as input size"),
    (lambda: F.smooth_l1_loss(torch.zeros(2), torch.zeros(2), beta=-1), RuntimeError, "negative values for beta"),
    (lambda: F.mse_loss(torch.zeros(2), 0), TypeError, "'target' must be Tensor, not int"),
])
def test_errors_say_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_modules_hold_their_weights():
    loss = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0]), ignore_index=5, reduction="sum", label_smoothing=0.1)
    assert list(loss.state_dict()) == ["weight"]
    x, target = torch.randn(3, 2), torch.tensor([0, 5, 1])
    assert torch.equal(loss(x, target), F.cross_entropy(x, target, loss.weight, None, 5, None, "sum", 0.1))
    assert repr(loss) == "CrossEntropyLoss()"
    assert list(nn.BCEWithLogitsLoss(pos_weight=torch.ones(2)).state_dict()) == ["pos_weight"]
    for module, function in ((nn.NLLLoss(), F.nll_loss), (nn.CrossEntropyLoss(), F.cross_entropy)):
        assert torch.equal(module(x, torch.tensor([0, 1, 1])), function(x, torch.tensor([0, 1, 1])))
    for module, function in ((nn.MSELoss(), F.mse_loss), (nn.L1Loss(), F.l1_loss), (nn.SmoothL1Loss(), F.smooth_l1_loss),
                             (nn.BCEWithLogitsLoss(), F.binary_cross_entropy_with_logits), (nn.PoissonNLLLoss(), F.poisson_nll_loss)):
        assert torch.equal(module(x, x.abs()), function(x, x.abs()))
    assert torch.equal(nn.BCELoss()(x.sigmoid(), x.sigmoid()), F.binary_cross_entropy(x.sigmoid(), x.sigmoid()))


# ---- that came later ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("size", [(3, 4), (3,), (3, 1), (1, 4)], ids=str)
def test_gaussian_nll_loss(size, full):
    x, y, spread = numbers("float64", (3, 4)), numbers("float64", (3, 4), seed=1), numbers("float64", size, 0.1, 2)
    wide = spread[:, None] if spread.ndim == 1 else spread
    expected = (np.log(wide) + (x - y) ** 2 / wide) / 2 + full * np.log(2 * np.pi) / 2
    for reduction in REDUCTIONS:
        run = partial(F.gaussian_nll_loss, full=full, reduction=reduction)
        check(run(tensor(x), tensor(y), tensor(spread)), np.asarray(reduced(expected, reduction)))
    inputs = [tensor(one, requires_grad=True) for one in (x, y, spread)]
    assert gradcheck(run, inputs)
    assert gradgradcheck(run, inputs)


def test_gaussian_nll_loss_keeps_variances_away_from_zero_and_names_what_is_wrong():
    one, zero = torch.ones(2, 3), torch.zeros(2, 3, requires_grad=True)
    check(F.gaussian_nll_loss(one, one, zero, eps=0.25, reduction="none"), np.full((2, 3), np.log(0.25) / 2, np.float32))
    check(F.gaussian_nll_loss(one, one, 4.0), np.float32(np.log(2)))
    check(nn.GaussianNLLLoss(eps=0.5, reduction="sum")(one, one, zero), np.float32(3 * np.log(0.5)))
    assert not zero.detach().any()
    for var, error, words in ((torch.ones(4), ValueError, "incorrect size"), (-one, ValueError, "negative"), ("one", TypeError, "var")):
        with pytest.raises(error, match=words):
            F.gaussian_nll_loss(one, one, var)
    with pytest.raises(ValueError, match="not valid"):
        F.gaussian_nll_loss(one, one, one, reduction="batchmean")


def test_huber_loss_takes_weights_and_a_positive_delta():
    x, y, weight = torch.tensor([1.0, 2.0]), torch.tensor([1.5, 4.0]), torch.tensor([1.0, 2.0])
    check(F.huber_loss(x, y, weight=weight), np.float32(3.125 / 2))
    check(nn.HuberLoss("sum", 0.5)(x, y), np.float32(0.125 + 0.875))
    with pytest.raises(RuntimeError, match="delta"):
        F.huber_loss(x, y, delta=0)
    with pytest.raises(ValueError, match="weight"):
        F.huber_loss(x, y, weight=torch.ones(3))


def test_triplet_loss_of_another_distance():
    a, b, c = (tensor(numbers("float64", (5, 3), seed=seed), requires_grad=True) for seed in range(3))
    module = nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(-1), swap=True, margin=0.5)
    near, far, other = (np.abs(x.detach().numpy() - y.detach().numpy()).sum(1) for x, y in ((a, b), (a, c), (b, c)))
    check(module(a, b, c), np.maximum(near - np.minimum(far, other) + 0.5, 0).mean())
    check(F.triplet_margin_with_distance_loss(a, b, c), F.triplet_margin_loss(a, b, c).detach().numpy())
    with pytest.raises(ValueError, match="margin"):
        nn.TripletMarginWithDistanceLoss(margin=0)
    with pytest.raises(RuntimeError, match="dimensions"):
        F.triplet_margin_with_distance_loss(a, b[0], c)


def test_losses_of_broadcast_half_and_strided_arguments():
    x, y = numbers("float32", (4, 3)), numbers("float32", (3,), seed=1)
    with pytest.warns(UserWarning, match="broadcasting"):
        leaf = tensor(y, requires_grad=True)
        loss = F.smooth_l1_loss(tensor(x), leaf)
    loss.backward()
    check(leaf.grad, -(np.clip(x - y, -1, 1) / 12).sum(0), rtol=1e-5)
    for run in (F.mse_loss, F.huber_loss, F.soft_margin_loss):
        half = run(tensor(x, "bfloat16"), tensor(x[::-1].copy(), "bfloat16"))
        assert half.dtype == torch.bfloat16
        check(run(tensor(x).t(), tensor(x[::-1].copy()).t()), run(tensor(x), tensor(x[::-1].copy())).numpy(), rtol=1e-6)
    assert F.mse_loss(torch.zeros(0), torch.zeros(0)).isnan()
    with pytest.raises(RuntimeError, match="not implemented for 'Long'"):
        F.mse_loss(torch.ones(2).long(), torch.ones(2).long())


@pytest.mark.parametrize("name", ["mse_loss", "binary_cross_entropy_with_logits"])
def test_sums_of_losses_have_the_same_bits_for_any_number_of_threads(name):
    from nb_nn.kernels.cpu import loss_of_elements as kernels

    x, y = numbers("float32", (20000,)), numbers("float32", (20000,), seed=1)
    sums, backs = [], []
    for twin in ("serial", "parallel"):
        sums.append(np.empty(1, np.float32))
        backs.append(np.empty_like(x))
        getattr(kernels.total(name), twin)(x, y, (), 2.0, sums[-1])
        getattr(kernels.gradient(name), twin)(np.ones(1, np.float32), x, y, (), 2.0, backs[-1])
    np.testing.assert_array_equal(*sums)
    np.testing.assert_array_equal(*backs)


def test_binary_cross_entropy_refuses_what_is_no_probability():
    for bad in (1.5, -0.25, float("nan")):
        for reduction in REDUCTIONS:
            with pytest.raises(RuntimeError, match="between 0 and 1"):
                F.binary_cross_entropy(torch.tensor([0.5, bad]), torch.tensor([1.0, 1.0]), reduction=reduction)
    assert F.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([float("nan")])).isnan()
