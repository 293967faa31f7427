"""Raw files that are no TIFF, made byte by byte: boxes as Canon's, and the head, preview and records of Fujifilm's."""

from __future__ import annotations

import struct

from tests.scenery import batch_photos
from tests.scenery.new_formats import box
from tests.scenery.photo_factory import directory

NAME = "Summicron-M 1:2/35 ASPH."


def cr3(name: str = NAME) -> bytes:
    """Return the boxes of a Canon raw file that hold tags (CMT1: the first directory, CMT2: that of Exif)."""

    def tags(*entries: tuple[int, int, object]) -> bytes:
        return b"II*\0\x08\0\0\0" + directory(entries, 8, "<")

    uuid = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    first = tags((0x010F, 2, "Canon"), (0x0110, 2, "Canon EOS R5"))
    exif = tags((0x829D, 5, (28, 10)), (0x920A, 5, (35, 1)), (0xA434, 2, name))
    canon = box(b"CNCV", b"CanonCR3_001/00.09.00/00.00.00") + box(b"CMT1", first) + box(b"CMT2", exif)
    return box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", box(b"uuid", uuid + canon)) + box(b"mdat", b"\0" * 64)


def raf(name: str = NAME) -> bytes:
    """Return a Fujifilm raw file: a head with the places of the preview, whose tags are the photo's, and of the raw."""
    tags = batch_photos.KNOWN | {"Make": "FUJIFILM", "Model": "X-T5", "LensModel": name, "FNumber": (28, 10)}
    preview = batch_photos.jpeg(64, 48, tags)
    head = bytearray(160)
    head[:20], head[28:32] = b"FUJIFILMCCD-RAW 0201", b"X-T5"
    at = len(head) + len(preview)
    struct.pack_into(">IIIIII", head, 84, len(head), len(preview), at, 16, at + 16, 64)
    return bytes(head) + preview + struct.pack(">IHHHHHH", 1, 0x100, 4, 100, 200, 0, 0) + b"\0" * 80
