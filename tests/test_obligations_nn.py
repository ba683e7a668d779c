"""Behaviours the documentation promises of autograd, ``nn``, ``optim`` and ``utils.data``: a test a promise, named by its number."""
import math

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import nn
from nb_nn.nn import functional as F
from nb_nn.nn.utils import rnn
from nb_nn.utils import data


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


# autograd
def test_a1_leaves_accumulate_and_others_keep_a_gradient_on_request():
    x = leaf(3.0)
    y, z = x * 2, x * 5
    z.retain_grad()
    for _ in range(2):
        (y + z).sum().backward(retain_graph=True)
    assert x.grad.item() == 14 and y.grad is None and z.grad.item() == 2


def test_a2_results_of_several_elements_need_a_gradient_and_freed_graphs_serve_once():
    x = leaf(1.0, 2.0)
    y = x * x
    with pytest.raises(RuntimeError, match="scalar outputs"):
        y.backward()
    y.backward(torch.ones(2), create_graph=True)            # which retains the graph
    y.backward(torch.ones(2))
    with pytest.raises(RuntimeError, match="second time"):
        y.backward(torch.ones(2))


def test_a3_grad_leaves_grad_alone_and_only_inputs_false_does_not():
    x, w = leaf(2.0), leaf(3.0)
    assert torch.autograd.grad((x * w).sum(), x)[0].item() == 3 and x.grad is None and w.grad is None
    torch.autograd.grad((x * w).sum(), x, only_inputs=False)
    assert w.grad.item() == 2
    with pytest.raises(RuntimeError, match="not have been used"):
        torch.autograd.grad(x.sum(), w)
    assert torch.autograd.grad(x.sum(), w, allow_unused=True) == (None,)
    torch.autograd.backward([x * 2], grad_variables=[torch.tensor([10.0])])
    assert x.grad.item() == 20


def test_a4_gradients_of_any_order():
    x = leaf(2.0)
    value = x.pow(4).sum()
    for expected in (32, 48, 48, 24):
        (value,) = torch.autograd.grad(value, x, create_graph=True)
        assert value.item() == expected
        value = value.sum()


@pytest.mark.parametrize("change", [lambda d: d.t_(), lambda d: d.resize_(4), lambda d: d.unsqueeze_(0), lambda d: d.set_(torch.ones(1))])
def test_a5_size_and_storage_of_a_detached_tensor_stay(change):
    detached = torch.ones(2, 2, requires_grad=True).detach()
    with pytest.raises(RuntimeError, match="detach"):
        change(detached)
    assert detached.shape == (2, 2)


def test_a6_modes_are_contexts_decorators_and_a_statement():
    x = leaf(1.0)

    @torch.no_grad()
    def quiet(x):
        return x * 2

    @torch.enable_grad()
    def loud(x):
        return x * 2

    assert not quiet(x).requires_grad
    with torch.no_grad():
        assert loud(x).requires_grad and not (x * 2).requires_grad and not (x.view(1) * 2).requires_grad
    torch.set_grad_enabled(False)
    try:
        assert not (x * 2).requires_grad
    finally:
        torch.set_grad_enabled(True)
    with torch.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_a7_a_hook_replaces_the_gradient_until_it_is_removed():
    x = leaf(1.0)
    handle = x.register_hook(lambda grad: grad * 3)
    (x * 2).sum().backward()
    handle.remove()
    (x * 2).sum().backward()
    assert x.grad.item() == 8


def test_a11_leaves_are_what_no_recorded_operation_made():
    x = torch.rand(2, requires_grad=True)
    assert x.is_leaf and torch.rand(2).is_leaf and (torch.rand(2) + 1).is_leaf and torch.rand(2).double().requires_grad_().is_leaf
    assert not (x + 1).is_leaf and not x.double().is_leaf and x.float().is_leaf and x.detach().is_leaf


