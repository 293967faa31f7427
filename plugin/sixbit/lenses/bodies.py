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
        Body(
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


@cache
def _lensfun_body(make: str, model: str) -> Body | None:
    """A body of lensfun's own database: for mirrorless cameras with an adapter."""
    import lensfunpy

    for camera in lensfunpy.Database().find_cameras(make, model):
        if same_body((camera.maker, camera.model), (make, model)):
            return Body(camera.maker, camera.model, float(camera.crop_factor), camera.mount, "from lensfun's database")
    return None


def _plain(make: str, model: str) -> str:
    """Make and model without case, and without the maker's name that some bodies repeat in the model."""
    text = re.sub(r"[^a-z0-9]+", " ", model.lower()).strip()
    makers = make.lower().split()
    words = [word for word in text.split() if word not in ("leica", "camera", "ag", *makers)]
    return " ".join(["leica" if "leica" in (*makers, *text.split()) else "".join(makers[:1]), *words])
