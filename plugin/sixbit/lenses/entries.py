"""lensfun's XML: the files, read once, and the entries in them that calibrations are taken from.

It is imported by whoever is about to read XML, as the parser takes longer to load than a lens to match.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from sixbit.values.errors import CatalogueError, Code
from sixbit.values.lens import Calibration
from sixbit.values.sentence import Sentence

SETTINGS = ("focal", "aperture", "distance")
"""Attributes of a calibration that say how the lens was set."""


class Entry(NamedTuple):
    """A lensfun entry to take numbers from: the lensfunpy lens, and what lensfunpy does not tell of it."""

    lens: Any
    """``lensfunpy.Lens``"""
    calibration: Calibration
    crop_factor: float
    aspect_ratio: float
    centre: tuple[float, float]
    """The optical centre's offset, lensfun's ``<center>``, in units of half the short side."""


def entry_in(path: Path, calibration: Calibration) -> Entry:
    """Find the entry of a calibration in a file; CatalogueError if there is none."""
    element = next((lens for lens in xml_root(path).iter("lens") if calibration.model in models(lens)), None)
    # lensfun gives the name in the language of the system, if the entry has one.
    names = [] if element is None else models(element)
    lens = next((lens for lens in _loaded(path) if lens.model in names), None)
    if element is None or lens is None:
        raise CatalogueError(Sentence("has no entry {name}.", name=repr(calibration.model)), subject=path)
    try:
        return _entry(lens, element, calibration)
    except ValueError as error:
        why = Sentence("has an entry {name} that cannot be read ({error}).", name=repr(calibration.model), error=error)
        raise CatalogueError(why, subject=path) from error


@cache
def merged_entry(paths: tuple[Path, ...], weights: tuple[float, ...], calibration: Calibration) -> Entry:
    """Make one entry of the first lens of several files: lensfun interpolates between their calibrations.

    Those of the same setting are averaged by their ``weights`` where they have any, see :func:`merged`.
    """
    import lensfunpy

    found = [(xml_root(path).find("lens"), weight) for path, weight in zip(paths, weights, strict=True)]
    lenses = [(lens, weight) for lens, weight in found if lens is not None]
    root = ElementTree.Element("lensdatabase", version="1")
    try:
        of_kind = [{calibration.kind: weight} for _, weight in lenses]
        root.append(merged([lens for lens, _ in lenses], [calibration.kind], of_kind))
        text = ElementTree.tostring(root, encoding="unicode")
        lens = lensfunpy.Database(xml=text, load_common=False, load_bundled=False).lenses[0]
        return _entry(lens, root[0], calibration)
    except (lensfunpy.XMLFormatError, IndexError, ValueError) as error:
        names = ", ".join(path.name for path in paths)
        why = Sentence("lensfun cannot read this calibration of yours ({error}).", error=error)
        raise CatalogueError(why, Code.RUN, subject=names) from error


def merged(
    lenses: Sequence[Element], kinds: Iterable[str], weights: Sequence[Mapping[str, float | None]] = ()
) -> Element:
    """Merge the calibrations of several ``<lens>`` into one, by kind.

    Two for the same settings are averaged by the ``weights`` of their lenses (by kind), if both have one: they are the
    same lens, measured twice. Of models that have no common form the one of more weight counts, and where one has no
    weight, the later one. A weight of None leaves out what has it.
    """
    result = copy.deepcopy(lenses[-1])
    calibration = result.find("calibration")
    if calibration is not None:
        result.remove(calibration)
    calibration = SubElement(result, "calibration")
    for kind in kinds:
        found: dict[tuple[str, ...], tuple[Element, float]] = {}
        for lens, of_kinds in zip(lenses, weights or [{}] * len(lenses), strict=True):
            for each in lens.iterfind(f"calibration/{kind}"):
                settings = tuple(f"{float(each.get(name) or 0):.4g}" for name in SETTINGS)
                row, weight = copy.deepcopy(each), of_kinds.get(kind, 0.0)
                if weight is None:
                    continue
                earlier, before = found.pop(settings, (row, 0.0))
                found[settings] = _combined(earlier, before, row, weight) if before and weight else (row, weight)
        calibration.extend(row for row, _ in found.values())
    return result


def _combined(one: Element, before: float, other: Element, weight: float) -> tuple[Element, float]:
    """Two calibrations of the same setting as one, with its weight."""
    if one.get("model") != other.get("model"):
        one, other = _general(one), _general(other)
    if one.get("model") != other.get("model"):
        return (one, before) if before > weight else (other, weight)
    _average(other, one, before / (before + weight))
    return other, before + weight


def _general(row: Element) -> Element:
    """Write a calibration in the model of lensfun's that has more terms and holds it as a special case."""
    if row.tag == "distortion" and row.get("model") == "poly3":
        terms = {"model": "ptlens", "a": "0", "b": row.get("k1", "0"), "c": "0"}
    elif row.tag == "tca" and row.get("model") == "linear":
        terms = {"model": "poly3", "vr": row.get("kr", "1"), "vb": row.get("kb", "1")}
        terms |= dict.fromkeys(("cr", "cb", "br", "bb"), "0")
    else:
        return row
    return Element(row.tag, {name: value for name in SETTINGS if (value := row.get(name))} | terms)


