"""Fall-off and colour shading from flats: found again where they are known, and refused where there is no flat."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sixbit
from sixbit.calibration import keep as user_database
from sixbit.calibration.flat import FlatResult, at_aperture, keep, measure_flat
from sixbit.calibration.frames import open_frame
from sixbit.cli.main import main
from sixbit.editors.page.work import look
from sixbit.lenses.catalogue import reload_catalogue
from sixbit.measure.aperture import error_of_guess
from sixbit.measure.flat import MeasuredFlat
from sixbit.measure.vignetting import vignetting_at
from sixbit.measure.worth import RADII
from sixbit.plots.calibration import plot_flat
from sixbit.values.errors import CalibrationError, Code, PhotoError
from sixbit.values.known import SURE
from sixbit.values.watch import silent
from tests.scenery.flats import Cast, Flat, cases, corner_error, save, scene, shading_error
from tests.scenery.photo_factory import xmp_packet
from tests.scenery.refusals import refused

LENS = "summicron-35-asph"
WIDE_OPEN = sixbit.Choices(lens=LENS, f_number=2.0)
FLAT = Flat(
    vignetting=(-0.9, 0.5, -0.2),
    red=Cast((-0.08, 0.02)),
    blue=Cast((0.04,)),
    size=(750, 500),
    slope=(0.05, -0.03),
    dust=10,
    hot=40,
)
SIDED = replace(
    FLAT,
    red=Cast((-0.08,), {(1, 0): 0.03, (1, 2): -0.02}),
    blue=Cast((0.04,), {(0, 1): -0.02}),
    warmth=(0.01, 0.0),
)


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    reload_catalogue()
    yield
    reload_catalogue()


def turned(flat: Flat) -> Flat:
    return replace(flat, slope=(-flat.slope[0], -flat.slope[1]), warmth=(-flat.warmth[0], -flat.warmth[1]))


def pair(flat: Flat, folder: Path, suffix: str = ".png", bits: int = 16) -> list[Path]:
    frames = (flat, turned(flat))
    return [save(frame.codes(n, bits), folder / f"frame {n}{suffix}", 95) for n, frame in enumerate(frames)]


def measure(paths: list[Path], **more: float) -> FlatResult:
    return measure_flat(paths, replace(WIDE_OPEN, **{"crop_factor": 1.0, **more}))  # type: ignore[arg-type]


@pytest.mark.parametrize("case", cases(8, width=1000), ids=lambda case: case.name)
def test_seeded_cases(case: object, tmp_path: Path) -> None:
    true = case.frames[0]  # type: ignore[attr-defined]
    paths = case.save(tmp_path, 1)  # type: ignore[attr-defined]
    lens_id, crop_factor = case.lens_id, case.crop_factor  # type: ignore[attr-defined]
    choices = sixbit.Choices(lens=lens_id, crop_factor=crop_factor, f_number=5.6)
    # Of next to no fall-off in a dark JPEG, what is rounded is the larger part.
    if paths[0].suffix == ".jpg" and true.level < 0.1 and corner_error((0.0, 0.0, 0.0), true.vignetting) < 0.1:
        with refused(CalibrationError, "Not enough.* more light, or raw ones"):
            measure_flat(paths, choices)
        return
    result = measure_flat(paths, choices)
    stated = math.log(2) * float(result.found.worth.surely_within.max())
    assert corner_error(result.found.vignetting, true.vignetting) < max(stated, 0.003)
    assert result.found.shading is not None
    is_jpeg = case.suffix == ".jpg"  # type: ignore[attr-defined]
    assert shading_error(result.found.shading, true) < (SURE * result.found.shading_error if is_jpeg else 0.005)
    assert ("a raw file or a TIFF measures them better" in " ".join(result.verdict)) is is_jpeg


@pytest.mark.parametrize("quality", [90, 95])
def test_a_neutral_flat_of_little_noise_in_a_jpeg(quality: int, tmp_path: Path) -> None:
    """Where libjpeg's rounding is worst: little noise, and colours that are nearly grey."""
    flat = Flat((-0.2, 0.05, -0.02), Cast((-0.019,)), Cast((0.04,)), (900, 600), slope=(0.04, 0.01), noise=0.004)
    result = measure([save(flat.codes(1), tmp_path / "one.jpg", quality)])
    assert result.found.shading is not None
    assert shading_error(result.found.shading, flat) < SURE * result.found.shading_error
    assert 0.005 <= result.found.shading_error < 0.02


