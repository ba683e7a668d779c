"""What a node keeps of tensors for backward, and functions of the user that store them elsewhere meanwhile."""
from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ..core.state import state
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase, alias_of, wrap
from .node import Node


class Saved:
    """A tensor kept for backward: as it was, at the version it had."""

    __slots__ = ("tensor", "array", "storage", "version", "dtype", "device", "node", "output", "requires_grad")

    def __init__(self, tensor: Any, is_result: bool):
        self.array = tensor._array
        self.storage = storage = tensor._storage or storage_of(tensor)
        self.version = storage.version
        self.dtype = tensor._dtype
        self.device = tensor._device
        self.output = tensor._output_number
        self.requires_grad = tensor._requires_grad
        if is_result:               # is not kept itself: tensor -> node -> tensor would be a cycle
            self.tensor = self.node = None
        else:
            self.tensor, self.node = tensor, tensor._node

    def unpack(self, owner: Node) -> Any:
        """The tensor with the history it had; RuntimeError if it has been written to since."""
        if self.storage.version != self.version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"[torch.{self.dtype.tensor_name} {list(self.array.shape)}], {self._origin(owner)}, is at version "
                f"{self.storage.version}; expected version {self.version} instead. It was saved for {owner.name()}.")
        tensor = self.tensor
        if tensor is not None and tensor._array is self.array and tensor._node is self.node and (
                tensor._requires_grad == self.requires_grad):
            return tensor
        result = wrap(self.array, self.dtype)
        result._storage = self.storage
        result._device = self.device
        result._requires_grad = self.requires_grad
        result._node = owner if tensor is None else self.node
        result._output_number = self.output
        if tensor is not None and self.node is None:
            result._leaf_edge, result._leaf = tensor._leaf_edge, tensor
        return result

    def _origin(self, owner: Node) -> str:
        node = owner if self.tensor is None else self.node
        return f"which is output {self.output} of {node.name()}" if node else "which is a leaf"


class SavedResults:
    """Several results kept for backward."""

    __slots__ = ("results",)

    def __init__(self, results: Any):
        self.results = [Saved(one, True) if isinstance(one, TensorBase) else one for one in results]


class UnpackedResults:
    """Several kept results, each unpacked when a formula takes it: one that was written to matters only then."""

    __slots__ = ("results", "owner")

    def __init__(self, results: list, owner: Node):
        self.results, self.owner = results, owner

    def __getitem__(self, number: int) -> Any:
        one = self.results[number]
        return one.unpack(self.owner) if one.__class__ is Saved else one

    def __len__(self) -> int:
        return len(self.results)


class _Hooks(threading.local):
    """Of this thread: pairs of functions, the innermost last, and why none may be added."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Callable, Callable]] = []
        self.refusal: str | None = None


hooks = _Hooks()
in_use: list = []           # one entry a pair of any thread: recording looks no further while this is empty


class Packed:
    """What a user's function made of a tensor to keep for backward, and the history the tensor had."""

    __slots__ = ("content", "unpack_hook", "node", "output", "requires_grad", "leaf", "is_result")

    def __init__(self, saved: Saved, owner: Node | None = None):
        pack_hook, self.unpack_hook = hooks.pairs[-1]
        self.is_result = saved.tensor is None
        self.node, self.output, self.requires_grad = saved.node, saved.output, saved.requires_grad
        tensor = saved.tensor
        self.leaf = tensor if tensor is not None and saved.node is None and saved.requires_grad else None
        if tensor is None:                      # without its history: what keeps that and is kept by it would stay for ever
            tensor = wrap(saved.array, saved.dtype)
            tensor._storage = saved.storage
        with unrecorded():
            self.content = pack_hook(tensor)
        if saved.storage.version != saved.version:
            raise RuntimeError("A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
                               "modified by in-place operations as this can lead to unexpected side-effects.")

    def unpack(self, owner: Node) -> Any:
        """The tensor that the user's function gives back, with the history it had."""
        with unrecorded():
            found = self.unpack_hook(self.content)
        if not isinstance(found, TensorBase):
            raise TypeError(f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(found).__name__}")
        result = alias_of(found)
        result._requires_grad, result._output_number = self.requires_grad, self.output
        if self.leaf is not None:
            result._leaf_edge, result._leaf = self.leaf._leaf_edge, self.leaf
        result._node = owner if self.is_result else self.node
        return result


