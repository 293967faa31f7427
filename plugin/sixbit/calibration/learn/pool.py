"""Processes that do the tasks of an archive, as many at a time as there are processors and memory for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sixbit.calibration.learn.walks import Walk
from sixbit.calibration.learn.work import Look, Measure, work
from sixbit.export.batch.worker import DiedError, Worker, seconds_for
from sixbit.export.memory import PROCESS, default_budget, gigabytes, needed
from sixbit.export.presets import PLAIN
from sixbit.files.limits import SECONDS
from sixbit.machine import linear_algebra_by_one, processors
from sixbit.values.errors import Code, PhotoError, SixbitError
from sixbit.values.sentence import Sentence

LIGHT = 256 << 20
"""Bytes that measuring takes beside the pixels: blocks in floating point, edges."""
FITTING_S = 600
"""Seconds of a processor that a fit may take."""
WALKING_S = 7200
"""Seconds of a processor that a run of overlapping photos may take."""
TICK = 0.25
"""Seconds after which it is looked whether it was stopped."""


class Processes:
    """The processes, started when they are first needed and ended with the ``with``; bounded by ``memory`` in bytes."""

    def __init__(self, memory: int | None = None) -> None:
        self._free = self._memory = memory or default_budget()
        count = max(1, min(processors(), self._memory // (2 * PROCESS + LIGHT)))
        self._workers = [Worker(0, work) for _ in range(count)]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._executor = ThreadPoolExecutor(count)
        self._changed = threading.Condition()
        self._alone = linear_algebra_by_one()

    def __enter__(self) -> Self:
        self._alone.__enter__()  # as there is a process for each processor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alone.__exit__(None, None, None)
        if kind is not None:
            for worker in self._workers:
                worker.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.end()

    def answers(self, tasks: Sequence[Any], stopped: Callable[[], bool] = lambda: False) -> Iterator[tuple[Any, Any]]:
        """Each task with its answer, as they are finished: what the work returns, or the PhotoError that ended it.

        Nothing is begun any more when it is ``stopped``. A task whose process died is tried once more, alone: others
        may have taken its memory.
        """
        again = []
        for task, answer in self._side_by_side(tasks, stopped):
            if isinstance(answer, DiedError):
                again.append(task)
            else:
                yield task, answer
        for task in again:
            yield from self._side_by_side([task], stopped)

    def _side_by_side(self, tasks: Sequence[Any], stopped: Callable[[], bool]) -> Iterator[tuple[Any, Any]]:
        waiting = iter(tasks)
        running: dict[Future[Any], Any] = {}
        while True:
            while len(running) <= len(self._workers) and not stopped() and (task := next(waiting, None)) is not None:
                running[self._executor.submit(self._done, task)] = task
            if not running:
                return
            for future in wait(running, timeout=TICK, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()

    def _done(self, task: Any) -> Any:
        try:
            size = self._taken(task)
        except SixbitError as error:
            return error
        worker = self._idle.get()
        try:
            return worker.do(task, _seconds(task))
        except PhotoError as error:
            return error
        finally:
            self._idle.put(worker)
            with self._changed:
                self._free += size
                self._changed.notify_all()

    def _taken(self, task: Any) -> int:
        """Wait until there is memory for a task, and take it."""
        size = PROCESS + LIGHT
        if isinstance(task, Measure | Walk):
            size += needed(Path(task.path if isinstance(task, Measure) else task.photos[0].path), PLAIN)
        if size > self._memory and isinstance(task, Measure | Walk):
            takes, allowed = gigabytes(size), gigabytes(self._memory)
            raise PhotoError(
                Sentence("takes about {takes} of memory, and {allowed} are allowed.", takes=takes, allowed=allowed),
                Code.TOO_LARGE,
            )
        with self._changed:
            self._changed.wait_for(lambda: self._free >= size or self._free == self._memory)
            self._free -= size
        return size


def _seconds(task: Any) -> float:
    if isinstance(task, Measure):
        return seconds_for(Path(task.path))
    if isinstance(task, Walk):
        return WALKING_S
    return SECONDS if isinstance(task, Look) else FITTING_S
