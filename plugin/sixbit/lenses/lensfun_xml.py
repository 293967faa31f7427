"""The user's own calibrations as lensfun XML: one entry for each lens and size of sensor, and the document of them."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.entries import aspect_ratio, merged, models, text_of, xml_root
from sixbit.lenses.own import Run, centre_of, that_count
from sixbit.manifest import data_path
from sixbit.values.errors import CatalogueError, Code
from sixbit.values.kinds import SPOKEN, TRUSTED
from sixbit.values.lens import Model
from sixbit.values.sentence import Sentence, in_a_row

MOUNT = "Leica M"

TERMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "distortion": {"poly3": ("k1",), "poly5": ("k1", "k2"), "ptlens": ("a", "b", "c")},
    "tca": {"linear": ("kr", "kb"), "poly3": ("vr", "vb", "cr", "cb", "br", "bb")},
    "vignetting": {"pa": ("k1", "k2", "k3")},
}
"""lensfun's models and the names of their terms, in the order of :mod:`sixbit.compiler.optics` (and lensfunpy)."""


def lensfun_entries(wanted: Sequence[Run], complete: bool) -> list[Element]:
    """Make one lensfun ``<lens>`` of all runs with a lens on sensors of one size.

    ``complete`` adds to each what Sixbit's own database has of the other kinds, and the mounts of adapters; without it,
    an entry is as lensfun's contributors write them. Raises CatalogueError for a run whose
    XML cannot be read.
    """
    return [_entry(group, complete) for group in _by_entry(wanted)]


def parted(runs: Iterable[Run]) -> Iterator[str]:
    """Say of each lens whose kinds were measured on sensors of several shapes that they do not come together."""
    for groups in _by_lens(_by_entry([run for run in runs if run.is_for_lensfun])):
        kinds = [[kind for kind in TERMS if any(kind in run.kinds for run in group)] for group in groups]
        if any(one != kinds[0] for one in kinds):
            each = [
                Sentence(
                    "{kinds} at {shape} and crop factor {crop}",
                    kinds=in_a_row([SPOKEN[kind] for kind in of_group]),
                    shape=f"{group[0].aspect_ratio:.3g}:1",
                    crop=f"{group[0].crop_factor:.3g}",
                )
                for group, of_group in zip(groups, kinds, strict=True)
            ]
            made = in_a_row(each, "; ")
            yield Sentence(
                "{lens}: not all was measured on a sensor of one size and shape ({made}), and lensfun takes one of "
                "these for a photo. Measure all of them with one camera if it is for lensfun.",
                lens=groups[0][0].lens,
                made=made,
            )


