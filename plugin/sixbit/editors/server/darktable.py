"""Tell what darktable's library says of its lens module, photo by photo.

Lua hears nothing of a photo's history, and the sidecars may be switched off; so the library itself is read, as SQLite,
and never written. Its tables are those of darktable 5 (``src/common/database.c``): ``history`` has a line for each
step, of which those before ``images.history_end`` count, and ``op_params`` are the module's own bytes
(``dt_iop_lens_params_t`` of version 10 in ``src/iop/lens.cc``).
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

VERSION = 10
METHODS = {0: "embedded", 1: "lensfun", 2: "vignette"}
"""What it goes by: the photo's own metadata, lensfun, or nothing but a vignette set by hand."""
FLAGS = {"distortion": 4, "tca": 1, "vignetting": 2}

_AT_ONCE = 500
_PATIENCE = 2.0
"""Seconds for darktable to end what it is writing."""

_OF_PHOTOS = """
    SELECT i.id, f.folder, i.filename FROM images i JOIN film_rolls f ON f.id = i.film_id WHERE i.id IN ({})
"""
_STEPS = """
    SELECT h.imgid, h.enabled, h.module, h.op_params FROM history h JOIN images i ON i.id = h.imgid
    WHERE h.operation = 'lens' AND h.num < i.history_end AND h.imgid IN ({}) ORDER BY h.num
"""

Module = dict[str, Any]
OFF: Module = {"on": False, "kinds": [], "method": None}
NOT_KNOWN: Module = {"on": None, "kinds": None, "method": None}


def lens_modules(library: Path, images: Sequence[int], photos: Sequence[str]) -> list[Module]:
    """Tell of images, by their numbers in a library, whether the lens module is on, for which kinds, and by what.

    All is None of an image that the library does not know by this number and path, or where it cannot be read;
    ``kinds`` is None, too, where the module is of a version that is not known here.
    """
    found: dict[int, Module] = {}
    wanted = dict(zip(images, map(Path, photos), strict=True))
    with suppress(sqlite3.Error, OSError, ValueError), closing(_opened(library)) as known:
        for start in range(0, len(images), _AT_ONCE):
            numbers = images[start : start + _AT_ONCE]
            states = {number: _module(*step) for number, *step in _asked(known, _STEPS, numbers)}
            for number, folder, name in _asked(known, _OF_PHOTOS, numbers):
                if wanted[number] == Path(folder, name):
                    found[number] = states.get(number, OFF)
    return [found.get(number, NOT_KNOWN) for number in images]


def _opened(library: Path) -> sqlite3.Connection:
    known = sqlite3.connect(f"{library.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
    known.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    return known


def _asked(known: sqlite3.Connection, question: str, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
    return known.execute(question.format(",".join("?" * len(numbers))), numbers).fetchall()


def _module(enabled: int, version: int, parameters: bytes) -> Module:
    if not enabled:
        return OFF
    if version != VERSION or len(parameters or b"") < 8:
        return {**NOT_KNOWN, "on": True}
    method, flags = struct.unpack_from("=2i", parameters)
    kinds = [kind for kind, flag in FLAGS.items() if flags & flag]
    return {"on": True, "kinds": kinds, "method": METHODS.get(method)}
