"""Check ``lens_db/``, or a folder like it: ``python -m tools.check_db [FOLDER]``.

Tells everything that is wrong and exits with 1: a file that lensfun would refuse, a lens that stands twice, a
calibration without source or grade, numbers that no lens has.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Iterator
from itertools import pairwise
from math import hypot
from pathlib import Path
from typing import NamedTuple, TypeVar
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sixbit.lenses.catalogue import load, read_table
from sixbit.manifest import data_path
from sixbit.values.errors import CatalogueError
from sixbit.values.kinds import KINDS, Grade

T = TypeVar("T")

VERSION = "1"
"""The newest version of lensfun's format that lensfun 0.3 reads, which the editors are built with."""


class Shape(NamedTuple):
    """What an element of lensfun's format may hold: children in this order, attributes, some of them required."""

    children: str = ""
    attributes: str = ""
    required: str = ""
    number: bool = False


SHAPES = {
    "lensdatabase": Shape("mount camera lens", "version", "version"),
    "mount": Shape("name compat"),
    "camera": Shape("maker model variant mount cropfactor aspect-ratio"),
    "lens": Shape("maker model mount focal aperture type cropfactor aspect-ratio center calibration"),
    "calibration": Shape("distortion tca vignetting real-focal-length"),
    "name": Shape(attributes="lang"),
    "maker": Shape(attributes="lang"),
    "model": Shape(attributes="lang"),
    "compat": Shape(),
    "variant": Shape(attributes="lang"),
    "type": Shape(),
    "cropfactor": Shape(number=True),
    "aspect-ratio": Shape(),
    "focal": Shape(attributes="value min max"),
    "aperture": Shape(attributes="value min max"),
    "center": Shape(attributes="x y"),
    "real-focal-length": Shape(attributes="focal real-focal"),
    "distortion": Shape(attributes="model focal k1 k2 a b c", required="model focal"),
    "tca": Shape(attributes="model focal kr kb vr vb cr cb br bb", required="model focal"),
    "vignetting": Shape(
        attributes="model focal aperture distance k1 k2 k3", required="model focal aperture distance k1 k2 k3"
    ),
}
"""lensfun's document type, as far as version 1 goes (data/db/lensfun-database.dtd of lensfun)."""

MODELS = {"distortion": ("poly3", "poly5", "ptlens"), "tca": ("linear", "poly3"), "vignetting": ("pa",)}
TYPES = ("rectilinear", "fisheye", "panoramic", "stereographic", "equisolid")
RISE = 0.02
"""How much the light may rise again towards the corner: printed figures are rounded."""


def problems(folder: Path) -> list[str]:
    """Everything that is wrong with the files of a folder, in words.

    >>> problems(data_path("lens_db"))
    []
    """
    found = [f"{path.name}: {problem}" for path in sorted(folder.glob("*.xml")) for problem in _of_file(path)]
    if not found:
        found += _of_tables(folder)
    return found


def _of_file(path: Path) -> Iterator[str]:
    try:
        root = ElementTree.parse(
            path, ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
        ).getroot()
    except (OSError, ElementTree.ParseError) as error:
        yield f"cannot be read: {error}"
        return
    shape = list(_of_shape(root))
    yield from shape
    if shape:
        return
    if root.get("version") != VERSION:
        yield f"is of version {root.get('version')}, which the editors' lensfun refuses; write version {VERSION}"
        return
    for lens in root.iter("lens"):
        for problem in _of_lens(lens):
            yield f"{_model(lens)}: {problem}"
    yield from _of_lensfun(path, root)


def _of_shape(element: Element, above: str = "") -> Iterator[str]:
    shape = SHAPES.get(str(element.tag))
    if shape is None or (not above and element.tag != "lensdatabase"):
        yield f"<{element.tag}> is no element of lensfun's format"
        return
    for name in set(element.keys()) - {*shape.attributes.split()}:
        yield f"<{element.tag}> has no attribute {name!r}"
    for name in {*shape.required.split()} - set(element.keys()):
        yield f"<{element.tag}> needs the attribute {name!r}"
    if shape.number and not _positive(element.text):
        yield f"<{element.tag}> must be a number above 0, not {element.text!r}"
    children = [child for child in element if isinstance(child.tag, str)]
    order = shape.children.split()
    places = [order.index(child.tag) for child in children if child.tag in order]
    if element.tag != "calibration" and places != sorted(places):
        yield f"the elements of <{element.tag}> must stand in the order {', '.join(order)}"
    for child in children:
        if child.tag not in order:
            yield f"<{child.tag}> cannot stand in <{element.tag}>"
        else:
            yield from _of_shape(child, str(element.tag))


