"""The words of lens names: makers, families, qualifiers, nicknames."""

from __future__ import annotations


def split(text: str) -> frozenset[str]:
    """Split a text into its words."""
    return frozenset(text.split())


FAMILIES = {
    "Leica": "summilux summicron summarit summaron summitar summar summarex elmarit elmar noctilux hektor thambar "
    "telyt hologon angulon elcan xenon adapter",
    "Zeiss": "biogon distagon planar sonnar tessar",
    "Voigtländer": "nokton ultron skopar heliar lanthar septon",
    "Minolta": "rokkor",
    "Konica": "hexanon",
    "Canon": "serenar",
    "Nikon": "nikkor",
}
"""Family names and whose they are. Some are of lenses that the catalogue lacks, so that they match no other."""

MAKERS = {
    "Leica": "leica leitz",
    "Zeiss": "zeiss zm",
    "Voigtländer": "voigtlander voigtlaender cosina vm",
    "Minolta": "minolta",
    "Konica": "konica hexar",
    "Canon": "canon",
    "Nikon": "nikon",
    "7Artisans": "sevenartisans sevenartisan",
    "TTArtisan": "ttartisan ttartisans tt",
    "Laowa": "laowa venus",
}

UNLISTED_MAKERS = {
    "Light Lens Lab": "lightlenslab lll",
    "Thypoch": "thypoch simera",
    "MS-Optics": "msoptic sonnetar apoqualia perar elnomaxim",
    "Brightin Star": "brightin",
    "a Soviet works": "jupiter industar russar",
    "Mr. Ding": "mrding noxlux",
    "Artra Lab": "artralab nonikkor",
    "Funleader": "funleader",
    "SLR Magic": "slrmagic hyperprime",
    "HandeVision": "handevision iberit",
    "Lomography": "lomography minitar",
    "Zhongyi": "zhongyi mitakon",
    "Zunow": "zunow",
    "Avenon": "avenon kobalux",
    "Skyllaney": "skyllaney",
    "Omnar": "omnar",
    "Dulens": "dulens",
    "AstrHori": "astrhori",
    "Steinheil": "steinheil culminar",
    "Angénieux": "angenieux",
    "Dallmeyer": "dallmeyer",
}
"""Makers of lenses for the M or the screw mount that the catalogue has no entries of.

Each by what their names have in them when all but the letters is left out; what is shorter than five stands alone.
"""

SHORT = {"lux": "summilux", "cron": "summicron", "nocti": "noctilux", "noct": "noctilux", "rit": "summarit"}
"""Short forms of families in common use."""

NICKNAMES = {"wate": "tri-elmar 16-18-21", "mate": "tri-elmar 28-35-50"}

QUALIFIERS = split("apo super ultra hyper wide tele tri macro color vario portrait pc c uc w")
"""Words that make another family of a family: Elmar is not Tele-Elmar."""

DENYING = split("pre non not no without ohne sans")
"""Words that stand before one that the lens is not: non-ASPH, without ASPH, not APO, pre-FLE."""
IDLE = split(
    "lens lenses objective objektiv objectif black silver chrome paint painted titan titanium anodized anodised "
    "edition limited coded bit six type typ made in the by with and for mount camera ag gmbh ernst carl wetzlar "
    "germany canada japan portugal china t mc sc vintage line classic version ver gen generation mark mk coated "
    "coating new old se photoelectric full frame plus optics optical pro adobe cle pancake"
)
"""Words that tell no lens from another."""


FAMILY_MAKERS = {family: maker for maker, families in FAMILIES.items() for family in families.split()}

VOCABULARY = (
    {family: ("family", family) for family in FAMILY_MAKERS}
    | {word: ("maker", maker) for maker, names in MAKERS.items() for word in names.split()}
    | {word: ("qualifier", word) for word in QUALIFIERS}
    | {word: ("asph", word) for word in ("asph", "asp", "aspheric", "aspherical", "aspherique")}
    | {"makro": ("qualifier", "macro")}
)
"""The kind and the meaning of each word."""
