"""The lenses and bodies that are known: ``lens_db/`` and the user's own files.

Identities, codes and grades stand in small tables that load in milliseconds; the numbers stand in lensfun's XML and are
read, by lensfunpy, when a correction is compiled: what reads XML is imported then, as `sixbit lens` needs none of it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sixbit.lenses.comparison import figures_fit, omission_cost, own_name, says_the_same, tolerance
from sixbit.lenses.names import Name, read_name
from sixbit.machine import user_data
from sixbit.manifest import data_path
from sixbit.values.errors import CatalogueError, Code, CompileError
from sixbit.values.kinds import KINDS, TRUSTED, Grade
from sixbit.values.lens import Body, Calibration, Lens
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot, SixBitCode

if TYPE_CHECKING:
    from sixbit.lenses.entries import Entry
    from sixbit.lenses.own import Run


class CodeRow(NamedTuple):
    """One meaning of a six-bit code; ``selectors`` empty where no source tells them."""

    code: int
    selectors: frozenset[int]
    lens_id: str
    confirmed: bool


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
        self._names: dict[str, Name] = {}

    def lens(self, lens_id: str) -> Lens:
        """The lens with this identity; CompileError if there is none.

        >>> catalogue().lens("summicron-35-asph").name
        'Summicron-M 1:2/35 ASPH.'
        """
        if lens_id not in self.lenses:
            raise CompileError(
                Sentence("There is no lens with the identity {identity}.", Code.NO_SUCH_LENS, identity=repr(lens_id))
            )
        return self.lenses[lens_id]

    def name_of(self, lens: Lens) -> Name:
        """The name of a lens, read by the rules of :mod:`sixbit.lenses.names`."""
        if lens.lens_id not in self._names:
            self._names[lens.lens_id] = own_name(lens)
        return self._names[lens.lens_id]

    def by_name(self, text: str) -> list[tuple[float, Lens]]:
        """The lenses that a name fits, with what it leaves out of theirs as a cost, the nearest first."""
        name = read_name(text)
        fits = []
        for lens in self.lenses.values():
            # Figures first: most names need not be read then.
            possible = figures_fit(name, lens.focals, lens.f_number_open or None)
            cost = omission_cost(name, self.name_of(lens)) if possible else None
            if cost is None and any(says_the_same(name, read_name(other)) for other in lens.miswritten):
                cost = 0.0
            if cost is not None:
                fits.append((cost, lens))
        return sorted(fits, key=lambda fit: fit[0])

    def candidates(self, text: str) -> list[Lens]:
        """The lenses that a name may mean: the nearest, and those that differ by words often left out.

        >>> [lens.lens_id for lens in catalogue().candidates("Summilux-M 1:1.4/50 ASPH.")]
        ['summilux-50-asph', 'summilux-50-asph-ii']
        """
        fits, name = self.by_name(text), read_name(text)
        near = [lens for cost, lens in fits if cost <= fits[0][0] + tolerance(name)]
        numbered = [lens for lens in near if lens.details_sourced and name.product_numbers & {*lens.product_numbers}]
        return numbered or near

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        """The bodies of ``lens_db/`` and of the user's files."""
        from sixbit.lenses.bodies import read_bodies
        from sixbit.lenses.own import readable

        shipped, *own = [sorted(folder.glob("*.xml")) for folder in self.folders]
        users = readable(lambda path: read_bodies([path]), (path for paths in own for path in paths))
        return (*read_bodies(shipped), *(body for bodies in users for body in bodies))

    def body_for(self, make: str, model: str) -> Body | None:
        """The body of this make and model; also of lensfun's cameras, if lensfun knows it.

        >>> catalogue().body_for("LEICA CAMERA AG", "LEICA M10-R").crop_factor
        1.0
        """
        from sixbit.lenses.bodies import find_body

        return find_body(self.bodies, make, model) if model else None

    def body_of(self, shot: Shot) -> Body | None:
        """The body that a shot was taken with, None if it is not known."""
        return self.body_for(*shot.camera)

    def calibration_entries(
        self,
        lens_id: str,
        kinds: Iterable[str] = KINDS,
        grades: Iterable[Grade] = TRUSTED,
        crop_factor: float | None = None,
        camera: tuple[str, str] | None = None,
    ) -> dict[str, Entry]:
        """The lensfun entries to interpolate from, one for each kind there is a calibration of.

        They are the lens's own: what a body has left of a fall-off is told by :meth:`compensated_entry`.
        ``crop_factor`` is that of the picture: calibrations from a smaller sensor are left out. The user's runs have an
        optical centre on the body that they were made with, and none on another ``camera`` (make and model).
        Raises KeyError for an unknown lens_id, CatalogueError for a file that lensfun cannot read.
        """
        trusted = {*grades}
        best = self.lenses[lens_id].best_calibrations(trusted, crop_factor)
        # All runs with the lens on sensors of one size are interpolated together.
        runs = [run for run in self.runs if run.lens_id == lens_id and run.grade in trusted and not run.compensated]
        return {kind: self._entry(best[kind], runs, camera) for kind in kinds if kind in best and kind != "shading"}

    def _entry(self, calibration: Calibration, runs: list[Run], camera: tuple[str, str] | None) -> Entry:
        from sixbit.lenses.entries import entry_in

        if calibration.run:
            return self._merged(runs, calibration, camera)
        return entry_in(self.folders[-1 if calibration.own else 0] / calibration.file, calibration)

    def compensated_entry(
        self, lens_id: str, camera: tuple[str, str], compensated: str, crop_factor: float | None = None
    ) -> Entry | None:
        """The entry of what a camera (make and model) that knew the lens so leaves of its fall-off; None without."""
        runs = [run for run in self.runs if run.lens_id == lens_id and run.is_of_light_in(camera, compensated)]
        every = [one for run in runs for one in run.calibrations]
        found = [one for one in every if one.kind == "vignetting" and one.serves(crop_factor)]
        return self._merged(runs, found[-1], camera) if found else None

    def _merged(self, runs: list[Run], calibration: Calibration, camera: tuple[str, str] | None) -> Entry:
        from sixbit.lenses.bodies import same_body
        from sixbit.lenses.entries import merged_entry
        from sixbit.lenses.own import centre_of, that_count

        newest = next(run for run in runs if run.name == calibration.run)
        of_kind = [run for run in runs if calibration.kind in run.kinds and run.same_sensor(newest)]
        alike = that_count(of_kind, calibration.kind)
        source = "; ".join(run.origin_of(calibration.kind) for run in alike)
        weights = tuple(run.weight(calibration.kind) for run in alike)
        entry = merged_entry(tuple(run.xml for run in alike), weights, calibration._replace(source=source))
        on_body = [run for run in alike if camera is None or same_body((run.make, run.model), camera)]
        return entry._replace(centre=centre_of(on_body) or (0.0, 0.0))


