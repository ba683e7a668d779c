import copy

import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck
from nb_nn.nn import utils
from nb_nn.nn.utils import rnn

# ---- sequences ---------------------------------------------------------------------------------------------------------

LENGTHS = [3, 5, 1, 3]


def slow_pack(sequences):
    """Rows of all sequences at step 0, at step 1, ..., the longest first (the earlier first of equals)."""
    sequences = sorted(sequences, key=lambda one: -len(one))
    return [one[step] for step in range(len(sequences[0])) for one in sequences if len(one) > step]


def sequences_of(*size):
    return [numbers("float64", (length, *size), seed=number) for number, length in enumerate(LENGTHS)]


@pytest.mark.parametrize("size", [(), (2,), (2, 3)])
@pytest.mark.parametrize("batch_first", [False, True])
def test_sequences_packed_and_padded(size, batch_first):
    sequences = sequences_of(*size)
    packed = rnn.pack_sequence([tensor(one) for one in sequences], enforce_sorted=False)
    check(packed.data, np.array(slow_pack(sequences)))
    assert packed.batch_sizes.tolist() == [4, 3, 3, 1, 1]
    assert packed.sorted_indices.tolist() == [1, 0, 3, 2]
    assert packed.unsorted_indices.tolist() == [1, 0, 3, 2]
    padded, lengths = rnn.pad_packed_sequence(packed, batch_first, padding_value=-1.0, total_length=7)
    assert lengths.tolist() == LENGTHS
    expected = np.full((4, 7, *size), -1.0)
    for n, one in enumerate(sequences):
        expected[n, :len(one)] = one
    check(padded, expected if batch_first else expected.swapaxes(0, 1))
    check(rnn.pad_sequence([tensor(one) for one in sequences], batch_first, -1.0), (expected[:, :5] if batch_first else expected.swapaxes(
        0, 1)[:5]))
    again = rnn.pack_padded_sequence(padded, lengths, batch_first, enforce_sorted=False)
    check(again.data, np.array(slow_pack(sequences)))
    for one, other in zip(rnn.unpack_sequence(packed), sequences):
        check(one, other)


def test_sequences_of_one_length_and_from_the_left():
    x = numbers("float32", (3, 2, 4))
    packed = rnn.pack_padded_sequence(tensor(x), torch.tensor([2, 2]))
    check(packed.data, x[:2].reshape(4, 4))
    assert packed.sorted_indices is None
    check(rnn.pad_packed_sequence(packed)[0], x[:2])
    assert rnn.pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], True, 0, "left").tolist() == [[1, 2], [0, 3]]
    assert packed.double().data.dtype is torch.float64
    assert packed.to(torch.float32) is packed
    assert type(copy.copy(packed)) is rnn.PackedSequence


def test_gradients_of_packing():
    inputs = [tensor(one, requires_grad=True) for one in sequences_of(2)]
    assert gradcheck(lambda *given: rnn.pad_packed_sequence(rnn.pack_sequence(given, enforce_sorted=False))[0], inputs)


def test_errors_of_sequences():
    x = torch.zeros(5, 2, 3)
    with pytest.raises(RuntimeError, match="sorted in decreasing order"):
        rnn.pack_padded_sequence(x, [2, 5])
    with pytest.raises(RuntimeError, match="greater than 0"):
        rnn.pack_padded_sequence(x, [2, 0])
    with pytest.raises(RuntimeError, match="batch_size"):
        rnn.pack_padded_sequence(x, [2, 1, 1])
    with pytest.raises(ValueError, match="total_length=3 and max sequence length being 5"):
        rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [5, 2]), total_length=3)


# ---- gradients and parameters ------------------------------------------------------------------------------------------

def with_gradients():
    parameters = [nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(1))]
    grads = [numbers("float32", (2, 3)), numbers("float32", (4,))]
    for parameter, grad in zip(parameters, grads):
        parameter.grad = tensor(grad.copy())
    return parameters, grads


@pytest.mark.parametrize("kind", [1, 2, 2.5, float("inf"), "inf"])
def test_clip_grad_norm(kind):
    parameters, grads = with_gradients()
    flat = np.concatenate([one.ravel() for one in grads]).astype(np.float64)
    norm = np.linalg.norm(flat, float(kind))
    check(utils.clip_grad_norm_(parameters, 1.0, kind), np.float32(norm), rtol=1e-5)
    for parameter, grad in zip(parameters, grads):
        np.testing.assert_allclose(parameter.grad.numpy(), grad / norm, rtol=1e-5)
    before = parameters[0].grad.clone()
    utils.clip_grad_norm_(iter(parameters), 100.0, kind)
    assert torch.equal(before, parameters[0].grad)
    assert utils.clip_grad_norm_([parameters[2]], 1.0).item() == 0


