"""Layers on CUDA devices: the double of CuPy and the simulator stand in for a GPU."""
import pytest

pytest.importorskip("greenlet", reason="the simulator of CUDA needs greenlet")

import cupy_double  # noqa: E402
from both import both_places  # noqa: E402

import nb_nn as torch  # noqa: E402
from nb_nn.nn import functional as F  # noqa: E402


@pytest.fixture(autouse=True)
def device():
    with cupy_double.playing() as cupy:
        yield cupy


@pytest.mark.parametrize("kind, options", [("LSTM", {}), ("GRU", {}), ("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {"proj_size": 2})])
def test_recurrent_layers_and_their_gradients(kind, options):
    module = getattr(torch.nn, kind)(3, 4, 2, bidirectional=True, **options)
    names = [name for name, _ in module.named_parameters()]

    def run(x, *weights):
        for name, weight in zip(names, weights):
            module._parameters[name] = weight
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, [5, 3, 2])
        return module(packed)[0].data, module(x)[0]

    both_places(run, torch.randn(5, 3, 3).requires_grad_(), *[one.detach().clone().requires_grad_() for one in module.parameters()])


def test_a_cell_of_half_precision():
    cell = torch.nn.LSTMCell(3, 4).half().cuda()
    h, c = cell(torch.ones(2, 3).half().cuda())
    assert h.dtype is torch.float16 and h.is_cuda and c.shape == (2, 4)


@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, 3.0, float("inf")])
def test_distances(p):
    both_places(lambda x, y: torch.cdist(x, y, p), torch.randn(2, 3, 4).requires_grad_(), torch.randn(2, 5, 4).requires_grad_())
    both_places(lambda x: torch.pdist(x, p), torch.randn(4, 3).requires_grad_())


def test_norms_margins_and_variances():
    functional = torch.nn.functional
    both_places(lambda x: functional.local_response_norm(x, 2), torch.randn(2, 5, 3, 2).requires_grad_())
    both_places(lambda x, w: functional.rms_norm(x, (6,), w), torch.randn(3, 6).requires_grad_(), torch.randn(6).requires_grad_())
    both_places(lambda x, w, b: functional.group_norm(x, 2, w, b), torch.randn(2, 4, 3, 2).requires_grad_(), torch.randn(4).requires_grad_(),
                torch.randn(4).requires_grad_())
    both_places(lambda x, t: functional.multilabel_margin_loss(x, t), torch.randn(2, 4).requires_grad_(),
                torch.tensor([[2, 0, -1, 1], [3, -1, 0, 0]]))
    for dims in (None, 1, (0, 2)):
        both_places(lambda x, dims=dims: x.var(dims) if dims is not None else x.var(), torch.randn(2, 3, 4).requires_grad_())
        both_places(lambda x, dims=dims: x.std(dims) if dims is not None else x.std(), torch.randn(2, 3, 4).requires_grad_())


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"mask": torch.float32}, {"mask": torch.bool}])
def test_attention(options):
    kind, seen = options.get("mask"), torch.tensor([[1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]])
    masks = [] if kind is None else [seen.bool() if kind is torch.bool else seen.float().log()]
    causal = options.get("is_causal", False)
    both_places(lambda q, k, v, *mask: torch.nn.functional.scaled_dot_product_attention(q, k, v, *mask, is_causal=causal),
                torch.randn(2, 3, 5).requires_grad_(), torch.randn(2, 4, 5).requires_grad_(), torch.randn(2, 4, 2).requires_grad_(), *masks)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_embedding_bags(mode):
    index, offsets = torch.tensor([2, 0, 4, 2, 2, 1]), torch.tensor([0, 3, 3])
    run = torch.nn.functional.embedding_bag
    both_places(lambda w, i, o: run(i, w, o, mode=mode), torch.randn(5, 3).requires_grad_(), index, offsets)
    both_places(lambda w, i: run(i.reshape(2, 3), w, mode=mode, padding_idx=2), torch.randn(5, 3).requires_grad_(), index)
    if mode == "sum":
        both_places(lambda w, i, o, s: run(i, w, o, mode=mode, per_sample_weights=s), torch.randn(5, 3).requires_grad_(), index, offsets,
                    torch.randn(6).requires_grad_())


def test_scans():
    x = torch.randn(2, 5, 3).requires_grad_()
    for dim in (0, 1, 2):
        both_places(lambda x, dim=dim: x.cumsum(dim), x)
        both_places(lambda x, dim=dim: x.cumprod(dim), x.detach())
        both_places(lambda x, dim=dim: tuple(x.cummax(dim)), x.detach())
    both_places(lambda x: x.cumsum(0), torch.arange(5))
    both_places(lambda x: x.cumsum(0), torch.ones(4).half())


def test_pooling_of_volumes_and_of_adapted_windows():
    x = torch.randn(1, 2, 4, 5, 5).requires_grad_()
    both_places(lambda x: F.max_pool3d(x, 2, 1), x)
    both_places(lambda x: F.avg_pool3d(x, 2, padding=1), x)
    both_places(lambda x: F.max_pool2d(x[0], 6, dilation=1, padding=3), x)
    both_places(lambda x: F.adaptive_avg_pool2d(x[0], (3, 2)), x)
    both_places(lambda x: F.adaptive_max_pool2d(x[0], 3, True), x)
    both_places(lambda x, places: F.max_unpool1d(x[0, :, 0, 0, :2], places, 2), x, torch.tensor([[0, 3], [2, 1]]))
    with pytest.raises(RuntimeError, match="invalid max index: 9"):
        F.max_unpool1d(torch.ones(1, 2).cuda(), torch.tensor([[0, 9]]).cuda(), 2)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_resampling(mode):
    both_places(lambda x: F.interpolate(x, (5, 3), mode=mode), torch.randn(1, 2, 3, 4).requires_grad_())


@pytest.mark.parametrize("mode, padding", [("bilinear", "zeros"), ("bicubic", "reflection"), ("nearest", "border")])
def test_grids(mode, padding):
    x, grid = torch.randn(1, 2, 3, 4).requires_grad_(), (torch.rand(1, 2, 3, 2) * 2.4 - 1.2).requires_grad_()
    both_places(lambda x, grid: F.grid_sample(x, grid, mode, padding, align_corners=False), x, grid)


def test_alignments():
    scores = torch.randn(5, 2, 3).requires_grad_()
    for targets, lengths in ((torch.tensor([[1, 2], [1, 1]]), (2, 2)), (torch.tensor([1, 2, 1]), (2, 1))):
        both_places(lambda x, t, lengths=lengths: F.ctc_loss(x.log_softmax(2), t, (5, 3), lengths, zero_infinity=True), scores, targets)
