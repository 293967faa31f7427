"""The values that were chosen last for each lens on each body: a small file in GIMP's folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from arguments import CHOSEN_OF_A_LENS
from gi.repository import Gimp

RECENT = 8


class LastValues:
    """Keeps values by body and lens, and the lenses that were used, the latest first."""

    def __init__(self) -> None:
        self._path = Path(Gimp.directory()) / "sixbit-last-values.json"
        self._content: dict[str, Any] = {}
        # A file that is damaged is as good as none: it holds nothing that is not chosen again in a moment.
        with suppress(OSError, ValueError):
            if self._path.is_file():  # a pipe would be waited for
                content = json.loads(self._path.read_text(encoding="utf-8"))
                if isinstance(content, dict) and isinstance(content.get("values", {}), dict):
                    self._content = content

    def recent(self) -> list[str]:
        """Return the lenses that were chosen lately."""
        found = self._content.get("recent")
        return [lens for lens in found if isinstance(lens, str)] if isinstance(found, list) else []

    @property
    def output(self) -> str:
        """Where the last result went; into a filter, if there was none."""
        return str(self._content.get("output", "filter"))

    def apply(self, config: Gimp.ProcedureConfig, body: str, lens: str) -> None:
        """Set the arguments as they were the last time."""
        values = self._content.get("values", {}).get(f"{body}\n{lens}")
        for name in CHOSEN_OF_A_LENS if isinstance(values, dict) else ():
            # What another version has written may be of another type.
            if name in values and isinstance(values[name], type(config.get_property(name))):
                config.set_property(name, values[name])

    def keep(self, config: Gimp.ProcedureConfig, body: str, lens: str, without: Iterable[str] = ()) -> None:
        """Remember the arguments as they are, and where the result went."""
        values: Mapping[str, Any] = {
            name: config.get_property(name) for name in CHOSEN_OF_A_LENS if name not in without
        }
        self._content.setdefault("values", {})[f"{body}\n{lens}"] = values
        self._content["output"] = config.get_property("output")
        self._content["recent"] = [lens, *(other for other in self.recent() if other != lens)][:RECENT]
        written = self._path.with_suffix(".part")
        # A disk that is full is no reason to fail: the photo has been corrected.
        with suppress(OSError):
            written.write_text(json.dumps(self._content, indent=1), encoding="utf-8")
            written.replace(self._path)
