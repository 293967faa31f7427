"""Damage to files, at random: where their structure is, as one who knows it would do it, and anywhere.

    mutated(data, other, random.Random("1 7"))

The same random numbers do the same damage.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import TypeVar

from tests.scenery.fuzz import mutate_text
from tests.scenery.fuzz.mutate_text import TEXTS

T = TypeVar("T")
Change = Callable[[bytes, Random], bytes]

LARGEST = 2 << 20
"""Bytes of a damaged file at most."""
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
PNG = b"\x89PNG\r\n\x1a\n"
PREFIXES = (b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"MPF\0", b"XML:com.adobe.xmp\0\0\0\0\0", b"\0\0\0\0")
"""What stands before a structure within another one."""
TAGS = (0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x0111, 0x0112, 0x0115, 0x0116, 0x0117, 0x011A, 0x011C, 0x013D)
TAGS += (0x0140, 0x0142, 0x0143, 0x0144, 0x0145, 0x014A, 0x0152, 0x0153, 0x015B, 0x02BC, 0x83BB, 0x8649, 0x8769, 0x8773)
TAGS += (0x8825, 0x927C, 0x9C9E, 0xA005, 0xC612, 0xC634, 0xA432, 0xA434, 0x828E)
"""Those of TIFF that say how it is to be read, or lead elsewhere."""
PARENTS = frozenset({b"moov", b"meta", b"iprp", b"ipco", b"iinf", b"uuid", b"trak", b"mdia", b"minf", b"stbl"})


def mutated(data: bytes, other: bytes, random: Random) -> bytes:
    """Return data with one to five damages; ``other`` is a file of which it may get a part."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5))):
        if random.random() < 0.02:
            data = data[: _place(data, random)] + other[_place(other, random) :]
        else:
            data = (structured if random.random() < 0.8 else plain)(data, random)
        data = data[:LARGEST]
    return data


def structured(data: bytes, random: Random) -> bytes:
    """Damage data where the structure is that its first bytes tell."""
    changes: dict[bytes, Change] = {
        b"\xff\xd8": _jpeg,
        PNG: _png,
        b"II": _tiff,
        b"MM": _tiff,
        b"RIFF": _riff,
        b"FUJIFILM": _raf,
        b"<": mutate_text.xml,
        b"{": mutate_text.json_lines,
        b"[": mutate_text.json_lines,
    }
    if data[4:8] in (b"ftyp", b"JXL "):
        return _boxes(data, random)
    return next((change for magic, change in changes.items() if data.startswith(magic)), plain)(data, random)


# Anywhere -----------------------------------------------------------------------------------------------------------


def plain(data: bytes, random: Random) -> bytes:
    """Damage data anywhere."""
    if not data:
        return random.randbytes(random.randrange(40))
    at, end = sorted((_place(data, random), _place(data, random)))
    end = min(end, at + random.choice((1, 4, 64, 4096)))
    kind = random.randrange(9)
    if kind < 2:
        flipped = bytearray(data)
        for _ in range(random.choice((1, 1, 4, 30))):
            flipped[random.randrange(len(data))] ^= 1 << random.randrange(8)
        return bytes(flipped)
    if kind == 2:
        return data[:at]
    if kind == 3:
        return data[:at] + data[end:]
    if kind == 4:
        return data[:end] + data[at:end] * random.choice((1, 2, 50)) + data[end:]
    if kind == 5:
        return data[:at] + random.randbytes(end - at) + data[end:]
    if kind == 6:
        return data[:at] + random.choice(TEXTS).encode("utf-8", "surrogatepass") + data[at:]
    return _with_number(data, at, random)


def _place(data: Sequence[object] | bytes, random: Random) -> int:
    """A place in data, more often near its beginning."""
    return int(len(data) * random.random() ** random.choice((1, 3)))


