"""Where on the sensor a picture is: all of it, a crop mode, other proportions, or a crop whose place is told.

A correction goes around the optical centre, by the sensor's size: where a picture is a part that nobody can place, the
answer is a reason, not a guess.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from sixbit.lenses.figures import crop_factor_of
from sixbit.values.errors import Code
from sixbit.values.lens import Body, makes_phones
from sixbit.values.sentence import Sentence, in_a_row
from sixbit.values.shot import Crop, Shot, Tagged

IN_CAMERA = {
    "1:1": 1.0,
    "7:6": 7 / 6,
    "5:4": 5 / 4,
    "4:3": 4 / 3,
    "3:2": 3 / 2,
    "16:9": 16 / 9,
    "2:1": 2.0,
    "21:9": 21 / 9,
    "65:24": 65 / 24,
}
"""Proportions that cameras crop to themselves, around the middle."""
_OLYMPUS = {"6:5": 6 / 5, "7:5": 7 / 5}
IN_CAMERAS_OF = {"olympus": _OLYMPUS, "om": _OLYMPUS}
"""Those of one maker alone, as ExifTool names the values of Olympus's tag AspectRatio."""
CROP_MODES = {"leica": (1.3, 1.5, 1.8), "nikon": (1.2, 1.3, 1.5), "sony": (1.5,), "canon": (1.6,)}
"""The factors by which makers name their crop modes: FocalLengthIn35mmFilm, in whole millimetres, is less exact."""
_OTHER_MODES = (1.25, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0)

_NATURAL = 0.016
"""By how much the pictures of a body differ from its sensor's proportions: 1.487 (M8) to 1.512 (M10-R) for 3:2."""
_EXACT = 0.007
"""By how much those that cameras crop to differ from what they are called."""
_SAME_SENSOR = 0.03
"""By how much crop factors of one sensor differ, as people round them."""
_BORDER = 0.06
"""The share of what a sensor sees that raws keep around the picture, at most."""
_LEAST_MODE, _LARGEST_MODE = 1.1, 2.6
"""Beyond, the two focal lengths are not of one lens."""


class Place(NamedTuple):
    """Where on the sensor a picture is.

    ``crop_factor`` is that of the frame as it was used, crop mode and digital zoom included, with its source.
    ``frame`` gives the left and top edge, width and height of that frame, as shares of the picture's width and height;
    it is None if the picture is the frame. ``refused`` says why a picture cannot be placed.
    """

    crop_factor: Tagged[float] | None = None
    frame: tuple[float, float, float, float] | None = None
    evidence: tuple[Sentence, ...] = ()
    refused: Sentence | None = None

    @property
    def is_centred(self) -> bool:
        """True unless the picture is a part of the frame with another middle."""
        if self.frame is None:
            return True
        left, top, wide, high = self.frame
        return abs(left + wide / 2 - 0.5) < 1e-6 and abs(top + high / 2 - 0.5) < 1e-6

    def taken_as_whole(self) -> Place:
        """Take the picture for the whole frame, whatever speaks against it."""
        return self._replace(frame=None, refused=None) if self.refused else self


def place_of(shot: Shot, body: Body | None, said: float | None = None) -> Place:
    """Find where on the sensor a shot is, by what its body is known for and what its tags say.

    A crop factor that the user has ``said`` and that is not the body's tells of another sensor, of unknown proportions.

    >>> crop_mode = Shot(focal_mm=Tagged(35.0, "FocalLength"), focal_35mm=Tagged(52.0, "FocalLengthIn35mmFilm"))
    >>> place_of(crop_mode, Body("Sony", "ILCE-7RM3", 1.0, "Sony E")).crop_factor.value
    1.5
    """
    known = crop_factor_of(shot, body)
    mode, evidence = _crop_mode(shot, body)
    if mode and _is_told_by_a_part(shot, mode):
        mode, evidence = 1.0, ()
    if known is not None and mode is not None:
        known = Tagged(known.value * mode, known.tag)
    # Whoever says the crop factor says that of the crop mode, too.
    place = Place(known, evidence=evidence if said is None else ())
    if shot.reshaped:
        return place._replace(refused=_reshaped(shot.reshaped))
    if mode is None and said is None:
        return place._replace(evidence=(), refused=evidence[0])
    is_of_body = said is None or (known is not None and _alike(said, known.value, _SAME_SENSOR))
    if shot.is_raw:
        return _developed(place, shot.developed) if is_of_body else place
    if shot.width is None or shot.height is None:
        return place
    proportions = body.proportions if body and is_of_body else None
    if refused := _of_another_shape(shot):
        return place._replace(refused=refused)
    if shot.crop:
        return _cropped(place, shot, shot.crop, proportions)
    return _in_proportions(place, shot, proportions or _usual_proportions(shot, said), for_certain=bool(proportions))


