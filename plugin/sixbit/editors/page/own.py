"""The user's own calibrations as the page lists them."""

from __future__ import annotations

from typing import Any

from sixbit.lenses.catalogue import catalogue
from sixbit.values.kinds import SPOKEN


def own_records() -> list[dict[str, Any]]:
    """Return all of them as a page is told of them."""
    return [
        {
            "name": run.name,
            "lens_id": run.lens_id,
            "lens": run.lens,
            "kinds": ", ".join(SPOKEN[kind] for kind in run.kinds),
            "said": run.origin,
            "lensfun": run.has_xml,
            "imported": run.imported,
        }
        for run in catalogue().runs
    ]
