"""The compiler against lensfun's single-pixel answers, over the whole database and a sample of lensfun's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import lensfunpy
import numpy as np
import pytest

from sixbit.calibration import keep
from sixbit.calibration.frames import Setting
from sixbit.cli.ways_out import WAYS_OUT
from sixbit.compiler import optics as models
from sixbit.compiler.compile import compile_filter, compile_optics
from sixbit.compiler.optics import Optics, Sensor, SensorPicture
from sixbit.compiler.told import described
from sixbit.lenses.catalogue import catalogue
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, CompileError, FilterError
from sixbit.values.filter import Filter
from sixbit.values.kinds import Grade
from sixbit.values.lens import Model
from sixbit.values.shot import Shot, Tagged
from tests.scenery.lensfun_models import optics_of
from tests.scenery.lensfun_oracle import grid, source_points, vignetting
from tests.scenery.no_blas import forbid_blas
from tests.scenery.refusals import refused

CROPS = (1.0, 1.53, 2.64)
SIZES = ((8192, 6144), (8192, 5461))
NO_SHADING = ("distortion", "tca", "vignetting")


def focal_lengths(lens: Any) -> list[float]:
    return sorted({lens.min_focal, (lens.min_focal * lens.max_focal) ** 0.5, lens.max_focal})


def difference_px(compiled: Filter, lens: Any, crop: float, focal: float) -> float:
    points = grid(compiled.width, compiled.height)
    expected = source_points(lens, crop, (compiled.width, compiled.height), focal, points)
    return float(np.abs(compiled.source_points(points) - expected).max())


def own_entries() -> Iterator[tuple[str, Any]]:
    known = catalogue()
    for lens_id in known.lenses:
        entries = known.calibration_entries(lens_id, NO_SHADING, tuple(Grade))
        if entries:
            yield lens_id, entries


def test_every_calibrated_lens_agrees_with_lensfun(capsys: pytest.CaptureFixture[str]) -> None:
    """Coordinates, over the whole database."""
    worst, checked, skipped = 0.0, 0, []
    for lens_id, entries in own_entries():
        geometry = [entries[kind].lens for kind in ("distortion", "tca") if kind in entries]
        for crop, size, focal in itertools.product(CROPS, SIZES, focal_lengths(next(iter(entries.values())).lens)):
            case = f"{lens_id} at {focal:g} mm, crop {crop}, {size[0]}x{size[1]}"
            if not geometry:
                skipped.append(f"{case}: it has no distortion and no lateral colour")
                continue
            if any(entry.model != geometry[0].model for entry in geometry):
                skipped.append(f"{case}: its calibrations stand in two entries, which lensfun cannot combine")
                continue
            compiled = compile_filter(
                lens_id,
                choices=Choices(
                    crop_factor=crop,
                    focal_mm=focal,
                    kinds={"distortion": 1.0, "tca": 1.0},
                    scale="none",
                    grades=tuple(Grade),
                ),
                size=size,
            )
            worst = max(worst, difference_px(compiled, geometry[0], crop, focal))
            checked += 1
    with capsys.disabled():
        print(f"\n{checked} combinations agree with lensfun to {worst:.4f} px; {len(skipped)} skipped:")
        print("\n".join(skipped))
    assert checked > 150
    assert len(skipped) < 0.15 * checked
    assert worst <= 0.01


def test_every_fall_off_agrees_with_lensfun(capsys: pytest.CaptureFixture[str]) -> None:
    """Gains, at every aperture that is calibrated and between them."""
    worst, checked = 0.0, 0
    for lens_id, entries in own_entries():
        if "vignetting" not in entries:
            continue
        lens = entries["vignetting"].lens
        known = sorted({calibration.aperture for calibration in lens.calib_vignetting})
        between = [(a * b) ** 0.5 for a, b in itertools.pairwise(known)]
        for crop, f_number, (width, height) in itertools.product(CROPS, known + between, SIZES):
            size = width // 16, height // 16
            compiled = compile_filter(
                lens_id,
                choices=Choices(
                    crop_factor=crop,
                    focal_mm=lens.min_focal,
                    f_number=f_number,
                    kinds={"vignetting": 1.0},
                    scale="none",
                    grades=tuple(Grade),
                ),
                size=size,
            )
            expected = vignetting(lens, crop, size, lens.min_focal, f_number, 1000.0, reverse=False)
            points = grid(*size, steps=41)
            x, y = points.astype(int).T
            worst = max(worst, float(np.abs(compiled.gains(points) - expected[y, x]).max()))
            checked += 1
    with capsys.disabled():
        print(f"\n{checked} fall-offs agree with lensfun to {worst:.1e} in gain")
    assert checked > 50
    assert worst <= 1e-3


def lensfuns_own() -> Iterator[tuple[Any, float]]:
    """Every ninth rectilinear lens of the database that lensfunpy brings, with the aspect ratio from its XML."""
    folder = Path(lensfunpy.__file__).parent / "db_files"
    aspects: dict[tuple[str, float], float] = {}
    for file in folder.glob("*.xml"):
        for element in ElementTree.parse(file).iter("lens"):
            across, _, down = (element.findtext("aspect-ratio") or "3:2").partition(":")
            crop = float(element.findtext("cropfactor") or 0)
            for model in element.findall("model"):
                aspects[model.text or "", round(crop, 3)] = float(across) / float(down or 1)
    database = lensfunpy.Database(load_common=False)
    for lens in sorted(database.lenses, key=lambda lens: (lens.model, lens.crop_factor))[::9]:
        if lens.type == lensfunpy.LensType.RECTILINEAR and lens.calib_distortion:
            yield lens, aspects[lens.model, round(lens.crop_factor, 3)]


def test_lensfuns_other_lenses_agree_too() -> None:
    """The models and units hold for lenses of any make: zooms, other crops, shifted centres, other aspect ratios."""
    worst, checked = ("", 0.0), 0
    for lens, aspect in lensfuns_own():
        focal = focal_lengths(lens)[len(focal_lengths(lens)) // 2]
        crop = max(2.64, lens.crop_factor)
        try:
            compiled = compile_optics(optics_of(lens, aspect, focal), SensorPicture(6144, 8192, crop), "none")
        except CompileError:
            continue
        apart = difference_px(compiled, lens, crop, focal)
        checked += 1
        if apart > worst[1]:
            worst = lens.model, apart
    assert checked > 80
    assert worst[1] <= 0.01, worst


BARREL = Optics(distortion=(models.distortion("ptlens", [0.01, -0.04, 0.02]), Sensor(1.0)))
PINCUSHION = Optics(distortion=(models.distortion("poly3", [0.02]), Sensor(1.0)))
WAVE = Optics(distortion=(models.distortion("ptlens", [0.05, -0.12, 0.06]), Sensor(1.0)))
COLOUR = ((1.0002, 0.0, 0.0003), (0.9998, 0.0, -0.0002)), Sensor(1.0)


@pytest.mark.parametrize("optics", [BARREL, PINCUSHION, WAVE], ids=["barrel", "pincushion", "wave"])
@pytest.mark.parametrize("size", [(900, 600), (400, 900), (1, 1), (7, 1)])
def test_fill_leaves_no_empty_pixel_and_wastes_none(optics: Optics, size: tuple[int, int]) -> None:
    optics = Optics(optics.distortion, COLOUR)
    filled = compile_optics(optics, SensorPicture(*size, 1.0), "fill")
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    sources = filled.source_points(np.stack([x, y], axis=-1))
    margin = np.minimum(sources, np.array(size) - 1 - sources).min()
    assert margin >= -1e-3
    if min(size) > 100:
        assert margin <= 0.01, "the frame could have been filled with less enlargement"


def test_scale_is_a_factor_about_the_centre() -> None:
    plain = compile_optics(BARREL, SensorPicture(901, 601, 1.0), "none")
    double = compile_optics(BARREL, SensorPicture(901, 601, 1.0), 2.0)
    # What stood 100 px right of the centre now stands 200 px right of it.
    assert double.source_points([[650.0, 300.0]]) == pytest.approx(plain.source_points([[550.0, 300.0]]), abs=1e-4)


def test_gain_lives_at_the_source_radius() -> None:
    light = models.vignetting("pa", [-0.6, 0.2, 0.0]), Sensor(1.0)
    both = compile_optics(Optics(PINCUSHION.distortion, None, light), SensorPicture(900, 600, 1.0), "none")
    still = compile_optics(Optics(None, None, light), SensorPicture(900, 600, 1.0), "none")
    point = np.array([[700.0, 100.0]])
    assert both.gains(point) == pytest.approx(still.gains(both.source_points(point)[0]), abs=2e-4)
    assert abs(both.gains(point) - still.gains(point)).max() > 1e-3


def test_strength_is_a_share_of_the_correction() -> None:
    frame, point = SensorPicture(900, 600, 1.0), np.array([[880.0, 20.0]])
    light = models.vignetting("pa", [-0.6, 0.2, 0.0]), Sensor(1.0)
    sources, gains = [], []
    for share in (0.0, 0.5, 1.0):
        strength = dict.fromkeys(NO_SHADING, share)
        compiled = compile_optics(Optics(BARREL.distortion, None, light, strength), frame, "none")
        still = compile_optics(Optics(None, None, light, strength), frame, "none")
        sources.append(compiled.source_points(point)[0, 0])
        gains.append(still.gains(point)[0, 0])
    assert sources[0] == pytest.approx(point[0])
    assert sources[1] == pytest.approx((sources[0] + sources[2]) / 2, abs=1e-4)
    assert gains[0] == pytest.approx(1)
    assert gains[1] ** 2 == pytest.approx(gains[2], abs=1e-3)
    for wrong in ({"distortion": 2.5}, {"sharpness": 0.5}):
        with pytest.raises(CompileError):
            compile_filter("summicron-35-asph", choices=Choices(crop_factor=1.0, kinds=wrong), size=(900, 600))


def test_a_window_is_a_part_of_the_whole() -> None:
    whole = compile_filter("summicron-35-asph", choices=Choices(crop_factor=1.0), size=(900, 600))
    part = whole.window(300, 200, 500, 400)
    inner, corner = np.array([[10.0, 20.0], [499.0, 399.0]]), np.array([300.0, 200.0])
    assert part.source_points(inner) == pytest.approx(whole.source_points(inner + corner) - corner)
    assert part.gains(inner) == pytest.approx(whole.gains(inner + corner))


def test_the_budget_holds_and_is_recorded() -> None:
    light = models.vignetting("pa", [-1.8837, 0.9784, 0.0]), Sensor(1.0)
    compiled = compile_optics(Optics(BARREL.distortion, COLOUR, light), SensorPicture(8192, 6144, 1.0), "fill")
    assert 0 < compiled.error_px <= 0.005
    assert 0 < compiled.error_gain <= 1e-4


def test_a_filter_is_the_same_with_any_linear_algebra_library(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_blas(monkeypatch)
    for lens_id in ("summicron-35-asph", "summilux-28", "summilux-21"):
        assert compile_filter(
            lens_id, choices=Choices(crop_factor=1.0, f_number=2.0, grades=tuple(Grade)), size=(600, 400)
        ).warp


def test_models_that_make_no_sense_are_refused() -> None:
    dark = Optics(vignetting=(models.vignetting("pa", [-1.5, 0.0, 0.0]), Sensor(1.0)))
    with pytest.raises(CompileError, match="reaches zero"):
        compile_optics(dark, SensorPicture(900, 600, 1.0))
    # The same lens on a small sensor is fine: the frame stays inside of the zero.
    assert compile_optics(dark, SensorPicture(900, 600, 2.64)).brightens
    folded = Optics(distortion=(models.distortion("poly3", [-0.4]), Sensor(1.0)))
    for scale in ("none", "fill"):
        with pytest.raises(CompileError, match="folds over"):
            compile_optics(folded, SensorPicture(900, 600, 1.0), scale)


def test_what_is_unknown_is_left_out_and_told() -> None:
    published = next(
        lens for lens in catalogue().lenses.values() if {c.grade for c in lens.calibrations} == {Grade.PUBLISHED}
    )
    shot = Shot(width=900, height=600)
    without = compile_filter(published, shot, Choices(crop_factor=1.0))
    assert without.made_from["left_out"]["vignetting"] == "the photo does not say its aperture"
    assert "--aperture" in described(without, WAYS_OUT)
    assert "--" not in described(without)
    assert without.is_identity
    told = compile_filter(published, shot, Choices(crop_factor=1.0, f_number=published.f_number_open))
    assert told.made_from["f_number_source"] == "assumed"
    assert told.brightens
    estimated = Shot(width=900, height=600, f_number=Tagged(0.5, "EXIF FNumber"), f_number_estimated=True)
    guessed = compile_filter(published, estimated, Choices(crop_factor=1.0))
    assert guessed.made_from["f_number"] == published.f_number_open
    assert guessed.made_from["f_number_source"] == "estimated"
    assert guessed.made_from["distance_m"] == 1000.0


def test_fall_off_is_left_alone_far_from_what_was_measured() -> None:
    choices = Choices(crop_factor=1.0, f_number=16.0, kinds={"vignetting": 1.0})
    stopped_down = compile_filter("summilux-21", choices=choices, size=(900, 600))
    assert "f/16" in stopped_down.made_from["left_out"]["vignetting"]
    assert "`sixbit calibrate --lens summilux-21` makes one for this" in described(stopped_down, WAYS_OUT)
    assert stopped_down.made_from["corrections"] == []
    assert stopped_down.is_identity


def test_computed_calibrations_are_off_unless_asked_for() -> None:
    lens = next(
        lens for lens in catalogue().lenses.values() if {c.grade for c in lens.calibrations} == {Grade.COMPUTED}
    )
    assert (
        "computed"
        in compile_filter(lens, choices=Choices(crop_factor=1.0), size=(900, 600)).made_from["left_out"]["distortion"]
    )
    asked = compile_filter(lens, choices=Choices(crop_factor=1.0, grades=tuple(Grade)), size=(900, 600))
    assert asked.made_from["calibrations"]["distortion"]["grade"] == "computed"


def test_a_calibration_that_nobody_confirmed_is_off_unless_it_is_named() -> None:
    lens = next(lens for lens in catalogue().lenses.values() if {c.grade for c in lens.calibrations} == {Grade.SINGLE})
    usual = compile_filter(lens, choices=Choices(crop_factor=1.0), size=(900, 600))
    assert usual.is_identity
    assert "accept it with --grades measured,published,single" in described(usual, WAYS_OUT)
    trusting = Choices(crop_factor=1.0, grades=(Grade.MEASURED, Grade.PUBLISHED, Grade.COMPUTED))
    assert compile_filter(lens, choices=trusting, size=(900, 600)).is_identity
    named = compile_filter(lens, choices=Choices(crop_factor=1.0, grades=(Grade.SINGLE,)), size=(900, 600))
    assert named.made_from["calibrations"]["distortion"]["grade"] == "single"
    assert not named.is_identity


def test_a_lens_that_was_measured_and_bends_nothing_is_told_so() -> None:
    straight = compile_filter("summilux-50-asph", choices=Choices(crop_factor=1.0), size=(900, 600))
    assert straight.is_identity
    assert "corrected distortion (measured: nothing to correct)" in described(straight)
    bent = compile_filter("summilux-24", choices=Choices(crop_factor=1.0), size=(900, 600))
    assert "corrected distortion (measured);" in described(bent)


@pytest.mark.parametrize(
    ("size", "choices", "reason"),
    [
        ((900, 600), {}, "--crop"),
        (None, {"crop_factor": 1.0}, "--size"),
        ((0, 600), {"crop_factor": 1.0}, "0x600"),
        ((900, 600), {"crop_factor": 1e9}, "crop factor"),
        ((900, 600), {"crop_factor": 1.0, "scale": 0.0}, "scale"),
        ((900, 600), {"crop_factor": 1.0, "scale": "big"}, "scale"),
        ((900, 600), {"crop_factor": 1.0, "kinds": {"colour": 1.0}}, "colour"),
    ],
)
def test_unusable_arguments_name_the_way_out(
    size: tuple[int, int] | None, choices: dict[str, Any], reason: str
) -> None:
    with refused(CompileError, reason):
        compile_filter("summicron-35-asph", choices=Choices(**choices), size=size)


def test_what_was_measured_at_one_focal_length_is_not_taken_for_another() -> None:
    """lensfun takes the nearest, however far: a Tri-Elmar at 21 mm would be bent like one at 16."""
    lens = catalogue().lens("tri-elmar-16-18-21")
    setting = Setting(lens, 1.0, 16.0, 1.5, f_number=4.0)
    keep.add(setting, "test", distortion=Model("poly3", (0.01,)), vignetting=Model("pa", (-0.5, 0.1, 0.0)))
    for focal, is_there in ((16.4, True), (21.0, False)):
        choices = Choices(crop_factor=1.0, focal_mm=focal, f_number=4.0)
        made_from = compile_filter(lens.lens_id, choices=choices, size=(900, 600)).made_from
        assert made_from["corrections"] == (["distortion", "vignetting"] if is_there else [])
    assert {"distortion": "no calibration is near 21 mm", "vignetting": "no calibration is near 21 mm"}.items() <= (
        made_from["left_out"].items()
    )


def test_an_unknown_lens_and_a_zoom_without_focal_length() -> None:
    with refused(CompileError, "no lens with the identity 'no-such-lens'.*sixbit lenses", Code.NO_SUCH_LENS):
        compile_filter("no-such-lens", choices=Choices(crop_factor=1.0), size=(900, 600))
    with refused(CompileError, "several focal lengths.*--focal", Code.FOCAL_LENGTH):
        compile_filter("tri-elmar-28-35-50", choices=Choices(crop_factor=1.0), size=(900, 600))
    with refused(CompileError, "28 to 50", Code.FOCAL_LENGTH):
        compile_filter("tri-elmar-28-35-50", choices=Choices(crop_factor=1.0, focal_mm=90.0), size=(900, 600))
    with refused(CompileError, "f/2 at most", Code.APERTURE):
        compile_filter("summicron-35-asph", choices=Choices(crop_factor=1.0, f_number=1.4), size=(900, 600))


def test_a_filter_is_a_value(tmp_path: Path) -> None:
    compiled = compile_filter("summicron-35-asph", choices=Choices(crop_factor=1.0), size=(900, 600))
    again = compile_filter("summicron-35-asph", choices=Choices(crop_factor=1.0), size=(900, 600))
    other = compile_filter("summicron-35-asph", choices=Choices(crop_factor=1.0), size=(900, 601))
    assert compiled == again
    assert hash(compiled) == hash(again)
    assert compiled != other
    compiled.save(tmp_path / "a filter.json")
    assert Filter.load(tmp_path / "a filter.json") == compiled
    for text in ("", "[]", "{}", '{"sixbit_filter": 99}', '{"sixbit_filter": 1, "gain_map": null}'):
        with pytest.raises(FilterError):
            Filter.from_json(text)
