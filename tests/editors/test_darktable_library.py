"""What darktable's library tells of its lens module, from a library as darktable 5 lays it out."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sixbit.editors.server.darktable import NOT_KNOWN, OFF, lens_modules

FOLDER = "/photos"


def parameters(method: int, flags: int) -> bytes:
    return struct.pack("<2i", method, flags) + bytes(300)


ALL = parameters(1, 7)
HISTORIES: dict[str, tuple[int, list[tuple[str, int, int, bytes]]]] = {
    "on.dng": (2, [("exposure", 1, 7, b""), ("lens", 1, 10, ALL)]),
    "off at last.dng": (2, [("lens", 1, 10, ALL), ("lens", 0, 10, ALL)]),
    "undone.dng": (1, [("exposure", 1, 7, b""), ("lens", 1, 10, ALL)]),
    "distortion.dng": (1, [("lens", 1, 10, parameters(1, 4))]),
    "embedded.dng": (1, [("lens", 1, 10, parameters(0, 3))]),
    "of tomorrow.dng": (1, [("lens", 1, 11, ALL)]),
    "short.dng": (1, [("lens", 1, 10, b"123")]),
    "none.dng": (0, []),
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "library #1 ?.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(
            "CREATE TABLE film_rolls (id INTEGER, folder TEXT);"
            "CREATE TABLE images (id INTEGER, film_id INTEGER, filename TEXT, history_end INTEGER);"
            "CREATE TABLE history (imgid INTEGER, num INTEGER, module INTEGER, operation TEXT, op_params BLOB,"
            " enabled INTEGER);"
        )
        made.execute("INSERT INTO film_rolls VALUES (1, ?)", (FOLDER,))
        for number, (name, (end, steps)) in enumerate(HISTORIES.items(), 1):
            made.execute("INSERT INTO images VALUES (?, 1, ?, ?)", (number, name, end))
            for place, (operation, enabled, version, content) in enumerate(steps):
                row = (number, place, version, operation, content, enabled)
                made.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)", row)
    return path


def told(library: Path, *names: str) -> list[dict[str, Any]]:
    numbers = [[*HISTORIES].index(name) + 1 for name in names]
    return lens_modules(library, numbers, [f"{FOLDER}/{name}" for name in names])


def test_what_is_on_and_for_which_kinds(library: Path) -> None:
    every = ["distortion", "tca", "vignetting"]
    assert told(library, "on.dng") == [{"on": True, "kinds": every, "method": "lensfun"}]
    assert told(library, "distortion.dng") == [{"on": True, "kinds": ["distortion"], "method": "lensfun"}]
    assert told(library, "embedded.dng") == [{"on": True, "kinds": ["tca", "vignetting"], "method": "embedded"}]
    assert told(library, "off at last.dng", "undone.dng", "none.dng") == [OFF, OFF, OFF]


def test_a_module_of_another_version_is_on_and_no_more_is_known(library: Path) -> None:
    assert told(library, "of tomorrow.dng", "short.dng") == [{**NOT_KNOWN, "on": True}] * 2


def test_what_the_library_does_not_know_is_not_known(library: Path) -> None:
    assert lens_modules(library, [1, 99], ["/elsewhere/on.dng", f"{FOLDER}/on.dng"]) == [NOT_KNOWN, NOT_KNOWN]
    before = library.read_bytes()
    library.write_bytes(b"no library at all" * 100)
    assert told(library, "on.dng") == [NOT_KNOWN]
    library.unlink()
    assert told(library, "on.dng") == [NOT_KNOWN]
    assert not library.exists()
    library.write_bytes(before)
    assert told(library, "on.dng")[0]["on"] is True


def test_many_images_are_asked_for_in_parts(library: Path) -> None:
    names = ["on.dng", "none.dng"] * 600
    assert [state["on"] for state in told(library, *names)] == [True, False] * 600
