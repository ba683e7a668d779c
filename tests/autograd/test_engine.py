"""Backward: order, accumulation, freeing, hooks, threads, and long graphs."""
import gc
import threading
import weakref

import pytest

import nb_nn as torch


def test_gradients_add_up_over_paths_and_calls():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    (y + y * x).sum().backward()
    assert x.grad.tolist() == [9, 15]
    (x * 1).sum().backward()
    assert x.grad.tolist() == [10, 16]


def test_non_scalar_outputs_need_a_gradient():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * 2).backward()
    (x * 2).backward(torch.tensor([1.0, 10.0]))
    assert x.grad.tolist() == [2, 20]
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * 2).backward(torch.ones(3))


def test_freed_graphs_cannot_be_walked_again():
    x = torch.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()
    assert x.grad.tolist() == [4, 4]


def test_a_tensor_without_history_has_no_backward():
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        torch.ones(1).backward()


def test_grad_leaves_the_leaves_alone_and_reports_unused_inputs():
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    (found,) = torch.autograd.grad((x * 3).sum(), x)
    assert found.tolist() == [3, 3] and x.grad is None
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        torch.autograd.grad((x * 3).sum(), [x, y])
    assert torch.autograd.grad((x * 3).sum(), [x, y], allow_unused=True)[1] is None


def test_grad_of_an_intermediate_tensor():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    assert torch.autograd.grad(z, y)[0].tolist() == [4, 4]


def test_only_inputs_false_accumulates_elsewhere():
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    torch.autograd.grad((x * y).sum(), x, only_inputs=False)
    assert x.grad is None and y.grad.tolist() == [1, 1]


def test_create_graph_gives_second_and_third_derivatives():
    x = torch.tensor(2.0, requires_grad=True)
    first = torch.autograd.grad(x ** 4, x, create_graph=True)[0]
    second = torch.autograd.grad(first, x, create_graph=True)[0]
    third = torch.autograd.grad(second, x)[0]
    assert (first.item(), second.item(), third.item()) == (32, 48, 48)


def test_gradients_do_not_share_memory_with_each_other_or_with_what_was_passed_in():
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    given = torch.ones(2)
    (a + b).backward(given)
    a.grad.zero_()
    assert b.grad.tolist() == [1, 1] and given.tolist() == [1, 1]


def test_a_gradient_that_a_hook_kept_is_not_shared():
    x, kept = torch.ones(2, requires_grad=True), []
    x.register_hook(kept.append)
    (x * 3).backward(torch.ones(2))
    x.grad.zero_()
    assert kept[0].tolist() == [3, 3]


def test_a_fresh_gradient_becomes_grad_without_a_copy(monkeypatch):
    from nb_nn.autograd import engine
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    before = torch.Tensor.clone
    copies = []
    monkeypatch.setattr(torch.Tensor, "clone", lambda self: copies.append(self) or before(self))
    engine.backward(y, torch.ones(2))
    assert not copies and x.grad.tolist() == [3, 3]


def test_a_long_chain_neither_recurses_nor_leaks():
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(20000):
        y = y + 1
    probe = weakref.ref(y.grad_fn)
    y.backward()
    assert x.grad.item() == 1
    gc.disable()
    try:
        del y
        assert probe() is None, "the graph must go without the garbage collector"
    finally:
        gc.enable()


def test_results_that_are_saved_make_no_cycle():
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    probe = weakref.ref(y)
    gc.disable()
    try:
        del y
        assert probe() is None
    finally:
        gc.enable()


def test_hooks_replace_gradients_and_can_be_removed():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    handle = y.register_hook(lambda grad: grad * 10)
    leaf = x.register_hook(lambda grad: grad + 1)
    y.sum().backward()
    assert x.grad.tolist() == [21, 21]
    handle.remove()
    leaf.remove()
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_retain_grad_keeps_the_gradient_of_an_intermediate_tensor():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    (y * 3).sum().backward()
    assert y.grad.tolist() == [3, 3] and y.retains_grad


def test_a_hook_may_not_change_the_size():
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda grad: grad.sum())
    with pytest.raises(RuntimeError, match="has changed the size of value"):
        (x * 2).sum().backward()


def test_modes_nest_and_decorate():
    x = torch.ones(1, requires_grad=True)
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
    assert (x * 2).requires_grad

    @torch.no_grad()
    def double(t):
        return t * 2

    assert not double(x).requires_grad and torch.is_grad_enabled()
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    assert not torch.is_grad_enabled()
    torch.set_grad_enabled(True)


