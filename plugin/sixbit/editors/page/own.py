"""The user's own calibrations on the page: listed, taken over from other owners, given to other programs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sixbit.editors.page.settings import RequestError, read_setting
from sixbit.editors.page.trouble import Trouble
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.lensfun_xml import parted
from sixbit.lenses.own import Run
from sixbit.values.errors import CalibrationError, Code, InstallError, SixbitError, photo_name
from sixbit.values.kinds import SPOKEN
from sixbit.values.sentence import Sentence, in_a_row, sentence_of
from sixbit.values.ways_out import codes_of

LONGEST_NAME = 120


def curves_of(name: str) -> list[dict[str, Any]]:
    """Return the plots of one of them. Raises CalibrationError if there is none of this name."""
    from sixbit.editors.page.plots import of_run

    found = next((run for run in catalogue().runs if run.name == name), None)
    if found is None:
        there_is_none = Sentence("There is no calibration {name} of yours.", name=repr(photo_name(name[:LONGEST_NAME])))
        raise CalibrationError(there_is_none, Code.NO_RUN)
    return [plot.as_json() for plot in of_run(found)]


def own_records() -> list[dict[str, Any]]:
    """Return all of them as a page is told of them."""
    return [
        {
            "name": run.name,
            "lens_id": run.lens_id,
            "lens": run.lens,
            "kinds": in_a_row([Sentence(SPOKEN[kind]) for kind in run.kinds]),
            "said": run.origin,
            "lensfun": run.is_for_lensfun,
            "imported": run.imported,
            "f_number": run.f_number if {"vignetting", "shading"} & {*run.kinds} else None,
        }
        for run in catalogue().runs
    ]


def odd_lenses() -> dict[str, str]:
    """Return what is to be said of lenses, by identity, before their calibrations are given to lensfun."""
    of_lens: dict[str, list[Run]] = {}
    for run in catalogue().runs:
        of_lens.setdefault(run.lens_id, []).append(run)
    return {lens_id: in_a_row(said, " ") for lens_id, runs in of_lens.items() if (said := [*parted(runs)])}


def take_over(path: Path, name: str) -> Sentence:
    """Take over what another owner exported, from a file that the user calls ``name``; say what was done.

    Raises RequestError if it is nothing that can be taken over.
    """
    from sixbit.calibration.bundle import read_bundle

    try:
        kept = read_bundle(path)
    except SixbitError as error:
        words = Sentence("{file}: {why}", file=name, why=sentence_of(error.reason))
        raise RequestError(Trouble(words, tuple(codes_of(error)), error.values)) from error
    finally:
        path.unlink(missing_ok=True)
    if len(kept) == 1:
        return Sentence("{file}: 1 calibration of {lens} taken over.", file=name, lens=kept[0].lens)
    return Sentence("{file}: {count} calibrations of {lens} taken over.", file=name, count=len(kept), lens=kept[0].lens)


def take_back(names: Iterable[str]) -> None:
    """Remove those of these calibrations that are there."""
    from sixbit.calibration.keep import remove, runs

    for name in {*names} & {run.name for run in runs()}:
        remove(name)


def correct(name: str, text: str) -> Run:
    """Say at which aperture a calibration was taken, after all; it is kept anew."""
    from sixbit.calibration.keep import correct_aperture

    f_number = read_setting("f_number", text)
    if f_number is None:
        raise RequestError("Say the aperture, such as f/2.8; to take the calibration back, remove it.")
    return correct_aperture(name, f_number)


def is_installed() -> bool:
    """True if Sixbit's lenses stand where lensfun reads them."""
    from sixbit.install.placed import Placed

    try:
        return bool(Placed.load().files("lensfun"))
    except InstallError:
        return False


def install() -> Sentence:
    """Put Sixbit's lenses where lensfun reads them, and say what was done. Raises InstallError."""
    from sixbit.install import lensfun

    lensfun.install()
    return Sentence(
        "darktable, RawTherapee, digiKam and GIMP's lensfun find Sixbit's lenses and yours from their next start on, "
        "and what you accept or remove later, too. “sixbit uninstall lensfun” takes them back."
    )
