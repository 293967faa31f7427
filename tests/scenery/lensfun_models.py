"""Models for the compiler out of an entry of any lensfun database, without Sixbit's catalogue."""

from __future__ import annotations

from typing import Any

from sixbit.compiler import optics as models
from sixbit.compiler.compile import Optics
from sixbit.compiler.optics import Sensor


def optics_of(lens: Any, aspect: float, focal: float, f_number: float = 4.0) -> Optics:
    """Return the models of one lensfun entry, interpolated by lensfun."""
    sensor = Sensor(lens.crop_factor, aspect, (lens.center_x, lens.center_y))
    distortion, tca = lens.interpolate_distortion(focal), lens.interpolate_tca(focal)
    light = lens.interpolate_vignetting(focal, f_number, 1000.0)
    return Optics(
        distortion and (models.distortion(distortion.model.name.lower(), distortion.terms), sensor),
        tca and (models.tca(tca.model.name.lower(), tca.terms), sensor),
        light and (models.vignetting(light.model.name.lower(), light.terms), sensor),
    )
