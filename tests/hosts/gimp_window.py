"""Runs in the system of a test, on its screen: drives GIMP's windows as a user does, and photographs them.

    python3 gimp_window.py PHOTO STEPS

Buttons are found by the names that screen readers say; what was seen stands in window.json, each picture in a PNG.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyatspi

WORK = Path("/mnt/work")
SEEN: dict[str, Any] = {}
PATIENCE = 30
PLUGIN = "plug-in-sixbit-correct"


def wait(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
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


def key(*keys: str) -> None:
    xdotool("key", "--delay", "60", *keys)


def write(text: str) -> None:
    xdotool("type", "--delay", "30", text)


def shot(name: str) -> None:
    subprocess.run(["import", "-window", "root", str(WORK / f"{name}.png")], check=False)


def inside(accessible: Any) -> Iterator[Any]:
    for child in accessible:
        if child is not None:
            yield child
            yield from inside(child)


def application(name: str) -> Any:
    found = next((app for app in pyatspi.Registry.getDesktop(0) if app and app.name == name), None)
    if found:
        # What was seen before is kept, and changes are told to programs with a main loop alone.
        found.clear_cache()
    return found


def find(app: str, role: str, name: str = "") -> Any:
    top = application(app)
    return next((a for a in inside(top) if a.getRoleName() == role and a.name.startswith(name)), None) if top else None


def press(accessible: Any) -> None:
    accessible.queryAction().doAction(0)


def enabled(accessible: Any) -> bool:
    return accessible is not None and accessible.getState().contains(pyatspi.STATE_SENSITIVE)


def title() -> str:
    """The title of the image's window; a star in front says that there is something to undo."""
    frame = next(a for a in application("gimp") if a.getRoleName() == "frame" and "imported" in a.name)
    return str(frame.name)


def is_changed() -> bool:
    return title().startswith("*")


def to_image() -> None:
    """Bring the keys to the image, and the mouse out of the picture."""
    for window in xdotool("search", "--name", ".").split():
        if "imported" in xdotool("getwindowname", window):
            xdotool("windowactivate", "--sync", window)
    xdotool("mousemove", "1395", "895")
    time.sleep(0.5)


def menu_entry() -> Any:
    """The entry in its menu, not the one that GIMP offers again at the top of another."""
    items = (a for a in inside(application("gimp")) if a.name.startswith("Leica M Lens Correction"))
    return wait(lambda: next(a for a in items if a.getRoleName() == "menu item" and a.parent.name == "Enhance"), "menu")


def press_menu(name: str) -> None:
    press(wait(lambda: find("gimp", "menu item", name), f"no menu entry {name}"))


def open_dialog() -> None:
    press(menu_entry())
    wait(lambda: enabled(find(PLUGIN, "push button", "OK") or find(PLUGIN, "button", "OK")), "the dialog is not ready")
    time.sleep(1.5)


def button(name: str, app: str = PLUGIN) -> Any:
    return find(app, "push button", name) or find(app, "button", name)


def close_dialog(name: str) -> None:
    press(wait(lambda: button(name), f"no button {name}"))
    wait(lambda: not application(PLUGIN), f"the dialog stays after {name}")
    time.sleep(0.5)


def labels(app: str) -> list[str]:
    return [a.name for a in inside(application(app)) if a.getRoleName() == "label" and a.name]


def engine_process() -> int:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"sixbit" in words and b"engine" in words:
            return int(process.name)
    raise TimeoutError("no engine runs")


def message() -> str:
    """The text of GIMP's message, which is closed."""
    dialog = wait(lambda: find("gimp", "dialog", "GIMP Message") or find("gimp", "alert", ""), "no message")
    time.sleep(0.5)
    text = " ".join(a.name for a in inside(dialog) if a.getRoleName() == "label")
    return text


# Steps --------------------------------------------------------------------------------------------------------------


def dialog() -> None:
    open_dialog()
    shot("dialog")
    SEEN["labels"] = labels(PLUGIN)


def cancel() -> None:
    close_dialog("Cancel")
    SEEN["cancel changed"] = is_changed()
    to_image()
    shot("cancelled")


def choose() -> None:
    open_dialog()
    shot("before choosing")
    key("alt+l")
    time.sleep(1)
    write("summicron 28")
    time.sleep(1)
    shot("chooser")
    key("Return")
    wait(lambda: "Summicron-M 1:2/28 ASPH." in labels(PLUGIN), "the lens was not chosen")
    time.sleep(1)
    shot("chosen")
    SEEN["chosen"] = labels(PLUGIN)


def change() -> None:
    spin = [a for a in inside(application(PLUGIN)) if a.getRoleName() == "spin button"]
    # They are listed from the last to the first.
    spin[-1].queryValue().currentValue = 30
    time.sleep(1)
    shot("weaker")
    spin[-1].queryValue().currentValue = 100
    press(find(PLUGIN, "check box", "Grid"))
    press(button("One pixel"))
    time.sleep(1)
    shot("full size")
    SEEN["zoom"] = [text for text in labels(PLUGIN) if text.endswith("%")]
    press(find(PLUGIN, "check box", "Grid"))
    press(button("Show the whole"))


