"""Sixbit: lens correction for Leica M lenses.

The five steps, by name; each is loaded when it is first used::

    shot = sixbit.read_shot("photo.jpg")
    found = sixbit.match(shot)
    filter = sixbit.compile_filter(found, shot)
    corrected = sixbit.apply(filter, pixels)

or all of them at once: ``sixbit.correct("photo.jpg", "corrected.jpg")``. :class:`Choices` says what the photo does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sixbit.compiler.compile import compile_filter
    from sixbit.engines import Region, apply
    from sixbit.export.correct import correct
    from sixbit.lenses.match import Match, Status, match
    from sixbit.tags.read import read_shot
    from sixbit.values.choices import Choices
    from sixbit.values.errors import Code, CompileError, EngineError, FilterError, PhotoError, SixbitError
    from sixbit.values.filter import Filter
    from sixbit.values.lens import Lens
    from sixbit.values.shot import LensSpecification, Shot, SixBitCode, Tagged

_HOME = {
    "Choices": "values.choices",
    "Code": "values.errors",
    "CompileError": "values.errors",
    "EngineError": "values.errors",
    "Filter": "values.filter",
    "FilterError": "values.errors",
    "Match": "lenses.match",
    "Lens": "values.lens",
    "LensSpecification": "values.shot",
    "PhotoError": "values.errors",
    "Region": "engines",
    "Shot": "values.shot",
    "SixBitCode": "values.shot",
    "SixbitError": "values.errors",
    "Status": "lenses.match",
    "Tagged": "values.shot",
    "apply": "engines",
    "compile_filter": "compiler.compile",
    "correct": "export.correct",
    "match": "lenses.match",
    "read_shot": "tags.read",
}

__all__ = [  # noqa: RUF022 - the steps in their order
    "read_shot",
    "match",
    "compile_filter",
    "apply",
    "correct",
    "Choices",
    "Filter",
    "Lens",
    "LensSpecification",
    "Match",
    "Region",
    "Shot",
    "SixBitCode",
    "Status",
    "Tagged",
    "Code",
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
