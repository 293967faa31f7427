"""The server process, driven as an editor drives it: by lines of JSON and files that both sides map."""

from __future__ import annotations

import base64
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import exiv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

import sixbit
from sixbit.calibration.frames import Setting
from sixbit.calibration.keep import add
from sixbit.compiler.by_hand import ByHand
from sixbit.compiler.editable import compile_editable
from sixbit.compiler.optics import SensorPicture
from sixbit.editors.server.pictures import reduced
from sixbit.export.presets import load
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.place import Place
from sixbit.manifest import manifest
from sixbit.photos.profiles import curve_of_profile
from sixbit.tags.shot import shot_of_tags
from sixbit.tags.write import write_lens_tags
from sixbit.values.kinds import Grade
from sixbit.values.known import Known
from sixbit.values.lens import Model
from sixbit.values.light import linear
from tests.scenery import PHOTO
from tests.scenery import photo_factory as factory
from tests.scenery.camera import Camera, Lens, as_photo, photograph
from tests.scenery.scenes import foliage

LENS = "summicron-35-asph"
DARK = "elmar-24"
"""A lens whose fall-off is known, and nothing else."""
UNCALIBRATED = "elmarit-28-i"
"""A lens that nobody has measured."""
WIDTH, HEIGHT = 61, 40
LARGE = 4000, 3000


@dataclass
class Server:
    """The process and what it has said; ``ask`` waits for the answer."""

    process: subprocess.Popen[bytes]
    progress: list[float] = field(default_factory=list)
    _asked: int = 0

    def send(self, do: str, **arguments: Any) -> int:
        self._asked += 1
        self.line(json.dumps({"id": self._asked, "do": do, **arguments}).encode())
        return self._asked

    def line(self, line: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        while True:
            # Other readers of JSON than Python's know no Infinity and no NaN.
            answer: dict[str, Any] = json.loads(self.process.stdout.readline(), parse_constant=pytest.fail)
            if "progress" not in answer:
                return answer
            self.progress.append(answer["progress"])

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        number = self.send(do, **arguments)
        answer = self.answer()
        assert answer["id"] == number
        result: dict[str, Any] = answer["result"]
        return result

    def refusal(self, do: str, **arguments: Any) -> tuple[str, str]:
        """Kind and sentence of the error; the server goes on to answer."""
        answer = self.refused(do, **arguments)
        return answer["kind"], answer["error"]

    def refused(self, do: str, **arguments: Any) -> dict[str, Any]:
        """The whole answer."""
        self.send(do, **arguments)
        answer = self.answer()
        self.ask("hello", protocol=1)
        return answer

    def open(self, file: Path, pixels: NDArray[Any], **more: Any) -> int:
        pixels.tofile(file)
        height, width, channels = pixels.shape
        arguments = {"width": width, "height": height, "channels": channels, "type": pixels.dtype.name} | more
        return int(self.ask("open", file=str(file), **arguments)["picture"])

    def compile(self, pixels: NDArray[Any], **more: Any) -> int:
        size = [pixels.shape[1], pixels.shape[0]]
        return int(self.ask("compile", **({"lens": LENS, "size": size, "crop_factor": 1.0} | more))["filter"])


COMMAND = [sys.executable, "-P", "-m", "sixbit", "serve"]


@contextmanager
def running(command: Sequence[str] = COMMAND, **more: Any) -> Iterator[Server]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more) as process:
        yield Server(process)
        process.kill()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home of the server")


@pytest.fixture(scope="module")
def kept_server(home: Path) -> Iterator[Server]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    with running(env={**kept, "HOME": str(home)}) as server:
        yield server


