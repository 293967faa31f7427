"""The server takes its requests from a file, for editors that can only start it and listen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import sixbit
from sixbit.editors.server.requests import RequestFile

QUIT = {"id": "end", "do": "quit"}


def written(path: Path, *requests: dict[str, Any], mode: str = "w") -> Path:
    with path.open(mode) as file:
        file.writelines(json.dumps(request) + "\n" for request in requests)
    return path


def start(path: Path, command: str = "serve") -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(sixbit.__file__).parents[1])}
    words = [sys.executable, "-m", "sixbit", command, "--requests", path]
    # Unbuffered: what a buffer holds would be lost when the rest is read from the pipe.
    return subprocess.Popen(words, bufsize=0, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def answers(server: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    out, complaints = server.communicate(timeout=60)
    assert not complaints
    return [json.loads(line) for line in out.splitlines()]


def test_requests_are_answered_in_order(tmp_path: Path) -> None:
    path = written(tmp_path / "a 'b' \n.jsonl", {"id": 1, "do": "identify", "photo": "none.jpg"}, {"id": 2}, QUIT)
    told = answers(start(path))
    assert [answer["id"] for answer in told] == [1, 2, "end"]
    assert told[0]["kind"] == "photo"


def test_the_old_name_of_the_command_works(tmp_path: Path) -> None:
    told = answers(start(written(tmp_path / "requests", {"id": 1, "do": "lenses"}, QUIT), "engine"))
    assert [answer["id"] for answer in told] == [1, "end"]
    said = subprocess.run([sys.executable, "-m", "sixbit", "--help"], capture_output=True, text=True, check=True)
    assert "serve" in said.stdout
    assert "engine" not in said.stdout


def test_what_is_appended_is_taken_too(tmp_path: Path) -> None:
    path = written(tmp_path / "requests")
    server = start(path)
    time.sleep(0.5)
    with path.open("a") as file:
        file.write('{"id": 1, ')
        file.flush()
        time.sleep(0.2)
        file.write('"do": "lenses"}\n')
    written(path, QUIT, mode="a")
    assert [answer["id"] for answer in answers(server)] == [1, "end"]


def test_what_waits_can_be_cancelled(tmp_path: Path) -> None:
    many = [{"id": number, "do": "lenses"} for number in range(2000)]
    path = written(tmp_path / "requests", *many, QUIT)
    server = start(path)
    assert server.stdout is not None
    first = json.loads(server.stdout.readline())
    written(path, *({"do": "cancel", "cancel": number} for number in range(2000)), mode="a")
    kinds = [answer.get("kind") for answer in [first, *answers(server)]]
    assert kinds[0] is None
    assert kinds.count("cancelled") > 100


def test_the_server_ends_with_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "requests", {"id": 1, "do": "lenses"})
    server = start(path)
    assert server.stdout is not None
    assert json.loads(server.stdout.readline())["id"] == 1
    path.unlink()
    assert answers(server) == []
    assert server.returncode == 0


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    server = start(tmp_path / "none")
    _, complaints = server.communicate(timeout=60)
    assert b"cannot be read" in complaints
    assert server.returncode == 2


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_lines_are_cut_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "requests"
    path.write_bytes(b"12345678\nabc")
    requests = RequestFile(path)
    assert requests.readline(4) == b"1234"
    assert requests.readline(80) == b"5678\n"
    threading.Timer(0.2, path.unlink).start()
    assert requests.readline(80) == b"abc"
    assert requests.readline(80) == b""
