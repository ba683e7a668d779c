from collections import OrderedDict, namedtuple

import pytest

import nb_nn as torch
from nb_nn import nn


def layers(count):
    return [nn.Linear(2, 2) for _ in range(count)]


def parameters(count):
    return [nn.Parameter(torch.full((2,), float(number))) for number in range(count)]


def test_sequential_applies_its_modules_in_turn():
    first, second = layers(2)
    net = nn.Sequential(first, nn.ReLU(), second)
    x = torch.randn(3, 2)
    assert torch.equal(net(x), second(first(x).relu()))
    assert len(net) == 3 and list(net)[0] is first and net[-1] is second and net[0] is first
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert torch.equal(nn.Sequential()(x), x)


def test_sequential_with_names():
    net = nn.Sequential(OrderedDict(lin=nn.Linear(2, 3), act=nn.ReLU(), out=nn.Linear(3, 1)))
    assert net.lin is net[0] and list(net.state_dict()) == ["lin.weight", "lin.bias", "out.weight", "out.bias"]
    assert list(net[1:]._modules) == ["act", "out"] and type(net[1:]) is nn.Sequential
    del net[1]
    assert list(net._modules) == ["lin", "out"]


def test_sequential_changes():
    one, two, three, four = layers(4)
    net = nn.Sequential(one, two)
    net[1] = three
    assert list(net) == [one, three]
    net.append(two).insert(1, four)
    assert list(net) == [one, four, three, two] and list(net._modules) == ["0", "1", "2", "3"]
    del net[0]
    del net[1:]
    assert list(net) == [four] and list(net._modules) == ["0"]
    net.extend([one, two])
    assert net.pop(0) is four and list(net + [three]) == [one, two, three]


@pytest.mark.parametrize("kind", [nn.Sequential, nn.ModuleList])
def test_index_errors(kind):
    net = kind(*([layers(2)] if kind is nn.ModuleList else layers(2)))
    for index in (2, -3):
        with pytest.raises(IndexError, match=f"index {index} is out of range"):
            net[index]
    with pytest.raises(TypeError, match="is not a Module subclass"):
        net.append(3)
    with pytest.raises(TypeError, match="is not a Module subclass"):
        net.insert(0, 3)
    assert len(net) == 2


def test_module_list():
    one, two, three = layers(3)
    net = nn.ModuleList([one, two])
    net += [three]
    net.insert(0, three)
    assert list(net) == [three, one, two, three] and net[-1] is three and list(net[1:3]) == [one, two]
    assert isinstance(net[1:3], nn.ModuleList)
    del net[0]
    net[1] = three
    assert list(net) == [one, three, three] and list(net._modules) == ["0", "1", "2"]
    assert net.pop() is three and len(net + [two, two]) == 4
    assert len(list(net.parameters())) == 4
    with pytest.raises(NotImplementedError):
        net(1)
    with pytest.raises(TypeError, match="should be called with an iterable, but got int"):
        net.extend(3)


def test_equal_neighbours_of_a_list_are_written_once():
    net = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Sequential(nn.Tanh()), nn.ReLU()])
    assert repr(net) == "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Sequential(\n    (0): Tanh()\n  )\n  (3): ReLU()\n)"
    assert repr(nn.ModuleList()) == "ModuleList()"


def test_module_dict():
    one, two = layers(2)
    net = nn.ModuleDict({"one": one, "two": two})
    assert list(net) == list(net.keys()) == ["one", "two"] and list(net.values()) == [one, two] and "one" in net and len(net) == 2
    assert dict(net.items()) == {"one": one, "two": two} and net["two"] is two and net.two is two
    net.update([("three", nn.ReLU())])
    net["one"] = two
    del net["two"]
    assert list(net) == ["one", "three"] and isinstance(net.pop("three"), nn.ReLU)
    net.update(nn.ModuleDict({"four": one}))
    assert list(net) == ["one", "four"]
    net.clear()
    assert len(net) == 0 and repr(net) == "ModuleDict()"
    for bad, error, match in ((3, TypeError, "iterable of key/value pairs, but got int"), ([("a",)], ValueError, "2 is required"),
                              ([3], TypeError, "element #0 should be Iterable; is int"), ({"keys": one}, KeyError, "already exists")):
        with pytest.raises(error, match=match):
            net.update(bad)


def test_parameter_list():
    one, two, three = parameters(3)
    held = nn.ParameterList([one, two])
    held += [three]
    assert list(held) == [one, two, three] and held[-1] is three and len(held[:2]) == 2 and isinstance(held[:2], nn.ParameterList)
    held[0] = three
    assert held[0] is three and list(held.state_dict()) == ["0", "1", "2"]
    assert len(held.append(one)) == 4
    assert "(0): Parameter containing: [torch.FloatTensor of size 2]" in repr(held)
    for act, error in ((lambda: held[9], IndexError), (lambda: held.append(3), TypeError), (lambda: held.extend(3), TypeError),
                       (lambda: held(1), RuntimeError)):
        with pytest.raises(error):
            act()


def test_parameter_dict():
    one, two, three = parameters(3)
    held = nn.ParameterDict({"one": one, "two": two})
    held["three"] = three
    assert list(held) == ["one", "two", "three"] and held["two"] is two and list(held.values()) == [one, two, three]
    assert held.pop("two") is two and "two" not in held and len(held) == 2
    del held["one"]
    held.update({"one": one})
    assert list(held.keys()) == ["three", "one"] and [name for name, _ in held.items()] == ["three", "one"]
    assert "(three): Parameter containing: [torch.FloatTensor of size 2]" in repr(held)
    with pytest.raises(TypeError):
        held["four"] = torch.ones(2)
    held.clear()
    assert not list(held.parameters())
    with pytest.raises(RuntimeError, match="should not be called"):
        held(1)


def test_named_tuple_pairs():
    Pair = namedtuple("Pair", "key module")
    assert list(nn.ModuleDict([Pair("a", nn.ReLU())])) == ["a"]
