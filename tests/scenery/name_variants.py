"""Lens names in thousands of spellings, to judge the rules by.

``python -m tests.scenery.name_variants`` prints the figure.

Each variant is a name of the catalogue, changed as people and programs change names: notation, case, spacing,
punctuation, order, maker, decimal comma, ASPH, generation, prefixes and suffixes, one-letter typing errors. A word
that tells two lenses apart is never left out, so the lens can always be found; others must always be refused.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sixbit.lenses.catalogue import Catalogue, catalogue
from sixbit.lenses.match import Match, Status, match_name
from sixbit.values.lens import Lens

SEED = 6
VARIANTS = 6000

FOREIGN = (
    "Summicron-R 1:2/50",
    "APO-Summicron-SL 1:2/35 ASPH.",
    "Summilux-TL 1:1.4/35 ASPH.",
    "Elmarit-S 1:2.8/30 ASPH.",
    "Vario-Elmarit-SL 1:2.8-4/24-90 ASPH.",
    "Canon EF 50mm f/1.4 USM",
    "NIKKOR Z 50mm f/1.8 S",
    "Sony FE 35mm F1.4 GM",
    "Sigma 35mm F2 DG DN",
    "Zeiss Distagon T* 1.4/35 ZF.2",
    "Zeiss Loxia 2/50",
    "Zeiss Batis 2.8/18",
    "Voigtlander Nokton 58mm F1.4 SL II",
    "Leica DG Summilux 25mm f/1.4",
    "Summilux 1:1.7/28 ASPH.",
    "Minolta MD Rokkor 28mm f/2.8",
    "MC Rokkor 1:2.8/28",
    "Konica AR Hexanon 28mm f/2.8",
    "NOKTON 50mm F1.2 X",
    "APO-LANTHAR 50mm f/2 E",
    "NOKTON 35mm F1.2 Aspherical SE",
    "Zeiss Biogon G 28mm f/2.8",
    "SUMMILUX-H 1:1.8/27 ASPH.",
)

UNSURE = (
    "Nikkor",
    "Nikkor 35mm",
    "NIKKOR 35mm f/1.8",
    "Rokkor 40mm f/2",
    "Hexanon 50mm f/2",
    "Konica Hexanon 35/2 LTM",
    "Nokton 50/1.5 LTM",
    "Nokton 50/1.5 Prominent",
    "Zeiss Sonnar 50/1.5 Opton",
    "Tessar",
    "Carl Zeiss Tessar",
    "Heliar 15mm f/4.5",
    "Elmar 18mm",
    "Thambar",
    "Super-Angulon",
    "Tele-Elmarit 90",
    "Fat Tele-Elmarit 90mm f/2.8",
    "Summilux 35mm f/1.4 steel rim",
    "Summilux 50mm f/1.4 II",
    "Summicron 90mm f/2 non-ASPH",
    "Hexar RF 28/2.8",
    "TTArtisan 50mm f/0.95",
    "Summicron-M 1:2/35 ASPH., Summilux-M 1:1.4/50 ASPH.",
    "Summicron-M 1:2/35 ASPH. + Summicron-M 1:2/28 ASPH.",
)
"""Names that other lenses bear, or bore, too: a candidate may be told, never more."""


Change = Callable[[str, random.Random], str]


class Variant(NamedTuple):
    """A spelling, and the lens it is of (None for one that is no M lens, or does not say which)."""

    text: str
    lens_id: str | None
    unsure: bool = False


class Tally(NamedTuple):
    """The score of the rules."""

    right: int
    total: int
    confident_errors: list[Variant]
    missed: list[Variant]


def variants(known: Catalogue, count: int = VARIANTS, seed: int = SEED) -> Iterator[Variant]:
    """Make spellings of the catalogue's lenses and of lenses of other mounts, always the same for the same seed."""
    chance = random.Random(seed)
    lenses = [lens for lens in known.lenses.values() if not lens.is_adapter]
    for number in range(count):
        if number % 20 == 0:
            yield Variant(_spelled(chance.choice(FOREIGN), "", chance), None)
            continue
        if number % 20 == 10:
            doubtful = _spelled(chance.choice(UNSURE), "", chance, [c for c in CHANGES if c not in TELLING])
            yield Variant(doubtful, None, unsure=True)
            continue
        lens = chance.choice(lenses)
        yield Variant(_spelled(_notation(lens, chance), lens.maker, chance), lens.lens_id)


