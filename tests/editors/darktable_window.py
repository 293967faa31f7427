"""Runs in the system of a test, on its screen: drives darktable as a user does, and photographs it.

    python3 darktable_window.py STEP...

Buttons are pressed by the names that screen readers say; what they did is asked of darktable in Lua, through
darktable_remote.lua. What was seen stands in seen.json, each picture in a PNG.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyatspi
import screen
from screen import (
    PATIENCE,
    SEEN,
    WORK,
    application,
    inside,
    page_opened,
    record_browser,
    shot,
    take,
    tell,
    wait,
    xdotool,
)

EXPORT = ("export", "start export")
"""The button's name in darktable 5.0, and in 5.4."""


def lua(chunk: str, patience: float = PATIENCE) -> Any:
    """What a chunk of Lua returns in darktable."""
    answer = WORK / "answer.json"
    answer.unlink(missing_ok=True)
    (WORK / "chunk.part").write_text('local dt = require "darktable"\n' + chunk)
    (WORK / "chunk.part").rename(WORK / "chunk.lua")
    wait(answer.exists, f"no answer to {chunk}", patience)
    said = json.loads(answer.read_text())
    if not said["well"]:
        raise RuntimeError(f"{said.get('value')} in {chunk}")
    return said.get("value")


def button(*names: str) -> Any:
    return next((a for a in inside(application("darktable")) if "button" in a.getRoleName() and a.name in names), None)


def press(*names: str) -> None:
    screen.press(wait(lambda: button(*names), f"no button {names[0]}"))


def select(*names: str) -> None:
    """Select photos by their names; all of them if none is given."""
    wanted = json.dumps(dict.fromkeys(names, True))
    lua(f"""
        local wanted, images = require("sixbit/lib/json").decode({lua_text(wanted)}), {{}}
        for _, image in ipairs(dt.database) do
          if next(wanted) == nil or wanted[image.filename] then images[#images + 1] = image end
        end
        dt.gui.selection(images)""")
    time.sleep(1)


def lua_text(text: str) -> str:
    """A text as Lua writes it."""
    return (
        '"'
        + "".join(
            f"\\{byte}" if byte < 32 or byte > 126 or chr(byte) in '"\\' else chr(byte)
            for byte in text.encode("utf-8", "surrogateescape")
        )
        + '"'
    )


def images() -> dict[str, Any]:
    """What darktable's library knows of each photo now."""
    return dict(
        lua("""
        local known = {}
        for _, image in ipairs(dt.database) do
          local tags = require("sixbit/lib/json").list()
          for _, tag in ipairs(dt.tags.get_tags(image)) do
            if tag.name:find("sixbit") then tags[#tags + 1] = tag.name end
          end
          local function number(value) return value == value and value or nil end
          known[image.filename] = {
            lens = image.exif_lens, focal = number(image.exif_focal_length), aperture = number(image.exif_aperture),
            crop = number(image.exif_crop), distance = number(image.exif_focus_distance), tags = tags,
          }
        end
        return known""")
    )


def printed() -> str:
    return (WORK / "darktable.out").read_text(errors="replace")


def said(words: str, patience: float = PATIENCE) -> str:
    """The line that the script has said with these words in it, once it is there."""
    return str(
        wait(
            lambda: next(line for line in printed().splitlines() if "sixbit: " in line and words in line),
            f"{words!r} was not said",
            patience,
        )
    )


def next_said(*names: str) -> str:
    """What the script says after a button is pressed."""
    before = len(printed())
    press(*names)
    return str(wait(lambda: next(line for line in printed()[before:].splitlines() if "sixbit: " in line), names[0]))


def take_in() -> None:
    """Import the photos of the work folder."""
    lua('dt.gui.panel_hide("DT_UI_PANEL_BOTTOM") dt.database.import("/mnt/work/photos")')
    count = len(list(Path("/mnt/work/photos").iterdir()))
    wait(lambda: lua("return #dt.database") == count, "the photos are not imported")
    SEEN["before"] = images()


def identify() -> None:
    """The action on selected images."""
    select()
    press("identify Leica M lens")
    SEEN["identified"] = said("lenses found")
    SEEN["after"] = images()
    for name in ("summicron", "ambiguous", "uncalibrated"):
        select(f"{name}.jpg")
        shot(name)