def _with_number(data: bytes, at: int, random: Random) -> bytes:
    """Put one of the numbers that stand at an edge, or near the size of the file, over data."""
    order, code = random.choice("<>"), random.choice("BHIQ")
    size = struct.calcsize(code)
    number = random.choice((*EDGES, len(data), len(data) - at, at, 1 << 63, (1 << 64) - 1)) + random.choice(
        (0, 0, 1, -1)
    )
    packed = struct.pack(order + code, number % (1 << 8 * size))
    return data[:at] + packed[: max(0, len(data) - at)] + data[at + size :]


def _edited(parts: list[T], change: Callable[[T], T], random: Random) -> list[T]:
    """Change one of several parts, or leave it out, repeat it, or move it."""
    if not parts:
        return parts
    at, kind = random.randrange(len(parts)), random.random()
    if kind < 0.75:
        return [*parts[:at], change(parts[at]), *parts[at + 1 :]]
    if kind < 0.83:
        return parts[:at] + parts[at + 1 :]
    if kind < 0.9:
        return parts[:at] + parts[at : at + 1] * random.choice((2, 3, 70)) + parts[at + 1 :]
    parts = list(parts)
    parts.insert(random.randrange(len(parts)), parts.pop(at))
    return parts


def _within(content: bytes, random: Random) -> bytes:
    """Damage what stands in a segment, chunk or box, behind what tells of which kind it is."""
    prefix = next((prefix for prefix in PREFIXES if content.startswith(prefix)), b"")
    if random.random() < 0.03:
        return prefix
    return prefix + structured(content[len(prefix) :], random)


def _lying(size: int, random: Random) -> int:
    """A size, and now and then one that is wrong."""
    return size if random.random() < 0.97 else random.choice((*EDGES, size + 1, size - 1))


# JPEG, PNG ----------------------------------------------------------------------------------------------------------


def _jpeg(data: bytes, random: Random) -> bytes:
    parts, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        size = max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
        parts.append((data[at + 1], data[at + 4 : at + 2 + size]))
        at += 2 + size
    scan = data[at:]
    if random.random() < 0.15:
        behind = scan.rfind(b"\xff\xd8")
        scan = scan[:behind] + structured(scan[behind:], random) if behind > 0 else plain(scan, random)
    else:

        def changed(part: tuple[int, bytes]) -> tuple[int, bytes]:
            marker, content = part
            if random.random() < 0.04:
                return random.choice((0xC0, 0xC2, 0xC4, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE)), content
            if marker in (0xC0, 0xC2) and random.random() < 0.5:
                return marker, _with_number(content, random.choice((0, 1, 3, 5, 6, 7)), random)
            return marker, _within(content, random)

        parts = _edited(parts, changed, random)
    head = b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", _lying(len(content) + 2, random) % 65536) + content[:65533]
        for marker, content in parts
    )
    return b"\xff\xd8" + head + scan


