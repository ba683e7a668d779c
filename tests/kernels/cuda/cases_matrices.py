"""Cases of linear algebra, Fourier transforms and sparse matrices. What LAPACK leaves free, signs for one, is checked by test_tensors."""
from __future__ import annotations

import numpy as np
from cases import Case, by_the_cpu, numbers

from nb_nn.kernels import table
from nb_nn.kernels.cpu import small_matrices as small


def small_case(name: str, *args: object, columns: int = 0, results: int = 1) -> Case:
    """A kernel of small matrices; each device has a workspace of its own form, which stands as None among the arguments."""
    a = args[0]
    count, n = len(a), int(a.shape[1] ** 0.5)
    rooms = [iter(small.workspace(count, n, columns, a.dtype)), iter((np.empty((n * n, count), a.dtype), np.empty((1, 1), int)))]
    theirs, ours = [[next(room) if arg is None else arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args] for room in rooms]
    table.find("cpu", name).serial(*theirs)
    return Case(name, table.find("cuda", name), tuple(ours), tuple(theirs[-results:]), 1e-3)


def small_matrices() -> list[Case]:
    a, b = numbers(5, 16), numbers(5, 8)
    a[3, 1::4] = a[3, ::4]                              # singular
    square = a.reshape(5, 4, 4)
    positive = (square @ square.swapaxes(1, 2) + np.eye(4, dtype="f")).reshape(5, 16)
    positive[2, 5] = -1
    regular, pivots, info, lu, out = positive[[0, 1, 3, 4]], np.empty((4, 4), np.int32), np.empty(4, np.int32), np.empty((4, 16), "f"), np.empty((4, 8), "f")
    solved = small_case("small_solve", regular, b[:4], 2, False, None, None, pivots, info, lu, out, columns=2, results=4)
    factors, order = solved.expected[2], solved.expected[0]
    cases = [solved, small_case("small_solve", factors, b[:4], 2, True, None, None, order, info[:0], lu[:0], out, columns=2),
             small_case("small_solve", regular, b[:0], 4, False, None, None, pivots, info, lu[:0], lu, columns=4),
             small_case("small_determinants", a, None, np.empty((5, 4), np.int32), np.empty((5, 4), "f"), np.empty(5, "f")),
             small_case("small_cholesky", regular, 4, None, info, lu, results=2)]
    broken = small_case("small_cholesky", positive, 4, None, np.empty(5, np.int32), np.empty((5, 16), "f"), results=2)
    cases.append(broken._replace(args=(*broken.args[:-2], np.empty(5, np.int32)[:5], broken.args[-1])))
    for transposed, upper, unit in ((False, False, True), (False, True, False), (True, True, False)):
        cases.append(small_case("small_triangular", regular, b[:4], 4, transposed, upper, unit, None, out, columns=2))
    return cases


def transforms() -> list[Case]:
    x, cases = numbers(3, 4, 6), []
    z = x + 1j * x[::-1]
    for name, *args in (("fft_complex", x, (1, 2), False, "ortho"), ("fft_complex", z, (0,), True, "forward"), ("fft_real", x, (0, 2), "backward"),
                        ("fft_back_to_real", z, (1, 2), 9, "backward"), ("fft_back_to_real", z, (2,), 10, "ortho")):
        cases.append(Case(name, table.find("cuda", name), tuple(args), (table.find("cpu", name)(*args),), 1e-5))
    return cases


