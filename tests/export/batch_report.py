"""Runs in a network of its own with nothing but the loopback: opens the report of a batch, and photographs it.

    unshare --net python -m tests.export.batch_report ROOT WORK

The report lies in ``WORK/out``; what was seen stands in ``page.json``, each picture in a PNG.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.scenery.browser import Chromium
from tests.scenery.loopback import loopback_up
from tests.scenery.root import BROWSER, SystemRoot

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
LOOK = """({
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    articles: [...document.querySelectorAll('article')].map(a => a.textContent),
    pictures: [...document.images].map(i => [i.complete, i.naturalWidth, i.alt]),
    targets: [...document.links].map(a => a.getAttribute('href')),
})"""

SHOWN = "[...document.querySelectorAll('article')].filter(a => a.offsetHeight).map(a => a.textContent)"


async def visit(root: Path, work: Path) -> None:
    seen: dict[str, Any] = {}
    async with Chromium(SystemRoot(BROWSER, root), {"/mnt/work": work}, 120) as tab:
        for size, (width, height) in SIZES.items():
            await tab.size(width, height)
            for dark in (False, True):
                await tab.dark(dark)
                await tab.go("file:///mnt/work/out/sixbit-report.html")
                # Pictures are loaded as they come into sight.
                await tab.js("Promise.all([...document.images].map(i => { i.loading = 'eager'; return i.decode(); }))")
                name = f"{size}-{'dark' if dark else 'light'}"
                seen[name] = await tab.js(LOOK)
                await tab.shot(work / f"{name}.png")
        await tab.js("document.getElementById('show-failed').click()")
        seen["failed alone"] = await tab.js(SHOWN)
        seen["asked"], seen["complaints"] = tab.seen, tab.complaints
    (work / "page.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    loopback_up()
    asyncio.run(visit(*map(Path, sys.argv[1:])))
