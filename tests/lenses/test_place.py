"""Where on the sensor a picture is, by its tags and its body."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.place import Place, place_of
from sixbit.tags.read import read_shot
from sixbit.values.errors import Code
from sixbit.values.shot import Crop, Shot, Tagged
from tests.scenery.photo_factory import areas_of, dng

SONY = ("SONY", "ILCE-7RM3")
M10R = ("LEICA CAMERA AG", "LEICA M10-R")
PHONE = ("Xiaomi", "2203121C")
GH5S = ("Panasonic", "DC-GH5S")
FILM = ("Leica", "M6")


def shot(body: tuple[str, str] = M10R, size: tuple[int, int] = (3000, 2000), **tags: Any) -> Shot:
    """Return a shot of a body, with tags by the names of Shot's fields."""
    values = {
        name: value if isinstance(value, int | str | tuple) else Tagged(value, name) for name, value in tags.items()
    }
    return Shot(make=Tagged(body[0], "Make"), model=Tagged(body[1], "Model"), width=size[0], height=size[1], **values)


def placed(one: Shot) -> Place:
    return place_of(one, catalogue().body_of(one))


def focals(focal: float, equivalent: float) -> dict[str, Tagged[float]]:
    return {"focal_mm": Tagged(focal, "FocalLength"), "focal_35mm": Tagged(equivalent, "FocalLengthIn35mmFilm")}


def crop_factor(one: Shot) -> float:
    found = placed(one).crop_factor
    assert found is not None
    return found.value


@pytest.mark.parametrize(
    "body", [M10R, ("Leica Camera AG", "LEICA M11"), ("Panasonic", "DC-S5"), ("SIGMA", "SIGMA fp")]
)
@pytest.mark.parametrize("focal", [21, 28, 35, 50, 90])
@pytest.mark.parametrize("mode", [1.0, 1.3, 1.5, 1.8])
def test_crop_modes_by_the_equivalent_focal_length(body: tuple[str, str], focal: int, mode: float) -> None:
    one = shot(body)._replace(**focals(focal, round(focal * mode)))
    assert crop_factor(one) == pytest.approx(mode)
    assert bool(placed(one).evidence) == (mode > 1)


@pytest.mark.parametrize("focal", [12, 15, 21, 35, 50, 135])
def test_rounding_is_no_crop_mode(focal: int) -> None:
    """APS-C is 1.5 to its makers and 1.53 to lensfun, and focal lengths are whole millimetres."""
    aps_c = ("SONY", "ILCE-6400")
    assert crop_factor(shot(aps_c)._replace(**focals(focal, round(1.5 * focal)))) == pytest.approx(1.534, abs=0.01)
    assert crop_factor(shot(SONY)._replace(**focals(focal, focal + 1))) == 1.0


def test_an_equivalent_that_the_lens_cannot_have_counts_nothing() -> None:
    """A phone's is of its own module; one far off was left from before the focal length was tagged."""
    assert crop_factor(shot(PHONE, (4000, 3000))._replace(**focals(8.7, 46))) == pytest.approx(2.641)
    assert crop_factor(shot(SONY)._replace(**focals(90, 35))) == 1.0
    assert crop_factor(shot(SONY)._replace(**focals(21, 105))) == 1.0


def test_what_sixbit_tagged_keeps_the_quotient_of_the_camera() -> None:
    assert crop_factor(shot(SONY, lens_by_user=True)._replace(**focals(35, 52))) == 1.5


@pytest.mark.parametrize(
    ("body", "focal", "equivalent"),
    [(SONY, 28, 50), (SONY, 35, 50), (M10R, 35, 50), (("Canon", "Canon EOS R5"), 35, 52), (SONY, 35, 46)],
)
def test_a_crop_mode_that_the_camera_does_not_have_is_refused(
    body: tuple[str, str], focal: float, equivalent: float
) -> None:
    """An adapter's 50 mm stands for all lenses, and somebody wrote the focal length later."""
    one = shot(body)._replace(**focals(focal, equivalent))
    refused = placed(one).refused
    assert refused is not None
    assert f"{equivalent} mm" in refused
    assert place_of(one, catalogue().body_of(one), 1.0).refused is None, "who says the crop factor goes on"
    assert placed(one).taken_as_whole().crop_factor == placed(shot(body)).crop_factor


