"""Convolutions beside torch's over random geometries: values, gradients, second gradients; types, errors, and how layers print."""
import random
import re
import warnings

import numpy as np
import pytest

import nb_nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")


def geometry(seed):
    """Name, shapes of the arrays and options of a convolution that there is."""
    draw = random.Random(seed)
    while True:
        dims, transposed, groups = draw.choice((1, 2, 3)), draw.random() < 0.5, draw.choice((1, 1, 2, 3))
        inputs, outputs = groups * draw.choice((1, 2, 3, 8)), groups * draw.choice((1, 2, 5, 9))
        size, window, stride, padding, dilation = [draw.choices(choices, k=dims) for choices in (
            (1, 2, 4, 5, 7, 8, 16), (1, 2, 3, 4), (1, 1, 2, 3), (0, 1, 2), (1, 1, 2, 3))]
        if transposed:
            more = [draw.randrange(max(pair)) for pair in zip(stride, dilation)]
            made = [(n - 1) * s - 2 * p + d * (k - 1) + 1 + m for n, s, p, d, k, m in zip(size, stride, padding, dilation, window, more)]
            options = {"stride": stride, "padding": padding, "output_padding": more, "groups": groups, "dilation": dilation}
            weight = inputs, outputs // groups, *window
        else:
            made = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, s, p, d, k in zip(size, stride, padding, dilation, window)]
            options = {"stride": stride, "padding": padding, "groups": groups, "dilation": dilation}
            weight = outputs, inputs // groups, *window
        if min(made) > 0:
            batch = draw.choice(((), (0,), (1,), (2,), (5,), (17,)))
            return f"conv{'_transpose' * transposed}{dims}d", [(*batch, inputs, *size), weight, (outputs,)], options


def derivatives(library, name, arrays, options):
    """The result, its gradients, and theirs."""
    given = [library.tensor(array, requires_grad=True) for array in arrays]
    result = getattr(library.nn.functional, name)(*given, **options)
    rng = np.random.default_rng(1)

    def direction(size):
        return library.tensor(rng.standard_normal(tuple(size)).astype(arrays[0].dtype), requires_grad=True)

    grad = direction(result.shape)
    first = library.autograd.grad(result, given, grad, create_graph=True)
    return result, *first, *library.autograd.grad(first, (*given[:2], grad), [direction(one.shape) for one in first], allow_unused=True)


@pytest.mark.parametrize("seed", range(80))
def test_values_and_two_derivatives(seed):
    name, shapes, options = geometry(seed)
    kind, rng = ("float32", "float64")[seed % 4 == 0], np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape).astype(kind) for shape in shapes]
    ours, theirs = (derivatives(library, name, arrays, options) for library in (nb_nn, torch))
    for a, b in zip(ours, theirs):
        a, b = (0 if one is None else one.detach().numpy() for one in (a, b))
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * max(1, abs(np.asarray(b)).max(initial=0)) if kind == "float32" else 1e-9)


EDGES = {
    "width 1": ((2, 3, 9, 1), (5, 3, 3, 1), {"padding": (1, 0)}),
    "height 1": ((2, 3, 1, 9), (5, 3, 1, 3), {}),
    "window is the image": ((3, 4, 5, 6), (7, 4, 5, 6), {}),
    "window is the padded image": ((3, 4, 5, 6), (7, 4, 7, 8), {"padding": 1}),
    "one window, far padding": ((3, 4, 4, 4), (7, 4, 4, 4), {"padding": 1, "stride": 3}),
    "dilation 3": ((2, 2, 12, 13), (4, 2, 3, 3), {"dilation": 3, "padding": 3}),
    "odd groups": ((2, 15, 7, 7), (25, 3, 3, 3), {"groups": 5, "padding": 1}),
    "three outputs a group": ((2, 6, 7, 7), (9, 2, 3, 3), {"groups": 3, "stride": 2}),
    "one channel to one": ((2, 1, 17, 16), (1, 1, 3, 3), {"padding": 1}),
    "1x1 stride 2": ((2, 5, 7, 8), (3, 5, 1, 1), {"stride": 2}),
    "stride beyond the window": ((2, 5, 17, 18), (3, 5, 2, 2), {"stride": 5}),
}


@pytest.mark.parametrize("case", EDGES)
def test_edges(case):
    *shapes, options = EDGES[case]
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape).astype("float32") for shape in (*shapes, shapes[1][:1])]
    for a, b in zip(*(derivatives(library, "conv2d", arrays, options) for library in (nb_nn, torch))):
        a, b = (0 if one is None else one.detach().numpy() for one in (a, b))
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * max(1, abs(np.asarray(b)).max()))


