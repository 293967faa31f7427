"""Tasks that the processes of :mod:`sixbit.calibration.learn` do: a photo looked at, measured, or photos fitted.

A photo is decoded and measured once, and what it shows is kept as few numbers in a record. Fits are made of records
alone, always in the order of the group: so the answer is the same whatever was finished first or killed meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sixbit.calibration.learn import records
from sixbit.calibration.learn.walks import Walk
from sixbit.faults import in_words, is_strict, logged
from sixbit.lenses.turned import one_way
from sixbit.values.errors import CalibrationError, Code, PhotoError, SixbitError, photo_name
from sixbit.values.sentence import Sentence, of_error

if TYPE_CHECKING:
    from sixbit.calibration.learn.findings import Finding
    from sixbit.calibration.learn.survey import Group, LeftOut, Photo
    from sixbit.measure.frame import DecodedFrame
    from sixbit.measure.straightness import Straightening

MOST_LINES = 150
"""Lines that are kept of a photo, the longest: those of a wood are many and say little."""
MOST_BLOCKS = 900
"""Blocks with edges that are measured in a photo."""
OF_ARCHIVE = "of an archive"
"""Said in the source of all that is learnt."""
SAID = "its aperture said"


class Look(NamedTuple):
    """A photo to be looked at."""

    path: str


class Measure(NamedTuple):
    """A photo to be measured in some kinds."""

    path: str
    kinds: tuple[str, ...]


class Fit(NamedTuple):
    """Photos of a group to be fitted in a kind."""

    group: Group
    kind: str
    photos: tuple[Photo, ...]


def work(task: Any) -> Any:
    """Do a task; what goes wrong with a photo is an answer, and ends nothing else."""
    try:
        return _DEEDS[type(task)](task)
    except Exception as error:
        if is_strict():
            raise
        log = logged(f"learning by {task!r:.200}", error)
        more = Sentence("; {log} says more", log=photo_name(log)) if log else ""
        return PhotoError(Sentence("Sixbit made a mistake ({why}){more}.", why=in_words(error), more=more), Code.FAULT)


def _look(task: Look) -> Photo | LeftOut:
    from sixbit.calibration.learn.survey import look

    return look(task.path)


def _measure(task: Measure) -> str:
    """Measure a photo, keep what it shows, and say what was wrong with it, if anything was."""
    try:
        missing = {kind: records.record_of(task.path, kind) for kind in task.kinds}
        missing = {kind: record for kind, record in missing.items() if not records.has(record)}
        if not missing:
            return ""
        from sixbit.calibration.frames import check_whole, open_frame

        frame = open_frame(task.path)
        check_whole(frame.shot)
        for kind, record in missing.items():
            try:
                found = _MEASURES[kind](frame)
            except CalibrationError:  # it is too small, or has no colours
                found = {}
            records.save(record, {**found, "size": frame.size})
    except (SixbitError, OSError) as error:
        return str(error)
    return ""


def _lines(frame: DecodedFrame) -> records.Arrays:
    """The longest lines of a photo. No chart is looked for: nobody keeps many, and its rows are lines."""
    import numpy as np

    from sixbit.measure.lines import lines_of

    found = lines_of(frame, charts=False)
    longest = np.sort(np.argsort(-found.lines.lengths, kind="stable")[:MOST_LINES])
    lines = found.lines.only(np.isin(np.arange(len(found.lines)), longest))
    return {"points": lines.points.astype(np.float32), "px": lines.px, "searched": found.picture.shape}


def _edges(frame: DecodedFrame) -> records.Arrays:
    """The displacements of red and blue in blocks with edges."""
    import numpy as np

    from sixbit.measure.displacement import sharp_blocks
    from sixbit.measure.tca import displaced_in
    from sixbit.photos.jpeg import has_halved_chroma

    if frame.pixels.ndim < 3 or frame.pixels.shape[2] < 3:
        return {}
    blocks = sharp_blocks(frame.pixels, frame.transfer, halved_chroma=has_halved_chroma(frame.path))
    found = displaced_in(blocks.every(-(-len(blocks.x) // MOST_BLOCKS) or 1))
    tells = np.isfinite(found.error).any(axis=0)
    return {
        "places": np.stack([found.x, found.y])[:, tells],
        "shifts": np.stack([found.value, found.error])[..., tells].astype(np.float32),
        "half_diagonal": found.half_diagonal,
        "halved_chroma": found.halved_chroma,
    }


def _fit(task: Fit) -> Finding:
    from sixbit.calibration.learn.findings import Finding
    from sixbit.measure.worth import NothingToCorrectError, Outcome

    shown = []
    for photo in task.photos:
        try:
            found = records.load(records.record_of(photo.path, task.kind))
        except OSError:  # it was there when it was measured
            continue
        if found and len(found) > 1:
            shown.append((photo.identity, found))
    photos = tuple(identity for identity, _ in shown)
    outcome = Outcome.UNSURE
    why: str = Sentence("none of its photos could be measured.")
    try:
        if shown:
            finding = _FITS[task.kind](task.group, shown)
            ways = (photo.turned for photo in task.photos if photo.identity in finding.photos)
            return replace(finding, turned=one_way(ways))
    except NothingToCorrectError as error:
        outcome, why = Outcome.NOTHING, of_error(error)
    except CalibrationError as error:
        why = of_error(error)
    return Finding(task.group, task.kind, outcome, photos, "", why)


Shown = Sequence[tuple[str, Mapping[str, Any]]]
"""Photos by their identities, with what was measured in them."""


def _distortion(group: Group, shown: Shown) -> Finding:
    """Fit the distortion to all photos; if their edges disagree, to the half that has the most of long ones."""
    from sixbit.measure.lines import LinesError

    try:
        return _straightened(group, shown)
    except LinesError as error:
        if len(shown) < 4:
            raise
        every = error.seen.fit
        rich = sorted(shown, key=lambda one: (-_length(one[1]["points"]), one[0]))[: len(shown) // 2]
        among = {identity for identity, _ in rich}
        return _straightened(group, [one for one in shown if one[0] in among], every)


def _length(points: Any) -> float:
    import numpy as np

    return float(np.hypot(*(points[:, -1] - points[:, 0]).T).sum())


def _straightened(group: Group, shown: Shown, rival: Straightening | None = None) -> Finding:
    """Fit the distortion to photos; how far a ``rival`` is from it, which all photos have shown, is in its error."""
    import numpy as np

    from sixbit.calibration.learn.findings import Finding
    from sixbit.measure.lines import NoDistortionError, PhotoLines, fit_lines
    from sixbit.measure.straightness import Lines, error_by_photo, without_nodes
    from sixbit.measure.worth import Outcome
    from sixbit.values.lens import Model

    photos = []
    for _, one in shown:
        points = one["points"].astype(np.float64)
        picture = np.broadcast_to(np.uint8(0), tuple(one["searched"]))  # of which the shape alone is asked
        photos.append(PhotoLines(Lines(points, one["px"], np.zeros(len(points), int)), None, picture))
    width, height = map(int, shown[0][1]["size"])
    try:
        found = fit_lines(photos, (width, height))
        seen, model, nothing = found.seen, found.distortion, None
    except NoDistortionError as error:
        seen, model, nothing = error.seen, None, error
    worth = seen.worth
    assert seen.fit
    assert worth
    farthest = math.hypot(width - 1, height - 1) / (min(width, height) - 1)
    by_photo = error_by_photo(seen.lines, seen.fit, farthest, worth.weights)
    off = np.hypot(worth.error, 100 * by_photo)
    if rival:
        away = seen.fit.apart_from(rival.polynomial, farthest, worth.weights)
        off = np.hypot(off, 100 * without_nodes(np.abs(away), worth.weights))
    worth = replace(worth, error=off)
    if nothing and worth.outcome is Outcome.NOTHING:
        raise nothing
    return Finding(
        group,
        "distortion",
        worth.outcome,
        tuple(identity for identity, _ in shown),
        f"lines in {_counted(len(shown))} {OF_ARCHIVE}",
        "" if worth.outcome is Outcome.WORTH_KEEPING else f"Not enough: {worth.why_unsure(seen.helps)}",
        model=model or Model(seen.fit.model, seen.fit.terms),
        worth=worth,
        centre=(float(seen.centre[0]), float(seen.centre[1])) if seen.centre.any() else None,
    )


def _lateral_colour(group: Group, shown: Shown) -> Finding:
    import numpy as np

    from sixbit.calibration.learn.findings import Finding
    from sixbit.measure.tca import Displaced, fit_displaced

    photos = []
    for _, one in shown:
        (x, y), (value, error) = one["places"], one["shifts"].astype(np.float64)
        photos.append(Displaced(x, y, value, error, float(one["half_diagonal"]), bool(one["halved_chroma"])))
    found = fit_displaced(photos, group.aspect_ratio)
    return Finding(
        group,
        "tca",
        found.worth.outcome,
        tuple(identity for identity, _ in shown),
        f"edges of {_counted(len(shown))} {OF_ARCHIVE}",
        model=found.model,
        worth=found.worth,
    )


def _walk(task: Walk) -> list[Finding]:
    """Measure a run of overlapping photos, whose findings are kept as well: it takes minutes."""
    try:
        record = records.record_of_walk([photo.path for photo in task.photos], (task.group, task.f_number, task.kinds))
        found = records.load(record)
        if found is None:
            found = _overlap(task)
            records.save(record, found)
    except (SixbitError, OSError):  # a photo that is gone, or a disk that is full
        return []
    return _findings_of_walk(task, found)


def _overlap(task: Walk) -> dict[str, Any]:
    """The models and errors of a run as arrays, and in words why there are none of a kind."""
    from sixbit.calibration.overlap import measure_overlap
    from sixbit.values.choices import Choices

    lens = task.group.setting().lens
    # Where the aperture is not known, any will do: nothing that is of an aperture is asked for then.
    f_number = task.f_number or lens.f_number_open or 8.0
    choices = Choices(lens.lens_id, task.group.crop_factor, task.group.focal_mm, f_number)
    arrays: dict[str, Any] = {"of": len(task.photos)}
    try:
        found = measure_overlap([photo.path for photo in task.photos], choices).found
    except CalibrationError as error:
        if error.code is Code.MISSING_PART:
            raise
        return {**arrays, "why": str(error)}
    arrays["why"] = " ".join(found.unsure)
    for kind in task.kinds:
        model, worth = getattr(found, kind, None), found.worth.get(kind)
        if model is None or worth is None:
            continue
        arrays[f"{kind}-model"], arrays[f"{kind}-terms"] = model.name, model.terms
        arrays[f"{kind}-worth"] = (*worth.correction, *worth.error, worth.weights)
        arrays[f"{kind}-reach"] = worth.reach
    arrays["centre"] = found.centre
    return arrays


def _findings_of_walk(task: Walk, found: Mapping[str, Any]) -> list[Finding]:
    from sixbit.calibration.keep import AS_GUESSED
    from sixbit.calibration.learn.findings import Finding
    from sixbit.measure.aperture import if_guessed
    from sixbit.measure.worth import Outcome, Worth
    from sixbit.values.lens import Model

    findings = []
    for kind in task.kinds:
        if f"{kind}-model" not in found:
            findings.append(_unknown(task, kind, f"{_overlapping(found)}: {found['why']}"))
            continue
        *curves, weights = found[f"{kind}-worth"]
        half = len(curves) // 2
        worth = Worth(kind, _stacked(curves[:half]), _stacked(curves[half:]), weights, float(found[f"{kind}-reach"]))
        source, why, if_said = f"{_overlapping(found)} {OF_ARCHIVE}", "", None
        if kind == "vignetting" and task.off and task.f_number:
            if_said = worth.known
            worth = if_guessed(worth, task.f_number, task.group.setting().lens.f_number_open, task.off)
            source += f", f/{task.f_number:g}{AS_GUESSED}"
            if worth.outcome is Outcome.UNSURE:
                why = f"{_overlapping(found)}: the camera guessed the aperture. {worth.why_unsure(SAID)}"
        x, y = (float(at) for at in found["centre"])
        findings.append(
            Finding(
                task.group,
                kind,
                worth.outcome,
                tuple(photo.identity for photo in task.photos),
                source,
                why,
                model=Model(str(found[f"{kind}-model"]), tuple(float(term) for term in found[f"{kind}-terms"])),
                worth=worth,
                centre=(x, y) if kind == "distortion" and (x or y) else None,
                f_number=task.f_number if kind == "vignetting" else None,
                known_if_said=if_said,
                compensated=task.photos[0].compensated if kind == "vignetting" else "",
                turned=one_way(photo.turned for photo in task.photos),
            )
        )
    return findings


def _overlapping(found: Mapping[str, Any]) -> str:
    return f"{int(found['of'])} overlapping photos"


def _unknown(task: Walk, kind: str, why: str) -> Finding:
    from sixbit.calibration.learn.findings import Finding
    from sixbit.measure.worth import Outcome

    f_number = task.f_number if kind == "vignetting" else None
    return Finding(task.group, kind, Outcome.UNSURE, (), "", why, f_number=f_number)


def _stacked(curves: Sequence[Any]) -> Any:
    import numpy as np

    return np.stack(curves)


def _counted(number: int) -> str:
    return f"{number} photo{'s' * (number != 1)}"


_DEEDS: Mapping[type, Callable[[Any], Any]] = {Look: _look, Measure: _measure, Fit: _fit, Walk: _walk}
_MEASURES: Mapping[str, Callable[[DecodedFrame], records.Arrays]] = {"distortion": _lines, "tca": _edges}
_FITS: Mapping[str, Callable[[Group, Shown], Finding]] = {"distortion": _distortion, "tca": _lateral_colour}
