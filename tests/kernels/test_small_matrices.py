"""Small matrices side by side, and what chooses between them and LAPACK."""
import numpy as np
import pytest
import scipy.linalg

from nb_nn.kernels import table, threads
from nb_nn.kernels.cpu import lapack, small_matrices

KINDS = ("float32", "float64")
COUNTS = (1, 31, 33, 70)                # by LAPACK, and around a group of 32
SIZES = (1, 2, 3, 5, 8, 16)


def random_matrices(count, n, kind, seed=0):
    return np.random.default_rng([seed, count, n]).standard_normal((count, n, n)).astype(kind)


def positive(count, n, kind):
    a = random_matrices(count, n, kind)
    return (a @ a.swapaxes(1, 2) + n * np.eye(n)).astype(kind)


def close(found, expected, kind):
    tolerance = 2e-3 if kind == "float32" else 1e-10
    np.testing.assert_allclose(found, expected, tolerance, tolerance)


@pytest.fixture(params=["serial", "parallel"])
def twin(request, monkeypatch):
    """Both twins, whatever the work."""
    monkeypatch.setattr(threads, "count", 3)
    monkeypatch.setattr(threads, "serial_only", lambda: False)
    for name in ("small_determinants", "small_solve", "small_cholesky", "small_triangular"):
        kernel = getattr(small_matrices, name)
        monkeypatch.setattr(small_matrices, name, lambda *args, work, kernel=kernel: getattr(kernel, request.param)(*args))


def test_both_twins_compute_all(twin):
    kind = "float64"
    a, b = random_matrices(70, 5, kind), random_matrices(70, 5, kind, 1)
    info, pivots, out = np.empty(70, np.int32), np.empty((70, 5), np.int32), np.empty_like(a)
    lapack.inverse(a, info, out)
    close(out.swapaxes(1, 2) @ a, np.broadcast_to(np.eye(5), a.shape), kind)
    lapack.solve_matrices(a, b, pivots, info, np.empty_like(a), out)
    close(a @ out.swapaxes(1, 2), b.swapaxes(1, 2), kind)
    lapack.cholesky(positive(70, 5, kind), info, out)
    close(out, np.linalg.cholesky(positive(70, 5, kind)), kind)
    diagonals, dets = np.empty((70, 5), kind), np.empty(70, kind)
    lapack.determinants(a, diagonals, dets)
    close(dets, np.linalg.det(a), kind)
    lapack.lu(a, True, pivots, info, out)
    close(out[3].T, scipy.linalg.lu_factor(a[3])[0], kind)
    lapack.triangular(a, b, False, True, False, out)
    close(np.triu(a) @ out.swapaxes(1, 2), b.swapaxes(1, 2), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", SIZES)
def test_lu_has_the_factors_and_pivots_of_lapack(n, kind):
    for count in COUNTS:
        a = random_matrices(count, n, kind)
        pivots, info, out = np.empty((count, n), np.int32), np.empty(count, np.int32), np.empty_like(a)
        table.find("cpu", "lu")(a, True, pivots, info, out)
        for i in (0, count // 2, count - 1):
            factors, order = scipy.linalg.lu_factor(a[i])
            np.testing.assert_array_equal(pivots[i] - 1, order)
            close(out[i].T, factors, kind)
        assert not info.any()


def test_values_do_not_depend_on_neighbours():
    a = random_matrices(70, 7, "float32")
    info, out = np.empty(70, np.int32), np.empty_like(a)
    lapack.inverse(a, info, out)
    for i in (0, 20, 50):
        fewer = np.empty((9, 7, 7), np.float32)
        lapack.inverse(a[i:i + 9].copy(), info[:9], fewer)
        np.testing.assert_array_equal(fewer, out[i:i + 9])


@pytest.mark.parametrize("count", [3, 10])
@pytest.mark.parametrize("n", [3, 40])
def test_singular_matrices_are_told_and_leave_the_others_alone(n, count):
    a = random_matrices(count, n, "float64")
    a[1, :, 1] = 2 * a[1, :, 0]
    a[1, 0, :] = 0
    a[1, :, 0] = 0
    info, pivots, out = np.empty(count, np.int32), np.empty((count, n), np.int32), np.empty_like(a)
    lapack.inverse(a, info, out)
    assert info[0] == info[2] == 0
    assert info[1] == 1
    close(out[2].T @ a[2], np.eye(n), "float64")
    assert not np.isfinite(out[1]).all()
    lapack.lu(a, True, pivots, info, out)
    assert info[:3].tolist() == [0, 1, 0]


@pytest.mark.parametrize("count", [4, 10])
@pytest.mark.parametrize("n", [3, 40])
def test_cholesky_tells_the_first_minor_that_is_not_positive(n, count):
    a = positive(count, n, "float64")
    a[1, 0, 0] = -1
    a[2, 2, 2] = -1
    a[3, 1, 1] = np.nan
    info, out = np.empty(count, np.int32), np.empty_like(a)
    lapack.cholesky(a, info, out)
    assert info[:4].tolist() == [0, 1, 3, 2]


@pytest.mark.parametrize("n", [4, 16, 20, 40])
@pytest.mark.parametrize("count", [1, 20])
def test_small_and_large_agree_with_numpy(n, count):
    a, b = random_matrices(count, n, "float64"), random_matrices(count, n, "float64", 1)[:, :3].copy()
    pivots, info = np.empty((count, n), np.int32), np.empty(count, np.int32)
    lu_t, x_t = np.empty_like(a), np.empty_like(b)
    expected = np.linalg.solve(a, b.swapaxes(1, 2))
    lapack.solve_matrices(a, b, pivots, info, lu_t, x_t)
    close(x_t.swapaxes(1, 2), expected, "float64")
    lapack.lu_solve(lu_t, pivots, b, x_t)
    close(x_t.swapaxes(1, 2), expected, "float64")
    for transposed in (False, True):
        for upper in (False, True):
            for unit in (False, True):
                well = a + 10 * n * np.eye(n)
                lapack.triangular(well, b, transposed, upper, unit, x_t)
                matrix = well.swapaxes(1, 2) if transposed else well
                matrix = np.triu(matrix) if upper else np.tril(matrix)
                if unit:
                    matrix = matrix / 1
                    matrix[:, range(n), range(n)] = 1
                back = np.linalg.solve(matrix, b.swapaxes(1, 2))
                np.testing.assert_allclose(x_t.swapaxes(1, 2) / abs(back).max(), back / abs(back).max(), 1e-6, 1e-9)


def test_complex_matrices_go_to_lapack():
    a = random_matrices(2, 3, "float64") + 1j * random_matrices(2, 3, "float64", 1)
    info, out = np.empty(2, np.int32), np.empty_like(a)
    lapack.inverse(a, info, out)
    close(out.swapaxes(1, 2), np.linalg.inv(a), "float64")
    hermitian = a @ a.conj().swapaxes(1, 2)
    lapack.cholesky(hermitian, info, out)
    close(out, np.linalg.cholesky(hermitian), "float64")


def test_lu_without_pivots_multiplies_back():
    a = positive(3, 6, "float64")
    pivots, info, out = np.empty((3, 6), np.int32), np.empty(3, np.int32), np.empty_like(a)
    lapack.lu(a, False, pivots, info, out)
    factors = out.swapaxes(1, 2)
    close((np.tril(factors, -1) + np.eye(6)) @ np.triu(factors), a, "float64")
    assert (pivots == np.arange(1, 7)).all()
