"""A process of its own for what is done with photos: it can be stopped, and no photo can take the server with it."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sixbit.editors.page.narrow import narrow
from sixbit.machine import linear_algebra_by_one
from sixbit.values.errors import Code, PhotoError, SixbitError
from sixbit.values.watch import Progress

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Connection
else:
    from multiprocessing.connection import Connection

LARGEST_FILE = 2 << 30
"""Bytes of a file of a worker that can write any."""

_PROGRESS, _DONE, _FAILED = range(3)


class StoppedError(Exception):
    """The work was stopped by the user, who is told so."""


class FaultError(Exception):
    """The work failed as it never should; the message is a traceback, or how the process ended."""


class Worker:
    """The process, started when there is work; one piece of it at a time.

    A piece is a function of a module, its arguments, and what hears of its progress; function and arguments travel
    to the process, the result travels back. One that is given a ``folder`` can write files, which it does there if
    they are temporary; it is for what was decoded already.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._process: Any = None
        self._pipe: Connection | None = None
        self._turn = asyncio.Lock()
        self._stopped = False

    async def do(self, function: Callable[..., Any], *arguments: Any, progress: Progress) -> Any:
        """Return ``function(*arguments, progress)``. Raises StoppedError, FaultError and the work's SixbitError."""
        async with self._turn:
            loop = asyncio.get_running_loop()
            self._stopped = False

            def told(share: float, step: str) -> None:
                loop.call_soon_threadsafe(progress, share, step)

            return await asyncio.to_thread(self._ask, function, arguments, told)

    def stop(self) -> None:
        """End the process, and with it what it is doing."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()

    def _ask(self, function: Callable[..., Any], arguments: tuple[Any, ...], told: Progress) -> Any:
        try:
            if self._pipe is None or not self._process.is_alive():
                self._start()
            assert self._pipe is not None
            if self._stopped:  # before there was a process to end
                self._process.kill()
            self._pipe.send((function, arguments))
            while True:
                kind, *said = self._pipe.recv()
                if kind == _DONE:
                    return said[0]
                if kind == _FAILED:
                    raise said[0]
                told(*said)
        except (EOFError, OSError):
            self._process.join(5)
            self._pipe = None
            if self._stopped:
                raise StoppedError("Stopped.") from None
            status = self._process.exitcode
            raise FaultError(f"the process that was working on it ended with status {status}") from None

    def _start(self) -> None:
        # A fresh interpreter: a fork would hold the server's sockets and threads.
        context = multiprocessing.get_context("spawn")
        if self._pipe is not None:
            self._pipe.close()
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._folder), name="sixbit calibrate", daemon=True)
        with linear_algebra_by_one():
            self._process.start()
        theirs.close()


def _work(pipe: Connection, folder: Path | None) -> None:
    """The process: it ends when the other end of its pipe does."""
    # Of the terminal; the server hears them, too, and ends this process.
    for name in {"SIGINT", "SIGHUP"} & {number.name for number in signal.Signals}:
        signal.signal(signal.Signals[name], signal.SIG_IGN)
    narrow(LARGEST_FILE if folder else 0)
    if folder:
        tempfile.tempdir = str(folder)

    def progress(share: float, step: str) -> None:
        pipe.send((_PROGRESS, share, step))

    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = _DONE, function(*arguments, progress)
        except SixbitError as error:
            answer = _FAILED, error
        except MemoryError:
            answer = _FAILED, PhotoError("There is not enough memory for this on this computer.", Code.TOO_LARGE)
        except Exception:
            answer = _FAILED, FaultError(traceback.format_exc())
        try:
            pipe.send(answer)
        except OSError:
            return