def choose() -> None:
    """Choose a lens for a photo that names none, in the list, by a part of its name."""
    select("untagged.jpg")
    use = wait(lambda: button("use this lens"), "no button").queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
    # The chooser is drawn by darktable itself, which tells screen readers nothing of it.
    xdotool("mousemove", str(use.x + 200), str(use.y - 15))
    time.sleep(0.3)
    xdotool("click", "1")
    time.sleep(1)
    xdotool("type", "--delay", "60", "apo-summicron-m 1:2/75")
    time.sleep(0.5)
    shot("search")
    xdotool("key", "Return")
    time.sleep(1)
    shot("chosen")
    press("use this lens")
    SEEN["chosen"] = said("lens of 1 photo")
    SEEN["after choosing"] = images()["untagged.jpg"]
    press("identify lens")
    said("untagged.jpg: lens found")
    SEEN["chosen lens stays"] = images()["untagged.jpg"]


def remember() -> None:
    """Keep the lens of a photo for all such photos."""
    select("unknown.jpg")
    press("remember it")
    SEEN["nothing to remember"] = said("choose its lens")
    select("summicron.jpg")
    press("remember it")
    SEEN["remembered"] = said("for all such photos")


def calibrate() -> None:
    """The way to a calibration is offered for a lens that has none."""
    shown = []
    for name in ("summicron.jpg", "uncalibrated.jpg"):
        select(name)
        found = button("calibrate this lens…")
        shown.append(found is not None and found.getState().contains(pyatspi.STATE_SHOWING))
    SEEN["calibrate shown"] = shown
    SEEN["calibrate"] = next_said("calibrate this lens…")
    SEEN["page"] = page_opened()


def keep_rendered() -> None:
    """What darktable hands over to the storage is kept, to be compared."""
    (WORK / "rendered").mkdir(exist_ok=True)
    lua("""
        local remove = os.remove
        os.remove = function(path)
          local name = path:match("([^/]*%.tif)$")
          if name then
            local from, to = io.open(path, "rb"), io.open("/mnt/work/rendered/" .. name, "wb")
            to:write(from:read("a"))
            from:close()
            to:close()
          end
          return remove(path)
        end""")


def export() -> None:
    """Export all photos by Sixbit's storage, one of them corrected by darktable already."""
    select("phone.jpg")
    press("switch correction on")
    said("is on for 1 photo")
    keep_rendered()
    SEEN["preset"] = lua('return require("darktable").preferences.read("sixbit", "preset", "string")')
    select()
    before = len(printed())
    press(*EXPORT)
    SEEN["exported"] = said("photos corrected", 120)
    SEEN["not exported"] = [line for line in printed()[before:].splitlines() if "sixbit: " in line]
    select("summicron.jpg")  # of which the panel has less to say, so that the export module is seen
    shot("exported")


def presets() -> None:
    """Export one photo by each of the presets."""
    (WORK / "out").rename(WORK / "out of all")
    for name in json.loads((WORK / "presets.json").read_text()):
        (WORK / "out").mkdir()
        lua(f"""
            dt.preferences.write("sixbit", "preset", "string", "{name}")
            require("sixbit/lib/export").start()""")
        select("summicron.jpg")
        before = len(printed())
        press(*EXPORT)
        wait(lambda start=before: "1 photo corrected" in printed()[start:], f"not exported by {name}", 60)
        (WORK / "out").rename(WORK / f"out by {name}")
        (WORK / "rendered by" / name).mkdir(parents=True)
        shutil.copy(WORK / "rendered/summicron.tif", WORK / "rendered by" / name)
    (WORK / "out of all").rename(WORK / "out")
    lua('dt.preferences.write("sixbit", "preset", "string", "archive") require("sixbit/lib/export").start()')


def correct() -> None:
    """Switch darktable's own correction on, for all photos, and develop them."""
    select()
    press("switch correction on")
    SEEN["corrected"] = said("have no certain lens")
    (WORK / "developed").mkdir()
    lua(
        """
        for _, image in ipairs(dt.database) do
          local format = dt.new_format("tiff")
          format.bpp = 16
          format:write_image(image, "/mnt/work/developed/" .. image.filename:match("^%w*") .. ".tif", true)
        end""",
        120,
    )