BANDED = Flat((-0.9, 0.4, -0.1), Cast((-0.06,)), Cast((0.04,)), (750, 500), slope=(0.04, -0.02), read=0.0005)
"""A slight cast, as every sensor has one: its colours are rounded in bands where there is little noise."""


@pytest.mark.parametrize("noise", [0.002, 0.004, 0.012])
@pytest.mark.parametrize("level", [0.03, 0.1, 0.25, 0.42])
def test_the_error_of_a_jpeg_has_in_it_what_rounding_does(level: float, noise: float, tmp_path: Path) -> None:
    """Fall-off was off by ten times its stated error here, and colours by four per cent of half a per cent stated."""
    flat = replace(BANDED, level=level, noise=noise)
    found = measure([save(flat.codes(3), tmp_path / "one.jpg", 92)]).found
    true = vignetting_at(np.array(flat.vignetting), RADII)
    off = np.abs(np.log2(vignetting_at(np.array(found.vignetting), RADII) / true))
    assert np.all(off <= 1.3 * found.worth.surely_within[0] + 1e-4)
    assert off[-1] <= found.worth.surely_within[0, -1]
    assert found.shading is not None
    assert found.shading.is_radial
    assert shading_error(found.shading, flat) <= SURE * found.shading_error
    assert found.worth.surely_within.max() < 0.1


def test_colours_are_told_of_the_corner(tmp_path: Path) -> None:
    """Where the fall-off is told of, too; the patches end at 96 % of the way."""
    result = measure([save(replace(BANDED, noise=0.01).codes(1, 16), tmp_path / "one.tif")])
    assert re.search(r"red -6\.0 % in the corners, blue \+4\.0 % in the corners", " ".join(result.verdict))


def test_a_dark_frame_is_refused_or_told_on_arrival_too(tmp_path: Path) -> None:
    black, dark, grey = (
        save(replace(BANDED, level=level, noise=0.01).codes(1), tmp_path / f"{level}.jpg", 92)
        for level in (0.01, 0.06, 0.3)
    )
    for attempt in (lambda: measure([black]), lambda: look(black, LENS, "flat", silent)):
        with refused(CalibrationError, r"too dark.*one code value is 6 % of the light.*light grey", Code.TOO_DARK):
            attempt()
    assert "One or two stops more" in " ".join(measure([dark]).verdict)
    assert "One or two stops more" in look(dark, LENS, "flat", silent).note
    assert not look(dark, LENS, "lines", silent).note
    assert "One or two stops more" not in " ".join(measure([grey]).verdict) + look(grey, LENS, "flat", silent).note


def test_one_frame_gives_fall_off_and_radial_colour_and_says_what_it_cannot_tell(tmp_path: Path) -> None:
    result = measure([save(FLAT.codes(1), tmp_path / "one.png")])
    assert corner_error(result.found.vignetting, FLAT.vignetting) < 0.005
    assert result.found.shading is not None
    assert result.found.shading.is_radial
    assert shading_error(result.found.shading, FLAT) < 0.002
    assert not result.found.turned
    assert result.found.slopes[0] == pytest.approx(np.hypot(0.05, 0.03), abs=0.003)
    assert "second frame" in " ".join(result.verdict)


