"""Runs in the system of a test, on its screen: drives GIMP's windows as a user does, and photographs them.

    python3 gimp_window.py PHOTO STEPS

Buttons are found by the names that screen readers say; what was seen stands in seen.json, each picture in a PNG.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyatspi
from screen import (
    SEEN,
    WORK,
    application,
    inside,
    page_opened,
    press,
    record_browser,
    shot,
    take,
    tell,
    wait,
    xdotool,
)

PLUGIN = "plug-in-sixbit-correct"


def key(*keys: str) -> None:
    xdotool("key", "--delay", "60", *keys)


def write(text: str) -> None:
    xdotool("type", "--delay", "30", text)


def find(app: str, role: str, name: str = "") -> Any:
    top = application(app)
    return next((a for a in inside(top) if a.getRoleName() == role and a.name.startswith(name)), None) if top else None


def enabled(accessible: Any) -> bool:
    return accessible is not None and accessible.getState().contains(pyatspi.STATE_SENSITIVE)


def showing(accessible: Any) -> bool:
    return accessible is not None and accessible.getState().contains(pyatspi.STATE_SHOWING)


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
    names = ("Leica M Lens Correction", "Leica-M-Objektivkorrektur")

    def entry() -> Any:
        items = (a for a in inside(application("gimp")) if a.name.startswith(names))
        return next(a for a in items if a.getRoleName() == "menu item" and a.parent.name == "Enhance")

    return wait(entry, "no menu entry")


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


def servers() -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"sixbit" in words and b"serve" in words:
                found.append(int(process.name))
    return found


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
    spin = strengths()
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


def one_notion() -> None:
    """What is chosen is kept and brought back by GIMP's own settings, and by nothing else."""
    SEEN["notions"] = [name for name in names(application(PLUGIN)) if "preset" in name.casefold()]
    SEEN["factor before"] = enabled(factor())
    combo = next(
        a
        for a in inside(application(PLUGIN))
        if a.getRoleName() == "combo box" and any(name.startswith("By a factor") for name in names(a))
    )
    items = [a for a in inside(combo) if a.getRoleName() == "menu item"]
    pick = {a.name: k for k, a in enumerate(items)}
    combo.querySelection().selectChild(pick["By a factor"])
    time.sleep(1)
    SEEN["factor"] = enabled(factor())
    combo.querySelection().selectChild(pick["Fill the frame"])
    time.sleep(0.5)


def factor() -> Any:
    """The number beside the choice of the frame: of all numbers the one that stands at 1."""
    spins = [a for a in inside(application(PLUGIN)) if a.getRoleName() == "spin button"]
    return next(a for a in spins if a.queryValue().maximumValue == 10 and a.queryValue().minimumValue == 0.1)


def uncalibrated() -> None:
    """A lens nobody has measured: the dialog says so, and leads to the page that does."""
    SEEN["calibrate before"] = showing(button("Calibrate this lens"))
    choose_lens("super-elmar 18", "Super-Elmar-M 1:3.8/18 ASPH.")
    time.sleep(1)
    SEEN["uncalibrated"], SEEN["calibrate"] = labels(PLUGIN), showing(button("Calibrate this lens"))
    SEEN["uncalibrated ok"] = enabled(button("OK"))
    shot("nothing corrected")
    by_hand = slider(-20, 20)
    by_hand.queryValue().currentValue = 5
    wait(lambda: enabled(button("OK")), "it was set by hand and OK cannot be pressed")
    time.sleep(1)
    shot("by hand")
    SEEN["by hand"] = labels(PLUGIN)
    press(button("Keep it for this lens"))
    wait(lambda: any(label.startswith("It is kept") for label in labels(PLUGIN)), "it was not kept")
    time.sleep(1)
    SEEN["kept"], SEEN["kept ok"] = labels(PLUGIN), enabled(button("OK"))
    shot("kept")
    choose_lens("super-elmar 21", "Super-Elmar-M 1:3.4/21 ASPH.")
    wait(lambda: showing(button("Calibrate this lens")), "no button to calibrate")
    press(button("Calibrate this lens"))
    log = Path.home() / ".local/state/sixbit/log/calibrate.log"
    wait(log.exists, "no calibration was started")
    wait(lambda: any("browser" in label for label in labels(PLUGIN)), "nothing is said of the page")
    SEEN["page"] = page_opened()
    shot("uncalibrated")
    close_dialog("Cancel")
    to_image()
    open_dialog()


