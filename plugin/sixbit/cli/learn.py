"""`sixbit learn`: lenses measured from an archive of photos that are there already."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.cli import DONE, SOME_FAILED, STOPPED, complain, print_json
from sixbit.cli.arguments import add_large, memory, positive
from sixbit.machine import pip
from sixbit.values.errors import photo_name

if TYPE_CHECKING:
    from sixbit.calibration.learn import Learnt, Watching
    from sixbit.calibration.learn.findings import Finding
    from sixbit.calibration.learn.survey import Group, Photo

SUMMARY = "learn lenses from photos that are there already; stopped, the same command goes on"

_SAY = "`sixbit tag --lens LENS PHOTO...` says it, or `sixbit correct --lens LENS --remember` for all such photos"
MENDS = {
    "UNTAGGED": _SAY,
    "UNKNOWN": _SAY,
    "AMBIGUOUS": _SAY,
    "SENSOR": "`sixbit calibrate lines --crop C` takes them",
    "CORRECTED": "what came straight from the camera would serve",
    "SILENT": "what came straight from the camera would serve",
    "CROPPED": "what came straight from the camera would serve",
    "FOCAL_LENGTH": "`sixbit calibrate lines --focal MM` takes them",
}
"""What can be done about photos that were left out, by the name of the reason."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="with all that is below it")
    parser.add_argument("--keep", action="store_true", help="keep what is found, for every program; else only tell")
    parser.add_argument(
        "--aperture",
        dest="f_number",
        type=positive,
        metavar="N",
        help="the ring said so in all these photos, whatever the camera guessed",
    )
    parser.add_argument(
        "--memory", type=memory, metavar="SIZE", help="what all processes may take, as 4G; half of the machine's"
    )
    add_large(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for each finding")


def run(options: argparse.Namespace) -> int:
    """Learn from the folders, tell what is known now, and keep it if that is asked for."""
    import os

    from sixbit.calibration.learn import keep, learn
    from sixbit.files.limits import LARGE_VARIABLE

    if options.large:  # so for the processes that decode, too
        os.environ[LARGE_VARIABLE] = "1"
    try:
        with _bar() as progress:
            learnt = learn(options.folders, f_number=options.f_number, memory=options.memory, progress=progress)
    except KeyboardInterrupt:
        complain("stopped; the same command goes on from there")
        return STOPPED
    kept = keep(learnt) if options.keep else ()
    if options.json:
        for finding in learnt.findings:
            print_json(as_json(finding))
        for left in learnt.left_out:
            print_json({"photo": photo_name(left.path), "left_out": left.why.name.lower(), "why": left.words})
        print_json({"left_out": {why.name.lower(): count for why, count in sorted(learnt.reasons.items())}})
    else:
        _tell(learnt)
        for run in kept:
            print(f"Kept as {run.name}; `sixbit calibrate remove {run.name}` takes it back.")
        if not options.keep and any(finding.is_known for finding in learnt.findings):
            print("Nothing is kept yet: the same command with --keep does, at once.")
    for path, why in sorted(learnt.failures.items()):
        complain(f"{photo_name(path)}: {why}" if why else photo_name(path))
    return SOME_FAILED if learnt.failures else DONE


@contextlib.contextmanager
def _bar() -> Iterator[Watching]:
    """Show how far it is and how long it will take, where somebody watches; each stage has a bar of its own."""
    from tqdm import tqdm

    from sixbit.cli.door import for_bars

    bars: dict[str, Any] = {}

    def progress(done: int, together: int, step: str) -> None:
        if step not in bars:
            for bar in bars.values():
                bar.close()
            bars[step] = tqdm(
                desc=step, total=together, unit="photo", disable=None, dynamic_ncols=True, leave=False, file=for_bars()
            )
        bar = bars[step]
        bar.total = max(together, done)
        bar.update(done - bar.n)

    try:
        yield progress
    finally:
        for bar in bars.values():
            bar.close()


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding for another program."""
    group = finding.group
    known = finding.worth.known if finding.worth else None
    return {
        "lens": group.lens_id,
        "body": f"{group.make} {group.model}".strip(),
        "focal_mm": group.focal_mm,
        "f_number": finding.f_number,
        "compensated_for": finding.compensated or None,
        "kind": finding.kind,
        "outcome": finding.outcome.value,
        "why": finding.why,
        "photos": len(finding.photos),
        "model": finding.model.name if finding.model else None,
        "terms": list(finding.model.terms) if finding.model else None,
        "error": list(known.error) if known else None,
        "reach": known.reach if known else None,
    }


def _tell(learnt: Learnt) -> None:
    """The table: lens, body, photos, what is known and how well, and what one more walk or wall would bring."""
    for group, photos in learnt.groups.items():
        body = photo_name(f"{group.model or group.make}")
        count = f"{len(photos)} photo{'s' * (len(photos) != 1)}"
        print(f"{group.setting().lens.name}{_focal(group)}, {body or 'a camera without a name'}, {count}")
        for finding in learnt.findings:
            if finding.group == group:
                for line in finding.in_words:
                    print(f"  {line}")
        of_group = [finding for finding in learnt.findings if finding.group == group]
        if not any(finding.kind == "vignetting" and finding.is_known for finding in of_group):
            print(f"  fall-off: {_fall_off(photos)}")
    if not learnt.groups:
        print("There is no photo here that a lens could be learnt from.")
    if learnt.walks_without_library:
        runs = "a run" if learnt.walks_without_library == 1 else f"{learnt.walks_without_library} runs"
        print(f"There may be {runs} of overlapping photos, which `{pip()} install 'sixbit[learn]'` can measure.")
    for why, number in sorted(learnt.reasons.items(), key=lambda one: (-one[1], one[0])):
        mend = MENDS.get(why.name, "")
        print(f"left out: {number} {why}{f' ({mend})' if mend else ''}")


def _fall_off(photos: Sequence[Photo]) -> str:
    """Say what would bring the fall-off of a lens, of which photos of anything say nothing by themselves."""
    flats = "two photos of a white wall or sheet (`sixbit calibrate flat`)"
    guessed = all(photo.is_estimated or photo.f_number is None for photo in photos)
    said = ", its aperture said by --aperture N" if guessed else ""
    walk = f"eight photos on a walk around any still thing, at one aperture{said}"
    if all(photo.compensated for photo in photos):
        return f"the camera knew the lens and has compensated it; what it leaves, {walk}, or {flats} would bring."
    return f"not known; {walk}, or {flats} would bring it."


def _focal(group: Group) -> str:
    lens = group.setting().lens
    return "" if lens.focal_min == lens.focal_max else f" at {group.focal_mm:g} mm"
