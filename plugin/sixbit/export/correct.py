"""The main job, whole: a photo in, a corrected photo out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.compiler.choose import UNKNOWN
from sixbit.compiler.compile import compile_filter
from sixbit.engines import Region, apply, choose
from sixbit.export.finish import finished
from sixbit.export.presets import Preset
from sixbit.lenses.figures import aperture_of
from sixbit.lenses.match import lens_of
from sixbit.photos.decode import decode
from sixbit.photos.photo import Photo
from sixbit.photos.pixels import in_depth
from sixbit.photos.privacy import passed_on
from sixbit.photos.save import check_target, format_of, save_photo
from sixbit.tags.read import read_shot
from sixbit.values.errors import Code, NotCorrectedError, PhotoError, photo_name
from sixbit.values.filter import Filter
from sixbit.values.kinds import SPOKEN, Grade
from sixbit.values.lens import Lens, Model
from sixbit.values.sentence import Sentence, in_a_row
from sixbit.values.shot import Shot
from sixbit.values.ways_out import WaysOut, codes_of, with_way_out

if TYPE_CHECKING:
    from numpy.typing import NDArray


BAND_PIXELS = 8_000_000
"""Pixels corrected between two steps of the progress bar."""


AS_KNOWN = {"exif": "as the photo says", "estimated": "which the camera estimated", "assumed": "as you said"}
"""Where an f-number comes from, in words."""


@dataclass(frozen=True)
class Corrected:
    """What was done to a photo."""

    photo: Path
    out: Path
    lens: Lens
    filter: Filter
    notes: tuple[str, ...]

    def summary(self, ways_out: WaysOut | None = None) -> str:
        """One line that says what was done, and what was not, with what can be done about that."""
        return f"{photo_name(self.out)}: {described(self.filter, ways_out)}"


def described(filter: Filter, ways_out: WaysOut | None = None, measures_tca: bool = False) -> str:
    """What a correction does and leaves, in a line; ``measures_tca`` if lateral colour will yet be measured."""
    made_from = filter.made_from
    kinds = [f"{SPOKEN[kind]} ({made_from['calibrations'][kind]['grade']})" for kind in made_from["corrections"]]
    without = left_out(filter, ways_out)
    if measures_tca:
        kinds.append(f"{SPOKEN['tca']} (as far as the photo itself shows it)")
        del without["tca"]
    done = ", ".join(kinds)
    left = "".join(f"; without {SPOKEN[kind]}: {why}" for kind, why in without.items())
    aperture = ""
    if "vignetting" in made_from["corrections"]:
        aperture = f" at f/{made_from['f_number']:.3g}, {AS_KNOWN[made_from['f_number_source']]}"
    return f"{made_from['lens']}, corrected {done}{aperture}{left}"


def left_out(filter: Filter, ways_out: WaysOut | None = None) -> dict[str, str]:
    """What was asked for and not corrected, and why, with the ways out of a table.

    That nobody has measured a shading goes without saying, and that one can measure what nobody has.
    """
    why: dict[str, str] = dict(filter.made_from["left_out"])
    if why.get("shading") == UNKNOWN:
        del why["shading"]
    wanted = dict(ways_out or {})
    wanted.pop(Code.UNCALIBRATED, None)
    return {kind: with_way_out(reason, wanted) for kind, reason in why.items()}


def correct(
    path: str | Path,
    out: str | Path,
    *,
    preset: Preset | None = None,
    lens: str | None = None,
    crop_factor: float | None = None,
    focal_mm: float | None = None,
    f_number: float | None = None,
    distance_m: float | None = None,
    corrections: Iterable[str] | None = None,
    scale: str | float | None = None,
    grades: Iterable[Grade] | None = None,
    auto_tca: bool | None = None,
    engine: str = "auto",
    interpolation: str | None = None,
    force: bool = False,
    compare: str | Path | None = None,
    quality: int | None = None,
    threads: int | None = None,
    progress: bool = False,
    lap: Callable[[str], None] = lambda step: None,
    look: Callable[[Photo, NDArray[Any]], None] = lambda photo, corrected: None,
) -> Corrected:
    """Correct a photo and write the result with the photo's metadata.

    ``preset`` says how; what is given besides goes before it. Its lens, its file name and what it does with photos that
    cannot be corrected are the batch's business, as the format is that of ``out``. ``lens`` is the identity of a lens,
    for photos that do not say it. ``auto_tca`` measures the lateral colour in the photo itself, where the lens has no
    calibration of it. What marks in the photo claim to be corrected already is left as it is, unless
    ``force`` is set. Raises :class:`sixbit.PhotoError` if the photo cannot be read, and
    :class:`NotCorrectedError`, which is one, if its lens is not known for certain or there is nothing to correct;
    nothing is written then. ``threads`` defaults to the processors there are. ``lap`` is called with the name of each
    step when it is done, ``look`` with the photo and its corrected pixels before they are written.
    """
    path, out = Path(path), Path(out)
    preset = preset or Preset("", "", "")
    grades = tuple(preset.grades if grades is None else grades)
    format_of(out)
    for target in (out, Path(compare)) if compare else (out,):
        check_target(target, path)
    if compare and Path(compare) == out:
        raise PhotoError("cannot hold both the photo and the comparison.", Code.NAME, subject=out)
    shot = read_shot(path)
    lap("tags")
    identity, notes = lens_of(shot, lens, grades)
    lap("database")
    wanted = _not_yet_done(shot, preset.corrections if corrections is None else corrections, force, notes)
    photo = decode(path)
    height, width = photo.pixels.shape[:2]
    shot = shot._replace(width=width, height=height)
    try:
        transfer = photo.transfer
    except PhotoError:
        # Without the curve there is no linear light; geometry alone is resampled in the values as they are.
        if "vignetting" in wanted or "shading" in wanted:
            raise
        transfer = None
    lap("decode")
    filter = _compiled(
        shot,
        identity,
        wanted,
        preset,
        (lambda: _tca_in(photo)) if (preset.auto_tca if auto_tca is None else auto_tca) else None,
        crop_factor=crop_factor,
        focal_mm=focal_mm,
        f_number=f_number,
        distance_m=distance_m,
        scale=preset.scale if scale is None else scale,
        grades=grades,
    )
    _check_something_to_do(filter, shot, identity, wanted)
    lap("compile")
    # More bits, where they are wanted, before the values between those of the photo are rounded.
    if preset.depth is not None and preset.depth > photo.pixels.dtype.itemsize * 8:
        photo = replace(photo, pixels=in_depth(photo.pixels, preset.depth))
    pixels = _apply(filter, photo, engine, interpolation or preset.interpolation, transfer, progress, threads)
    lap("correct")
    if compare:
        from sixbit.export.compare import save_comparison

        save_comparison(photo.pixels, pixels, Path(compare))
    look(photo, pixels)
    # The uncorrected pixels are not needed any more, and as many again are while others are encoded.
    photo = replace(photo, pixels=pixels)
    del pixels
    photo = finished(photo, preset)
    lap("finish")
    photo = passed_on(photo, preset.metadata)
    notes.extend(
        save_photo(
            photo,
            photo.pixels,
            out,
            filter=filter,
            quality=quality or preset.quality,
            subsampling=preset.chroma,
            threads=threads,
        )
    )
    lap("encode and metadata")
    return Corrected(path, out, identity, filter, tuple(notes))


def foreseen(path: Path, preset: Preset, lens: str | None = None) -> tuple[Filter, bool]:
    """What :func:`correct` would do to a photo, told from its tags alone; raises what that would raise.

    With it stands whether lateral colour would be measured in the photo, which takes its pixels.
    """
    shot = read_shot(path)
    identity, notes = lens_of(shot, lens, preset.grades)
    wanted = _not_yet_done(shot, preset.corrections, False, notes)
    filter = _compiled(shot, identity, wanted, preset, scale=preset.scale, grades=preset.grades)
    measures_tca = preset.auto_tca and "tca" in filter.made_from["left_out"]
    if not measures_tca:
        _check_something_to_do(filter, shot, identity, wanted)
    return filter, measures_tca


def _compiled(
    shot: Shot,
    lens: Lens,
    wanted: tuple[str, ...],
    preset: Preset,
    tca_in_photo: Callable[[], tuple[Model, str] | str] | None = None,
    *,
    f_number: float | None = None,
    distance_m: float | None = None,
    **given: Any,
) -> Filter:
    """The filter for a shot; what the preset assumes stands in for what neither the photo nor the caller says.

    ``tca_in_photo`` is asked if the lens has no calibration of lateral colour.
    """
    from sixbit.lenses.catalogue import catalogue

    if f_number is None and aperture_of(lens, shot, body=catalogue().body_of(shot)).f_number is None:
        f_number = preset.assumed_f_number
    if distance_m is None and shot.distance_m is None:
        distance_m = preset.assumed_distance_m
    given |= {
        "f_number": f_number,
        "distance_m": distance_m,
        "corrections": wanted,
        "strength": preset.strength,
    }
    filter = compile_filter(lens, shot, **given)
    if tca_in_photo and "tca" in filter.made_from["left_out"]:
        filter = compile_filter(lens, shot, **given, measured_tca=tca_in_photo())
    return filter


def _check_something_to_do(filter: Filter, shot: Shot, lens: Lens, wanted: tuple[str, ...]) -> None:
    if not filter.made_from["corrections"]:
        done_before = set(shot.already_corrected) - set(wanted)
        raise corrected_already(shot) if done_before else nothing_to_do(shot.path or Path(), lens, filter)


def _tca_in(photo: Photo) -> tuple[Model, str] | str:
    """The lateral colour that a photo shows, or why it shows none."""
    from sixbit.measure.tca import tca_in
    from sixbit.photos.jpeg import has_halved_chroma
    from sixbit.values.errors import CalibrationError
    from sixbit.values.light import srgb

    try:
        transfer = photo.transfer
    except PhotoError:
        transfer = srgb()  # Near enough to find edges by.
    try:
        found = tca_in(photo.pixels, transfer, halved_chroma=has_halved_chroma(photo.path))
    except CalibrationError as error:
        return str(error)
    return found.model, " ".join(found.verdict)


def nothing_to_do(path: Path, lens: Lens, filter: Filter) -> NotCorrectedError:
    """Why a matched lens cannot be corrected."""
    reasons = filter.made_from["left_out"].items()
    left = in_a_row([Sentence("{kind}: {why}", kind=SPOKEN[kind], why=why) for kind, why in reasons], "; ")
    said = Sentence(
        "the lens is {lens}, but nothing of it can be corrected ({left}).",
        lens=lens.name,
        lens_id=lens.lens_id,
        left=left,
    )
    return NotCorrectedError(said, next(iter(codes_of(said)), None), subject=path)


def corrected_already(shot: Shot) -> NotCorrectedError:
    """That marks claim all of it to be done."""
    marks = ", ".join(mark.tag for mark in shot.marks)
    return NotCorrectedError(f"is corrected already ({marks}).", Code.ALREADY_CORRECTED, subject=shot.path)


def _not_yet_done(shot: Shot, corrections: Iterable[str], force: bool, notes: list[str]) -> tuple[str, ...]:
    """What is asked for and not yet done; ``notes`` are told what was done before."""
    asked = tuple(corrections)
    done = [kind for kind in asked if kind in shot.already_corrected]
    if force or not done:
        return asked
    remaining = tuple(kind for kind in asked if kind not in done)
    if not remaining:
        raise corrected_already(shot)
    said = ", ".join(SPOKEN[kind] for kind in done)
    notes.append(Sentence("{kinds} is corrected already and was left as it is", Code.ALREADY_CORRECTED, kinds=said))
    return remaining


def _apply(
    filter: Filter,
    photo: Photo,
    engine: str,
    interpolation: str,
    transfer: Any,
    progress: bool,
    threads: int | None,
) -> NDArray[Any]:
    import numpy as np
    from tqdm import tqdm

    from sixbit.values.light import linear

    engine = choose(engine)
    out = np.empty_like(photo.pixels, order="C")
    rows = max(64, BAND_PIXELS // filter.width // 64 * 64)  # whole tiles of the kernel
    with tqdm(total=filter.height, unit="row", delay=1, leave=False, disable=not progress) as bar:
        for y in range(0, filter.height, rows):
            band = Region(0, y, filter.width, min(rows, filter.height - y))
            apply(
                filter,
                photo.pixels,
                engine,
                interpolation=interpolation,
                transfer=transfer or linear(),
                region=band,
                out=out[y : y + band.height],
                threads=threads,
            )
            bar.update(band.height)
    return out
