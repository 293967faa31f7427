"""What an export storage asks of the server: one rendered photo, corrected by a preset, or the reason why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from sixbit.editors.server.export import export_photo
from sixbit.editors.server.session import Session
from sixbit.export.presets import load
from sixbit.tags.framing import DARKTABLE
from sixbit.values.errors import ArgumentError, PhotoError
from tests.scenery.photo_factory import areas_of, dng, exif

SUMMICRON = {"Make": "LEICA CAMERA AG", "Model": "LEICA M10", "LensModel": "Summicron-M 1:2/35 ASPH."}


def history(*steps: tuple[str, int], end: int | None = None) -> bytes:
    """What darktable writes of its modules: their names, and whether they are on."""
    items = "".join(
        f'<rdf:li darktable:num="{number}" darktable:operation="{operation}" darktable:enabled="{enabled}"/>'
        for number, (operation, enabled) in enumerate(steps)
    )
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/" '
        f'darktable:history_end="{len(steps) if end is None else end}">'
        f"<darktable:history><rdf:Seq>{items}</rdf:Seq></darktable:history>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def rendered(folder: Path, xmp: bytes = b"", name: str = "L1000001.png", **tags: Any) -> Path:
    """A photo as an editor renders it."""
    rows, columns = np.mgrid[:90, :120]
    pixels = np.stack([rows * 2, columns * 2, (rows // 9 + columns // 9) % 2 * 200], axis=-1).astype(np.uint8)
    packed = exif(**{**SUMMICRON, "FocalLength": (35, 1), **tags})
    Image.fromarray(pixels).save(folder / name, exif=b"Exif\0\0" + packed)
    if xmp:
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        Image.fromarray(pixels).save(folder / name, exif=b"Exif\0\0" + packed, pnginfo=info)
    return folder / name


def export(photo: Path, **more: Any) -> dict[str, Any]:
    return export_photo(photo, photo.parent / "out", load("archive"), **{"lens": None, "force": False, **more})


def test_a_photo_is_corrected_by_the_preset(tmp_path: Path) -> None:
    done = export(rendered(tmp_path, history(("flip", 1), ("exposure", 1))))
    assert (done["status"], done["lens"]) == ("corrected", "summicron-35-asph")
    assert done["out"] == str(tmp_path / "out/L1000001.tif")
    assert tifffile.imread(done["out"]).dtype == np.uint16


@pytest.mark.parametrize("module", DARKTABLE)
def test_what_was_cropped_or_bent_is_not_corrected(tmp_path: Path, module: str) -> None:
    done = export(rendered(tmp_path, history((module, 1))))
    assert (done["status"], done["reason"], done["out"]) == ("reshaped", "reshaped", None)
    assert DARKTABLE[module] in done["message"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("steps", [history(("crop", 1), ("crop", 0)), history(("exposure", 1), ("crop", 1), end=1)])
def test_what_was_undone_does_not_count(tmp_path: Path, steps: bytes) -> None:
    assert export(rendered(tmp_path, steps))["status"] == "corrected"


def test_nothing_is_corrected_twice_unless_allowed(tmp_path: Path) -> None:
    photo = rendered(tmp_path, history(("lens", 1)))
    assert export(photo)["reason"] == "already_corrected"
    assert export(photo, force=True)["status"] == "corrected"


def test_the_sidecar_knows_what_the_export_keeps_to_itself(tmp_path: Path) -> None:
    photo, sidecar = rendered(tmp_path), tmp_path / "L1000001.dng.xmp"
    sidecar.write_bytes(history(("lens", 1)))
    assert export(photo, sidecar=sidecar)["reason"] == "already_corrected"
    sidecar.write_bytes(b"<broken")
    assert export(photo, sidecar=sidecar)["status"] == "corrected"
    assert export(photo, sidecar=tmp_path / "none.xmp")["status"] == "corrected"
    with sidecar.open("wb") as file:
        file.truncate(1 << 40)
    assert export(photo, sidecar=sidecar)["status"] == "corrected"


@pytest.mark.parametrize("told", ["shown", "developed"])
def test_the_raw_knows_what_part_of_its_sensor_was_rendered(tmp_path: Path, told: str) -> None:
    """The focal lengths tell of the crop mode what was shown; darktable renders what is developed."""
    m11 = {"Make": "Leica Camera AG", "Model": "LEICA M11"}
    zoomed = {**m11, "FocalLengthIn35mmFilm": 46}
    whole, part = {"origin": (8, 8), "size": (3000, 2000)}, {"origin": (354, 240), "size": (2308, 1538)}
    user = (0.115, 0.115, 0.885, 0.885)
    areas = {"shown": {**whole, "user": user}, "developed": part}[told]
    raw = tmp_path / "L1000001.dng"
    raw.write_bytes(dng({**zoomed, "FocalLength": (35, 1)}, (3016, 2016), areas_of((0, 0, 2016, 3016), **areas)))
    sidecar = tmp_path / "L1000001.dng.xmp"
    as_is = tifffile.imread(export(rendered(tmp_path, **m11))["out"])
    as_zoomed = tifffile.imread(export(rendered(tmp_path, **zoomed))["out"])
    assert not np.array_equal(as_is, as_zoomed)
    right, tags = (as_is, zoomed) if told == "shown" else (as_zoomed, m11)
    done = export(rendered(tmp_path, **tags), sidecar=sidecar)
    apart = np.abs(tifffile.imread(done["out"]).astype(int) - right)
    assert np.percentile(apart, 99) < 65535 * 0.01 < np.percentile(np.abs(as_is.astype(int) - as_zoomed), 99)


def test_the_lens_that_was_chosen_goes_before_the_photos_own(tmp_path: Path) -> None:
    assert export(rendered(tmp_path), lens="apo-summicron-75")["lens"] == "apo-summicron-75"
    untagged = rendered(tmp_path, LensModel="----")
    assert export(untagged)["reason"] == "untagged"
    assert export(untagged, lens="apo-summicron-75")["lens"] == "apo-summicron-75"


def test_photos_of_one_name_are_numbered(tmp_path: Path) -> None:
    photo = rendered(tmp_path)
    names = [Path(export(photo)["out"]).name for _ in range(3)]
    assert names == ["L1000001.tif", "L1000001-2.tif", "L1000001-3.tif"]


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    photo = {"do": "export", "photo": str(rendered(tmp_path)), "folder": str(tmp_path / "out")}
    session = Session(None)
    for wrong in ({"preset": "archiv"}, {"preset": "archive", "lens": "noctilux"}, {}):
        with pytest.raises((ArgumentError, ValueError)):
            session.answer({**photo, **wrong}, lambda share: None)
    assert not (tmp_path / "out").exists()


def test_what_is_not_corrected_is_written_as_it_is_if_asked_for(tmp_path: Path) -> None:
    refused = {
        "already_corrected": rendered(tmp_path, history(("lens", 1)), name="a.png"),
        "reshaped": rendered(tmp_path, history(("crop", 1)), name="b.png"),
        "untagged": rendered(tmp_path, LensModel="----", name="c.png"),
        "uncalibrated": rendered(tmp_path, LensModel="Summilux-M 50mm f/1.4 II", FocalLength=(50, 1), name="d.png"),
    }
    for reason, photo in refused.items():
        done = export(photo, as_it_is=True)
        assert (done["status"], done["reason"]) == ("copied", reason)
        assert Path(done["out"]) == tmp_path / "out" / photo.name
        assert Path(done["out"]).read_bytes() == photo.read_bytes()
    assert done["codes"] == ["grade"]


def test_a_copy_takes_no_other_files_place(tmp_path: Path) -> None:
    photo = rendered(tmp_path, history(("lens", 1)))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / photo.name).write_bytes(b"another")
    done = export(photo, as_it_is=True)
    assert Path(done["out"]).name == "L1000001-2.png"
    assert (tmp_path / "out" / photo.name).read_bytes() == b"another"


def test_a_copy_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    photo = rendered(tmp_path, history(("lens", 1)))
    (tmp_path / "out").write_bytes(b"no folder")
    with pytest.raises(PhotoError):
        export(photo, as_it_is=True)


def test_a_photo_is_called_as_its_editor_says(tmp_path: Path) -> None:
    done = export(rendered(tmp_path, name="L1_01.png"), name="L1.png", original=tmp_path / "L1.dng")
    assert done["out"] == str(tmp_path / "out/L1.tif")


def test_an_editor_may_know_that_a_photo_is_corrected(tmp_path: Path) -> None:
    photo = rendered(tmp_path)
    assert export(photo, corrected=True)["reason"] == "already_corrected"
    assert export(photo, corrected=True, force=True)["status"] == "corrected"


def test_a_lower_grade_can_be_asked_for(tmp_path: Path) -> None:
    photo = rendered(tmp_path, LensModel="Summilux-M 50mm f/1.4 II", FocalLength=(50, 1))
    asked = {"do": "export", "photo": str(photo), "folder": str(tmp_path / "out"), "preset": "archive"}
    session = Session(None)
    assert session.answer(asked, lambda share: None)["status"] == "skipped"
    assert session.answer({**asked, "lowest_grade": "computed"}, lambda share: None)["status"] == "corrected"
    with pytest.raises(ArgumentError):
        session.answer({**asked, "lowest_grade": "guessed"}, lambda share: None)
