"""The manifest and the data that ship with Sixbit, wherever it was installed to."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


def data_path(name: str) -> Path:
    """Return where a file or folder of data stands: in the package if it was installed, else at the top of the clone.

    >>> data_path("manifest.json").name
    'manifest.json'
    """
    installed = Path(__file__).parent / "data" / name
    return installed if installed.exists() else Path(__file__).parents[2] / name


def package_path(folder: str) -> Path:
    """Return where a folder of the package stands, for what is in it that is no Python.

    >>> package_path("engines").name
    'engines'
    """
    return Path(__file__).parent / folder


def plugin_source(editor: str) -> Path:
    """Return where the files of an editor's plug-in stand before they are installed.

    >>> plugin_source("gimp").name
    'gimp'
    """
    return package_path("editors") / editor


@cache
def manifest() -> dict[str, Any]:
    """Read ``manifest.json``.

    >>> manifest()["id"]
    'sixbit'
    """
    content: dict[str, Any] = json.loads(data_path("manifest.json").read_text(encoding="utf-8"))
    return content
