"""Export presets, as far as they say how a photo is corrected; the rest of them is for the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server_client import Server
from texts import manifest

CORRECTIONS: tuple[str, ...] = tuple(manifest()["kinds"])
USUAL_GRADES = [grade for grade, usual in manifest()["grades"].items() if usual]
UNSURE_GRADES = [grade for grade, usual in manifest()["grades"].items() if not usual]
"""Each has a switch of its name."""


class Preset:
    """Holds a preset as the server tells it."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.grades: list[str] = record["grades"]
        self.content: Mapping[str, Any] = record["content"]
        strength = self.content["strength"]
        self.strength = {kind: float(strength.get(kind, 1)) for kind in self.content["corrections"]}


def preset_named(server: Server, name: str) -> Preset | None:
    """Return the preset of a name, None if there is no name. Raises ServerError where nothing is called so."""
    if not name:
        return None
    return Preset(server.call("presets", preset=name)["presets"][0])
