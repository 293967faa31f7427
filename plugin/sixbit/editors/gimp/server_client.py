"""The editor's side of the server: a process of its own, asked in lines of JSON (docs/server-protocol.md).

Nothing but the standard library is used, and nothing of GIMP: GIMP's Python need not be the one Sixbit lives in.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any

from sentences import MEND, with_way_out
from texts import HERE, UserError, _, manifest

PROTOCOL = 1
START_TIMEOUT = 30
"""Seconds for the first answer: a cold disk has a Python and its libraries to read."""
ANSWER_TIMEOUT = 600

Result = dict[str, Any]


class ServerError(UserError):
    """The server refused a request; the message is for the user."""

    def __init__(self, message: str, kind: str = "server") -> None:
        super().__init__(message)
        self.kind = kind


class NoServerError(ServerError):
    """There is no server, or none that serves: the message says what to do about it, too."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"{fault}\n{MEND}")


@dataclass(eq=False)
class Answer:
    """Holds what comes of one request: ``result`` once it is ``done``, or ``error``."""

    number: int
    on_done: Callable[[Answer], object]
    on_progress: Callable[[float], object]
    done: bool = False
    result: Result = field(default_factory=dict)
    error: ServerError | None = None


class Server(AbstractContextManager["Server"]):
    """Starts the server and asks it. ``call`` waits for an answer, ``send`` does not.

    Answers are read by a thread, and handed out in the thread that calls ``call`` or ``dispatch``; ``on_arrival`` is
    called in the reading thread whenever something has come, so that a main loop can be told to dispatch. ``on_death``
    hears of the server's end even if no answer is waited for.
    """

    def __init__(self, client: str) -> None:
        self.on_arrival: Callable[[], object] = lambda: None
        self.on_death: Callable[[ServerError], object] = lambda death: None
        self._answers: dict[int, Answer] = {}
        self._numbers = itertools.count(1)
        self._arrived: queue.SimpleQueue[Result | None] = queue.SimpleQueue()
        self._ended = False
        self._command = server_command()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the server)
        # What an editor sets for its own Python must not reach another one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        try:
            self.process = subprocess.Popen(
                [*self._command, "serve"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=environment,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            reason = f"{self._command[0]}: {error.strerror}"
            raise NoServerError(_("Sixbit cannot be started: {reason}.").format(reason=reason)) from error
        threading.Thread(target=self._read, daemon=True).start()
        # Its answer is looked at when something is asked for: until then the editor can be busy with other things.
        self._hello = self.send("hello", on_done=_check, protocol=PROTOCOL, client=client)

    def call(
        self,
        do: str,
        *,
        timeout: float | None = ANSWER_TIMEOUT,
        on_progress: Callable[[float], object] = lambda done: None,
        **arguments: Any,
    ) -> Result:
        """Ask and wait; raises ServerError if the server refuses, dies or is silent for too long."""
        answer = self.send(do, on_progress=on_progress, **arguments)
        while not answer.done:
            try:
                self._take(self._arrived.get(timeout=timeout if self._hello.done else START_TIMEOUT))
            except queue.Empty:
                self.process.kill()
                raise NoServerError(_("Sixbit does not answer any more.")) from None
        if answer.error:
            raise answer.error
        return answer.result

    def send(
        self,
        do: str,
        *,
        on_done: Callable[[Answer], object] = lambda answer: None,
        on_progress: Callable[[float], object] = lambda done: None,
        **arguments: Any,
    ) -> Answer:
        """Ask; ``dispatch`` calls ``on_done`` when the answer is there."""
        answer = Answer(next(self._numbers), on_done, on_progress)
        self._answers[answer.number] = answer
        line = json.dumps({"id": answer.number, "do": do, **arguments}) + "\n"
        try:
            self.process.stdin.write(line.encode())
            self.process.stdin.flush()
        except (OSError, ValueError):
            # Its end is told by the reading thread; where that is past already, nothing else will come.
            if self._ended:
                self._arrived.put(None)
        return answer

    def dispatch(self) -> None:
        """Hand out the answers that have come."""
        with suppress(queue.Empty):
            while True:
                self._take(self._arrived.get_nowait())

    def __exit__(self, *_raised: object) -> None:
        """End the server: it does so by itself when its input ends."""
        with suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _read(self) -> None:
        with suppress(OSError, ValueError):
            for line in self.process.stdout:
                try:
                    self._arrived.put(json.loads(line))
                except ValueError:
                    continue
                self.on_arrival()
        self._ended = True
        self._arrived.put(None)
        self.on_arrival()

    def _take(self, message: Result | None) -> None:
        if message is None:
            death = NoServerError(self._obituary())
            for answer in list(self._answers.values()):
                self._finish(answer, error=death)
            self.on_death(death)
            return
        answer = self._answers.get(message.get("id", 0))  # type: ignore[assignment]
        if answer is None:
            return
        if "progress" in message:
            answer.on_progress(message["progress"])
        elif "error" in message:
            words = with_way_out(message.get("said", message["error"]), message.get("code"))
            self._finish(answer, error=ServerError(words, message.get("kind", "internal")))
        else:
            self._finish(answer, result=message.get("result") or {})

    def _finish(self, answer: Answer, result: Result | None = None, error: ServerError | None = None) -> None:
        del self._answers[answer.number]
        answer.done, answer.result, answer.error = True, result or {}, error
        answer.on_done(answer)

    def _obituary(self) -> str:
        """Say that the server has died, with its last words."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        self._complaints.seek(0)
        words = self._complaints.read().decode(errors="replace").strip().splitlines()
        said = f" ({''.join(filter(str.isprintable, words[-1]))[:300]})" if words else ""
        return _("Sixbit has ended{said}.").format(said=said)


def _check(hello: Answer) -> None:
    """Raise ServerError if a server of another version answers, or none."""
    if hello.error:
        raise hello.error
    versions = {"ours": manifest()["version"], "theirs": hello.result.get("version", "?")}
    if hello.result.get("protocol") != PROTOCOL or versions["ours"] != versions["theirs"]:
        raise NoServerError(_("The plug-in is of Sixbit {ours}, but Sixbit {theirs} answers.").format(**versions))


def server_command() -> list[str]:
    """Read the command of Sixbit from the file that was installed beside the plug-in. Raises ServerError."""
    settings = HERE / "server.json"
    if not settings.is_file():
        settings = HERE / "engine.json"  # its old name, kept for one version
    try:
        told = json.loads(settings.read_text(encoding="utf-8"))
        return [str(part) for part in told["command"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoServerError(_("The plug-in does not know where Sixbit is: {reason}.").format(reason=error)) from error
