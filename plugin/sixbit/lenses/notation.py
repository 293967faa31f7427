"""How names write figures, versions and traits: each function takes them out of a text in plain form."""

from __future__ import annotations

import re

from sixbit.lenses.words import DENYING, split

APERTURE = r"(\d*\.?\d+)"
APERTURES = rf"{APERTURE}(?:\s*-\s*{APERTURE})?"
FOCALS = r"(\d+(?:\.\d+)?(?:\s*-\s*\d+(?:\.\d+)?)*)"

CAMERA = re.compile(r"(?:[a-z]+-)*[a-z]+-m\s+1\s*:\s*[\d.,]+\s*/\s*[\d-]+(?:\s.*)?")
"""Summilux-M 1:1.4/50"""
TABLE = re.compile(r"(?:[a-z]+-)*[a-z]+-m\s+[\d-]+\s*mm\s+f\s*/\s*[\d.,]+(?:\s.*)?")
"""Summilux-M 50mm f/1.4"""

TRAITS = {
    "fle2": r"\bfle\W*(?:v\W?)?(?:2|ii)\b",
    "fle": r"\bfle\b(?:\W*(?:1|i|v\W?1)\b)?|\bfloating element\b",
    "steel rim": r"\bsteel\W*rim\b",
    "reissue": r"\bre\W?(?:issue|edition)?\b",
    "eight elements": r"\b(?:8|eight)\W*elements?\b",
    "seven elements": r"\b(?:7|seven)\W*elements?\b|\bking of bokeh\b",
    "rigid": r"\brigid\b",
    "dual range": r"\bdual\W*range\b|\bdr\b",
    "fat": r"\bfat\b",
    "thin": r"\bthin\b",
    "collapsible": r"\bcollapsible\b",
    "double aspherical": r"\bdouble\W*aspherical\b|\baa\b",
}
"""The names that photographers have for single versions."""
TRAIT_HINTS = split(
    "fle floating steel steelrim re reissue reedition element elements king rigid dual dualrange dr fat thin "
    "collapsible double doubleaspherical aa"
)
"""One of these stands in every text that TRAITS finds."""

DENIAL = rf"\b(?:{'|'.join(sorted(DENYING))})\W*(?:(?:an?|the)\W+)?"

ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}

GENERATION_HINTS = (
    split("st nd rd th v ver vers version mk mark typ type gen generation") | ORDINALS.keys() | ROMAN.keys()
)
"""One of these stands in every text that tells a generation."""

Focals = tuple[float, ...]


def take_figures(line: str) -> tuple[str, Focals, float | None]:
    """Take out the focal lengths (mm) and the f-number, in any of the notations.

    >>> take_figures("summicron-m 1:2/35 asph.")
    ('summicron-m   asph.', (35.0,), 2.0)
    >>> take_figures("tri-elmar 16-18-21mm f4")[1:]
    ((16.0, 18.0, 21.0), 4.0)
    """
    focals: Focals = ()
    f_number: float | None = None

    def take(pattern: str) -> re.Match[str] | None:
        nonlocal line
        if found := re.search(pattern, line):
            line = f"{line[: found.start()]} {line[found.end() :]}"
        return found

    line = re.sub(r"mm(?=f)", "mm ", line)
    line = re.sub(r"(?<=mm )[a-z]{1,2}/(?=\d)", "f/", line)
    if found := take(rf"(?<![\d.])1\s*:\s*{APERTURES}(?:\s*/\s*|\s+(?=\d\d)|\s*-\s*(?=\d\d)){FOCALS}(?:\s*mm)?"):
        f_number, focals = float(found[1]), _numbers(found[3])
    if not focals and (found := take(rf"(?<![\d.]){FOCALS}\s*mm")):
        focals = _numbers(found[1])
    if not focals and (found := take(r"(?<![a-z])f\s*=\s*(\d+)\b(?!\.)")):
        focals = _numbers(found[1])
    if f_number is None and (found := take(rf"(?<![a-z])f\s*[/:.]?\s*{APERTURES}(?!\d|\s*mm)")):
        f_number = float(found[1])
    if f_number is None and (found := take(rf"(?<![\d.])1\s*:\s*{APERTURES}")):
        f_number = float(found[1])
    if found := take(rf"(?<![\d.]){FOCALS}\s*/\s*{FOCALS}"):
        small, large = sorted((_numbers(found[1]), _numbers(found[2])), key=lambda numbers: numbers[0])
        focals = focals or large
        f_number = small[0] if f_number is None else f_number
    if not focals and (found := take(r"(?<![\d.])(\d{1,3}(?:-\d{2,3})+)(?![\d.])")):
        focals = _numbers(found[1])
    return line, *_bare_figures(line, focals, f_number)


