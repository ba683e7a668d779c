"""Factors before the tensors they scale, as old code writes them."""
import nb_nn as torch

A, B, C = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 5.0]), torch.tensor([2.0, 4.0])


def test_sums_take_the_factor_before_the_other_tensor():
    assert torch.add(A, 10, B).tolist() == A.add(10, B).tolist() == torch.add(A, B, alpha=10).tolist() == [31, 52]
    assert torch.sub(A, 10, B).tolist() == [-29, -48]
    x = A.clone()
    assert x.add_(-0.5, B) is x and x.tolist() == [-0.5, -0.5]


def test_products_take_the_factor_before_the_tensors():
    assert torch.addcmul(A, 10, B, C).tolist() == A.addcmul(10, B, C).tolist() == [61, 202]
    assert torch.addcdiv(A, 2, B, C).tolist() == A.clone().addcdiv_(2, B, C).tolist() == [4, 4.5]


def test_matrix_products_take_beta_and_alpha_first():
    m, a, b = torch.ones(2, 2), torch.eye(2) * 2, torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    expected = (3 * m + 5 * (a @ b)).tolist()
    assert torch.addmm(3, m, 5, a, b).tolist() == m.addmm(3, 5, a, b).tolist() == m.clone().addmm_(3, 5, a, b).tolist() == expected
    assert torch.addmm(3, m, a, b).tolist() == m.addmm(3, a, b).tolist() == (3 * m + a @ b).tolist()
    assert torch.addmv(2, A, 3, b, C).tolist() == (2 * A + 3 * (b @ C)).tolist()


def test_gradients_flow_through_the_old_order():
    x, y = A.clone().requires_grad_(), B.clone().requires_grad_()
    torch.add(x, 10, y).sum().backward()
    assert x.grad.tolist() == [1, 1] and y.grad.tolist() == [10, 10]