@pytest.fixture
def server(kept_server: Server) -> Server:
    """One server for all tests, as one editor has."""
    kept_server.progress.clear()
    return kept_server


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that may be ended."""
    with running() as server:
        yield server


def picture(channels: int, dtype: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> NDArray[Any]:
    """Noise, so that no two pixels can be taken for each other."""
    values = np.random.default_rng(channels).random((size[1], size[0], channels), np.float32)
    scale = 1 if dtype == "float32" else np.iinfo(dtype).max
    return (values * scale).astype(dtype)


def empty(file: Path, size: int) -> str:
    with file.open("wb") as made:
        made.truncate(size)
    return str(file)


# What the server knows ----------------------------------------------------------------------------------------------


def test_hello(server: Server, home: Path) -> None:
    said = server.ask("hello", protocol=1, client="a test", something="ignored")
    assert said["protocol"] == 1
    assert said["version"] == manifest()["version"]
    assert said["engines"][0] == "native"
    assert Path(said["log"]).is_relative_to(home)
    assert Path(said["log"]).name == "server.log"


def test_another_protocol_is_refused(server: Server) -> None:
    refused = server.refused("hello", protocol=2)
    assert (refused["kind"], refused["code"]) == ("argument", "version")
    assert "different versions" in refused["error"]


def test_a_refusal_has_a_code_and_its_parts(server: Server, tmp_path: Path) -> None:
    refused = server.refused("compile", lens="tri-elmar-28-35-50", size=[900, 600], crop_factor=1.0)
    assert refused["code"] == refused["said"]["code"] == "focal_length"
    assert refused["error"] == refused["said"]["template"].format(**refused["said"]["values"])
    (tmp_path / "empty.jpg").touch()
    refused = server.refused("identify", photo=str(tmp_path / "empty.jpg"))
    assert (refused["kind"], refused["code"]) == ("photo", "damaged")
    assert refused["said"]["values"] == {
        "subject": str(tmp_path / "empty.jpg"),
        "reason": {"template": "is empty.", "values": {}},
    }
    assert refused["error"] == f"{tmp_path / 'empty.jpg'}: is empty."


def test_a_lens_that_has_only_a_computed_calibration_is_told_by_a_code(server: Server) -> None:
    computed = next(
        lens for lens in catalogue().lenses.values() if {c.grade for c in lens.calibrations} == {Grade.COMPUTED}
    )
    arguments = {"lens": computed.lens_id, "size": [900, 600], "crop_factor": 1.0}
    left_out = server.ask("compile", **arguments)["left_out"]
    assert left_out["distortion"]["code"] == "grade"
    assert left_out["shading"]["code"] == "uncalibrated"
    assert "distortion" not in server.ask("compile", **arguments, grades=["computed"])["left_out"]


def test_identify_says_what_the_command_line_says(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    from sixbit.cli.main import main

    main(["identify", "--json", str(PHOTO)])
    said = json.loads(capsys.readouterr().out)
    answer = server.ask("identify", photo=str(PHOTO))
    assert answer.pop("size") == [1536, 1024]
    assert answer.pop("orientation") == answer.pop("turned") == 1
    said_in_parts = answer.pop("said")
    assert answer.pop("placed") == []
    assert answer.pop("said_unmarked") == []
    assert len(answer["unmarked"]) == 1
    assert answer.pop("remembered") is False
    assert answer.pop("tags")["focal_mm"] == 35
    assert answer == said
    assert len(said_in_parts) == len(said["evidence"])
    assert server.ask("identify", tags=exiv2_texts(PHOTO), size=[1536, 1024])["lens"] == said["lens"]


def test_identify_by_tags_has_no_infinity(server: Server) -> None:
    answer = server.ask("identify", tags={"Exif.Photo.SubjectDistance": "4294967295/1"})
    assert answer["distance_m"] is None
    assert answer["photo"] is None
    assert answer["status"] == "untagged"


def exiv2_texts(photo: Path) -> dict[str, str]:
    image = exiv2.ImageFactory.open(str(photo))
    image.readMetadata()
    return {tag.key(): tag.toString() for data in (image.exifData(), image.xmpData()) for tag in data}


def test_tags_of_exiv2_are_those_of_the_file(tmp_path: Path) -> None:
    steps, spaces = factory.darktable_history(("lens", 1), ("exposure", 1))
    packet = factory.xmp_packet(steps, **{"aux:Lens": "Summilux-M 1:1.4/50", **spaces})
    tags = factory.exif(
        Make="Leica Camera AG",
        Model="M9 Digital Camera",
        LensModel="Summicron-M 1:2/35 ASPH.",
        LensSpecification=[(35, 1), (35, 1), (2, 1), (0, 0)],
        LensSerialNumber="1234567",
        FocalLength=(35, 1),
        FNumber=(56, 10),
        SubjectDistance=(0xFFFFFFFF, 1),
        MaxApertureValue=(2, 1),
        Orientation=6,
        maker_note=factory.m9_note(lens_type=4 * 43 + 1),
    )
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(factory.jpeg(tags, packet))
    by_file = sixbit.read_shot(photo)
    assert by_file.six_bit
    assert by_file.already_corrected
    by_tags = shot_of_tags(exiv2_texts(photo), (by_file.width or 0, by_file.height or 0))
    assert by_tags.six_bit == by_file.six_bit
    for name in ("make", "model", "lens_names", "lens_specification", "lens_serial", "focal_mm", "f_number"):
        assert getattr(by_tags, name) == getattr(by_file, name), name
    for name in ("distance_m", "max_aperture", "orientation", "width", "already_corrected", "f_number_estimated"):
        assert getattr(by_tags, name) == getattr(by_file, name), name


def test_lenses(server: Server) -> None:
    lenses = {lens["id"]: lens for lens in server.ask("lenses")["lenses"]}
    assert lenses[LENS]["calibrations"]["distortion"] == "measured"
    assert lenses[LENS]["focal_min"] == 35
    assert lenses[LENS]["errors"] == {}


def test_lenses_tell_how_well_a_calibration_is_known(own_server: Server) -> None:
    known = {"distortion": Known((0.0,) * 10 + (0.06,), 0.84)}
    add(Setting(catalogue().lenses[LENS], 1.0, 35.0), "5 photos", known=known, distortion=Model("poly3", (0.01,)))
    lenses = {lens["id"]: lens for lens in own_server.ask("lenses")["lenses"]}
    assert lenses[LENS]["errors"] == {"distortion": "± 0.12 %"}


def test_compile_is_that_of_python(server: Server) -> None:
    said = server.ask(
        "compile",
        lens=LENS,
        size=[900, 600],
        crop_factor=1.5,
        corrections=["distortion"],
        strength={"distortion": 0.5},
        scale="none",
        f_number=4.0,
    )
    choices = sixbit.Choices(crop_factor=1.5, f_number=4.0, kinds={"distortion": 0.5}, scale="none")
    wanted = sixbit.compile_filter(LENS, choices=choices, size=(900, 600))
    assert said["digest"] == wanted.digest
    assert said["made_from"] == wanted.made_from
    assert said["identity"] is False


def test_what_is_set_by_eye_counts_where_nothing_is_measured(server: Server) -> None:
    frame = {"size": [900, 600], "crop_factor": 1.0, "scale": "none"}
    by_hand = {"distortion": 2.0, "red": 1.0, "fall_off": 1.0, "midpoint": 0.0}
    said = server.ask("compile", lens=UNCALIBRATED, by_hand=by_hand, **frame)
    calibrations = said["made_from"]["calibrations"]
    assert {kind: found["grade"] for kind, found in calibrations.items()} == dict.fromkeys(
        ("distortion", "tca", "vignetting"), "set by hand"
    )
    choices = sixbit.Choices(crop_factor=1.0, scale="none")
    filter = sixbit.compile_filter(UNCALIBRATED, choices=choices, size=(900, 600), by_hand=ByHand(**by_hand))
    assert filter.digest == said["digest"]
    middle, corner = ((899 / 2, 599 / 2), (899.0, 599.0))
    sources = filter.source_points([[middle[0] + 1, middle[1]], corner])
    shares = [np.hypot(*(green - middle)) / radius for green, radius in zip(sources[1], (1, 540.15), strict=True)]
    assert shares[1] / shares[0] == pytest.approx(0.98, abs=1e-3)
    assert np.hypot(*(sources[0][1] - middle)) / np.hypot(*(sources[1][1] - middle)) == pytest.approx(1.001, abs=1e-6)
    measured = server.ask("compile", lens=LENS, by_hand=by_hand, **frame)["made_from"]["calibrations"]
    assert (measured["distortion"]["grade"], measured["vignetting"]["grade"]) == ("measured", "set by hand")


def test_what_is_set_by_eye_can_be_kept(own_server: Server) -> None:
    frame = {"size": [900, 600], "crop_factor": 1.0}
    own_server.ask("keep", lens=UNCALIBRATED, by_hand={"distortion": -2.0, "blue": 1.0}, **frame)
    made_from = own_server.ask("compile", lens=UNCALIBRATED, **frame)["made_from"]
    assert made_from["corrections"] == ["distortion", "tca"]
    assert "your own" in made_from["calibrations"]["distortion"]["source"]
    kind, sentence = own_server.refusal("keep", lens=UNCALIBRATED, by_hand={"fall_off": 1.0}, **frame)
    assert (kind, "aperture" in sentence) == ("argument", True)


def test_lateral_colour_that_a_picture_shows(server: Server, tmp_path: Path) -> None:
    shape = SensorPicture(1200, 800, 1.0)
    lens = Lens((0.99, 0.0, 0.01), ((1 + 1.6 / shape.half_diagonal,), (1 - 0.8 / shape.half_diagonal,)))
    leaves = as_photo(photograph(foliage(np.random.default_rng(3)), lens, Camera(shape), np.random.default_rng(3)))
    found = server.ask("measure_tca", picture=server.open(tmp_path / "leaves", leaves))
    assert "red" in found["said"]
    frame = {"lens": UNCALIBRATED, "size": [1200, 800], "crop_factor": 1.0}
    made_from = server.ask("compile", measured_tca=found, **frame)["made_from"]
    assert made_from["calibrations"]["tca"]["grade"] == "measured from this photo"
    flat = server.ask("measure_tca", picture=server.open(tmp_path / "flat", np.zeros((800, 1200, 3), np.uint8)))
    assert flat["why_not"] == "it has no colours"
    left_out = server.ask("compile", measured_tca=flat, **frame)["left_out"]
    assert "the photo itself does not show it" in left_out["tca"]["template"]


def test_compile_gives_the_text_of_the_editable_filter(server: Server) -> None:
    frame = {"size": [900, 600], "crop_factor": 1.0, "window": [10, 20, 300, 200], "strength": {"distortion": 0.5}}
    said = server.ask("compile", lens=LENS, editable=True, **frame)
    choices = sixbit.Choices(crop_factor=1.0)
    _full, text = compile_editable(LENS, choices=choices, size=(900, 600), window=(10, 20, 300, 200))
    assert said["editable"] == text
    sharper = server.ask("compile", lens=LENS, editable=True, interpolation="lanczos3", **frame)["editable"]
    assert sharper.count(" even ") > text.count(" even ")
    assert "editable" not in server.ask("compile", lens=LENS, **frame)


def test_compile_takes_what_the_photo_says(server: Server) -> None:
    said = server.ask("compile", lens=LENS, size=[900, 600], photo=str(PHOTO))
    shot = sixbit.read_shot(PHOTO)
    assert said["digest"] == sixbit.compile_filter(LENS, shot, size=(900, 600)).digest
    assert server.ask("compile", lens=LENS, size=[900, 600], tags=exiv2_texts(PHOTO))["digest"] == said["digest"]


MADE_BY_LIGHTROOM = {"Xmp.crs.AlreadyApplied": "True", "Xmp.crs.HasCrop": "True", "Xmp.crs.CropAngle": "0"}
QUARTER = {**MADE_BY_LIGHTROOM, "Xmp.crs.CropLeft": "0.5", "Xmp.crs.CropBottom": "0.5"}
M11 = {"Exif.Image.Make": "LEICA CAMERA AG", "Exif.Image.Model": "LEICA M11"}


def test_identify_tells_the_frame_around_a_part(server: Server) -> None:
    whole = server.ask("identify", tags=M11, size=[900, 600])
    assert (whole["frame"], whole["placed"], whole["reshaped"]) == (None, [], False)
    quarter = server.ask("identify", tags=M11 | QUARTER, size=[450, 300])
    assert quarter["frame"] == pytest.approx([-1, 0, 2, 2])
    assert "{tag}" in quarter["placed"][0]["template"]
    wide = server.ask("identify", tags=M11, size=[1600, 900])
    assert wide["frame"] == pytest.approx([0, -0.0926, 1, 1.1852], abs=1e-3)
    zoomed = server.ask("identify", tags=M11 | {"Exif.Photo.DigitalZoomRatio": "9/5"}, size=[900, 600])
    assert (zoomed["frame"], zoomed["crop_factor"]) == (None, 1.8)
    for tags, size in ((M11, [900, 377]), (M11 | MADE_BY_LIGHTROOM | {"Xmp.crs.CropAngle": "2"}, [900, 600])):
        refused = server.ask("identify", tags=tags, size=size)
        assert refused["reshaped"] is True
        assert refused["placed"][-1]["code"] == "reshaped"
        assert refused["place"][-1].startswith("The picture")


def test_compile_takes_the_frame(server: Server) -> None:
    request = {"lens": LENS, "size": [450, 300], "crop_factor": 1.0, "scale": "none", "corrections": ["distortion"]}
    told = server.ask("compile", **request, frame=[-1, 0, 2, 2])
    assert told["digest"] == server.ask("compile", **request, tags=M11 | QUARTER)["digest"]
    choices = sixbit.Choices(crop_factor=1.0, scale="none", kinds={"distortion": 1.0})
    whole = sixbit.compile_filter(LENS, choices=choices, size=(900, 600)).window(450, 0, 450, 300)
    assert told["digest"] != server.ask("compile", **request)["digest"]
    kept = sixbit.compile_filter(LENS, choices=choices, size=(450, 300), place=Place(frame=(-1, 0, 2, 2)))
    assert told["digest"] == kept.digest
    points = np.array([[0.0, 0.0], [449.0, 299.0], [0.0, 299.0]])
    assert np.abs(kept.source_points(points) - whole.source_points(points)).max() < 0.01


def test_compile_turns_the_optical_centre_with_the_picture(own_server: Server) -> None:
    lens = catalogue().lenses[LENS]
    setting = Setting(lens, 1.0, 35.0, make="LEICA CAMERA AG", model="LEICA M11")
    add(setting, "5 photos", centre=(0.05, -0.02), distortion=Model("poly3", (0.01,)))
    request = {"lens": LENS, "size": [300, 450], "crop_factor": 1.0, "tags": M11, "frame": None, "scale": "none"}
    digests = {turned: own_server.ask("compile", **request, turned=turned)["digest"] for turned in (1, 6, 8)}
    assert len(set(digests.values())) == 3
    assert own_server.ask("compile", **request)["digest"] == digests[1]
    assert own_server.refusal("compile", **request, turned=9)[0] == "argument"


def test_compile_refuses_a_part_unless_a_frame_is_told(server: Server) -> None:
    request = {"lens": LENS, "size": [900, 377], "crop_factor": 1.0, "tags": M11}
    kind, words = server.refusal("compile", **request)
    assert kind == "argument"
    assert "nobody can tell where" in words
    assert server.ask("compile", **request, frame=None)["made_from"]["corrections"]


@pytest.mark.parametrize(
    "frame",
    ["whole", [0, 0, 1], [0.1, 0, 1, 1], [0, 0, 1, 0.9], [-1e9, 0, 2e9, 1], [math.nan, 0, 1, 1], [0, 0, 1, "1"]],
)
def test_a_frame_that_makes_no_sense_is_refused(server: Server, frame: Any) -> None:
    kind, words = server.refusal("compile", lens=LENS, size=[900, 600], crop_factor=1.0, frame=frame)
    assert kind == "argument"
    assert "`frame`" in words


def test_a_lens_is_remembered(server: Server) -> None:
    tags = {"Exif.Image.Make": "Sony", "Exif.Image.Model": "ILCE-7M4"}
    server.ask("remember", tags=tags, lens=LENS)
    assert server.ask("identify", tags=tags)["lens"] == LENS
    assert server.refusal("remember", tags=tags, lens="no-such-lens")[0] == "argument"


def test_the_marks_of_a_correction_are_those_of_a_corrected_file(server: Server, tmp_path: Path) -> None:
    sixbit.correct(PHOTO, tmp_path / "out.jpg", force=True)
    written = exiv2_texts(tmp_path / "out.jpg")
    shot = sixbit.read_shot(PHOTO)
    said = server.ask("compile", lens=LENS, size=[shot.width, shot.height], photo=str(PHOTO), already_corrected=["tca"])
    assert said["marks"].pop("Xmp.sixbit.corrected") == "tca distortion"
    assert written.pop("Xmp.sixbit.corrected") == "distortion tca"
    assert said["marks"] == {name: written[name] for name in said["marks"]}
    assert len(said["marks"]) == 3
    assert said["namespaces"] == {"sixbit": "https://sixbit.photo/ns/1.0/"}


@pytest.mark.parametrize(
    ("channels", "tint", "colourless"), [(1, 0, True), (2, 0, True), (3, 3, True), (4, 0, True), (3, 40, False)]
)
def test_the_marks_of_a_picture_without_colours_name_no_lateral_colour(
    server: Server, tmp_path: Path, channels: int, tint: int, colourless: bool
) -> None:
    grey = np.random.default_rng(5).integers(40, 200, (HEIGHT, WIDTH, 1)).astype(np.uint8)
    pixels = np.repeat(grey, channels, axis=2)
    if channels > 2:
        pixels[::7, ::7, 2] += np.uint8(tint)
    pixels.tofile(tmp_path / "in")
    layout = {"width": WIDTH, "height": HEIGHT, "channels": channels, "type": "uint8"}
    opened = server.ask("open", file=str(tmp_path / "in"), **layout)
    assert opened["colourless"] == colourless
    arguments = {"lens": LENS, "size": [WIDTH, HEIGHT], "crop_factor": 1.0, "colourless": opened["colourless"]}
    said = server.ask("compile", **arguments)
    assert said["marks"]["Xmp.sixbit.corrected"] == "distortion" + " tca" * (not colourless)
    assert ("tca" in said["left_out"]) == colourless
    assert ("tca" in server.ask("compile", **arguments | {"colourless": False})["left_out"]) is False


def test_an_empty_layer_may_still_be_painted_in_colours(server: Server, tmp_path: Path) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    layout = {"width": WIDTH, "height": HEIGHT, "channels": 4, "type": "uint8", "file": str(tmp_path / "in")}
    for alpha, colourless in ((0, False), (1, True)):
        pixels[5, 5, 3] = alpha
        pixels.tofile(tmp_path / "in")
        assert server.ask("open", **layout)["colourless"] == colourless


def test_the_tags_of_a_lens_are_those_of_a_tagged_file(server: Server, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "bare.jpg")
    write_lens_tags(tmp_path / "bare.jpg", catalogue().lenses[LENS], f_number=4.0)
    written = exiv2_texts(tmp_path / "bare.jpg")
    tags = server.ask("lens_tags", lens=LENS, f_number=4)["tags"]
    assert tags.pop("Xmp.aux.Lens") == catalogue().lenses[LENS].name
    assert tags == {name: written.get(name) for name in tags}
    assert tags["Exif.Photo.FNumber"] == "4/1"
    assert "Exif.Photo.FNumber" not in server.ask("lens_tags", lens=LENS)["tags"]


def test_presets(server: Server, home: Path) -> None:
    folder = home / ".config/sixbit/presets"
    folder.mkdir(parents=True)
    (folder / "mine.json").write_text('{"label": "Mine", "format": "PNG", "lowest_grade": "measured"}')
    (folder / "broken.json").write_text('{"label": "Broken", "format": "PNH"}')
    said = server.ask("presets")
    presets = {preset["name"]: preset for preset in said["presets"]}
    assert list(presets) == [*manifest()["presets"], "mine"]
    assert presets["mine"]["grades"] == ["measured"]
    assert presets["mine"]["content"]["scale"] == "fill"
    assert ["PNG" in sentence for sentence in said["wrong"]] == [True]
    assert server.ask("presets", preset="mine")["presets"] == [presets["mine"]]
    kind, sentence = server.refusal("presets", preset="miine")
    assert kind == "argument"
    assert "'mine'" in sentence


def test_batch(server: Server, tmp_path: Path) -> None:
    by_hand = tmp_path / "by hand.jpg"
    sixbit.correct(PHOTO, by_hand, preset=load("full-jpeg"))
    arguments = {"photos": [str(PHOTO)], "folder": str(tmp_path / "out"), "preset": "full-jpeg"}
    done = server.ask("batch", **arguments)
    assert done["counts"]["corrected"] == 1
    assert server.progress[-1] == 1
    assert Path(done["report"]).is_file()
    assert (tmp_path / "out" / PHOTO.name).read_bytes() == by_hand.read_bytes()
    assert server.ask("batch", **arguments)["before"] == 1
    kind, sentence = server.refusal("batch", **{**arguments, "folder": "/proc/none"})
    assert (kind, "/proc/none" in sentence) == ("photo", True)


def test_a_calibration_is_started_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "sixbit").mkdir()
    (tmp_path / "sixbit/__init__.py").touch()  # or an installed Sixbit would go before it
    (tmp_path / "sixbit/__main__.py").write_text(
        "import os, sys, time, pathlib\n"
        "while not pathlib.Path(__file__).with_name('go').exists():\n"
        "    time.sleep(0.05)\n"
        "said = pathlib.Path(__file__).with_name('part')\n"
        "said.write_text(repr([*sys.argv[1:], os.getsid(0) == os.getpid()]))\n"
        "said.rename(said.with_name('said'))\n"
    )
    starting = (
        "import os, sixbit.editors.server.session\n"
        f"os.environ['PYTHONPATH'] = {str(tmp_path)!r}\n"
        "from sixbit.editors.server.process import run; run()"
    )
    with running([sys.executable, "-c", starting]) as server:
        assert server.refusal("calibrate", lens="no-such-lens")[0] == "argument"
        # It is answered while the page has not begun: that waits to be told.
        assert server.ask("calibrate", lens=DARK) == {}
        server.ask("quit")
    (tmp_path / "sixbit/go").touch()
    said, started = tmp_path / "sixbit/said", time.monotonic()
    while not said.exists() and time.monotonic() < started + 120:
        time.sleep(0.05)
    assert said.read_text() == repr(["calibrate", "--lens", DARK, True])


# Pixels -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("lens", [LENS, DARK], ids=["geometry", "light"])
def test_pixels_are_those_of_python(server: Server, tmp_path: Path, lens: str, dtype: str) -> None:
    file = tmp_path / "two words “quoted” 📷"
    filter = sixbit.compile_filter(lens, choices=sixbit.Choices(crop_factor=1.0, f_number=4.0), size=(WIDTH, HEIGHT))
    assert not filter.is_identity
    for channels in (1, 2, 3, 4):
        pixels = picture(channels, dtype)
        if channels == 2:
            wanted = sixbit.apply(filter, pixels[:, :, [0, 0, 0, 1]], "native")[:, :, [1, 3]]
        else:
            wanted = sixbit.apply(filter, pixels, "native")
        opened, number = server.open(file, pixels), server.compile(pixels, lens=lens, f_number=4.0)
        with file.open("ab") as more:
            more.truncate(2 * pixels.nbytes)
        server.ask("apply", picture=opened, filter=number, file=str(file), offset=pixels.nbytes)
        there = np.fromfile(file, dtype).reshape(2, *pixels.shape)
        np.testing.assert_array_equal(there[1], wanted)
        np.testing.assert_array_equal(there[0], pixels)
        assert server.progress[-1] == 1
        server.ask("close", picture=opened)


@pytest.mark.parametrize("light", ["linear", "icc"])
def test_light(server: Server, tmp_path: Path, light: str) -> None:
    pixels = picture(3, "uint16")
    icc = curved_profile()
    curve = linear() if light == "linear" else curve_of_profile(icc)
    filter = sixbit.compile_filter(DARK, choices=sixbit.Choices(crop_factor=1.0, f_number=4.0), size=(WIDTH, HEIGHT))
    wanted = sixbit.apply(filter, pixels, "native", transfer=curve)
    assert (wanted != sixbit.apply(filter, pixels, "native")).any()
    opened = server.open(tmp_path / "in", pixels, linear=light == "linear", icc=base64.b64encode(icc).decode())
    number = server.compile(pixels, lens=DARK, f_number=4.0)
    out = tmp_path / "out"
    server.ask("apply", picture=opened, filter=number, file=empty(out, pixels.nbytes), offset=0)
    np.testing.assert_array_equal(np.fromfile(out, np.uint16).reshape(pixels.shape), wanted)


def curved_profile() -> bytes:
    """sRGB's profile with a plain power for its curves."""
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for entry in range(int.from_bytes(icc[128:132], "big")):
        at = 132 + 12 * entry
        if icc[at : at + 4] in (b"rTRC", b"gTRC", b"bTRC"):
            place = int.from_bytes(icc[at + 4 : at + 8], "big")
            icc[place : place + 16] = (
                b"curv" + bytes(4) + (1).to_bytes(4, "big") + (0x0180).to_bytes(2, "big") + b"\0\0"
            )
            icc[at + 8 : at + 12] = (14).to_bytes(4, "big")
    return bytes(icc)


