"""Attention and transformers beside torch's: values, gradients, weights, state, printing, errors."""
import warnings

import numpy as np
import pytest

import nb_nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")
LIBRARIES = (nb_nn, torch)
F64 = {"dtype": "float64"}


def close(ours, theirs, tolerance=1e-10):
    assert tuple(ours.shape) == tuple(theirs.shape)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=tolerance)


def leaves(library, *shapes):
    random = np.random.default_rng(0)
    return [library.from_numpy(random.standard_normal(shape)).requires_grad_() for shape in shapes]


def backward(library, result):
    result.backward(library.from_numpy(np.random.default_rng(7).standard_normal(tuple(result.shape))))


def masks(library, kind, *shape):
    values = np.random.default_rng(3).random(shape)
    if kind == "bool":
        visible = values < 0.6
        visible[..., 0] = True
        return library.from_numpy(visible)
    return library.from_numpy(values * 4 - 2).requires_grad_()


SHAPES = [((2, 4, 3, 8), (2, 4, 5, 8), (2, 4, 5, 6)), ((3, 8), (5, 8), (5, 6)), ((5, 3, 4), (5, 3, 4), (5, 3, 4)),
          ((2, 1, 3, 8), (4, 5, 8), (1, 4, 5, 6)), ((1, 600, 4), (1, 500, 4), (1, 500, 4)), ((0, 3, 4), (0, 5, 4), (0, 5, 2))]
OPTIONS = [{}, {"is_causal": True}, {"scale": 0.3}, {"mask": "bool"}, {"mask": "float"}, {"mask": "row"}]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_scaled_dot_product_attention(shapes, options):
    found = []
    for library in LIBRARIES:
        given, tensors = dict(options), leaves(library, *shapes)
        kind, size = given.pop("mask", None), (shapes[0][-2], shapes[1][-2])
        if kind:
            given["attn_mask"] = mask = masks(library, kind, *(size if kind != "row" else (1, size[1])))
            tensors += [mask] if mask.is_floating_point() else []
        result = library.nn.functional.scaled_dot_product_attention(*tensors[:3], **given)
        backward(library, result)
        found.append([result, *[one.grad for one in tensors]])
    for ours, theirs in zip(*found):
        if theirs is not None:
            close(ours, theirs)


def test_grouped_queries_and_half_types():
    ours, theirs = [library.nn.functional.scaled_dot_product_attention(*leaves(library, (2, 8, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4)),
                                                                       enable_gqa=True) for library in LIBRARIES]
    close(ours, theirs)
    for kind, tolerance in (("float16", 2e-3), ("bfloat16", 2e-2), ("float32", 1e-5)):
        ours, theirs = [library.nn.functional.scaled_dot_product_attention(
            *[one.to(getattr(library, kind)) for one in leaves(library, (2, 3, 4), (2, 5, 4), (2, 5, 4))]) for library in LIBRARIES]
        assert str(ours.dtype) == str(theirs.dtype)
        close(ours.float(), theirs.float(), tolerance)


def modules(build, *args, **kwargs):
    """The same module of both libraries, with the same state."""
    theirs = build(torch)(*args, **kwargs).double()
    ours = build(nb_nn)(*args, **kwargs).double()
    random = np.random.default_rng(5)
    state = {name: random.standard_normal(tuple(value.shape)) * 0.3 for name, value in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    for library, module in zip(LIBRARIES, (ours, theirs)):
        module.load_state_dict({name: library.from_numpy(value.copy()) for name, value in state.items()})
    assert repr(ours) == repr(theirs).replace("torch.", "nb_nn.")
    return ours, theirs


def compare(pair, call, *shapes):
    """Results, gradients of the arguments and of the parameters are the same."""
    found = []
    for library, module in zip(LIBRARIES, pair):
        tensors = leaves(library, *shapes)
        results = call(library, module, *tensors)
        results = [one for one in (results if isinstance(results, tuple) else (results,)) if one is not None]
        backward(library, results[0])
        found.append([*results, *[one.grad for one in tensors], *[one.grad for one in module.parameters()]])
    for ours, theirs in zip(*found):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            close(ours, theirs, 1e-8)


LAYERS = [{}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"kdim": 6, "vdim": 5}, {"batch_first": True},
          {"add_bias_kv": True, "add_zero_attn": True, "kdim": 6}]
