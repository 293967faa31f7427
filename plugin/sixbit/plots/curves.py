"""What a lens does over its image circle, as curves to be drawn: distortion, lateral colour and fall-off."""

from __future__ import annotations

import numpy as np

from sixbit.compiler import optics as models
from sixbit.compiler.optics import INFINITY_M, Sensor, SensorPicture
from sixbit.lenses.catalogue import catalogue
from sixbit.plots.lens import LensCurves
from sixbit.values.kinds import Grade
from sixbit.values.lens import Lens
from sixbit.values.polynomial import evaluate

FULL_FRAME = SensorPicture(3601, 2401, 1.0)
"""36 mm x 24 mm at 100 px a millimetre."""
PX_PER_MM = 100


def curves_of(lens: Lens) -> LensCurves:
    """The calibrations of a lens, at its shortest focal length and at infinity, over the full-frame image circle.

    >>> curves = curves_of(catalogue().lenses["summicron-35-asph"])
    >>> curves.distortion_percent is not None, curves.vignetting_stops
    (True, {})
    """
    kinds = ("distortion", "tca", "vignetting")
    entries = catalogue().calibration_entries(lens.lens_id, kinds, tuple(Grade))
    # From just beside the centre, where a ratio of radii still is one.
    radius = np.linspace(1.0, FULL_FRAME.half_diagonal, 400)
    distortion = red = blue = None
    stops: dict[float, np.ndarray] = {}
    for kind, entry in entries.items():
        sensor = Sensor(entry.crop_factor, entry.aspect_ratio)
        short_sides = radius * FULL_FRAME.per_half_short_side(sensor)
        if kind == "distortion":
            found = entry.lens.interpolate_distortion(lens.focal_min)
            factor = evaluate(models.distortion(found.model.name.lower(), found.terms), short_sides)
            distortion = 100 * (factor / factor[0] - 1)
        elif kind == "tca":
            found = entry.lens.interpolate_tca(lens.focal_min)
            planes = models.tca(found.model.name.lower(), found.terms)
            red, blue = ((evaluate(plane, short_sides) - 1) * radius / PX_PER_MM * 1000 for plane in planes)
        else:
            for f_number in sorted({round(known.aperture, 2) for known in entry.lens.calib_vignetting}):
                found = entry.lens.interpolate_vignetting(lens.focal_min, f_number, INFINITY_M)
                light = evaluate(
                    models.vignetting(found.model.name.lower(), found.terms),
                    radius * FULL_FRAME.per_half_diagonal(sensor),
                )
                stops[f_number] = np.log2(np.maximum(light, 1e-3))
    notes = [f"{kind}: {entry.calibration.grade} ({entry.calibration.source})" for kind, entry in entries.items()]
    return LensCurves(radius / PX_PER_MM, distortion, red, blue, stops, tuple(notes))
