"""The lenses that the user chose: a small file with one choice for each body and lens name.

A photo without a lens name is remembered by its focal length, so that an adapter with stored focal lengths (such as the
ten of a Techart LM-EA7) gives the lens behind each of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from sixbit.files.parts import content_of
from sixbit.files.reading import reading
from sixbit.files.replace import locked, set_aside, write_whole
from sixbit.lenses.authors import is_of_profile
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.names import read_name
from sixbit.machine import user_data
from sixbit.values.errors import Code, PhotoError, go_on_without
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot


class Key(NamedTuple):
    """The shots that a choice is for: those of a body with a lens name, or without one at a focal length."""

    make: str
    model: str
    name: str
    focal_mm: float | None


def choices_file() -> Path:
    """Give the path of the file that holds the choices."""
    return user_data() / "choices.json"


def look_up(shot: Shot) -> str | None:
    """Look up the lens_id that was chosen for shots of this body and lens name, None if none was."""
    if not choices_file().is_file():
        return None
    try:
        choices = _read()
    except PhotoError as error:
        if error.code is not Code.DAMAGED:
            raise
        try:
            with locked(choices_file()):
                choices = _read_or_begin()
        except PhotoError:  # a folder that cannot be written, where nothing can be set aside
            go_on_without(error)
            return None
    return choices.get(_key(shot))


def keep(shot: Shot, lens_id: str) -> None:
    """Keep the choice of a lens for all shots of this body and lens name.

    Raises PhotoError if it cannot be written, and where the choice would speak for photos of any lens: those that do
    not name their camera, and those of a phone without a lens name, as the phone's own photos look the same.
    """
    body = catalogue().body_of(shot)
    key = _key(shot)
    if not (key.make or key.model) or (body and body.is_phone and not key.name):
        raise PhotoError(
            Sentence(
                "nothing in it sets it apart from photos of other lenses, so the choice cannot be remembered.",
                Code.NOT_REMEMBERED,
                lens_id=lens_id,
            ),
            subject=shot.path,
        )
    with locked(choices_file()):
        _write({**_read_or_begin(), key: lens_id})


def forget(shot: Shot | None = None, lens_id: str | None = None) -> int:
    """Take choices back, for shots like this one, of a lens, or all, and return how many there were."""
    if not choices_file().is_file():
        return 0
    with locked(choices_file()):
        choices = _read_or_begin()
        kept = {
            key: chosen
            for key, chosen in choices.items()
            if (shot is not None and key != _key(shot)) or (lens_id is not None and chosen != lens_id)
        }
        if len(kept) < len(choices):
            _write(kept)
    return len(choices) - len(kept)


def _key(shot: Shot) -> Key:
    names = (name.value for name in sorted(shot.lens_names, key=is_of_profile))
    name = next((name.strip() for name in names if not read_name(name).empty), "")
    focal = round(shot.focal_mm.value, 1) if shot.focal_mm and not name else None
    return Key(*shot.camera, name, focal)


def _read() -> dict[Key, str]:
    path = choices_file()
    with reading(path, code=Code.USER_FILE, what=Sentence("holds the lenses you chose")):
        return _read_file(path)


def _read_file(path: Path) -> dict[Key, str]:
    try:
        rows = json.loads(content_of(path).decode())
        choices = {Key(*(row[part] for part in Key._fields)): row["lens_id"] for row in rows}
        if not all(isinstance(text, str) for key, chosen in choices.items() for text in (*key[:3], chosen)):
            raise ValueError("a name that is no text")
        return choices
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = Sentence("holds the lenses you chose, and is damaged ({error}).", error=error)
        raise PhotoError(why, Code.DAMAGED, subject=path) from error


def _read_or_begin() -> dict[Key, str]:
    """The choices; where their file is damaged, none, and it gets another name. Only who holds the lock may call it."""
    try:
        return _read()
    except PhotoError as error:
        if error.code is not Code.DAMAGED:
            raise
        aside = set_aside(choices_file())
        then = Sentence("It was set aside as {name}.", name=aside.name) if aside else Sentence("It is passed over.")
        go_on_without(
            PhotoError(
                Sentence("{reason} {then}", reason=error.reason, then=then), Code.USER_FILE, subject=error.subject
            )
        )
        return {}


def _write(choices: dict[Key, str]) -> None:
    rows = [{**key._asdict(), "lens_id": lens_id} for key, lens_id in choices.items()]
    write_whole(choices_file(), json.dumps(rows, indent=2, ensure_ascii=False) + "\n", make_folder=True)
