"""Frames that a calibration is made from: opened one after the other and measured, and how the lens was set in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from sixbit.calibration.identity import identity_of, shutter_of
from sixbit.export.memory import foretold
from sixbit.files.find import RAW_SUFFIXES
from sixbit.files.reading import reading
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.compensation import compensated_for
from sixbit.lenses.figures import aperture_of
from sixbit.lenses.match import lens_of
from sixbit.lenses.place import place_of
from sixbit.lenses.turned import how_turned, one_way
from sixbit.measure.frame import DecodedFrame
from sixbit.tags.read import opened, photo_blocks, shot_in, taken_at
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, Code, PhotoError
from sixbit.values.kinds import KINDS, SPOKEN
from sixbit.values.lens import Lens
from sixbit.values.sentence import Sentence, all_of, in_a_row
from sixbit.values.shot import Shot
from sixbit.values.watch import Progress, part, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.arrays import FloatArray

T = TypeVar("T")

_REMEMBERED: ContextVar[dict[Any, Any] | None] = ContextVar("frames that were read", default=None)

NEARLY = 0.03
"""Share of the longer side by which a photo may differ from most and is then left out."""


def opening(path: str | Path) -> str:
    """Words for what is done while a frame is opened, and why that may take long.

    Raises PhotoError for one that takes more memory than there is.
    """
    path = Path(path)
    words = foretold(path)
    if words:
        return Sentence("reading {photo}, which {words}", photo=path.name, words=words)
    return Sentence("reading {photo}", photo=path.name)


def open_frame(path: str | Path) -> DecodedFrame:
    """Decode a photo of any format that is read, or a raw frame. Raises PhotoError."""
    path = Path(path)
    with reading(path):
        return _open_frame(path)


def _open_frame(path: Path) -> DecodedFrame:
    with opened(path) as file:
        blocks = photo_blocks(path, file)
        shot = shot_in(path, blocks)
    if blocks.is_dng or path.suffix.lower() in RAW_SUFFIXES:
        return _open_raw(path, shot)
    from sixbit.photos.decode import decode

    photo = decode(path)
    pixels = photo.pixels[:, :, :3] if photo.alpha else photo.pixels
    frame = DecodedFrame(path, shot, pixels, photo.transfer, format=photo.format)
    if photo.format != "JPEG":
        return frame
    tables = photo.encoding.tables
    return replace(frame, steps=(tables[0][0], tables[-1][0]))


def check_untouched(shot: Shot, kinds: Iterable[str] = KINDS) -> None:
    """Refuse a frame whose marks claim that one of these kinds is corrected already, by CalibrationError."""
    if not shot.already_corrected or not {*kinds} & {*shot.already_corrected}:
        return
    done = in_a_row([SPOKEN[kind] for kind in shot.already_corrected])
    marks = ", ".join(mark.tag for mark in shot.marks)
    why = Sentence("{done} is corrected already ({marks}), so the lens cannot be seen in it.", done=done, marks=marks)
    raise CalibrationError(why, Code.FRAMES, subject=shot.path)


def check_whole(shot: Shot) -> None:
    """Refuse a frame that is a part of what the lens drew, by CalibrationError: the measurement needs its middle."""
    place = place_of(shot, catalogue().body_of(shot))
    if place.refused or place.frame:
        # Without its code: what can be done about a photo cannot be done about a frame.
        said = place.refused or place.evidence[-1]
        why = Sentence(said.template, **said.values)
        raise CalibrationError(why, Code.FRAMES, subject=shot.path)


class Frames(NamedTuple, Generic[T]):
    """Frames that were read, one entry each: names, tags, widths and heights in px, and what was measured of them.

    ``digests`` are those by which a frame is known again.
    """

    names: tuple[str, ...]
    shots: tuple[Shot, ...]
    sizes: tuple[tuple[int, int], ...]
    measured: tuple[T, ...]
    digests: tuple[tuple[str, ...], ...]

    @property
    def photos(self) -> tuple[str, ...]:
        """The digests of all of them."""
        return tuple(digest for of_frame in self.digests for digest in of_frame)

    def without(self, left_out: Sequence[bool], why: str) -> tuple[Frames[T], tuple[str, ...]]:
        """The other frames, and what is to be said of those that are left out."""
        if not any(left_out):
            return self, ()
        keep = [not is_left for is_left in left_out]
        kept = Frames(
            tuple(compress(self.names, keep)),
            tuple(compress(self.shots, keep)),
            tuple(compress(self.sizes, keep)),
            tuple(compress(self.measured, keep)),
            tuple(compress(self.digests, keep)),
        )
        return kept, (Sentence("Left out, {why}: {names}.", why=why, names=", ".join(compress(self.names, left_out))),)


def read_frames(
    paths: Sequence[str | Path],
    measure: Callable[[DecodedFrame, Progress], T],
    *,
    kinds: Iterable[str] = KINDS,
    progress: Progress = silent,
) -> Frames[T]:
    """Open frames and measure each before the next is opened, as few of them fit into memory together.

    Raises PhotoError for a file that is no photo, CalibrationError for a frame that is a part of what the lens drew or
    in which one of the ``kinds`` is corrected already, and what ``measure`` raises.
    """
    read: list[tuple[str, Shot, tuple[int, int], T, tuple[str, ...]]] = []
    kinds, before = tuple(kinds), _REMEMBERED.get()
    for number, path in enumerate(paths):
        progress_of_frame = part(progress, number / len(paths), (number + 1) / len(paths))
        key = _key(path, measure, kinds) if before is not None else None
        one = before.get(key) if before is not None else None
        if one is None:
            one = _read_frame(path, measure, kinds, progress_of_frame)
            if before is not None:
                before[key] = one
        read.append(one)
    return Frames(*zip(*read, strict=True))


def of_one_size(frames: Frames[T]) -> tuple[Frames[T], tuple[str, ...]]:
    """Leave out photos that are a few px larger or smaller than most: nobody knows what was cut off or added, or where.

    Returns the others, and what is to be said of those.
    """
    sizes = [tuple(sorted(size)) for size in frames.sizes]
    usual = max(sizes, key=lambda size: (sizes.count(size), size))
    odd = [size != usual and abs(size[1] / usual[1] - 1) < NEARLY for size in sizes]
    return frames.without(odd, Sentence("being a few pixels larger or smaller than the other photos"))


def of_one_way(frames: Frames[T]) -> tuple[Frames[T], tuple[str, ...]]:
    """Leave out photos that were turned otherwise than most: the optical centre lies elsewhere in them.

    Returns the others, and what is to be said of those.
    """
    ways = _ways(frames)
    usual = max(ways, key=ways.count)
    return frames.without([way != usual for way in ways], Sentence("being turned otherwise than the other photos"))


def _read_frame(
    path: str | Path, measure: Callable[[DecodedFrame, Progress], T], kinds: tuple[str, ...], progress: Progress
) -> tuple[str, Shot, tuple[int, int], T, tuple[str, ...]]:
    progress(0.0, opening(path))
    frame = open_frame(path)
    check_untouched(frame.shot, kinds)
    check_whole(frame.shot)
    taken = taken_at(frame.path) or ""
    digests = tuple(filter(None, (identity_of(frame.path, frame.shot, taken), shutter_of(frame.shot, taken))))
    return frame.name, frame.shot, frame.size, measure(frame, part(progress, 0.5, 1.0)), digests


@contextmanager
def remembering(memory: dict[Any, Any]) -> Iterator[None]:
    """Read no frame again that was read before with the same ``memory``: the others, where one of them was refused."""
    token = _REMEMBERED.set(memory)
    try:
        yield
    finally:
        _REMEMBERED.reset(token)


def _key(path: str | Path, measure: Any, kinds: tuple[str, ...]) -> tuple[Any, ...]:
    """A frame as it is remembered: its file as it is, and what is measured of it, which may be a partial function."""
    given = tuple(getattr(measure, "keywords", {}).items())
    return str(path), Path(path).stat().st_mtime_ns, getattr(measure, "func", measure), given, kinds


@dataclass(frozen=True)
class Setting:
    """Setting of a lens that a calibration is of, and the body it was on. mm and metres; None is infinity.

    ``make`` and ``model`` name the body as EXIF does; only colour shading, which is of lens and sensor, needs them.
    """

    lens: Lens
    crop_factor: float
    focal_mm: float
    aspect_ratio: float = 1.5
    f_number: float | None = None
    distance_m: float | None = None
    make: str = ""
    model: str = ""
    turned: int | None = 1
    """Exif's orientation by which the frames were turned since the sensor had them; None if nobody can tell."""
    half_diagonal_px: float | None = None
    """Of the first frame, in whose px errors are."""
    compensated: str | None = ""
    """How the body knew the lens whose fall-off it has compensated; empty if it has not, None if nobody knows."""
    is_guessed: bool = False
    """True if the aperture is the body's estimate."""


