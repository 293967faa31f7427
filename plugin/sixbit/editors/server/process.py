"""The server: a process that answers an editor's requests in lines of JSON (``docs/server-protocol.md``).

A thread reads the requests, so that one that cancels, or the end of the input, is seen while another is worked on.
An editor that can start programs only through a shell puts its requests into a file, see
:mod:`sixbit.editors.server.requests`.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO, NoReturn

from sixbit.editors.server.asked import Request
from sixbit.editors.server.requests import RequestFile
from sixbit.editors.server.session import Session
from sixbit.faults import described, in_words
from sixbit.machine import start_log
from sixbit.translations import best_of, speaking
from sixbit.values.errors import ArgumentError, Code, PhotoError, SixbitError, photo_name
from sixbit.values.sentence import Say, Sentence, parts, sentence_of

LONGEST_LINE = 16 << 20
NEEDED_SOON = (
    "sixbit.lenses.match",
    "sixbit.compiler.compile",
    "sixbit.engines.native",
    "sixbit.editors.server.pictures",
)

_log = logging.getLogger(__name__)


class CancelledError(Exception):
    """The editor does not want the answer any more."""


@dataclass
class _Job:
    """A request, or why its line is none; ``cancelled`` once the editor has said so."""

    request: Request = field(default_factory=dict)
    fault: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def number(self) -> Any:
        """Return the editor's name for the request; None if it has none that can be told apart from others."""
        number = self.request.get("id")
        return number if isinstance(number, int | str) else None


def run(file: Path | None = None) -> NoReturn:
    """Answer requests, those of a file or else of the standard input, until there are no more, and end the process."""
    requests, answers = _own_streams()
    _Server(requests if file is None else RequestFile(file), answers, start_log(_log, "server.log")).work()
    os._exit(0)  # the reading thread holds its stream, which Python's own shutdown would wait for in vain


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep standard input and output for the protocol alone: what libraries print goes to standard error."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # an editor started without a terminal may have closed it
        os.dup2(nothing, 1)
    os.close(nothing)
    return requests, answers


class _Server:
    def __init__(self, requests: BinaryIO | RequestFile, answers: BinaryIO, log: Path | None) -> None:
        self._requests = requests
        self._answers = answers
        self._log = log
        self._session = Session(log)
        self._say: Say = str
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._pending: dict[Any, _Job] = {}

    def work(self) -> None:
        """Answer requests in their order."""
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            job = self._jobs.get()
            if isinstance(language := job.request.get("language"), str) and job.request.get("do") == "hello":
                self._say = speaking(best_of([language]))
            self._send({"id": job.number, **_spoken(self._outcome(job), self._say)})
            self._pending.pop(job.number, None)
            if job.request.get("do") == "hello":
                threading.Thread(target=_import_soon, daemon=True).start()
            if job.request.get("do") == "quit":
                return

    def _read(self) -> None:
        with suppress(OSError):
            while line := self._requests.readline(LONGEST_LINE):
                rest = line
                while rest and not rest.endswith(b"\n"):  # a line that is too long is read to its end, and refused
                    rest = self._requests.readline(LONGEST_LINE)
                if rest:
                    self._take(line)
        # The editor is gone, and with it everybody who would want what is being worked on.
        os._exit(0)

    def _take(self, line: bytes) -> None:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError) as error:
            long = "it is too long" if not line.endswith(b"\n") else str(error)
            self._jobs.put(_Job(fault=f"This line is not JSON: {long}."))
            return
        if not isinstance(request, dict):
            self._jobs.put(_Job(fault="A request is a JSON object."))
        elif request.get("do") == "cancel":
            wanted = _Job({"id": request.get("cancel")}).number
            if wanted in self._pending:
                self._pending[wanted].cancelled.set()
        else:
            job = _Job(request)
            if job.number is None:
                job.fault = "A request has an `id`, a number or a text."
            else:
                self._pending[job.number] = job
            self._jobs.put(job)

    def _outcome(self, job: _Job) -> dict[str, Any]:
        def progress(share: float) -> None:
            if job.cancelled.is_set():
                raise CancelledError
            self._send({"id": job.number, "progress": round(share, 4)})

        try:
            if job.fault:
                raise ArgumentError(job.fault)
            if job.cancelled.is_set():
                raise CancelledError
            return {"result": self._session.answer(job.request, progress)}
        except CancelledError:
            return {"error": "Cancelled.", "kind": "cancelled"}
        except SixbitError as error:
            return _refusal(error)
        except MemoryError:
            why = "There is not enough memory for this on this computer."
            return _refusal(PhotoError(why, Code.TOO_LARGE))
        except Exception as error:
            do = job.request.get("do")
            _log.error("%s", described(f"request {do!r}", error))
            where = "" if self._log is None else f"; {self._log} says more"
            return {
                "error": f"Sixbit failed at {do!r} ({in_words(error)}){where}.",
                "kind": "internal",
            }

    def _send(self, answer: dict[str, Any]) -> None:
        try:
            self._answers.write(json.dumps(answer).encode() + b"\n")
            self._answers.flush()
        except OSError:  # nobody is there any more
            os._exit(0)


def _refusal(error: SixbitError) -> dict[str, Any]:
    """Return the reason in words, in parts, and by its code; the editor knows what can be done about it."""
    said = sentence_of(error.reason)
    if error.subject is not None:
        said = Sentence("{subject}: {reason}", error.code, subject=photo_name(error.subject), reason=said)
    kind = "photo" if isinstance(error, PhotoError) else "argument"
    return {"error": said, "said": parts(said), "kind": kind, "code": str(error.code)}


def _spoken(answer: Any, say: Say) -> Any:
    """Say the sentences of an answer in a language; whatever else is in it stays."""
    if isinstance(answer, Sentence):
        return say(answer)
    if isinstance(answer, dict):
        return {name: _spoken(value, say) for name, value in answer.items()}
    return [_spoken(one, say) for one in answer] if isinstance(answer, list | tuple) else answer


def _import_soon() -> None:
    """Import what the next requests need, while the editor is busy with its own start."""
    for module in NEEDED_SOON:
        with suppress(Exception):  # whoever needs it will be told
            importlib.import_module(module)