def cancel() -> None:
    """What a press on the cross of the job does."""
    SEEN["kinds"] = lua(
        """
        local server, cancel, requests, kinds = require("sixbit/lib/server"), nil, {}, {}
        for number = 1, 500 do requests[number] = { ["do"] = "identify", photo = "/mnt/work/photos/summicron.jpg" } end
        local answers = server.ask(requests, {
          on_cancel = function(stop) cancel = stop end,
          answered = function(number) if number == 5 then cancel() end end,
        })
        for _, answer in ipairs(answers) do
          local kind = answer.kind or "done"
          kinds[kind] = (kinds[kind] or 0) + 1
        end
        return kinds""",
        60,
    )


def missing() -> None:
    """Without its server the script says so."""
    server = Path.home() / ".config/darktable/lua/sixbit/server.json"
    settings = server.read_text()
    old = server.with_name("engine.json")
    old.unlink()
    select("summicron.jpg")
    for name, content in (("not there", None), ("does not run", settings.replace('"/mnt', '"/no')), ("broken", "{")):
        server.unlink(missing_ok=True)
        if content is not None:
            server.write_text(content)
        SEEN[name] = next_said("identify lens")
    shot("missing")
    server.write_text(settings)
    old.write_text(settings)
    SEEN["mended"] = next_said("identify lens")


def restart() -> None:
    """What script_manager does when a script is switched off and on."""
    lua('require("sixbit/sixbit").destroy()')
    wait(lambda: not button("identify Leica M lens"), "the action stays")
    time.sleep(1)
    SEEN["panel hidden"] = lua('return not dt.gui.libs["sixbit"].visible')
    SEEN["export refused"] = "switched off" in next_said(*EXPORT)
    lua('require("sixbit/sixbit").restart()', 60)
    wait(lambda: button("identify Leica M lens"), "the action does not come back")
    SEEN["panel back"] = lua('return dt.gui.libs["sixbit"].visible')
    select("summicron.jpg")
    SEEN["action back"] = "lens found" in next_said("identify Leica M lens")


def raw() -> None:
    """A raw: its lens found, developed with darktable's own correction and without, exported by Sixbit."""
    select("raw.dng")
    press("identify Leica M lens")
    wait(lambda: images()["raw.dng"] != SEEN["before"]["raw.dng"], "nothing is found of the raw")
    SEEN["raw"] = images()["raw.dng"]
    shot("raw")
    before = len(printed())
    press("switch correction on")
    wait(lambda: "is on for 1 photo" in printed()[before:], "the correction of the raw is not on")
    lua(
        """
        for _, image in ipairs(dt.database) do
          local format = dt.new_format("tiff")
          format.bpp = 16
          format:write_image(image, "/mnt/work/developed/" .. image.filename:match("^%w*") .. ".tif", true)
        end""",
        120,
    )
    keep_rendered()
    select("plain.dng")
    before = len(printed())
    press(*EXPORT)
    wait(lambda: "1 photo corrected" in printed()[before:], "the raw is not exported", 60)


def first_photo() -> None:
    """What the first photo needs: switch the correction on, and export."""
    select()
    press("switch correction on")
    said("is on for 1 photo")
    lua(
        'for _, image in ipairs(dt.database) do dt.new_format("tiff"):write_image(image, "/mnt/work/corrected.tif") end'
    )


STEPS = (
    take_in,
    identify,
    choose,
    remember,
    calibrate,
    export,
    presets,
    correct,
    cancel,
    missing,
    restart,
    raw,
    first_photo,
)


def main() -> None:
    names = sys.argv[1:]
    record_browser()
    os.environ.update(NO_AT_BRIDGE="0", GTK_MODULES="gail:atk-bridge")
    settings = json.loads((WORK / "settings.json").read_text())
    command = ["darktable", *settings, "--luacmd", 'dofile("/mnt/work/darktable_remote.lua")', "-d", "lua"]
    with (WORK / "darktable.out").open("w") as out:
        darktable = subprocess.Popen(command, stdout=out, stderr=out)
    started = time.monotonic()
    try:
        wait(lambda: lua("return 1"), "darktable does not answer", 90)
        SEEN["start"] = time.monotonic() - started
        take(STEPS, names)
        xdotool("key", "ctrl+q")
        darktable.wait(15)
    finally:
        tell(WORK / "darktable.out")
        darktable.kill()


main()
