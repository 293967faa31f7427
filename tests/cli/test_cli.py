"""The command line as other programs call it: names, keys, exit statuses, and what it does with bad input."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sixbit.cli import complain
from sixbit.cli.main import main
from sixbit.export.batch.outcome import Outcome, line
from sixbit.machine import data_home
from sixbit.manifest import manifest
from tests.scenery import PHOTO
from tests.scenery.photo_factory import exif, jpeg
from tests.scenery.programs import missing

LENS = "summicron-35-asph"
KEYS = [
    "photo",
    "status",
    "lens",
    "candidates",
    "confidence",
    "evidence",
    "camera",
    "crop_factor",
    "focal_mm",
    "f_number",
    "f_number_source",
    "distance_m",
    "calibrations",
    "already_corrected",
    "compensated_for",
    "unmarked",
    "place",
    "frame",
    "reshaped",
]
ODD_NAMES = ["two words.jpg", 'it\'s "quoted".jpg', "new\nline.jpg", "emoji 📷.jpg", "-o.jpg", "$(touch here).jpg"]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return Path(shutil.copy(PHOTO, tmp_path / "photo.jpg"))


# Answers ------------------------------------------------------------------------------------------------------------


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"sixbit {manifest()['version']}\n"


def test_identify_says_what_is_fixed(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", "--json", str(photo), str(photo)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    record = json.loads(lines[0])
    assert list(record) == KEYS
    assert record["status"] == "matched"
    assert record["lens"] == LENS
    assert record["candidates"] == [LENS]
    assert record["crop_factor"] == 1.0
    assert record["focal_mm"] == 35
    assert record["f_number_source"] == "estimated"
    assert record["calibrations"] == {"distortion": "measured", "tca": "measured", "vignetting": None, "shading": None}
    assert record["already_corrected"] == []
    assert all(sentence.strip() for sentence in record["evidence"])


def test_identify_goes_on_after_a_bad_photo(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = photo.with_name("nothing.jpg")
    assert main(["identify", "--json", str(nothing), str(photo)]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["lens"] == LENS
    assert str(nothing) in err


def test_identify_reads_well(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", str(photo)]) == 0
    assert "Summicron-M 1:2/35 ASPH." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        (["Summicron-M 1:2/35 ASPH."], "matched", 0),
        (["Leica", "Summicron-M", "35mm", "f/2", "ASPH"], "matched", 0),
        (["Summilux-M 1:1.4/35 ASPH."], "ambiguous", 0),
        (["a lens of my own"], "unknown", 0),
        (["summilux-50-asph"], "matched", 0),
    ],
)
def test_lens(name: list[str], status: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lens", "--json", *name]) == code
    record = json.loads(capsys.readouterr().out)
    assert list(record) == ["status", "lens", "candidates", "confidence", "evidence"]
    assert record["status"] == status
    assert (record["lens"] is not None) == (status == "matched")


def test_lenses_lists_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lenses", "--json"]) == 0
    records = {record["id"]: record for record in map(json.loads, capsys.readouterr().out.splitlines())}
    assert records[LENS]["code"] == [[30, 2]]
    assert "Summicron-M 1:2/35 ASPH." in records[LENS]["names"]
    assert {"distortion", "tca"} <= {known["kind"] for known in records[LENS]["calibrations"]}
    assert main(["lenses"]) == 0
    assert "measured" in capsys.readouterr().out


def test_compile_writes_a_filter_or_a_command_file(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", str(photo)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["made_from"]["lens_id"] == LENS
    assert main(["compile", str(photo), "-o", str(photo.with_suffix(".json"))]) == 0
    assert json.loads(photo.with_suffix(".json").read_text()) == printed
    assert main(["compile", str(photo), "-o", str(photo.with_suffix(".gmic"))]) == 0
    assert "sixbit_correct" in photo.with_suffix(".gmic").read_text()
    assert main(["compile", "--lens", LENS, "--size", "8192x6144", "--crop", "2.64"]) == 0
    assert json.loads(capsys.readouterr().out)["width"] == 8192


def test_what_lens_does_is_drawn(tmp_path: Path) -> None:
    drawn = tmp_path / "a plot.png"
    assert main(["lens", "Summicron-M 1:2/35 ASPH.", "--plot", str(drawn)]) == 0
    with Image.open(drawn) as picture:
        assert picture.width > 600
        assert np.asarray(picture.convert("L")).std() > 5


def test_each_lens_that_a_name_may_mean_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = tmp_path / "plot.png"
    assert main(["lens", "Summilux 50 ASPH", "--plot", str(drawn)]) == 0
    with Image.open(drawn) as picture:
        assert picture.size == (1200, 1000)
    assert main(["lens", "Voigtlander 35mm", "--plot", str(drawn)]) == 0
    assert "6 of 8 lenses are drawn" in capsys.readouterr().err
    drawn.unlink()
    assert main(["lens", "Obscurar", "--plot", str(drawn)]) == 1
    assert not drawn.exists()


# Corrections --------------------------------------------------------------------------------------------------------


def test_correct_is_one_command(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = digest(photo)
    out, both = photo.with_name("out.jpg"), photo.with_name("both.jpg")
    assert main(["correct", str(photo), "-o", str(out), "--compare", str(both)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "Summicron-M 1:2/35 ASPH." in printed
    assert "lateral colour (measured)" in printed
    assert digest(photo) == before
    with Image.open(photo) as source, Image.open(out) as corrected, Image.open(both) as compared:
        assert corrected.size == source.size
        assert np.abs(np.asarray(source, float) - np.asarray(corrected, float)).mean() > 1
        assert compared.size[0] > 100


def test_the_engines_agree_on_the_photo(photo: Path) -> None:
    pictures = []
    for engine in manifest()["engines"]:
        out = photo.with_name(f"{engine}.png")
        assert main(["correct", str(photo), "-o", str(out), "--engine", engine]) == 0
        with Image.open(out) as picture:
            pictures.append(np.asarray(picture, float))
    for other in pictures[1:]:
        apart = np.abs(pictures[0] - other)
        assert apart.mean() <= 0.25
        assert apart.max() <= 2


def test_nothing_is_corrected_twice(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    once, twice = photo.with_name("once.jpg"), photo.with_name("twice.jpg")
    assert main(["correct", str(photo), "-o", str(once)]) == 0
    assert main(["correct", str(once), "-o", str(twice)]) == 1
    assert "--force" in capsys.readouterr().err
    assert not twice.exists()
    assert main(["correct", str(once), "-o", str(twice), "--force"]) == 0
    assert main(["identify", "--json", str(twice)]) == 0
    assert {"distortion", "tca"} <= set(json.loads(capsys.readouterr().out.splitlines()[-1])["already_corrected"])


@pytest.mark.parametrize("size", [(300, 140), (140, 301)])
def test_a_crop_from_anywhere_is_refused_unless_forced(
    tmp_path: Path, size: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    photo, out = tmp_path / "crop.jpg", tmp_path / "out.jpg"
    tags = exif(Make="LEICA CAMERA AG", Model="LEICA M10", LensModel="Summicron-M 1:2/35 ASPH.", FocalLength=(35, 1))
    photo.write_bytes(jpeg(tags, size=size))
    for command in ("correct", "compile"):
        assert main([command, str(photo), "-o", str(out)]) == 1
        assert "--force corrects it as if it were the whole frame." in capsys.readouterr().err
        assert not out.exists()
        assert main([command, str(photo), "-o", str(out), "--force"]) == 0
        said = capsys.readouterr().err
        assert "nobody can tell where. It is corrected as if it were the whole frame." in said
        assert "--force" not in said
        out.unlink()
    assert main(["identify", str(photo)]) == 0
    assert "nobody can tell where" in capsys.readouterr().out


def test_only_and_scale_are_obeyed(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = photo.with_name("out.json")
    assert main(["compile", str(photo), "--only", "tca", "--scale", "none", "-o", str(out)]) == 0
    made = json.loads(out.read_text())
    assert made["made_from"]["corrections"] == ["tca"]
    assert made["made_from"]["scale"] == "none"
    assert made["warp"][1] == [1.0]


def test_tags_are_written_and_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    untagged = tmp_path / "untagged.jpg"
    Image.new("RGB", (90, 60), "gray").save(untagged)
    assert main(["identify", "--json", str(untagged)]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "untagged"
    assert main(["tag", "--lens", LENS, "--aperture", "4", "--backup", str(untagged)]) == 0
    capsys.readouterr()
    assert main(["identify", "--json", str(untagged)]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["lens"] == LENS
    assert (record["f_number"], record["f_number_source"]) == (4, "exif")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_choice_is_remembered_and_forgotten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    untagged, out = tmp_path / "untagged.jpg", str(tmp_path / "out.jpg")
    camera = Image.Exif()
    camera[0x010F], camera[0x0110] = "SONY", "ILCE-7M3"
    Image.new("RGB", (90, 60), "gray").save(untagged, exif=camera)
    assert main(["correct", str(untagged), "-o", out, "--lens", LENS, "--remember"]) == 0
    assert main(["correct", str(untagged), "-o", out]) == 0
    assert main(["forget", str(untagged)]) == 0
    assert "1 choice forgotten" in capsys.readouterr().out
    assert main(["correct", str(untagged), "-o", out]) == 1


def test_a_choice_that_would_speak_for_any_lens_is_not_remembered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for make, model in (("", ""), ("Xiaomi", "2203121C")):
        photo = tmp_path / "photo.jpg"
        camera = Image.Exif()
        camera[0x010F], camera[0x0110] = make, model
        Image.new("RGB", (90, 60), "gray").save(photo, exif=camera)
        arguments = ["correct", str(photo), "-o", str(tmp_path / "out.jpg"), "--lens", LENS, "--remember"]
        assert main(arguments) == 1
        assert "sixbit tag" in capsys.readouterr().err


@pytest.mark.filterwarnings("default::sixbit.values.errors.UserFileWarning")
def test_bad_files_of_the_users_own_are_named_and_stop_nothing(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sixbit.lenses.catalogue import catalogue, own_folder
    from sixbit.lenses.remembered import choices_file

    catalogue.cache_clear()
    choices_file().parent.mkdir(parents=True)
    choices_file().write_text("not JSON")
    own = own_folder() / "mine.xml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("<lensdatabase>")
    assert main(["identify", str(photo)]) == 0
    said = capsys.readouterr()
    complaints = said.err.splitlines()
    assert [line.startswith(f"sixbit: {file}: ") for line, file in zip(complaints, (own, choices_file()), strict=True)]
    assert all("Repair it" in line for line in complaints)
    assert "Summicron" in said.out
    assert main(["doctor"]) == 1
    assert str(own) in capsys.readouterr().out
    own.unlink()
    catalogue.cache_clear()
    assert main(["identify", str(photo)]) == 0
    assert capsys.readouterr().err == ""


def test_infinity_is_no_number_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    far = with_exif(
        tmp_path / "far.jpg",
        b"II*\0"
        + struct.pack("<I", 8)
        + directory(entry(0x8769, 4, 1, 26))
        + directory(entry(0x9206, 5, 1, 44))
        + struct.pack("<II", 0xFFFFFFFF, 1),
    )
    assert main(["identify", "--json", str(far)]) == 0
    record = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))
    assert record["distance_m"] is None


def test_no_command_writes_over_the_photo(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fails(photo, capsys, photo.with_name("out.jpg"), "--compare", str(photo))
    fails(photo, capsys, photo.with_name("out.jpg"), "--compare", str(photo.with_name("out.jpg")))
    before = digest(photo)
    assert main(["compile", str(photo), "-o", str(photo)]) == 1
    assert digest(photo) == before
    assert main(["compile", str(photo), "-o", str(photo.with_name("no folder") / "filter.json")]) == 1
    assert "no folder" in capsys.readouterr().err


def test_the_doctor_knows_what_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def lines() -> list[str]:
        return [line for line in capsys.readouterr().out.splitlines() if "lensfun" in line]

    for writes_nothing in (["presets"], ["install", "lensfun", "--dry-run"]):
        assert main(writes_nothing) == 0
        capsys.readouterr()
        assert main(["doctor"]) == 0
        found, way_out = lines()
        assert found == "-      lensfun in programs of this system: not installed (optional)"
        assert "`sixbit install lensfun`" in way_out
    assert main(["install", "lensfun"]) == 0
    assert "Start darktable" in capsys.readouterr().out.splitlines()[-1]
    assert main(["doctor"]) == 0
    assert lines()[0].startswith("well   lensfun")
    placed = next((data_home() / "lensfun").glob("sixbit-*.xml"))
    placed.unlink()
    assert main(["doctor"]) == 1
    assert lines()[0].startswith("WRONG  lensfun")
    assert main(["uninstall", "lensfun"]) == 0
    capsys.readouterr()
    assert main(["doctor"]) == 0
    assert lines()[0].endswith("not installed (optional)")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["correct", "photo.jpg"],
        ["correct", "photo.jpg", "-o", "out.jpg", "--lens", "no-such-lens"],
        ["correct", "photo.jpg", "-o", "out.jpg", "--only", "sharpness"],
        ["correct", "photo.jpg", "-o", "out.jpg", "--scale", "-2"],
        ["correct", "photo.jpg", "-o", "out.jpg", "--engine", "magic"],
        ["correct", "photo.jpg", "-o", "out.jpg", "--aperture", "wide open"],
        ["compile"],
        ["compile", "--lens", LENS, "--size", "0x0", "--crop", "1"],
        ["compile", "--lens", LENS, "--size", "900x600", "--crop", "nan"],
        ["correct", "photo.jpg", "-o", "out.jpg", "--remember"],
        ["forget"],
        ["install", "photoshop"],
        ["tag", "--lens", "no-such-lens", "photo.jpg"],
        ["tag", "--lens", LENS, "--focal", "90", "photo.jpg"],
    ],
)
def test_unusable_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status: object = main(arguments)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    assert any(capsys.readouterr())


def test_sixbit_alone_tells_how_to_begin(
    photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The steps that it names work as they stand there."""
    assert main([]) == 2
    steps = [row.partition("  ")[0] for row in capsys.readouterr().out.splitlines()]
    assert len(steps) == 3
    monkeypatch.chdir(photo.parent)
    for step in steps:
        words = step.replace("PHOTO", photo.name).split()[1:]
        if words == ["--help"]:
            with pytest.raises(SystemExit, match="0"):
                main(words)
        else:
            assert main(words) == 0
    assert (photo.parent / "corrected.jpg").exists()


