"""From the user's choices to a compiled correction: the steps that the dialog and scripts share."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from arguments import CHOSEN_OF_A_LENS, CHOSEN_OF_A_PHOTO, USUAL
from filters import Done, done_by_filters
from frame import FrameError, Placement, Size, frame_of, of_sensor
from gi.repository import Gimp
from layers import MARK, is_coverage
from metadata import Tags, imported_file, original_size, tags_of
from presets import CORRECTIONS, UNSURE_GRADES, USUAL_GRADES, Preset
from sentences import translated, why_left_out, with_way_out
from server_client import Server, ServerError
from texts import UserError, _

SPOKEN = {
    "distortion": _("distortion"),
    "tca": _("lateral colour"),
    "vignetting": _("vignetting"),
    "shading": _("shading"),
}
BENDING = ("distortion", "tca")
"""The kinds that are corrected in masks and channels: they have no brightness."""
MIDDLE = 1e-3
"""Shares of a side by which the optical centre may lie beside the middle."""
BESIDE_ARGUMENTS = ("interpolation", "assumed_f_number", "assumed_distance_m")
CAMERA = ("Exif.Image.Make", "Exif.Image.Model")


class DoneBeforeError(UserError):
    """The photo is corrected already, as marks in it say."""


class ReshapedError(UserError):
    """Nobody knows where the optical centre of the photo lies, as its tags or its size say."""


class Choices:
    """Holds what the user has chosen; 0, None and the empty text stand for what the photo says."""

    def __init__(self, config: Gimp.ProcedureConfig, preset: Preset | None = None) -> None:
        """Read the arguments of the procedure; ``preset`` is the one that they name."""
        get = config.get_property
        self._given = {name: get(name) for name in (*CHOSEN_OF_A_LENS, *CHOSEN_OF_A_PHOTO)}
        self.lens: str = get("lens") or ""
        self.crop_factor: float = get("crop-factor")
        self.focal_mm: float = get("focal-length")
        self.f_number: float = get("aperture")
        self.distance_m: float = get("distance")
        self.frame: str = get("frame")
        self.output: str = get("output") if get("output") != USUAL else "layer"
        self.all_layers: bool = get("layers") == "all"
        self.only_selection: bool = get("only-selection")
        self.measure_tca: bool = get("measure-tca")
        by_hand = {name: get(f"hand-{name.replace('_', '-')}") for name in ("distortion", "red", "blue", "fall_off")}
        self.by_hand = {**by_hand, "midpoint": get("hand-midpoint") / 100} if any(by_hand.values()) else None
        """What is set by eye, in the server's words; None if nothing is."""
        self.write_lens: bool = get("write-lens")
        self.force: bool = get("force")
        self.preset = preset.content if preset else {}
        """The fields of the preset, which say what the arguments cannot; empty without one."""
        if preset:
            self.strength, self.scale, self.grades = preset.strength, self.preset["scale"], preset.grades
        else:
            self.strength = {kind: get(f"{kind}-strength") / 100 for kind in CORRECTIONS if get(kind)}
            self.scale = get("scale-factor") if get("scale") == "factor" else get("scale")
            self.grades = [*USUAL_GRADES, *filter(get, UNSURE_GRADES)]
        self.compensated: str = self.preset.get("compensated") or ("correct" if get("compensated") else "leave")

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that say the same, whether they, a preset or an answer has said it."""
        by_factor = not isinstance(self.scale, str)
        return {
            **self._given,
            **{kind: bool(self.strength.get(kind)) for kind in CORRECTIONS},
            **{f"{kind}-strength": round(100.0 * share, 6) for kind, share in self.strength.items() if share},
            **({"scale": "factor", "scale-factor": float(self.scale)} if by_factor else {"scale": self.scale}),
            **{grade: grade in self.grades for grade in UNSURE_GRADES},
            "compensated": self.compensated == "correct",
            "frame": self.frame,
        }

    def beside_arguments(self) -> dict[str, Any]:
        """Return the fields of the preset that no argument says."""
        return {name: self.preset[name] for name in BESIDE_ARGUMENTS if self.preset.get(name)}


class Subject:
    """Holds the drawable to correct, and what is known of its photo."""

    def __init__(self, server: Server, drawable: Gimp.Drawable) -> None:
        """Ask the server what it knows of the image's photo."""
        self.image, self.drawable = drawable.get_image(), drawable
        self.tags, self.identity = identify(server, self.image)
        self.photo_is_corrected = bool(self.identity["already_corrected"])
        self.reshaped = self.identity["placed"][-1] if self.identity["reshaped"] else None
        """Why nobody knows where the optical centre of the photo lies, as the server says it; None if it is known."""
        self.coverage = is_coverage(drawable)
        """True for a mask or a channel: it is bent as the photo, and its values are no light."""
        self.colourless = drawable.is_gray() and not self.coverage
        """True where the pixels have no colours, as the server sees: no lateral colour is corrected then."""
        self.is_beside = False
        """True for what moves with the chosen drawable."""
        self.measured_tca: dict[str, Any] | None = None
        """What the server found of lateral colour in the pixels, once it was asked."""
        self.by_metadata: list[str] = self.identity["already_corrected"]
        self.identity["already_corrected"], self.marks_before = self._done_to(drawable)

    def of(self, drawable: Gimp.Drawable) -> Subject:
        """Return another drawable of the photo, which moves with this one."""
        other = copy(self)
        other.drawable, other.coverage, other.is_beside = drawable, is_coverage(drawable), True
        other.colourless, other.measured_tca = drawable.is_gray() and not other.coverage, None
        done, other.marks_before = self._done_to(drawable)
        other.identity = {**self.identity, "already_corrected": done}
        return other

    def _done_to(self, drawable: Gimp.Drawable) -> Done:
        """Return what is corrected of a drawable: of what is no photo, and of filters, the metadata tells nothing."""
        if is_coverage(drawable):
            return list(BENDING) if MARK in drawable.get_parasite_list() else [], {}
        return done_by_filters(drawable, self.tags, self.by_metadata)

    def can_measure(self, choice: str) -> bool:
        """Tell whether lateral colour is still to be measured in the pixels; of a part of the photo it cannot be."""
        if self.coverage or self.colourless or self.measured_tca:
            return False
        around = self.identity["frame"] if choice != "drawable" else None
        try:
            is_whole = self.frame(choice).window is None
        except FrameError:
            return False
        if around:
            is_whole &= all(abs(around[k] + around[k + 2] / 2 - 0.5) < MIDDLE for k in range(2))
        if not is_whole:
            self.measured_tca = {"why_not": "it is not the whole photo"}
        return is_whole

    def frame(self, choice: str) -> Placement:
        """Return where the drawable lies in the frame. Raises FrameError."""
        size = (self.drawable.get_width(), self.drawable.get_height())
        offsets = tuple(self.drawable.get_offsets())[-2:]
        image = (self.image.get_width(), self.image.get_height())
        original = self.identity.get("size")
        return frame_of(size, offsets, image, tuple(original) if original else None, choice)

    def frame_on_sensor(self, choice: str, whole: Size) -> list[float] | None:
        """Return the frame that the lens drew around the whole photo, in shares of it; None if it is the photo.

        What the user has chosen goes before what the photo says: a layer that is the whole photo is the frame. Raises
        ReshapedError if the photo says that nobody can tell, FrameError if it was turned.
        """
        if choice == "drawable":
            return None
        if choice == "auto" and self.reshaped:
            raise ReshapedError(with_way_out(self.reshaped))
        original = self.identity["size"]
        return of_sensor(self.identity["frame"], original, whole, self.identity["turned"])