def test_the_light_changes_sides_and_the_sensor_does_not(tmp_path: Path) -> None:
    result = measure(pair(SIDED, tmp_path))
    assert result.found.turned
    assert result.found.shading is not None
    assert not result.found.shading.is_radial
    assert shading_error(result.found.shading, SIDED) < 0.003
    same = [save(SIDED.codes(n, 16), tmp_path / f"same {n}.png") for n in range(2)]
    told = measure(same)
    assert not told.found.turned
    assert "same side" in " ".join(told.verdict)


def test_uncertainty_is_honest(tmp_path: Path) -> None:
    """Over frames of one truth, errors lie within three times what is told, and not far below it in the mean."""
    errors, told = [], []
    for seed in range(4):
        result = measure([save(replace(FLAT, noise=0.05).codes(seed, 16), tmp_path / f"{seed}.png")])
        errors.append(result.found.corner_light / float(vignetting_at(np.array(FLAT.vignetting), 1.0)) - 1)
        told.append(math.log(2) * result.found.worth.error[0, -1])
    assert np.all(np.abs(errors) < 3.5 * np.array(told) + 5e-4)
    assert np.mean(told) < 0.02


@pytest.mark.parametrize("suffix", [".tif", ".jpg"])
def test_shading_corrected_leaves_no_cast_on_flats_not_seen_before(suffix: str, tmp_path: Path) -> None:
    """Other dust, noise and exposure. A JPEG as a decoder rounds it is off by 1 % itself, so none is looked at."""
    clean = replace(SIDED, slope=(0.0, 0.0), warmth=(0.0, 0.0), noise=0.01, size=(900, 600), white=(1.0, 1.0, 0.9))
    lit = replace(clean, slope=(0.04, 0.02))
    keep(measure_flat(pair(lit, tmp_path, suffix, 8 if suffix == ".jpg" else 16), WIDE_OPEN))
    for unseen, bits in ((tmp_path / "unseen.tif", 16), (tmp_path / "unseen.png", 8)):
        save(replace(clean, level=0.33, noise=0.02, dust=8, hot=30).codes(77, bits), unseen)
        out = tmp_path / f"out{unseen.suffix}"
        done = sixbit.correct(
            unseen, out, choices=sixbit.Choices(lens=LENS, f_number=2.0, kinds={"shading": 1.0}, scale="none")
        )
        assert done.filter.made_from["corrections"] == ["shading"]
        before, after = (_casts(path) for path in (unseen, out))
        assert before > 0.03
        assert after < 0.005


@pytest.mark.parametrize("level", [0.33, 0.5])
@pytest.mark.parametrize(("suffix", "bits", "left"), [(".tif", 16, 0.006), (".jpg", 8, 0.015)])
def test_a_jpeg_corrected_is_as_neutral_as_one_that_never_had_a_cast(
    suffix: str, bits: int, left: float, level: float, tmp_path: Path
) -> None:
    """Both are off by what is rounded when a JPEG is written and read; no more is left, but for 1 % of a JPEG flat."""
    clean = replace(SIDED, slope=(0.0, 0.0), warmth=(0.0, 0.0), noise=0.01, size=(900, 600), white=(1.0, 1.0, 0.9))
    keep(measure_flat(pair(replace(clean, slope=(0.04, 0.02)), tmp_path, suffix, bits), WIDE_OPEN))
    flat = replace(clean, level=level, noise=0.02, dust=8, hot=30)
    save(flat.codes(77), tmp_path / "unseen.jpg")
    save(replace(flat, red=Cast(), blue=Cast()).codes(78), tmp_path / "neutral.jpg")
    sixbit.correct(
        tmp_path / "unseen.jpg",
        tmp_path / "out.jpg",
        choices=sixbit.Choices(lens=LENS, f_number=2.0, kinds={"shading": 1.0}, scale="none"),
    )
    before, after, neutral = (_casts(tmp_path / f"{name}.jpg") for name in ("unseen", "out", "neutral"))
    print(f"{suffix}: cast {100 * before:.1f} %, corrected {100 * after:.1f} %, without any {100 * neutral:.1f} %")
    assert before > 0.06
    assert after < neutral + left


