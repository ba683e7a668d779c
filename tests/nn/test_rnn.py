import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.kernels import table
from nb_nn.nn.utils import rnn
from nb_nn.ops import recurrent

MODES = [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("GRU", {})]
LENGTHS = [3, 5, 1, 3]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def slow_step(kind, options, x, states, weights):
    """One step of one sequence by the formulas of the documentation."""
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    a, b, h = weight_ih @ x + bias_ih, weight_hh @ states[0] + bias_hh, states[0]
    if kind == "RNN":
        return [np.maximum(a + b, 0) if options else np.tanh(a + b)]
    if kind == "GRU":
        (ar, az, an), (br, bz, bn) = np.split(a, 3), np.split(b, 3)
        r, z = sigmoid(ar + br), sigmoid(az + bz)
        return [(1 - z) * np.tanh(an + r * bn) + z * h]
    i, f, g, o = np.split(a + b, 4)
    c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


def slow_layers(kind, options, module, x, states):
    """Hidden states (steps, directions * H) of one sequence (steps, features), and the last states, one a direction of a layer."""
    weights = [[p.detach().numpy() for p in group] for group in module.all_weights]
    weights = [group if len(group) == 4 else [*group, 0.0, 0.0] for group in weights]
    directions, last = 1 + module.bidirectional, []
    for layer in range(module.num_layers):
        made = []
        for number in range(directions * layer, directions * (layer + 1)):
            state, rows = [kind_of[number] for kind_of in states], []
            for row in x[::-1] if number % directions else x:
                state = slow_step(kind, options, row, state, weights[number])
                rows.append(state[0])
            made.append(np.array(rows[::-1] if number % directions else rows))
            last.append(state)
        x = np.concatenate(made, 1)
    return x, [np.array(one) for one in zip(*last)]


def made(kind, options, **more):
    module = getattr(nn, kind)(3, 4, **options, **more, dtype=torch.float64)
    count = module.num_layers * (1 + module.bidirectional)
    states = [numbers("float64", (count, 4, 4), seed=seed) for seed in range(1, 3 if kind == "LSTM" else 2)]
    return module, numbers("float64", (5, 4, 3)), states


def given(kind, states):
    states = tuple(tensor(state) for state in states)
    return states if kind == "LSTM" else states[0]


@pytest.mark.parametrize("kind, options", MODES)
@pytest.mark.parametrize("more", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False, "num_layers": 2}])
def test_steps_follow_the_formulas(kind, options, more):
    module, x, states = made(kind, options, **more)
    output, last = module(tensor(x), given(kind, states))
    for n in range(4):
        rows, ends = slow_layers(kind, options, module, x[:, n], [state[:, n] for state in states])
        check(output[:, n], rows)
        for found, end in zip(last if kind == "LSTM" else [last], ends):
            check(found[:, n], end)
        single = module(tensor(x[:, n]), given(kind, [state[:, n] for state in states]))
        check(single[0], rows)


@pytest.mark.parametrize("kind, options", MODES)
def test_packed_sequences_end_where_they_end(kind, options):
    module, x, states = made(kind, options, num_layers=2, bidirectional=True)
    packed = rnn.pack_padded_sequence(tensor(x), LENGTHS, enforce_sorted=False)
    output, last = module(packed, given(kind, states))
    assert isinstance(output, rnn.PackedSequence)
    padded, lengths = rnn.pad_packed_sequence(output)
    assert lengths.tolist() == LENGTHS
    for n, length in enumerate(LENGTHS):
        rows, ends = slow_layers(kind, options, module, x[:length, n], [state[:, n] for state in states])
        check(padded[:length, n], rows)
        assert not padded[length:, n].any()
        for found, end in zip(last if kind == "LSTM" else [last], ends):
            check(found[:, n], end)


