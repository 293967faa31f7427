"""Lens names as people, cameras and programs write them, read into one canonical form.

A name is read by rules (figures, maker, family, qualifiers, ASPH, generation), never by a list of whole names, and two
canonical forms are compared in :mod:`sixbit.lenses.comparison`. The names of the catalogue are read by the same rules.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from sixbit.lenses.mounts import built_in, foreign_letters, take_mounts
from sixbit.lenses.notation import CAMERA, TABLE, has_other_figures, take_figures, take_versions
from sixbit.lenses.spelling import Words, plain
from sixbit.lenses.words import FAMILY_MAKERS, NICKNAMES
from sixbit.values.sentence import Sentence
from sixbit.values.shot import says_nothing

LONGEST = 240
"""Characters of a name that are read: no lens has a longer one, but a hostile file may."""


class Name(NamedTuple):
    """The canonical form of a lens name: what it says, and what it leaves open (empty or None).

    ``families`` holds alternatives, as a typing error may leave two families possible.
    """

    text: str
    makers: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    m: bool = False
    """True for the -M of Leica's M lenses."""
    m_mount: bool = False
    """True if the name says that the lens is for the M mount or the screw mount: ZM, VM, -M, LTM."""
    focals: tuple[float, ...] = ()
    f_number: float | None = None
    asph: bool = False
    aspherical: bool = False
    """True if the word is written out: ASPHERICAL is the engraving of one rare Summilux."""
    denied: frozenset[str] = frozenset()
    """The words that the lens is said not to be, ``asph`` or a qualifier or trait: non-ASPH, not APO, pre-FLE."""
    generations: frozenset[int] = frozenset()
    traits: frozenset[str] = frozenset()
    screw_mount: bool = False
    product_numbers: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    """Words that were understood as nothing of the above."""
    doubtful: bool = False
    """True if a word may be a misspelt FLE, or may not."""
    several: bool = False
    """True if the text names more than one lens."""
    typos: int = 0
    foreign: Sentence | None = None
    """Why this is no M lens."""
    empty: bool = False
    """True if the text says that there is no name: ``----``."""
    notation: str = "free"
    """``camera`` (Summilux-M 1:1.4/50), ``table`` (Summilux-M 50mm f/1.4, as ExifTool writes), or ``free``."""

    @property
    def complete(self) -> bool:
        """True if written as cameras and tables do, which leave no word out."""
        return self.notation != "free"


@cache
def read_name(text: str) -> Name:
    """Read a lens name of any notation.

    >>> name = read_name("LEICA SUMMILUX-M 50mm ƒ/1,4 ASPH.")
    >>> sorted(name.makers), sorted(name.families), name.focals, name.f_number, name.asph
    (['Leica'], ['summilux'], (50.0,), 1.4, True)
    >>> read_name("Summicron-M 1:2/50 (IV, V)").generations == {4, 5}
    True
    >>> read_name("SUMMILUX-SL 1:1.4/50 ASPH.").foreign
    'it is a Leica SL lens'
    >>> read_name("-------").empty
    True
    """
    name = Name(text[:LONGEST].strip())
    whole = plain(name.text)
    line = _unwrapped(whole)
    if says_nothing(line) or line.strip() in ("0", "1", "65535"):
        return name._replace(empty=True)
    for step in (_mount, _numbers, _version, _figures, _words):
        line, name = step(line, name)
    return name._replace(notation=_notation(whole, name))


def _unwrapped(line: str) -> str:
    """Take a name out of Adobe's brackets, leave out what follows an @, and write nicknames out."""
    if wrapped := re.fullmatch(r"adobe\s*\((.*)\)", line):
        line = wrapped[1]
    line = re.sub(r"@.*", " ", line)
    for nickname, meaning in NICKNAMES.items():
        if nickname in line:
            line = re.sub(rf"\b{nickname}\b", meaning, line)
    return line


# Each step takes out of the text what it understands, and adds it to the name.


def _mount(line: str, name: Name) -> tuple[str, Name]:
    """Read mounts and adapters."""
    line, m_mount, screw_mount, foreign = take_mounts(line)
    return line, name._replace(m_mount=m_mount, screw_mount=screw_mount, foreign=foreign)


def _numbers(line: str, name: Name) -> tuple[str, Name]:
    """Read order numbers; serial numbers, six-bit codes and filter threads say nothing."""
    line = re.sub(r"(?:#|\b(?:s/?n|serial|no|nr)\b[.:]?)\s*\d{4,}|\b\d{6,}\b", " ", line)
    product_number = r"(?<![\d.])\d{5}(?![\d.])"
    name = name._replace(product_numbers=frozenset(re.findall(product_number, line)))
    line = re.sub(product_number, " ", line)
    return re.sub(r"\b(?:6|six)\W*bit\b|\be\d\d\b", " ", line), name


def _version(line: str, name: Name) -> tuple[str, Name]:
    """Read traits and generations."""
    line, traits, denied, generations = take_versions(line)
    return line, name._replace(traits=traits, denied=denied, generations=generations)


def _figures(line: str, name: Name) -> tuple[str, Name]:
    """Read focal lengths and f-number."""
    rest, focals, f_number = take_figures(line)
    several = has_other_figures(line, focals, f_number)
    return rest, name._replace(focals=focals, f_number=f_number, several=several)


def _words(line: str, name: Name) -> tuple[str, Name]:
    """Read maker, family, qualifiers and ASPH."""
    words = Words(re.findall(r"[^\W\d_]+", line.replace("t*", " ")))
    makers, families = words.known["maker"], words.known["family"]
    family_makers = {FAMILY_MAKERS[family] for family in families}
    if len(makers) > 1 and "Leica" not in family_makers:
        makers = makers - {"Leica"}  # the mount, not the maker
    m = "m" in words.letters
    short = [word for word in words.unknown | words.letters - {"m"} if len(word) <= 4]
    double_aspherical = "double aspherical" in name.traits
    return line, name._replace(
        makers=frozenset(makers),
        families=frozenset(families),
        qualifiers=frozenset(words.known["qualifier"]),
        m=m,
        m_mount=name.m_mount or m,
        asph=bool(words.known["asph"]) or double_aspherical,
        aspherical="aspherical" in words.known["asph"] or double_aspherical,
        denied=name.denied | words.denied,
        words=frozenset(words.unknown | words.letters - {"m", "t", "f", "p", "mc", "sc"}),
        doubtful=words.doubtful or ("fle" in name.traits and bool(short)),
        several=name.several or words.family_words > 1,
        typos=words.typos,
        foreign=name.foreign
        or foreign_letters(line, words, makers | family_makers)
        or built_in(name.focals, name.f_number),
    )


def _notation(whole: str, name: Name) -> str:
    """Tell how a name is written; one with words that were not understood is free."""
    figures = name.m and name.families and name.focals and name.f_number
    if not figures or name.makers or name.words or name.doubtful or name.several or name.typos:
        return "free"
    return "camera" if CAMERA.fullmatch(whole) else "table" if TABLE.fullmatch(whole) else "free"
