"""Only a SixbitError leaves what reads a file, whatever a library throws at it."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sixbit.calibration.frames
import sixbit.files.exiv2
import sixbit.files.find
import sixbit.photos.decode
import sixbit.photos.privacy
import sixbit.tags.read
from sixbit.calibration.frames import open_frame
from sixbit.export import presets
from sixbit.export.batch import foreseen
from sixbit.export.batch.ledger import Ledger
from sixbit.export.batch.plan import Task, choices_digest, fingerprint, settings_digest
from sixbit.export.batch.record import blank
from sixbit.faults import STRICT
from sixbit.files.exiv2 import exif_of_tiff, read_by_exiv2
from sixbit.lenses import remembered
from sixbit.lenses.catalogue import catalogue, own_folder, reload_catalogue
from sixbit.lenses.entries import entry_in
from sixbit.lenses.remembered import choices_file, look_up
from sixbit.photos.decode import decode
from sixbit.photos.privacy import copy_without
from sixbit.tags.read import read_shot, taken_at
from sixbit.values.errors import CatalogueError, Code, PhotoError, PresetError, SixbitError, UserFileWarning
from sixbit.values.shot import Shot
from tests.scenery import PHOTO
from tests.scenery.fuzz.corpus import CORPUS
from tests.scenery.photo_factory import tiff
from tests.scenery.refusals import refused

THROWN = [
    OverflowError("Overflow in addition"),
    KeyError("Exif.Photo"),
    IndexError("list index out of range"),
    TypeError("no number"),
    RuntimeError("two\x1b[2J\nlines"),
    struct.error("unpack requires a buffer"),
    RecursionError("too deep"),
    NotImplementedError(),
]


def throwing(error: BaseException) -> Callable[..., None]:
    def throw(*arguments: object, **more: object) -> None:
        raise error

    return throw


READERS: dict[str, tuple[str, object, Callable[[Path], object]]] = {
    "the tags": ("find_blocks", sixbit.tags.read, read_shot),
    "the shot": ("shot_of", sixbit.tags.read, read_shot),
    "the time": ("_exif", sixbit.tags.read, taken_at),
    "the pixels": ("import_module", sixbit.photos.decode, decode),
    "a frame": ("_open_frame", sixbit.calibration.frames, open_frame),
    "a copy": ("_copied", sixbit.photos.privacy, lambda path: copy_without(path, "none")),
}


@pytest.mark.parametrize("error", THROWN, ids=repr)
@pytest.mark.parametrize("reader", READERS)
def test_what_a_library_throws_is_told_of_the_photo(
    reader: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, module, read = READERS[reader]
    monkeypatch.delenv(STRICT)
    monkeypatch.setattr(module, name, throwing(error))
    with pytest.raises(PhotoError) as raised:
        read(PHOTO)
    assert raised.value.subject == PHOTO
    assert raised.value.code is (Code.METADATA if reader == "a copy" else Code.DAMAGED)
    assert str(raised.value).isprintable()
    log = Path(str(raised.value.reason).partition("; ")[2].removesuffix(" says more."))
    assert f"{type(error).__name__}" in log.read_text()
    assert f"reading {PHOTO}" in log.read_text()


@pytest.mark.parametrize("reader", READERS)
def test_what_the_system_and_the_memory_refuse_is_no_mistake(
    reader: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name, module, read = READERS[reader]
    monkeypatch.setattr(module, name, throwing(MemoryError()))
    with refused(PhotoError, "too large for the memory", Code.TOO_LARGE):
        read(PHOTO)
    monkeypatch.setattr(module, name, throwing(OSError(5, "Input/output error")))
    code = Code.METADATA if reader == "a copy" else Code.NO_ACCESS
    with refused(PhotoError, "Input/output error", code):
        read(PHOTO)


def test_a_fuzzer_sees_what_was_thrown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sixbit.tags.read, "find_blocks", throwing(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        read_shot(PHOTO)


@pytest.mark.parametrize("error", [OverflowError("Overflow in addition"), IndexError(), RuntimeError(), ValueError()])
def test_what_wraps_exiv2_throws_is_known(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """python-exiv2 has errors of its own, such as an offset beyond its numbers in a RAF."""

    class Broken:
        open = staticmethod(throwing(error))

    monkeypatch.setattr(sixbit.files.exiv2.loaded_exiv2(), "ImageFactory", Broken)
    assert read_by_exiv2(b"FUJIFILMCCD-RAW") == (None, None, (0, 0))
    photo = tmp_path / "a.tif"
    photo.write_bytes(tiff({"Make": "Leica"}))
    with photo.open("rb") as file:
        assert exif_of_tiff(file) is None
    with refused(PhotoError, "cannot be copied without its metadata", Code.METADATA):
        copy_without(photo, "none")


def test_an_orientation_without_a_number_is_left_behind(tmp_path: Path) -> None:
    photo = tmp_path / "a.tif"
    photo.write_bytes(tiff({"Make": "Leica", "Orientation": ()}))
    assert copy_without(photo, "none")[0].startswith(b"II*\0")


def test_a_copy_that_exiv2_has_broken_is_none(tmp_path: Path) -> None:
    """It writes a list of tiles where that is said to lie, and be it over the file's own beginning."""
    photo = tmp_path / "a.tif"
    photo.write_bytes(CORPUS["offsets-in-the-header.tif"][1]())
    assert read_shot(photo).width == 64
    with refused(PhotoError, "its metadata cannot be written anew", Code.DAMAGED):
        copy_without(photo, "no-location")