def test_no_grad_in_a_generator_holds_only_while_it_runs():
    @torch.no_grad()
    def produce():
        for _ in range(2):
            yield torch.is_grad_enabled()

    for inside in produce():
        assert not inside and torch.is_grad_enabled()


def test_independent_graphs_in_several_threads():
    failures = []

    def work(number):
        try:
            for _ in range(30):
                x = torch.full((50,), float(number), requires_grad=True)
                (x * x).sum().backward()
                assert x.grad.tolist() == [2.0 * number] * 50
        except BaseException as error:      # noqa: BLE001  shown by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_gradient_type_and_size_follow_the_argument():
    x = torch.ones(3, 1, requires_grad=True)
    y = torch.ones(3, 4, dtype=torch.float64, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.dtype is torch.float32 and x.grad.shape == (3, 1) and y.grad.dtype is torch.float64


def test_integers_cannot_require_grad():
    with pytest.raises(RuntimeError, match="floating point"):
        torch.tensor([1], requires_grad=True)
    with pytest.raises(RuntimeError, match="floating point"):
        torch.tensor([1]).requires_grad_()


def test_out_does_not_mix_with_recording():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="out=... arguments don't support automatic differentiation"):
        torch.add(x, 1, out=torch.empty(2))


def test_assigned_grad_is_checked():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="different size"):
        x.grad = torch.ones(3)
    with pytest.raises(TypeError, match="expected to be a Tensor or None"):
        x.grad = 1
    x.grad = torch.ones(2)
    x.grad = None


def test_a_graph_that_saved_no_tensor_serves_twice():
    x = torch.ones(2, 3, requires_grad=True)
    y = x.view(-1)[1:] + 1
    y.sum().backward()
    y.sum().backward()
    assert x.grad.sum().item() == 10
    y = x * x
    y.sum().backward()
    with pytest.raises(RuntimeError, match="a second time"):
        y.sum().backward()


def test_a_leaf_that_needs_no_gradient_any_more_gets_none():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    x.requires_grad_(False)
    y.sum().backward()
    assert x.grad is None


def test_a_leaf_that_became_a_result_refuses_the_gradient_of_what_it_was():
    x, w = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    y = x * 2
    x.detach_().mul_(w)
    with pytest.raises(RuntimeError, match="moved into the graph interior"):
        y.sum().backward()


@pytest.mark.parametrize("name", ["sum", "mean", "var", "prod", "logsumexp"])
def test_reductions_of_a_number_over_its_only_dimension_have_gradients(name):
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    for dim in (0, -1):
        result = getattr(x, name)(dim, unbiased=False) if name == "var" else getattr(x, name)(dim)
        (grad,) = torch.autograd.grad(result, x)
        assert grad.item() == (0 if name == "var" else 1)


def test_a_view_nobody_shares_becomes_the_gradient():
    x = torch.zeros(4, requires_grad=True)
    (x.reshape(2, 2) * torch.ones(2, 2)).sum().backward()
    assert x.grad._base is None and x.grad.tolist() == [1, 1, 1, 1]
    direction, y = torch.ones(2, 2), torch.zeros(4, requires_grad=True)
    y.reshape(2, 2).backward(direction)                 # the gradient is a view of what the caller holds
    y.grad.zero_()
    assert direction.tolist() == [[1, 1], [1, 1]]
    seen, z = [], torch.zeros(4, requires_grad=True)
    middle = z.reshape(2, 2)
    middle.register_hook(seen.append)
    middle.exp().sum().backward()
    z.grad.zero_()
    assert seen[0].tolist() == [[1, 1], [1, 1]]
    a, b = torch.zeros(4, requires_grad=True), torch.zeros(2, 2, requires_grad=True)
    (a.reshape(2, 2) + b).exp().sum().backward()        # two leaves get the same gradient
    a.grad.zero_()
    assert b.grad.tolist() == [[1, 1], [1, 1]]


def test_gradients_of_inner_results_leave_what_made_them():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    inner = x.exp()
    (grad,) = torch.autograd.grad((inner * inner).sum(), inner)
    assert torch.equal(grad, 2 * inner)
    inner.sum().backward()                          # its own graph was neither used nor freed
    assert torch.equal(x.grad, inner)


def test_inner_result_that_leads_to_another_target():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    inner = x.exp()
    seen = []
    inner.register_hook(lambda grad: seen.append(grad.tolist()))
    of_inner, of_x = torch.autograd.grad((inner * inner).sum(), [inner, x])
    assert torch.equal(of_x, of_inner * inner) and len(seen) == 1
    with pytest.raises(RuntimeError, match="second time"):
        inner.sum().backward()
