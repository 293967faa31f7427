"""Errors and progress in words for the page: photos by the names that their owner gave them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from pathlib import Path

from sixbit.editors.page.settings import RequestError
from sixbit.editors.page.uploads import Upload
from sixbit.editors.page.ways_out import WAYS_OUT
from sixbit.editors.page.worker import StoppedError
from sixbit.faults import described
from sixbit.values.errors import SixbitError
from sixbit.values.ways_out import codes_of, followed

LOG = logging.getLogger(__package__)


def told(error: Exception, photos: Collection[Upload], log: Path | None, beside: Upload | None = None) -> str:
    """Say an error with what can be done about it, and the photo by the user's name, unless it stands ``beside``.

    The log gets all of an error that is Sixbit's own mistake.
    """
    if isinstance(error, RequestError | StoppedError):
        return str(error)
    if not isinstance(error, SixbitError):
        LOG.error("%s", described("the calibration page", error))
        where = f" Please send the file {log} to us." if log else ""
        return f"Something went wrong that is not your fault, and nothing was kept.{where}"
    photo = blamed_photo(error, photos)
    words = named(str(error), photos) if photo is None else f"{photo.name}: {error.reason}"
    if photo is not None and photo is beside:
        words = str(error.reason)
    return followed(words, codes_of(error), WAYS_OUT, error.values)


def blamed_photo(error: SixbitError, photos: Iterable[Upload]) -> Upload | None:
    """Find the photo that an error is about."""
    name = None if error.subject is None else Path(error.subject).name
    return next((photo for photo in photos if photo.path.name == name), None)


def named(words: str, photos: Iterable[Upload]) -> str:
    """Put the user's names of the photos in place of ours."""
    for photo in photos:
        words = words.replace(photo.path.name, photo.name)
    return words
