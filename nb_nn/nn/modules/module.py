"""The base of all layers and networks."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ...autograd.grad_mode import no_grad
from ...autograd.hooks import Handle
from ...core import dtype as dtypes
from ...ops.conversion import as_dtype
from ...ops.creation import empty_like
from ...tensor import Tensor
from ..parameter import is_lazy
from . import hooks
from .state import Stateful


class Module(Stateful):
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
    call_super_init = False
    T_destination = Any
    training: bool

    def __init__(self) -> None:
        super().__init__()
        held = self.__dict__
        held["training"] = True
        for name in ("_hooks_with_kwargs", "_always_called", "_state_dict_post_hooks"):
            held[name] = set()
        for name in (*hooks.HOOKS, "_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks",
                     "_load_state_dict_post_hooks"):
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

    def register_forward_hook(self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False,
                              always_call: bool = False) -> Handle:
        """Call ``hook(module, args, result)`` after ``forward``; what it returns replaces the result.

        With ``with_kwargs`` it is ``hook(module, args, kwargs, result)``. With ``always_call`` it is called, with the result None, also
        when ``forward`` or a hook before it raised an error.
        """
        handle = self._added(self._forward_hooks, hook, prepend, with_kwargs)
        if always_call:
            self._always_called.add(handle.id)
        return handle

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

    # all at once
    def apply(self, fn: Callable[[Module], Any]) -> Module:
        """Call ``fn`` with every module below this one and then with this one, for instance to initialise them."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Module:
        """Replace the memory of all parameters, gradients and buffers; parameters stay the same objects."""
        for module in self.children() if recurse else ():
            module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    grad, parameter.grad = parameter.grad, None
                    changed = fn(parameter.data)
                    if is_lazy(parameter) or changed._array is not parameter._array:
                        parameter.data = changed
                    if grad is not None:
                        changed = fn(grad.data)
                        changed.requires_grad = grad.requires_grad
                        parameter.grad = changed
            for name, buffer in self._buffers.items():
                if is_lazy(buffer):
                    buffer.data = fn(buffer.data)
                elif buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Module:
        """Move parameters and buffers: to a device, a floating type (integers keep theirs), both, or those of a tensor; those with 4 or
        5 dimensions to a memory format.

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
        return self._apply(lambda t: t.to(device=device, dtype=dtype if t.dtype.category >= 2 else None, non_blocking=non_blocking,
                                          memory_format=memory_format if t.dim() in (4, 5) else None))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Module:
        """Give parameters and buffers uninitialised memory on a device (None: where they are).

        >>> torch.nn.Linear(2, 3).to_empty(device="cpu").weight.shape
        torch.Size([3, 2])
        """
        return self._apply(lambda t: empty_like(t, device=device), recurse)

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
