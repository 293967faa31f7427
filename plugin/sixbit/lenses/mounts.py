"""The mounts that a name tells of: M and screw mount, adapters, and others, whose lenses are none for the M mount."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sixbit.lenses.spelling import Words
from sixbit.lenses.words import split
from sixbit.values.sentence import Sentence

ANOTHER_MOUNT = Sentence("it is a lens of another mount")
PHONE_CAMERA = Sentence("it is the phone's own camera")
FOREIGN_WORDS = {
    "vario": Sentence("it is a zoom (Vario), and no Vario was made for the M mount"),
    "iphone": PHONE_CAMERA,
    "galaxy": PHONE_CAMERA,
} | dict.fromkeys(
    split(
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
    (r"\bm42\b", ANOTHER_MOUNT),
    (r"\b[dcv]\Wlux\b|\bleica (?:q[23]?|x[12]?)\b", Sentence("it is the built-in lens of a compact camera")),
    (r"\b(?:back|rear|front)\b.*\bcamera\b|\b(?:main|tele|wide) camera\b", PHONE_CAMERA),
    (
        r"\b(?:aps\Wc|m43|sl\W?ii|four thirds|4/3|(?:[ezxlf]|sony e|nikon [fz]) ?\W?mount|nikkor z|z nikkor)\b",
        ANOTHER_MOUNT,
    ),
)

OWN_PHRASES = r"\bfe\W*(?:plus\b|\+)|\bhexar\W*rf\b|\bnoxlux\W*dg\b"
"""Names of M lenses, and of an M camera, that hold a word of another mount."""

OTHER_MOUNT_LETTERS = split("e se x z g")
"""Letters that stand alone in names of lenses for Sony, Fuji, Nikon or the Contax G, of other makers than Leica."""

REFLEX_LETTERS = {"rokkor": split("mc md sr"), "hexanon": split("ar")}
"""The letters of the reflex lenses of a family that was made for the M mount too."""

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
ADAPTER_HINTS = split("adapter mount bajonett for leica techart lm metabones novoflex diox kipon k&f")
"""One of these stands in every text that ADAPTERS finds."""
MOUNTS = r"\b[zv]m\b|\bhexar\W*rf\b|\b(?:leica\W*|for\W*)m\b|\b[ml]\W*mount\b"
SCREW_MOUNT = r"(?<![a-z])ltm\b|\b[lm]39\b|\bscrew\W*mount\b"


def take_mounts(line: str) -> tuple[str, bool, bool, Sentence | None]:
    """Take out adapters and mounts: is it M or screw mount, is it screw mount, and why is it none of both.

    >>> take_mounts("canon 50mm f/1.4 ltm")
    ('canon 50mm f/1.4  ', True, True, None)
    >>> take_mounts("fe 35mm f1.4 gm")[3]
    'it is a lens of another mount'
    """
    m_mount = re.search(MOUNTS, line) is not None
    if any(hint in line for hint in ADAPTER_HINTS):
        reason = _foreign_words(re.sub(FUJI_ADAPTER, " ", line))
        line = re.sub("|".join(ADAPTERS), " ", line)
    else:
        reason = _foreign_words(line)
    line, times = re.subn(SCREW_MOUNT, " ", line)
    return line, m_mount or times > 0, times > 0, reason


def _foreign_words(line: str) -> Sentence | None:
    """Tell why words or phrases are of no M lens."""
    line = re.sub(OWN_PHRASES, " ", line)
    words = re.findall(r"[a-z]+(?!/\s*\d)", line)  # XF35mmF1.4 is xf, mm, f
    for word in words:
        if word in FOREIGN_WORDS:
            return FOREIGN_WORDS[word]
    if any(word.startswith("vario") for word in words):
        return FOREIGN_WORDS["vario"]
    return next((reason for pattern, reason in FOREIGN_PHRASES if re.search(pattern, line)), None)


def foreign_letters(line: str, words: Words, makers: set[str]) -> Sentence | None:
    """Tell why letters that stand alone are of no M lens: Summilux-R, Nokton E."""
    if "Leica" in makers:
        kind = next((kind for letter, kind in LEICA_LETTERS.items() if letter in words.letters), None)
        return Sentence("it is {kind}", kind=kind) if kind else None
    alone = set(re.findall(r"(?<![^\W_])[a-z]{1,2}\b", line))
    foreign = set(OTHER_MOUNT_LETTERS)
    if "m" not in words.letters:
        foreign = foreign.union(*(REFLEX_LETTERS.get(family, ()) for family in words.known["family"]))
    return ANOTHER_MOUNT if makers and alone & foreign else None


def built_in(focals: tuple[float, ...], f_number: float | None) -> Sentence | None:
    """Tell which of Leica's other cameras a lens of these figures is built into."""
    camera = FIXED_LENSES.get((*focals, f_number))
    if camera is None:
        return None
    return Sentence(
        "{focal:g} mm f/{f_number:g} is the lens built into the {camera}",
        focal=focals[0],
        f_number=f_number,
        camera=camera,
    )