def test_digital_zoom_counts_once() -> None:
    assert crop_factor(shot(SONY)._replace(digital_zoom=1.5)) == 1.5
    assert crop_factor(shot(SONY)._replace(digital_zoom=1.5, **focals(35, 53))) == 1.5
    assert crop_factor(shot(SONY)._replace(digital_zoom=2.0, **focals(35, 70))) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("size", "frame"),
    [
        ((3000, 2000), None),
        ((2000, 3000), None),
        ((2972, 2000), None),  # M8
        ((3024, 2000), None),  # M10-R
        ((300, 200), None),
        ((2000, 2000), (-0.25, 0.0, 1.5, 1.0)),
        ((3200, 1800), (0.0, -0.0926, 1.0, 1.1852)),
        ((1800, 3200), (-0.0926, 0.0, 1.1852, 1.0)),
        ((2400, 1800), (-0.0625, 0.0, 1.125, 1.0)),
        ((6500, 2400), (0.0, -0.4028, 1.0, 1.8056)),
    ],
)
def test_proportions_of_the_camera(size: tuple[int, int], frame: tuple[float, ...] | None) -> None:
    found = placed(shot(size=size))
    assert found.refused is None
    assert found.frame == (None if frame is None else pytest.approx(frame, abs=1e-3))
    assert found.is_centred
    assert bool(found.evidence) == (frame is not None)


@pytest.mark.parametrize("size", [(3000, 1234), (2000, 1890), (3700, 2000), (1234, 3000)])
def test_a_shape_that_no_camera_makes_is_refused(size: tuple[int, int]) -> None:
    found = placed(shot(size=size))
    assert found.refused is not None
    assert found.refused.code is Code.RESHAPED
    assert str(size[0]) in found.refused
    assert found.taken_as_whole().refused is None


def test_sensors_of_several_proportions_and_scans_have_no_shape_of_their_own() -> None:
    assert placed(shot(GH5S, (3700, 2400))) == placed(shot(GH5S, (4000, 3000)))
    assert placed(shot(FILM, (2345, 1999))).refused is None
    assert crop_factor(shot(FILM)) == 1.0
    assert placed(shot(("Canon", "a camera"), (1234, 3000))).refused is None


def test_another_crop_factor_tells_of_another_sensor() -> None:
    """Of a phone behind an M's tags, or of a digital back, the proportions are not the body's."""
    odd = shot(size=(3000, 1234))
    body = catalogue().body_of(odd)
    assert place_of(odd, body, 1.0).refused is not None
    assert place_of(odd, body, 1.01).refused is not None
    assert place_of(odd, body, 2.64).refused is None
    assert place_of(shot(size=(2000, 2000)), body, 2.64).frame is None


def test_a_usual_shape_of_an_unknown_camera_is_placed_by_its_crop_factor() -> None:
    unknown = shot(("A maker", "a camera"), (2000, 2000))
    assert place_of(unknown, None, 1.0).frame == pytest.approx((-0.25, 0.0, 1.5, 1.0))
    assert place_of(unknown, None, 1.0).evidence
    assert place_of(unknown, None, 2.0).frame is None
    assert place_of(unknown._replace(width=3000, height=1234), None, 1.0).refused is None
    assert place_of(Shot(width=2000, height=2000), None, 1.0).frame is None


@pytest.mark.parametrize("editor", ["GIMP 2.10.36", "Adobe Photoshop 25.0 (Macintosh)", "Capture One 23 Macintosh"])
def test_an_editor_may_have_cropped_anywhere(editor: str) -> None:
    square = shot(size=(2000, 2000), editor=Tagged(editor, "Image Software"))
    refused = placed(square).refused
    assert refused is not None
    assert editor in refused
    assert placed(square._replace(height=1333)).refused is None


def test_a_raw_has_more_pixels_than_its_picture() -> None:
    assert placed(shot(size=(3000, 1234), is_raw=True)).refused is None


def test_a_picture_scaled_is_whole_and_a_cut_one_is_not() -> None:
    taken = Tagged((7840, 5184), "ExifImageWidth")
    assert placed(shot(size=(3024, 2000), taken_size=taken)).refused is None
    assert placed(shot(size=(2000, 3024), taken_size=taken)).refused is None, "turned upright"
    cut = placed(shot(size=(2000, 2000), taken_size=taken)).refused
    assert cut is not None
    assert "7840×5184" in cut


LEFT = Crop(0.0, 0.0, 0.5, 0.5)


def cropped(crop: Crop, size: tuple[int, int], body: tuple[str, str] = M10R) -> Place:
    return placed(shot(body, size, crop=Tagged(crop, "XMP crs:HasCrop")))


