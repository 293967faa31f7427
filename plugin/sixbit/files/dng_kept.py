"""The records of the opcode lists that Sixbit has written on this computer.

A program that writes a DNG anew may keep the lists and leave behind the trailer that tells whose they are. The record
of a correction is small, and the same for all photos with one lens and setting: it is kept in a file of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sixbit.files.parts import content_of
from sixbit.files.replace import write_whole
from sixbit.machine import user_data
from sixbit.values.errors import PhotoError

FOLDER = "dng"
_WRITTEN = ("OpcodeList2", "OpcodeList3")


def keep(lists: Mapping[str, bytes], record: Mapping[str, Any]) -> None:
    """Keep the record of lists that are about to be written; where that cannot be, the DNG has it all the same."""
    with suppress(PhotoError, OSError):
        if not (place := _place(lists)).exists():
            write_whole(place, json.dumps(record) + "\n", make_folder=True)


def recall(lists: Mapping[str, bytes]) -> Mapping[str, Any]:
    """Return the record of lists that were written on this computer; an empty one if they were not.

    >>> recall({"OpcodeList3": b"of another program"})
    {}
    """
    with suppress(OSError, ValueError, RecursionError):
        record = json.loads(content_of(_place(lists)))
        return record if isinstance(record, dict) else {}
    return {}


def _place(lists: Mapping[str, bytes]) -> Path:
    sums = [hashlib.sha256(lists.get(name, b"")).hexdigest() for name in _WRITTEN]
    return user_data() / FOLDER / f"{hashlib.sha256(' '.join(sums).encode()).hexdigest()[:32]}.json"