def _png(data: bytes, random: Random) -> bytes:
    parts, at = [], 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        parts.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size

    def changed(part: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        name, content = part
        if random.random() < 0.04:
            return random.choice((b"IDAT", b"iCCP", b"zTXt", b"iTXt", b"eXIf", b"tEXt", b"PLTE", b"gAMA")), content
        if name == b"IHDR" and random.random() < 0.7:
            return name, _with_number(content, random.choice((0, 4, 8, 9, 12)), random)
        if name in (b"zTXt", b"iTXt", b"iCCP", b"IDAT") and random.random() < 0.8:
            return name, _deflated(content, random)
        return name, _within(content, random)

    chunks = (
        struct.pack(">I", _lying(len(content), random) % (1 << 32)) + name + content
        for name, content in _edited(parts, changed, random)
    )
    crc = random.random() < 0.97
    return PNG + b"".join(one + struct.pack(">I", zlib.crc32(one[4:]) if crc else 0) for one in chunks)


def _deflated(content: bytes, random: Random) -> bytes:
    """Damage what is compressed within, or let it expand to a great deal."""
    at = next((k for k in range(min(len(content), 120)) if content[k : k + 2] in (b"x\x9c", b"x\xda", b"x\x01")), None)
    if at is None:
        return plain(content, random)
    if random.random() < 0.05:
        return content[:at] + _bomb()
    try:
        text = zlib.decompress(content[at:])
    except zlib.error:
        return plain(content, random)
    return content[:at] + zlib.compress(structured(text, random), 1)


@cache
def _bomb() -> bytes:
    return zlib.compress(bytes(70 << 20))


# TIFF ---------------------------------------------------------------------------------------------------------------


def _tiff(data: bytes, random: Random) -> bytes:
    """Damage a field of an entry, what it points to, or the way from one directory to the next."""
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2:4] in (b"+\0", b"\0+")
    word, row = ("Q", 20) if is_big else ("I", 12)
    entries, ends = _directories(data, order, is_big)
    if not entries or random.random() < 0.1:
        return plain(data, random)
    if random.random() < 0.08:  # a way that leads in circles, or nowhere
        places = (*ends, 8, len(data), len(data) - 2, 0xFFFFFFF0)
        return _put(data, random.choice(ends), struct.pack(order + word, random.choice(places)))
    at = random.choice(entries)
    size_at, value_at = at + 4, at + row - struct.calcsize(word)
    kind = random.randrange(10)
    if kind == 0:
        return _put(data, at, struct.pack(order + "H", random.choice(TAGS)))
    if kind < 3:
        return _put(data, at + 2, struct.pack(order + "H", random.choice((*range(19), 129, 255, 65535))))
    if kind < 5:
        number = random.choice((*EDGES, 3, 4, 5, 12, 64, 300, len(data), 1 << 22, 1 << 30))
        return _put(data, size_at, struct.pack(order + word, number))
    if kind < 8:
        number = random.choice(
            (*EDGES, 3, 5, 8, 16, 64, 32803, 34892, 50000, len(data), len(data) - 1, 1 << 23, *ends, at)
        )
        if random.random() < 0.3:
            return _put(data, value_at, struct.pack(order + "H", number % 65536))
        return _put(data, value_at, struct.pack(order + word, number))
    code, there = struct.unpack_from(order + "H", data, at + 2)[0], struct.unpack_from(order + 2 * word, data, size_at)
    size = there[0] * {3: 2, 4: 4, 5: 8, 10: 8, 9: 4, 12: 8, 11: 4}.get(code, 1)
    if not struct.calcsize(word) < size <= 65536 or there[1] + size > len(data):
        return _put(data, value_at, random.randbytes(4))
    if kind == 8 or data[there[1]] not in b"<8LIM":  # where it is
        value = plain(data[there[1] : there[1] + size], random)[:size]
        return _put(data, there[1], value)
    value = structured(data[there[1] : there[1] + size], random)
    moved = struct.pack(order + 2 * word, max(1, len(value) * there[0] // size), len(data))
    return _put(data, size_at, moved) + value


def _directories(data: bytes, order: str, is_big: bool) -> tuple[list[int], list[int]]:
    """Where the entries of all directories are, and the words that lead to other directories."""
    word, count, row, head, first = ("Q", "Q", 20, 8, 8) if is_big else ("I", "H", 12, 2, 4)
    entries, ends, waiting, seen = [], [first], [first], set()
    while waiting and len(entries) < 500:
        try:
            (at,) = struct.unpack_from(order + word, data, waiting.pop())
            (many,) = struct.unpack_from(order + count, data, at)
        except (struct.error, OverflowError):
            continue
        if at in seen or many > 200:
            continue
        seen.add(at)
        for number in range(many):
            entry = at + head + row * number
            if entry + row > len(data):
                break
            entries.append(entry)
            if struct.unpack_from(order + "H", data, entry)[0] in (0x014A, 0x8769, 0x8825, 0xA005):
                waiting.append(entry + row - struct.calcsize(word))
        ends.append(at + head + row * many)
        waiting.append(ends[-1])
    return entries, [end for end in ends if end + struct.calcsize(word) <= len(data)]


def _put(data: bytes, at: int, over: bytes) -> bytes:
    return data[:at] + over[: max(0, len(data) - at)] + data[at + len(over) :]


# Boxes, chunks, records ---------------------------------------------------------------------------------------------


def _boxes(data: bytes, random: Random) -> bytes:
    """Damage boxes where they are, but for those that stand at the end, which may change their size."""
    found = _all_boxes(data, 0, len(data))
    kind = random.random()
    if not found or kind < 0.05:
        return plain(data, random)
    at, size, name = random.choice(found)
    if kind < 0.15:
        return _put(data, at, struct.pack(">I", random.choice((*EDGES, 7, 8, 9, size - 1, size + 1, len(data)))))
    if kind < 0.22:
        return _put(data, at + 4, random.choice((*{other for _, _, other in found}, b"free", b"\x1b[2J")))
    if kind < 0.5:
        return _in_embedded(data, random)
    if kind < 0.6 or name in (b"xml ", b"Exif", b"jxlc", b"brob"):
        content = data[at + 8 : at + size]
        changed = [_within(content, random), b"", content * 2, content[: len(content) // 2]][
            random.choice((0, 0, 0, 1, 2, 3))
        ]
        return data[:at] + struct.pack(">I", 8 + len(changed)) + name + changed + data[at + size :]
    if kind < 0.66:
        return data[:at] + data[at : at + size] * random.choice((0, 2, 40)) + data[at + size :]
    if name == b"mdat":
        return data[: at + 8] + plain(data[at + 8 : at + size], random) + data[at + size :]
    return _with_number(data, at + 8 + random.randrange(max(1, size - 8)), random)


def _all_boxes(data: bytes, at: int, end: int) -> list[tuple[int, int, bytes]]:
    found = []
    while at + 8 <= end and len(found) < 300:
        size, name = int.from_bytes(data[at : at + 4], "big") or end - at, data[at + 4 : at + 8]
        if size < 8 or at + size > end:
            break
        found.append((at, size, name))
        if name in PARENTS:
            skip = {b"meta": 4, b"iinf": 6, b"uuid": 16}.get(name, 0)
            found += _all_boxes(data, at + 8 + skip, at + size)
        at += size
    return found


def _in_embedded(data: bytes, random: Random) -> bytes:
    """Damage a TIFF structure, or a JPEG, that stands somewhere within, so that nothing behind it moves."""
    starts = [one.start() for one in re.finditer(rb"II\*\0|MM\0\*|\xff\xd8\xff", data)]
    if not starts:
        return plain(data, random)
    at = random.choice(starts)
    rest = data[at:]
    return data[:at] + structured(rest, random)[: len(rest)].ljust(len(rest), b"\0")


def _riff(data: bytes, random: Random) -> bytes:
    parts, at = [], 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        parts.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2

    def changed(part: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        name, content = part
        if random.random() < 0.06:
            return random.choice((b"VP8 ", b"VP8L", b"VP8X", b"EXIF", b"XMP ", b"ICCP", b"ANIM", b"ALPH")), content
        if name == b"VP8X":
            return name, _with_number(content, random.choice((0, 4, 7)), random)
        return name, _within(content, random)

    body = b"WEBP" + b"".join(
        name + struct.pack("<I", _lying(len(content), random) % (1 << 32)) + content + b"\0" * (len(content) % 2)
        for name, content in _edited(parts, changed, random)
    )
    return b"RIFF" + struct.pack("<I", _lying(len(body), random) % (1 << 32)) + body


def _raf(data: bytes, random: Random) -> bytes:
    if random.random() < 0.5:
        number = random.choice((*EDGES, len(data), len(data) - 1, 160, 84))
        return _put(data, 84 + 4 * random.randrange(6), struct.pack(">I", number))
    return _in_embedded(data, random) if random.random() < 0.8 else plain(data, random)
