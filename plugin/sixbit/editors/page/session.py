"""The state of the page: the lens, the frames, their measurement. One user, one session, any number of tabs.

Everything that may take long is done by the worker, and told to the pages as it goes on.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sixbit.calibration.keep import runs, together
from sixbit.calibration.learn.heap import KnownAlreadyError
from sixbit.editors.page.own import correct, install, take_back, take_over
from sixbit.editors.page.results import Attempt, Measurement, Place, Results
from sixbit.editors.page.settings import RequestError, read_setting, unknown_lens, unknown_step
from sixbit.editors.page.steps import STEPS, Step
from sixbit.editors.page.telling import LOG, blamed_photo, named, told
from sixbit.editors.page.trouble import Trouble
from sixbit.editors.page.uploads import LONGEST_NAME, Upload, groups_of, hand_out
from sixbit.editors.page.work import Comparison, compare, look, measure, read
from sixbit.editors.page.worker import Worker
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.own import Run
from sixbit.machine import start_log
from sixbit.values.choices import Choices
from sixbit.values.errors import SixbitError, photo_name
from sixbit.values.lens import Lens
from sixbit.values.sentence import Sentence
from sixbit.values.watch import Progress, part


@dataclass
class PageSession:
    """The state, and the requests that change it. ``changed`` is called whenever pages have something new to show."""

    folder: Path
    lens: Lens | None = None
    steps: Mapping[str, Step] = field(default_factory=lambda: STEPS)
    changed: Callable[[], None] = lambda: None
    worker: Worker = field(default_factory=Worker)
    step: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    frames: dict[int, Upload] = field(default_factory=dict)
    job: dict[str, Any] | None = None
    results: Results = field(default_factory=Results)
    comparison: tuple[int, Comparison] | None = None
    errors: Sequence[Trouble] = ()
    notice: str = ""
    """The last thing that was done well, where nothing else shows it."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self.writer = Worker(self.folder / "written")
        self.log = start_log(LOG, "calibrate.log")

    # What pages ask for -----------------------------------------------------------------------------------------------

    def choose_lens(self, lens_id: str) -> None:
        """Go on with another lens; the frames stay, and what was measured waits where it was."""
        lens = catalogue().lenses.get(lens_id)
        if lens is None or lens.is_adapter:
            raise unknown_lens(lens_id)
        if lens == self.lens:
            return
        self._check_idle()
        self.lens, self.settings = lens, {}
        self._show_anew()
        for frame in self.frames.values():  # what is odd about a photo depends on the lens
            if frame.is_usable:
                self._start_looking(frame)

    def choose_step(self, step: str) -> None:
        """Go on with another kind of measurement."""
        if step not in self.steps:
            raise unknown_step(step)
        self._check_idle()
        self.step = step
        self._show_anew()

    def set(self, name: str, text: str) -> None:
        """Say something of the frames that their tags do not; an empty text takes it back."""
        if name not in self.fields:
            raise RequestError("This cannot be set here.")
        self._check_idle()
        value = read_setting(name, text)
        if name == "f_number":
            waiting = self.results.waiting(self.place)
            several = len({one.tagged for one in waiting if one.tagged}) > 1
            for one in waiting:
                if not (several and one.tagged):
                    self._say_aperture(one, value)
        self.settings = {**self.settings, name: value}
        if value is None:
            del self.settings[name]
        self._show_anew()

    def set_aperture(self, number: int, text: str) -> None:
        """Say at which aperture a result was taken that is not accepted yet; an empty text takes it back."""
        one = self.results.all.get(number)
        if one is None or one.kept or self.steps[one.place.step].at_aperture is None:
            raise RequestError("The aperture of this result cannot be set.")
        self._say_aperture(one, read_setting("f_number", text))
        self._show_anew()

    def _say_aperture(self, one: Measurement, f_number: float | None) -> None:
        at_aperture = self.steps[one.place.step].at_aperture
        assert at_aperture is not None
        before = one.result.verdict
        one.result = at_aperture(one.result, f_number or one.tagged, is_guessed=f_number is None and one.is_guessed)
        gone, new = {*before} - {*one.result.verdict}, [words for words in one.result.verdict if words not in before]
        verdict = (*(words for words in one.findings.verdict if words not in gone), *new)
        one.findings = replace(one.findings, verdict=verdict)

    def new_frame(self, name: str, step: str) -> Upload:
        """Make a place for a photo of a step that is about to arrive."""
        self._check_ready()
        if step not in self.steps:
            raise unknown_step(step)
        number = next(self._numbers)
        suffix = Path(name).suffix.lower()
        # All of one length, so that no name begins another one.
        path = self.folder / f"photo-{number:06}{suffix if re.fullmatch(r'[.][a-z0-9]{1,5}', suffix) else ''}"
        shown = photo_name(name[:LONGEST_NAME]) or Sentence("without a name")
        frame = self.frames[number] = Upload(number, step, shown, path)
        self.errors = ()
        self.changed()
        return frame

    def arrived(self, frame: Upload) -> None:
        """Look at a photo that is there, unless it is there already."""
        if twin := self._twin(frame):
            self.refuse(frame, Sentence("It is the same file as {photo}.", photo=twin.name))
            return
        self._start_looking(frame)

    def _start_looking(self, frame: Upload) -> None:
        frame.status = "reading"
        self._start(self._look(frame))

    def refuse(self, frame: Upload, reason: Sentence | Trouble) -> None:
        """Say why a photo is of no use, and remove its file."""
        frame.status, frame.reason = "refused", reason
        frame.path.unlink(missing_ok=True)
        self.changed()

    def drop_frame(self, number: int) -> None:
        """Take a photo away."""
        self._drop([self.frames[number]] if number in self.frames else [])

    def drop_frames(self) -> None:
        """Take all photos of this step away."""
        self._drop(self.frames_here)

    def _drop(self, frames: Iterable[Upload]) -> None:
        self._check_idle()
        for frame in frames:
            del self.frames[frame.number]
            frame.path.unlink(missing_ok=True)
        if not self.frames_here:
            self.results.attempts.pop(self.place, None)
        self._show_anew()

    def start_measuring(self) -> None:
        """Measure the frames that can be used."""
        self._check_idle()
        self._check_ready()
        if any(frame.status in ("arriving", "reading") for frame in self.frames_here):
            raise RequestError("Some photos are still being read; wait a moment.")
        if not self._usable():
            raise RequestError("There is no photo to measure yet; drop some first.")
        self.results.attempts.pop(self.place, None)
        self._show_anew()
        self._start_job("measuring", self._measure)

    def show(self, number: int) -> None:
        """Show one of several results."""
        if number not in self.results.all:
            raise RequestError("There is no such result.")
        self.results.shown = number
        self.changed()

    def keep(self) -> None:
        """Save what was measured here into the user's database."""
        waiting = self.results.waiting(self.place)
        step = self.steps.get(self.step)
        if not waiting or step is None:
            raise RequestError("There is nothing to accept.")
        for one in waiting:
            if step.at_aperture and one.result.setting.f_number is None:
                self.results.shown = one.number
                photos = ", ".join(one.photos.values())
                raise RequestError(Sentence("Say first at which “Aperture” it was taken: {photos}.", photos=photos))
        self.errors = ()
        try:
            with together():
                for one in waiting:
                    try:
                        kept = step.keep(one.result)
                    except KnownAlreadyError as error:  # it has nothing to wait for any more
                        self.notice, kept = str(error), error.runs
                    one.kept = (kept.name,) if isinstance(kept, Run) else tuple(run.name for run in kept)
                    if step.takes_back:
                        take_back(one.replaces)
                    else:
                        there = {run.name for run in runs()}
                        one.kept += tuple(name for name in one.replaces if name in there)
        finally:
            self.changed()

    def reject(self) -> None:
        """Forget the result that is shown; the frames stay."""
        self._check_idle()
        if shown := self.results.shown_at(self.place):
            del self.results.all[shown.number]
        self._show_anew()

    def start_comparing(self, number: int) -> None:
        """Show one of the photos corrected."""
        self._check_idle()
        frame = self.frames.get(number)
        if frame is None or self.lens is None or not frame.is_usable:
            raise RequestError("This photo cannot be shown.")
        self._start_job("correcting", self._compare, frame)

    def stop(self) -> None:
        """Stop what is going on."""
        if self.job:
            self._stop_workers()

    def close(self) -> None:
        """Stop whatever is going on or waits for its turn."""
        for task in self._tasks:
            task.cancel()
        self._stop_workers()

    def _stop_workers(self) -> None:
        self.worker.stop()
        self.writer.stop()

    def remove(self, name: str) -> None:
        """Take back a calibration of the user's."""
        from sixbit.calibration.keep import remove

        remove(name)
        self.results.all = {number: one for number, one in self.results.all.items() if name not in one.kept}
        self.comparison = None
        self.changed()

    def take_over(self, name: str, data: bytes) -> None:
        """Take over what another owner of a lens has exported."""
        self._check_idle()
        path = self.folder / f"import-{next(self._numbers):06}.json"
        path.write_bytes(data)
        self.notice = ""
        self.notice = take_over(path, photo_name(name[:LONGEST_NAME]) or Sentence("without a name"))
        self.comparison = None
        self.changed()

    def start_installing(self) -> None:
        """Put the lenses where other programs find them."""
        self._check_idle()
        self._start_job("installing", self._install)

    async def _install(self) -> None:
        self.notice = ""
        self._progress(0.0, Sentence("reading the lenses of other programs"))
        self.notice = await asyncio.to_thread(install)

    def correct(self, name: str, text: str) -> None:
        """Say at which aperture a calibration of the user's was taken, after all."""
        corrected = correct(name, text)
        for one in self.results.all.values():
            one.kept = tuple(corrected.name if kept == name else kept for kept in one.kept)
        self._show_anew()

    # Work -------------------------------------------------------------------------------------------------------------

    async def _look(self, frame: Upload) -> None:
        assert self.lens is not None
        try:
            frame.look = await self.worker.do(
                look, frame.path, self.lens.lens_id, frame.step, progress=lambda share, step: None
            )
        except Exception as error:
            self.refuse(frame, self.told(error, beside=frame))
        else:
            frame.status, frame.reason = "ready", None
            self.changed()

    def _choices(self) -> Choices:
        """The lens, and what was said of how it was set."""
        assert self.lens is not None
        return Choices(lens=self.lens.lens_id, **self.said())

    async def _measure(self) -> None:
        """Measure; photos of several apertures are measured apart, where that makes a difference."""
        step, usable = self.steps[self.step], self._usable()
        groups = groups_of(usable) if step.at_aperture else [usable]
        tagged = [frames[0].look.f_number if step.at_aperture and frames[0].look else None for frames in groups]
        several = len({f_number for f_number in tagged if f_number}) > 1
        refusals = []
        for number, (frames, f_number) in enumerate(zip(groups, tagged, strict=True)):
            progress = part(self._progress, number / len(groups), (number + 1) / len(groups))
            # What was said is of the photos that do not say it themselves, or of all if these are of one aperture.
            choices = replace(self._choices(), f_number=None) if several and f_number else self._choices()
            try:
                await self._measure_together(frames, f_number, choices, progress)
            except SixbitError as error:
                if len(groups) == 1:
                    raise
                at = Sentence("f/{f_number:.2g}", f_number=f_number) if f_number else Sentence("Without an aperture")
                refusals.append(self.told(error).at(at))
        self.errors = refusals

    async def _measure_together(
        self, group: list[Upload], f_number: float | None, choices: Choices, progress: Progress
    ) -> None:
        """Measure; a frame that the measurement refuses by name is left out, and the others are tried again."""
        step = self.steps[self.step]
        while True:
            frames = [frame for frame in group if frame.is_usable]
            paths = [frame.path for frame in frames]
            try:
                result, findings = await self._measured(step, paths, choices, progress)
                findings = hand_out(findings, frames, self._numbers, self._named)
                if (refusal := findings.refusal) is None:
                    break
                findings = replace(findings, verdict=(self.told(refusal),))
                self.results.attempts[self.place] = Attempt(next(self._numbers), findings)
                raise refusal
            except SixbitError as error:
                blamed = blamed_photo(error, self.frames.values())
                if blamed is None:
                    raise
                blamed.status, blamed.reason = "refused", self.told(error, beside=blamed)
                if len(frames) == 1:
                    raise
        for frame in frames:
            frame.status = "used"
        self.results.add(
            Measurement(
                next(self._numbers),
                self.place,
                {frame.number: frame.name for frame in frames},
                self.said(but="f_number"),
                f_number,
                any(frame.look.is_guessed for frame in frames if frame.look),
                result,
                findings,
                tuple(
                    Sentence("{photo}: {why}", photo=frame.name, why=frame.look.note)
                    for frame in frames
                    if frame.look and frame.look.note
                ),
            )
        )
        self.changed()

    async def _measured(self, step: Step, paths: list[Path], choices: Choices, progress: Progress) -> Any:
        """Measure by the process that decodes photos or, if that needs to write files, by one that decodes none."""
        if step.read is None:
            return await self.worker.do(measure, step, paths, choices, progress=progress)
        photos = await self.worker.do(read, step, paths, progress=part(progress, 0, 0.4))
        written = self.folder / "written"
        written.mkdir()
        try:
            return await self.writer.do(measure, step, photos, choices, progress=part(progress, 0.4, 1))
        finally:
            shutil.rmtree(written, ignore_errors=True)

    async def _compare(self, frame: Upload) -> None:
        choices = self._choices()
        if self.steps[frame.step].at_aperture:  # it may have been said of the result alone
            of_it = (one for one in self.results.of(self.place) if frame.number in one.photos)
            choices = replace(choices, f_number=next((one.result.setting.f_number for one in of_it), choices.f_number))
        shown = await self.worker.do(compare, frame.path, frame.name, choices, progress=self._progress)
        self.comparison = next(self._numbers), shown

    def _progress(self, share: float, step: str) -> None:
        if self.job:
            self.job = {**self.job, "share": min(max(share, 0.0), 1.0), "step": self._named(step)}
            self.changed()

    def _start_job(self, what: str, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Start what pages wait for: until it has ended, they can start nothing else."""
        self.job = {"what": what, "share": 0.0, "step": Sentence("starting")}
        self.errors = ()

        async def job() -> None:
            try:
                await work(*arguments)
            except Exception as error:
                self.errors = [self.told(error)]
            finally:
                self.job = None
                self.changed()

        self._start(job())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.changed()

    def told(self, error: Exception, beside: Upload | None = None) -> Trouble:
        """Say an error with what can be done about it, and its photo by the user's name, if not ``beside`` it."""
        return told(error, self.frames.values(), self.log, beside)

    def _named(self, words: object) -> Sentence:
        return named(words, self.frames.values())

    # ------------------------------------------------------------------------------------------------------------------

    def _twin(self, frame: Upload) -> Upload | None:
        """Another photo of the same step and the same bytes."""
        others = (one for one in self.frames.values() if one is not frame and one.step == frame.step)
        return next((one for one in others if one.digest == frame.digest and one.status != "refused"), None)

    @property
    def frames_here(self) -> list[Upload]:
        """The photos of this step."""
        return [frame for frame in self.frames.values() if frame.step == self.step]

    def _usable(self) -> list[Upload]:
        return [frame for frame in self.frames_here if frame.is_usable]

    @property
    def place(self) -> Place:
        """Where results of now belong."""
        return Place(self.lens.lens_id if self.lens else "", self.step)

    def said(self, but: str = "") -> dict[str, Any]:
        """Return what was said of the photos, as far as it is asked for here: an aperture, say, is of flats alone."""
        return {name: self.settings[name] for name in self.fields if name in self.settings and name != but}

    @property
    def fields(self) -> tuple[str, ...]:
        """The settings that the user can give for the frames: the focal length only if the lens has several."""
        if not self.step or self.lens is None:
            return ()
        several = self.lens.focal_min != self.lens.focal_max
        return tuple(name for name in self.steps[self.step].settings if name != "focal_mm" or several)

    def _check_idle(self) -> None:
        if self.job:
            raise RequestError("Something is still being worked on; wait for it, or stop it.")

    def _check_ready(self) -> None:
        if self.lens is None or not self.step:
            raise RequestError("Choose the lens and what to measure first.")

    def _show_anew(self) -> None:
        """Take away what was shown of the state before."""
        self.comparison = None
        self.errors = ()
        self.changed()
