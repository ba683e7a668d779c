"""The base of all layers and networks."""
from __future__ import annotations

import itertools
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...autograd.grad_mode import no_grad
from ...autograd.hooks import Handle
from ...core import dtype as dtypes
from ...ops.conversion import as_dtype
from ...tensor import Tensor
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

    def below(self, prefix: str) -> Loading:
        """The entries of a module below."""
        part = Loading((key, value) for key, value in self.items() if key.startswith(prefix))
        part.pending = self.pending
        return part


class Module(Registry):
    """A layer or a network: parameters, buffers and modules in attributes, and what it does in ``forward``.

    >>> class Net(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = torch.nn.Parameter(torch.ones(1))
    ...
    ...     def forward(self, x):
    ...         return x * self.scale
    >>> net = Net()
    >>> net(torch.ones(2))
    tensor([1., 1.], grad_fn=<MulBackward0>)
    >>> [name for name, _ in net.named_parameters()]
    ['scale']
    """

    dump_patches = False        # kept for old code that sets it
    _version = 1                # saved with the state, so that `_load_from_state_dict` can tell older ones
    training: bool

    def __init__(self) -> None:
        super().__init__()
        held = self.__dict__
        held["training"] = True
        held["_hooks_with_kwargs"] = set()
        for name in (*hooks.HOOKS, "_state_dict_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks"):
            held[name] = OrderedDict()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; each module defines its own."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks:
            return hooks.call(self, args, kwargs)
        return self.forward(*args, **kwargs)

    # hooks
    def register_forward_pre_hook(self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False) -> Handle:
        """Call ``hook(module, args)`` before ``forward``; what it returns replaces the arguments.

        With ``with_kwargs`` it is ``hook(module, args, kwargs)``, and may return both.
        """
        return self._added(self._forward_pre_hooks, hook, prepend, with_kwargs)

    def register_forward_hook(self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False) -> Handle:
        """Call ``hook(module, args, result)`` after ``forward``; what it returns replaces the result.

        With ``with_kwargs`` it is ``hook(module, args, kwargs, result)``.
        """
        return self._added(self._forward_hooks, hook, prepend, with_kwargs)

    def _added(self, own: OrderedDict, hook: Callable, prepend: bool, with_kwargs: bool) -> Handle:
        handle = hooks.added(own, hook, prepend)
        if with_kwargs:
            self._hooks_with_kwargs.add(handle.id)
        return handle

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> Handle:
        """Call ``hook(module, grad_input, grad_output)``, two tuples, when the gradients of the module's arguments are there.

        What it returns replaces ``grad_input``.
        """
        return hooks.added(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable) -> Handle:
        """The same as `register_full_backward_hook`: gradients are those of the whole module, not of its last step."""
        return hooks.added(self._backward_hooks, hook)

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> Handle:
        """Call ``hook(module, grad_output)`` before the module's backward; what it returns replaces ``grad_output``."""
        return hooks.added(self._backward_pre_hooks, hook, prepend)

    # state
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
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            changed = hook(self, destination, prefix, local_metadata)
            destination = destination if changed is None else changed
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Write this module's own state into ``destination``; a module with more to save extends this."""
        for name, value in self._own_state():
            destination[prefix + name] = value if keep_vars else value.detach()
        if type(self).get_extra_state is not Module.get_extra_state:
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

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> _IncompatibleKeys:
        """Copy parameters and buffers from a `state_dict` into this module and those below it.

        With ``strict`` the names must be the same; otherwise those that are missing or unexpected are only returned. On an error
        (RuntimeError with all that does not fit) nothing is changed.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None)
        missing, unexpected, errors = [], [], []
        loading = Loading(state_dict)
        loading.pending = []
        self._load(loading, "", metadata or {}, missing, unexpected, errors)
        if strict:
            errors = [f"{kind} key(s) in state_dict: " + ", ".join(f'"{key}"' for key in keys) + ". "
                      for kind, keys in (("Missing", missing), ("Unexpected", unexpected)) if keys] + errors
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors))
        with no_grad():
            for target, value in loading.pending:
                target.copy_(value)
        return _IncompatibleKeys(missing, unexpected)

    def _load(self, state_dict: Loading, prefix: str, metadata: Mapping, missing: list, unexpected: list, errors: list) -> None:
        """Load this module and those below it."""
        self._load_from_state_dict(state_dict, prefix, metadata.get(prefix[:-1], {}), True, missing, unexpected, errors)
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}{name}."
                module._load(state_dict.below(below), below, metadata, missing, unexpected, errors)
        for hook in self._load_state_dict_post_hooks.values():
            hook(self, _IncompatibleKeys(missing, unexpected))

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict, strict: bool, missing_keys: list,
                              unexpected_keys: list, error_msgs: list) -> None:
        """Load this module's own state; a module that reads older ones (``local_metadata["version"]``) extends this."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = dict(self._own_state())
        for name, target in own.items():
            key = prefix + name
            if key in state_dict:
                self._load_tensor(key, target, state_dict, error_msgs)
            elif strict:
                missing_keys.append(key)
        extra = type(self).set_extra_state is not Module.set_extra_state
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

    def _load_tensor(self, key: str, target: Tensor, state_dict: Any, error_msgs: list) -> None:
        value = state_dict[key]
        if not isinstance(value, Tensor):
            error_msgs.append(f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
                              f"but received {type(value)}")
        elif value.shape != target.shape and not (target.dim() == 0 and value.shape == (1,)):       # so before 0.4
            error_msgs.append(f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the shape in current "
                              f"model is {target.shape}.")
        elif isinstance(state_dict, Loading):
            state_dict.pending.append((target, value.reshape(target.shape)))
        else:
            with no_grad():
                target.copy_(value.reshape(target.shape))

    def _register_state_dict_hook(self, hook: Callable) -> Handle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` at the end of `state_dict`."""
        return hooks.added(self._state_dict_hooks, hook)

    def _register_load_state_dict_pre_hook(self, hook: Callable, with_module: bool = False) -> Handle:
        """Call ``hook`` with the arguments of `_load_from_state_dict` before it, after the module if ``with_module``."""
        return hooks.added(self._load_state_dict_pre_hooks, (lambda *args: hook(self, *args)) if with_module else hook)

    def register_load_state_dict_post_hook(self, hook: Callable) -> Handle:
        """Call ``hook(module, incompatible_keys)`` after the module has been loaded; it may change the lists of keys."""
        return hooks.added(self._load_state_dict_post_hooks, hook)

    # all at once
    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call ``fn`` with every module below this one and then with this one, for instance to initialise them."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor]) -> Module:
        """Replace the memory of all parameters, gradients and buffers; parameters stay the same objects."""
        for module in self.children():
            module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    grad, parameter.grad = parameter.grad, None
                    changed = fn(parameter.data)
                    if changed._array is not parameter._array:
                        parameter.data = changed
                    if grad is not None:
                        changed = fn(grad.data)
                        changed.requires_grad = grad.requires_grad
                        parameter.grad = changed
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False) -> Module:
        """Move parameters and buffers: to a device, a floating type (integers keep theirs), both, or those of a tensor.

        >>> torch.nn.Linear(1, 1).to(torch.float64).weight.dtype
        torch.float64
        """
        for arg in args:
            if isinstance(arg, Tensor):
                dtype, device = arg.dtype, arg.device
            elif isinstance(arg, bool):
                non_blocking = arg
            elif isinstance(arg, dtypes.dtype):
                dtype = arg
            elif arg is not None:
                device = arg
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}")
        return self._apply(lambda t: t.to(device=device, dtype=dtype if t.dtype.category >= 2 else None, non_blocking=non_blocking))

    def _to_floating(self, kind: dtypes.dtype) -> Module:
        return self._apply(lambda t: t.to(kind) if t.is_floating_point() else t)

    def float(self) -> Module:
        """Make floating parameters and buffers float32."""
        return self._to_floating(dtypes.float32)

    def double(self) -> Module:
        """Make floating parameters and buffers float64."""
        return self._to_floating(dtypes.float64)

    def half(self) -> Module:
        """Make floating parameters and buffers float16."""
        return self._to_floating(dtypes.float16)

    def bfloat16(self) -> Module:
        """Make floating parameters and buffers bfloat16."""
        return self._to_floating(dtypes.bfloat16)

    def type(self, dst_type: Any) -> Module:
        """Cast all parameters and buffers."""
        kind = as_dtype(dst_type)
        return self._apply(lambda t: t.to(kind))

    def cpu(self) -> Module:
        """Move all parameters and buffers to the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Module:
        """Move all parameters and buffers to a CUDA device."""
        return self._apply(lambda t: t.cuda(device))

    def share_memory(self) -> Module:
        """Move all parameters and buffers to memory that processes share."""
        for tensor in (*self.parameters(), *self.buffers()):
            tensor.share_memory_()
            if tensor.grad is not None:
                tensor.grad.share_memory_()
        return self

    def train(self, mode: bool = True) -> Module:
        """Switch to training, or with ``mode`` False to evaluation; matters to modules such as Dropout and BatchNorm."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Module:
        """Switch to evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Set whether the parameters are learnt."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Take the gradients of all parameters away, or fill them with zeros."""
        clear_grads(self.parameters(), set_to_none)

    # Python
    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What ``repr`` says of the module itself."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        children = [f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self._modules.items()]
        if not children and "\n" not in extra:
            return f"{self._get_name()}({extra})"
        lines = [*(extra.split("\n") if extra else ()), *children]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"

    def __setstate__(self, state: dict) -> None:
        Module.__init__(self)           # what the writer's version did not have yet
        self.__dict__.update(state)


def clear_grads(parameters: Any, set_to_none: bool) -> None:
    """Remove gradients, or make them zeros without history."""
    for parameter in parameters:
        if set_to_none:
            parameter._grad = None
        elif parameter._grad is not None:
            if parameter._grad.grad_fn is not None:
                parameter._grad.detach_()
            else:
                parameter._grad.requires_grad_(False)
            parameter._grad.zero_()
