"""Corrections in a picture that no mark tells: by the camera for a lens it knew, or by a program.

By Leica's manuals (docs/camera.md), an M that has read the code of a lens, or was told the lens in its menu, brightens
the edges in JPEG and DNG alike, by an amount that nobody has published. Distortion and lateral colour are left alone.
"""

from __future__ import annotations

from sixbit.values.errors import Code
from sixbit.values.kinds import SPOKEN
from sixbit.values.sentence import Sentence, in_a_row
from sixbit.values.shot import BY_ADAPTER, ON_MIRRORLESS, Shot


def compensated(shot: Shot) -> Sentence | None:
    """Say that the body has compensated the fall-off of a shot, and for which lens; None if it has not for certain.

    >>> from sixbit.values.shot import Tagged
    >>> str(compensated(Shot(known_to_body=Tagged("six-bit code 26", "MakerNote LensType"))))
    'the camera knew the lens (six-bit code 26) and has compensated it in the picture'
    """
    known = shot.known_to_body
    if known is None or known.tag in (BY_ADAPTER, ON_MIRRORLESS):
        return None
    return Sentence(
        "the camera knew the lens ({known}) and has compensated it in the picture",
        Code.COMPENSATED,
        known=known.value,
    )


def compensated_for(shot: Shot) -> str:
    """Tell how the body knew the lens whose fall-off it has compensated, as it wrote that; empty if it has not.

    >>> from sixbit.values.shot import Tagged
    >>> compensated_for(Shot(known_to_body=Tagged("six-bit code 26", "MakerNote LensType"))), compensated_for(Shot())
    ('six-bit code 26', '')
    """
    return str(shot.known_to_body.value) if shot.known_to_body and compensated(shot) else ""


def perhaps_compensated(shot: Shot) -> Sentence | None:
    """Say that the body may have compensated fall-off; no source tells it of those that take M lenses by an adapter."""
    known = shot.known_to_body
    if known is None or known.tag not in (BY_ADAPTER, ON_MIRRORLESS):
        return None
    return Sentence(
        "The camera knew the lens ({known}, {tag}) and may have compensated its fall-off: no source tells.",
        known=known.value,
        tag=known.tag,
    )


def silently_developed(shot: Shot) -> Sentence | None:
    """Say that a shot was developed by a program that tells nothing of what it corrected."""
    program = shot.silent_program
    return program and Sentence(
        "It was developed by {program} ({tag}), which does not say whether it corrected the lens.",
        program=program.value,
        tag=program.tag,
    )


def perhaps_carried_out(shot: Shot) -> Sentence | None:
    """Say that the raw of a shot carries a correction, and that its program may have carried it out."""
    found = shot.perhaps_from
    return found and Sentence(
        "Its raw ({raw}) carries a correction, and {program} may have carried it out: it does not say.",
        raw=found.value,
        program=found.tag,
    )


def carried(shot: Shot) -> Sentence | None:
    """Say what correction a raw carries for programs that develop it."""
    if not shot.carries:
        return None
    kinds = in_a_row([SPOKEN[kind] for kind in shot.carries])
    return Sentence("This raw carries a correction of Sixbit's for programs that develop it: {kinds}.", kinds=kinds)


def done_unmarked(shot: Shot) -> tuple[Sentence, ...]:
    """Say all that was or may have been done to the pixels of a shot, and that no mark of a correction tells."""
    certain = compensated(shot)
    known = (Sentence("Fall-off: {why}.", why=certain),) if certain else ()
    return (*known, *perhaps_done(shot))


def perhaps_done(shot: Shot) -> tuple[Sentence, ...]:
    """Say what may have been done to the pixels of a shot, and nobody can tell."""
    found = (perhaps_compensated(shot), silently_developed(shot), perhaps_carried_out(shot), carried(shot))
    return tuple(said for said in found if said)
