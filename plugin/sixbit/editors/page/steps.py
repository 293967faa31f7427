"""The measurements that the page leads through, and what it shows of each: the one place that knows their functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sixbit.calibration import flat, lines, overlap, tca
from sixbit.calibration.learn import heap
from sixbit.editors.page import plots
from sixbit.editors.page.pictures import heat_map, lines_before_after, lines_seen, paths_seen, where_seen
from sixbit.editors.page.plots import Plot
from sixbit.editors.page.trouble import Trouble
from sixbit.lenses.own import Run
from sixbit.measure.lines import LinesError
from sixbit.measure.seen import SeenLines
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, SixbitError
from sixbit.values.known import SURE
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress


class OfPhoto(NamedTuple):
    """One photo: in words what it brought, and a picture of that."""

    words: str
    picture: bytes = b""


@dataclass(frozen=True)
class Findings:
    """A result to be looked at: sentences, plots, pictures as PNG or JPEG with what they show, and what each photo
    brought. There may be something to look at even if the measurement was refused.
    """

    verdict: tuple[str | Trouble, ...]
    plots: tuple[Plot, ...] = ()
    pictures: tuple[tuple[str, bytes], ...] = ()
    photos: Mapping[str, OfPhoto] = field(default_factory=dict)
    """By the names of their files."""
    refusal: SixbitError | None = None
    """Why there is no result."""


def _nothing(_result: Any) -> str:
    return ""


def _nothing_seen(_error: SixbitError) -> Findings | None:
    return None


@dataclass(frozen=True)
class Step:
    """A measurement: ``measure(paths, choices, progress)`` gives a result, which ``keep`` saves.

    Where measuring needs to write files, ``read(paths, progress)`` goes before it: that decodes the photos, which is
    done by a process that can write none, and what it gives is measured instead of their paths, by another process.

    ``settings`` names what can be said of the frames, where their tags do not. ``brief`` says a result in a few words,
    to stand beside others. What is of one aperture has ``at_aperture``, which says afterwards at which a result was
    taken; its photos are measured apart if they are of several. ``refused`` shows what a refusal has seen, if anything.
    Without ``takes_back``, ``keep`` itself sees to what was kept of the same photos.
    """

    settings: tuple[str, ...]
    measure: Callable[[Any, Choices, Progress], Any]
    findings: Callable[[Any], Findings]
    keep: Callable[[Any], Run | tuple[Run, ...]]
    brief: Callable[[Any], str] = _nothing
    at_aperture: Callable[..., Any] | None = None
    read: Callable[[Sequence[Path], Progress], Any] | None = None
    refused: Callable[[SixbitError], Findings | None] = _nothing_seen
    takes_back: bool = True


def _of_flat(result: flat.FlatResult) -> Findings:
    found = result.found
    made = [plots.of_light(found.worth, found.curves["light"])]
    if found.shading_worth:
        made.append(plots.of_shading(found.shading_worth, found.curves))
    caption = Sentence(
        "What the fit of the light leaves: blue is 1 % too dark, red 1 % too bright, grey was left out as dust, and "
        "what shows nothing fits"
    )
    pictures = ((caption, heat_map(found.residuals["light"])),)
    return Findings(tuple(result.verdict), tuple(made), pictures, _each(result))


def _of_lines(result: lines.LinesResult) -> Findings:
    seen, names = result.found.seen, dict(enumerate(result.frames))
    pictures = lines_before_after(seen, names)
    return Findings(tuple(result.verdict), plots.of_lines(result.found), pictures, _of_each(seen, names))


def _of_refused_lines(error: SixbitError) -> Findings | None:
    """Show lines that were not enough, or not of one lens."""
    if not isinstance(error, LinesError):
        return None
    seen, names = error.seen, dict(enumerate(error.names))
    each, refusal = _of_each(seen, names), CalibrationError(error.reason, error.code, error.subject)
    pictures = [(_edges_of(name, seen.fit is not None), one.picture) for name, one in each.items() if one.picture]
    return Findings((), plots.of_refusal(error), tuple(pictures), each, refusal)


def _edges_of(name: str, are_fitted: bool) -> Sentence:
    if are_fitted:
        return Sentence("{photo}: the edges found in it; red are those that agree on one lens", photo=name)
    return Sentence("{photo}: the edges found in it; no lens could be fitted to them", photo=name)


def _of_each(seen: SeenLines, names: dict[int, str]) -> dict[str, OfPhoto]:
    drawn = lines_seen(seen)
    return {names[number]: OfPhoto(one.in_words, drawn.get(number, b"")) for number, one in seen.brought.items()}


def _of_tca(result: tca.TcaResult) -> Findings:
    curves = plots.of_tca(result.found.worth, result.found.curves)
    return Findings(tuple(result.verdict), (curves,), (), _each(result))


def _each(result: flat.FlatResult | tca.TcaResult) -> dict[str, OfPhoto]:
    return {name: OfPhoto(words) for name, words in zip(result.frames, result.found.brought, strict=True)}


def _of_overlap(result: overlap.OverlapResult) -> Findings:
    found = result.found
    curves = plots.of_overlap(found.worth, found.curves, found.distortion, math.hypot(*found.extent))
    places = Sentence(
        "Where in the picture the same points were seen, all photos together: what lies farther out is continued"
    )
    each = _of_run(result)
    pictures = ((places, where_seen(found.seen, found.extent)),)
    return Findings(tuple(result.verdict), curves, pictures, each)


def _of_run(result: overlap.OverlapResult) -> dict[str, OfPhoto]:
    """Say of each photo of a run how many points it shares, and draw them with their paths from photo to photo."""
    found, each = result.found, {}
    drawn = paths_seen(found.seen, found.sights) if found.sights else {}
    shared = np.bincount(found.sights.photo, minlength=len(found.used)) if found.sights else found.used
    for number, (name, used) in enumerate(zip(result.frames, found.used, strict=True)):
        words = Sentence("Left out, as it shares too few points with others.")
        if used:
            words = Sentence(
                "It shares {count} points with others; lines show how they moved from photo to photo.",
                count=int(shared[number]),
            )
        each[name] = OfPhoto(words, drawn.get(number, b""))
    return each


def _of_heap(result: heap.Sorted) -> Findings:
    verdict = tuple(words.strip() for words in result.verdict)
    made = [plot for finding in result.learnt.findings if finding.is_known for plot in plots.of_finding(finding)]
    return Findings(verdict, tuple(made), (), {name: OfPhoto(words) for name, words in result.brought.items()})


def _of_refused_heap(error: SixbitError) -> Findings | None:
    """Say of each photo why it was of no use."""
    if not isinstance(error, heap.HeapError):
        return None
    refusal = CalibrationError(error.reason, error.code)
    return Findings((), (), (), {name: OfPhoto(words) for name, words in error.brought.items()}, refusal)


def _brief_of_flat(result: flat.FlatResult) -> str:
    error = max(SURE * result.found.worth.known.error[-1], 0.01)
    stops = -math.log2(result.found.corner_light)
    return Sentence("{stops:.2f} ± {error:.2f} stops darker", stops=stops, error=error)


STEPS = {
    "flat": Step(
        ("f_number", "distance_m", "focal_mm", "crop_factor"),
        flat.measure_flat,
        _of_flat,
        flat.keep,
        _brief_of_flat,
        flat.at_aperture,
    ),
    "lines": Step(("focal_mm", "crop_factor"), lines.measure_lines, _of_lines, lines.keep, refused=_of_refused_lines),
    "tca": Step(("focal_mm", "crop_factor"), tca.measure_tca, _of_tca, tca.keep),
    "overlap": Step(
        ("f_number", "focal_mm", "crop_factor"),
        overlap.join_overlap,
        _of_overlap,
        overlap.keep,
        read=overlap.read_overlap,
    ),
    "heap": Step((), heap.measure_heap, _of_heap, heap.keep_heap, refused=_of_refused_heap, takes_back=False),
}
"""By name, as the command line has them; ``heap`` is what ``sixbit learn`` does."""
