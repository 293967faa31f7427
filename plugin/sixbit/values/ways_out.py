"""The ways out of a trouble, by its code: here where that is the same at a keyboard and in a window.

The command line, the batch and the editors have tables of their own, with these in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sixbit.machine import pip
from sixbit.values.errors import Code, SixbitError
from sixbit.values.sentence import Say, codes

WaysOut = Mapping[Code, str]
"""A sentence for each code; what stands in braces comes from the error."""

_VALUE = "If a script of yours gave this value, give another; if not, please report it."

EVERYWHERE: WaysOut = {
    Code.NOT_FOUND: "Check its name and its folder.",
    Code.NOT_A_FILE: "Name the photos themselves, as files.",
    Code.NO_ACCESS: "See that its permissions allow it, and that its disk is there.",
    Code.DAMAGED: "Get it again from where it came, or save it anew from a photo editor.",
    Code.FORMAT: "Save it as a JPEG, TIFF or PNG in RGB or grey, of 8 or 16 bits.",
    Code.RAW: "Develop it first, or correct it in the raw developer.",
    Code.TOO_LARGE: "Make it smaller, or use a computer with more memory.",
    Code.MANY_PIXELS: "Make it smaller, or set SIXBIT_LARGE=1 in the environment of the program that opens it.",
    Code.TOO_SLOW: "Correct it by itself, which may take as long as it needs, or save it anew from a photo editor.",
    Code.ENDING: "Give it another ending, such as .png.",
    Code.NAME: "Choose another name.",
    Code.NO_FOLDER: "Make that folder first, or choose another.",
    Code.READ_ONLY: "Choose another folder, or allow it in the permissions of this one.",
    Code.DISK_FULL: "Make room there, or choose a folder on another disk.",
    Code.NOT_WRITABLE: "Choose another name or folder, or allow it in the permissions.",
    Code.METADATA: "Choose a preset that keeps the metadata or skips such photos, or save it as a JPEG first.",
    Code.CONVERSION: "Choose a preset that keeps the profile, or has another.",
    Code.EXISTS: "Take that file away, or choose another folder.",
    Code.NOT_REMEMBERED: "Write the lens into the tags of the photos.",
    Code.UNCALIBRATED: "Calibrate it from photos of your own.",
    Code.OTHER_USE: "Calibrate it for this from photos of your own.",
    Code.RESHAPED: "Take it as it left the camera: a correction goes around the optical centre.",
    Code.USER_FILE: "Repair it, or take it away.",
    Code.RUN: "Remove that calibration, and make it anew.",
    Code.BUNDLE: "Ask who made it to export it anew.",
    Code.NO_RUN: "Choose one that there is, or make one from photos of your own.",
    Code.VERSION: "Use the version of Sixbit that it was made for.",
    Code.FLATS: "Take an evenly lit wall or the sky out of focus, or hold a white sheet or diffuser close before the "
    "lens, with no hood or filter in the picture; all with one setting, in the same light.",
    Code.TOO_BRIGHT: "Take it again with one or two stops less.",
    Code.TOO_DARK: "Expose so that the centre is a light grey, and give raw or 16-bit frames.",
    Code.LINES: "Take photos of things that are straight, such as a building, a shelf or a tiled wall: five or more, "
    "with long edges near the borders and out to the corners.",
    Code.EDGES: "Take a sharp colour photo with strong edges out to the corners, such as a front with windows or bare "
    "branches against the sky.",
    Code.OVERLAP: "Take a dozen photos of one still scene, with lens and focus unchanged: step to the side after each, "
    "by a tenth of the way to what you see, so that the next shows most of the same elsewhere in the picture.",
    Code.FRAMES: "Give whole frames at full size, of one camera, lens and setting, as they left the camera.",
    Code.BUSY: "Wait for it, or end it.",
    Code.CLUSTER: "See that the scheduler runs, with workers; what is done stays done.",
    Code.NO_KERNEL: "Install a C++ compiler, then Sixbit again.",
    Code.MISSING_PART: "`{pip} install '{package}'` brings it.",
    Code.NO_EDITOR: "Start it once, so that it makes its folders, then install again.",
    Code.NOT_INSTALLED: "Install it anew.",
    Code.SANDBOX: "Allow it to start programs outside of its sandbox.",
    Code.ARGUMENT: _VALUE,
    Code.PRESET: "Choose another preset.",
    Code.PRESET_FILE: "Mend the file of that preset, or choose another.",
    Code.ENGINE: _VALUE,
    Code.FAULT: "Please report it.",
}


_UNSAID = {
    "lens_id": "LENS",
    "run": "NAME",
    "package": "NAME",
    "host": "PROGRAM",
    "program": "PROGRAM",
    "grades": "computed,single",
}
"""Words for the braces where the error does not say them."""


def codes_of(said: object) -> list[Code]:
    """The codes of an error or a sentence, and of the reasons that it lists, each once.

    That a lens is not calibrated counts where there is nothing else: to calibrate it is the longest way out.
    """
    found = dict.fromkeys([said.code, *codes(said.reason)] if isinstance(said, SixbitError) else codes(said))
    if len(found) > 1:
        found.pop(Code.UNCALIBRATED, None)
    return list(found)


def with_way_out(said: object, ways_out: WaysOut, say: Say = str) -> str:
    """An error or a sentence in words, with what can be done about it by a table; both in the language of ``say``.

    >>> with_way_out(SixbitError("is empty.", Code.DAMAGED, subject="a.jpg"), {Code.DAMAGED: "Copy it again."})
    'a.jpg: is empty. Copy it again.'
    """
    return followed(say(said), codes_of(said), ways_out, values_of(said), say)


def values_of(said: object) -> dict[str, Any]:
    """The values of an error or a sentence by name, and of the reasons that it lists, as far as they say others.

    >>> from sixbit.values.sentence import Sentence
    >>> only = Sentence("only one that is {grades}", Code.GRADE, grades=("computed",))
    >>> values_of(Sentence("nothing of {lens} ({why})", lens="Elmar", why=only))["grades"]
    ('computed',)
    """
    own: Mapping[str, Any] = getattr(said, "values", {})
    found = dict(own)
    for value in own.values():
        found = {**values_of(value), **found}
    return found


def followed(
    words: str,
    found: Iterable[Code],
    ways_out: WaysOut,
    values: Mapping[str, Any] | None = None,
    say: Say = str,
) -> str:
    """Words with the ways out of some codes behind them: as sentences behind a sentence, else as clauses.

    Words of several lines get them on a line of their own. ``say`` says the ways out in the language of the words.

    >>> followed("the photo does not say it", [Code.APERTURE], {Code.APERTURE: "Fill it in."})
    'the photo does not say it; fill it in'
    """
    told = [way_out(code, ways_out, values or {}, say) for code in found if code in ways_out]
    if "\n" in words:
        return "\n".join([words, " ".join(told)]) if told else words
    for said in told:
        words = f"{words} {said}" if words.endswith((".", "?")) else f"{words}; {said[0].lower()}{said[1:].rstrip('.')}"
    return words


def way_out(code: Code, ways_out: WaysOut, values: Mapping[str, Any], say: Say = str) -> str:
    """The way out for a code, about the values of an error as far as it has them, in the language of ``say``."""
    listed = {name: ",".join(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return say(ways_out[code]).format_map({**_UNSAID, "pip": pip(), **listed})
