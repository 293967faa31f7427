"""How far a name, as written, is from a lens's own: what it leaves out, and what it says that the lens is not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sixbit.lenses.names import Name, read_name
from sixbit.lenses.words import MAKERS


class LensNames(NamedTuple):
    """A lens of the catalogue as the rules see it: its names read, its figures from the table."""

    maker: str
    family: str | None
    qualifiers: frozenset[str]
    m: bool
    m_mount: bool
    focals: tuple[float, ...]
    f_number: float | None
    asph: bool
    aspherical: bool
    generations: frozenset[int]
    traits: frozenset[str]
    screw_mount: bool
    product_numbers: frozenset[str]
    words: frozenset[str]


def lens_names(
    maker: str, names: Iterable[str], focals: tuple[float, ...], f_number: float | None, generations: frozenset[int]
) -> LensNames:
    """The canonical form of a lens, of all names it has; the first is the main one."""
    read = [read_name(name) for name in names]
    main = read[0]
    return LensNames(
        maker,
        min(main.families, default=None),
        main.qualifiers,
        main.m,
        main.m_mount,
        focals,
        f_number,
        main.asph,
        main.aspherical,
        generations,
        frozenset().union(*(name.traits for name in read)),
        main.screw_mount,
        main.product_numbers,
        frozenset().union(*(name.words for name in read)),
    )


QUALIFIER_COST = {"c": 2.0}


def difference(name: Name, lens: LensNames) -> float | None:
    """What a name leaves out of a lens's own, as a cost; None if it says something that the lens is not.

    >>> lens = lens_names("Leica", ["Summilux-M 1:1.4/50 ASPH."], (50.0,), 1.4, frozenset({1}))
    >>> difference(read_name("Summilux-M 50mm f/1.4 ASPH"), lens), difference(read_name("50 Lux"), lens)
    (0.0, 1.0)
    >>> difference(read_name("Summicron-M 50mm f/1.4"), lens) is None
    True
    """
    if name.makers and lens.maker not in name.makers:
        return None
    if name.families and lens.family not in name.families:
        return None
    by_words = lens.maker not in MAKERS and bool(lens.words) and lens.words <= name.words  # a lens of the user's own
    if not (name.families or name.makers or by_words):
        return None
    if not figures_fit(name, lens.focals, lens.f_number):
        return None
    if name.qualifiers - lens.qualifiers or name.traits - lens.traits:
        return None
    if name.asph and not lens.asph and lens.maker == "Leica":
        return None
    if name.denied & (lens.qualifiers | lens.traits | ({"asph"} if lens.asph else set())):
        return None
    if name.screw_mount and lens.m_mount and not lens.screw_mount and lens.maker != "Leica":
        return None  # the screw-mount lens of that name is another; of Leica's, many were made in both mounts
    if lens.screw_mount and lens.family is None and not name.screw_mount:
        return None  # a maker whose other lenses, of the same figures, have another mount
    cost = 0.0
    if name.generations:
        if lens.generations and not name.generations & lens.generations:
            return None
        cost += 0.0 if lens.generations else 2.0
    missing = lens.qualifiers - name.qualifiers
    if missing and name.generations and not lens.generations and lens.maker == "Leica":
        return None  # a generation of the plain lens, not the APO or Tele one
    if "apo" in missing:
        cost += 3.0 if name.asph or not lens.asph else 1.0
    cost += sum(QUALIFIER_COST.get(word, 3.0) for word in missing - {"apo"})
    cost += 1.0 if lens.asph != name.asph else 0.0
    cost += 3.0 if lens.product_numbers - name.product_numbers else 0.0
    cost += 1.0 if lens.aspherical != name.aspherical and lens.maker == "Leica" and lens.family else 0.0
    cost += 2.0 if name.m and not lens.m and lens.maker == "Leica" else 0.0
    return cost


def singled_out(name: Name, lens: LensNames) -> bool:
    """True if a name that fits a lens says enough to be that of no other, be it one that the catalogue lacks.

    >>> lens = lens_names("Leica", ["Tele-Elmarit-M 1:2.8/90 (II)"], (90.0,), 2.8, frozenset({2}))
    >>> [singled_out(read_name(text), lens) for text in ("Tele-Elmarit-M 1:2.8/90", "Tele-Elmarit 90", "Tele-Elmarit")]
    [True, False, False]
    """
    if lens.maker not in MAKERS or not lens.focals:
        return True  # a lens of the user's own, or an adapter
    if not name.focals and name.f_number is None:
        return False
    missing = lens.qualifiers - name.qualifiers - QUALIFIER_COST.keys()
    leica = lens.maker == "Leica"
    if missing and not (leica and name.focals and name.f_number is not None):
        return False
    # Most makers sold the same names for reflex cameras. Those of Zeiss and Voigtländer are listed as they stand.
    if lens.m_mount and not name.m_mount and lens.maker not in ("Leica", "Zeiss", "Voigtländer"):
        return False
    if name.words - lens.words and not leica:
        return False
    if name.complete or (name.m and lens.m):
        return True
    earlier = min(lens.generations, default=1) > 1 and not (name.generations or name.traits)
    reissue = "reissue" in lens.traits and "reissue" not in name.traits and not name.asph
    return not (earlier or reissue)


def same_lens(one: Name, other: Name) -> bool:
    """True if two names say the same of a lens, in whatever notation."""
    return all(
        getattr(one, part) == getattr(other, part)
        for part in ("families", "qualifiers", "m", "focals", "f_number", "asph", "generations", "traits")
    )


def figures_fit(name: Name, focals: tuple[float, ...], f_number: float | None) -> bool:
    """False if a name's focal length or f-number are not a lens's."""
    if name.f_number is not None and (f_number is None or abs(name.f_number - f_number) > 0.011):
        return False
    said = name.focals
    if not said or not focals:
        return not said
    if len(said) == 1:
        return any(abs(said[0] - focal) < 0.6 for focal in focals)
    return len(focals) > 1 and abs(said[0] - focals[0]) < 0.6 and abs(said[-1] - focals[-1]) < 0.6


def slack(name: Name) -> float:
    """How much further than the nearest lens another may be, and still be meant.

    Cameras and tables leave no word out. People leave out ASPH, and when they leave out the f-number, more.
    """
    if name.complete:
        return 0.0
    return 1.0 if name.focals and name.f_number is not None else 2.0
