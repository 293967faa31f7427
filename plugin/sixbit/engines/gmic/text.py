"""How numbers, polynomials and tables are written for G'MIC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sixbit.values.polynomial import Polynomial


def filled(text: str, **values: object) -> str:
    """Put values where a text of G'MIC has ``<name>``: braces and dollars are G'MIC's own.

    >>> filled("crop 0,<top>", top=2)
    'crop 0,2'
    """
    for name, value in values.items():
        text = text.replace(f"<{name}>", str(value))
    return text


def number(value: float) -> str:
    """Write a number to all its digits, safe after any operator."""
    return f"({float(value)!r})"


def horner(polynomial: Polynomial) -> str:
    """Write a polynomial of ascending powers as an expression in ``rho``.

    >>> horner((1.0, 0.0, -0.5))
    '(1.0)+rho*((0.0)+rho*((-0.5)))'
    """
    text = number(polynomial[-1])
    for coefficient in polynomial[-2::-1]:
        text = f"{number(coefficient)}+rho*({text})"
    return text


def of_plane(expressions: Sequence[str], plane: str) -> str:
    """Write a choice of expressions by the number of a plane; one stands for all.

    >>> of_plane(["a", "b", "c"], "z")
    'z==0?(a):z==1?(b):(c)'
    """
    *others, last = expressions
    return "".join(f"{plane}=={k}?({one}):" for k, one in enumerate(others)) + f"({last})"


def table(rows: Iterable[Iterable[float]]) -> str:
    """Write numbers as an image, a line of text each row.

    >>> table([[1, 2], [3, 4.5]])
    '  (1,2;3,4.5)'
    """
    return "  (" + ";".join(",".join(f"{value:.9g}" for value in row) for row in rows) + ")"
