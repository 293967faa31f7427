"""The calibration page's server: who may ask, what is made of uploads, measurements, bad input, and how it ends."""

from __future__ import annotations

import asyncio
import copy
import errno
import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
from PIL import Image

from sixbit.calibration.frames import Setting, open_frame
from sixbit.calibration.keep import add, remove, runs
from sixbit.cli.main import main
from sixbit.editors.page import server as module
from sixbit.editors.page.lenses import find_lenses
from sixbit.editors.page.plots import Plot, Series
from sixbit.editors.page.server import HEADERS, PageServer
from sixbit.editors.page.session import PageSession
from sixbit.editors.page.steps import Findings, OfPhoto, Step
from sixbit.editors.page.ways_out import WAYS_OUT
from sixbit.lenses.catalogue import catalogue, reload_catalogue
from sixbit.lenses.own import Run
from sixbit.translations import languages, speaking
from sixbit.translations.markup import texts_of_page, texts_of_script
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, Code, SixbitError
from sixbit.values.lens import Model
from sixbit.values.watch import Progress
from tests.scenery import CLONE
from tests.scenery.photo_factory import exif

LENS = "summarit-50-2.5"
PLUGIN = CLONE / "plugin"
PATIENCE = 20


# A measurement for the tests, which runs in the worker's process as others do ---------------------------------------


def measure_something(paths: Sequence[Path], choices: Choices, progress: Progress) -> dict[str, Any]:
    progress(0.5, f"measuring {paths[0].name}")
    crop = choices.crop_factor or 1.0
    if crop == 2:
        raise CalibrationError("is not enough.", Code.CROP_FACTOR, subject=paths[0])
    if crop == 3:
        raise CalibrationError("These frames differ.", Code.FRAMES)
    if crop == 4:
        raise ZeroDivisionError("a mistake of Sixbit")
    if crop == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    if crop == 6:
        time.sleep(60)
    if crop == 7:
        raise CalibrationError(f"Not enough: {paths[0].name} alone.", Code.LINES)
    return {"paths": [path.name for path in paths], "lens": choices.lens, "aperture": choices.f_number}


def findings_of(result: dict[str, Any]) -> Findings:
    plot = Plot("Title", "x", "y", (Series("one", [(0, 1), (1, 2)], "red", line=True),))
    return Findings(
        (f"{len(result['paths'])} photos", f"as {result['paths'][0]} shows", f"at {result['aperture']}"),
        (plot,),
        (("Lines", b"\x89PNG"),),
    )


def keep_something(result: dict[str, Any]) -> Run:
    lens = catalogue().lenses[result["lens"]]
    return add(Setting(lens, 1.0, 50.0), "1 photo", distortion=Model("poly3", (0.01,)))


@dataclass(frozen=True)
class Flats:
    """A result that is of an aperture."""

    setting: Setting
    count: int
    verdict: tuple[str, ...]


def measure_flats(paths: Sequence[Path], choices: Choices, progress: Progress) -> Flats:
    tagged = open_frame(paths[0]).shot.f_number
    f_number = choices.f_number or (tagged.value if tagged else None)
    if f_number == 16:
        raise CalibrationError("These frames differ.", Code.FRAMES)
    setting = Setting(catalogue().lenses[choices.lens or ""], 1.0, 50.0, f_number=f_number)
    return Flats(setting, len(paths), (f"{len(paths)} flats", "as the camera guesses"))


def findings_of_flats(result: Flats) -> Findings:
    return Findings(result.verdict)


def keep_flats(result: Flats) -> Run:
    return add(result.setting, f"{result.count} flats", vignetting=Model("pa", (-0.5, 0.0, 0.0)))


def brief_of_flats(result: Flats) -> str:
    return f"{result.count} frames"


def flats_at(result: Flats, f_number: float | None, *, is_guessed: bool) -> Flats:
    if refused := result.setting.lens.too_wide(f_number):
        raise CalibrationError(refused)
    verdict = (result.verdict[0], *(["as the camera guesses"] if is_guessed else []))
    return replace(result, setting=replace(result.setting, f_number=f_number), verdict=verdict)


FLAT = Step(("f_number", "crop_factor"), measure_flats, findings_of_flats, keep_flats, brief_of_flats, flats_at)


def read_photos(paths: Sequence[Path], progress: Progress) -> list[str]:
    tried = paths[0].parent / "tried"
    try:
        tried.write_bytes(b"x")
    except OSError as error:
        tried.unlink()
        return [path.name for path in paths] + [errno.errorcode[error.errno or 0]]
    return []


def join_photos(read: list[str], choices: Choices, progress: Progress) -> list[str]:
    if choices.crop_factor == 6:
        with tempfile.NamedTemporaryFile() as file:
            progress(0.5, file.name)
            time.sleep(60)
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
        file.flush()
        return [*read, file.name]


def findings_of_join(result: list[str]) -> Findings:
    return Findings(tuple(result))


def keep_two(result: list[str]) -> tuple[Run, ...]:
    setting = Setting(catalogue().lenses[LENS], 1.0, 50.0, f_number=4)
    return add(setting, "8 photos", distortion=Model("poly3", (0.01,))), add(
        setting, "8 photos", vignetting=Model("pa", (-0.5, 0.0, 0.0))
    )


JOIN = Step(("crop_factor",), join_photos, findings_of_join, keep_two, read=read_photos)


def seen_of(error: SixbitError) -> Findings | None:
    if error.code is not Code.LINES:
        return None
    name = str(error).split()[2]
    picture = (f"{name}: its edges", b"\x89PNG refused")
    return Findings((), (), (picture,), {name: OfPhoto("3 long edges.", b"\xff\xd8 drawn")}, error)


STEPS = {"flat": FLAT, "overlap": JOIN} | dict.fromkeys(
    ("lines", "tca"),
    Step(("focal_mm", "crop_factor"), measure_something, findings_of, keep_something, refused=seen_of),
)


# A page ---------------------------------------------------------------------------------------------------------------


