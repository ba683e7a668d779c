"""Versions, devices, backends and settings that programs ask for."""
import importlib

import pytest

import nb_nn as torch
from nb_nn import serialization_options


def test_versions_compare_by_number():
    version = torch.torch_version.TorchVersion("1.10.2a0+git")
    assert version > "1.9" and version >= (1, 10) and version < "1.11" and version <= (1, 10, 2) and version == "1.10.2" and version != (1, 9)
    assert isinstance(torch.__version__, str) and torch.__version__ >= (1, 1) and version != "main"
    assert torch.__version__.split("+")[0].split(".") == ["1", "1", "0"]
    with pytest.raises(ValueError, match="no version"):
        version < "main"  # noqa: B015


@pytest.mark.parametrize("name", ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"])
def test_backends_are_modules_and_answer(name):
    module = importlib.import_module(f"nb_nn.backends.{name}")
    assert module is getattr(torch.backends, name)
    if name in ("mkl", "mkldnn", "mps", "cudnn"):
        assert not module.is_available()


def test_flags_of_cudnn_may_be_set():
    torch.backends.cudnn.benchmark = True
    with torch.backends.cudnn.flags(enabled=True, benchmark=False):
        assert torch.backends.cudnn.enabled and not torch.backends.cudnn.benchmark
    assert torch.backends.cudnn.benchmark and not torch.backends.cudnn.enabled and torch.backends.cudnn.version() is None
    torch.backends.cudnn.benchmark = False
    with pytest.raises(TypeError, match="speed"):
        torch.backends.cudnn.set_flags(speed=1)


def test_settings_are_kept():
    torch.use_deterministic_algorithms(True, warn_only=True)
    assert torch.get_deterministic_debug_mode() == 1 and torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_deterministic_debug_mode(0)
    assert not torch.are_deterministic_algorithms_enabled()
    torch.set_float32_matmul_precision("high")
    assert torch.get_float32_matmul_precision() == "high"
    torch.set_float32_matmul_precision("highest")
    for call in (lambda: torch.set_float32_matmul_precision("low"), lambda: torch.set_deterministic_debug_mode(5),
                 lambda: torch.set_num_interop_threads(0)):
        with pytest.raises(RuntimeError):
            call()


def test_the_default_device():
    torch.set_default_device("cpu")
    assert torch.get_default_device() == torch.device("cpu") and torch.zeros(1).is_cpu
    torch.set_default_device(None)
    if not torch.cuda.is_available():
        assert not torch.accelerator.is_available() and torch.accelerator.current_accelerator() is None
        with pytest.raises(RuntimeError, match="CUDA"):
            torch.set_default_device("cuda")


def test_asarray():
    x = torch.ones(2)
    assert torch.asarray(x) is x and torch.asarray(x, copy=True) is not x and torch.asarray([1, 2]).dtype is torch.int64
    assert torch.asarray(x, requires_grad=True).requires_grad and not x.requires_grad
    with pytest.raises(ValueError, match="copied"):
        torch.asarray([1], copy=False)


def test_safe_globals_and_packages():
    import io
    import pickle

    file = io.BytesIO()
    torch.save({"range": Point(1, 2)}, file)
    with pytest.raises(pickle.UnpicklingError, match="Point"):
        torch.load(file)
    with torch.serialization.safe_globals([Point]):
        file.seek(0)
        assert torch.load(file)["range"].__dict__ == {"x": 1, "y": 2}
    assert torch.serialization.get_safe_globals() == []
    before = list(serialization_options._packages)
    torch.serialization.register_package(5, lambda storage: "elsewhere" if storage.size() == 3 else None,
                                         lambda storage, location: storage.fill_(7) if location == "elsewhere" else None)
    try:
        file = io.BytesIO()
        torch.save([torch.zeros(3), torch.zeros(2)], file)
        assert [one.tolist() for one in torch.load(file)] == [[7, 7, 7], [0, 0]]
    finally:
        serialization_options._packages[:] = before


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y