@cache
def catalogue() -> Catalogue:
    """Everything known, read once.

    >>> catalogue().lenses["summicron-35-asph"].name
    'Summicron-M 1:2/35 ASPH.'
    """
    return load(data_path("lens_db"), own_folder())


def reload_catalogue() -> None:
    """Read everything anew when it is next asked for, because the user's files have changed."""
    from sixbit.lenses.entries import forget_files

    catalogue.cache_clear()
    forget_files()


def own_folder() -> Path:
    """Give the folder that holds the user's own calibrations."""
    return user_data() / "lens_db"


def load(folder: Path, own: Path | None = None) -> Catalogue:
    """Read the tables of a folder like ``lens_db/``, and the user's own files beside them.

    Raises CatalogueError, naming the table, for one that cannot be read; of a file of the user's that cannot, the user
    is told.
    """
    codes = tuple(_codes(folder))
    known = Catalogue({lens.lens_id: lens for lens in _lenses(folder, codes)}, codes, (folder,))
    return known if own is None or not own.is_dir() else _with_own(known, own)


def _codes(folder: Path) -> Iterator[CodeRow]:
    for row in read_table(folder / "sixbit_codes.csv"):
        yield CodeRow(
            int(row["code"]),
            frozenset(int(selector) for selector in row["selectors"].split()),
            row["lens_id"],
            row["confirmed"] != "no",
        )


def _lenses(folder: Path, codes: Iterable[CodeRow]) -> Iterator[Lens]:
    codes_of: dict[str, list[SixBitCode]] = {}
    for code in codes:
        codes_of.setdefault(code.lens_id, []).extend(
            SixBitCode(code.code, selector) for selector in (*sorted(code.selectors),) or (None,)
        )
    calibrations: dict[str, list[Calibration]] = {}
    for row in read_table(folder / "calibrations.csv"):
        # A row without a lens_id is an entry that is kept, but that no lens is trusted to.
        calibrations.setdefault(row["lens_id"], []).append(
            Calibration(
                row["kind"],
                Grade(row["grade"]),
                row["source"],
                row["file"],
                row["model"],
                crop_factor=float(row["crop_factor"] or 0),
            )
        )
    for row in read_table(folder / "lenses.csv"):
        focals = tuple(float(focal) for focal in row["focal_mm"].split())
        yield Lens(
            lens_id=row["lens_id"],
            name=row["name"],
            maker=row["maker"],
            focal_min=focals[0] if focals else 0.0,
            focal_max=focals[-1] if focals else 0.0,
            f_number_open=float(row["f_number"] or 0),
            calibrations=tuple(calibrations.get(row["lens_id"], ())),
            focals=focals,
            aliases=_texts(row["aliases"]),
            miswritten=_texts(row["miswritten"]),
            generations=frozenset(int(generation) for generation in row["generations"].split()),
            years=row["years"],
            near_m=float(row["near_m"]) if row["near_m"] else None,
            product_numbers=tuple(re.findall(r"\d{5}", row["product_numbers"])),
            codes=tuple(codes_of.get(row["lens_id"], ())),
            source=row["source"],
            details_source=row["details_source"],
        )


def _texts(cell: str) -> tuple[str, ...]:
    return tuple(text for text in cell.split("|") if text)


def read_table(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table; CatalogueError, naming it, if it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise CatalogueError(Sentence("cannot be read: {error}.", error=error), subject=path) from error


def _with_own(known: Catalogue, folder: Path) -> Catalogue:
    """Add the user's files: runs to their lens, other XML to the lenses its name may mean, or as a lens of its own."""
    from sixbit.lenses.own import own_lenses, read_runs, readable

    lenses = dict(known.lenses)

    def add(lens: Lens, calibrations: tuple[Calibration, ...]) -> None:
        lens = lenses.get(lens.lens_id, lens)
        lenses[lens.lens_id] = lens._replace(calibrations=lens.calibrations + calibrations)

    runs = read_runs(folder)
    for run in reversed(runs):
        if run.lens_id in lenses:
            add(lenses[run.lens_id], run.calibrations)
    for lenses_of_file in readable(own_lenses, sorted({*folder.glob("*.xml")} - {run.xml for run in runs})):
        for own in lenses_of_file:
            # The name a camera writes is that of several generations: the calibration then serves them all.
            for lens in known.candidates(own.name) or [own._replace(calibrations=())]:
                add(lens, own.calibrations)
    return Catalogue(lenses, known.codes, (*known.folders, folder), runs)
