"""The lenses and bodies that are known: ``lens_db/`` and the user's own files.

Identities, codes and grades stand in small tables that load in milliseconds; the numbers stand in lensfun's XML and are
read, by lensfunpy, when a correction is compiled.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sixbit.lenses.likeness import LensNames, difference, figures_fit, lens_names, same_lens, slack
from sixbit.lenses.names import read_name
from sixbit.lenses.own import Run, RunError, merged, read_runs
from sixbit.machine import user_data
from sixbit.manifest import data_path
from sixbit.values.errors import SixbitError
from sixbit.values.kinds import KINDS, TRUSTED, Grade
from sixbit.values.lens import Body, Calibration, Lens
from sixbit.values.shot import SixBitCode

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class CatalogueError(SixbitError, ValueError):
    """A table or XML file that cannot be read; the message names it."""


class CodeRow(NamedTuple):
    """One meaning of a six-bit code; ``selectors`` empty where no source tells them."""

    code: int
    selectors: frozenset[int]
    frame_lines: str
    lens_id: str
    confirmed: bool
    note: str


class Entry(NamedTuple):
    """A lensfun entry to take numbers from: the lensfunpy lens, and what lensfunpy does not tell of it."""

    lens: Any
    """``lensfunpy.Lens``"""
    calibration: Calibration
    crop_factor: float
    aspect_ratio: float
    centre: tuple[float, float]
    """The optical centre's offset, lensfun's ``<center>``, in units of half the short side."""


class Catalogue:
    """All that is known: ``lenses`` by lens_id, ``codes``, and the ``folders`` of the XML files, Sixbit's own first.

    ``runs`` are the user's own calibrations that Sixbit made, the oldest first.
    """

    def __init__(
        self,
        lenses: Mapping[str, Lens],
        codes: tuple[CodeRow, ...],
        folders: tuple[Path, ...],
        runs: tuple[Run, ...] = (),
    ) -> None:
        self.lenses = lenses
        self.codes = codes
        self.folders = folders
        self.runs = runs
        self._names: dict[str, LensNames] = {}

    def names_of(self, lens_id: str) -> LensNames:
        """The names of a lens, read by the rules of :mod:`sixbit.lenses.names`."""
        if lens_id not in self._names:
            lens = self.lenses[lens_id]
            open_ = lens.f_number_open or None
            texts = (lens.name, *lens.aliases)
            self._names[lens_id] = lens_names(lens.maker, texts, lens.focals, open_, lens.generations)
        return self._names[lens_id]

    def by_name(self, text: str) -> list[tuple[float, Lens]]:
        """The lenses that a name fits, with what it leaves out of theirs as a cost, the nearest first."""
        name = read_name(text)
        fits = []
        for lens_id, lens in self.lenses.items():
            # Figures first: most names need not be read then.
            possible = figures_fit(name, lens.focals, lens.f_number_open or None)
            cost = difference(name, self.names_of(lens_id)) if possible else None
            if cost is None and any(same_lens(name, read_name(other)) for other in lens.miswritten):
                cost = 0.0
            if cost is not None:
                fits.append((cost, lens))
        return sorted(fits, key=lambda fit: fit[0])

    def meant_by(self, text: str) -> list[Lens]:
        """The lenses that may be meant by a name: the nearest, and those that differ by words often left out."""
        fits, name = self.by_name(text), read_name(text)
        meant = [lens for cost, lens in fits if cost <= fits[0][0] + slack(name)]
        numbered = [lens for lens in meant if lens.details_sourced and name.product_numbers & {*lens.product_numbers}]
        return numbered or meant

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        """The bodies of ``lens_db/`` and of the user's files."""
        return tuple(
            Body(
                _text(camera, "maker"),
                model.text or "",
                float(_text(camera, "cropfactor")),
                _text(camera, "mount"),
                _text(camera, "variant"),
            )
            for path in self.xml_files()
            for camera in _xml(path).iter("camera")
            for model in camera.findall("model")
        )

    def body_for(self, make: str | None, model: str | None) -> Body | None:
        """The body of a photo by its Make and Model; also of lensfun's cameras, if lensfun knows it.

        >>> catalogue().body_for("LEICA CAMERA AG", "LEICA M10-R").crop_factor
        1.0
        """
        if not model:
            return None
        wanted = _plain_model(make, model)
        for body in self.bodies:
            if _plain_model(body.make, body.model) == wanted:
                return body
        return _lensfun_body(make or "", model)

    def xml_files(self) -> list[Path]:
        """All XML files, the user's last."""
        return [path for folder in self.folders if folder.is_dir() for path in sorted(folder.glob("*.xml"))]

    def calibration_entries(
        self,
        lens_id: str,
        kinds: Iterable[str] = KINDS,
        grades: Iterable[Grade] = TRUSTED,
        crop_factor: float | None = None,
    ) -> dict[str, Entry]:
        """The lensfun entries to interpolate from, one for each kind there is a calibration of.

        ``crop_factor`` is that of the picture: the user's own calibrations from a smaller sensor are left out.
        Raises KeyError for an unknown lens_id, CatalogueError for a file that lensfun cannot read.
        """
        wanted = self.lenses[lens_id].best_calibrations(grades, crop_factor)
        return {
            kind: self._own_entry(lens_id, wanted[kind]) if wanted[kind].run else self._entry(wanted[kind])
            for kind in kinds
            if kind in wanted and kind != "shading"
        }

    def _own_entry(self, lens_id: str, calibration: Calibration) -> Entry:
        """One entry of all the user's runs with a lens on sensors of one size: they are interpolated together."""
        runs = [run for run in self.runs if run.lens_id == lens_id and calibration.kind in run.kinds]
        newest = next(run for run in runs if run.name == calibration.run)
        runs = [run for run in runs if run.same_sensor(newest)]
        lens, element = _merged_lens(tuple(run.xml for run in runs), calibration.kind)
        source = "; ".join(run.said for run in runs)
        return Entry(lens, calibration._replace(source=source), *_frame(element))

    def _entry(self, calibration: Calibration) -> Entry:
        folder = self.folders[-1] if calibration.own else self.folders[0]
        path = folder / calibration.file
        element = next((lens for lens in _xml(path).iter("lens") if calibration.model in _models(lens)), None)
        # lensfun gives the name in the language of the system, if the entry has one.
        names = [] if element is None else _models(element)
        lens = next((lens for lens in _lensfun_lenses(path) if lens.model in names), None)
        if element is None or lens is None:
            raise CatalogueError(f"{path} has no entry {calibration.model!r}; repair the file or its table.")
        return Entry(lens, calibration, *_frame(element))


