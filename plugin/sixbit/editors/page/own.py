"""The user's own calibrations as the page lists them."""

from __future__ import annotations

from typing import Any

from sixbit.lenses.catalogue import catalogue
from sixbit.values.errors import CalibrationError, Code, photo_name
from sixbit.values.kinds import SPOKEN

LONGEST_NAME = 120


def curves_of(name: str) -> list[dict[str, Any]]:
    """Return the plots of one of them. Raises CalibrationError if there is none of this name."""
    from sixbit.editors.page.plots import of_run

    found = next((run for run in catalogue().runs if run.name == name), None)
    if found is None:
        raise CalibrationError(f"There is no calibration {photo_name(name[:LONGEST_NAME])!r} of yours.", Code.NO_RUN)
    return [plot.as_json() for plot in of_run(found)]


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