def computed() -> None:
    """A lens of which only a computed calibration is known: the bar has a button that uses it."""
    choose_lens("summilux 35 aspherical", "Summilux-M 1:1.4/35 ASPHERICAL")
    time.sleep(1.5)
    shot("computed")
    SEEN["computed before"], SEEN["computed ok before"] = labels(PLUGIN), enabled(button("OK"))
    press(button("Use the computed calibration"))
    wait(lambda: enabled(button("OK")), "the computed calibration was used and OK cannot be pressed")
    time.sleep(1)
    shot("computed used")
    SEEN["computed"], SEEN["computed button"] = labels(PLUGIN), showing(button("Use the computed calibration"))
    SEEN["computed switch"] = find(PLUGIN, "check box", "Computed").getState().contains(pyatspi.STATE_CHECKED)


def choose_lens(sought: str, name: str) -> None:
    key("alt+l")
    time.sleep(1)
    write(sought)
    time.sleep(1)
    key("Return")
    wait(lambda: name in labels(PLUGIN), "the lens was not chosen")


def slider(least: float, most: float) -> Any:
    """The first slider with these limits."""
    spins = [a for a in inside(application(PLUGIN)) if a.getRoleName() == "spin button"]
    return next(a for a in spins if (a.queryValue().minimumValue, a.queryValue().maximumValue) == (least, most))


def on_canvas() -> None:
    """The correction is shown on GIMP's canvas while the dialog is open, and leaves no step to undo when it closes."""
    open_dialog()
    SEEN["results"] = [a.name for a in inside(application(PLUGIN)) if a.getRoleName() == "combo box"]
    shot("filter dialog")
    press(find(PLUGIN, "check box", "On the canvas"))
    time.sleep(3)
    SEEN["canvas changed"] = is_changed()
    xdotool("search", "--name", "Leica M Lens Correction", "windowmove", "900", "500")
    time.sleep(3)
    shot("on canvas")
    xdotool("search", "--name", "Leica M Lens Correction", "windowmove", "20", "20")
    close_dialog("Cancel")
    to_image()
    time.sleep(1)
    shot("canvas cancelled")
    SEEN["canvas undo"] = can_undo()


def can_undo() -> bool:
    """Whether GIMP has something to undo."""
    items = [a for a in inside(application("gimp")) if a.getRoleName() == "menu item" and a.parent.name == "Edit"]
    return any(enabled(a) for a in items if a.name.startswith("Undo") and "History" not in a.name)


def as_filter() -> None:
    """A layer gets an editable filter: one step to undo, and to do again."""
    open_dialog()
    close_dialog("OK")
    wait(is_changed, "nothing was corrected")
    to_image()
    time.sleep(2)
    shot("filter")
    key("ctrl+z")
    time.sleep(2)
    SEEN["filter undone"] = [is_changed(), can_undo()]
    shot("filter undone")
    key("ctrl+y")
    time.sleep(2)
    shot("filter redone")


def filter_again() -> None:
    """The menu entry opens the dialog with the filter's values, and changes the filter."""
    open_dialog()
    SEEN["filter again"] = labels(PLUGIN)
    strengths()[-1].queryValue().currentValue = 30
    time.sleep(1)
    close_dialog("OK")
    wait(lambda: not servers(), "the server stays")
    to_image()
    time.sleep(2)
    shot("filter changed")
    key("ctrl+z")
    time.sleep(2)
    shot("filter change undone")
    key("ctrl+y")
    time.sleep(2)
    open_dialog()
    SEEN["filter strength"] = strengths()[-1].queryValue().currentValue
    close_dialog("Cancel")
    to_image()


