"""BLAS and LAPACK as a trap: they add in another order on another system, and results differ in their last bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


def forbid_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every function of NumPy fail that linear algebra libraries stand behind."""

    def refuse(*_arguments: Any, **_more: Any) -> None:
        raise AssertionError("a function of BLAS or LAPACK was called")

    for name in ("lstsq", "solve", "inv", "qr", "svd", "pinv"):
        monkeypatch.setattr(np.linalg, name, refuse)
    for name in ("dot", "matmul", "vdot", "inner", "einsum", "convolve"):
        monkeypatch.setattr(np, name, refuse)
