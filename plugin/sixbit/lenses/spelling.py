"""How names are spelled: one plain form of any text, words written as one, typing errors, and what each word means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sixbit.lenses.words import DENYING, IDLE, SHORT, UNLISTED_MAKERS, VOCABULARY

_PLAIN = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-") | dict.fromkeys((*range(0x20), 0x7F), " ")
"""Dashes, and characters that control a terminal."""


def plain(text: str) -> str:
    """Write a name in one plain form: lower case, ASCII where Unicode has an equal, decimal points, mm for cm.

    >>> plain("ƒ/1,4  5cm \N{EN DASH} w/o ASPH")
    'f/1.4  50mm - without asph'
    """
    text = unicodedata.normalize("NFKC", text).replace("ƒ", "f").replace("ß", "ss")
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()
    text = text.translate(_PLAIN)
    text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = re.sub(r"(?<!\d)\.(?=\d)", " 0.", text)
    if "cm" in text:
        text = re.sub(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3})?)\s*cm\b", lambda cm: f"{float(cm[1]) * 10:g}mm", text)
    text = text.replace("_", " ")
    if "w" in text:
        text = re.sub(r"\bw\s*/\s*o\b", "without", text)
        text = re.sub(r"\bw[a-z]{5,7}\b", lambda word: _or_without(word[0]), text)
    if "pre" in text or "non" in text:
        text = re.sub(r"\b(pre|non)(?=asp|apo\b|fle\b)", r"\1 ", text)
    text = re.sub(r"(?<=asph)(erical)?(?=(?:i{1,3}|iv|v)\b)", r"\1 ", text)
    text = re.sub(r"(?<![\d.])(?:7|seven)\W?([a-z]{6,9})", _seven, text)
    return re.sub(r"\btt\W?artisans?\b", "ttartisan ", text) if "tt" in text else text


def _seven(match: re.Match[str]) -> str:
    maker = any(match[1] == word or one_edit_apart(match[1], word) for word in ("artisan", "artisans"))
    return "sevenartisans " if maker else match[0]


def _or_without(word: str) -> str:
    return "without" if one_edit_apart(word, "without") else word


class Words:
    """The words of a name, sorted into what they mean.

    ``known`` has the meanings by kind: maker, family, qualifier and asph. ``letters`` are words of one or two letters,
    ``unknown`` longer ones without a meaning, ``denied`` what the lens is said not to be.

    >>> words = Words(["non", "asph", "summicronm"])
    >>> words.known["family"], words.letters, words.denied
    ({'summicron'}, {'m'}, {'asph'})
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.known: dict[str, set[str]] = {kind: set() for kind, _ in VOCABULARY.values()}
        self.letters: set[str] = set()
        self.unknown: set[str] = set()
        self.denied: set[str] = set()
        self.doubtful = False
        self.family_words = self.typos = 0
        denial = ""  # a word may deny the one behind it
        for word in words:
            if word in DENYING:
                denial = word
            elif not denial:
                self._read(word)
            elif word not in ("a", "an", "the"):
                self._deny(word)
                denial = ""
        if denial == "pre":
            self.denied.add("asph")

    def _deny(self, word: str) -> None:
        other = Words(())
        other.known["family"] |= self.known["family"]
        other._read(word)
        denied = other.known["qualifier"] | ({"asph"} if other.known["asph"] else set())
        self.denied |= denied
        if not denied:
            self._read(word)

    def _read(self, word: str) -> None:
        families = len(self.known["family"])
        self._sort(SHORT.get(word, word))
        self.family_words += len(self.known["family"]) > families

    def _sort(self, word: str) -> None:
        if word in VOCABULARY:
            self._add(word)
        elif len(word) > 2 and word in IDLE:
            pass
        elif one_edit_apart(word, "asph") and self.known["family"]:
            self._add("asph")  # it stands behind the family, APO before it
            self.typos += 1
        elif one_edit_apart(word, "apo"):
            self._add("apo")
            self.typos += 1
        elif one_edit_apart(word, "fle"):
            self.doubtful = True
        elif len(word) <= 2:
            self.letters.add(word)
        elif not (self._joined(word) or self._typo(word)):
            self.unknown.add(word)

    def _add(self, word: str) -> None:
        kind, meaning = VOCABULARY[word]
        self.known[kind].add(meaning)

    def _joined(self, word: str) -> bool:
        """Sort words written as one, a maker or family among them: aposummicron, zeissdistagon; False if it is none."""
        parts = _split(word)
        if not any(VOCABULARY.get(part, ("",))[0] in ("family", "maker") for part in parts):
            return False
        for part in parts:
            self._sort(part)
        return True

    def _typo(self, word: str) -> bool:
        """Sort a word with a letter wrong, missing, doubled or swapped as what it may be; False if that is nothing."""
        if len(word) < 4:
            return False
        near = [known for known in VOCABULARY if len(known) >= 4 and one_edit_apart(word, known)]
        kinds = {VOCABULARY[known][0] for known in near}
        if len(kinds) != 1:
            near = [known for known in near if VOCABULARY[known][0] == "family"]
        for known in near:
            self._add(known)
        self.typos += bool(near)
        return bool(near)


def unlisted_maker(text: str) -> str | None:
    """Find the maker of M lenses in a name whose lenses the catalogue lacks.

    >>> unlisted_maker("MS-Optics Perar 28mm f/4"), unlisted_maker("JUPITER-8 2/50"), unlisted_maker("Elmar 50")
    ('MS-Optics', 'a Soviet works', None)
    """
    words = re.findall("[a-z]+", plain(text))
    letters = "".join(words)
    for maker, marks in UNLISTED_MAKERS.items():
        if any(mark in (letters if len(mark) > 4 else words) for mark in marks.split()):
            return maker
    return None


def _split(word: str) -> list[str]:
    """The known words that a word is made of; none if it is not."""
    for end in range(len(word), 0, -1):
        head, rest = word[:end], word[end:]
        single = head == "m" or (head == "c" and rest.startswith(("biogon", "sonnar")))
        if single or (end > 1 and (head in VOCABULARY or (head in IDLE and end > 2))):
            tail = _split(rest) if rest else []
            if tail or not rest:
                return [head, *tail]
    return []


def one_edit_apart(a: str, b: str) -> bool:
    """Tell whether one letter changed, added or left out, or two neighbours swapped, turns one word into the other.

    >>> one_edit_apart("summicrom", "summicron"), one_edit_apart("elmar", "elmarit")
    (True, False)
    """
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[start:], b[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