def _bare_figures(line: str, focals: Focals, f_number: float | None) -> tuple[Focals, float | None]:
    """Read what is still missing from numbers that stand alone."""
    for number in re.findall(r"(?<![\d.])\d*\.?\d+(?![\d.])", line):
        value = float(number)
        if not focals and "." not in number and 9 <= value <= 800:
            focals = (value,)
        elif f_number is None and (("." in number and value < 9) or (focals and 1 <= value <= 8)):
            f_number = value
    return focals, f_number if f_number is not None and 0.7 <= f_number <= 45 else None


def _numbers(text: str) -> Focals:
    return tuple(float(part) for part in text.split("-"))


def has_other_figures(line: str, focals: Focals, f_number: float | None) -> bool:
    """Tell whether a text has figures beside those taken: it names two lenses.

    >>> has_other_figures("summicron 35mm f/2, summilux 50mm f/1.4", (35.0,), 2.0)
    True
    """
    if line.count("mm") < 2 and sum(map(line.count, ("mm", "/", ":"))) < 3:
        return False  # as nearly always; the patterns take a while to compile
    numbers = re.findall(r"(?<![\d.])(\d+(?:\.\d+)?)\s*mm", line)
    numbers += re.findall(r"(?<![\d.])1\s*:\s*[\d.]+\s+(\d{2,3})(?![\d.])", line)
    pairs = re.findall(r"(?<![\d.])(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)", line)
    others = {float(number) for number in numbers} | {max(float(one), float(other)) for one, other in pairs}
    openings = {float(text) for text in re.findall(r"(?<![\d.])1\s*:\s*(\d+(?:\.\d+)?)", line)}
    return bool(others - {*focals} or openings - {f_number})


def take_versions(line: str) -> tuple[str, frozenset[str], frozenset[str], frozenset[int]]:
    """Take out the traits, those that the lens is said not to have, and the generations.

    >>> line, traits, denied, generations = take_versions("summilux 35 v2 steel rim, not fle")
    >>> traits, sorted(denied), generations
    (frozenset({'steel rim'}), ['fle', 'fle2'], frozenset({2}))
    """
    # Most names tell no version: the patterns that find one are compiled for those that do.
    hints = set(re.findall(r"[a-z]+", line))
    traits, denied, generations = frozenset[str](), frozenset[str](), frozenset[int]()
    if hints & TRAIT_HINTS and hints & DENYING:
        line, denied = _take_traits(line, DENIAL)
        denied |= {"fle2"} if "fle" in denied else set()
    if hints & TRAIT_HINTS:
        line, traits = _take_traits(line)
    if hints & GENERATION_HINTS:
        line, generations = _take_generations(line)
    return line, traits, denied, generations


def _take_traits(line: str, before: str = "") -> tuple[str, frozenset[str]]:
    """Take out the traits, where they stand behind a pattern."""
    found = []
    for trait, pattern in TRAITS.items():
        line, times = re.subn(rf"{before}(?:{pattern})", " ", line)
        if times:
            found.append(trait)
    return line, frozenset(found)


def _take_generations(line: str) -> tuple[str, frozenset[int]]:
    """Take out the generations: (II), v2, Type 2, Mk III, 2nd version, (IV, V)."""
    found: set[int] = set()

    def note(match: re.Match[str]) -> str:
        found.update(ROMAN.get(text) or ORDINALS.get(text) or int(text) for text in match.groups() if text)
        return " "

    for pattern in (
        r"\b(\d)(?:st|nd|rd|th)\b(?:\W*(?:gen\w*|ver\w*|type))?",
        r"\b(first|second|third|fourth|fifth)\b\W*(?:gen\w*|ver\w*|type)",
        r"\b(?:v|ver|version|vers|mk|mark|typ|type|gen|generation)\b\.?\s*([1-6])\b(?![.\d]|\s*mm)",
        r"\bv([1-6])\b",
        r"\b(?:v|ver|version|mk|mark|type|gen|generation)\b\.?\s*(i{1,3}|iv|vi?)\b",
        r"(?<![a-z-])(i{1,3}|iv|vi?)\b(?!\W?mount)",
    ):
        line = re.sub(pattern, note, line)
    return line, frozenset(found)
