"""Corrections written into DNGs of all layouts, and taken out again to the byte."""

from __future__ import annotations

import io
import itertools
import os
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sixbit.calibration import keep
from sixbit.calibration.frames import Setting
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.files import dng as structure_of
from sixbit.files.dng_kept import FOLDER
from sixbit.files.tiff import LONG, ORIENTATION, SHORT, SUB_IFDS, SUBFILE_TYPE, Structure, StructureError, find
from sixbit.lenses.catalogue import catalogue
from sixbit.machine import user_data
from sixbit.raw import write
from sixbit.raw.opcodes import FixVignetteRadial, WarpRectilinear, check, packed, unpacked
from sixbit.raw.sensor import raw_in
from sixbit.raw.told import told_of
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, CompileError, SixbitError
from sixbit.values.lens import Model
from tests.scenery import dngs
from tests.scenery.photo_factory import UNDEFINED
from tests.scenery.programs import dcraw, exiftool
from tests.scenery.refusals import refused
from tests.scenery.root import RAW_DEVELOPER, system_root

STOPPED_DOWN = Choices(f_number=5.6)
CAMERAS = packed([WarpRectilinear(((1.0, -0.01, 0.0, 0.0),) * 3)])


def made(folder: Path, name: str = "L1000001.DNG", **parts: Any) -> Path:
    photo = folder / name
    photo.write_bytes(dngs.dng(**parts))
    return photo


def lists_of(photo: Path) -> dict[str, list[str]]:
    with photo.open("rb") as file:
        return {name: [one.name for one in unpacked(data)] for name, data in raw_in(photo, file).lists.items()}


TURNED = {"active": (4, 8, 200, 300), "crop": (4, 8, 284, 184), "orientation": 6}
"""An ActiveArea whose middle is not that of the picture, turned."""
SENSORS: dict[str, dict[str, Any]] = {
    "off-centre": TURNED,
    "monochrome": {"colours": (), "model": "LEICA M11 Monochrom"},
    "lossless": {"stored": "lossless"},
}
ALL_LAYOUTS: list[dict[str, Any]] = [
    *({"layout": layout, "order": order} for layout, order in itertools.product(dngs.LAYOUTS, "<>")),
    *SENSORS.values(),
]
LAYOUTS = [*itertools.product(dngs.LAYOUTS, "<>", ("strips",)), *itertools.product(dngs.LAYOUTS[1:2], "<", dngs.STORED)]


@pytest.mark.parametrize(
    "parts",
    [*(dict(zip(("layout", "order", "stored"), one, strict=True)) for one in LAYOUTS), *SENSORS.values()],
    ids=lambda parts: " ".join(map(str, parts.values())),
)
def test_one_pointer_changes_and_all_comes_back(tmp_path: Path, parts: dict[str, Any]) -> None:
    photo = made(tmp_path, **parts)
    before = photo.read_bytes()
    written = write.write_copy(photo, tmp_path / "out" / photo.name, STOPPED_DOWN)
    assert photo.read_bytes() == before
    after = written.out.read_bytes()
    differing = [at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new]
    assert differing
    assert differing[-1] - differing[0] < 4, "the bytes of one pointer"
    assert len(after) == len(before) + written.grown
    assert lists_of(written.out) == {"OpcodeList3": ["FixVignetteRadial", "WarpRectilinear2", "WarpRectilinear"]}
    write.write_in_place(photo, STOPPED_DOWN)
    assert photo.read_bytes() == after
    for changed in (photo, written.out):
        assert write.remove(changed).exactly
        assert changed.read_bytes() == before


def test_light_that_one_opcode_misses_goes_into_maps(tmp_path: Path) -> None:
    photo = made(tmp_path)
    write.write_in_place(photo)
    assert lists_of(photo) == {"OpcodeList2": ["GainMap"] * 4, "OpcodeList3": ["WarpRectilinear2", "WarpRectilinear"]}


@pytest.mark.parametrize("colours", [(0, 1, 1, 2), (1, 0, 2, 1), ()])
def test_what_is_written_is_what_adobe_takes(tmp_path: Path, colours: tuple[int, ...]) -> None:
    photo = made(tmp_path, colours=colours, model="LEICA M10" if colours else "LEICA M11 Monochrom")
    write.write_in_place(photo, STOPPED_DOWN)
    with photo.open("rb") as file:
        raw = raw_in(photo, file)
    for data in raw.lists.values():
        check(data, 3 if colours else 1)
        assert all(one.is_optional for one in unpacked(data))


