"""The catalogue: identities, bodies, calibrations, and the user's own files."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import lensfunpy
import pytest

from sixbit.compiler.optics import distortion
from sixbit.lenses.catalogue import Catalogue, catalogue, load
from sixbit.manifest import data_path
from sixbit.values.errors import CatalogueError, UserFileWarning
from sixbit.values.kinds import Grade
from sixbit.values.lens import Lens
from sixbit.values.polynomial import evaluate

OWN = """<lensdatabase version="1">
    <lens>
        <maker>Leica Camera AG</maker>
        <model>{model}</model>
        <mount>Leica M</mount>
        <cropfactor>{crop}</cropfactor>{aspect}
        <calibration><distortion model="ptlens" focal="35" a="0.01" b="-0.02" c="0.01"/></calibration>
    </lens>
</lensdatabase>
"""


def with_own(folder: Path, model: str, crop: str = "2.64", aspect: str = "") -> Catalogue:
    folder.mkdir(exist_ok=True)
    (folder / "own.xml").write_text(OWN.format(model=model, crop=crop, aspect=aspect), encoding="utf-8")
    return load(data_path("lens_db"), folder)


def test_every_coded_lens_is_there() -> None:
    coded = {row.lens_id for row in catalogue().codes}
    assert len(coded) == 59  # 57 lenses and 2 macro adapters
    assert sum(catalogue().lenses[lens_id].is_adapter for lens_id in coded) == 2
    assert len(catalogue().lenses) >= 142


def test_identity() -> None:
    lens = catalogue().lenses["summicron-50-iv-v"]
    assert (lens.focal_min, lens.focal_max, lens.f_number_open) == (50, 50, 2)
    assert lens.generations == {4, 5}
    assert {"11819", "11826"} <= {*lens.product_numbers}
    assert lens.codes[0].code == 33
    assert catalogue().lenses["tri-elmar-28-35-50"].focals == (28, 35, 50)
    assert not catalogue().lenses["zm-planar-50-2"].sourced


@pytest.mark.parametrize(
    ("make", "model", "crop"),
    [
        ("Leica Camera AG", "M8 Digital Camera", 1.333),
        ("Leica Camera AG", "M9 Digital Camera", 1.0),
        ("LEICA CAMERA AG", "LEICA M10-R", 1.0),
        ("Leica Camera AG", "LEICA M MONOCHROM (Typ 246)", 1.0),
        ("Leica Camera AG", "LEICA M (Typ 240)", 1.0),
        ("LEICA CAMERA AG", "LEICA M11 Monochrom", 1.0),
        ("LEICA CAMERA AG", "LEICA CL", 1.526),
        ("LEICA CAMERA AG", "LEICA SL (Typ 601)", 1.0),
        ("LEICA CAMERA AG", "LEICA SL2-S", 1.0),
        ("LEICA CAMERA AG", "LEICA TL2", 1.526),
        ("Xiaomi", "2203121C", 2.641),
        ("Xiaomi", "Xiaomi 12S Ultra", 2.641),
        ("SONY", "ILCE-7M3", 1.0),
        ("FUJIFILM", "X-T3", 1.534),
    ],
)
def test_bodies(make: str, model: str, crop: float) -> None:
    body = catalogue().body_for(make, model)
    assert body is not None
    assert body.crop_factor == pytest.approx(crop, abs=1e-3)


def test_bodies_that_are_not_known() -> None:
    assert catalogue().body_for("Acme", "M10") is None
    assert catalogue().body_for("", "") is None
    assert catalogue().body_for("Leica Camera AG", "") is None


def test_every_m_body_of_lensfun_is_there() -> None:
    cameras = [camera for camera in lensfunpy.Database().cameras if camera.mount == "Leica M"]
    assert len(cameras) >= 10
    ours = {body.model.lower() for body in catalogue().bodies}
    assert [camera.model for camera in cameras if camera.model.lower() not in ours] == []


def test_coefficients_are_lensfuns() -> None:
    """Against the database that lensfunpy brings along: the same numbers, whatever the entry is called."""
    stock = {lens.model.lower(): lens for lens in lensfunpy.Database().lenses if "Leica M" in lens.mounts}
    names = {
        "summicron-50-iv-v": "Summicron-M 1:2/50",
        "elmarit-28-iv": "Elmarit-M 1:2.8/28 ASPH.",
        "elmarit-90": "Elmarit-M 1:2.8/90",
        "summicron-28-asph": "Summicron-M 1:2/28 ASPH.",
    }
    compared = 0
    for lens_id, model in names.items():
        if model.lower() not in stock:
            continue
        entry = catalogue().calibration_entries(lens_id)["distortion"]
        focal = catalogue().lenses[lens_id].focal_min
        ours, theirs = entry.lens.interpolate_distortion(focal), stock[model.lower()].interpolate_distortion(focal)
        assert ours.terms == theirs.terms
        assert ours.model == theirs.model
        compared += 1
    assert compared == 4


def test_suspect_entry_is_not_given_to_the_asph() -> None:
    assert not catalogue().lenses["elmarit-28-asph"].calibrations


def test_grades_choose_the_entry() -> None:
    known = catalogue()
    assert known.calibration_entries("summilux-50-ii") == {}
    computed = known.calibration_entries("summilux-50-ii", grades=[*Grade])["distortion"]
    assert computed.calibration.grade is Grade.COMPUTED
    assert computed.lens.model.endswith(" computed")
    assert known.calibration_entries("summicron-35-asph").keys() == {"distortion", "tca"}
    assert known.calibration_entries("summicron-35-asph", kinds=["tca"]).keys() == {"tca"}
    assert known.calibration_entries("summicron-35-asph", grades=[Grade.PUBLISHED]) == {}


@pytest.mark.parametrize(
    ("lens_id", "aperture", "stops"),
    [
        ("summilux-21", 1.4, {1.0: 3.2, 0.75: 1.9}),
        ("summilux-21", 2.8, {1.0: 1.7, 0.75: 0.8}),
        ("elmar-24", 3.8, {1.0: 1.9, 0.75: 1.1}),
        ("elmar-24", 5.6, {1.0: 1.4, 0.75: 0.8}),
        ("summilux-28", 1.4, {1.0: 3.4, 0.75: 2.0}),
        ("summilux-28", 5.6, {1.0: 1.8, 0.75: 0.8}),
        ("summaron-28", 5.6, {1.0: 2.5}),
        ("summaron-28", 8.0, {1.0: 1.8}),
    ],
)
def test_published_falloff_is_what_leica_prints(lens_id: str, aperture: float, stops: dict[float, float]) -> None:
    """In the corners of 24x36 (r = 1) and of 18x27 (r = 0.75)."""
    from math import log2

    entry = catalogue().calibration_entries(lens_id)["vignetting"]
    k1, k2, k3 = entry.lens.interpolate_vignetting(catalogue().lenses[lens_id].focal_min, aperture, 1000).terms
    for r, printed in stops.items():
        assert -log2(1 + k1 * r**2 + k2 * r**4 + k3 * r**6) == pytest.approx(printed, abs=0.01)


@pytest.mark.parametrize(
    ("lens_id", "traced"),
    [  # percent of the height at 12, 18 and 21.6 mm, as traced
        ("elmarit-135", (0.272, 0.583, 0.808)),
        ("summicron-35-i", (-0.251, -0.549, -0.784)),
        ("vm-nokton-35-1.2-ii", (-0.698, -1.683, -2.498)),
        ("vm-nokton-50-1.5", (0.53, 1.002, 1.283)),
        ("macro-elmar-90", (0.394, 0.807, 1.066)),
    ],
)
def test_computed_distortion_has_the_sign_and_size_that_was_traced(
    lens_id: str, traced: tuple[float, float, float]
) -> None:
    """The fit lets the scale float, so differences of the distortion are compared. Oracle: the ray trace."""
    entry = catalogue().calibration_entries(lens_id, grades=[*Grade])["distortion"]
    a, b, c = entry.lens.interpolate_distortion(catalogue().lenses[lens_id].focal_min).terms[:3]
    scale = 1 - a - b - c

    def percent(height_mm: float) -> float:
        u = height_mm / 12  # ptlens: half the short side
        return 100.0 * float((a * u**3 + b * u**2 + c * u + scale) / scale - 1)

    for inner, outer, heights in ((0, 1, (12, 18)), (1, 2, (18, 21.6))):
        assert percent(heights[1]) - percent(heights[0]) == pytest.approx(traced[outer] - traced[inner], abs=0.1)


@pytest.mark.parametrize(
    ("lens_id", "grade", "error", "seen"),
    [  # of a session: percent of the radius by height in mm, which the profile says
        ("summilux-21", "measured", 0.2, {6: -0.61, 12: -1.67, 15: -2.00, 18: -2.19}),
        ("summilux-21", "measured", 0.2, {6: -0.68, 12: -1.89, 15: -2.28, 18: -2.35}),
        ("summilux-24", "measured", 0.3, {6: -0.26, 10: -0.84, 12: -1.13, 15: -1.38}),
        ("summilux-24", "measured", 0.3, {6: -0.41, 12: -1.30, 18: -1.31, 19.5: -0.89}),
        ("summilux-35-asph-fle", "measured", 0.2, {6: -0.23, 12: -0.84, 18: -1.39, 20.4: -1.36}),
        ("summilux-35-asph-fle", "measured", 0.2, {6: -0.21, 12: -0.80, 18: -1.29, 20.4: -1.15}),
        ("summilux-50-asph", "measured", 0.15, {6: 0.07, 12: 0.03, 15: 0.05, 18: 0.13}),
        ("ttartisan-21-1.5", "single", 0.1, {6: -0.63, 12: -2.14, 18: -3.22, 20.4: -3.31}),
        ("vm-nokton-35-1.4", "single", 0.1, {6: -0.28, 12: -1.05, 18: -2.41, 20.4: -3.10}),
    ],
)
def test_distortion_on_video_is_what_the_sessions_say(
    lens_id: str, grade: str, error: float, seen: dict[float, float]
) -> None:
    """Within the error that its source names, the scale left free."""
    entry = catalogue().calibration_entries(lens_id, grades=[Grade(grade)])["distortion"]
    assert "gyroflow/lens_profiles 886fc616 (CC0)" in entry.calibration.source
    model = entry.lens.interpolate_distortion(catalogue().lenses[lens_id].focal_min)
    polynomial = distortion(model.model.name.lower(), model.terms)
    off = [100 * (evaluate(polynomial, height / 12) / polynomial[0] - 1) - percent for height, percent in seen.items()]
    assert max(off) - min(off) < 2 * error


def test_a_fisheye_stays_one_and_says_so_to_other_programs() -> None:
    """Four sessions on video give 14.62, 14.91, 14.82 and 14.92 mm. Oracle: what lensfun reads of the entry."""
    entry = catalogue().calibration_entries("ttartisan-11-2.8")["distortion"]
    assert entry.calibration.source.startswith("nothing to correct: a fisheye")
    assert entry.lens.interpolate_distortion(11).terms == [0.0, 0.0, 0.0]
    seen = {}
    for target in (lensfunpy.LensType.FISHEYE, lensfunpy.LensType.RECTILINEAR):
        modifier = lensfunpy.Modifier(entry.lens, 1.0, 3001, 2001)
        modifier.initialize(11, 8, 1000, scale=1.0, targeom=target)
        seen[target] = modifier.apply_geometry_distortion()[1000, 2500, 0] - 1500
    assert seen[lensfunpy.LensType.FISHEYE] == pytest.approx(1000, abs=0.1)
    px = 36 / 3000  # mm
    assert seen[lensfunpy.LensType.RECTILINEAR] == pytest.approx(14.8 * math.atan(1000 * px / 14.8) / px, abs=3)


def test_own_calibration_goes_first_and_tells_its_frame(tmp_path: Path) -> None:
    aspect = "<aspect-ratio>4:3</aspect-ratio><center x='0.01' y='-0.02'/>"
    known = with_own(tmp_path / "a b", "Summicron-M 1:2/35 ASPH.", aspect=aspect)
    entry = known.calibration_entries("summicron-35-asph")["distortion"]
    assert entry.calibration.own
    assert entry.calibration.grade is Grade.MEASURED
    assert entry.crop_factor == 2.64
    assert entry.aspect_ratio == pytest.approx(4 / 3)
    assert entry.centre == (0.01, -0.02)
    assert entry.lens.interpolate_distortion(35).terms[:3] == pytest.approx((0.01, -0.02, 0.01))
    assert not known.calibration_entries("summicron-35-asph")["tca"].calibration.own


def test_own_lens_that_nobody_knows_is_matched_by_name(tmp_path: Path) -> None:
    from sixbit.lenses.match import match_name

    known = with_own(tmp_path, "Thypoch Simera 35mm f/1.4 ASPH.")
    found = match_name("Thypoch Simera 35mm f/1.4 ASPH.", known)
    assert isinstance(found.lens, Lens)
    assert found.lens.lens_id == "own-thypoch-simera-35mm-f-1.4-asph."
    assert known.calibration_entries(found.lens.lens_id)["distortion"].calibration.own
    assert match_name("Thypoch Simera 35mm f/1.4 ASPH.").lens is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<lensdatabase",
        "\x00\x01",
        "<lensdatabase version='2'><lens/></lensdatabase>",
        "<lensdatabase><lens><model>X</model><calibration><tca focal='x'/></calibration></lens></lensdatabase>",
        "<lensdatabase><lens><model> </model></lens></lensdatabase>",
    ],
)
def test_own_file_that_is_damaged_is_named_and_does_not_stop_the_others(tmp_path: Path, content: str) -> None:
    with_own(tmp_path, "Thypoch Simera 35mm f/1.4 ASPH.")
    (tmp_path / "bad.xml").write_text(content, encoding="utf-8")
    with pytest.warns(UserFileWarning, match=r"bad\.xml"):
        known = load(data_path("lens_db"), tmp_path)
    assert "own-thypoch-simera-35mm-f-1.4-asph." in known.lenses
    assert len(known.lenses) == len(load(data_path("lens_db")).lenses) + 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in its folders")
def test_a_pipe_among_the_own_files_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.xml")
    code = "import sys\nfrom pathlib import Path\nfrom sixbit.lenses.catalogue import load\n"
    code += "from sixbit.manifest import data_path\nload(data_path('lens_db'), Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE, timeout=60, check=True)
    assert b"a.xml: is no file" in done.stderr


def test_an_own_body_that_is_damaged_does_not_stop_the_others(tmp_path: Path) -> None:
    camera = (
        "<camera><maker>Own</maker><model>{model}</model><mount>Leica M</mount><cropfactor>{crop}</cropfactor></camera>"
    )
    for model, crop in (("A", "1.5"), ("B", "much"), ("C", "2")):
        text = f"<lensdatabase>{camera.format(model=model, crop=crop)}</lensdatabase>"
        (tmp_path / f"{model}.xml").write_text(text)
    known = load(data_path("lens_db"), tmp_path)
    with pytest.warns(UserFileWarning, match=r"B\.xml"):
        bodies = {body.model: body for body in known.bodies if body.make == "Own"}
    assert {model: body.crop_factor for model, body in bodies.items()} == {"A": 1.5, "C": 2}
    assert known.body_for("Leica Camera AG", "Leica M10") is not None


def test_tables_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"sixbit_codes\.csv"):
        load(tmp_path)


def test_m_lenses_are_listed_for_mirrorless_mounts() -> None:
    from xml.etree import ElementTree

    for path in data_path("lens_db").glob("*.xml"):
        for lens in ElementTree.parse(path).iter("lens"):
            mounts = {mount.text for mount in lens.findall("mount")}
            assert mounts >= {"Leica M", "Leica L", "Sony E", "Fujifilm X", "Nikon Z", "Canon RF", "Micro 4/3 System"}
