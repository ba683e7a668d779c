"""A model at a glance: its layers, what they put out, and what they cost."""
from __future__ import annotations

import dataclasses
import math
from typing import Any

from .. import nn
from ..autograd.grad_mode import no_grad
from ..ops.creation import zeros
from ..tensor import Tensor


@dataclasses.dataclass
class Layer:
    """One module in the order of the calls. Sizes and multiply-adds are those of all its calls together; shared parameters
    count where they are met first."""

    name: str
    kind: str
    depth: int
    output: Any                 # size of the result, or a nest of sizes
    parameters: int             # of this module itself, not of those below
    trainable: int
    multiply_adds: int
    output_bytes: int           # of modules without others below


@dataclasses.dataclass
class Summary:
    """What `summary` found; ``print`` shows it as a table."""

    layers: list[Layer]
    parameters: int
    trainable: int
    multiply_adds: int
    input_bytes: int
    output_bytes: int
    parameter_bytes: int
    buffer_bytes: int

    def __str__(self) -> str:
        head = ("Layer", "Output", "Parameters", "Multiply-adds")
        rows = [("  " * one.depth + (f"{one.name}: {one.kind}" if one.name else one.kind), shown(one.output),
                 *[f"{count:,}" if count else "-" for count in (one.parameters, one.multiply_adds)]) for one in self.layers]
        wide = [max(len(row[column]) for row in (head, *rows)) for column in range(4)]
        line = "-" * (sum(wide) + 6)

        def put(row: tuple) -> str:
            return f"{row[0]:{wide[0]}}  {row[1]:{wide[1]}}  {row[2]:>{wide[2]}}  {row[3]:>{wide[3]}}".rstrip()

        total = self.input_bytes + self.output_bytes + self.parameter_bytes + self.buffer_bytes
        return "\n".join([put(head), line, *map(put, rows), line,
                          f"Parameters: {self.parameters:,} ({self.trainable:,} to be learnt)   Multiply-adds: {self.multiply_adds:,}",
                          f"Memory: {size_of(total)} (input {size_of(self.input_bytes)}, results {size_of(self.output_bytes)}, parameters "
                          f"{size_of(self.parameter_bytes)}, buffers {size_of(self.buffer_bytes)})"])


def summary(model: Any, input_size: Any = None, *, input_data: Any = None, dtype: Any = None, depth: int | None = None) -> Summary:
    """Call a model once, without gradients and in evaluation, and tell of each of its modules what it puts out and costs.

    ``input_size`` is the size of the input with its batch, or a list of sizes for several; ``dtype`` is the type of these zeros. Or give
    a tensor, or a tuple of arguments, as ``input_data``. Modules deeper than ``depth`` are not listed, but counted. Multiply-adds are
    those of matrix products, convolutions, recurrent layers and attention; other operations are not counted.

    >>> print(summary(torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)), (16, 4)))
    Layer        Output   Parameters  Multiply-adds
    -----------------------------------------------
    Sequential   (16, 2)           -              -
      0: Linear  (16, 8)          40            512
      1: ReLU    (16, 8)           -              -
      2: Linear  (16, 2)          18            256
    -----------------------------------------------
    Parameters: 58 (58 to be learnt)   Multiply-adds: 768
    Memory: 1.6 KiB (input 256 B, results 1.1 KiB, parameters 232 B, buffers 0 B)
    """
    if isinstance(input_size, Tensor):
        input_size, input_data = None, input_size
    if (input_size is None) == (input_data is None):
        raise TypeError("summary: give either input_size or input_data")
    if input_data is None:
        sizes = [input_size] if not input_size or isinstance(input_size[0], int) else input_size
        inputs = tuple(zeros(*size, dtype=dtype) for size in sizes)
    else:
        inputs = tuple(input_data) if isinstance(input_data, (tuple, list)) else (input_data,)
    watch = Watch(model)
    try:
        with no_grad():
            model(*inputs)
    finally:
        watch.end()
    layers, bytes_of = watch.layers, lambda tensors: sum(one.numel() * one.element_size() for one in tensors)
    parameters = list(model.parameters())
    return Summary([one for one in layers if depth is None or one.depth <= depth], sum(one.numel() for one in parameters),
                   sum(one.numel() for one in parameters if one.requires_grad), sum(one.multiply_adds for one in layers),
                   bytes_of(tensors_in(inputs)), sum(one.output_bytes for one in layers), bytes_of(parameters), bytes_of(model.buffers()))


