"""What all optimizers share: groups of parameters with their options, and what is remembered of each parameter."""
from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd.grad_mode import enable_grad, no_grad
from ..nn.modules.module import clear_grads
from ..ops.from_data import tensor
from ..tensor import Tensor


class Required:
    """Stands for an option that has no default."""

    def __repr__(self) -> str:
        return "<required parameter>"

    def __reduce__(self) -> str:
        return "required"


required = Required()


class Optimizer:
    """The base of optimizers.

    ``params`` are tensors, or dictionaries with tensors in "params" and options of their own; ``defaults`` are the options of
    the others. A subclass defines `update`, or `step` as a whole.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]):
        if isinstance(params, Tensor):
            raise TypeError("params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                            f"{params.type()}")
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize more parameters, with options of their own: ``{"params": [...], "lr": 0.1}``."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, (set, frozenset)):
            raise TypeError("optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets will "
                            "change between runs. Please use a list instead.")
        group = {**self.defaults, **param_group, "params": [params] if isinstance(params, Tensor) else list(params)}
        for one in group["params"]:
            if not isinstance(one, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(one).__name__}")
            if not one.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, value in group.items():
            if value is required:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
        own = {id(one) for one in group["params"]}
        if len(own) != len(group["params"]):
            warnings.warn("optimizer contains a parameter group with duplicate parameters; each is updated once a mention", stacklevel=3)
        if any(id(one) in own for other in self.param_groups for one in other["params"]):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient. ``closure``, if given, computes the gradients first; its loss is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                self.update(group)
        return loss

    def update(self, group: dict[str, Any]) -> None:
        """Change the parameters of one group."""
        raise NotImplementedError(f"{type(self).__name__} must define update, or step")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Take the gradients of all parameters away, or fill them with zeros."""
        for group in self.param_groups:
            clear_grads(group["params"], set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on later: ``state`` by a parameter's number, and ``param_groups`` with such numbers."""
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for one in group["params"]:
                numbers.setdefault(id(one), len(numbers))
            groups.append({**{name: value for name, value in group.items() if name != "params"},
                           "params": [numbers[id(one)] for one in group["params"]]})
        state = {numbers[id(key)] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a `state_dict`; parameters are matched by their order, and what they share stays with both."""
        groups = state_dict["param_groups"]
        if len(groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(saved["params"]) != len(group["params"]) for saved, group in zip(groups, self.param_groups)):
            raise ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group")
        owners = {number: one for saved, group in zip(groups, self.param_groups)
                  for number, one in zip(saved["params"], group["params"])}
        state: dict = defaultdict(dict)
        for key, value in state_dict["state"].items():
            owner = owners.get(key)
            state[key if owner is None else owner] = own_copy(value, owner)
        self.param_groups = [{**group, **copy.deepcopy({name: value for name, value in saved.items() if name != "params"}),
                              "params": group["params"]} for saved, group in zip(groups, self.param_groups)]
        self.state = state

    def __repr__(self) -> str:
        lines = []
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}\n")
            lines += [f"    {name}: {value}\n" for name, value in sorted(group.items()) if name != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(["".join(lines).rstrip("\n")]) + "\n)"


def own_copy(value: Any, owner: Tensor | None, name: str = "") -> Any:
    """A copy of saved state, floating tensors in the type and on the device of their parameter; counts of steps are tensors."""
    if isinstance(value, Tensor):
        if name == "step" or owner is None:
            return value.detach().clone()
        kind = owner.dtype if owner.is_floating_point() and value.is_floating_point() else value.dtype
        return value.detach().to(device=owner.device, dtype=kind, copy=True)
    if isinstance(value, dict):
        return {key: own_copy(one, owner, key) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return type(value)(own_copy(one, owner) for one in value)
    if name == "step" and isinstance(value, (int, float)):
        return tensor(float(value))
    return copy.deepcopy(value)