class _Found(Protocol):
    @property
    def verdict(self) -> tuple[str, ...]: ...


Found = TypeVar("Found", bound=_Found)


@dataclass(frozen=True, eq=False)
class Result(Generic[Found]):
    """A measurement, ``found``, with how the lens was set and the names of the frames that it was made from."""

    setting: Setting
    frames: tuple[str, ...]
    found: Found
    notes: tuple[str, ...] = ()
    """Remarks about the frames, in words."""
    photos: tuple[str, ...] = ()
    """Digests of the frames, by which it is seen that none counts twice."""

    @property
    def verdict(self) -> tuple[str, ...]:
        """Findings and notes in words."""
        return (*self.found.verdict, *self.notes)


def setting_of(frames: Frames[Any], choices: Choices, *, is_of_light: bool = False) -> Setting:
    """Tell how the lens was set in all of these frames: from their tags, where it is not chosen.

    ``is_of_light`` if fall-off or shading are to be measured, which bodies compensate for lenses that they know. Raises
    CalibrationError if they differ in camera, aperture or shape, or in what the body has compensated, or if the crop
    factor is not known; PhotoError if the lens is not.
    """
    first = frames.shots[0]
    lens = lens_of(first, choices)[0]
    bodies = {shot.camera for shot in frames.shots}
    if len(bodies) > 1:
        names = all_of(sorted(" ".join(body).strip() or Sentence("none") for body in bodies))
        raise CalibrationError(
            Sentence("These frames come from different cameras ({names}).", names=names), Code.FRAMES
        )
    make, model = bodies.pop()
    body = catalogue().body_for(make, model)
    ratios = [max(size) / max(min(size), 1) for size in frames.sizes]
    if max(ratios) / min(ratios) > 1.01:
        raise CalibrationError("These frames differ in shape.", Code.FRAMES)
    crop_factor = choices.crop_factor
    if crop_factor is None:
        known = {round(found.value, 4) for shot in frames.shots if (found := place_of(shot, body).crop_factor)}
        if not known:
            raise CalibrationError("The sensor of this camera is not known.", Code.CROP_FACTOR)
        if len(known) > 1:
            raise CalibrationError("These frames were not taken with the same part of the sensor.", Code.FRAMES)
        crop_factor = known.pop()
    apertures = {round(a, 2) for s in frames.shots if (a := aperture_of(lens, s, choices.f_number, body).f_number)}
    if len(apertures) > 1:
        listed = all_of([f"f/{a:g}" for a in sorted(apertures)])
        raise CalibrationError(
            Sentence("These frames were taken at {listed}, and not all at one aperture.", listed=listed), Code.FRAMES
        )
    if refused := lens.too_wide(choices.f_number):
        raise CalibrationError(refused)
    knew = {compensated_for(shot) for shot in frames.shots}
    if is_of_light and len(knew) > 1:
        listed = all_of(sorted(name or Sentence("without the lens known to it") for name in knew))
        why = Sentence(
            "The camera has not compensated the same in all of these frames ({listed}): take them alike.", listed=listed
        )
        raise CalibrationError(why, Code.FRAMES)
    return Setting(
        lens=lens,
        crop_factor=float(crop_factor),
        focal_mm=focal_length(lens, choices.focal_mm or (first.focal_mm.value if first.focal_mm else 0.0)),
        aspect_ratio=ratios[0],
        f_number=apertures.pop() if apertures else None,
        distance_m=choices.distance_m or (first.distance_m.value if first.distance_m else None),
        make=make,
        model=model,
        turned=one_way(_ways(frames)),
        half_diagonal_px=math.hypot(*frames.sizes[0]) / 2,
        compensated=knew.pop() if is_of_light else "",
        is_guessed=choices.f_number is None and any(shot.f_number_estimated for shot in frames.shots),
    )


