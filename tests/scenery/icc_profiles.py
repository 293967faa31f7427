"""Colour profiles, made: by Little CMS for a gamma, or byte by byte for any curve."""

from __future__ import annotations

import struct
from typing import Any

import imagecodecs

D65 = (0.3127, 0.3290, 1.0)
D50 = (0.3457, 0.3585, 1.0)

PRIMARIES = {
    "Adobe RGB": (0.64, 0.33, 1.0, 0.21, 0.71, 1.0, 0.15, 0.06, 1.0),
    "Display P3": (0.680, 0.320, 1.0, 0.265, 0.690, 1.0, 0.150, 0.060, 1.0),
    "Rec. 2020": (0.708, 0.292, 1.0, 0.170, 0.797, 1.0, 0.131, 0.046, 1.0),
}

ADOBE_GAMMA = 563 / 256
"""Adobe RGB (1998) Color Image Encoding, section 4.3.4.2."""


def rgb_profile(name: str, **curve: Any) -> bytes:
    return bytes(imagecodecs.cms_profile("rgb", whitepoint=D65, primaries=PRIMARIES[name], **curve))


def made_profile(space: bytes, curves: dict[bytes, bytes], others: dict[bytes, bytes] | None = None) -> bytes:
    """Return a version 2 display profile, byte by byte (ICC.1:2001-04, sections 6.1 to 6.5)."""
    xyz = {
        b"rXYZ": (0.4361, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971),
        b"bXYZ": (0.1431, 0.0606, 0.7139),
        b"wtpt": (0.9642, 1.0, 0.8249),
    }
    tags = {
        name: b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in value)
        for name, value in xyz.items()
        if space == b"RGB " or name == b"wtpt"
    }
    tags |= curves | (others or {})
    tags[b"desc"] = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78
    table, data, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        padded = value + b"\0" * (-len(value) % 4)
        table += name + struct.pack(">II", at + len(data), len(value))
        data += padded
    body = struct.pack(">I", len(tags)) + table + data
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), b"none", 0x02400000, b"mntr", space, b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + struct.pack(">iii", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + body


def tabulated(values: Any) -> bytes:
    """Return a curve given by 16-bit values (ICC.1:2001-04, section 6.5.3)."""
    return (
        b"curv\0\0\0\0"
        + struct.pack(">I", len(values))
        + b"".join(struct.pack(">H", round(float(value) * 65535)) for value in values)
    )