def test_the_active_area_and_an_upright_picture_do_not_matter(tmp_path: Path) -> None:
    inner = made(tmp_path, "inner.dng", **TURNED)
    write.write_in_place(inner, STOPPED_DOWN)
    with inner.open("rb") as file:
        raw = raw_in(inner, file)
        (_, warp, _) = unpacked(raw.lists["OpcodeList3"])
    assert (raw.mosaic.width, raw.mosaic.height, raw.picture) == (292, 196, (284, 184))
    centre = struct.unpack_from(">2d", warp.parameters, len(warp.parameters) - 20)
    assert centre == pytest.approx(((4 + 283 / 2) / 292, (8 + 183 / 2) / 196))


def test_a_raw_without_a_crop_is_developed_to_all_of_its_active_area(tmp_path: Path) -> None:
    """Readers take shares of the ActiveArea, whether or not the picture is a part of it."""
    crop_tags = (0xC61F, 0xC620)
    bare = made(tmp_path, "bare.dng", active=(20, 40, 200, 300), without=crop_tags)
    told = made(tmp_path, "told.dng", pixels=dngs.flat((260, 180)), crop=(0, 0, 260, 180))
    of_bare, of_told = (
        raw_in(photo, file).lists
        for photo in (bare, told)
        if write.write_in_place(photo, STOPPED_DOWN)
        for file in [io.BytesIO(photo.read_bytes())]
    )
    assert of_bare == of_told


def test_gain_maps_beside_a_border(tmp_path: Path) -> None:
    """darktable takes maps of all that is stored alone; an odd border has other colours for each program."""
    (note,) = write.write_in_place(made(tmp_path, "even.dng", active=(2, 4, 200, 300))).correction.notes
    assert "darktable does not see its gain maps" in note
    assert not write.write_in_place(made(tmp_path, "none.dng")).correction.notes
    assert not write.write_in_place(made(tmp_path, "open.dng", active=(2, 4, 200, 300)), STOPPED_DOWN).correction.notes
    odd = made(tmp_path, "odd.dng", active=(1, 1, 199, 299))
    with refused(CompileError, "an even number of rows and columns before its ActiveArea", Code.FORMAT):
        write.write_in_place(odd)
    assert write.write_in_place(odd, STOPPED_DOWN).grown


def test_an_empty_list_of_the_camera_stands_in_nobodys_way(tmp_path: Path) -> None:
    photo = made(tmp_path, more={structure_of.LISTS["OpcodeList2"]: (UNDEFINED, packed([]))})
    assert write.write_in_place(photo, STOPPED_DOWN).grown
    assert not write.write_in_place(photo, STOPPED_DOWN).grown
    assert write.remove(photo).exactly


def test_what_a_program_has_put_beside_the_raw_does_not_keep_the_correction_in(tmp_path: Path) -> None:
    """Lightroom puts an enhanced picture into the DNG itself: nothing is written then, but told, and taken out."""
    photo = made(tmp_path)
    write.write_in_place(photo, STOPPED_DOWN)
    with photo.open("r+b") as file:
        structure = Structure(file)
        preview = list(structure_of.raw_directories(structure))[2]
        number = next(k for k, one in enumerate(preview.entries) if one.tag == SUBFILE_TYPE)
        file.seek(preview.at + 2 + 12 * number + 8)
        file.write(struct.pack("<I", structure_of.ENHANCED))
    assert told_of(photo).record
    with refused(SixbitError, "an enhanced picture of the raw", Code.FORMAT):
        write.write_in_place(photo, STOPPED_DOWN)
    assert not write.remove(photo).exactly
    assert not told_of(photo).lines


def test_times_are_kept_and_a_copy_replaces_nothing(tmp_path: Path) -> None:
    photo = made(tmp_path)
    os.utime(photo, (1_000_000_000, 1_000_000_001))
    out = write.write_copy(photo, tmp_path / "out.dng").out
    write.write_in_place(photo)
    write.remove(photo)
    assert photo.stat().st_mtime == out.stat().st_mtime == 1_000_000_001
    out.write_bytes(b"something else")
    with pytest.raises(SixbitError) as caught:
        write.write_copy(photo, out)
    assert caught.value.code is Code.EXISTS


