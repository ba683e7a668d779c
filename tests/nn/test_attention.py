"""Attention against a slow loop, its derivatives, blocks, masks and dropout; layers of transformers."""
import copy
import math

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd import gradcheck, gradgradcheck
from nb_nn.kernels.cpu.attention import attention_softmax, attention_softmax_backward
from nb_nn.nn import functional as F
from nb_nn.ops import attention

attend = F.scaled_dot_product_attention


def slowly(query, key, value, visible, scale):
    """One query at a time; 2-d arrays."""
    result = np.zeros((len(query), value.shape[1]))
    for i, one in enumerate(query):
        seen = np.flatnonzero(visible[i])
        if len(seen):
            products = key[seen] @ one * scale
            shares = np.exp(products - products.max())
            result[i] = shares / shares.sum() @ value[seen]
    return result


def normal(*shape, seed=0, **options):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape)).requires_grad_(**options)


@pytest.mark.parametrize("kind", ["none", "causal", "bool", "nothing"])
@pytest.mark.parametrize("block", [1, 20, 1 << 20])
def test_attention_is_what_a_slow_loop_computes(kind, block, monkeypatch):
    monkeypatch.setattr(attention, "BLOCK", block)
    query, key, value = normal(2, 3, 6, 4), normal(2, 3, 5, 4, seed=1), normal(2, 3, 5, 2, seed=2)
    visible = {"none": np.ones((6, 5), bool), "causal": np.tri(6, 5, dtype=bool), "nothing": np.zeros((6, 5), bool),
               "bool": np.random.default_rng(4).random((6, 5)) < 0.5}[kind]
    options = {"is_causal": True} if kind == "causal" else {} if kind == "none" else {"attn_mask": torch.from_numpy(visible)}
    result = attend(query, key, value, **options)
    arrays = [one.detach().numpy() for one in (query, key, value)]
    expected = [[slowly(*[one[i, j] for one in arrays], visible, 0.5) for j in range(3)] for i in range(2)]
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=1e-12, atol=1e-14)
    grads = torch.autograd.grad(result.square().sum(), (query, key, value))
    whole = composed(query, key, value, torch.from_numpy(visible))
    for mine, other in zip(grads, torch.autograd.grad(whole.square().sum(), (query, key, value))):
        assert torch.allclose(mine, other, 1e-10, 1e-12)


def composed(query, key, value, visible):
    """The same of plain operations."""
    products = (query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])).masked_fill(~visible, -1e300)
    return (F.softmax(products, -1) * visible) @ value


@pytest.mark.parametrize("block", [8, 1 << 20])
@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": -0.7}, {"mask": (3, 5)}, {"mask": (2, 1, 5)}], ids=str)
def test_first_and_second_derivatives(options, block, monkeypatch):
    monkeypatch.setattr(attention, "BLOCK", block)
    given = dict(options)
    tensors = [normal(2, 3, 4), normal(5, 4, seed=1), normal(2, 5, 2, seed=2)]
    tensors += [normal(*given.pop("mask"), seed=3)] if "mask" in given else []
    assert gradcheck(lambda *args: attend(*args, **given), tensors)
    assert gradgradcheck(lambda *args: attend(*args, **given), tensors)


def test_dropout_keeps_the_mean_and_has_derivatives():
    torch.manual_seed(0)
    query, key, value = torch.zeros(1, 4), torch.zeros(64, 4), torch.ones(64, 1)
    results = np.array([attend(query, key, value, dropout_p=0.5).item() for _ in range(200)])
    assert abs(results.mean() - 1) < 0.05 and results.std() > 0.05
    assert attend(query, key, value, dropout_p=1.0).item() == 0

    def fixed(*args):
        torch.manual_seed(1)
        return attend(*args, dropout_p=0.3)
    assert gradcheck(fixed, [normal(2, 3, 4), normal(2, 5, 4), normal(2, 5, 2)])


def test_empty_sequences_and_heads_that_share():
    assert attend(torch.ones(3, 4), torch.ones(0, 4), torch.ones(0, 2)).tolist() == [[0, 0]] * 3
    assert attend(torch.ones(0, 4), torch.ones(5, 4), torch.ones(5, 2)).shape == (0, 2)
    assert attend(torch.ones(3, 0), torch.ones(5, 0), torch.ones(5, 2)).tolist() == [[1, 1]] * 3
    query, key, value = normal(4, 3, 2), normal(2, 5, 2), normal(2, 5, 2, seed=1)
    shared = attend(query, key, value, enable_gqa=True)
    assert torch.allclose(shared[1], attend(query[1], key[0], value[0])) and torch.allclose(shared[2], attend(query[2], key[1], value[1]))


def test_nan_and_infinity_pass_through():
    query, key, value = torch.ones(2, 1), torch.tensor([[1.0], [math.nan]]), torch.ones(2, 1)
    assert attend(query, key, value).isnan().all()
    assert attend(query, torch.tensor([[1e30], [-1e30]]), torch.tensor([[2.0], [3.0]])).tolist() == [[2], [2]]


