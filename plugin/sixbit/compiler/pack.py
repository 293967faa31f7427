"""A pack of filters for G'MIC-Qt: every calibrated lens with the numbers of the database, for pictures of any size.

G'MIC itself evaluates the models (``pack.gmic``, beside this file). What it cannot know is left out, as
:func:`sixbit.compiler.compile.compile_filter` leaves it out for a photo without tags: colour shading, which belongs to
a body, and the optical centre of one body.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sixbit.compiler.optics import reaches
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.entries import Entry
from sixbit.lenses.lensfun_xml import TERMS
from sixbit.manifest import manifest, package_path
from sixbit.values.errors import CatalogueError, go_on_without
from sixbit.values.kinds import SPOKEN, TRUSTED, Grade
from sixbit.values.lens import LARGEST_SENSOR, Lens

FOLDER = "Leica M lenses"
"""The folder of the filters in G'MIC-Qt."""

BY_HAND = "Crop factor below"
CLOSED = 64
"""The largest f-number that can be set."""
LONGEST = 32
"""Letters of the bodies that are named beside a crop factor: a window shows no more."""
LONGEST_COMMAND = 150
"""Letters of a lens in the name of its command: G'MIC takes a line with 256 for no name, but for the command before."""


@dataclass(frozen=True)
class PackFilter:
    """A filter of G'MIC-Qt: a lens with the calibrations of some grades.

    ``name`` is its name in G'MIC-Qt, ``command`` that of its command, ``kinds`` what it corrects with the words on
    where that comes from. ``focals`` are the focal lengths that can be chosen. ``lines`` are the commands that say its
    models by the least crop factor that they serve, for each of these focal lengths.
    """

    lens: Lens
    grades: tuple[Grade, ...]
    name: str
    command: str
    kinds: Mapping[str, str]
    focals: tuple[float, ...]
    lines: Mapping[float, tuple[tuple[str, ...], ...]]

    def arguments(
        self,
        crop_factor: float = 1.0,
        focal: float | None = None,
        f_number: float | None = None,
        distance_m: float | None = None,
        strength: Mapping[str, float] | None = None,
        keep: bool = False,
        preview: int = 0,
    ) -> str:
        """Return the arguments of the command, as G'MIC-Qt gives them.

        ``strength`` is by kind, 1 where it says nothing; ``preview`` is 0 for after, 1 for before and after, 2 for
        before.
        """
        values = [len(sensors()), crop_factor]
        if len(self.focals) > 1:
            values.append(self.focals.index(self.focals[0] if focal is None else focal))
        if "vignetting" in self.kinds:
            values += [f_number or 0, distance_m or 0]
        values += [100 * (strength or {}).get(kind, 1.0) for kind in TERMS if kind in self.kinds]
        return ",".join(f"{value:.9g}" for value in [*values, int(keep), preview])

    def text(self) -> str:
        """Return the filter as G'MIC-Qt reads it, and its commands."""
        called = f"_sixbit_of_{self.command.removeprefix('fx_sixbit_')}"
        return "\n".join(
            [
                f"#@gui {self.name} : {self.command}, {self.command}_preview(1)",
                *(f"#@gui : {line}" for line in self._parameters()),
                f"{self.command} :\n  {called} $* _sixbit_correct",
                f"{self.command}_preview :\n  {called} $* _sixbit_preview",
                f"{called} :\n  _sixbit_sensor $1,$2 _sixbit_lens",
                *(f"  {line}" for line in self._models()),
                "",
            ]
        )

    def _parameters(self) -> Iterator[str]:
        """The parameters of the filter, in the order of its arguments."""
        labels = [*sensors().values(), BY_HAND]
        yield _choice("Sensor by crop factor", labels)
        yield "Crop factor = float{1,0.5,10}"
        if len(self.focals) > 1:
            yield _choice("Focal length", [f"{focal:g} mm" for focal in self.focals])
        if "vignetting" in self.kinds:
            yield f"Aperture (0: not known) = float{{0,0,{CLOSED}}}"
            yield "Distance in m (0: far) = float{0,0,100}"
        for kind in TERMS:
            if kind in self.kinds:
                yield f"{SPOKEN[kind].capitalize()} % = float{{100,0,200}}"
        yield _choice("Borders", ["Fill the frame", "Keep the scale"])
        yield _choice("Preview", ["After", "Before and after", "Before"])
        yield "sep = separator{}"
        told = [f"{SPOKEN[kind].capitalize()}: {worth}." for kind, worth in self.kinds.items()]
        if "vignetting" in self.kinds:
            told.append(
                "Leave the aperture at 0 where a Leica M knew the lens: it has compensated the fall-off already."
            )
        told.append("A layer is taken for a whole frame of the sensor, not cropped, in sRGB.")
        yield 'note = note{"' + r"\n".join(map(_noted, told)) + '"}'

    def _models(self) -> Iterator[str]:
        """The commands that say the models and what is wanted of them; $1 and $2 are the sensor."""
        at = 3
        several = len(self.focals) > 1
        for k, least in enumerate(sorted(self.lines, reverse=True)):
            yield f"{'elif' if k else 'if'} {{$_sixbit_crop>={least:.9g}}}"
            for n, lines in enumerate(self.lines[least]):
                if several:
                    yield f"  {'elif' if n else 'if'} {{${at}=={n}}}"
                yield from (f"{'    ' if several else '  '}{line}" for line in lines)
            if several:
                yield "  fi"
        yield "fi"
        at += several + 2 * ("vignetting" in self.kinds)
        strengths = []
        for kind in TERMS:
            strengths.append(f"{{${at}/100}}" if kind in self.kinds else "0")
            at += kind in self.kinds
        yield f"_sixbit_wanted {','.join(strengths)},${at},${at + 1}"


