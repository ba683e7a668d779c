"""The Tensor: one binding line a method, grouped as in ops/."""
from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import copying, interop, printing, sharing
from . import storage as storages
from .autograd import engine, hooks, views
from .core import dtype as dtypes
from .core import storage, tensor_base
from .core.device import CPU
from .core.scalars import NUMBERS
from .core.size import Size
from .core.sparse_array import is_sparse
from .core.tensor_base import TensorBase, alias_of
from .ops import (
    activation,
    arithmetic,
    callback,
    choosing,
    comparison,
    complex,
    conversion,
    copies,
    counting,
    creation,
    diagonals,
    division,
    exponential,
    extremes,
    from_data,
    indexing,
    linalg,
    logic,
    masking,
    moments,
    pairs,
    piecewise,
    random,
    rearranging,
    reduction,
    reshaping,
    scan,
    shape_inplace,
    singles,
    slicing,
    sorting,
    special,
    special_functions,
    spectral,
    statistics,
    subscript,
    trigonometry,
    vector,
    view_copies,
)
from .ops import as_strided as as_strided_ops
from .ops import matmul as matmul_ops
from .ops import scatter as scatter_ops
from .ops import scatter_reduce as scatter_reduce_ops
from .ops import short_time as short_time_ops
from .ops import softmax as softmax_ops
from .ops import view as view_ops
from .ops.sparse import arithmetic as sparse_arithmetic  # noqa: F401  states what operations do with sparse tensors
from .ops.sparse import construction, parts, products
from .ops.sparse import shape as sparse_shape

OPERANDS = (TensorBase, *NUMBERS, np.ndarray)


