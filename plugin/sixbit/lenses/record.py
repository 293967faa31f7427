"""What is known of a photo's lens, as a record for other programs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from sixbit.lenses.figures import aperture_of
from sixbit.lenses.match import Match
from sixbit.values.kinds import KINDS, Grade
from sixbit.values.lens import Lens
from sixbit.values.shot import Shot


def identity_record(photo: Path, shot: Shot, found: Match) -> dict[str, Any]:
    """Tell of a photo what ``identify --json`` prints."""
    aperture = aperture_of(found.lens, shot, body=found.body)
    camera = " ".join(tag.value for tag in (shot.make, shot.model) if tag)
    best = found.lens.best_calibrations(Grade) if found.lens else {}
    distance = shot.distance_m.value if shot.distance_m else math.inf
    return {
        "photo": str(photo),
        **match_record(found),
        "camera": camera or None,
        "crop_factor": round(found.crop_factor.value, 4) if found.crop_factor else None,
        "focal_mm": _focal(found.lens, shot),
        "f_number": aperture.f_number,
        "f_number_source": aperture.source,
        "distance_m": distance if math.isfinite(distance) else None,
        "calibrations": {kind: str(best[kind].grade) if kind in best else None for kind in KINDS},
        "already_corrected": list(shot.already_corrected),
        "place": [*found.place.evidence, *([found.place.refused] if found.place.refused else [])],
        "reshaped": found.place.refused is not None,
    }


def match_record(found: Match) -> dict[str, Any]:
    """Tell of a name what ``lens --json`` prints."""
    return {
        "status": str(found.status),
        "lens": found.lens.lens_id if found.lens else None,
        "candidates": [lens.lens_id for lens in found.candidates],
        "confidence": round(found.confidence, 3),
        "evidence": list(found.evidence),
    }


def _focal(lens: Lens | None, shot: Shot) -> float | None:
    if lens and lens.focal_min == lens.focal_max:
        return lens.focal_min
    return shot.focal_mm.value if shot.focal_mm else None