def _usual_proportions(shot: Shot, said: float | None) -> float | None:
    """The proportions of sensors with the crop factor that was said of a camera nobody knows."""
    return 3 / 2 if shot.model and said and 0.93 <= said <= 1.7 else None


def _crop_mode(shot: Shot, body: Body | None) -> tuple[float | None, tuple[Sentence, ...]]:
    """By how much the camera used less than its sensor, and what says so; None, and why, if that makes no sense."""
    zoom = shot.digital_zoom
    mode = _mode_by_focal_lengths(shot, body)
    said = []
    if mode is None:
        assert shot.focal_mm
        assert shot.focal_35mm
        why = Sentence(
            "The photo says {focal:g} mm with the view of {equivalent:g} mm ({tag}), which is no crop mode of its "
            "camera: one of them was written later, so nobody can tell what part of the sensor it is.",
            Code.RESHAPED,
            focal=shot.focal_mm.value,
            equivalent=shot.focal_35mm.value,
            tag=shot.focal_35mm.tag,
        )
        return None, (why,)
    if mode > 1.05 * zoom:
        zoom = 1.0  # the equivalent focal length tells of it as well
    if mode > 1 and not 0.95 < zoom / mode < 1.05:
        assert shot.focal_mm
        assert shot.focal_35mm
        said.append(
            Sentence(
                "The camera used a part of its sensor: {focal:g} mm had the view of {equivalent:g} mm ({tag}).",
                focal=shot.focal_mm.value,
                equivalent=shot.focal_35mm.value,
                tag=shot.focal_35mm.tag,
            )
        )
    else:
        mode = 1.0
    if zoom > 1:
        said.append(Sentence("The camera zoomed by {zoom:g}, so it used a part of its sensor.", zoom=zoom))
    return mode * zoom, tuple(said)


def _is_told_by_a_part(shot: Shot, mode: float) -> bool:
    """True if a crop mode is no cut in the pixels, but a part of them that is told, which counts on its own.

    Cameras that zoom so keep the whole in a raw; programs that develop it tell the same part as a crop of theirs.
    """
    parts = (shot.developed, shot.shown) if shot.is_raw else (shot.crop,)
    if mode < _LEAST_MODE:
        return False
    return any(
        _alike(max(part.right - part.left, part.bottom - part.top) * mode, 1, 0.05)
        and abs(part.left + part.right - 1) < _BORDER
        and abs(part.top + part.bottom - 1) < _BORDER
        for part, _ in filter(None, parts)
    )


def _developed(place: Place, part: Tagged[Crop] | None) -> Place:
    """Place a raw, by what of its sensor it is developed to: all but a border that does not count, or a part."""
    if part is None:
        return place
    (left, top, right, bottom), tag = part
    left, right = _but_border(left, right)
    top, bottom = _but_border(top, bottom)
    wide, high = right - left, bottom - top
    if wide == high == 1:
        return place
    said = Sentence("The camera used a part of its sensor ({tag}).", tag=tag)
    frame = (-left / wide, -top / high, 1 / wide, 1 / high)
    return place._replace(frame=frame, evidence=(*place.evidence, said))


