"""Lens names as people, cameras and programs write them, read into one canonical form.

A name is read by rules (figures, maker, family, qualifiers, ASPH, generation), never by a list of whole names, and two
canonical forms are compared in :mod:`sixbit.lenses.comparison`. The names of the catalogue are read by the same rules.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from sixbit.lenses.notation import CAMERA, TABLE, has_other_figures, take_figures, take_generations, take_traits
from sixbit.lenses.spelling import Words, plain
from sixbit.lenses.words import (
    ADAPTER_HINTS,
    ADAPTERS,
    ANOTHER_MOUNT,
    DENIAL,
    DENYING,
    FIXED_LENSES,
    FOREIGN_PHRASES,
    FOREIGN_WORDS,
    FUJI_ADAPTER,
    GENERATION_HINTS,
    LEICA_LETTERS,
    MOUNTS,
    NICKNAMES,
    NO_LENS,
    OTHER_MOUNT_LETTERS,
    OWN_PHRASES,
    REFLEX_LETTERS,
    SCREW_MOUNT,
    TRAIT_HINTS,
)
from sixbit.values.sentence import Sentence

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
    """What the lens is said not to be, ``asph`` or a qualifier or trait: non-ASPH, not APO, pre-FLE."""
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
    if NO_LENS.fullmatch(line.strip()):
        return name._replace(empty=True)
    for step in (_mount, _numbers, _version, _figures, _words, _built_in):
        line, name = step(line, name)
    return name._replace(notation=_notation(whole, name))


def _unwrapped(line: str) -> str:
    """What is behind Adobe's brackets and nicknames, and stands before an @."""
    if wrapped := re.fullmatch(r"adobe\s*\((.*)\)", line):
        line = wrapped[1]
    line = re.sub(r"@.*", " ", line)
    for nickname, meaning in NICKNAMES.items():
        if nickname in line:
            line = re.sub(rf"\b{nickname}\b", meaning, line)
    return line


# The steps: each takes out of the text what it understands, and adds it to the name.


def _mount(line: str, name: Name) -> tuple[str, Name]:
    m_mount = re.search(MOUNTS, line) is not None
    if any(hint in line for hint in ADAPTER_HINTS):
        foreign = _foreign(re.sub(FUJI_ADAPTER, " ", line))
        line = re.sub("|".join(ADAPTERS), " ", line)
    else:
        foreign = _foreign(line)
    line, times = re.subn(SCREW_MOUNT, " ", line)
    return line, name._replace(m_mount=m_mount or times > 0, screw_mount=times > 0, foreign=foreign)


def _foreign(line: str) -> Sentence | None:
    line = re.sub(OWN_PHRASES, " ", line)
    words = re.findall(r"[a-z]+(?!/\s*\d)", line)  # XF35mmF1.4 is xf, mm, f
    told = next((FOREIGN_WORDS[word] for word in words if word in FOREIGN_WORDS), None)
    if not told and any(word.startswith("vario") for word in words):
        told = FOREIGN_WORDS["vario"]
    return told or next((reason for pattern, reason in FOREIGN_PHRASES if re.search(pattern, line)), None)


def _numbers(line: str, name: Name) -> tuple[str, Name]:
    line = re.sub(r"(?:#|\b(?:s/?n|serial|no|nr)\b[.:]?)\s*\d{4,}|\b\d{6,}\b", " ", line)
    product_number = r"(?<![\d.])\d{5}(?![\d.])"
    name = name._replace(product_numbers=frozenset(re.findall(product_number, line)))
    line = re.sub(product_number, " ", line)
    return re.sub(r"\b(?:6|six)\W*bit\b|\be\d\d\b", " ", line), name  # coded; the filter thread


def _version(line: str, name: Name) -> tuple[str, Name]:
    # Most names tell no version: the patterns that find one are compiled for those that do.
    hints = set(re.findall(r"[a-z]+", line))
    if hints & TRAIT_HINTS and hints & DENYING:
        line, denied = take_traits(line, DENIAL)
        name = name._replace(denied=denied | {"fle2"} if "fle" in denied else denied)
    if hints & TRAIT_HINTS:
        line, traits = take_traits(line)
        name = name._replace(traits=traits)
    if hints & GENERATION_HINTS:
        line, generations = take_generations(line)
        name = name._replace(generations=generations)
    return line, name


def _figures(line: str, name: Name) -> tuple[str, Name]:
    rest, focals, f_number = take_figures(line)
    several = has_other_figures(line, focals, f_number)
    return rest, name._replace(focals=focals, f_number=f_number, several=several)


def _words(line: str, name: Name) -> tuple[str, Name]:
    words = Words(re.findall(r"[^\W\d_]+", line.replace("t*", " ")))
    makers = words.makers
    if len(makers) > 1 and "Leica" not in words.makers_of_families:
        makers = makers - {"Leica"}  # the mount, not the maker
    m = "m" in words.letters
    short = [word for word in words.unknown | words.letters - {"m"} if len(word) <= 4]
    double_aspherical = "double aspherical" in name.traits
    return line, name._replace(
        makers=frozenset(makers),
        families=frozenset(words.families),
        qualifiers=frozenset(words.qualifiers),
        m=m,
        m_mount=name.m_mount or m,
        asph=words.asph or double_aspherical,
        aspherical=words.aspherical or double_aspherical,
        denied=name.denied | words.denied,
        words=frozenset(words.unknown | words.letters - {"m", "t", "f", "p", "mc", "sc"}),
        doubtful=words.doubtful or ("fle" in name.traits and bool(short)),
        several=name.several or words.family_words > 1,
        typos=words.typos,
        foreign=name.foreign or _foreign_letters(line, words, makers | words.makers_of_families),
    )


def _foreign_letters(line: str, words: Words, makers: set[str]) -> Sentence | None:
    """Why single letters tell of no M lens: Summilux-R, Nokton E."""
    if "Leica" in makers:
        kind = next((kind for letter, kind in LEICA_LETTERS.items() if letter in words.letters), None)
        return Sentence("it is {kind}", kind=kind) if kind else None
    alone = set(re.findall(r"(?<![^\W_])[a-z]{1,2}\b", line))
    reflex = any(alone & REFLEX_LETTERS.get(family, set()) for family in words.families) and "m" not in words.letters
    return ANOTHER_MOUNT if makers and (alone & OTHER_MOUNT_LETTERS or reflex) else None


def _built_in(line: str, name: Name) -> tuple[str, Name]:
    camera = FIXED_LENSES.get((*name.focals, name.f_number))
    if name.foreign or not camera:
        return line, name
    foreign = Sentence(
        "{focal:g} mm f/{f_number:g} is the lens built into the {camera}",
        focal=name.focals[0],
        f_number=name.f_number,
        camera=camera,
    )
    return line, name._replace(foreign=foreign)


def _notation(whole: str, name: Name) -> str:
    """The notation of a name of which every word was understood."""
    figures = name.m and name.families and name.focals and name.f_number
    if not figures or name.makers or name.words or name.doubtful or name.several or name.typos:
        return "free"
    return "camera" if CAMERA.fullmatch(whole) else "table" if TABLE.fullmatch(whole) else "free"
