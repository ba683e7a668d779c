"""Every module of ``nn`` in every documented option beside torch's: state, results, gradients, buffers, printing."""
import copy
import inspect
import io
import pickle
import warnings

import numpy as np
import pytest
from module_rows import NOT_IN_ROWS, ROWS, flat

import nb_nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")
each_row = pytest.mark.parametrize("row", ROWS, ids=repr)
FLAWS = {       # where torch's own numbers are not what it says they are
    "CrossMapLRN2d": "forgets to subtract the first channel that leaves the window",
    "EmbeddingBag(6, 3, scale_grad_by_freq=True)": "counts by place among the sorted indices",
    "CosineSimilarity(eps=2.0)": "differentiates the norms it has replaced by eps",
}
ROUGH = {"Hardsigmoid": 1e-7, "Embedding": 1e-6}      # single-precision constants in its double kernels
PRINTS_ELSE = ("Hardsigmoid(inplace=True)", "Hardswish(inplace=True)",      # it forgets to
               "ParameterList")                                             # by dtype since 2.0, as documented here


def pair(row):
    """The module in both libraries, float64, with the same random weights and buffers."""
    torch.manual_seed(0)
    ours, theirs = row.module(nb_nn).double(), row.module(torch).double()
    random = np.random.default_rng(1)
    state = {key: value.detach().numpy() + (random.uniform(0, 0.2, tuple(value.shape)) if value.is_floating_point() else 0)
             for key, value in theirs.state_dict().items()}
    theirs.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in state.items()})
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict({key: nb_nn.from_numpy(np.array(value)) for key, value in state.items()})
    return ours, theirs


def array(tensor):
    return (tensor.to_dense() if tensor.is_sparse else tensor).detach().numpy()


def alike(ours, theirs, what, rtol=1e-8):
    ours, theirs = array(ours), array(theirs)
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype, what
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol / 100, err_msg=what)


def states_alike(ours, theirs, rtol=1e-8):
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert list(ours) == list(theirs)
    for key in theirs:
        alike(ours[key], theirs[key], key, rtol)


def run(library, module, row, seed):
    """The results, and the gradients of inputs and parameters."""
    inputs = row.tensors(library, seed)
    if row.options.get("inplace"):
        results = flat(module(*[one * 1 if hasattr(one, "requires_grad") and one.requires_grad else one for one in inputs]))
    else:
        call = {key: value.make(library) if hasattr(value, "make") else value for key, value in row.call.items()}
        results = flat(module(*inputs, **call))
    random = np.random.default_rng(7)
    terms = [(one * library.from_numpy(np.asarray(random.standard_normal(tuple(one.shape))))).sum() for one in results
             if one.is_floating_point() and one.requires_grad]
    module.zero_grad()
    if terms:
        sum(terms[1:], terms[0]).backward()
    grads = [one.grad for one in inputs if hasattr(one, "requires_grad") and one.requires_grad]
    return results, grads + [parameter.grad for parameter in module.parameters()]


@each_row
def test_same_results_gradients_and_buffers(row):
    ours, theirs = pair(row)
    assert [tuple(p.shape) for p in ours.parameters()] == [tuple(p.shape) for p in theirs.parameters()]
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    if not row.inputs or row.name in FLAWS or repr(row) in FLAWS:
        return
    rtol = next((bound for name, bound in ROUGH.items() if row.name.startswith(name)), 1e-8)
    for seed in (1, 2, 3):
        if seed == 3 or row.random and row.options.get("p", 0.5) not in (0.0, 1.0):
            ours.eval(), theirs.eval()
        for a, b in zip(run(nb_nn, ours, row, seed), run(torch, theirs, row, seed)):
            assert len(a) == len(b)
            for number, (one, other) in enumerate(zip(a, b)):
                assert (one is None) == (other is None), number
                if other is not None:
                    alike(one, other, f"{number}", rtol)
        states_alike(ours, theirs, rtol)


@each_row
def test_same_text(row):
    if not repr(row).startswith(PRINTS_ELSE):
        assert repr(row.module(nb_nn)) == repr(row.module(torch))


@each_row
def test_state_goes_both_ways_and_copies_are_equal(row):
    ours, theirs = pair(row)
    theirs.load_state_dict({key: torch.from_numpy(np.array(value.numpy())) for key, value in ours.state_dict().items()})
    states_alike(ours, theirs)
    for twin in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        states_alike(twin, ours)
        assert repr(twin) == repr(ours)
    file = io.BytesIO()
    torch.save(theirs.state_dict(), file)
    file.seek(0)
    ours.load_state_dict(nb_nn.load(file))


def test_every_module_of_both_has_a_row():
    both = {name for name, one in vars(nb_nn.nn).items() if inspect.isclass(one) and hasattr(torch.nn, name)}
    assert both - NOT_IN_ROWS == {row.name for row in ROWS}


def test_every_option_has_a_row():
    for name in sorted({row.name for row in ROWS}):
        options = list(inspect.signature(getattr(nb_nn.nn, name).__init__).parameters)[1:]
        given = {option for row in ROWS if row.name == name for option in (*options[:len(row.args)], *row.options)}
        missing = set(options) - given - {"args", "kwargs", "device", "dtype", "_weight", "process_group", "size_average", "reduce", "inplace",
                                          "min_value", "max_value", "custom_encoder", "custom_decoder"}
        missing -= {"padding_mode"} if name.startswith("ConvTranspose") else set()      # zeros alone
        assert not missing, f"{name}: {missing}"
