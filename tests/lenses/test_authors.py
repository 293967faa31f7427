"""Who wrote a name: what a camera, a person, a program and a profile's name are each worth, in any order."""

from __future__ import annotations

import os
from itertools import permutations
from pathlib import Path

import pytest

from sixbit.lenses import remembered
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.match import Match, Status, match
from sixbit.tags.read import read_shot
from sixbit.values.shot import Shot, SixBitCode, Tagged
from tests.scenery.photo_factory import exif, jpeg, m10_note, xmp_packet

M10_R = ("Leica Camera AG", "LEICA M10-R")
SONY = ("SONY", "ILCE-7M3")
MODEL, PROFILE = "EXIF LensModel", "XMP crs:LensProfileName"
SUMMICRON_50 = "Adobe (Leica SUMMICRON-M 50 mm f/2)"
E_MOUNT = "VOIGTLANDER NOKTON 50mm F1.2 Aspherical"


def shot(body: tuple[str, str] | None, *names: tuple[str, str], code: SixBitCode | None = None) -> Shot:
    return Shot(
        make=Tagged(body[0], "Image Make") if body else None,
        model=Tagged(body[1], "Image Model") if body else None,
        lens_names=tuple(Tagged(*name) for name in names),
        six_bit=code and Tagged(code, "MakerNote LensType"),
    )


def ids(found: Match) -> list[str]:
    return [lens.lens_id for lens in found.candidates]


def told(found: Match) -> str:
    return " ".join(found.evidence)


@pytest.mark.parametrize(
    ("body", "name", "lens_id"),
    [
        (SONY, "APO-LANTHAR 50mm F2 Aspherical", "vm-apo-lanthar-50-2"),
        (SONY, E_MOUNT, "vm-nokton-50-1.2"),
        (SONY, "Voigtlander SUPER WIDE-HELIAR 15mm F4.5 III", "vm-heliar-15-4.5-iii"),
        (SONY, "Voigtlander HELIAR-HYPER WIDE 10mm F5.6", "vm-heliar-10-5.6"),
        (SONY, "Voigtlander COLOR-SKOPAR 21mm F3.5 Aspherical", "vm-color-skopar-21-3.5"),
        (("NIKON CORPORATION", "NIKON Z 6"), "VOIGTLANDER NOKTON 50mm F1 Aspherical", "vm-nokton-50-1.0"),
        (("NIKON CORPORATION", "NIKON Z 99"), "APO-LANTHAR 35mm F2 Aspherical", "vm-apo-lanthar-35-2"),
        (("Canon", "Canon EOS R5"), "NOKTON 40mm F1.2 Aspherical", "vm-nokton-40-1.2"),
        (("FUJIFILM", "X-T4"), "7Artisans 35mm f/2", "7artisans-35-2"),
        (SONY, "TTArtisan 11mm f2.8", "ttartisan-11-2.8"),
        (SONY, "LAOWA 9mm F5.6 FF RL", "laowa-9-5.6"),
        (SONY, "Zeiss Planar T* 2/50", "zm-planar-50-2"),
        (SONY, "Zeiss Distagon T* 1.4/35", "zm-distagon-35-1.4"),
    ],
)
def test_a_name_that_a_lens_of_another_mount_may_have_told_is_not_matched(
    body: tuple[str, str], name: str, lens_id: str
) -> None:
    found = match(shot(body, (name, MODEL)))
    assert found.status is Status.AMBIGUOUS, found
    assert ids(found)[0] == lens_id
    assert not found.agreed
    assert "cannot tell" in told(found)
    copied = match(shot(body, (name, "photo.xmp aux:Lens"), (name, MODEL), (name, "XMP aux:Lens")))
    assert copied.status is Status.AMBIGUOUS, "a program copies what the camera wrote"
    on_m = match(shot(M10_R, (name, MODEL)))
    assert on_m.status is Status.MATCHED or len(on_m.candidates) > 1


@pytest.mark.parametrize(
    ("name", "lens_id"),
    [
        ("Summicron-M 1:2/35 ASPH.", "summicron-35-asph"),
        ("Leica Noctilux-M 50mm f/0.95 ASPH", "noctilux-50-0.95"),
        ("Voigtlander Nokton VM 50mm f/1.2 Aspherical", "vm-nokton-50-1.2"),
        ("Voigtlander VM 50mm f/1.5 Nokton Vintage Line", "vm-nokton-50-1.5"),
        ("voigtlander NOKTON classic 40mm F1.4 SC", "vm-nokton-40-1.4"),
        ("Zeiss Planar T* 2/50 ZM", "zm-planar-50-2"),
        ("Zeiss C Sonnar T* 1,5/50", "zm-c-sonnar-50-1.5"),
        ("TTArtisan 35mm f/1.4 ASPH for M", "ttartisan-35-1.4"),
        ("M-Rokkor 40", "m-rokkor-40"),
    ],
)
@pytest.mark.parametrize("body", [SONY, ("NIKON CORPORATION", "NIKON Z 99"), ("LEICA CAMERA AG", "LEICA SL2")])
def test_a_name_that_only_an_m_lens_has_was_written_by_a_person(body: tuple[str, str], name: str, lens_id: str) -> None:
    found = match(shot(body, (name, MODEL)))
    assert found.status is Status.MATCHED, found
    assert ids(found) == [lens_id]


