"""How far the user's own calibrations of a lens go: which settings they cover, and which to measure next."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from sixbit.lenses.own import Run
from sixbit.values.kinds import SPOKEN, Grade
from sixbit.values.lens import Lens
from sixbit.values.sentence import Sentence, in_a_row

WIDE_OPEN = 1.1
"""Times the f-number of a lens wide open that still count as wide open."""
GAP = 2.5
"""Stops between two apertures from which on one between them is worth having."""
STOPPED_DOWN = 5.0
"""The f-number from which on little changes any more."""
FULL_STOPS = (1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0, 16.0)
OF_ANY_APERTURE = ("distortion", "tca")


def coverage(lens: Lens, runs: Iterable[Run]) -> tuple[str, ...]:
    """Say by sentences which apertures, distances and bodies the runs with a lens cover, and what is missing.

    >>> from sixbit.lenses.catalogue import catalogue
    >>> coverage(catalogue().lenses["summilux-35-asph-fle"], ())[-1]
    'Next: lateral colour; fall-off wide open, at f/1.4.'
    """
    runs = [run for run in runs if run.lens_id == lens.lens_id]
    flats = [run for run in runs if "vignetting" in run.kinds and run.f_number]
    said: list[str] = [
        Sentence("Fall-off of yours on {body}: {settings}.", body=body, settings=_settings(those))
        for body, those in _by_body(flats).items()
    ]
    measured = {known.kind for known in lens.calibrations if known.grade is Grade.MEASURED}
    missing: list[str] = [SPOKEN[kind] for kind in OF_ANY_APERTURE if kind not in measured]
    if flats or "vignetting" not in measured:
        apertures = sorted({run.f_number for run in flats if run.f_number})
        missing += [
            Sentence("fall-off {apertures}", apertures=words) for words in _missing(lens.f_number_open, apertures)
        ]
    if missing:
        said.append(Sentence("Next: {missing}.", missing=in_a_row(missing, "; ")))
    return tuple(said)


def _by_body(runs: Sequence[Run]) -> dict[str, list[Run]]:
    bodies: dict[str, list[Run]] = {}
    for run in runs:
        body = run.model or Sentence("a camera that is not named")
        if run.compensated:
            body = Sentence("{body} that knew the lens", body=body)
        bodies.setdefault(body, []).append(run)
    return bodies


def _settings(runs: Sequence[Run]) -> str:
    """The apertures and near distances of runs in words."""
    at = sorted({(run.f_number or 0.0, run.distance_m or math.inf) for run in runs})
    return in_a_row(
        [
            f"f/{f:g}" if math.isinf(distance) else Sentence("f/{f:g} at {distance:g} m", f=f, distance=distance)
            for f, distance in at
        ]
    )


def _missing(widest: float, apertures: Sequence[float]) -> list[str]:
    """The apertures that are worth having, in words; ``apertures`` are those that there are, the widest first."""
    if not apertures or apertures[0] > WIDE_OPEN * widest:
        return [Sentence("wide open, at f/{widest:g}", widest=widest)]
    for wide, narrow in pairwise(apertures):
        if 2 * math.log2(narrow / wide) > GAP:
            between = min(FULL_STOPS, key=lambda f: abs(math.log(f * f / (wide * narrow))))
            return [
                Sentence(
                    "between f/{wide:g} and f/{narrow:g}, such as f/{between:g}",
                    wide=wide,
                    narrow=narrow,
                    between=between,
                )
            ]
    if apertures[-1] < STOPPED_DOWN:
        f_number = min(f for f in FULL_STOPS if f > STOPPED_DOWN and f > 1.8 * widest)
        return [Sentence("stopped down, at f/{f_number:g}", f_number=f_number)]
    return []
