"""Lens names as people, cameras and programs write them, read into one canonical form.

A name is read by rules (figures, maker, family, qualifiers, ASPH, generation), never by a list of whole names, and two
canonical forms are compared in :mod:`sixbit.lenses.likeness`. The names of the catalogue are read by the same rules.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from sixbit.lenses.words import (
    ADAPTER_HINTS,
    ADAPTERS,
    ANOTHER_MOUNT,
    DENIAL,
    DENYING,
    FIXED_LENSES,
    FOREIGN_PHRASES,
    FOREIGN_WORDS,
    GENERATION_HINTS,
    IDLE,
    LEICA_LETTERS,
    MOUNTS,
    NICKNAMES,
    NO_LENS,
    ORDINALS,
    OTHER_MOUNT_LETTERS,
    OWN_PHRASES,
    REFLEX_LETTERS,
    ROMAN,
    SCREW_MOUNT,
    SHORT,
    TRAIT_HINTS,
    TRAITS,
    VOCABULARY,
)
from sixbit.values.sentence import Sentence

LONGEST = 240
"""Characters of a name that are read: no lens has a longer one, but a hostile file may."""

APERTURE = r"(\d*\.?\d+)"
FOCALS = r"(\d+(?:\.\d+)?(?:\s*-\s*\d+(?:\.\d+)?)*)"


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
    original = text[:LONGEST].strip()
    line = _plain(original)
    if wrapped := re.fullmatch(r"adobe\s*\((.*)\)", line):
        line = wrapped[1]
    line = re.sub(r"@.*", " ", line)
    for nickname, meaning in NICKNAMES.items():
        if nickname in line:
            line = re.sub(rf"\b{nickname}\b", meaning, line)
    if NO_LENS.fullmatch(line.strip()):
        return Name(original, empty=True)
    mount = re.search(MOUNTS, line)
    if any(hint in line for hint in ADAPTER_HINTS):
        foreign = _foreign(re.sub(ADAPTERS[2], " ", line))
        line = re.sub("|".join(ADAPTERS), " ", line)
    else:
        foreign = _foreign(line)
    screw_mount = bool(re.search(SCREW_MOUNT, line))
    line = re.sub(SCREW_MOUNT, " ", line)
    line = re.sub(r"(?:#|\b(?:s/?n|serial|no|nr)\b[.:]?)\s*\d{4,}|\b\d{6,}\b", " ", line)
    product_numbers = frozenset(re.findall(r"(?<![\d.])\d{5}(?![\d.])", line))
    line = re.sub(r"(?<![\d.])\d{5}(?![\d.])", " ", line)
    line = re.sub(r"\b(?:6|six)\W*bit\b|\be\d\d\b", " ", line)  # coded; the filter thread
    # Most names tell no version: the patterns that find one are compiled for those that do.
    hints = set(re.findall(r"[a-z]+", line))
    line, denied = _denied_traits(line) if hints & TRAIT_HINTS and hints & DENYING else (line, frozenset())
    line, traits = _traits(line) if hints & TRAIT_HINTS else (line, frozenset())
    line, generations = _generations(line) if hints & GENERATION_HINTS else (line, frozenset())
    said = line
    line, focals, f_number = _figures(line)
    several = _other_figures(said, focals, f_number)
    words = _Words()
    words.read_all(re.findall(r"[^\W\d_]+", line.replace("t*", " ")))
    denied |= words.denied
    if len(words.makers) > 1 and "Leica" not in words.makers_of_families:
        words.makers.discard("Leica")  # the mount, not the maker
    if "double aspherical" in traits:
        words.asph = words.aspherical = True
    if not foreign and "Leica" in words.makers | words.makers_of_families:
        kind = next((LEICA_LETTERS[letter] for letter in words.letters if letter in LEICA_LETTERS), None)
        foreign = Sentence("it is {kind}", kind=kind) if kind else None
    elif not foreign and words.makers | words.makers_of_families:
        alone = set(re.findall(r"(?<![^\W_])[a-z]{1,2}\b", line))
        reflex = (
            any(alone & REFLEX_LETTERS.get(family, set()) for family in words.families) and "m" not in words.letters
        )
        foreign = ANOTHER_MOUNT if alone & OTHER_MOUNT_LETTERS or reflex else None
    if not foreign and len(focals) == 1 and f_number and (focals[0], f_number) in FIXED_LENSES:
        foreign = Sentence(
            "{focal:g} mm f/{f_number:g} is the lens built into the {camera}",
            focal=focals[0],
            f_number=f_number,
            camera=FIXED_LENSES[focals[0], f_number],
        )
    name = Name(
        original,
        makers=frozenset(words.makers),
        families=frozenset(words.families),
        qualifiers=frozenset(words.qualifiers),
        m="m" in words.letters,
        m_mount=bool(mount) or screw_mount or "m" in words.letters,
        focals=focals,
        f_number=f_number,
        asph=words.asph,
        aspherical=words.aspherical,
        denied=denied,
        generations=generations,
        traits=traits,
        screw_mount=screw_mount,
        product_numbers=product_numbers,
        words=frozenset(words.unknown | words.letters - {"m", "t", "f", "p", "mc", "sc"}),
        doubtful=words.doubtful
        or ("fle" in traits and any(len(word) <= 4 for word in words.unknown | words.letters - {"m"})),
        several=several or words.families_said > 1,
        typos=words.typos,
        foreign=foreign,
    )
    return _with_notation(name)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace("ƒ", "f").replace("ß", "ss")
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
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
    text = re.sub(r"\btt\W?artisans?\b", "ttartisan ", text)
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def _seven(match: re.Match[str]) -> str:
    maker = any(match[1] == word or one_edit_apart(match[1], word) for word in ("artisan", "artisans"))
    return "sevenartisans " if maker else match[0]


def _or_without(word: str) -> str:
    return "without" if one_edit_apart(word, "without") else word


def _foreign(line: str) -> Sentence | None:
    line = re.sub(OWN_PHRASES, " ", line)
    words = re.findall(r"[a-z]+(?!/\s*\d)", line)  # XF35mmF1.4 is xf, mm, f
    told = next((FOREIGN_WORDS[word] for word in words if word in FOREIGN_WORDS), None)
    if not told and any(word.startswith("vario") for word in words):
        told = FOREIGN_WORDS["vario"]
    return told or next((reason for pattern, reason in FOREIGN_PHRASES if re.search(pattern, line)), None)


def _traits(line: str, before: str = "") -> tuple[str, frozenset[str]]:
    """Take out the traits, where they stand behind a pattern."""
    found = []
    for trait, pattern in TRAITS.items():
        line, times = re.subn(rf"{before}(?:{pattern})", " ", line)
        if times:
            found.append(trait)
    return line, frozenset(found)


def _denied_traits(line: str) -> tuple[str, frozenset[str]]:
    line, denied = _traits(line, DENIAL)
    return line, denied | {"fle2"} if "fle" in denied else denied


def _generations(line: str) -> tuple[str, frozenset[int]]:
    """Take out the generations: (II), v2, Type 2, Mk III, 2nd version, (IV, V)."""
    found: set[int] = set()

    def note(match: re.Match[str]) -> str:
        found.update(ROMAN.get(text) or ORDINALS.get(text) or int(text) for text in match.groups() if text)
        return " "

    line = re.sub(r"\b(\d)(?:st|nd|rd|th)\b(?:\W*(?:gen\w*|ver\w*|type))?", note, line)
    line = re.sub(r"\b(first|second|third|fourth|fifth)\b\W*(?:gen\w*|ver\w*|type)", note, line)
    line = re.sub(
        r"\b(?:v|ver|version|vers|mk|mark|typ|type|gen|generation)\b\.?\s*([1-6])\b(?![.\d]|\s*mm)", note, line
    )
    line = re.sub(r"\bv([1-6])\b", note, line)
    line = re.sub(r"\b(?:v|ver|version|mk|mark|type|gen|generation)\b\.?\s*(i{1,3}|iv|vi?)\b", note, line)
    line = re.sub(r"(?<![a-z-])(i{1,3}|iv|vi?)\b(?!\W?mount)", note, line)
    return line, frozenset(found)


def _figures(line: str) -> tuple[str, tuple[float, ...], float | None]:
    """Take out focal lengths (mm) and the f-number, in any of the notations."""
    focals: tuple[float, ...] = ()
    f_number: float | None = None

    def take(pattern: str) -> re.Match[str] | None:
        nonlocal line
        if found := re.search(pattern, line):
            line = f"{line[: found.start()]} {line[found.end() :]}"
        return found

    def split(text: str) -> tuple[float, ...]:
        return tuple(float(part) for part in text.split("-"))

    line = re.sub(r"mm(?=f)", "mm ", line)
    line = re.sub(r"(?<=mm )[a-z]{1,2}/(?=\d)", "f/", line)
    zoom = rf"{APERTURE}(?:\s*-\s*{APERTURE})?"
    if found := take(rf"(?<![\d.])1\s*:\s*{zoom}(?:\s*/\s*|\s+(?=\d\d)|\s*-\s*(?=\d\d)){FOCALS}(?:\s*mm)?"):
        f_number, focals = float(found[1]), split(found[3])
    if not focals and (found := take(rf"(?<![\d.]){FOCALS}\s*mm")):
        focals = split(found[1])
    if not focals and (found := take(r"(?<![a-z])f\s*=\s*(\d+)\b(?!\.)")):
        focals = (float(found[1]),)
    if f_number is None and (found := take(rf"(?<![a-z])f\s*[/:.]?\s*{zoom}(?!\d|\s*mm)")):
        f_number = float(found[1])
    if f_number is None and (found := take(rf"(?<![\d.])1\s*:\s*{zoom}")):
        f_number = float(found[1])
    if found := take(rf"(?<![\d.]){FOCALS}\s*/\s*{FOCALS}"):
        one, other = split(found[1]), split(found[2])
        small, large = (one, other) if one[0] < other[0] else (other, one)
        focals = focals or large
        f_number = small[0] if f_number is None else f_number
    if not focals and (found := take(r"(?<![\d.])(\d{1,3}(?:-\d{2,3})+)(?![\d.])")):
        focals = split(found[1])
    numbers = re.findall(r"(?<![\d.])\d*\.?\d+(?![\d.])", line)
    for number in numbers:
        value = float(number)
        if not focals and "." not in number and 9 <= value <= 800:
            focals = (value,)
        elif f_number is None and (("." in number and value < 9) or (focals and 1 <= value <= 8)):
            f_number = value
    if f_number is not None and not 0.7 <= f_number <= 45:
        f_number = None
    return line, focals, f_number


def _other_figures(line: str, focals: tuple[float, ...], f_number: float | None) -> bool:
    """True if the text tells figures beside those taken: it names two lenses."""
    if line.count("mm") < 2 and sum(map(line.count, ("mm", "/", ":"))) < 3:
        return False  # as nearly always; the patterns take a while to compile
    numbers = re.findall(r"(?<![\d.])(\d+(?:\.\d+)?)\s*mm", line)
    numbers += re.findall(r"(?<![\d.])1\s*:\s*[\d.]+\s+(\d{2,3})(?![\d.])", line)
    pairs = re.findall(r"(?<![\d.])(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)", line)
    others = {float(number) for number in numbers} | {max(float(one), float(other)) for one, other in pairs}
    openings = {float(text) for text in re.findall(r"(?<![\d.])1\s*:\s*(\d+(?:\.\d+)?)", line)}
    return bool(others - {*focals} or openings - {f_number})


class _Words:
    """The words of a name, sorted into what they mean."""

    def __init__(self) -> None:
        self.makers: set[str] = set()
        self.families: set[str] = set()
        self.families_said = 0
        self.makers_of_families: set[str] = set()
        self.qualifiers: set[str] = set()
        self.letters: set[str] = set()
        self.unknown: set[str] = set()
        self.denied: set[str] = set()
        self.asph = self.aspherical = False
        self.doubtful = False
        self.typos = 0

    def read_all(self, words: list[str]) -> None:
        """Read words in their order, as some deny the one behind them."""
        denial = ""
        for word in words:
            if word in DENYING:
                denial = word
            elif not denial:
                self.read(word)
            elif word not in ("a", "an", "the"):
                self._deny(word)
                denial = ""
        if denial == "pre":
            self.denied.add("asph")

    def _deny(self, word: str) -> None:
        other = _Words()
        other.families |= self.families
        other.read(word)
        denied = other.qualifiers | ({"asph"} if other.asph else set())
        self.denied |= denied
        if not denied:
            self.read(word)

    def read(self, word: str) -> None:
        word = SHORT.get(word, word)
        families = set(self.families)
        self._read(word)
        self.families_said += bool(self.families - families)

    def _read(self, word: str) -> None:
        if self._known(word) or (len(word) > 2 and word in IDLE):
            return
        if 3 <= len(word) <= 5 and one_edit_apart(word, "asph") and self.families:
            self.asph = True  # it stands behind the family, APO before it
            self.typos += 1
        elif 2 <= len(word) <= 4 and one_edit_apart(word, "apo"):
            self.qualifiers.add("apo")
            self.typos += 1
        elif 2 <= len(word) <= 4 and one_edit_apart(word, "fle"):
            self.doubtful = True
        elif len(word) <= 2:
            self.letters.add(word)
        elif not (self._joined(word) or self._typo(word)):
            self.unknown.add(word)

    def _known(self, word: str) -> bool:
        meaning = VOCABULARY.get(word)
        if meaning is None:
            return False
        kind, value = meaning
        if kind == "maker":
            self.makers.add(value)
        elif kind == "family":
            self.families.add(word)
            self.makers_of_families.add(value)
        elif kind == "qualifier":
            self.qualifiers.add("macro" if word == "makro" else word)
        else:
            self.asph = True
            self.aspherical = self.aspherical or word == "aspherical"
        return True

    def _joined(self, word: str) -> bool:
        """Words written as one, a maker or a family among them: aposummicron, summicronm, zeissdistagon."""
        parts = _split(word)
        if not any(VOCABULARY.get(part, ("",))[0] in ("family", "maker") for part in parts):
            return False
        for part in parts:
            self._read(part)
        return True

    def _typo(self, word: str) -> bool:
        """One letter wrong, missing, doubled or swapped."""
        if len(word) < 4:
            return False
        near = [known for known in VOCABULARY if len(known) >= 4 and one_edit_apart(word, known)]
        kinds = {VOCABULARY[known][0] for known in near}
        if len(kinds) != 1:
            near = [known for known in near if VOCABULARY[known][0] == "family"]
        for known in near:
            self._known(known)
        self.typos += bool(near)
        return bool(near)


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
    """True if one letter changed, added or left out, or two neighbours swapped, turns one word into the other.

    >>> one_edit_apart("summicrom", "summicron"), one_edit_apart("elmar", "elmarit")
    (True, False)
    """
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[start:], b[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


CAMERA = re.compile(r"(?:[a-z]+-)*[a-z]+-m\s+1\s*:\s*[\d.,]+\s*/\s*[\d-]+(?:\s.*)?")
TABLE = re.compile(r"(?:[a-z]+-)*[a-z]+-m\s+[\d-]+\s*mm\s+f\s*/\s*[\d.,]+(?:\s.*)?")


def _with_notation(name: Name) -> Name:
    if (
        not (name.m and name.families and name.focals and name.f_number)
        or name.makers
        or name.words
        or name.doubtful
        or name.several
        or name.typos
    ):
        return name
    plain = _plain(name.text)
    notation = "camera" if CAMERA.fullmatch(plain) else "table" if TABLE.fullmatch(plain) else "free"
    return name._replace(notation=notation)
