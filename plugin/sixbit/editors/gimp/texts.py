"""The texts of the plug-in, and where they come from: the manifest beside this file, and gettext."""

from __future__ import annotations

import gettext
import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


class UserError(Exception):
    """Something cannot be done; the message is for the user."""


_ = gettext.translation("sixbit", HERE / "locale", fallback=True).gettext


@cache
def manifest() -> dict[str, Any]:
    """Read the copy of Sixbit's manifest that was installed beside the plug-in."""
    content: dict[str, Any] = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    return content
