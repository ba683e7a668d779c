"""First and second gradients as PyTorch's: at kinks, ties, zeros, infinities and NaN, of nothing and of one element.

Programs are texts, run once with each library: t is the library, F its functions, a the tensor that requires a gradient.
"""
import warnings

import numpy as np
import pytest

import nb_nn

torch = pytest.importorskip("torch")
INF, NAN = float("inf"), float("nan")
NUMBERS = [-INF, -1000.0, -3.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 6.0, 20.0, 88.0, 1000.0, INF, NAN]
MATRIX = [[0.0, 0.0, 1.0], [0.0, 2.0, 0.0], [3.0, 3.0, 3.0]]
WIDE = """
t.abs(a); t.neg(a); t.sign(a); t.relu(a); t.sigmoid(a); t.tanh(a); t.exp(a); t.exp2(a); t.expm1(a); t.log(a);
t.log2(a); t.log10(a); t.log1p(a); t.sqrt(a); t.rsqrt(a); t.reciprocal(a); t.square(a); t.sin(a); t.cos(a); t.tan(a);
t.sinh(a); t.cosh(a); t.asinh(a); t.acosh(a); t.atanh(a); t.asin(a); t.acos(a); t.atan(a); t.erf(a); t.erfc(a);
t.erfinv(a); t.frac(a); t.floor(a); t.ceil(a); t.round(a); t.trunc(a); t.nan_to_num(a); t.deg2rad(a); t.logit(a);
t.positive(a); t.angle(a); F.gelu(a); F.silu(a); F.logsigmoid(a); F.hardsigmoid(a); F.hardshrink(a); F.softshrink(a);
F.tanhshrink(a); F.leaky_relu(a); t.special.entr(a); t.special.ndtr(a); t.special.ndtri(a); t.special.log_ndtr(a);
t.special.i0e(a); t.special.erfcx(a); F.gelu(a,approximate='tanh'); F.threshold(a,.5,7.);
F.rrelu(a,.1,.3,training=False); F.leaky_relu(a,0.); F.softplus(a,2.,3.); F.softshrink(a,0.); F.hardshrink(a,1.);
F.hardtanh(a,-.5,.5); F.glu(a); F.softmax(a[1:-2],0); F.log_softmax(a[:-2],0); t.clamp(a,-1,1); t.clamp(a,min=0.);
t.clamp(a,max=.5); t.clamp(a,1.,-1.); 2./a; a**2; a**.5; a**-1; a**0; a**1.; a**3; 2.**a; 1.**a; t.fmod(a,2.);
t.remainder(a,.5); t.fmod(a,0.); t.cumsum(a,0); t.cumprod(a[1:-2],0); t.cummax(a,0)[0]; t.cummin(a,0)[0]; a.max();
a.min(); a[:-1].max(); a[:-1].min(); a.median(); a.nanmedian(); a.logsumexp(0); a[:-2].logsumexp(0); a[1:-2].norm();
a[1:-2].norm(1); a[1:-2].norm(inf); a[1:-2].norm(-inf); a[1:-2].norm(3); a[1:-2].prod(); a.nansum(); a.nanmean();
a[1:-2].var(); a[1:-2].std(); t.aminmax(a[:-1]).max; a.sort()[0]; a[1:-2].kthvalue(3)[0];
F.normalize(a[1:-2].view(3,5),dim=1); t.diff(a); t.quantile(a[1:-2],.3); t.nanquantile(a,.3); t.where(a>0,a,a*0);
t.xlogy(a,a); t.special.xlog1py(a,a); t.mvlgamma(a[12:14],2)
"""
TIES = """
a.prod(); a.prod(0); a.prod(1); t.cumprod(a,0); t.cumprod(a,1); a.norm(dim=1); a.norm(1,dim=1); a.norm(inf,dim=1);
a.norm(-inf,dim=1); a.norm(3,dim=0); a.norm('nuc'); a.norm(); a.max(1)[0]; a.min(1)[0]; a.max(0)[0]; a.amax(1);
a.amin(0); a.amax((0,1)); a.max(); a.min(); a.median(); a.nanmedian(); a.mode(1)[0]; a.cummax(1)[0]; a.cummin(1)[0];
a.std(1); a.var(1); a.std(1,unbiased=False); t.det(a); t.slogdet(a)[1]; t.logdet(a); a.std(); t.cdist(a,a);
t.cdist(a,a,1.); t.cdist(a,a,inf); t.cdist(a,a,3.); t.cdist(a,a,0.); t.cdist(a,a,.5); F.pdist(a); F.pdist(a,1.);
F.pairwise_distance(a,a.flip(0)); F.cosine_similarity(a,a.flip(0)); a.renorm(2,0,1.); t.dist(a,a,1);
F.max_pool1d(a[None],2,1); F.adaptive_max_pool1d(a[None],2); F.lp_pool1d(a[None],2,2,1); F.lp_pool1d(a[None]*0,2,2,1);
t.linalg.matrix_norm(a,2); t.linalg.matrix_norm(a,1); t.linalg.matrix_norm(a,inf); t.linalg.matrix_norm(a,-1);
t.linalg.svdvals(a); t.pinverse(a); t.matrix_exp(a*0); t.trapz(a); t.hypot(a,a*0); t.fmax(a,a); t.fmin(a,a.t());
t.maximum(a,a.t()); t.minimum(a,a.t()); F.smooth_l1_loss(a,a*0); F.huber_loss(a,a*0); F.huber_loss(a,a*0,delta=2.);
F.smooth_l1_loss(a,a*0,beta=2.); F.l1_loss(a,a.detach()); F.mse_loss(a,a.detach());
F.triplet_margin_loss(a,a.detach(),a.detach().flip(0)); F.hinge_embedding_loss(a,t.ones(3,3).double());
F.hinge_embedding_loss(a,-t.ones(3,3).double()); F.margin_ranking_loss(a,a.detach(),t.ones(3,3).double());
F.multi_margin_loss(a,t.tensor([0,1,2])); F.multi_margin_loss(a,t.tensor([0,1,2]),p=2);
F.multilabel_margin_loss(a,t.tensor([[0,-1,1],[1,0,-1],[2,1,0]]));
F.multilabel_soft_margin_loss(a,(a.detach()>0).double()); F.nll_loss(a,t.tensor([-100,-100,-100]));
F.cross_entropy(a,t.tensor([0,-100,1]),label_smoothing=.2); F.cross_entropy(a*1000,t.tensor([0,2,1]));
F.kl_div(a,a.detach()); F.binary_cross_entropy((a/3),(a.detach()>0).double());
F.binary_cross_entropy((a/3),(a/3),reduction='none');
F.binary_cross_entropy_with_logits(a*500,(a.detach()>0).double()); F.poisson_nll_loss(a,a.detach());
F.poisson_nll_loss(a,a.detach(),log_input=False); F.gaussian_nll_loss(a,a.detach(),a.detach()*0);
F.cosine_embedding_loss(a,a.flip(0),t.tensor([1.,-1.,0.]).double()); F.soft_margin_loss(a*100,t.ones(3,3).double());
t.softmax(a.masked_fill(a==0,-inf),1); t.log_softmax((a*0).masked_fill(a==0,-inf),1);
t.logsumexp((a*0).masked_fill(a==0,-inf),1); F.layer_norm(a*0,(3,)); F.batch_norm(a*0+1,None,None,training=True);
F.group_norm(a*0,3); F.instance_norm(a[None]*0); F.rms_norm(a*0,(3,)); F.local_response_norm(a[None],2);
F.embedding(t.tensor([0,0,2]),a,max_norm=None,padding_idx=0); F.embedding_bag(t.tensor([[0,0],[2,1]]),a,mode='max');
t.lerp(a,a.t(),.5); t.kron(a,a); t.block_diag(a,a); t.cov(a); t.corrcoef(a); a.unfold(0,2,1); t.trace(a);
a.diagonal(); t.scatter_reduce(a,0,t.tensor([[0,0,0],[0,0,0],[1,1,1]]),a.detach(),'amax');
t.scatter_reduce(a,0,t.tensor([[0,0,0],[0,0,0],[1,1,1]]),a.detach(),'prod');
a.index_reduce(0,t.tensor([0,0]),a[:2],'prod'); a.index_reduce(0,t.tensor([0,0]),a[:2],'amin');
t.linalg.eigvalsh(a+a.t()); t.linalg.cond(a+5*t.eye(3).double()); t.linalg.multi_dot([a,a,a]);
t.cross(a,a.flip(0),dim=1); t.linalg.matrix_power(a,3); t.linalg.matrix_power(a,0); t.tensordot(a,a);
t.combinations(a[0]); t.cumulative_trapezoid(a); t.nanmedian(a,1)[0]; t.nan_to_num(a/a); (a/a).nansum();
(a/a).nanmean(1); t.masked_select(a,a>0); t.where(a>0,a.log(),a); a.sqrt(); (a*0).std();
a.index_put((t.tensor([0,0]),),a[:2]); a.index_put((t.tensor([0,0]),),a[:2],accumulate=True);
a.index_fill(0,t.tensor([0,0]),2.); a.flip(0); a.roll(1,0); t.einsum('ij,ik->jk',a,a);
a.gather(1,t.tensor([[0,0],[1,1],[2,2]])); t.repeat_interleave(a,2,0);
F.interpolate(a[None,None],scale_factor=2,mode='nearest'); F.interpolate(a[None],size=2,mode='area');
F.grid_sample(a[None,None],t.tensor([[[[-1.,-1.],[1.,1.],[0.,0.],[2.,2.]]]]).double(),align_corners=True)
"""
NONE = """
a.sum(); a.prod(); a.std(); a.norm(1); a.cumsum(0); a.cumprod(0); a.logcumsumexp(0); a.sort()[0]; a.flip(0); a.exp();
a.nansum(); a.logsumexp(0); F.softmax(a,0); F.mse_loss(a,a.detach()); F.l1_loss(a,a.detach()); F.normalize(a,dim=0);
t.cat([a,a]); t.stack([a,a]); a.unsqueeze(0); t.diff(a); a.expand(3,0); t.outer(a,a); t.dot(a,a); a@a;
t.det(a.view(0,0)); t.trace(a.view(0,0)); t.cdist(a.view(0,3),t.ones(2,3).double());
F.linear(a.view(0,3),t.ones(2,3).double()); a.view(0,3).max(1)[0]; a.view(0,3).median(1)[0]; a.view(2,0).sum(1);
a.view(2,0).prod(1); a.view(2,0).logsumexp(1); F.embedding(t.tensor([],dtype=t.long),a.view(3,0)); t.tensordot(a,a,1);
F.conv1d(a.view(0,1,3),t.ones(1,1,2).double()); F.batch_norm(a.view(0,3),None,None,training=True);
F.layer_norm(a.view(0,3),(3,)); F.nll_loss(a.view(0,3),t.tensor([],dtype=t.long),reduction='sum');
t.linalg.inv(a.view(0,3,3)); t.linalg.svdvals(a.view(0,3,3)); a.view(0,2).t(); a.clamp(0,1);
a.gather(0,t.tensor([],dtype=t.long)); a.index_select(0,t.tensor([],dtype=t.long))
"""
ONE = """
a.sum(); a.mean(); a.prod(); a.prod(0); a.cumsum(0); a.cumprod(0); a.cummax(0)[0]; a.max(); a.max(0)[0]; a.amax();
a.amax(0); a.median(); a.median(0)[0]; a.sort()[0]; a.topk(1)[0]; a.mode()[0]; a.kthvalue(1)[0]; a.norm(); a.norm(3);
a.logsumexp(0); F.softmax(a,0); F.log_softmax(a,0); a.unfold(0,1,1); a.expand(3); a.gather(0,t.tensor(0));
a.index_select(0,t.tensor([0])); a.scatter(0,t.tensor(0),2.); a.scatter_add(0,t.tensor(0),a);
a.index_add(0,t.tensor([0]),a.view(1)); a.std(unbiased=False); t.logcumsumexp(a,0); a.flip(()); a.masked_fill(a>0,1.);
a.masked_select(a>0); a.repeat(2); a.renorm(2,0,1.); a.squeeze(0); F.normalize(a,dim=0); a.roll(1); t.stack([a,a]);
a.quantile(.5); t.where(a>0,a,a*2); a.view(1,1); a.take(t.tensor([0,0])); a.t(); a.nanmedian(); a.dist(a*2);
a.unsqueeze(0)
"""
# (PyTorch's second gradients of these are NaN at points where ours are the limits; docs/design.md)
ROWS = [(text.strip().replace("\n", " "), value) for table, value in ((WIDE, NUMBERS), (TIES, MATRIX), (NONE, []), (ONE, 3.0))
        for text in table.split(";")]