def test_a12_variables_are_tensors():
    x = torch.autograd.Variable(torch.ones(2), requires_grad=True)
    assert isinstance(x, torch.Tensor) and x.requires_grad
    x.data.add_(1)
    assert x.tolist() == [2, 2] and x.is_leaf and not x.data.requires_grad


def test_a13_sparse_gradients():
    table = nn.Embedding(5, 2, sparse=True)
    table(torch.tensor([1, 1, 3])).sum().backward()
    assert table.weight.grad.is_sparse and table.weight.grad.to_dense()[:, 0].tolist() == [0, 2, 0, 1, 0]
    x = torch.ones(2, 2, requires_grad=True)
    x.gather(1, torch.tensor([[0], [1]]), sparse_grad=True).sum().backward()
    assert x.grad.is_sparse and x.grad.to_dense().tolist() == [[1, 0], [0, 1]]


# modules
def test_m1_attributes_register_modules_and_parameters_but_not_tensors():
    net = nn.Module()
    net.layer, net.scale, net.plain = nn.Linear(1, 1), nn.Parameter(torch.ones(1)), torch.ones(1)
    net.register_buffer("seen", torch.zeros(1))
    assert list(net.state_dict()) == ["scale", "seen", "layer.weight", "layer.bias"]


def test_m2_calling_runs_hooks_and_forward_does_not():
    layer, calls = nn.Identity(), []
    layer.register_forward_hook(lambda module, args, result: calls.append(1))
    layer.forward(torch.ones(1))
    assert not calls
    layer(torch.ones(1))
    assert calls == [1]
    layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    layer.register_forward_hook(lambda module, args, result: result * 10)
    assert layer(torch.ones(1)).item() == 20


def test_m3_shared_modules_and_parameters_are_named_once():
    shared = nn.Linear(2, 2)
    net = nn.Sequential(shared, shared)
    assert len(list(net.modules())) == 2 and len(list(net.children())) == 1 and len(list(net.parameters())) == 2
    assert [name for name, _ in net.named_parameters(prefix="net", recurse=True)] == ["net.0.weight", "net.0.bias"]
    assert list(net.parameters(recurse=False)) == []


def test_m4_strict_loading_names_what_is_missing_and_unexpected():
    net = nn.Linear(1, 1)
    with pytest.raises(RuntimeError, match=r'(?s)Missing key\(s\).*"bias".*Unexpected key\(s\).*"more"'):
        net.load_state_dict({"weight": torch.ones(1, 1), "more": torch.ones(1)})
    found = net.load_state_dict({"weight": torch.ones(1, 1), "more": torch.ones(1)}, strict=False)
    assert found.missing_keys == ["bias"] and found.unexpected_keys == ["more"]


def test_m5_to_takes_floating_types_and_leaves_integers():
    net = nn.BatchNorm1d(2)
    with pytest.raises(TypeError, match="floating"):
        net.to(torch.int64)
    net.to(torch.float64)
    assert net.weight.dtype is net.running_mean.dtype is torch.float64 and net.num_batches_tracked.dtype is torch.int64


def test_m6_evaluation_changes_dropout_and_normalization():
    net = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2))
    assert net.eval() is net and not net[0].training and net.train()[1].training
    x = torch.rand(4, 2)
    assert torch.equal(net.eval()[0](x), x)


def test_m7_apply_serves_children_first_and_zero_grad_clears_all():
    order, net = [], nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU()))
    net.apply(lambda module: order.append(type(module).__name__))
    assert order == ["Linear", "ReLU", "Sequential", "Sequential"]
    net(torch.ones(1, 1)).sum().backward()
    net.zero_grad()
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in net.parameters())


