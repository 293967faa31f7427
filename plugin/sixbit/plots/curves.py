"""The curves of a lens over its image circle, to be drawn: distortion, lateral colour and fall-off."""

from __future__ import annotations

import numpy as np

from sixbit.compiler.optics import SensorPicture, optics_of
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
    entries = catalogue().calibration_entries(lens.lens_id, grades=tuple(Grade))
    optics = optics_of(entries, lens.focal_min)
    # From just beside the centre, where a ratio of radii still is one.
    radius = np.linspace(1.0, FULL_FRAME.half_diagonal, 400)
    distortion = red = blue = None
    stops: dict[float, np.ndarray] = {}
    if optics.distortion:
        polynomial, sensor = optics.distortion
        factor = evaluate(polynomial, radius * FULL_FRAME.per_half_short_side(sensor))
        distortion = 100 * (factor / factor[0] - 1)
    if optics.tca:
        planes, sensor = optics.tca
        short_sides = radius * FULL_FRAME.per_half_short_side(sensor)
        red, blue = ((evaluate(plane, short_sides) - 1) * radius / PX_PER_MM * 1000 for plane in planes)
    measured = entries["vignetting"].lens.calib_vignetting if "vignetting" in entries else ()
    for f_number in sorted({round(known.aperture, 2) for known in measured}):
        if found := optics_of(entries, lens.focal_min, f_number).vignetting:
            polynomial, sensor = found
            light = evaluate(polynomial, radius * FULL_FRAME.per_half_diagonal(sensor))
            stops[f_number] = np.log2(np.maximum(light, 1e-3))
    notes = [f"{kind}: {entry.calibration.grade} ({entry.calibration.source})" for kind, entry in entries.items()]
    return LensCurves(radius / PX_PER_MM, distortion, red, blue, stops, tuple(notes))
