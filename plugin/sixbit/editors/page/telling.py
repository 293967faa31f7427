"""Errors and progress in words for the page: photos by the names that their owner gave them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from sixbit.editors.page.settings import RequestError
from sixbit.editors.page.trouble import Trouble
from sixbit.editors.page.uploads import Upload
from sixbit.editors.page.worker import StoppedError
from sixbit.faults import described
from sixbit.values.errors import SixbitError, photo_name
from sixbit.values.sentence import Sentence, in_a_row, sentence_of
from sixbit.values.ways_out import codes_of

LOG = logging.getLogger(__package__)


def told(error: Exception, photos: Collection[Upload], log: Path | None, beside: Upload | None = None) -> Trouble:
    """Tell of an error with what can be done about it, and of its photo by the user's name, unless ``beside`` it.

    The log gets all of an error that is Sixbit's own mistake.
    """
    if isinstance(error, RequestError | StoppedError):
        (reason,) = error.args
        return reason if isinstance(reason, Trouble) else Trouble(sentence_of(reason))
    if not isinstance(error, SixbitError):
        LOG.error("%s", described("the calibration page", error))
        fault = [Sentence("Something went wrong that is not your fault, and nothing was kept.")]
        if log:
            fault.append(Sentence("Please send the file {log} to us.", log=str(log)))
        return Trouble(sentence_of(in_a_row(fault, " ")))
    photo = blamed_photo(error, photos)
    words = named(error.reason, photos)
    if error.subject is not None and (photo is None or photo is not beside):
        about = photo_name(error.subject) if photo is None else photo.name
        words = Sentence("{photo}: {why}", photo=about, why=words)
    return Trouble(words, tuple(codes_of(error)), error.values)


def blamed_photo(error: SixbitError, photos: Iterable[Upload]) -> Upload | None:
    """Find the photo that an error is about."""
    name = None if error.subject is None else Path(error.subject).name
    return next((photo for photo in photos if photo.path.name == name), None)


def named(words: object, photos: Collection[Upload]) -> Sentence:
    """Return a sentence, or a text, with the user's names of the photos in place of ours."""
    said = sentence_of(words if isinstance(words, Sentence) else _named(str(words), photos))
    if not said.values:
        return said
    return Sentence(said.template, said.code, **{name: _value(value, photos) for name, value in said.values.items()})


def _value(value: Any, photos: Collection[Upload]) -> Any:
    if isinstance(value, Sentence):
        return named(value, photos)
    if isinstance(value, tuple):
        return tuple(_value(one, photos) for one in value)
    return _named(value, photos) if isinstance(value, str) else value


def _named(words: str, photos: Iterable[Upload]) -> str:
    for photo in photos:
        words = words.replace(photo.path.name, photo.name)
    return words