def test_a_profile_without_light_leaves_the_geometry(server: Server, tmp_path: Path) -> None:
    pixels = picture(3, "uint8")
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    pixels.tofile(tmp_path / "in")
    arguments = {"width": WIDTH, "height": HEIGHT, "channels": 3, "type": "uint8"}
    opened = server.ask("open", file=str(tmp_path / "in"), **arguments, icc=base64.b64encode(lab).decode())
    assert "has no transfer curve" in opened["light"]
    assert "--" not in opened["light"]
    out = tmp_path / "out"
    place = {"picture": opened["picture"], "file": empty(out, pixels.nbytes), "offset": 0}
    with_gain = server.compile(pixels, lens=DARK, f_number=4.0)
    assert server.refusal("apply", filter=with_gain, **place) == ("photo", opened["light"])
    server.ask("apply", filter=server.compile(pixels), **place)
    filter = sixbit.compile_filter(LENS, choices=sixbit.Choices(crop_factor=1.0), size=(WIDTH, HEIGHT))
    wanted = sixbit.apply(filter, pixels, "native", transfer=linear())
    np.testing.assert_array_equal(np.fromfile(out, np.uint8).reshape(pixels.shape), wanted)


def test_a_cropped_picture_keeps_its_optical_centre(server: Server, tmp_path: Path) -> None:
    whole = picture(3, "uint8", (200, 150))
    filter = sixbit.compile_filter(LENS, choices=sixbit.Choices(crop_factor=1.0), size=(200, 150))
    wanted = sixbit.apply(filter, whole, "native")
    part = np.ascontiguousarray(whole[30:130, 50:150])
    opened = server.open(tmp_path / "in", part)
    number = server.compile(whole, window=[50, 30, 100, 100])
    out = tmp_path / "out"
    server.ask("apply", picture=opened, filter=number, file=empty(out, part.nbytes), offset=0)
    there = np.fromfile(out, np.uint8).reshape(part.shape)
    np.testing.assert_array_equal(there, sixbit.apply(filter.window(50, 30, 100, 100), part, "native"))
    apart = np.abs(there[20:80, 20:80].astype(int) - wanted[50:110, 70:130])
    assert apart.max() <= 1  # the kernel's nodes lie elsewhere


