"""Kernels of CUDA compile for all generations of GPU, which needs neither a GPU nor a driver."""
import contextlib
import inspect
import re
import struct
from unittest import mock

import numpy as np
import pytest

from nb_nn.kernels import bits, cache, table
from nb_nn.kernels.compile import FORMULAS
from nb_nn.kernels.cuda import launch, loops, reduction

pytest.importorskip("numba_cuda", reason="numba-cuda is not installed")

from cuda_cases import CASES, LIBRARY_CASES  # noqa: E402

CAPABILITIES = [(7, 0), (7, 5), (8, 0), (8, 6), (9, 0), (10, 0), (12, 0)]
SIZES = {"b8": 1, "u8": 1, "u16": 2, "b32": 4, "u32": 4, "f32": 4, "b64": 8, "u64": 8, "f64": 8}


def supported():
    from numba.cuda.cudadrv import nvrtc

    return [capability for capability in CAPABILITIES if capability in nvrtc.get_supported_ccs()]


def launches():
    """A kernel and arguments for each that the cases launch."""
    made = {}

    def enqueue(kernel, grid, block, args):
        made.setdefault((kernel.name, launch.descriptions(args)), (kernel, tuple([getattr(arg, "host", arg) for arg in args])))

    with mock.patch.object(launch, "enqueue", enqueue):
        for case in CASES:
            case.kernel(*case.args)
    with contextlib.suppress(ImportError):              # the double of CuPy needs greenlet
        import cupy_double

        with cupy_double.playing() as cupy, mock.patch.object(launch, "enqueue", enqueue):
            for case in LIBRARY_CASES:
                case.kernel(*[cupy.asarray(arg) if isinstance(arg, np.ndarray) else arg for arg in case.args])
    return list(made.values())


@pytest.mark.parametrize("number, kernel, args", [(number, *one) for number, one in enumerate(launches())],
                         ids=lambda value: getattr(value, "name", ""))
def test_kernel_compiles_for_old_and_new_capabilities(number, kernel, args):
    """For the oldest, the newest, and one of those between, where kernels take turns: that is most of the time."""
    oldest, *between, newest = supported()
    code = launch.ptx(kernel, args, oldest)             # PTX of the oldest serves all but the newest
    for capability in (oldest, between[number % len(between)]):
        assert launch.linked(code, capability)[:4] == b"\x7fELF"
    assert launch.linked(launch.ptx(kernel, args, launch.written_for(newest)), newest)[:4] == b"\x7fELF"
    declared = [SIZES[kind] for kind in re.findall(r"\.param \.(\w+)", code.split(".entry")[1].split(")")[0])]
    layout, values = launch.packed(args, lambda array: array.ctypes.data)
    assert [struct.calcsize(each) for each in layout[1:]] == declared
    assert len(struct.pack(layout, *values)) == struct.calcsize(layout)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_formula_compiles(name):
    formula = FORMULAS[name]
    parameters = inspect.signature(formula).parameters
    inputs = min(4, len(parameters))
    errors = []
    kinds = ("FF", "Ff", "fF", "F?") if name.startswith("complex_") else ("ff", "HH", "qq", "??")
    for given, answer in kinds:                         # what a formula is for, it does not tell: some are for one dtype only
        array, made = np.empty(1, given), np.empty(1, answer)
        numbers = tuple(np.ones(len(parameters) - inputs, given))
        try:
            assert launch.ptx(loops.flat(formula, inputs), (array,) * inputs + (numbers, made), (9, 0))
            return
        except Exception as error:
            errors.append(error)
    raise errors[0]


def test_machine_code_is_kept_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "directory", lambda: tmp_path)
    kernel, args = reduction.reduce_rows("sum", "f").whole, (np.empty((2, 3), "f"), 1, 3, (), np.empty(2, "f"))
    entry, cubin = launch.compiled(kernel, args, (8, 0))
    assert [file.suffix for file in tmp_path.iterdir()] == [".nbc"]
    with monkeypatch.context() as patch:
        patch.setattr(launch, "ptx", None)              # nothing is compiled
        assert launch.compiled(kernel, args, (8, 0)) == (entry, cubin)
    next(tmp_path.iterdir()).write_bytes(b"")       # cut short: compiled anew
    assert launch.compiled(kernel, args, (8, 0))[1][:4] == cubin[:4]
    monkeypatch.setattr(cache, "directory", lambda: None)
    assert launch.compiled(kernel, args, (9, 0))[1] != cubin


def test_numbers_reach_a_formula_in_the_dtype_of_the_array(monkeypatch):
    made = []
    monkeypatch.setattr(launch, "enqueue", lambda kernel, grid, block, args: made.append(args))
    loops.flat("tested_line", 1)(np.ones(3, "f"), (1, 0.5), np.ones(3, "f"))
    assert [type(number) for number in made[0][1]] == [np.float32, np.float32]


def test_a_kernel_may_use_a_module_of_kernels():
    def loop(x, numbers, out):
        out[0] = bits.float32_to_bits(x[0]) + reduction.CHUNK

    assert launch.ptx(launch.Kernel(loop), (np.empty(1, "f"), (), np.empty(1, "q")), (8, 0))


def test_a_float32_map_stays_float32():
    code = launch.ptx(*flat_call("tested_line"), (8, 0))
    assert ".f64" not in code


def flat_call(name):
    array = np.empty(1, "f")
    return loops.flat(name, 1), (array, (np.float32(1), np.float32(2)), array)


def test_table_has_the_structured_kernels():
    assert "max_pool2d" in table.names("cuda")
