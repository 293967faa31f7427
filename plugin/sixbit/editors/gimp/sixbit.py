#!/usr/bin/env python3
"""Sixbit in GIMP: the procedures, and where they lead. Labels and menu stand in the manifest."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import gi

gi.require_versions({"Gimp": "3.0", "GimpUi": "3.0", "Gtk": "3.0", "PangoCairo": "1.0", "Gegl": "0.4", "Babl": "0.1"})
from arguments import add_batch_arguments, add_correct_arguments, add_returned  # noqa: E402
from gi.repository import Gegl, Gimp, GLib, GObject  # noqa: E402
from texts import UserError, _, manifest  # noqa: E402

if TYPE_CHECKING:
    from server_client import Server

CORRECT = "plug-in-sixbit-correct"
IDENTIFY = "plug-in-sixbit-identify"
BATCH = "plug-in-sixbit-batch"
HOST = manifest()["hosts"]["gimp"]
TILE_CACHE = 16 << 20


class Sixbit(Gimp.PlugIn):  # type: ignore[misc]
    """Tells GIMP of the procedures, and runs them."""

    def do_set_i18n(self, _name: str) -> bool:
        """Leave translating to Python's gettext, which does it before GIMP sees the texts."""
        return False

    def do_query_procedures(self) -> list[str]:
        """Return the names of the procedures."""
        return list(HOST["procedures"])

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """Make a procedure, with its label, menu and arguments."""
        texts = HOST["procedures"][name]
        if name == BATCH:
            procedure = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, run_batch, None)
            add_batch_arguments(procedure)
        else:
            run = {CORRECT: run_correct, IDENTIFY: run_identify}[name]
            procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
            procedure.set_menu_label(_(texts["label"]))
            procedure.add_menu_path(HOST["menu_path"])
            procedure.set_image_types("RGB*, GRAY*" if name == CORRECT else "*")
            procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        if name == CORRECT:
            add_correct_arguments(procedure)
        add_returned(procedure)
        procedure.set_documentation(_(texts["summary"]), _(texts["summary"]), name)
        procedure.set_attribution(manifest()["name"], manifest()["name"], manifest()["version"])
        return procedure


Run = Callable[..., Gimp.ValueArray]


def with_server(run: Run) -> Run:
    """Have what a procedure runs get a server before its arguments; what goes wrong is told in words for the user."""

    @wraps(run)
    def started(procedure: Gimp.Procedure, *arguments: Any) -> Gimp.ValueArray:
        from server_client import Server

        try:
            with Server(f"GIMP {Gimp.MAJOR_VERSION}.{Gimp.MINOR_VERSION}.{Gimp.MICRO_VERSION}") as server:
                Gegl.init(None)
                # Every pixel is read once, so a large cache of GEGL's would only take memory.
                Gegl.config().set_property("tile-cache-size", TILE_CACHE)
                return run(server, procedure, *arguments)
        except (UserError, OSError) as error:
            words = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), str(error), 0)
            return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, words)

    return started


@with_server
def run_correct(
    server: Server,
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    _image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    _data: Any,
) -> Gimp.ValueArray:
    """Correct one drawable."""
    # The server gets ready while the pixels are fetched, and the libraries of the dialog are loaded.
    from apply import correct
    from correction import Choices, DoneBeforeError, ReshapedError, Subject
    from layers import editable_drawable, only_in_place
    from pixels import PixelFile
    from presets import preset_named

    drawable = editable_drawable(drawables)
    with PixelFile(drawable) as pixels:
        if run_mode == Gimp.RunMode.INTERACTIVE:
            from dialog import correct_in_dialog

            done = correct_in_dialog(procedure, config, server, pixels)
            status = Gimp.PDBStatusType.SUCCESS if done else Gimp.PDBStatusType.CANCEL
            return procedure.new_return_values(status, None)
        subject = Subject(server, drawable)
        choices = Choices(config, preset_named(server, config.get_property("preset")))
        if run_mode == Gimp.RunMode.WITH_LAST_VALS and only_in_place(drawable):
            # What is repeated was said of another drawable.
            choices.output = "layer"
        while True:
            try:
                correct(server, subject, choices, pixels)
                return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
            except (DoneBeforeError, ReshapedError) as why:
                if run_mode == Gimp.RunMode.NONINTERACTIVE:
                    raise
                from questions import goes_on

                # Each is asked once: what is answered is chosen then.
                if not goes_on(procedure, subject, choices, why):
                    return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)


@with_server
def run_identify(
    server: Server, procedure: Gimp.Procedure, mode: Gimp.RunMode, image: Gimp.Image, *_others: Any
) -> Gimp.ValueArray:
    """Tell which lens it was, and put marks right that a filter has left."""
    from correction import identify
    from filters import marks_put_right
    from metadata import tagged

    tags, identity = identify(server, image)
    changes, namespaces = marks_put_right(image, tags)
    if changes:
        image.set_metadata(tagged(image, changes, namespaces))
        _tags, identity = identify(server, image)
    evidence = " ".join(identity["evidence"])
    if mode != Gimp.RunMode.NONINTERACTIVE:
        from questions import show_identity

        show_identity(procedure, server, identity, bool(changes))
    return returned(procedure, identity, identity["status"], identity["lens"] or "", evidence)


@with_server
def run_batch(server: Server, procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, _data: Any) -> Gimp.ValueArray:
    """Export photos by a preset."""
    Gimp.progress_init(_("Correcting photos"))
    done = server.call(
        "batch",
        timeout=None,
        on_progress=Gimp.progress_update,
        **{name: config.get_property(name) for name in ("photos", "folder", "preset")},
    )
    Gimp.progress_end()
    return returned(procedure, done, done["table"])


def returned(procedure: Gimp.Procedure, record: dict[str, Any], *texts: str) -> Gimp.ValueArray:
    """Return success, with texts as its values, and a record behind them as scripts read it."""
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    for place, text in enumerate([*texts, json.dumps(record, ensure_ascii=False)], 1):
        values.remove(place)
        values.insert(place, GObject.Value(str, text))
    return values


if __name__ == "__main__":
    Gimp.main(Sixbit.__gtype__, sys.argv)