def _casts(path: Path) -> float:
    """The largest difference of red or blue against green between the centre and a corner, relative."""
    from sixbit.values.light import srgb

    pixels = open_frame(path).pixels
    light = srgb().decode(pixels / np.iinfo(pixels.dtype).max)
    h, w = light.shape[:2]
    middle = light[h // 2 - 60 : h // 2 + 60, w // 2 - 60 : w // 2 + 60].mean(axis=(0, 1))
    worst = 0.0
    for y in (slice(0, 90), slice(h - 90, h)):
        for x in (slice(0, 90), slice(w - 90, w)):
            corner = light[y, x].mean(axis=(0, 1))
            ratio = corner / corner[1] / (middle / middle[1])
            worst = max(worst, float(np.max(np.abs(ratio - 1))))
    return worst


@pytest.mark.parametrize("number", range(12))
def test_a_scene_is_refused_with_the_reason(number: int, tmp_path: Path) -> None:
    name, pixels = scene(number, (450, 300))
    with pytest.raises(CalibrationError) as refused:
        measure([save(pixels, tmp_path / "scene.jpg")])
    assert len(str(refused.value)) > 40, name


@pytest.mark.parametrize(
    ("flat", "said"),
    [
        (replace(FLAT, level=1.3), r"over-exposed.*clipped\. Take it again with one or two stops less\."),
        (replace(FLAT, level=0.003), r"too dark.*one code value is.*Expose so that the centre is a light grey"),
        (replace(FLAT, slope=(0.5, 0.2)), "light falls by .*evenly lit wall"),
        (replace(FLAT, vignetting=(0.3, 0.0, 0.0)), "brighter away"),
        (replace(FLAT, size=(60, 40)), "full size"),
        (replace(FLAT, vignetting=(-1.6, 0.62, 0.0), level=0.6), "(next to no light|stands out).*no hood"),
    ],
)
def test_frames_that_will_not_do(flat: Flat, said: str, tmp_path: Path) -> None:
    with refused(CalibrationError, said):
        measure([save(flat.codes(1), tmp_path / "frame.png")])


def test_frames_that_do_not_belong_together(tmp_path: Path) -> None:
    one = save(FLAT.codes(1), tmp_path / "one.jpg")
    other = save(replace(FLAT, vignetting=(-0.3, 0.0, 0.0)).codes(2), tmp_path / "other.jpg")
    with refused(CalibrationError, "do not agree.*one setting", Code.FLATS):
        measure([one, other])
    down = save(FLAT.codes(2), tmp_path / "down.jpg", f_number=4.0)
    with refused(CalibrationError, "f/2 and f/4", Code.FRAMES):
        measure_flat([one, down], sixbit.Choices(lens=LENS))
    with pytest.raises(CalibrationError, match=r"opens to f/2 at most, so not to f/1\.4"):
        measure([one], f_number=1.4)
    upright = save(FLAT.codes(2).swapaxes(0, 1), tmp_path / "upright.jpg")
    with pytest.raises(CalibrationError, match="180"):
        measure([one, upright])
    with refused(CalibrationError, "no frame.*evenly lit wall", Code.FLATS):
        measure([])


def test_a_corrected_frame_is_refused(tmp_path: Path) -> None:
    frame = save(FLAT.codes(1), tmp_path / "frame.jpg")
    from tests.scenery.photo_factory import segment

    packet = xmp_packet(aux_VignetteCorrectionAlreadyApplied="True")
    data = frame.read_bytes()
    frame.write_bytes(data[:2] + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet) + data[2:])
    with refused(CalibrationError, "corrected already.*as they left the camera", Code.FRAMES):
        measure([frame])


def test_files_that_are_no_frames(tmp_path: Path) -> None:
    empty, cut = tmp_path / "empty.jpg", tmp_path / "cut\nframe.jpg"
    empty.write_bytes(b"")
    cut.write_bytes(save(FLAT.codes(1), tmp_path / "whole.jpg").read_bytes()[:9000])
    raw = tmp_path / "frame.dng"
    raw.write_bytes(b"II*\0" + bytes(200))
    for path in (empty, cut, raw, tmp_path / "none.jpg", tmp_path):
        with pytest.raises(PhotoError):
            measure([path])