def test_what_a_killed_process_left_is_nothing(tmp_path: Path) -> None:
    """The trailer stands first, then all of the tail, then the pointer: at each of these the file is as before."""
    photo = made(tmp_path)
    before = photo.read_bytes()
    write.write_in_place(photo)
    after = photo.read_bytes()
    tail = after[len(before) :]
    half = bytes(len(tail) - structure_of.ROOM) + tail[-structure_of.ROOM :]
    for left in (half, tail):
        photo.write_bytes(before + left)
        assert write.remove(photo).exactly
        assert photo.read_bytes() == before
        photo.write_bytes(before + left)
        copy = write.write_copy(photo, tmp_path / "copy.dng").out
        write.write_in_place(photo)
        assert photo.read_bytes() == copy.read_bytes() == after
        copy.unlink()


def test_an_edit_in_between_stays_when_the_correction_goes(tmp_path: Path) -> None:
    photo = made(tmp_path)
    write.write_in_place(photo)
    data = bytearray(photo.read_bytes())
    at = data.index(b"2026:01:02")
    data[at : at + 4] = b"2027"
    photo.write_bytes(bytes(data) + b"something that was put behind it")
    assert not write.remove(photo).exactly
    assert lists_of(photo) == {}
    assert b"2027:01:02" in photo.read_bytes()
    with pytest.raises(SixbitError, match="no correction"):
        write.remove(photo)


def test_opcodes_of_others_are_neither_replaced_nor_removed(tmp_path: Path) -> None:
    photo = made(tmp_path, more={0xC74E: (7, CAMERAS)})
    before = photo.read_bytes()
    for do in (write.write_in_place, write.remove, lambda path: write.write_copy(path, tmp_path / "out.dng")):
        with pytest.raises(SixbitError) as caught:
            do(photo)
        assert caught.value.code is Code.ALREADY_CORRECTED
    assert photo.read_bytes() == before
    assert not (tmp_path / "out.dng").exists()


def test_a_list_that_was_changed_since_is_not_taken_out(tmp_path: Path) -> None:
    photo = made(tmp_path)
    write.write_in_place(photo, STOPPED_DOWN)
    data = bytearray(photo.read_bytes())
    with photo.open("rb") as file:
        lists = raw_in(photo, file).lists
    at = data.index(lists["OpcodeList3"])
    other = packed([FixVignetteRadial((0.5, 0.0, 0.0, 0.0, 0.0))])
    data[at + 24] ^= 1
    photo.write_bytes(bytes(data) + other)
    before = photo.read_bytes()
    with pytest.raises(SixbitError, match="not those that Sixbit wrote"):
        write.remove(photo)
    assert photo.read_bytes() == before


def test_it_is_not_written_twice(tmp_path: Path) -> None:
    """The same command again, as after it was stopped, finds its work done; another correction is refused."""
    photo = made(tmp_path)
    copy = write.write_copy(photo, tmp_path / "out.dng").out
    write.write_in_place(photo)
    once = photo.read_bytes()
    assert write.write_in_place(photo).grown == 0
    with pytest.raises(SixbitError, match="another correction"):
        write.write_in_place(photo, STOPPED_DOWN)
    with pytest.raises(SixbitError, match="already"):
        write.write_copy(photo, tmp_path / "more.dng")
    assert photo.read_bytes() == once
    write.remove(photo)
    assert write.write_copy(photo, copy).grown == 0
    with pytest.raises(SixbitError, match="is there already"):
        write.write_copy(photo, copy, STOPPED_DOWN)
    assert copy.read_bytes() == once