def judge(known: Catalogue, several: Iterator[Variant]) -> Tally:
    """Match each; right is the lens itself, or the lens first among the candidates, or the refusal, or the doubt."""
    right, total = 0, 0
    wrong: list[Variant] = []
    missed: list[Variant] = []
    for variant in several:
        answer = match_name(variant.text, known)
        total += 1
        if _right(answer, variant, known):
            right += 1
        elif answer.status is Status.MATCHED:
            wrong.append(variant)
        else:
            missed.append(variant)
    return Tally(right, total, wrong, missed)


def _right(answer: Match, variant: Variant, known: Catalogue) -> bool:
    if variant.unsure:
        return answer.status is not Status.MATCHED
    if variant.lens_id is None:
        return answer.status in (Status.NOT_M, Status.UNKNOWN)
    candidates = [lens.lens_id for lens in answer.candidates]
    if candidates[:1] == [variant.lens_id]:
        return True
    # Generations that bear one name stand in the order of the table, whichever was meant.
    namesakes = [lens.lens_id for lens in known.candidates(known.lenses[variant.lens_id].name)]
    return answer.status is Status.AMBIGUOUS and variant.lens_id in candidates and candidates[0] in namesakes


def _notation(lens: Lens, chance: random.Random) -> str:
    """Return the name with its figures in another notation."""
    focal = "-".join(f"{focal:g}" for focal in lens.focals)
    f_number = chance.choice([f"{lens.f_number_open:g}", f"{lens.f_number_open:.1f}"])
    if float(f_number) != lens.f_number_open:
        f_number = f"{lens.f_number_open:g}"
    if chance.random() < 0.3:
        f_number = f_number.replace(".", ",")
    figures = chance.choice(
        (
            f"1:{f_number}/{focal}",
            f"{focal}mm f/{f_number}",
            f"{focal} mm F{f_number}",
            f"{focal}mm ƒ/{f_number}",
            f"{f_number}/{focal}",
            f"{focal}/{f_number}",
            f"f/{f_number} {focal}mm",
            f"{focal}mm 1:{f_number}",
            f"{focal}mm f{f_number}",
        )
    )
    shown = re.sub(r"1:[\d.]+/[\d-]+|[\d-]+mm f/[\d.]+|[\d,.]+/\d+(?= ZM)", "\0", lens.name)
    assert shown.count("\0") == 1, lens.name
    return shown.replace("\0", figures)


def _spelled(name: str, maker: str, chance: random.Random, changes: Sequence[Change] | None = None) -> str:
    for change in chance.sample(changes or CHANGES, chance.randint(1, 3)):
        name = change(name, chance)
    if chance.random() < 0.3:
        name = _maker(name, maker, chance)
    return name


def _maker(name: str, maker: str, chance: random.Random) -> str:
    prefixes = {
        "Leica": ("Leica", "LEICA", "Leica Camera AG", "Leitz"),
        "Zeiss": ("Carl Zeiss", "ZEISS"),
        "Voigtländer": ("Voigtländer", "VOIGTLANDER", "Voigtlaender"),
    }.get(maker)
    words = name.split()
    if prefixes is None or (words and words[0].lower().startswith(("leica", "zeiss", "voigt", "adobe"))):
        return name
    return f"{chance.choice(prefixes)} {name}"


def _case(name: str, chance: random.Random) -> str:
    return chance.choice((str.upper, str.lower, str.title, str.swapcase))(name)


def _spacing(name: str, chance: random.Random) -> str:
    return chance.choice(
        (
            lambda text: text.replace(" ", "  "),
            lambda text: f" {text} ",
            lambda text: re.sub(r"(\d) mm", r"\1mm", text),
            lambda text: text.replace("/", " / "),
            lambda text: text.replace(" ", "\u00a0"),
            lambda text: text.replace(" ", "_") if "f/" not in text else text,
        )
    )(name)


