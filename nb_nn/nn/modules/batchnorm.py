"""Batch normalization layers."""
from __future__ import annotations

from typing import Any

from ...core import dtype as dtypes
from ...ops.creation import ones, zeros
from ...ops.from_data import tensor
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module


class _BatchNorm(Module):
    """Normalizes channels with the batch's mean and variance while training, with their running averages in evaluation.

    The averages move by ``momentum`` toward each batch; with momentum None they are the mean of all batches. Without
    ``track_running_stats`` there are none, and the batch's own are always used. ``affine`` adds a learned weight, and a
    bias unless ``bias`` is False.
    """

    _version = 2
    expected: tuple[int, ...] = ()      # how many dimensions the input may have
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
                 track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        where = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(ones(num_features, **where)) if affine else None)
        self.register_parameter("bias", Parameter(zeros(num_features, **where)) if affine and bias else None)
        self.register_buffer("running_mean", zeros(num_features, **where) if track_running_stats else None)
        self.register_buffer("running_var", ones(num_features, **where) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", tensor(0, dtype=dtypes.int64, device=device) if track_running_stats else None)

    def reset_running_stats(self) -> None:
        """Forget the batches seen."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Start anew: weight 1, bias 0, no batches seen."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                momentum = 1.0 / self.num_batches_tracked.item()
        mean, var = self.running_mean, self.running_var
        return F.batch_norm(input, mean, var, self.weight, self.bias, self.training or mean is None and var is None, momentum, self.eps)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in self.expected:
            raise ValueError(f"expected {' or '.join(f'{dims}D' for dims in self.expected)} input (got {input.dim()}D input)")

    def extra_repr(self) -> str:
        return (f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, bias={self.bias is not None}, "
                f"track_running_stats={self.track_running_stats}")

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict, *rest: Any) -> None:
        key = prefix + "num_batches_tracked"
        if local_metadata.get("version", 1) < 2 and self.track_running_stats and key not in state_dict:
            state_dict[key] = tensor(0, dtype=dtypes.int64)     # before 0.4.1 batches were not counted
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class BatchNorm1d(_BatchNorm):
    """Normalizes the features of (N, C) or the channels of (N, C, L); see `BatchNorm2d`.

    >>> torch.nn.BatchNorm1d(2)(torch.zeros(4, 2)).shape
    torch.Size([4, 2])
    """

    expected = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalizes the channels of images: each around its mean, over its deviation, times a weight plus a bias.

    Mean and variance are the batch's while training, and running averages of them in evaluation; these move by ``momentum`` toward
    each batch (momentum None: they are the mean of all batches). (Ioffe and Szegedy 2015)

    Shape: (N, C, H, W) to the same.

    >>> torch.nn.BatchNorm2d(100)(torch.zeros(20, 100, 3, 4)).shape
    torch.Size([20, 100, 3, 4])
    """

    expected = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalizes the channels of volumes (N, C, D, H, W); see `BatchNorm2d`."""

    expected = (5,)


class SyncBatchNorm(_BatchNorm):
    """Normalizes channels with mean and variance of a whole process group's batch; outside one it is the same as `BatchNorm2d`, for
    inputs of any size (N, C, \\*).

    >>> torch.nn.SyncBatchNorm(2)(torch.zeros(4, 2, 5)).shape
    torch.Size([4, 2, 5])
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
                 track_running_stats: bool = True, process_group: Any = None, device: Any = None, dtype: Any = None, *,
                 bias: bool = True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """``module`` with each batch normalization below it replaced by a `SyncBatchNorm` that has its parameters and averages.

        >>> torch.nn.SyncBatchNorm.convert_sync_batchnorm(torch.nn.Sequential(torch.nn.BatchNorm1d(2)))[0].num_features
        2
        """
        converted = module
        if isinstance(module, _BatchNorm):
            converted = cls(module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats, process_group,
                            bias=module.bias is not None)
            for kind in ("_parameters", "_buffers"):
                getattr(converted, kind).update(getattr(module, kind))
            converted.training = module.training
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted
