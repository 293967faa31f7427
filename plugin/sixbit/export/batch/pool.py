"""Tasks handed to processes, as many at a time as there are processors and memory for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from sixbit.export.batch.ledger import Record
from sixbit.export.batch.plan import Task
from sixbit.export.batch.record import failed
from sixbit.export.batch.worker import DIED, DiedError, Worker, seconds_for
from sixbit.export.memory import PROCESS, check_pixels, default_budget, gigabytes, needed
from sixbit.machine import processors
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

PATIENCE = "10s"
"""How long a scheduler may take to answer."""
KEPT = 1 << 30
"""Bytes that a process keeps for its next photo at most."""
TICK = 0.25
"""Seconds after which it is looked whether the batch was stopped."""


class Pool:
    """Processes that do tasks; ``memory`` is the budget of all of them together, in bytes.

    ``seconds`` of a processor are what a task may take; None leaves that to the size of its photo.
    """

    def __init__(self, memory: int, seconds: float | None = None) -> None:
        self._memory, self._seconds = memory, seconds
        self._running: dict[Future[Record], tuple[Task, int]] = {}
        self._workers: list[Worker] = []
        self._idle: list[Worker] = []

    def records(
        self, tasks: Sequence[Task], stopped: Callable[[], bool] = lambda: False
    ) -> Generator[tuple[Task, Record], None, None]:
        """Each task with the record of it, as they are finished; no more are begun when it is ``stopped``."""
        # A photo whose process died is tried again by itself: another one may have taken the memory.
        waiting, again, died = deque(tasks), deque[Task](), set[str]()
        processes = self.processes(len(tasks))
        budget = self._memory - (processes + 1) * PROCESS - processes * self._kept(processes)
        executor = self._started(processes)
        try:
            while waiting or again or self._running:
                queue, most = (waiting, processes + 1) if waiting else (again, 1)
                while queue and len(self._running) < most and not stopped():
                    size = self._size(queue[0], budget)
                    if isinstance(size, Exception):
                        task = queue.popleft()
                        yield task, failed(task, size)
                        continue
                    if self._running and sum(one for _, one in self._running.values()) + size > budget:
                        break
                    left = len(queue) + len(self._running)
                    task = replace(queue[0], threads=max(1, self.processors() // min(left, processes)))
                    self._running[self._submitted(executor, task)] = (queue.popleft(), size)
                if not self._running and stopped():
                    break
                done, _ = wait(self._running, timeout=TICK, return_when=FIRST_COMPLETED)
                for future in done:
                    task, _ = self._running.pop(future)
                    if _has_died(future) and task.source not in died:
                        died.add(task.source)
                        again.append(task)
                    else:
                        yield task, _result(task, future)
        except KeyboardInterrupt:  # pressed once more: what is under way is not waited for
            executor.shutdown(wait=False, cancel_futures=True)
            for worker in self._workers:
                worker.kill()
            raise
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
            why = Sentence(
                "{memory} of memory are too little: {needed} are needed.",
                memory=gigabytes(self._memory),
                needed=gigabytes(4 * PROCESS),
            )
            raise PhotoError(why, Code.TOO_LARGE)
        return max(1, min(self.processors(), affordable, tasks))

    def _size(self, task: Task, budget: int) -> int | Exception:
        """The bytes that a task takes, or why it cannot be done."""
        try:
            size = 0 if task.is_raw else needed(task.photo, task.preset)
            if size <= budget:
                return size
            check_pixels(task.photo, task.large)
        except Exception as error:  # whatever a header makes of it
            return error
        takes, allowed = gigabytes(size + 2 * PROCESS), gigabytes(self._memory)
        return PhotoError(
            Sentence("takes about {takes} of memory, and {allowed} are allowed.", takes=takes, allowed=allowed),
            Code.TOO_LARGE,
        )

    def _started(self, processes: int) -> Executor:
        self._workers = [Worker(self._kept(processes), _export) for _ in range(processes)]
        self._idle = list(self._workers)
        return ThreadPoolExecutor(processes)  # each waits for a process

    def _submitted(self, executor: Executor, task: Task) -> Future[Record]:
        return executor.submit(self._done, task)

    def _done(self, task: Task) -> Record:
        worker = self._idle.pop()
        try:
            record: Record = worker.do(task, self._seconds or seconds_for(task.photo))
            return record
        finally:
            self._idle.append(worker)

    def _kept(self, processes: int) -> int:
        """How much memory a process may keep for its next photo: nothing where memory is scarce."""
        return KEPT if self._memory >= 4 * processes * KEPT else 0

    def _end(self, executor: Executor) -> None:
        """Let what is under way be finished, and no more."""
        executor.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.end()


def _export(task: Task) -> Record:
    """Do a task; what that takes is imported here, so that the process that hands out the tasks begins at once."""
    from sixbit.export.batch.work import export

    return export(task)


def _has_died(future: Future[Record]) -> bool:
    return not future.cancelled() and isinstance(future.exception(), DiedError)


def _result(task: Task, future: Future[Record]) -> Record:
    try:
        return future.result()
    except CancelledError as error:
        raise PhotoError("The cluster is gone.", Code.CLUSTER) from error
    except PhotoError as error:
        return failed(task, error)
    except Exception as error:  # export itself raises nothing: what failed is the way there and back
        return failed(task, DiedError(Sentence("{died} ({name})", died=DIED, name=type(error).__name__)))


class Cluster(Pool):
    """The workers of a Dask cluster; Dask itself does again what a worker that died was at."""

    def __init__(self, address: str, memory: int | None) -> None:
        try:
            import distributed
        except ImportError as error:
            why = Sentence("A cluster needs Dask.", Code.MISSING_PART, package="sixbit[cluster]")
            raise PhotoError(why) from error
        try:
            # Of one that makes no sense a client would leave a traceback.
            distributed.comm.addressing.resolve_address(address)
            client: Any = distributed.Client
            self._client = client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise PhotoError(
                Sentence("There is no Dask scheduler at {address} ({error}).", address=repr(address), error=error),
                Code.CLUSTER,
            ) from error
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        if not workers:
            raise PhotoError(
                Sentence("The Dask scheduler at {address} has no workers.", address=repr(address)), Code.CLUSTER
            )
        self._threads: int = sum(worker["nthreads"] for worker in workers)
        super().__init__(memory or sum(worker["memory_limit"] for worker in workers) or default_budget())

    def processors(self) -> int:
        """Of all workers together; each does as many tasks at a time as it has threads."""
        return self._threads

    def _started(self, processes: int) -> Executor:
        executor: Executor = self._client.get_executor(pure=False, retries=3)
        return executor

    def _submitted(self, executor: Executor, task: Task) -> Future[Record]:
        return executor.submit(_export, task)

    def _end(self, executor: Executor) -> None:
        executor.shutdown(wait=True)
        self._client.close()


def pool_of(scheduler: str | None, memory: int | None, seconds: float | None) -> Pool:
    """Processes of this machine, or of a cluster if its address is given; a cluster looks at no ``seconds``."""
    return Cluster(scheduler, memory) if scheduler else Pool(memory or default_budget(), seconds)
