"""Random tensors print exactly as torch prints them."""
import numpy as np
import pytest

from nb_nn import printing
from nb_nn.core.device import CPU
from nb_nn.core.dtype import from_numpy

torch = pytest.importorskip("torch")

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0]
VALUES = [
    lambda rng, shape: rng.standard_normal(shape),
    lambda rng, shape: np.round(rng.standard_normal(shape) * 10),
    lambda rng, shape: rng.standard_normal(shape) * 10.0 ** rng.integers(-9, 12),
    lambda rng, shape: rng.standard_normal(shape) * 10.0 ** rng.integers(-4, 4, shape),
    lambda rng, shape: np.where(rng.random(shape) < 0.3, rng.choice(SPECIAL), rng.standard_normal(shape)),
    lambda rng, shape: np.where(rng.random(shape) < 0.9, rng.choice(SPECIAL, shape), rng.integers(-9, 9, shape)),
    lambda rng, shape: np.round(rng.standard_normal(shape) * 10.0 ** rng.integers(0, 10)),
]
DTYPES = ["?", "u1", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "c16"]


class Printed:
    device, grad_fn, requires_grad = CPU, None, False

    def __init__(self, array):
        self._array, self.dtype = array, from_numpy(array.dtype)


def random_shape(rng):
    ndim = rng.integers(0, 5)
    shape = [int(rng.integers(0 if rng.random() < 0.1 else 1, [0, 40, 12, 7, 5][ndim] + 1)) for _ in range(ndim)]
    if ndim and rng.random() < 0.05:
        shape[-1] = int(rng.integers(50, 3000))
    return tuple(shape)


@np.errstate(all="ignore")
def random_array(rng):
    shape, kind = random_shape(rng), np.dtype(DTYPES[rng.integers(len(DTYPES))])
    values = lambda: np.asarray(VALUES[rng.integers(len(VALUES))](rng, shape))
    if kind.kind == "c":
        return np.asarray((values() + 1j * values()).astype(kind))
    if kind.kind == "b":
        return np.asarray(values() > 0)
    if kind.kind == "f":
        return values().astype(kind)
    top = np.iinfo(kind) if rng.random() < 0.5 else None
    return np.asarray(rng.integers(top.min, top.max, shape, kind) if top else rng.integers(0, 100, shape).astype(kind))


def random_options(rng):
    options = {"profile": [None, "default", "short", "full"][rng.integers(4)]}
    if rng.random() < 0.5:
        options.update(precision=int(rng.integers(0, 8)), threshold=int(rng.integers(0, 100)),
                       edgeitems=int(rng.integers(0, 5)), linewidth=int(rng.integers(20, 140)),
                       sci_mode=[None, True, False][rng.integers(3)])
    return options


@pytest.fixture(autouse=True)
def default_options():
    yield
    printing.set_printoptions(profile="default")
    torch.set_printoptions(profile="default")


@pytest.mark.parametrize("seed", range(40))
def test_random_tensors_print_as_torch(seed):
    rng = np.random.default_rng(seed)
    for _ in range(25):
        array, options = random_array(rng), random_options(rng)
        for library in (printing, torch):
            library.set_printoptions(profile="default")
            library.set_printoptions(**options)
        assert printing.tensor_str(Printed(array)) == repr(torch.from_numpy(array)), (array.shape, array.dtype, options)