class Visitor:
    """A browser of few words, at the address of a page."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookie = ""
        self.host = address.split("/")[2]
        self.base = address.split(self.host)[1].partition("?")[0]
        self.languages = ""

    def ask(
        self, method: str, path: str, body: Any = None, whole: bool = False, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request; the names of headers are written with underscores. ``whole`` says that the path is whole."""
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        sent = {"Host": self.host, "Origin": f"http://{self.host}", "Cookie": self.cookie}
        sent["Accept-Language"] = self.languages
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path if whole else self.base + path, body, {k: v for k, v in sent.items() if v})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers, data

    def enter(self) -> None:
        """Open the page by its address, if that was not done yet."""
        if self.cookie:
            return
        _, headers, _ = self.ask("GET", self.address.split(self.host)[1], whole=True)
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    def do(self, what: str, **said: Any) -> tuple[int, dict[str, Any]]:
        """Press a button."""
        status, _, data = self.ask("POST", f"do/{what}", json.dumps(said), Content_Type="application/json")
        return status, json.loads(data) if data.startswith(b"{") else {}

    def upload(self, name: str, data: bytes, **headers: str) -> int:
        return self.ask("PUT", "frames", data, X_Name=quote(name), **headers)[0]

    @property
    def state(self) -> dict[str, Any]:
        """What the event stream says first."""
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        sent = {"Host": self.host, "Cookie": self.cookie, "Accept-Language": self.languages}
        connection.request("GET", self.base + "events", headers=sent)
        line = connection.getresponse().readline()
        connection.close()
        state: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
        return state

    def wait(self, condition: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The state, once it is so."""
        end = time.monotonic() + PATIENCE
        while not condition(state := self.state):
            assert time.monotonic() < end, state
            time.sleep(0.02)
        return state


class Page(Visitor):
    """A server in a thread of its own, and its visitor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_home = ""
        started = threading.Event()

        async def serve() -> None:
            self.session = PageSession(folder, catalogue().lenses[LENS], STEPS)
            self.server = PageServer(self.session, 60)
            await self.server.start()
            self.loop = asyncio.get_running_loop()
            started.set()
            await self.server.wait()
            await self.server.close()

        self.thread = threading.Thread(target=lambda: asyncio.run(serve()))
        self.thread.start()
        assert started.wait(PATIENCE)
        super().__init__(self.server.address())

    def end(self) -> None:
        with suppress(RuntimeError):  # it ends by itself if nobody looks at it for long
            self.loop.call_soon_threadsafe(self.server.ended.set)
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page for all tests: its worker takes a second to start."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        page = Page(tmp_path_factory.mktemp("page"))
        page.data_home = os.environ["XDG_DATA_HOME"]
        yield page
        page.end()


@pytest.fixture
def open_page(served: Page) -> Page:
    """The page before anybody has entered."""
    stranger = copy.copy(served)
    stranger.cookie, stranger.address = "", served.server.address()
    return stranger


@pytest.fixture
def page(served: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The page, entered, with a lens and a step chosen and nothing else."""
    monkeypatch.setenv("XDG_DATA_HOME", served.data_home)
    reload_catalogue()
    served.enter()
    assert served.do("lens", lens_id=LENS)[0] == 200
    assert served.do("step", step="lines")[0] == 200
    yield served
    served.do("stop")
    served.wait(lambda state: not state["job"])
    for step in STEPS:
        served.do("step", step=step)
        served.do("drop-all")
        while (state := served.state)["measurement"]:
            served.do("reject")
        for name in state["settings"]:
            served.do("set", name=name, text="")
    for run in runs():
        remove(run.name)
    reload_catalogue()


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    grey(128).save(path)
    return path.read_bytes()


def grey(level: int) -> Image.Image:
    """A flat, with the noise that those of every camera have."""
    noise = np.random.default_rng(level).integers(-4, 5, (200, 300, 3))
    return Image.fromarray((level + noise).astype(np.uint8))


# Who may ask ----------------------------------------------------------------------------------------------------------


def test_the_token_opens_the_page_and_becomes_a_cookie(open_page: Page) -> None:
    entry = open_page.address.split(open_page.host)[1]
    status, headers, body = open_page.ask("GET", entry, whole=True)
    assert status == 200
    assert b"Calibrate a lens" in body
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert f"Path={open_page.base}" in cookie
    assert open_page.ask("GET", "page.js", Cookie=cookie.partition(";")[0])[0] == 200
    assert open_page.ask("GET", "", Cookie=cookie.partition(";")[0])[0] == 200


def test_an_address_is_good_once_and_its_token_is_no_cookie(open_page: Page) -> None:
    entry = open_page.address.split(open_page.host)[1]
    token = entry.partition("token=")[2]
    assert open_page.ask("GET", "page.js", Cookie=f"sixbit={token}")[0] == 403
    assert open_page.ask("HEAD", entry, whole=True)[0] == 403
    led_here = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    status, headers, _ = open_page.ask("GET", entry, whole=True, Origin="", **led_here)
    assert status == 200
    assert token not in headers["Set-Cookie"]
    status, headers, body = open_page.ask("GET", entry, whole=True)
    assert status == 403
    assert b"each opens it once" in body
    assert not headers["Set-Cookie"]


def test_a_secret_that_is_no_text_is_refused_and_not_logged(open_page: Page) -> None:
    stranger = Visitor(open_page.address)
    for cookie in ("sixbit=\xff\xfe", "sixbit=\xed\xa0\x80"):
        stranger.cookie = cookie
        assert stranger.ask("GET", "events")[0] == 403
        assert stranger.ask("GET", "?token=%ED%A0%80")[0] == 403
    log = open_page.session.log
    assert log is None or "UnicodeEncodeError" not in log.read_text()


def test_another_site_cannot_lead_here_without_a_token(page: Page) -> None:
    led_here = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert page.ask("GET", "", Origin="", **led_here)[0] == 403
    assert page.ask("GET", "page.js", Origin="", **led_here)[0] == 403


@pytest.mark.parametrize("path", ["", "?token=", "?token=wrong", "page.js", "events", "lenses?q=35", "export", "none"])
def test_without_it_nothing_is_answered(open_page: Page, path: str) -> None:
    status, headers, body = open_page.ask("GET", path)
    assert status == 403
    assert b"sixbit calibrate" in body
    assert not headers["Set-Cookie"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "127.0.0.1"},
        {"Host": "localhost:80"},
        {"Origin": "http://rebound.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_another_host_origin_or_site_is_refused_with_the_token_too(open_page: Page, headers: dict[str, str]) -> None:
    entry = open_page.address.split(open_page.host)[1]
    assert open_page.ask("GET", entry, whole=True, **headers)[0] == 403
    assert open_page.ask("POST", "do/end", "{}", Content_Type="application/json", **headers)[0] == 403


def test_a_change_needs_an_origin_and_json(page: Page) -> None:
    assert page.ask("POST", "do/reject", "{}", Content_Type="application/json", Origin="")[0] == 403
    assert page.ask("PUT", "frames", b"x", X_Name="a", Origin="")[0] == 403
    assert page.ask("POST", "do/reject", "{}", Content_Type="text/plain")[0] == 415
    assert page.ask("POST", "do/reject", "{}", Content_Type="application/json")[0] == 200


def test_it_listens_on_the_loopback_alone(open_page: Page) -> None:
    assert open_page.host.startswith("127.0.0.1:")
    port = f"{int(open_page.host.partition(':')[2]):04X}"
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [local for _, local, _, status, *_ in sockets if status == "0A" and local.endswith(f":{port}")]
    assert listening == [f"0100007F:{port}"]


def test_every_answer_bears_the_headers(page: Page) -> None:
    answers = [page.ask("GET", path)[1] for path in ("", "page.js", "none", "lenses?q=", "pictures/none", "export")]
    answers += [page.ask("GET", "/", whole=True)[1], page.ask("DELETE", "frames")[1]]
    answers.append(page.ask("GET", "", Host="rebound.example")[1])
    for headers in answers:
        assert {name: headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", ["../session.py", "..%2f__init__.py", "%2e%2e/work.py", "index.html", "pictures/../x"])
def test_no_other_file_is_served(page: Page, path: str) -> None:
    assert page.ask("GET", path)[0] in (403, 404)


# Uploads --------------------------------------------------------------------------------------------------------------


def test_a_photo_arrives_and_is_looked_at(page: Page, photo: bytes) -> None:
    assert page.upload("holiday.jpg", photo) == 201
    state = page.wait(lambda state: state["frames"][0]["status"] == "ready")
    assert state["frames"][0]["about"] == "300 × 200"
    status, headers, data = page.ask("GET", f"pictures/frame-{state['frames'][0]['number']}")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert data.startswith(b"\xff\xd8")
    assert page.do("drop", number=state["frames"][0]["number"])[0] == 200
    assert page.state["frames"] == []
    assert list(page.folder.iterdir()) == []


NAMES = {
    "../../../etc/passwd": "../../../etc/passwd",
    "/etc/passwd.jpg": "/etc/passwd.jpg",
    "a\nb\0.jpg": "a\\nb\\u0000.jpg",
    '<b onclick="x">\'.jpg': '<b onclick="x">\'.jpg',
    "\U0001f4f7\u202egpj.exe": "\U0001f4f7\\u202egpj.exe",
    "x" * 5000: "x" * 120,
    "": "without a name",
    "con.jpg:stream": "con.jpg:stream",
}


def test_names_are_shown_and_never_used(page: Page, photo: bytes) -> None:
    for name in NAMES:
        page.upload(name, photo + name.encode())
    state = page.wait(lambda state: all(frame["status"] == "ready" for frame in state["frames"]))
    assert [frame["name"] for frame in state["frames"]] == list(NAMES.values())
    assert all(re.fullmatch(r"photo-\d+([.](jpg|exe))?", path.name) for path in page.folder.iterdir())


def test_what_is_no_photo_is_refused_by_its_name(page: Page, photo: bytes) -> None:
    wrong = {
        "text.jpg": b"This is no photo",
        "raw.dng": b"II*\0\x08\0\0\0" + bytes(50),
        "sony.arw": bytes(1000),
        "cut.jpg": photo[: len(photo) // 2],
    }
    for name, data in wrong.items():
        page.upload(name, data)
    frames = page.wait(lambda state: all(frame["status"] == "refused" for frame in state["frames"]))["frames"]
    assert [frame["name"] for frame in frames] == list(wrong)
    for frame in frames:
        assert len(frame["reason"]) > 20
        assert "photo-" not in frame["reason"]
    assert frames[0]["reason"].startswith("is not a photo")
    assert frames[3]["reason"] == f"the JPEG is cut short. {WAYS_OUT[Code.DAMAGED]}"
    assert list(page.folder.iterdir()) == []


def test_sizes_and_numbers_are_bounded(page: Page, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    assert page.upload("empty.jpg", b"") == 422
    assert page.ask("PUT", "frames", iter([b"6\r\nchunks\r\n0\r\n\r\n"]), Transfer_Encoding="chunked")[0] == 411
    monkeypatch.setattr(module, "LARGEST", len(photo) - 1)
    assert page.upload("large.jpg", photo) == 413
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    monkeypatch.setattr(module, "SPARE", 1 << 60)
    assert page.upload("full.jpg", photo) == 413
    reasons = [frame["reason"] for frame in page.state["frames"]]
    assert [("0 bytes" in r, "not taken" in r, "no room" in r).index(True) for r in reasons] == [0, 1, 2]
    monkeypatch.setattr(module, "MOST_PHOTOS", 1)
    monkeypatch.setattr(module, "SPARE", 0)
    assert page.upload("one.jpg", photo) == 201  # those that were refused do not count
    assert page.upload("more.jpg", photo) == 409
    page.wait(lambda state: state["frames"][-1]["status"] == "ready")
    assert len(list(page.folder.iterdir())) == 1
    assert page.upload("other.jpg", photo, X_Step="tca") == 201  # of a step each
    assert page.upload("no.jpg", photo, X_Step="../tca") == 409
    page.do("step", step="tca")
    page.wait(lambda state: state["frames"][0]["status"] == "ready")
    assert page.do("drop-all")[0] == 200
    assert page.state["frames"] == []
    assert len(list(page.folder.iterdir())) == 1
    page.do("step", step="lines")


def test_a_photo_counts_once(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg")
    page.upload("again.jpg", photo + b"one.jpg")
    assert page.state["frames"][1]["reason"] == "It is the same file as one.jpg."
    assert len(list(page.folder.iterdir())) == 1
    page.do("drop", number=page.state["frames"][0]["number"])
    page.upload("again.jpg", photo + b"one.jpg")
    page.wait(lambda state: state["frames"][-1]["status"] == "ready")


def begin(page: Page, size: int, name: str = "half.jpg") -> http.client.HTTPConnection:
    """A photo of which but four bytes come."""
    connection = http.client.HTTPConnection(page.host)
    connection.putrequest("PUT", page.base + "frames")
    own = {"Cookie": page.cookie, "Origin": f"http://{page.host}"}
    for header, value in {"Content-Length": str(size), "X-Name": name, **own}.items():
        connection.putheader(header, value)
    connection.endheaders(b"half")
    return connection


def test_photos_on_their_way_have_their_room(page: Page, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1_000_000)
    connection = begin(page, 1_000_000 - len(photo) // 2)
    page.wait(lambda state: state["frames"])
    assert page.upload("other.jpg", photo) == 413
    connection.close()
    page.wait(lambda state: state["frames"][0]["status"] == "refused")
    assert page.upload("other.jpg", photo) == 201
    page.wait(lambda state: state["frames"][-1]["status"] == "ready")


def test_who_says_nothing_is_not_waited_for(page: Page, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEADERS_S", "SILENCE_S"):
        monkeypatch.setattr(module, name, 0.3)
    host, _, port = page.host.partition(":")
    silent, slow = (socket.create_connection((host, int(port)), PATIENCE) for _ in range(2))
    slow.sendall(b"GET / HTTP/1.1\r\nHost: ")
    body = socket.create_connection((host, int(port)), PATIENCE)
    own = f"Host: {page.host}\r\nOrigin: http://{page.host}\r\nCookie: {page.cookie}\r\n"
    said = f"POST {page.base}do/reject HTTP/1.1\r\n{own}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{{"
    body.sendall(said.encode())
    half = begin(page, 1000)
    assert silent.recv(100) == b""
    assert slow.recv(100) == b""
    assert body.recv(100).startswith(b"HTTP/1.1 408")
    assert half.getresponse().status == 409
    assert "did not arrive whole" in page.state["frames"][0]["reason"]
    for one in (silent, slow, body, half):
        one.close()
    assert page.upload("other.jpg", photo) == 201  # others are served all the while
    page.wait(lambda state: state["frames"][-1]["status"] == "ready")


def test_nonsense_is_answered_and_not_logged(page: Page) -> None:
    for charset in ("bogus", "rot13", "", "utf-16", "idna"):
        kind = f"application/json; charset={charset}"
        assert page.ask("POST", "do/reject", b"\xff{}", Content_Type=kind)[0] == 400
    host, _, port = page.host.partition(":")
    for nonsense in (b"\x16\x03\x01\0\0", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nA: b\0\r\n\r\n", b"x" * 99999):
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            connection.sendall(nonsense + b"\r\n\r\n")
            with suppress(ConnectionResetError):
                assert connection.recv(1000).startswith(b"HTTP/1.")
    log = page.session.log
    assert log is None or "Error handling request" not in log.read_text()


# What the worker may do -----------------------------------------------------------------------------------------------


def reach_out(host: str, port: int, folder: Path, progress: Progress) -> dict[str, str]:
    """In the worker: try what it need not do, and say how that ended."""

    def ended(action: Callable[[], object]) -> str:
        try:
            action()
        except (OSError, MemoryError) as error:
            return type(error).__name__ if isinstance(error, MemoryError) else errno.errorcode[error.errno or 0]
        return "done"

    return {
        "network": ended(lambda: socket.create_connection((host, port), 2).close()),
        "file": ended(lambda: (folder / "written").write_bytes(b"x")),
        "memory": ended(lambda: np.ones(1 << 44, np.uint8)),
        "core": str(resource.getrlimit(resource.RLIMIT_CORE)),
        "user": str(os.geteuid()),
        "reads": ended(lambda: (folder / "read").read_bytes()),
    }


def test_the_worker_can_do_little(served: Page, tmp_path: Path) -> None:
    (tmp_path / "read").write_bytes(b"x")
    host, _, port = served.host.partition(":")
    work = served.session.worker.do(reach_out, host, int(port), tmp_path, progress=lambda share, step: None)
    ends = asyncio.run_coroutine_threadsafe(work, served.loop).result(PATIENCE)
    may_leave = subprocess.run(["unshare", "--net", *["--user"] * bool(os.geteuid()), "true"], check=False)
    if may_leave.returncode == 0:
        assert ends["network"] == "ENETUNREACH"
    assert ends["file"] == "EFBIG"
    assert ends["memory"] == "MemoryError"
    assert ends["core"] == "(0, 0)"
    assert ends["user"] == str(os.geteuid())
    assert ends["reads"] == "done"


def test_one_that_does_not_arrive_whole_is_refused(page: Page) -> None:
    connection = begin(page, 1_000_000)
    page.wait(lambda state: state["frames"])
    connection.close()
    frame = page.wait(lambda state: state["frames"][0]["status"] == "refused")["frames"][0]
    assert "did not arrive whole" in frame["reason"]


# Measuring ------------------------------------------------------------------------------------------------------------


def measured(page: Page, crop: str = "1") -> dict[str, Any]:
    page.do("set", name="crop_factor", text=crop)
    assert page.do("measure")[0] == 200
    return page.wait(lambda state: not state["job"])


def with_photos(page: Visitor, photo: bytes, *names: str) -> None:
    for name in names:
        page.upload(name, photo + name.encode())
    page.wait(lambda state: all(frame["status"] == "ready" for frame in state["frames"]))


def test_measure_accept_and_take_back(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg", "two.jpg")
    found = measured(page)["measurement"]
    assert found["verdict"] == ["2 photos", "as one.jpg shows", "at None"]
    assert found["plots"][0]["series"][0] == {
        "name": "one",
        "points": [[0, 1], [1, 2]],
        "colour": "red",
        "line": True,
        "open": False,
        "band": [],
        "reach": 100.0,
    }
    assert page.ask("GET", f"pictures/measurement-{found['number']}-0")[2] == b"\x89PNG"
    assert page.ask("GET", f"pictures/measurement-{found['number']}-1")[0] == 404
    assert runs() == ()
    assert page.do("keep")[0] == 200
    assert [run.lens_id for run in runs()] == [LENS]
    assert page.do("keep")[0] == 409
    state = page.state
    assert state["lens"]["calibrations"][0]["own"] is True
    assert state["own"][0]["kinds"] == "distortion"
    export = page.ask("GET", f"export?lens={LENS}")[2]
    assert b"<lensdatabase" in export
    assert json.loads(page.ask("GET", f"bundle?lens={LENS}")[2])["lens_id"] == LENS
    assert page.do("remove", name=state["own"][0]["name"])[0] == 200
    assert runs() == ()
    way_out = "Load the page anew: it lists yours."
    for answer in (page.do("remove", name="../x"), page.ask("GET", "export")):
        assert answer[0] == 409
        assert way_out in str(answer[-1])


def test_what_is_rejected_is_forgotten(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg")
    measured(page)
    assert page.do("reject")[0] == 200
    assert page.state["measurement"] is None
    assert page.do("keep")[0] == 409
    assert runs() == ()


def test_a_photo_that_the_measurement_refuses_is_left_out(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg", "two.jpg")
    state = measured(page, "2")
    assert [frame["status"] for frame in state["frames"]] == ["refused", "refused"]
    assert state["error"] == "two.jpg: is not enough. Say it at “Crop factor”."
    assert state["frames"][0]["reason"] == "is not enough. Say it at “Crop factor”."
    assert page.do("measure")[0] == 409


# Results --------------------------------------------------------------------------------------------------------------


def with_flats(page: Page, *apertures: float | None, **tags: Any) -> None:
    """The step of flats, with flats at these apertures, f-NUMBER-PLACE.jpg."""
    page.do("step", step="flat")
    for number, f_number in enumerate(apertures):
        file = BytesIO()
        said = {"FNumber": [(round(10 * f_number), 10)]} if f_number else {}
        block = b"Exif\0\0" + exif(**tags, **said)
        grey(128 + number).save(file, "JPEG", exif=block)
        page.upload(f"f-{f_number}-{number}.jpg", file.getvalue())
    page.wait(lambda state: all(frame["status"] in ("ready", "used") for frame in state["frames"]))


def measure(page: Page) -> dict[str, Any]:
    assert page.do("measure")[0] == 200
    return page.wait(lambda state: not state["job"])


def test_flats_of_many_apertures_are_measured_apart_and_accepted_together(page: Page) -> None:
    with_flats(page, 8, 2.5, 4, 2.5, 8, 16)
    state = measure(page)
    rows = state["results"]
    assert [(row["f_number"], row["brief"]) for row in rows] == [
        (2.5, "2 frames"),
        (4.0, "1 frames"),
        (8.0, "2 frames"),
    ]
    assert rows[0]["photos"] == ["f-2.5-1.jpg", "f-2.5-3.jpg"]
    assert state["error"].startswith("f/16: These frames differ.")
    page.do("show", number=rows[0]["number"])
    assert page.state["measurement"]["number"] == rows[0]["number"]
    assert page.do("keep")[0] == 200
    assert [run.f_number for run in runs()] == [2.5, 4.0, 8.0]
    assert all(row["kept"] for row in page.state["results"])


def test_what_is_said_is_of_flats_that_say_no_aperture(page: Page) -> None:
    with_flats(page, 2.5, 8, None)
    page.do("set", name="f_number", text="4")
    assert [row["f_number"] for row in measure(page)["results"]] == [2.5, 4.0, 8.0]
    page.do("set", name="f_number", text="f/5.6")
    assert [row["f_number"] for row in page.state["results"]] == [2.5, 5.6, 8.0]


def test_what_is_said_is_of_all_flats_if_they_are_of_one_aperture(page: Page) -> None:
    with_flats(page, 2.5, 2.5, None)
    page.do("set", name="f_number", text="4")
    assert {row["f_number"] for row in measure(page)["results"]} == {4.0}


def test_the_aperture_can_be_said_afterwards(page: Page) -> None:
    with_flats(page, None, 8)
    rows = measure(page)["results"]
    status, answer = page.do("keep")
    assert status == 409
    assert answer["error"] == "Say first at which “Aperture” it was taken: f-None-0.jpg."
    assert runs() == ()
    assert page.do("aperture", number=rows[0]["number"], text="1.0")[0] == 409  # it does not open so far
    assert page.do("aperture", number=rows[1]["number"], text="wide open")[0] == 409
    for row, text in zip(rows, ("2.5", "f/2,8"), strict=True):
        assert page.do("aperture", number=row["number"], text=text)[0] == 200
    assert page.state["measurement"]["verdict"] == ["1 flats"]  # it is not the camera that guesses
    assert page.do("keep")[0] == 200
    page.do("set", name="crop_factor", text="1")
    page.do("compare", number=page.state["frames"][0]["number"])
    assert "fall-off (measured)" in page.wait(lambda state: state["comparison"])["comparison"]["summary"]
    assert sorted(run.f_number or 0 for run in runs()) == [2.5, 2.8]
    assert page.do("aperture", number=rows[0]["number"], text="4")[0] == 409


def test_that_the_camera_guessed_is_told_until_it_is_said(page: Page) -> None:
    with_flats(page, 2.5, Make="LEICA CAMERA AG", Model="LEICA M10")
    (row,) = measure(page)["results"]

    def told() -> list[str]:
        return list(page.state["measurement"]["verdict"])

    assert told() == ["1 flats", "as the camera guesses"]
    page.do("aperture", number=row["number"], text="2.5")
    assert told() == ["1 flats"]
    page.do("aperture", number=row["number"], text="")
    assert told() == ["1 flats", "as the camera guesses"]


def test_what_was_measured_outlasts_other_clicks(page: Page) -> None:
    with_flats(page, 2.5)
    measure(page)
    page.do("step", step="lines")
    state = page.state
    assert state["measurement"] is None
    assert [(place["lens_id"], place["step"]) for place in state["elsewhere"]] == [(LENS, "flat")]
    page.do("lens", lens_id="summicron-35-asph")
    page.do("step", step="flat")
    assert page.state["results"] == []
    page.do("lens", lens_id=LENS)
    page.wait(lambda state: state["frames"][0]["status"] == "ready")
    page.do("set", name="crop_factor", text="1.5")
    page.do("drop-all")
    (row,) = page.state["results"]
    assert row["doubts"] == ["It was measured with other settings than stand there now; measure again to use these."]
    page.do("set", name="crop_factor", text="")
    assert page.state["results"][0]["doubts"] == []
    page.do("keep")
    assert [run.f_number for run in runs()] == [2.5]


def test_photos_that_are_accepted_twice_are_kept_once(page: Page) -> None:
    with_flats(page, 2.5)
    for f_number in (2.5, 4.0):
        measure(page)
        page.do("set", name="f_number", text=str(f_number))
        page.do("keep")
        assert [run.f_number for run in runs()] == [f_number]
    (row,) = page.state["results"]
    assert row["replaced"] is True


def test_what_is_said_of_flats_is_not_of_other_steps(page: Page, photo: bytes) -> None:
    page.do("step", step="flat")
    page.do("set", name="f_number", text="5.6")
    page.do("set", name="crop_factor", text="1.5")
    page.do("step", step="lines")
    assert page.state["settings"] == {"crop_factor": 1.5}
    with_photos(page, photo, "one.jpg")
    assert measure(page)["measurement"]["verdict"][-1] == "at None"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Summicron-M 1:2/50", "The photo is of another lens, such as Summicron-M 1:2/50"),
        ("Summicron-M 1:2/35 ASPH.", "The photo names another lens, Summicron-M 1:2/35 ASPH."),
        ("Summarit-M 1:2.5/50", ""),
    ],
)
def test_another_lens_in_the_tags_is_told_up_to_the_end(page: Page, name: str, words: str) -> None:
    with_flats(page, 2.5, LensModel=name)
    assert page.state["frames"][0]["note"].startswith(words)
    (row,) = measure(page)["results"]
    assert len(row["doubts"]) == bool(words)
    assert all(doubt.startswith(f"f-2.5-0.jpg: {words}") for doubt in row["doubts"])


def test_frames_that_do_not_agree_stay(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg")
    state = measured(page, "3")
    assert state["error"].startswith("These frames differ. Give whole frames at full size")
    assert [frame["status"] for frame in state["frames"]] == ["ready"]


def test_what_was_seen_in_photos_that_are_refused_is_shown(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg")
    state = measured(page, "7")
    seen, (frame,) = state["measurement"], state["frames"]
    assert state["error"] == f"Not enough: one.jpg alone. {WAYS_OUT[Code.LINES]}"
    assert seen["refused"]
    assert seen["verdict"] == [state["error"]]
    assert seen["pictures"] == ["one.jpg: its edges"]
    assert page.ask("GET", f"pictures/measurement-{seen['number']}-0")[2] == b"\x89PNG refused"
    assert frame["brought"] == "3 long edges."
    assert page.ask("GET", f"pictures/{frame['picture']}")[2] == b"\xff\xd8 drawn"
    assert page.do("keep")[0] == 409
    found = measured(page)["measurement"]
    assert not found["refused"]
    assert found["verdict"][0] == "1 photos"


def test_the_curves_of_a_kept_calibration_are_handed_out(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg")
    measured(page)
    page.do("keep")
    (plot,) = json.loads(page.ask("GET", f"curves?name={page.state['own'][0]['name']}")[2])
    assert plot["title"] == "Distortion"
    assert plot["series"][0]["line"]
    status, _, answer = page.ask("GET", "curves?name=../x")
    assert (status, "There is no calibration" in str(answer)) == (409, True)


@pytest.mark.parametrize(("crop", "logged"), [("4", "a mistake of Sixbit"), ("5", "status -9")])
def test_what_should_never_happen_is_told_with_the_log(page: Page, photo: bytes, crop: str, logged: str) -> None:
    with_photos(page, photo, "one.jpg")
    state = measured(page, crop)
    assert "not your fault" in state["error"]
    assert "Traceback" not in state["error"]
    log = page.session.log
    assert log is not None
    assert str(log) in state["error"]
    assert logged in log.read_text()
    assert measured(page)["measurement"], "the page does not work on"


def test_work_can_be_stopped(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg")
    page.do("set", name="crop_factor", text="6")
    page.do("measure")
    state = page.wait(lambda state: state["job"] and state["job"]["share"])
    assert state["job"]["step"] == "measuring one.jpg"
    assert page.do("measure")[0] == 409
    assert page.do("step", step="lines")[0] == 409
    page.do("stop")
    assert page.wait(lambda state: not state["job"])["error"] == "Stopped."
    assert measured(page)["measurement"]


@pytest.mark.parametrize("text", ["wide open", "-1", "0", "nan", "inf", "1e9", "1;2"])
def test_what_is_no_number_is_not_set(page: Page, text: str) -> None:
    status, answer = page.do("set", name="crop_factor", text=text)
    assert status == 409
    assert "between 0.1 and 20" in answer["error"]
    assert page.state["settings"] == {}


@pytest.mark.parametrize(
    ("what", "said", "status"),
    [
        ("none", {}, 404),
        ("lens", {}, 400),
        ("lens", {"lens_id": 1}, 400),
        ("lens", {"lens_id": "no-such-lens"}, 409),
        ("step", {"step": "none"}, 409),
        ("set", {"name": "f_number", "text": "2"}, 409),
        ("drop", {"number": "1"}, 400),
        ("drop", {"number": True}, 400),
        ("compare", {"number": 7}, 409),
        ("measure", {}, 409),
        ("measure", {"more": 1}, 400),
        ("aperture", {"number": 7, "text": "2"}, 409),
        ("aperture", {"number": 7, "text": 2}, 400),
        ("show", {"number": 7}, 409),
        ("correct", {"name": "x", "text": "2"}, 409),
        ("correct", {"name": "x", "text": 2}, 400),
        ("show", {"number": None}, 400),
        ("keep", {}, 409),
        ("drop-all", {"number": 1}, 400),
    ],
)
def test_requests_that_make_no_sense(page: Page, what: str, said: dict[str, Any], status: int) -> None:
    assert page.do(what, **said)[0] == status


@pytest.mark.parametrize("body", ["", "[]", "1", "{", '{"name": NaN}', "[" * 10000])
def test_bodies_that_make_no_sense(page: Page, body: str) -> None:
    assert page.ask("POST", "do/set", body, Content_Type="application/json")[0] == 400
    assert page.ask("POST", "do/set", "x" * 100_000, Content_Type="application/json")[0] == 413


def test_every_code_has_a_way_out_on_the_page() -> None:
    assert WAYS_OUT.keys() == set(Code)
    assert all(said.endswith(".") for said in WAYS_OUT.values())
    assert not [said for said in WAYS_OUT.values() if "--" in said or "`sixbit" in said]


def test_what_the_ways_out_name_is_on_the_page() -> None:
    words = "".join(path.read_text(encoding="utf-8") for path in module.STATIC.glob("*.[hj]*"))
    named = {name for said in WAYS_OUT.values() for name in re.findall("“(.+?)”", said)}
    assert len(named) > 3
    assert not [name for name in named if f">{name}" not in words and f'button(say("{name}")' not in words]


def test_what_writes_files_decodes_no_photo_and_writes_in_the_folder_of_the_session(page: Page, photo: bytes) -> None:
    page.do("step", step="overlap")
    with_photos(page, photo, "one.jpg", "two.jpg")
    *names, refused, written = measure(page)["measurement"]["verdict"]
    assert names == ["one.jpg", "two.jpg"]
    assert refused == "EFBIG"
    assert Path(written).parent.parent == page.folder
    assert not (page.folder / "written").exists()
    assert page.do("keep")[0] == 200
    assert [run.kinds for run in runs()] == [("distortion",), ("vignetting",)]
    assert page.state["results"][0]["kept"] is True
    measure(page)
    page.do("keep")
    assert len(runs()) == 2  # they have taken the place of the others


def test_joining_photos_can_be_stopped(page: Page, photo: bytes) -> None:
    page.do("step", step="overlap")
    with_photos(page, photo, "one.jpg")
    page.do("set", name="crop_factor", text="6")
    page.do("measure")
    page.wait(lambda state: state["job"] and state["job"]["share"] > 0.4)
    page.do("stop")
    assert page.wait(lambda state: not state["job"])["error"] == "Stopped."
    assert not (page.folder / "written").exists()


# What was made before -----------------------------------------------------------------------------------------------


def with_run(page: Page, photo: bytes) -> bytes:
    """A calibration of one's own; returns it as another owner gets it."""
    with_photos(page, photo, "one.jpg")
    measured(page)
    page.do("keep")
    return page.ask("GET", f"bundle?lens={LENS}")[2]


def test_what_another_owner_exported_is_taken_over(page: Page, photo: bytes) -> None:
    bundle = with_run(page, photo)
    remove(runs()[0].name)
    status, _, body = page.ask("PUT", "bundle", bundle, X_Name="of a friend.json")
    assert (status, body) == (200, b"{}")
    state = page.state
    assert state["notice"] == "of a friend.json: 1 calibration of Summarit-M 1:2.5/50 taken over."
    assert [record["imported"] for record in state["own"]] == [True]
    status, _, body = page.ask("PUT", "bundle", bundle, X_Name="of a friend.json")
    assert status == 409
    assert json.loads(body)["error"].startswith("of a friend.json: holds nothing that is not there already.")
    assert not list(page.folder.glob("import*"))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 10000, b'{"sixbit_bundle": 2}', b"\x89PNG"])
