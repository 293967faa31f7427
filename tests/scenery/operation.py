"""GIMP's editable filter as it is now, compiled in a system of the tests and kept in their cache."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from tests.scenery import CLONE
from tests.scenery.programs import CACHE
from tests.scenery.root import GEGL, system_root

BUILD = "python3 /mnt/clone/tools/build_gegl.py /mnt/made/sixbit-lens-correction.so"


def digest() -> str:
    """Return a digest of what it is made of."""
    sources = sorted((CLONE / "plugin/sixbit/engines").glob("*/*.?pp"))
    made_of = b"".join(path.read_bytes() for path in (*sources, CLONE / "tools/build_gegl.py"))
    return hashlib.sha256(made_of).hexdigest()[:16]


def operation() -> Path:
    """Return the compiled operation."""
    kept = CACHE / f"operation-{digest()}"
    if not kept.exists():
        made = kept.with_name(f"{kept.name}.part-{os.getpid()}")
        made.mkdir(parents=True)
        binds = {"/mnt/clone": CLONE, "/mnt/made": made}
        done = system_root(GEGL).run(["bash", "-c", BUILD], timeout=600, binds=binds)
        assert done.returncode == 0, done.stderr[-6000:]
        with suppress(OSError):  # Another test was faster.
            made.rename(kept)
    return kept / "sixbit-lens-correction.so"
