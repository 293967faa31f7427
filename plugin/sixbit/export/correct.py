"""The main job, whole: a photo in, a corrected photo out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.compiler.choose import UNKNOWN
from sixbit.compiler.compile import compile_filter
from sixbit.engines import Region, apply, choose
from sixbit.export.finish import finished
from sixbit.export.presets import PLAIN, Preset
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.compensation import perhaps_compensated, silently_developed
from sixbit.lenses.figures import aperture_of
from sixbit.lenses.match import lens_of
from sixbit.lenses.place import Place, place_of
from sixbit.photos.decode import decode
from sixbit.photos.photo import Photo
from sixbit.photos.pixels import in_depth
from sixbit.photos.privacy import passed_on
from sixbit.photos.save import check_target, format_of, save_photo
from sixbit.tags.read import read_shot
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, Code, NotCorrectedError, PhotoError, photo_name
from sixbit.values.filter import Filter
from sixbit.values.kinds import SPOKEN
from sixbit.values.lens import Lens, Model
from sixbit.values.light import TransferCurve, linear, srgb
from sixbit.values.sentence import Sentence, in_a_row
from sixbit.values.shot import Shot
from sixbit.values.watch import UNWATCHED, Watch
from sixbit.values.ways_out import WaysOut, codes_of, followed

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
    lens = {"lens_id": filter.made_from["lens_id"]}
    return {kind: followed(reason, codes_of(reason), wanted, lens) for kind, reason in why.items()}


def correct(
    path: str | Path,
    out: str | Path,
    preset: Preset = PLAIN,
    choices: Choices | None = None,
    *,
    engine: str = "auto",
    force: bool = False,
    threads: int | None = None,
    watch: Watch = UNWATCHED,
) -> Corrected:
    """Correct a photo and write the result with the photo's metadata.

    ``preset`` says how, and ``choices`` go before its own. Its lens, its file name and what it does with photos that
    cannot be corrected are the batch's business, as the format is that of ``out``. What marks in the photo claim to be
    corrected already is left as it is, unless ``force`` is set. ``threads`` defaults to the processors there are;
    ``watch`` sees the work go on. Raises :class:`sixbit.PhotoError` if the photo cannot be read, and
    :class:`NotCorrectedError`, which is one, if its lens is not known for certain or there is nothing to correct;
    nothing is written then.
    """
    path, out = Path(path), Path(out)
    format_of(out)
    check_target(out, path)
    shot = read_shot(path)
    watch.lap("tags")
    place = placed(shot, preset, force)
    lens, choices, notes = _chosen(shot, preset, choices, force)
    notes += place.evidence
    watch.lap("database")
    photo = decode(path)
    transfer = _transfer(photo, choices)
    watch.lap("decode")
    filter = _compiled(shot, lens, choices, photo, place, preset.auto_tca)
    _check_something_to_do(filter, shot, lens, choices)
    notes += _unmarked(shot, filter)
    watch.lap("compile")
    # More bits, where they are wanted, before the values between those of the photo are rounded.
    if preset.depth is not None and preset.depth > photo.pixels.dtype.itemsize * 8:
        photo = replace(photo, pixels=in_depth(photo.pixels, preset.depth))
    engine = choose(engine)
    pixels = _applied(filter, photo, transfer, preset.interpolation, engine, threads, watch)
    gain_map = photo.gain_map and photo.gain_map.moved(filter, preset.interpolation, engine, threads)
    watch.lap("correct")
    watch.look(photo.pixels, pixels, photo.metadata.orientation or 1)
    # The uncorrected pixels are not needed any more, and as many again are while others are encoded.
    photo = replace(photo, pixels=pixels, gain_map=gain_map)
    del pixels
    photo = finished(photo, preset)
    watch.lap("finish")
    photo = passed_on(photo, preset.metadata)
    quality, chroma = preset.quality, preset.chroma
    notes += save_photo(photo, photo.pixels, out, filter=filter, quality=quality, subsampling=chroma, threads=threads)
    watch.lap("encode and metadata")
    return Corrected(path, out, lens, filter, tuple(notes))


def foreseen(path: Path, preset: Preset, choices: Choices) -> tuple[Filter, bool]:
    """What :func:`correct` would do to a photo, told from its tags alone; raises what that would raise.

    With it stands whether lateral colour would be measured in the photo, which takes its pixels.
    """
    shot = read_shot(path)
    place = placed(shot, preset, force=False)
    lens, choices, _ = _chosen(shot, preset, choices, force=False)
    filter = compile_filter(lens, shot, choices, place=place)
    measures_tca = preset.auto_tca and "tca" in filter.made_from["left_out"]
    if not measures_tca:
        _check_something_to_do(filter, shot, lens, choices)
    return filter, measures_tca


def placed(shot: Shot, preset: Preset = PLAIN, force: bool = False) -> Place:
    """Tell where on the sensor a shot is. Raises NotCorrectedError where nobody knows, and it is not to be forced."""
    place = place_of(shot, catalogue().body_of(shot))
    if place.refused is None:
        return place
    if not (force or preset.reshaped == "correct"):
        raise NotCorrectedError(place.refused, subject=shot.path)
    assumed = Sentence("It is corrected as if it were the whole frame.")
    return place.taken_as_whole()._replace(evidence=(place.refused, assumed))


def _chosen(shot: Shot, preset: Preset, choices: Choices | None, force: bool) -> tuple[Lens, Choices, list[str]]:
    """The lens of a shot, the choices that are left for it, and what is to be said of both.

    What the preset assumes stands in for what neither the photo nor the choices say.
    """
    choices = choices or preset.choices
    lens, notes = lens_of(shot, choices)
    kinds = _not_yet_done(shot, choices.kinds, force, notes)
    f_number, distance_m = choices.f_number, choices.distance_m
    if f_number is None and aperture_of(lens, shot, body=catalogue().body_of(shot)).f_number is None:
        f_number = preset.assumed_f_number
    if distance_m is None and shot.distance_m is None:
        distance_m = preset.assumed_distance_m
    return lens, replace(choices, kinds=kinds, f_number=f_number, distance_m=distance_m), notes


def _transfer(photo: Photo, choices: Choices) -> TransferCurve:
    """The curve of a photo. Without one there is no linear light: geometry alone is resampled in the values as are."""
    try:
        return photo.transfer
    except PhotoError:
        if "vignetting" in choices.kinds or "shading" in choices.kinds:
            raise
        return linear()


def _compiled(shot: Shot, lens: Lens, choices: Choices, photo: Photo, place: Place, auto_tca: bool) -> Filter:
    """The filter for a photo, which is asked for its lateral colour if the lens has no calibration of that."""
    height, width = photo.pixels.shape[:2]
    shot = shot._replace(width=width, height=height)
    filter = compile_filter(lens, shot, choices, place=place)
    if auto_tca and "tca" in filter.made_from["left_out"]:
        shown = _tca_in(photo) if place.is_centred else "it was cropped beside the optical centre"
        filter = compile_filter(lens, shot, choices, measured_tca=shown, place=place)
    return filter


def _check_something_to_do(filter: Filter, shot: Shot, lens: Lens, choices: Choices) -> None:
    if not filter.made_from["corrections"]:
        done_before = set(shot.already_corrected) - set(choices.kinds)
        raise corrected_already(shot) if done_before else nothing_to_do(shot.path or Path(), lens, filter)


def _unmarked(shot: Shot, filter: Filter) -> list[Sentence]:
    """What may have been done to a photo before, though no mark tells it."""
    found = [silently_developed(shot)]
    if "vignetting" in filter.made_from["corrections"]:
        found.append(perhaps_compensated(shot))
    return [sentence for sentence in found if sentence]


def _tca_in(photo: Photo) -> tuple[Model, str] | str:
    """The lateral colour that a photo shows, or why it shows none."""
    from sixbit.measure.tca import tca_in
    from sixbit.photos.jpeg import has_halved_chroma

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
    codes = codes_of(said)
    code = Code.COMPENSATED if Code.COMPENSATED in codes else next(iter(codes), None)
    return NotCorrectedError(said, code, subject=path)


def corrected_already(shot: Shot) -> NotCorrectedError:
    """That marks claim all of it to be done."""
    marks = ", ".join(mark.tag for mark in shot.marks)
    return NotCorrectedError(f"is corrected already ({marks}).", Code.ALREADY_CORRECTED, subject=shot.path)


def _not_yet_done(shot: Shot, asked: Mapping[str, float], force: bool, notes: list[str]) -> Mapping[str, float]:
    """What is asked for and not yet done; ``notes`` are told what was done before."""
    done = [kind for kind in asked if kind in shot.already_corrected]
    if force or not done:
        return asked
    remaining = {kind: share for kind, share in asked.items() if kind not in done}
    if not remaining:
        raise corrected_already(shot)
    said = ", ".join(SPOKEN[kind] for kind in done)
    notes.append(Sentence("{kinds} is corrected already and was left as it is", Code.ALREADY_CORRECTED, kinds=said))
    return remaining


def _applied(
    filter: Filter,
    photo: Photo,
    transfer: TransferCurve,
    interpolation: str,
    engine: str,
    threads: int | None,
    watch: Watch,
) -> NDArray[Any]:
    """The corrected pixels of a photo, made band by band."""
    import numpy as np

    out = np.empty_like(photo.pixels, order="C")
    rows = max(64, BAND_PIXELS // filter.width // 64 * 64)  # whole tiles of the kernel
    for y in range(0, filter.height, rows):
        watch.progress(y / filter.height, "correcting")
        band = Region(0, y, filter.width, min(rows, filter.height - y))
        apply(
            filter,
            photo.pixels,
            engine,
            interpolation=interpolation,
            transfer=transfer,
            region=band,
            out=out[y : y + band.height],
            threads=threads,
        )
    return out