def test_what_is_no_calibration_is_not_taken_over(page: Page, data: bytes) -> None:
    status, _, body = page.ask("PUT", "bundle", data, X_Name="<b>%0a.json")
    assert status == 409
    error = json.loads(body)["error"]
    assert error.startswith("<b>\\n.json: ")
    assert "import-" not in error
    assert runs() == ()
    assert not list(page.folder.glob("import*"))


def test_a_calibration_of_others_is_bounded_and_asked_for_as_photos_are(page: Page, open_page: Page) -> None:
    assert page.ask("PUT", "bundle", b"x" * 1_000_001)[0] == 413
    assert page.ask("PUT", "bundle", iter([b"6\r\nchunks\r\n0\r\n\r\n"]), Transfer_Encoding="chunked")[0] == 411
    assert page.ask("PUT", "bundle", b"{}", Origin="")[0] == 403
    assert page.ask("PUT", "bundle", b"{}", Origin="http://rebound.example")[0] == 403
    assert page.ask("PUT", "bundle", b"{}", Sec_Fetch_Site="same-site")[0] == 403
    assert open_page.ask("PUT", "bundle", b"{}")[0] == 403
    assert open_page.ask("POST", "do/install", b"{}", Content_Type="application/json")[0] == 403


def test_the_aperture_of_a_calibration_is_corrected(page: Page) -> None:
    with_flats(page, 2.5)
    measure(page)
    page.do("keep")
    (before,) = runs()
    for name, text in ((before.name, "wide open"), (before.name, "1.0"), (before.name, " "), ("../x", "4")):
        assert page.do("correct", name=name, text=text)[0] == 409
    assert runs() == (before,)
    assert page.do("correct", name=before.name, text="f/2,8")[0] == 200
    (after,) = runs()
    assert after.f_number == 2.8
    assert (after.date, after.kinds, after.known) == (before.date, before.kinds, before.known)
    assert b'aperture="2.8"' in page.ask("GET", "export")[2]
    measure(page)
    page.do("keep")
    assert [run.f_number for run in runs()] == [2.5]  # it takes the place of the corrected one