# Previews -----------------------------------------------------------------------------------------------------------


def preview(server: Server, file: Path, size: tuple[int, int], **arguments: Any) -> NDArray[np.uint8]:
    server.ask("preview", size=list(size), file=empty(file, size[0] * size[1] * 3), offset=0, **arguments)
    return np.fromfile(file, np.uint8).reshape(size[1], size[0], 3)


def smooth(size: tuple[int, int], channels: int = 3) -> NDArray[np.uint8]:
    """A picture that can be compared after it was reduced in different ways."""
    y, x = np.mgrid[: size[1], : size[0]] / max(size)
    waves = [np.sin(20 * x + k) * np.cos(15 * y - k) for k in range(channels)]
    return (127 + 120 * np.stack(waves, axis=2)).astype(np.uint8)


def test_preview_at_full_size_shows_the_very_pixels(server: Server, tmp_path: Path) -> None:
    pixels = picture(3, "uint8", (200, 150))
    opened, number = server.open(tmp_path / "in", pixels), server.compile(pixels)
    view = {"picture": opened, "view": [40, 30, 100, 80]}
    before = preview(server, tmp_path / "out", (100, 80), filter=None, **view)
    np.testing.assert_array_equal(before, pixels[30:110, 40:140])
    after = preview(server, tmp_path / "out", (100, 80), filter=number, **view)
    wanted = sixbit.apply(
        sixbit.compile_filter(LENS, choices=sixbit.Choices(crop_factor=1.0), size=(200, 150)), pixels, "native"
    )
    np.testing.assert_array_equal(after, wanted[30:110, 40:140])
    twice = preview(server, tmp_path / "out", (200, 160), filter=number, **view)
    np.testing.assert_array_equal(twice[::2, ::2], after)


