"""The user's own calibrations: the records of Sixbit's runs, and lensfun XML from elsewhere.

A run's record is a JSON file in the user's ``lens_db`` folder: what was measured, of which lens, on which body. What
lensfun can say of the run stands beside it, in lensfun XML of the same name; colour shading, which lensfun cannot say,
stands in the record itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sixbit.files.reading import of_library, reading
from sixbit.lenses.names import read_name
from sixbit.values.errors import CatalogueError, Code, go_on_without
from sixbit.values.kinds import KINDS, SPOKEN, Grade
from sixbit.values.known import UNITS, Known
from sixbit.values.lens import Calibration, Lens
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

T = TypeVar("T")

FORMAT = 1
SUFFIX = ".calibration.json"
COMPENSATED_SUFFIX = ".compensated"
"""Of the lensfun XML of what a body leaves of a fall-off."""
FARTHEST_CENTRE = 0.5
"""Half short sides that an optical centre may lie beside the middle."""


def weight_of(kind: str, known: Known, half_diagonal_px: float | None) -> float:
    """Weight of an error of a kind; what is in px is of photos of this half diagonal, and 0 if that is not known.

    >>> error = Known((0.5,) * 11, 1.0)
    >>> weight_of("distortion", error, None), weight_of("tca", error, 1000), weight_of("tca", error, 2000)
    (4.0, 4000000.0, 16000000.0)
    """
    # A px of a small photo is much of the sensor.
    size = half_diagonal_px or 0.0 if UNITS[kind] == "px" else 1.0
    return known.weight * size**2


class Run(NamedTuple):
    """One calibration run. Lengths are in mm, the distance in metres (None: infinity)."""

    folder: Path
    name: str
    """Unique in the database; ``sixbit calibrate remove NAME`` takes the run back."""
    lens_id: str
    lens: str
    kinds: tuple[str, ...]
    crop_factor: float
    aspect_ratio: float
    focal_mm: float
    source: str
    """Tells in words what it was made from."""
    date: str
    """Day and time, ISO 8601."""
    f_number: float | None = None
    distance_m: float | None = None
    make: str = ""
    model: str = ""
    """The body, as EXIF writes it."""
    grade: Grade = Grade.MEASURED
    """Published, if it was made of a figure that a manual or a test says."""
    imported: bool = False
    """True if somebody else measured it."""
    shading: Mapping[str, Any] | None = None
    """Colour shading as JSON values, see :mod:`sixbit.compiler.shading`."""
    known: Mapping[str, Known] = MappingProxyType({})
    """How well each kind is known; nothing of older records and of colour shading."""
    centre: tuple[float, float] | None = None
    """The optical centre from the middle of the picture, in half short sides, where it is surely beside it."""
    learnt_from: tuple[str, ...] = ()
    """Digests of the photos that it was measured from, so that none counts twice."""
    half_diagonal_px: float | None = None
    """Of the photos, in whose px the error of lateral colour is."""
    known_if_said: Mapping[str, Known] = MappingProxyType({})
    """How well each kind would be known, if the aperture were said that the body has guessed."""
    compensated: str | None = ""
    """Of fall-off and shading: how the body knew the lens, for which it had compensated them; empty if it did not, None
    if nobody knows, as records of before do not tell."""

    @property
    def path(self) -> Path:
        """The path of the record itself."""
        return self.folder / f"{self.name}{SUFFIX}"

    @property
    def xml(self) -> Path:
        """The path of its lensfun XML; there is none of shading alone.

        What a body leaves of a fall-off is no lens's, and who reads the folder's ``*.xml`` shall not take it for that.
        """
        return self.folder / f"{self.name}{COMPENSATED_SUFFIX if self.compensated else '.xml'}"

    @property
    def has_xml(self) -> bool:
        """True if there is lensfun XML of it."""
        return any(kind != "shading" for kind in self.kinds)

    @property
    def is_for_lensfun(self) -> bool:
        """True if lensfun can say something of it: it knows neither shading nor what a body has compensated."""
        return self.has_xml and not self.compensated

    def is_of_light_in(self, camera: tuple[str, str], compensated: str) -> bool:
        """True if it tells the fall-off or shading of photos by a camera (make and model) that knew the lens so."""
        from sixbit.lenses.bodies import same_body

        if self.compensated not in (compensated, None):
            return False
        return not compensated or same_body((self.make, self.model), camera)

    @property
    def origin(self) -> str:
        """The words that are shown with a lens for where its calibration comes from."""
        return self.origin_of(*self.kinds)

    def origin_of(self, *kinds: str) -> str:
        """Those words for some of its kinds, of which the errors are told."""
        knew = f" that knew the lens ({self.compensated})" if self.compensated else ""
        body = f", {self.model}{knew}" if self.model else ""
        whose = "imported" if self.imported else "your own"
        told = [(kind, self.known[kind].in_words(kind)) for kind in kinds if kind in self.known]
        error = "".join(f", {f'{SPOKEN[kind]} ' * (len(told) > 1)}{words}" for kind, words in told)
        return f"{whose}, {self.date[:10]}{body}: {self.source}{error}"

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """The calibrations that the run adds to its lens."""
        file = (self.xml if self.has_xml else self.path).name
        errors = {kind: known.in_short(kind) for kind, known in self.known.items()}
        return tuple(
            Calibration(
                kind,
                self.grade,
                self.origin_of(kind),
                file,
                self.lens,
                own=True,
                run=self.name,
                crop_factor=self.crop_factor,
                error=errors.get(kind, ""),
                compensated=bool(self.compensated),
            )
            for kind in self.kinds
        )

    def setting(self, kind: str) -> tuple[float | None, ...]:
        """How the lens was set, as far as it matters for a kind: light alone depends on aperture and distance."""
        return (self.focal_mm, *((self.f_number, self.distance_m) if kind in ("vignetting", "shading") else ()))

    def weight(self, kind: str) -> float:
        """Weight of what it says of a kind beside other runs of the same owner; 0 if its error is not known."""
        if kind not in self.known or self.imported:
            return 0.0
        return weight_of(kind, self.known[kind], self.half_diagonal_px)

    def same_sensor(self, other: Run) -> bool:
        """True if two runs were made on sensors of one size and shape: then lensfun can hold them in one entry.

        Cameras of one format differ in shape by some pixels, which moves 5 % of distortion by less than 0.04 %.
        """
        same_size = abs(self.crop_factor / other.crop_factor - 1) < 0.005
        return same_size and abs(self.aspect_ratio / other.aspect_ratio - 1) < 0.01

    def to_json(self) -> str:
        """The record as JSON text."""
        import json

        fields = {name: value for name, value in self._asdict().items() if name not in ("folder", "name")}
        for name in ("known", "known_if_said"):
            fields[name] = {kind: known._asdict() for kind, known in fields[name].items()}
        return json.dumps({"sixbit_calibration": FORMAT, **fields}, indent=1, ensure_ascii=False) + "\n"


def read_runs(folder: Path) -> tuple[Run, ...]:
    """All records of a folder that can be read, the oldest first; the user is told of the others.

    What somebody else measured stands before all that the user did, and figures of a manual before both: of two for one
    setting the later one counts.
    """

    def order(run: Run) -> tuple[Any, ...]:
        # Of the runs of a day, number 10 comes after number 9.
        return run.grade is Grade.MEASURED, not run.imported, run.date, len(run.name), run.name

    return tuple(sorted(readable(_read, folder.glob(f"*{SUFFIX}")), key=order))


def readable(read: Callable[[Path], T], paths: Iterable[Path]) -> Iterator[T]:
    """Read the user's files; one that cannot be read is passed over, and the user is told."""
    for path in paths:
        try:
            with reading(path, CatalogueError, Code.USER_FILE):
                found = _read_file(read, path)
        except CatalogueError as error:
            if os.path.lexists(path):  # or somebody took it back since it was listed
                go_on_without(error)
        else:
            yield found


