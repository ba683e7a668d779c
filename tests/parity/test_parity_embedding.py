"""CTC loss, embedding bags, the adaptive softmax and recurrent functions beside torch's: values, gradients, errors."""
import numpy as np
import pytest

import nb_nn

torch = pytest.importorskip("torch")
BOTH = nb_nn, torch


def same(one, other, rtol=1e-5):
    """Equal in type, size and (nearly) value."""
    one, other = (np.asarray(value.detach().numpy()) for value in (one, other))
    assert one.dtype == other.dtype and one.shape == other.shape
    np.testing.assert_allclose(one, other, rtol, rtol)


@pytest.mark.parametrize("trial", range(40))
def test_ctc_loss(trial):
    random = np.random.default_rng(trial)
    steps, batch, classes, longest = random.integers(1, 12), random.integers(1, 5), random.integers(2, 6), random.integers(0, 6)
    scores = random.standard_normal((steps, batch, classes)).astype(random.choice(["f", "d"]))
    blank, lengths, taken = int(random.integers(0, classes)), random.integers(0, longest + 1, batch), random.integers(0, steps + 1, batch)
    targets = (blank + random.integers(1, classes, (batch, longest))) % classes
    if trial % 2:
        targets = np.concatenate([row[:length] for row, length in zip(targets, lengths)])
    options = {"blank": blank, "reduction": ["none", "mean", "sum"][trial % 3], "zero_infinity": trial % 5 < 2}
    found = []
    for library in BOTH:
        x = library.tensor(scores).log_softmax(2).detach().requires_grad_()
        loss = library.nn.functional.ctc_loss(x, library.tensor(targets), library.tensor(taken), library.tensor(lengths), **options)
        loss.sum().backward()
        found.append((loss, x.grad))
    for one, other in zip(*found):
        same(one, other, 1e-4 if scores.dtype == np.float32 else 1e-9)


BAGS = {
    "": ([0, 2, 2, 4, 1, 2, 4], [0, 3, 3, 5], {}), "padding": ([0, 2, 2, 4, 1, 2, 4], [0, 3, 3, 5], {"padding_idx": 2}),
    "end": ([0, 2, 2, 4, 1, 2, 4], [0, 3, 5, 7], {"include_last_offset": True}), "2-D": ([[0, 2, 2], [4, 1, 2]], None, {}),
    "max_norm": ([0, 2, 2, 4, 1, 2, 4], [0, 3, 3, 5], {"max_norm": 1.0}), "empty": ([], [0, 0], {}),
    # where rows are named unequally often, torch 2.13 divides by the wrong one's number
    "freq": ([0, 2, 2, 4, 0, 4], [0, 3, 3, 5], {"scale_grad_by_freq": True}),
}


@pytest.mark.parametrize("form", BAGS)
@pytest.mark.parametrize("mode", ["sum", "mean", "max", "factors"])
def test_embedding_bag(form, mode):
    index, offsets, options = BAGS[form]
    if mode == "max" and form == "freq":
        return
    random = np.random.default_rng(0)
    rows, factors = random.standard_normal((6, 3)), random.standard_normal(np.shape(index))
    found = []
    for library in BOTH:
        weight = library.tensor(rows)
        more = {"per_sample_weights": library.tensor(factors).requires_grad_()} if mode == "factors" else {}
        result = library.nn.functional.embedding_bag(
            library.tensor(index, dtype=library.long), weight.requires_grad_(), None if offsets is None else library.tensor(offsets),
            mode="sum" if mode == "factors" else mode, **options, **more)
        (result * result).sum().backward()
        found.append([result, weight, weight.grad, *[one.grad for one in more.values()]])
    for one, other in zip(*found):
        same(one, other)


@pytest.mark.parametrize("form", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False, "batch_first": True}])
@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_projected_lstm(form):
    random = np.random.default_rng(0)
    theirs, x = torch.nn.LSTM(3, 5, proj_size=2, **form), random.standard_normal((4, 3, 3)).astype("f")
    ours = nb_nn.nn.LSTM(3, 5, proj_size=2, **form)
    ours.load_state_dict({name: nb_nn.tensor(value.numpy()) for name, value in theirs.state_dict().items()})
    assert repr(ours) == repr(theirs)
    found = []
    for library, module in ((nb_nn, ours), (torch, theirs)):
        given = library.tensor(x).requires_grad_()
        output, (h, c) = module(given)
        ((output * output).sum() + h.sum() + (c * c).sum()).backward()
        found.append([output, h, c, given.grad, *[one.grad for one in module.parameters()]])
    for one, other in zip(*found):
        same(one, other)


