"""What has been built of the documented API stays, and may be called as documented."""
import re

import pytest
from api.signatures import differences, documented, find, inventory, listed

import nb_nn
from nb_nn.core.op import DECLARED

ROWS, LISTED = inventory(), listed()


def test_the_list_names_documented_things():
    assert LISTED.keys() <= ROWS.keys() and len(LISTED) > 900


@pytest.mark.parametrize("name", LISTED)
def test_a_name_that_was_there_is_there(name):
    found = find(name)
    if ROWS[name]["kind"] in ("function", "method", "class"):
        assert callable(found)


@pytest.mark.parametrize("name", LISTED)
def test_it_may_be_called_as_documented(name):
    assert ", ".join(differences(name, ROWS[name])) == LISTED[name]


@pytest.mark.parametrize("name", [
    name for name in LISTED if ROWS[name]["kind"] == "attribute" and re.match(r"torch\.nn\.\w+\.(weight|bias)", name)])
def test_a_learnable_parameter_is_learnable(name):
    parameter = find(name)
    assert isinstance(parameter, nb_nn.nn.Parameter) and parameter.requires_grad


def test_signatures_are_read_as_they_are_meant():
    assert documented("torch.full(size, fill_value, out=None, layout=torch.strided, init=(1, 2)) -> Tensor") == [
        ("size", None), ("fill_value", None), ("out", "None"), ("layout", "torch.strided"), ("init", "(1, 2)")]
    assert documented("torch.rrelu(self : Tensor, lower : number=0.125) -> Tensor") == [("self", None), ("lower", "0.125")]
    assert documented("a + b") is None and documented("torch.min(x) -> Tensor / torch.min(x, y)") is None


def test_a_difference_is_seen():
    row = {"kind": "function", "signature": "torch.exp(input, base, out=None) -> Tensor"}
    assert differences("torch.exp", row) == ["no parameter base"]
    row = {"kind": "function", "signature": "torch.cumsum(input) -> Tensor"}
    assert differences("torch.cumsum", row) == ["dim is required"]


def test_functions_and_methods_are_one():
    """A method bound to an operation is that operation, so that their meanings cannot drift apart."""
    for name, declaration in DECLARED.items():
        function, method = getattr(nb_nn, name, None), getattr(nb_nn.Tensor, name, None)
        if getattr(function, "declaration", None) is declaration and hasattr(method, "declaration"):
            assert method is function


def test_every_public_function_is_documented():
    for name, value in vars(nb_nn).items():
        if not name.startswith("_") and callable(value) and getattr(value, "__module__", "").startswith("nb_nn"):
            assert (value.__doc__ or "").strip(), f"{name} has no docstring"


def test_every_public_method_of_a_tensor_is_documented():
    for name in dir(nb_nn.Tensor):
        value = getattr(nb_nn.Tensor, name)
        if not name.startswith("_") and callable(value):
            assert (value.__doc__ or "").strip(), f"Tensor.{name} has no docstring"