def test_exports_bear_the_name_of_their_lens(page: Page, photo: bytes) -> None:
    with_run(page, photo)
    for path, name in (
        (f"export?lens={LENS}", f"{LENS}.xml"),
        ("export", "lenses.xml"),
        (f"bundle?lens={LENS}", f"{LENS}.json"),
    ):
        headers = page.ask("GET", path)[1]
        assert headers["Content-Disposition"] == f'attachment; filename="sixbit-{name}"'
    assert page.ask("GET", 'export?lens=a"%0d%0ab')[0] == 409


def test_the_lenses_are_given_to_other_programs(page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert page.state["installed"] is False
    assert page.do("install")[0] == 200
    state = page.wait(lambda state: not state["job"])
    assert state["installed"] is True
    assert "darktable" in state["notice"]
    assert [*(tmp_path / "data/lensfun").glob("sixbit-*.xml")]


def test_sensors_of_two_shapes_are_told_before_the_export(page: Page) -> None:
    lens = catalogue().lenses[LENS]
    add(Setting(lens, 1.0, 50.0, 1.5057), "5 photos", distortion=Model("poly3", (0.01,)))
    add(Setting(lens, 1.0, 50.0, 1.4970, f_number=2.5), "2 flats", vignetting=Model("pa", (-0.3, 0.0, 0.0)))
    assert page.state["odd"] == {}  # an M11 and an M10
    assert page.ask("GET", "export")[2].count(b"<lens>") == 1
    add(Setting(lens, 1.0, 50.0, 1.333, f_number=4), "2 flats", vignetting=Model("pa", (-0.3, 0.0, 0.0)))
    words = page.state["odd"][LENS]
    assert "distortion, fall-off at 1.51:1 and crop factor 1; fall-off at 1.33:1 and crop factor 1" in words
    assert main(["calibrate", "export", "-o", str(page.folder / "export.xml")]) == 0


# A photo corrected ----------------------------------------------------------------------------------------------------


def test_a_photo_is_shown_before_and_after(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg")
    measured(page)
    number = page.state["frames"][0]["number"]
    page.do("compare", number=number)
    assert "nothing of it can be corrected" in page.wait(lambda state: not state["job"])["error"]
    page.do("keep")
    page.do("compare", number=number)
    shown = page.wait(lambda state: state["comparison"])["comparison"]
    assert shown["summary"].startswith("one.jpg: Summarit-M 1:2.5/50, corrected distortion (measured)")
    summary = german(page).state["comparison"]["summary"]
    assert "Verzeichnung (gemessen)" in summary
    assert "without" not in summary
    before, after = (
        page.ask("GET", f"pictures/comparison-{shown['number']}-whole-{when}")[2] for when in ("before", "after")
    )
    assert before.startswith(b"\xff\xd8")
    assert after.startswith(b"\xff\xd8")


# Lenses ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first"),
    [("hologon", "hologon-15"), ("summicron 35 asph", "summicron-35-asph"), ("Summarit 2.5 50", LENS)],
)
def test_lenses_are_found(text: str, first: str) -> None:
    assert find_lenses(text)[0]["id"] == first


@pytest.mark.parametrize(
    ("text", "found"),
    [("11663", "summilux-35-asph-fle"), ("11 874", "summilux-35-asph"), ("Leica 11870", "summilux-35-preasph")],
)
def test_lenses_are_found_by_their_order_numbers(text: str, found: str) -> None:
    assert [lens["id"] for lens in find_lenses(text)] == [found]


@pytest.mark.parametrize("text", ["no such lens", "<script>", "\0", "%", "9" * 10_000])
def test_other_words_find_nothing(text: str) -> None:
    assert find_lenses(text) == []


# In another language --------------------------------------------------------------------------------------------------


def german(page: Page) -> Page:
    """The page as a browser gets it that asks for German."""
    visitor = copy.copy(page)
    visitor.languages = "de-AT,de;q=0.8,en;q=0.5"
    return visitor


def test_the_page_and_its_scripts_are_in_the_language_that_the_browser_asks_for(page: Page) -> None:
    body, words = (german(page).ask("GET", path)[2].decode() for path in ("", "words.js"))
    assert '<html lang="de">' in body
    assert "<span>Welches Objektiv?</span>" in body
    assert 'placeholder="unendlich"' in body
    assert '"Take away": "Wegnehmen"' in words
    for asked in ("", "tlh", "en, de;q=0.9", "de;q=0", ";;,", "x" * 5000):
        page.languages = asked
        assert page.ask("GET", "")[2] == (module.STATIC / "index.html").read_bytes()
        assert page.ask("GET", "words.js")[2] == b"export const WORDS = {};"
    page.languages = ""


def test_names_that_are_words_of_the_page_stay_as_they_are(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "used", "{reason}")
    shown = german(page)
    assert [frame["name"] for frame in shown.state["frames"]] == ["used", "{reason}"]
    measured(page)
    assert shown.state["results"][0]["photos"] == ["used", "{reason}"]
    page.upload("again", photo + b"{reason}")
    reason = shown.state["frames"][-1]["reason"]
    assert reason == "Es ist dieselbe Datei wie {reason}."


def test_errors_and_their_ways_out_are_told_in_it(page: Page, photo: bytes) -> None:
    with_photos(page, photo, "one.jpg")
    measured(page, "2")
    assert german(page).state["error"] == "one.jpg: is not enough. Geben Sie ihn bei „Formatfaktor“ an."
    assert page.state["error"] == "one.jpg: is not enough. Say it at “Crop factor”."
    assert german(page).state["frames"][0]["reason"] == "is not enough. Geben Sie ihn bei „Formatfaktor“ an."
    _, said = german(page).do("set", name="crop_factor", text="wide {open}")
    assert said["error"] == "'wide {open}' kann nicht sein; geben Sie eine Zahl zwischen 0.1 und 20 an."
    assert german(page).do("lens", lens_id="no")[1]["error"] == "Es gibt kein Objektiv 'no'."


def test_what_was_measured_before_is_told_in_it(page: Page) -> None:
    with_flats(page, 2.5, 8, 16)
    measure(page)
    assert page.state["error"] == f"f/16: These frames differ. {WAYS_OUT[Code.FRAMES]}"
    said = german(page).state
    assert said["error"].startswith("f/16: ")
    assert said["error"].endswith(speaking("de")(WAYS_OUT[Code.FRAMES]))
    page.do("keep")
    lens = german(page).state["lens"]["calibrations"][0]
    assert (lens["kind"], lens["grade"]) == ("Vignettierung", "gemessen")
    name = german(page).state["own"][0]["name"]
    curves = json.loads(german(page).ask("GET", f"curves?name={name}")[2])
    assert curves[0]["title"] == "Vignettierung"
    assert curves[0]["series"][0]["name"] == "gespeichert"
    assert json.loads(page.ask("GET", f"curves?name={name}")[2])[0]["title"] == "Fall-off"


def test_strangers_are_refused_in_it(open_page: Page) -> None:
    assert "„sixbit calibrate“" in german(open_page).ask("GET", "")[2].decode()


def test_what_the_ways_out_name_is_on_the_page_in_every_language() -> None:
    """Each name in quotes is a button, or begins a label, as the page has them in that language."""
    page = (module.STATIC / "index.html").read_text(encoding="utf-8")
    scripts = "".join(path.read_text(encoding="utf-8") for path in module.STATIC.glob("*.js"))
    for language in languages():
        say = speaking(language)
        words = [say(text) for text in (*texts_of_page(page), *texts_of_script(scripts))]
        named = {name for said in WAYS_OUT.values() for name in re.findall("[“„](.+?)[”“]", say(said))}
        assert len(named) > 3
        assert not [name for name in named if not any(text.startswith(name) for text in words)]


def test_a_way_out_in_german_can_follow_in_a_sentence() -> None:
    """Its first letter is lowered there, so it is no noun."""
    verb = re.compile(r"[A-ZÄÖÜ][a-zäöüß]+n Sie\b|Bitte |Wenn |Mit |`")
    assert not [said for said in map(speaking("de"), WAYS_OUT.values()) if not verb.match(said)]


# How it ends ----------------------------------------------------------------------------------------------------------


def test_it_ends_when_the_page_is_away_for_long(tmp_path: Path) -> None:
    page = Page(tmp_path)
    page.enter()
    connection = http.client.HTTPConnection(page.host)
    connection.request("GET", page.base + "events", headers={"Host": page.host, "Cookie": page.cookie})
    events = connection.getresponse()
    events.readline()
    page.server.away_s = 0.5  # from now on: however long it took to come so far
    page.thread.join(2.5)
    assert page.thread.is_alive(), "it ended while the page was open"
    connection.close()
    events.close()
    page.thread.join(PATIENCE)
    assert not page.thread.is_alive()


def test_the_button_ends_it_and_tells_the_page(tmp_path: Path) -> None:
    page = Page(tmp_path)
    page.enter()
    connection = http.client.HTTPConnection(page.host)
    connection.request("GET", page.base + "events", headers={"Host": page.host, "Cookie": page.cookie})
    events = connection.getresponse()
    assert page.do("end")[0] == 200
    assert b"event: end" in events.read()
    connection.close()
    page.thread.join(PATIENCE)
    assert not page.thread.is_alive()


def start(temporary: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    """The command itself, and the address it prints."""
    environment = {**os.environ, "PYTHONPATH": str(PLUGIN), "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        [sys.executable, "-m", "sixbit", "calibrate", "--no-browser", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout
    address = next(word for line in process.stdout for word in line.split() if word.startswith("http"))
    return process, address


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_command_ends_by_ctrl_c_and_leaves_nothing(tmp_path: Path, number: signal.Signals, photo: bytes) -> None:
    process, address = start(tmp_path, "--lens", "summicron-35-asph")
    page = Visitor(address)
    page.enter()
    page.do("step", step="flat")
    with_photos(page, photo, "one.jpg")
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    os.killpg(process.pid, number)  # as a terminal does: the worker hears it, too
    _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert complaints == ""
    assert list(tmp_path.iterdir()) == []


def test_the_worker_ends_with_the_server_whatever_ends_it(tmp_path: Path, photo: bytes) -> None:
    process, address = start(tmp_path, "--lens", "summicron-35-asph")
    page = Visitor(address)
    page.enter()
    page.do("step", step="flat")
    with_photos(page, photo, "one.jpg")
    threads = Path(f"/proc/{process.pid}/task").glob("*/children")
    children = [child for thread in threads for child in thread.read_text().split()]
    assert children
    for child in children:
        os.kill(int(child), signal.SIGINT)  # Ctrl+C is for the server
    time.sleep(0.2)
    assert all(Path(f"/proc/{child}/exe").exists() for child in children)
    process.kill()
    process.communicate(timeout=PATIENCE)
    end = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{child}/exe").exists() for child in children):
        assert time.monotonic() < end, "the worker lives on"
        time.sleep(0.05)


def test_an_unknown_lens_is_told_before_anything_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["calibrate", "--no-browser", "--lens", "none"])
    assert "sixbit lenses" in capsys.readouterr().err


def test_what_a_killed_one_left_behind_goes_at_the_next_start(tmp_path: Path, photo: bytes) -> None:
    killed, address = start(tmp_path, "--lens", "summicron-35-asph")
    page = Visitor(address)
    page.enter()
    page.do("step", step="flat")
    with_photos(page, photo, "one.jpg")
    (left,) = tmp_path.iterdir()
    killed.kill()
    killed.communicate(timeout=PATIENCE)
    os.utime(left, (time.time() + 1000,) * 2)  # what is as new as this may be of one that is just starting
    running, _ = start(tmp_path)
    (own,) = set(tmp_path.iterdir()) - {left}
    others = tmp_path / "sixbit-calibrate-mine.txt", tmp_path / "photos", tmp_path / "sixbit-calibrate-link"
    others[0].write_text("x")
    others[1].mkdir()
    (others[1] / "photo.jpg").write_bytes(photo)
    others[2].symlink_to(others[1])
    for folder in (left, own, *others):
        os.utime(folder, (1, 1))
    third, _ = start(tmp_path)
    assert not left.exists()
    assert own.exists()
    assert all(path.exists() for path in others)
    assert (others[1] / "photo.jpg").exists()
    for process in (running, third):
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_the_browser_is_given_a_file_that_leads_to_the_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    opened: list[tuple[str, int, str]] = []

    def browse(address: str) -> None:
        path = Path(urlsplit(address).path)
        opened.append((address, path.stat().st_mode & 0o777, path.read_text()))
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("webbrowser.open", browse)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["calibrate"]) == 0
    address, mode, page = opened[0]
    assert address.startswith(tmp_path.as_uri())
    assert mode == 0o600
    printed = next(word for word in capsys.readouterr().out.split() if word.startswith("http://127.0.0.1:"))
    base, token = printed.split("?token=")
    (led,) = set(re.findall(r"http://[^\s\"]+", page))
    assert led.startswith(f"{base}?token=")
    assert token not in page  # both are good
    assert list(tmp_path.iterdir()) == []
