"""Presets: Sixbit's own, the user's, and what is said of wrong ones."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sixbit.cli.main import main
from sixbit.export import presets
from sixbit.export.finish import profile_data
from sixbit.export.presets import Preset
from sixbit.manifest import manifest
from sixbit.translations import speaking
from sixbit.values.errors import Code, PhotoError, PresetError
from sixbit.values.ways_out import codes_of
from tests.scenery import PHOTO
from tests.scenery.refusals import refused

LEAST = {"label": "Mine", "format": "JPEG"}


def own(name: str, content: Any) -> Path:
    presets.folder().mkdir(parents=True, exist_ok=True)
    path = presets.folder() / f"{name}.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_those_of_the_manifest_keep_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(presets.schema())
    assert (
        list(manifest()["presets"])
        == presets.names()
        == ["archive", "full-jpeg", "web-jpeg", "print", "distortion-only"]
    )
    for name, content in manifest()["presets"].items():
        assert presets.check(content) == []
        preset = presets.load(name)
        assert Preset.of(name, preset.content()) == preset


def test_the_defaults_are_those_of_the_schema() -> None:
    properties = presets.schema()["properties"]
    assert Preset.of("x", LEAST).content() == LEAST | {
        name: rule["default"] for name, rule in properties.items() if "default" in rule
    }
    assert set(properties) - {name for name, rule in properties.items() if "default" in rule} == set(LEAST)


def test_what_they_are_for() -> None:
    archive, web = presets.load("archive"), presets.load("web-jpeg")
    assert (archive.format, archive.depth) == ("TIFF", 16)
    assert web.long_side is not None
    assert web.sharpening is not None
    assert web.metadata == "no-location"
    assert presets.load("distortion-only").corrections == ("distortion",)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"qualty": 80}, "`qualty` is no field of a preset; did you mean `quality`?"),
        (
            {"quality": 120},
            "`quality` is 120; it must be a whole number from 1 to 100 or null; the nearest right value is 100.",
        ),
        (
            {"quality": "85"},
            "`quality` is '85'; it must be a whole number from 1 to 100 or null; the nearest right value is 85.",
        ),
        (
            {"format": "jpg"},
            "`format` is 'jpg'; it must be 'JPEG', 'TIFF' or 'PNG'; the nearest right value is 'JPEG'.",
        ),
        ({"depth": 14}, "`depth` is 14; it must be 8 or null for JPEG; the nearest right value is 8."),
        (
            {"format": "TIFF", "depth": 14},
            "`depth` is 14; it must be 8, 16, 32 or null; the nearest right value is 16.",
        ),
        (
            {"format": "PNG", "depth": 32},
            "`depth` is 32; it must be 8, 16 or null for PNG; the nearest right value is 16.",
        ),
        ({"format": "TIFF", "quality": 80}, "`quality` is 80; it must be null for PNG and TIFF."),
        ({"label": ""}, "`label` is ''; it must be a text of one or more characters."),
        ({"file_name": "x" * 121}, "it must be a text of 1 to 120 characters."),
        ({"depth": 16}, "`depth` is 16; it must be 8 or null for JPEG; the nearest right value is 8."),
        (
            {"scale": 99},
            "`scale` is 99; it must be 'fill' or 'none' or a number from 0.1 to 10; the nearest right value is 10.",
        ),
        (
            {"corrections": []},
            "`corrections` is []; it must be a list of one or more of 'distortion', 'tca', 'vignetting' or",
        ),
        (
            {"corrections": ["tca", "tca"]},
            '`corrections` is ["tca", "tca"]; it must be a list of one or more of \'distortion\', ',
        ),
        (
            {"corrections": ["vigneting"]},
            "`corrections.0` is 'vigneting'; it must be 'distortion', 'tca', 'vignetting' or 'shading'; "
            "the nearest right value is 'vignetting'.",
        ),
        (
            {"strength": {"tca": 3}},
            "`strength.tca` is 3; it must be a number from 0 to 2; the nearest right value is 2.",
        ),
        ({"sharpening": {"amount": 1}}, "`radius` is missing in `sharpening`."),
        (
            {"unknown": "choose"},
            "`lens` is null; it must be the identity of a lens, since `unknown` is 'choose'.",
        ),
        (
            {"lens": "summicron-35-asp"},
            "it must be the identity of a lens; the nearest right value is 'summicron-35-asph'.",
        ),
        (
            {"file_name": "{stm}"},
            "in braces nothing but stem, lens, camera, date, time or preset; the nearest right value is '{stem}'.",
        ),
        (
            {"file_name": "a/{stem}"},
            "`file_name` is 'a/{stem}'; it must be a file name without any of / \\ : * ? \" < > |",
        ),
        ({"file_name": "a/{stem}"}, "the nearest right value is 'a-{stem}'."),
        ({"file_name": "{stem!r}"}, "`file_name` is '{stem!r}'"),
        ({"file_name": "{stem"}, "`file_name` is '{stem'; it must be a file name"),
        ({"file_name": "{stem}}"}, "the nearest right value is '{stem}-'."),
        ({"file_name": ".."}, "the nearest right value is '{stem}'"),
        (
            {"profile": "srgb"},
            "`profile` is 'srgb'; it must be 'sRGB' or 'Adobe RGB', or the path of an .icc file that exists; ",
        ),
        ({"profile": "srgb"}, "the nearest right value is 'sRGB'."),
        (
            {"profile": "/no/such.icc"},
            "`profile` is '/no/such.icc'; it must be 'sRGB' or 'Adobe RGB', or the path of an .icc file that ",
        ),
        (
            {"format": "PNG", "chroma": "4:2:0"},
            "`chroma` is '4:2:0'; it must be null for PNG and TIFF.",
        ),
        ({"auto_tca": "yes"}, "`auto_tca` is 'yes'; it must be true or false; the nearest right value is true."),
    ],
)
def test_a_wrong_field_is_told_with_what_would_be_right(wrong: dict[str, Any], said: str) -> None:
    (sentence,) = presets.check(LEAST | wrong)
    assert said in sentence


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(PresetError) as raised:
        Preset.of("bad", {"label": "", "format": "BMP", "size": 3})
    assert len(str(raised.value).splitlines()) == 4


def test_however_much_is_wrong_it_is_told_in_any_language() -> None:
    with pytest.raises(PresetError) as caught:
        Preset.of("mine", {f"field{number}": 1 for number in range(1500)})
    for language in ("en", "de"):
        words = speaking(language)(caught.value)
        assert all(f"`field{number}`" in words for number in range(1500))


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"label": "x"}', '"x"', "[" * 100_000])
def test_no_preset_at_all(content: str) -> None:
    own("bad", content)
    with pytest.raises(PresetError, match="bad"):
        presets.load("bad")


def test_an_unknown_name_is_told_the_nearest() -> None:
    with refused(PresetError, "did you mean 'full-jpeg'.*`sixbit presets` lists them", Code.PRESET):
        presets.load("full_jpeg")
    for name in ("../archive", "", "a/b", "long" * 100):
        with pytest.raises(PresetError, match="There is no preset"):
            presets.load(name)


def test_the_digest_changes_with_what_a_photo_becomes(tmp_path: Path) -> None:
    one = presets.load("web-jpeg")
    assert one.digest == Preset.of("other", one.content() | {"label": "Other"}).digest
    seen = {one.digest}
    for change in ({"quality": 84}, {"metadata": "keep"}, {"strength": {"tca": 0.5}}, {"ambiguous": "copy"}):
        seen.add(Preset.of("x", one.content() | change).digest)
    assert len(seen) == 5
    profile = tmp_path / "x.icc"
    for content in (b"one", b"two"):
        profile.write_bytes(content)
        seen.add(Preset.of("x", one.content() | {"profile": str(profile)}).digest)
    assert len(seen) == 7


def test_the_user_has_presets_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "copy", "web-jpeg", "mine"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path == presets.folder() / "mine.json"
    assert presets.load("mine").content() == presets.load("web-jpeg").content()
    assert presets.names()[-1] == "mine"
    own("mine", json.loads(path.read_text()) | {"long_side": 1200})
    assert main(["presets", "show", "mine"]) == 0
    assert json.loads(capsys.readouterr().out)["long_side"] == 1200
    assert main(["presets"]) == 0
    assert "(yours)" in capsys.readouterr().out.splitlines()[-1]
    for wrong in (["copy", "web-jpeg", "mine"], ["copy", "web-jpeg", "archive"], ["copy", "web-jpeg", "../x"]):
        assert main(["presets", *wrong]) == 1
    assert main(["presets", "check", "mine", str(path)]) == 0


def test_the_list_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    own("broken", "{")
    for words in (["presets", "--json"], ["presets", "list", "--json"]):
        assert main(words) == 1
        said = capsys.readouterr()
        records = [json.loads(row) for row in said.out.splitlines()]
        assert [record["name"] for record in records] == list(manifest()["presets"])
        assert all(record["yours"] is False for record in records)
        assert "broken.json: is not JSON" in said.err
        assert "Mend that file; `sixbit presets show archive`" in said.err


def test_a_wrong_file_is_told_with_what_can_be_done_about_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, wrong = tmp_path / "missing.json", tmp_path / "wrong.json"
    for words in (["presets", "check", str(missing)], ["batch", ".", "-o", str(tmp_path), "--preset", str(missing)]):
        assert main(words) != 0
        assert capsys.readouterr().err == f"sixbit: {missing}: there is no such file. Check its name and its folder.\n"
    mend = "Mend that file; `sixbit presets show archive` shows one in which all is right."
    for content, ways_out in (
        (LEAST | {"quality": 120, "label": ""}, mend),
        (LEAST | {"lens": "no-such"}, f"{mend} `sixbit lenses` lists the lenses."),
        (LEAST | {"unknown": "choose"}, f"{mend} `sixbit lenses` lists the lenses."),
    ):
        wrong.write_text(json.dumps(content))
        assert main(["presets", "check", str(wrong)]) == 1
        head, *fields, last = capsys.readouterr().err.splitlines()
        assert head == "sixbit: The preset 'wrong' cannot be used:"
        assert fields
        assert all(line.startswith("  `") for line in fields)
        assert last == ways_out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in its folders")
def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with refused(PresetError, "pipe.json: cannot be read: it is no plain file", Code.NO_ACCESS):
        presets.load(tmp_path / "pipe.json")
    with refused(PhotoError, "the colour profile cannot be read: it is no plain file", Code.CONVERSION):
        profile_data(str(tmp_path / "pipe.json"))


def test_a_wrong_file_is_told_to_other_processes() -> None:
    with pytest.raises(PresetError) as caught:
        Preset.of("wrong", LEAST | {"lens": "no-such"})
    again = pickle.loads(pickle.dumps(caught.value))
    assert codes_of(again) == codes_of(caught.value) == [Code.PRESET_FILE, Code.NO_SUCH_LENS]


@pytest.mark.parametrize("template", ["{{{stem}}}", "a {date}-{stem}", "{{stem}} {lens}"])
def test_braces_of_a_file_name_are_written_twice(template: str) -> None:
    assert presets.check(LEAST | {"file_name": template}) == []


def test_a_photo_is_corrected_by_a_preset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = str(PHOTO)
    for name, preset in ((name, presets.load(name)) for name in manifest()["presets"]):
        one = tmp_path / f"one{preset.suffix}"
        assert main(["correct", photo, "-o", str(one), "--preset", name]) == 0
        assert main(["batch", photo, "-o", str(tmp_path / name), "--preset", name]) == 0
        assert one.read_bytes() == (tmp_path / name / f"{PHOTO.stem}{preset.suffix}").read_bytes()
    # What is said besides goes before the preset.
    out = str(tmp_path / "out.jpg")
    assert main(["correct", photo, "-o", out, "--preset", "full-jpeg", "--only", "distortion", "--scale", "none"]) == 0
    assert "lateral colour" not in capsys.readouterr().out.splitlines()[-1]
    assert main(["correct", photo, "-o", out, "--preset", "webjpeg"]) == 2
    assert "did you mean 'web-jpeg'?" in capsys.readouterr().err