@cache
def catalogue() -> Catalogue:
    """Everything known, read once.

    >>> catalogue().lenses["summicron-35-asph"].name
    'Summicron-M 1:2/35 ASPH.'
    """
    own = own_folder()
    return load(data_path("lens_db"), own)


def own_folder() -> Path:
    """Where the user's own calibrations and choices stand."""
    return user_data() / "lens_db"


def load(folder: Path, own: Path | None = None) -> Catalogue:
    """Read the tables of a folder like ``lens_db/``, and the user's own XML files beside them."""
    codes = tuple(
        CodeRow(
            int(row["code"]),
            frozenset(int(selector) for selector in row["selectors"].split()),
            row["frame_lines"],
            row["lens_id"],
            row["confirmed"] != "no",
            row["note"],
        )
        for row in read_table(folder / "sixbit_codes.csv")
    )
    by_lens: dict[str, list[SixBitCode]] = {}
    for code in codes:
        by_lens.setdefault(code.lens_id, []).extend(
            SixBitCode(code.code, selector) for selector in (*sorted(code.selectors),) or (None,)
        )
    calibrations: dict[str, list[Calibration]] = {}
    for row in read_table(folder / "calibrations.csv"):
        # A row without a lens_id is an entry that is kept, but that no lens is trusted to.
        calibrations.setdefault(row["lens_id"], []).append(
            Calibration(row["kind"], Grade(row["grade"]), row["source"], row["file"], row["model"])
        )
    lenses = {}
    for row in read_table(folder / "lenses.csv"):
        focals = tuple(float(focal) for focal in row["focal_mm"].split())
        lenses[row["lens_id"]] = Lens(
            lens_id=row["lens_id"],
            name=row["name"],
            maker=row["maker"],
            focal_min=focals[0] if focals else 0.0,
            focal_max=focals[-1] if focals else 0.0,
            f_number_open=float(row["f_number"] or 0),
            calibrations=tuple(calibrations.get(row["lens_id"], ())),
            focals=focals,
            aliases=tuple(alias for alias in row["aliases"].split("|") if alias),
            miswritten=tuple(alias for alias in row["miswritten"].split("|") if alias),
            generations=frozenset(int(generation) for generation in row["generations"].split()),
            years=row["years"],
            near_m=float(row["near_m"]) if row["near_m"] else None,
            product_numbers=tuple(re.findall(r"\d{5}", row["product_numbers"])),
            codes=tuple(by_lens.get(row["lens_id"], ())),
            source=row["source"],
            details_source=row["details_source"],
        )
    known = Catalogue(lenses, codes, (folder,))
    return known if own is None or not own.is_dir() else _with_own(known, own)


def renew() -> None:
    """Forget what was read, because the user's files have changed."""
    for cached in (catalogue, _xml, _lensfun_lenses, _merged_lens):
        cached.cache_clear()