def _of_lens(lens: Element) -> Iterator[str]:
    for needed in ("maker", "model", "mount", "cropfactor"):
        if not (lens.findtext(needed) or "").strip():
            yield f"needs a <{needed}>"
    if (kind := lens.findtext("type")) and kind not in TYPES:
        yield f"there is no lens type {kind!r}"
    calibration = lens.find("calibration")
    if calibration is None:
        return
    if not any(element.tag is ElementTree.Comment for element in (*lens, *calibration)):
        yield "needs a comment that tells where the calibration is from"
    width, _, height = (lens.findtext("aspect-ratio") or "3:2").partition(":")
    ratio = float(width) / float(height or 1)
    corner = hypot(ratio, 1)  # of the calibration's frame, in units of half its short side
    for row in calibration:
        if row.tag in MODELS and row.get("model") not in MODELS[str(row.tag)]:
            yield f"lensfun 0.3 has no {row.tag} model {row.get('model')!r}"
        elif row.tag in MODELS:
            try:
                yield from _of_numbers(row, corner)
            except ValueError as error:
                yield f"<{row.tag}>: {error}"


def _of_numbers(row: Element, corner: float) -> Iterator[str]:
    """Is this a lens? Points must keep their order along the radius, and light must stay above zero."""
    number = {name: float(value) for name, value in row.items() if name != "model"}
    if any(number.get(name, 1.0) <= 0 for name in ("focal", "aperture", "distance")):
        yield f"<{row.tag}>: focal, aperture and distance must be above 0"
    steps = [step / 400 for step in range(401)]
    if row.tag == "vignetting":
        light = [1 + number["k1"] * r**2 + number["k2"] * r**4 + number["k3"] * r**6 for r in steps]
        if min(light) <= 0:
            yield f"the fall-off at f/{number['aperture']:g} goes through zero at r = {steps[_first_dark(light)]:.2f}"
        if max(later - least for later, least in zip(light, _least(light), strict=True)) > RISE:
            yield f"the light at f/{number['aperture']:g} falls and rises again towards the corner"
        return
    for colour, coefficients in _radial(row, number):
        image = [sum(c * (r * corner) ** power for power, c in enumerate(coefficients, 1)) for r in steps]
        if any(outer <= inner for inner, outer in pairwise(image)):
            yield f"the {row.tag}{colour} folds the picture over"


def _radial(row: Element, number: dict[str, float]) -> Iterator[tuple[str, tuple[float, ...]]]:
    """The polynomial of the distorted radius, from the first power on (lensfun, libs/lensfun/mod-coord.cpp)."""

    def of(name: str, default: float = 0.0) -> float:
        return number.get(name, default)

    match row.tag, row.get("model"):
        case "distortion", "ptlens":
            yield "", (1 - of("a") - of("b") - of("c"), of("c"), of("b"), of("a"))
        case "distortion", "poly3":
            yield "", (1 - of("k1"), 0.0, of("k1"))
        case "distortion", "poly5":
            yield "", (1.0, 0.0, of("k1"), 0.0, of("k2"))
        case "tca", "linear":
            yield " of red", (of("kr", 1),)
            yield " of blue", (of("kb", 1),)
        case "tca", "poly3":
            yield " of red", (of("vr", 1), of("cr"), of("br"))
            yield " of blue", (of("vb", 1), of("cb"), of("bb"))


def _of_lensfun(path: Path, root: Element) -> Iterator[str]:
    """Does lensfun take every entry? By lensfunpy's library, and by the system's if there is one."""
    import lensfunpy

    models = [[(model.text or "").strip() for model in lens.findall("model")] for lens in root.iter("lens")]
    try:
        taken = lensfunpy.Database(paths=[str(path)], load_common=False, load_bundled=False)
    except lensfunpy.XMLFormatError as error:
        yield f"lensfun refuses it: {error}"
        return
    loaded = [lens.model for lens in taken.lenses]
    yield from (f"lensfun does not load {names[0]!r}" for names in models if not {*names} & {*loaded})
    if len(loaded) != len(models):
        yield f"lensfun makes {len(loaded)} lenses of {len(models)}: two are the same to it"
    count = _packaged_lensfun(path)
    if count is not None and count != len(models):
        yield f"the system's lensfun loads {count} of {len(models)} lenses"


