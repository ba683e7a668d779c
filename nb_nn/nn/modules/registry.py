"""What a module is made of: parameters, buffers and other modules, under the names of the attributes they were assigned to."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from ...tensor import Tensor
from ..parameter import Buffer, Parameter

KINDS = ("_parameters", "_buffers", "_modules")


def type_name(value: Any) -> str:
    """A value's type as messages name it."""
    if isinstance(value, Tensor):
        return value.type()
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


class Registry:
    """Keeps attributes that are parameters, buffers or modules in dictionaries of their own, and walks over them."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: dict[str, Any]

    def __init__(self) -> None:
        for kind in KINDS:
            object.__setattr__(self, kind, OrderedDict())
        object.__setattr__(self, "_non_persistent_buffers_set", set())

    # attributes
    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make ``param`` the parameter ``name``; None reserves the name for one that is not there."""
        self._check_name("parameter", name)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"cannot assign '{type_name(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)")
        if param is not None and param.grad_fn is not None:
            raise ValueError(f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To "
                             f"express '{name}' as a function of another Tensor, compute the value in the forward() method.")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make ``tensor`` the buffer ``name``: part of the module's state, but not learnt.

        A buffer that is not ``persistent`` moves with the module but is not in its ``state_dict``.
        """
        self._check_name("buffer", name)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign '{type_name(tensor)}' object to buffer '{name}' (torch Tensor or None required)")
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Any) -> None:
        """Make ``module`` the child ``name``."""
        if module is not None and not isinstance(module, Registry):
            raise TypeError(f"{type_name(module)} is not a Module subclass")
        self._check_name("module", name)
        self._modules[name] = module

    register_module = add_module

    def _check_name(self, kind: str, name: str) -> None:
        own = self.__dict__.get(f"_{kind}s")
        if own is None:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type_name(name)}")
        if "." in name:
            raise KeyError(f"{kind} name can't contain \".\", got: {name}")
        if name == "":
            raise KeyError(f"{kind} name can't be empty string \"\"")
        if name not in own and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def __getattr__(self, name: str) -> Any:
        held = self.__dict__
        for kind in KINDS:
            own = held.get(kind)
            if own is not None and name in own:
                return own[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        held = self.__dict__
        if isinstance(value, Parameter):
            self._replace("_parameters", name, "parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Registry):
            self._replace("_modules", name, "module")
            held["_modules"][name] = value
        elif "_parameters" not in held:
            object.__setattr__(self, name, value)
        elif name in held["_parameters"]:
            if value is not None:
                raise TypeError(f"cannot assign '{type_name(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)")
            held["_parameters"][name] = None
        elif name in held["_modules"]:
            if value is not None:
                raise TypeError(f"cannot assign '{type_name(value)}' as child module '{name}' (torch.nn.Module or None expected)")
            held["_modules"][name] = None
        elif isinstance(value, Buffer):
            self._replace("_buffers", name, "buffer")
            self.register_buffer(name, value, value.persistent)
        elif name in held["_buffers"]:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(f"cannot assign '{type_name(value)}' as buffer '{name}' (torch Tensor or None expected)")
            held["_buffers"][name] = value
        else:
            object.__setattr__(self, name, value)

    def _replace(self, kind: str, name: str, said: str) -> None:
        """Forget what else has a name that becomes one of ``kind``."""
        held = self.__dict__
        if kind not in held:
            raise AttributeError(f"cannot assign {said} before Module.__init__() call")
        held.pop(name, None)
        for other in KINDS:
            if other != kind:
                held[other].pop(name, None)
        held["_non_persistent_buffers_set"].discard(name)

    def __delattr__(self, name: str) -> None:
        for kind in KINDS:
            if name in self.__dict__[kind]:
                del self.__dict__[kind][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._buffers, *self._modules}
        return sorted(name for name in names if name.isidentifier())

    # walks
    def _named_members(self, members: Callable, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        """What ``members(module)`` lists as (name, value), of this module and with ``recurse`` of those below, each value once."""
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for place, module in modules:
            for name, value in members(module):
                if value is not None and id(value) not in seen:
                    if remove_duplicate:
                        seen.add(id(value))
                    yield f"{place}.{name}" if place else name, value

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple]:
        """Parameters with their names, such as ``("0.weight", ...)``."""
        return self._named_members(lambda module: module._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of the module and, with ``recurse``, of all below it; shared ones once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple]:
        """Buffers with their names."""
        return self._named_members(lambda module: module._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of the module and, with ``recurse``, of all below it."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def named_children(self) -> Iterator[tuple]:
        """The modules directly below this one with their names, each once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Any]:
        """The modules directly below this one."""
        return (module for _, module in self.named_children())

    def named_modules(self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple]:
        """This module and all below it with their names, each once; this one's name is ``prefix``."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Any]:
        """This module and all below it, each once unless ``remove_duplicate`` is False."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def get_submodule(self, target: str) -> Any:
        """The module below this one with a name such as ``"0.conv"``; AttributeError if there is none."""
        module = self
        for name in target.split(".") if target else ():
            module = module._modules.get(name)
            if module is None:
                raise AttributeError(f"{type(self).__name__} has no module '{target}'")
        return module

    def set_submodule(self, target: str, module: Any, strict: bool = False) -> None:
        """Put a module in the place of the one with a name such as ``"0.conv"``, or, unless ``strict``, in a new one of an existing
        parent; AttributeError if the name is another attribute's or there is no such parent.

        >>> net = torch.nn.Sequential(torch.nn.ReLU())
        >>> net.set_submodule("0", torch.nn.Tanh())
        >>> net[0]
        Tanh()
        """
        if target == "":
            raise ValueError("set_submodule: the module to be replaced needs a name, got an empty one")
        if not isinstance(module, Registry):
            raise ValueError(f"set_submodule: module is not an nn.Module, found {type(module)}")
        place, _, name = target.rpartition(".")
        parent = self.get_submodule(place)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{type(parent).__name__} has no attribute `{name}`")
        if not isinstance(getattr(parent, name, module), Registry):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with a name such as ``"0.weight"``; AttributeError if there is none."""
        return self._member("_parameters", "parameter", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer with a name such as ``"1.running_mean"``; AttributeError if there is none."""
        return self._member("_buffers", "buffer", target)

    def _member(self, kind: str, said: str, target: str) -> Any:
        place, _, name = target.rpartition(".")
        found = getattr(self.get_submodule(place), kind).get(name)
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no {said} '{target}'")
        return found
