"""Where a drawable lies in the frame that the lens drew: its centre is the optical centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from texts import UserError, _

Size = tuple[int, int]

SCALED_BY = (2, 3, 4)
"""Whole numbers by which a photo is made smaller."""


class FrameError(UserError):
    """It is not known where the optical centre lies; the message is for the user."""


@dataclass(frozen=True)
class Placement:
    """Holds the size of the frame, and the window (x, y, width, height) of the drawable in it; None if it is all."""

    size: Size
    window: tuple[int, int, int, int] | None = None
    note: str = ""
    """Tells the user what was concluded or assumed; empty where the drawable is the photo as it was taken."""


def of_sensor(
    shares: Sequence[float] | None, original: Size | None, whole: Size, orientation: int
) -> list[float] | None:
    """Turn the frame around a photo as the photo was turned; it is left, top, width and height in shares of the photo.

    ``original`` is the photo's size as it is stored, ``whole`` the one it has here, and ``orientation`` (Exif's) says
    how it was turned when it was opened. Raises FrameError if it was turned another way, and lies beside the middle.
    """
    if shares is None:
        return None
    left, top, wide, high = shares
    if original and orientation < 5 and (whole[0] > whole[1]) != (original[0] > original[1]):
        if abs(left + wide / 2 - 0.5) > 1e-6 or abs(top + high / 2 - 0.5) > 1e-6:
            raise FrameError(
                _("The photo was cropped before it was opened, and turned since: nobody can tell where its centre was.")
            )
        orientation = 6
    if orientation in (2, 3, 7, 8):
        left = 1 - left - wide
    if orientation in (3, 4, 6, 7):
        top = 1 - top - high
    # So far both are as stored; what was turned by a quarter has its rows as columns.
    return [top, left, high, wide] if orientation >= 5 else [left, top, wide, high]


def frame_of(drawable: Size, offsets: tuple[int, int], image: Size, original: Size | None, choice: str) -> Placement:
    """Find the frame of a drawable (its size, its offsets in the image) by ``choice``.

    ``auto`` goes by the original size that the metadata tells, and raises FrameError where the image has another that
    is no half, third or quarter of it; ``scaled`` takes the image for the whole photo, ``centred`` for the middle of
    it, and ``drawable`` the drawable.
    """
    if choice == "drawable":
        return Placement(drawable)
    # GIMP turns a photo upright when it opens it; the metadata goes on telling the size as it was stored.
    wholes = (original, original[::-1]) if original else ()
    if choice == "centred":
        return _centred(drawable, offsets, image, wholes)
    if choice == "auto" and wholes:
        if drawable in wholes:
            # A crop may leave the layers whole, reaching beyond the image.
            return Placement(drawable)
        if image not in wholes and (times := _times_smaller(image, wholes)):
            note = _("The image is taken for the whole photo, scaled to 1/{times}.").format(times=times)
            return _part_of(drawable, offsets, image, note)
        if image not in wholes:
            raise FrameError(
                _(
                    "The photo was taken with {original[0]}×{original[1]} pixels and the image has "
                    "{image[0]}×{image[1]}. Say whether it was scaled or cropped: that decides where the optical "
                    "centre lies."
                ).format(original=original, image=image)
            )
    note = "" if original or choice == "scaled" else _("The photo does not say its original size: it may be cropped.")
    return _part_of(drawable, offsets, image, note)


def _times_smaller(image: Size, wholes: tuple[Size, ...]) -> int:
    """Return by which whole number the image is smaller than the photo, in both directions; 0 if by none.

    A crop may have the photo's proportions, but hardly by such a number.
    """
    for times in SCALED_BY:
        if any(all(abs(side / times - now) < 1 for side, now in zip(whole, image, strict=True)) for whole in wholes):
            return times
    return 0


def _centred(drawable: Size, offsets: Size, image: Size, wholes: tuple[Size, ...]) -> Placement:
    for whole in wholes:
        if whole != image and whole[0] >= image[0] and whole[1] >= image[1]:
            left, top = ((side - cut) // 2 for side, cut in zip(whole, image, strict=True))
            return _part_of(drawable, (offsets[0] + left, offsets[1] + top), whole, "")
    raise FrameError(
        _(
            "The photo's size before it was cropped is not known: GIMP forgets it, unless the file that was opened is "
            "still in its place."
        )
    )


def _part_of(drawable: Size, offsets: Size, whole: Size, note: str) -> Placement:
    """Place a drawable in the frame. Raises FrameError if it reaches beyond: nobody knows what it is then."""
    if drawable == whole and offsets == (0, 0):
        return Placement(whole, note=note)
    x, y = offsets
    if x < 0 or y < 0 or x + drawable[0] > whole[0] or y + drawable[1] > whole[1]:
        raise FrameError(
            _(
                "The layer has {layer[0]}×{layer[1]} pixels and reaches beyond the photo of {whole[0]}×{whole[1]}. Use "
                "Layer ▸ Layer to Image Size first, or say that the layer is the whole photo."
            ).format(layer=drawable, whole=whole)
        )
    part = _("The layer is a part of the photo; the optical centre is the centre of the photo.")
    return Placement(whole, (x, y, *drawable), f"{note} {part}".strip())
