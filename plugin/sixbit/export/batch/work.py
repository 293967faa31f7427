"""One photo, from the task to the record of what became of it: the same on this machine and on any other."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.compiler.told import described
from sixbit.export.batch.ledger import Record
from sixbit.export.batch.plan import Task, choices_digest, chosen_lens, fingerprint
from sixbit.export.batch.raw import settled
from sixbit.export.batch.record import blank, failed, why
from sixbit.export.correct import correct
from sixbit.export.correct import foreseen as foreseen_correction
from sixbit.export.presets import Preset
from sixbit.files.replace import replacing
from sixbit.photos.pixels import file_of, small_picture, turned_upright
from sixbit.photos.privacy import copy_without
from sixbit.photos.save import check_target
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, NotCorrectedError, PhotoError, photo_name
from sixbit.values.sentence import Sentence, fixed
from sixbit.values.watch import Watch
from sixbit.values.ways_out import codes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.values.filter import Filter

THUMBNAIL = 320
"""Pixels of the long side of the pictures in the report."""


def export(task: Task) -> Record:
    """Do a task, and tell what became of it. Never raises but for what ends a process."""
    known = blank(task)
    try:
        # Before the photo is read: if it changes meanwhile, it is done again.
        known |= {
            "fingerprint": fingerprint(task.source),
            "choices": choices_digest(),
            "chosen": chosen_lens(task.source),
        }
        result = settled(task) if task.is_raw else _with_its_lens(task, _corrected)
        # Settings that were there before are looked for again, too.
        written = task.target if task.is_raw else Path(task.folder, result["out"]) if result.get("out") else None
        if written is not None and written.exists():
            result["out_size"] = written.stat().st_size
    except Exception as error:
        result = why(task, error)
    return {**known, **result}


def foreseen(task: Task) -> Record:
    """The record that :func:`export` would make, as far as the photo's tags tell; nothing is written."""
    try:
        return {**blank(task), **(settled(task, write=False) if task.is_raw else _with_its_lens(task, _foreseen))}
    except Exception as error:
        return failed(task, error)


def _with_its_lens(task: Task, do: Callable[[Task, str | None], Record]) -> Record:
    """Do it with the photo's own lens, or what the preset says if there is none for certain."""
    try:
        return do(task, task.lens)
    except NotCorrectedError as error:
        first = error
    action, chosen = getattr(task.preset, first.status), task.preset.lens
    if action == "choose" and first.candidates and chosen not in first.candidates:
        reason = Sentence(
            "{why} {lens}, which was chosen for such photos, is none of them.",
            why=fixed(str(first.reason) if not isinstance(first.reason, str) else first.reason),
            lens=chosen,
        )
        first, action = NotCorrectedError(reason, first.code, subject=first.subject), "fail"
    if action == "choose":
        try:
            return do(task, chosen)
        except NotCorrectedError as error:
            first, action = error, getattr(task.preset, error.status)
    return _not_corrected(task, first, action, write=do is _corrected)


def _corrected(task: Task, lens: str | None) -> Record:
    choices, seen = Choices(lens=lens, crop_factor=task.crop_factor), _Thumbnails()
    done = correct(
        task.source,
        task.target,
        task.preset,
        choices,
        force=task.force,
        threads=task.threads,
        large=task.large,
        watch=seen,
    )
    return _record(task, done.filter) | {"notes": list(done.notes), "thumbnails": seen.pictures}


class _Thumbnails(Watch):
    """Small pictures of a photo before and after."""

    pictures: Sequence[str] = ()

    def look(self, before: NDArray[Any], after: NDArray[Any], orientation: int) -> None:
        self.pictures = [thumbnail(pixels, orientation) for pixels in (before, after)]


def _foreseen(task: Task, lens: str | None) -> Record:
    filter, measures_tca = foreseen_correction(Path(task.source), task.preset, Choices(lens=lens))
    return _record(task, filter, measures_tca)


def _record(task: Task, filter: Filter, measures_tca: bool = False) -> Record:
    return {
        "status": "corrected",
        "reason": None,
        "message": described(filter, measures_tca=measures_tca),
        "codes": _codes_left_out(filter, measures_tca),
        "lens": filter.made_from["lens_id"],
        "out": task.target.relative_to(task.folder).as_posix(),
    }


def _codes_left_out(filter: Filter, measures_tca: bool) -> list[Code]:
    """The kinds of what a correction leaves; that nobody has measured something is none."""
    left = {kind: why for kind, why in filter.made_from["left_out"].items() if kind != "tca" or not measures_tca}
    found = dict.fromkeys(code for why in left.values() for code in codes_of(why))
    return [code for code in found if code is not Code.UNCALIBRATED]


def _not_corrected(task: Task, error: NotCorrectedError, action: str, write: bool) -> Record:
    told = why(task, error)
    if action == "copy":
        notes: list[str] = []
        if write:
            check_target(task.copy, Path(task.source))
            notes = copied(Path(task.source), task.copy, task.preset)
        out = task.copy.relative_to(task.folder).as_posix()
        return {"status": "copied", "reason": error.status, "out": out, "notes": notes, **told}
    skipped = "reshaped" if error.code is Code.RESHAPED else "skipped"
    return {"status": "failed" if action == "fail" else skipped, "reason": error.status, **told}


def copied(source: Path, target: Path, preset: Preset) -> list[str]:
    """Copy a photo as it is, but for what the preset lets not pass of its metadata; return what went with it."""
    with replacing(target) as file:
        if preset.metadata != "keep":
            data, notes = copy_without(source, preset.metadata)
            file.write(data)
            return [note if isinstance(note, Sentence) else photo_name(note) for note in notes]
        try:
            with source.open("rb") as photo:
                shutil.copyfileobj(photo, file, 1 << 20)
        except OSError as error:
            raise PhotoError(f"cannot be copied: {error.strerror}.", Code.NO_ACCESS, subject=source) from error
    return []


def thumbnail(pixels: NDArray[Any], orientation: int = 1) -> str:
    """A small JPEG of pixels, upright by Exif's orientation, as the text that a page can hold."""
    picture = turned_upright(small_picture(pixels, THUMBNAIL), orientation)
    return base64.b64encode(file_of(picture, quality=80)).decode("ascii")
