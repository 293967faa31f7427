"""The bar below the preview: zoom, grid, and before and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gi.repository import GLib, Gtk
from preview import ZOOMS, Preview
from texts import _


def preview_bar(preview: Preview, on_canvas: Callable[[bool], None] | None) -> Gtk.Box:
    """Make the bar of a preview, which it follows; ``on_canvas`` hears whether GIMP's canvas is to show it, too."""
    bar = Gtk.Box(spacing=6)
    for icon, words, key in (
        ("zoom-out-symbolic", _("Zoom out (-)"), "-"),
        ("zoom-in-symbolic", _("Zoom in (+)"), "+"),
        ("zoom-original-symbolic", _("One pixel of the photo for one of the screen (1)"), "1"),
        ("zoom-fit-best-symbolic", _("Show the whole picture (0)"), "0"),
    ):
        button = Gtk.Button.new_from_icon_name(icon, Gtk.IconSize.MENU)
        button.set_tooltip_text(words)
        button.get_accessible().set_name(words)
        button.connect("clicked", lambda _button, zoom=ZOOMS[key]: preview.set_zoom(zoom(preview.scale())))
        bar.pack_start(button, False, False, 0)
    shown = Gtk.Label()
    bar.pack_start(shown, False, False, 6)

    def show_zoom(*_allocated: Any) -> None:
        words = f"{preview.scale():.0%}"
        # Setting it within an allocation asks for another one.
        if shown.get_text() != words:
            GLib.idle_add(shown.set_text, words)

    preview.on_zoom = show_zoom
    preview.connect("size-allocate", show_zoom)
    for words, name in ((_("_Grid"), "grid_shown"), (_("_Before and after"), "split_shown")):
        check = Gtk.CheckButton.new_with_mnemonic(words)
        check.set_active(getattr(preview, name))
        check.connect("toggled", _toggle, preview, name)
        bar.pack_end(check, False, False, 0)
    if on_canvas:
        canvas = Gtk.CheckButton.new_with_mnemonic(_("On the canvas, too"))
        canvas.set_tooltip_text(_("The image is as before when you close this dialog"))
        canvas.connect("toggled", lambda check: on_canvas(check.get_active()))
        bar.pack_end(canvas, False, False, 0)
    return bar


def _toggle(check: Gtk.CheckButton, preview: Preview, name: str) -> None:
    setattr(preview, name, check.get_active())
    preview.queue_draw()