@pytest.mark.parametrize("sidecar", ["photo.xmp", "Image 5.xmp", "EXIF.xmp"])
def test_a_sidecar_that_says_more_than_the_photo_was_written_by_a_person(sidecar: str) -> None:
    found = match(shot(SONY, (E_MOUNT, f"{sidecar} aux:Lens")))
    assert (found.status, ids(found)) == (Status.MATCHED, ["vm-nokton-50-1.2"])
    spelled = ("Voigtländer Nokton 1.2/50 ASPH", f"{sidecar} aux:Lens")
    assert match(shot(SONY, spelled, (E_MOUNT, MODEL))).status is Status.AMBIGUOUS
    says_vm = ("Voigtlander Nokton VM 50mm f/1.2 Aspherical", f"{sidecar} aux:Lens")
    assert match(shot(SONY, says_vm, (E_MOUNT, MODEL))).status is Status.MATCHED


def test_phones_and_cameras_that_are_not_named_are_asked_nothing() -> None:
    for body in (("Xiaomi", "2203121C"), ("Apple", "iPhone 15 Pro"), ("EPSON", "R-D1"), None):
        assert match(shot(body, (E_MOUNT, MODEL))).status is Status.MATCHED


def test_what_the_user_said_decides(tmp_path: Path) -> None:
    tagged = Shot(
        make=Tagged("SONY", "Image Make"),
        model=Tagged("ILCE-7M3", "Image Model"),
        lens_names=(Tagged("vm-nokton-50-1.2", "XMP sixbit:lens"),),
        lens_by_user=True,
    )
    assert ids(match(tagged)) == ["vm-nokton-50-1.2"]
    assert match(tagged).status is Status.MATCHED
    asked = shot(SONY, (E_MOUNT, MODEL))
    remembered.keep(asked, "vm-nokton-50-1.2")
    assert match(asked).status is Status.MATCHED
    # A profile in a sidecar beside it makes it no other photo.
    assert match(shot(SONY, (SUMMICRON_50, "a.xmp crs:LensProfileName"), (E_MOUNT, MODEL))).is_remembered


def test_a_lens_make_can_tell_the_other_mount() -> None:
    loxia = shot(SONY, ("E 50mm F2", MODEL))._replace(lens_make=Tagged("ZEISS", "EXIF LensMake"))
    assert match(loxia).status is Status.NOT_M


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (M10_R, [("Summicron-M 1:2/35 ASPH.", MODEL), (SUMMICRON_50, PROFILE)]),
        (M10_R, [("Summilux-M 1:1.4/35 ASPH.", MODEL), ("Adobe (Summilux-M 35 FLE)", PROFILE)]),
        (M10_R, [("Jupiter-8 50mm f/2", MODEL), (SUMMICRON_50, PROFILE)]),
        (SONY, [("FE 35mm F1.4 GM", MODEL), (SUMMICRON_50, PROFILE)]),
        (SONY, [("Summicron-M 1:2/35 ASPH.", MODEL), ("Adobe (Sony FE 35mm F1.4 GM)", PROFILE)]),
        (SONY, [(E_MOUNT, MODEL), ("Voigtlander Nokton VM 50mm f/1.2 Aspherical", PROFILE)]),
        (M10_R, [("Summicron-M 1:2/35 ASPH.", MODEL), ("Elmarit-M 1:2.8/90", "XMP aux:Lens")]),
        (M10_R, [("Summicron-M 1:2/35 ASPH.", MODEL), ("FE 35mm F1.4 GM", "XMP aux:Lens")]),
        (
            M10_R,
            [("Summicron 35", MODEL), ("Summicron-M 1:2/35 ASPH.", "XMP aux:Lens"), ("Elmar 50", "a.xmp aux:Lens")],
        ),
        (None, [("Summicron-M 1:2/50", MODEL), ("Summicron-M 1:2/50 (III)", "X"), ("Summicron-M 1:2/50 (IV, V)", "Y")]),
        (SONY, [(E_MOUNT, MODEL), (E_MOUNT, "a.xmp aux:Lens"), ("Nokton VM 50mm f/1.2", "b.xmp aux:Lens")]),
    ],
)
def test_the_order_in_which_names_are_found_changes_nothing(
    body: tuple[str, str] | None, names: list[tuple[str, str]]
) -> None:
    found = [match(shot(body, *order)) for order in permutations(names)]
    assert len({(one.status, frozenset(ids(one)), one.confidence, one.agreed) for one in found}) == 1