@pytest.mark.parametrize("lens", [LENS, DARK])
@pytest.mark.parametrize(("size", "view"), [((1000, 700), [0, 0, 1000, 700]), ((1003, 701), [101, 57, 600, 500])])
def test_a_reduced_preview_is_the_corrected_picture_reduced(
    server: Server, tmp_path: Path, size: tuple[int, int], view: list[int], lens: str
) -> None:
    pixels = smooth(size)
    opened, number = server.open(tmp_path / "in", pixels), server.compile(pixels, lens=lens, f_number=4.0)
    filter = sixbit.compile_filter(lens, choices=sixbit.Choices(crop_factor=1.0, f_number=4.0), size=size)
    corrected = sixbit.apply(filter, pixels, "native")
    x, y, width, height = view
    for number_or_none, whole in ((number, corrected), (None, pixels)):
        shown = preview(server, tmp_path / "out", (200, 140), picture=opened, filter=number_or_none, view=view)
        wanted = area_means(whole[y : y + height, x : x + width].astype(np.float32), (200, 140))
        apart = np.abs(shown - wanted)
        assert apart.max() <= 4
        assert apart.mean() < 0.8


def test_a_reduction_stands_for_the_picture_until_it_is_there(server: Server, tmp_path: Path) -> None:
    pixels = smooth((1003, 701))
    opened, number = server.open(tmp_path / "in", pixels), server.compile(pixels, strength={"distortion": 0.5})
    small = np.round(area_means(pixels.astype(np.float32), (333, 233))).astype(np.uint8)
    standing = server.open(tmp_path / "small", small, stands_for=[1003, 701])
    for which in (number, None):
        for view in ([0, 0, 1003, 701], [500, 351, 503, 350]):
            drawn = {"filter": which, "view": view}
            wanted = preview(server, tmp_path / "out", (200, 140), picture=opened, **drawn)
            shown = preview(server, tmp_path / "out", (200, 140), picture=standing, **drawn)
            apart = np.abs(shown[2:-2, 2:-2].astype(int) - wanted[2:-2, 2:-2])
            assert apart.mean() < 3
            assert apart.max() < 12
    kind, sentence = server.refusal("apply", picture=standing, filter=number, file=str(tmp_path / "in"))
    assert kind == "argument"
    assert "previewed, not corrected" in sentence or "no file of" in sentence