def test_a_crop_that_is_told_is_placed() -> None:
    assert cropped(LEFT, (1500, 1000)).frame == pytest.approx((0, 0, 2, 2))
    assert cropped(Crop(0.5, 0.5, 1.0, 1.0), (1500, 1000)).frame == pytest.approx((-1, -1, 2, 2))
    assert cropped(Crop(0.2, 0.0, 0.6, 1.0), (1200, 2000)).frame == pytest.approx((-0.5, 0, 2.5, 1))
    assert not cropped(LEFT, (1500, 1000)).is_centred
    assert cropped(LEFT, (400, 300), PHONE).frame == pytest.approx((0, 0, 2, 2))


def test_a_crop_that_was_turned_cannot_be_placed_but_in_the_middle() -> None:
    """Its edges are those of the sensor, and nothing tells to which side the picture was turned."""
    assert cropped(LEFT, (1000, 1500)).refused is not None
    middle = Crop(0.2, 0.3, 0.8, 0.7)
    assert cropped(middle, (1800, 800)).frame == pytest.approx((-1 / 3, -0.75, 5 / 3, 2.5))
    assert cropped(middle, (800, 1800)).frame == pytest.approx((-0.75, -1 / 3, 2.5, 5 / 3))
    # A square may have been either way round.
    assert cropped(Crop(0.0, 0.0, 2 / 3, 1.0), (2000, 2000)).refused is not None
    assert cropped(Crop(1 / 6, 0.0, 5 / 6, 1.0), (2000, 2000)).frame == pytest.approx((-0.25, 0, 1.5, 1))


def test_a_crop_that_was_cropped_again_is_refused() -> None:
    again = shot(size=(1000, 1000), crop=Tagged(Crop(0.1, 0.1, 0.6, 0.6), "XMP crs:HasCrop"))
    assert placed(again._replace(taken_size=Tagged((1500, 1000), "ExifImageWidth"))).refused is not None
    assert placed(again).refused is not None
    kept = shot(size=(1500, 500), crop=Tagged(Crop(0.0, 0.5, 1.0, 1.0), "XMP crs:HasCrop"))
    whole_size = kept._replace(taken_size=Tagged((1500, 1000), "ExifImageWidth"))
    assert placed(whole_size).frame == placed(kept).frame == pytest.approx((0, -1, 1, 2))


def test_a_frame_that_stands_was_turned_on_any_sensor() -> None:
    portrait = cropped(LEFT, (500, 750), ("A maker", "a camera"))
    assert portrait.refused is not None
    assert cropped(LEFT, (750, 500), ("A maker", "a camera")).frame == pytest.approx((0, 0, 2, 2))


def test_a_crop_that_its_pixels_belie_is_refused() -> None:
    assert cropped(Crop(0.1, 0.4, 0.9, 0.6), (1500, 1000)).refused is not None


def test_what_was_bent_is_refused_with_the_marks() -> None:
    marks = (Tagged("straightened", "XMP crs:HasCrop"), Tagged("stitched", "XMP GPano:ProjectionType"))
    refused = placed(shot()._replace(reshaped=marks)).refused
    assert refused is not None
    assert "was straightened, stitched since it was taken" in refused
    assert "GPano:ProjectionType" in refused


LEICA_M = """M8 Digital Camera|M8.2 Digital Camera|M9 Digital Camera|M9-P Digital Camera|LEICA M-E (Typ 220)|M Monochrom
LEICA M (Typ 240)|LEICA M-P (Typ 240)|LEICA M-E (Typ 240)|LEICA M MONOCHROM (Typ 246)|LEICA M (Typ 262)
LEICA M-D (Typ 262)|LEICA M10|LEICA M10-P|LEICA M10-D|LEICA M10-R|LEICA M10 MONOCHROM|LEICA M11|LEICA M11-P|LEICA M11-D
LEICA M11 Monochrom|LEICA M EV1|LEICA SL (Typ 601)|LEICA SL2|LEICA SL2-S|LEICA SL3|LEICA SL3-S|LEICA CL|LEICA TL
LEICA TL2|LEICA T (Typ 701)"""


@pytest.mark.parametrize("model", ["GFX50S II", "GFX100S"])
@pytest.mark.parametrize("focal", [35, 50, 90])
def test_the_small_format_of_a_larger_sensor_is_36_mm_wide(model: str, focal: int) -> None:
    place = placed(shot(("FUJIFILM", model), (9552, 6368))._replace(**focals(focal, focal)))
    assert place.crop_factor
    assert place.frame
    diagonal = math.hypot(36, 24) / place.crop_factor.value
    assert diagonal * 4 / 5 / place.frame[2] == pytest.approx(36, abs=0.05)
    assert place.frame[3] == pytest.approx(27 / 24, rel=0.01)


