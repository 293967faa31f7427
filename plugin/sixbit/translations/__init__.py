"""Sixbit in other languages: one catalogue for GIMP, darktable, the calibration page and the report of a batch.

Each language is a file of gettext's here, ``de.po``; ``docs/translate.md`` tells how to fill one. Editors get it
compiled, where their own gettext looks; what Sixbit shows itself goes through :func:`speaking`.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from sixbit.values.sentence import Say, in_words

if TYPE_CHECKING:
    import polib

FOLDER = Path(__file__).resolve().parent
DOMAIN = "sixbit"
ENGLISH = "en"


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that there is a file of, English first.

    >>> languages()[:2]
    ('en', 'de')
    """
    return (ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.po")))


def of_the_user() -> str:
    """Return the language that the environment asks for, by the variables that gettext looks at; else English."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if asked := os.environ.get(name):
            return best_of(asked.split(":"))
    return ENGLISH


def of_a_browser(accepted: str) -> str:
    """Return the language that a browser asks for, by its header Accept-Language (RFC 9110, 12.5.4); else English.

    >>> of_a_browser("tlh, en;q=0.5, de-AT;q=0.8"), of_a_browser("de;q=0"), of_a_browser("")
    ('de', 'en', 'en')
    """
    weights = {}
    for one in accepted.split(","):
        name, *rest = (part.strip() for part in one.split(";"))
        weight = re.fullmatch(r"(?i:q)=([01](?:\.\d{0,3})?)", rest[0]) if rest else None
        weights[name] = float(weight[1]) if weight else float(not rest)
    return best_of(sorted(filter(weights.__getitem__, weights), key=lambda name: -weights[name]))


def best_of(wanted: list[str]) -> str:
    """Return the first of some languages that something is translated into, else English; their regions do not count.

    >>> best_of(["tlh", "de_AT.UTF-8", "en"]), best_of(["de-CH"]), best_of(["de@euro"]), best_of(["C.UTF-8"])
    ('de', 'de', 'de', 'en')
    """
    bare = (re.split("[-_.@]", name.strip().lower())[0] for name in wanted)
    return next((name for name in bare if name == ENGLISH or (name in languages() and _catalogue(name))), ENGLISH)


def compiled() -> Mapping[str, bytes]:
    """Return the catalogues in the form that gettext reads, by the paths at which it looks for them."""
    catalogues = {language: _catalogue(language) for language in languages()[1:]}
    return {
        f"{language}/LC_MESSAGES/{DOMAIN}.mo": catalogue.to_binary()
        for language, catalogue in catalogues.items()
        if catalogue
    }


@cache
def speaking(language: str) -> Say:
    """Return what says a sentence, or a fixed text, in a language; what nobody has translated stays English.

    >>> from sixbit.values.sentence import Sentence
    >>> speaking("de")(Sentence("no calibration is near {focal:g} mm", focal=35.0))
    'keine Kalibrierung in der Nähe von 35 mm'
    """
    if language not in languages()[1:]:
        return str
    entries = {entry.msgid: entry.msgstr for entry in _catalogue(language)}

    def say(said: object) -> str:
        return in_words(said, lambda text: entries.get(text, text))

    return say


@cache
def _catalogue(language: str) -> polib.POFile:
    """The texts of a language that can be said: translated for certain, and with no places but those of the English.

    Whoever fills the file may be half through; one that cannot be read has none.
    """
    import polib

    path = FOLDER / f"{language}.po"
    sound = polib.POFile()
    try:
        found = polib.pofile(str(path))
    except (OSError, ValueError) as error:
        logging.getLogger(__name__).warning("%s cannot be read, so all stays English: %s", path, error)
        return sound
    sound.metadata = found.metadata
    sound.extend(entry for entry in found.translated_entries() if _can_stand_for(entry.msgstr, entry.msgid))
    return sound


def _can_stand_for(text: str, english: str) -> bool:
    try:
        return places(text) <= places(english)
    except ValueError:  # a brace that is not closed
        return False


def places(text: str) -> set[str]:
    """Return the places for values in a text; raises ValueError if its braces belong to none.

    >>> sorted(places("{name}, {focal:g} mm"))
    ['focal!None:g', 'name!None:']
    """
    return {
        f"{name}!{conversion}:{layout}" for _, name, layout, conversion in Formatter().parse(text) if name is not None
    }