def area_means(pixels: NDArray[np.float32], size: tuple[int, int]) -> NDArray[Any]:
    import cv2

    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def test_preview_of_every_kind_of_picture(server: Server, tmp_path: Path) -> None:
    flat = {1: [0.5], 2: [0.5, 1], 3: [0.5, 0.25, 1], 4: [0.5, 0.25, 1, 1]}
    for channels, values in flat.items():
        for dtype, most in (("uint8", 255), ("uint16", 65535), ("float32", 1)):
            for is_linear, shown in ((False, [0.5, 0.25, 1]), (True, [0.7354, 0.5371, 1])):
                pixels = np.broadcast_to(np.array(values) * most, (40, 60, channels)).astype(dtype)
                opened = server.open(tmp_path / "in", pixels, linear=is_linear)
                drawn = preview(server, tmp_path / "out", (20, 10), picture=opened, filter=None, view=[0, 0, 60, 40])
                wanted = np.array(shown if channels > 2 else shown[:1] * 3) * 255
                assert np.abs(drawn - wanted).max() <= 1.1, (channels, dtype, is_linear)
                server.ask("close", picture=opened)


def test_transparent_pixels_show_the_backdrop(server: Server, tmp_path: Path) -> None:
    pixels = picture(4, "uint8")
    pixels[:, :, 3] = 0
    opened = server.open(tmp_path / "in", pixels)
    drawn = preview(server, tmp_path / "out", (20, 10), picture=opened, filter=None, view=[0, 0, WIDTH, HEIGHT])
    assert (drawn == 128).all()


def test_what_is_no_number_is_shown_black(server: Server, tmp_path: Path) -> None:
    pixels = np.full((40, 60, 3), np.nan, np.float32)
    opened = server.open(tmp_path / "in", pixels)
    view = {"view": [0, 0, 60, 40], "filter": None}
    assert not preview(server, tmp_path / "out", (60, 40), picture=opened, **view).any()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("factor", [2, 3, 64])
def test_reduced_is_the_mean(dtype: str, factor: int) -> None:
    pixels = picture(3, dtype, (64 * 2 + 5, 64 + 7))
    height, width = pixels.shape[0] // factor, pixels.shape[1] // factor
    cells = pixels[: height * factor, : width * factor].astype(np.float64).reshape(height, factor, width, factor, 3)
    means = cells.mean(axis=(1, 3))
    apart = np.abs(reduced(pixels, factor) - means).max()
    assert apart <= (1e-6 if dtype == "float32" else 0.5)


def test_a_preview_much_smaller_than_the_picture(server: Server, tmp_path: Path) -> None:
    pixels = smooth((1000, 700))
    opened = server.open(tmp_path / "in", pixels)
    drawn = preview(server, tmp_path / "out", (2, 1), picture=opened, filter=None, view=[0, 0, 1000, 700])
    assert np.abs(drawn.mean(axis=(0, 1)) - pixels.mean(axis=(0, 1))).max() < 6