def pack() -> str:
    """Return the pack: a command file of G'MIC, with a filter for each lens that is calibrated.

    Raises CatalogueError if the database cannot be read.

    >>> text = pack()
    >>> "#@gui Summicron-M 2/35 ASPH. : fx_sixbit_summicron_35_asph" in text, "Summilux-M 1.4/50 (II), computed" in text
    (True, True)
    """
    crop_factors = ",".join(f"{crop_factor:g}" for crop_factor in sensors())
    return "\n".join(
        [
            f"# Lens corrections by Sixbit {manifest()['version']}, as filters of G'MIC-Qt.",
            "#@gui " + "_" * 80,
            f"#@gui <b>{FOLDER}</b>",
            *(one.text() for one in filters()),
            "#@gui " + "_" * 80,
            "",
            (package_path("compiler") / "pack.gmic").read_text(encoding="utf-8"),
            "# The crop factor that was chosen, or told.",
            "_sixbit_sensor :",
            f"  _sixbit_crop={{arg(1+$1,{crop_factors},$2)}}",
            "",
        ]
    )


def filters() -> list[PackFilter]:
    """Return the filters of the pack, by name; a lens has another one for each grade that is not used unasked.

    >>> [one.name for one in filters()][:2]
    ['APO-Summicron-M 2/75 ASPH.', 'Canon 50mm f/1.2 LTM, computed']
    """
    found: dict[str, PackFilter] = {}
    for lens in catalogue().lenses.values():
        try:
            for one in _filters_of(lens):
                # Two identities of the user's may differ by signs that no command has.
                while one.command in found:
                    one = replace(one, command=f"{one.command}_more")
                found[one.command] = one
        except CatalogueError as error:  # a file of the user's
            go_on_without(error)
    return sorted(found.values(), key=lambda one: one.name.casefold())


def _filters_of(lens: Lens) -> Iterator[PackFilter]:
    """The filters of a lens: of the usual grades, and with each other grade that changes anything."""
    usual = _filter_of(lens, TRUSTED)
    if usual.kinds:
        yield usual
    for grade in Grade:
        if grade not in TRUSTED and any(one.grade == grade for one in lens.calibrations):
            one = _filter_of(lens, (*TRUSTED, grade), f", {grade}")
            if one.lines != usual.lines and one.kinds:
                yield one


def _filter_of(lens: Lens, grades: tuple[Grade, ...], mark: str = "") -> PackFilter:
    """The filter of a lens with the calibrations of these grades that the pack can say; ``mark`` ends its name."""
    usable = [one for one in lens.calibrations if one.grade in grades and not one.compensated]
    by_sensor = {
        least: catalogue().calibration_entries(lens.lens_id, TERMS, grades, least)
        for least in sorted({LARGEST_SENSOR * one.crop_factor for one in usable if one.kind in TERMS})
    }
    focals = _focals(lens, by_sensor.values())
    lines: dict[float, tuple[tuple[str, ...], ...]] = {}
    kinds: dict[str, str] = {}
    for least, entries in by_sensor.items():
        models = [dict(_models_at(entries, focal, len(focals) > 1)) for focal in focals]
        said = tuple(tuple(model.values()) for model in models)
        if not lines or said != lines[max(lines)]:
            lines[least] = said
        for kind in (kind for kind in TERMS if any(kind in model for model in models)):
            calibration = entries[kind].calibration
            kinds.setdefault(kind, f"{calibration.grade}, {calibration.source}")
    in_order = {kind: kinds[kind] for kind in TERMS if kind in kinds}
    words = re.sub(r"\W+", "_", f"{lens.lens_id}{mark}", flags=re.ASCII).lower()
    command = f"fx_sixbit_{words[:LONGEST_COMMAND]}"
    return PackFilter(lens, grades, f"{_plain(lens.name)}{mark}", command, in_order, focals, lines)


