"""The texts that stand in a page of HTML and in its scripts: found for the catalogue, and said in a language.

An element with words of its own is one text, with the tags in it; of any other one looks into it. The attributes that
are read out or shown are texts, too. A translation is put in as it is: it comes with the page.
"""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import NamedTuple

from sixbit.values.sentence import Say

_SHOWN = ("alt", "aria-label", "placeholder", "title")
"""Attributes whose values are for people."""
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
"""Elements without an end (HTML Standard, 13.1.2)."""
_MUTE = {"script", "style"}
_SAID = re.compile(r'\bsay\(\s*("(?:[^"\\]|\\.)*")')


def texts_of_page(page: str) -> list[str]:
    """Return the texts of a page, in their order.

    >>> texts_of_page('<h1><i>1</i> <b>Which lens?</b></h1><p>Press <b>Measure</b>.</p><img alt="The photo">')
    ['Which lens?', 'Press <b>Measure</b>.', 'The photo']
    """
    return [place.text for place in _Places(page).found]


def page_in(language: str, say: Say, page: str) -> str:
    """Return a page whose texts are said in a language, which it names.

    >>> page_in("de", {"Back": "Zurück"}.get, '<html lang="en"><button title="Back">  Back </button>')
    '<html lang="de"><button title="Zurück">  Zurück </button>'
    """
    done, rest = [], 0
    for place in _Places(page).found:
        said = say(place.text)
        if said != place.text:
            done += [page[rest : place.start], html.escape(said) if place.is_attribute else said]
            rest = place.stop
    return "".join([*done, page[rest:]]).replace('<html lang="en">', f'<html lang="{language}">', 1)


def texts_of_script(script: str) -> Iterator[str]:
    """Find the texts of a script: what stands, in double quotes, at the beginning of a call of ``say``.

    >>> [*texts_of_script('row.append(say("{count} photos", { count }), "plain", say(words));')]
    ['{count} photos']
    """
    return map(ast.literal_eval, _SAID.findall(script))


def table_for(scripts: Iterable[str], say: Say) -> str:
    """Return a module of JavaScript with the texts of scripts in another language, by what they are in English.

    >>> table_for(['say("Back")', 'say("f/ …")'], {"Back": "Zurück", "f/ …": "f/ …"}.get)
    'export const WORDS = {"Back": "Zurück"};'
    """
    texts = {text: say(text) for script in scripts for text in texts_of_script(script)}
    other = {text: said for text, said in texts.items() if said != text}
    return f"export const WORDS = {json.dumps(other, ensure_ascii=False)};"


class _Place(NamedTuple):
    """Where a text stands in a page, and the text: of an attribute as it is read, else as HTML in one line."""

    start: int
    stop: int
    text: str
    is_attribute: bool = False


class _Element:
    def __init__(self, name: str, start: int, at: int) -> None:
        self.name, self.start = name, start
        self.has_words = False
        self.at = at
        """How many places were found before it."""


class _Places(HTMLParser):
    """Finds the places of the texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[_Place] = []
        self._page = page
        self._lines = [0, *(end.end() for end in re.finditer("\n", page))]
        self._open: list[_Element] = []
        self.feed(page)
        self.close()

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, and take its attributes."""
        self._attributes()
        if tag not in _VOID:
            self._open.append(_Element(tag, self._offset() + len(self.get_starttag_text() or ""), len(self.found)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the attributes of an element that has nothing in it."""
        self._attributes()

    def _attributes(self) -> None:
        start, tag = self._offset(), self.get_starttag_text() or ""
        for found in re.finditer(rf'\s(?:{"|".join(_SHOWN)})="([^"]*)"', tag):
            if _has_words(text := html.unescape(found[1])):
                self.found.append(_Place(start + found.start(1), start + found.end(1), text, is_attribute=True))

    def handle_data(self, data: str) -> None:
        """Take words."""
        if self._open and self._open[-1].name not in _MUTE:
            self._open[-1].has_words |= _has_words(data)

    def handle_endtag(self, tag: str) -> None:
        """Close an element: one with words of its own is a text, and nothing in it is."""
        while self._open:
            element, stop = self._open.pop(), self._offset()
            if element.has_words:
                inside = self._page[element.start : stop]
                start, stop = (
                    element.start + len(inside) - len(inside.lstrip()),
                    stop - len(inside) + len(inside.rstrip()),
                )
                self.found[element.at :] = [_Place(start, stop, " ".join(inside.split()))]
            if element.name == tag:
                return


def _has_words(text: str) -> bool:
    return any(character.isalpha() for character in text)
