"""Layers that look rows up."""
from __future__ import annotations

from typing import Any

from ...autograd.grad_mode import no_grad
from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module


class Table(Module):
    """Learned rows, of which one may stand for padding: what the layers below have in common."""

    weight: Parameter
    padding = "padding_idx"     # how errors call it

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None, max_norm: float | None, norm_type: float,
                 scale_grad_by_freq: bool, sparse: bool, given: Tensor | None, freeze: bool, device: Any, dtype: Any):
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise AssertionError(f"{self.padding} must be within num_embeddings: got {padding_idx} for {num_embeddings} rows")
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        if given is None:
            self.weight = Parameter(empty(num_embeddings, embedding_dim, device=device, dtype=dtype), requires_grad=not freeze)
            self.reset_parameters()
        elif tuple(given.shape) != (num_embeddings, embedding_dim):
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim: expected "
                                 f"{[num_embeddings, embedding_dim]}, got {list(given.shape)}")
        else:
            self.weight = Parameter(given, requires_grad=not freeze)

    def reset_parameters(self) -> None:
        """Draw new rows."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def shown(self, *options: tuple[str, Any]) -> str:
        """The sizes, and the options that differ from the usual."""
        changed = [f", {name}={getattr(self, name)}" for name, usual in options if getattr(self, name) != usual]
        return f"{self.num_embeddings}, {self.embedding_dim}" + "".join(changed)

    @classmethod
    def of_rows(cls, rows: Tensor, freeze: bool, *options: Any, **more: Any) -> Table:
        """A layer of given rows."""
        if rows.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        made = cls(*rows.shape, *options, _weight=rows, **more)
        made.weight.requires_grad = not freeze
        return made


class Embedding(Table):
    """A table of learned rows, looked up by number.

    The row ``padding_idx`` starts as zeros and is not learned. Rows longer than ``max_norm`` are shortened when looked up; with
    ``scale_grad_by_freq`` a row's gradient is divided by how often the batch named it.

    Shape: (\\*) of integers to (\\*, embedding_dim); weight (num_embeddings, embedding_dim), which starts normally distributed.

    >>> torch.nn.Embedding(10, 3)(tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
    torch.Size([2, 4, 3])
    """

    padding = "Padding_idx"

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
                 norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Tensor | None = None,
                 _freeze: bool = False, device: Any = None, dtype: Any = None):
        super().__init__(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight, _freeze,
                         device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)

    def extra_repr(self) -> str:
        return self.shown(("padding_idx", None), ("max_norm", None), ("norm_type", 2), ("scale_grad_by_freq", False), ("sparse", False))

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, max_norm: float | None = None,
                        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False) -> Embedding:
        """An embedding with the given rows, which are learned only if not ``freeze``.

        >>> torch.nn.Embedding.from_pretrained(tensor([[1.0, 2.0]]))(tensor([0]))
        tensor([[1., 2.]])
        """
        return cls.of_rows(embeddings, freeze, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)


class EmbeddingBag(Table):
    """A table of learned rows, of which each bag's are summed up, averaged or compared (``mode`` "sum", "mean", "max").

    For the other options see `Embedding` and `functional.embedding_bag`; a bag takes no part in rows for padding.

    Shape: (bags, size) of integers, or (m) with offsets (bags), to (bags, embedding_dim); weight (num_embeddings, embedding_dim).

    >>> embedding_sum = torch.nn.EmbeddingBag(10, 3, mode="sum")
    >>> embedding_sum(tensor([1, 2, 4, 5, 4, 3, 2, 9]), tensor([0, 4])).shape
    torch.Size([2, 3])
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
                 scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Tensor | None = None,
                 include_last_offset: bool = False, padding_idx: int | None = None, device: Any = None, dtype: Any = None):
        super().__init__(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight, False,
                         device, dtype)
        self.mode, self.include_last_offset = mode, include_last_offset

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
                               self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx)

    def extra_repr(self) -> str:
        shown = self.shown(("max_norm", None), ("norm_type", 2), ("scale_grad_by_freq", False)) + f", mode={self.mode!r}"
        return shown if self.padding_idx is None else f"{shown}, padding_idx={self.padding_idx}"

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, max_norm: float | None = None, norm_type: float = 2.0,
                        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, include_last_offset: bool = False,
                        padding_idx: int | None = None) -> EmbeddingBag:
        """An embedding bag with the given rows, which are learned only if not ``freeze``.

        >>> torch.nn.EmbeddingBag.from_pretrained(tensor([[1.0, 2.0], [3.0, 6.0]]))(tensor([[1, 0]]))
        tensor([[2., 4.]])
        """
        return cls.of_rows(embeddings, freeze, max_norm, norm_type, scale_grad_by_freq, mode, sparse,
                           include_last_offset=include_last_offset, padding_idx=padding_idx)
