"""Bands of a picture corrected in processes of their own: gmic-py lets no other thread of Python run meanwhile.

A process and the one that started it share a piece of memory that holds one band, its part of the source and what is
made of it. It has no name, so nothing is left of it however these processes end.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import queue
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixbit.engines import Region, Work
from sixbit.engines.gmic.tiles import TILE, Tiles, source_part
from sixbit.values.errors import Code, EngineError
from sixbit.values.sentence import Sentence

ROWS = TILE[1]
"""Rows of a band."""

_START = "import sys; from sixbit.engines.gmic.processes import serve; serve(*map(int, sys.argv[1:]))"


def correct(work: Work, count: int) -> None:
    """Apply a filter in so many processes, a band after the other in each."""
    waiting: queue.SimpleQueue[Region] = queue.SimpleQueue()
    largest = 0
    x, top, width, height = work.region
    for y in range(top // ROWS * ROWS, top + height, ROWS):  # by whole tiles
        band = Region(x, max(y, top), width, min(y + ROWS, top + height) - max(y, top))
        waiting.put(band)
        largest = max(largest, _bytes(work, band))
    processes: list[Process] = []
    with ThreadPoolExecutor(count) as executor:  # each thread waits for a process
        try:
            for _ in range(count):
                processes.append(_started(work, largest))
            for done in [executor.submit(process.correct_all, waiting) for process in processes]:
                done.result()
        finally:
            for process in processes:
                process.end()


def _shapes(work: Work, band: Region) -> tuple[tuple[int, int, int, int], tuple[int, ...], tuple[int, ...]]:
    """Where a band comes from (left, top, right, bottom), and the shapes of that part and of the band."""
    left, top, right, bottom = bounds = source_part(work.filter, band)
    channels = work.pixels.shape[2]
    return bounds, (bottom - top, right - left, channels), (band.height, band.width, channels)


def _bytes(work: Work, band: Region) -> int:
    _, part, made = _shapes(work, band)
    return int(np.prod(part) + np.prod(made)) * work.pixels.itemsize


def _unnamed_memory(size: int) -> int:
    """Return the descriptor of memory that is gone with the last process that has it."""
    if sys.platform == "linux":
        memory = os.memfd_create("sixbit")
        os.ftruncate(memory, size)
        return memory
    raise EngineError("The G'MIC engine needs gmic-py, which there is for Linux only.", Code.ENGINE)


class Process:
    """A process with an interpreter of G'MIC, and the memory that is shared with it."""

    def __init__(self, work: Work, size: int) -> None:
        self._work = work
        self._pipe, theirs = multiprocessing.Pipe()
        memory = _unnamed_memory(size)
        try:
            self._memory = mmap.mmap(memory, size)
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, str(theirs.fileno()), str(memory)],
                pass_fds=(theirs.fileno(), memory),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                process_group=0,  # Ctrl+C ends this process, and this one ends that
            )
        finally:
            os.close(memory)
            theirs.close()

    def correct_all(self, waiting: queue.SimpleQueue[Region]) -> None:
        """Correct bands until none is left; raises EngineError."""
        work = self._work
        try:
            self._pipe.send((work.filter, work.transfer, work.pixels.dtype, work.interpolation))
            while True:
                try:
                    band = waiting.get_nowait()
                except queue.Empty:
                    return
                self._correct(band)
        except (EOFError, OSError) as error:
            raise EngineError("A process of the G'MIC engine was ended by the system.", Code.FAULT) from error

    def _correct(self, band: Region) -> None:
        work = self._work
        (left, top, right, bottom), *shapes = _shapes(work, band)
        part, made = _views(self._memory, work.pixels.dtype, *shapes)
        part[...] = work.pixels[top:bottom, left:right]
        self._pipe.send((band, left, top, *shapes))
        why = self._pipe.recv()
        if why:
            raise EngineError(why, Code.ENGINE)
        y, x = band.y - work.region.y, band.x - work.region.x
        work.out[y : y + band.height, x : x + band.width] = made

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()


def _started(work: Work, size: int) -> Process:
    try:
        return Process(work, size)
    except OSError as error:
        why = Sentence("The G'MIC engine cannot start a process: {error}.", error=error.strerror or str(error))
        raise EngineError(why, Code.ENGINE) from error


def _views(
    memory: mmap.mmap, dtype: np.dtype[Any], part: tuple[int, ...], made: tuple[int, ...]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The two pictures in the memory: the part of the source, and the band that is made of it."""
    size = int(np.prod(part)) * dtype.itemsize
    return np.ndarray(part, dtype, memory), np.ndarray(made, dtype, memory, offset=size)


def serve(pipe: int, memory: int) -> None:
    """Correct bands in this process until the pipe is closed."""
    with suppress(EOFError, OSError), Connection(pipe) as connection:
        filter, transfer, dtype, interpolation = connection.recv()
        tiles, shared = None, mmap.mmap(memory, 0)
        while True:
            band, left, top, *shapes = connection.recv()
            part, made = _views(shared, dtype, *shapes)
            try:
                tiles = tiles or Tiles(filter, transfer, dtype, interpolation)
                tiles.correct(part, left, top, band, made)
            except EngineError as error:
                connection.send(str(error))
                return
            connection.send("")
