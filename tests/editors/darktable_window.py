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

RUNNING: dict[str, subprocess.Popen[bytes]] = {}
"""darktable, by its name, while it runs."""
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


def shown() -> str:
    """All that the views of words in the window say."""
    texts = [a for a in inside(application("darktable")) if a.getRoleName() == "text"]
    return "\n".join(str(text.queryText().getText(0, -1)) for text in texts)


def in_view(*names: str) -> list[bool]:
    """Tell of buttons whether they are shown."""
    found = [button(name) for name in names]
    return [one is not None and one.getState().contains(pyatspi.STATE_SHOWING) for one in found]


def tick(name: str) -> None:
    """Press a box to be ticked."""
    boxes = (a for a in inside(application("darktable")) if a.getRoleName() == "check box" and a.name == name)
    screen.press(wait(lambda: next(boxes), f"no box {name}"))


def switched_on() -> list[str]:
    """The photos whose lens module is on, as the server reads it in darktable's library."""
    return list(
        lua("""
        local module, names = require("sixbit/lib/module"), require("sixbit/lib/json").list()
        local images = {}
        for number, image in ipairs(dt.database) do images[number] = image end
        local answers = require("sixbit/lib/server").ask({ module.request(images) })
        for number, image in ipairs(images) do
          if answers[1].result.modules[number].on then names[#names + 1] = image.filename end
        end
        return names""")
    )


def pick(words: str) -> None:
    """Choose a lens in the list, by a part of its name."""
    use = wait(lambda: button("use this lens"), "no button").queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
    # The list is drawn by darktable itself, which tells screen readers nothing of it.
    xdotool("mousemove", str(use.x + 200), str(use.y - 15))
    time.sleep(0.3)
    xdotool("click", "1")
    time.sleep(1)
    xdotool("type", "--delay", "60", words)
    time.sleep(0.5)
    shot("search")
    xdotool("key", "Return")
    time.sleep(1)


def press_until(words: str, *names: str, patience: float = PATIENCE) -> str:
    """Press a button, wait until the script has said something with these words in it, and return that line."""
    before = len(printed())
    press(*names)

    def line_of_words() -> str:
        return next(line for line in printed()[before:].splitlines() if "sixbit: " in line and words in line)

    return str(wait(line_of_words, f"{words!r} was not said", patience))


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
    shot("many")
    SEEN["many shown"] = shown()
    for name in ("summicron", "ambiguous", "uncalibrated", "computed"):
        select(f"{name}.jpg")
        shot(name)
        SEEN[f"{name} shown"] = shown()
    select("ambiguous.jpg")
    press("▸ how that is known")
    SEEN["evidence shown"] = wait(lambda: "What tells them apart" in shown() and shown(), "no evidence")
    shot("evidence")
    press("▾ how that is known")


def suggest() -> None:
    """Take one of the lenses that fit, by its button; then forget that."""
    select("ambiguous.jpg")
    press_until("Summicron-M 1:2/50 (III): lens of 1 photo now", "Summicron-M 1:2/50 (III)")
    time.sleep(1)
    SEEN["suggested"] = images()["ambiguous.jpg"]
    forget()
    SEEN["suggestion forgotten"] = images()["ambiguous.jpg"]


def forget() -> None:
    """Go back to what the selected photo says."""
    press_until("Sixbit: ", "forget this choice")
    time.sleep(1)


def contradict() -> None:
    """Take a lens that the photo's tags contradict: that is asked, and can be taken back."""
    select("summicron.jpg")
    pick("apo-summicron-m 1:2/75")
    SEEN["asked"] = next_said("use this lens")
    SEEN["while asked"] = images()["summicron.jpg"]
    shot("asked")
    press_until("Nothing was changed", "leave it")
    SEEN["left"] = images()["summicron.jpg"]
    pick("apo-summicron-m 1:2/75")
    press("use this lens")
    wait(lambda: in_view("use it all the same") == [True], "nothing is asked")
    press_until("APO-Summicron-M 1:2/75 ASPH.: lens of 1 photo now", "use it all the same")
    SEEN["insisted"] = images()["summicron.jpg"]
    time.sleep(1)
    forget()
    SEEN["taken back"] = images()["summicron.jpg"]
    SEEN["buttons left"] = in_view("forget this choice", "use it all the same", "leave it")