def decompositions() -> list[Case]:
    """Of few matrices, which are for the libraries, and of many, which are for our own kernels."""
    many, wide, x = numbers(9, 4, 4), numbers(2, 5, 3), numbers(2, 4, 4)
    positive = [a @ a.swapaxes(1, 2) + np.eye(4, dtype="f") for a in (x, many)]
    b, codes, cases = numbers(2, 3, 4), np.empty(2, np.int32), []
    for a, right in zip(positive, (b, numbers(9, 3, 4))):
        info, pivots = np.empty(len(a), np.int32), np.empty((len(a), 4), np.int32)
        made = by_the_cpu("solve_matrices", a, right, pivots, info, np.empty_like(a), np.empty_like(right), results=4, tolerance=1e-3)
        cases += [made, by_the_cpu("lu", a, True, pivots, info, np.empty_like(a), results=3, tolerance=1e-4),
                  by_the_cpu("lu_solve", made.expected[2], made.expected[0], right, np.empty_like(right), tolerance=1e-3),
                  by_the_cpu("cholesky", a, info, np.empty_like(a), results=2, tolerance=1e-4),
                  by_the_cpu("inverse", a, info, np.empty_like(a), results=2, tolerance=1e-3),
                  by_the_cpu("determinants", a, np.empty((len(a), 4), "f"), np.empty(len(a), "f"), tolerance=1e-3),
                  by_the_cpu("triangular", a, right, True, False, False, np.empty_like(right), tolerance=1e-3)]
    broken = positive[0].copy()
    broken[1, 2, 2] = -3
    cholesky = by_the_cpu("cholesky", broken[1:], codes[:1], np.empty((1, 4, 4), "f"), results=2)
    for twice in (x.astype("D") * (1 + 1j), wide):
        cases.append(by_the_cpu("lu", twice, True, np.empty((2, twice.shape[2]), np.int32), codes, np.empty_like(twice.swapaxes(1, 2), order="C"),
                                results=3, tolerance=1e-4))
    z = positive[0] + 1j * (x - x.swapaxes(1, 2)) / 8
    cases += [by_the_cpu("determinants", z, np.empty((2, 4), "F"), np.empty(2, "F"), tolerance=1e-3),
              by_the_cpu("cholesky", z, codes, np.empty((2, 4, 4), "F"), results=2, tolerance=1e-3),
              by_the_cpu("lu", z, False, np.empty((2, 4), np.int32), codes, np.empty((2, 4, 4), "F"), results=3, tolerance=1e-3)]
    cases.append(by_the_cpu("lu", positive[0], False, np.empty((2, 4), np.int32), codes, np.empty_like(x), results=3, tolerance=1e-4))
    cases.append(Case("cholesky of a matrix that is not positive", cholesky.kernel, (broken[1:], codes[:1], np.empty((1, 4, 4), "f"), ),
                      cholesky.expected, 1e-4))
    for name, *args in (("eigh", positive[0], False), ("eigh", positive[0][:1], True), ("eig", x), ("svd", wide, True), ("svd", wide[:1], False),
                        ("singular_values", wide), ("qr", wide, True), ("qr", wide, False), ("householder", wide), ("matrix_exponential", x)):
        found = table.find("cpu", name)(*args)
        cases.append(Case(name, table.find("cuda", name), tuple(args), found if isinstance(found, tuple) else (found,), 1e-4))
    return cases


def sparse() -> list[Case]:
    values, places, starts = numbers(5, 3), np.array([3, 0, 4, 1, 2]), np.array([0, 2, 3, 5])
    offsets, columns, entries = np.array([0, 2, 2, 5]), np.array([1, 3, 0, 1, 3]), numbers(5)
    a, b, where = numbers(4, 3), np.abs(numbers(6, 3)), np.array([2, 0, 5, 1, 3])
    return [by_the_cpu("sum_segments", values, places, starts, np.empty((3, 3), "f")),
            by_the_cpu("sparse_times_dense", offsets, columns, entries, a, np.empty((3, 3), "f")),
            by_the_cpu("sampled_products", a, b, np.array([0, 3, 3]), np.array([5, 0, 2]), np.empty(3, "f")),
            by_the_cpu("add_rows", values, np.array([1, 1, 0, 5, 1]), -0.5, 1, b.copy()),
            by_the_cpu("sparse_adam", values, where, 0.1, 0.9, 0.99, 1e-8, True, 3.0, numbers(6, 3), b.copy(), numbers(6, 3), results=3),
            *[by_the_cpu("adagrad", values, where, 0.1, 0.01, decay, 1e-8, False, 3.0, b.copy(), numbers(6, 3), results=2) for decay in (0.0, 0.1)]]


def sparse_with_libraries() -> list[Case]:
    rows = np.array([2, 0, 2, 4, 0, 2])
    return [by_the_cpu("group_rows", rows, np.zeros(6, int), np.empty(6, int), results=2)]
