"""Chromium in a system of the tests, driven over the DevTools protocol as a user's hands and eyes would.

It shares the network of the caller, who sees to it that there is none but the loopback.
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from tests.scenery.root import SystemRoot

PORT = 9222
PATIENCE = 30.0
KEYS = {
    "Enter": ("Enter", 13, "\r"),
    "Tab": ("Tab", 9, ""),
    "Space": (" ", 32, " "),
    "ArrowRight": ("ArrowRight", 39, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
}


class Chromium:
    """One tab. ``seen`` collects what it asked of any server, ``complaints`` what stands in its console."""

    def __init__(self, root: SystemRoot, binds: Mapping[str, Path], timeout: float) -> None:
        command = ["chromium", "--headless=new", f"--remote-debugging-port={PORT}", "--user-data-dir=/tmp/profile"]
        # The system is a sandbox itself, and its only user is root, for whom Chromium has none.
        command += ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-component-update"]
        command += ["--disable-background-networking", "--host-resolver-rules=MAP rebound.example 127.0.0.1"]
        command += ["--window-size=1200,900", "about:blank"]
        self._output = ""

        def run() -> None:
            done = root.run(command, timeout=timeout, binds=binds, own_network=False)
            self._output = done.stderr

        self._thread = threading.Thread(target=run)
        self._thread.start()
        self.seen: list[str] = []
        self.complaints: list[str] = []
        self._numbers = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def __aenter__(self) -> Chromium:
        self._client = aiohttp.ClientSession()
        self._socket = await self._connect()
        self._reader = asyncio.get_running_loop().create_task(self._read())
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            await self.call(f"{domain}.enable")
        # They lie beside the page in its pictures, too, and hide as much of it.
        await self.call("Emulation.setScrollbarsHidden", hidden=True)
        return self

    async def __aexit__(self, *_raised: object) -> None:
        await self._socket.send_json({"id": 0, "method": "Browser.close"})
        self._reader.cancel()
        await self._client.close()
        await asyncio.to_thread(self._thread.join)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        async def first() -> Any:
            async with self._client.get(f"http://127.0.0.1:{PORT}/json/list") as answer:
                tabs = await answer.json()
            return next((tab for tab in tabs if tab["type"] == "page"), None)

        tab = await self.wait(first, "Chromium has not started")
        return await self._client.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0)

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if answer := self._answers.pop(said.get("id", 0), None):
                answer.set_result(said)
            elif said.get("method") == "Network.requestWillBeSent":
                self.seen.append(said["params"]["request"]["url"])
            elif said.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(said["params"]["exceptionDetails"]))
            elif said.get("method") == "Log.entryAdded":
                entry = said["params"]["entry"]
                self.complaints.append(f"{entry['level']}: {entry['text']} {entry.get('url', '')}")

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol; RuntimeError with what Chromium says if it refuses."""
        self._numbers += 1
        future = self._answers[self._numbers] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._numbers, "method": method, "params": parameters})
        answer = await asyncio.wait_for(future, PATIENCE)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    async def wait(self, condition: Callable[[], Awaitable[Any]], what: str, patience: float = PATIENCE) -> Any:
        """What the condition gives, once it gives something."""
        end = asyncio.get_running_loop().time() + patience
        while asyncio.get_running_loop().time() < end:
            try:
                if found := await condition():
                    return found
            except (aiohttp.ClientError, RuntimeError, OSError):  # not there yet
                pass
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{what}; {self.complaints}; {self._output[-2000:]}")

    async def js(self, expression: str) -> Any:
        """The value of an expression in the page, awaited if it is a promise."""
        done = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise RuntimeError(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    async def until(self, expression: str, patience: float = PATIENCE) -> None:
        """Wait until an expression is true."""
        await self.wait(lambda: self.js(f"Boolean({expression})"), expression, patience)

    async def go(self, address: str) -> None:
        """Open an address."""
        await self.call("Page.navigate", url=address)
        await self.until("document.readyState === 'complete'")

    async def click(self, selector: str) -> None:
        """Click in the middle of an element, with the mouse."""
        find = f"document.querySelector({json.dumps(selector)})"
        await self.until(f"{find}?.checkVisibility() && !{find}.disabled")
        place = await self.js(
            f"(() => {{ const e = {find}; e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1, buttons=1
            )

    async def type(self, text: str) -> None:
        """Type into what has the focus."""
        await self.call("Input.insertText", text=text)

    async def press(self, name: str) -> None:
        """Press a key."""
        key, code, text = KEYS[name]
        common = {"key": key, "code": name, "windowsVirtualKeyCode": code}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
        await self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    async def drop(self, selector: str, files: Sequence[str]) -> None:
        """Drop files, by their paths inside, on an element."""
        place = await self.js(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        data = {"items": [], "files": list(files), "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            await self.call("Input.dispatchDragEvent", type=kind, x=place[0], y=place[1], data=data)

    async def choose(self, selector: str, files: Sequence[str]) -> None:
        """Choose files in the browser's own dialog."""
        document = await self.call("DOM.getDocument")
        node = await self.call("DOM.querySelector", nodeId=document["root"]["nodeId"], selector=selector)
        await self.call("DOM.setFileInputFiles", nodeId=node["nodeId"], files=list(files))

    async def size(self, width: int, height: int, scale: float = 1.0) -> None:
        """The size of the page's window in CSS px."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    async def dark(self, dark: bool) -> None:
        """Whether the user's desktop is dark."""
        theme = "dark" if dark else "light"
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    async def shot(self, path: Path) -> None:
        """A picture of the whole page, into a PNG."""
        picture = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(picture["data"]))
