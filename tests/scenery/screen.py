"""Runs in the system of a test, on its screen: what driving any editor's window takes.

What was seen goes into SEEN, and into ``seen.json`` in the end; each picture of the screen into a PNG beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pyatspi
from loopback import loopback_up

WORK = Path("/mnt/work")
SEEN: dict[str, Any] = {}
PATIENCE = 30

Step = Callable[[], None]


def wait(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Return what the condition gives once it is something; TimeoutError says what was waited for."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except Exception:  # what is looked at may go away in between
            pass
        time.sleep(0.1)
    shot("timeout")
    raise TimeoutError(what)


def xdotool(*words: str) -> str:
    return subprocess.run(["xdotool", *words], capture_output=True, text=True, check=False).stdout


def shot(name: str) -> None:
    """Photograph the screen."""
    subprocess.run(["import", "-window", "root", str(WORK / f"{name}.png")], check=False)


def inside(accessible: Any) -> Iterator[Any]:
    """Return all that screen readers find in a window."""
    for child in accessible:
        if child is not None:
            yield child
            yield from inside(child)


def application(name: str) -> Any:
    """Return a program, as screen readers see it; None if it is not there."""
    found = next((app for app in pyatspi.Registry.getDesktop(0) if app and app.name == name), None)
    if found:
        # What was seen before is kept, and changes are told to programs with a main loop alone.
        found.clear_cache()
    return found


def press(accessible: Any) -> None:
    accessible.queryAction().doAction(0)


def record_browser() -> None:
    """Have what is started from now on take a script for the browser, which writes down what it is to open, and let
    that be looked at."""
    browser = WORK / "browser"
    browser.write_text('#!/bin/sh\nprintf "%s\\n" "$1" >> /mnt/work/addresses\n')
    browser.chmod(0o755)
    os.environ["BROWSER"] = str(browser)
    loopback_up()


def page_opened() -> str | None:
    """Return the lens of the page that the browser was given a file to, as the page's server tells it."""
    entry = wait((WORK / "addresses").read_text, "no browser was opened").split()[-1]
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with opener.open(entry, timeout=PATIENCE) as file:
        address = file.read().decode().partition("url=")[2].partition('"')[0]
    with opener.open(address, timeout=PATIENCE) as page:
        assert b"<html" in page.read()
    with opener.open(f"{address.partition('?')[0]}events", timeout=PATIENCE) as events:
        state = json.loads(next(line for line in events if line.startswith(b"data:"))[5:])
    lens: dict[str, str] | None = state["lens"]
    return lens and lens["id"]


def take(steps: tuple[Step, ...], names: list[str]) -> None:
    """Take the steps of these names; those that came to their end stand in SEEN."""
    for step in steps:
        if step.__name__ in names:
            step()
            SEEN.setdefault("done", []).append(step.__name__)


def tell(printed: Path) -> None:
    """Write down what was seen, and what the editor has printed."""
    SEEN["printed"] = printed.read_text(errors="replace")
    (WORK / "seen.json").write_text(json.dumps(SEEN))