def identify(server: Server, image: Gimp.Image) -> tuple[Tags, dict[str, Any]]:
    """Return the tags of an image, and which lens it was: by the photo's file, which has more to tell, if it is there.

    The original size is one of these things: GIMP writes the size after a crop into the tags.
    """
    tags = tags_of(image)
    identity = server.call("identify", tags=tags, size=original_size(tags)) | {"turned": 1, "turned_since": 1}
    if path := imported_file(image):
        try:
            by_file = server.call("identify", photo=path)
        except ServerError as error:
            if error.kind != "photo":
                raise
        else:
            # What was corrected since is known to the image alone.
            done = dict.fromkeys([*by_file["already_corrected"], *identity["already_corrected"]])
            # GIMP has turned it, if it does not say any more how it lies.
            turned = by_file["orientation"] if by_file["orientation"] != identity["orientation"] else 1
            since = by_file["turned"] if turned == 1 else turned
            identity = {**by_file, "already_corrected": list(done), "turned": turned, "turned_since": since}
    return tags, identity


def lens_for(identity: Mapping[str, Any], choices: Choices) -> str:
    """Return the lens to correct, as chosen or as identified. Raises UserError where that is not certain."""
    lens = choices.lens or identity.get("lens")
    if lens:
        return str(lens)
    why = " ".join(map(translated, identity["said"]))
    if candidates := identity.get("candidates"):
        raise UserError(_("{why} It may be: {candidates}.").format(why=why, candidates=", ".join(candidates)))
    raise UserError(_("{why} Say which lens it was.").format(why=why))