def test_a_heic_rounds_colours_too(tmp_path: Path) -> None:
    import pillow_heif
    from PIL import Image

    path = tmp_path / "frame.heic"
    pillow_heif.from_pillow(Image.fromarray(FLAT.codes(1))).save(path, quality=90)
    result = measure([path])
    assert result.found.shading is not None
    assert shading_error(result.found.shading, FLAT) < 0.02
    assert result.found.shading_error >= 0.005
    assert "a raw file or a TIFF measures them better" in " ".join(result.verdict)


def test_jpegs_of_odd_structure(tmp_path: Path) -> None:
    """An empty segment does no harm, nor does what follows the picture, of which libjxl takes 4 MB at most."""
    path = save(FLAT.codes(1), tmp_path / "frame.jpg")
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe5\0\2" + data[2:])
    assert corner_error(measure([path]).found.vignetting, FLAT.vignetting) < 0.01
    film = b"\xff\xd8 a film \xff\xd9" + bytes(6_000_000)
    path.write_bytes(data + film)
    assert corner_error(measure([path]).found.vignetting, FLAT.vignetting) < 0.01


def test_a_jpeg_that_libjxl_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """libjpeg takes a few forms that libjxl does not, such as arithmetic coding."""
    import imagecodecs

    def refuse(data: bytes) -> bytes:
        raise imagecodecs.JpegxlError("JxlEncoderAddJPEGFrame", "JXL_ENC_ERROR")

    path = save(FLAT.codes(1), tmp_path / "frame.jpg")
    monkeypatch.setattr(imagecodecs, "jpegxl_encode_jpeg", refuse)
    with refused(CalibrationError, r"frame\.jpg: is a JPEG of an unusual form, [^_]*\. Save it as a", Code.FORMAT):
        measure([path])