def test_m8_lists_slice_and_dictionaries_keep_their_order():
    modules = nn.ModuleList([nn.ReLU(), nn.Tanh(), nn.Sigmoid()])
    assert type(modules[1:]) is nn.ModuleList and len(modules[1:]) == 2 and modules[-1] is modules[2]
    assert list(nn.ModuleDict([("b", nn.ReLU()), ("a", nn.Tanh())])) == ["b", "a"]
    parameters = nn.ParameterDict()
    parameters.update([("z", nn.Parameter(torch.ones(1))), ("y", nn.Parameter(torch.ones(1)))])
    assert list(parameters) == ["z", "y"]


def test_m10_convolutions_of_older_files_pad_with_zeros():
    layer = nn.Conv1d(1, 1, 3)
    state = layer.__dict__.copy()
    del state["padding_mode"]
    older = nn.Conv1d.__new__(nn.Conv1d)
    older.__setstate__(state)
    assert older.padding_mode == "zeros"


# convolutions and pooling
def test_k3_weights_of_groups():
    assert nn.Conv2d(4, 6, (2, 3), groups=2).weight.shape == (6, 2, 2, 3)
    assert nn.ConvTranspose2d(4, 6, (2, 3), groups=2).weight.shape == (4, 3, 2, 3)
    bound = 1 / math.sqrt(2 * 6)
    assert nn.Conv2d(4, 6, (2, 3), groups=2).weight.abs().max().item() <= bound


def test_k4_circular_padding_keeps_the_documented_size():
    layer = nn.Conv1d(1, 1, 3, padding=1, padding_mode="circular", bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[1.0, 0.0, 0.0]]]))
    assert layer(torch.arange(4.0).view(1, 1, 4)).view(-1).tolist() == [3, 0, 1, 2]


def test_k5_output_sizes_of_transposed_convolutions():
    layer = nn.ConvTranspose1d(1, 1, 3, stride=2)
    x = torch.zeros(1, 1, 4)
    assert layer(x, output_size=[10]).shape == layer(x, output_size=(1, 1, 10)).shape == (1, 1, 10)
    with pytest.raises(ValueError, match=r"\[9\] to \[10\]"):
        layer(x, output_size=[11])
    with pytest.raises(ValueError, match="elements"):
        layer(x, output_size=[1, 10])


