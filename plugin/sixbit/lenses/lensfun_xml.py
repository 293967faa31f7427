"""The user's own calibrations as lensfun XML: one entry for each lens and size of sensor, and the document of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.own import Run, RunError, merged
from sixbit.manifest import data_path

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TERMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "distortion": {"poly3": ("k1",), "poly5": ("k1", "k2"), "ptlens": ("a", "b", "c")},
    "tca": {"linear": ("kr", "kb"), "poly3": ("vr", "vb", "cr", "cb", "br", "bb")},
    "vignetting": {"pa": ("k1", "k2", "k3")},
}
"""lensfun's models and the names of their terms, in the order of :mod:`sixbit.compiler.optics` (and lensfunpy)."""


def lensfun_entries(wanted: Sequence[Run], complete: bool) -> list[Element]:
    """One lensfun ``<lens>`` for each lens and size of sensor."""
    groups: list[list[Run]] = []
    for run in wanted:
        group = next((g for g in groups if g[0].lens_id == run.lens_id and g[0].same_sensor(run)), None)
        if group is None:
            groups.append([run])
        else:
            group.append(run)
    entries = []
    for group in groups:
        lenses = [lens for run in group for lens in _root(run).iter("lens")]
        entry = merged(lenses, TERMS)
        calibration = entry.find("calibration")
        stock = stock_entry(group[0].lens_id, group[0].crop_factor) if complete else None
        if stock is not None and calibration is not None:
            there = {row.tag for row in calibration}
            calibration.extend(row for row in stock.iterfind("calibration/*") if row.tag not in there)
        entries.append(entry)
    return entries


def _root(run: Run) -> Element:
    from xml.etree import ElementTree

    try:
        return ElementTree.parse(run.xml).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise RunError(
            f"{run.xml} cannot be read ({error}); `sixbit calibrate remove {run.name}` takes this run back."
        ) from error


def stock_entry(lens_id: str, crop_factor: float | None) -> Element | None:
    """The entry of a lens in Sixbit's own database: any, or the one for sensors of this size."""
    from xml.etree import ElementTree

    lens = catalogue().lenses.get(lens_id)
    if lens is None:
        return None
    names = {lens.name} | {c.model for c in lens.calibrations if not c.own and c.file != "computed.xml"}
    for path in sorted(data_path("lens_db").glob("*.xml")):
        for entry in ElementTree.parse(path).getroot().iter("lens"):
            same = crop_factor is None or abs(float(entry.findtext("cropfactor") or 1) / crop_factor - 1) < 0.005
            if same and names & {model.text for model in entry.findall("model")}:
                return entry
    return None


def document(entries: Iterable[Element], made_from: Iterable[Run]) -> bytes:
    """A lensfun database of version 1, with what each run was made from in a comment."""
    from xml.etree import ElementTree

    root = ElementTree.Element("lensdatabase", version="1")
    root.extend(entries)
    ElementTree.indent(root, "    ")
    # Two hyphens would end a comment.
    said = "\n".join(f"    {r.lens}: {', '.join(r.kinds)}; {r.said}".replace("--", "- ") for r in made_from)
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<!--\n    Measured with Sixbit.\n{said}\n-->\n'
    return (text + ElementTree.tostring(root, encoding="unicode") + "\n").encode()
