"""Cameras, found by the make and the model that EXIF writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from sixbit.lenses.entries import text_of, xml_root
from sixbit.values.lens import Body


def read_bodies(files: Iterable[Path]) -> tuple[Body, ...]:
    """Read the cameras of lensfun XML files, one a model."""
    return tuple(
        _body(
            text_of(camera, "maker"),
            model.text or "",
            float(text_of(camera, "cropfactor")),
            text_of(camera, "mount"),
            text_of(camera, "variant"),
        )
        for path in files
        for camera in xml_root(path).iter("camera")
        for model in camera.findall("model")
    )


def _body(make: str, model: str, crop_factor: float, mount: str, remark: str) -> Body:
    body = Body(make, model, crop_factor, mount, remark)
    return body._replace(proportions=_proportions(body))


def _proportions(body: Body) -> float | None:
    """The long side of the sensor over the short one: lensfun's database has none, but these families are all alike."""
    if body.is_film or body.model in _SEVERAL_PROPORTIONS:
        return None
    if body.mount in _FOUR_THIRDS or body.is_phone:
        return 4 / 3
    if body.mount in _THREE_HALVES or body.takes_m:
        return 3 / 2
    return None


_FOUR_THIRDS = frozenset({"4/3 System", "Micro 4/3 System", "Fujifilm G", "Hasselblad X"})
_THREE_HALVES = frozenset({"Canon EF-M", "Canon RF", "Fujifilm X", "Leica L", "Nikon Z", "Samsung NX", "Sony E"})
_SEVERAL_PROPORTIONS = frozenset({"DMC-GH1", "DMC-GH2", "DC-GH5S"})
"""Bodies whose sensor is larger than any of their pictures, so that those of all proportions have one diagonal."""


def find_body(bodies: Iterable[Body], make: str, model: str) -> Body | None:
    """Find a body among these, or among those that lensfun knows."""
    wanted = _plain(make, model)
    same = (body for body in bodies if _plain(body.make, body.model) == wanted)
    return next(same, None) or _lensfun_body(make, model)


def same_body(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether two makes and models, as EXIF writes them, name the same body.

    >>> same_body(("LEICA CAMERA AG", "LEICA M10"), ("Leica", "M10"))
    True
    """
    return _plain(*one) == _plain(*other)


def takes_no_colours(camera: tuple[str, str]) -> bool:
    """Tell whether a body, by its make and model, has a sensor without colours.

    >>> [takes_no_colours(("", model)) for model in ("LEICA M11 Monochrom", "LEICA Q2 MONO", "LEICA M11")]
    [True, True, False]
    """
    return re.search(r"\b(mono(chrome?)?|achromatic)\b", camera[1].lower()) is not None


@cache
def _lensfun_body(make: str, model: str) -> Body | None:
    """A body of lensfun's own database: for mirrorless cameras with an adapter."""
    import lensfunpy

    for camera in lensfunpy.Database().find_cameras(make, model):
        if same_body((camera.maker, camera.model), (make, model)):
            return _body(camera.maker, camera.model, float(camera.crop_factor), camera.mount, "from lensfun's database")
    return None


def _plain(make: str, model: str) -> str:
    """Make and model without case, and without the maker's name that some bodies repeat in the model."""
    text = re.sub(r"[^a-z0-9]+", " ", model.lower()).strip()
    makers = make.lower().split()
    words = [word for word in text.split() if word not in ("leica", "camera", "ag", *makers)]
    return " ".join(["leica" if "leica" in (*makers, *text.split()) else "".join(makers[:1]), *words])