def _average(row: Element, other: Element, share: float) -> None:
    """Move the terms of a calibration towards those of another of its model."""
    for name in {*row.keys()} - {"model", *SETTINGS}:
        mean = (1 - share) * float(row.get(name, 0)) + share * float(other.get(name, 0))
        row.set(name, f"{mean:.9g}")


def text_of(element: Element, tag: str) -> str:
    """The text of a child, empty if there is none."""
    return (element.findtext(tag) or "").strip()


def models(lens: Element) -> list[str]:
    """The names of a ``<lens>``."""
    return [(model.text or "").strip() for model in lens.findall("model")]


def aspect_ratio(lens: Element) -> float:
    """The aspect ratio of the pictures that a ``<lens>`` was calibrated from; ValueError for one that is no number."""
    width, _, height = (text_of(lens, "aspect-ratio") or "3:2").partition(":")
    try:
        return float(width) / float(height or 1)
    except ZeroDivisionError as error:
        raise ValueError("an aspect ratio without a height") from error


@cache
def xml_root(path: Path) -> Element:
    """Parse a file; CatalogueError, naming it, if that fails."""
    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError, LookupError, ValueError) as error:  # an encoding that nobody knows
        raise CatalogueError(Sentence("is no readable lensfun XML ({error}).", error=error), subject=path) from error


def forget_files() -> None:
    """Forget what was read, as files have changed."""
    for cached in (xml_root, _loaded, merged_entry):
        cached.cache_clear()


@cache
def _loaded(path: Path) -> tuple[Any, ...]:
    """The lenses of a file as lensfunpy has them."""
    import lensfunpy

    try:
        return tuple(lensfunpy.Database(paths=[str(path)], load_common=False, load_bundled=False).lenses)
    except lensfunpy.XMLFormatError as error:
        raise CatalogueError(Sentence("is refused by lensfun: {error}.", error=error), subject=path) from error


def _entry(lens: Any, element: Element, calibration: Calibration) -> Entry:
    """Raises ValueError for numbers that are none, or that no lens and no sensor has."""
    place = element.find("center")
    crop_factor = float(text_of(element, "cropfactor") or 1)
    centre = (0.0, 0.0) if place is None else (float(place.get("x", 0)), float(place.get("y", 0)))
    entry = Entry(lens, calibration, crop_factor, aspect_ratio(element), centre)
    for name, well in (
        ("<cropfactor>", 0 < entry.crop_factor < math.inf),
        ("<aspect-ratio>", 0 < entry.aspect_ratio < math.inf),
        ("<center>", all(map(math.isfinite, centre))),
    ):
        if not well:
            raise ValueError(f"its {name} is none that can be")
    return entry
