#!/usr/bin/env python3
"""Sixbit in GIMP: the procedures, and where they lead. Labels and menu stand in the manifest."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
gi.require_version("Babl", "0.1")
from gi.repository import Gegl, Gimp, GLib, GObject  # noqa: E402
from texts import UserError, _, manifest, procedures  # noqa: E402

if TYPE_CHECKING:
    from server_client import Server

CORRECT, IDENTIFY, BATCH = "plug-in-sixbit-correct", "plug-in-sixbit-identify", "plug-in-sixbit-batch"
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
        texts = procedures()[name]
        if name == BATCH:
            procedure = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, run_batch, None)
            add_batch_arguments(procedure)
        else:
            run = {CORRECT: run_correct, IDENTIFY: run_identify}[name]
            procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
            procedure.set_menu_label(_(texts["label"]))
            procedure.add_menu_path(manifest()["hosts"]["gimp"]["menu_path"])
            procedure.set_image_types("RGB*, GRAY*" if name == CORRECT else "*")
            procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
            if name == CORRECT:
                add_correct_arguments(procedure)
            else:
                add_identify_values(procedure)
        procedure.set_documentation(_(texts["summary"]), _(texts["summary"]), name)
        procedure.set_attribution(manifest()["name"], manifest()["name"], manifest()["version"])
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
    procedure.add_string_argument(
        "preset",
        _("Prese_t"),
        _("An export preset, as `sixbit presets` lists them, which then says how to correct"),
        "",
        READWRITE,
    )
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
        _("Res_ult"),
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
        "force", _("Correct agai_n"), _("Correct what the metadata says is corrected already"), False, READWRITE
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


def add_batch_arguments(procedure: Gimp.Procedure) -> None:
    """What the batch takes, and gives back."""
    procedure.add_string_array_argument("photos", "photos", _("Paths of photos, and of folders of photos"), READWRITE)
    procedure.add_string_argument("folder", "folder", _("Where the corrected photos go"), "", READWRITE)
    procedure.add_string_argument(
        "preset", "preset", _("An export preset, as `sixbit presets` lists them"), "", READWRITE
    )
    for name, help_text in (
        ("summary", _("How many photos were corrected, skipped and so on, as a table")),
        ("outcome", _("The counts, the failures and the place of the report, as JSON")),
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

    def run(server: Server) -> Gimp.ValueArray:
        # The server gets ready while the pixels are fetched, and the libraries of the dialog are loaded.
        from correction import Choices, DoneBeforeError, Subject, correct, take
        from layers import editable_drawable, only_in_place
        from pixels import PixelFile
        from presets import preset_named

        drawable = editable_drawable(drawables)
        with PixelFile(drawable) as pixels:
            if run_mode == Gimp.RunMode.INTERACTIVE:
                from dialog import correct_in_dialog

                done = correct_in_dialog(procedure, config, server, image, drawable, pixels)
                status = Gimp.PDBStatusType.SUCCESS if done else Gimp.PDBStatusType.CANCEL
                return procedure.new_return_values(status, None)
            take(pixels)
            subject = Subject.of(server, image, drawable)
            preset = preset_named(server, config.get_property("preset"))
            # What is repeated was said of another drawable.
            in_place = run_mode == Gimp.RunMode.WITH_LAST_VALS and bool(only_in_place(drawable))
            try:
                correct(server, subject, Choices.of(config, preset, in_place=in_place), pixels)
            except DoneBeforeError:
                if run_mode == Gimp.RunMode.NONINTERACTIVE:
                    raise
                from questions import asks_to_correct_again

                if not asks_to_correct_again(procedure, subject):
                    return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
                correct(server, subject, Choices.of(config, preset, force=True, in_place=in_place), pixels)
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)

    return with_server(procedure, run)


def run_identify(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    _drawables: list[Gimp.Drawable],
    _config: Gimp.ProcedureConfig,
    _data: Any,
) -> Gimp.ValueArray:
    """Tell which lens it was."""

    def run(server: Server) -> Gimp.ValueArray:
        from correction import identify
        from sentences import translated

        _tags, identity = identify(server, image)
        evidence = " ".join(identity["evidence"])
        if run_mode != Gimp.RunMode.NONINTERACTIVE:
            Gimp.message(" ".join(map(translated, identity["said"])))
        return returned(procedure, identity["status"], identity["lens"] or "", evidence, as_json(identity))

    return with_server(procedure, run)


def run_batch(procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, _data: Any) -> Gimp.ValueArray:
    """Export photos by a preset."""

    def run(server: Server) -> Gimp.ValueArray:
        Gimp.progress_init(_("Correcting photos"))
        done = server.call(
            "batch",
            timeout=None,
            on_progress=Gimp.progress_update,
            **{name: config.get_property(name) for name in ("photos", "folder", "preset")},
        )
        Gimp.progress_end()
        return returned(procedure, done["table"], as_json(done))

    return with_server(procedure, run)


def returned(procedure: Gimp.Procedure, *texts: str) -> Gimp.ValueArray:
    """Success, with texts as its values."""
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    for place, text in enumerate(texts, 1):
        values.remove(place)
        values.insert(place, GObject.Value(str, text))
    return values


def as_json(record: dict[str, Any]) -> str:
    """A record, for scripts."""
    return json.dumps(record, ensure_ascii=False)


def with_server(procedure: Gimp.Procedure, run: Callable[[Server], Gimp.ValueArray]) -> Gimp.ValueArray:
    """What the run gives, or what went wrong in words for the user."""
    from server_client import Server

    try:
        with Server(f"GIMP {Gimp.MAJOR_VERSION}.{Gimp.MINOR_VERSION}.{Gimp.MICRO_VERSION}") as server:
            Gegl.init(None)
            # Every pixel passes once: what GEGL keeps of them beyond that is memory for nothing.
            Gegl.config().set_property("tile-cache-size", TILE_CACHE)
            return run(server)
    except (UserError, OSError) as error:
        words = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), str(error), 0)
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, words)


if __name__ == "__main__":
    Gimp.main(Sixbit.__gtype__, sys.argv)
