"""Who wrote a name, and so what it is worth: a person, the camera, or a program that has lens profiles."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sixbit.lenses.comparison import says_the_same
from sixbit.lenses.names import Name, read_name
from sixbit.values.lens import Body, Lens
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot, Tagged

_IN_PHOTO = r"(?:EXIF|Image|MakerNote|XMP) [\w:]+"
"""A tag of the photo itself; one of a sidecar has its file's name before it."""

ALL = frozenset[tuple[float, float]]()
NAMESAKES = {
    "Voigtländer": ALL,
    "7Artisans": ALL,
    "TTArtisan": ALL,
    "Laowa": ALL,
    "Zeiss": frozenset({(15.0, 2.8), (35.0, 1.4), (35.0, 2.0), (50.0, 2.0)}),
}
"""Makers that sell lenses of the same names for other mounts: all of them, or those of some figures.

Zeiss's are Loxia Biogon 2/35 and Planar 2/50, the Distagons 1.4/35 for Sony and 2.8/15 for Canon and Nikon (its data
sheets). The others bring new ones every year, so that a list of theirs would soon be too short.
"""
M_WORDS = frozenset({"sc", "mc", "vintage", "plus"})
"""Names that these makers give to M lenses alone: Nokton classic SC, Ultron Vintage Line, FE-Plus."""
OTHER_CAMERAS = ("sony", "nikon", "canon", "fujifilm", "panasonic", "olympus", "om digital", "sigma", "hasselblad")
"""Makers of cameras, none of them for M lenses: a new body says its mount by them before a list does."""


def is_of_profile(name: Tagged[str]) -> bool:
    """Tell whether a name is that of a lens profile, often borrowed from another lens.

    What an M10 writes under that name (MakerNote LensProfileName) is the lens by its code or its menu.
    """
    return name.tag.endswith("crs:LensProfileName")


def may_be_namesake(name: Tagged[str], lenses: Iterable[Lens], shot: Shot, body: Body | None) -> Sentence | None:
    """Say why a name that fits M lenses may be that of another mount's lens, which told it to the camera itself.

    An M lens has no contacts, so that a person wrote its name. That is certain of Leica's, whose other lenses are
    called otherwise, of names that tell the mount (ZM, VM), and of a sidecar that says more than the photo.
    """
    read = read_name(name.value)
    twins = [lens for lens in lenses if _has_namesake(lens)]
    if not twins or read.m_mount or not _is_of_another_mount(shot, body):
        return None
    if M_WORDS & set(re.findall("[a-z]+", name.value.lower())) or not _is_in_photo(name, read, shot):
        return None
    camera = " ".join(tag.value for tag in (shot.make, shot.model) if tag)
    return Sentence(
        "An M lens cannot tell a {camera} its name: unless somebody wrote it in, this is a lens that {maker} made for "
        "another mount.",
        camera=camera,
        maker=twins[0].maker,
    )


def _has_namesake(lens: Lens) -> bool:
    figures = NAMESAKES.get(lens.maker)
    return figures is not None and (not figures or (lens.focal_min, lens.f_number_open) in figures)


def _is_of_another_mount(shot: Shot, body: Body | None) -> bool:
    if body:
        return not (body.takes_m or body.is_phone)
    return shot.make is not None and shot.make.value.casefold().startswith(OTHER_CAMERAS)


def _is_in_photo(name: Tagged[str], read: Name, shot: Shot) -> bool:
    """False for a name that only a sidecar has; one that says the same as the photo's is a copy of it."""
    own = (one.value for one in shot.lens_names if re.fullmatch(_IN_PHOTO, one.tag) and not is_of_profile(one))
    return re.fullmatch(_IN_PHOTO, name.tag) is not None or any(says_the_same(read, read_name(text)) for text in own)