def gray() -> None:
    """A photo without colours has no lateral colour to correct."""
    open_dialog()
    shot("gray")
    switch = find(PLUGIN, "check box", "Lateral colour")
    SEEN["gray"] = labels(PLUGIN)
    SEEN["gray switch"] = [enabled(switch), switch.getState().contains(pyatspi.STATE_CHECKED)]
    close_dialog("OK")
    wait(is_changed, "nothing was corrected")


def selected() -> None:
    """With a selection the whole layer is corrected, and the dialog says so."""
    to_image()
    key("ctrl+a")
    press_menu("Shrink")
    wait(lambda: find("gimp", "dialog", "Shrink"), "no dialog to shrink the selection")
    time.sleep(0.5)
    write("150")
    key("Tab")
    press(button("OK", "gimp"))
    time.sleep(1)
    open_dialog()
    SEEN["selected"] = labels(PLUGIN)
    press(find(PLUGIN, "check box", "Only the selection"))
    time.sleep(1)
    SEEN["selected alone"] = labels(PLUGIN)
    shot("selected")
    close_dialog("Cancel")
    to_image()
    key("ctrl+shift+a")


def identified() -> None:
    """The box that tells the lens."""
    press(next(a for a in inside(application("gimp")) if a.name.startswith("Identify Leica M Lens")))
    box = wait(lambda: find("plug-in-sixbit-identify", "alert"), "no answer")
    time.sleep(0.5)
    SEEN["identified"] = [a.name for a in inside(box) if a.getRoleName() == "label"]
    SEEN["identified as"] = [a.name for a in inside(box) if a.getRoleName() == "icon"] + [box.name]
    shot("identified")
    press(button("Close", "plug-in-sixbit-identify"))
    wait(lambda: not application("plug-in-sixbit-identify"), "the box stays")


def helped() -> None:
    press(button("Help"))
    wait(lambda: any(a.name.startswith("Correcting photos") for a in inside(application(PLUGIN))), "no help")
    time.sleep(0.5)
    shot("help")
    press(button("Close"))
    wait(lambda: button("OK") and not button("Close"), "the help stays, or took the dialog with it")
    key("F1")
    wait(lambda: button("Close"), "no help by its key")
    press(button("Close"))
    wait(lambda: not button("Close"), "the help stays")


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


def keyboard() -> None:
    """The preview by keys: the split, one pixel for one, the whole."""
    for _step in range(12):
        key("Right")
    time.sleep(0.5)
    shot("keys split")
    key("1")
    time.sleep(1)
    SEEN["keys zoom"] = [text for text in labels(PLUGIN) if text.endswith("%")]
    key("0")
    time.sleep(1)


def weaken() -> None:
    """What is chosen here is there again the next time."""
    strengths()[-1].queryValue().currentValue = 80
    time.sleep(1)


def strengths() -> list[Any]:
    """They are listed from the last to the first."""
    spins = [a for a in inside(application(PLUGIN)) if a.getRoleName() == "spin button"]
    return [a for a in spins if a.queryValue().maximumValue == 200]


def remembered() -> None:
    """The dialog opened again for the same lens on the same body, and the lens that was used stands first."""
    open_dialog()
    SEEN["remembered"] = strengths()[-1].queryValue().currentValue
    key("alt+l")
    time.sleep(1)
    shot("recent")
    SEEN["recent"] = [a.name for a in inside(find(PLUGIN, "tree table") or find(PLUGIN, "table")) if a.name][:12]
    key("Escape")
    time.sleep(0.5)
    press(next(a for a in inside(application(PLUGIN)) if a.name.startswith("Reset") and "button" in a.getRoleName()))
    time.sleep(0.5)
    shot("reset")
    press(wait(lambda: button("Reset to Factory Defaults"), "no defaults"))
    time.sleep(1)
    SEEN["reset"] = strengths()[-1].queryValue().currentValue
    close_dialog("Cancel")
    to_image()


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
    os.kill(servers()[0], signal.SIGKILL)
    time.sleep(1)
    shot("killed server")
    SEEN["killed"] = labels(PLUGIN)
    SEEN["killed ok"] = enabled(button("OK"))
    close_dialog("Cancel")
    to_image()
    shot("after killed")
    SEEN["killed changed"] = is_changed()


