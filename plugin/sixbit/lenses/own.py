"""The records of the user's own calibrations, one a run: what was measured, of which lens, on which body.

A record is a JSON file in the user's ``lens_db`` folder. What lensfun can say of the run stands beside it, in lensfun
XML of the same name; colour shading, which lensfun cannot say, stands in the record itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sixbit.values.errors import SixbitError
from sixbit.values.kinds import KINDS

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FORMAT = 1
SUFFIX = ".calibration.json"


class RunError(SixbitError, ValueError):
    """A record that cannot be read; the message names it."""


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
    """What it was made from, in words."""
    date: str
    """Day and time, ISO 8601."""
    f_number: float | None = None
    distance_m: float | None = None
    make: str = ""
    model: str = ""
    """The body, as EXIF writes it."""
    shading: Mapping[str, Any] | None = None
    """Colour shading as JSON values, see :mod:`sixbit.compiler.shading`."""

    @property
    def path(self) -> Path:
        """The record itself."""
        return self.folder / f"{self.name}{SUFFIX}"

    @property
    def xml(self) -> Path:
        """What lensfun can say of it; there is none of shading alone."""
        return self.folder / f"{self.name}.xml"

    @property
    def has_xml(self) -> bool:
        """True if lensfun can say something of it."""
        return any(kind != "shading" for kind in self.kinds)

    @property
    def said(self) -> str:
        """Where the calibration comes from, as it is shown with a lens."""
        body = f", {self.model}" if self.model else ""
        return f"your own, {self.date[:10]}{body}: {self.source}"

    def same_sensor(self, other: Run) -> bool:
        """True if two runs were made on sensors of one size and shape: then lensfun can hold them in one entry."""
        pairs = ((self.crop_factor, other.crop_factor), (self.aspect_ratio, other.aspect_ratio))
        return all(abs(one / two - 1) < 0.005 for one, two in pairs)

    def to_json(self) -> str:
        """The record as JSON text."""
        import json

        fields = {name: value for name, value in self._asdict().items() if name not in ("folder", "name")}
        return json.dumps({"sixbit_calibration": FORMAT, **fields}, indent=1, ensure_ascii=False) + "\n"


def read_runs(folder: Path) -> tuple[Run, ...]:
    """All records of a folder, the oldest first. Raises RecordError, naming the file, for one that is damaged."""
    return tuple(sorted((_read(path) for path in folder.glob(f"*{SUFFIX}")), key=lambda r: (r.date, r.name)))


def _read(path: Path) -> Run:
    import json

    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields.pop("sixbit_calibration") != FORMAT:
            raise RunError(f"{path} was written by another version of Sixbit (format {FORMAT} is read).")
        kinds = tuple(fields.pop("kinds"))
        if not kinds or set(kinds) - set(KINDS) or ("shading" in kinds) != bool(fields.get("shading")):
            raise ValueError(f"it says that it holds {', '.join(map(str, kinds)) or 'nothing'}")
        for name in ("crop_factor", "aspect_ratio", "focal_mm"):
            fields[name] = float(fields[name])
            if not 0 < fields[name] < 1e4:
                raise ValueError(f"{name} is {fields[name]}")
        return Run(folder=path.parent, name=path.name.removesuffix(SUFFIX), kinds=kinds, **fields)
    except RunError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"{path} holds a calibration of yours and cannot be read ({error}); repair it or remove it."
        ) from error


def merged(lenses: Sequence[Element], kinds: Iterable[str]) -> Element:
    """One lensfun ``<lens>`` with the calibrations of several, by kind; of two for the same settings the later one."""
    import copy
    from xml.etree.ElementTree import SubElement

    result = copy.deepcopy(lenses[-1])
    calibration = result.find("calibration")
    if calibration is not None:
        result.remove(calibration)
    calibration = SubElement(result, "calibration")
    for kind in kinds:
        found: dict[tuple[str, ...], Element] = {}
        for lens in lenses:
            for row in lens.iterfind(f"calibration/{kind}"):
                settings = tuple(f"{float(row.get(name) or 0):.4g}" for name in ("focal", "aperture", "distance"))
                found.pop(settings, None)
                found[settings] = copy.deepcopy(row)
        calibration.extend(found.values())
    return result