def test_k8_fold_sums_overlaps():
    x = torch.ones(1, 1, 3, 3)
    back = F.fold(F.unfold(x, 2), (3, 3), 2)
    assert back[0, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_w1_the_maximum_ignores_padding():
    assert F.max_pool1d(torch.full((1, 1, 3), -5.0), 3, padding=1).tolist() == [[[-5.0]]]
    values, places = F.max_pool2d(torch.arange(16.0).view(1, 1, 4, 4), 2, return_indices=True)
    assert places.view(-1).tolist() == [5, 7, 13, 15] and F.max_unpool2d(values, places, 2).sum() == values.sum()


def test_w3_padding_counts_in_means_unless_told_otherwise():
    x = torch.full((1, 1, 2), 6.0)
    assert F.avg_pool1d(x, 3, padding=1, stride=1).tolist() == [[[4, 4]]]
    assert F.avg_pool1d(x, 3, padding=1, stride=1, count_include_pad=False).tolist() == [[[6, 6]]]


def test_w4_fractional_pooling_needs_one_of_size_and_ratio():
    for options in ({}, {"output_size": 2, "output_ratio": 0.5}, {"output_ratio": 1.5}):
        with pytest.raises(ValueError, match="output"):
            nn.FractionalMaxPool2d(2, **options)


def test_w6_interpolation_needs_one_of_size_and_factor():
    for options in ({}, {"size": 2, "scale_factor": 2}):
        with pytest.raises(ValueError, match="size|scale_factor"):
            F.interpolate(torch.zeros(1, 1, 4), **options)


# normalization, activations, dropout
def test_h1_running_statistics_move_by_momentum_or_are_means():
    x = torch.tensor([[1.0], [3.0]])
    norm = nn.BatchNorm1d(1, momentum=0.25)
    norm(x)
    assert norm.running_mean.item() == 0.5 and norm.running_var.item() == pytest.approx(0.75 + 0.25 * 2)
    norm = nn.BatchNorm1d(1, momentum=None)
    norm(x), norm(x + 2)
    assert norm.running_mean.item() == 3
    norm = nn.BatchNorm1d(1, track_running_stats=False).eval()
    assert norm(x).detach().view(-1).tolist() == pytest.approx([-1, 1], abs=1e-4)


def test_h4_softmax_without_dim_warns():
    with pytest.warns(UserWarning, match="dim"):
        assert F.softmax(torch.zeros(2, 4)).tolist() == [[0.25] * 4] * 2


def test_h5_dropout_scales_and_drops_channels_whole():
    x = torch.ones(20, 30, 4)
    assert set(F.dropout(x, 0.2).unique().tolist()) <= {0.0, 1.25}
    assert len(np.unique(F.dropout2d(torch.ones(1, 50, 2, 2)).numpy().reshape(50, 4), axis=1)[0]) == 1
    assert torch.equal(F.alpha_dropout(x, 0.5), x) and not torch.equal(F.dropout(x), x)      # by default not training, and training


def test_h7_softplus_is_linear_above_its_threshold_and_threshold_is_strict():
    assert F.softplus(torch.tensor([25.0]), 1, 20).item() == 25
    assert F.threshold(torch.tensor([1.0, 2.0]), 1.0, 5.0).tolist() == [5, 2]


# recurrent
def test_e2_names_sizes_and_dropout_of_layers():
    net = nn.LSTM(3, 4, 2, bidirectional=True, dropout=1.0)
    assert net.weight_ih_l0_reverse.shape == (16, 3) and net.weight_ih_l1.shape == (16, 8)
    with pytest.warns(UserWarning, match="dropout"):
        nn.LSTM(3, 4, dropout=0.5)


def test_e5_packing_orders_and_pads_further():
    x = torch.arange(6.0).view(3, 2, 1)
    with pytest.raises(RuntimeError, match="sorted|decreasing"):
        rnn.pack_padded_sequence(x, [2, 3])
    packed = rnn.pack_padded_sequence(x, [2, 3], enforce_sorted=False)
    assert packed.batch_sizes.tolist() == [2, 2, 1]
    padded, lengths = rnn.pad_packed_sequence(packed, total_length=4)
    assert padded.shape == (4, 2, 1) and lengths.tolist() == [2, 3]
    with pytest.raises(ValueError, match="total_length"):
        rnn.pad_packed_sequence(packed, total_length=2)


# embedding and losses
def test_j1_the_padding_row_is_zero_and_stays_and_long_rows_are_shortened():
    table = nn.Embedding(3, 2, padding_idx=1)
    table(torch.tensor([0, 1])).sum().backward()
    assert table.weight[1].tolist() == [0, 0] and table.weight.grad[1].tolist() == [0, 0]
    weight = torch.full((3, 2), 5.0, dtype=torch.float64)
    F.embedding(torch.tensor([0]), weight, max_norm=1.0)
    once = weight.clone()
    F.embedding(torch.tensor([0]), weight, max_norm=1.0)
    assert weight[0].norm().item() == pytest.approx(1) and weight[1].tolist() == [5, 5] and torch.equal(once, weight)


def test_j1_bags():
    weight = torch.arange(6.0).view(3, 2)
    with pytest.raises(ValueError, match="offsets"):
        F.embedding_bag(torch.tensor([[0, 1]]), weight, torch.tensor([0]))
    with pytest.raises(ValueError, match="offsets"):
        F.embedding_bag(torch.tensor([0, 1]), weight)
    assert F.embedding_bag(torch.tensor([0, 1]), weight, torch.tensor([0, 2])).tolist() == [[1, 2], [0, 0]]


@pytest.mark.filterwarnings("ignore:size_average")
def test_j2_older_reduction_arguments_win():
    x, y = torch.tensor([1.0, 2.0]), torch.zeros(2)
    assert F.l1_loss(x, y, size_average=False, reduction="mean").item() == 3
    assert F.l1_loss(x, y, reduce=False, reduction="mean").tolist() == [1, 2]


def test_j3_ignored_targets_leave_the_mean():
    x = torch.tensor([[0.0, 0.0], [9.0, 9.0]])
    assert F.cross_entropy(x, torch.tensor([0, -100])).item() == pytest.approx(math.log(2))
    weight = torch.tensor([1.0, 3.0])
    assert F.nll_loss(x, torch.tensor([0, 1]), weight).item() == pytest.approx(-27 / 4)


def test_j5_a_negative_target_ends_the_labels():
    x = torch.tensor([[0.1, 0.2, 0.4, 0.8]])
    assert F.multilabel_margin_loss(x, torch.tensor([[3, 0, -1, 1]])).item() == pytest.approx(0.85)


# utilities, optimizers, data
def test_z1_clipping_treats_gradients_as_one_vector():
    a, b = leaf(0.0), leaf(0.0)
    a.grad, b.grad = torch.tensor([3.0]), torch.tensor([4.0])
    assert float(nn.utils.clip_grad_norm_([a, b], 1.0)) == 5
    assert a.grad.item() == pytest.approx(0.6, rel=1e-5) and b.grad.item() == pytest.approx(0.8, rel=1e-5)


def test_z2_weight_norm_splits_and_joins():
    layer = nn.Linear(3, 2)
    before = layer.weight.detach().clone()
    nn.utils.weight_norm(layer, dim=None)
    assert layer.weight_g.dim() == 0 and not isinstance(layer._parameters.get("weight"), nn.Parameter)
    nn.utils.remove_weight_norm(layer)
    assert torch.allclose(layer.weight, before) and sorted(layer.state_dict()) == ["bias", "weight"]


def test_op1_groups_take_missing_options_from_the_defaults():
    a, b = leaf(1.0), leaf(1.0)
    optimizer = torch.optim.SGD([{"params": [a], "lr": 0.5}, {"params": [b]}], lr=0.1, momentum=0.9)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1] and optimizer.param_groups[0]["momentum"] == 0.9
    assert sorted(optimizer.state_dict()) == ["param_groups", "state"]


