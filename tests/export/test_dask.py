"""The batch on a Dask cluster: a real scheduler and workers, one of them killed in the middle."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sixbit.export import presets
from sixbit.export.batch import batch
from sixbit.export.batch.outcome import Outcome
from sixbit.manifest import manifest
from sixbit.values.errors import Code, PhotoError
from tests.scenery import batch_photos
from tests.scenery.batch_run import report, written
from tests.scenery.refusals import refused

pytest.importorskip("distributed")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A scheduler and two workers of one thread on loopback; all end with the test, whatever happens in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.processes: list[subprocess.Popen[bytes]] = []
        port = self.address.rsplit(":", 1)[1]
        self._start("dask-scheduler", "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        self.workers = [self._worker(number) for number in range(2)]

    def _worker(self, number: int) -> subprocess.Popen[bytes]:
        place = self.folder / f"worker-{number}"
        words = ["worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        return self._start(f"worker-{number}", *words, "--local-directory", str(place), "--death-timeout", "30")

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("wb")
        process = subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=log, stderr=log)
        log.close()
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def wait(self) -> None:
        import distributed

        with distributed.Client(self.address, timeout="20s", set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    (tmp_path / "dask").mkdir()
    running = Cluster(tmp_path / "dask")
    try:
        running.wait()
        yield running
    finally:
        running.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_worker_that_is_killed_costs_nothing_but_time(cluster: Cluster, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    batch_photos.make(photos, 24, (0.3, 1.0))
    preset = presets.load("full-jpeg")
    batch([photos], tmp_path / "here", preset)
    start = time.monotonic()
    killed = False

    def progress(done: int, together: int, outcome: Outcome) -> None:
        nonlocal killed
        if done >= 6 and not killed:
            killed = True
            cluster.workers[0].send_signal(signal.SIGKILL)
        assert time.monotonic() - start < 600, "the batch does not end"

    batch([photos], tmp_path / "there", preset, scheduler=cluster.address, progress=progress)
    assert killed
    assert cluster.workers[0].wait(1) == -signal.SIGKILL
    assert written(tmp_path / "there") == written(tmp_path / "here")
    assert len(report(tmp_path / "there")) == 25
    # What the cluster did, this machine need not do again.
    again: list[Outcome] = []
    batch([photos], tmp_path / "there", preset, progress=lambda done, n, one: again.append(one))
    assert [one.status for one in again] == ["failed"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_each_preset_gives_the_bytes_of_one_machine(cluster: Cluster, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    batch_photos.make(photos, 5, (0.3,))
    for name in manifest()["presets"]:
        here, there = tmp_path / "here" / name, tmp_path / "there" / name
        batch([photos], here, presets.load(name))
        batch([photos], there, presets.load(name), scheduler=cluster.address)
        assert len(written(here)) > 4
        assert written(there) == written(here)


def test_a_cluster_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sixbit.export.batch.pool.PATIENCE", "1s")
    photo = tmp_path / "in" / "a.jpg"
    photo.parent.mkdir()
    photo.write_bytes(batch_photos.jpeg(64, 48, batch_photos.KNOWN))
    with refused(PhotoError, "no Dask scheduler.*runs", Code.CLUSTER):
        batch([photo], tmp_path / "out", presets.load("full-jpeg"), scheduler=f"tcp://127.0.0.1:{free_port()}")
    assert os.listdir(tmp_path / "out") == [".sixbit"]  # noqa: PTH208


def test_an_address_that_makes_no_sense_leaves_no_traceback(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(batch_photos.jpeg(64, 48, batch_photos.KNOWN))
    command = [sys.executable, "-m", "sixbit", "batch", "--preset", "full-jpeg", "--scheduler", "tcp://nonsense"]
    done = subprocess.run([*command, photo, "-o", tmp_path / "out"], stderr=subprocess.PIPE, text=True, check=False)
    assert "There is no Dask scheduler at 'tcp://nonsense'" in done.stderr
    assert done.stderr.count("\n") == 1