@pytest.mark.parametrize("tag", [PROFILE, "photo.xmp crs:LensProfileName"])
def test_the_name_of_a_profile_beats_and_blocks_nothing(tag: str) -> None:
    camera = ("Summicron-M 1:2/35 ASPH.", MODEL)
    for names in ([camera, (SUMMICRON_50, tag)], [(SUMMICRON_50, tag), camera]):
        found = match(shot(M10_R, *names))
        assert (found.status, ids(found)) == (Status.MATCHED, ["summicron-35-asph"])
        assert "borrowed" in told(found)
    coded = match(shot(M10_R, (SUMMICRON_50, tag), code=SixBitCode(30, 2)))
    assert (coded.status, ids(coded)) == (Status.MATCHED, ["summicron-35-asph"])


@pytest.mark.parametrize("body", [SONY, M10_R, None])
@pytest.mark.parametrize("tag", [PROFILE, "photo.xmp crs:LensProfileName"])
def test_the_name_of_a_profile_alone_is_no_match(body: tuple[str, str] | None, tag: str) -> None:
    found = match(shot(body, ("Adobe (Leica SUMMICRON-M 35mm f/2 ASPH.)", tag)))
    assert found.status is Status.AMBIGUOUS
    assert ids(found) == ["summicron-35-asph"]
    assert found.confidence <= 0.3
    assert "hint" in told(found)
    assert not found.shares_calibration()
    alike = match(shot(body, ("Adobe (Leica Summilux-M 50mm f/1.4 ASPH.)", tag)))
    assert alike.status is Status.AMBIGUOUS
    assert not alike.agreed
    for other in ("Adobe (Sony FE 35mm F1.4 GM)", "My old lens 50mm"):
        assert match(shot(body, (other, tag))).status is Status.UNTAGGED


def test_what_an_m10_calls_a_profile_is_the_cameras_own_name(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(exif(maker_note=m10_note("Summicron-M 1:2/35 ASPH."), Make=M10_R[0], Model=M10_R[1])))
    (tmp_path / "photo.xmp").write_bytes(xmp_packet(crs_LensProfileName=SUMMICRON_50))
    found = match(read_shot(photo))
    assert (found.status, ids(found)) == (Status.MATCHED, ["summicron-35-asph"])


@pytest.mark.parametrize(
    ("name", "maker"),
    [
        ("Light Lens Lab M 50mm f/1.2 ASPH.", "Light Lens Lab"),
        ("LLL Summicron 35mm f/2 8 element", "Light Lens Lab"),
        ("Thypoch Simera 35mm f/1.4 ASPH", "Thypoch"),
        ("MS-Optical Perar 28mm f/4", "MS-Optics"),
        ("MS Optics Sonnetar 50mm f/1.1", "MS-Optics"),
        ("Brightin Star 35mm f/0.95", "Brightin Star"),
        ("Jupiter-8 50mm f/2", "Soviet"),
        ("JUPITER 3 1.5/50 Sonnar", "Soviet"),
        ("Industar-61 L/D 55mm f/2.8 LTM", "Soviet"),
    ],
)
def test_a_maker_without_an_entry_is_told_and_not_taken_for_another(name: str, maker: str) -> None:
    found = match(shot(M10_R, (name, MODEL))._replace(focal_mm=Tagged(50.0, "x"), max_aperture=Tagged(2.0, "y")))
    assert (found.status, ids(found)) == (Status.UNKNOWN, [])
    assert maker in told(found)
    assert "no entry" in told(found)
    assert "neither maker" not in told(found)
    coded = match(shot(M10_R, (name, MODEL), code=SixBitCode(30, 2)))
    assert (coded.status, coded.confidence) == (Status.AMBIGUOUS, 0.3)
    assert "contradict" in told(coded)


def test_a_maker_in_its_own_tag_and_a_lens_of_the_users_own() -> None:
    simera = shot(M10_R, ("35mm f/1.4", MODEL))._replace(lens_make=Tagged("Light Lens Lab", "EXIF LensMake"))
    assert "Light Lens Lab" in told(match(simera))
    folder = Path(os.environ["XDG_DATA_HOME"]) / "sixbit/lens_db"
    folder.mkdir(parents=True)
    (folder / "thypoch.xml").write_text(
        '<lensdatabase version="1"><lens><maker>Thypoch</maker><model>Thypoch Simera 35mm f/1.4</model>'
        '<mount>Leica M</mount><cropfactor>1</cropfactor><calibration><distortion model="poly3" focal="35" k1="0.001"/>'
        "</calibration></lens></lensdatabase>",
        encoding="utf-8",
    )
    catalogue.cache_clear()
    try:
        found = match(shot(SONY, ("Thypoch Simera 35mm f/1.4", MODEL)))
        assert found.status is Status.MATCHED, found
        assert match(shot(SONY, ("Thypoch Simera 28mm f/1.4", MODEL))).status is Status.UNKNOWN
    finally:
        catalogue.cache_clear()