def test_the_smallest_pictures(server: Server, tmp_path: Path) -> None:
    pixels = picture(3, "uint8", (1, 1))
    opened, number = server.open(tmp_path / "in", pixels), server.compile(pixels)
    (tmp_path / "in").unlink()
    drawn = preview(server, tmp_path / "out", (3, 3), picture=opened, filter=number, view=[0, 0, 1, 1])
    assert (drawn == pixels[0, 0]).all()
    server.ask("apply", picture=opened, filter=number, file=str(tmp_path / "out"))
    assert np.fromfile(tmp_path / "out", np.uint8, 3).tolist() == pixels[0, 0].tolist()


# What goes wrong ----------------------------------------------------------------------------------------------------


@pytest.fixture
def large(own_server: Server, tmp_path: Path) -> dict[str, Any]:
    """What `apply` takes for a picture that keeps the server busy for a while."""
    pixels = np.zeros((LARGE[1], LARGE[0], 4), np.float32)
    opened, number = own_server.open(tmp_path / "in", pixels), own_server.compile(pixels)
    place = {"file": empty(tmp_path / "out", pixels.nbytes), "offset": 0, "interpolation": "lanczos3"}
    return {"picture": opened, "filter": number, **place}


def test_cancel(own_server: Server, large: dict[str, Any]) -> None:
    first, waiting = own_server.send("apply", **large), own_server.send("apply", **large)
    own_server.line(json.dumps({"do": "cancel", "cancel": first}).encode())
    own_server.line(json.dumps({"do": "cancel", "cancel": waiting}).encode())
    for number in (first, waiting):
        answer = own_server.answer()
        assert (answer["id"], answer["kind"]) == (number, "cancelled")
    assert 1 not in own_server.progress
    own_server.line(b'{"do": "cancel", "cancel": 999}')
    own_server.line(b'{"do": "cancel", "cancel": [1]}')
    own_server.ask("apply", **large)


def test_the_end_of_the_input_ends_the_server_amid_its_work(own_server: Server, large: dict[str, Any]) -> None:
    own_server.send("apply", **large)
    own_server.send("apply", **large)
    assert own_server.process.stdout
    own_server.process.stdout.readline()
    assert own_server.process.stdin
    own_server.process.stdin.close()
    assert own_server.process.wait(2) == 0


def test_quit(own_server: Server) -> None:
    assert own_server.ask("quit") == {}
    assert own_server.process.wait(2) == 0


def test_lines_that_are_no_requests(server: Server) -> None:
    for line in (
        b"junk",
        b"\xff\xfe\0",
        b"[]",
        b"null",
        b"",
        b"[" * 100_000,
        b"9" * 5000,
        b'{"do": "hello"}',
        b'{"id": []}',
    ):
        server.line(line)
        answer = server.answer()
        assert answer["id"] is None, line
        assert answer["kind"] == "argument"
    server.line(b'"' + b"x" * (17 << 20) + b'"')
    assert "too long" in server.answer()["error"]
    server.line(b'{"id": "a name", "do": "hello", "protocol": 1}')
    assert server.answer()["id"] == "a name"


OPEN: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "channels": 3, "type": "uint8", "offset": 0}


