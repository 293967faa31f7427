"""Export presets, as far as they say how a photo is corrected; the rest of them is for the batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gi.repository import Gimp
from server_client import Server
from texts import _, manifest

CORRECTIONS: tuple[str, ...] = tuple(manifest()["kinds"])
USUAL_GRADES = [grade for grade, usual in manifest()["grades"].items() if usual]
UNSURE_GRADES = [grade for grade, usual in manifest()["grades"].items() if not usual]
"""Each has a switch of its name."""
INTERPOLATIONS = {"lanczos3": _("Lanczos interpolation"), "bilinear": _("bilinear interpolation")}


class Preset:
    """Holds a preset as the server tells it."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.label: str = record["label"]
        self.grades: list[str] = record["grades"]
        self.content: Mapping[str, Any] = record["content"]
        strength = self.content["strength"]
        self.strength = {kind: float(strength.get(kind, 1)) for kind in self.content["corrections"]}

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the procedure that show it in the dialog."""
        arguments: dict[str, Any] = {kind: kind in self.strength for kind in CORRECTIONS}
        arguments |= {f"{kind}-strength": 100 * share for kind, share in self.strength.items()}
        if isinstance(self.content["scale"], str):
            arguments["scale"] = self.content["scale"]
        compensated = self.content["compensated"] == "correct"
        unsure = {grade: grade in self.grades for grade in UNSURE_GRADES}
        return arguments | unsure | {"compensated": compensated}

    def note(self) -> str:
        """Say what the arguments of the procedure cannot show."""
        parts = []
        if not isinstance(scale := self.content["scale"], str):
            parts.append(_("scaled by {factor:g}").format(factor=scale))
        if words := INTERPOLATIONS.get(self.content["interpolation"]):
            parts.append(words)
        if self.grades == ["measured"]:
            parts.append(_("measured calibrations alone"))
        if f_number := self.content["assumed_f_number"]:
            parts.append(_("f/{f_number:g} if the photo does not tell").format(f_number=f_number))
        if distance := self.content["assumed_distance_m"]:
            parts.append(_("{distance:g} m if the photo does not tell").format(distance=distance))
        return ", ".join(parts)

    def is_shown_by(self, config: Gimp.ProcedureConfig) -> bool:
        """Tell whether the arguments are still as it says."""
        return all(_alike(config.get_property(name), value) for name, value in self.arguments().items())


def _alike(one: Any, other: Any) -> bool:
    return abs(one - other) < 1e-6 if isinstance(other, float) else bool(one == other)


def presets_of(found: Iterable[Mapping[str, Any]]) -> dict[str, Preset]:
    """Return the presets of the server's answer, by name."""
    return {one["name"]: Preset(one) for one in found}


def preset_named(server: Server, name: str) -> Preset | None:
    """Return the preset of a name, None if there is no name. Raises ServerError where nothing is called so."""
    if not name:
        return None
    return presets_of(server.call("presets", preset=name)["presets"])[name]
