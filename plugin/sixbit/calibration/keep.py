"""The user's own calibrations: kept as lensfun XML beside their records, listed, exported and removed.

Each run is a record of its own (:mod:`sixbit.lenses.own`). What several runs measured of a lens on sensors of
one size is interpolated together, by lensfun's rules. Two runs with the same settings are averaged by how well each is
known; where that is not known of both, the later one counts.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files.replace import locked, make_folder, write_whole
from sixbit.lenses.catalogue import catalogue, own_folder, reload_catalogue
from sixbit.lenses.lensfun_xml import TERMS, centre_element, document, lensfun_entries, models_kept, stock_entry
from sixbit.lenses.own import Run, read_runs
from sixbit.lenses.turned import turned_back
from sixbit.values.errors import CalibrationError, CatalogueError, Code, InstallError
from sixbit.values.kinds import KINDS, Grade
from sixbit.values.known import Known
from sixbit.values.lens import Model
from sixbit.values.sentence import Sentence
from sixbit.values.shot import INFINITY_M

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from sixbit.calibration.frames import Setting


_LATER: ContextVar[bool] = ContextVar("programs are told later", default=False)

AS_GUESSED = " as the camera guessed"
"""Said in a source of an aperture that nobody has said."""


def add(
    setting: Setting,
    source: str,
    *,
    shading: Mapping[str, Any] | None = None,
    known: Mapping[str, Known] | None = None,
    known_if_said: Mapping[str, Known] | None = None,
    centre: tuple[float, float] | None = None,
    date: datetime.datetime | None = None,
    imported: datetime.date | None = None,
    grade: Grade = Grade.MEASURED,
    learnt_from: tuple[str, ...] = (),
    **models: Model,
) -> Run:
    """Keep what a run has found; every program that corrects with Sixbit uses it at once.

    ``source`` says in words what it was made from, as in "6 photos with lines"; ``models`` are lensfun's, by the kind
    of correction, ``known`` how well each of them is known, and ``known_if_said`` how well it would be, were the
    aperture said that the body has guessed; ``centre`` is the optical centre, in half short sides from the middle of
    the frames, which is kept as the sensor lay, or not at all if nobody knows how they were turned;
    ``imported`` is the day on which somebody else measured it; ``learnt_from`` are digests of the photos, by which it
    is seen that none counts twice. Returns the record, whose name
    :func:`remove` takes. Raises CalibrationError for numbers that cannot be, PhotoError for a disk that is full or a
    folder that cannot be written; nothing is kept then.
    """
    for kind, model in models.items():
        _check(kind, model)
    if ("vignetting" in models or shading) and setting.f_number is None:
        raise CalibrationError("Fall-off and shading are of an aperture, and it is not known which.", Code.APERTURE)
    if shading and not setting.model:
        raise CalibrationError("Colour shading is of a lens on a body, and it is not known which body.", Code.FRAMES)
    if not models and not shading:
        raise CalibrationError("There is nothing to keep.")
    moment = (date or datetime.datetime.now().astimezone()).isoformat(timespec="microseconds")
    if imported:
        moment = imported.isoformat()
    folder = own_folder()
    make_folder(folder)
    of_setting = dict(vars(setting))
    lens, way = of_setting.pop("lens"), of_setting.pop("turned")
    del of_setting["is_guessed"]  # which the error says
    if not (shading or "vignetting" in models):
        of_setting["compensated"] = ""  # no body compensates anything else
    elif setting.compensated and not setting.model:
        raise CalibrationError("What a body has compensated is of it, and it is not known which.", Code.FRAMES)
    with locked(folder):
        run = Run(
            folder=folder,
            name=_new_name(folder, lens.lens_id, moment),
            lens_id=lens.lens_id,
            lens=lens.name,
            kinds=tuple(kind for kind in KINDS if kind in models or (kind == "shading" and shading)),
            source=source,
            date=moment,
            grade=grade,
            imported=imported is not None,
            shading=shading,
            known=dict(known or {}),
            known_if_said=dict(known_if_said or {}),
            centre=turned_back(centre, way) if centre and way else None,
            learnt_from=learnt_from,
            **of_setting,
        )
        if models:
            # The XML first: without its record it still says what it says, by the name of the lens.
            write_whole(run.xml, document([_element(run, setting, models)], [run]))
        try:
            write_whole(run.path, run.to_json())
        except BaseException:
            run.xml.unlink(missing_ok=True)
            raise
    _tell_programs()
    return run


def runs(lens_id: str | None = None) -> tuple[Run, ...]:
    """List the runs of a lens, or all, the oldest first. Raises CompileError for an identity that is not known."""
    if lens_id is not None:
        catalogue().lens(lens_id)
    return tuple(run for run in read_runs(own_folder()) if lens_id in (None, run.lens_id))


def remove(name: str) -> Run:
    """Take a run back; the others stay. Raises CalibrationError if there is none of this name."""
    found = _named(name)
    try:
        with locked(own_folder()):
            found.xml.unlink(missing_ok=True)
            found.path.unlink(missing_ok=True)
    except OSError as error:
        why = Sentence("cannot be removed: {error}.", error=error.strerror or str(error))
        raise CalibrationError(why, Code.NO_ACCESS, subject=found.path) from error
    _tell_programs()
    return found


def correct_aperture(name: str, f_number: float) -> Run:
    """Say at which aperture a run was taken, after all: it is kept anew with its day, and the former record goes.

    Raises CalibrationError if there is none of this name, if it is of no aperture, or if the lens does not open so far.
    """
    from sixbit.calibration.frames import Setting

    run = _named(name)
    lens = catalogue().lens(run.lens_id)
    if refused := lens.too_wide(f_number):
        raise CalibrationError(refused)
    if run.f_number is None:
        raise CalibrationError("It is the same at every aperture.", Code.NO_RUN)
    setting = Setting(
        lens,
        run.crop_factor,
        run.focal_mm,
        run.aspect_ratio,
        f_number,
        run.distance_m,
        run.make,
        run.model,
        turned=1,
        half_diagonal_px=run.half_diagonal_px,
        compensated=run.compensated,
    )
    models: dict[str, Any] = dict(models_kept(run))
    try:
        day = datetime.datetime.fromisoformat(run.date)
    except ValueError as error:
        raise CatalogueError(
            Sentence("was changed, and cannot be corrected ({error}).", error=error), Code.RUN, subject=run.path
        ) from error
    with together():
        corrected = add(
            setting,
            run.source.replace(f"f/{run.f_number:g}{AS_GUESSED}", f"f/{run.f_number:g}").replace(
                f"f/{run.f_number:g}", f"f/{f_number:g}"
            ),
            shading=run.shading,
            known={**run.known, **run.known_if_said},
            centre=run.centre,
            date=day,
            imported=day.date() if run.imported else None,
            grade=run.grade,
            learnt_from=run.learnt_from,
            **models,
        )
        remove(name)
    return corrected


def _named(name: str) -> Run:
    found = next((run for run in runs() if run.name == name), None)
    if found is None:
        known = ", ".join(run.name for run in runs()) or Sentence("there are none")
        raise CalibrationError(
            Sentence(
                "There is no calibration {name} of yours; these there are: {known}.", name=repr(name), known=known
            ),
            Code.NO_RUN,
        )
    return found


@contextmanager
def together() -> Iterator[None]:
    """Keep or take back several runs, of which programs are told once, in the end: that takes a second."""
    token = _LATER.set(True)
    try:
        yield
    finally:
        _LATER.reset(token)
        _tell_programs()


def _tell_programs() -> None:
    """Bring the catalogue up to date, and what `sixbit install` put of the lenses into other programs."""
    if _LATER.get():
        return
    from sixbit.install import gmic, lensfun

    reload_catalogue()
    for host in (lensfun, gmic):
        with suppress(InstallError, CatalogueError):  # `sixbit doctor` tells of it.
            host.renew()


def export(out: str | Path, lens_id: str | None = None, *, complete: bool = False) -> int:
    """Write the user's calibrations of a lens, or of all, as one lensfun database of version 1.

    Returns the number of lenses. As it is, for a contribution to lensfun: what the user measured and nothing else,
    under the mount of the lens alone.
    ``complete`` adds to each lens the kinds that Sixbit's own database has of it, for programs such as darktable, in
    whose database an entry of the same name takes the place of another. Shading stays behind, and what a body leaves of
    the fall-off that it has compensated: lensfun cannot say it.
    """
    wanted = [run for run in runs(lens_id) if run.is_for_lensfun and (complete or not run.imported)]
    if not wanted:
        why = Sentence("There is no calibration of yours that lensfun could read; nothing was exported.")
        raise CalibrationError(why, Code.NO_RUN)
    entries = lensfun_entries(wanted, complete)
    write_whole(Path(out), document(entries, wanted))
    return len(entries)


def _check(kind: str, model: Model) -> None:
    names = TERMS[kind].get(model.name)
    if names is None or len(model.terms) != len(names) or not all(math.isfinite(term) for term in model.terms):
        raise CalibrationError(
            Sentence(
                "lensfun knows no {kind} model {model} with the terms {terms}.",
                kind=kind,
                model=repr(model.name),
                terms=str(model.terms),
            )
        )


def _new_name(folder: Path, lens_id: str, moment: str) -> str:
    """The lens and the day, numbered after all that there are: a name that was just taken back is of no other run."""
    stem = f"{lens_id}-{moment[:10]}"
    parts = [path.name.removeprefix(f"{stem}-").partition(".")[0] for path in folder.glob(f"{stem}-*.*")]
    return f"{stem}-{max((int(part) for part in parts if part.isdecimal()), default=0) + 1}"


def _element(run: Run, setting: Setting, models: Mapping[str, Model]) -> Element:
    """The lensfun entry of one run, named as Sixbit's own database names the lens."""
    import copy
    from xml.etree.ElementTree import Element, SubElement

    lens = Element("lens")
    named = stock_entry(run.lens_id, None)
    if named is not None:
        lens.extend(copy.deepcopy(child) for child in named if child.tag in ("maker", "model", "mount"))
    else:
        SubElement(lens, "maker").text = setting.lens.maker
        SubElement(lens, "model").text = setting.lens.name
        SubElement(lens, "mount").text = "Leica M"
    if setting.lens.focal_min == setting.lens.focal_max:
        SubElement(lens, "focal", value=f"{setting.focal_mm:g}")
    else:
        SubElement(lens, "focal", min=f"{setting.lens.focal_min:g}", max=f"{setting.lens.focal_max:g}")
    if setting.lens.f_number_open:
        SubElement(lens, "aperture", min=f"{setting.lens.f_number_open:g}")
    SubElement(lens, "cropfactor").text = f"{run.crop_factor:.6g}"
    SubElement(lens, "aspect-ratio").text = f"{run.aspect_ratio:.6g}:1"
    if run.centre:
        lens.append(centre_element(run.centre))
    calibration = SubElement(lens, "calibration")
    for kind, model in models.items():
        row = {"model": model.name, "focal": f"{run.focal_mm:g}"}
        if kind == "vignetting":
            distance = min(run.distance_m or INFINITY_M, INFINITY_M)
            row |= {"aperture": f"{run.f_number:g}", "distance": f"{distance:g}"}
        row |= {name: f"{term:.9g}" for name, term in zip(TERMS[kind][model.name], model.terms, strict=True)}
        SubElement(calibration, kind, row)
    return lens
