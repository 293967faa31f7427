"""Tasks handed to processes, as many at a time as there are processors and memory for."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sixbit.export.batch.ledger import Record
from sixbit.export.batch.memory import PROCESS, default_budget, needed
from sixbit.export.batch.plan import Task, blank
from sixbit.machine import processors
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

DIED = (
    "the process that worked on it was ended by the system: the photo is damaged in a way that was not foreseen, or "
    "there was not enough memory."
)


PATIENCE = "10s"
"""How long a scheduler may take to answer."""
KEPT = 1 << 30
"""Bytes that a process keeps for its next photo at most."""
TICK = 0.25
"""Seconds after which it is looked whether the batch was stopped."""


class Pool:
    """Processes that do tasks; ``memory`` is the budget of all of them together, in bytes."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._running: dict[Future[Record], tuple[Task, int]] = {}

    def records(
        self, tasks: Sequence[Task], stopped: Callable[[], bool] = lambda: False
    ) -> Generator[tuple[Task, Record], None, None]:
        """Each task with the record of it, as they are finished; no more are begun when it is ``stopped``."""
        waiting = deque(tasks)
        processes = self.processes(len(tasks))
        budget = self._memory - (processes + 1) * PROCESS - processes * self._kept(processes)
        suspects: deque[Task] = deque()
        executor = self._started(processes)
        try:
            while waiting or suspects or self._running:
                try:
                    # What ran when a process died is tried again, one at a time: whose turn it is then, is to blame.
                    queue = suspects or waiting
                    most = 1 if suspects else processes + 1
                    while queue and len(self._running) < most and not stopped():
                        size = needed(queue[0].photo, queue[0].preset)
                        if size > budget:
                            yield queue[0], _too_large(queue.popleft(), size, self._memory)
                            continue
                        if self._running and sum(one for _, one in self._running.values()) + size > budget:
                            break
                        left = len(queue) + len(self._running)
                        task = replace(queue[0], threads=max(1, self.processors() // min(left, processes)))
                        future = executor.submit(_export, task)
                        self._running[future] = (queue.popleft(), size)
                    if not self._running:
                        break
                    done, _ = wait(self._running, timeout=TICK, return_when=FIRST_COMPLETED)
                    for future in done:
                        task = self._running[future][0]
                        record = _result(task, future)
                        del self._running[future]
                        yield task, record
                except BrokenProcessPool:
                    broken = [task for task, _ in self._running.values()]
                    self._running.clear()
                    if len(broken) == 1:
                        yield broken[0], _failed(broken[0], DIED, Code.FAULT)
                    else:
                        suspects.extend(broken)
                    executor.shutdown(wait=False, cancel_futures=True)
                    executor = self._started(processes)
        finally:
            self._end(executor)

    def finished(self) -> Iterator[tuple[Task, Record]]:
        """Begin nothing else, and yield what is under way when the batch is stopped, each when it is done."""
        for future in list(self._running):
            future.cancel()
        for future, (task, _) in list(self._running.items()):
            if not future.cancelled() and future.exception() is None:
                yield task, future.result()

    def processors(self) -> int:
        """How many processors there are to share out."""
        return processors()

    def processes(self, tasks: int) -> int:
        """How many processes work at a time: one a processor, as far as the memory goes."""
        affordable = self._memory // (2 * PROCESS) - 1
        if affordable < 1:
            why = f"{_gigabytes(self._memory)} of memory are too little: {_gigabytes(4 * PROCESS)} are needed."
            raise PhotoError(why, Code.TOO_LARGE)
        return max(1, min(self.processors(), affordable, tasks))

    def _started(self, processes: int) -> Executor:
        # Not by fork: libraries that started threads do not survive it.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(self._kept(processes),))

    def _kept(self, processes: int) -> int:
        """How much memory a process may keep for its next photo: nothing where memory is scarce."""
        return KEPT if self._memory >= 4 * processes * KEPT else 0

    def _end(self, executor: Executor) -> None:
        """Let what is under way be finished, and no more."""
        executor.shutdown(wait=True, cancel_futures=True)


def _export(task: Task) -> Record:
    """Do a task; what that takes is imported here, so that the process that hands out the tasks begins at once."""
    from sixbit.export.batch.work import export

    return export(task)


def _result(task: Task, future: Future[Record]) -> Record:
    try:
        return future.result()
    except BrokenProcessPool:
        raise
    except CancelledError as error:
        raise PhotoError("The cluster is gone.", Code.CLUSTER) from error
    except Exception as error:  # export itself raises nothing: what failed is the way there and back
        return _failed(task, f"{DIED} ({type(error).__name__})", Code.FAULT)


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


def _failed(task: Task, message: str, code: Code) -> Record:
    return {**blank(task), "message": message, "codes": [code]}


def _too_large(task: Task, size: int, memory: int) -> Record:
    """The record of a photo that does not fit into the budget even alone."""
    why = f"takes about {_gigabytes(size + 2 * PROCESS)} of memory, and {_gigabytes(memory)} are allowed."
    return _failed(task, why, Code.TOO_LARGE)


def _gigabytes(size: int) -> str:
    return f"{size / (1 << 30):.1f} GB"


class Cluster(Pool):
    """The workers of a Dask cluster; Dask itself does again what a worker that died was at."""

    def __init__(self, address: str, memory: int | None) -> None:
        try:
            import distributed
        except ImportError as error:
            why = Sentence("A cluster needs Dask.", Code.MISSING_PART, package="sixbit[cluster]")
            raise PhotoError(why) from error
        try:
            client: Any = distributed.Client
            self._client = client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise PhotoError(f"There is no Dask scheduler at {address!r} ({error}).", Code.CLUSTER) from error
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        if not workers:
            raise PhotoError(f"The Dask scheduler at {address!r} has no workers.", Code.CLUSTER)
        self._threads: int = sum(worker["nthreads"] for worker in workers)
        super().__init__(memory or sum(worker["memory_limit"] for worker in workers) or default_budget())

    def processors(self) -> int:
        """Of all workers together; each does as many tasks at a time as it has threads."""
        return self._threads

    def _started(self, processes: int) -> Executor:
        executor: Executor = self._client.get_executor(pure=False, retries=3)
        return executor

    def _end(self, executor: Executor) -> None:
        executor.shutdown(wait=True)
        self._client.close()


def pool_of(scheduler: str | None, memory: int | None) -> Pool:
    """Processes of this machine, or of a cluster if its address is given."""
    return Cluster(scheduler, memory) if scheduler else Pool(memory or default_budget())
