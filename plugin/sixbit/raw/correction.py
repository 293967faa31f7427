"""The correction of a DNG as the opcode lists that it gets, by the lens and the setting that its tags tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sixbit.compiler.choose import NO_COLOURS
from sixbit.compiler.compile import Wanted, compile_optics, models_of
from sixbit.compiler.scale import scaled_about_centre
from sixbit.compiler.told import corrected_already, described, not_yet_done, nothing_to_do
from sixbit.compiler.warp import Warp
from sixbit.lenses.bodies import takes_no_colours
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.compensation import perhaps_compensated
from sixbit.lenses.match import lens_of
from sixbit.lenses.place import place_of
from sixbit.raw.fit import Mosaic, Opcodes, opcodes_of
from sixbit.raw.opcodes import packed
from sixbit.raw.sensor import Raw
from sixbit.values.choices import USUAL, Choices
from sixbit.values.filter import Filter
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot
from sixbit.values.ways_out import WaysOut

LOUD_PX = 0.5
"""Pixels by which readers that know four terms alone miss the correction, from which on that is told."""
_TOLD = ("lens_id", "lens", "corrections", "f_number", "f_number_source", "focal_mm", "distance_m", "crop_factor")


class Correction(NamedTuple):
    """Opcode lists by name, as bytes, with a record of what they do, the filter that they stand for, and notes."""

    lists: Mapping[str, bytes]
    record: Mapping[str, Any]
    filter: Filter
    notes: tuple[str, ...]

    def summary(self, ways_out: WaysOut | None = None) -> str:
        """Say in a line what the lists do, and what they leave."""
        return described(self.filter, ways_out)


def correction_of(photo: Path, shot: Shot, raw: Raw, choices: Choices = USUAL) -> Correction:
    """Fit the opcodes for a DNG. Raises NotCorrectedError and CompileError as :func:`sixbit.correct` does."""
    place = place_of(shot, catalogue().body_of(shot), choices.crop_factor)
    lens, notes = lens_of(shot, choices)
    kinds = not_yet_done(shot, choices.kinds, False, notes)
    no_colours = not raw.mosaic.colours or takes_no_colours(shot.camera)
    wanted = models_of(
        lens,
        shot,
        replace(choices, kinds=kinds),
        size=raw.picture,
        place=place,
        not_here={"tca": NO_COLOURS} if no_colours else {},
    )
    filter, opcodes, lists = _compiled(_Key(wanted, choices.scale, raw.mosaic))
    if not wanted.made_from["corrections"]:
        raise (
            corrected_already(shot) if set(shot.already_corrected) - set(kinds) else nothing_to_do(photo, lens, filter)
        )
    notes += place.evidence
    if "vignetting" in wanted.made_from["corrections"]:
        notes += [said for said in (perhaps_compensated(shot),) if said]
    if opcodes.error_px > LOUD_PX:
        notes.append(
            Sentence(
                "programs that know no more than DNG 1.5 miss the correction by {error:.1f} px at most",
                error=opcodes.error_px,
            )
        )
    record = {name: wanted.made_from[name] for name in _TOLD} | {
        "scale": choices.scale,
        "strength": wanted.made_from["strength"],
        "sixbit": wanted.made_from["sixbit"],
        "filter": filter.digest,
        "error_px": round(opcodes.error_px, 4),
    }
    return Correction(lists, record, filter, tuple(notes))


class _Key:
    """All that opcodes depend on, as one value that can be looked up: photos of a shoot often share it."""

    def __init__(self, wanted: Wanted, scale: str | float, mosaic: Mosaic) -> None:
        self.wanted, self.scale, self.mosaic = wanted, scale, mosaic
        self._words = repr((wanted, scale, mosaic))

    def __hash__(self) -> int:
        return hash(self._words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other._words == self._words


@lru_cache(maxsize=64)
def _compiled(key: _Key) -> tuple[Filter, Opcodes, dict[str, bytes]]:
    wanted = key.wanted
    warp = scaled_about_centre(Warp(wanted.optics, wanted.picture), key.scale)
    opcodes = opcodes_of(warp, key.mosaic)
    filter = compile_optics(wanted.optics, wanted.picture, key.scale, wanted.made_from)
    lists = {"OpcodeList2": packed(opcodes.of_mosaic)} if opcodes.of_mosaic else {}
    if opcodes.of_colours:
        lists["OpcodeList3"] = packed(opcodes.of_colours)
    return filter, opcodes, lists
