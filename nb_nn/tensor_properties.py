"""What a tensor says of itself: its type, sizes, strides and place."""
from __future__ import annotations

from typing import Any

from .core import memory, storage
from .core.device import CPU
from .core.size import Size
from .core.sparse_array import is_sparse
from .core.tensor_base import TensorBase
from .ops import as_strided as as_strided_ops
from .ops import complex
from .ops import view as view_ops

Tensor = TensorBase


class Properties(TensorBase):
    """What a tensor says of itself."""

    dtype = property(lambda self: self._dtype, doc="Type of the elements.")
    device = property(lambda self: self._device, doc="Where the elements are.")
    shape = property(lambda self: Size(self._array.shape), doc="Sizes of the dimensions.")
    ndim = property(lambda self: self._array.ndim, doc="Number of dimensions.")
    is_cuda = property(lambda self: self._device.type == "cuda", doc="Whether the elements are on a CUDA device.")
    is_sparse = property(is_sparse, doc="Whether the tensor is sparse.")
    is_cpu = property(lambda self: self._device.type == "cpu", doc="Whether the elements are on the CPU.")
    is_meta = property(lambda self: False, doc="Whether the tensor has no elements: never.")
    is_mps = property(lambda self: False, doc="Whether the elements are on an MPS device: never.")
    is_xpu = property(lambda self: False, doc="Whether the elements are on an XPU device: never.")
    is_nested = property(lambda self: False, doc="Whether the tensor is nested: never.")
    is_quantized = property(lambda self: False, doc="Whether the tensor is quantized: never.")
    is_mkldnn = property(lambda self: False, doc="Whether the tensor is in oneDNN's layout: never.")
    is_xla = property(lambda self: False, doc="Whether the elements are on an XLA device: never.")
    is_ipu = property(lambda self: False, doc="Whether the elements are on an IPU: never.")
    is_maia = property(lambda self: False, doc="Whether the elements are on a MAIA device: never.")
    is_mtia = property(lambda self: False, doc="Whether the elements are on an MTIA device: never.")
    is_vulkan = property(lambda self: False, doc="Whether the elements are on a Vulkan device: never.")
    is_sparse_csr = property(lambda self: False, doc="Whether the tensor is sparse by compressed rows: never.")
    itemsize = property(lambda self: self._dtype.itemsize, doc="Bytes an element.")
    nbytes = property(lambda self: self._array.size * self._dtype.itemsize, doc="Bytes of all elements.")
    names = property(lambda self: (None,) * self._array.ndim, doc="Names of the dimensions: none have one.")

    def size(self, dim: int | None = None) -> Any:
        """All sizes, or the size of one dimension.

        >>> torch.ones(2, 3).size(), torch.ones(2, 3).size(-1)
        (torch.Size([2, 3]), 3)
        """
        shape = self._array.shape
        return Size(shape) if dim is None else shape[view_ops.wrap_dim(dim, len(shape))]

    def dim(self) -> int:
        """Number of dimensions.

        >>> torch.ones(2, 3).dim()
        2
        """
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """Number of elements.

        >>> torch.ones(2, 3).numel()
        6
        """
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes an element.

        >>> torch.ones(2, dtype=torch.int16).element_size()
        2
        """
        return self._dtype.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """Steps between elements along all dimensions, or along one, in elements.

        >>> torch.ones(2, 3).t().stride(), torch.ones(2, 3).stride(0)
        ((1, 3), 3)
        """
        steps = as_strided_ops.strides_of(self)
        return steps if dim is None else steps[view_ops.wrap_dim(dim, len(steps))]

    def storage_offset(self) -> int:
        """Place of the first element in the storage.

        >>> tensor([1, 2, 3])[1:].storage_offset()
        1
        """
        return storage.storage_offset(self)

    def data_ptr(self) -> int:
        """Address of the first element.

        >>> x = tensor([1.0, 2.0])
        >>> x[1:].data_ptr() - x.data_ptr()
        4
        """
        return memory.pointer(self._array) if self._array.size else 0

    const_data_ptr = data_ptr

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether elements lie in C order, or in that of ``memory_format``.

        >>> torch.ones(2, 3).is_contiguous(), torch.ones(2, 3).t().is_contiguous()
        (True, False)
        """
        if memory_format is None:
            return not is_sparse(self) and bool(self._array.flags.c_contiguous)
        chosen = view_ops.formats.checked("is_contiguous", memory_format)
        return not is_sparse(self) and view_ops.formats.is_in_format(self._array, chosen)

    def is_floating_point(self) -> bool:
        """Whether the type is a floating type.

        >>> tensor([1.5]).is_floating_point(), tensor([1]).is_floating_point()
        (True, False)
        """
        return self._dtype.is_floating_point

    real = property(complex.real, complex.set_real, doc="Real parts, a view; a real tensor itself.")
    imag = property(complex.imag, complex.set_imag, doc="Imaginary parts of a complex tensor, a view.")
    H = property(complex.hermitian, doc="A matrix transposed and conjugated.")
    mH = property(complex.adjoint, doc="The last two dimensions swapped, and conjugated.")

    def is_complex(self) -> bool:
        """Whether the type is complex.

        >>> tensor([1j]).is_complex()
        True
        """
        return self._dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the type has a sign.

        >>> tensor([1]).is_signed(), tensor([1], dtype=torch.uint8).is_signed()
        (True, False)
        """
        return self._dtype.is_signed

    def is_nonzero(self) -> bool:
        """Whether the only element is not zero.

        >>> tensor([0.0]).is_nonzero(), tensor([[2]]).is_nonzero()
        (False, True)
        """
        return bool(self)

    def is_same_size(self, other: Tensor) -> bool:
        """Whether the sizes are the same.

        >>> torch.ones(2).is_same_size(torch.ones(2, 1))
        False
        """
        return self._array.shape == other._array.shape

    def is_distributed(self) -> bool:
        """Whether the tensor is spread over processes: never."""
        return False

    def is_inference(self) -> bool:
        """Whether the tensor was made in `inference_mode` and can never be recorded: such tensors are like others here."""
        return False

    def dim_order(self) -> tuple[int, ...]:
        """The dimensions, from the one whose elements lie farthest apart."""
        return tuple(sorted(range(self._array.ndim), key=lambda d: -self._array.strides[d]))

    def get_device(self) -> int:
        """Index of the CUDA device, -1 on the CPU.

        >>> torch.ones(2).get_device()
        -1
        """
        return -1 if self._device is CPU else self._device.index
