"""Models for the compiler out of an entry of any lensfun database, without Sixbit's catalogue."""

from __future__ import annotations

from typing import Any

from sixbit.compiler import optics as models
from sixbit.compiler.optics import Optics
from sixbit.lenses.entries import Entry
from sixbit.values.kinds import Grade
from sixbit.values.lens import Calibration

NO_SHADING = ("distortion", "tca", "vignetting")


def optics_of(lens: Any, aspect: float, focal: float, f_number: float = 4.0) -> Optics:
    """Return all models of one lensfun entry, interpolated by lensfun."""
    told = Calibration("", Grade.MEASURED, "", "", lens.model)
    entry = Entry(lens, told, lens.crop_factor, aspect, (lens.center_x, lens.center_y))
    return models.optics_of(dict.fromkeys(NO_SHADING, entry), focal, f_number)