def missing() -> None:
    server = next((Path.home() / ".config/GIMP").glob("3.*/plug-ins/sixbit/server.json"))
    text = server.read_text()
    server.write_text(json.dumps({"command": ["/nowhere/python", "-m", "sixbit"]}))
    press(menu_entry())
    SEEN["missing"] = message()
    shot("missing server")
    server.write_text(text)
    SEEN["missing changed"] = is_changed()
    key("Return")


def mask() -> None:
    """The mask of the layer, which GIMP makes and chooses; nothing but the mask is corrected."""
    to_image()
    press_menu("Add Layer Mask")
    press(wait(lambda: find("gimp", "radio button", "Grayscale copy"), "no choice of what the mask is"))
    dialog = wait(lambda: find("gimp", "dialog", "Add"), "no dialog of the mask")
    press(next(a for a in inside(dialog) if a.name == "Add" and "button" in a.getRoleName()))
    wait(is_changed, "no mask was added")
    to_image()
    shot("mask added")
    open_dialog()
    shot("mask dialog")
    SEEN["mask"] = labels(PLUGIN)
    places = [a for a in inside(application(PLUGIN)) if a.getRoleName() == "combo box" and "In its place" in names(a)]
    SEEN["mask in its place"] = [enabled(place) for place in places]
    for name in ("Vignetting", "Distortion", "Lateral colour", "Write the lens"):
        SEEN[f"mask {name}"] = enabled(find(PLUGIN, "check box", name))
    close_dialog("OK")
    wait(lambda: not servers(), "the server stays")
    to_image()
    time.sleep(1)
    shot("mask corrected")
    press(menu_entry())
    wait(lambda: any("corrected already" in label for label in labels(PLUGIN)), "no question before a second one")
    time.sleep(1)
    shot("mask again")
    SEEN["mask again"] = labels(PLUGIN)
    close_dialog("Cancel")
    to_image()
    shot("mask not again")
    key("ctrl+z")
    time.sleep(1)
    shot("mask undone")
    key("ctrl+f")
    wait(servers, "no repeat")
    wait(lambda: not servers(), "the server stays")
    time.sleep(1)
    shot("mask repeated")


def names(accessible: Any) -> list[str]:
    """What stands in a part of a window."""
    return [accessible.name, *(a.name for a in inside(accessible))]


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


def reshaped() -> None:
    """Nobody can tell which part of the sensor it is: the reason stands in a bar, with a button that takes it whole."""
    press(menu_entry())
    take_whole = wait(lambda: button("Take it for the whole frame"), "no bar for a reshaped photo")
    time.sleep(3)
    shot("reshaped")
    SEEN["reshaped"], SEEN["reshaped ok"] = labels(PLUGIN), enabled(button("OK"))
    press(take_whole)
    wait(lambda: enabled(button("OK")), "it was taken for the whole frame and OK cannot be pressed")
    time.sleep(1)
    shot("reshaped taken")
    SEEN["reshaped bar"] = showing(button("Take it for the whole frame"))
    correct()


def untagged() -> None:
    """The photo says nothing: a lens is chosen, and written into what is exported."""
    press(menu_entry())
    wait(lambda: find(PLUGIN, "drawing area"), "no dialog")
    time.sleep(3)
    shot("untagged")
    SEEN["untagged"] = labels(PLUGIN)
    SEEN["untagged ok"] = enabled(button("OK"))
    choose_lens("summicron 35 asph", "Summicron-M 1:2/35 ASPH.")
    key("alt+p")
    write("1")
    press(find(PLUGIN, "check box", "Write the lens"))
    wait(lambda: enabled(button("OK")), "a lens was chosen and OK cannot be pressed")
    shot("untagged chosen")
    SEEN["untagged chosen"] = labels(PLUGIN)
    close_dialog("OK")
    wait(is_changed, "nothing was corrected")
    to_image()


