"""Lens, shot and choices in, a :class:`Filter` out: all lens models end here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from sixbit.compiler.by_hand import ByHand
from sixbit.compiler.choose import NO_COLOURS, Usage, choose
from sixbit.compiler.gains import fit_gains, gain_map
from sixbit.compiler.optics import Optics, SensorPicture
from sixbit.compiler.scale import scaled
from sixbit.compiler.warp import Warp, fit_warp
from sixbit.lenses.bodies import takes_no_colours
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.figures import Aperture, aperture_of
from sixbit.lenses.match import Match
from sixbit.lenses.place import Place, place_of
from sixbit.manifest import manifest
from sixbit.values.choices import USUAL, Choices, check_crop_factor
from sixbit.values.errors import Code, CompileError
from sixbit.values.filter import Filter
from sixbit.values.lens import Body, Lens, Model
from sixbit.values.sentence import Sentence, in_a_row
from sixbit.values.shot import INFINITY_M, Shot


def compile_filter(
    lens: Lens | Match | str,
    shot: Shot | None = None,
    choices: Choices = USUAL,
    *,
    size: tuple[int, int] | None = None,
    measured_tca: tuple[Model, str] | str | None = None,
    by_hand: ByHand | None = None,
    place: Place | None = None,
    not_here: Mapping[str, Sentence] = MappingProxyType({}),
) -> Filter:
    """Compile the correction of a lens, or of a match that found one, for one picture.

    A lens that is chosen goes before it. What is not chosen is taken from the shot: crop factor, focal length, aperture
    and distance (infinity if unknown), as is the ``size`` in px. ``measured_tca`` is the lateral colour that the photo
    itself has shown, with what is said of it, or why it has shown none; it counts where no calibration is known,
    as what is set ``by_hand`` does. ``place`` is where on the sensor the picture is, if that is another than the shot
    tells. ``not_here`` tells why kinds of correction do not suit its pixels. What was left out, and why, stands in
    ``made_from["left_out"]``. Raises :class:`CompileError` if the picture's size, place or crop factor is unknown, or
    if the calibration makes no sense within the frame.

    >>> choices = Choices(crop_factor=1.0, kinds={"distortion": 1.0, "vignetting": 0.5})
    >>> compiled = compile_filter("summicron-35-asph", choices=choices, size=(5984, 3992))
    >>> compiled.made_from["corrections"], sorted(compiled.made_from["left_out"])
    (['distortion'], ['vignetting'])
    >>> compiled.error_px < 0.005
    True
    """
    wanted = models_of(
        lens, shot, choices, size=size, measured_tca=measured_tca, by_hand=by_hand, place=place, not_here=not_here
    )
    return compile_optics(wanted.optics, wanted.picture, choices.scale, wanted.made_from)


class Wanted(NamedTuple):
    """Models that are wanted for a picture on its sensor, and what a filter says that it was made from."""

    optics: Optics
    picture: SensorPicture
    made_from: dict[str, Any]


def models_of(
    lens: Lens | Match | str,
    shot: Shot | None = None,
    choices: Choices = USUAL,
    *,
    size: tuple[int, int] | None = None,
    measured_tca: tuple[Model, str] | str | None = None,
    by_hand: ByHand | None = None,
    place: Place | None = None,
    not_here: Mapping[str, Sentence] = MappingProxyType({}),
) -> Wanted:
    """Choose the models that :func:`compile_filter` compiles: for what is no filter of pixels. Raises as that does.

    >>> choices = Choices(crop_factor=1.0, kinds={"distortion": 1.0})
    >>> models_of("summicron-35-asph", choices=choices, size=(5984, 3992)).picture.width
    5984
    """
    lens = identity_of(choices.lens or lens)
    shot = shot or Shot()
    body = catalogue().body_of(shot)
    usage = Usage(
        lens,
        shot,
        _picture(shot, place or _place(shot, body, size, choices.crop_factor), size, choices.crop_factor),
        _focal_length(lens, shot, choices.focal_mm),
        _aperture(lens, shot, body, choices.f_number),
        _distance(shot, choices.distance_m),
    )
    if takes_no_colours(shot.camera):
        not_here = {"tca": NO_COLOURS, **not_here}
    optics, calibrations, left_out = choose(usage, choices, measured_tca, not_here, by_hand)
    strength = {kind: float(share) for kind, share in sorted(choices.kinds.items()) if share != 1}
    return Wanted(
        replace(optics, strength=strength),
        usage.picture,
        {
            "lens_id": lens.lens_id,
            "lens": lens.name,
            "corrections": [kind for kind in choices.kinds if kind in calibrations],
            "left_out": left_out,
            "calibrations": calibrations,
            "focal_mm": usage.focal_mm,
            "f_number": usage.aperture.f_number,
            "f_number_source": usage.aperture.source,
            "distance_m": usage.distance_m,
            "crop_factor": usage.picture.crop_factor,
            "strength": strength,
            "scale": choices.scale,
            "sixbit": manifest()["version"],
        },
    )


def compile_optics(
    optics: Optics, picture: SensorPicture, scale: str | float = "fill", made_from: dict[str, Any] | None = None
) -> Filter:
    """Compile models for a picture, without a catalogue: the part that is mathematics alone.

    >>> from sixbit.compiler.optics import Sensor, distortion
    >>> square = Sensor(crop_factor=1.0, aspect_ratio=1.0)
    >>> bend = Optics(distortion=(distortion("poly3", [-0.01]), square))
    >>> compiled = compile_optics(bend, SensorPicture(101, 101, 1.0), scale="none")
    >>> compiled.source_points([[100.0, 50.0]])[1].round(9).tolist()
    [[100.0, 50.0]]
    """
    warp = scaled(Warp(optics, picture), scale)
    polynomials, error_px = fit_warp(warp)
    gain, error_fit = fit_gains(warp)
    nodes, error_map = gain_map(warp)
    return Filter(
        width=picture.width,
        height=picture.height,
        centre=warp.output_centre,
        source_centre=warp.centre if warp.output else None,
        half_diagonal=picture.half_diagonal,
        warp=polynomials,
        gain=gain,
        gain_map=nodes,
        error_px=error_px,
        error_gain=error_fit + error_map,
        made_from=made_from or {},
    )


def identity_of(lens: Lens | Match | str) -> Lens:
    """The lens that is meant: by its identity, as the answer of a match, or itself."""
    if isinstance(lens, Match):
        if lens.lens is None:
            why = Sentence(
                "The match found no lens for certain ({status}): {evidence}",
                status=str(lens.status),
                evidence=in_a_row(lens.evidence, " "),
            )
            raise CompileError(why, Code(lens.status))
        return lens.lens
    if isinstance(lens, Lens):
        return lens
    return catalogue().lens(lens)


def _picture(shot: Shot, place: Place, size: tuple[int, int] | None, crop_factor: float | None) -> SensorPicture:
    if size is None:
        if shot.width is None or shot.height is None:
            raise CompileError(Sentence("The size of the picture is not known.", Code.SIZE))
        size = (shot.width, shot.height)
    if min(size) < 1 or any(side != int(side) for side in size):
        raise CompileError(
            Sentence("A picture of {width}x{height} pixels cannot be corrected.", width=size[0], height=size[1])
        )
    if place.refused:
        raise CompileError(place.refused)
    if crop_factor is None:
        if place.crop_factor is None:
            raise CompileError(Sentence("The sensor of this camera is not known.", Code.CROP_FACTOR))
        crop_factor = place.crop_factor.value
        check_crop_factor(crop_factor)
    width, height = int(size[0]), int(size[1])
    return SensorPicture(width, height, float(crop_factor), _frame(place, width, height))


def _place(shot: Shot, body: Body | None, size: tuple[int, int] | None, crop_factor: float | None) -> Place:
    if size is not None and min(size) >= 1:
        shot = shot._replace(width=size[0], height=size[1])
    return place_of(shot, body, crop_factor)


def _frame(place: Place, width: int, height: int) -> tuple[float, float, float, float] | None:
    """The frame of a picture in px of it; the edges lie half a px beyond the centres of the outer pixels."""
    if place.frame is None:
        return None
    left, top, across, down = place.frame
    return left * width, top * height, across * width, down * height


def _focal_length(lens: Lens, shot: Shot, focal_mm: float | None) -> float:
    """A prime has its own; a zoom needs to be told."""
    if lens.focal_min == lens.focal_max:
        return lens.focal_min
    focal = focal_mm or (shot.focal_mm.value if shot.focal_mm else None)
    if focal is None:
        why = Sentence(
            "{lens} has several focal lengths and the photo does not say which.", Code.FOCAL_LENGTH, lens=lens.name
        )
        raise CompileError(why)
    if refused := lens.out_of_reach(focal, slack=0.05):
        raise CompileError(refused)
    return float(focal)


def _aperture(lens: Lens, shot: Shot, body: Body | None, f_number: float | None) -> Aperture:
    if refused := lens.too_wide(f_number):
        raise CompileError(refused)
    return aperture_of(lens, shot, f_number, body)


def _distance(shot: Shot, distance_m: float | None) -> float:
    distance = distance_m or (shot.distance_m.value if shot.distance_m else INFINITY_M)
    return min(max(distance, 0.01), INFINITY_M)