def computed() -> None:
    """Have darktable use a calibration that is off by default."""
    shown_on = {}
    for name in ("summicron.jpg", "uncalibrated.jpg", "computed.jpg"):
        select(name)
        shown_on[name] = in_view("use the computed calibration")[0]
    SEEN["computed offered"] = shown_on
    press_until("off by default", "switch correction on")
    SEEN["computed used"] = press_until("Start darktable anew", "use the computed calibration")
    SEEN["computed"] = images()["computed.jpg"]
    SEEN["computed then shown"] = shown()
    shot("computed used")


def darkroom() -> None:
    """What the panel says beside darkroom, and what the lens module does there."""
    select("summicron.jpg")
    lua("dt.gui.current_view(dt.gui.views.darkroom)")
    wait(lambda: "darktable's lens correction is off" in shown(), "the panel does not tell of the module")
    shot("darkroom off")
    press_until("is on for 1 photo", "switch correction on")
    SEEN["darkroom on"] = wait(lambda: "correction is on" in shown() and shown(), "the module is not on")
    shot("darkroom")
    # By its name: "next" would go to an entry alone that has what was typed last in any list.
    lua('dt.gui.action("iop/lens/corrections", 0, "selection", "item:only distortion", 1)')
    SEEN["darkroom fewer"] = wait(lambda: "is on: distortion." in shown() and shown(), "not told of what is on")
    lua('dt.gui.action("iop/lens", 0, "enable", "off", 1)')
    SEEN["darkroom off"] = wait(lambda: "correction is off" in shown() and shown(), "the module is not off")
    lua("dt.gui.current_view(dt.gui.views.lighttable)")
    wait(lambda: lua("return dt.gui.current_view().id") == "lighttable", "not back in lighttable")
    time.sleep(2)
    SEEN["on after darkroom"] = switched_on()


def choose() -> None:
    """Choose a lens for a photo that names none, in the list, by a part of its name."""
    select("untagged.jpg")
    pick("apo-summicron-m 1:2/75")
    shot("chosen")
    SEEN["chosen"] = press_until("lens of 1 photo", "use this lens")
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
    """Export all photos by Sixbit's storage: one of them corrected by darktable already, one that is not there."""
    select("phone.jpg")
    press_until("is on for 1 photo", "switch correction on")
    keep_rendered()
    SEEN["preset"] = lua('return require("darktable").preferences.read("sixbit", "preset", "string")')
    (WORK / "photos/missing.jpg").rename(WORK / "missing.jpg")
    select()
    before = len(printed())
    SEEN["exported"] = press_until("photos corrected", *EXPORT, patience=120)
    SEEN["not corrected"] = [line for line in printed()[before:].splitlines() if "sixbit: " in line]
    SEEN["export shown"] = shown()
    SEEN["on after export"], SEEN["library after export"] = switched_on(), images()
    SEEN["count after export"] = lua("return #dt.database")
    select("untagged.jpg")  # of which the panel has less to say, so that the export module is seen
    shot("exported")
    export_otherwise()
    (WORK / "missing.jpg").rename(WORK / "photos/missing.jpg")


def export_otherwise() -> None:
    """Export once more, with all other ticks."""
    ticks = ("without darktable's lens correction", "export the others as they are", "computed calibrations, too")
    for folder in ("out", "rendered"):
        (WORK / folder).rename(WORK / f"{folder} at first")
        (WORK / folder).mkdir()
    for name in ticks:
        tick(name)
    time.sleep(1)
    select()
    before = len(printed())
    press_until("photos corrected", *EXPORT, patience=120)
    SEEN["exported otherwise"] = [line for line in printed()[before:].splitlines() if "sixbit: " in line]
    for name in ticks:
        tick(name)
    for folder in ("out", "rendered"):
        (WORK / folder).rename(WORK / f"{folder} otherwise")
        (WORK / f"{folder} at first").rename(WORK / folder)


