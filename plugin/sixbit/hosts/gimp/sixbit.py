#!/usr/bin/env python3
"""Sixbit in GIMP: the procedures, and where they lead. Labels and menu stand in the manifest."""

from __future__ import annotations

import sys
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
gi.require_version("Babl", "0.1")
from gi.repository import Gegl, Gimp, GLib, GObject  # noqa: E402
from texts import _, manifest, procedures  # noqa: E402

CORRECT, IDENTIFY = "plug-in-sixbit-correct", "plug-in-sixbit-identify"
TILE_CACHE = 16 << 20
READWRITE = GObject.ParamFlags.READWRITE


class Sixbit(Gimp.PlugIn):  # type: ignore[misc]
    """What GIMP asks a plug-in for."""

    def do_set_i18n(self, _name: str) -> bool:
        """The texts are translated by Python's gettext, before GIMP sees them."""
        return False

    def do_query_procedures(self) -> list[str]:
        """The names of the procedures."""
        return list(procedures())

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """A procedure with its label, menu and arguments."""
        run = {CORRECT: run_correct, IDENTIFY: run_identify}[name]
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        texts = procedures()[name]
        procedure.set_menu_label(_(texts["label"]))
        procedure.add_menu_path(manifest()["hosts"]["gimp"]["menu_path"])
        procedure.set_documentation(_(texts["summary"]), _(texts["summary"]), name)
        procedure.set_attribution(manifest()["name"], manifest()["name"], manifest()["version"])
        procedure.set_image_types("RGB*, GRAY*" if name == CORRECT else "*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        if name == CORRECT:
            add_correct_arguments(procedure)
        else:
            add_identify_values(procedure)
        return procedure


def add_correct_arguments(procedure: Gimp.Procedure) -> None:
    """The arguments of the correction; 0 or an empty text stand for what the photo says."""
    said = _("0 takes what the photo says")
    procedure.add_string_argument(
        "lens",
        _("_Lens"),
        _("The identity of the lens, as `sixbit lenses` lists them; empty takes what the photo says"),
        "",
        READWRITE,
    )
    for name, label, help_text, most in (
        ("crop-factor", _("Cro_p factor"), _("Of the sensor; full frame is 1"), 20.0),
        ("focal-length", _("_Focal length (mm)"), _("Of a lens that has several"), 2000.0),
        ("aperture", _("_Aperture (f-number)"), _("Fall-off depends on it"), 128.0),
        ("distance", _("D_istance (m)"), _("Of the subject"), 1000.0),
    ):
        procedure.add_double_argument(name, label, f"{help_text}; {said}", 0.0, most, 0.0, READWRITE)
    for name, label in (
        ("distortion", _("_Distortion")),
        ("tca", _("Lateral _colour")),
        ("vignetting", _("_Vignetting")),
        ("shading", _("_Shading")),
    ):
        procedure.add_boolean_argument(name, label, _("Correct it where it is known"), True, READWRITE)
        procedure.add_double_argument(
            f"{name}-strength", label, _("How much of the correction, in per cent"), 0.0, 100.0, 100.0, READWRITE
        )
    add_choice(
        procedure,
        "scale",
        _("F_rame"),
        _("Whether the corrected picture is enlarged until no corner is empty"),
        (("fill", _("Fill the frame")), ("none", _("Keep the scale"))),
    )
    add_choice(
        procedure,
        "frame",
        _("P_hoto was"),
        _("Where the optical centre lies"),
        (
            ("auto", _("As its metadata says")),
            ("scaled", _("Scaled")),
            ("centred", _("Cropped from the centre")),
            ("drawable", _("The whole layer")),
        ),
    )
    add_choice(
        procedure,
        "output",
        _("_Result"),
        _("Where the corrected pixels go"),
        (("layer", _("This layer")), ("new-layer", _("New layer"))),
    )
    procedure.add_boolean_argument(
        "computed",
        _("Co_mputed calibrations"),
        _("Use calibrations computed from a lens's patent, too"),
        False,
        READWRITE,
    )
    procedure.add_boolean_argument(
        "write-lens",
        _("_Write the lens into the metadata"),
        _("So that an exported photo says which lens it was"),
        False,
        READWRITE,
    )
    procedure.add_boolean_argument(
        "force", _("Correct a_gain"), _("Correct what the metadata says is corrected already"), False, READWRITE
    )


def add_choice(
    procedure: Gimp.Procedure, name: str, label: str, help_text: str, options: tuple[tuple[str, str], ...]
) -> None:
    """An argument that is one of a few words, the first by default."""
    choice = Gimp.Choice.new()
    for number, (nick, words) in enumerate(options):
        choice.add(nick, number, words, "")
    procedure.add_choice_argument(name, label, help_text, choice, options[0][0], READWRITE)


def add_identify_values(procedure: Gimp.Procedure) -> None:
    """What identifying gives back."""
    for name, help_text in (
        ("status", _("matched, ambiguous, unknown, untagged or not_m")),
        ("lens", _("The identity of the lens, if it is known")),
        ("evidence", _("How that is known, in words")),
        ("identity", _("All that is known, as `sixbit identify --json` says it")),
    ):
        procedure.add_string_return_value(name, name, help_text, "", READWRITE)


def run_correct(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    _data: Any,
) -> Gimp.ValueArray:
    """Correct one drawable."""
    from correction import Choices, DoneBeforeError, Subject, check_editable, client_name, correct, identify
    from engine_client import Engine
    from pixels import PixelFile

    def run() -> Gimp.ValueArray:
        drawable = check_editable(drawables)
        if run_mode == Gimp.RunMode.INTERACTIVE:
            from dialog import correct_in_dialog

            done = correct_in_dialog(procedure, config, image, drawable)
            status = Gimp.PDBStatusType.SUCCESS if done else Gimp.PDBStatusType.CANCEL
            return procedure.new_return_values(status, None)
        with Engine(client_name()) as engine, PixelFile(drawable) as pixels:
            # The engine gets ready meanwhile.
            pixels.take()
            subject = Subject(image, drawable, *identify(engine, image))
            try:
                correct(engine, subject, Choices.of(config), pixels)
            except DoneBeforeError:
                if run_mode == Gimp.RunMode.NONINTERACTIVE:
                    raise
                from dialog import asks_to_correct_again

                if not asks_to_correct_again(procedure, subject):
                    return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
                correct(engine, subject, Choices.of(config, force=True), pixels)
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)

    return told(procedure, run)


