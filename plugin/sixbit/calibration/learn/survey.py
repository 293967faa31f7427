"""An archive looked through: which of its photos say something of an M lens, and why the others do not.

Only what photos say of themselves is read, no pixels. Photos of a lens on a body at a focal length make a group. They
are left out by the same answers as everywhere: what was corrected, cropped or taken in a crop mode is of no use, nor is
a photo whose lens is not certain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from sixbit.calibration.frames import Setting, check_untouched, check_whole, focal_length
from sixbit.calibration.identity import identity_of, shutter_of
from sixbit.lenses.bodies import same_body
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.compensation import compensated_for, perhaps_carried_out, silently_developed
from sixbit.lenses.figures import aperture_of
from sixbit.lenses.match import Match, Status, match
from sixbit.lenses.turned import how_turned
from sixbit.tags.read import opened, read_shot, taken_at
from sixbit.values.errors import CalibrationError, Code, PhotoError, SixbitError
from sixbit.values.lens import Lens
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot

KINDS = ("distortion", "tca")
"""What single photos tell of."""


class Why(StrEnum):
    """The reasons why nothing is learnt from a photo, in words that go on after their number."""

    UNREADABLE = "cannot be read"
    NOT_M = "not taken with an M lens"
    UNTAGGED = "do not say which lens it was"
    UNKNOWN = "name a lens that is not known"
    AMBIGUOUS = "may be of one lens or another"
    CORRECTED = "corrected already"
    SILENT = "developed by a program that does not say whether it corrected the lens"
    CROPPED = "cropped or reshaped, or in another shape than the sensor's"
    CROP_MODE = "taken in a crop mode"
    SENSOR = "by a camera whose sensor is not known"
    FILM = "scans of film"
    FOCAL_LENGTH = "do not say at which focal length of the lens"
    COPY = "another copy, or another format, of a photo that counts"
    OTHER_SIZE = "of another size than most of their lens and body"


class Group(NamedTuple):
    """Photos that can be measured together: of a lens on a body, at one focal length, of one size in px."""

    lens_id: str
    make: str
    model: str
    focal_mm: float
    crop_factor: float
    long_side: int
    short_side: int
    is_raw: bool

    @property
    def aspect_ratio(self) -> float:
        """The long side over the short one."""
        return self.long_side / self.short_side

    @property
    def half_diagonal_px(self) -> float:
        """Of the photos."""
        return math.hypot(self.long_side, self.short_side) / 2

    def setting(self, f_number: float | None = None, turned: int | None = None, compensated: str = "") -> Setting:
        """How the lens was set, how the photos were turned, and for what lens the body had compensated them."""
        return Setting(
            catalogue().lens(self.lens_id),
            self.crop_factor,
            self.focal_mm,
            self.aspect_ratio,
            f_number,
            None,
            self.make,
            self.model,
            turned,
            self.half_diagonal_px,
            compensated,
        )


class Photo(NamedTuple):
    """A photo that something can be learnt from, and what of.

    ``identity`` is the same for copies of a file, and for one whose tags were changed. ``f_number`` is what the lens
    gave to the body, or what the user said; ``is_estimated`` if the body guessed it. ``compensated`` is how the body
    knew the lens whose fall-off it has compensated, else empty.
    """

    path: str
    group: Group
    kinds: tuple[str, ...]
    identity: str
    taken: str
    f_number: float | None
    is_estimated: bool
    compensated: str
    turned: int | None = None
    """Exif's orientation by which its picture was turned since the sensor had it; None if nobody can tell."""
    shutter: str = ""
    """The same for a raw and for what was made of it."""


class LeftOut(NamedTuple):
    """A photo that nothing is learnt from, and why: in general, and in words."""

    path: str
    why: Why
    words: str


def look(path: str, lens: Lens | None = None) -> Photo | LeftOut:
    """Look at a photo of an archive; its pixels are not read, and whatever is wrong with it becomes an answer.

    A photo that does not say its lens counts as taken with ``lens``, if one is given.
    """
    try:
        return _look(path, lens)
    except (SixbitError, OSError) as error:
        return LeftOut(path, Why.UNREADABLE, getattr(error, "reason", str(error)))