def _read_file(read: Callable[[Path], T], path: Path) -> T:
    if not path.is_file():  # a pipe would be waited for
        raise CatalogueError("is no file.", subject=path)
    try:
        return read(path)
    except (ValueError, ArithmeticError, LookupError, TypeError, RecursionError) as error:
        if isinstance(error, CatalogueError):
            raise
        raise CatalogueError(Sentence("cannot be read ({error}).", error=of_library(error)), subject=path) from error


def _read(path: Path) -> Run:
    import json

    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields.pop("sixbit_calibration") != FORMAT:
            why = Sentence("was written by another version of Sixbit (format {format} is read).", format=FORMAT)
            raise CatalogueError(why, Code.VERSION, subject=path)
        kinds = tuple(fields.pop("kinds"))
        if not kinds or set(kinds) - set(KINDS) or ("shading" in kinds) != bool(fields.get("shading")):
            raise ValueError(f"it says that it holds {', '.join(map(str, kinds)) or 'nothing'}")
        for name in ("crop_factor", "aspect_ratio", "focal_mm"):
            fields[name] = _length(name, fields[name])
        for name in ("f_number", "distance_m", "half_diagonal_px"):
            if fields.get(name) is not None:
                fields[name] = _length(name, fields[name])
        fields["grade"] = Grade(fields.get("grade", Grade.MEASURED))
        for name in ("known", "known_if_said"):
            known = fields.pop(name, {})
            if not isinstance(known, dict) or not set(known) <= set(kinds) & set(UNITS):
                raise ValueError(f"it says how well it knows {known!r:.40}")
            fields[name] = {kind: Known.from_json(value) for kind, value in known.items()}
        fields["centre"] = read_centre(fields.get("centre"))
        fields["learnt_from"] = tuple(fields.get("learnt_from", ()))
        fields.setdefault("compensated", None if {"vignetting", "shading"} & {*kinds} else "")
        run = Run(folder=path.parent, name=path.name.removesuffix(SUFFIX), kinds=kinds, **fields)
        if not isinstance(run.imported, bool):
            raise ValueError(f"imported is {run.imported!r:.40}")
        if not all(isinstance(photo, str) for photo in run.learnt_from):
            raise ValueError(f"it was learnt from {run.learnt_from!r:.40}")
        texts = ["lens_id", "lens", "source", "date", "make", "model"]
        for name in texts if run.compensated is None else [*texts, "compensated"]:
            if not isinstance(getattr(run, name), str):
                raise ValueError(f"{name} is {getattr(run, name)!r:.40}")
            getattr(run, name).encode()  # half a character is no text
        return run
    except CatalogueError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise CatalogueError(
            Sentence("holds a calibration of yours and cannot be read ({error}).", error=error), subject=path
        ) from error


