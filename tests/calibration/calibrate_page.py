"""Runs in a network of its own with nothing but the loopback: serves the calibration page and goes through it.

    unshare --net python -m tests.calibration.calibrate_page ROOT WORK

What was seen stands in ``page.json``, each picture in a PNG. The photos are in ``WORK/photos``.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from tests.scenery.browser import Chromium
from tests.scenery.loopback import loopback_up
from tests.scenery.root import BROWSER, SystemRoot

SEEN: dict[str, Any] = {}
TIMEOUT = 300
PHOTOS = 3
SETTLED = (
    "![...document.querySelectorAll('#frames li')].some(li => ['arriving', 'reading'].includes(li.dataset.status))"
)
ROWS = """[...document.querySelectorAll('#frames li')].map(li => ({
    name: li.querySelector('.name').textContent, status: li.dataset.status, text: li.textContent}))"""
UNLABELLED = """[...document.querySelectorAll('input, select, button, progress')].filter(e =>
    !e.labels?.length && !e.textContent.trim() && !e.ariaLabel).map(e => e.outerHTML)"""
MISNAMED = """[...document.querySelectorAll('button')].filter(e =>
    e.ariaLabel && e.textContent.trim() && !e.ariaLabel.startsWith(e.textContent.trim())).map(e => e.outerHTML)"""
WORDS = """(() => {
    const others = '#lens-calibrations, #own .said';
    const shown = [...document.querySelectorAll('body, body *')].filter(e => e.checkVisibility() && !e.closest(others));
    const words = shown.flatMap(e => [...e.childNodes].filter(n => n.nodeType === Node.TEXT_NODE).map(n => n.data));
    const named = shown.flatMap(e => [e.alt, e.ariaLabel, e.placeholder]);
    const titles = shown.filter(e => !e.closest('#own')).map(e => e.getAttribute('title'));
    const all = [document.title, ...words, ...named, ...titles];
    return all.map(text => text?.replace(/\\s+/g, ' ').trim()).filter(Boolean);
})()"""
"""All that can be read, or heard, on the page, but for what calibrations say of their origin."""
TOO_WIDE = """[...document.querySelectorAll('body *')].filter(e => {
    const { left, right, width } = e.getBoundingClientRect();
    return e.checkVisibility() && width && !e.closest('.unseen') && (left < -1 || right > innerWidth + 1);
}).map(e => e.outerHTML.slice(0, 200))"""
ATTACK = """
const done = [];
const base = BASE;
const attempt = (name, promise) => promise.then(r => done.push([name, String(r)]), e => done.push([name, 'refused']));
Promise.all([
    attempt('read', fetch(base + 'lenses?q=summicron', {credentials: 'include'}).then(r => r.text())),
    attempt('script', new Promise((good, bad) => { const s = document.createElement('script'); s.src = base + 'page.js';
        s.onload = () => good('loaded'); s.onerror = bad; document.body.append(s); })),
    attempt('end', fetch(base + 'do/end', {method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}'})
        .then(r => r.type)),
    attempt('frame', new Promise((good) => { const f = document.createElement('iframe'); f.src = base;
        f.onload = () => { try { good(f.contentDocument.title || 'empty'); } catch { good('not to be seen'); } };
        document.body.append(f); })),
]).then(() => { document.title = 'done'; window.done = done; });
"""


def network_reaches_out() -> bool:
    """Whether an address of the internet can be tried at all (a packet is sent to none)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            any_socket.connect(("192.0.2.1", 9))
        except OSError:
            return False
    return True


class Stranger(BaseHTTPRequestHandler):
    """Another server of this computer, whose page attacks the calibration page; it remembers the cookies it is sent."""

    base = ""

    def do_GET(self) -> None:
        SEEN.setdefault("cookies", []).append(self.headers.get("Cookie", ""))
        page = f"<!doctype html><title>…</title><body><script>{ATTACK.replace('BASE', json.dumps(self.base))}</script>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_words: Any) -> None:
        pass


class Visit:
    """One visit to the page."""

    def __init__(self, tab: Chromium, work: Path, address: str) -> None:
        self.tab, self.work, self.address = tab, work, address

    async def shot(self, name: str) -> None:
        await asyncio.sleep(0.3)
        await self.tab.shot(self.work / f"{name}.png")

    def photos(self, pattern: str) -> list[str]:
        """Photos by their paths inside."""
        return [f"/mnt/work/photos/{path.name}" for path in sorted((self.work / "photos").glob(pattern))]

    async def open(self) -> None:
        """By the file that the usual browser is given, and once more as one reloads a page."""
        (entry,) = (self.work / "temporary").glob("*/enter.html")
        SEEN["entry"] = f"file:///mnt/work/{entry.relative_to(self.work)}"
        SEEN["opened"] = [(self.work / "opened").read_text().strip(), entry.as_uri()]
        SEEN["mode"] = entry.stat().st_mode & 0o777
        await self.tab.go(SEEN["entry"])
        await self.tab.until("document.querySelector('#lens-found button')")
        await self.tab.js("document.title = 'reloading', location.reload()")
        await self.tab.until("document.title !== 'reloading' && document.querySelector('#lens-found button')")
        SEEN["title"] = await self.tab.js("document.title")
        SEEN["address"] = await self.tab.js("location.href")
        SEEN["readable cookie"] = await self.tab.js("document.cookie")
        await self.shot("start")

    async def lens(self) -> None:
        """By the keyboard alone."""
        await self.tab.js("document.querySelector('#lens-search').focus()")
        await self.tab.type("no such lens")
        await self.tab.until("document.querySelector('#lens-none').checkVisibility()")
        await self.tab.js("document.querySelector('#lens-search').value = ''")
        await self.tab.press("Enter")  # nothing is asked for, though others still stand there
        await self.tab.js("document.querySelector('#lens-search').select()")
        await self.tab.type("Summilux 35 FLE")
        await self.tab.press("Enter")  # at once: what stands there is of the search before
        await self.tab.until("document.activeElement.matches('#lens-found button')")
        SEEN["lens of several"] = await self.tab.js(
            "[document.activeElement.textContent, document.querySelector('#lens-chosen').checkVisibility()]"
        )
        await self.shot("lens-found")
        await self.tab.js("document.querySelector('#lens-search').select()")
        await self.tab.js("document.querySelector('#lens-search').focus()")
        await self.tab.type("Summarit 2.5 50")
        await self.tab.press("Enter")
        await self.tab.until("document.querySelector('#lens-chosen').checkVisibility()")
        SEEN["lens"] = await self.tab.js("document.querySelector('#lens-chosen').textContent")

    async def step(self, name: str) -> None:
        await self.tab.click(f".card[data-step={name}]")
        await self.tab.until(f"document.querySelector('.how[data-step={name}]').checkVisibility()")

    async def settle(self, count: int) -> list[dict[str, str]]:
        await self.tab.until(f"document.querySelectorAll('#frames li').length === {count}")
        await self.tab.until(SETTLED)
        rows: list[dict[str, str]] = await self.tab.js(ROWS)
        return rows

    async def measure(self, name: str) -> None:
        """Measure and see what was found."""
        await self.tab.js(
            "window.steps = []; new MutationObserver(() => steps.push(document.querySelector('#job-step').textContent))"
            ".observe(document.querySelector('#job-step'), {childList: true})"
        )
        await self.tab.click("#measure")
        await self.tab.until("steps.length")
        await self.tab.until("document.querySelector('#found-part').checkVisibility()", 60)
        await self.tab.until("!document.querySelector('#job').checkVisibility()", 60)
        await self.tab.until("[...document.querySelectorAll('#pictures img')].every(image => image.naturalWidth)")
        SEEN[name] = {
            "progress": await self.tab.js("steps"),
            "rows": await self.tab.js(ROWS),
            "verdict": await self.tab.js("[...document.querySelectorAll('#verdict li')].map(li => li.textContent)"),
            "plots": await self.tab.js(
                "[...document.querySelectorAll('.plot')].map(plot => [plot.ariaLabel, "
                "plot.querySelectorAll('circle').length, plot.querySelectorAll('polyline').length])"
            ),
            "pictures": await self.tab.js("[...document.querySelectorAll('#pictures img')].map(i => i.naturalWidth)"),
        }
        await self.tab.until("document.activeElement.id === 'found-title'")
        SEEN[name]["names"] = await self.tab.js(MISNAMED)
        await self.shot(f"{name}-found")

    async def accept(self) -> None:
        await self.tab.click("#keep")
        await self.tab.until("document.querySelector('#kept').checkVisibility()")
        await self.tab.until("document.activeElement.id === 'found-title'")

    async def bad_files(self) -> None:
        """Whatever is dropped gets an answer beside its name."""
        files = self.photos("bad*") + self.photos("*onerror*")
        await self.tab.drop("#drop", files)
        SEEN["bad"] = await self.settle(len(files))
        await self.shot("bad-files")
        await self.tab.click("#measure")
        await self.tab.until("document.querySelector('#error').textContent")
        SEEN["measuring one too small"] = await self.tab.js("document.querySelector('#error').textContent")
        for left in range(len(files) - 1, -1, -1):
            await self.tab.click("#frames li button")
            await self.tab.until(f"document.querySelectorAll('#frames li').length === {left}")

    async def many(self) -> None:
        """More photos than are taken, which is told; all of them go with one click."""
        await self.step("tca")
        await self.tab.drop("#drop", self.photos("many*"))
        SEEN["many"] = len(await self.settle(60))
        await self.tab.until("document.querySelector('#error').textContent")
        SEEN["too many"] = await self.tab.js("document.querySelector('#error').textContent")
        await self.tab.click("#drop-all")
        await self.settle(0)

    async def flat(self) -> None:
        await self.step("flat")
        await self.shot("flat")
        await self.bad_files()
        await self.tab.choose("#files", self.photos("flat*"))
        rows = await self.settle(5)
        SEEN["flat frames"] = rows
        await self.tab.js("document.querySelector('#f_number').focus()")
        await self.tab.type("wide open")
        await self.tab.press("Tab")
        await self.tab.until("document.querySelector('#error').textContent")
        SEEN["no number"] = await self.tab.js("document.querySelector('#error').textContent")
        await self.tab.js("document.querySelector('#f_number').select()")
        await self.tab.type(" ")
        await self.tab.press("Tab")
        await self.tab.until("!document.querySelector('#error').textContent")
        await self.measure("flat")
        SEEN["rows of apertures"] = await self.tab.js(
            "[...document.querySelectorAll('#results-rows tr')].map(row => row.querySelector('input').value)"
        )
        await self.tab.click("#keep")
        await self.tab.until("document.querySelector('#decide-error').checkVisibility()")
        SEEN["no aperture"] = await self.tab.js("document.querySelector('#decide-error').textContent")
        await self.tab.js("document.querySelector('#results-rows [aria-invalid]').focus()")
        await self.tab.type("f/2,5")
        await self.tab.press("Tab")
        await self.tab.until("!document.querySelector('#results-rows [aria-invalid]')")
        SEEN["focus after saying it"] = await self.tab.js("document.activeElement.dataset.row")
        await self.shot("flat-apertures")
        await self.tab.click("#results-rows tr:last-child button")
        await self.tab.until("document.querySelector('#results-rows tr:last-child [aria-pressed=true]')")
        await self.tab.click("#reject")
        await self.tab.until("document.querySelectorAll('#results-rows tr').length === 2")
        SEEN["own after rejecting"] = await self.tab.js("document.querySelectorAll('#own li li').length")
        await self.step("lines")
        await self.tab.until("!document.querySelector('#found-part').checkVisibility()")
        await self.shot("elsewhere")
        await self.tab.click("#elsewhere-rows button")
        await self.tab.until("document.querySelectorAll('#results-rows tr').length === 2")
        await self.accept()
        await self.compare("flat")

    async def compare(self, name: str) -> None:
        await self.tab.click("#compare")
        await self.tab.until("document.querySelector('#comparison').checkVisibility()")
        await self.tab.until("document.querySelector('#whole-after').naturalWidth")
        SEEN[name]["summary"] = await self.tab.js("document.querySelector('#summary').textContent")
        await self.tab.js("document.querySelector('#split').focus()")
        for _ in range(5):
            await self.tab.press("ArrowRight")
        SEEN[name]["split"] = await self.tab.js("document.querySelector('.beside').style.getPropertyValue('--split')")
        await self.shot(f"{name}-corrected")

    async def photos_step(self, name: str, count: int) -> None:
        """Lines, or lateral colour."""
        await self.step(name)
        await self.shot(name)
        await self.tab.drop("#drop", self.photos(f"{name}*"))
        await self.settle(count)
        await self.measure(name)
        await self.accept()
        await self.compare(name)

    async def appearance(self) -> None:
        """Narrow, dark, and what has no name for those who do not see it."""
        SEEN["unlabelled"] = await self.tab.js(UNLABELLED)
        await self.tab.dark(True)
        await self.shot("dark")
        await self.tab.dark(False)
        await self.tab.size(400, 800)
        await asyncio.sleep(0.3)
        SEEN["width at 400"] = await self.tab.js(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        await self.shot("narrow")
        await self.tab.size(1200, 900)

    async def reload(self, language: str) -> None:
        """As a browser of this language."""
        headers = {"Accept-Language": f"{language}-AT, {language};q=0.9"} if language else {}
        await self.tab.call("Network.setExtraHTTPHeaders", headers=headers)
        await self.tab.js("document.title = 'reloading', location.reload()")
        await self.tab.until("document.title !== 'reloading' && document.querySelector('#own details')")

    async def languages(self) -> None:
        """What stands there in English and, once the browser asks for it, in German."""
        SEEN["words"], SEEN["too wide"] = {"en": [], "de": []}, []
        for language, words in SEEN["words"].items():
            await self.reload(language)
            SEEN[f"lang of {language}"] = await self.tab.js("document.documentElement.lang")
            await self.tab.js("document.querySelector('#own details summary').click()")
            await self.tab.until("document.querySelector('#own svg')")
            for name in ("overlap", "heap", "lines", "tca", "flat"):
                await self.step(name)
                words += await self.tab.js(WORDS)
                if language != "en" and name in ("lines", "flat"):
                    await self.narrow(name)
            await self.tab.click("#lens-change")
            words += await self.tab.js(WORDS)
            await self.tab.click("#lens-back")
        await self.step("tca")
        await self.measure("tca in German")
        SEEN["words"]["de"] += await self.tab.js(WORDS)
        await self.tab.click("#reject")
        await self.tab.until("!document.querySelector('#found-part').checkVisibility()")
        await self.reload("")

    async def narrow(self, name: str) -> None:
        """A language of long words on a small screen."""
        await self.shot(f"{name}-german")
        for width in (360, 400):
            await self.tab.size(width, 800)
            await self.tab.until(f"[...document.querySelectorAll('.plot')].every(one => one.clientWidth < {width})")
            SEEN["too wide"] += await self.tab.js(TOO_WIDE)
        await self.shot(f"{name}-german-narrow")
        await self.tab.size(1200, 900)

    async def overlap(self) -> None:
        """A dozen photos of anything: too few are told of."""
        await self.step("overlap")
        await self.tab.drop("#drop", self.photos("lines*"))
        await self.settle(PHOTOS)
        await self.tab.click("#measure")
        await self.tab.until("document.querySelector('#error').textContent")
        SEEN["few to overlap"] = await self.tab.js("document.querySelector('#error').textContent")
        await self.shot("overlap")
        await self.tab.size(390, 844)
        await self.shot("overlap-narrow")
        await self.tab.size(1200, 900)
        await self.tab.click("#drop-all")

    async def own(self) -> None:
        """Export and remove."""
        await self.tab.js("document.querySelector('#own input').select()")
        await self.tab.js("document.querySelector('#own input').focus()")
        await self.tab.type("f/3.4")
        await self.tab.press("Tab")
        await self.tab.until(
            "[...document.querySelectorAll('#own li li p')].some(p => p.textContent.includes('f/3.4'))"
        )
        lenses = [sys.executable, "-m", "sixbit", "lenses", "--json"]
        SEEN["lenses"] = subprocess.run(lenses, capture_output=True, text=True, check=True).stdout
        SEEN["own"] = await self.tab.js("[...document.querySelectorAll('#own li li')].map(li => li.textContent)")
        SEEN["export"] = await self.tab.js("fetch('export?complete=yes').then(r => r.text())")
        (self.work / "downloads").mkdir()
        await self.tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath="/mnt/work/downloads")
        await self.tab.click("#own a")
        await self.tab.wait(self._downloaded, "nothing was downloaded")
        names = "[...document.querySelectorAll('#own li li')].map(li => li.textContent.replace('Remove', ''))"
        before = await self.tab.js(names)
        await self.tab.click("#own li li:last-child button")
        SEEN["asked back"] = await self.tab.js("document.querySelector('#own li li:last-child button').textContent")
        await self.tab.click("#own li li:last-child button")
        await self.tab.until(f"document.querySelectorAll('#own li li').length === {len(before) - 1}")
        SEEN["removed"] = [sorted(before), sorted(await self.tab.js(names))]
        await self.tab.choose("#bundle", self.photos("bad text.jpg"))
        await self.tab.until("document.querySelector('#own-error').textContent")
        SEEN["no bundle"] = await self.tab.js("document.querySelector('#own-error').textContent")
        await self.tab.choose("#bundle", self.photos("other owner.json"))
        await self.tab.until("document.querySelector('#notice').textContent")
        SEEN["bundle"] = await self.tab.js("document.querySelector('#notice').textContent")
        await self.tab.click("#install")
        await self.tab.until("document.querySelector('#installed').checkVisibility()")
        await self.shot("own")
        await self.tab.size(390, 844)
        await self.shot("own-narrow")
        await self.tab.size(1200, 900)

    async def _downloaded(self) -> bool:
        SEEN["downloaded"] = [path.name for path in (self.work / "downloads").glob("*.xml")]
        return bool(SEEN["downloaded"])

    async def strangers(self) -> None:
        """Another server's page, and another name for this one."""
        SEEN["asked"] = list(self.tab.seen)
        SEEN["complaints"] = list(self.tab.complaints)
        base = Stranger.base = self.address.partition("?")[0]
        server = HTTPServer(("127.0.0.1", 0), Stranger)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        await self.tab.go(f"http://127.0.0.1:{server.server_port}/")
        await self.tab.until("document.title === 'done'")
        SEEN["attack"] = dict(await self.tab.js("window.done"))
        await self.tab.go(self.address.replace("127.0.0.1", "rebound.example"))
        SEEN["rebound"] = await self.tab.js("document.body.textContent")
        await self.tab.go(base)
        await self.tab.until("document.querySelector('#lens-chosen')?.checkVisibility()")
        server.shutdown()

    async def end(self) -> None:
        await self.tab.click("#end")
        await self.tab.until("document.querySelector('#gone').textContent")
        SEEN["inert"] = await self.tab.js("document.querySelector('main').inert")
        await self.shot("closed")
        SEEN["gone"] = await self.tab.js("document.querySelector('#gone').textContent")


async def visit(root: Path, work: Path, address: str) -> None:
    async with Chromium(SystemRoot(BROWSER, root), {"/mnt/work": work}, TIMEOUT) as tab:
        await tab.size(1200, 900)
        one = Visit(tab, work, address)
        steps = [one.open, one.lens, one.many, one.flat]
        for name, count in json.loads((work / "steps.json").read_text()).items():
            steps.append(lambda name=name, count=count: one.photos_step(name, count))
        for step in [*steps, one.languages, one.appearance, one.overlap, one.own, one.strangers, one.end]:
            try:
                await step()
            except BaseException:
                await one.shot("failed")
                raise


def main() -> None:
    root, work = map(Path, sys.argv[1:])
    loopback_up()
    SEEN["reaches out"] = network_reaches_out()
    temporary, browser = work / "temporary", work / "browser"
    temporary.mkdir()
    browser.write_text(f'#!/bin/sh\necho "$@" > {work}/new && mv {work}/new {work}/opened\n')
    browser.chmod(0o755)
    command = [sys.executable, "-m", "sixbit", "calibrate"]
    environment = {**os.environ, "TMPDIR": str(temporary), "BROWSER": str(browser)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout
            address = next(word for line in server.stdout for word in line.split() if word.startswith("http"))
            asyncio.run(visit(root, work, address))
            SEEN["status"] = server.wait(10)
            SEEN["left behind"] = [path.name for path in temporary.iterdir()]
        finally:
            server.kill()
            (work / "page.json").write_text(json.dumps(SEEN))


if __name__ == "__main__":
    main()
