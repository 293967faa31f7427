"""Opcodes as bytes, what readers refuse of them, and what they do by the specification."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from sixbit.raw import reference
from sixbit.raw.opcodes import (
    OPTIONAL,
    FixVignetteRadial,
    GainMap,
    Known,
    OpcodeError,
    WarpRectilinear,
    WarpRectilinear2,
    check,
    packed,
    read,
    unpacked,
)

WARP = WarpRectilinear(((1.01, -0.02, 0.003, 0.0), (1.0, -0.02, 0.003, 0.0), (0.99, -0.02, 0.0, 0.0)), (0.5, 0.48))
WARP2 = WarpRectilinear2(((0.98, 0.0, -0.01, 0.002, *[0.0] * 11),), (0.51, 0.5))
FALL_OFF = FixVignetteRadial((0.6, 0.3, 0.0, 0.1, 0.0))
MAP = GainMap((0, 1, 40, 60), (2, 2), np.linspace(1, 1.5, 6).reshape(2, 3, 1), (1.0, 0.5))
ALL: tuple[Known, ...] = (WARP, WARP2, FALL_OFF, MAP)


@pytest.mark.parametrize("opcode", ALL, ids=lambda opcode: type(opcode).__name__)
def test_an_opcode_comes_back_from_its_bytes(opcode: Known) -> None:
    (found,) = unpacked(packed([opcode]))
    back = read(found)
    assert type(back) is type(opcode)
    assert back.to_bytes() == opcode.to_bytes()
    assert (found.number, found.version, found.flags) == (opcode.NUMBER, opcode.VERSION, OPTIONAL)


def test_a_list_is_big_endian_and_as_long_as_the_specification_says() -> None:
    """DNG 1.7.1, chapter 7: a count, and then number, version, flags and length of each."""
    data = packed([FALL_OFF, WARP2, WARP])
    assert data[:20] == struct.pack(">IIBBBBII", 3, 3, 1, 3, 0, 0, 1, 56)
    assert [len(opcode.to_bytes()) for opcode in (WARP, WARP2, FALL_OFF)] == [164, 4 + 152 + 20, 56]
    assert len(MAP.to_bytes()) == 76 + 4 * 6
    assert struct.unpack_from(">d", data, 20)[0] == 0.6
    assert WARP2.VERSION == (1, 6, 0, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0",
        packed([WARP])[:-1],
        packed([WARP]) + b"\0",
        struct.pack(">I", 1 << 31),
        struct.pack(">I4I", 1, 3, 0x01030000, 1, 55) + bytes(55),
        struct.pack(">I4I", 1, 1, 0x01030000, 1, 20) + struct.pack(">I2d", 0, 0.5, 0.5),
        struct.pack(">I4I", 1, 1, 0x01030000, 1, 0xFFFFFFFF) + bytes(68),
        packed([WARP2])[:-1] + b"\1",
    ],
)
def test_a_broken_list_is_refused(data: bytes) -> None:
    with pytest.raises(OpcodeError):
        check(data, 3)


def test_what_adobe_refuses_is_refused() -> None:
    """Its readers refuse the whole raw for it, and exiftool has nothing to say."""
    with pytest.raises(OpcodeError, match="outside"):
        WarpRectilinear(((1.0, 0.0, 0.0, 0.0),), (0.5, 1.01))
    with pytest.raises(OpcodeError, match="folds"):
        WarpRectilinear(((1.0, -0.5, 0.0, 0.0),))
    with pytest.raises(OpcodeError, match="in between"):
        FixVignetteRadial((2.0, -2.0, 0.0, 0.0, 0.0))
    with pytest.raises(OpcodeError, match="none"):
        FixVignetteRadial((float("nan"), 0.0, 0.0, 0.0, 0.0))
    with pytest.raises(OpcodeError, match="for a raw of 1"):
        check(packed([WARP]), 1)
    check(packed([WARP2]), 1)
    check(packed([FALL_OFF, WARP2, WARP]), 3)


def test_the_second_warp_counts_where_it_is_known() -> None:
    known = reference.followed([FALL_OFF, WARP2, WARP])
    assert known == [FALL_OFF, WARP2]
    assert reference.followed([FALL_OFF, WARP2, WARP], has_version_2=False) == [FALL_OFF, WARP]
    assert reference.followed([WARP2, FALL_OFF, WARP]) == [WARP2, FALL_OFF, WARP], "it does not follow at once"


def test_a_warp_goes_around_its_centre_by_the_farthest_corner() -> None:
    size = (101, 61)
    centre = np.array([0.5 * 101, 0.48 * 61])
    reach = np.hypot(*np.maximum(centre, np.array(size) - centre))
    xy = np.array([[60.0, 20.0], [50.0, 30.0]])
    r = np.hypot(*(xy - centre).T) / reach
    factor = 1.01 - 0.02 * r**2 + 0.003 * r**4
    found = reference.source_points(WARP, size, xy, 0)
    assert np.allclose(found, centre + (xy - centre) * factor[:, None], rtol=0, atol=1e-12)


def test_gains_are_those_of_the_formula() -> None:
    size = (80, 60)
    corner = reference.radial_gains(FALL_OFF, size, np.array([[79.5, 59.5], [39.5, 29.5]]))
    assert corner.tolist() == [2.0, 1.0]
    grid = reference.map_gains(MAP, size, np.array([[-0.5, -0.5], [39.5, -0.5], [79.5, 59.5], [19.5, -0.5]]))
    assert np.allclose(grid, [1.0, 1.1, 1.5, 1.05])


def test_a_map_is_for_its_pixels_alone_and_light_ends_at_white() -> None:
    picture = np.full((60, 80, 1), 0.9)
    out = reference.brightened(picture, MAP)
    assert (out[0, 0, 0], out[1, 1, 0], out[0, 61, 0]) == (0.9, 0.9, 0.9)
    assert out[0, 1, 0] > 0.9
    assert out.max() == 1.0
    smooth = reference.developed(np.full((60, 80, 1), 0.1), [FALL_OFF, WARP2, WARP])
    assert 0.1 <= smooth.min() < smooth.max() <= 0.2