def test_a_grey_frame_has_fall_off_alone(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(FLAT.codes(1)[:, :, 1]).save(tmp_path / "grey.jpg", quality=95)
    result = measure([tmp_path / "grey.jpg"])
    assert result.found.shading is None
    assert corner_error(result.found.vignetting, FLAT.vignetting) < 0.01


def test_the_command_keeps_plots_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = [str(path) for path in pair(FLAT, tmp_path, ".jpg", 8)]
    assert main(["calibrate", "flat", *frames, "--lens", LENS, "--dry-run"]) == 0
    assert user_database.runs() == ()
    assert main(["calibrate", "flat", *frames, "--lens", LENS, "--plot", str(tmp_path / "plot.png")]) == 0
    said = capsys.readouterr().out
    assert "Fall-off" in said
    assert "Colour shading" in said
    assert (tmp_path / "plot.png").stat().st_size > 10_000
    (run,) = user_database.runs(LENS)
    assert run.kinds == ("vignetting", "shading")
    assert run.model == "LEICA M10"
    assert run.f_number == 2.0
    name, pixels = scene(0, (600, 400))
    assert main(["calibrate", "flat", str(save(pixels, tmp_path / "scene.jpg")), "--lens", LENS]) == 1
    assert "not enough" in capsys.readouterr().err or name


def test_a_plot_of_an_unknown_kind(tmp_path: Path) -> None:
    result = measure([save(FLAT.codes(1), tmp_path / "one.png")])
    with refused(sixbit.SixbitError, r"plot\.xyz: .*such as \.png", Code.ENDING):
        plot_flat(result, tmp_path / "plot.xyz")


def save_dng(flat: Flat, path: Path, mosaic: bool = True) -> Path:
    """As a raw file of a sensor with Bayer's mosaic, or of one without colours."""
    import tifffile

    light, black, white = flat.light(1), 512, 15000
    plane = light[:, :, 1].copy()
    if mosaic:
        plane[0::2, 0::2], plane[1::2, 1::2] = light[0::2, 0::2, 0], light[1::2, 1::2, 2]
    stored = np.clip(plane * (white - black) + black + 0.5, 0, white).astype(np.uint16)

    def rational(values: Any) -> tuple[int, ...]:
        return tuple(int(n) for value in np.ravel(values) for n in (round(value * 10000), 10000))

    # A camera that sees as sRGB does, of a name of which LibRaw knows no better.
    from_xyz = np.linalg.inv([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    tags = [
        (271, "s", 0, "Unheard Of", True), (272, "s", 0, "Bayer 1", True), (50708, "s", 0, "Bayer 1", True),
        (50706, "B", 4, bytes((1, 4, 0, 0)), True), (50707, "B", 4, bytes((1, 1, 0, 0)), True),
        (50714, "H", 1, black, True), (50717, "H", 1, white, True), (50778, "H", 1, 21, True),
    ]  # fmt: skip
    if mosaic:
        tags += [
            (33421, "H", 2, (2, 2), True), (33422, "B", 4, bytes((0, 1, 1, 2)), True),
            (50721, "2i", 9, rational(from_xyz), True), (50728, "2I", 3, rational([0.5, 1.0, 0.7]), True),
        ]  # fmt: skip
    tifffile.imwrite(
        path, stored, photometric=32803 if mosaic else 1, extratags=tags, metadata=None, software=False, byteorder="<"
    )
    if not mosaic:  # Linear raw of one plane, which tifffile does not write.
        grey, raw = (struct.pack("<HHIHH", 262, 3, 1, photometric, 0) for photometric in (1, 34892))
        path.write_bytes(path.read_bytes().replace(grey, raw, 1))
    return path


def measure_dng(path: Path) -> MeasuredFlat:
    return measure_flat([path], sixbit.Choices(lens="summicron-35-asph", crop_factor=1.0, f_number=2.0)).found


RAW = Flat(red=Cast((-0.08, 0.02)), blue=Cast((0.05, -0.03)), size=(1200, 800), white=(0.5, 1.0, 0.7), noise=0.006)


# Clean and bright: no pixel is clipped, though many are near the brightest one.
@pytest.mark.parametrize("flat", [RAW, replace(RAW, level=0.85, noise=0.001, read=0.0003)], ids=["usual", "bright"])
def test_a_bayer_dng_is_measured_in_linear_light(flat: Flat, tmp_path: Path) -> None:
    found = measure_dng(save_dng(flat, tmp_path / "flat.dng"))
    assert found.shading is not None
    assert corner_error(found.vignetting, flat.vignetting) < 0.003
    assert shading_error(found.shading, flat) < 0.001


def test_a_dng_without_colours_has_fall_off_alone(tmp_path: Path) -> None:
    found = measure_dng(save_dng(RAW, tmp_path / "flat.dng", mosaic=False))
    assert found.shading is None
    assert corner_error(found.vignetting, RAW.vignetting) < 0.003


def test_a_dng_cut_short_or_over_exposed_is_refused_in_words(tmp_path: Path) -> None:
    path = save_dng(RAW, tmp_path / "flat.dng")
    path.write_bytes(path.read_bytes()[:-200_000])
    with refused(sixbit.PhotoError, r"LibRaw cannot decode it \(\w.*Get it again", Code.DAMAGED) as error:
        measure_dng(path)
    assert "b'" not in str(error.value)
    with pytest.raises(sixbit.SixbitError, match="over-exposed"):
        measure_dng(save_dng(replace(RAW, level=1.2), path))


def test_libraw_writes_no_name_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It complains by itself, beside what it raises."""
    path = save_dng(RAW, tmp_path / "a\x1b[31m.dng")
    path.write_bytes(path.read_bytes()[:-200_000])
    with pytest.raises(sixbit.PhotoError):
        measure_dng(path)
    assert "\x1b" not in capfd.readouterr().err


def test_an_estimated_aperture_is_said_to_be_one(tmp_path: Path) -> None:
    path = save(FLAT.codes(1, 16), tmp_path / "one.png")
    assert "the camera's estimate" in measure_flat([path]).verdict[-1]
    assert "estimate" not in " ".join(measure_flat([path], sixbit.Choices(f_number=2.0)).verdict)


def test_next_to_no_fall_off_in_a_dark_jpeg_is_said_to_be_little(tmp_path: Path) -> None:
    """It is not sure to be none, nor to be any: rounding takes too much of it."""
    flat = Flat((-0.02, 0.0, 0.0), Cast(()), Cast(()), (900, 600), level=0.07, noise=0.004)
    path = save(flat.codes(1), tmp_path / "one.jpg", 89)
    with refused(
        CalibrationError, "Not enough: .* It surely loses less than 0.1[0-9]* EV, which hardly shows", Code.FLATS
    ):
        measure([path])


def test_that_an_aperture_is_a_guess_is_in_the_error_of_what_is_kept(tmp_path: Path) -> None:
    path = save(FLAT.codes(1, 16), tmp_path / "one.png")
    result = measure_flat([path])
    guessed, measured = keep(result), result.found.worth.known
    by_guess = error_of_guess(2.0, 2.0)[-1]
    assert guessed.known["vignetting"].error[-1] == pytest.approx(math.hypot(measured.error[-1], by_guess), rel=0.01)
    # What colour shading changes from stop to stop nobody tells, so its error is known only if the aperture is.
    assert {*guessed.known} == {"vignetting"}
    assert guessed.known_if_said["vignetting"] == measured
    assert "the colour shading without an error" in result.verdict[-1]
    assert guessed.source == "1 flat frame, f/2 as the camera guessed"
    assert guessed.known["vignetting"].in_words("vignetting") in result.verdict[-1]
    shading = guessed.known_if_said["shading"]
    assert SURE * shading.error[-1] == pytest.approx(100 * SURE * result.found.shading_error, rel=0.01)
    assert shading.error[0] == 0 < shading.error[5] < shading.error[-1]
    assert result.found.brought == (result.found.brought[0],)
    assert re.fullmatch(
        r"The middle has \d+ % of white, the light slopes by \d\.\d % to a corner; \d\.\d % left out as dust\.",
        result.found.brought[0],
    )
    said = keep(at_aperture(result, 2.0))
    assert (said.known, said.known_if_said) == (guessed.known_if_said, {})
    assert user_database.correct_aperture(guessed.name, 2.0).known == said.known
    again = at_aperture(at_aperture(result, 2.8), 2.0, is_guessed=True)
    assert again.verdict == result.verdict
    assert "estimate" not in " ".join(at_aperture(result, 2.8).verdict)


def test_what_the_camera_leaves_that_knew_the_lens_is_kept_for_it_alone(tmp_path: Path) -> None:
    name = "Summicron-M 1:2/35 ASPH."
    path = save(FLAT.codes(1, 16), tmp_path / "one.png", lens=name)
    result = measure_flat([path], WIDE_OPEN)
    assert result.setting.compensated == name
    assert any("The camera knew the lens (Summicron-M 1:2/35 ASPH.)" in words for words in result.verdict)
    assert keep(result).compensated == name
    plain = save(FLAT.codes(2, 16), tmp_path / "two.png")
    with refused(CalibrationError, "has not compensated the same in all of these frames", Code.FRAMES):
        measure_flat([path, plain], WIDE_OPEN)


def test_pictures_that_no_camera_made_are_refused(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(FLAT.codes(1)).convert("P").save(tmp_path / "few.png")
    Image.new("RGB", (1200, 800), (180, 180, 180)).save(tmp_path / "same.png")
    for name in ("few.png", "same.png"):
        with pytest.raises(sixbit.SixbitError, match="no noise"):
            measure_dng(tmp_path / name)
