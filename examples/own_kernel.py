"""A formula of your own becomes an operation: vectorised, parallel, with a gradient. On a CUDA device
it runs as it is (shown in a simulator so far; see docs/gpu.md).

``python examples/own_kernel.py``
"""
import math

import nb_nn as torch
from nb_nn.core.elementwise import elementwise
from nb_nn.core.op import derivative, op
from nb_nn.kernels.compile import formula
from nb_nn.kernels.formulas.vector import exp


@formula
def gaussian_bump(x, width):
    return exp(-(x / width) * (x / width))


@op
def bump(input, width=1.0):
    """exp(-(x / width)^2) of each element."""
    return elementwise("gaussian_bump", (input,), (width,))


derivative(bump, input=lambda grad, input, result, width: grad * result * input * (-2 / width**2))


if __name__ == "__main__":
    x = torch.linspace(-2, 2, 1_000_001, dtype=torch.float64, requires_grad=True)
    y = bump(x, 0.5)
    y.sum().backward()
    print("y in the middle:", y[500_000].item(), " area:", y.sum().item() * 4e-6, " exact:", 0.5 * math.sqrt(math.pi))
    print("largest error of the gradient:", (x.grad + 8 * x * y).abs().max().item())
    few = torch.linspace(-1, 1, 5, dtype=torch.float64, requires_grad=True)
    print("gradcheck and gradgradcheck:", torch.autograd.gradcheck(bump, few), torch.autograd.gradgradcheck(bump, few))
