"""Many photos, unattended: ``sixbit batch``, and what the editors' plug-ins call to export.

    done = batch([Path("photos")], Path("corrected"), presets.load("full-jpeg"))
    print(done.table())

Sources are found (``sources``) and given their targets (``plan``); each is a task, done by one function (``work``) in
processes of this machine or of a cluster (``pool``). What is done is kept in a ledger in the output folder
(``ledger``), so that the same call goes on where it was stopped; what became of each photo is told in ``report``.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sixbit.export.batch.ledger import Ledger, Record, held
from sixbit.export.batch.outcome import STATES, Outcome, is_outcome, outcome_of
from sixbit.export.batch.plan import Stems, Task, is_done, is_output, settings_digest
from sixbit.export.batch.record import failed
from sixbit.export.batch.report import write_reports
from sixbit.export.batch.sources import Source, find
from sixbit.export.presets import Preset
from sixbit.export.ways_out import BY_PRESET
from sixbit.files.limits import PIXELS, most_pixels
from sixbit.files.replace import make_folder, sweep
from sixbit.values.errors import Code, PhotoError
from sixbit.values.ways_out import WaysOut

if TYPE_CHECKING:
    from sixbit.export.batch.pool import Pool

RAW = "is a raw file, which is not developed here."
EXISTS = "a file of its name stands in the output folder already."
_PRIVATE = ".sixbit"


@dataclass(frozen=True)
class Summary:
    """The end of a batch: its photos by status, the failures, and the report."""

    counts: Mapping[str, int]
    """Photos by status."""
    before: int
    """How many of them were done by an earlier run."""
    failures: Sequence[Outcome]
    report: Path
    """The HTML page; the same as lines of JSON stands beside it."""

    def table(self) -> str:
        """The counts as lines of text."""
        return table(self.counts, self.before)


def table(counts: Mapping[str, int], before: int = 0) -> str:
    """Counts of photos by status as lines of text; ``before`` is how many of them an earlier run did.

    >>> print(table({"corrected": 3, "failed": 1}, 2))
    corrected    3
    failed       1
    together     4   (2 of them before)
    """
    lines = [f"{status:10}{count:4}" for status, count in counts.items() if count]
    told = f"   ({before} of them before)" if before else ""
    return "\n".join([*lines, f"{'together':10}{sum(counts.values()):4}{told}"])


def batch(
    photos: Iterable[str | Path],
    folder: str | Path,
    preset: Preset,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    memory: int | None = None,
    seconds: float | None = None,
    scheduler: str | None = None,
    large: bool = False,
    ways_out: WaysOut = BY_PRESET,
    progress: Callable[[int, int, Outcome], None] = lambda done, together, outcome: None,
) -> Summary:
    """Export photos, and those in folders, by a preset into a folder that mirrors theirs; goes on where it was stopped.

    ``include`` and ``exclude`` are patterns for names (``*.jpg``) or, with a slash, for paths below a folder.
    ``memory`` is a budget in bytes for all processes together, half of the machine's by default. ``seconds`` of a
    processor are what a photo may take before it counts as failed; by default that follows from its size.
    ``scheduler`` is the address of a Dask cluster whose workers see the same folders, and look at no seconds. ``large``
    lets photos of more than 250 million pixels be decoded. ``progress`` is called after each photo with how many are
    done, how many there are, and what became of it; what it raises stops the batch, which can be taken up again.
    ``ways_out`` is what the report tells to do about photos that were not corrected.

    Raises PhotoError if it cannot begin, and KeyboardInterrupt when stopped; a photo that fails is counted.
    """
    from sixbit.export.batch.pool import pool_of

    folder = _absolute(folder)
    with held(folder / _PRIVATE):
        plan = _Plan(photos, folder, preset, include, exclude, large)
        plan.ledger.claim(plan.new_targets)
        waiting = [task for task in plan.tasks.values() if not plan.is_done(task)]
        redone = {task.source for task in waiting} | plan.failed.keys()
        if redone:
            _work(plan, waiting, pool_of(scheduler, memory, seconds), progress)

        def outcomes() -> Iterator[Outcome]:
            for source in plan.sources:
                yield plan.outcome(source, before=source.absolute not in redone)

        counts = dict.fromkeys(STATES, 0)
        before, failures = 0, []
        for outcome in outcomes():
            counts[outcome.status] += 1
            before += outcome.before
            if outcome.status == "failed":
                failures.append(outcome)
        for folder_name in plan.unread:
            failures.append(Outcome(Path(folder_name), "failed", "cannot be read.", "error", codes=(Code.NO_ACCESS,)))
        return Summary(counts, before, failures, write_reports(folder, preset, counts, outcomes, ways_out))


def _work(plan: _Plan, waiting: Sequence[Task], pool: Pool, progress: Callable[[int, int, Outcome], None]) -> None:
    """Do the tasks that wait, and note down what becomes of them, and of photos that cannot be one."""
    closed = _made_ready(plan.folder, {task.place for task in waiting})
    unfit = [(task, failed(task, closed[place])) for task in waiting if (place := task.place) in closed]
    fit = [task for task in waiting if task.place not in closed]
    together = len(plan.sources)
    before = together - len(plan.failed) - len(waiting)
    try:
        with interruptible() as stopped, contextlib.closing(pool.records(fit, stopped)) as records:
            every = itertools.chain(plan.failed.values(), unfit, records)
            for done, (task, record) in enumerate(every, before + 1):
                plan.ledger.add(record)
                progress(done, together, outcome_of(task.photo, record, plan.folder))
    except BaseException:
        for _, record in pool.finished():
            plan.ledger.add(record)
        raise
    _made_ready(plan.folder, {task.place for task in fit})  # clear of what a process left that died meanwhile


def _made_ready(folder: Path, places: Iterable[Path]) -> dict[Path, Exception]:
    """Make folders, clear of what killed processes left in them; return why one cannot be had."""
    closed: dict[Path, Exception] = {}
    for place in {folder, *places}:
        try:
            _stay_in(folder, place)
            make_folder(place)
            sweep(place)
        except Exception as error:  # it is of no account to photos of other folders
            closed[place] = error
    return closed


def foreseen(
    photos: Iterable[str | Path],
    folder: str | Path,
    preset: Preset,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
) -> Iterator[Outcome]:
    """Tell what :func:`batch` would do to each photo; nothing is written, and no pixels are read."""
    from sixbit.export.batch import work

    folder = _absolute(folder)
    plan = _Plan(photos, folder, preset, include, exclude)
    for source in plan.sources:
        task = plan.tasks.get(source.absolute)
        if task is None or plan.is_done(task):
            yield plan.outcome(source, before=source.absolute not in plan.failed)
        else:
            yield outcome_of(source.path, work.foreseen(task), folder)


class _Plan:
    """The sources, and the tasks of those that are to be worked on, by absolute path."""

    def __init__(
        self,
        photos: Iterable[str | Path],
        folder: Path,
        preset: Preset,
        include: Iterable[str],
        exclude: Iterable[str],
        large: bool = False,
    ) -> None:
        self.folder = folder
        self.ledger = Ledger(folder / _PRIVATE / "ledger.jsonl")
        given = self.ledger.targets
        self.sources, self.unread = find(photos, folder, include, exclude, lambda path: is_output(path, folder, given))
        settings = settings_digest(preset)
        large = most_pixels(large) > PIXELS  # by the environment, too, which the workers of a cluster have not
        stems = Stems(folder, preset, given, self.sources)
        self.tasks: dict[str, Task] = {}
        self.failed: dict[str, tuple[Task, Record]] = {}
        """Those of which it cannot be told where they go, as a name of their tags cannot be read."""
        for source in self.sources:
            task = Task(source.path, source.absolute, str(folder), "", preset, settings, large=large)
            try:
                if source.is_raw:
                    if not source.is_dng and preset.raw_settings != "none":
                        self.tasks[source.absolute] = replace(task, stem=source.relative.as_posix(), is_raw=True)
                elif (stem := stems.of(source)) is not None:
                    self.tasks[source.absolute] = replace(task, stem=stem)
            except Exception as error:
                self.failed[source.absolute] = task, failed(task, error)
        self.new_targets = {
            path: task.stem for path, task in self.tasks.items() if not task.is_raw and given.get(path) != task.stem
        }

    def is_done(self, task: Task) -> bool:
        """True if an earlier run did it, and nothing changed since."""
        try:
            record = self.ledger.record(task.source)
            if record is None or not is_outcome(record) or not is_done(record, task):
                return False
            outcome_of(task.photo, record, self.folder)  # a file elsewhere is no output of this batch
            return True
        except Exception:  # a record or tags that make no sense: done again, it fails by itself, or does not
            return False

    def outcome(self, source: Source, before: bool) -> Outcome:
        """The outcome of a source, by the ledger if it is a task."""
        if source.is_raw and source.absolute not in self.tasks:
            return Outcome(source.path, "raw", RAW, "raw", codes=(Code.RAW,))
        _, record = self.failed.get(source.absolute, (None, None))
        if source.absolute in self.tasks:
            record = self.ledger.record(source.absolute)
        if record is None:
            return Outcome(source.path, "skipped", EXISTS, "exists", codes=(Code.EXISTS,))
        return outcome_of(source.path, record, self.folder, before)


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let Ctrl+C wait until what is under way is done and noted down; a second one does not wait.

    What is given says whether it was pressed; KeyboardInterrupt is raised at the end then.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    pressed = threading.Event()

    def stop(number: int, frame: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed.is_set():
        raise KeyboardInterrupt


def _stay_in(folder: Path, place: Path) -> None:
    """Raise PhotoError for a folder in the output folder that a link has put elsewhere, where it may do harm."""
    if not place.resolve().is_relative_to(folder.resolve()):
        raise PhotoError("leads out of the output folder by a link, which is not followed.", Code.NAME, subject=place)


def _absolute(folder: str | Path) -> Path:
    return Path(os.path.abspath(folder))  # noqa: PTH100 - links stay, they may be changed
