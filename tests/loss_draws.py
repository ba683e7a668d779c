"""Random options and inputs for the losses and distances of ``nn``; see layer_draws.py."""
from __future__ import annotations

from typing import Any

import numpy as np
from layer_draws import ELEMENTS, FLAG, Draw, Given, Labels, Numbers

REDUCTIONS = ({}, {}, {"reduction": "none"}, {"reduction": "sum"}, {"reduction": "mean"})
LEGACY = (*REDUCTIONS, {"size_average": False}, {"reduce": False}, {"size_average": True, "reduce": True}, {"reduction": "bad"})
BATCHES = ((3,), (3,), (1,), ())


def of_pairs(low: float | None = None, high: float = 1.0, target: tuple | None = None, reductions: tuple = LEGACY, weight: bool = False,
             **options: Any) -> Any:
    """A loss of elements and their targets, which are normally distributed or lie between two bounds."""
    def make(draw: Draw) -> tuple:
        size = draw.pick(*ELEMENTS)
        chosen = {**draw.some(**options), **draw.pick(*reductions)}
        if weight and draw.chance():
            chosen["weight"] = draw.weights(*size)
        return (), chosen, [Numbers(size, low, high), Numbers(size, *(target or (None, 1.0)), grad=False)], {}
    return make


def signed(**options: Any) -> Any:
    def make(draw: Draw) -> tuple:
        size = draw.pick(*ELEMENTS)
        return (), {**draw.some(**options), **draw.pick(*LEGACY)}, [Numbers(size), Given(draw.random.choice([-1.0, 1.0], size))], {}
    return make


def ranking(draw: Draw) -> tuple:
    size = draw.pick((3, 4), (4,), ())
    return (), {**draw.some(margin=0.5), **draw.pick(*LEGACY)}, [Numbers(size), Numbers(size), Given(draw.random.choice([-1.0, 1.0], size))], {}


def classes(draw: Draw) -> tuple[int, tuple, tuple, dict]:
    """The number of classes, the batch, further dimensions, and options of losses of classes."""
    count, batch = draw.whole(2, 5), draw.pick(*BATCHES, (0,))
    options = {**draw.pick(*LEGACY), **({"weight": draw.weights(count)} if draw.chance() else {})}
    return count, batch, draw.pick((), (), (2,), (2, 3)) if batch else (), options


def cross_entropy(draw: Draw) -> tuple:
    count, batch, places, options = classes(draw)
    options |= draw.some(label_smoothing=0.2)
    scores = Numbers((*batch, count, *places))
    if draw.chance(0.3):
        return (), options, [scores, Numbers(scores.size, 0.1, 0.9, grad=draw.chance())], {}
    return (), {**options, **draw.some(ignore_index=[0, 1, -100])}, [scores, Labels((*batch, *places), count)], {}


def likelihood(draw: Draw) -> tuple:
    count, batch, places, options = classes(draw)
    return (), {**options, **draw.some(ignore_index=[0, 1, -100])}, [
        Numbers((*batch, count, *places)), Labels((*batch, *places), count + draw.chance(0.05))], {}


def triplets(distances: bool) -> Any:
    def make(draw: Draw) -> tuple:
        numbers = Numbers(draw.pick((3, 4), (4,), (2, 3, 4)))
        options = draw.some(margin=0.5, swap=True) if distances else draw.some(margin=0.5, p=[1, 2.0, 3], eps=0.1, swap=True)
        return (), {**options, **draw.pick(*(REDUCTIONS if distances else LEGACY))}, [numbers, numbers, numbers], {}
    return make


def margins(kind: str) -> Any:
    def make(draw: Draw) -> tuple:
        batch, options = draw.pick(*BATCHES), draw.pick(*LEGACY)
        if kind == "MultiMargin":
            options = {**options, **draw.some(p=[1, 2], margin=0.5, weight=draw.weights(4))}
            return (), options, [Numbers((*batch, 4)), Labels(batch, 4)], {}
        if kind == "MultiLabelMargin":
            return (), options, [Numbers((*batch, 4)), Labels((*batch, 4), 4, -1)], {}
        if kind == "MultiLabelSoftMargin":
            return (), {**options, **draw.some(weight=draw.weights(4))}, [Numbers((*batch, 4)), Numbers((*batch, 4), 0, 1, grad=False)], {}
        return (), {**options, **draw.some(margin=0.3)}, [
            Numbers((*batch, 4)), Numbers((*batch, 4)), Given(draw.random.choice([-1, 1], batch))], {}
    return make


def connectionist(draw: Draw) -> tuple:
    steps, batch, count = draw.whole(3, 8), draw.whole(1, 3), draw.whole(2, 5)
    lengths, blank = [draw.whole(0, 3) for _ in range(batch)], draw.whole(0, count - 1)
    target = draw.random.choice([one for one in range(count) if one != blank], (batch, max(*lengths, 1)))
    if draw.chance():
        target = np.concatenate([row[:length] for row, length in zip(target, lengths)])
    times = [draw.whole(1, steps) if draw.chance(0.4) else steps for _ in range(batch)]
    options = {"blank": blank, **draw.some(zero_infinity=True), **draw.pick(*REDUCTIONS)}
    return (), options, [Numbers((steps, batch, count), normalized=2), Given(target), Given(times), Given(lengths)], {}


def gaussian(draw: Draw) -> tuple:
    size = draw.pick((3, 4), (2, 3, 4), (4,))
    spread = draw.pick(size, size, (*size[:-1], 1), size[:-1])
    return (), {**draw.some(full=True, eps=0.1), **draw.pick(*REDUCTIONS)}, [Numbers(size), Numbers(size), Numbers(spread, 0.1)], {}


def distance(**options: Any) -> Any:
    def make(draw: Draw) -> tuple:
        size = draw.pick((3, 4), (4,), (2, 3, 4))
        return (), draw.some(**options), [Numbers(size), Numbers(size if draw.chance(0.8) else size[1:] or (1,))], {}
    return make


LOSSES = {
    "L1Loss": of_pairs(), "MSELoss": of_pairs(), "SmoothL1Loss": of_pairs(beta=[0.5, 0.0, 2.0]),
    "HuberLoss": of_pairs(reductions=REDUCTIONS, delta=[0.5, 2.0]), "PoissonNLLLoss": of_pairs(target=(0, 5), log_input=FLAG, full=FLAG, eps=[0.1]),
    "KLDivLoss": of_pairs(-3, 0, (0.1, 1), log_target=FLAG), "BCELoss": of_pairs(0.05, 0.95, (0, 1), weight=True),
    "BCEWithLogitsLoss": of_pairs(target=(0, 1), weight=True), "HingeEmbeddingLoss": signed(margin=[0.5]), "SoftMarginLoss": signed(),
    "MarginRankingLoss": ranking, "CrossEntropyLoss": cross_entropy, "NLLLoss": likelihood, "TripletMarginLoss": triplets(False),
    "TripletMarginWithDistanceLoss": triplets(True), "MultiMarginLoss": margins("MultiMargin"), "MultiLabelMarginLoss": margins("MultiLabelMargin"),
    "MultiLabelSoftMarginLoss": margins("MultiLabelSoftMargin"), "CosineEmbeddingLoss": margins("CosineEmbedding"), "CTCLoss": connectionist,
    "GaussianNLLLoss": gaussian, "CosineSimilarity": distance(dim=[-2, -1, 0, 1], eps=[1e-3]),
    "PairwiseDistance": distance(p=[1.0, 2.0, 3.0, float("inf")], eps=[0.1], keepdim=True),
}