def compile_arguments(subject: Subject, choices: Choices) -> dict[str, Any]:
    """Return what the server's `compile` takes. Raises UserError."""
    identity = subject.identity
    lens = lens_for(identity, choices)
    done = () if choices.force else identity["already_corrected"]
    kinds = BENDING if subject.coverage else CORRECTIONS
    strength = choices.strength
    wanted = {kind: strength[kind] for kind in kinds if strength.get(kind) and kind not in done}
    frame = subject.frame(choices.frame)
    on_sensor = subject.frame_on_sensor(choices.frame, frame.size)
    crop_factor = choices.crop_factor or identity.get("crop_factor")
    if not crop_factor:
        raise UserError(_("The sensor of this camera is not known; say its crop factor."))
    arguments = {
        "lens": lens,
        "size": list(frame.size),
        "window": list(frame.window) if frame.window else None,
        "crop_factor": crop_factor,
        "focal_mm": choices.focal_mm or identity.get("focal_mm"),
        "f_number": choices.f_number or identity.get("f_number") or choices.preset.get("assumed_f_number"),
        "distance_m": choices.distance_m or identity.get("distance_m") or choices.preset.get("assumed_distance_m"),
        "corrections": list(wanted),
        "strength": {kind: share for kind, share in wanted.items() if share != 1},
        "scale": choices.scale,
        "grades": choices.grades,
        "compensated": choices.compensated,
        "compensated_for": identity.get("compensated_for"),
        "turned": identity["turned_since"],
        "already_corrected": list(identity["already_corrected"]),
        "colourless": (subject.colourless and not subject.coverage) or None,
        "measured_tca": subject.measured_tca if choices.measure_tca else None,
        "by_hand": choices.by_hand,
        # A colour shading is of lens and sensor together.
        "tags": {name: subject.tags[name] for name in CAMERA if name in subject.tags},
    }
    return {name: value for name, value in arguments.items() if value is not None} | {"frame": on_sensor}


def check_made(compiled: Mapping[str, Any], subject: Subject, choices: Choices) -> None:
    """Raise DoneBeforeError or UserError if a compiled correction would do nothing."""
    made_from = compiled["made_from"]
    if made_from["corrections"]:
        return
    if not choices.force and set(choices.strength) & set(subject.identity["already_corrected"]):
        if subject.coverage:
            raise DoneBeforeError(_("This mask or channel is corrected already."))
        raise DoneBeforeError(_("The photo is corrected already, as its metadata says."))
    if subject.coverage and not any(map(choices.strength.get, BENDING)):
        raise UserError(_("A mask or a channel is bent as the photo, and all that bends is switched off."))
    left_out = compiled["left_out"]
    reasons = {SPOKEN[kind]: why_left_out(why) for kind, why in left_out.items()}
    if len(set(reasons.values())) == 1:
        why = with_way_out(next(iter(left_out.values())))
    else:
        why = "; ".join(f"{kind}: {reason}" for kind, reason in reasons.items())
    raise UserError(
        _("Nothing of the lens {lens} can be corrected: {why}.").format(
            lens=made_from["lens"], why=why or _("all corrections are switched off")
        )
    )
