"""Views, in-place writes and versions: random programs against finite differences, and the particular cases."""
import numpy as np
import pytest

import nb_nn as torch


def random_view(random, x):
    """A view of x, by a random operation."""
    dim = int(random.integers(x.dim())) if x.dim() else 0
    choices = ["alias", "view", "unsqueeze"]
    if x.dim():
        choices += ["select", "narrow", "transpose", "diagonal"] if x.dim() > 1 else ["narrow"]
    kind = random.choice(choices)
    if kind == "select" and x.size(dim):
        return x.select(dim, int(random.integers(x.size(dim))))
    if kind == "narrow" and x.size(dim):
        start = int(random.integers(x.size(dim)))
        return x.narrow(dim, start, int(random.integers(1, x.size(dim) - start + 1)))
    if kind == "transpose":
        return x.transpose(0, dim)
    if kind == "diagonal":
        return x.diagonal(0, 0, 1)
    if kind == "unsqueeze" and x.dim() < 4:
        return x.unsqueeze(dim)
    return x.view(*x.shape)


def program(seed, leaf, weight):
    """Views of views of a copy of the leaf, and writes through some of them; the result depends on all."""
    random = np.random.default_rng(seed)
    base = leaf * 1.5
    views = [base]
    for _ in range(int(random.integers(2, 7))):
        source = views[int(random.integers(len(views)))]
        if random.random() < 0.5:
            views.append(random_view(random, source))
            continue
        kind = random.integers(5)
        if kind == 0:
            source.mul_(weight)
        elif kind == 1:
            source.add_(weight * 2)
        elif kind == 2:
            source.copy_(source.detach() * 0 + weight)
        elif kind == 3:
            source.zero_()
        else:
            source.mul_(2.5)
    return sum(((view * view).sum() * (i + 1) for i, view in enumerate(views)), (base * weight).sum())


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_of_views_and_writes_have_right_gradients(seed):
    random = np.random.default_rng(1000 + seed)
    start, factor = random.standard_normal((3, 4)), random.standard_normal(())

    def value(x, w):
        with torch.no_grad():
            return program(seed, torch.tensor(x), torch.tensor(w)).item()

    leaf, weight = torch.tensor(start, requires_grad=True), torch.tensor(factor, requires_grad=True)
    program(seed, leaf, weight).backward()
    eps = 1e-6
    for place in np.ndindex(*start.shape):
        up, down = start.copy(), start.copy()
        up[place] += eps
        down[place] -= eps
        assert leaf.grad.numpy()[place] == pytest.approx((value(up, factor) - value(down, factor)) / (2 * eps), rel=1e-5, abs=1e-5)
    slope = (value(start, factor + eps) - value(start, factor - eps)) / (2 * eps)
    assert weight.grad.item() == pytest.approx(slope, rel=1e-5, abs=1e-5)


def test_second_derivative_through_a_write_to_a_view():
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    y = x * 1
    y.narrow(0, 0, 2).mul_(x.narrow(0, 1, 2))                     # y = (x0 x1, x1 x2, x2)
    (first,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    first.sum().backward()
    # f = x0^2 x1^2 + x1^2 x2^2 + x2^2
    a, b, c = 1.0, 2.0, 3.0
    assert first.tolist() == pytest.approx([2 * a * b * b, 2 * a * a * b + 2 * b * c * c, 2 * b * b * c + 2 * c])
    assert x.grad.tolist() == pytest.approx([2 * b * b + 4 * a * b, 4 * a * b + 2 * a * a + 2 * c * c + 4 * b * c,
                                             4 * b * c + 2 * b * b + 2])


def test_a_view_shares_storage_and_version_with_its_base():
    x = torch.zeros(4)
    v = x.view(2, 2)
    v.add_(1)
    assert x.tolist() == [1, 1, 1, 1]
    assert x._version == v._version == 1


def test_a_view_of_a_plain_tensor_requires_grad_after_a_recorded_write_to_the_base():
    x, w = torch.zeros(4), torch.ones(4, requires_grad=True)
    v = x.narrow(0, 1, 2)
    x.add_(w)
    assert v.requires_grad and v.grad_fn.name() == "AsStridedBackward0"
    v.sum().backward()
    assert w.grad.tolist() == [0, 1, 1, 0]


def test_the_base_requires_grad_after_a_recorded_write_to_a_view():
    x, w = torch.zeros(4), torch.tensor(3.0, requires_grad=True)
    x.narrow(0, 1, 2).add_(w)
    assert x.requires_grad and x.grad_fn.name() == "CopySlices"
    x.sum().backward()
    assert w.grad.item() == 2


def test_detach_shares_memory_but_not_history():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    d = y.detach()
    d.zero_()
    assert not d.requires_grad and y.tolist() == [0, 0] and y._version == 1


def test_a_leaf_that_requires_grad_cannot_be_written():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="view of a leaf Variable that requires grad"):
        x.view(2).add_(1)
    with torch.no_grad():
        x.add_(1)
    assert x.tolist() == [2, 2] and x.is_leaf


