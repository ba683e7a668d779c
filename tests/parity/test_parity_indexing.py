"""Indexing, joining, sorting and scans: the same values, types, strides and types of error as torch's."""
import warnings

import numpy as np
import pytest

import nb_nn

torch = pytest.importorskip("torch")

SUBSCRIPTS = """
x[0, 5] | x[...,...] | v[10] | v[-11] | x[0,0,0] | z[0] | z[:] | z[...] | z[None] | z[True] | z[False] | x[True]
x[False] | x[None,True] | v[::-1] | v[::0] | v[1.0] | v['a'] | v[T([1.0])] | v[[]] | x[T([True,False])]
x[[0,1],[0,1,2]] | v[[10]] | x[:,[7]] | x[(0,)] | v[(1,2)] | x[T(2)] | x[T(1).to(t.uint8)] | x[T([1,0,1]).to(t.uint8)]
x[range(2)] | x[(0,1),] | x[((0,1),(1,2))] | v[T([3]).int()] | v[T([3]).short()] | v[T(3).short()] | x[object()]
v['1':3] | v[1.5:3] | v[T(1):T(3)] | z[z>0] | z[()] | x[[[0,1],[1,2]]] | x[[0,slice(None)]] | x.t()[[0,1]]
x.t()[:,[0,1]] | c[:,:,[0,1,1]] | c[[0,1,1],:,[0,1,1]] | c[:,[[0],[1]],[0,1]] | c[None,[0],...,None,1]
c[..., T([True,False,True,False])] | c[T([[True,False,True],[False,False,True]])] | c[1:,[2,0],::2] | c[[1],...,[2]]
c[0,:,[1,2]] | c[:,0,[1,2]] | x[np.array([0,2])] | x[np.int64(1)]
"""
ASSIGNMENTS = """
x[0] = [1,2,3,4] | x[0] = np.ones(4) | xl[0] = 3.7 | xl[0,0] = float('nan') | x[0] = t.ones(3) | x[0] = t.ones(1,1,4)
x[0] = t.ones(2,1,4) | x[[0,1]] = t.ones(3) | x[[0,1]] = t.ones(1,1,2,4) | x[x>3] = t.ones(3) | x[x>3] = t.ones(8)
x[x>3] = 5 | x[[5]] = 1 | x[x>3] = t.ones(1) | x[0] = 'a' | x[0] = None | x[0] = 1j
x[T([True,False,True])] = t.ones(2,4) | x[0] = t.ones(4).double() | x[[0]] = t.ones(4).double()
v[T([0,0])] = T([1.,2.]) | xl.to(t.int8)[0] = 300 | x[False] = 3 | x[True] = 3 | z[:] = 3 | z[0] = 3 | z[...] = 3
z[()] = 3 | z[z>0] = 7 | x.t()[1:,[0,2]] = t.ones(3,1) | x[:,[1,1]] += 1 | x[::2,1::2] = T([[5.],[6.]])
x[None,0] = 2 | x[[0,1],[1,2]] -= 1
"""
CALLS = """
x.gather(0,T([[0,1],[5,0]])) | x.gather(0,T([0])) | x.gather(0,T([[0,1,2,0,0]])) | x.gather(0,T([[0.]]))
x.gather(0,T([[0]]).int()) | z.gather(0,T([0,0])) | v.gather(0,T(2)) | x.scatter(0,T([[0]]),t.ones(1,1).double())
x.scatter(0,T([[5]]),1.) | x.scatter(0,T([0]),1.) | x.scatter(0,T([[0]]),2,reduce='add')
x.scatter(0,T([[0]]),2,reduce='x') | xl.scatter(0,T([[0]]),2.5) | x.scatter(0,T([[0,1,2,0]]),t.ones(3,4))
x.scatter_add(0,T([[0]]),2) | x.index_select(0,T([3])) | x.index_select(0,T([[0]])) | x.index_select(0,T(1))
z.index_select(0,T([0,0])) | x.index_add(0,T([0,1]),t.ones(3,4)) | x.index_add(0,T([0,5]),t.ones(2,4))
x.index_add(0,T([1,1]),t.ones(2,4)) | x.index_copy(0,T([0,5]),t.ones(2,4)) | x.index_copy(0,T([0]),t.ones(1,3))
x.index_fill(0,T([-1]),5.) | x.index_fill(0,T([5]),5.) | x.index_fill(0,T([0]),T([5.])) | x.take(T([[0,-1]]))
x.take(T([12])) | x.clone().put_(T([0,-1]),T([1.,2.])) | x.clone().put_(T([0,1]),T([1.])) | xl.masked_fill(xl>3,1.5)
x.masked_fill(x>3,1j) | z.masked_fill(T([True,False]),1) | z.masked_fill_(T([True,False]),1)
x.masked_select(T([True,False,True,False])) | x.masked_select(T([True,False])) | x.masked_scatter(x>3,T([1.]))
x.masked_scatter(x>9,T([1.,2.,3.])) | z.nonzero() | T(0.).nonzero() | z.nonzero(as_tuple=True)
t.take_along_dim(x,T([[0]]),0) | x.index_put((T([0,1]),),T(1.)) | x.index_put([T([0,9])],T([1.]))
x.index_put(T([0,1]),T([1.])) | t.cat([]) | t.cat(x) | t.cat([x,z]) | t.cat([x,v]) | t.cat([x,t.ones(3,3)])
t.cat([x,t.ones(0)]) | t.cat([t.ones(0),xl]) | t.cat([x,xl]) | t.cat([x,1]) | t.cat([t.ones(0),t.ones(0)],1)
t.cat([x.t(),x.t()]) | t.stack([]) | t.stack([x,v]) | t.stack([z,z]) | t.stack([z,z],1) | t.stack([xl,x]) | y.sort()
y.sort(0,True) | y.sort(5) | z.sort() | y.topk(5) | y.topk(2,0,False) | y.topk(0) | y.kthvalue(0)
y.kthvalue(2,0,True) | y.median() | y.median(0,True) | T([]).median() | T([1.,n,2.]).median(0) | y.mode() | z.mode()
t.zeros(0,3).mode(0) | t.zeros(0,3).sort(0) | y.unique() | y.long().unique(return_inverse=True,return_counts=True)
y.unique(dim=0) | T([1,1,2,1]).unique_consecutive(return_inverse=True,return_counts=True) | T([1.,n,n]).unique()
t.searchsorted(v,T([2.,0.,n,50.])) | t.searchsorted(v,T([2.,0.,n,50.]),right=True) | t.searchsorted(v,2.)
t.bucketize(T([[2.]]),v) | t.searchsorted(x,T([2.])) | t.searchsorted(v,T([2.]),out_int32=True)
t.bincount(T([1,1,3])) | t.bincount(T([1,1,3]),T([.5,.5,2.])) | t.bincount(T([-1]))
t.bincount(T([1,1,3]),T([1,2,3])) | t.bincount(T([]).long(),minlength=3) | t.histc(T([1.,2.,1.]),bins=4,min=0,max=3)
t.histc(v,4) | t.histc(v,0) | T([n,1.,-n,2.]).sort(descending=True) | T([True,False,True]).sort()
T([3,-1,0]).half().sort(descending=True) | T([-0.,0.,-0.]).sort() | t.msort(y) | x.cumsum(5) | xl.cumsum(0)
T([True,True]).cumsum(0) | x.cumsum(0,dtype=t.float64) | z.cumsum(0) | y.cummax(1) | T([1.,n,3.]).cummin(0)
y.logcumsumexp(1) | T([-float('inf'),1.]).logcumsumexp(0) | t.diff(T([True,False])) | T([3.,1.]).diff(n=3) | z.diff()
xl.tril() | x.triu(1) | v.tril() | x.diag() | v.diag(1) | z.diag() | t.diag_embed(x,1,0,2) | t.diag_embed(v,0,0,0)
t.diagflat(z) | t.tril_indices(3,2,-1) | t.triu_indices(2,3,1) | x.repeat(2) | x.repeat(2,1) | x.repeat(0,1)
z.repeat(2) | x.tile(2) | v.repeat_interleave(T([1,2])) | x.repeat_interleave(2,0) | z.repeat_interleave(2)
x.flip(0,0) | x.flip([0,-1]) | x.roll(1) | x.roll((1,2),(0,1)) | x.roll((1,2)) | x.rot90() | x.rot90(3,(1,0))
v.rot90() | t.broadcast_tensors(v[:4],x) | t.hstack([z,z]) | t.dstack([x,x]) | t.meshgrid(v,v[:2],indexing='xy')
t.cartesian_prod(v,v) | t.combinations(v[:4],3) | t.combinations(v[:3],2,True) | t.atleast_3d(x)
"""