@pytest.mark.parametrize(
    ("do", "arguments"),
    [
        ("nonsense", {}),
        (None, {}),
        (["hello"], {}),
        ("hello", {}),
        ("identify", {}),
        ("identify", {"photo": 3}),
        ("identify", {"tags": ["Exif.Photo.FNumber"]}),
        ("compile", {}),
        ("compile", {"lens": "no-such-lens"}),
        ("compile", {"size": [0, 600]}),
        ("compile", {"size": [10**30, 600]}),
        ("compile", {"size": [1e400, 600]}),
        ("compile", {"size": [float("nan"), 600]}),
        ("compile", {"size": "900x600"}),
        ("compile", {"size": [True, 600]}),
        ("compile", {"crop_factor": None}),
        ("compile", {"crop_factor": -1}),
        ("compile", {"crop_factor": 1e400}),
        ("compile", {"f_number": 1e400}),
        ("compile", {"scale": 1e400}),
        ("compile", {"crop_factor": "1"}),
        ("compile", {"focal_mm": float("nan")}),
        ("compile", {"f_number": 1e300}),
        ("compile", {"corrections": "distortion"}),
        ("compile", {"corrections": ["colour"]}),
        ("compile", {"strength": {"distortion": "much"}}),
        ("compile", {"strength": {"distortion": float("nan")}}),
        ("compile", {"strength": {"colour": 1}}),
        ("compile", {"strength": []}),
        ("compile", {"strength": 0}),
        ("compile", {"scale": "wide"}),
        ("compile", {"scale": 1000}),
        ("compile", {"strength": {"distortion": 2.01}}),
        ("compile", {"editable": True, "interpolation": "cubic"}),
        ("compile", {"by_hand": [1]}),
        ("compile", {"by_hand": {"distortion": "much"}}),
        ("compile", {"by_hand": {"distortion": 21}}),
        ("compile", {"by_hand": {"fall_off": -1}}),
        ("compile", {"by_hand": {"red": float("nan")}}),
        ("compile", {"measured_tca": "linear"}),
        ("compile", {"measured_tca": {"model": "poly3", "terms": [1, 1], "said": ""}}),
        ("compile", {"measured_tca": {"model": "cubic", "terms": [1, 1], "said": ""}}),
        ("measure_tca", {"picture": 77}),
        ("keep", {"lens": LENS, "size": [900, 600], "crop_factor": 1}),
        ("keep", {"lens": LENS, "size": [900, 600], "crop_factor": 1, "by_hand": {"distortion": 0}}),
        ("compile", {"grades": ["guessed"]}),
        ("compile", {"window": [0, 0, 901, 600]}),
        ("compile", {"window": [-1, 0, 90, 60]}),
        ("open", {"file": None}),
        ("open", {"file": "\0"}),
        ("open", {"channels": 5}),
        ("open", {"type": "float64"}),
        ("open", {"type": ["uint8"]}),
        ("open", {"width": 10**6, "height": 10**6}),
        ("open", {"width": 10**4000}),
        ("open", {"height": HEIGHT + 1}),
        ("open", {"offset": 1}),
        ("open", {"offset": -1}),
        ("open", {"offset": 1 << 61}),
        ("open", {"type": "uint16", "width": WIDTH // 3, "offset": 1}),
        ("open", {"icc": "no base64!"}),
        ("apply", {}),
        ("apply", {"picture": 77}),
        ("apply", {"picture": "first"}),
        ("preview", {"view": [0, 0, 1, 1], "size": [1, 1]}),
        ("close", {"picture": -1}),
        ("remember", {"lens": LENS}),
        ("lens_tags", {"lens": "no-such-lens"}),
        ("lens_tags", {"lens": LENS, "focal_mm": 50}),
        ("lens_tags", {"lens": LENS, "focal_mm": 1e400}),
        ("preview", {"view": [0, 0, 1e400, 1], "size": [1, 1]}),
        ("presets", {"preset": 3}),
        ("batch", {"preset": "archive"}),
        ("batch", {"photos": ["a.jpg"], "preset": "archive"}),
        ("batch", {"photos": ["a.jpg"], "preset": "archive", "folder": "no\0path"}),
        ("export", {"photo": "a.jpg", "preset": "archive", "folder": "\ud800"}),
        ("batch", {"photos": ["a.jpg"], "folder": "out"}),
        ("calibrate", {}),
        ("open", {"stands_for": [0, 1]}),
    ],
)
def test_wrong_arguments(server: Server, tmp_path: Path, do: Any, arguments: dict[str, Any]) -> None:
    sound: dict[str, Any] = {}
    if do == "compile" and arguments:
        sound = {"lens": LENS, "size": [900, 600], "crop_factor": 1}
    elif do == "open":
        sound = {**OPEN, "file": empty(tmp_path / "in", WIDTH * HEIGHT * 3)}
        server.ask("open", **sound)
    kind, sentence = server.refusal(do, **{**sound, **arguments})
    assert kind == "argument", sentence
    assert sentence.endswith((".", "?"))
    assert len(sentence) < 400


def test_files_that_cannot_be_mapped(server: Server, tmp_path: Path) -> None:
    pixels = picture(3, "uint8")
    opened, number = server.open(tmp_path / "in", pixels), server.compile(pixels)
    os.mkfifo(tmp_path / "pipe")
    files = [tmp_path / "missing", tmp_path, tmp_path / "pipe", empty(tmp_path / "short", pixels.nbytes - 1)]
    for file in files:
        arguments = {"file": str(file), "offset": 0}
        assert server.refusal("open", **{**OPEN, **arguments})[0] == "argument"
        assert server.refusal("apply", picture=opened, filter=number, **arguments)[0] == "argument"
        assert server.refusal("preview", picture=opened, view=[0, 0, 9, 9], size=[61, 40], **arguments)[0] == "argument"
    for offset in (0, pixels.nbytes - 1):
        with (tmp_path / "in").open("ab") as more:
            more.truncate(2 * pixels.nbytes)
        kind, sentence = server.refusal(
            "apply", picture=opened, filter=number, file=str(tmp_path / "in"), offset=offset
        )
        assert kind == "argument"
        assert "in place" in sentence
    assert np.fromfile(tmp_path / "in", np.uint8, pixels.size).tolist() == pixels.ravel().tolist()


def test_a_filter_of_another_size(server: Server, tmp_path: Path) -> None:
    pixels = picture(3, "uint8")
    opened = server.open(tmp_path / "in", pixels)
    number = server.compile(pixels, size=[WIDTH + 1, HEIGHT])
    place = {"picture": opened, "filter": number, "file": empty(tmp_path / "out", pixels.nbytes)}
    assert "was compiled for 62x40" in server.refusal("apply", **place)[1]
    assert "was compiled for 62x40" in server.refusal("preview", **place, view=[0, 0, 9, 9], size=[9, 9])[1]


def test_photos_that_cannot_be_read(server: Server, tmp_path: Path) -> None:
    (tmp_path / "junk.jpg").write_bytes(b"junk")
    for photo in (tmp_path / "missing.jpg", tmp_path, tmp_path / "junk.jpg", "\0", "a\nb", "\udcff"):
        kind, sentence = server.refusal("identify", photo=str(photo))
        assert kind == "photo", photo
        assert sentence


def test_an_internal_error_is_told_and_logged() -> None:
    breaking = (
        "import sys, sixbit.lenses.catalogue, sixbit.editors.server.session as session\n"
        "def broken(): print('stray'); raise ZeroDivisionError('on purpose')\n"
        "session.catalogue = broken\n"
        "from sixbit.editors.server.process import run; run()"
    )
    with running([sys.executable, "-c", breaking], stderr=subprocess.PIPE) as server:
        kind, sentence = server.refusal("lenses")
        log = Path(server.ask("hello", protocol=1)["log"])
        server.process.kill()
        assert server.process.stderr
        complaints = server.process.stderr.read()
    assert kind == "internal"
    assert str(log) in sentence
    assert "Traceback" in log.read_text()
    assert "Traceback" not in sentence
    assert complaints.decode().split() == ["stray"]


def test_too_little_memory_is_no_mistake() -> None:
    breaking = (
        "import sixbit.editors.server.session as session\n"
        "def broken(): raise MemoryError\n"
        "session.catalogue = broken\n"
        "from sixbit.editors.server.process import run; run()"
    )
    with running([sys.executable, "-c", breaking]) as server:
        answer = server.refused("lenses")
    assert answer["error"] == "There is not enough memory for this on this computer."
    assert (answer["kind"], answer["code"]) == ("photo", "too_large")


def test_without_a_place_for_the_log(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with running(env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "file")}) as server:
        assert server.ask("hello", protocol=1)["log"] is None


def test_without_standard_error() -> None:
    start = "import os; os.close(2); from sixbit.editors.server.process import run; run()"
    with running([sys.executable, "-c", start]) as server:
        assert server.ask("hello", protocol=1)["protocol"] == 1


def test_hello_needs_no_heavy_imports() -> None:
    look = (
        "import sys, sixbit.cli.main, sixbit.editors.server.process; "
        "print({'numpy', 'lensfunpy', 'exifread'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True).stdout == "set()\n"


def test_the_server_says_its_sentences_in_the_language_of_the_editor(server: Server, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    english = server.refused("identify", photo=str(tmp_path / "empty.jpg"))
    server.ask("hello", protocol=1, client="test", language="de_CH")
    german = server.refused("identify", photo=str(tmp_path / "empty.jpg"))
    assert german["error"] == f"{tmp_path}/empty.jpg: ist leer."
    assert german["said"] == english["said"]
    evidence = server.ask("identify", photo=str(PHOTO))["evidence"]
    assert any("Das Foto" in words or "passt" in words for words in evidence)
    server.ask("hello", protocol=1, client="test", language="tlh")
    assert server.refused("identify", photo=str(tmp_path / "empty.jpg"))["error"] == english["error"]
