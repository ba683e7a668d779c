"""``kernels/cuda`` has the names and parameters of ``kernels/cpu``; what it lacks is listed."""
import importlib
import importlib.util
import inspect
from pathlib import Path

import pytest

from nb_nn.kernels import cuda, table

OWN = {"__init__", "block", "launch", "rebind"}                  # files that are about the device itself
FILES = sorted(path.stem for path in Path(cuda.__file__).parent.glob("*.py") if path.stem not in OWN)


def module(device, file):
    return importlib.import_module(f"nb_nn.kernels.{device}.{file}")


def factories(device, file):
    """Functions that make a loop for a formula: those that remember what they made."""
    return {name: made for name, made in vars(module(device, file)).items()
            if hasattr(made, "cache_parameters") and made.__module__ == module(device, file).__name__}


def parameters(function):
    return list(inspect.signature(function).parameters)


def home(device, name):
    return body(device, name).__module__.rpartition(".")[2]


def body(device, name):
    """The function of a kernel, which itself may be one, of several launches."""
    kernel = table.find(device, name)
    return getattr(kernel, "function", kernel)


@pytest.mark.parametrize("file", FILES)
def test_file_has_a_twin_whose_factories_take_the_same(file):
    for name, made in factories("cuda", file).items():
        assert name in factories("cpu", file), f"cpu/{file}.py has no {name}"
        assert parameters(made) == parameters(factories("cpu", file)[name])


@pytest.mark.parametrize("name", sorted(table.names("cuda")))
def test_kernel_has_a_twin_with_the_same_parameters_in_the_same_file(name):
    assert parameters(body("cuda", name)) == parameters(body("cpu", name))
    assert home("cuda", name) == home("cpu", name)


@pytest.mark.parametrize("name", sorted(factories("cuda", "loops")))
@pytest.mark.parametrize("inputs", [1, 2, 3, 4])
def test_maps_take_the_same_arguments(name, inputs):
    loops = [module(device, "loops") for device in ("cpu", "cuda")]
    ours, twin = (getattr(each, name)("float16_to_float32", inputs) for each in loops)
    assert parameters(twin.function) == parameters(ours.function)


@pytest.mark.parametrize("name", ["reduce_rows", "reduce_columns"])
def test_reductions_take_the_same_arguments(name):
    ours, twin = (getattr(module(device, "reduction"), name)("sum", "f") for device in ("cuda", "cpu"))
    assert parameters(ours)[:3] == parameters(twin.function) == ["x", "numbers", "out"]


def test_what_cuda_lacks_is_told_in_the_docs():
    spec = importlib.util.spec_from_file_location("generate_gpu", Path(__file__).parents[2] / "docs" / "generate_gpu.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text() == script.page(), "run python docs/generate_gpu.py"
    for names in script.MEANS.values():
        assert names <= (table.names("cpu") | script.factories("cpu", "sorting")) - table.names("cuda") - script.factories("cuda", "sorting")
    with pytest.raises(RuntimeError, match="devices that have one: cpu"):
        table.find("cuda", "pivoted_cholesky")