@pytest.mark.parametrize("name", ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"])
@pytest.mark.parametrize("kind", ["int64", "int32", "int16", "int8", "uint8", "bool", "float16", "bfloat16", "float64", "complex64"])
def test_types(name, kind):
    dims, rng, outcomes = int(name[-2]), np.random.default_rng(0), []
    x, weight = rng.integers(0, 9, (2, 2, *(4,) * dims)), rng.integers(0, 9, (2, 2, *(3,) * dims))
    for library in (torch, nb_nn):
        try:
            made = getattr(library.nn.functional, name)(*[library.tensor(one).to(getattr(library, kind)) for one in (x, weight)])
            outcomes.append(made.to(library.complex64 if "complex" in kind else library.float64).numpy())
            assert str(made.dtype).endswith(kind)
        except NotImplementedError:
            outcomes.append(None)
    np.testing.assert_equal(*outcomes)


ERRORS = {
    "channels": lambda t: t.conv_transpose2d(t.zeros(1, 3, 5, 5), t.zeros(4, 2, 3, 3)),
    "dims": lambda t: t.conv_transpose2d(t.zeros(3, 5), t.zeros(4, 2, 3, 3)),
    "bias": lambda t: t.conv_transpose2d(t.zeros(1, 4, 5, 5), t.zeros(4, 2, 3, 3), t.zeros(3)),
    "groups": lambda t: t.conv_transpose2d(t.zeros(1, 4, 5, 5), t.zeros(4, 2, 3, 3), groups=3),
    "no groups": lambda t: t.conv_transpose2d(t.zeros(1, 4, 5, 5), t.zeros(4, 2, 3, 3), groups=0),
    "small": lambda t: t.conv_transpose2d(t.zeros(1, 4, 1, 1), t.zeros(4, 2, 3, 3), padding=3),
    "output padding": lambda t: t.conv_transpose2d(t.zeros(1, 4, 5, 5), t.zeros(4, 2, 3, 3), output_padding=1),
    "negative": lambda t: t.conv_transpose2d(t.zeros(1, 4, 5, 5), t.zeros(4, 2, 3, 3), padding=-1),
    "same": lambda t: t.conv_transpose2d(t.zeros(1, 4, 5, 5), t.zeros(4, 2, 3, 3), padding="same"),
    "types": lambda t: t.conv_transpose2d(t.zeros(1, 4, 5, 5), t.zeros(4, 2, 3, 3).double()),
    "nothing": lambda t: t.conv_transpose2d(t.zeros(1, 4, 0, 5), t.zeros(4, 2, 3, 3)),
    "no window": lambda t: t.conv2d(t.zeros(1, 4, 5, 5), t.zeros(4, 4, 0, 3)),
    "mode": lambda t: t.nn.ConvTranspose1d(2, 2, 3, padding_mode="circular"),
    "output size": lambda t: t.nn.ConvTranspose2d(4, 6, 3, 2, 1)(t.zeros(1, 4, 5, 5), output_size=(11, 9)),
    "output size of one": lambda t: t.nn.ConvTranspose2d(4, 6, 3, 2, 1)(t.zeros(1, 4, 5, 5), output_size=(9,)),
    "output size with batch": lambda t: t.nn.ConvTranspose2d(4, 6, 3, 2, 1)(t.zeros(4, 5, 5), output_size=(1, 6, 9, 9)),
    "conv_tbc": lambda t: t.conv_tbc(t.zeros(4, 2), t.zeros(3, 2, 2), t.zeros(2)),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    with pytest.raises(Exception) as theirs:
        ERRORS[case](torch)
    with pytest.raises(type(theirs.value)):
        ERRORS[case](nb_nn)


LAYERS = [
    lambda nn: nn.Conv3d(4, 6, (3, 2, 1), padding="same", padding_mode="circular"), lambda nn: nn.ConvTranspose1d(4, 6, 3, bias=False),
    lambda nn: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, False, 2), lambda nn: nn.ConvTranspose3d(4, 6, 3, 2, output_padding=(0, 1, 0)),
    lambda nn: nn.Conv1d(4, 6, 3, padding=2, padding_mode="replicate"),
]


@pytest.mark.parametrize("make", LAYERS)
def test_layers_print_and_compute_alike(make):
    ours, theirs = make(nb_nn.nn), make(torch.nn)
    assert repr(ours) == repr(theirs)
    assert {name: tuple(value.shape) for name, value in ours.state_dict().items()} == {
        name: tuple(value.shape) for name, value in theirs.state_dict().items()}
    theirs.load_state_dict({name: torch.from_numpy(value.numpy().copy()) for name, value in ours.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((2, 4, *(5,) * int(re.search(r"\d", repr(ours)).group()))).astype("float32")
    made, expected = ours(nb_nn.from_numpy(x)), theirs(torch.from_numpy(x))
    np.testing.assert_allclose(made.detach().numpy(), expected.detach().numpy(), rtol=1e-3, atol=1e-5)
    assert type(made.grad_fn).__name__ == type(expected.grad_fn).__name__ or made.grad_fn.name() == expected.grad_fn.name()