@contextlib.contextmanager
def unrecorded() -> Iterator[None]:
    """Nothing that the user's functions do is recorded, nor packed in turn."""
    pairs, hooks.pairs, recording, state.grad = hooks.pairs, [], state.grad, False
    try:
        yield
    finally:
        hooks.pairs, state.grad = pairs, recording


def repack(item: Any) -> Any:
    """An item a node has saved, with each tensor in it packed."""
    if item.__class__ is Saved:
        return Packed(item)
    if item.__class__ is SavedResults:
        item.results = [repack(one) for one in item.results]
        return item
    return [repack(one) for one in item] if item.__class__ is list else item


def restored(item: Any, owner: Node) -> Any:
    """The same with each tensor unpacked."""
    if item.__class__ is Packed:
        return item.unpack(owner)
    if item.__class__ is SavedResults:
        return [restored(one, owner) for one in item.results]
    return [restored(one, owner) for one in item] if item.__class__ is list else item


def pack(node: Any) -> None:
    """Let the innermost hooks of this thread, if there are any, store what a node has saved."""
    if hooks.pairs:
        node.saved = [items if len(items) == 1 and items[0].__class__ is object else [repack(item) for item in items]
                      for items in node.saved]
        node.packed = True


def unpacked(node: Any) -> list:
    """What a node has saved, as its formulas take it."""
    return [items if len(items) == 1 and items[0].__class__ is object else [restored(item, node) for item in items] for items in node.saved]


class saved_tensors_hooks:
    """In a ``with`` block, tensors kept for backward pass ``pack_hook(tensor)``; backward gets them from ``unpack_hook`` of what that gave.

    ``pack_hook`` may return anything, such as the name of a file, and must not write to its argument; ``unpack_hook`` must return a
    tensor with the same elements. Neither is recorded. Of nested blocks the innermost counts. That a packed tensor is written to
    later is not noticed.

    >>> x = tensor([2.0], requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(force=True), torch.from_numpy):
    ...     y = x * x
    >>> y.backward()
    >>> x.grad
    tensor([4.])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        if not callable(pack_hook) or not callable(unpack_hook):
            raise TypeError("saved_tensors_hooks: expected two functions, got "
                            f"{type(pack_hook).__name__} and {type(unpack_hook).__name__}")
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if hooks.refusal is not None:
            raise RuntimeError(hooks.refusal)
        hooks.pairs.append((self.pack_hook, self.unpack_hook))
        in_use.append(True)

    def __exit__(self, *exception: Any) -> None:
        hooks.pairs.pop()
        in_use.pop()


class save_on_cpu(saved_tensors_hooks):
    """In a ``with`` block, tensors kept for backward wait for it in the memory of the CPU, pinned if ``pin_memory``.

    >>> x = tensor([2.0], requires_grad=True)
    >>> with torch.autograd.graph.save_on_cpu():
    ...     y = x ** 3
    >>> torch.autograd.grad(y, x)
    (tensor([12.]),)
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Any) -> tuple:
            kept = tensor.detach().cpu()
            return tensor.device, kept.pin_memory() if pin_memory and tensor.device.type == device_type else kept

        super().__init__(pack, lambda packed: packed[1].to(packed[0], non_blocking=pin_memory))


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """In a ``with`` block, `saved_tensors_hooks` raises RuntimeError with this message.

    >>> with torch.autograd.graph.disable_saved_tensors_hooks("not here"):
    ...     with torch.autograd.graph.save_on_cpu():
    ...         pass
    Traceback (most recent call last):
    RuntimeError: not here
    """
    if hooks.pairs:
        raise RuntimeError(error_message)
    before, hooks.refusal = hooks.refusal, error_message
    try:
        yield
    finally:
        hooks.refusal = before
