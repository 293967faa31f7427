"""The question before a photo is corrected a second time."""

from __future__ import annotations

from correction import SPOKEN, Subject
from gi.repository import Gimp, GimpUi, Gtk
from texts import _, manifest
from widgets import check_button, wrapped

BAR_WIDTH = 110
"""Characters of a line that goes over the whole dialog."""


def asks_to_correct_again(procedure: Gimp.Procedure, subject: Subject) -> bool:
    """Ask where there is no dialog; True to go on."""
    GimpUi.init(procedure.get_name())
    text = _("The photo is corrected already. Correct it again?")
    more = _("Its metadata says so of {corrections}.").format(corrections=_done(subject))
    if subject.coverage:
        text, more = _("This mask or channel is corrected already. Correct it again?"), None
    question = Gtk.MessageDialog(
        title=manifest()["name"], message_type=Gtk.MessageType.QUESTION, text=text, secondary_text=more
    )
    question.add_button(_("_Cancel"), Gtk.ResponseType.CANCEL)
    question.add_button(_("Correct agai_n"), Gtk.ResponseType.OK)
    question.set_default_response(Gtk.ResponseType.CANCEL)
    answer = question.run()
    question.destroy()
    return bool(answer == Gtk.ResponseType.OK)


def done_before_bar(config: Gimp.ProcedureConfig, subject: Subject) -> Gtk.Widget:
    """Make the question a part of the dialog."""
    bar = Gtk.InfoBar(message_type=Gtk.MessageType.QUESTION)
    words = _("The metadata says that this is corrected already: {done}.").format(done=_done(subject))
    if subject.coverage:
        words = _("This mask or channel is corrected already.")
    bar.get_content_area().add(wrapped(words, width=BAR_WIDTH))
    bar.get_action_area().add(check_button(config, "force"))
    bar.show_all()
    return bar


def _done(subject: Subject) -> str:
    return ", ".join(SPOKEN[kind] for kind in subject.identity["already_corrected"])