class Watch:
    """Writes down the calls of a model's modules."""

    def __init__(self, model: Any):
        self.layers: list[Layer] = []
        self.of: dict[int, Layer] = {}
        self.seen: set[int] = set()
        self.training = {module: module.training for module in model.modules()}
        model.eval()
        self.handles = []
        for name, module in model.named_modules():
            self.handles.append(module.register_forward_pre_hook(lambda module, args, name=name: self.begin(name, module)))
            self.handles.append(module.register_forward_hook(self.done, with_kwargs=True))

    def begin(self, name: str, module: Any) -> None:
        if id(module) in self.of:
            return
        own = [one for one in module._parameters.values() if one is not None and id(one) not in self.seen]
        if isinstance(module, nn.MultiheadAttention):           # it uses the weights of its last projection itself
            own += [one for one in module.out_proj.parameters() if id(one) not in self.seen]
        self.seen.update(map(id, own))
        layer = Layer(name.rpartition(".")[2], type(module).__name__, name.count(".") + bool(name), None, sum(one.numel() for one in own),
                      sum(one.numel() for one in own if one.requires_grad), 0, 0)
        self.of[id(module)] = layer
        self.layers.append(layer)

    def done(self, module: Any, args: tuple, kwargs: dict, result: Any) -> None:
        layer = self.of[id(module)]
        layer.output = sizes_in(result)
        layer.multiply_adds += multiply_adds(module, [*tensors_in(args), *tensors_in(kwargs)], result)
        if not module._modules or isinstance(module, nn.MultiheadAttention):
            layer.output_bytes += sum(one.numel() * one.element_size() for one in tensors_in(result))

    def end(self) -> None:
        for handle in self.handles:
            handle.remove()
        for module, training in self.training.items():
            module.training = training


def multiply_adds(module: Any, inputs: list, result: Any) -> int:
    """How many products one call of a module adds up."""
    kind = type(module).__name__
    if isinstance(module, nn.Linear):
        return inputs[0].numel() // max(1, module.in_features) * module.weight.numel()
    if isinstance(module, nn.Bilinear):
        return inputs[0].numel() // module.in1_features * module.weight.numel()
    if kind.startswith("ConvTranspose"):
        return inputs[0].numel() // module.in_channels * module.weight.numel()
    if kind.startswith("Conv"):
        return result.numel() // module.out_channels * module.weight.numel()
    if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
        first = inputs[0]
        steps = math.prod(first.shape[:-1]) if isinstance(first, Tensor) else len(first.data)
        return steps * sum(one.numel() for one in module.parameters() if one.dim() == 2)
    if isinstance(module, nn.MultiheadAttention):
        query, key = inputs[0], inputs[1] if len(inputs) > 1 else inputs[0]
        size, batch_first = module.embed_dim, module.batch_first and query.dim() == 3
        queries, keys = [math.prod(one.shape[:-1]) for one in (query, key)]
        length = key.shape[1 if batch_first else 0]
        return queries * size * 2 * size + keys * size * (module.kdim + module.vdim) + 2 * queries * length * size
    return 0


def tensors_in(value: Any) -> list[Tensor]:
    """All tensors in a nest of tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return [one for item in items for one in tensors_in(item)]


def sizes_in(value: Any) -> Any:
    """The sizes of tensors in a nest."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {key: sizes_in(one) for key, one in value.items()}
    return [sizes_in(one) for one in value] if isinstance(value, (tuple, list)) else None


def shown(sizes: Any) -> str:
    """Sizes as the table shows them."""
    if isinstance(sizes, list):
        return ", ".join(map(shown, sizes))
    if isinstance(sizes, dict):
        return ", ".join(f"{key}: {shown(one)}" for key, one in sizes.items())
    return "-" if sizes is None else str(sizes)


def size_of(count: int) -> str:
    """Bytes in words."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
