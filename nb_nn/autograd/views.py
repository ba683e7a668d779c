"""Views and in-place writes: whose history a write changes, and how a view learns of it.

A view knows its base, the tensor that is not a view. A write through a view is a write to the base: the base's new
history is `CopySlices`, which hands the written part of a gradient to the operation and the rest through. Other views then find that
the storage's version is ahead of the one their own history is from, and take a new one: `AsStrided` of the base.
"""
from __future__ import annotations

from typing import Any

from ..core.storage import storage_of, storage_offset
from ..core.tensor_base import TensorBase
from .node import AccumulateGrad, Node


def geometry(tensor: Any) -> tuple:
    """Size, stride and offset of a tensor, in elements."""
    array = tensor._array
    return array.shape, tuple([s // array.itemsize for s in array.strides]), storage_offset(tensor)


def pairs(geometry: tuple) -> tuple:
    """The geometry of complex elements as that of their parts: a last dimension of 2, other steps and the offset twice as large."""
    size, stride, offset = geometry
    return (*size, 2), (*(2 * step for step in stride), 1), 2 * offset


def edge_of(tensor: Any) -> tuple | None:
    """Where a tensor's gradient goes, or None."""
    if tensor._base is not None:
        refresh(tensor)
    if tensor._node is not None:
        return tensor._node, tensor._output_number
    if not tensor._requires_grad:
        return None
    edge = tensor._leaf_edge
    if edge is None:
        edge = tensor._leaf_edge = AccumulateGrad(tensor), 0
    return edge


def fit_of(tensor: Any) -> tuple:
    """What a gradient for a tensor is fitted to: its size and type, and of a leaf itself, which its AccumulateGrad does not keep alive."""
    return tensor._array.shape, tensor._dtype, tensor if tensor._requires_grad and tensor._node is None else None


def set_history(tensor: Any, node: Any) -> None:
    """Make a tensor the first result of ``node``; if its gradient is to be kept, it is the one that arrives there."""
    if tensor._retains_grad and tensor._node is not None and tensor._node.keepers:
        keep = tensor._node.keepers.pop(tensor._output_number, None)
        if keep is not None:
            node.keepers = {0: keep}
    tensor._node, tensor._output_number, tensor._requires_grad = node, 0, True


UNRECORDED = ("A view was created in no_grad mode and {} modified inplace with grad mode enabled. Given that this use case is ambiguous "
              "and error-prone, it is forbidden: make the view while recording, or write in no_grad mode.")


def refresh(view: Any) -> None:
    """Give a view whose memory was written to the history of its base, if that has one."""
    base = view._base
    if base is None or view._view_version == view._storage.version:
        return
    if base._requires_grad and view._made_unrecorded:
        raise RuntimeError(UNRECORDED.format("its base or another view of its base has been"))
    view._view_version = view._storage.version
    edge = edge_of(base) if base._requires_grad else None
    if edge is not None or view._node is not None:          # without an edge: of a base detached since, whose elements are others now
        set_history(view, AsStrided(base, edge, view))


def count_write(out: Any) -> None:
    """A result was written to ``out``, or results to several: backward must not take them for what they were."""
    for one in (out,) if isinstance(out, TensorBase) else out:
        if isinstance(one, TensorBase):
            storage_of(one).version += 1


def check_writable(input: Any, wanted: bool = False) -> None:
    """Refuse an in-place write to a leaf that requires grad, or to a view of one or one made in no_grad, while recording."""
    if input._base is not None:
        if input._made_unrecorded and (input._base._requires_grad or wanted):
            raise RuntimeError(UNRECORDED.format("is being"))
        refresh(input)
    if input._requires_grad and input._node is None:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    if input._base is not None and input._base._node is None and (input._base._requires_grad or input._node is not None):
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def rebase(input: Any, node: Any, reads_input: bool, has_input: bool) -> None:
    """Make ``node`` the history of ``input`` after a write to it.

    ``reads_input``: the operation has a gradient for what it overwrites; ``has_input``: the first edge of ``node`` is for that.
    """
    base = input._base
    if base is None:
        set_history(input, node)
        return
    edge = edge_of(base)
    if edge is not None and reads_input and not has_input:
        raise RuntimeError(UNRECORDED.format("is being"))
    copy = CopySlices(base, edge, input, node, has_input)
    set_history(base, copy)
    input._view_version = input._storage.version
    set_history(input, AsStrided(base, (copy, 0), input))


class AsStrided(Node):
    """A view's history in terms of its base."""

    node_name = "AsStridedBackward0"

    def __init__(self, base: Any, edge: tuple | None, view: Any):
        super().__init__([edge], [fit_of(base)])
        self.geometry, self.base_geometry = geometry(view), geometry(base)
        self.is_complex = view._dtype.is_complex, base._dtype.is_complex

    def backward(self, grads: list) -> list:
        from ..ops.as_strided import as_strided_backward
        from ..ops.complex import view_as_complex, view_as_real

        own, of_base = self.is_complex
        if own and not of_base:
            return [as_strided_backward(view_as_real(grads[0]), self.base_geometry, *pairs(self.geometry))]
        if of_base and not own:
            return [view_as_complex(as_strided_backward(grads[0], pairs(self.base_geometry), *self.geometry))]
        return [as_strided_backward(grads[0], self.base_geometry, *self.geometry)]


class CopySlices(Node):
    """A base's history after a write through a view of it: ``written`` is the operation that wrote."""

    node_name = "CopySlices"

    def __init__(self, base: Any, edge: tuple | None, view: Any, written: Any, has_input: bool):
        self.skipped = skipped = int(has_input)         # the operation's edge to what it overwrote: the base's edge stands for it
        super().__init__([edge, *written.edges[skipped:]], [fit_of(base), *written.shapes[skipped:]])
        self.written = written
        self.geometry, self.base_geometry = geometry(view), geometry(base)
        self.is_complex = view._dtype.is_complex, base._dtype.is_complex

    def backward(self, grads: list) -> list:
        from ..ops.creation import empty_strided

        base_size, base_stride, base_offset = self.base_geometry
        grad = empty_strided(base_size, base_stride, dtype=grads[0].dtype, device=grads[0].device).copy_(grads[0])
        part = self.written_part(grad, base_offset)
        found = self.written.backward([part.clone()])
        if not self.skipped or found[0] is None:
            part.zero_()
        else:
            part.copy_(found[0])
        return [grad, *found[self.skipped:]]

    def written_part(self, grad: Any, base_offset: int) -> Any:
        """The view of a gradient of the base that corresponds to the view that was written to."""
        from ..ops.complex import view_as_complex, view_as_real

        own, of_base = self.is_complex
        size, stride, offset = self.geometry
        if of_base and not own:
            return view_as_real(grad).as_strided(size, stride, offset - 2 * base_offset)
        if own and not of_base:
            size, stride, offset = pairs(self.geometry)
            return view_as_complex(grad.as_strided(size, stride, offset - base_offset))
        return grad.as_strided(size, stride, offset - base_offset)

    def release(self) -> None:
        self.written.release()