def _packaged_lensfun(path: Path) -> int | None:
    """How many lenses the lensfun that this system's editors use loads from a file; None if there is none."""
    name = ctypes.util.find_library("lensfun")
    if not name:
        return None
    lensfun = ctypes.CDLL(name)
    lensfun.lf_db_new.restype = ctypes.c_void_p
    lensfun.lf_db_get_lenses.restype = ctypes.POINTER(ctypes.c_void_p)
    database = ctypes.c_void_p(lensfun.lf_db_new())
    try:
        if lensfun.lf_db_load_file(database, str(path).encode()):
            return 0
        lenses = lensfun.lf_db_get_lenses(database)
        count = 0
        while lenses and lenses[count]:
            count += 1
        return count
    finally:
        lensfun.lf_db_destroy(database)


def _of_tables(folder: Path) -> Iterator[str]:
    """Do the tables and the XML files say the same?"""
    try:
        known = load(folder)
    except (CatalogueError, KeyError, ValueError) as error:
        yield f"the tables cannot be read: {error}"
        return
    rows = list(read_table(folder / "lenses.csv"))
    yield from (f"lenses.csv: {lens_id} stands twice" for lens_id in _twice([row["lens_id"] for row in rows]))
    yield from (f"lenses.csv: the name {name!r} stands twice" for name in _twice([row["name"] for row in rows]))
    for lens in known.lenses.values():
        if not lens.source:
            yield f"lenses.csv: {lens.lens_id} has no source (UNSOURCED, if it is general knowledge)"
        if lens.lens_id not in [found.lens_id for found in known.candidates(lens.name)]:
            yield f"lenses.csv: the name {lens.name!r} is not read as {lens.lens_id}"
    for row in known.codes:
        if row.lens_id not in known.lenses:
            yield f"sixbit_codes.csv: code {row.code} is of {row.lens_id}, which lenses.csv lacks"
        if not 1 <= row.code <= 63:
            yield f"sixbit_codes.csv: {row.code} is no six-bit code"
    yield from _of_calibrations(folder)


def _of_calibrations(folder: Path) -> Iterator[str]:
    table = list(read_table(folder / "calibrations.csv"))
    lenses = {row["lens_id"] for row in read_table(folder / "lenses.csv")}
    listed = {(row["file"], row["model"], row["kind"]) for row in table}
    for row in table:
        if not row["source"].strip():
            yield f"calibrations.csv: {row['lens_id']}, {row['kind']}: no source"
        if row["grade"] not in [*Grade]:
            yield f"calibrations.csv: {row['lens_id']}, {row['kind']}: no grade {row['grade']!r}"
        if row["lens_id"] and row["lens_id"] not in lenses:
            yield f"calibrations.csv: {row['lens_id']} is not in lenses.csv"
    there: list[tuple[str, str, str]] = []
    names: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.xml")):
        for lens in ElementTree.parse(path).iter("lens"):
            names.append((lens.findtext("maker") or "", _model(lens).lower()))  # as lensfun compares
            there += [(path.name, _model(lens), kind) for kind in KINDS if lens.find(f"calibration/{kind}") is not None]
    yield from (f"the lens {model!r} of {maker} stands in the XML twice" for maker, model in _twice(names))
    for file, model, kind in sorted(set(there) - listed):
        yield f"calibrations.csv lacks {kind} of {model!r} ({file}): every calibration needs a source and a grade"
    for file, model, kind in sorted(listed - set(there)):
        yield f"{file} has no {kind} of {model!r}, which calibrations.csv lists"


def _model(lens: Element) -> str:
    return (lens.findtext("model") or "").strip()


def _positive(text: str | None) -> bool:
    try:
        return float(text or "") > 0
    except ValueError:
        return False


def _first_dark(light: list[float]) -> int:
    return next(place for place, value in enumerate(light) if value <= 0)


def _least(values: list[float]) -> list[float]:
    least, so_far = [], values[0]
    for value in values:
        so_far = min(so_far, value)
        least.append(so_far)
    return least


def _twice(values: list[T]) -> list[T]:
    return sorted({value for value in values if values.count(value) > 1}, key=str)


def main() -> int:
    """Tell what is wrong; 1 if anything is."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else data_path("lens_db")
    found = problems(folder)
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        known = load(folder)
        calibrated = sum(bool(lens.calibrations) for lens in known.lenses.values())
        print(f"{len(known.lenses)} lenses, {calibrated} with a calibration, {len(known.bodies)} bodies: all right")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
