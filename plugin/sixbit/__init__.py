"""Sixbit: lens correction for Leica M lenses.

The five steps, by name; each is loaded when it is first used::

    shot = sixbit.read_shot("photo.jpg")
    found = sixbit.match(shot)
    correction = sixbit.compile_filter(found, shot)
    corrected = sixbit.apply(correction, pixels)

or all of them at once: ``sixbit.correct("photo.jpg", "corrected.jpg")``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sixbit.catalogue import LensIdentity
    from sixbit.compiler import CompileError, compile_filter
    from sixbit.correction import correct
    from sixbit.engines import EngineError, Region, apply
    from sixbit.filters import CorrectionFilter, FilterError
    from sixbit.matching import Match, Status, match
    from sixbit.shot import LensSpecification, PhotoError, Shot, SixBitCode, SixbitError, Tagged
    from sixbit.tags import read_shot

_HOME = {
    "CompileError": "compiler",
    "CorrectionFilter": "filters",
    "EngineError": "engines",
    "FilterError": "filters",
    "Match": "matching",
    "LensIdentity": "catalogue",
    "LensSpecification": "shot",
    "PhotoError": "shot",
    "Region": "engines",
    "Shot": "shot",
    "SixBitCode": "shot",
    "SixbitError": "shot",
    "Status": "matching",
    "Tagged": "shot",
    "apply": "engines",
    "compile_filter": "compiler",
    "correct": "correction",
    "match": "matching",
    "read_shot": "tags",
}

__all__ = [  # noqa: RUF022 - the steps in their order
    "read_shot",
    "match",
    "compile_filter",
    "apply",
    "correct",
    "CorrectionFilter",
    "LensIdentity",
    "LensSpecification",
    "Match",
    "Region",
    "Shot",
    "SixBitCode",
    "Status",
    "Tagged",
    "SixbitError",
    "CompileError",
    "EngineError",
    "FilterError",
    "PhotoError",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("sixbit.manifest").manifest()["version"]
    if name not in _HOME:
        raise AttributeError(f"module 'sixbit' has no attribute {name!r}")
    return getattr(import_module(f"sixbit.{_HOME[name]}"), name)
