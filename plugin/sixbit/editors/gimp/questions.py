"""The questions before a photo is corrected a second time, or around a centre that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from correction import SPOKEN, Choices, ReshapedError, Subject
from gi.repository import Gimp, GimpUi, Gtk
from sentences import translated
from server_client import Server
from texts import UserError, _, manifest
from widgets import check_button, wrapped

BAR_WIDTH = 110
"""Characters of a line that goes over the whole dialog."""
WHOLE = "drawable"
"""What “Photo was” says of a layer that is the whole frame."""


def goes_on(procedure: Gimp.Procedure, subject: Subject, choices: Choices, why: UserError) -> bool:
    """Ask where there is no dialog, and choose what is answered; True to go on."""
    GimpUi.init(procedure.get_name())
    if isinstance(why, ReshapedError):
        text, more = _("Take the photo for the whole frame?"), translated(subject.reshaped)
        if answer := _is_answered(text, more, _("Ta_ke it for the whole frame")):
            choices.frame = WHOLE
        return answer
    text = _("The photo is corrected already. Correct it again?")
    more = _("Its metadata says so of {corrections}.").format(corrections=_done(subject))
    if subject.coverage:
        text, more = _("This mask or channel is corrected already. Correct it again?"), None
    choices.force = _is_answered(text, more, _("Correct agai_n"))
    return choices.force


def _is_answered(text: str, more: str | None, yes: str) -> bool:
    question = Gtk.MessageDialog(
        title=manifest()["name"], message_type=Gtk.MessageType.QUESTION, text=text, secondary_text=more
    )
    question.add_button(_("_Cancel"), Gtk.ResponseType.CANCEL)
    question.add_button(yes, Gtk.ResponseType.OK)
    question.set_default_response(Gtk.ResponseType.CANCEL)
    answer = question.run()
    question.destroy()
    return bool(answer == Gtk.ResponseType.OK)


def show_identity(
    procedure: Gimp.Procedure, server: Server, identity: Mapping[str, Any], put_right: bool = False
) -> None:
    """Tell which lens it was, what is known of it, and how the photo says so."""
    from lens_part import STATUS, grades_of

    GimpUi.init(procedure.get_name())
    lenses = {lens["id"]: lens for lens in server.call("lenses")["lenses"]}
    lens = lenses.get(identity["lens"] or "")
    told = [*map(translated, [*identity["said"], *identity["placed"]])]
    if lens:
        told.insert(0, _("It can be corrected: {grades}.").format(grades=grades_of(lens)))
        if not any(lens["calibrations"].values()):
            told[0] = _("Nothing of it has been measured yet.")
    if put_right:
        told.append(_("The metadata told of a filter that is gone, or does nothing: that is put right."))
    box = Gtk.MessageDialog(
        title=manifest()["name"],
        message_type=Gtk.MessageType.INFO if lens else Gtk.MessageType.QUESTION,
        buttons=Gtk.ButtonsType.CLOSE,
        text=lens["name"] if lens else STATUS.get(identity["status"], STATUS["untagged"])[1],
        secondary_text="\n".join(told),
    )
    box.run()
    box.destroy()


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


def reshaped_bar(config: Gimp.ProcedureConfig, subject: Subject) -> Gtk.Widget:
    """Tell why nobody knows where the optical centre is, as long as the user has not said it, and let him do so."""
    bar = Gtk.InfoBar(message_type=Gtk.MessageType.QUESTION)
    bar.get_content_area().add(wrapped(translated(subject.reshaped), width=BAR_WIDTH))
    button = Gtk.Button(label=_("Ta_ke it for the whole frame"), use_underline=True)
    button.connect("clicked", lambda _button: config.set_property("frame", WHOLE))
    bar.get_action_area().add(button)
    bar.show_all()
    bar.set_no_show_all(True)

    def follow(*_notified: Any) -> None:
        bar.set_visible(config.get_property("frame") == "auto")

    notified = config.connect("notify::frame", follow)
    bar.connect("destroy", lambda _bar: config.disconnect(notified))
    follow()
    return bar


def _done(subject: Subject) -> str:
    return ", ".join(SPOKEN[kind] for kind in subject.identity["already_corrected"])
