"""The state of the page: the lens, the frames, their measurement. One user, one session, any number of tabs.

Everything that may take long is done by the worker, and told to the pages as it goes on.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sixbit.editors.page.lenses import lens_record
from sixbit.editors.page.steps import STEPS, Findings, Step
from sixbit.editors.page.ways_out import WAYS_OUT
from sixbit.editors.page.work import Comparison, Look, compare, look, measure
from sixbit.editors.page.worker import StoppedError, Worker
from sixbit.faults import described
from sixbit.lenses.catalogue import catalogue
from sixbit.machine import start_log
from sixbit.values.choices import Choices, read_number
from sixbit.values.errors import SixbitError, photo_name
from sixbit.values.kinds import SPOKEN
from sixbit.values.lens import Lens
from sixbit.values.ways_out import codes_of, followed

LONGEST_NAME = 120
_LIMITS = {"f_number": (0.5, 128), "distance_m": (0.01, 10_000), "focal_mm": (1, 2000), "crop_factor": (0.1, 20)}

_log = logging.getLogger(__package__)


class RequestError(Exception):
    """A page asks for what it cannot have; the message is for the one before it."""


@dataclass
class Upload:
    """A photo that was dropped. ``path`` is ours, ``name`` the user's, made fit to be shown."""

    number: int
    step: str
    name: str
    path: Path
    status: str = "arriving"
    """``arriving``, ``reading``, ``ready``, ``used`` or ``refused``."""
    reason: str = ""
    look: Look | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as the page is told of it."""
        return {
            "number": self.number,
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "about": self.look.about if self.look else "",
            "note": self.look.note if self.look else "",
            "thumbnail": self.look is not None,
        }


@dataclass
class Measurement:
    """The result of a step, until it is kept or rejected; ``kept`` names the record."""

    number: int
    result: Any
    findings: Findings
    kept: str = ""


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
    measurement: Measurement | None = None
    comparison: tuple[int, Comparison] | None = None
    error: str = ""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self.log = start_log(_log, "calibrate.log")

    # What pages see ---------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return all that pages show, as JSON values; pictures by their names."""
        found, shown = self.measurement, self.comparison
        return {
            "lens": lens_record(catalogue().lenses.get(self.lens.lens_id, self.lens)) if self.lens else None,
            "steps": list(self.steps),
            "step": self.step,
            "fields": list(self._fields()),
            "settings": self.settings,
            "frames": [frame.as_json() for frame in self._frames()],
            "job": self.job,
            "error": self.error,
            "measurement": None
            if found is None
            else {
                "number": found.number,
                "verdict": list(found.findings.verdict),
                "plots": [
                    {**vars(plot), "series": [vars(series) for series in plot.series]} for plot in found.findings.plots
                ],
                "pictures": [caption for caption, _ in found.findings.pictures],
                "kept": found.kept,
            },
            "comparison": None if shown is None else {"number": shown[0], "summary": shown[1].summary},
            "own": [
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
            ],
        }

    def pictures(self) -> dict[str, bytes]:
        """Return all pictures by name: ``frame-N``, ``measurement-N-I``, ``comparison-N-VIEW-WHEN``."""
        found = {f"frame-{frame.number}": frame.look.thumbnail for frame in self.frames.values() if frame.look}
        if self.measurement:
            for i, (_, picture) in enumerate(self.measurement.findings.pictures):
                found[f"measurement-{self.measurement.number}-{i}"] = picture
        if self.comparison:
            number, shown = self.comparison
            found |= {f"comparison-{number}-{which}": picture for which, picture in shown.pictures.items()}
        return found

    # What pages ask for -----------------------------------------------------------------------------------------------

    def choose_lens(self, lens_id: str) -> None:
        """Go on with another lens; the frames stay, what was measured of them does not."""
        lens = catalogue().lenses.get(lens_id)
        if lens is None or lens.is_adapter:
            raise RequestError(f"There is no lens {photo_name(lens_id[:LONGEST_NAME])!r}.")
        self._check_idle()
        self.lens, self.settings = lens, {}
        self._forget_results()
        for frame in self.frames.values():  # what is odd about a photo depends on the lens
            if frame.status in ("ready", "used"):
                self.arrived(frame)

    def choose_step(self, step: str) -> None:
        """Go on with another kind of measurement."""
        if step not in self.steps:
            raise RequestError(f"There is no measurement {photo_name(step[:LONGEST_NAME])!r}.")
        self._check_idle()
        self.step = step
        self._forget_results()

    def set(self, name: str, text: str) -> None:
        """Say something of the frames that their tags do not; an empty text takes it back."""
        if name not in self._fields():
            raise RequestError("This cannot be set here.")
        self._check_idle()
        if not text.strip():
            self.settings.pop(name, None)
        else:
            self.settings[name] = _number(name, text)
        self._forget_results()  # they are of other settings

    def new_frame(self, name: str) -> Upload:
        """Make a place for a photo that is about to arrive."""
        self._check_ready()
        number = next(self._numbers)
        suffix = Path(name).suffix.lower()
        # All of one length, so that no name begins another one.
        path = self.folder / f"photo-{number:06}{suffix if re.fullmatch(r'[.][a-z0-9]{1,5}', suffix) else ''}"
        shown = photo_name(name[:LONGEST_NAME]) or "without a name"
        frame = self.frames[number] = Upload(number, self.step, shown, path)
        self.error = ""
        self.changed()
        return frame

    def arrived(self, frame: Upload) -> None:
        """Look at a photo that is there."""
        frame.status = "reading"
        self._start(self._look(frame))

    def refuse(self, frame: Upload, reason: str) -> None:
        """Say why a photo is of no use, and remove its file."""
        frame.status, frame.reason = "refused", reason
        frame.path.unlink(missing_ok=True)
        self.changed()

    def drop_frame(self, number: int) -> None:
        """Take a photo away."""
        self._check_idle()
        if frame := self.frames.pop(number, None):
            frame.path.unlink(missing_ok=True)
        self._forget_results()

    def start_measuring(self) -> None:
        """Measure the frames that can be used."""
        self._check_idle()
        self._check_ready()
        if any(frame.status in ("arriving", "reading") for frame in self._frames()):
            raise RequestError("Some photos are still being read; wait a moment.")
        if not self._usable():
            raise RequestError("There is no photo to measure yet; drop some first.")
        self._forget_results()
        self._start_job("measuring", self._measure)

    def keep(self) -> None:
        """Save what was measured into the user's database."""
        found = self.measurement
        if found is None or found.kept:
            raise RequestError("There is nothing to accept.")
        found.kept = self.steps[self.step].keep(found.result).name
        self.error = ""
        self.changed()

    def reject(self) -> None:
        """Forget what was measured; the frames stay."""
        self._check_idle()
        self._forget_results()

    def start_comparing(self, number: int) -> None:
        """Show one of the photos corrected."""
        self._check_idle()
        frame = self.frames.get(number)
        if frame is None or self.lens is None or frame.status not in ("ready", "used"):
            raise RequestError("This photo cannot be shown.")
        self._start_job("correcting", self._compare, frame)

    def stop(self) -> None:
        """Stop what is going on."""
        if self.job:
            self.worker.stop()

    def close(self) -> None:
        """Stop whatever is going on or waits for its turn."""
        for task in self._tasks:
            task.cancel()
        self.worker.stop()

    def remove(self, name: str) -> None:
        """Take back a calibration of the user's."""
        from sixbit.calibration.keep import remove

        remove(name)
        if self.measurement and self.measurement.kept == name:
            self.measurement = None
        self.comparison = None
        self.changed()

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
            frame.status, frame.reason = "ready", ""
            self.changed()

    def _choices(self) -> Choices:
        """The lens, and what was said of how it was set."""
        assert self.lens is not None
        return Choices(lens=self.lens.lens_id, **self.settings)

    async def _measure(self) -> None:
        """Measure; a frame that the measurement refuses by name is left out, and the others are tried again."""
        step, choices = self.steps[self.step], self._choices()
        while True:
            frames = self._usable()
            paths = [frame.path for frame in frames]
            try:
                result, findings = await self.worker.do(measure, step, paths, choices, progress=self._progress)
                break
            except SixbitError as error:
                blamed = self._photo_of(error)
                if blamed is None:
                    raise
                blamed.status, blamed.reason = "refused", self.told(error, beside=blamed)
                if len(frames) == 1:
                    raise
        for frame in frames:
            frame.status = "used"
        findings = replace(findings, verdict=tuple(map(self._named, findings.verdict)))
        self.measurement = Measurement(next(self._numbers), result, findings)

    async def _compare(self, frame: Upload) -> None:
        shown = await self.worker.do(compare, frame.path, frame.name, self._choices(), progress=self._progress)
        self.comparison = next(self._numbers), shown

    def _progress(self, share: float, step: str) -> None:
        if self.job:
            self.job = {**self.job, "share": min(max(share, 0.0), 1.0), "step": self._named(step)}
            self.changed()

    def _start_job(self, what: str, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Start what pages wait for: until it has ended, they can start nothing else."""
        self.job = {"what": what, "share": 0.0, "step": "starting"}
        self.error = ""

        async def job() -> None:
            try:
                await work(*arguments)
            except Exception as error:
                self.error = self.told(error)
            finally:
                self.job = None
                self.changed()

        self._start(job())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.changed()

    def told(self, error: Exception, beside: Upload | None = None) -> str:
        """Say an error with what can be done about it, and the photo by the user's name, unless it stands ``beside``.

        The log gets all of an error that is Sixbit's own mistake.
        """
        if isinstance(error, RequestError | StoppedError):
            return str(error)
        if not isinstance(error, SixbitError):
            _log.error("%s", described("the calibration page", error))
            where = f" Please send the file {self.log} to us." if self.log else ""
            return f"Something went wrong that is not your fault, and nothing was kept.{where}"
        photo = self._photo_of(error)
        words = str(error) if photo is None else f"{photo.name}: {error.reason}"
        if photo is not None and photo is beside:
            words = str(error.reason)
        return followed(words, codes_of(error), WAYS_OUT, error.values)

    def _photo_of(self, error: SixbitError) -> Upload | None:
        """The photo that an error is about."""
        name = None if error.subject is None else Path(error.subject).name
        return next((frame for frame in self.frames.values() if frame.path.name == name), None)

    def _named(self, words: str) -> str:
        """Words with the user's names of the photos in place of ours."""
        for frame in self.frames.values():
            words = words.replace(frame.path.name, frame.name)
        return words

    # ------------------------------------------------------------------------------------------------------------------

    def _frames(self) -> list[Upload]:
        return [frame for frame in self.frames.values() if frame.step == self.step]

    def _usable(self) -> list[Upload]:
        return [frame for frame in self._frames() if frame.status in ("ready", "used")]

    def _fields(self) -> tuple[str, ...]:
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

    def _forget_results(self) -> None:
        self.measurement = self.comparison = None
        self.error = ""
        self.changed()


def _number(name: str, text: str) -> float:
    try:
        value = read_number(text)
    except ValueError:
        value = -1.0
    least, most = _LIMITS[name]
    if not least <= value <= most:
        raise RequestError(f"{photo_name(text[:20])!r} cannot be; give a number between {least:g} and {most:g}.")
    return value
