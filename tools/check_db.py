"""Check ``lens_db/``, or a folder like it: ``python -m tools.check_db [FOLDER]``.

Tells everything that is wrong and exits with 1: a file that lensfun would refuse, a lens that stands twice, a
calibration without source or grade, numbers that no lens has.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from math import hypot
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import lensfunpy
import numpy as np

from sixbit.compiler import optics
from sixbit.lenses.catalogue import load, read_table
from sixbit.lenses.entries import aspect_ratio, models
from sixbit.lenses.lensfun_xml import TERMS
from sixbit.manifest import data_path
from sixbit.values.errors import CatalogueError
from sixbit.values.kinds import KINDS, Grade
from sixbit.values.polynomial import evaluate

T = TypeVar("T")

VERSION = "1"
"""The newest version of lensfun's format that lensfun 0.3 reads, which the editors are built with."""
REQUIRED = {
    "distortion": ("focal",),
    "tca": ("focal",),
    "vignetting": ("focal", "aperture", "distance", "k1", "k2", "k3"),
}
"""Attributes that lensfun takes for 0 where they are missing (its document type, data/db/lensfun-database.dtd)."""
RISE = 0.02
"""How much the light may rise again towards the corner: printed figures are rounded."""


def problems(folder: Path) -> list[str]:
    """Tell everything that is wrong with the files of a folder, in words.

    >>> problems(data_path("lens_db"))
    []
    """
    found = [f"{path.name}: {problem}" for path in sorted(folder.glob("*.xml")) for problem in _of_file(path)]
    if not found:
        found += _of_tables(folder)
    return found


def _of_file(path: Path) -> Iterator[str]:
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    try:
        root = ElementTree.parse(path, parser).getroot()
    except (OSError, ElementTree.ParseError) as error:
        yield f"cannot be read: {error}"
        return
    if root.get("version") != VERSION:
        yield f"is of version {root.get('version')}, which the editors' lensfun refuses; write version {VERSION}"
        return
    for lens in root.iter("lens"):
        for problem in _of_lens(lens):
            yield f"{_model(lens)}: {problem}"
    try:
        yield from _of_lensfun(path, root)
    except ValueError as error:
        yield str(error)


def _of_lens(lens: Element) -> Iterator[str]:
    if not (lens.findtext("maker") or "").strip():
        yield "needs a <maker>"
    calibration = lens.find("calibration")
    if calibration is None:
        return
    if not any(element.tag is ElementTree.Comment for element in (*lens, *calibration)):
        yield "needs a comment that tells where the calibration is from"
    for row in calibration:
        if row.tag in TERMS:
            yield from (f"<{row.tag}> {problem}" for problem in _of_row(row))


def _of_row(row: Element) -> Iterator[str]:
    if row.get("model") not in TERMS[row.tag]:
        yield f"lensfun 0.3 has no {row.tag} model {row.get('model')!r}"
    yield from (f"needs the attribute {name!r}" for name in REQUIRED[row.tag] if row.get(name) is None)
    for name, text in row.items():
        try:
            number = 1.0 if name == "model" else float(text)
        except ValueError as error:
            yield str(error)
            continue
        if name in ("focal", "aperture", "distance") and number <= 0:
            yield f"{name} must be above 0, not {text}"


def _of_lensfun(path: Path, root: Element) -> Iterator[str]:
    """Does lensfun take every entry, by lensfunpy's library and the system's? And are these lenses?"""
    lenses = _loaded(path)
    elements = list(root.iter("lens"))
    if len(lenses) != len(elements):
        yield f"lensfun makes {len(lenses)} lenses of {len(elements)}: two are the same to it"
    count = _packaged_lensfun(path)
    if count is not None and count != len(elements):
        yield f"the system's lensfun loads {count} of {len(elements)} lenses"
    for element in elements:
        lens = next((lens for lens in lenses if lens.model in models(element)), None)
        if lens is None:
            yield f"lensfun does not load {_model(element)!r}"
        else:
            yield from (f"{lens.model}: {problem}" for problem in _of_optics(lens, hypot(aspect_ratio(element), 1)))


def _loaded(path: Path) -> list[Any]:
    """The lenses of a file as lensfunpy has them; ValueError with lensfun's reason, if it has none."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as messages:
        standard_error = os.dup(2)
        os.dup2(messages.fileno(), 2)  # lensfun tells its reason there alone
        try:
            lenses: list[Any] = lensfunpy.Database(paths=[str(path)], load_common=False, load_bundled=False).lenses
        except lensfunpy.XMLFormatError as error:
            messages.seek(0)
            reasons = re.findall(r"\[Lensfun\].*?:(\d+:\d+: .*)", messages.read())
            raise ValueError(f"lensfun refuses it: {'; '.join(reasons)}") from error
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
    return lenses


def _of_optics(lens: Any, corner: float) -> Iterator[str]:
    """Is this a lens? Points must keep their order along the radius, and light must stay above zero.

    The corner of the calibration's frame is in half short sides.
    """
    r = np.linspace(0, corner, 401)
    radial = [("distortion", optics.distortion(_lensfun_name(row), row.terms)) for row in lens.calib_distortion]
    for row in lens.calib_tca:
        colours = zip(("red", "blue"), optics.tca(_lensfun_name(row), row.terms), strict=True)
        radial += [(f"tca of {colour}", polynomial) for colour, polynomial in colours]
    for kind, polynomial in radial:
        if np.any(np.diff(r * evaluate(polynomial, r)) <= 0):
            yield f"the {kind} folds the picture over"
    r = np.linspace(0, 1, 401)
    for row in lens.calib_vignetting:
        light = evaluate(optics.vignetting(_lensfun_name(row), row.terms), r)
        if np.min(light) <= 0:
            yield f"the fall-off at f/{row.aperture:g} goes through zero at r = {r[np.argmax(light <= 0)]:.2f}"
        if np.max(light - np.minimum.accumulate(light)) > RISE:
            yield f"the light at f/{row.aperture:g} falls and rises again towards the corner"


def _lensfun_name(row: Any) -> str:
    name: str = row.model.name.lower()
    return name


def _packaged_lensfun(path: Path) -> int | None:
    """Count the lenses that the lensfun of this system's editors loads from a file; None if there is none."""
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
    crop_factors: dict[tuple[str, str], float] = {}
    names: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.xml")):
        for lens in ElementTree.parse(path).iter("lens"):
            names.append((lens.findtext("maker") or "", _model(lens).lower()))  # as lensfun compares
            there += [(path.name, _model(lens), kind) for kind in KINDS if lens.find(f"calibration/{kind}") is not None]
            crop_factors[path.name, _model(lens)] = float(lens.findtext("cropfactor") or 0)
    yield from (f"the lens {model!r} of {maker} stands in the XML twice" for maker, model in _twice(names))
    for row in table:
        wanted = crop_factors.get((row["file"], row["model"]))
        if wanted is not None and float(row["crop_factor"] or 0) != wanted:
            yield f"calibrations.csv: {row['lens_id']}, {row['kind']}: the XML says crop factor {wanted:g}"
    for file, model, kind in sorted(set(there) - listed):
        yield f"calibrations.csv lacks {kind} of {model!r} ({file}): every calibration needs a source and a grade"
    for file, model, kind in sorted(listed - set(there)):
        yield f"{file} has no {kind} of {model!r}, which calibrations.csv lists"


def _model(lens: Element) -> str:
    return (lens.findtext("model") or "").strip()


def _twice(values: Iterable[T]) -> list[T]:
    return [value for value, count in Counter(values).items() if count > 1]


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