@pytest.mark.parametrize("model", LEICA_M.replace("\n", "|").split("|"))
def test_every_leica_that_takes_m_lenses_is_known(model: str) -> None:
    for make in ("Leica Camera AG", "LEICA CAMERA AG"):
        body = catalogue().body_for(make, model)
        assert body is not None
        assert body.proportions == 1.5
        aps_c = model.startswith(("LEICA CL", "LEICA T"))
        assert body.crop_factor == pytest.approx(1.333 if model.startswith("M8") else 1.53 if aps_c else 1, abs=0.01)


@pytest.mark.parametrize("model", ["M3", "M6", "Leica M6", "LEICA M7", "MP", "M-A"])
def test_film_bodies_are_scans_of_24x36(model: str) -> None:
    body = catalogue().body_for("Leica", model)
    assert body is not None
    assert body.is_film
    assert (body.crop_factor, body.proportions) == (1.0, None)


@pytest.mark.parametrize(
    ("make", "model", "crop"),
    [
        ("NIKON CORPORATION", "NIKON Z f", 1),
        ("SONY", "ILCE-7CM2", 1),
        ("SONY", "ZV-E10M2", 1.534),
        ("FUJIFILM", "GFX50S II", 0.79),
        ("FUJIFILM", "X-T50", 1.534),
        ("Canon", "Canon EOS R5m2", 1),
        ("Panasonic", "DC-S9", 1),
        ("Hasselblad", "X2D 100C", 0.79),
        ("OM Digital Solutions", "OM-3", 2),
        ("SEIKO EPSON CORP.", "R-D1s", 1.525),
        ("PIXII SAS", "PIXII Camera (A1571)", 1.5),
        ("PIXII SAS", "Pixii Camera (A2572)", 1.5),
    ],
)
def test_bodies_that_adapters_sit_on(make: str, model: str, crop: float) -> None:
    body = catalogue().body_for(make, model)
    assert body is not None
    assert body.crop_factor == pytest.approx(crop, abs=0.01)
    assert body.proportions == (4 / 3 if crop in (0.79, 2) else 1.5)


@pytest.mark.parametrize("name", ["Leica Summicron-M 35mm f/2 ASPH.", "Adobe (Zeiss Biogon T* 2/35 ZM)"])
def test_the_focal_length_in_the_name_of_a_profile_counts_nothing(name: str) -> None:
    """A compact's zoom at 35 mm, corrected by a profile of that focal length: the two focal lengths are its own."""
    zoom = shot(("Somebody", "Compact"))._replace(**focals(35, 196))
    named = zoom._replace(lens_names=(Tagged(name, "EXIF LensModel"),))
    borrowed = zoom._replace(lens_names=(Tagged(name, "XMP crs:LensProfileName"),))
    assert placed(named).crop_factor is None
    assert crop_factor(borrowed) == crop_factor(zoom) == pytest.approx(5.6)


# Raws that tell their areas -------------------------------------------------------------------------------------------

M11 = {"Make": "Leica Camera AG", "Model": "LEICA M11", "FocalLength": (35, 1)}
ACTIVE = (4, 8, 6344, 9544)  # top, left, bottom, right: 9536 x 6340


def raw(tmp_path: Path, tags: dict[str, Any] | None = None, **areas: Any) -> Shot:
    path = tmp_path / "a.dng"
    path.write_bytes(dng({**M11, **(tags or {})}, (9600, 6360), areas_of(**areas)))
    return read_shot(path)


@pytest.mark.parametrize("rational", [False, True])
def test_a_raw_that_is_developed_whole(rational: bool, tmp_path: Path) -> None:
    one = raw(tmp_path, active=ACTIVE, origin=(4, 2), size=(9528, 6328), rational=rational)
    assert (one.width, one.height) == (9528, 6328)
    assert one.developed is not None
    assert one.developed.value == pytest.approx((4 / 9536, 2 / 6340, 9532 / 9536, 6330 / 6340))
    assert placed(one) == Place(placed(one).crop_factor)
    assert crop_factor(one) == 1.0
    assert raw(tmp_path, active=ACTIVE, size=(9600, 7000)).developed is None  # more than there is
    assert raw(tmp_path, active=ACTIVE, origin=(500, 0), size=(9528, 6328)).developed is None
    assert (raw(tmp_path).width, raw(tmp_path).developed) == (9600, None)
    smaller = raw(tmp_path, active=(8, 16, 12688, 19088), origin=(4, 2), size=(9528, 6328))  # of what it was
    assert placed(smaller) == Place(placed(smaller).crop_factor)


