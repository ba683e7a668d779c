import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F

REDUCED = {"none": lambda loss: loss, "mean": np.mean, "sum": np.sum}
LABELS = np.array([[3, 0, -1, 1], [-1, 0, 2, 3], [2, 1, 0, 3], [2, 2, -1, -1]])


@pytest.mark.parametrize("reduction", REDUCED)
@pytest.mark.parametrize("p, margin, weighted", [(1, 1.0, False), (2, 0.5, True)])
def test_multi_margin(reduction, p, margin, weighted):
    x, target, weight = numbers("float64", (5, 4)), np.array([0, 3, 1, 1, 2]), numbers("float64", (4,), 0.5, 2)
    loss = np.array([sum(max(0, margin - row[t] + row[i]) ** p for i in range(4) if i != t) / 4 * (weight[t] if weighted else 1)
                     for row, t in zip(x, target)])
    module = nn.MultiMarginLoss(p, margin, tensor(weight) if weighted else None, reduction=reduction)
    check(module(tensor(x), tensor(target)), REDUCED[reduction](loss), rtol=1e-12)
    check(F.multi_margin_loss(tensor(x[1]), tensor(target[1]), p, margin, tensor(weight) if weighted else None), loss[1], rtol=1e-12)
    x = tensor(x, requires_grad=True)
    assert gradcheck(lambda x: module(x, tensor(target)), (x,))
    assert gradgradcheck(lambda x: module(x, tensor(target)), (x,))


@pytest.mark.parametrize("reduction", REDUCED)
def test_multilabel_margin(reduction):
    x, loss = numbers("float64", (4, 4)), []
    for row, given in zip(x, LABELS):
        labels = list(given[:list(given).index(-1)]) if -1 in given else list(given)
        loss.append(sum(max(0, 1 - row[t] + row[i]) for t in labels for i in range(4) if i not in labels) / 4)
    module = nn.MultiLabelMarginLoss(reduction=reduction)
    check(module(tensor(x), tensor(LABELS)), np.asarray(REDUCED[reduction](np.array(loss))), rtol=1e-12)
    check(F.multilabel_margin_loss(tensor(x[0]), tensor(LABELS[0])), np.float64(loss[0]), rtol=1e-12)
    assert gradcheck(lambda x: module(x, tensor(LABELS)), (tensor(x, requires_grad=True),))
    assert gradgradcheck(lambda x: module(x, tensor(LABELS)), (tensor(x, requires_grad=True),))


@pytest.mark.parametrize("p", [1, 2])
def test_twins_of_multi_margin(p):
    from nb_nn.kernels.cpu import loss_margin as kernels

    x, target, found = numbers("float32", (40, 9)), np.arange(40) % 9, []
    for twin in ("serial", "parallel"):
        found.append((np.empty(40, np.float32), np.empty_like(x)))
        getattr(kernels.multi_margin, twin)(x, target, p, 0.5, found[-1][0])
        getattr(kernels.multi_margin_backward, twin)(np.ones(40, np.float32), x, target, p, 0.5, found[-1][1])
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)


def test_twins_of_multilabel_margin():
    from nb_nn.kernels.cpu import loss_margin as kernels

    x, found = numbers("float32", (40, 9)), []
    target = np.random.default_rng(0).integers(-1, 9, (40, 9))
    for twin in ("serial", "parallel"):
        found.append((np.empty(40, np.float32), np.empty_like(x)))
        getattr(kernels.multilabel_margin, twin)(x, target, found[-1][0])
        getattr(kernels.multilabel_margin_backward, twin)(np.ones(40, np.float32), x, target, found[-1][1])
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("reduction", REDUCED)
def test_multilabel_soft_margin(reduction):
    x, y, weight = numbers("float64", (5, 4)), numbers("float64", (5, 4), 0, 1, seed=1).round(), numbers("float64", (4,), 0.5, 2)
    loss = (weight * (y * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x))).mean(-1)
    module = nn.MultiLabelSoftMarginLoss(tensor(weight), reduction=reduction)
    check(module(tensor(x), tensor(y)), np.asarray(REDUCED[reduction](loss)), rtol=1e-12)
    assert gradcheck(module, (tensor(x, requires_grad=True), tensor(y)))
    assert gradgradcheck(module, (tensor(x, requires_grad=True), tensor(y)))


def test_losses_of_images_under_an_older_name():
    x, target = torch.zeros(2, 3, 4, 4).log_softmax(1), torch.ones(2, 4, 4).long()
    assert torch.equal(nn.NLLLoss2d()(x, target), nn.NLLLoss()(x, target))


def test_errors():
    with pytest.raises(ValueError, match="p == 1 and p == 2"):
        nn.MultiMarginLoss(3)
    with pytest.raises(RuntimeError, match="inconsistent target size"):
        F.multi_margin_loss(torch.zeros(2, 3), torch.zeros(3).long())
    for wrong in (-1, 3):
        with pytest.raises(RuntimeError, match="out of range"):
            F.multi_margin_loss(torch.zeros(2, 3), torch.tensor([0, wrong]))
    with pytest.raises(RuntimeError, match="out of range"):
        F.multilabel_margin_loss(torch.zeros(2, 3), torch.full((2, 3), 3))