def gradients(t, text, value):
    """First gradient, and those of a sum of it for the tensor and for the gradient that arrives."""
    a = t.tensor(value, dtype=t.float64).requires_grad_()
    made = eval(text, {"t": t, "F": t.nn.functional, "a": a, "inf": INF})
    weight = t.linspace(0.5, 1.5, made.numel(), dtype=t.float64).reshape(made.shape).requires_grad_()
    first, = t.autograd.grad(made, a, weight, create_graph=True, allow_unused=True)
    if first is None or not first.requires_grad:
        return first, None, None
    total = (first * t.linspace(-1, 2, first.numel(), dtype=t.float64).reshape(first.shape)).sum()
    try:
        return first, *t.autograd.grad(total, (a, weight), allow_unused=True)
    except RuntimeError as error:
        if t is torch and "not implemented" in str(error):
            return first, None, None
        raise


@pytest.mark.parametrize(("text", "value"), ROWS, ids=[f"{text} of {np.shape(value)}" for text, value in ROWS])
def test_gradients(text, value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            theirs = gradients(torch, text, value)
        except Exception as error:
            pytest.skip(f"PyTorch: {type(error).__name__}")
        ours = gradients(nb_nn, text, value)
    for number, (own, other) in enumerate(zip(ours, theirs)):
        other = None if other is None else other.detach().clone().numpy()       # cloned, as zeros may have no memory
        if number and (own is None or other is None):
            assert own is not None or other is None or not other.any()
        elif other is None:
            assert own is None
        else:
            size = np.abs(other[np.isfinite(other)]).max(initial=1)
            np.testing.assert_allclose(own.detach().numpy(), other, rtol=1e-6, atol=1e-9 * size)