def test_a_list_whose_trailer_another_program_has_dropped_is_known_here(tmp_path: Path) -> None:
    """By the record that this computer keeps; on another one it may be anybody's, and stays."""
    photo = made(tmp_path)
    write.write_in_place(photo, STOPPED_DOWN)
    dropped = photo.read_bytes()[: -structure_of.ROOM]
    photo.write_bytes(dropped)
    assert [line.own for line in told_of(photo).lines] == [True] * 3
    assert write.write_in_place(photo, STOPPED_DOWN).grown == 0
    assert not write.remove(photo).exactly
    assert lists_of(photo) == {}
    with pytest.raises(SixbitError, match="no correction"):
        write.remove(photo)
    shutil.rmtree(user_data() / FOLDER)
    photo.write_bytes(dropped)
    with pytest.raises(SixbitError, match="not those that Sixbit wrote"):
        write.remove(photo)
    assert photo.read_bytes() == dropped


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"lists": {"OpcodeList3": "0"}}'])
def test_a_record_that_was_damaged_tells_nothing(tmp_path: Path, content: bytes) -> None:
    photo = made(tmp_path)
    write.write_in_place(photo, STOPPED_DOWN)
    (record,) = (user_data() / FOLDER).iterdir()
    record.write_bytes(content)
    photo.write_bytes(photo.read_bytes()[: -structure_of.ROOM])
    with pytest.raises(SixbitError, match="not those that Sixbit wrote"):
        write.remove(photo)


UNFIT: dict[str, dict[str, Any]] = {
    "enhanced": {"of_first": {0x00FE: (LONG, 16)}},
    "linear": {"colours": (), "more": {0x0115: (SHORT, 3)}},
    "x-trans": {"more": {0x828D: (SHORT, (6, 6)), 0x828E: (1, (0, 1, 1, 2) * 9)}},
    "other colours": {"more": {0xC616: (1, (0, 1, 3))}},
    "no squares": {"more": {0xC61E: (5, ((2, 1), (1, 1)))}},
    "no raw": {"more": {0x0106: (SHORT, 2)}},
    "areas": {"more": {0xC620: (LONG, (5000, 5000))}},
    "beyond the end": {"more": {0x0111: (LONG, 1 << 30)}},
    "lists beyond the end": {"more": {0xC741: (7, b"\0\0\0\1" + bytes(200))}},
}


@pytest.mark.parametrize("parts", UNFIT.values(), ids=UNFIT)
def test_what_no_correction_fits_to_is_refused_in_words(tmp_path: Path, parts: dict[str, Any]) -> None:
    photo = made(tmp_path, **parts)
    before = photo.read_bytes()
    with pytest.raises(SixbitError) as caught:
        write.write_in_place(photo)
    assert caught.value.subject == photo
    assert photo.read_bytes() == before


def test_a_raw_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """There would be two pointers to it, of which one would be left."""
    photo = made(tmp_path)
    data = bytearray(photo.read_bytes())
    structure = Structure(bytes(data))
    below = find(structure.first(), SUB_IFDS)
    assert below is not None
    at = structure.place(below)
    data[at + 4 : at + 8] = data[at : at + 4]
    photo.write_bytes(bytes(data))
    with pytest.raises(SixbitError, match="2 raws"):
        write.write_in_place(photo)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"II*\0",
        b"II+\0\x08\0\0\0" + bytes(64),
        b"\xff\xd8\xff\xe0 no DNG",
        dngs.dng()[:5000],
        dngs.dng()[:-40],
        dngs.dng().replace(struct.pack("<HHI", 0xC612, 1, 4), struct.pack("<HHI", 0xC60F, 1, 4)),
    ],
)
def test_a_file_that_is_cut_or_no_dng_is_refused(tmp_path: Path, data: bytes) -> None:
    photo = tmp_path / "photo.dng"
    photo.write_bytes(data)
    for do in (write.write_in_place, write.remove):
        with pytest.raises(SixbitError):
            do(photo)
        assert photo.read_bytes() == data


def test_a_file_beyond_what_its_offsets_reach_is_refused(tmp_path: Path) -> None:
    """4 GiB and more, or so near to them that the tail would go beyond. It is sparse, and takes no room."""
    photo = made(tmp_path)
    os.truncate(photo, 1 << 32)
    for do in (write.write_in_place, write.remove, lambda path: write.write_copy(path, tmp_path / "out.dng")):
        with pytest.raises(SixbitError, match="more than 4 GiB"):
            do(photo)
    assert photo.stat().st_size == 1 << 32
    assert not (tmp_path / "out.dng").exists()
    structure = Structure(dngs.dng())
    lists, near = {"OpcodeList3": CAMERAS}, (1 << 32) - 600
    with pytest.raises(StructureError, match="more than 4 GiB"):
        structure_of.tail_for(structure, structure_of.raw_directory(structure), near, bytes(32), lists, {})
    structure_of.tail_for(structure, structure_of.raw_directory(structure), near - 10_000, bytes(32), lists, {})