@pytest.mark.parametrize("kind, options", MODES)
@pytest.mark.parametrize("packed", [False, True])
def test_gradients(kind, options, packed):
    module, x, states = made(kind, options, bidirectional=True)
    inputs = [tensor(x[:3, :2], requires_grad=True), *[tensor(state[:, :2], requires_grad=True) for state in states], *module.parameters()]
    names = [name for name, _ in module.named_parameters()]

    def run(x, *rest):
        states, weights = rest[:len(rest) - len(names)], rest[len(rest) - len(names):]
        groups = [[dict(zip(names, weights))[name] for name in group] for group in module._all_weights]
        data, sizes = (rnn.pack_padded_sequence(x, [3, 2]).data, (2, 2, 1)) if packed else (x.reshape(6, 3), (2, 2, 2))
        found = [nn.modules.rnn.direction(module.mode, data, tuple(state[number] for state in states), groups[number], sizes, number == 1)
                 for number in range(2)]
        return tuple(one for group in found for one in group)

    assert gradcheck(run, inputs)
    assert gradgradcheck(run, inputs, fast_mode=True)


@pytest.mark.parametrize("kind, options", MODES)
def test_gradients_with_and_without_history_agree(kind, options):
    module, x, _ = made(kind, options, bias=kind != "GRU")
    output = module(tensor(x))[0].square().sum()
    weights = list(module.parameters())
    plain = torch.autograd.grad(output, weights, retain_graph=True)
    for one, other in zip(plain, torch.autograd.grad(output, weights, create_graph=True)):
        check(one, other.detach().numpy())


@pytest.mark.parametrize("kind, options", MODES)
def test_cells(kind, options):
    cell = getattr(nn, kind + "Cell")(3, 4, **options, dtype=torch.float64)
    weights = [p.detach().numpy() for p in cell.parameters()]
    x, states = numbers("float64", (2, 3)), [numbers("float64", (2, 4), seed=seed) for seed in range(1, 3 if kind == "LSTM" else 2)]
    found = cell(tensor(x), given(kind, states))
    for n in range(2):
        expected = slow_step(kind, options, x[n], [state[n] for state in states], weights)
        for one, other in zip(found if kind == "LSTM" else [found], expected):
            check(one[n], other)
        alone = cell(tensor(x[n]), given(kind, [state[n] for state in states]))
        check(alone[0] if kind == "LSTM" else alone, expected[0])
    zero = cell(tensor(x))
    check(zero[0] if kind == "LSTM" else zero, np.array([slow_step(kind, options, row, [np.zeros(4)] * 2, weights)[0] for row in x]))


def test_batch_first_dropout_and_half():
    module = nn.GRU(3, 4, 2, batch_first=True, dropout=1.0)
    assert module(torch.randn(2, 5, 3))[0].shape == (2, 5, 4)
    first = module.eval()(torch.ones(1, 2, 3))[0]
    assert not torch.equal(first, module.train()(torch.ones(1, 2, 3))[0])       # everything between the layers is dropped
    half = nn.LSTM(3, 4).half()
    output, (h, c) = half(torch.ones(2, 1, 3).half())
    assert output.dtype is h.dtype is c.dtype is torch.float16
    output.float().sum().backward()
    assert half.weight_hh_l0.grad.dtype is torch.float16


def test_names_and_how_it_prints():
    module = nn.LSTM(3, 4, 2, bias=False, bidirectional=True, dropout=0.5)
    assert repr(module) == "LSTM(3, 4, num_layers=2, bias=False, dropout=0.5, bidirectional=True)"
    names = [f"weight_{part}_l{layer}{end}" for layer in (0, 1) for end in ("", "_reverse") for part in ("ih", "hh")]
    assert list(module.state_dict()) == names
    assert module.weight_ih_l1.shape == (16, 8)
    assert all(p.abs().max() <= 0.5 for p in module.parameters())
    assert repr(nn.RNN(3, 4, 1, "relu")) == "RNN(3, 4)"
    assert nn.RNN(3, 4, 1, False).all_weights[0][-1].shape == (4, 4)
    assert repr(nn.RNNCell(3, 4, False, "relu")) == "RNNCell(3, 4, bias=False, nonlinearity=relu)"


