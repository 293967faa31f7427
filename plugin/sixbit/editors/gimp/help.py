"""The help of the dialog: GIMP's own knows nothing of plug-ins that are not its own."""

from __future__ import annotations

from typing import Any

from gi.repository import Gdk, Gtk
from texts import _, manifest

HELP = {
    _("Preview"): _(
        "Drag the split, or move it by the arrow keys. Scroll, or press + and -, to zoom; 1 shows the photo pixel "
        "by pixel, 0 the whole of it. Drag the picture to move it."
    ),
    _("Lens"): _(
        "If the photo does not name its lens, choose it: the search takes parts of names, such as “summilux 50”, "
        "and Enter takes the first. Measured calibrations come from photos, published ones from the maker, "
        "computed ones from a patent; those measured only once were confirmed by nobody."
    ),
    _("Photo"): _(
        "An empty field shows in grey what is taken instead. A Leica M estimates the aperture: if you know it "
        "better, fill it in, since vignetting depends on it."
    ),
    _("Result"): _(
        "An editable filter leaves the pixels as they are: choose the menu entry again to change it. "
        "A correction goes around the optical centre. If the image was cropped or scaled since it was taken, say "
        "so at “Photo was”. The metadata tells what was corrected, so that it is not done twice."
    ),
}


def take_over_help(dialog: Gtk.Dialog) -> None:
    """Have the dialog's button and F1 show this help: GIMP would tell that its manual is missing."""
    button = dialog.get_widget_for_response(Gtk.ResponseType.HELP)
    if button is not None:
        # What GIMP has connected to its button comes first, and cannot be stopped.
        place = button.get_parent()
        place.remove(button)
        own = Gtk.Button(label=button.get_label(), use_underline=button.get_use_underline(), visible=True)
        own.connect("clicked", lambda _button: show_help(dialog))
        place.add(own)
        if isinstance(place, Gtk.ButtonBox):
            place.set_child_secondary(own, True)
    dialog.connect("key-press-event", _pressed)


def _pressed(dialog: Gtk.Dialog, event: Any) -> bool:
    if event.keyval != Gdk.KEY_F1:
        return False
    show_help(dialog)
    return True


def show_help(parent: Gtk.Window) -> None:
    """Show what the dialog can do, in a window that does not stop it."""
    words = "\n\n".join(f"{title}\n{text}" for title, text in HELP.items())
    window = Gtk.MessageDialog(
        transient_for=parent,
        message_type=Gtk.MessageType.INFO,
        buttons=Gtk.ButtonsType.CLOSE,
        text=_("Correcting photos taken through Leica M lenses"),
        secondary_text=words,
    )
    window.set_title(manifest()["name"])
    window.connect("response", lambda shown, _response: shown.destroy())
    window.show()
