import itertools

import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd import grad
from nb_nn.autograd.gradcheck import gradcheck
from nb_nn.kernels import table
from nb_nn.nn import functional as F


def slow_loss(log_probs, target, blank):
    """Of all sequences of classes, those count that read as the target once repetitions and blanks are left out."""
    steps, classes = log_probs.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=steps):
        if [label for label, _ in itertools.groupby(path) if label != blank] == list(target):
            total += np.exp(sum(log_probs[t, label] for t, label in enumerate(path)))
    with np.errstate(divide="ignore"):
        return -np.log(total)


def scores(*shape, seed=0, kind="float64"):
    return tensor(numbers(kind, shape, seed=seed), kind).log_softmax(-1)


TARGETS = [[1, 2], [2, 2], [1], [], [1, 2, 1], [2, 2, 2]]         # the last does not fit into 4 steps
PADDED = np.array([target + [9] * (3 - len(target)) for target in TARGETS]) % 3
LENGTHS = tuple(map(len, TARGETS))
STEPS = (4, 4, 2, 4, 3, 4)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("blank", [0, 2])
def test_it_sums_over_all_alignments(kind, blank):
    log_probs = scores(4, 6, 3, kind=kind)
    targets = (PADDED + blank) % 3
    expected = np.array([slow_loss(log_probs[:steps, n].numpy(), targets[n, :length], blank)
                         for n, (steps, length) in enumerate(zip(STEPS, LENGTHS))], kind)
    joined = np.concatenate([row[:length] for row, length in zip(targets, LENGTHS)])
    assert np.isinf(expected[-1]) and np.isfinite(expected[:-1]).all()
    for given in (targets, joined):
        check(F.ctc_loss(log_probs, tensor(given), STEPS, LENGTHS, blank, "none"), expected, rtol=1e-5)
    check(F.ctc_loss(log_probs, tensor(joined).int(), tensor(STEPS), tensor(LENGTHS).int(), blank, "none"), expected, rtol=1e-5)
    finite = np.where(np.isinf(expected), 0, expected).astype(kind)
    check(F.ctc_loss(log_probs, tensor(targets), STEPS, LENGTHS, blank, "sum", True), finite.sum(), rtol=1e-5)
    check(F.ctc_loss(log_probs, tensor(targets), STEPS, LENGTHS, blank, "mean", True), (finite / np.maximum(LENGTHS, 1)).mean().astype(kind),
          rtol=1e-5)


@pytest.mark.parametrize("shape", ["padded", "joined"])
def test_the_gradient_is_that_of_scores(shape):
    x = tensor(numbers("float64", (4, 5, 3)), requires_grad=True)
    targets = PADDED[:5] if shape == "padded" else np.concatenate(TARGETS[:5]).astype(int)
    assert gradcheck(lambda x: F.ctc_loss(x.log_softmax(2), tensor(targets), STEPS[:5], LENGTHS[:5], reduction="none"), (x,))
    assert gradcheck(lambda x: nn.CTCLoss()(x.log_softmax(2), tensor(targets), STEPS[:5], LENGTHS[:5]), (x,))


def test_infinite_losses_have_no_gradient_or_none_at_all():
    x = scores(4, 2, 3).requires_grad_()
    for zero_infinity, expected in ((False, np.nan), (True, 0.0)):
        loss = F.ctc_loss(x, torch.tensor([[1, 1], [2, 1]]), (2, 4), (2, 2), reduction="none", zero_infinity=zero_infinity)
        found = grad(loss.sum(), x)[0].numpy()
        np.testing.assert_array_equal(found[:2, 0], np.full((2, 3), expected))
        assert (found[2:, 0] == 0).all() and np.isfinite(found[:, 1]).all() and found[:, 1].any()


def test_steps_behind_the_end_and_impossible_classes_count_nothing():
    x = scores(4, 1, 3).detach()
    x[:, :, 2] = -float("inf")
    x.requires_grad_()
    loss = F.ctc_loss(x, torch.tensor([[1]]), (3,), (1,))
    check(loss, slow_loss(x.detach()[:3, 0].numpy(), [1], 0))
    found = grad(loss, x)[0].numpy()
    assert (found[3] == 0).all() and (found[:, :, 2] == 0).all()


def test_nan_stays():
    x = scores(4, 1, 3).detach()
    x[1, 0, 1] = float("nan")
    x.requires_grad_()
    loss = F.ctc_loss(x, torch.tensor([[1]]), (4,), (1,))
    assert np.isnan(loss.item()) and np.isnan(grad(loss, x)[0].numpy()).any()


def test_long_sequences_of_unlikely_labels_neither_overflow_nor_vanish():
    x = (scores(300, 1, 4, kind="float32") * 100).log_softmax(2).requires_grad_()
    targets = torch.tensor([[1, 2, 3] * 20])
    loss = F.ctc_loss(x, targets, (300,), (60,), reduction="sum")
    exact = F.ctc_loss(x.detach().double(), targets, (300,), (60,), reduction="sum")
    assert abs(loss.item() / exact.item() - 1) < 1e-4
    assert np.isfinite(grad(loss, x)[0].numpy()).all()