def _focals(lens: Lens, by_sensor: Any) -> tuple[float, ...]:
    """The focal lengths that can be chosen: those that can be set, and those that were measured."""
    if lens.focal_min == lens.focal_max:
        return (lens.focal_min,)
    measured = {
        row.focal for entries in by_sensor for kind, e in entries.items() for row in getattr(e.lens, f"calib_{kind}")
    }
    within = {focal for focal in measured if lens.focal_min <= focal <= lens.focal_max}
    return tuple(sorted(within | set(lens.focals)))


def _models_at(entries: Mapping[str, Entry], focal: float, several: bool) -> Iterator[tuple[str, str]]:
    """The kinds that are corrected at a focal length, each with the command that says its model."""
    for kind, entry in entries.items():
        if not reaches(entry, kind, focal):
            continue
        if kind == "vignetting":
            rows = [row for row in entry.lens.calib_vignetting if row.model.name == "PA"]
            if rows:
                # $3 is the focal length, where there are several.
                yield kind, _fall_off(entry, focal, rows, "$4,$5" if several else "$3,$4")
            continue
        found = getattr(entry.lens, f"interpolate_{kind}")(focal)
        model = found.model.name.lower() if found else ""
        if model in TERMS[kind]:
            terms = found.terms[: len(TERMS[kind][model])]
            yield kind, f"_sixbit_{kind}_{model} {_numbers([entry.crop_factor, entry.aspect_ratio, *terms])}"


def _fall_off(entry: Entry, focal: float, rows: Sequence[Any], setting: str) -> str:
    """The command that says a fall-off; ``setting`` are the arguments for f-number and distance."""
    focals = entry.lens.max_focal - entry.lens.min_focal
    of_lens = _numbers([entry.crop_factor, focals or 1.0, focal])
    measured = _numbers(number for row in rows for number in (row.focal, row.aperture, row.distance, *row.terms[:3]))
    return f"_sixbit_vignetting_pa {of_lens},{setting},{measured}"


def sensors() -> dict[float, str]:
    """Return the crop factors that can be chosen, with words on the bodies that have them: of all known bodies.

    >>> list(sensors())[:2], sensors()[1.0]
    ([1.0, 1.333], '1 - full frame')
    """
    bodies: dict[float, list[str]] = defaultdict(list)
    for body in catalogue().bodies:
        bodies[body.crop_factor].append(_plain(body.model))
    larger = {crop_factor for crop_factor in bodies if crop_factor >= LARGEST_SENSOR}
    return {
        crop_factor: f"{crop_factor:g} - {_named(bodies[crop_factor]) if crop_factor != 1 else 'full frame'}"
        for crop_factor in sorted(larger | {1.0})
    }


def _named(models: Sequence[str]) -> str:
    """Name as many bodies as there is room for, one at least."""
    names = [model.replace(",", " ") for model in models]
    while len(names) > 1 and len(" / ".join(names)) > LONGEST:
        names.pop()
    return " / ".join(names) + (" / ..." if len(names) < len(models) else "")


def _choice(name: str, labels: Sequence[str]) -> str:
    quoted = ",".join(f'"{label}"' for label in labels)
    return f"{name} = choice{{0,{quoted}}}"


def _plain(name: str) -> str:
    """A name as G'MIC-Qt takes it: a colon ends it, an underline at its start is a way up, braces and quotes close.

    >>> _plain("Summicron-M 1:2/35 ASPH."), _plain('_a {"b"}:c')
    ('Summicron-M 2/35 ASPH.', 'a b c')
    """
    words = re.sub(r'[:{}"\\<>&$#\x00-\x1f\x7f]+', " ", re.sub(r"\b1:(?=\d)", "", name))
    return " ".join(words.split()).lstrip("_! ") or "?"


def _noted(text: str) -> str:
    """A sentence in a note of G'MIC-Qt, which is HTML."""
    return " ".join(re.sub(r'[{}"\\<>&$\x00-\x1f\x7f]+', " ", text).split())


def _numbers(values: Any) -> str:
    """Numbers as lensfun has them, in single precision."""
    return ",".join(f"{value:.9g}" for value in values)