def presets() -> None:
    """Export one photo by each of the presets."""
    (WORK / "out").rename(WORK / "out of all")
    for name in json.loads((WORK / "presets.json").read_text()):
        (WORK / "out").mkdir()
        lua(f"""
            dt.preferences.write("sixbit", "preset", "string", "{name}")
            require("sixbit/lib/export").start()""")
        select("summicron.jpg")
        press_until("1 of 1 photos corrected", *EXPORT, patience=60)
        (WORK / "out").rename(WORK / f"out by {name}")
        (WORK / "rendered by" / name).mkdir(parents=True)
        shutil.copy(WORK / "rendered/summicron.tif", WORK / "rendered by" / name)
    (WORK / "out of all").rename(WORK / "out")
    lua('dt.preferences.write("sixbit", "preset", "string", "archive") require("sixbit/lib/export").start()')


def correct() -> None:
    """Switch darktable's own correction on, for all photos, and develop them."""
    select()
    SEEN["corrected"] = press_until("have no certain lens", "switch correction on", patience=60)
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
    press_until("is on for 1 photo", "switch correction on")
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
    press_until("1 of 1 photos corrected", *EXPORT, patience=60)


def first_photo() -> None:
    """What the first photo needs: switch the correction on, and export."""
    select()
    press("switch correction on")
    said("is on for 1 photo")
    lua(
        'for _, image in ipairs(dt.database) do dt.new_format("tiff"):write_image(image, "/mnt/work/corrected.tif") end'
    )


def anew() -> None:
    """Start darktable anew: it still knows the lenses, and has the calibrations that were asked for."""
    xdotool("key", "ctrl+q")
    RUNNING["darktable"].wait(60)
    RUNNING["darktable"] = started("a")
    wait(lambda: "Sixbit" in lua('return dt.gui.libs["sixbit"] and "Sixbit" or ""'), "the panel is not there", 60)
    lua('dt.gui.panel_hide("DT_UI_PANEL_BOTTOM")')
    known = {}
    for name in ("unknown.jpg", "computed.jpg"):
        select(name)
        shot(f"anew {name.removesuffix('.jpg')}")
        known[name] = shown()
    SEEN["known anew"] = known
    SEEN["offered anew"] = in_view("use the computed calibration")
    press_until("is on for 1 photo", "switch correction on")
    lua(
        """
        for _, image in ipairs(dt.database) do
          if image.filename == "computed.jpg" then
            local format = dt.new_format("tiff")
            format.bpp = 16
            format:write_image(image, "/mnt/work/developed/computed.tif", true)
          end
        end""",
        60,
    )


STEPS = (
    take_in,
    identify,
    suggest,
    choose,
    contradict,
    remember,
    calibrate,
    export,
    presets,
    darkroom,
    computed,
    correct,
    cancel,
    missing,
    restart,
    anew,
    raw,
    first_photo,
)


def started(mode: str = "w") -> subprocess.Popen[bytes]:
    """Start darktable, and wait until it answers; what it prints is kept, behind what it printed before."""
    settings = json.loads((WORK / "settings.json").read_text())
    command = ["darktable", *settings, "--luacmd", 'dofile("/mnt/work/darktable_remote.lua")', "-d", "lua"]
    with (WORK / "darktable.out").open(mode) as out:
        darktable = subprocess.Popen(command, stdout=out, stderr=out)
    wait(lambda: lua("return 1"), "darktable does not answer", 90)
    return darktable


def main() -> None:
    names = sys.argv[1:]
    record_browser()
    os.environ.update(NO_AT_BRIDGE="0", GTK_MODULES="gail:atk-bridge")
    try:
        RUNNING["darktable"] = started()
        take(STEPS, names)
        xdotool("key", "ctrl+q")
        RUNNING["darktable"].wait(15)
    finally:
        tell(WORK / "darktable.out")
        if "darktable" in RUNNING:
            RUNNING["darktable"].kill()


main()
