"""How a tensor is written out: ``repr``, ``str`` and ``set_printoptions``.

The work is done on NumPy arrays (``format_array``); ``tensor_str`` adds what an array does not know: dtype, device and
history. One ``Style`` is chosen for all elements of a tensor, from the elements that are shown, so that columns align.
"""
from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, replace

import numpy as np

from .core.dtype import dtype, get_default_dtype
from .core.sparse_array import is_sparse

__all__ = ["format_array", "get_printoptions", "printoptions", "set_printoptions", "tensor_str"]


@dataclass(frozen=True)
class Options:
    """What ``set_printoptions`` sets; ``sci_mode`` None lets the values decide."""
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}
_options = Options()


def set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None) -> None:
    """Choose how tensors are printed; what is not given stays as it is, except ``sci_mode``, which returns to automatic.

    Args:
        precision: digits after the point (default 4).
        threshold: tensors of more elements are summarized (default 1000).
        edgeitems: elements shown at each end of a summarized dimension (default 3).
        linewidth: characters a line (default 80).
        profile: "default", "short" or "full": a starting point for all of the above.
        sci_mode: True for scientific notation, False for never, None to let the values decide.

    >>> torch.set_printoptions(precision=2)
    >>> tensor([1.23456])
    tensor([1.23])
    >>> torch.set_printoptions(profile="default")
    """
    global _options
    if profile is not None and profile.lower() not in PROFILES:
        raise ValueError(f"set_printoptions: unknown profile {profile!r}; there are {', '.join(PROFILES)}")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    start = _options if profile is None else PROFILES[profile.lower()]
    _options = replace(start, sci_mode=sci_mode, **{name: value for name, value in given.items() if value is not None})


def get_printoptions() -> dict:
    """The present options, as keyword arguments for ``set_printoptions``."""
    return dict(vars(_options))


@contextlib.contextmanager
def printoptions(**options):
    """``set_printoptions`` for the length of a ``with`` block."""
    global _options
    before = _options
    try:
        set_printoptions(**options)
        yield
    finally:
        _options = before


# ---- one element -------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Style:
    """How all the elements of one real array are written: ``spec`` is a format specification, ``width`` the widest."""
    spec: str
    width: int
    whole: bool = False          # floats that are all whole numbers: "3." rather than "3.0000"

    def write(self, value) -> str:
        text = format(value, self.spec) if self.spec else str(value)
        if self.whole and math.isfinite(value):
            text += "."
        return text.rjust(self.width)


def style_of(values: np.ndarray, options: Options) -> Style:
    """The style for the values shown: whole, fixed or scientific, and the width of the widest."""
    if values.dtype.kind != "f":
        return Style("", max(map(len, map(str, values.ravel().tolist())), default=1))
    shown = values[np.isfinite(values) & (values != 0)].astype(np.float64)
    if not shown.size:
        return Style(".0f", 1, whole=True)
    whole = bool((shown == np.ceil(shown)).all())
    scientific = wants_exponent(shown, whole) if options.sci_mode is None else options.sci_mode
    kind = f".{options.precision}e" if scientific else ".0f" if whole else f".{options.precision}f"
    style = Style(kind, 1, whole=whole and not scientific)
    return replace(style, width=max(map(len, map(style.write, shown.tolist()))))


def wants_exponent(values: np.ndarray, whole: bool) -> bool:
    """Whether finite non-zero values are easier to read in scientific notation."""
    size = np.abs(values)
    low, high = size.min(), size.max()
    return bool(high / low > 1000 or high > 1e8 or (not whole and low < 1e-4))


# ---- the array ---------------------------------------------------------------------------------------------------------

def format_array(array: np.ndarray, indent: int = 0, options: Options | None = None) -> str:
    """The elements of a real or complex array in nested brackets; lines after the first start at ``indent`` + depth.

    >>> print(format_array(np.array([[1.0, 2.5], [float("nan"), 100.0]])))
    [[  1.0000,   2.5000],
     [     nan, 100.0000]]
    """
    options = options or _options
    if not array.size:
        return "[]"
    edge = options.edgeitems if array.size > options.threshold else None
    shown = array if edge is None else edges(array, edge)
    if array.dtype.kind == "c":
        real, imag = style_of(shown.real, options), style_of(shown.imag, options)
        width = real.width + imag.width + 1
        write = lambda value: write_complex(value, real, imag)
    else:
        style = style_of(shown, options)
        width, write = style.width, style.write
    return nested(array, indent, max(1, width + 2), write, edge, options.linewidth)


def write_complex(value: complex, real: Style, imag: Style) -> str:
    tail = imag.write(value.imag).lstrip() + "j"
    return real.write(value.real) + (tail if tail[0] in "+-" else "+" + tail)


