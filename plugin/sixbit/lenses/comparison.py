"""A name as it is written, compared with a lens's own: what it leaves out, and what it says that the lens is not."""

from __future__ import annotations

from sixbit.lenses.names import Name, read_name
from sixbit.lenses.words import MAKERS
from sixbit.values.lens import Lens

QUALIFIER_COST = {"c": 2.0}
"""The cost of leaving a qualifier out, where it is not 3."""


def own_name(lens: Lens) -> Name:
    """Read a lens's own name: the main one with the traits and words of all, and the figures of the table.

    >>> from sixbit.lenses.catalogue import catalogue
    >>> own = own_name(catalogue().lens("summilux-50-asph"))
    >>> own.families, own.f_number
    (frozenset({'summilux'}), 1.4)
    """
    names = [read_name(text) for text in (lens.name, *lens.aliases)]
    return names[0]._replace(
        makers=frozenset({lens.maker}),
        families=frozenset(sorted(names[0].families)[:1]),
        focals=lens.focals,
        f_number=lens.f_number_open or None,
        generations=lens.generations,
        traits=frozenset().union(*(name.traits for name in names)),
        words=frozenset().union(*(name.words for name in names)),
    )


def omission_cost(name: Name, own: Name) -> float | None:
    """Reckon what a name leaves out of a lens's own, as a cost; None if it says something that the lens is not.

    >>> from sixbit.lenses.catalogue import catalogue
    >>> own = own_name(catalogue().lens("summilux-50-asph"))
    >>> omission_cost(read_name("Summilux-M 50mm f/1.4 ASPH"), own), omission_cost(read_name("50 Lux"), own)
    (0.0, 1.0)
    >>> omission_cost(read_name("Summicron-M 50mm f/1.4"), own) is None
    True
    """
    if _contradicts(name, own):
        return None
    leica = "Leica" in own.makers
    missing = own.qualifiers - name.qualifiers
    cost = sum((QUALIFIER_COST.get(word, 3.0) for word in missing - {"apo"}), 0.0)
    if "apo" in missing:
        cost += 3.0 if name.asph or not own.asph else 1.0
    if name.generations and not own.generations:
        cost += 2.0
    if own.asph != name.asph:
        cost += 1.0
    if own.product_numbers - name.product_numbers:
        cost += 3.0
    if leica and own.families and own.aspherical != name.aspherical:
        cost += 1.0
    if leica and name.m and not own.m:
        cost += 2.0
    return cost


def _contradicts(name: Name, own: Name) -> bool:
    leica = "Leica" in own.makers
    if (name.makers and not name.makers & own.makers) or (name.families and not name.families & own.families):
        return True
    if not (name.families or name.makers or (is_users_own(own) and own.words and own.words <= name.words)):
        return True  # it names nothing; a lens of the user's own may have neither maker nor family that is known
    if not figures_fit(name, own.focals, own.f_number):
        return True
    if name.qualifiers - own.qualifiers or name.traits - own.traits or (leica and name.asph and not own.asph):
        return True
    if name.denied & (own.qualifiers | own.traits | ({"asph"} if own.asph else set())):
        return True
    if name.screw_mount and own.m_mount and not own.screw_mount and not leica:
        return True  # the screw-mount lens of that name is another; of Leica's, many were made in both mounts
    if own.screw_mount and not own.families and not name.screw_mount:
        return True  # a maker whose other lenses, of the same figures, have another mount
    if own.generations:
        return bool(name.generations) and not name.generations & own.generations
    # A generation of the plain lens is not the APO or Tele one.
    return leica and bool(name.generations) and bool(own.qualifiers - name.qualifiers)


def is_specific(name: Name, own: Name) -> bool:
    """Tell whether a name that fits a lens says enough to be that of no other, be it one that the catalogue lacks.

    >>> from sixbit.lenses.catalogue import catalogue
    >>> own = own_name(catalogue().lens("tele-elmarit-90-ii"))
    >>> [is_specific(read_name(text), own) for text in ("Tele-Elmarit-M 1:2.8/90", "Tele-Elmarit 90", "Tele-Elmarit")]
    [True, False, False]
    """
    if is_users_own(own) or not own.focals:
        return True  # or an adapter
    if not name.focals and name.f_number is None:
        return False
    leica = "Leica" in own.makers
    missing = own.qualifiers - name.qualifiers - QUALIFIER_COST.keys()
    if missing and not (leica and name.focals and name.f_number is not None):
        return False
    # Most makers sold the same names for reflex cameras. Those of Zeiss and Voigtländer are listed as they stand.
    if own.m_mount and not name.m_mount and not own.makers & {"Leica", "Zeiss", "Voigtländer"}:
        return False
    if name.words - own.words and not leica:
        return False
    if name.complete or (name.m and own.m):
        return True
    earlier = min(own.generations, default=1) > 1 and not (name.generations or name.traits)
    reissue = "reissue" in own.traits and "reissue" not in name.traits and not name.asph
    return not (earlier or reissue)


def is_users_own(own: Name) -> bool:
    """Tell whether a lens is one of the user's own, of a maker that the catalogue lacks."""
    return not own.makers & MAKERS.keys()


def says_the_same(one: Name, other: Name) -> bool:
    """Tell whether two names say the same of a lens, in whatever notation."""
    return all(
        getattr(one, part) == getattr(other, part)
        for part in ("families", "qualifiers", "m", "focals", "f_number", "asph", "generations", "traits")
    )


def figures_fit(name: Name, focals: tuple[float, ...], f_number: float | None) -> bool:
    """Tell whether the focal length and f-number of a name, as far as it has them, may be a lens's."""
    if name.f_number is not None and (f_number is None or abs(name.f_number - f_number) > 0.011):
        return False
    if not name.focals or not focals:
        return not name.focals
    shortest, longest = abs(name.focals[0] - focals[0]) < 0.6, abs(name.focals[-1] - focals[-1]) < 0.6
    if len(name.focals) > 1:
        return len(focals) > 1 and shortest and longest
    return any(abs(name.focals[0] - focal) < 0.6 for focal in focals)


def tolerance(name: Name) -> float:
    """Give how much dearer than the nearest lens another may be, and still be meant.

    Cameras and tables leave no word out. People leave out ASPH, and when they leave out the f-number, more.
    """
    if name.complete:
        return 0.0
    return 1.0 if name.focals and name.f_number is not None else 2.0