def test_a_changed_saved_tensor_is_reported_with_its_operation_and_versions():
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*MulBackward0.*is at version 1; expected version 0"):
        z.sum().backward()


def test_a_saved_result_that_is_written_to_is_reported():
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_in_place_keeps_the_original_it_needs():
    x, w = torch.tensor([2.0], requires_grad=True), torch.tensor([5.0], requires_grad=True)
    y = x * 1
    y.mul_(w)
    y.backward()
    assert x.grad.item() == 5 and w.grad.item() == 2


def test_writing_to_expanded_memory_is_refused_and_changes_nothing():
    x = torch.zeros(1).expand(3)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        x.add_(1)
    assert x.tolist() == [0, 0, 0]


def test_in_place_on_overlapping_operands_reads_before_it_writes():
    x = torch.arange(9).view(3, 3)
    expected = x.numpy() + x.numpy().T
    x.add_(x.t())
    assert np.array_equal(x.numpy(), expected)


def test_in_place_may_not_change_the_size():
    x = torch.zeros(3)
    with pytest.raises(RuntimeError, match=r"output with shape \[3\] doesn't match the broadcast shape \[2, 3\]"):
        x.add_(torch.ones(2, 3))
    assert x.tolist() == [0, 0, 0] and x._version == 0


def test_views_cannot_be_detached_in_place():
    with pytest.raises(RuntimeError, match="Can't detach views in-place"):
        torch.zeros(4).view(2, 2).detach_()


def test_an_operand_that_is_overwritten_counts_as_it_was():
    x = torch.tensor([2.0, 3.0, 5.0], dtype=torch.float64, requires_grad=True)
    y = x * 1
    y.mul_(y)
    y.sum().backward()
    assert x.grad.tolist() == [4, 6, 10]
    x.grad = None
    y = x * 1
    y[:2].mul_(y[1:])                   # (x0 x1, x1 x2, x2)
    y.sum().backward()
    assert x.grad.tolist() == [3, 7, 4]
    assert torch.autograd.gradcheck(lambda x: (x * 1).addcmul_(x * 2, x), (x,))
    assert torch.autograd.gradgradcheck(lambda x: (lambda y: y.addcmul_(y, y))(x * 1), (x,))


def test_a_kept_gradient_is_that_of_what_a_tensor_is_last():
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = x * 1
    y.retain_grad()
    y.mul_(10)
    y.sum().backward()
    assert y.grad.tolist() == [1, 1] and x.grad.tolist() == [10, 10]
    y = x * 1
    y.retain_grad()
    y[0] = 7.0
    (y * 3).sum().backward()
    assert y.grad.tolist() == [3, 3]


def test_a_kept_gradient_is_what_hooks_made_of_it():
    x = torch.tensor(2.0, requires_grad=True)
    y = x * 1
    y.retain_grad()
    y.register_hook(lambda grad: grad * 5)
    y.backward()
    assert y.grad.item() == 5


def test_a_view_made_in_no_grad_says_that_it_requires_grad_but_passes_none_on():
    leaf = torch.ones(3, requires_grad=True)
    base = leaf * 2
    with torch.no_grad():
        view = base.view(-1)
        part = view[:2]
    assert view.requires_grad and view.is_leaf and view.grad_fn is None and part.requires_grad
    result = view * 3
    assert result.requires_grad
    result.sum().backward()
    assert leaf.grad is None and view.grad is None