CALLS = [{}, {"need_weights": False}, {"average_attn_weights": False}, {"padding": "bool"}, {"mask": "bool"}, {"mask": "float"},
         {"mask3": "float", "padding": "float"}, {"padding": "bool", "mask": "bool", "need_weights": False}]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
@pytest.mark.parametrize("options", CALLS, ids=str)
@pytest.mark.parametrize("same", [True, False])
def test_multihead_attention(layer, options, same):
    if same and "kdim" in layer:
        return
    length, keys = (5, 5) if same else (3, 5)

    def call(library, module, *tensors):
        given = dict(options)
        for name, key, size in (("padding", "key_padding_mask", (2, keys)), ("mask", "attn_mask", (length, keys)),
                                ("mask3", "attn_mask", (2 * 4, length, keys))):
            kind = given.pop(name, None)
            if kind:
                given[key] = ~masks(library, kind, *size) if kind == "bool" else masks(library, kind, *size).detach()
        query, key, value = tensors * 3 if same else tensors
        return module(query, key, value, **given)

    def size(count, features):
        return (2, count, features) if layer.get("batch_first") else (count, 2, features)
    shapes = [size(length, 8), size(keys, layer.get("kdim", 8)), size(keys, layer.get("vdim", 8))]
    compare(modules(lambda t: t.nn.MultiheadAttention, 8, 4, **layer), call, *shapes[:1 if same else 3])


def test_unbatched_and_shared_keys_and_causal():
    pair = modules(lambda t: t.nn.MultiheadAttention, 8, 2)
    compare(pair, lambda t, module, q, kv: module(q, kv, kv), (3, 8), (5, 8))
    pair = modules(lambda t: t.nn.MultiheadAttention, 8, 2, batch_first=True)
    compare(pair, lambda t, module, q, kv: module(q, kv, kv), (2, 3, 8), (2, 5, 8))
    for need in (True, False):
        pair = modules(lambda t: t.nn.MultiheadAttention, 8, 2)
        compare(pair, lambda t, module, x, need=need: module(
            x, x, x, attn_mask=t.nn.Transformer.generate_square_subsequent_mask(4).double(), is_causal=True, need_weights=need), (4, 2, 8))


@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"batch_first": True}, {"activation": "gelu", "layer_norm_eps": 1e-3},
                                     {"bias": False}], ids=str)
def test_transformer(options):
    pair = modules(lambda t: t.nn.Transformer, 8, 2, 2, 2, 16, 0.0, **options)
    first = options.get("batch_first")

    def call(t, model, source, target):
        return model(source, target, tgt_mask=model.generate_square_subsequent_mask(3).double(),
                     src_key_padding_mask=~masks(t, "bool", 2, 5), memory_key_padding_mask=~masks(t, "bool", 2, 5))
    compare(pair, call, (2, 5, 8) if first else (5, 2, 8), (2, 3, 8) if first else (3, 2, 8))
    compare(pair, lambda t, model, source, target: model(source, target), (5, 8), (3, 8))


def test_encoder_with_causal_mask_it_finds_itself():
    pair = modules(lambda t: lambda *args: t.nn.TransformerEncoder(t.nn.TransformerEncoderLayer(*args), 2), 8, 2, 16, 0.0)
    compare(pair, lambda t, model, x: model(x, t.nn.Transformer.generate_square_subsequent_mask(4).double()), (4, 2, 8))


def zeros(t, *sizes):
    return [t.zeros(size) for size in sizes]


