"""The server of the page: on the loopback alone, for the one who was given its address, and for no other page.

Any page of the web may send requests to 127.0.0.1, and any program of this computer may listen there. So a request
must name this server as its host (a name that was bound to 127.0.0.1 later on does not), come from this server's own
page or from the address bar, and carry a secret: the token of an address, which is good once, from then on a cookie.
Any user of this computer sees what programs are called with, so the browser is not given an address, but a file that
leads there and that its user alone can read. aiohttp serves, since it hands out uploads as they come and lets one
function see every request, refused ones too.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import secrets
import shutil
import signal
import threading
import time
import webbrowser
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from sixbit.calibration.bundle import LARGEST as LARGEST_BUNDLE
from sixbit.editors.page.downloads import DOWNLOADS
from sixbit.editors.page.folder import session_folder
from sixbit.editors.page.lenses import find_lenses
from sixbit.editors.page.session import PageSession
from sixbit.editors.page.settings import RequestError
from sixbit.editors.page.state import pictures_of, state_of
from sixbit.editors.page.trouble import in_language
from sixbit.editors.page.uploads import Upload
from sixbit.translations import of_a_browser, of_the_user, speaking
from sixbit.translations.markup import page_in, table_for
from sixbit.values.errors import SixbitError
from sixbit.values.lens import Lens
from sixbit.values.sentence import Say, Sentence

HOST = "127.0.0.1"
STATIC = Path(__file__).parent / "static"
FILES = {
    "page.css": "text/css",
    **dict.fromkeys(("page.js", "elements.js", "own.js", "plot.js", "results.js"), "text/javascript"),
    **dict.fromkeys(("figures.js", "focus.js", "say.js", "speak.js"), "text/javascript"),
    "icon.svg": "image/svg+xml",
}
WORDS = "words.js"
"""The texts of the scripts in the language of a browser."""
LARGEST = 600 << 20
"""Bytes of one photo: a 100 MP TIFF of 16 bits has them."""
MOST_PHOTOS = 60
"""Photos of one step that can be measured."""
MOST_BYTES = 6 << 30
SPARE = 500 << 20
"""Bytes that are left free on the disk."""
HEADERS_S = 15.0
"""Seconds that a connection has to say what it wants, and a button to say all of it."""
SILENCE_S = 60.0
"""Seconds without a byte after which a photo does not arrive any more, and a connection is closed."""
AWAY_S = 600.0
"""Seconds without a page after which the server ends."""
BEAT_S = 10.0
"""Seconds between two signs of life to a page; one that is gone is noticed by them."""
PAUSE_S = 0.1
"""Seconds between two states that are sent to a page."""
OTHERS = Sentence("This server answers its own page alone.")
NOT_WHOLE = Sentence("It did not arrive whole; drop it again.")
COOKIE = "sixbit"
ENTRY = "enter.html"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def run(lens: Lens | None, *, browser: bool = True) -> int:
    """Serve the page until it is closed, and print its address. Return the command's exit status."""
    return asyncio.run(_run(lens, browser))


async def _run(lens: Lens | None, browser: bool) -> int:
    with session_folder() as folder:
        server = PageServer(PageSession(folder, lens))
        await server.start()
        loop = asyncio.get_running_loop()
        for name in {"SIGINT", "SIGTERM", "SIGHUP"} & {number.name for number in signal.Signals}:
            with suppress(NotImplementedError):  # Windows: Ctrl+C is a KeyboardInterrupt there
                loop.add_signal_handler(signal.Signals[name], server.ended.set)
        print(
            f"The calibration page is at\n    {server.address()}\n"
            "This address opens it once. Ctrl+C here, or “Close” on the page, ends it.",
            flush=True,
        )
        if browser:
            entry = _entry(folder, server.address()).as_uri()
            # Some browsers of the terminal do not return before they are closed.
            threading.Thread(target=webbrowser.open, args=(entry,), daemon=True).start()
        try:
            await server.wait()
        finally:
            await server.close()
    return 0


def _entry(folder: Path, address: str) -> Path:
    """Write a page that leads to an address, for this user's eyes alone."""
    path, words = folder / ENTRY, speaking(of_the_user())(Sentence("The calibration page"))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(
            f'<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Sixbit</title>'
            f'<meta http-equiv="refresh" content="0; url={address}"><a href="{address}">{words}</a>\n'
        )
    return path