def _but_border(near: float, far: float) -> tuple[float, float]:
    """Two edges of a part: those of the whole if little lies beyond them, and centred if they nearly are."""
    if far - near > 1 - _BORDER:
        return 0.0, 1.0
    aside = (near + far - 1) / 2
    return (near - aside, far - aside) if abs(aside) < _BORDER / 4 else (near, far)


def _mode_by_focal_lengths(shot: Shot, body: Body | None) -> float | None:
    """The crop mode that FocalLengthIn35mmFilm tells of a body whose crop factor is known; None if it has no such one.

    It counts where the camera wrote both focal lengths: phones write those of their own module, and an equivalent that
    is less than the sensor's, or far more, was left from before somebody wrote the focal length of the lens.
    """
    focal, equivalent = shot.focal_mm, shot.focal_35mm
    if body is None or focal is None or equivalent is None or focal.value <= 0:
        return 1.0
    if body.is_phone or makes_phones(body.make):
        return 1.0
    of_sensor = focal.value * body.crop_factor
    quotient = equivalent.value / of_sensor
    if not _LEAST_MODE <= quotient <= _LARGEST_MODE or equivalent.value - of_sensor < 1.5:
        return 1.0
    low, high = (equivalent.value - 0.5) / of_sensor, (equivalent.value + 0.5) / of_sensor
    if body.crop_factor < 1 and abs(equivalent.value - focal.value) <= 0.5 and _maker(body.make) not in CROP_MODES:
        return _mode_of_small_format(body)
    modes = CROP_MODES.get(_maker(body.make), _OTHER_MODES)
    fitting = [mode for mode in (*modes, shot.digital_zoom) if low * 0.99 <= mode <= high * 1.01]
    return min(fitting, key=lambda mode: abs(mode - quotient)) if fitting else None


def _mode_of_small_format(body: Body) -> float:
    """The crop mode in which a larger sensor gives a picture of 36 mm across (Fujifilm GFX).

    >>> round(_mode_of_small_format(Body("Fujifilm", "GFX 100", 0.79, "Fujifilm G", proportions=4 / 3)), 3)
    1.217
    """
    proportions = body.proportions or 3 / 2
    return math.hypot(36, 24) / body.crop_factor * proportions / math.hypot(proportions, 1) / 36


def _reshaped(marks: tuple[Tagged[str], ...]) -> Sentence:
    deeds = in_a_row(list(dict.fromkeys(mark.value for mark in marks)))
    return Sentence(
        "The picture was {deeds} since it was taken ({marks}), so nobody can tell where the optical centre lies in it.",
        Code.RESHAPED,
        deeds=deeds,
        marks="; ".join(dict.fromkeys(mark.tag for mark in marks)),
    )


def _of_another_shape(shot: Shot) -> Sentence | None:
    """The reason why a picture is not what Exif says that was taken; one of another size was scaled, which is well."""
    assert shot.width
    assert shot.height
    if shot.taken_size is None:
        return None
    (width, height), tag = shot.taken_size
    slack = _EXACT + 1.5 / min(shot.width, shot.height, width, height)
    taken = _long_over_short(width, height)
    if _alike(taken, _long_over_short(shot.width, shot.height), slack):
        return None
    if shot.crop:  # some programs leave the size from before
        (left, top, right, bottom), _ = shot.crop
        if _alike(taken, (shot.width / (right - left)) / (shot.height / (bottom - top)), slack):
            return None
    return Sentence(
        "The picture has {width}×{height} pixels, of {taken_width}×{taken_height} that were taken ({tag}): it was "
        "cropped, and nobody can tell where.",
        Code.RESHAPED,
        width=shot.width,
        height=shot.height,
        taken_width=width,
        taken_height=height,
        tag=tag,
    )


