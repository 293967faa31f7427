"""Sentences and troubles of the page, kept free of a language until a browser asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sixbit.editors.page.ways_out import WAYS_OUT
from sixbit.values.errors import Code
from sixbit.values.sentence import Say, Sentence
from sixbit.values.ways_out import followed


@dataclass(frozen=True)
class Trouble:
    """Words for what went wrong, and codes for what can be done about it."""

    words: Sentence
    codes: tuple[Code, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.said(str)

    def said(self, say: Say) -> str:
        """Say it, with the ways out behind it."""
        ways_out = {code: say(WAYS_OUT[code]) for code in self.codes if code in WAYS_OUT}
        return followed(say(self.words), self.codes, ways_out, self.values)

    def at(self, place: Sentence) -> Trouble:
        """Return it with the place where it happened before it."""
        return replace(self, words=Sentence("{place}: {why}", place=place, why=self.words))


def in_language(value: Any, say: Say) -> Any:
    """Say all sentences in a value that goes to a page; names, and other texts that are none, stay as they are.

    >>> in_language({"name": "ready", "words": [Sentence("{count} photos", count=2)]}, str.upper)
    {'name': 'ready', 'words': ['2 PHOTOS']}
    """
    if isinstance(value, Sentence):
        return say(value)
    if isinstance(value, Trouble):
        return value.said(say)
    if isinstance(value, dict):
        return {name: in_language(one, say) for name, one in value.items()}
    if not isinstance(value, list | tuple) or _is_of_numbers(value):
        return value
    return [in_language(one, say) for one in value]


def _is_of_numbers(value: Any) -> bool:
    """True of the points of a plot, which are many; what begins with a number has nothing else in it."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, int | float)