def test_op2_velocity_leaves_out_the_learning_rate_and_step_takes_a_closure():
    x = leaf(0.0)
    optimizer = torch.optim.SGD([x], lr=0.1, momentum=0.5)

    def closure():
        optimizer.zero_grad()
        loss = x.sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 0
    optimizer.param_groups[0]["lr"] = 1.0
    optimizer.step(closure)
    assert x.item() == pytest.approx(-0.1 - 1.5)


def test_i2_a_batch_sampler_excludes_what_it_decides():
    numbers = data.TensorDataset(torch.arange(5))
    sampler = data.BatchSampler(data.SequentialSampler(numbers), 2, drop_last=True)
    assert [len(batch[0]) for batch in data.DataLoader(numbers, batch_sampler=sampler)] == [2, 2]
    with pytest.raises(ValueError, match="batch_sampler"):
        data.DataLoader(numbers, batch_sampler=sampler, batch_size=3)


def test_i3_samplers_and_parts():
    torch.manual_seed(0)
    numbers = data.TensorDataset(torch.arange(6))
    assert sorted(data.RandomSampler(numbers)) == list(range(6))
    assert len(list(data.RandomSampler(numbers, replacement=True, num_samples=9))) == 9
    assert set(data.WeightedRandomSampler([0.0, 1.0], 5, replacement=True)) == {1}
    parts = data.random_split(numbers, [4, 2])
    assert sorted(int(one[0]) for part in parts for one in part) == list(range(6)) and len(data.ConcatDataset(parts)) == 6