ERRORS = [
    lambda t: t.nn.functional.scaled_dot_product_attention(*zeros(t, (2, 3, 4), (2, 3, 5), (2, 3, 5))),
    lambda t: t.nn.functional.scaled_dot_product_attention(*zeros(t, (2, 3, 4), (2, 5, 4), (2, 6, 4))),
    lambda t: t.nn.functional.scaled_dot_product_attention(*zeros(t, (2, 3, 4), (3, 5, 4), (3, 5, 4))),
    lambda t: t.nn.functional.scaled_dot_product_attention(*zeros(t, (4,), (5, 4), (5, 4))),
    lambda t: t.nn.functional.scaled_dot_product_attention(*zeros(t, (3, 4), (5, 4), (5, 7), (3, 4))),
    lambda t: t.nn.functional.scaled_dot_product_attention(*zeros(t, (3, 4), (5, 4), (5, 7), (3, 5)), is_causal=True),
    lambda t: t.nn.functional.scaled_dot_product_attention(*zeros(t, (3, 4), (5, 4), (5, 7)), dropout_p=2),
    lambda t: t.nn.functional.scaled_dot_product_attention(t.zeros(3, 4), t.zeros(3, 4).double(), t.zeros(3, 4)),
    lambda t: t.nn.functional.scaled_dot_product_attention(*zeros(t, (3, 4), (5, 4), (5, 7)), t.zeros(3, 5).long()),
    lambda t: t.nn.functional.scaled_dot_product_attention(*zeros(t, (8, 3, 4), (3, 5, 4), (3, 5, 4)), enable_gqa=True),
    lambda t: t.nn.MultiheadAttention(8, 3), lambda t: t.nn.MultiheadAttention(0, 1),
    lambda t: t.nn.MultiheadAttention(8, 2)(*zeros(t, (3, 1, 7), (3, 1, 7), (3, 1, 7))),
    lambda t: t.nn.MultiheadAttention(8, 2)(*zeros(t, (3, 1, 8), (4, 1, 8), (5, 1, 8))),
    lambda t: t.nn.MultiheadAttention(8, 2)(*zeros(t, (3, 1, 8), (4, 8), (4, 8))),
    lambda t: t.nn.MultiheadAttention(8, 2)(*zeros(t, (1, 3, 1, 8), (4, 8), (4, 8))),
    lambda t: t.nn.MultiheadAttention(8, 2)(*zeros(t, (3, 1, 8), (4, 1, 8), (4, 1, 8)), attn_mask=t.zeros(3, 3)),
    lambda t: t.nn.MultiheadAttention(8, 2)(*zeros(t, (3, 1, 8), (4, 1, 8), (4, 1, 8)), attn_mask=t.zeros(3, 4).long()),
    lambda t: t.nn.MultiheadAttention(8, 2)(*zeros(t, (3, 1, 8), (4, 1, 8), (4, 1, 8)), is_causal=True),
    lambda t: t.nn.MultiheadAttention(8, 2)(*zeros(t, (3, 1, 8), (4, 1, 8), (4, 1, 8)), key_padding_mask=t.zeros(4)),
    lambda t: t.nn.MultiheadAttention(8, 2, kdim=3)(*zeros(t, (3, 1, 8), (4, 1, 3), (5, 1, 8))),
    lambda t: t.nn.TransformerEncoderLayer(8, 2, activation="sin"), lambda t: t.nn.Transformer(8, 2)(*zeros(t, (3, 1, 8), (3, 2, 8))),
    lambda t: t.nn.Transformer(8, 2)(*zeros(t, (3, 1, 7), (3, 1, 8))),
]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors_are_of_the_same_type(number):
    raised = []
    for library in LIBRARIES:
        with pytest.raises(Exception) as caught:        # noqa: B017, PT011  which one is the question
            ERRORS[number](library)
        raised.append(caught.type.__name__)
    assert raised[0] == raised[1]
