"""Corrections that tags say were made in a picture before: by programs, and by the camera that took it.

Marks count in the photo alone: a sidecar tells what shall be done. Where a program tells that it corrected a lens, but
not which of its faults, all that it can correct counts as done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sixbit.files.xmp import Packet
from sixbit.tags.leica import LeicaNote
from sixbit.tags.programs import digikam_filters, is_applied, is_true, setting
from sixbit.tags.source import Source
from sixbit.values.kinds import KINDS
from sixbit.values.marks import ALREADY_APPLIED, COMPENSATED, CORRECTED, FILTER, LENS, own
from sixbit.values.shot import BY_ADAPTER, ON_MIRRORLESS, Tagged

LONGEST_MARK = 200

_ALL = tuple(ALREADY_APPLIED)
"""The corrections of other programs' lens modules: none of them knows colour shading."""
_BY_PROFILE = {
    "distortion": "LensProfileDistortionScale",
    "tca": "LensProfileChromaticAberrationScale",
    "vignetting": "LensProfileVignettingScale",
}
"""Camera Raw's settings for how much of a lens profile is used: 100 where nothing is said, and 0 is off."""
_BY_HAND = {
    "AutoLateralCA": "tca",
    "ChromaticAberrationR": "tca",
    "ChromaticAberrationB": "tca",
    "VignetteAmount": "vignetting",
    "LensManualDistortionAmount": "distortion",
}
"""Camera Raw's other settings of a lens, each 0 where it does nothing. PostCropVignetteAmount is an effect."""
_DARKTABLE = {"lens": _ALL, "cacorrect": ("tca",), "cacorrectrgb": ("tca",)}
"""The modules of darktable; which faults its lens module corrected is packed into its parameters."""
_LENSFUN = {"distortion": "dst", "tca": "cca", "vignetting": "vig"}
"""digiKam's short names for what it corrects by lensfun (``lensfunfilter.cpp``)."""
_SILENT = r"(?:RawTherapee|ART|vkdt|Capture One|DxO)\b[\w .()-]{0,60}"
"""Programs that correct lenses and write nothing of it into the photo but their name (``Software``)."""

_AS_LEICA_WRITES = r"[A-Z][\w-]{1,30}-M 1:[\d.]+/[\d-]+(?: [\w .()/-]{1,60})?"
"""How Leica's bodies write the name of an M lens: Summilux-M 1:1.4/28 ASPH."""


class Done(NamedTuple):
    """``kinds`` of corrections that were made before, and the ``marks`` that say so."""

    kinds: tuple[str, ...]
    marks: tuple[Tagged[str], ...]


def corrections_in(packet: Packet) -> Done:
    """Find the corrections that a photo's own XMP says were made.

    >>> corrections_in(Packet({"aux:VignetteCorrectionAlreadyApplied": "True"})).kinds
    ('vignetting',)
    """
    properties = packet.properties
    found = [*_by_aux(properties), *_by_camera_raw(properties), *_by_digikam(properties)]
    found += ((_DARKTABLE[m], Tagged(m, "XMP darktable:history")) for m in _DARKTABLE if m in packet.darktable_modules)
    found += _by_sixbit(properties)
    made = {kind for kinds, _ in found for kind in kinds}
    return Done(tuple(kind for kind in KINDS if kind in made), tuple(mark for _, mark in found))


def silent_program(exif: Source) -> Tagged[str] | None:
    """Find the program that developed a photo, if it is one that does not say what it corrected.

    Programs pass on the marks of those before them, so that nothing else in the photo speaks for it.
    """
    software = exif.text("Software")
    found = re.match(_SILENT, software.value) if software else None
    return Tagged(found[0].strip(), software.tag) if software and found else None


