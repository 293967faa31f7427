"""A heap of photos sorted: what they tell of one lens, measured here and now, with nothing written on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sixbit.calibration.learn import Learnt, keep, known_before, records
from sixbit.calibration.learn.studies import failed, studies_of, to_measure
from sixbit.calibration.learn.survey import LeftOut, Photo, Why, grouped, look
from sixbit.calibration.learn.walks import Walk, walks_of
from sixbit.calibration.learn.work import work
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.own import Run
from sixbit.values.choices import USUAL, Choices
from sixbit.values.errors import CalibrationError, Code, PhotoError
from sixbit.values.kinds import SPOKEN
from sixbit.values.sentence import Sentence, all_of, in_a_row
from sixbit.values.watch import Progress, silent

OTHER_LENS = Sentence("of another lens than the one that was chosen")
NAMED = {
    Why.AMBIGUOUS: Sentence("it may be of one lens or another"),
    Why.CORRECTED: Sentence("it was corrected already"),
    Why.CROP_MODE: Sentence("it was taken in a crop mode"),
    Why.FILM: Sentence("it is a scan of film"),
    Why.SENSOR: Sentence("the sensor of its camera is not known"),
}
"""Reasons of which the words name no more than what they are about."""


class HeapError(CalibrationError):
    """Nothing that a heap shows is worth keeping; ``brought`` says of each photo why not, by the name of its file."""

    brought: Mapping[str, str]


class KnownAlreadyError(CalibrationError):
    """A heap that shows no more than is known already, by ``runs`` from some of the same photos."""

    runs: tuple[Run, ...] = ()


@dataclass(frozen=True)
class Sorted:
    """All that a heap has shown: ``brought`` says of each photo, by the name of its file, what it was good for."""

    learnt: Learnt
    brought: Mapping[str, str]
    walks: Sequence[Walk]

    @property
    def verdict(self) -> tuple[str, ...]:
        """Findings in words, and what the photos would tell besides."""
        said = [words for finding in self.learnt.findings for words in finding.in_words]
        if self.walks:
            count = len(self.walks[0].photos)
            said.append(
                Sentence(
                    "{count} of these photos were taken shortly after each other and may overlap: as a dozen photos "
                    "of anything they may tell more.",
                    count=count,
                )
            )
        said.append(Sentence("Of fall-off photos of anything tell nothing by themselves: flats do."))
        return tuple(said)


def measure_heap(paths: Sequence[str | Path], choices: Choices = USUAL, progress: Progress = silent) -> Sorted:
    """Sort photos by what they are good for, and measure the lens of ``choices``, until it is sure enough.

    Photos that say no lens count as taken with it. Raises HeapError, with the reason, if none is of use, or if what
    they show is not worth keeping.
    """
    lens = catalogue().lens(choices.lens or "")
    looked: list[Photo | LeftOut] = []
    for number, path in enumerate(paths):
        progress(0.1 * number / len(paths), Sentence("looking at {photo}", photo=Path(path).name))
        found = look(str(path), lens)
        is_other = isinstance(found, Photo) and found.group.lens_id != lens.lens_id
        looked.append(LeftOut(str(path), Why.AMBIGUOUS, OTHER_LENS) if is_other else found)
    groups, left_out = grouped(looked)
    brought = {Path(one.path).name: _left_out(one) for one in left_out}
    findings, done, failures = [], dict[str, set[str]](), dict[str, str]()
    with records.in_memory():
        studies = studies_of(groups)
        while open_ones := [study for study in studies if not study.is_done]:
            tasks = to_measure(open_ones, done)
            for number, task in enumerate(tasks):
                step = Sentence("measuring {photo}", photo=Path(task.path).name)
                progress(0.1 + 0.8 * (number / len(tasks)), step)
                done.setdefault(task.path, set()).update(task.kinds)
                if answer := work(task):
                    failures[task.path] = getattr(answer, "reason", answer)
            for study in open_ones:
                answer = work(study.fit)
                study.conclude(failed(study, str(answer)) if isinstance(answer, PhotoError) else answer)
        findings = [study.found for study in studies if study.found]
    for photos in groups.values():
        for photo in photos:
            kinds = all_of([SPOKEN[kind] for kind in photo.kinds if kind in done.get(photo.path, ())])
            words = Sentence("Not needed: the others tell enough.")
            if photo.path in failures:
                words = Sentence("Left out: {why}", why=failures[photo.path])
            elif kinds:
                words = Sentence("Measured for {kinds}.", kinds=kinds)
            brought[Path(photo.path).name] = words
    learnt = Learnt(groups, findings, left_out, failures, len(done))
    sorted_heap = Sorted(learnt, brought, walks_of(groups, findings))
    if not any(finding.is_known for finding in findings):
        why = in_a_row(sorted_heap.verdict if groups else sorted({*brought.values()}), " ")
        error = HeapError(Sentence("Nothing here is worth keeping. {why}", why=why), Code.FRAMES)
        error.brought = brought
        raise error
    return sorted_heap


def _left_out(one: LeftOut) -> str:
    """Say why a photo is left out."""
    words = one.words
    if one.why in NAMED and one.words != OTHER_LENS:
        named = NAMED[one.why]
        words = Sentence("{why} ({words})", why=named, words=words.removesuffix(".")) if words else named
    return Sentence("Left out: {why}.", why=words or str(one.why))


def keep_heap(result: Sorted) -> tuple[Run, ...]:
    """Keep what was found; KnownAlreadyError if all of it is known as well already, from some of the same photos."""
    if kept := keep(result.learnt):
        return kept
    error = KnownAlreadyError("From some of these photos it is known as well already: that stays.", Code.NO_RUN)
    error.runs = known_before(result.learnt)
    raise error
