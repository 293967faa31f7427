"""The size in the sequence header of AV1, as the picture of an AVIF is coded (AV1 Bitstream, sections 5.3 and 5.5)."""

from __future__ import annotations

_SEQUENCE_HEADER = 1


class _Bits:
    """Reads numbers of so many bits, the highest first; behind the end of the data all are zero."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def __call__(self, count: int) -> int:
        self._left -= count
        wanted = self._value >> self._left if self._left >= 0 else self._value << -self._left
        return wanted & ((1 << count) - 1)

    def variable(self) -> None:
        """Pass over a number of as many bits as it has zeros before it (section 4.10.3)."""
        zeros = 0
        while self._left > 0 and not self(1):
            zeros += 1
        self(min(zeros, 32))


def coded_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the frames whose data begins so; None if no sequence header is among its first parts.

    >>> coded_size(bytes.fromhex("12000a0918157eb9a2021a0d08"))
    (63, 47)
    """
    at = 0
    while at < len(data):
        kind, has_extension, has_size = data[at] >> 3 & 15, data[at] & 4, data[at] & 2
        at += 2 if has_extension else 1
        length, at = _leb128(data, at) if has_size else (len(data) - at, at)
        if kind == _SEQUENCE_HEADER:
            return _size_in(_Bits(data[at : at + min(length, 1024)]))
        at += length
    return None


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends (section 4.10.5)."""
    number = 0
    for k, byte in enumerate(data[at : at + 8]):
        number |= (byte & 0x7F) << 7 * k
        if byte < 0x80:
            return number, at + k + 1
    return len(data), at  # no number: nothing follows


def _size_in(read: _Bits) -> tuple[int, int]:
    read(4)  # profile, and whether it is a still picture
    if read(1):  # the short header of one
        read(5)
    else:
        _pass_operating_points(read)
    of_width, of_height = read(4) + 1, read(4) + 1
    return read(of_width) + 1, read(of_height) + 1


def _pass_operating_points(read: _Bits) -> None:
    of_delay = 0
    if read(1):  # how long a frame is shown
        read(64)
        if read(1):
            read.variable()
        if read(1):
            of_delay = read(5) + 1
            read(42)
    has_delays = read(1)
    for _ in range(read(5) + 1):
        read(12)
        if read(5) > 7:
            read(1)
        if of_delay and read(1):
            read(2 * of_delay + 1)
        if has_delays and read(1):
            read(4)