def edges(array: np.ndarray, edge: int) -> np.ndarray:
    """What a summary shows: the first and the last ``edge`` indices of each dimension longer than both."""
    for dim, length in enumerate(array.shape):
        if length > 2 * edge:
            array = np.take(array, [*range(edge), *range(length - edge, length)], axis=dim)
    return array


def nested(array: np.ndarray, indent: int, column: int, write, edge: int | None, linewidth: int) -> str:
    """``array`` in brackets, ``column`` characters an element with its comma, summarized unless ``edge`` is None."""
    if array.ndim == 0:
        return write(array.item())
    cut = edge is not None and len(array) > 2 * edge
    if array.ndim == 1:
        ends = [array[:edge], array[len(array) - edge:]] if cut else [array]
        runs = [[write(value) for value in end.tolist()] for end in ends]
        words = [*runs[0], " ..." if edge else "...", *runs[1]] if cut else runs[0]
        per_line = max(1, (linewidth - indent) // column)
        lines = [", ".join(words[i:i + per_line]) for i in range(0, len(words), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    ends = [array[:edge], array[len(array) - edge:]] if cut else [array]
    runs = [[nested(part, indent + 1, column, write, edge, linewidth) for part in end] for end in ends]
    parts = [*runs[0], "...", *runs[1]] if cut else runs[0]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


# ---- the tensor --------------------------------------------------------------------------------------------------------

def tensor_str(tensor) -> str:
    """The ``repr`` of a tensor: its elements, then whatever differs from the defaults, then its history.

    >>> import nb_nn
    >>> print(tensor_str(nb_nn.tensor([[1, 2], [3, 4]], dtype=nb_nn.int32)))
    tensor([[1, 2],
            [3, 4]], dtype=torch.int32)
    """
    if is_sparse(tensor):
        return sparse_str(tensor)
    return elements_str("tensor(", tensor)


def array_str(tensor) -> str:
    """The ``repr`` of an array of the array-API standard, which tells its type always.

    >>> import nb_nn
    >>> print(array_str(nb_nn.tensor([1, 2])))
    Array([1, 2], dtype=int64)
    """
    return sparse_str(tensor) if is_sparse(tensor) else elements_str("Array(", tensor, tensor.dtype.name)


def elements_str(start: str, tensor, kind: str = "") -> str:
    """Elements behind ``start``, then notes: the type, by a name or if it is not usual, and what differs from the defaults."""
    array = to_array(tensor)
    notes = []
    if tensor.device.type != "cpu":
        notes.append(f"device='{tensor.device}'")
    if (array.ndim != 1 if not array.size else not _options.edgeitems):     # the elements do not show it
        notes.append(f"size={tuple(array.shape)}")
    if kind or not is_usual(tensor.dtype, empty=not array.size):
        notes.append(f"dtype={kind or tensor.dtype}")
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    return with_notes(start + format_array(array, len(start)), len(start), notes) + ")"


def sparse_str(tensor) -> str:
    """The ``repr`` of a sparse tensor: indices and values as tensors, then size, nnz and what differs from the defaults."""
    indent = len("tensor(")
    lines = []
    for name, part in ("indices", tensor._array.indices), ("values", tensor._array.values):
        array, prefix = to_array(part), f"{name}=tensor("
        text = prefix + format_array(array, indent + len(prefix))
        lines.append(text + (")" if array.size else f", size={tuple(array.shape)})"))
    notes = [] if tensor.device.type == "cpu" else [f"device='{tensor.device}'"]
    notes += [f"size={tuple(tensor.shape)}", f"nnz={tensor._nnz()}"]
    if not is_usual(tensor.dtype, empty=False):
        notes.append(f"dtype={tensor.dtype}")
    notes.append("layout=torch.sparse_coo")
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    start = ",\n" + " " * indent
    return "tensor(" + start.join(lines) + start + with_notes(" " * indent + notes[0], indent, notes[1:]).lstrip() + ")"


def is_usual(kind: dtype, empty: bool) -> bool:
    """Whether the elements themselves tell their dtype: it is a default one, and there are elements to tell it."""
    default = get_default_dtype()
    if kind is default or empty:
        return kind is default
    return kind.name in ("int64", "bool", {"float32": "complex64", "float64": "complex128"}.get(default.name))


def with_notes(text: str, indent: int, notes: list[str]) -> str:
    """``text`` followed by its notes, each on the same line while it fits."""
    used = len(text) - text.rfind("\n") + 1
    for note in notes:
        if used + len(note) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + note
            used = indent + len(note)
        else:
            text += ", " + note
            used += len(note) + 2
    return text


def to_array(tensor) -> np.ndarray:
    """The tensor's values in main memory; the half types become float32, which holds them exactly.

    The array is taken directly, so that printing in the middle of a traced function leaves no trace.
    """
    array = tensor._array
    array = array if isinstance(array, np.ndarray) else array.get()
    if tensor.dtype.name == "bfloat16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32) if array.dtype == np.float16 else array
