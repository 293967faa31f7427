"""The batch itself: sources and preset in, a folder of photos and a report out."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sixbit.export.batch import STATES, Outcome, Summary
from sixbit.export.batch.ledger import Ledger, Record, held
from sixbit.export.batch.plan import Stems, Task, folders_of, is_done, is_output, settings_digest
from sixbit.export.batch.report import write_reports
from sixbit.export.batch.sources import Source, find
from sixbit.export.presets import Preset
from sixbit.files.replace import refusal
from sixbit.values.errors import Code
from sixbit.values.ways_out import WaysOut

RAW = "is a raw file, which is not developed here."
EXISTS = "a file of its name stands in the output folder already."
_PRIVATE = ".sixbit"

Progress = Callable[[int, int, Outcome], None]


def run(
    photos: Iterable[str | Path],
    folder: Path,
    preset: Preset,
    include: Iterable[str],
    exclude: Iterable[str],
    memory: int | None,
    scheduler: str | None,
    ways_out: WaysOut,
    progress: Progress,
) -> Summary:
    """See :func:`sixbit.export.batch.batch`."""
    from sixbit.export.batch.pool import clear, pool_of

    folder = _absolute(folder)
    with held(folder / _PRIVATE):
        ledger = Ledger(folder / _PRIVATE / "ledger.jsonl")
        plan = _Plan(photos, folder, preset, include, exclude, ledger)
        ledger.claim(plan.new_targets)
        for place in folders_of(plan.tasks.values()):
            _make(place)
            clear(place)
        waiting = [task for task in plan.tasks.values() if not is_done(ledger.record(task.source), task)]
        redone = {task.source for task in waiting}
        done = len(plan.sources) - len(waiting)

        def keep(task: Task, record: Record) -> None:
            nonlocal done
            ledger.add(record)
            done += 1
            progress(done, len(plan.sources), outcome_of(task.photo, record, folder))

        if waiting:
            pool = pool_of(scheduler, memory)
            try:
                with interruptible() as stopped, contextlib.closing(pool.records(waiting, stopped)) as records:
                    for task, record in records:
                        keep(task, record)
            except BaseException:
                for _, record in pool.finished():
                    ledger.add(record)
                raise

        def outcomes() -> Iterator[tuple[Outcome, Record | None]]:
            for source in plan.sources:
                record = ledger.record(source.absolute) if source.absolute in plan.tasks else None
                yield plan.outcome(source, record, before=record is not None and source.absolute not in redone), record

        return _summary(folder, preset, outcomes, plan.troubles, ways_out)


def foresee(
    photos: Iterable[str | Path], folder: Path, preset: Preset, include: Iterable[str], exclude: Iterable[str]
) -> Iterator[Outcome]:
    """See :func:`sixbit.export.batch.foreseen`."""
    from sixbit.export.batch.work import foreseen

    folder = _absolute(folder)
    ledger = Ledger(folder / _PRIVATE / "ledger.jsonl")
    plan = _Plan(photos, folder, preset, include, exclude, ledger)
    for source in plan.sources:
        task = plan.tasks.get(source.absolute)
        record = ledger.record(source.absolute)
        if task is None or is_done(record, task):
            yield plan.outcome(source, record, before=task is not None)
        else:
            yield outcome_of(source.path, foreseen(task), folder)


class _Plan:
    """The sources, and the tasks of those that are to be worked on, by absolute path."""

    def __init__(
        self,
        photos: Iterable[str | Path],
        folder: Path,
        preset: Preset,
        include: Iterable[str],
        exclude: Iterable[str],
        ledger: Ledger,
    ) -> None:
        given = ledger.targets
        self.folder = folder
        self.sources, self.troubles = find(
            photos, folder, include, exclude, lambda path: is_output(path, folder, given)
        )
        settings = settings_digest(preset)
        stems = Stems(folder, preset, given, self.sources)
        self.tasks: dict[str, Task] = {}
        for source in self.sources:
            if not source.is_raw and (stem := stems.of(source)) is not None:
                task = Task(source.path, source.absolute, str(folder), stem, preset, settings)
                self.tasks[source.absolute] = task
        self.new_targets = {source: task.stem for source, task in self.tasks.items() if given.get(source) != task.stem}

    def outcome(self, source: Source, record: Record | None, before: bool) -> Outcome:
        """The outcome of a source, by its record if it was a task."""
        if source.is_raw:
            return Outcome(source.path, "raw", RAW, "raw", codes=(Code.RAW,))
        if source.absolute not in self.tasks or record is None:
            return Outcome(source.path, "skipped", EXISTS, "exists", codes=(Code.EXISTS,))
        return outcome_of(source.path, record, self.folder, before)


def outcome_of(photo: Path, record: Record, folder: Path, before: bool = False) -> Outcome:
    """A record as an outcome."""
    out = None if record["out"] is None else folder / record["out"]
    codes = tuple(map(Code, record["codes"]))
    return Outcome(photo, record["status"], record["message"], record["reason"], out, record["lens"], before, codes)


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


def _summary(
    folder: Path,
    preset: Preset,
    outcomes: Callable[[], Iterable[tuple[Outcome, Record | None]]],
    troubles: list[str],
    ways_out: WaysOut,
) -> Summary:
    counts = dict.fromkeys(STATES, 0)
    before, failures = 0, []
    for outcome, _ in outcomes():
        counts[outcome.status] += 1
        before += outcome.before
        if outcome.status == "failed":
            failures.append(outcome)
    unread = (Code.NO_ACCESS,)
    failures += [Outcome(Path(trouble), "failed", "cannot be read.", "error", codes=unread) for trouble in troubles]
    report = write_reports(folder, preset, counts, outcomes, ways_out)
    return Summary(counts, before, failures, report)


def _absolute(folder: Path) -> Path:
    return Path(os.path.abspath(folder))  # noqa: PTH100 - links stay, they may be changed


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(error, folder) from error