def drag() -> None:
    area = find(PLUGIN, "drawing area")
    box = area.queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
    middle = (box.x + box.width // 2, box.y + box.height // 2)
    xdotool("mousemove", *map(str, middle))
    xdotool("mousedown", "1")
    for step in range(1, 6):
        xdotool("mousemove", str(middle[0] - step * box.width // 16), str(middle[1]))
    xdotool("mouseup", "1")
    time.sleep(1)
    xdotool("mousemove", "1395", "895")
    time.sleep(0.3)
    shot("dragged")


def correct() -> None:
    close_dialog("OK")
    wait(is_changed, "nothing was corrected")
    to_image()
    time.sleep(1)
    shot("corrected")


def undo() -> None:
    key("ctrl+z")
    wait(lambda: not is_changed(), "one undo does not undo all")
    time.sleep(1)
    shot("undone")
    key("ctrl+y")
    wait(is_changed, "no redo")
    time.sleep(1)
    shot("redone")
    key("ctrl+z")
    wait(lambda: not is_changed(), "no second undo")


def repeat() -> None:
    to_image()
    key("ctrl+f")
    wait(is_changed, "no repeat")
    time.sleep(1.5)
    shot("repeated")


def again() -> None:
    to_image()
    key("ctrl+f")
    wait(lambda: button("Cancel"), "no question before a second correction")
    time.sleep(1)
    shot("again")
    SEEN["again"] = labels(PLUGIN)
    close_dialog("Cancel")
    to_image()
    shot("not again")
    key("ctrl+z")
    wait(lambda: not is_changed(), "the refused correction has left something")


def killed() -> None:
    to_image()
    open_dialog()
    os.kill(engine_process(), signal.SIGKILL)
    time.sleep(1)
    shot("killed engine")
    SEEN["killed"] = labels(PLUGIN)
    SEEN["killed ok"] = enabled(button("OK"))
    close_dialog("Cancel")
    to_image()
    shot("after killed")
    SEEN["killed changed"] = is_changed()


def missing() -> None:
    engine = next((Path.home() / ".config/GIMP").glob("3.*/plug-ins/sixbit/engine.json"))
    text = engine.read_text()
    engine.write_text(json.dumps({"command": ["/nowhere/python", "-m", "sixbit"]}))
    press(menu_entry())
    SEEN["missing"] = message()
    shot("missing engine")
    engine.write_text(text)
    SEEN["missing changed"] = is_changed()
    key("Return")


def ambiguous() -> None:
    press(menu_entry())
    found = wait(lambda: [a for a in inside(application(PLUGIN)) if a.getRoleName() == "radio button" and a.name], "")
    time.sleep(3)
    shot("ambiguous")
    SEEN["candidates"] = [a.name for a in found]
    SEEN["checked"] = [a.name for a in found if a.getState().contains(pyatspi.STATE_CHECKED)]
    SEEN["ambiguous ok"] = enabled(button("OK"))
    press(found[0])
    wait(lambda: enabled(button("OK")), "a candidate was chosen and OK cannot be pressed")
    shot("candidate")


def cropped() -> None:
    """The image was cropped since it was opened: that is asked before anything is corrected."""
    close_dialog("Cancel")
    to_image()
    key("ctrl+a")
    press_menu("Shrink")
    wait(lambda: find("gimp", "dialog", "Shrink"), "no dialog to shrink the selection")
    time.sleep(0.5)
    write("90")
    key("Tab")
    press(button("OK", "gimp"))
    time.sleep(1)
    press_menu("Crop to Selection")
    time.sleep(1)
    shot("cropped image")
    press(menu_entry())
    wait(lambda: button("OK"), "no dialog")
    time.sleep(3)
    shot("cropped")
    SEEN["cropped"] = labels(PLUGIN)
    SEEN["cropped ok"] = enabled(button("OK"))


STEPS = (dialog, cancel, choose, change, drag, correct, undo, repeat, again, killed, missing, ambiguous, cropped)


def main() -> None:
    photo, names = sys.argv[1], sys.argv[2].split(",")
    with (WORK / "gimp.out").open("w") as out:
        gimp = subprocess.Popen(["gimp", "-n", "--no-splash", photo], stdout=out, stderr=out)
    started = time.monotonic()
    wait(lambda: "imported" in title(), "GIMP has not opened the photo", 180)
    SEEN["start"] = time.monotonic() - started
    time.sleep(2)
    to_image()
    shot("open")
    try:
        for step in STEPS:
            if step.__name__ in names:
                step()
                SEEN.setdefault("done", []).append(step.__name__)
    finally:
        SEEN["printed"] = (WORK / "gimp.out").read_text(errors="replace")[-4000:]
        (WORK / "window.json").write_text(json.dumps(SEEN))
        gimp.kill()


main()
