"""Runs in the system of a test, on its screen: finds a filter in G'MIC-Qt's window in GIMP 2.10, and applies it.

    python3 gmic_window.py PHOTO CORRECTED WORDS F_NUMBER

GIMP opens the photo, and G'MIC-Qt's window over it. The words are typed into its search, and the filter that has them
in its name is chosen, its aperture set, and the button pressed that applies it; then GIMP saves the photo. What was
seen stands in seen.json, each picture in a PNG.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import pyatspi
from screen import SEEN, WORK, application, inside, press, shot, take, tell, wait, xdotool

PHOTO, CORRECTED, WORDS, F_NUMBER = sys.argv[1:]
PLUGIN = "gmic_qt"
SCRIPT = f"""
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{PHOTO}" "{PHOTO}")))
       (layer (car (gimp-image-get-active-drawable image))))
  (gimp-display-new image)
  (gimp-displays-flush)
  (plug-in-gmic-qt RUN-INTERACTIVE image layer 1 0 "")
  (file-png-save RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image))
                 "{CORRECTED}" "{CORRECTED}" 0 1 0 0 0 0 0)
  (gimp-quit TRUE))
"""
SCREEN_READER = [
    *("dbus-send", "--session", "--print-reply", "--dest=org.a11y.Bus", "/org/a11y/bus"),
    *("org.freedesktop.DBus.Properties.Set", "string:org.a11y.Status", "string:IsEnabled", "variant:boolean:true"),
]
"""What tells Qt that somebody wants to know what is in its windows."""


def of_role(role: int) -> list[Any]:
    """All of a role in G'MIC-Qt's window, in their order there; none while there is no window."""
    top = application(PLUGIN)
    return [a for a in inside(top) if a.getRole() == role] if top else []


def named(role: int, words: str) -> Any:
    return next((a for a in of_role(role) if words in a.name), None)


def names(role: int) -> list[str]:
    return [a.name for a in of_role(role)]


def click(accessible: Any) -> None:
    box = accessible.queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
    xdotool("mousemove", str(box.x + min(box.width // 2, 60)), str(box.y + box.height // 2), "click", "1")


def find() -> None:
    """Search for the filter by words, and choose it."""
    search = wait(lambda: of_role(pyatspi.ROLE_TEXT), "no window of G'MIC-Qt", 90)[0]
    window = xdotool("search", "--name", "G'MIC-Qt").split()[-1]
    xdotool("windowmove", "--sync", window, "5", "30", "windowsize", "--sync", window, "1385", "850")
    click(search)
    xdotool("type", "--delay", "20", WORDS)
    cell = wait(lambda: named(pyatspi.ROLE_TABLE_CELL, WORDS), "no filter of this name")
    SEEN["filters"] = names(pyatspi.ROLE_TABLE_CELL)
    click(cell)
    wait(lambda: named(pyatspi.ROLE_LABEL, "Aperture"), "no parameters")
    SEEN["labels"] = names(pyatspi.ROLE_LABEL)


def set_up() -> None:
    """Say the aperture, and have the preview show before and after."""
    aperture = of_role(pyatspi.ROLE_SPIN_BUTTON)[1]
    aperture.queryValue().currentValue = float(F_NUMBER)
    click(named(pyatspi.ROLE_COMBO_BOX, "After"))
    time.sleep(0.5)
    xdotool("key", "Down", "Return")
    wait(lambda: named(pyatspi.ROLE_COMBO_BOX, "Before and after"), "no other preview")
    SEEN["values"] = [a.queryValue().currentValue for a in of_role(pyatspi.ROLE_SPIN_BUTTON)]
    time.sleep(2)  # until it is drawn, for whoever looks at the picture
    shot("preview")


def apply() -> None:
    press(named(pyatspi.ROLE_PUSH_BUTTON, "OK"))


STEPS = (find, set_up, apply)


def main() -> None:
    printed = WORK / "printed"
    os.environ["QT_LINUX_ACCESSIBILITY_ALWAYS_ON"] = "1"
    pyatspi.Registry.getDesktop(0)
    subprocess.run(SCREEN_READER, check=True, capture_output=True)
    with printed.open("w") as out:
        gimp = subprocess.Popen(["gimp", "-n", "-s", "-d", "-f", "-b", SCRIPT], stdout=out, stderr=out)
    try:
        take(STEPS, [step.__name__ for step in STEPS])
        gimp.wait(60)
    finally:
        gimp.kill()
        tell(printed)


main()
