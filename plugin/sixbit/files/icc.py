"""Colour profiles, made from primaries, a white and a curve; and what a profile says in its tags (ICC.1:2022)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Red, green, blue and white as chromaticities (x, y) of CIE 1931."""
Curve = float | Sequence[float]
"""Light of a code value, both 0 to 1: an exponent, or a table of light at even steps."""

D50 = (0xF6D6 / 65536, 1.0, 0xD32D / 65536)
"""The white of the space in which profiles meet, as their headers have it (7.2.16)."""
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
"""From XYZ to the responses of the eye's cones (annex E.3)."""
_SRGB = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""The curve of sRGB (IEC 61966-2-1:1999, section 5.2), as parameters of a curve of type 3 (10.18)."""
_HEADER, _ENTRY = 128, 12


def made_profile(
    name: str, primaries: Primaries | None, curve: Curve | None, codes: tuple[int, int] | None = None
) -> bytes:
    """A display profile of version 4 for RGB, or for grey if there are no ``primaries``.

    No ``curve`` is that of sRGB. ``codes`` are those of H.273 for the primaries and the transfer, which say more than
    a profile can where the light is meant for HDR screens. Raises ValueError for primaries that span no colours.

    >>> srgb = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), (0.3127, 0.3290))
    >>> made = made_profile("sRGB", srgb, None)
    >>> space_of(made), len(made), sorted(tags_of(made))[:3]
    ('RGB', 480, [b'bTRC', b'bXYZ', b'chad'])
    """
    content = {b"desc": _text(name), b"cprt": _text("CC0"), b"wtpt": _xyz(D50)}
    if codes is not None:
        content[b"cicp"] = b"cicp\0\0\0\0" + bytes((*codes, 0, 1))
    if primaries is None:
        content[b"kTRC"] = _curve(curve)
    else:
        adaptation, colorants = _adapted(primaries)
        content[b"chad"] = b"sf32\0\0\0\0" + _fixed(number for row in adaptation for number in row)
        for k, letter in enumerate((b"r", b"g", b"b")):
            content[letter + b"XYZ"] = _xyz([row[k] for row in colorants])
            content[letter + b"TRC"] = _curve(curve)
    table, data = struct.pack(">I", len(content)), b""
    places: dict[bytes, int] = {}
    for tag, value in content.items():
        if value not in places:  # tags that are alike share their data (7.3.1)
            places[value] = _HEADER + 4 + _ENTRY * len(content) + len(data)
            data += value + b"\0" * (-len(value) % 4)
        table += struct.pack(">4sII", tag, places[value], len(value))
    head = struct.pack(
        ">I4xI4s4s4s6H4s28x3I48x",
        _HEADER + len(table) + len(data),
        0x04400000,
        b"mntr",
        b"RGB " if primaries else b"GRAY",
        b"XYZ ",
        *(1970, 1, 1, 0, 0, 0),  # no date: two that mean the same are the same
        b"acsp",
        *(round(number * 65536) for number in D50),
    )
    return head + table + data


def space_of(icc: bytes) -> str:
    """The colour space a profile is for: ``RGB``, ``GRAY``, ``CMYK`` ... (7.2.6)."""
    return icc[16:20].decode("latin-1").strip()


def tags_of(icc: bytes) -> dict[bytes, bytes]:
    """The tags of a profile (7.3), as far as they lie within it."""
    count = int.from_bytes(icc[_HEADER : _HEADER + 4], "big")
    end = min(_HEADER + 4 + _ENTRY * count, len(icc) - _ENTRY + 1)
    rows = (struct.unpack_from(">4sII", icc, at) for at in range(_HEADER + 4, end, _ENTRY))
    return {tag: icc[at : at + size] for tag, at, size in rows}


def codes_of(icc: bytes) -> tuple[int, int] | None:
    """The codes of H.273 for the primaries and the transfer that a profile tells (9.2.17); None if it does not."""
    told = tags_of(icc).get(b"cicp", b"")
    return (told[8], told[9]) if len(told) >= 12 else None


def _adapted(primaries: Primaries) -> tuple[list[list[float]], list[list[float]]]:
    """The matrix that adapts the white to D50 (annex E), and the adapted XYZ of the primaries as columns."""
    import numpy as np

    if any(y <= 0 for _, y in primaries):
        raise ValueError("a colour without light")
    red, green, blue, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries)
    try:
        colours = np.stack([red, green, blue], axis=1)
        colours = colours * np.linalg.solve(colours, white)
        to_cones = np.array(_BRADFORD)
        adaptation = np.linalg.solve(to_cones, to_cones * (to_cones @ D50 / (to_cones @ white))[:, None])
    except np.linalg.LinAlgError as error:
        raise ValueError("primaries that span no colours") from error
    steps = np.round(adaptation @ colours * 65536)
    # What rounding left over goes to the largest of a row: then equal values are grey to the last bit.
    rows = np.arange(3)
    steps[rows, steps.argmax(axis=1)] += np.round(np.array(D50) * 65536) - steps.sum(axis=1)
    if not (np.isfinite(steps).all() and np.abs(steps).max() < 2**31 and np.abs(adaptation).max() < 2**15):
        raise ValueError("primaries that span no colours")
    return adaptation.tolist(), (steps / 65536).tolist()


def _fixed(numbers: Iterable[float]) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def _xyz(numbers: Iterable[float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(numbers)


def _text(text: str) -> bytes:
    return b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", 2 * len(text), 28) + text.encode("utf-16-be")


def _curve(curve: Curve | None) -> bytes:
    if curve is None:
        return b"para" + struct.pack(">4xHxx", 3) + _fixed(_SRGB)
    if isinstance(curve, int | float):
        return b"para" + struct.pack(">4xHxx", 0) + _fixed([curve])
    steps = (round(65535 * min(max(light, 0.0), 1.0)) for light in curve)
    return b"curv" + struct.pack(f">4xI{len(curve)}H", len(curve), *steps)
