"""A softmax for very many classes, of which few are frequent."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...ops.joining import cat
from ...tensor import Tensor
from .. import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module


class ASMoutput(NamedTuple):
    """The log-probability of each target, and minus their mean."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-probabilities of targets among many classes, sorted by falling frequency, and their mean loss. (Grave et al. 2017)

    The first ``cutoffs[0]`` classes, and a class for each cluster of the others (which end at the next cutoffs and at n_classes), are
    the head's; a cluster is asked only if a target lies in it, and cluster i sees in_features / div_value ** i features.

    Shape: input (N, in_features) and target (N), or (in_features) and (); the result's ``output`` has target's, its ``loss`` ().

    >>> layer = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10])
    >>> layer(torch.zeros(3, 16), tensor([0, 5, 19])).output.shape
    torch.Size([3])
    """

    def __init__(self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0, head_bias: bool = False,
                 device: Any = None, dtype: Any = None):
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        whole = all(int(cutoff) == cutoff for cutoff in cutoffs)
        if not whole or cutoffs != sorted(set(cutoffs)) or not 0 < cutoffs[0] <= cutoffs[-1] < n_classes:
            raise ValueError("cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is "
                             f"between 1 and n_classes-1, got {cutoffs} for {n_classes} classes")
        where = {"device": device, "dtype": dtype}
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*cutoffs, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = self.cutoffs[0], len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, **where)
        self.tail = ModuleList()
        for number in range(self.n_clusters):
            features = int(in_features // div_value ** (number + 1))
            classes = self.cutoffs[number + 1] - self.cutoffs[number]
            self.tail.append(Sequential(Linear(in_features, features, bias=False, **where), Linear(features, classes, bias=False, **where)))

    def reset_parameters(self) -> None:
        """Draw new weights."""
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def _check(self, input: Tensor, target: Tensor) -> None:
        """Refuse what does not fit together."""
        dims = target.dim()
        if dims > 1:
            raise RuntimeError(f"AdaptiveLogSoftmaxWithLoss: 0D or 1D target tensor expected, multi-target not supported, got {dims}D")
        if input.dim() != dims + 1:
            raise RuntimeError(f"AdaptiveLogSoftmaxWithLoss: {dims}D target tensor expects {dims + 1}D input tensors, but found inputs "
                               f"with size {list(input.shape)}")
        if dims and input.shape[0] != target.shape[0]:
            raise RuntimeError("AdaptiveLogSoftmaxWithLoss: Input and target should have the same size in the batch dimension, got "
                               f"{input.shape[0]} and {target.shape[0]}")
        if target.numel() and not 0 <= target.min().item() <= target.max().item() < self.n_classes:
            raise RuntimeError(f"AdaptiveLogSoftmaxWithLoss: Target values should be in [0, {self.n_classes - 1}], but values in range "
                               f"[{target.min().item()}, {target.max().item()}] were found.")

    def forward(self, input: Tensor, target: Tensor) -> ASMoutput:
        self._check(input, target)
        single = target.dim() == 0
        if single:
            input, target = input.unsqueeze(0), target.unsqueeze(0)
        classes, found = target.clone(), []
        for number, (first, end) in enumerate(zip(self.cutoffs, self.cutoffs[1:])):
            rows = ((target >= first) & (target < end)).nonzero().squeeze(1)
            if rows.numel():
                classes[rows] = self.shortlist_size + number
                scores = F.log_softmax(self.tail[number](input.index_select(0, rows)), dim=1)
                found.append((rows, scores.gather(1, (target[rows] - first).unsqueeze(1)).squeeze(1)))
        output = F.log_softmax(self.head(input), dim=1).gather(1, classes.unsqueeze(1)).squeeze(1)
        if found:
            output = output.index_add(0, cat([rows for rows, _ in found]), cat([own for _, own in found]))
        loss = (-output).mean()
        return ASMoutput(output.squeeze(0) if single else output, loss)

    def _log_prob_beside(self, input: Tensor, head: Tensor) -> Tensor:
        """Log-probabilities of all classes, from the scores of the head."""
        head = F.log_softmax(head, dim=1)
        parts = [head[:, :self.shortlist_size]]
        for number, tail in enumerate(self.tail):
            parts.append(F.log_softmax(tail(input), dim=1) + head[:, self.shortlist_size + number].unsqueeze(1))
        return cat(parts, 1)

    def log_prob(self, input: Tensor) -> Tensor:
        """Log-probabilities of all classes (N, n_classes) of input (N, in_features)."""
        return self._log_prob_beside(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class (N) of each row of input (N, in_features); clusters are asked only where the head says so."""
        head = self.head(input)
        best = head.argmax(dim=1)
        rows = (best >= self.shortlist_size).nonzero().squeeze(1)
        if rows.numel():
            best[rows] = self._log_prob_beside(input[rows], head[rows]).argmax(dim=1)
        return best