@pytest.mark.parametrize("head_bias", [False, True])
def test_adaptive_softmax(head_bias):
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 30, [5, 12], 2.0, head_bias)
    ours = nb_nn.nn.AdaptiveLogSoftmaxWithLoss(16, 30, [5, 12], 2.0, head_bias)
    ours.load_state_dict({name: nb_nn.tensor(value.numpy()) for name, value in theirs.state_dict().items()})
    assert repr(ours) == repr(theirs)
    x, target = np.random.default_rng(0).standard_normal((8, 16)).astype("f") * 3, np.array([0, 4, 5, 11, 12, 29, 3, 20])
    found = []
    for library, module in ((nb_nn, ours), (torch, theirs)):
        output, loss = module(library.tensor(x), library.tensor(target))
        loss.backward()
        found.append([output, loss, module.log_prob(library.tensor(x)), module.predict(library.tensor(x)),
                      *[one.grad for one in module.parameters()]])
    for one, other in zip(*found):
        same(one, other)


def scores(library):
    return library.zeros(4, 2, 3), library.ones(2, 2, dtype=library.long)


def table(library):
    return library.tensor([1, 2, 0]), library.zeros(3, 2), library.tensor([0, 1])


@pytest.mark.parametrize("call", [
    lambda t: t.nn.functional.ctc_loss(*scores(t), (4, 4), (3, 2)), lambda t: t.nn.functional.ctc_loss(*scores(t), (5, 4), (2, 2)),
    lambda t: t.nn.functional.ctc_loss(*scores(t), (4,), (2, 2)), lambda t: t.nn.functional.ctc_loss(*scores(t), (4, 4), (2, 2), 3),
    lambda t: t.nn.functional.ctc_loss(*scores(t), 4, 2), lambda t: t.nn.functional.ctc_loss(*scores(t), (4, 4), (2, 2), 0, "all"),
    lambda t: t.nn.functional.ctc_loss(scores(t)[0].long(), scores(t)[1], (4, 4), (2, 2)),
    lambda t: t.nn.functional.ctc_loss(scores(t)[0][0, 0], scores(t)[1], (4, 4), (2, 2)),
    lambda t: t.nn.functional.embedding_bag(*table(t)[:2]), lambda t: t.nn.functional.embedding_bag(*table(t)[:2], table(t)[2] + 1),
    lambda t: t.nn.functional.embedding_bag(*table(t)[:2], table(t)[2] * 4), lambda t: t.nn.functional.embedding_bag(*table(t), mode="prod"),
    lambda t: t.nn.functional.embedding_bag(*table(t), per_sample_weights=t.ones(3)),
    lambda t: t.nn.functional.embedding_bag(*table(t), mode="sum", per_sample_weights=t.ones(2)),
    lambda t: t.nn.functional.embedding_bag(*table(t), padding_idx=3),
    lambda t: t.embedding_renorm_(t.ones(2, 2, requires_grad=True), t.tensor([0]), 1.0, 2.0),
    lambda t: t.nn.EmbeddingBag(3, 2, padding_idx=3), lambda t: t.nn.LSTM(3, 4, proj_size=4), lambda t: t.nn.GRU(3, 4, proj_size=2),
    lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [10, 4]),
    lambda t: t.lstm_cell(t.zeros(2, 2), (t.zeros(2, 4), t.zeros(2, 4)), t.zeros(16, 3), t.zeros(16, 4)),
    lambda t: t.gru_cell(t.zeros(2, 3), t.zeros(1, 4), t.zeros(12, 3), t.zeros(12, 4)),
    lambda t: t.lstm(t.zeros(5, 1, 3), (t.zeros(1, 1, 4),) * 2, [t.zeros(16, 3)], True, 1, 0.0, False, False, False),
])
def test_errors_are_of_one_type(call):
    kinds = []
    for library in BOTH:
        with pytest.raises(Exception) as caught:
            call(library)
        kinds.append(caught.type.__name__)
    assert kinds[0] == kinds[1]