def test_one_sequence_needs_no_batch():
    x = scores(4, 1, 3)
    batch = F.ctc_loss(x, torch.tensor([[1, 2]]), (4,), (2,), reduction="none")
    for targets in (torch.tensor([1, 2]), torch.tensor([[1, 2]])):
        single = F.ctc_loss(x[:, 0], targets, torch.tensor(4), torch.tensor(2), reduction="none")
        assert single.shape == () and single == batch[0]


def test_the_built_in_function_takes_the_reduction_as_a_number():
    given = scores(4, 6, 3), tensor(PADDED), STEPS, LENGTHS
    for number, word in enumerate(("none", "mean", "sum")):
        assert torch.equal(torch.ctc_loss(*given, 0, number, True), F.ctc_loss(*given, 0, word, True))


def test_it_is_differentiated_once():
    x = scores(4, 1, 3).requires_grad_()
    first, = grad(F.ctc_loss(x, torch.tensor([[1]]), (4,), (1,)), x, create_graph=True)
    with pytest.raises(RuntimeError, match="not implemented"):
        grad(first.sum(), x)


def test_kernels_alone_and_together():
    random = np.random.default_rng(0)
    scores = np.log(random.dirichlet(np.ones(4), (7, 3)))
    labels = np.array([[0, 1, 0, 1, 0], [0, 2, 0, 3, 0], [0, 3, 0, 0, 0]])
    hop = np.full((3, 9), -np.inf)
    hop[1, 5] = hop[2, 5] = 0
    given = scores, labels, hop, np.array([7, 5, 0]), np.array([2, 2, 1])
    forward, backward = table.find("cpu", "ctc_loss"), table.find("cpu", "ctc_loss_backward")
    made = []
    for name in ("serial", "parallel"):
        alpha, loss, out = np.zeros((3, 7, 7)), np.empty(3), np.empty(scores.shape)
        getattr(forward, name)(*given, alpha, loss)
        getattr(backward, name)(np.ones(3), *given, alpha, loss, True, out)
        made.append((alpha, loss, out))
    for one, other in zip(*made):
        np.testing.assert_array_equal(one, other)


X, Y = torch.zeros(4, 2, 3), torch.ones(2, 2, dtype=torch.int64)


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.ctc_loss(X, Y, (4, 4), (3, 2)), RuntimeError, "at least 3 at dimension 1, but got size 2"),
    (lambda: F.ctc_loss(X, Y[0], (4, 4), (2, 2)), RuntimeError, "size 4 at dimension 0, but got size 2"),
    (lambda: F.ctc_loss(X, Y[:1], (4, 4), (2, 2)), RuntimeError, "size 2 at dimension 0, but got size 1"),
    (lambda: F.ctc_loss(X, Y[None], (4, 4), (2, 2)), RuntimeError, "1 to 2 dimensions"),
    (lambda: F.ctc_loss(X[0, 0], Y, (4, 4), (2, 2)), RuntimeError, "3-dimensional"),
    (lambda: F.ctc_loss(X[:, :0], Y[:0], (), ()), RuntimeError, "must not be empty"),
    (lambda: F.ctc_loss(X, Y, (5, 4), (2, 2)), RuntimeError, "input_lengths to have value at most 4, but got value 5"),
    (lambda: F.ctc_loss(X, Y, (4, -1), (2, 2)), RuntimeError, "at least 0"),
    (lambda: F.ctc_loss(X, Y, (4, 4), (2, -1)), RuntimeError, "at least 0"),
    (lambda: F.ctc_loss(X, Y, (4,), (2, 2)), RuntimeError, "input_lengths must be of size batch_size"),
    (lambda: F.ctc_loss(X, Y, (4, 4), (2,)), RuntimeError, "target_lengths must be of size batch_size"),
    (lambda: F.ctc_loss(X, Y, 4, (2, 2)), TypeError, "tensor or a tuple"),
    (lambda: F.ctc_loss(X, Y, torch.tensor([4.0, 4.0]), (2, 2)), RuntimeError, "must be integral"),
    (lambda: F.ctc_loss(X, Y.float(), (4, 4), (2, 2)), RuntimeError, "targets must be integral"),
    (lambda: F.ctc_loss(X, Y, (4, 4), (2, 2), blank=3), RuntimeError, "blank must be in label range"),
    (lambda: F.ctc_loss(X, Y, (4, 4), (2, 2), blank=-1), RuntimeError, "blank must be in label range"),
    (lambda: F.ctc_loss(X, Y + 2, (4, 4), (2, 2)), IndexError, "labels from 0 to 2"),
    (lambda: F.ctc_loss(X.long(), Y, (4, 4), (2, 2)), NotImplementedError, "not implemented for 'Long'"),
    (lambda: F.ctc_loss(X, Y, (4, 4), (2, 2), reduction="all"), ValueError, "not a valid value for reduction"),
])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
