"""Cases handed to processes, each of which may crash: then the case that it was at is to blame, and another goes on."""

from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).parents[3]
PATIENCE_S = 300.0
"""Seconds without an answer, after which a process is taken to wait for something that does not come."""


class Outcome(NamedTuple):
    """How a case went: the file that it began with, seconds of processor, what was wrong, and in short where."""

    case: str
    file: str
    seconds: float
    fault: str
    where: str


def outcomes(cases: Iterable[str], seed: int, processes: int = 2) -> Iterator[Outcome]:
    """Try cases, some at a time, and tell how each went, in the order in which they are finished."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in cases:
        waiting.put(name)
    done: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
    threads = [threading.Thread(target=_work, args=(waiting, done, seed), daemon=True) for _ in range(processes)]
    for thread in threads:
        thread.start()
    for _ in threads:
        while (outcome := done.get()) is not None:
            yield outcome


def _work(waiting: queue.SimpleQueue[str], done: queue.SimpleQueue[Outcome | None], seed: int) -> None:
    try:
        with tempfile.TemporaryFile() as said:
            while not waiting.empty():
                _through_one(waiting, done, seed, said)
    finally:
        done.put(None)


def _through_one(
    waiting: queue.SimpleQueue[str], done: queue.SimpleQueue[Outcome | None], seed: int, said: Any
) -> None:
    """Have one process try cases until there are no more, or it dies."""
    paths = os.pathsep.join([str(TOP), *sys.path])
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.scenery.fuzz.worker", str(seed)],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
    )
    assert worker.stdin
    assert worker.stdout
    with worker.stdin, worker.stdout:
        try:
            while True:
                try:
                    name = waiting.get_nowait()
                except queue.Empty:
                    return
                said.seek(0)
                said.truncate()
                worker.stdin.write(f"{name}\n".encode())
                worker.stdin.flush()
                ready = select.select([worker.stdout], [], [], PATIENCE_S)[0]
                answer = worker.stdout.readline() if ready else b""
                if not answer:
                    done.put(_died(worker, name, said))
                    return
                done.put(Outcome(**json.loads(answer)))
        finally:
            worker.stdin.close()
            worker.wait()


def _died(worker: subprocess.Popen[bytes], name: str, said: Any) -> Outcome:
    if worker.poll() is None:
        try:
            worker.wait(5)
        except subprocess.TimeoutExpired:
            worker.kill()
    status = worker.wait()
    said.seek(0)
    words = said.read().decode(errors="replace")
    where = f"the process ended with {status}"
    return Outcome(name, "", 0.0, f"{where}\n{words[-6000:]}", where)