def _by_entry(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs with one lens on sensors of one size."""
    groups: list[list[Run]] = []
    for run in runs:
        group = next((g for g in groups if g[0].lens_id == run.lens_id and g[0].same_sensor(run)), None)
        if group is None:
            groups.append([run])
        else:
            group.append(run)
    return groups


def _by_lens(groups: Iterable[list[Run]]) -> list[list[list[Run]]]:
    lenses: dict[str, list[list[Run]]] = {}
    for group in groups:
        lenses.setdefault(group[0].lens_id, []).append(group)
    return [*lenses.values()]


def _entry(runs: Sequence[Run], complete: bool) -> Element:
    measured = [(run, lens) for run in runs for lens in _root(run).iter("lens")]
    for run, lens in measured:
        _check(run, lens)
    counting = {kind: that_count([run for run in runs if kind in run.kinds], kind) for kind in TERMS}
    weights = [
        {kind: run.weight(kind) if run in counting[kind] else None for kind in run.kinds if kind in TERMS}
        for run, _ in measured
    ]
    entry = merged([lens for _, lens in measured], TERMS, weights)
    _set_centre(entry, runs, counting["distortion"])
    calibration = entry.find("calibration")
    if not complete:
        _as_contributed(entry, runs)
    stock = stock_entry(runs[0].lens_id, runs[0].crop_factor) if complete else None
    if stock is not None and calibration is not None:
        there = {row.tag for row in calibration}
        calibration.extend(copy.deepcopy(row) for row in stock.iterfind("calibration/*") if row.tag not in there)
    return entry


def _check(run: Run, lens: Element) -> None:
    """Raise CatalogueError for a run of whose XML somebody has changed a number to what is none."""
    try:
        numbers = [float(text_of(lens, "cropfactor") or 1), aspect_ratio(lens)]
        for row in lens.iterfind("calibration/*"):
            numbers += [float(value) for name, value in row.items() if name != "model"]
        _finite(numbers)
    except ValueError as error:
        why = Sentence("was changed, and cannot be read ({error}).", Code.RUN, error=error, run=run.name)
        raise CatalogueError(why, subject=run.xml) from error


def _finite(numbers: list[float]) -> list[float]:
    """Return numbers as they are; ValueError if one of them is none, or infinite."""
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a number beyond all bounds")
    return numbers


def _set_centre(entry: Element, runs: Sequence[Run], of_distortion: Sequence[Run]) -> None:
    """Give an entry the optical centre that was seen, if all runs were made with one body: it is not the lens's.

    It is the one about which the distortion was measured, if there is any.
    """
    for place in entry.findall("center"):
        entry.remove(place)
    centre = centre_of(of_distortion or runs) if len({(run.make, run.model) for run in runs}) == 1 else None
    if centre:
        tags = [child.tag for child in entry]
        entry.insert(tags.index("calibration"), centre_element(centre))


def centre_element(centre: tuple[float, float]) -> Element:
    """Make lensfun's ``<center>``."""
    return Element("center", x=f"{centre[0]:.6g}", y=f"{centre[1]:.6g}")


def _as_contributed(entry: Element, runs: Sequence[Run]) -> None:
    """Leave to an entry no more than lensfun's own have, and say with what it was taken."""
    ratio = entry.find("aspect-ratio")
    if ratio is not None and abs(aspect_ratio(entry) / 1.5 - 1) < 0.005:  # which goes without saying
        entry.remove(ratio)
    for mount in entry.findall("mount"):
        if (mount.text or "").strip() != MOUNT:
            entry.remove(mount)
    bodies = ", ".join(dict.fromkeys(run.model for run in runs if run.model))
    calibration = entry.find("calibration")
    if bodies and calibration is not None:
        calibration.insert(0, ElementTree.Comment(f" Taken with {bodies} ".replace("--", "- ")))


def _root(run: Run) -> Element:
    try:
        return xml_root(run.xml)
    except CatalogueError as error:
        why = Sentence("{why}", Code.RUN, why=error.reason, run=run.name)
        raise CatalogueError(why, subject=run.xml) from error


def models_kept(run: Run) -> dict[str, Model]:
    """Return lensfun's models of a run, by kind. Raises CatalogueError if its XML cannot be read, or was changed."""
    found = {}
    for row in xml_root(run.xml).iterfind("lens/calibration/*") if run.has_xml else ():
        name = row.get("model", "")
        try:
            terms = [float(row.get(term, 0)) for term in TERMS[row.tag][name]]
            found[row.tag] = Model(name, tuple(_finite(terms)))
        except (KeyError, ValueError) as error:
            raise CatalogueError(
                Sentence("was changed, and cannot be passed on ({error}).", error=error), subject=run.xml
            ) from error
    return found


def stock_entry(lens_id: str, crop_factor: float | None) -> Element | None:
    """Find the entry of a lens in Sixbit's own database: any, or the one for sensors of this size."""
    lens = catalogue().lenses.get(lens_id)
    if lens is None:
        return None
    names = {lens.name} | {c.model for c in lens.calibrations if not c.own and c.grade in TRUSTED}
    for path in sorted(data_path("lens_db").glob("*.xml")):
        for entry in xml_root(path).iter("lens"):
            same = crop_factor is None or abs(float(text_of(entry, "cropfactor") or 1) / crop_factor - 1) < 0.005
            if same and names & {*models(entry)}:
                return entry
    return None


def document(entries: Iterable[Element], made_from: Iterable[Run]) -> bytes:
    """Write a lensfun database of version 1, with what each run was made from in a comment."""
    root = ElementTree.Element("lensdatabase", version="1")
    root.extend(entries)
    ElementTree.indent(root, "    ")
    # Two hyphens would end a comment.
    sources = "\n".join(f"    {r.lens}: {_kinds(r)}; {r.origin}".replace("--", "- ") for r in made_from)
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<!--\n    Made with Sixbit.\n{sources}\n-->\n'
    return (text + ElementTree.tostring(root, encoding="unicode") + "\n").encode()


def _kinds(run: Run) -> str:
    """The kinds of a run that lensfun can say."""
    return ", ".join(kind for kind in run.kinds if kind in TERMS)
