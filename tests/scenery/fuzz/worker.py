"""A process that tries one case after the other, under limits of memory and of processor time.

    python -m tests.scenery.fuzz.worker SEED

A line of standard input names a case: its number; ``whole`` or ``corpus`` and a name. For each, one line of JSON tells
how long it took and what was wrong. A crash, or more processor time than any file may take, ends the process.
"""

from __future__ import annotations

import ctypes
import faulthandler
import json
import logging
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from concurrent.futures import Executor, Future
from pathlib import Path
from random import Random
from typing import Any

from sixbit.cli.main import _say
from sixbit.editors.server import session
from sixbit.export.batch.pool import Pool, _export
from sixbit.faults import STRICT
from tests.scenery.fuzz.corpus import CORPUS
from tests.scenery.fuzz.mutate import mutated
from tests.scenery.fuzz.seeds import SEEDS, Seed, whole
from tests.scenery.fuzz.trial import MISTAKES, Trial

MEMORY = 3 << 30
DIE = "die"
"""The case that crashes, to see what comes of it."""
ADOPT_ORPHANS = 36
"""PR_SET_CHILD_SUBREAPER, prctl(2): a process whose parent is gone becomes a child of this one."""


class _Here(Executor):
    """What a batch hands to other processes is done in this one, where it is seen."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def case(seed: int, name: str) -> tuple[Seed, bytes, Random]:
    """Return the file of a case, and the random numbers that decide what is done with it."""
    random = Random(f"{seed} {name}")
    what, _, key = name.partition(" ")
    if what == "whole":
        one = next(one for one in SEEDS if one.name == key)
        return one, whole(one), random
    if what == "corpus":
        kind, made = CORPUS[key]
        return Seed(kind, key, made), made(), random
    one, other = random.choice(SEEDS), random.choice(SEEDS)
    return one, mutated(whole(one), whole(other), random), random


def tried(seed: int, name: str, top: Path) -> dict[str, Any]:
    """Try a case in a folder of its own, and tell how it went."""
    if name == DIE:
        faulthandler._sigsegv()
    one, data, random = case(seed, name)
    folder = top / "a-case"
    folder.mkdir()
    os.chdir(folder)
    start, fault, where = time.process_time(), "", ""
    try:
        Trial(one, data, random, folder).done(thoroughly=" " in name)
    except Exception as error:  # what is looked for
        fault = traceback.format_exc()
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/sixbit/" in frame.filename]
        last = f"{frames[-1].filename.rpartition('/sixbit/')[2]}:{frames[-1].lineno}" if frames else ""
        where = f"{type(error).__name__} {last} {str(error)[:100]}"
    seconds = time.process_time() - start
    signal.setitimer(signal.ITIMER_PROF, 0)
    os.chdir(top)
    shutil.rmtree(folder)
    return {"case": name, "file": one.name, "seconds": seconds, "fault": _plain(fault), "where": _plain(where)}


def _plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _settle(top: Path) -> None:
    """Set the limits, a home of its own, and that no other process is started."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(top / "home" if name == "HOME" else top / "home" / name.lower())
    (top / "home").mkdir()
    os.environ[STRICT] = "1"  # what nobody foresaw is a fault, though users are told of it as of any other
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    faulthandler.enable()
    faulthandler.register(signal.SIGPROF, chain=True)
    ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    warnings.simplefilter("always")
    warnings.showwarning = _say
    server = logging.getLogger("sixbit.editors.server.process")
    server.addHandler(MISTAKES)
    server.propagate = False
    if hasattr(Pool, "_done"):
        Pool._done = lambda self, task: _export(task)
    Pool._started = lambda self, processes: _Here()  # type: ignore[method-assign]
    session._started_calibration = lambda lens, log: None  # type: ignore[assignment, return-value]


def main(seed: int) -> None:
    """Answer until there are no more cases."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as name:
        _settle(Path(name))
        for row in sys.stdin:
            answers.write(json.dumps(tried(seed, row.strip(), Path(name))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
