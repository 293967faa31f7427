"""Marks of corrections that other programs leave, and what a Leica body tells of the lens it knew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sixbit.files.xmp import Packet, packet_of_texts
from sixbit.lenses.catalogue import catalogue
from sixbit.tags.done import corrections_in
from sixbit.tags.read import read_shot
from sixbit.tags.shot import shot_of_tags
from sixbit.tags.write import write_lens_tags
from sixbit.values.shot import BY_ADAPTER, Shot, Tagged
from tests.scenery.photo_factory import (
    darktable_history,
    exif,
    jpeg,
    m8_note,
    m9_note,
    m10_note,
    m240_note,
    sl_note,
    tiff,
    xmp_packet,
)

APPLIED = {"crs_AlreadyApplied": "True"}
PROFILE = {**APPLIED, "crs_LensProfileEnable": "1"}
ALL = ("distortion", "tca", "vignetting")
LENSFUN = """<history version="1"><filter filterName="transform:resize" filterVersion="1"/>
 <filter filterName="digikam:LensFunFilter" filterVersion="1" filterCategory="reproducible"><params>
  <param name="ccaCorrection" value="{cca}"/><param name="vigCorrection" value="{vig}"/>
  <param name="dstCorrection" value="{dst}"/><param name="geoCorrection" value="false"/></params></filter></history>"""
BY_HAND = '<filter filterName="digikam:{name}"><params><param name="{param}" value="{value}"/></params></filter>'
SETTINGS = "Camera: LEICA M10\nLens: Summicron\nCCA Correction: {}\nVIG Correction: {}\nDST Correction: {}"


def shot_of(data: bytes, folder: Path, name: str = "photo.jpg") -> Shot:
    path = folder / name
    path.write_bytes(data)
    return read_shot(path)


@pytest.mark.parametrize(
    ("properties", "corrected"),
    [
        (PROFILE, ALL),
        ({**PROFILE, "crs_LensProfileDistortionScale": "100", "crs_LensProfileVignettingScale": "0"}, ALL[:2]),
        (
            {
                **PROFILE,
                "crs_LensProfileDistortionScale": "0",
                "crs_LensProfileChromaticAberrationScale": "0",
                "crs_LensProfileVignettingScale": "60",
            },
            ("vignetting",),
        ),
        ({**APPLIED, "crs_LensProfileName": "Adobe (Leica SUMMILUX-M 35 mm f/1.4 ASPH.)"}, ALL),
        ({**APPLIED, "crs_LensProfileEnable": "0", "crs_LensProfileName": "Adobe (Leica M)"}, ()),
        ({**APPLIED, "crs_AutoLateralCA": "1"}, ("tca",)),
        ({**APPLIED, "crs_AutoLateralCA": "0", "crs_VignetteAmount": "0"}, ()),
        ({**APPLIED, "crs_ChromaticAberrationR": "-12"}, ("tca",)),
        ({**APPLIED, "crs_ChromaticAberrationB": "+3"}, ("tca",)),
        ({**APPLIED, "crs_VignetteAmount": "+25"}, ("vignetting",)),
        ({**APPLIED, "crs_PostCropVignetteAmount": "-25", "crs_Defringe": "1"}, ()),
        ({**APPLIED, "crs_LensManualDistortionAmount": "7"}, ("distortion",)),
        ({**APPLIED, "crs_AutoLateralCA": "1", "aux_VignetteCorrectionAlreadyApplied": "True"}, ALL[1:]),
        # A recipe, or an original that Lightroom has written its settings to.
        ({"crs_LensProfileEnable": "1", "crs_AutoLateralCA": "1", "crs_LensProfileName": "Adobe (Leica M)"}, ()),
        ({**PROFILE, "crs_AlreadyApplied": "False"}, ()),
    ],
)
def test_camera_raw(properties: dict[str, str], corrected: tuple[str, ...], tmp_path: Path) -> None:
    packet = xmp_packet(**properties)
    shot = shot_of(jpeg(xmp=packet), tmp_path)
    assert shot.already_corrected == corrected
    assert bool(shot.marks) == bool(corrected)
    assert shot_of(tiff(xmp=packet), tmp_path, "edited.tif").already_corrected == corrected
    (tmp_path / "raw.jpg").write_bytes(jpeg())
    (tmp_path / "raw.jpg.xmp").write_bytes(packet)
    assert read_shot(tmp_path / "raw.jpg").already_corrected == ()


@pytest.mark.parametrize(
    ("history", "corrected"),
    [
        (LENSFUN.format(cca="true", vig="true", dst="true"), ALL),
        (LENSFUN.format(cca="false", vig="true", dst="false"), ("vignetting",)),
        (LENSFUN.format(cca="false", vig="false", dst="false"), ()),
        ('<filter filterName="digikam:LensFunFilter"/>', ALL),
        (BY_HAND.format(name="LensDistortionFilter", param="main", value="12"), ("distortion",)),
        (BY_HAND.format(name="AntiVignettingFilter", param="addvignetting", value="false"), ("vignetting",)),
        (BY_HAND.format(name="AntiVignettingFilter", param="addvignetting", value="true"), ()),
        ('<filter filterName="digikam:RawConverter"/><param', ()),
    ],
)
def test_digikam(history: str, corrected: tuple[str, ...], tmp_path: Path) -> None:
    shot = shot_of(jpeg(xmp=xmp_packet(digiKam_ImageHistory=history)), tmp_path)
    assert shot.already_corrected == corrected
    assert {mark.tag for mark in shot.marks} == ({"XMP digiKam:ImageHistory"} if corrected else set())
    assert shot_of_tags({"Xmp.digiKam.ImageHistory": history}).already_corrected == corrected


def test_digikam_tells_in_words_what_it_did() -> None:
    def made(text: str, **more: str) -> tuple[str, ...]:
        return corrections_in(Packet({"digiKam:LensCorrectionSettings": text, **more})).kinds

    assert made(SETTINGS.format("enabled", "enabled", "enabled")) == ALL
    assert made(SETTINGS.format("disabled", "enabled", "disabled")) == ("vignetting",)
    assert made(SETTINGS.format("disabled", "disabled", "disabled")) == ()
    assert made("Kamera: LEICA M10\nCCA-Korrektur: deaktiviert") == ALL, "nobody knows, so all counts"
    history = LENSFUN.format(cca="false", vig="false", dst="true")
    assert made("Kamera: LEICA M10", **{"digiKam:ImageHistory": history}) == ("distortion",)


@pytest.mark.parametrize(("module", "corrected"), [("cacorrect", ("tca",)), ("cacorrectrgb", ("tca",)), ("lens", ALL)])
def test_darktable(module: str, corrected: tuple[str, ...], tmp_path: Path) -> None:
    body, properties = darktable_history(("exposure", 1), (module, 1), ("vignette", 1))
    shot = shot_of(jpeg(xmp=xmp_packet(body, **properties)), tmp_path)
    assert shot.already_corrected == corrected
    assert shot.marks == (Tagged(module, "XMP darktable:history"),)
    off, properties = darktable_history((module, 1), (module, 0))
    assert shot_of(jpeg(xmp=xmp_packet(off, **properties)), tmp_path).already_corrected == ()


@pytest.mark.parametrize(
    ("modules", "enabled", "corrected"),
    [("lens exposure", "1 1", ALL), ("exposure cacorrect", "1 1", ("tca",)), ("lens crop", "0 1", ())],
)
def test_darktable_of_old(modules: str, enabled: str, corrected: tuple[str, ...], tmp_path: Path) -> None:
    """Its first files have a list for each property of a step."""

    def listed(name: str, items: str) -> str:
        found = "".join(f"<rdf:li>{item}</rdf:li>" for item in items.split())
        return f"<darktable:history_{name}><rdf:Bag>{found}</rdf:Bag></darktable:history_{name}>"

    body = listed("operation", modules) + listed("enabled", enabled)
    shot = shot_of(jpeg(xmp=xmp_packet(body, darktable_xmp_version="1")), tmp_path)
    assert shot.already_corrected == corrected
    texts = {"operation": modules, "enabled": enabled}
    by_exiv2 = {f"Xmp.darktable.history_{name}": text.replace(" ", ", ") for name, text in texts.items()}
    assert corrections_in(packet_of_texts(by_exiv2)).kinds == corrected


@pytest.mark.parametrize(
    ("software", "program"),
    [
        ("RawTherapee 5.10", "RawTherapee 5.10"),
        ("ART 1.21.1\n", "ART 1.21.1"),
        ("Capture One 23 Macintosh", "Capture One 23 Macintosh"),
        ("vkdt", "vkdt"),
        ("ARTICHOKE 2", None),
        ("GIMP 2.10.36", None),
        ("", None),
    ],
)
def test_programs_that_tell_nothing_but_their_name(software: str, program: str | None, tmp_path: Path) -> None:
    for shot in (
        shot_of(jpeg(exif(Software=software)), tmp_path),
        shot_of(tiff({"Software": software}), tmp_path, "photo.tif"),
    ):
        assert shot.silent_program == (None if program is None else Tagged(program, "Image Software"))
        assert shot.already_corrected == ()


# What the body knew -------------------------------------------------------------------------------------------------

LEICA = {"Make": "Leica Camera AG"}
M11 = {**LEICA, "Model": "LEICA M11-P"}
NAME = "Summilux-M 1:1.4/28 ASPH."


@pytest.mark.parametrize(
    ("tags", "known"),
    [
        ({**LEICA, "Model": "M8 Digital Camera", "maker_note": m8_note(4 * 26 + 1)}, "six-bit code 26"),
        ({**LEICA, "Model": "M8 Digital Camera", "maker_note": m8_note(0)}, None),
        ({**LEICA, "Model": "M9 Digital Camera", "maker_note": m9_note(4 * 54 + 1)}, "six-bit code 54"),
        ({**LEICA, "Model": "LEICA M (Typ 240)", "maker_note": m240_note(NAME)}, NAME),
        ({**LEICA, "Model": "LEICA M (Typ 240)", "maker_note": m240_note(" not coded")}, None),
        ({**LEICA, "Model": "LEICA M10", "maker_note": m10_note(NAME)}, NAME),
        ({**M11, "LensModel": NAME}, NAME),
        ({**M11, "Model": "LEICA M EV1", "LensModel": "APO-Summicron-M 1:2/50 ASPH."}, "APO-Summicron-M 1:2/50 ASPH."),
        ({**M11, "LensModel": "Tri-Elmar-M 1:4/16-18-21 ASPH."}, "Tri-Elmar-M 1:4/16-18-21 ASPH."),
        # Somebody has written these: no body does it so.
        ({**M11, "LensModel": "Summilux-M 28mm f/1.4 ASPH."}, None),
        ({**M11, "LensModel": "Voigtländer Nokton 1:1.5/28"}, None),
        ({**M11, "LensModel": "R-Lens"}, None),
        (M11, None),
        # A film body knows nothing, and bodies for other lenses no code.
        ({**LEICA, "Model": "M6", "LensModel": NAME}, None),
        ({**LEICA, "Model": "LEICA SL2", "LensModel": NAME}, None),
        ({"Make": "Sony", "Model": "ILCE-7M3", "LensModel": NAME}, None),
    ],
)
def test_the_lens_that_the_body_knew(tags: dict[str, Any], known: str | None, tmp_path: Path) -> None:
    shot = shot_of(jpeg(exif(**tags)), tmp_path)
    assert (shot.known_to_body and shot.known_to_body.value) == known


def test_an_adapter_has_told_its_code(tmp_path: Path) -> None:
    for model, code in (("LEICA SL (Typ 601)", 26), ("LEICA CL", 54)):
        shot = shot_of(jpeg(exif(Make="LEICA CAMERA AG", Model=model, maker_note=sl_note(code))), tmp_path)
        assert shot.known_to_body == Tagged(f"six-bit code {code}", BY_ADAPTER)


@pytest.mark.parametrize("note", [None, m10_note("Summicron-M 1:2/35 ASPH.")])
def test_what_the_body_knew_outlives_what_the_user_says(note: Any, tmp_path: Path) -> None:
    own = catalogue().lens("summicron-35-iv")
    more = {"maker_note": note} if note else {}
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(exif(**LEICA, Model="LEICA M10", LensModel="Summicron-M 1:2/35 ASPH.", **more)))
    for lens in (own, catalogue().lens("summicron-35-asph")):
        write_lens_tags(photo, lens)
        shot = read_shot(photo)
        assert shot.lens_by_user
        assert shot.known_to_body is not None
        assert shot.known_to_body.value == "Summicron-M 1:2/35 ASPH."


def test_a_name_that_the_user_gave_is_not_the_bodys(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(exif(**M11)))
    write_lens_tags(photo, catalogue().lens("summilux-28"))
    assert read_shot(photo).known_to_body is None
    photo.write_bytes(jpeg(exif(**M11)))
    (tmp_path / "photo.jpg.xmp").write_bytes(xmp_packet(exifEX_LensModel=NAME))
    assert read_shot(photo).known_to_body is None
