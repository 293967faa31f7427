"""What is known of a photo's lens, as a record for other programs and as lines for people."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.lenses.match import Status
from sixbit.values.kinds import KINDS, Grade

if TYPE_CHECKING:
    from sixbit.lenses.match import Match
    from sixbit.values.lens import Lens
    from sixbit.values.shot import Shot


def identity_record(photo: Path, shot: Shot, found: Match) -> dict[str, Any]:
    """What ``identify --json`` says of a photo."""
    from sixbit.lenses.aperture import aperture_of

    aperture = aperture_of(found.lens, shot, body=found.body)
    camera = " ".join(tag.value for tag in (shot.make, shot.model) if tag)
    return {
        "photo": str(photo),
        **match_record(found),
        "camera": camera or None,
        "crop_factor": round(found.crop_factor.value * shot.digital_zoom, 4) if found.crop_factor else None,
        "focal_mm": _focal(found.lens, shot),
        "f_number": aperture.f_number,
        "f_number_source": aperture.source,
        "distance_m": shot.distance_m.value if shot.distance_m and math.isfinite(shot.distance_m.value) else None,
        "calibrations": _best_grades(found.lens),
        "already_corrected": list(shot.already_corrected),
    }


def match_record(found: Match) -> dict[str, Any]:
    """What ``lens --json`` says of a name."""
    return {
        "status": str(found.status),
        "lens": found.lens.lens_id if found.lens else None,
        "candidates": [lens.lens_id for lens in found.candidates],
        "confidence": round(found.confidence, 3),
        "evidence": list(found.evidence),
    }


def way_out(found: Match) -> str:
    """What can be done on the command line where the lens is not certain, or a choice of the user's has decided."""
    if found.is_remembered:
        return "`sixbit forget` takes that back."
    if found.lens:
        return ""
    if found.status is Status.NOT_M:
        return "Sixbit corrects Leica M lenses; if it was one, say which with --lens ID."
    if found.candidates:
        return "Say which with --lens ID."
    return "Say which with --lens ID (`sixbit lenses` lists them), or write it into the photo with `sixbit tag`."


def print_match(found: Match, way_out: str) -> None:
    """The same for people, with what they can do about it."""
    if found.lens:
        print(f"  {found.lens.name} [{found.lens.lens_id}]")
    else:
        print(f"  {found.status}")
        for lens in found.candidates:
            print(f"    perhaps {lens.name} [{lens.lens_id}]")
    for sentence in (*found.evidence, way_out):
        if sentence:
            print(f"  {sentence}")


def _focal(lens: Lens | None, shot: Shot) -> float | None:
    if lens and lens.focal_min == lens.focal_max:
        return lens.focal_min
    return shot.focal_mm.value if shot.focal_mm else None


def _best_grades(lens: Lens | None) -> dict[str, str | None]:
    """Of each kind of calibration the most trusted grade that is known."""
    best: dict[str, str | None] = dict.fromkeys(KINDS)
    for grade in reversed(Grade):
        for calibration in lens.calibrations if lens else ():
            if calibration.grade is grade:
                best[calibration.kind] = str(grade)
    return best