def test_a_signed_file_is_only_copied(tmp_path: Path) -> None:
    photo = made(tmp_path, of_first={0xCD41: (7, b"jumb" * 8)})
    before = photo.read_bytes()
    with pytest.raises(SixbitError, match="C2PA"):
        write.write_in_place(photo)
    assert photo.read_bytes() == before
    assert any("C2PA" in note for note in write.write_copy(photo, tmp_path / "out.dng").correction.notes)


def test_fall_off_that_the_camera_has_compensated_is_left_out(tmp_path: Path) -> None:
    photo = made(tmp_path, lens="Summilux-M 1:1.4/21 ASPH.", focal_mm=21)
    left = write.write_copy(photo, tmp_path / "left.dng").correction
    assert "vignetting" not in left.record["corrections"]
    named = write.write_copy(photo, tmp_path / "named.dng", Choices(compensated="correct")).correction
    assert "vignetting" in named.record["corrections"]


@pytest.mark.parametrize("body", ["LEICA M10", "LEICA M10-R"])
def test_flats_of_that_very_body_hold_what_the_camera_did(tmp_path: Path, body: str) -> None:
    """So shading, and fall-off of one's own, are written where an M knew its lens; none is known of another body."""
    name = "Summilux-M 1:1.4/21 ASPH."
    coded: dict[str, Any] = {"lens": name, "focal_mm": 21, "f_number": (28, 10)}
    shading = Shading(PlaneShading((1.0, 0.0, -0.05)), PlaneShading()).to_json()
    lens = catalogue().lens("summilux-21")
    setting = Setting(lens, 1.0, 21.0, 1.5, 2.8, 1000.0, "Leica Camera AG", "LEICA M10", turned=1)
    setting = replace(setting, compensated=name)
    keep.add(setting, "9 flats", shading=shading, vignetting=Model("pa", (-0.1, 0.0, 0.0)))
    photo = made(tmp_path, model=body, **coded)
    written = write.write_in_place(photo).correction.record["corrections"]
    on_body = body == "LEICA M10"
    assert ("shading" in written, "vignetting" in written) == (on_body, on_body)
    assert ("OpcodeList2" in lists_of(photo)) == on_body
    named = write.write_copy(
        made(tmp_path, "b.dng", model=body, **coded), tmp_path / "c.dng", Choices(compensated="correct")
    )
    assert "vignetting" in named.correction.record["corrections"]


@pytest.mark.parametrize("parts", ALL_LAYOUTS)
def test_exiftool_finds_all_tags_as_they_were(tmp_path: Path, parts: dict[str, Any]) -> None:
    photo = made(tmp_path, **parts)
    out = write.write_copy(photo, tmp_path / "out.dng").out

    def told(path: Path, *options: str) -> str:
        return subprocess.run([*exiftool(), *options, str(path)], capture_output=True, text=True, check=True).stdout

    files = ("--FileName", "--Directory", "--FileSize", "-all:all", "--System:all")
    before, after = (told(path, "-a", "-G1", "-u", *files).splitlines() for path in (photo, out))
    more = [line for line in after if line not in before]
    assert [line for line in before if line not in after] == []
    assert all("Opcode" in line for line in more), more
    assert told(out, "-validate", "-s3", "-Validate").strip() == told(photo, "-validate", "-s3", "-Validate").strip()


@pytest.mark.parametrize("stored", dngs.STORED)
def test_libraw_sees_the_same_pixels(tmp_path: Path, stored: str) -> None:
    """It carries out no opcodes, and reads the values where they always were."""
    rawpy = pytest.importorskip("rawpy")
    photo = made(tmp_path, stored=stored)
    out = write.write_copy(photo, tmp_path / "out.dng").out
    with rawpy.imread(str(photo)) as before, rawpy.imread(str(out)) as after:
        assert np.array_equal(before.raw_image, after.raw_image)
        assert np.array_equal(before.postprocess(half_size=True), after.postprocess(half_size=True))