class PageServer:
    """The page of one session: ``start`` it, give somebody an ``address``, and ``wait`` until it is to end."""

    def __init__(self, session: PageSession, away_s: float = AWAY_S) -> None:
        self.session = session
        self.ended = asyncio.Event()
        self.away_s = away_s
        self._cookie = secrets.token_urlsafe(32)
        self._tokens: set[str] = set()
        self._arriving: dict[int, int] = {}
        self._silent: set[object] = set()
        # A cookie is sent to every port of its host. The path, which no other server knows, keeps it here.
        self._base = f"/{secrets.token_hex(8)}/"
        self._pages: set[asyncio.Event] = set()
        self._last_page = time.monotonic()
        session.changed = self._wake_pages
        app = web.Application(middlewares=[self._guard], client_max_size=1 << 16)
        app.add_routes(
            [
                web.get(self._base, self._index),
                web.get(self._base + "events", self._events),
                web.get(self._base + "lenses", self._lenses),
                web.get(self._base + "pictures/{name}", self._picture),
                *(web.get(self._base + name, self._download) for name in DOWNLOADS),
                web.put(self._base + "frames", self._upload),
                web.put(self._base + "bundle", self._take_over),
                web.post(self._base + "do/{what}", self._do),
                web.get(self._base + "{name}", self._file),
            ]
        )
        # A page that goes away takes its unfinished requests with it.
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=_log_of_requests(),
            handler_cancellation=True,
            shutdown_timeout=1,
            keepalive_timeout=SILENCE_S,
            auto_decompress=False,
        )

    async def start(self) -> None:
        """Listen on a free port."""
        await self._runner.setup()
        self._listener = await asyncio.get_running_loop().create_server(self._connected, HOST, 0)
        self._host = f"{HOST}:{self._listener.sockets[0].getsockname()[1]}"

    def address(self) -> str:
        """Return an address that opens the page once."""
        token = secrets.token_urlsafe(32)
        self._tokens.add(token)
        return f"http://{self._host}{self._base}?token={token}"

    def _connected(self) -> asyncio.Protocol:
        """Answers a connection, for as long as that says what it wants."""
        assert self._runner.server is not None
        connection = self._runner.server()

        def close_if_silent() -> None:
            if connection in self._silent:
                self._silent.discard(connection)
                connection.force_close()

        self._silent.add(connection)
        asyncio.get_running_loop().call_later(HEADERS_S, close_if_silent)
        return connection

    async def wait(self) -> None:
        """Return when the page's button was pressed, or when there has been no page for long and no work."""
        while not self.ended.is_set():
            if self._pages or self.session.job:
                self._last_page = time.monotonic()
            elif time.monotonic() - self._last_page > self.away_s:
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), min(1.0, self.away_s))

    async def close(self) -> None:
        """Say goodbye to the pages, and stop what is going on."""
        self.ended.set()
        self._wake_pages()
        self.session.close()
        self._listener.close()
        await self._runner.cleanup()

    # Who may ask ------------------------------------------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._silent.discard(request.protocol)
        try:
            self._check(request)
            response = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=f"{_say(request)(error.reason)}\n")
        except ConnectionResetError:
            raise
        except Exception as error:
            status = 409 if isinstance(error, RequestError | SixbitError) else 500
            response = _json(request, {"error": self.session.told(error)}, status)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def _check(self, request: web.Request) -> None:
        """Refuse a request that does not come from the one who was given the address, by HTTPForbidden."""
        origin = request.headers.get("Origin")
        own = f"http://{self._host}"
        if request.headers.get("Host") != self._host:
            raise web.HTTPForbidden(reason=Sentence("This server has another name."))
        if origin not in (None, own) or (origin is None and request.method not in ("GET", "HEAD")):
            raise web.HTTPForbidden(reason=OTHERS)
        fetch = {name: request.headers.get(f"Sec-Fetch-{name}", "none") for name in ("Site", "Mode", "Dest")}
        # The file that leads here is of no site.
        led_here = request.path == self._base and (fetch["Mode"], fetch["Dest"]) == ("navigate", "document")
        if fetch["Site"] not in ("none", "same-origin") and not led_here:
            raise web.HTTPForbidden(reason=OTHERS)
        cookie = request.cookies.get(COOKIE, "")
        if _alike(cookie, self._cookie) and fetch["Site"] in ("none", "same-origin"):
            return
        if request.method != "GET" or request.path != self._base or not self._redeemed(request.query.get("token", "")):
            why = Sentence("Open the page by an address that “sixbit calibrate” printed; each opens it once.")
            raise web.HTTPForbidden(reason=why)

    def _redeemed(self, given: str) -> bool:
        """Tell whether this token was good; it is not any more."""
        found = [token for token in self._tokens if _alike(given, token)]
        self._tokens.difference_update(found)
        return bool(found)

    # Answers ----------------------------------------------------------------------------------------------------------

    async def _index(self, request: web.Request) -> web.Response:
        page = page_in(_language(request), _say(request), (STATIC / "index.html").read_text(encoding="utf-8"))
        response = web.Response(text=page, content_type="text/html")
        response.set_cookie(COOKIE, self._cookie, path=self._base, httponly=True, samesite="Strict")
        return response

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == WORDS:
            scripts = ((STATIC / name).read_text(encoding="utf-8") for name in FILES if name.endswith(".js"))
            return web.Response(text=table_for(scripts, _say(request)), content_type="text/javascript")
        if name not in FILES:
            raise web.HTTPNotFound
        return web.Response(body=(STATIC / name).read_bytes(), content_type=FILES[name], charset="utf-8")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """The state, now and whenever it changes (server-sent events)."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **HEADERS})
        await response.prepare(request)
        changed = asyncio.Event()
        changed.set()
        self._pages.add(changed)
        try:
            while not self.ended.is_set():
                if changed.is_set():
                    changed.clear()
                    await response.write(f"data: {self._state(_say(request))}\n\n".encode())
                    await asyncio.sleep(PAUSE_S)
                else:
                    await response.write(b": alive\n\n")
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), BEAT_S)
            await response.write(b"event: end\ndata: {}\n\n")
        finally:
            self._pages.discard(changed)
            self._last_page = time.monotonic()
        return response

    def _state(self, say: Say) -> str:
        try:
            return json.dumps(state_of(self.session, say), allow_nan=False)
        except SixbitError as error:  # a file of the user's that became unreadable
            return json.dumps({"fatal": self.session.told(error).said(say)})

    def _wake_pages(self) -> None:
        for page in self._pages:
            page.set()

    async def _lenses(self, request: web.Request) -> web.Response:
        return _json(request, find_lenses(request.query.get("q", "")))

    async def _picture(self, request: web.Request) -> web.Response:
        picture = pictures_of(self.session).get(request.match_info["name"])
        if picture is None:
            raise web.HTTPNotFound
        kind = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
        return web.Response(body=picture, content_type=kind)

    async def _download(self, request: web.Request) -> web.Response:
        """Curves and files of the user's calibrations."""
        download = DOWNLOADS[request.path.removeprefix(self._base)]
        return download(request.query, self.session.folder, _say(request))

    async def _take_over(self, request: web.Request) -> web.Response:
        """A calibration that another owner has exported, as the body of the request: small, and believed in nothing."""
        if request.content_length is None:
            raise web.HTTPLengthRequired
        if request.content_length > LARGEST_BUNDLE:
            raise web.HTTPRequestEntityTooLarge(LARGEST_BUNDLE, request.content_length)
        try:
            async with asyncio.timeout(SILENCE_S):
                data = await request.content.read(-1)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        self.session.take_over(unquote(request.headers.get("X-Name", "")), data)
        return web.json_response({})

    async def _upload(self, request: web.Request) -> web.Response:
        """A photo, as the body of the request: straight to the disk, and no more of it than was said."""
        session, size = self.session, request.content_length
        if size is None:
            raise web.HTTPLengthRequired
        step = request.headers.get("X-Step", session.step)
        if sum(frame.step == step and frame.status != "refused" for frame in session.frames.values()) >= MOST_PHOTOS:
            raise RequestError(Sentence("There are {count} photos already; take some away first.", count=MOST_PHOTOS))
        room = self._room()
        frame = session.new_frame(unquote(request.headers.get("X-Name", "")), step)
        if size > LARGEST:
            session.refuse(
                frame,
                Sentence(
                    "It has {size} MB; photos of more than {most} MB are not taken.",
                    size=size >> 20,
                    most=LARGEST >> 20,
                ),
            )
        elif size > room:
            session.refuse(frame, Sentence("There is no room for it; take some photos away, or free some of the disk."))
        elif size == 0:
            session.refuse(frame, Sentence("It is empty: the file has 0 bytes."))
        else:
            self._arriving[frame.number] = size
            try:
                await self._receive(request, frame)
            finally:
                del self._arriving[frame.number]
            session.arrived(frame)
            return web.json_response({"number": frame.number}, status=201)
        return _json(request, {"error": frame.reason}, 413 if size else 422)

    def _room(self) -> int:
        """The bytes that one more photo may have, when those that are on their way have arrived."""
        sizes = {path: path.stat().st_size for path in self.session.folder.iterdir()}
        coming = sum(
            size - sizes.get(self.session.frames[number].path, 0)
            for number, size in self._arriving.items()
            if number in self.session.frames
        )
        return min(MOST_BYTES - sum(sizes.values()), shutil.disk_usage(self.session.folder).free - SPARE) - coming

    async def _receive(self, request: web.Request, frame: Upload) -> None:
        digest = hashlib.blake2b(digest_size=16)
        try:
            with frame.path.open("xb") as file:
                while True:
                    async with asyncio.timeout(SILENCE_S):
                        chunk = await request.content.readany()
                    if not chunk:
                        frame.digest = digest.hexdigest()
                        return
                    file.write(chunk)
                    digest.update(chunk)
        except TimeoutError:
            self.session.refuse(frame, NOT_WHOLE)
            raise RequestError(frame.reason) from None
        except OSError as error:
            why = str(error.strerror or error)
            self.session.refuse(frame, Sentence("It could not be stored: {why}.", why=why))
            raise RequestError(frame.reason) from error
        except BaseException:
            self.session.refuse(frame, NOT_WHOLE)
            raise

    async def _do(self, request: web.Request) -> web.Response:
        """The buttons."""
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            async with asyncio.timeout(HEADERS_S):
                said = await request.json()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (ValueError, RecursionError, LookupError):  # the last of a charset that there is not
            raise web.HTTPBadRequest from None
        session = self.session
        buttons: dict[str, tuple[Callable[..., object], dict[str, type]]] = {
            "lens": (session.choose_lens, {"lens_id": str}),
            "step": (session.choose_step, {"step": str}),
            "set": (session.set, {"name": str, "text": str}),
            "drop": (session.drop_frame, {"number": int}),
            "drop-all": (session.drop_frames, {}),
            "measure": (session.start_measuring, {}),
            "stop": (session.stop, {}),
            "aperture": (session.set_aperture, {"number": int, "text": str}),
            "show": (session.show, {"number": int}),
            "keep": (session.keep, {}),
            "reject": (session.reject, {}),
            "compare": (session.start_comparing, {"number": int}),
            "remove": (session.remove, {"name": str}),
            "correct": (session.correct, {"name": str, "text": str}),
            "install": (session.start_installing, {}),
            "end": (self.ended.set, {}),
        }
        pressed = buttons.get(request.match_info["what"])
        if pressed is None:
            raise web.HTTPNotFound
        button, wanted = pressed
        if not isinstance(said, dict) or {name: type(value) for name, value in said.items()} != wanted:
            raise web.HTTPBadRequest
        button(**said)
        return web.json_response({})


def _language(request: web.Request) -> str:
    return of_a_browser(request.headers.get("Accept-Language", ""))


def _say(request: web.Request) -> Say:
    """Return a speaker of the language of the browser that asks."""
    return speaking(_language(request))


def _json(request: web.Request, answer: object, status: int = 200) -> web.Response:
    """An answer in the language of the browser that asks."""
    return web.json_response(in_language(answer, _say(request)), status=status)


def _alike(given: str, secret: str) -> bool:
    """Tell whether a secret was given, in a time that does not; what was given may be no text."""
    return secrets.compare_digest(given.encode(errors="replace"), secret.encode())


def _log_of_requests() -> logging.Logger:
    """The log for what aiohttp says of connections; that somebody sent nonsense is not worth a line."""
    log = logging.getLogger(f"{__package__}.requests")
    if not log.filters:
        log.addFilter(lambda record: not isinstance((record.exc_info or (None, None))[1], HttpProcessingError))
    return log