def test_clip_grad_value_and_errors():
    parameters, grads = with_gradients()
    utils.clip_grad_value_(parameters, 0.5)
    check(parameters[0].grad, np.clip(grads[0], -0.5, 0.5))
    parameters[0].grad.fill_(float("nan"))
    with pytest.raises(RuntimeError, match="non-finite"):
        utils.clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
    with pytest.warns(FutureWarning):
        utils.clip_grad_norm(parameters[1], 1.0)


def test_parameters_and_vectors():
    model = nn.Linear(3, 2)
    vector = utils.parameters_to_vector(model.parameters())
    check(vector.detach(), np.concatenate([model.weight.detach().numpy().ravel(), model.bias.detach().numpy()]))
    utils.vector_to_parameters(torch.arange(8.0), model.parameters())
    assert model.weight.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert model.bias.tolist() == [6, 7]
    assert isinstance(model.bias, nn.Parameter)
    with pytest.raises(TypeError, match="expected torch.Tensor"):
        utils.vector_to_parameters([1.0], model.parameters())


# ---- weights made anew -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dim, axes", [(0, (1, 2)), (1, (0, 2)), (None, None)])
def test_weight_norm(dim, axes):
    module = nn.Conv1d(4, 3, 2)
    before, x = module.weight.detach().clone(), tensor(numbers("float32", (2, 4, 5)))
    expected = module(x).detach().numpy()
    assert utils.weight_norm(module, dim=dim) is module
    assert list(module.state_dict()) == ["bias", "weight_g", "weight_v"]
    norm = np.sqrt((before.numpy() ** 2).sum(axes, keepdims=axes is not None))
    check(module.weight_g.detach(), norm, rtol=1e-5)
    np.testing.assert_allclose(module(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        module.weight_g.mul_(2)
    module(x).sum().backward()
    assert module.weight_v.grad is not None and module.weight_g.grad is not None
    np.testing.assert_allclose(module.weight.detach().numpy(), 2 * before.numpy(), rtol=1e-5)
    with pytest.raises(RuntimeError, match="two weight_norm hooks"):
        utils.weight_norm(module)
    utils.remove_weight_norm(module)
    assert isinstance(module.weight, nn.Parameter)
    np.testing.assert_allclose(module.weight.detach().numpy(), 2 * before.numpy(), rtol=1e-5)
    with pytest.raises(ValueError, match="not found"):
        utils.remove_weight_norm(module)


def test_weight_norm_of_a_recurrent_layer():
    module = utils.weight_norm(nn.LSTM(3, 4), "weight_hh_l0")
    module(torch.ones(2, 1, 3))[0].sum().backward()
    assert module.weight_hh_l0_g.grad.shape == (16, 1)


@pytest.mark.parametrize("make, dim", [(lambda: nn.Linear(5, 7), None), (lambda: nn.Conv2d(2, 3, 3), None), (lambda: nn.Conv2d(2, 3, 3), 1)])
def test_spectral_norm_finds_the_largest_singular_value(make, dim):
    module = utils.spectral_norm(make(), dim=dim, n_power_iterations=50)
    weight = module.weight_orig.detach().numpy()
    matrix = np.moveaxis(weight, dim or 0, 0).reshape(weight.shape[dim or 0], -1)
    module._forward_pre_hooks[next(iter(module._forward_pre_hooks))](module, None)
    np.testing.assert_allclose(module.weight.detach().numpy(), weight / np.linalg.svd(matrix)[1][0], rtol=1e-3)
    assert list(module.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    fixed = module.eval().weight_u.clone()
    x = torch.ones(1, 5) if isinstance(module, nn.Linear) else torch.ones(1, 2, 4, 4)
    module(x).sum().backward()
    assert torch.equal(fixed, module.weight_u)
    assert module.weight_orig.grad.shape == weight.shape
    after = module.weight.detach().numpy()
    utils.remove_spectral_norm(module)
    assert list(module.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(module.weight.detach().numpy(), after, rtol=1e-5)


def test_spectral_norm_can_run_twice_before_backward():
    module = utils.spectral_norm(nn.Linear(3, 3))
    (module(torch.ones(1, 3)).sum() + module(torch.ones(1, 3)).sum()).backward()
    assert torch.isfinite(module.weight_orig.grad).all()


def test_fused_layers():
    conv, bn = nn.Conv2d(2, 3, 3, bias=False), nn.BatchNorm2d(3)
    for _ in range(3):
        bn(conv(torch.randn(4, 2, 5, 5)))
    x = torch.randn(2, 2, 5, 5)
    with pytest.raises(AssertionError):
        utils.fuse_conv_bn_eval(conv, bn)
    conv.eval(), bn.eval()
    np.testing.assert_allclose(utils.fuse_conv_bn_eval(conv, bn)(x).detach().numpy(), bn(conv(x)).detach().numpy(), rtol=1e-4, atol=1e-5)
    assert conv.bias is None
