"""Lenses learnt from an archive: photos that are there already, taken of anything.

    learnt = learn([Path("photos")])
    for finding in learnt.findings: ...
    keep(learnt)

All photos are looked at (``survey``), those of a lens on a body measured a few at a time (``studies``) by processes of
this machine (``pool``, ``work``), until they are sure enough. What was measured in a photo is kept in the user's cache
(``records``), so that the same call goes on where it was stopped; the archive itself is never written to.
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sixbit.calibration.keep import add, remove, runs, together
from sixbit.calibration.learn import records
from sixbit.calibration.learn.findings import Finding
from sixbit.calibration.learn.pool import Processes
from sixbit.calibration.learn.studies import Study, failed, studies_of, to_measure
from sixbit.calibration.learn.survey import Group, LeftOut, Photo, Why, grouped
from sixbit.calibration.learn.walks import Walk, walks_of
from sixbit.calibration.learn.work import OF_ARCHIVE, Look
from sixbit.export.batch import interruptible
from sixbit.export.batch.sources import find
from sixbit.lenses.own import Run, weight_of
from sixbit.values.errors import CalibrationError, Code, PhotoError
from sixbit.values.kinds import KINDS

Watching = Callable[[int, int, str], None]
"""Called with how many steps are done, how many there are by what is known now, and what is being done."""


@dataclass(frozen=True)
class Learnt:
    """All that an archive has shown: ``findings`` group by group, and what nothing was learnt from."""

    groups: Mapping[Group, Sequence[Photo]]
    findings: Sequence[Finding]
    left_out: Sequence[LeftOut]
    failures: Mapping[str, str]
    """Photos that could not be measured, by path, and why; and folders that could not be read."""
    measured: int
    """Photos whose pixels were looked at, now or by an earlier call."""
    walks_without_library: int = 0
    """Runs of photos that may overlap, and that were not measured as pycolmap is not there."""

    @property
    def reasons(self) -> Mapping[Why, int]:
        """How many photos were left out for each reason."""
        return Counter(one.why for one in self.left_out)


def learn(
    folders: Iterable[str | Path],
    *,
    f_number: float | None = None,
    memory: int | None = None,
    progress: Watching = lambda done, together, step: None,
) -> Learnt:
    """Measure the lenses of the photos in folders, all that is below them; goes on where it was stopped.

    ``f_number`` is what the ring said in all of them, whatever the camera guessed. ``memory`` is a budget in bytes for
    all processes together, half of the machine's by default. Nothing is kept: see :func:`keep`. Raises PhotoError for a
    folder that is not there, KeyboardInterrupt when stopped.
    """
    named = [Path(folder) for folder in folders]
    for folder in named:
        if not os.path.exists(folder):  # noqa: PTH110 - a name may be longer than one can be
            raise PhotoError("there is no such folder.", Code.NOT_FOUND, subject=folder)
    records.clear_out()
    sources, unread = find(named)
    failures = dict.fromkeys(unread, "")
    with interruptible() as stopped, Processes(memory) as processes:
        looked: list[Photo | LeftOut] = []
        for task, answer in processes.answers([Look(source.absolute) for source in sources], stopped):
            is_error = isinstance(answer, PhotoError)
            looked.append(LeftOut(task.path, Why.UNREADABLE, str(answer)) if is_error else answer)
            progress(len(looked), len(sources), "looking at photos")
        groups, left_out = grouped(looked)
        studies = studies_of(groups)
        done: dict[str, set[str]] = {}
        while not stopped() and (open_ones := [study for study in studies if not study.is_done]):
            for task, answer in processes.answers(to_measure(open_ones, done), stopped):
                done.setdefault(task.path, set()).update(task.kinds)
                if answer:
                    failures[task.path] = str(getattr(answer, "reason", answer))
                progress(len(done), _together(studies), "measuring")
            if not stopped():
                _conclude(open_ones, processes)
        findings = [study.found for study in studies if study.found]
        walks = [] if stopped() else walks_of(groups, findings, f_number)
        has_library = importlib.util.find_spec("pycolmap") is not None
        if walks and has_library:
            findings += _walked(walks, processes, stopped, progress)
    in_order = sorted(findings, key=lambda one: (one.group, KINDS.index(one.kind), one.f_number or 0.0))
    return Learnt(groups, in_order, left_out, failures, len(done), 0 if has_library else len(walks))


def _walked(
    walks: Sequence[Walk], processes: Processes, stopped: Callable[[], bool], progress: Watching
) -> Iterator[Finding]:
    """Yield the findings of the runs, in their order."""
    found: dict[Walk, list[Finding]] = {}
    for walk, answer in processes.answers(walks, stopped):
        found[walk] = [] if isinstance(answer, PhotoError) else answer
        progress(len(found), len(walks), "looking at photos that overlap")
    for walk in walks:
        yield from found.get(walk, [])


def _conclude(studies: Sequence[Study], processes: Processes) -> None:
    by_fit = {study.fit: study for study in studies}
    for task, answer in processes.answers(list(by_fit)):
        study = by_fit[task]
        study.conclude(failed(study, str(answer)) if isinstance(answer, PhotoError) else answer)


def _together(studies: Sequence[Study]) -> int:
    """Photos that will have been measured in the end, as far as is known now."""
    most: dict[Group, int] = {}
    for study in studies:
        most[study.group] = max(most.get(study.group, 0), study.most)
    return sum(most.values())


def keep(learnt: Learnt) -> tuple[Run, ...]:
    """Keep what is worth keeping, for every program; returns the runs.

    A photo counts once: what was learnt before from some of the same photos goes, unless it was known as well. What the
    user measured from them otherwise stays, and counts if it is the surer.
    """
    with together():
        return tuple(run for finding in learnt.findings if (run := _kept(finding, learnt)))


def known_before(learnt: Learnt) -> tuple[Run, ...]:
    """List the runs that tell as much already as what was found, and of some of the same photos."""
    return tuple(
        run
        for finding in learnt.findings
        if finding.is_known
        for run in runs(finding.group.lens_id)
        if _shares_photos(run, finding) and _stays(run, finding)
    )


def _kept(finding: Finding, learnt: Learnt) -> Run | None:
    """Keep a finding, if it is worth it and surer than what there is of the same photos."""
    if not finding.is_known or finding.model is None or finding.worth is None:
        return None
    group, known = finding.group, finding.worth.known
    earlier = [run for run in runs(group.lens_id) if _shares_photos(run, finding)]
    if any(_stays(run, finding) for run in earlier):
        return None
    shutters = [photo.shutter for photo in learnt.groups[group] if photo.identity in finding.photos]
    models: dict[str, Any] = {finding.kind: finding.model}
    kept = add(
        group.setting(finding.f_number, finding.turned, finding.compensated),
        finding.source,
        known={finding.kind: known},
        known_if_said={finding.kind: finding.known_if_said} if finding.known_if_said else None,
        centre=finding.centre,
        learnt_from=(*finding.photos, *filter(None, shutters)),
        **models,
    )
    for run in earlier:
        with suppress(CalibrationError):  # somebody else has removed it meanwhile
            remove(run.name)
    return kept


def _shares_photos(run: Run, finding: Finding) -> bool:
    """True if a run was learnt from some of the same photos, of whatever aperture it is: a photo has only one."""
    return (
        run.kinds == (finding.kind,)
        and OF_ARCHIVE in run.source
        and run.compensated in (finding.compensated, None)
        and bool({*run.learnt_from} & {*finding.photos})
    )


def _stays(run: Run, finding: Finding) -> bool:
    """True if a run tells as much as a finding of some of the same photos: an aperture that was said beats a guess."""
    was_guessed, is_guessed = bool(run.known_if_said), finding.known_if_said is not None
    if was_guessed != is_guessed:
        return is_guessed
    if run.f_number != finding.f_number and not is_guessed:
        return False  # it was said anew
    assert finding.worth
    weight = weight_of(finding.kind, finding.worth.known, finding.group.half_diagonal_px)
    return run.weight(finding.kind) >= weight