def _ways(frames: Frames[Any]) -> list[int | None]:
    return [how_turned(shot, high > wide) for shot, (wide, high) in zip(frames.shots, frames.sizes, strict=True)]


def focal_length(lens: Lens, focal_mm: float) -> float:
    """That of the lens, or, of a lens that has several, the one given."""
    if lens.focal_min == lens.focal_max:
        return float(lens.focal_min)
    if not 0.95 * lens.focal_min <= focal_mm <= 1.05 * lens.focal_max:
        why = Sentence("{lens} has several focal lengths, and the frames do not say which it was.", lens=lens.name)
        raise CalibrationError(why, Code.FOCAL_LENGTH)
    return float(focal_mm)


def _open_raw(path: Path, shot: Shot) -> DecodedFrame:
    try:
        import rawpy
    except ImportError as error:
        needed = Sentence("a raw file needs rawpy.", Code.MISSING_PART, package="sixbit[calibrate]")
        raise PhotoError(needed, subject=path) from error
    from sixbit.values.light import linear

    try:
        # Not by its path, which LibRaw would write to the terminal as it is.
        with opened(path) as file, rawpy.imread(file) as raw:
            pixels = raw.postprocess(
                half_size=True,
                gamma=(1, 1),
                no_auto_bright=True,
                adjust_maximum_thr=0.0,  # white stays the camera's white, however bright the brightest pixel is
                output_bps=16,
                user_wb=[1, 1, 1, 1],
                output_color=rawpy.ColorSpace.raw,
                user_flip=0,
            )
            matrix = _to_srgb(raw.rgb_xyz_matrix)
            grey = raw.num_colors == 1
    except (rawpy.LibRawError, ValueError, OSError) as error:
        reason = error.args[0] if error.args else error  # rawpy hands LibRaw's words on as bytes
        why = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        raise PhotoError(Sentence("LibRaw cannot decode it ({why}).", why=why), Code.DAMAGED, subject=path) from error
    # A sensor without colours comes as one plane, or as three that are alike.
    return DecodedFrame(path, shot, pixels[:, :, 0] if grey else pixels, linear(), None if grey else matrix)


def _to_srgb(xyz_to_camera: NDArray[Any]) -> FloatArray | None:
    """From white-balanced camera colours to linear sRGB, as dcraw has it (``cam_xyz_coeff``); None if not known."""
    import numpy as np

    # IEC 61966-2-1:1999, section 5.2: linear sRGB to XYZ.
    srgb_to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]],
    )
    to_camera = np.asarray(xyz_to_camera, np.float64)[:3, :3] @ srgb_to_xyz
    whites = to_camera.sum(axis=1, keepdims=True)
    if np.any(whites <= 0):
        return None
    return np.linalg.inv(to_camera / whites)