@pytest.mark.parametrize("run", ["serial", "parallel"])
def test_kernels(run):
    random = np.random.default_rng(0)
    x, bias = random.standard_normal((3, 4, 70)), random.standard_normal((2, 6, 80))
    out, which = x.copy(), np.array([1, 0, 1])
    getattr(attention_softmax, run)(bias, which, 0.5, 2, True, out)
    for plane in range(3):
        for i in range(4):
            shares = np.exp(x[plane, i, :3 + i] * 0.5 + bias[which[plane], 2 + i, :3 + i])
            np.testing.assert_allclose(out[plane, i, :3 + i], shares / shares.sum(), rtol=1e-12)
            assert not out[plane, i, 3 + i:].any()
    weights, grad = out.reshape(12, 70), random.standard_normal((12, 70))
    expected = weights * (grad - (grad * weights).sum(1, keepdims=True)) * 0.3
    getattr(attention_softmax_backward, run)(weights, 0.3, grad)
    np.testing.assert_allclose(grad, expected, atol=1e-14)


@pytest.mark.parametrize("call, words", [
    (lambda: attend(torch.zeros(2, 3, 4), torch.zeros(2, 3, 5), torch.zeros(2, 3, 5)), r"query \[2, 3, 4\], key \[2, 3, 5\]"),
    (lambda: attend(torch.zeros(3, 4), torch.zeros(5, 4), torch.zeros(5, 4), torch.zeros(3, 4)), r"attn_mask \[3, 4\].*\(\*, 3, 5\)"),
    (lambda: attend(torch.zeros(3, 4).long(), torch.zeros(5, 4).long(), torch.zeros(5, 4).long()), "floating-point"),
    (lambda: attend(torch.zeros(3, 4, 2), torch.zeros(2, 4, 2), torch.zeros(2, 4, 2), enable_gqa=True), r"\[2, 4, 2\] must divide"),
    (lambda: nn.MultiheadAttention(4, 2)(*[torch.zeros(3, 2, 4)] * 3, attn_mask=torch.zeros(2, 3)), r"\(2, 3\), but should be \(3, 3\)"),
    (lambda: nn.Transformer(4, 2, 1, 1, 8)(torch.zeros(3, 2, 4), torch.zeros(3, 1, 4)), r"src \[3, 2, 4\] has 2 and tgt \[3, 1, 4\] has 1"),
])
def test_errors_name_both_sizes(call, words):
    with pytest.raises(RuntimeError, match=words):
        call()


@pytest.mark.parametrize("options", [{}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 3, "vdim": 2}], ids=str)
def test_second_derivatives_of_multihead_attention(options):
    torch.manual_seed(0)
    layer = nn.MultiheadAttention(4, 2, **options).double()
    query, key, value = normal(2, 1, 4), normal(3, 1, options.get("kdim", 4)), normal(3, 1, options.get("vdim", 4))
    for need in (True, False):
        assert gradgradcheck(lambda *args, need=need: layer(*args, need_weights=need)[0], [query, key, value])
    x = normal(2, 1, 4)
    if "kdim" not in options:
        assert gradgradcheck(lambda x: layer(x, x, x, need_weights=False)[0], [x])


def test_multihead_attention_starts_as_documented():
    torch.manual_seed(0)
    layer = nn.MultiheadAttention(64, 4, add_bias_kv=True)
    assert np.abs(layer.in_proj_weight.detach().numpy()).max() <= math.sqrt(6 / (4 * 64))
    assert layer.in_proj_weight.detach().numpy().std() > 0.08
    assert not layer.in_proj_bias.any() and not layer.out_proj.bias.any() and layer.bias_k.shape == (1, 1, 64)


def test_layers_are_copied_and_dropout_works_in_training_only():
    torch.manual_seed(0)
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.5), 2)
    one, two = encoder.layers
    assert torch.equal(one.linear1.weight, two.linear1.weight) and one.linear1.weight is not two.linear1.weight
    x = torch.randn(3, 2, 8)
    assert not torch.equal(encoder(x), encoder(x))
    encoder.eval()
    assert torch.equal(encoder(x), encoder(x)) and torch.equal(copy.deepcopy(encoder)(x), encoder(x))
    assert encoder(x).requires_grad


def test_what_is_masked_does_not_matter():
    torch.manual_seed(0)
    model = nn.Transformer(8, 2, 1, 1, 16, 0.0, batch_first=True)
    source, target = torch.randn(2, 5, 8), torch.randn(2, 4, 8)
    hidden = torch.tensor([[False] * 3 + [True] * 2] * 2)
    causal = model.generate_square_subsequent_mask(4)
    options = {"tgt_mask": causal, "src_key_padding_mask": hidden, "memory_key_padding_mask": hidden}
    first = model(source, target, **options)
    source[:, 3:], target[:, 2:] = 9.0, -9.0
    second = model(source, target, **options)
    assert torch.allclose(first[:, :2], second[:, :2], 1e-5, 1e-6) and not torch.allclose(first[:, 2:], second[:, 2:])