# The user's own files -----------------------------------------------------------------------------------------------

DEEP = "[" * 100_000


@pytest.mark.parametrize("row", [DEEP, '{"source": 1}', '{"targets": 1}', '{"targets": {"a": 1}}', "[]", "1e999"])
def test_a_line_of_a_ledger_that_is_none(row: str, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.claim({"a": "a"})
    whole = ledger.path.read_text()
    ledger.path.write_text(f"{whole}{row}\n")
    again = Ledger(ledger.path)
    assert again.targets == {"a": "a"}
    again.claim({"b": "b"})
    assert Ledger(ledger.path).targets == {"a": "a", "b": "b"}


ODD_RECORDS: list[dict[str, Any]] = [
    {"status": None},
    {"status": "eaten"},
    {"message": 3},
    {"out": 3},
    {"codes": ["of a newer Sixbit"]},
    {"codes": [[]]},
    {"notes": 3},
    {"thumbnails": [None]},
]


@pytest.mark.parametrize("odd", ODD_RECORDS, ids=str)
def test_a_photo_with_an_odd_record_is_done_again(odd: dict[str, Any], tmp_path: Path) -> None:
    preset = presets.load("web-jpeg")
    task = Task(PHOTO, str(PHOTO), str(tmp_path), PHOTO.stem, preset, settings_digest(preset))
    record = {**blank(task), "status": "skipped", "message": "", "notes": [], "thumbnails": [], "codes": []}
    record |= {"fingerprint": fingerprint(str(PHOTO)), "choices": choices_digest()}
    ledger = Ledger(tmp_path / ".sixbit" / "ledger.jsonl")
    ledger.path.parent.mkdir()
    for one, is_kept in ((record, True), (record | odd, False), ({"source": str(PHOTO)}, False)):
        ledger.add(one)
        (found,) = foreseen([PHOTO], tmp_path, preset)
        assert found.before == is_kept
        assert (found.status == "corrected") != is_kept


def test_a_ledger_that_may_not_be_read(tmp_path: Path) -> None:
    with refused(PhotoError, "is a link, a folder, a pipe or a device, and no ledger", Code.USER_FILE):
        Ledger(tmp_path)


def test_a_preset_of_too_many_braces(tmp_path: Path) -> None:
    """Which step gives up depends on how deep it is, and on who calls."""
    path = tmp_path / "deep.json"
    for depth in (*range(850, 1000), 100_000):
        path.write_text(f'{{"label": "x", "format": "JPEG", "quality": {"[" * depth}{"]" * depth}}}')
        with pytest.raises(PresetError):
            presets.load(path)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e400", "-1e400"])
def test_a_preset_with_a_number_that_is_none(value: str, tmp_path: Path) -> None:
    """NaN is neither below nor above any limit."""
    path = tmp_path / "odd.json"
    path.write_text(f'{{"label": "x", "format": "JPEG", "scale": {value}}}')
    with pytest.raises(PresetError):
        presets.load(path)


@pytest.mark.parametrize(
    "said", [DEEP, "1", "[1]", '[{"make": 1}]', '[{"make": [], "model": "", "name": "", "lens_id": ""}]']
)
def test_choices_that_are_none(said: str) -> None:
    choices_file().parent.mkdir(parents=True)
    choices_file().write_text(said)
    with pytest.warns(UserFileWarning, match="holds the lenses you chose, and is damaged"):
        assert look_up(Shot()) is None


def test_choices_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    choices_file().parent.mkdir(parents=True)
    choices_file().write_text("[]")
    monkeypatch.setattr(remembered, "content_of", throwing(MemoryError()))
    with refused(PhotoError, "holds the lenses you chose, and is too large", Code.TOO_LARGE):
        look_up(Shot())


OWN = {
    "a.xml": [
        "",
        "<lens",
        '<?xml version="1.0" encoding="klingon"?><a/>',
        '<?xml version="1.0" encoding="utf-7"?><a/>',
    ],
    "b.calibration.json": [
        DEEP,
        "[]",
        json.dumps({"sixbit_calibration": 1, "kinds": 3}),
        json.dumps({"sixbit_calibration": 1, "kinds": ["tca"], "crop_factor": 10**400}),
        json.dumps({"sixbit_calibration": 1, "kinds": [["tca"]]}),
    ],
}


@pytest.mark.parametrize(("name", "said"), [(name, said) for name, many in OWN.items() for said in many])
def test_a_calibration_that_is_none(name: str, said: str) -> None:
    own_folder().mkdir(parents=True)
    (own_folder() / name).write_text(said)
    reload_catalogue()
    with pytest.warns(UserFileWarning, match=name):
        known = catalogue().lenses
    assert "summicron-35-asph" in known


def test_a_sidecar_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(PHOTO.read_bytes())
    with (tmp_path / "a.jpg.xmp").open("wb") as file:
        file.truncate(1 << 40)
    assert read_shot(photo).model == read_shot(PHOTO).model


def test_every_error_of_a_read_names_the_photo(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"nothing")
    for read in (read_shot, taken_at, decode, open_frame):
        with pytest.raises(SixbitError) as raised:
            read(photo)
        assert raised.value.subject == photo


ODD_NUMBERS = ["<cropfactor>nan</cropfactor>", "<aspect-ratio>3:0</aspect-ratio>", '<center x="0" y="north"/>']


@pytest.mark.parametrize("odd", ODD_NUMBERS)
def test_a_lens_of_the_users_with_an_odd_number(odd: str) -> None:
    """lensfun takes it, or takes it for something."""
    crop = "" if "crop" in odd else "<cropfactor>1</cropfactor>"
    row = '<calibration><distortion model="poly3" focal="35" k1="0.01"/></calibration>'
    lens = f"<lens><maker>Own</maker><model>Own Thing 1:2/35</model><mount>Leica M</mount>{crop}{odd}{row}</lens>"
    path = own_folder() / "a.xml"
    path.parent.mkdir(parents=True)
    path.write_text(f'<lensdatabase version="1">{lens}</lensdatabase>')
    reload_catalogue()
    (known,) = (lens for lens in catalogue().lenses.values() if lens.name == "Own Thing 1:2/35")
    with refused(CatalogueError, r"a\.xml: has an entry 'Own Thing 1:2/35' that cannot be read", Code.USER_FILE):
        entry_in(path, known.calibrations[0])
