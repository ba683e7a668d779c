"""Elements kept with a probability, and their scale."""
from __future__ import annotations

import numpy as np

from ..core import dtype as dtypes
from ..core import elementwise, launch, memory
from ..core.generator import generator_of
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap

Tensor = TensorBase


@op
def dropout_mask(input: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """`dropout` in training, and the mask of what was kept."""
    if input._dtype.category < 2 and p < 1:
        raise RuntimeError(f"result type Float can't be cast to the desired output type {input._dtype.tensor_name[:-6]}")
    mask = wrap(memory.empty(input._array.shape, np.dtype(bool), input._device), dtypes.bool_)
    if mask._array.size:
        launch.launch("bernoulli", *generator_of(input._device).take(mask._array.size), 1.0 - p, mask._array.reshape(-1))
    return masked_scale(input, mask, 1 / (1 - p) if p < 1 else 0.0), mask


@op
def masked_scale(input: Tensor, mask: Tensor, scale: float) -> Tensor:
    """``input * scale`` where ``mask`` holds, zero elsewhere."""
    return elementwise.elementwise("masked_scale", (input, mask), (scale,), None, elementwise.KEEP)


dropout_mask.declaration.node_name = "NativeDropoutBackward0"
derivative(dropout_mask, input=lambda grad, results, p: masked_scale(grad, results[1], 1 / (1 - p) if p < 1 else 0.0))
derivative(masked_scale, input=lambda grad, mask, scale: masked_scale(grad, mask, scale))
