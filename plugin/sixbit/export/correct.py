"""The main job, whole: a photo in, a corrected photo out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.compiler.choose import NO_COLOURS
from sixbit.compiler.compile import compile_filter
from sixbit.compiler.told import corrected_already, described, not_yet_done
from sixbit.compiler.told import nothing_to_do as nothing_to_do
from sixbit.engines import Region, apply, choose
from sixbit.export.finish import finished
from sixbit.export.memory import foretold
from sixbit.export.presets import PLAIN, Preset, load
from sixbit.lenses.bodies import takes_no_colours
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.compensation import perhaps_carried_out, perhaps_compensated, silently_developed
from sixbit.lenses.figures import aperture_of
from sixbit.lenses.match import lens_of
from sixbit.lenses.place import Place, place_of
from sixbit.photos.decode import decode
from sixbit.photos.photo import Photo
from sixbit.photos.pixels import in_depth, without_colour
from sixbit.photos.privacy import passed_on
from sixbit.photos.save import check_target, format_of, save_photo
from sixbit.tags.read import read_shot
from sixbit.values.choices import Choices
from sixbit.values.errors import ArgumentError, CalibrationError, NotCorrectedError, PhotoError, photo_name
from sixbit.values.filter import Filter
from sixbit.values.lens import Lens, Model
from sixbit.values.light import TransferCurve, linear, srgb
from sixbit.values.sentence import Sentence, in_a_row, of_error
from sixbit.values.shot import Shot
from sixbit.values.watch import UNWATCHED, Watch
from sixbit.values.ways_out import WaysOut

if TYPE_CHECKING:
    from numpy.typing import NDArray

BAND_PIXELS = 8_000_000
"""Pixels corrected between two steps of the progress bar."""


@dataclass(frozen=True)
class Corrected:
    """A corrected photo: its files, its lens, the filter that corrected it, and notes for the user."""

    photo: Path
    out: Path
    lens: Lens
    filter: Filter
    notes: tuple[str, ...]

    def summary(self, ways_out: WaysOut | None = None) -> str:
        """One line that says what was done, and what was not, with what can be done about that."""
        return f"{photo_name(self.out)}: {described(self.filter, ways_out)}"


def correct(
    path: str | Path,
    out: str | Path,
    preset: Preset | str = PLAIN,
    choices: Choices | None = None,
    *,
    engine: str = "auto",
    force: bool = False,
    large: bool = False,
    threads: int | None = None,
    watch: Watch = UNWATCHED,
) -> Corrected:
    """Correct a photo and write the result with the photo's metadata.

    ``preset`` says how; it may be a name, as ``"archive"``. ``choices`` go before the preset's, field by field: what is
    as usual in them (:data:`sixbit.values.choices.USUAL`) is left to the preset. The preset's lens, its file name and
    what it does with photos that cannot be corrected are the batch's business, as the format is that of ``out``. What
    marks in the photo claim to be corrected already is left as it is, and a picture whose optical centre is not known
    is refused, unless ``force`` is set; so is one of more than 250 million pixels, unless ``large`` is. ``threads``
    defaults to the processors there are; ``watch`` sees the work go on. Raises :class:`sixbit.PhotoError` if the photo
    cannot be read, and :class:`NotCorrectedError`, which is one, if its lens or its place on the sensor is not known
    for certain or there is nothing to correct; nothing is written then.
    """
    path, out, preset = Path(path), Path(out), _preset_of(preset)
    if choices is not None and not isinstance(choices, Choices):
        raise ArgumentError(f"`choices` is a sixbit.Choices, not {choices!r:.60}.")
    format_of(out)
    check_target(out, path)
    shot = read_shot(path)
    watch.lap("tags")
    place = placed(shot, preset, force, choices.crop_factor if choices else None)
    lens, choices, notes = _chosen(shot, preset, choices, force)
    notes += place.evidence
    watch.lap("database")
    if words := foretold(path, replace(preset, format=format_of(out).upper()), large):
        watch.say(words)
    photo = decode(path, large)
    watch.lap("decode")
    has_colours = not (takes_no_colours(shot.camera) or photo.grey or without_colour(photo.pixels))
    filter = _compiled(shot, lens, choices, photo, place, preset.auto_tca, has_colours)
    _check_something_to_do(filter, shot, lens, choices)
    transfer = _transfer(photo, filter)
    notes += _unmarked(shot, filter)
    watch.lap("compile")
    # If the preset wants more bits, the photo gets them first: a correction rounds to the bits that it is given.
    if preset.depth is not None and preset.depth > photo.pixels.dtype.itemsize * 8:
        photo = replace(photo, pixels=in_depth(photo.pixels, preset.depth))
    engine = choose(engine)
    pixels = _applied(
        filter if has_colours else filter.green, photo, transfer, preset.interpolation, engine, threads, watch
    )
    gain_map = photo.gain_map and photo.gain_map.moved(filter, preset.interpolation, engine, threads)
    watch.lap("correct")
    watch.colours(photo.profile)
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
    # They may have words of the photo in them.
    return Corrected(path, out, lens, filter, tuple(n if isinstance(n, Sentence) else photo_name(n) for n in notes))


def foreseen(path: Path, preset: Preset, choices: Choices) -> tuple[Filter, bool]:
    """Return the filter that :func:`correct` would use, as far as the photo's tags tell it; raises what that raises.

    With it stands whether lateral colour would be measured in the photo, which takes its pixels.
    """
    shot = read_shot(path)
    place = placed(shot, preset, False, choices.crop_factor)
    lens, choices, _ = _chosen(shot, preset, choices, force=False)
    filter = compile_filter(lens, shot, choices, place=place)
    measures_tca = preset.auto_tca and _lacks_tca(filter)
    if not measures_tca:
        _check_something_to_do(filter, shot, lens, choices)
    return filter, measures_tca


def _preset_of(preset: Preset | str) -> Preset:
    if isinstance(preset, str):
        return load(preset)
    if not isinstance(preset, Preset):
        raise ArgumentError(f"`preset` is a preset or the name of one, not {preset!r:.60}; choices go by `choices=`.")
    return preset


def placed(shot: Shot, preset: Preset = PLAIN, force: bool = False, crop_factor: float | None = None) -> Place:
    """Tell where on the sensor a shot is. Raises NotCorrectedError where nobody knows, and it is not to be forced."""
    place = place_of(shot, catalogue().body_of(shot), crop_factor)
    if place.refused is None:
        return place
    if not (force or preset.reshaped == "correct"):
        raise NotCorrectedError(place.refused, subject=shot.path)
    # Without its code: what can be done about it is done.
    assumed = Sentence("{why} It is corrected as if it were the whole frame.", why=place.refused.without_code)
    return place.taken_as_whole()._replace(evidence=(assumed,))


def _chosen(shot: Shot, preset: Preset, choices: Choices | None, force: bool) -> tuple[Lens, Choices, list[str]]:
    """The lens of a shot, the choices that are left for it, and what is to be said of both.

    What the preset assumes stands in for what neither the photo nor the choices say.
    """
    choices = choices.over(preset.choices) if choices else preset.choices
    lens, notes = lens_of(shot, choices)
    kinds = not_yet_done(shot, choices.kinds, force, notes)
    f_number, distance_m = choices.f_number, choices.distance_m
    if f_number is None and aperture_of(lens, shot, body=catalogue().body_of(shot)).f_number is None:
        f_number = preset.assumed_f_number
    if distance_m is None and shot.distance_m is None:
        distance_m = preset.assumed_distance_m
    return lens, replace(choices, kinds=kinds, f_number=f_number, distance_m=distance_m), notes


def _transfer(photo: Photo, filter: Filter) -> TransferCurve:
    """The curve of a photo. Without one there is no linear light: geometry alone is resampled in the values as are."""
    try:
        return photo.transfer
    except PhotoError:
        if filter.brightens:
            raise
        return linear()


def _compiled(
    shot: Shot, lens: Lens, choices: Choices, photo: Photo, place: Place, auto_tca: bool, has_colours: bool
) -> Filter:
    """The filter for a photo, which is asked for its lateral colour if the lens has no calibration of that."""
    height, width = photo.pixels.shape[:2]
    shot = shot._replace(width=width, height=height)
    not_here = {} if has_colours else {"tca": NO_COLOURS}
    if photo.colour.hdr:
        why = Sentence("the photo has the light of HDR screens ({curve})", curve=photo.colour.hdr)
        not_here |= {"vignetting": why, "shading": why}
    filter = compile_filter(lens, shot, choices, place=place, not_here=not_here)
    if auto_tca and _lacks_tca(filter):
        shown: tuple[Model, str] | str = Sentence("it was cropped beside the optical centre")
        if place.is_centred:
            shown = _tca_in(photo) if has_colours else Sentence("it has no colours")
        filter = compile_filter(lens, shot, choices, measured_tca=shown, place=place, not_here=not_here)
    return filter


def _lacks_tca(filter: Filter) -> bool:
    """True if lateral colour is wanted that no calibration tells."""
    return bool(filter.made_from["left_out"].get("tca", NO_COLOURS) != NO_COLOURS)


def _check_something_to_do(filter: Filter, shot: Shot, lens: Lens, choices: Choices) -> None:
    if not filter.made_from["corrections"]:
        done_before = set(shot.already_corrected) - set(choices.kinds)
        raise corrected_already(shot) if done_before else nothing_to_do(shot.path or Path(), lens, filter)


def _unmarked(shot: Shot, filter: Filter) -> list[Sentence]:
    """Tell of what may have been done to a photo before, though no mark tells it."""
    found = [silently_developed(shot), perhaps_carried_out(shot)]
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
        return of_error(error)
    return found.model, in_a_row(found.verdict, " ")


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
    if photo.is_multiplied and filter.brightens and out.dtype.kind != "f":
        np.minimum(out[..., :3], out[..., 3:], out=out[..., :3])  # white behind half of it is half
    return out