@pytest.mark.parametrize("write", [lambda view: view.mul_(2), lambda view: view.add_(torch.ones(3, requires_grad=True)),
                                   lambda view: view.__setitem__(0, 1.0), lambda view: view[:2].zero_()])
def test_a_view_made_in_no_grad_is_not_written_to_while_recording(write):
    base = torch.ones(3, requires_grad=True) * 2
    with torch.no_grad():
        view = base.view(-1)
        write(base.view(-1))
    with pytest.raises(RuntimeError, match="created in no_grad mode"):
        write(view)
    assert base._version == 1


def test_the_history_of_a_view_made_in_no_grad_is_not_known_after_a_write_to_its_base():
    base = torch.ones(3, requires_grad=True) * 2
    with torch.no_grad():
        view = base.view(-1)
    base.mul_(2)
    assert view.requires_grad
    for use in (lambda: view.grad_fn, lambda: view.is_leaf, lambda: view * 2):
        with pytest.raises(RuntimeError, match="its base or another view of its base has been modified"):
            use()
    with torch.no_grad():
        assert (view * 2).tolist() == [8, 8, 8]


def test_views_without_a_base_that_requires_grad_may_be_written_to():
    base = torch.ones(3)
    with torch.no_grad():
        view = base.view(-1)
    view.mul_(2)
    assert base.tolist() == [2, 2, 2] and not view.requires_grad


def test_a_copy_by_reshape_is_no_view():
    x = torch.ones(2, 3, requires_grad=True) * 1
    copy = x.t().reshape(-1)
    assert copy.detach_() is copy and not copy.requires_grad
    x.t().reshape(-1).sum().backward()


def test_hooks_after_accumulation():
    weight, seen = torch.ones(2, requires_grad=True), []
    handle = weight.register_post_accumulate_grad_hook(lambda one: seen.append((one is weight, one.grad.tolist())))
    (weight * 2).sum().backward()
    (weight * 3).sum().backward()
    handle.remove()
    weight.sum().backward()
    assert seen == [(True, [2, 2]), (True, [5, 5])]
    with pytest.raises(RuntimeError, match="non-leaf"):
        (weight * 1).register_post_accumulate_grad_hook(print)
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        torch.ones(1).register_post_accumulate_grad_hook(print)


def test_inference_mode_is_known():
    assert not torch.is_inference_mode_enabled()
    with torch.inference_mode():
        assert torch.is_inference_mode_enabled()
        with torch.inference_mode(False):
            assert not torch.is_inference_mode_enabled()
    assert not torch.is_inference_mode_enabled()


def test_a_view_of_a_base_that_was_detached_and_written_to_gets_no_gradient():
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    base = leaf * 3
    view = base.view(2, 1)
    base.detach_()
    base.copy_(torch.tensor([5.0, 6.0]))
    assert view.requires_grad and not view.is_leaf
    ((leaf * leaf).sum() + view.sum()).backward()
    assert leaf.grad.tolist() == [2, 4]


def test_a_view_of_a_base_that_was_detached_cannot_be_written_to():
    base = torch.ones(2, requires_grad=True) * 3
    view = base.view(2, 1)
    base.detach_()
    with pytest.raises(RuntimeError, match="a view of a leaf"):
        view.mul_(2)


def test_hooks_stay_with_a_tensor_that_is_detached():
    x = torch.ones(2, requires_grad=True) * 3
    x.register_hook(lambda grad: grad * 2)
    x.detach_().requires_grad_()
    x.sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_a_write_of_views_made_in_no_grad_mode_is_recorded_without_a_gradient():
    leaf = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        view = leaf.view(2)
    made = torch.zeros(2)
    made.copy_(view)
    assert made.tolist() == [1, 1]


def test_a_copy_of_a_tensor_to_itself_does_nothing():
    x = torch.ones(3).expand(2, 3)
    assert x.copy_(x) is x
