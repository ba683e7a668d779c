"""Anomaly mode: a failing backward tells which forward call made it."""
import warnings

import pytest

import nb_nn as torch
from nb_nn import autograd


class Failing(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        raise RuntimeError("backward of Failing")


def forward_call(x):
    return Failing.apply(x).sum()


def test_failure_of_backward_shows_the_forward_call():
    x = torch.ones(2, requires_grad=True)
    told = "(?s)Error detected in FailingBackward.*in forward_call"
    with autograd.detect_anomaly(), pytest.warns(UserWarning, match=told) as caught, pytest.raises(RuntimeError, match="backward of Failing"):
        forward_call(x).backward()
    assert "engine.py" not in str(caught[0].message)


def test_nan_raises_and_names_the_function():
    x = torch.zeros(2, requires_grad=True)
    with (autograd.detect_anomaly(), pytest.warns(UserWarning, match="SqrtBackward0. Traceback of forward call"),
          pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th output.")):
        (x.sqrt() * 0).sum().backward()


def test_nan_passes_without_check_and_without_anomaly_mode():
    for mode in (autograd.detect_anomaly(check_nan=False), autograd.set_detect_anomaly(False)):
        x = torch.zeros(1, requires_grad=True)
        with mode:
            (x.sqrt() * 0).sum().backward()
        assert x.grad.isnan().all()


def test_forward_outside_the_mode_has_no_traceback():
    x = torch.zeros(2, requires_grad=True)
    y = (x.sqrt() * 0).sum()
    told = "No forward pass information available"
    with autograd.detect_anomaly(), pytest.warns(UserWarning, match=told), pytest.raises(RuntimeError, match="nan"):
        y.backward()


def test_second_derivative_shows_both_calls():
    with autograd.detect_anomaly(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        x = torch.zeros(1, requires_grad=True)
        first, = autograd.grad((x ** 1.5).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="nan"):
            (first * 0).sum().backward()
    assert [("induced" in str(one.message)) for one in caught] == [False, True]


def test_nodes_of_views_and_functions_remember():
    x = torch.ones(4, requires_grad=True)
    with autograd.detect_anomaly():
        y = x * 2
        y[1:].mul_(3)
        assert all("test_nodes_of_views" in one.grad_fn.traceback for one in (y, y[:2], Failing.apply(x)))
    assert (x * 2).grad_fn.traceback is None


def test_mode_as_statement_block_and_decorator():
    assert not torch.is_anomaly_enabled()
    autograd.set_detect_anomaly(True)
    assert torch.is_anomaly_enabled()
    with autograd.set_detect_anomaly(False):
        assert not torch.is_anomaly_enabled()
    assert torch.is_anomaly_enabled()
    autograd.set_detect_anomaly(False)
    assert not torch.is_anomaly_enabled()
    mode = autograd.detect_anomaly()
    assert not torch.is_anomaly_enabled()

    @mode
    def inside():
        return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()

    assert inside() == (True, True) and not torch.is_anomaly_enabled()
    with pytest.raises(ZeroDivisionError), autograd.detect_anomaly():
        raise ZeroDivisionError
    assert not torch.is_anomaly_enabled()


def test_gradients_are_the_same_in_anomaly_mode():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with autograd.detect_anomaly():
        (x.exp() * x).sum().backward()
    assert x.grad.tolist() == (x.exp() * (x + 1)).detach().tolist()
