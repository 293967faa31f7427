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
from typing import Any

_NAMES = {
    "tags.read": ("read_shot",),
    "lenses.match": ("match", "Match", "Status"),
    "compiler.compile": ("compile_filter",),
    "engines": ("apply", "Region"),
    "export.correct": ("correct",),
    "values.choices": ("Choices",),
    "values.filter": ("Filter",),
    "values.lens": ("Lens",),
    "values.shot": ("Shot", "LensSpecification", "SixBitCode", "Tagged"),
    "values.errors": ("Code", "SixbitError", "CompileError", "EngineError", "FilterError", "PhotoError"),
}
"""The public names, by the module that each comes from; ``__init__.pyi`` says the same to checkers of types."""

_HOME = {name: f"sixbit.{module}" for module, names in _NAMES.items() for name in names}

__all__ = [*_HOME]


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("sixbit.manifest").manifest()["version"]
    if name not in _HOME:
        raise AttributeError(f"module 'sixbit' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