@pytest.mark.parametrize("name", ["Summicron-M 1:2/35 ASPH.", "summicron 35 asph", "SUMMICRON-35-ASPH"])
def test_a_lens_is_said_by_any_name_that_is_certain(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    untagged = tmp_path / "untagged.jpg"
    Image.new("RGB", (90, 60), "gray").save(untagged)
    assert main(["correct", str(untagged), "-o", str(tmp_path / "out.jpg"), "--lens", name, "--crop", "1"]) == 0
    assert main(["compile", "--lens", name, "--size", "900x600", "--crop", "1"]) == 0
    assert main(["tag", "--lens", name, str(untagged)]) == 0
    assert main(["calibrate", "list", "--lens", name]) == 0
    assert main(["forget", "--lens", name]) == 0
    capsys.readouterr()
    assert main(["identify", "--json", str(untagged)]) == 0
    assert json.loads(capsys.readouterr().out)["lens"] == LENS


def test_a_name_that_several_lenses_have_tells_which(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["correct", str(photo), "-o", "out.jpg", "--lens", "Summilux 50 ASPH"])
    said = capsys.readouterr().err
    assert "'Summilux 50 ASPH' may be summilux-50-asph (Summilux-M 1:1.4/50 ASPH.) or summilux-50-asph-ii" in said


def test_a_folder_is_a_place_to_write_to(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = photo.parent / "out"
    out.mkdir()
    assert main(["correct", str(photo), "-o", str(out)]) == 0
    before = digest(out / "photo.jpg")
    assert main(["correct", str(photo), "-o", str(out)]) == 1
    assert "out/photo.jpg: is there already" in capsys.readouterr().err
    assert digest(out / "photo.jpg") == before
    assert main(["correct", str(photo), "-o", str(out), "--preset", "archive"]) == 0
    assert {path.name for path in out.iterdir()} == {"photo.jpg", "photo.tif"}
    assert main(["correct", str(photo), "-o", str(photo.parent)]) == 1  # it is there itself


def test_the_photos_of_a_folder_are_identified(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photo.parent / "below").mkdir()
    shutil.copy(photo, photo.parent / "below" / "another.jpg")
    (photo.parent / "notes.txt").write_text("no photo")
    assert main(["identify", "--json", str(photo.parent)]) == 0
    records = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [(Path(one["photo"]).name, one["lens"]) for one in records] == [("photo.jpg", LENS), ("another.jpg", LENS)]


# Start-up -----------------------------------------------------------------------------------------------------------


LIBRARIES = """aiohttp argcomplete cv2 distributed exifread exiv2 filelock gmic imagecodecs jsonschema lensfunpy
matplotlib numpy PIL pillow_heif platformdirs polib psutil pycolmap rawpy scipy tifffile tqdm"""
"""All that setup.cfg has users install, by the names that are imported."""


@pytest.mark.parametrize(
    ("command", "used"),
    [
        (["--version"], ""),
        (["lens", "Summicron-M 1:2/35 ASPH."], ""),
        (["lens", "50 Lux ASPH"], ""),
        (["lenses"], ""),
        (["presets"], ""),
        (["doctor"], ""),
        (["install", "lensfun"], "filelock"),
        (["identify", str(PHOTO)], "exifread"),
        (["compile", str(PHOTO), "-o", "filter.json"], "exifread lensfunpy numpy"),
        (["correct", str(PHOTO), "-o", "out.jpg"], "exifread exiv2 imagecodecs lensfunpy numpy PIL"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_imports_what_it_uses(command: list[str], used: str, tmp_path: Path) -> None:
    code = (
        "import sys; from sixbit.cli.main import main; libraries, *words = sys.argv[1:]\n"
        "try: main(words)\nexcept SystemExit: pass\n"
        "print('imported', *sorted({*libraries.split()} & {*sys.modules}, key=str.lower))"
    )
    python = [sys.executable, "-c", code, LIBRARIES]
    done = subprocess.run([*python, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1].split()[1:] == used.split(), done.stderr


def test_a_jpeg_is_identified_without_the_walkers_of_other_formats(tmp_path: Path) -> None:
    """exifread is all that takes time, and nothing is imported for type hints or rarer files."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(exif(LensModel="Summicron-M 1:2/35 ASPH.")))
    code = (
        "import sys; from sixbit.cli.main import main; main(['identify', sys.argv[1]]); "
        "heavy = {'dataclasses', 'inspect', 'numpy', 'exiv2'} | "
        "{f'sixbit.files.{name}' for name in ('bigtiff', 'bmff', 'jxl', 'webp')}; "
        "sys.exit(str(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(photo)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Bad input ----------------------------------------------------------------------------------------------------------


def fails(photo: Path, capsys: pytest.CaptureFixture[str], out: Path | None = None, *options: str) -> str:
    """Correct a photo that cannot be corrected: status 1, a message with its path, nothing changed or left behind."""
    out = out or photo.parent / "out.jpg"
    before = digest(photo) if photo.is_file() else None
    standing = sorted(out.parent.iterdir()) if out.parent.is_dir() else []
    assert main(["correct", str(photo), "-o", str(out), "--lens", LENS, "--crop", "1", *options]) == 1
    message = capsys.readouterr().err
    assert str(photo) in message or str(out) in message
    assert "Traceback" not in message
    assert (digest(photo) if photo.is_file() else None) == before
    assert (sorted(out.parent.iterdir()) if out.parent.is_dir() else []) == standing
    return message


def test_a_cut_jpeg(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo.write_bytes(photo.read_bytes()[: photo.stat().st_size // 2])
    assert "cut" in fails(photo, capsys)


def test_a_text_file_named_jpg(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "letter.jpg"
    text.write_text("Dear Sir or Madam,\n")
    fails(text, capsys)
    assert main(["identify", str(text)]) == 1


def test_a_missing_photo_and_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fails(tmp_path / "nothing.jpg", capsys)
    (tmp_path / "folder.jpg").mkdir()
    fails(tmp_path / "folder.jpg", capsys)


def test_a_photo_of_one_pixel(tmp_path: Path) -> None:
    tiny, out = tmp_path / "tiny.png", tmp_path / "out.png"
    Image.new("RGB", (1, 1), (10, 20, 30)).save(tiny)
    assert main(["correct", str(tiny), "-o", str(out), "--lens", LENS, "--crop", "1"]) == 0
    with Image.open(out) as picture:
        assert picture.getpixel((0, 0)) == (10, 20, 30)


def with_exif(path: Path, exif: bytes) -> Path:
    """A small JPEG with these bytes as its EXIF."""
    Image.new("RGB", (90, 60), "gray").save(path)
    content = path.read_bytes()
    body = b"Exif\0\0" + exif
    path.write_bytes(content[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + content[2:])
    return path


def entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


def directory(*entries: bytes, following: int = 0) -> bytes:
    return struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)


CYCLE = b"II*\0" + struct.pack("<I", 8) + directory(entry(0x8769, 4, 1, 8), following=8)
BILLION = (
    b"II*\0"
    + struct.pack("<I", 8)
    + directory(entry(0x8769, 4, 1, 26))
    + directory(entry(0x927C, 7, 1_000_000_000, 44))
    + b"LEICA\0\0\0"
    + directory(entry(0x0310, 4, 1_000_000_000, 8))
)
ZEROES = (
    b"II*\0"
    + struct.pack("<I", 8)
    + directory(entry(0x8769, 4, 1, 26))
    + directory(entry(0x920A, 5, 1, 100), entry(0x829D, 5, 1, 100), entry(0x9205, 5, 1, 100))
    + bytes(100)
)


@pytest.mark.parametrize("exif", [CYCLE, BILLION, ZEROES, b"", b"II*\0" + bytes(8)], ids=range(5))
def test_broken_exif_is_no_obstacle(
    exif: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    broken, out = with_exif(tmp_path / "broken.jpg", exif), tmp_path / "out.jpg"
    done = subprocess.run(
        [sys.executable, "-m", "sixbit", "identify", "--json", broken], capture_output=True, text=True, timeout=20
    )
    record = json.loads(done.stdout)
    assert done.returncode == 0
    assert record["status"] == "untagged"
    assert record["focal_mm"] is record["f_number"] is None
    assert main(["correct", str(broken), "-o", str(out), "--lens", LENS, "--crop", "1"]) == 0
    assert out.exists()


def test_a_photo_without_exif(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = tmp_path / "bare.png"
    Image.new("RGB", (90, 60), "gray").save(bare)
    assert main(["correct", str(bare), "-o", str(tmp_path / "out.png")]) == 1
    assert "--lens LENS" in capsys.readouterr().err
    assert main(["correct", str(bare), "-o", str(tmp_path / "out.png"), "--lens", LENS]) == 1
    assert "--crop" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB of its own, which needs root."""
    if os.geteuid() != 0:
        missing("a full or read-only disk can be made by root alone")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk(photo: Path, mounted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("out.jpg", "out.tif", "out.png"):
        message = fails(photo, capsys, mounted / name)
        assert "space" in message or "full" in message


def test_a_read_only_folder(photo: Path, mounted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
    fails(photo, capsys, mounted / "out.jpg")
    fails(photo, capsys, photo.parent / "no such folder" / "out.jpg")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = Path(shutil.copy(PHOTO, tmp_path / name))
    (tmp_path / "made").mkdir()
    out = tmp_path / "made" / name
    assert main(["correct", str(photo), "-o", str(out)]) == 0
    assert main(["identify", "--json", str(out)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["photo"] == str(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "made"])


def test_the_source_is_never_the_target(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fails(photo, capsys, photo)
    link = photo.with_name("link.jpg")
    link.symlink_to(photo)
    fails(photo, capsys, link)


def test_a_photo_writes_to_no_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A TIFF says in a text of its own how its colours are stored; it might say it in escape sequences."""
    complain("its colours are stored as \x1b]0;owned\x07\x1b[31mFAKE.\nSave it anew.")
    said = capfd.readouterr().err
    assert said == "sixbit: its colours are stored as \\u001b]0;owned\\u0007\\u001b[31mFAKE.\nSave it anew.\n"
    outcome = Outcome(Path("a\x1b[2J.jpg"), "failed", "is \x9b31m broken.", "error")
    assert line(outcome) == "a\\u001b[2J.jpg: failed: is \\u009b31m broken."