def test_errors():
    with pytest.raises(RuntimeError, match="Expected 3, got 5"):
        nn.GRU(3, 4)(torch.zeros(2, 1, 5))
    with pytest.raises(RuntimeError, match=r"Expected hidden size \(1, 2, 4\), got \[1, 3, 4\]"):
        nn.GRU(3, 4)(torch.zeros(2, 2, 3), torch.zeros(1, 3, 4))
    with pytest.raises(RuntimeError, match=r"Expected hidden\[1\] size"):
        nn.LSTM(3, 4)(torch.zeros(2, 2, 3), (torch.zeros(1, 2, 4), torch.zeros(1, 3, 4)))
    with pytest.raises(ValueError, match="2D or 3D, got 1D"):
        nn.RNN(3, 4)(torch.zeros(3))
    with pytest.raises(ValueError, match="does not match weight dtype"):
        nn.RNN(3, 4)(torch.zeros(2, 1, 3).double())
    with pytest.raises(ValueError, match="Unknown nonlinearity"):
        nn.RNN(3, 4, nonlinearity="sin")
    with pytest.raises(ValueError, match="between|range"):
        nn.GRU(3, 4, dropout=2)
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        nn.GRU(3, 4, dropout=0.5)
    with pytest.raises(RuntimeError, match="got 4 expected 3"):
        nn.LSTMCell(3, 4)(torch.zeros(2, 4))


@pytest.mark.parametrize("kind, options", MODES)
@pytest.mark.parametrize("reverse", [False, True])
def test_sequences_one_by_one_and_together(kind, options, reverse, monkeypatch):
    """Small weights take all steps of a sequence at once, large ones a step of all sequences."""
    module, x, states = made(kind, options, bidirectional=reverse)
    packed = rnn.pack_padded_sequence(tensor(x[:, :3]), [5, 3, 1])
    found = []
    for limit in (1 << 30, 0):
        monkeypatch.setattr(recurrent, "AT_ONCE", limit)
        monkeypatch.setattr(recurrent, "IN_CACHE", limit)
        for data, given_states in ((tensor(x), states), (packed, [state[:, :3] for state in states])):
            module.zero_grad()
            leaves = [tensor(state, requires_grad=True) for state in given_states]
            output, last = module(data, tuple(leaves) if kind == "LSTM" else leaves[0])
            last = list(last) if kind == "LSTM" else [last]
            whole = output if isinstance(output, torch.Tensor) else output.data
            ((whole * whole).sum() + sum((one * one * one).sum() for one in last)).backward()
            found.append([whole.detach(), *[one.detach() for one in last], *[one.grad for one in leaves],
                          *[one.grad for one in module.parameters()]])
    for one, other in zip(found[0] + found[1], found[2] + found[3]):
        check(one, other.numpy(), rtol=1e-9)


