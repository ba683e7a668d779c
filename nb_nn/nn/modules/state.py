"""A module's state: its parameters and buffers as a dictionary of tensors, and back."""
from __future__ import annotations

import functools
import itertools
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...autograd.grad_mode import no_grad
from ...autograd.hooks import Handle
from ...tensor import Tensor
from ..parameter import Parameter, is_lazy
from . import hooks
from .registry import Registry

EXTRA_STATE = "_extra_state"


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What `Module.load_state_dict` did not find, and what it had no place for."""

    __slots__ = ()

    def __repr__(self) -> str:
        return super().__repr__() if self.missing_keys or self.unexpected_keys else "<All keys matched successfully>"


class Loading(OrderedDict):
    """A state dict being loaded. What fits is written down, and copied only when everything does."""

    pending: list
    assign = False

    def below(self, prefix: str) -> Loading:
        """The entries of a module below."""
        part = Loading((key, value) for key, value in self.items() if key.startswith(prefix))
        part.pending, part.assign = self.pending, self.assign
        return part


class Stateful(Registry):
    """What a module knows of saving and loading its tensors."""

    _version = 1                # saved with the state, so that `_load_from_state_dict` can tell older ones
    _state_dict_hooks: OrderedDict
    _state_dict_pre_hooks: OrderedDict
    _state_dict_post_hooks: set             # numbers of those among `_state_dict_hooks` that must return nothing
    _load_state_dict_pre_hooks: OrderedDict
    _load_state_dict_post_hooks: OrderedDict

    def state_dict(self, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> OrderedDict:
        """All parameters and persistent buffers by name. They share the module's memory, and with ``keep_vars`` its history.

        >>> list(torch.nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for number, hook in self._state_dict_hooks.items():
            changed = hook(self, destination, prefix, local_metadata)
            if changed is not None and number in self._state_dict_post_hooks:
                raise RuntimeError("state_dict post-hook must return None")
            destination = destination if changed is None else changed
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Write this module's own state into ``destination``; a module with more to save extends this."""
        for name, value in self._own_state():
            destination[prefix + name] = value if keep_vars else value.detach()
        if type(self).get_extra_state is not Stateful.get_extra_state:
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    def _own_state(self) -> Iterator[tuple[str, Tensor]]:
        for name, value in itertools.chain(self._parameters.items(), self._buffers.items()):
            if value is not None and name not in self._non_persistent_buffers_set:
                yield name, value

    def get_extra_state(self) -> Any:
        """More to keep in the ``state_dict``; to be defined together with `set_extra_state`."""
        raise RuntimeError(f"{type(self).__name__} has no extra state")

    def set_extra_state(self, state: Any) -> None:
        """Take over what `get_extra_state` returned."""
        raise RuntimeError(f"{type(self).__name__} has no extra state")

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> _IncompatibleKeys:
        """Copy parameters and buffers from a `state_dict` into this module and those below it.

        With ``strict`` the names must be the same; otherwise those that are missing or unexpected are only returned. On an error
        (RuntimeError with all that does not fit) nothing is changed. With ``assign`` the tensors of ``state_dict`` take the place of
        the module's, with their types and devices; parameters keep whether they require grad.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None)
        missing, unexpected, errors = [], [], []
        loading = Loading(state_dict)
        loading.pending, loading.assign = [], assign
        self._load(loading, "", metadata or {}, missing, unexpected, errors)
        if strict:
            errors = [f"{kind} key(s) in state_dict: " + ", ".join(f'"{key}"' for key in keys) + ". "
                      for kind, keys in (("Missing", missing), ("Unexpected", unexpected)) if keys] + errors
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors))
        with no_grad():
            for module, name, target, value in loading.pending:
                if not assign:
                    target.copy_(value)
                elif isinstance(target, Parameter):
                    value = value if isinstance(value, Parameter) else Parameter(value)
                    module._parameters[name] = value.requires_grad_(target.requires_grad)
                else:
                    module._buffers[name] = value
        return _IncompatibleKeys(missing, unexpected)

    def _load(self, state_dict: Loading, prefix: str, metadata: Mapping, missing: list, unexpected: list, errors: list) -> None:
        """Load this module and those below it."""
        self._load_from_state_dict(state_dict, prefix, metadata.get(prefix[:-1], {}), True, missing, unexpected, errors)
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}{name}."
                module._load(state_dict.below(below), below, metadata, missing, unexpected, errors)
        for hook in self._load_state_dict_post_hooks.values():
            if hook(self, _IncompatibleKeys(missing, unexpected)) is not None:
                raise AssertionError("a hook of register_load_state_dict_post_hook must return None; it may change the lists of keys")

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict, strict: bool, missing_keys: list,
                              unexpected_keys: list, error_msgs: list) -> None:
        """Load this module's own state; a module that reads older ones (``local_metadata["version"]``) extends this."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = dict(self._own_state())
        for name, target in own.items():
            key = prefix + name
            if key in state_dict:
                self._load_tensor(name, key, target, state_dict, error_msgs)
            elif strict:
                missing_keys.append(key)
        extra = type(self).set_extra_state is not Stateful.set_extra_state
        if extra and prefix + EXTRA_STATE in state_dict:
            self.set_extra_state(state_dict[prefix + EXTRA_STATE])
        elif extra and strict:
            missing_keys.append(prefix + EXTRA_STATE)
        if strict:
            for key in state_dict:
                if key.startswith(prefix):
                    name, point, _ = key[len(prefix):].partition(".")
                    if name not in (self._modules if point else own) and not (extra and name == EXTRA_STATE):
                        unexpected_keys.append(key)

    def _load_tensor(self, name: str, key: str, target: Tensor, state_dict: Any, error_msgs: list) -> None:
        value = state_dict[key]
        if not isinstance(value, Tensor):
            error_msgs.append(f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
                              f"but received {type(value)}")
        elif is_lazy(target):
            if not is_lazy(value):
                target.materialize(value.shape)
                self._load_tensor(name, key, target, state_dict, error_msgs)
        elif value.shape != target.shape and not (target.dim() == 0 and value.shape == (1,)):       # so before 0.4
            error_msgs.append(f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the shape in current "
                              f"model is {target.shape}.")
        elif isinstance(state_dict, Loading):
            value = value if state_dict.assign and value.shape == target.shape else value.reshape(target.shape)
            state_dict.pending.append((self, name, target, value))
        else:
            with no_grad():
                target.copy_(value.reshape(target.shape))

    def register_state_dict_pre_hook(self, hook: Callable) -> Handle:
        """Call ``hook(module, prefix, keep_vars)`` before the module's `state_dict` is made."""
        return hooks.added(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable) -> Handle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` at the end of `state_dict`; it may change it, and returns None."""
        handle = hooks.added(self._state_dict_hooks, hook)
        self._state_dict_post_hooks.add(handle.id)
        return handle

    def _register_state_dict_hook(self, hook: Callable) -> Handle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` at the end of `state_dict`."""
        return hooks.added(self._state_dict_hooks, hook)

    def _register_load_state_dict_pre_hook(self, hook: Callable, with_module: bool = False) -> Handle:
        """Call ``hook`` with the arguments of `_load_from_state_dict` before it, after the module if ``with_module``."""
        return hooks.added(self._load_state_dict_pre_hooks, functools.partial(hook, self) if with_module else hook)

    def register_load_state_dict_pre_hook(self, hook: Callable) -> Handle:
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`` before the
        module is loaded; it may change ``state_dict`` and the lists."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def register_load_state_dict_post_hook(self, hook: Callable) -> Handle:
        """Call ``hook(module, incompatible_keys)`` after the module has been loaded; it may change the lists of keys."""
        return hooks.added(self._load_state_dict_post_hooks, hook)