def names(lib):
    """Tensors of a library, under short names."""
    return {"t": lib, "T": lib.tensor, "np": np, "n": float("nan"), "x": lib.arange(12.0).reshape(3, 4), "v": lib.arange(10.0),
            "xl": lib.arange(12).reshape(3, 4), "z": lib.tensor(3.0), "c": lib.arange(24.0).reshape(2, 3, 4),
            "y": lib.tensor([[3.0, 1, 2, 5], [0, 5, 6, -1], [2, 7, 9, 4]])}


def described(value):
    """A result as nested lists, with types and strides."""
    if isinstance(value, (tuple, list)):
        return [described(one) for one in value]
    strides = value.stride() if value.numel() > 1 and 1 not in value.shape else None
    return str(value.dtype), tuple(value.shape), strides, np.asarray(value.tolist(), dtype=object).tolist()


def outcome(lib, line):
    """What a line gives in a library: a result or an error."""
    space = names(lib)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if " = " in line or "+= " in line or "-= " in line:
                exec(line, space)
                return described([space[name] for name in ("x", "v", "xl", "z")])
            return described(eval(line, space))
        except Exception as error:
            return type(error)


@pytest.mark.parametrize("line", [one.strip() for text in (SUBSCRIPTS, ASSIGNMENTS, CALLS) for row in text.strip().splitlines()
                                  for one in row.split(" | ")])
def test_the_same_outcome(line):
    ours, theirs = outcome(nb_nn, line), outcome(torch, line)
    assert repr(ours) == repr(theirs) or not isinstance(theirs, type) and close(ours, theirs)


def close(ours, theirs):
    """Whether two outcomes agree but for rounding."""
    if isinstance(theirs, (list, tuple)):
        return type(ours) is type(theirs) and len(ours) == len(theirs) and all(map(close, ours, theirs))
    return ours == theirs or isinstance(theirs, float) and bool(np.isclose(ours, theirs, rtol=1e-6, equal_nan=True))
