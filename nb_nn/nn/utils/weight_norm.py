"""Weights as a length times a direction (Salimans and Kingma 2016)."""
from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from ..parameter import Parameter


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """Norms over all dimensions but ``dim``, which broadcast to ``v``; with dim -1 one norm of everything.

    >>> norm_except_dim(tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5.],
            [1.]])
    """
    if dim == -1:
        return v.norm(pow)
    shape = [1] * v.dim()
    shape[dim] = v.shape[dim]
    return v.transpose(0, dim).reshape(v.shape[dim], -1).norm(pow, 1).reshape(shape)


class WeightNorm:
    """The hook that makes a module's weight before each forward."""

    def __init__(self, name: str, dim: int | None):
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Any) -> Tensor:
        """Length ``g`` times direction ``v``."""
        length, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return v * (length / norm_except_dim(v, 2, self.dim))

    def remove(self, module: Any) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"], module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.detach()))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Make a module learn the lengths (``weight_g``) and directions (``weight_v``) of a weight apart, and return it.

    A length for each index of ``dim``, or one for the whole weight with dim None.

    >>> sorted(weight_norm(torch.nn.Linear(20, 40)).state_dict())
    ['bias', 'weight_g', 'weight_v']
    """
    if any(isinstance(hook, WeightNorm) and hook.name == name for hook in module._forward_pre_hooks.values()):
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook, weight = WeightNorm(name, dim), getattr(module, name)
    del module._parameters[name]
    module.register_parameter(name + "_g", Parameter(norm_except_dim(weight, 2, hook.dim).detach()))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Take `weight_norm` away from a module, whose weight stays as it is, and return the module."""
    return removed(module, WeightNorm, name, "weight_norm")


def removed(module: Any, kind: type, name: str, said: str) -> Any:
    """A module without the hook of a kind that makes the weight ``name``."""
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, kind) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"{said} of '{name}' not found in {module}")
