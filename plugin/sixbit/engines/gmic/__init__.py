"""The filter applied by G'MIC: the second opinion, and a command file that anyone can run.

:func:`script` writes the correction as G'MIC commands; :func:`apply` runs that very text through gmic-py. The text
keeps to what G'MIC has had since 2.9, so that the command line of a stable Linux runs it too.
"""

from __future__ import annotations

import importlib

from sixbit.engines import Work
from sixbit.engines.gmic.script import script
from sixbit.engines.gmic.tiles import WARPS, Tiles
from sixbit.values.errors import Code, EngineError
from sixbit.values.sentence import Sentence

__all__ = ["apply", "script"]

WORTH_A_PROCESS = 8_000_000
"""Pixels that take longer than it takes to start a process."""


def apply(work: Work) -> None:
    """Apply a filter by gmic-py: in this process, or a large picture in a process for each thread.

    A process takes about 80 MB of memory, and a band of 256 rows of the picture with what it is made from. Raises
    :class:`EngineError` if G'MIC is not installed or has no such interpolation.
    """
    if work.interpolation not in WARPS:
        why = f"G'MIC has no {work.interpolation} interpolation; it has {' and '.join(sorted(WARPS))}."
        raise EngineError(why, Code.ENGINE)
    try:
        importlib.import_module("gmic")
    except ImportError as error:
        needed = Sentence(
            "The G'MIC engine needs gmic-py, which there is for Linux only.", Code.MISSING_PART, package="gmic"
        )
        raise EngineError(needed) from error
    processes = min(work.threads, work.region.width * work.region.height // WORTH_A_PROCESS)
    if processes > 1:
        from sixbit.engines.gmic.processes import correct

        correct(work, processes)
    else:
        tiles = Tiles(work.filter, work.transfer, work.pixels.dtype, work.interpolation)
        tiles.correct(work.pixels, 0, 0, work.region, work.out)
