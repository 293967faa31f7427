"""The words of lens names: makers, families, nicknames, and what shows that a lens is none for the M mount."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sixbit.values.sentence import Sentence


def _words(text: str) -> frozenset[str]:
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

SHORT = {"lux": "summilux", "cron": "summicron", "nocti": "noctilux", "noct": "noctilux", "rit": "summarit"}
"""Short forms of families in common use."""

NICKNAMES = {"wate": "tri-elmar 16-18-21", "mate": "tri-elmar 28-35-50"}

QUALIFIERS = _words("apo super ultra hyper wide tele tri macro makro color vario portrait pc c uc w")
"""Words that make another family of a family: Elmar is not Tele-Elmar."""

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
"""What photographers call single versions."""
TRAIT_HINTS = _words(
    "fle floating steel steelrim re reissue reedition element elements king rigid dual dualrange dr fat thin "
    "collapsible double doubleaspherical aa"
)
"""One of these stands in every text that TRAITS finds."""

DENYING = _words("pre non not no without ohne sans")
"""What stands before a word that the lens is not: non-ASPH, without ASPH, not APO, pre-FLE."""
DENIAL = rf"\b(?:{'|'.join(sorted(DENYING))})\W*(?:(?:an?|the)\W+)?"

ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}

GENERATION_HINTS = (
    _words("st nd rd th v ver vers version mk mark typ type gen generation") | ORDINALS.keys() | ROMAN.keys()
)
"""One of these stands in every text that tells a generation."""

IDLE = _words(
    "lens lenses objective objektiv objectif black silver chrome paint painted titan titanium anodized anodised "
    "edition limited coded bit six type typ made in the by with and for mount camera ag gmbh ernst carl wetzlar "
    "germany canada japan portugal china t mc sc vintage line classic version ver gen generation mark mk coated "
    "coating new old se photoelectric full frame plus optics optical pro adobe cle pancake"
)
"""Words that tell no lens from another."""

NO_LENS = re.compile(
    r"[\W_]*|0(?:\.0)?\s*mm\s*f/?0(?:\.0)?|not\s(?!.*\b(?:asp|apo|fle))\D*|not\s.*coded|\*\*\*.*|"
    r"(?:(?:no|unknown|uncoded|manual|other) )?lens(?: type)?|"
    r"unknown|none|null|undefined|n/?a|uncoded|manual|no lens attached|not attached|off|auto|other|0|1|65535"
)

ANOTHER_MOUNT = Sentence("it is a lens of another mount")
PHONE_CAMERA = Sentence("it is the phone's own camera")
FOREIGN_WORDS = {
    "vario": Sentence("it is a zoom (Vario), and no Vario was made for the M mount"),
    "iphone": PHONE_CAMERA,
    "galaxy": PHONE_CAMERA,
} | dict.fromkeys(
    _words(
        "lumix dlux clux vlux digilux minilux dc dg ze zf zk zs za zx loxia batis milvus otus touit contax hasselblad "
        "jena fe ef efs efm rf rfs dx af afs afd afp ai ais xf xc gf gfx dn di sam stm usm oss gm vr hsm ssm sdm mft "
        "zuiko mzuiko fujinon takumar pentax pentacon helios olympus sigma tamron tokina samyang rokinon viltrox "
        "yongnuo sirui meike sel fd fdn sony fujifilm panasonic tilt shift"
    ),
    ANOTHER_MOUNT,
)
"""Words that no name of an M lens has, and the reason to give."""

FOREIGN_PHRASES = (
    (r"\br\W?adapter\b|\br\W?lens\b", Sentence("it stands for an R lens on an adapter, and does not say which")),
    (r"\b[dcv]\Wlux\b|\bleica (?:q[23]?|x[12]?)\b", Sentence("it is the built-in lens of a compact camera")),
    (r"\b(?:back|rear|front)\b.*\bcamera\b|\b(?:main|tele|wide) camera\b", PHONE_CAMERA),
    (
        r"\b(?:aps\Wc|m43|sl\W?ii|four thirds|4/3|(?:[ezxlf]|sony e|nikon [fz]) ?\W?mount|nikkor z|z nikkor)\b",
        ANOTHER_MOUNT,
    ),
)

OWN_PHRASES = r"\bfe\W*(?:plus\b|\+)|\bhexar\W*rf\b|\bnoxlux\W*dg\b"
"""Names of M lenses, and of an M camera, that hold a word of another mount."""

OTHER_MOUNT_LETTERS = _words("e se x z g")
"""Letters that stand alone in names of lenses for Sony, Fuji, Nikon or the Contax G, of other makers than Leica."""

REFLEX_LETTERS = {"rokkor": _words("mc md sr"), "hexanon": _words("ar")}
"""What makers called the reflex lenses of a family that was made for the M mount too."""

LEICA_LETTERS = {
    "r": Sentence("a Leica R lens"),
    "s": Sentence("a Leica S lens"),
    "sl": Sentence("a Leica SL lens"),
    "tl": Sentence("a Leica TL lens"),
    "t": Sentence("a Leica T lens"),
    "q": Sentence("the lens of a Leica Q"),
    "x": Sentence("the lens of a Leica X"),
    "h": Sentence("the lens of a phone"),
    "d": Sentence("a lens of another mount"),
}
PHONE_LENSES = (PHONE_CAMERA, Sentence("it is {kind}", kind=LEICA_LETTERS["h"]))
"""Reasons that a phone has, whatever lens is before its sensor."""
FIXED_LENSES: Mapping[tuple[float | None, ...], str] = {
    (28.0, 1.7): "Leica Q",
    (43.0, 2.0): "Leica Q3 43",
    (23.0, 1.7): "Leica X",
}
"""Focal length and f-number of lenses that are built into Leica cameras, and that no M lens has."""

FUJI_ADAPTER = r"\b(?:fuji(?:film|non)?\W*)?m\W*mount\W*adapter\b"
ADAPTERS = (
    r"\b(?:leica\W*)?m\W?adapter\W?[lt]\b",
    r"\b(?:techart(?:\W*pro)?|lm\W?ea\W?[79]|metabones|novoflex|fotodiox|kipon|k&f(?: concept)?)\b",
    FUJI_ADAPTER,
    r"\b(?:for\W*)?(?:the\W*)?(?:leica\W*|v|l)?[ml]\W*(?:mount|bajonett)\b",
    r"\bfor\W*(?:leica\W*)?m\b|\bleica\W*m\b(?=\W*(?:$|\)))",
)
"""Adapters and mounts, which a name may tell beside the lens."""
ADAPTER_HINTS = _words("adapter mount bajonett for leica techart lm metabones novoflex diox kipon k&f")
"""One of these stands in every text that ADAPTERS finds."""
MOUNTS = r"\b[zv]m\b|\bhexar\W*rf\b|\b(?:leica\W*|for\W*)m\b|\b[ml]\W*mount\b"
SCREW_MOUNT = r"(?<![a-z])ltm\b|\b[lm]39\b|\bscrew\W*mount\b"


def _vocabulary() -> dict[str, tuple[str, str]]:
    """What each word is (family, maker, qualifier, asph), and whose."""
    words = {family: ("family", maker) for maker, families in FAMILIES.items() for family in _words(families)}
    words |= {word: ("maker", maker) for maker, names in MAKERS.items() for word in _words(names)}
    words |= {word: ("qualifier", word) for word in QUALIFIERS}
    return words | {word: ("asph", word) for word in ("asph", "asp", "aspheric", "aspherical", "aspherique")}


VOCABULARY = _vocabulary()