def _punctuation(name: str, chance: random.Random) -> str:
    return chance.choice(
        (
            lambda text: text.replace("ASPH.", "ASPH"),
            lambda text: text.replace("-M ", " M "),
            lambda text: re.sub(r"(?<=[A-Za-z])-(?=[A-Z][a-z])", " ", text),
            lambda text: text.replace("(", "").replace(")", ""),
            lambda text: text.replace("-", "\u2011"),
            lambda text: text.replace("T* ", ""),
        )
    )(name)


def _asph(name: str, chance: random.Random) -> str:
    if "ASPHERICAL" in name:
        return name
    return re.sub(r"\bASPH\b\.?", chance.choice(("ASPH", "Asph.", "asph", "aspheric")), name)


def _order(name: str, chance: random.Random) -> str:
    """Put words in another order; brackets stay together, and so do figures."""
    parts = re.findall(r"\([^)]*\)|1:\S+|[\d.,-]+ ?mm [fFƒ]/?[\d.,]+|f/\S+ \S+|\S+", name)
    groups = [
        " ".join(part)
        for part in ([p for p in parts if re.search(r"\d", p)], [p for p in parts if not re.search(r"\d", p)])
    ]
    if re.search(r"\b(?:I{1,3}|IV|V|FLE)\b", name) or not all(groups):
        return name
    return " ".join(groups)


def _generation(name: str, chance: random.Random) -> str:
    numbers = {"I": 1, "II": 2, "III": 3, "IV": 4}

    def other(match: re.Match[str]) -> str:
        number = numbers[match[1]]
        return chance.choice((f"v{number}", f"Type {number}", f"Mk {match[1]}", f"({match[1]})", f"version {number}"))

    return name if "FLE" in name else re.sub(r"\((I{1,3}|IV)\)", other, name)


def _wrapped(name: str, chance: random.Random) -> str:
    return chance.choice(
        (
            lambda text: f"Adobe ({text})",
            lambda text: f"{text} #3912345",
            lambda text: f"{text} (6-bit coded)",
            lambda text: f"{text} black",
            lambda text: f"M-Adapter L {text}",
            lambda text: f"{text} for Leica M",
            lambda text: f"{text} Made in Germany",
        )
    )(name)


def _typo(name: str, chance: random.Random) -> str:
    """Change one letter of one long word, which no other word of the vocabulary is nearer to."""
    words = [word for word in re.findall(r"[A-Za-zäö]{6,}", name) if word.upper() != "ASPHERICAL"]
    if not words:
        return name
    word = chance.choice(words)
    at = chance.randrange(1, len(word) - 1)
    wrong = chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + chance.choice("aeinorstu") + word[at + 1 :],
        )
    )
    return name.replace(word, wrong, 1)


def _denied(name: str, chance: random.Random) -> str:
    """Say that a lens is no ASPH, APO or FLE."""
    words = [word for word in ("ASPH", "APO", "FLE") if word.lower() not in name.lower()]
    if "ASPH" in words:
        words = ["ASPH"]  # of a lens without it, nobody says that it has no FLE
    if not words:
        return name
    before = chance.choice(("non-", "non ", "not ", "no ", "without ", "w/o ", "pre-", "not an "))
    denied = before + chance.choice((str.upper, str.lower))(chance.choice(words))
    return chance.choice((f"{name} {denied}", f"{name} ({denied})", f"{denied} {name}"))


CHANGES = (_case, _spacing, _punctuation, _asph, _order, _generation, _wrapped, _typo, _denied)
TELLING = (_wrapped, _denied)
"""Changes that may tell which lens it was: "for Leica M", "non-ASPH"."""


def main() -> None:
    known = catalogue()
    tally = judge(known, variants(known))
    print(
        f"{tally.right} of {tally.total} right ({tally.right / tally.total:.2%}), "
        f"{len(tally.confident_errors)} confidently wrong"
    )
    for title, several in (("confidently wrong", tally.confident_errors), ("missed", tally.missed)):
        for variant in several if "-v" in sys.argv else ():
            answer = match_name(variant.text, known)
            found = ", ".join(lens.lens_id for lens in answer.candidates[:4])
            print(f"{title}: {variant.text!r} is {variant.lens_id}; found {answer.status}: {found}")


if __name__ == "__main__":
    main()