def centre_of(runs: Sequence[Run]) -> tuple[float, float] | None:
    """Where the runs that surely saw the optical centre saw it: on average, by how well each knows the distortion.

    One that did not see it says nothing of it. Where an error is not known, the later one counts.
    """
    centre, before = None, 0.0
    for run in runs:
        if run.centre is None:
            continue
        weight = run.weight("distortion")
        if centre and before and weight:
            share = weight / (before + weight)
            x, y = ((1 - share) * one + share * other for one, other in zip(centre, run.centre, strict=True))
            centre, before = (x, y), before + weight
        else:
            centre, before = run.centre, weight
    return centre


def that_count(runs: Sequence[Run], kind: str) -> list[Run]:
    """The runs that count for a kind, as a photo counts once, by ``sixbit learn`` or by itself.

    Of those of one setting that share a photo it is the surest, else the latest. A photo has only one aperture: of runs
    that say several of it, it is the one that was said, not guessed, else the latest.
    """
    said = sorted(enumerate(runs), key=lambda one: (not one[1].known_if_said, one[0]), reverse=True)
    standing: list[int] = []
    for number, run in said:
        if not any(run.setting(kind) != other.setting(kind) for other in _sharing(run, runs, standing)):
            standing.append(number)
    surest = sorted(standing, key=lambda number: (runs[number].weight(kind), number), reverse=True)
    counted: list[int] = []
    for number in surest:
        if not any(_sharing(runs[number], runs, counted)):
            counted.append(number)
    return [runs[number] for number in sorted(counted)]


def _sharing(run: Run, runs: Sequence[Run], numbers: Iterable[int]) -> Iterator[Run]:
    """Those of the numbered runs that were made from some of the same photos as a run."""
    return (runs[number] for number in numbers if {*run.learnt_from} & {*runs[number].learnt_from})


def read_centre(value: Any) -> tuple[float, float] | None:
    """An optical centre as JSON has it, or None; ValueError for what is none of a picture."""
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or not all(type(at) in (int, float) for at in value):
        raise ValueError(f"its centre is {value!r:.40}")
    x, y = map(float, value)
    if not (abs(x) < FARTHEST_CENTRE and abs(y) < FARTHEST_CENTRE):
        raise ValueError(f"its centre is {value!r:.40}")
    return x, y


def _length(name: str, value: Any) -> float:
    length = float(value)
    if not 0 < length < 1e6:
        raise ValueError(f"{name} is {length}")
    return length


def own_lenses(path: Path) -> list[Lens]:
    """Read the lenses of a file of the user's, that Sixbit did not write, each with its calibrations."""
    from sixbit.lenses.entries import models, xml_root

    lenses = []
    for element in xml_root(path).iter("lens"):
        names = models(element)
        if not any(names):
            raise CatalogueError("has a lens without a <model>, its name as the camera writes it.", subject=path)
        lenses.append(_own_lens(path, names, element))
    return lenses


def _own_lens(path: Path, names: list[str], element: Element) -> Lens:
    name = read_name(names[0])
    focals = name.focals or tuple(
        sorted({float(row.get("focal", 0)) for row in element.iterfind("calibration/*") if row.get("focal")})
    )
    makers = [maker.text or "" for maker in element.findall("maker")]
    return Lens(
        lens_id="own-" + re.sub(r"[^a-z0-9.]+", "-", names[0].lower()).strip("-"),
        name=names[0],
        maker=min(name.makers, default=makers[0] if makers else ""),
        focal_min=focals[0] if focals else 0.0,
        focal_max=focals[-1] if focals else 0.0,
        f_number_open=name.f_number or 0.0,
        calibrations=tuple(
            Calibration(kind, Grade.MEASURED, f"your own ({path.name})", path.name, names[0], own=True)
            for kind in KINDS
            if element.find(f"calibration/{kind}") is not None
        ),
        focals=focals,
        aliases=tuple(names[1:]),
        source="your own",
        details_source="your own",
    )
