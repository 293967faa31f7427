"""The command line: what other programs call, and photographers type."""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.kinds import KINDS, SPOKEN, TRUSTED, Grade
from sixbit.manifest import manifest
from sixbit.shot import PhotoError, SixbitError, photo_name

if TYPE_CHECKING:
    from sixbit.catalogue import LensIdentity
    from sixbit.filters import CorrectionFilter
    from sixbit.matching import Match
    from sixbit.shot import Shot

DONE, SOME_FAILED, UNUSABLE = 0, 1, 2
HOSTS = ("gimp", "lensfun")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 all done, 1 some photos failed, 2 unusable arguments."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        # A name of any bytes can be told to a terminal of any encoding.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except SixbitError as error:
        _complain(str(error))
        return SOME_FAILED
    except BrokenPipeError:
        # The reader went away (`sixbit lenses | head`); keep Python's own shutdown from complaining about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SOME_FAILED
    except KeyboardInterrupt:
        print("sixbit: stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sixbit", description=manifest()["summary"] + ".")
    parser.add_argument("--version", action="version", version=f"sixbit {manifest()['version']}")
    # With prog given, argparse need not lay out a usage text at every start.
    commands = parser.add_subparsers(required=True, metavar="COMMAND", prog=parser.prog)

    def command(name: str, run: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        added.set_defaults(run=run)
        return added

    identify = command("identify", _identify, "tell which lens it was, and how that is known")
    identify.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    identify.add_argument("--json", action="store_true", help="one JSON object a line")

    lens = command("lens", _lens, "match the name of a lens alone")
    lens.add_argument("name", nargs="+", metavar="NAME", help="as it is written anywhere, or the identity of a lens")
    lens.add_argument("--json", action="store_true", help="one JSON object")
    lens.add_argument("--plot", type=Path, metavar="FILE", help="draw what the lens does over the image circle")
    lens.add_argument("--crop", type=_positive, metavar="C", help="mark the frame of a sensor with this crop factor")

    lenses = command("lenses", _lenses, "list the lenses that are known, with their calibrations")
    lenses.add_argument("--json", action="store_true", help="one JSON object a line")

    presets = command("presets", _presets, "list the export presets")
    presets.add_argument("--json", action="store_true", help="one JSON object a line")

    compile_ = command("compile", _compile, "compile a correction to a filter (JSON) or to commands for G'MIC (.gmic)")
    compile_.add_argument("photo", nargs="?", type=Path, metavar="PHOTO")
    compile_.add_argument("--size", type=_size, metavar="WxH", help="of the picture, in pixels")
    compile_.add_argument("-o", dest="out", type=Path, metavar="FILE", help="where to write it; printed otherwise")
    _choices(compile_)

    correct = command("correct", _correct, "correct a photo")
    correct.add_argument("photo", type=Path, metavar="PHOTO")
    correct.add_argument("-o", dest="out", type=Path, required=True, metavar="OUT", help="a JPEG, TIFF or PNG file")
    _choices(correct)
    correct.add_argument("--engine", choices=manifest()["engines"], default="auto", help="what works on the pixels")
    correct.add_argument("--interpolation", choices=("bicubic", "lanczos3", "bilinear"), default="bicubic")
    correct.add_argument("--timings", action="store_true", help="say on the error output where the time went")
    correct.add_argument("--force", action="store_true", help="correct again what marks say is corrected already")
    correct.add_argument("--compare", type=Path, metavar="FILE", help="save a picture of before and after")
    correct.add_argument(
        "--quality", type=int, choices=range(1, 101), metavar="1-100", help="of a JPEG; else its source's"
    )

    correct.add_argument("--remember", action="store_true", help="--lens for all photos of this camera and lens name")

    forget = command("forget", _forget, "take back the lenses that --remember keeps")
    forget.add_argument("photos", nargs="*", type=Path, metavar="PHOTO", help="for photos like these")
    forget.add_argument("--lens", metavar="ID", help="for this lens")
    forget.add_argument("--all", action="store_true", help="for all")

    tag = command("tag", _tag, "write the tags of a lens into photos whose adapter wrote none")
    tag.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    tag.add_argument("--lens", required=True, metavar="ID", help="the identity of the lens (`sixbit lenses`)")
    tag.add_argument("--aperture", type=_positive, metavar="N", help="the f-number it was used at")
    tag.add_argument("--focal", type=_positive, metavar="MM", help="the focal length, for a lens that has several")
    tag.add_argument("--backup", action="store_true", help="keep each photo as it was beside it")

    install = command("install", _install, "put Sixbit, or its lenses, where another program finds them")
    install.add_argument("host", choices=HOSTS)
    install.add_argument("--computed", action="store_true", help="lensfun: calibrations of the grade `computed` too")
    uninstall = command("uninstall", _install, "take away again what `install` put there")
    uninstall.add_argument("host", choices=HOSTS)
    for changing in (install, uninstall):
        changing.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    install.set_defaults(removing=False)
    uninstall.set_defaults(removing=True, computed=False)
    command("doctor", _doctor, "tell what other programs will find of Sixbit, and how to mend what is wrong")

    command("engine", _engine, "answer an editor's plug-in, in lines of JSON")
    return parser


def _choices(parser: argparse.ArgumentParser) -> None:
    """What `compile` and `correct` have in common."""
    parser.add_argument("--lens", metavar="ID", help="the identity of the lens, where the photo does not say it")
    parser.add_argument("--crop", type=_positive, metavar="C", help="the crop factor of the sensor; full frame is 1")
    parser.add_argument("--focal", type=_positive, metavar="MM", help="the focal length, for a lens that has several")
    parser.add_argument("--aperture", type=_positive, metavar="N", help="the f-number it was used at")
    parser.add_argument("--distance", type=_positive, metavar="M", help="the distance in metres; else infinity")
    parser.add_argument("--only", type=_kinds, default=KINDS, metavar="KIND,...", help=f"of {', '.join(KINDS)}")
    parser.add_argument(
        "--scale", type=_scale, default="fill", metavar="fill|none|FACTOR", help="fill the frame (default), or not"
    )
    parser.add_argument(
        "--grades",
        type=_grades,
        default=TRUSTED,
        metavar="GRADE,...",
        help="of calibrations to accept: measured, published (both by default), computed",
    )


def _chosen(options: argparse.Namespace) -> dict[str, Any]:
    """The same, as arguments of `compile_filter` and `correct`."""
    return {
        "crop_factor": options.crop,
        "focal_mm": options.focal,
        "f_number": options.aperture,
        "distance_m": options.distance,
        "corrections": options.only,
        "scale": options.scale,
        "grades": options.grades,
    }


def _positive(text: str) -> float:
    try:
        value = float(text.lower().removeprefix("f/").removeprefix("ƒ/").replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value


def _size(text: str) -> tuple[int, int]:
    width, x, height = text.lower().partition("x")
    if not (x and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; one looks like 8192x6144")
    return int(width), int(height)


def _scale(text: str) -> str | float:
    return text if text in ("fill", "none") else _positive(text)


def _kinds(text: str) -> tuple[str, ...]:
    return _subset(text, KINDS, "correction")


def _grades(text: str) -> tuple[Grade, ...]:
    return tuple(Grade(name) for name in _subset(text, [str(grade) for grade in Grade], "grade"))


def _subset(text: str, known: Iterable[str], what: str) -> tuple[str, ...]:
    known = list(known)
    chosen = [word.strip() for word in text.split(",") if word.strip()]
    wrong = [word for word in chosen if word not in known]
    if wrong or not chosen:
        raise argparse.ArgumentTypeError(f"there is no {what} {', '.join(wrong)!r}; there are {', '.join(known)}")
    return tuple(word for word in known if word in chosen)


def _complain(message: str) -> None:
    print(f"sixbit: {message}", file=sys.stderr)


def _print_json(record: dict[str, Any]) -> None:
    print(json.dumps(record, ensure_ascii=False, allow_nan=False), flush=True)


# identify -----------------------------------------------------------------------------------------------------------


def _identify(options: argparse.Namespace) -> int:
    from sixbit.matching import match
    from sixbit.tags import read_shot

    status = DONE
    for photo in options.photos:
        try:
            shot = read_shot(photo)
        except PhotoError as error:
            _complain(str(error))
            status = SOME_FAILED
            continue
        found = match(shot)
        record = identity_record(photo, shot, found)
        if options.json:
            _print_json(record)
        else:
            _print_identity(record, found)
    return status


def identity_record(photo: Path, shot: Shot, found: Match) -> dict[str, Any]:
    """What ``identify --json`` says of a photo."""
    from sixbit.aperture import aperture_of

    aperture = aperture_of(found.lens, shot, body=found.body)
    camera = " ".join(tag.value for tag in (shot.make, shot.model) if tag)
    return {
        "photo": str(photo),
        **_match_record(found),
        "camera": camera or None,
        "crop_factor": round(found.crop_factor.value * shot.digital_zoom, 4) if found.crop_factor else None,
        "focal_mm": _focal(found.lens, shot),
        "f_number": aperture.f_number,
        "f_number_source": aperture.source,
        "distance_m": shot.distance_m.value if shot.distance_m and math.isfinite(shot.distance_m.value) else None,
        "calibrations": _best_grades(found.lens),
        "already_corrected": list(shot.already_corrected),
    }


def _match_record(found: Match) -> dict[str, Any]:
    return {
        "status": str(found.status),
        "lens": found.lens.lens_id if found.lens else None,
        "candidates": [lens.lens_id for lens in found.candidates],
        "confidence": round(found.confidence, 3),
        "evidence": list(found.evidence),
    }


def _focal(lens: LensIdentity | None, shot: Shot) -> float | None:
    if lens and lens.focal_min == lens.focal_max:
        return lens.focal_min
    return shot.focal_mm.value if shot.focal_mm else None


def _best_grades(lens: LensIdentity | None) -> dict[str, str | None]:
    """Of each kind of calibration the most trusted grade that is known."""
    best: dict[str, str | None] = dict.fromkeys(KINDS)
    for grade in reversed(Grade):
        for calibration in lens.calibrations if lens else ():
            if calibration.grade is grade:
                best[calibration.kind] = str(grade)
    return best


def _print_identity(record: dict[str, Any], found: Match) -> None:
    print(photo_name(record["photo"]))
    _print_match(found)
    known = {kind: grade for kind, grade in record["calibrations"].items() if grade}
    if found.lens:
        listed = ", ".join(f"{SPOKEN[kind]} {grade}" for kind, grade in known.items())
        print(f"  calibrations: {listed or 'none'}")
    if record["already_corrected"]:
        print(f"  corrected already: {', '.join(record['already_corrected'])}")


def _print_match(found: Match) -> None:
    if found.lens:
        print(f"  {found.lens.name} [{found.lens.lens_id}]")
    else:
        print(f"  {found.status}")
        for lens in found.candidates:
            print(f"    perhaps {lens.name} [{lens.lens_id}]")
    for sentence in found.evidence:
        print(f"  {sentence}")


# lens, lenses -------------------------------------------------------------------------------------------------------


def _lens(options: argparse.Namespace) -> int:
    from sixbit.matching import match_name

    found = match_name(" ".join(options.name))
    if options.json:
        _print_json(_match_record(found))
    else:
        _print_match(found)
    if options.plot:
        if found.lens is None:
            _complain("there is nothing to draw without one lens; give its identity")
            return SOME_FAILED
        return _plot(found.lens, options)
    return DONE


def _plot(lens: LensIdentity, options: argparse.Namespace) -> int:
    from sixbit.curves import curves_of
    from sixbit.plots import plot_lens

    frames = [options.crop] if options.crop else [1.0, 2.64]
    plot_lens(lens.name, curves_of(lens), options.plot, frames)
    return DONE


def _lenses(options: argparse.Namespace) -> int:
    from sixbit.catalogue import catalogue

    for lens in catalogue().lenses.values():
        if options.json:
            _print_json(
                {
                    "id": lens.lens_id,
                    "code": [[known.code, known.selector] for known in lens.codes],
                    "names": [lens.name, *lens.aliases],
                    "calibrations": [
                        {"kind": known.kind, "grade": str(known.grade), "source": known.source, "own": known.own}
                        for known in lens.calibrations
                    ],
                }
            )
        else:
            print(f"{lens.lens_id:28} {lens.maker:14} {lens.name}")
            for known in lens.calibrations:
                print(f"    {SPOKEN[known.kind]}: {known.grade} ({known.source})")
    return DONE


def _presets(options: argparse.Namespace) -> int:
    for name, preset in manifest()["presets"].items():
        if options.json:
            _print_json({"name": name, **preset})
        else:
            print(f"{name:20} {preset['label']}")
    return DONE


# compile, correct ---------------------------------------------------------------------------------------------------


def _compile(options: argparse.Namespace) -> int:
    from sixbit.compiler import CompileError, compile_filter
    from sixbit.correction import left_out, lens_of
    from sixbit.shot import Shot
    from sixbit.tags import read_shot

    if options.photo is None and not (options.lens and options.size and options.crop):
        _complain("compile takes a photo, or --lens ID with --size WxH and --crop C")
        return UNUSABLE
    try:
        shot = read_shot(options.photo) if options.photo else Shot()
        identity, notes = lens_of(shot, options.lens, options.grades)
        correction = compile_filter(
            identity,
            shot,
            size=options.size,
            **_chosen(options),
        )
        if options.out:
            _write_filter(correction, options.out, options.photo)
        else:
            print(correction.to_json())
    except CompileError as error:
        _complain(str(error) if options.photo is None else f"{photo_name(options.photo)}: {error}")
        return SOME_FAILED if options.photo else UNUSABLE
    for note in notes + [f"without {SPOKEN[kind]}: {why}" for kind, why in left_out(correction).items()]:
        _complain(note)
    return DONE


def _write_filter(correction: CorrectionFilter, out: Path, photo: Path | None) -> None:
    from sixbit.photos import check_target, replacing

    check_target(out, photo)
    if out.suffix.lower() == ".gmic":
        from sixbit.engines.gmic import script

        text = script(correction)
    else:
        text = correction.to_json() + "\n"
    with replacing(out) as file:
        file.write(text.encode())


def _correct(options: argparse.Namespace) -> int:
    from sixbit.catalogue import catalogue
    from sixbit.compiler import CompileError
    from sixbit.correction import correct
    from sixbit.engines import EngineError
    from sixbit.remember import remember
    from sixbit.tags import read_shot

    if options.lens and options.lens not in catalogue().lenses:
        _complain(f"there is no lens with the identity {options.lens!r}; `sixbit lenses` lists them")
        return UNUSABLE
    if options.remember and not options.lens:
        _complain("--remember keeps the lens that is given with --lens")
        return UNUSABLE
    if options.remember:
        remember(read_shot(options.photo), options.lens)
    clock = time.perf_counter()

    def lap(step: str) -> None:
        nonlocal clock
        before, clock = clock, time.perf_counter()
        if options.timings:
            print(f"{1000 * (clock - before):7.0f} ms  {step}", file=sys.stderr)

    if options.timings:
        print(f"{1000 * time.process_time():7.0f} ms  start-up", file=sys.stderr)
    try:
        done = correct(
            options.photo,
            options.out,
            lens=options.lens,
            **_chosen(options),
            engine=options.engine,
            interpolation=options.interpolation,
            force=options.force,
            compare=options.compare,
            quality=options.quality,
            progress=sys.stderr.isatty(),
            lap=lap,
        )
    except (CompileError, EngineError) as error:
        _complain(f"{photo_name(options.photo)}: {error}")
        return SOME_FAILED
    print(done.summary())
    for note in done.notes:
        _complain(f"{photo_name(options.photo)}: {note}")
    return DONE


# tag ----------------------------------------------------------------------------------------------------------------


def _tag(options: argparse.Namespace) -> int:
    from sixbit.catalogue import catalogue
    from sixbit.tagging import write_lens_tags

    lens = catalogue().lenses.get(options.lens)
    if lens is None:
        _complain(f"there is no lens with the identity {options.lens!r}; `sixbit lenses` lists them")
        return UNUSABLE
    if options.focal and not lens.focal_min <= options.focal <= lens.focal_max:
        _complain(f"{lens.name} has no focal length of {options.focal:g} mm")
        return UNUSABLE
    status = DONE
    for photo in options.photos:
        try:
            written = write_lens_tags(
                photo, lens, f_number=options.aperture, focal_mm=options.focal, backup=options.backup
            )
            print(f"{written}: {lens.name}")
        except PhotoError as error:
            _complain(str(error))
            status = SOME_FAILED
    return status


def _forget(options: argparse.Namespace) -> int:
    from sixbit.remember import forget
    from sixbit.tags import read_shot

    if not (options.photos or options.lens or options.all):
        _complain("forget takes photos, --lens ID or --all")
        return UNUSABLE
    gone = sum(forget(read_shot(photo)) for photo in options.photos)
    if options.lens or options.all:
        gone += forget(lens_id=options.lens)
    print(f"{gone} choice{'' if gone == 1 else 's'} forgotten")
    return DONE


# install, uninstall, doctor -----------------------------------------------------------------------------------------


def _install(options: argparse.Namespace) -> int:
    from sixbit import install, install_gimp

    if options.host == "gimp":
        work = install_gimp.uninstall_gimp if options.removing else install_gimp.install_gimp
        done = work(options.dry_run)
    elif options.removing:
        done = install.uninstall_lensfun(options.dry_run)
    else:
        done = install.install_lensfun(options.dry_run, options.computed)
    print("\n".join(done))
    return DONE


def _doctor(options: argparse.Namespace) -> int:
    from sixbit.install import doctor_lensfun
    from sixbit.install_gimp import doctor_engine, doctor_gimp

    findings = [*doctor_engine(), *doctor_gimp(), *doctor_lensfun()]
    for finding in findings:
        print(f"{'well ' if finding.well else 'WRONG'}  {finding.subject}: {finding.message}")
        if finding.mend:
            print(f"       {finding.mend}")
    return DONE if all(finding.well for finding in findings) else SOME_FAILED


# engine -------------------------------------------------------------------------------------------------------------


def _engine(_options: argparse.Namespace) -> int:
    from sixbit.hosts.engine import run

    run()