def export() -> None:
    key("ctrl+shift+e")
    wait(lambda: find("gimp", "file chooser", "Export Image") or find("gimp", "dialog", "Export Image"), "no export")
    time.sleep(1)
    key("ctrl+a")
    write(str(WORK / "exported.jpg"))
    key("Return")
    wait(lambda: find("file-jpeg", "check box", "Save Exif"), "no dialog of the JPEG export")
    time.sleep(0.5)
    shot("export")
    for name in ("Save Exif", "Save XMP"):
        box = find("file-jpeg", "check box", name)
        if not box.getState().contains(pyatspi.STATE_CHECKED):
            press(box)
    press(button("Export", "file-jpeg"))
    wait(lambda: (WORK / "exported.jpg").exists(), "nothing was exported")
    wait(lambda: not application("file-jpeg"), "the export does not end")


def interrupted() -> None:
    """Cancelled from GIMP's own progress bar, amid the work."""
    to_image()
    time.sleep(1)
    shot("uninterrupted")
    # They are there all the time, and are shown for a second: to look through all of the window would take as long.
    buttons = progress_cancels()
    key("ctrl+f")
    found = wait(lambda: next(filter(showing, buttons), None), "no progress that can be cancelled")
    SEEN["interrupted amid"] = bool(servers())
    press(found)
    wait(lambda: not any(map(showing, buttons)), "the progress stays")
    time.sleep(2)
    to_image()
    shot("interrupted")
    SEEN["interrupted changed"] = is_changed()
    SEEN["interrupted servers"] = servers()


def progress_cancels() -> list[Any]:
    """The buttons beside GIMP's progress bars, which are shown while there is progress."""
    return [a for a in inside(application("gimp")) if a.name == "Cancel" and "button" in a.getRoleName()]


def german() -> None:
    open_dialog()
    shot("german")
    SEEN["german"] = labels(PLUGIN)


def timings() -> None:
    """For benchmarks/gimp.py: when the menu entry was pressed, a slider moved, OK pressed; and the memory."""
    entry = menu_entry()
    SEEN["pressed"] = time.monotonic()
    press(entry)
    wait(lambda: enabled(button("OK")), "the dialog is not ready")
    time.sleep(3)
    spin = strengths()[-1]
    SEEN["changes"] = []
    for strength in (90, 80, 70, 60, 50, 60, 70, 80, 90, 100):
        SEEN["changes"].append(time.monotonic())
        spin.queryValue().currentValue = strength
        time.sleep(1)
    ok = button("OK")
    SEEN["ok"], SEEN["memory"] = time.monotonic(), 0
    press(ok)
    while not is_changed():
        SEEN["memory"] = max(SEEN["memory"], memory())
    time.sleep(1)


def memory() -> int:
    """Bytes that the plug-in and its server have for themselves, and the files in memory that they share."""
    total = sum(path.stat().st_blocks * 512 for path in Path("/dev/shm").glob("sixbit-*"))
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if (b"serve" in words and b"sixbit" in words) or any(word.endswith(b"/sixbit.py") for word in words):
                sizes = dict(line.split(":") for line in (process / "smaps_rollup").read_text().splitlines()[1:])
                total += 1024 * sum(int(sizes[kind].split()[0]) for kind in ("Pss_Anon", "Pss_File"))
    return total


STEPS = (
    *(
        dialog,
        cancel,
        choose,
        change,
        one_notion,
        computed,
        uncalibrated,
        helped,
        drag,
        keyboard,
        weaken,
        correct,
        undo,
        repeat,
        again,
        remembered,
        killed,
        missing,
        identified,
        selected,
        mask,
    ),
    *(
        on_canvas,
        as_filter,
        filter_again,
        gray,
        ambiguous,
        cropped,
        reshaped,
        untagged,
        export,
        interrupted,
        german,
        timings,
    ),
)


def main() -> None:
    photo, names = sys.argv[1], sys.argv[2].split(",")
    record_browser()
    with (WORK / "gimp.out").open("w") as out:
        gimp = subprocess.Popen(["gimp", "-n", "--no-splash", photo], stdout=out, stderr=out)
    started = time.monotonic()
    wait(lambda: "imported" in title(), "GIMP has not opened the photo", 180)
    SEEN["start"] = time.monotonic() - started
    time.sleep(2)
    to_image()
    shot("open")
    try:
        take(STEPS, names)
    finally:
        tell(WORK / "gimp.out")
        gimp.kill()


main()
