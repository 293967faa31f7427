"""The lenses as the page finds and shows them."""

from __future__ import annotations

import re
from typing import Any

from sixbit.lenses.catalogue import catalogue
from sixbit.values.kinds import SPOKEN, Grade
from sixbit.values.lens import Lens
from sixbit.values.sentence import Sentence

MOST_FOUND = 12
LONGEST_SEARCH = 120
GRADES = {
    Grade.MEASURED: Sentence("measured"),
    Grade.PUBLISHED: Sentence("published"),
    Grade.COMPUTED: Sentence("computed, not used unless asked for"),
    Grade.SINGLE: Sentence("measured once and not confirmed, not used unless asked for"),
}


def find_lenses(text: str) -> list[dict[str, Any]]:
    """Find the lenses that a text may mean: by order number; those that it names, the likeliest first; by its words.

    >>> [found["id"] for found in find_lenses("Leica 11 874")]
    ['summilux-35-asph']
    """
    text = text[:LONGEST_SEARCH]
    words = text.casefold().split()
    if ordered := _by_order_number(text):
        return [lens_record(lens) for lens in ordered[:MOST_FOUND]]
    named = [lens for _, lens in catalogue().by_name(text)] if words else []
    with_words = [
        lens
        for lens in catalogue().lenses.values()
        if all(w in f"{lens.maker} {lens.name} {lens.lens_id} {' '.join(lens.aliases)}".casefold() for w in words)
    ]
    found = {lens.lens_id: lens for lens in (*named, *with_words) if not lens.is_adapter}
    return [lens_record(lens) for lens in [*found.values()][:MOST_FOUND]]


def _by_order_number(text: str) -> list[Lens]:
    """Find the lenses that were sold under a number in the text, which may be written in groups, as "11 874"."""
    numbers = {*re.findall(r"\d{5,}", text), *re.findall(r"\d{5,}", re.sub(r"(?<=\d)[ .-](?=\d)", "", text))}
    return [lens for lens in catalogue().lenses.values() if numbers & {*lens.product_numbers}]


def lens_record(lens: Lens) -> dict[str, Any]:
    """Return a lens as a page is told of it."""
    return {
        "id": lens.lens_id,
        "name": lens.name,
        "maker": lens.maker,
        "about": lens.told_apart_by,
        "calibrations": [
            {
                "kind": Sentence(SPOKEN[known.kind]),
                "grade": GRADES[known.grade],
                "source": known.source,
                "own": known.own,
            }
            for known in lens.calibrations
        ],
    }