def _in_proportions(place: Place, shot: Shot, proportions: float | None, for_certain: bool) -> Place:
    """Place a picture by its proportions, which its camera may have cropped it to.

    Those that are not ``for_certain`` its sensor's are no reason to refuse an odd one.
    """
    assert shot.width
    assert shot.height
    width, height = shot.width, shot.height
    shape = _long_over_short(width, height)
    if proportions is None or _alike(shape, proportions, _NATURAL + 1 / min(width, height)):
        return place
    slack = _EXACT + 1 / min(width, height)
    shapes = IN_CAMERA | IN_CAMERAS_OF.get(_maker(shot.make.value if shot.make else ""), {})
    name = next((name for name, known in shapes.items() if _alike(shape, known, slack)), None)
    if name is None:
        return place._replace(refused=_odd(width, height)) if for_certain else place
    if shot.editor:
        return place._replace(refused=_perhaps_edited(name, shot.editor))
    said = Sentence("The picture is {name}, so it is taken for what the camera itself cut from the middle.", name=name)
    frame = _widened((0.0, 0.0, 1.0, 1.0), width / height, proportions)
    return place._replace(frame=frame, evidence=(*place.evidence, said))


def _widened(
    part: tuple[float, float, float, float], shape: float, proportions: float
) -> tuple[float, float, float, float]:
    """The smallest frame of the sensor's proportions around a part of it, which has another width over its height."""
    left, top, wide, high = part
    of_sensor = proportions if shape >= 1 else 1 / proportions
    across, down = max(of_sensor / shape, 1.0), max(shape / of_sensor, 1.0)
    return left - (across - 1) / 2 * wide, top - (down - 1) / 2 * high, across * wide, down * high


def _cropped(place: Place, shot: Shot, crop: Tagged[Crop], proportions: float | None) -> Place:
    """Place a crop by its edges, which are those in the picture as the sensor had it: unturned."""
    assert shot.width
    assert shot.height
    (left, top, right, bottom), tag = crop
    wide, high = right - left, bottom - top
    # Of the frame, if the picture lies as the sensor did, and if it was turned upright.
    shape = (shot.width / wide) / (shot.height / high)
    upright = (shot.height / wide) / (shot.width / high)
    slack = _NATURAL + 2 / min(shot.width, shot.height)
    # Sensors lie: a frame that would stand was turned.
    lies = _alike(shape, proportions, slack) if proportions else shape >= 1 - slack
    turned = _alike(upright, proportions, slack) if proportions else upright >= 1 - slack
    if shot.orientation != 1:  # it is still to be turned
        turned = False
    is_centred = abs(left + right - 1) < 0.004 and abs(top + bottom - 1) < 0.004
    if turned and is_centred and not lies:
        wide, high = high, wide
        left, top = (1 - wide) / 2, (1 - high) / 2
    elif not lies or (turned and not is_centred and proportions):
        why = Sentence(
            "The picture was cropped and may have been turned since it was taken ({tag}), so nobody can tell where the "
            "optical centre lies in it.",
            Code.RESHAPED,
            tag=tag,
        )
        return place._replace(refused=why)
    frame = (-left / wide, -top / high, 1 / wide, 1 / high)
    said = Sentence("The picture was cropped, and says from where ({tag}).", tag=tag)
    return place._replace(frame=frame, evidence=(*place.evidence, said))


def _perhaps_edited(name: str, editor: Tagged[str]) -> Sentence:
    return Sentence(
        "The picture is {name}, and {editor} ({tag}) may have cropped it: nobody can tell where.",
        Code.RESHAPED,
        name=name,
        editor=editor.value,
        tag=editor.tag,
    )


def _odd(width: int, height: int) -> Sentence:
    return Sentence(
        "The picture has {width}×{height} pixels, which is neither the shape of the sensor nor one that cameras crop "
        "to: it was cropped, and nobody can tell where.",
        Code.RESHAPED,
        width=width,
        height=height,
    )


def _maker(make: str) -> str:
    """The maker by the first word of what cameras write: ``om`` for OM Digital Solutions."""
    return (make.lower().split() or [""])[0]


def _long_over_short(width: float, height: float) -> float:
    return max(width, height) / max(min(width, height), 1)


def _alike(one: float, other: float, slack: float) -> bool:
    return abs(math.log(one / other)) <= slack