@pytest.mark.parametrize("kind, gates", [("lstm", 4), ("gru", 3), ("rnn", 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_give_the_same_for_any_number_of_workers(kind, gates, dtype):
    def drawn(*shape, seed):
        return np.random.default_rng(seed).standard_normal(shape).astype(dtype)

    bounds, rows, batch, size = np.array([0, 3, 5, 6]), 6, 3, 21
    width, kept = gates * size, 4 * size
    projected, weight, bias, given = drawn(rows, width, seed=0), drawn(width, size, seed=1), drawn(width, seed=2), drawn(rows, size, seed=3)
    vectors, results = table.find("cpu", "recurrent_weights"), []
    forward, backward = (table.find("cpu", f"{kind}_steps{end}") for end in ("", "_backward"))
    for name, workers in (("serial", 1), ("parallel", 1), ("parallel", 2), ("parallel", 3)):
        h, c, dh, dc = (drawn(batch, size, seed=seed) for seed in (4, 5, 6, 7))
        first_h, first_c, recurrent = h.copy(), c.copy(), np.zeros((batch, width), dtype)
        after, activated, cells, made, other = (np.zeros((rows, n), dtype) for n in (size, kept, size, width, width))
        turn = bounds, 0, 3, True, workers
        numbers = {"lstm": (bias,), "gru": (bias, bias[:size].copy()), "rnn": (bias, False)}[kind]
        written = {"lstm": (activated, cells, after, h, c), "gru": (activated, after, h), "rnn": (after, h)}[kind]
        saved = {"lstm": (activated, first_c, cells), "gru": (activated, first_h, after), "rnn": (after,)}[kind]
        gradients = {"lstm": (dh, dc, made), "gru": (dh, made, other), "rnn": (dh, made)}[kind]
        getattr(forward, name)(projected, recurrent, vectors(weight.T), *numbers, *turn, *written)
        getattr(backward, name)(given, *saved, vectors(weight), *numbers[2 if kind == "gru" else 1:], *turn, *gradients)
        results.append((*written, *gradients))
    for other in results[1:]:
        for one, two in zip(results[0], other):
            np.testing.assert_array_equal(one, two)
    assert results[0][-1].any() and np.isfinite(results[0][-1]).all()


@pytest.mark.parametrize("kind, options", MODES)
@pytest.mark.parametrize("together", [False, True])
def test_chunks_of_steps_add_up(kind, options, together, monkeypatch):
    """Long sequences are taken a chunk of steps at a time, in both directions and with fewer and fewer sequences."""
    module, x, states = made(kind, options, bidirectional=True)
    packed = rnn.pack_padded_sequence(tensor(x[:, :3]), [5, 3, 1])
    monkeypatch.setattr(recurrent, "IN_CACHE", 1 << 30 if together else 0)
    monkeypatch.setattr(recurrent, "AT_ONCE", 0)
    found = []
    for limit in (1 << 30, 2 * 4 * 4 * 4, 1):
        monkeypatch.setattr(recurrent, "CHUNK", limit)
        for data, count in ((tensor(x), 4), (packed, 3)):
            module.zero_grad()
            leaves = [tensor(state[:, :count], requires_grad=True) for state in states]
            output, last = module(data, tuple(leaves) if kind == "LSTM" else leaves[0])
            whole = output if isinstance(output, torch.Tensor) else output.data
            (whole * whole).sum().backward()
            found.append([whole.detach(), *[one.grad for one in leaves], *[one.grad for one in module.parameters()]])
    for chunked in (found[2:4], found[4:]):
        for one, other in zip(found[0] + found[1], chunked[0] + chunked[1]):
            check(one, other.numpy(), rtol=1e-9)


def test_weights_that_do_not_fit_are_refused():
    x, h = torch.zeros(2, 3), torch.zeros(2, 4)
    for weights, message in (([(12, 3), (8, 4)], r"weight_hh must have size \[12, 4\], got \[8, 4\]"),
                             ([(12, 3), (12, 4), (12,), (11,)], "bias_hh must have size"), ([(12, 3), (12, 4), (1,)], "bias_ih must have")):
        with pytest.raises(RuntimeError, match=message):
            torch.gru_cell(x, h, *[torch.zeros(*size) for size in weights])
    with pytest.raises(RuntimeError, match="same dtype, but got Float and Double"):
        torch.gru_cell(x, h, torch.zeros(12, 3).double(), torch.zeros(12, 4))


def test_projected_hidden_states_follow_the_formula():
    module = nn.LSTM(3, 5, 2, bidirectional=True, proj_size=2, dtype=torch.float64)
    assert repr(module) == "LSTM(3, 5, proj_size=2, num_layers=2, bidirectional=True)" and module.weight_hr_l1_reverse.shape == (2, 5)
    x, states = numbers("float64", (4, 1, 3)), (numbers("float64", (4, 1, 2)), numbers("float64", (4, 1, 5)))
    output, (h, c) = module(tensor(x), tuple(map(tensor, states)))
    rows = x[:, 0]
    for layer in range(2):
        made = []
        for number in (2 * layer, 2 * layer + 1):
            weight_ih, weight_hh, bias_ih, bias_hh, weight_hr = (p.detach().numpy() for p in module.all_weights[number])
            before, cell, own = states[0][number, 0], states[1][number, 0], []
            for row in rows[::-1] if number % 2 else rows:
                before, cell = slow_step("LSTM", {}, row, [before, cell], [weight_ih, weight_hh, bias_ih, bias_hh])
                before = weight_hr @ before
                own.append(before)
            check(h[number, 0], before)
            check(c[number, 0], cell)
            made.append(np.array(own[::-1] if number % 2 else own))
        rows = np.concatenate(made, 1)
    check(output[:, 0], rows)
    assert gradcheck(lambda x: module(x)[0], (tensor(x, requires_grad=True),))
    for kind, size, message in (("LSTM", 5, "smaller"), ("LSTM", -1, "positive"), ("GRU", 2, "only supported for LSTM")):
        with pytest.raises(ValueError, match=message):
            getattr(nn, kind)(3, 5, proj_size=size)


@pytest.mark.parametrize("kind, options", MODES)
@pytest.mark.parametrize("more", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
def test_the_built_in_functions_are_the_layers(kind, options, more):
    module, x, states = made(kind, options, **more)
    name = {"LSTM": "lstm", "GRU": "gru"}.get(kind, f"rnn_{options.get('nonlinearity', 'tanh')}")
    function, params, hx = getattr(torch, name), list(module.parameters()), given(kind, states)
    options = module.bias, module.num_layers, 0.0, True, module.bidirectional
    expected, last = module(tensor(x), hx)
    last = list(last) if kind == "LSTM" else [last]
    for found in (function(tensor(x), hx, params, *options, False),
                  function(input=tensor(x), hx=hx, params=params, has_biases=options[0], num_layers=options[1], dropout=0.0, train=False,
                           bidirectional=options[4], batch_first=False)):
        for one, other in zip(found, [expected, *last]):
            assert torch.equal(one, other)
    assert torch.equal(function(tensor(x).transpose(0, 1), hx, params, *options, True)[0].transpose(0, 1), expected)
    packed = rnn.pack_padded_sequence(tensor(x), [5, 3, 2, 1])
    assert torch.equal(function(packed.data, packed.batch_sizes, hx, params, *options)[0], module(packed, hx)[0].data)
    with pytest.raises(RuntimeError, match="number of RNN parameters"):
        function(tensor(x), hx, params[:-1], *options, False)
    with pytest.raises(TypeError, match="takes"):
        function(tensor(x), hx, params)
    with pytest.raises(RuntimeError, match="input_size"):
        function(tensor(x)[..., :2], hx, params, *options, False)
    with pytest.raises(RuntimeError, match="Expected hidden size"):
        function(tensor(x)[:, :2], hx, params, *options, False)


@pytest.mark.parametrize("kind, options", MODES)
@pytest.mark.parametrize("bias", [False, True])
def test_the_built_in_cells_are_the_cells(kind, options, bias):
    module = getattr(nn, kind + "Cell")(3, 4, bias, **options, dtype=torch.float64)
    name = {"LSTM": "lstm_cell", "GRU": "gru_cell"}.get(kind, f"rnn_{options.get('nonlinearity', 'tanh')}_cell")
    states = tuple(tensor(numbers("float64", (2, 4), seed=seed)) for seed in (1, 2)[:1 + (kind == "LSTM")])
    x, hx = tensor(numbers("float64", (2, 3))), states if kind == "LSTM" else states[0]
    expected, found = module(x, hx), getattr(torch, name)(x, hx, *module.parameters())
    for one, other in zip(found, expected):
        assert torch.equal(one, other)
    weights = list(module.parameters())[:2]
    for wrong, message in (((x[:, :2], hx), "input_size"), ((x[:1], hx), "batch size"),
                           ((x, [s[:, :3] for s in states] if kind == "LSTM" else hx[:, :3]), "hidden_size")):
        with pytest.raises(RuntimeError, match=message):
            getattr(torch, name)(*wrong, *weights)