@pytest.mark.parametrize("f_number", [1.5, 5.6], ids=["gain maps", "no gain maps"])
def test_dcraw_makes_the_same_picture(tmp_path: Path, f_number: float) -> None:
    photo = made(tmp_path)
    out = write.write_copy(photo, tmp_path / "out.dng", Choices(f_number=f_number)).out
    before, after = (
        subprocess.run([*dcraw(), "-c", "-w", "-4", str(path)], capture_output=True, check=True).stdout
        for path in (photo, out)
    )
    assert before.startswith(b"P6")
    assert before == after


def test_exiv2_has_nothing_to_say(tmp_path: Path) -> None:
    for number, parts in enumerate(ALL_LAYOUTS):
        write.write_in_place(made(tmp_path, f"{number}.dng", **parts))
    done = system_root(RAW_DEVELOPER).run(
        ["bash", "-c", "exiv2 -g OpcodeList -pt /mnt/x/*.dng"], timeout=60, binds={"/mnt/x": tmp_path}
    )
    assert done.stdout.count("OpcodeList3") == len(ALL_LAYOUTS)
    assert done.stderr == ""


def test_exiftool_may_write_the_file_anew(tmp_path: Path) -> None:
    photo = made(tmp_path)
    write.write_in_place(photo, STOPPED_DOWN)
    subprocess.run([*exiftool(), "-q", "-overwrite_original", "-Artist=me", str(photo)], check=True)
    with photo.open("rb") as file:
        assert structure_of.carried(Structure(file)) is not None
    assert not write.remove(photo).exactly
    assert lists_of(photo) == {}


def test_an_edit_in_the_tail_is_not_lost(tmp_path: Path) -> None:
    """Programs that turn a photo change a tag of the first directory where it stands, which is ours then."""
    photo = made(tmp_path, layout=dngs.LAYOUTS[0])
    write.write_in_place(photo)
    data = bytearray(photo.read_bytes())
    turned = find(Structure(bytes(data)).first(), ORIENTATION)
    assert turned is not None
    data[turned.at + 8] = 6
    photo.write_bytes(bytes(data))
    assert not write.remove(photo).exactly
    structure = Structure(photo.read_bytes())
    assert structure.number(find(structure.first(), ORIENTATION)) == 6
    assert lists_of(photo) == {}


def test_a_directory_put_anew_at_the_end_still_leads_to_what_is_ours(tmp_path: Path) -> None:
    photo = made(tmp_path, layout=dngs.LAYOUTS[0])
    write.write_in_place(photo)
    with photo.open("r+b") as file:
        Structure(file).set_text(0x010E, "a description that is new")
    with photo.open("rb") as file:
        assert structure_of.carried(Structure(file)) is not None
    assert write.write_in_place(photo).grown == 0
    assert not write.remove(photo).exactly
    assert lists_of(photo) == {}
    assert b"a description that is new" in photo.read_bytes()


def test_nothing_is_taken_off_a_file_that_was_written_to_since(tmp_path: Path) -> None:
    """A tail that nothing points to may be that of a killed process, or what another program has made of it."""
    photo = made(tmp_path)
    before = bytearray(photo.read_bytes())
    write.write_in_place(photo)
    tail = photo.read_bytes()[len(before) :]
    at = before.index(b"2026:01:02")
    before[at : at + 4] = b"2027"
    photo.write_bytes(bytes(before) + tail)
    write.write_in_place(photo)
    assert photo.read_bytes()[len(before) :].startswith(tail)


@pytest.mark.parametrize("of_another_kind", [False, True])
def test_a_file_that_another_program_writes_meanwhile_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_another_kind: bool
) -> None:
    """It knows of no lock; what it has written may be longer, or another file of that name."""
    photo = made(tmp_path)
    data, copied = photo.read_bytes() + b"more", write._copied

    def meanwhile(*args: Any) -> bytes:
        other = tmp_path / "other" if of_another_kind else photo
        other.write_bytes(data)
        other.replace(photo)
        return copied(*args)

    monkeypatch.setattr(write, "_copied", meanwhile)
    with pytest.raises(SixbitError, match="another program"):
        write.write_in_place(photo)
    assert photo.read_bytes() == data
