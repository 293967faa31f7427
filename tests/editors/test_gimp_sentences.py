"""What the server says, as GIMP's window shows it: in another language, and with the window's own way out."""

from __future__ import annotations

import importlib
import re
from types import ModuleType

import pytest

from sixbit.cli.ways_out import told
from sixbit.compiler.compile import compile_filter
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.match import match, match_name
from sixbit.lenses.place import place_of
from sixbit.manifest import plugin_source
from sixbit.tags.framing import BENT, CROPPED, FRAMED, STITCHED, STRAIGHTENED, TILTED
from sixbit.translations import speaking
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, CompileError
from sixbit.values.sentence import Sentence, parts
from sixbit.values.shot import Crop, Shot, SixBitCode, Tagged
from tests.scenery.name_variants import FOREIGN, UNSURE, variants

SOURCE = plugin_source("gimp")


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The plug-in's module, which needs nothing of GIMP."""
    monkeypatch.syspath_prepend(str(SOURCE))
    return importlib.import_module("sentences")


@pytest.fixture
def german(window: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(window, "_", speaking("de"))
    return window


@pytest.fixture(scope="module")
def evidence() -> set[Sentence]:
    """What the matcher says of hundreds of names, and of codes with and without them."""
    names = [*FOREIGN, *UNSURE, "Summilux-M 1:1.4/50", *(variant.text for variant in variants(catalogue(), 300))]
    found = [match_name(name) for name in names]
    for code in range(0, 64, 3):
        for selector in (None, 2):
            six_bit = Tagged(SixBitCode(code, selector), "MakerNote LensType")
            for tags in ((), (Tagged("Elmarit-M 1:2.8/90", "EXIF LensModel"),)):
                shot = Shot(
                    make=Tagged("LEICA CAMERA AG", "EXIF Make"),
                    model=Tagged("LEICA M10", "EXIF Model"),
                    lens_names=tags,
                    six_bit=six_bit,
                    focal_mm=Tagged(35.0, "EXIF FocalLength"),
                    max_aperture=Tagged(2.0, "EXIF MaxApertureValue"),
                )
                found.append(match(shot))
    said = {sentence for one in found for sentence in one.evidence}
    assert len(said) > 300
    return said


def test_evidence_is_put_together_from_its_parts(window: ModuleType, evidence: set[Sentence]) -> None:
    for sentence in evidence:
        assert window.translated(parts(sentence)) == sentence


def test_evidence_names_no_option_of_the_command_line(evidence: set[Sentence]) -> None:
    assert not [said for said in evidence if " --" in said or "`" in said or "sixbit" in said]


def test_evidence_is_translated(german: ModuleType, evidence: set[Sentence]) -> None:
    english = re.compile(r" (fits|says|photo|or|which|lens|order|focuses|confirmed) ")
    for sentence in evidence:
        words = german.translated(parts(sentence))
        assert words != sentence
        assert not english.search(words), words


@pytest.fixture(scope="module")
def places() -> set[Sentence]:
    """What is said of where on the sensor a picture is."""
    m11 = Shot(make=Tagged("LEICA CAMERA AG", "Make"), model=Tagged("LEICA M11", "Model"), width=900, height=600)
    crop = Tagged(Crop(0.5, 0.0, 1.0, 0.5), "XMP crs:HasCrop")
    deeds = (CROPPED, STRAIGHTENED, STITCHED, TILTED, BENT, FRAMED)
    shots = [
        m11._replace(focal_mm=Tagged(35.0, "FocalLength"), focal_35mm=Tagged(63.0, "FocalLengthIn35mmFilm")),
        m11._replace(digital_zoom=1.3),
        m11._replace(width=1600, height=900),
        m11._replace(crop=crop),
        m11._replace(crop=crop, width=600, height=900),
        m11._replace(height=377),
        m11._replace(taken_size=Tagged((900, 500), "EXIF PixelXDimension")),
        *(m11._replace(reshaped=(Tagged(deed, "a mark"),)) for deed in deeds),
        m11._replace(reshaped=tuple(Tagged(deed, f"mark {deed}") for deed in deeds)),
    ]
    found = [place_of(shot, catalogue().body_of(shot)) for shot in shots]
    said = {sentence for place in found for sentence in (*place.evidence, place.refused) if sentence}
    assert len(said) == len(shots)
    return said


def test_what_is_said_of_a_place_is_translated(german: ModuleType, places: set[Sentence]) -> None:
    english = re.compile(r" (the|were|cropped|straightened|stitched|bent|nobody) ")
    for sentence in places:
        words = german.translated(parts(sentence))
        assert words != sentence
        assert not english.search(words), words


def test_a_refusal_has_the_way_out_of_the_window(german: ModuleType) -> None:
    with pytest.raises(CompileError) as caught:
        compile_filter("tri-elmar-28-35-50", choices=Choices(crop_factor=1.0), size=(900, 600))
    assert "--focal" in told(caught.value)
    words = german.with_way_out(parts(caught.value.reason))
    assert "mehrere Brennweiten" in words
    assert "--" not in words
    assert words.endswith("Fill in the focal length.")  # translated when the module is loaded


def test_every_code_has_a_way_out_in_the_window(window: ModuleType) -> None:
    assert window.WAYS_OUT.keys() == {str(code) for code in Code}
    assert all(said.endswith(".") for said in window.WAYS_OUT.values())


def test_no_way_out_of_the_window_is_of_the_command_line(window: ModuleType) -> None:
    assert window.MEND in window.WAYS_OUT.values()  # where Sixbit itself does not run, there is no other
    assert not [said for said in window.WAYS_OUT.values() if ("--" in said or "`" in said) and said != window.MEND]


def test_what_the_ways_out_name_is_in_the_dialog(window: ModuleType) -> None:
    labels = (SOURCE / "arguments.py").read_text(encoding="utf-8").replace("_", "")
    named = {name for said in window.WAYS_OUT.values() for name in re.findall("“(.+?)”", said)}
    assert len(named) > 5
    assert not [name for name in named if f'("{name}")' not in labels]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("it is damaged", "it is damaged; get it again from where it came"),
        ("It is damaged.", "It is damaged. Get it again from where it came."),
    ],
)
def test_a_way_out_follows_as_a_clause_or_a_sentence(reason: str, words: str, window: ModuleType) -> None:
    assert window.with_way_out({"template": reason, "values": {}, "code": "damaged"}) == words
    assert window.with_way_out(reason, "damaged") == words
    assert window.with_way_out(reason) == reason


def test_that_nobody_has_measured_it_is_told_without_a_way_out(window: ModuleType) -> None:
    unknown = parts(Sentence("no calibration is known", Code.UNCALIBRATED))
    assert window.why_left_out(unknown) == "no calibration is known"
    assert window.with_way_out(unknown).startswith("no calibration is known; calibrate the lens")
    only = parts(Sentence("only a calibration that is {grades} is known", Code.GRADE, grades=("computed",)))
    assert window.why_left_out(only).endswith("is known; switch such calibrations on")


def test_a_choice_of_names(german: ModuleType) -> None:
    assert german.translated(["a", "b", "c"]) == "a, b oder c"
    assert german.translated("a") == "a"