class Tensor(TensorBase):
    """A multi-dimensional array of one type, on one device, that may remember how it was computed."""

    __array_priority__ = 1000           # NumPy's operators leave tensors to theirs

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return legacy_new(cls, args, **kwargs)

    # what it is
    dtype = property(lambda self: self._dtype, doc="Type of the elements.")
    device = property(lambda self: self._device, doc="Where the elements are.")
    shape = property(lambda self: Size(self._array.shape), doc="Sizes of the dimensions.")
    ndim = property(lambda self: self._array.ndim, doc="Number of dimensions.")
    layout = property(lambda self: sparse_coo if is_sparse(self) else strided, doc="How elements are stored.")
    is_cuda = property(lambda self: self._device.type == "cuda", doc="Whether the elements are on a CUDA device.")
    is_sparse = property(is_sparse, doc="Whether the tensor is sparse.")
    is_cpu = property(lambda self: self._device.type == "cpu", doc="Whether the elements are on the CPU.")
    is_meta = property(lambda self: False, doc="Whether the tensor has no elements: never.")
    is_mps = property(lambda self: False, doc="Whether the elements are on an MPS device: never.")
    is_xpu = property(lambda self: False, doc="Whether the elements are on an XPU device: never.")
    is_nested = property(lambda self: False, doc="Whether the tensor is nested: never.")
    is_quantized = property(lambda self: False, doc="Whether the tensor is quantized: never.")
    is_mkldnn = property(lambda self: False, doc="Whether the tensor is in oneDNN's layout: never.")
    itemsize = property(lambda self: self._dtype.itemsize, doc="Bytes an element.")
    nbytes = property(lambda self: self._array.size * self._dtype.itemsize, doc="Bytes of all elements.")
    names = property(lambda self: (None,) * self._array.ndim, doc="Names of the dimensions: none have one.")

    def size(self, dim: int | None = None) -> Any:
        """All sizes, or the size of one dimension."""
        shape = self._array.shape
        return Size(shape) if dim is None else shape[view_ops.wrap_dim(dim, len(shape))]

    def dim(self) -> int:
        """Number of dimensions."""
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """Number of elements."""
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes an element."""
        return self._dtype.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """Steps between elements along all dimensions, or along one, in elements."""
        steps = as_strided_ops.strides_of(self)
        return steps if dim is None else steps[view_ops.wrap_dim(dim, len(steps))]

    def storage_offset(self) -> int:
        """Place of the first element in the storage."""
        return storage.storage_offset(self)

    def data_ptr(self) -> int:
        """Address of the first element."""
        return creation.memory.pointer(self._array) if self._array.size else 0

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether elements lie in C order, or in that of ``memory_format``."""
        if memory_format is None:
            return not is_sparse(self) and bool(self._array.flags.c_contiguous)
        chosen = view_ops.formats.checked("is_contiguous", memory_format)
        return not is_sparse(self) and view_ops.formats.is_in_format(self._array, chosen)

    def is_floating_point(self) -> bool:
        """Whether the type is a floating type."""
        return self._dtype.is_floating_point

    real = property(complex.real, complex.set_real, doc="Real parts, a view; a real tensor itself.")
    imag = property(complex.imag, complex.set_imag, doc="Imaginary parts of a complex tensor, a view.")
    H = property(complex.hermitian, doc="A matrix transposed and conjugated.")
    mH = property(complex.adjoint, doc="The last two dimensions swapped, and conjugated.")

    def is_complex(self) -> bool:
        """Whether the type is complex."""
        return self._dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the type has a sign."""
        return self._dtype.is_signed

    def is_nonzero(self) -> bool:
        """Whether the only element is not zero."""
        return bool(self)

    def is_same_size(self, other: Tensor) -> bool:
        """Whether the sizes are the same."""
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
        """Index of the CUDA device, -1 on the CPU."""
        return -1 if self._device is CPU else self._device.index

    # autograd
    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._requires_grad or self._base is not None and self._base._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not value and not self.is_leaf:
            raise RuntimeError("you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
                               "subgraph that doesn't require differentiation use var_no_grad = var.detach().")
        if value and self._dtype.category < 2:
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        self._requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set whether operations on this tensor are recorded."""
        self.requires_grad = requires_grad
        return self

    @property
    def grad_fn(self) -> Any:
        """The node of the graph that computed this tensor, None for a leaf."""
        if self._base is not None:
            views.refresh(self)
        return self._node

    @property
    def is_leaf(self) -> bool:
        """Whether gradients stop here: not computed by a recorded operation."""
        return self.grad_fn is None

    @property
    def grad(self) -> Any:
        """The gradient that backward has added up, None before."""
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}")
            if value is self:
                raise RuntimeError("can't assign Tensor as its own grad")
            if value._array.shape != self._array.shape:
                raise RuntimeError(f"assigned grad has data of a different size: expected {list(self._array.shape)}, got "
                                   f"{list(value._array.shape)}")
            if value._dtype is not self._dtype or value._device != self._device:
                raise RuntimeError(f"assigned grad has data of a different type: expected {self.type()}, got {value.type()}")
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> Tensor:
        """The same elements without history; writing to them is not noticed by backward."""
        made = alias_of(self)
        made._storage = storage.Storage(self._storage.root, self._storage.resizable)
        return made

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self._array, self._dtype, self._storage = value._array, value._dtype, tensor_base.storage_of(value)
        self._device = value._device

    @property
    def _version(self) -> int:
        return tensor_base.storage_of(self).version

    @property
    def output_nr(self) -> int:
        """Which result of its node this tensor is."""
        return self._output_number

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called."""
        return self._retains_grad

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None) -> None:
        """Add to the ``grad`` of every leaf the gradient of this tensor; see `autograd.backward`."""
        engine.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def register_hook(self, hook: Any) -> hooks.Handle:
        """Call ``hook(grad)`` when the gradient of this tensor is computed; a tensor it returns replaces the gradient."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node = self.grad_fn
        if node is None:
            if self._hooks is None:
                self._hooks = {}
            return hooks.Handle(self._hooks, hook)
        if node.hooks is None:
            node.hooks = {}
        return hooks.Handle(node.hooks.setdefault(self._output_number, {}), hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> hooks.Handle:
        """Call ``hook(tensor)`` each time backward has added to the ``grad`` of this leaf."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        if self._after_hooks is None:
            self._after_hooks = {}
        return hooks.Handle(self._after_hooks, hook)

    def retain_grad(self) -> None:
        """Let backward keep the gradient of a tensor that is not a leaf in ``grad``, too."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self._retains_grad:
            return
        self._retains_grad = True
        kept = hooks.weakref.ref(self)

        def keep(grad: Tensor) -> None:
            if kept() is not None:
                held = kept()._grad
                kept()._grad = grad.detach().clone() if held is None else held + grad

        node = self.grad_fn
        if node.keepers is None:
            node.keepers = {}
        node.keepers[self._output_number] = keep

    def detach_(self) -> Tensor:
        """Make this tensor a leaf."""
        if self._base is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self._node, self._requires_grad, self._output_number = None, False, 0
        return self

    # operators
    def __add__(self, other: Any) -> Any:
        return arithmetic.plus(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return arithmetic.plus(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __sub__(self, other: Any) -> Any:
        return arithmetic.minus(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return arithmetic.minus(other, self) if isinstance(other, OPERANDS) else NotImplemented

    def __mul__(self, other: Any) -> Any:
        return arithmetic.mul(self, other) if isinstance(other, OPERANDS) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return division.true_divide(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        return division.true_divide(other, self) if isinstance(other, OPERANDS) else NotImplemented

    __div__, __rdiv__ = __truediv__, __rtruediv__

    def __floordiv__(self, other: Any) -> Any:
        return division.floor_divide(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rfloordiv__(self, other: Any) -> Any:
        return division.floor_divide(other, self) if isinstance(other, OPERANDS) else NotImplemented

    def __mod__(self, other: Any) -> Any:
        return division.remainder(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rmod__(self, other: Any) -> Any:
        return division.remainder(other, self) if isinstance(other, OPERANDS) else NotImplemented

    def __eq__(self, other: Any) -> Any:
        return comparison.eq(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return comparison.ne(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __lt__(self, other: Any) -> Any:
        return comparison.lt(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __le__(self, other: Any) -> Any:
        return comparison.le(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __gt__(self, other: Any) -> Any:
        return comparison.gt(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __ge__(self, other: Any) -> Any:
        return comparison.ge(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __and__(self, other: Any) -> Any:
        return logic.bitwise_and(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __or__(self, other: Any) -> Any:
        return logic.bitwise_or(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __xor__(self, other: Any) -> Any:
        return logic.bitwise_xor(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __lshift__(self, other: Any) -> Any:
        return logic.bitwise_left_shift(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rshift__(self, other: Any) -> Any:
        return logic.bitwise_right_shift(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rlshift__(self, other: Any) -> Any:
        return logic.bitwise_left_shift(other, self) if isinstance(other, OPERANDS) else NotImplemented

    def __rrshift__(self, other: Any) -> Any:
        return logic.bitwise_right_shift(other, self) if isinstance(other, OPERANDS) else NotImplemented

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__
    __iadd__, __isub__, __imul__ = arithmetic.plus_, arithmetic.minus_, arithmetic.mul_
    __itruediv__ = __idiv__ = division.true_divide_
    __ifloordiv__, __imod__ = division.floor_divide_, division.remainder_
    __iand__, __ior__, __ixor__ = logic.bitwise_and_, logic.bitwise_or_, logic.bitwise_xor_
    __ilshift__, __irshift__ = logic.bitwise_left_shift_, logic.bitwise_right_shift_
    __neg__, __abs__, __invert__ = arithmetic.neg, arithmetic.abs, logic.bitwise_not
    __hash__ = object.__hash__

    def __pos__(self) -> Tensor:
        return self

    def __matmul__(self, other: Any) -> Any:
        return matmul_ops.matmul(self, other) if isinstance(other, TensorBase) else NotImplemented

    def __rpow__(self, other: Any) -> Any:
        return exponential.pow(other, self)

    # Python
    def __bool__(self) -> bool:
        if self._array.size != 1:
            kind = "is ambiguous" if self._array.size else "with no values is ambiguous"
            many = "with more than one value " if self._array.size else ""
            raise RuntimeError(f"Boolean value of Tensor {many}{kind}")
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.real_item("int64_t"))

    def __float__(self) -> float:
        return float(self.real_item("double"))

    def real_item(self, name: str) -> Any:
        """The only element as a real number; RuntimeError if it is not one."""
        value = conversion.only(self)
        if self._dtype.category < 3:
            return value
        if value.imag:
            raise RuntimeError(f"value cannot be converted to type {name} without overflow")
        return value.real

    def __complex__(self) -> Any:
        return builtins.complex(conversion.only(self))

    def __index__(self) -> int:
        if self._dtype.category >= 2 or self._array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(slicing.unbind(self, 0))

    def __contains__(self, value: Any) -> bool:
        if not isinstance(value, (TensorBase, *NUMBERS)):
            raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(value)}.")
        return bool((self == value).any())

    def __repr__(self) -> str:
        return printing.tensor_str(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self._array.ndim == 0 else object.__format__(self, spec)

    def __dir__(self) -> list[str]:
        return sorted({*dir(type(self)), *self.__dict__})

    def __deepcopy__(self, memo: dict) -> Tensor:
        return copying.deepcopy(self, memo)

    def __reduce_ex__(self, protocol: int) -> Any:
        return copying.reduce(self)

    __array__, __array_wrap__ = conversion.array, interop.array_wrap
    __dlpack__, __dlpack_device__ = interop.dlpack, interop.dlpack_device
    __array_namespace__, to_device = interop.array_namespace, interop.to_device

    # creation
    new_tensor, new_empty, new_zeros = creation.new_tensor, creation.new_empty, creation.new_zeros
    new_ones, new_full, new = creation.new_ones, creation.new_full, creation.new
    fill_, zero_ = creation.fill_, creation.zero_

    # storage
    storage, untyped_storage, set_, is_set_to = sharing.storage, sharing.untyped_storage, shape_inplace.set_, shape_inplace.is_set_to
    share_memory_, is_shared = sharing.share_memory_, sharing.is_shared
    pin_memory, is_pinned = sharing.pin_memory, sharing.is_pinned
    apply_, map_, map2_ = callback.apply_, callback.map_, callback.map2_

    # conversion
    to, type, type_as, cpu, cuda = conversion.to, conversion.type_, conversion.type_as, conversion.cpu, conversion.cuda
    bool, byte, char, short, int, long = (conversion.bool_, conversion.byte, conversion.char, conversion.short, conversion.int_,
                                          conversion.long)
    half, bfloat16, float, double = conversion.half, conversion.bfloat16, conversion.float_, conversion.double
    numpy, item, tolist = conversion.numpy, conversion.item, conversion.tolist

    # arithmetic
    add, add_, sub, sub_, mul, mul_ = (arithmetic.add, arithmetic.add_, arithmetic.sub, arithmetic.sub_, arithmetic.mul,
                                       arithmetic.mul_)
    div, div_, true_divide, true_divide_ = division.div, division.div_, division.true_divide, division.true_divide_
    multiply, multiply_, subtract, subtract_, divide, divide_ = mul, mul_, sub, sub_, div, div_
    floor_divide, floor_divide_ = division.floor_divide, division.floor_divide_
    remainder, remainder_, fmod, fmod_ = division.remainder, division.remainder_, division.fmod, division.fmod_
    neg, neg_, abs, abs_, sign, sign_ = (arithmetic.neg, arithmetic.neg_, arithmetic.abs, arithmetic.abs_, arithmetic.sign,
                                         arithmetic.sign_)
    negative, negative_, absolute, absolute_ = neg, neg_, abs, abs_
    square, square_, reciprocal, reciprocal_ = (arithmetic.square, arithmetic.square_, arithmetic.reciprocal,
                                                arithmetic.reciprocal_)
    floor, floor_, ceil, ceil_ = arithmetic.floor, arithmetic.floor_, arithmetic.ceil, arithmetic.ceil_
    trunc, trunc_, frac, frac_ = arithmetic.trunc, arithmetic.trunc_, arithmetic.frac, arithmetic.frac_
    lerp, lerp_ = arithmetic.lerp, arithmetic.lerp_
    addcmul, addcmul_, addcdiv, addcdiv_ = arithmetic.addcmul, arithmetic.addcmul_, arithmetic.addcdiv, arithmetic.addcdiv_

    # complex
    conj, conj_physical, conj_physical_, adjoint = complex.conj, complex.conj_physical, complex.conj_physical_, complex.adjoint
    resolve_conj, resolve_neg, is_conj, is_neg = complex.resolve_conj, complex.resolve_neg, complex.is_conj, complex.is_neg
    angle, sgn, sgn_, isreal, cfloat, cdouble = (complex.angle, complex.sgn, complex.sgn_, complex.isreal, complex.cfloat,
                                                 complex.cdouble)

    # spectral
    fft, ifft, rfft, irfft = spectral.fft, spectral.ifft, spectral.rfft, spectral.irfft
    stft, istft = short_time_ops.stft, short_time_ops.istft

    # comparison
    eq, eq_, ne, ne_ = comparison.eq, comparison.eq_, comparison.ne, comparison.ne_
    lt, lt_, le, le_, gt, gt_, ge, ge_ = (comparison.lt, comparison.lt_, comparison.le, comparison.le_, comparison.gt,
                                          comparison.gt_, comparison.ge, comparison.ge_)
    isnan, isinf, isfinite, isclose = comparison.isnan, comparison.isinf, comparison.isfinite, comparison.isclose
    allclose, equal = comparison.allclose, comparison.equal
    logical_not, logical_not_ = logic.logical_not, logic.logical_not_
    logical_and, logical_and_, logical_or, logical_or_ = (logic.logical_and, logic.logical_and_, logic.logical_or,
                                                          logic.logical_or_)
    logical_xor, logical_xor_ = logic.logical_xor, logic.logical_xor_
    bitwise_not, bitwise_not_, bitwise_and, bitwise_and_ = (logic.bitwise_not, logic.bitwise_not_,
                                                            logic.bitwise_and, logic.bitwise_and_)
    bitwise_or, bitwise_or_, bitwise_xor, bitwise_xor_ = (logic.bitwise_or, logic.bitwise_or_, logic.bitwise_xor,
                                                          logic.bitwise_xor_)
    bitwise_left_shift, bitwise_left_shift_ = logic.bitwise_left_shift, logic.bitwise_left_shift_
    bitwise_right_shift, bitwise_right_shift_ = logic.bitwise_right_shift, logic.bitwise_right_shift_
    greater, greater_, greater_equal, greater_equal_, less, less_, less_equal, less_equal_ = gt, gt_, ge, ge_, lt, lt_, le, le_
    not_equal, not_equal_ = ne, ne_
    maximum, minimum, where = choosing.maximum, choosing.minimum, choosing.where_method
    clamp, clamp_, clip, clip_ = choosing.clamp, choosing.clamp_, choosing.clamp, choosing.clamp_
    clamp_min, clamp_min_, clamp_max, clamp_max_ = (choosing.clamp_min, choosing.clamp_min_, choosing.clamp_max,
                                                    choosing.clamp_max_)

    # exponential
    exp, exp_, exp2, exp2_, expm1, expm1_ = (exponential.exp, exponential.exp_, exponential.exp2, exponential.exp2_,
                                             exponential.expm1, exponential.expm1_)
    log, log_, log2, log2_, log10, log10_ = (exponential.log, exponential.log_, exponential.log2, exponential.log2_,
                                             exponential.log10, exponential.log10_)
    log1p, log1p_, logaddexp = exponential.log1p, exponential.log1p_, exponential.logaddexp
    sqrt, sqrt_, rsqrt, rsqrt_ = exponential.sqrt, exponential.sqrt_, exponential.rsqrt, exponential.rsqrt_
    pow, pow_, float_power = exponential.pow, exponential.pow_, exponential.float_power
    __pow__, __ipow__ = exponential.pow, exponential.pow_

    # trigonometry
    sin, sin_, cos, cos_, tan, tan_ = (trigonometry.sin, trigonometry.sin_, trigonometry.cos, trigonometry.cos_, trigonometry.tan,
                                       trigonometry.tan_)
    asin, asin_, acos, acos_, atan, atan_ = (trigonometry.asin, trigonometry.asin_, trigonometry.acos, trigonometry.acos_,
                                             trigonometry.atan, trigonometry.atan_)
    sinh, sinh_, cosh, cosh_, atan2, atan2_ = (trigonometry.sinh, trigonometry.sinh_, trigonometry.cosh, trigonometry.cosh_,
                                               trigonometry.atan2, trigonometry.atan2_)
    erf, erf_, erfc, erfc_, erfinv, erfinv_ = (trigonometry.erf, trigonometry.erf_, trigonometry.erfc, trigonometry.erfc_,
                                               trigonometry.erfinv, trigonometry.erfinv_)

    # pairs
    copysign, copysign_, hypot, hypot_, heaviside, heaviside_ = (pairs.copysign, pairs.copysign_, pairs.hypot, pairs.hypot_,
                                                                 pairs.heaviside, pairs.heaviside_)
    fmax, fmin, gcd, gcd_, lcm, lcm_ = pairs.fmax, pairs.fmin, pairs.gcd, pairs.gcd_, pairs.lcm, pairs.lcm_
    nextafter, nextafter_, xlogy, xlogy_ = pairs.nextafter, pairs.nextafter_, pairs.xlogy, pairs.xlogy_
    logaddexp2, ldexp, ldexp_, float_power_ = pairs.logaddexp2, pairs.ldexp, pairs.ldexp_, pairs.float_power_

    # singles
    asinh, asinh_, acosh, acosh_, atanh, atanh_ = (singles.asinh, singles.asinh_, singles.acosh, singles.acosh_, singles.atanh,
                                                   singles.atanh_)
    arcsinh, arcsinh_, arccosh, arccosh_, arctanh, arctanh_ = asinh, asinh_, acosh, acosh_, atanh, atanh_
    arcsin, arcsin_, arccos, arccos_, arctan, arctan_, arctan2, arctan2_ = asin, asin_, acos, acos_, atan, atan_, atan2, atan2_
    nan_to_num, nan_to_num_, signbit, isposinf, isneginf = (singles.nan_to_num, singles.nan_to_num_, singles.signbit, singles.isposinf,
                                                            singles.isneginf)
    positive, frexp, fix, fix_ = singles.positive, singles.frexp, trunc, trunc_
    deg2rad, deg2rad_, rad2deg, rad2deg_ = singles.deg2rad, singles.deg2rad_, singles.rad2deg, singles.rad2deg_
    sinc, sinc_, logit, logit_ = singles.sinc, singles.sinc_, singles.logit, singles.logit_

    # special functions
    i0, i0_, igamma, igamma_, igammac, igammac_ = (special_functions.i0, special_functions.i0_, special_functions.gammainc,
                                                   special_functions.gammainc_, special_functions.gammaincc,
                                                   special_functions.gammaincc_)

    # special
    round, round_, lgamma, lgamma_, digamma, digamma_ = (special.round, special.round_, special.lgamma, special.lgamma_,
                                                         special.digamma, special.digamma_)
    polygamma, polygamma_ = special.polygamma_method, special.polygamma_
    mvlgamma, mvlgamma_ = special.mvlgamma, special.mvlgamma_

    # activation
    relu, relu_, sigmoid, sigmoid_ = piecewise.relu, piecewise.relu_, activation.sigmoid, activation.sigmoid_
    tanh, tanh_, prelu, hardshrink = activation.tanh, activation.tanh_, piecewise.prelu, piecewise.hardshrink

    softmax, log_softmax = softmax_ops.softmax, softmax_ops.log_softmax

    # random
    uniform_, normal_, exponential_, bernoulli_ = random.uniform_, random.normal_, random.exponential_, random.bernoulli_
    random_, cauchy_, log_normal_, geometric_ = random.random_, random.cauchy_, random.log_normal_, random.geometric_
    bernoulli, multinomial = random.bernoulli, random.multinomial

    # matmul
    mm, bmm, mv, dot, vdot, ger, outer, matmul = (matmul_ops.mm, matmul_ops.bmm, matmul_ops.mv, matmul_ops.dot, matmul_ops.vdot,
                                                  matmul_ops.ger, matmul_ops.ger, matmul_ops.matmul)
    addmm, addmm_, addmv, addmv_, addr, addr_ = (matmul_ops.addmm, matmul_ops.addmm_, matmul_ops.addmv, matmul_ops.addmv_,
                                                 matmul_ops.addr, matmul_ops.addr_)
    addbmm, addbmm_, baddbmm, baddbmm_ = matmul_ops.addbmm, matmul_ops.addbmm_, matmul_ops.baddbmm, matmul_ops.baddbmm_

    # vector
    cross, trace, renorm, renorm_ = vector.cross, vector.trace, vector.renorm, vector.renorm_

    # view
    view, view_as, reshape, reshape_as = view_ops.view, view_ops.view_as, view_ops.reshape, view_ops.reshape_as
    flatten, unflatten, contiguous, as_strided = view_ops.flatten, view_ops.unflatten, view_ops.contiguous, as_strided_ops.as_strided
    transpose, t, permute, movedim = view_ops.transpose, view_ops.t, view_ops.permute, view_ops.movedim
    expand, expand_as, broadcast_to = view_ops.expand, view_ops.expand_as, view_ops.broadcast_to
    select, narrow, squeeze, unsqueeze = slicing.select, slicing.narrow, view_ops.squeeze, view_ops.unsqueeze
    diagonal, unfold, unbind = slicing.diagonal, slicing.unfold, slicing.unbind
    split, split_with_sizes, chunk = slicing.split, slicing.split_with_sizes, slicing.chunk
    detach, clone, copy_ = copies.detach, copies.clone, copies.copy_
    resize_, resize_as_ = copies.resize_, sparse_shape.resize_as_
    squeeze_, unsqueeze_, t_, transpose_ = (shape_inplace.squeeze_, shape_inplace.unsqueeze_, shape_inplace.t_,
                                            shape_inplace.transpose_)
    as_strided_ = shape_inplace.as_strided_
    T = property(lambda self: self.permute(tuple(range(self._array.ndim))[::-1]), doc="Dimensions in reverse order.")
    mT = property(lambda self: self.transpose(-2, -1), doc="The last two dimensions swapped.")

    # indexing
    __getitem__, __setitem__, __delitem__ = subscript.getitem, subscript.setitem, subscript.delitem
    index_put, index_put_ = subscript.index_put, subscript.index_put_
    index_select, take, gather, take_along_dim = indexing.index_select, indexing.take, scatter_ops.gather, scatter_ops.take_along_dim
    scatter, scatter_, scatter_add, scatter_add_ = (scatter_ops.scatter, scatter_ops.scatter_, scatter_ops.scatter_add,
                                                    scatter_ops.scatter_add_)
    index_add, index_add_, index_copy, index_copy_ = (indexing.index_add, indexing.index_add_, indexing.index_copy,
                                                      indexing.index_copy_)
    index_fill, index_fill_, put, put_ = indexing.index_fill, indexing.index_fill_, indexing.put, indexing.put_
    masked_fill, masked_fill_, masked_select = masking.masked_fill, masking.masked_fill_, masking.masked_select
    masked_scatter, masked_scatter_, nonzero = masking.masked_scatter, masking.masked_scatter_, masking.nonzero
    nonzero_static, as_strided_scatter = masking.nonzero_static, view_copies.as_strided_scatter

    scatter_reduce, scatter_reduce_ = scatter_reduce_ops.scatter_reduce, scatter_reduce_ops.scatter_reduce_
    index_reduce, index_reduce_ = scatter_reduce_ops.index_reduce, scatter_reduce_ops.index_reduce_

    # rearranging
    repeat, tile, repeat_interleave = rearranging.repeat, rearranging.tile, rearranging.repeat_interleave
    flip, fliplr, flipud, roll, rot90 = rearranging.flip, rearranging.fliplr, rearranging.flipud, rearranging.roll, rearranging.rot90

    # reshaping
    swapaxes, swapdims, swapaxes_, swapdims_ = view_ops.transpose, view_ops.transpose, reshaping.swapaxes_, reshaping.swapaxes_
    moveaxis, ravel, narrow_copy, new_empty_strided = view_ops.movedim, reshaping.ravel, reshaping.narrow_copy, reshaping.new_empty_strided
    tensor_split, hsplit, vsplit, dsplit = reshaping.tensor_split, reshaping.hsplit, reshaping.vsplit, reshaping.dsplit
    kron, inner, argwhere, fill_diagonal_ = reshaping.kron, reshaping.inner, reshaping.argwhere, reshaping.fill_diagonal_
    select_scatter, slice_scatter, diagonal_scatter = (reshaping.select_scatter, reshaping.slice_scatter,
                                                       reshaping.diagonal_scatter)
    unsafe_chunk, unsafe_split, unsafe_split_with_sizes = slicing.chunk, slicing.split, slicing.split_with_sizes

    # statistics
    nanmean, nanmedian, quantile, nanquantile = statistics.nanmean, statistics.nanmedian, statistics.quantile, statistics.nanquantile
    aminmax, cov, corrcoef, histogram = statistics.aminmax, statistics.cov, statistics.corrcoef, statistics.histogram

    # diagonals
    tril, tril_, triu, triu_ = diagonals.tril, diagonals.tril_, diagonals.triu, diagonals.triu_
    diag, diag_embed, diagflat = diagonals.diag, diagonals.diag_embed, diagonals.diagflat

    # sorting
    sort, argsort, msort, topk, kthvalue = sorting.sort, sorting.argsort, sorting.msort, sorting.topk, sorting.kthvalue
    median, mode, unique, unique_consecutive = sorting.median, sorting.mode, counting.unique, counting.unique_consecutive
    bincount, histc = counting.bincount, counting.histc

    # linalg
    cholesky, cholesky_solve, cholesky_inverse = linalg.cholesky, linalg.cholesky_solve, linalg.cholesky_inverse
    inverse, pinverse, det, logdet, slogdet = linalg.inverse, linalg.pinverse, linalg.det, linalg.logdet, linalg.slogdet
    lu, lu_solve, solve, triangular_solve = linalg.lu, linalg.lu_solve, linalg.solve, linalg.triangular_solve
    qr, geqrf, orgqr, ormqr = linalg.qr, linalg.geqrf, linalg.orgqr, linalg.ormqr
    svd, symeig, eig, lstsq = linalg.svd, linalg.symeig, linalg.eig, linalg.lstsq
    matrix_power, matrix_exp = linalg.matrix_power, linalg.matrix_exp
    gesv, gels, trtrs, potrf, potri, potrs, pstrf = (linalg.gesv, linalg.gels, linalg.trtrs, linalg.potrf, linalg.potri, linalg.potrs,
                                                     linalg.pstrf)
    btrifact, btrifact_with_info, btrisolve = linalg.btrifact, linalg.btrifact_with_info, linalg.btrisolve

    # scan
    cumsum, cumsum_, cumprod, cumprod_ = scan.cumsum, scan.cumsum_, scan.cumprod, scan.cumprod_
    cummax, cummin, diff, logcumsumexp = scan.cummax, scan.cummin, scan.diff, scan.logcumsumexp

    # sparse
    to_dense, to_sparse, sparse_mask, to_scipy = (construction.to_dense, construction.to_sparse, construction.sparse_mask,
                                                  construction.to_scipy)
    coalesce, is_coalesced, _coalesced_ = parts.coalesce, construction.is_coalesced, construction.set_coalesced_
    indices, values, _indices, _values = (construction.indices, construction.values, construction.raw_indices,
                                          construction.raw_values)
    sparse_dim, dense_dim, _nnz = construction.sparse_dim, construction.dense_dim, construction.nnz
    sparse_resize_, sparse_resize_and_clear_ = construction.sparse_resize_, construction.sparse_resize_and_clear_
    narrow_copy, smm, sspaddmm = sparse_shape.narrow_copy, products.smm, products.sspaddmm
    hspmm, spmm, sspmm, spadd = products.hspmm, products.spmm, products.smm, products.spadd
    toDense, resizeAs_, to_sparse_coo = to_dense, resize_as_, to_sparse

    # reduction
    sum, mean, prod, nansum, sum_to_size = (reduction.sum, reduction.mean, reduction.prod, reduction.nansum,
                                            reduction.sum_to_size)
    all, any, count_nonzero = reduction.all, reduction.any, reduction.count_nonzero
    amax, amin, max, min, argmax, argmin = (extremes.amax, extremes.amin, extremes.max, extremes.min, extremes.argmax,
                                            extremes.argmin)
    var, std, logsumexp, norm, dist = moments.var, moments.std, moments.logsumexp, moments.norm, moments.dist


class layout:
    """How a tensor's elements are stored, or in which order."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class memory_format(layout):
    """In which order a tensor's elements lie."""


strided, sparse_coo = layout("strided"), layout("sparse_coo")
contiguous_format, preserve_format, channels_last, channels_last_3d = map(
    memory_format, ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d"))


def legacy_new(cls: type, args: tuple, device: Any = None, dtype: Any = None) -> Tensor:
    """``Tensor(2, 3)`` is uninitialised of that size, ``Tensor([1, 2])`` holds these numbers, in the default type."""
    kind = dtype or dtypes.get_default_dtype()
    if len(args) == 1 and not isinstance(args[0], int):
        (data,) = args
        if isinstance(data, Size):
            made = creation.empty(data, dtype=kind, device=device)
        elif isinstance(data, TensorBase):
            if data._dtype is not kind:
                raise TypeError(f"expected {kind.tensor_name} (got {data._dtype.tensor_name})")
            made = alias_of(data)
        elif isinstance(data, storages.Storage):
            made = creation.empty(0, dtype=kind).set_(data)
        else:
            made = from_data.tensor(data, dtype=kind, device=device)
    else:
        made = creation.empty(*(args or (0,)), dtype=kind, device=device)
    made.__class__ = cls
    return made


tensor_base.tensor_class = Tensor
