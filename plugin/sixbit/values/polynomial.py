"""Polynomials, and the least squares that they are fitted by."""

from __future__ import annotations

import numpy as np

from sixbit.values.arrays import FloatArray

Polynomial = tuple[float, ...]

UNITY: Polynomial = (1.0,)


def evaluate(polynomial: Polynomial, r: FloatArray) -> FloatArray:
    """A polynomial of ascending powers at r, by Horner's rule in float64.

    >>> import numpy as np
    >>> evaluate((1.0, 0.0, 2.0), np.array([3.0])).tolist()
    [19.0]
    """
    value = np.full_like(r, polynomial[-1])
    for coefficient in polynomial[-2::-1]:
        value = value * r + coefficient
    return value


def least_squares(basis: FloatArray, wanted: FloatArray) -> FloatArray:
    """How much of each column of ``basis`` (..., n, m) comes nearest to ``wanted`` (..., n): (..., m).

    By modified Gram-Schmidt, each column made orthogonal twice (G. H. Golub and C. F. Van Loan, Matrix Computations,
    4th edition, section 5.2). A column that those before it make up gets nothing. NumPy's own sums do it, without BLAS:
    that one adds in another order with another cache or C library, and what is compiled, or corrected, in an editor's
    sandbox would differ in its last bits from the same outside of it.

    >>> import numpy as np
    >>> x = np.array([0.0, 1.0, 2.0, 3.0])
    >>> least_squares(np.stack([x**0, x], axis=1), 1 + 2 * x).round(12).tolist()
    [1.0, 2.0]
    """
    columns = [np.ascontiguousarray(basis[..., k]) for k in range(basis.shape[-1])]
    shares = np.zeros((len(columns), *basis.shape[:-2]))
    triangle = np.zeros((len(columns), *shares.shape))
    rest = wanted
    for k, column in enumerate(columns):
        size = (column * column).sum(-1)
        for _ in range(2):
            for j, earlier in enumerate(columns[:k]):
                share = (earlier * column).sum(-1)
                triangle[j, k] += share
                column = column - share[..., None] * earlier
        length = (column * column).sum(-1)
        triangle[k, k] = np.sqrt(np.where(length > 1e-24 * size, length, np.inf))
        columns[k] = column / triangle[k, k][..., None]
        shares[k] = (columns[k] * rest).sum(-1)
        rest = rest - shares[k][..., None] * columns[k]
    for k in reversed(range(len(columns))):
        shares[k] /= triangle[k, k]
        for j in range(k):
            shares[j] -= shares[k] * np.where(np.isinf(triangle[k, k]), 0, triangle[j, k])
    return np.moveaxis(shares, 0, -1)
