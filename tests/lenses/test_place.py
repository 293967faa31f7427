"""Where on the sensor a picture is, by its tags and its body."""

from __future__ import annotations

from typing import Any

import pytest

from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.place import Place, place_of
from sixbit.values.errors import Code
from sixbit.values.shot import Crop, Shot, Tagged

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


@pytest.mark.parametrize("body", [SONY, M10R, ("Leica Camera AG", "LEICA M11"), ("NIKON CORPORATION", "NIKON Z f")])
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
    assert crop_factor(shot(SONY, lens_by_user=True)._replace(**focals(35, 52))) == 1.0


def test_digital_zoom_counts_once() -> None:
    assert crop_factor(shot(SONY)._replace(digital_zoom=1.5)) == 1.5
    assert crop_factor(shot(SONY)._replace(digital_zoom=1.5, **focals(35, 53))) == 1.5
    assert crop_factor(shot(SONY)._replace(digital_zoom=1.3, **focals(35, 70))) == pytest.approx(2.0)


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