def known_to_body(
    packet: Packet, exif: Source, note: LeicaNote, on_m_body: bool, on_mirrorless: bool
) -> Tagged[str] | None:
    """Find what a Leica body itself has written of the M lens that it knew: by its code, its menu or its adapter.

    A name that the user gave (`sixbit tag`) is none of the body's, nor is one that Leica would write otherwise.
    """
    if note.adapter_code:
        return Tagged(f"six-bit code {note.adapter_code}", BY_ADAPTER)
    if not on_m_body:
        told = None if not on_mirrorless or own(LENS) in packet.properties else exif.text("LensModel")
        name = told.value.strip("\0 ") if told else ""
        return Tagged(name, ON_MIRRORLESS) if re.fullmatch(_AS_LEICA_WRITES, name) else None
    if note.lens_type and 4 <= note.lens_type < 4 * 64:
        return Tagged(f"six-bit code {note.lens_type >> 2}", "MakerNote LensType")
    before = packet.properties.get(own(COMPENSATED), "").strip()
    if before and before.isprintable():
        return Tagged(before[:LONGEST_MARK], f"XMP {own(COMPENSATED)}")
    model = None if own(LENS) in packet.properties else exif.text("LensModel")
    written = (Tagged(name.value.strip("\0 "), name.tag) for name in (note.name, model) if name)
    return next((name for name in written if re.fullmatch(_AS_LEICA_WRITES, name.value)), None)


_Found = Iterator[tuple[Iterable[str], Tagged[str]]]
"""Corrections, with the mark that says so."""


def _by_aux(properties: Mapping[str, str]) -> _Found:
    for kind, name in ALREADY_APPLIED.items():
        value = properties.get(f"aux:{name}", "").strip()
        if is_true(value):
            yield (kind,), Tagged(value, f"XMP aux:{name}")


def _by_camera_raw(properties: Mapping[str, str]) -> _Found:
    if not is_applied(properties):
        return
    has_profile = "1" if "crs:LensProfileName" in properties else None
    if is_true(properties.get("crs:LensProfileEnable", has_profile)):
        kinds = tuple(kind for kind, scale in _BY_PROFILE.items() if setting(properties, scale, 100))
        if kinds:
            yield kinds, Tagged("1", "XMP crs:LensProfileEnable")
    for name, kind in _BY_HAND.items():
        text = properties.get(f"crs:{name}")
        if is_true(text) or setting(properties, name):
            yield (kind,), Tagged((text or "")[:LONGEST_MARK].strip(), f"XMP crs:{name}")


def _by_digikam(properties: Mapping[str, str]) -> _Found:
    names = set()
    for name, said in digikam_filters(properties):
        kinds: tuple[str, ...] = ()
        if name == "digikam:LensFunFilter":
            kinds = tuple(kind for kind, short in _LENSFUN.items() if is_true(said.get(f"{short}Correction", "true")))
        elif name == "digikam:LensDistortionFilter":
            kinds = ("distortion",)
        elif name == "digikam:AntiVignettingFilter" and not is_true(said.get("addvignetting")):
            kinds = ("vignetting",)
        if kinds:
            yield kinds, Tagged(name, "XMP digiKam:ImageHistory")
        names.add(name)
    told = properties.get("digiKam:LensCorrectionSettings", "")
    if told.strip() and "digikam:LensFunFilter" not in names:
        # It is translated, so that only English tells what was not done.
        off = {kind for kind, short in _LENSFUN.items() if re.search(rf"{short.upper()} Correction: disabled", told)}
        if kinds := tuple(kind for kind in _LENSFUN if kind not in off):
            yield kinds, Tagged(told.strip()[:LONGEST_MARK], "XMP digiKam:LensCorrectionSettings")


def _by_sixbit(properties: Mapping[str, str]) -> _Found:
    digest = properties.get(own(FILTER), "").strip()
    if digest:
        named = properties.get(own(CORRECTED), "").split()
        # Shading has no standard mark: a filter that left none of those did nothing else.
        yield (
            named or (() if any(_by_aux(properties)) else ("shading",)),
            Tagged(digest[:LONGEST_MARK], f"XMP {own(FILTER)}"),
        )
