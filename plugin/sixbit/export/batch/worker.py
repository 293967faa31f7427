"""A process that does one task after the other, and is ended where one of them does not end by itself."""

from __future__ import annotations

import ctypes
import importlib.util
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sixbit.export.memory import header_of
from sixbit.files.limits import IDLE, SECONDS, SECONDS_MORE, SECONDS_MORE_PLAIN
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Connection
else:
    from multiprocessing.connection import Connection

DIED = (
    "the process that worked on it was ended by the system: the photo is damaged in a way that was not foreseen, or "
    "there was not enough memory."
)
TICK = 1.0
"""Seconds after which it is looked how long a task has taken."""


class DiedError(PhotoError):
    """The process of a task ended before the task did, by itself or by the system."""

    code = Code.FAULT


def seconds_for(photo: Path) -> float:
    """Seconds of a processor after which no work on a photo of this size is honest.

    An Intel Xeon takes 0.05 s a megapixel, and 3 s without the kernel; the slowest computers are ten times slower.
    """
    header = header_of(photo)
    megapixels = header.width * header.height / 1e6 if header else 0.0
    has_kernel = importlib.util.find_spec("sixbit.engines._kernel") is not None
    return SECONDS + megapixels * (SECONDS_MORE if has_kernel else SECONDS_MORE_PLAIN)


class Worker:
    """A process that does ``work``, started for its first task, and anew after it ended.

    It keeps ``kept`` bytes for the next photo. ``work`` is a function of a module that imports little.
    """

    def __init__(self, kept: int, work: Callable[[Any], Any]) -> None:
        self._kept, self._work = kept, work
        self._process: Any = None
        self._pipe: Connection | None = None

    def do(self, task: Any, seconds: float) -> Any:
        """Return what the work makes of a task.

        Raises DiedError if its process ends, and PhotoError if it takes more than ``seconds`` of a processor, or
        IDLE times as long without: the process is ended then.
        """
        pipe = self._started()
        try:
            pipe.send(task)
            self._wait(pipe, seconds)
            done = pipe.recv()
        except (EOFError, OSError):
            self.end()
            raise DiedError(DIED) from None
        return done

    def kill(self) -> None:
        """End the process, whatever it is doing; who waits for it hears of that."""
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """End the process, for which nobody waits any more."""
        self.kill()
        if self._pipe is not None:
            self._process.join(TICK)  # not for ever: a disk that does not answer may hold it
            self._pipe.close()
        self._process = self._pipe = None

    def _started(self) -> Connection:
        if self._pipe is None:
            # Not by fork: libraries that started threads do not survive it.
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            given = (theirs, self._kept, self._work)
            self._process = context.Process(target=_serve, args=given, name="sixbit", daemon=True)
            self._process.start()
            theirs.close()
        return self._pipe

    def _wait(self, pipe: Connection, seconds: float) -> None:
        """Wait for an answer, or the end of the process."""
        import psutil

        with suppress(psutil.Error):  # it ended, which the pipe tells
            process = psutil.Process(self._process.pid)
            before, ticks = _used(process), 0
            while not pipe.poll(TICK):
                ticks += 1  # not by the clock, which goes on while the computer sleeps
                took = ""
                if _used(process) - before > seconds:
                    took = Sentence(
                        "took more than {seconds:.0f} s of a processor, which no photo of its size needs.",
                        seconds=seconds,
                    )
                elif ticks * TICK > IDLE * seconds:
                    took = Sentence(
                        "took more than {seconds:.0f} s, most of them waiting: its disk may not answer.",
                        seconds=IDLE * seconds,
                    )
                if took:
                    self.end()
                    raise PhotoError(took, Code.TOO_SLOW)


def _used(process: Any) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _serve(pipe: Connection, kept: int, work: Callable[[Any], Any]) -> None:
    """The process: it does what comes by its pipe, and ends when the other end of that does."""
    _begin(kept)
    with suppress(EOFError, OSError):
        while True:
            pipe.send(work(pipe.recv()))


def _begin(kept: int) -> None:
    """Settle a new process: Ctrl+C is the parent's business, and without the parent there is nothing left to do."""
    if kept:
        _keep_memory(kept)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.join,), daemon=True).start()


def _keep_memory(size: int) -> None:
    """Have glibc keep so many bytes of what is freed, so that the next photo need not ask the system for them anew.

    Fresh pages, which the system has to clear first, are a tenth of a photo's time.
    """
    with suppress(OSError, AttributeError):  # of another C library
        mallopt = ctypes.CDLL(None).mallopt
        for parameter in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD (mallopt(3))
            mallopt(parameter, size)


def _follow(join: Callable[[], None]) -> None:
    join()
    os._exit(1)