@pytest.mark.parametrize("factor", [1.3, 1.8])
@pytest.mark.parametrize("equivalent", [None, "told"])
def test_a_raw_that_is_developed_to_a_crop_mode(factor: float, equivalent: str | None, tmp_path: Path) -> None:
    size = (round(9536 / factor), round(6340 / factor))
    origin = ((9536 - size[0]) // 2 + 6, (6340 - size[1]) // 2 - 4)
    tags = {"FocalLengthIn35mmFilm": round(35 * factor)} if equivalent else {}
    found = placed(raw(tmp_path, tags, active=ACTIVE, origin=origin, size=size))
    assert found.frame is not None
    assert found.frame[2:] == pytest.approx((factor, factor), rel=1e-3)
    assert found.is_centred
    assert found.crop_factor is not None
    assert found.crop_factor.value == 1.0, "the mode counts once"
    assert [str(said) for said in found.evidence] == ["The camera used a part of its sensor (DNG DefaultCropSize)."]
    one = raw(tmp_path, tags, active=ACTIVE, origin=origin, size=size)
    assert place_of(one, catalogue().body_of(one), said=factor).frame is None, "who says it says it of the mode, too"


def test_a_raw_of_other_proportions_and_one_beside_the_middle(tmp_path: Path) -> None:
    square = placed(raw(tmp_path, active=ACTIVE, origin=(1600, 4), size=(6330, 6330)))
    assert square.frame == pytest.approx((-(9536 / 6330 - 1) / 2, 0, 9536 / 6330, 1), abs=1e-3)
    assert square.is_centred
    aside = placed(raw(tmp_path, active=ACTIVE, origin=(0, 0), size=(4768, 3170)))
    assert aside.frame == pytest.approx((0, 0, 2, 2))
    assert not aside.is_centred


@pytest.mark.parametrize("factor", [1.3, 1.8])
def test_a_raw_that_is_whole_though_the_camera_showed_a_part(factor: float, tmp_path: Path) -> None:
    """Leica's digital zoom: the focal lengths tell what the camera showed, and DefaultUserCrop where that lies."""
    near, far = (1 - 1 / factor) / 2, (1 + 1 / factor) / 2
    tags = {"FocalLengthIn35mmFilm": round(35 * factor)}
    areas = {"active": ACTIVE, "origin": (4, 2), "size": (9528, 6328)}
    one = raw(tmp_path, tags, user=(near, near, far, far), **areas)
    assert one.shown is not None
    assert placed(one) == Place(Tagged(1.0, "Leica Camera AG Leica M11"))
    assert crop_factor(raw(tmp_path, tags, **areas)) == pytest.approx(factor)
    assert crop_factor(raw(tmp_path, tags, user=(0, 0, 1, 1), **areas)) == pytest.approx(factor)
    # What Lightroom makes of it says the same twice.
    crop = Crop(near, near, far, far)
    jpeg = shot(size=(3000, 2000), crop=Tagged(crop, "XMP crs:HasCrop"))._replace(**focals(35, round(35 * factor)))
    found = placed(jpeg)
    assert found.crop_factor is not None
    assert found.crop_factor.value == 1.0
    assert found.frame is not None
    assert found.frame[2] == pytest.approx(factor)
    beside = shot(size=(3000, 2000), crop=Tagged(Crop(0, 0, 1 / factor, 1 / factor), "XMP crs:HasCrop"))
    assert crop_factor(beside._replace(**focals(35, round(35 * factor)))) == pytest.approx(factor)


def test_a_crop_that_is_still_to_be_turned_has_not_been_turned() -> None:
    """A square tells nothing by its shape; the orientation tag tells that its rows are the sensor's."""
    square = shot(size=(1000, 1000), crop=Tagged(Crop(0.0, 0.25, 0.5, 1.0), "XMP crs:HasCrop"))
    assert placed(square).refused is not None
    found = placed(square._replace(orientation=6))
    assert found.refused is None
    assert found.frame == pytest.approx((0, -1 / 3, 2, 4 / 3))


@pytest.mark.parametrize("size", [(4800, 4000), (4200, 3000), (3000, 4200)])
@pytest.mark.parametrize("body", [("OLYMPUS CORPORATION", "E-M5MarkIII"), ("OM Digital Solutions", "OM-1")])
def test_proportions_of_one_maker_alone(size: tuple[int, int], body: tuple[str, str]) -> None:
    found = placed(shot(body, size))
    assert catalogue().body_for(*body) is not None
    assert found.refused is None
    assert found.frame is not None
    assert placed(shot(M10R, size)).refused is not None