def _look(path: str, assumed: Lens | None) -> Photo | LeftOut:
    shot = read_shot(path)
    found = match(shot)
    if assumed and found.lens is None and (found.status is Status.UNTAGGED or assumed in found.candidates):
        found = found._replace(lens=assumed, status=Status.MATCHED)
    if refused := _why_not(shot, found):
        return LeftOut(path, *refused)
    lens, crop_factor = found.lens, found.crop_factor
    assert lens
    assert crop_factor
    kinds = []
    for kind, of_marks in (("distortion", None), ("tca", ("tca",))):
        with suppress(CalibrationError):
            check_untouched(shot, of_marks) if of_marks else check_untouched(shot)
            kinds.append(kind)
    if not kinds:
        return LeftOut(path, Why.CORRECTED, ", ".join(mark.tag for mark in shot.marks))
    try:
        focal = focal_length(lens, shot.focal_mm.value if shot.focal_mm else 0.0)
    except CalibrationError as error:
        return LeftOut(path, Why.FOCAL_LENGTH, str(error.reason))
    # Cameras round the focal length of a lens that has several.
    focal = min(lens.focals or (focal,), key=lambda one: abs(one - focal))
    long_side, short_side = sorted(_size(shot, path), reverse=True)
    aperture = aperture_of(lens, shot, None, found.body)
    group = Group(lens.lens_id, *shot.camera, focal, crop_factor.value, long_side, short_side, shot.is_raw)
    taken = taken_at(Path(path)) or ""
    return Photo(
        path,
        group,
        tuple(kinds),
        identity_of(Path(path), shot, taken),
        taken,
        aperture.f_number and round(aperture.f_number, 1),
        aperture.source == "estimated",
        compensated_for(shot),
        how_turned(shot, shot.height > shot.width) if shot.width and shot.height else None,
        shutter_of(shot, taken),
    )


def _size(shot: Shot, path: str) -> tuple[int, int]:
    """Width and height in px; raws of other makers than Leica say those of a preview in their tags."""
    if shot.width and shot.height and (shot.developed or not shot.is_raw):
        return shot.width, shot.height
    try:
        import rawpy
    except ImportError as error:
        needed = Sentence("a raw file needs rawpy.", Code.MISSING_PART, package="sixbit[calibrate]")
        raise PhotoError(needed) from error
    try:
        with opened(Path(path)) as file, rawpy.imread(file) as raw:
            return raw.sizes.width, raw.sizes.height
    except (rawpy.LibRawError, ValueError) as error:
        raise PhotoError("LibRaw cannot decode it.", Code.DAMAGED) from error


def _why_not(shot: Shot, found: Match) -> tuple[Why, str] | None:
    """The reason why a photo is left out, by its tags."""
    if found.lens is None:
        words = ", ".join(lens.name for lens in found.candidates) or "; ".join(found.evidence)
        return Why[found.status.name if found.status is not Status.MATCHED else "AMBIGUOUS"], words
    if found.lens.is_adapter:
        return Why.UNTAGGED, found.lens.name
    if found.body and found.body.is_film:
        return Why.FILM, found.body.model
    if said := silently_developed(shot) or perhaps_carried_out(shot):
        return Why.SILENT, str(said)
    try:
        check_whole(shot)
    except CalibrationError as error:
        return Why.CROPPED, str(error.reason)
    if found.crop_factor is None:
        return Why.SENSOR, " ".join(shot.camera).strip()
    if found.body and found.crop_factor.value > 1.01 * found.body.crop_factor:
        return Why.CROP_MODE, "; ".join(found.place.evidence)
    return None


def grouped(answers: Iterable[Photo | LeftOut]) -> tuple[dict[Group, list[Photo]], list[LeftOut]]:
    """Put the photos of an archive into groups, each in an order of its own that goes all over the time they are of.

    The order in which the photos were looked at has no say in it. Copies count once, and of a raw and what was made of
    it beside it, the photo that was made counts.
    """
    left: list[LeftOut] = []
    photos = []
    for answer in sorted(answers, key=lambda one: one.path):
        photos.append(answer) if isinstance(answer, Photo) else left.append(answer)
    # The made before the raw, as they say what was done to them; a raw is there for what was left out.
    photos.sort(key=lambda one: (one.group.is_raw, one.path))
    seen: set[tuple[str, ...]] = set()
    once = []
    for photo in photos:
        keys = {(photo.identity,), ("", str(Path(photo.path).with_suffix("")))}
        if keys & seen:
            left.append(LeftOut(photo.path, Why.COPY, ""))
        else:
            once.append(photo)
        seen |= keys
    groups: dict[Group, list[Photo]] = {}
    for photo in once:
        groups.setdefault(photo.group, []).append(photo)
    kept: dict[Group, list[Photo]] = {}
    for group in sorted(groups, key=lambda one: (-len(groups[one]), one)):
        if any(_is_other_size(group, other) for other in kept):
            left += [LeftOut(photo.path, Why.OTHER_SIZE, "") for photo in groups[group]]
        else:
            kept[group] = spread(sorted(groups[group], key=lambda one: (one.taken, one.identity, one.path)))
    return dict(sorted(kept.items())), left


def _is_other_size(one: Group, other: Group) -> bool:
    alike = one.lens_id == other.lens_id and one.focal_mm == other.focal_mm
    return alike and same_body((one.make, one.model), (other.make, other.model))


def spread(photos: Sequence[Photo]) -> list[Photo]:
    """Reorder so that the first few are from all over, and the next few lie between them (van der Corput's order)."""
    digits = max(1, (len(photos) - 1).bit_length())
    order = sorted(range(len(photos)), key=lambda index: f"{index:0{digits}b}"[::-1])
    return [photos[index] for index in order]