def run_identify(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    _drawables: list[Gimp.Drawable],
    _config: Gimp.ProcedureConfig,
    _data: Any,
) -> Gimp.ValueArray:
    """Tell which lens it was."""
    from correction import client_name, identify, identity_json
    from engine_client import Engine

    def run() -> Gimp.ValueArray:
        with Engine(client_name()) as engine:
            _tags, identity = identify(engine, image)
        evidence = " ".join(identity["evidence"])
        if run_mode != Gimp.RunMode.NONINTERACTIVE:
            Gimp.message(evidence)
        values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
        said = (identity["status"], identity["lens"] or "", evidence, identity_json(identity))
        for place, text in enumerate(said, 1):
            values.remove(place)
            values.insert(place, GObject.Value(str, text))
        return values

    return told(procedure, run)


def told(procedure: Gimp.Procedure, run: Any) -> Gimp.ValueArray:
    """What the run gives, or what went wrong in words for the user."""
    from correction import RefusedError
    from engine_client import EngineError
    from frame import FrameError
    from pixels import PixelsError

    Gegl.init(None)
    # Every pixel passes once: what GEGL keeps of them beyond that is memory for nothing.
    Gegl.config().set_property("tile-cache-size", TILE_CACHE)
    try:
        return run()
    except (EngineError, FrameError, PixelsError, RefusedError, OSError) as error:
        words = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), str(error), 0)
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, words)


if __name__ == "__main__":
    Gimp.main(Sixbit.__gtype__, sys.argv)