def _with_own(known: Catalogue, own: Path) -> Catalogue:
    """Add the user's files: records to their lens, other XML to the lenses its name means, or as lenses of its own."""
    lenses = dict(known.lenses)
    try:
        runs = read_runs(own)
    except RunError as error:
        raise CatalogueError(str(error)) from error
    for run in reversed(runs):
        if lens := lenses.get(run.lens_id):
            file = (run.xml if run.has_xml else run.path).name
            found = tuple(
                Calibration(kind, Grade.MEASURED, run.said, file, run.lens, True, run.name, run.crop_factor)
                for kind in run.kinds
            )
            lenses[lens.lens_id] = lens._replace(calibrations=lens.calibrations + found)
    for path in sorted({*own.glob("*.xml")} - {run.xml for run in runs}):
        for element in _xml(path).iter("lens"):
            models = _models(element)
            if not models:
                raise CatalogueError(f"{path} has a lens without a <model>; name it as the camera writes it.")
            found = tuple(
                Calibration(kind, Grade.MEASURED, f"your own ({path.name})", path.name, models[0], own=True)
                for kind in KINDS
                if element.find(f"calibration/{kind}") is not None
            )
            # The name a camera writes is that of several generations: the calibration then serves them all.
            meant = known.meant_by(models[0]) or [_identity(element, models)]
            for lens in meant:
                lens = lenses.get(lens.lens_id, lens)
                lenses[lens.lens_id] = lens._replace(calibrations=lens.calibrations + found)
    return Catalogue(lenses, known.codes, (*known.folders, own), runs)


def _identity(element: Element, models: list[str]) -> Lens:
    name = read_name(models[0])
    focals = name.focals or tuple(
        sorted({float(row.get("focal", 0)) for row in element.iterfind("calibration/*") if row.get("focal")})
    )
    makers = [maker.text or "" for maker in element.findall("maker")]
    return Lens(
        lens_id="own-" + re.sub(r"[^a-z0-9.]+", "-", models[0].lower()).strip("-"),
        name=models[0],
        maker=min(name.makers, default=makers[0] if makers else ""),
        focal_min=focals[0] if focals else 0.0,
        focal_max=focals[-1] if focals else 0.0,
        f_number_open=name.f_number or 0.0,
        focals=focals,
        aliases=tuple(models[1:]),
        source="your own",
        details_source="your own",
    )


def read_table(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table; CatalogueError, naming it, if it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}") from error


@cache
def _xml(path: Path) -> Element:
    from xml.etree import ElementTree

    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise CatalogueError(f"{path} is no readable lensfun XML ({error}); repair it or remove it.") from error


@cache
def _lensfun_lenses(path: Path) -> tuple[Any, ...]:
    import lensfunpy

    try:
        return tuple(lensfunpy.Database(paths=[str(path)], load_common=False, load_bundled=False).lenses)
    except lensfunpy.XMLFormatError as error:
        raise CatalogueError(f"{path} is refused by lensfun: {error}") from error


@cache
def _merged_lens(files: tuple[Path, ...], kind: str) -> tuple[Any, Element]:
    """The lens that several of the user's runs make together: as lensfunpy has it, and as XML."""
    from xml.etree import ElementTree

    import lensfunpy

    found = [(path, _xml(path).find("lens")) for path in files]
    lenses = [lens for _, lens in found if lens is not None]
    root = ElementTree.Element("lensdatabase", version="1")
    try:
        root.append(merged(lenses, [kind]))
        text = ElementTree.tostring(root, encoding="unicode")
        return lensfunpy.Database(xml=text, load_common=False, load_bundled=False).lenses[0], root[0]
    except (lensfunpy.XMLFormatError, IndexError, ValueError) as error:
        names = ", ".join(path.name for path in files)
        raise CatalogueError(f"{names}: lensfun cannot read this calibration of yours ({error}); remove it.") from error


@cache
def _lensfun_body(make: str, model: str) -> Body | None:
    """A body of lensfun's own database: for mirrorless cameras with an adapter."""
    import lensfunpy

    cameras = lensfunpy.Database().find_cameras(make, model)
    same = [camera for camera in cameras if _plain_model(camera.maker, camera.model) == _plain_model(make, model)]
    if not same:
        return None
    return Body(same[0].maker, same[0].model, float(same[0].crop_factor), same[0].mount, "from lensfun's database")


def _text(element: Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _models(element: Element) -> list[str]:
    return [(model.text or "").strip() for model in element.findall("model")]


def _frame(element: Element) -> tuple[float, float, tuple[float, float]]:
    """Crop factor, aspect ratio and centre of the calibration's pictures."""
    crop = float(_text(element, "cropfactor") or 1)
    ratio = _text(element, "aspect-ratio") or "3:2"
    width, _, height = ratio.partition(":")
    centre = element.find("center")
    offset = (0.0, 0.0) if centre is None else (float(centre.get("x", 0)), float(centre.get("y", 0)))
    return crop, float(width) / float(height or 1), offset


def same_body(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """True if two makes and models, as EXIF writes them, name the same body."""
    return _plain_model(*one) == _plain_model(*other)


def _plain_model(make: str | None, model: str) -> str:
    """Make and model without case, and without the maker's name that some bodies repeat in the model."""
    text = re.sub(r"[^a-z0-9]+", " ", f"{model}".lower()).strip()
    makers = (make or "").lower().split()
    words = [word for word in text.split() if word not in ("leica", "camera", "ag", *makers)]
    return " ".join(["leica" if "leica" in (*makers, *text.split()) else "".join(makers[:1]), *words])
