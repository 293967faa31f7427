"""The user's own calibrations: kept, interpolated, exported, installed and removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import lensfunpy
import numpy as np
import pytest

import sixbit
from sixbit.calibration import keep as user_database
from sixbit.calibration.bundle import read_bundle, write_bundle
from sixbit.calibration.frames import Setting
from sixbit.calibration.keep import add, export, remove, runs
from sixbit.cli.main import main
from sixbit.compiler.compile import compile_filter
from sixbit.compiler.shading import PlaneShading, Shading
from sixbit.install import lensfun
from sixbit.lenses.catalogue import catalogue, own_folder, reload_catalogue
from sixbit.lenses.own import SUFFIX, readable, that_count
from sixbit.values.choices import Choices
from sixbit.values.errors import CalibrationError, CatalogueError, Code, PhotoError, UserFileWarning
from sixbit.values.filter import Filter
from sixbit.values.kinds import KINDS, Grade
from sixbit.values.known import Known
from sixbit.values.lens import Model
from sixbit.values.shot import Shot, Tagged
from tests.scenery.lensfun_oracle import vignetting
from tests.scenery.refusals import refused

LENS = "summicron-35-asph"
OPEN, DOWN = (-0.9, 0.5, -0.2), (-0.4, 0.1, -0.03)
M10 = Shot(make=Tagged("LEICA CAMERA AG", "EXIF Make"), model=Tagged("LEICA M10", "EXIF Model"))
CAST = Shading(PlaneShading((1.0, 0.0, -0.1)), PlaneShading((1.0, 0.0, 0.05)))
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    reload_catalogue()
    yield
    reload_catalogue()


def setting(f_number: float | None = 2.0, crop: float = 1.0, model: str = "LEICA M10", **more: Any) -> Setting:
    lens = catalogue().lenses[LENS]
    return Setting(lens, crop, 35.0, f_number=f_number, make="LEICA CAMERA AG", model=model, **more)


def keep(k: tuple[float, ...], f_number: float = 2.0, days: int = 0, **more: object) -> user_database.Run:
    date = START + timedelta(days=days)
    return add(setting(f_number, **more), "1 flat frame", vignetting=Model("pa", k), date=date)  # type: ignore[arg-type]


def compiled(f_number: float = 2.0, crop: float = 1.0, shot: Shot = M10, **strength: float) -> Filter:
    kinds = strength or dict.fromkeys(KINDS, 1.0)
    choices = Choices(crop_factor=crop, f_number=f_number, kinds=kinds, scale="none")
    return compile_filter(LENS, shot, choices, size=(601, 401))


def corner_gain(filter: Filter, plane: int = 1) -> float:
    return float(filter.gains([[0.0, 0.0]])[plane, 0])


def test_a_calibration_is_used_at_once_and_taken_back() -> None:
    assert "vignetting" in compiled().made_from["left_out"]
    run = keep(OPEN)
    found = compiled(vignetting=1.0)
    assert corner_gain(found) == pytest.approx(1 / 0.4, rel=1e-4)
    assert found.made_from["calibrations"]["vignetting"]["grade"] == "measured"
    assert "your own" in found.made_from["calibrations"]["vignetting"]["source"]
    assert [r.name for r in runs()] == [run.name]
    assert remove(run.name) == run
    assert runs() == ()
    assert not list(own_folder().glob("*"))
    assert "vignetting" in compiled().made_from["left_out"]
    with pytest.raises(CalibrationError, match="there are none"):
        remove(run.name)


def test_apertures_accumulate_and_are_interpolated_as_lensfun_does(tmp_path: Path) -> None:
    keep(OPEN)
    keep(DOWN, 5.6, 1)
    assert export(tmp_path / "mine.xml") == 1
    lens = lensfunpy.Database(paths=[str(tmp_path / "mine.xml")], load_common=False, load_bundled=False).lenses[0]
    for aperture in (2.0, 2.8, 4.0, 5.6):
        theirs = vignetting(lens, 1.0, (601, 401), 35.0, aperture, 1000.0, reverse=False)
        ours = compiled(aperture, vignetting=1.0).gains([[0.0, 0.0], [300.0, 200.0], [600.0, 0.0]])[1]
        assert ours == pytest.approx([theirs[0, 0], theirs[200, 300], theirs[0, 600]], abs=2e-4)
    assert corner_gain(compiled(2.8)) not in (corner_gain(compiled(2.0)), corner_gain(compiled(5.6)))


def test_of_two_runs_of_one_setting_the_later_counts_and_comes_back_by_removal() -> None:
    keep(OPEN)
    later = keep(DOWN, days=1)
    assert corner_gain(compiled(vignetting=1.0)) == pytest.approx(1 / 0.67, rel=1e-3)
    remove(later.name)
    assert corner_gain(compiled(vignetting=1.0)) == pytest.approx(1 / 0.4, rel=1e-3)


def test_what_a_smaller_sensor_saw_is_not_stretched_over_a_larger_one() -> None:
    keep(DOWN, crop=2.64)
    assert "vignetting" in compiled(crop=1.0).made_from["left_out"]
    assert corner_gain(compiled(crop=2.64, vignetting=1.0)) == pytest.approx(1 / 0.67, rel=1e-3)
    keep(OPEN, days=1)
    assert corner_gain(compiled(crop=2.64, vignetting=1.0)) == pytest.approx(1 / 0.67, rel=1e-3)
    assert corner_gain(compiled(crop=1.0, vignetting=1.0)) == pytest.approx(1 / 0.4, rel=1e-3)


def test_all_kinds_go_into_one_lensfun_entry(tmp_path: Path) -> None:
    ptlens, linear = Model("ptlens", (0.01, -0.03, 0.02)), Model("linear", (1.0002, 0.9997))
    add(setting(), "5 photos with lines", distortion=ptlens)
    add(setting(), "1 photo", tca=linear)
    keep(OPEN)
    export(tmp_path / "e.xml")
    lens = lensfunpy.Database(paths=[str(tmp_path / "e.xml")], load_common=False, load_bundled=False).lenses[0]
    assert lens.interpolate_distortion(35).terms == pytest.approx(ptlens.terms, abs=1e-7)
    assert lens.interpolate_tca(35).terms[:2] == pytest.approx(linear.terms, abs=1e-7)
    assert lens.interpolate_vignetting(35, 2, 1000).terms == pytest.approx(OPEN, abs=1e-7)
    assert set(compiled().made_from["corrections"]) == {"distortion", "tca", "vignetting"}


def test_a_complete_export_fills_in_what_sixbit_knows(tmp_path: Path) -> None:
    keep(OPEN)
    export(tmp_path / "bare.xml")
    export(tmp_path / "complete.xml", complete=True)
    for name, count in (("bare.xml", 0), ("complete.xml", 1)):
        lens = lensfunpy.Database(paths=[str(tmp_path / name)], load_common=False, load_bundled=False).lenses[0]
        assert len(lens.calib_distortion) == count


def test_other_programs_get_it_if_they_have_sixbits_lenses() -> None:
    lensfun.install()
    folder = Path(own_folder().parents[1] / "lensfun")
    assert folder.is_dir()
    assert not (folder / "sixbit-own.xml").exists()
    run = keep(OPEN)
    paths = sorted(str(path) for path in folder.glob("*.xml"))
    known = lensfunpy.Database(paths=paths, load_common=False, load_bundled=False)
    found = [lens for lens in known.lenses if lens.model.startswith("Summicron-M 1:2/35 Asph")]
    assert len(found) == 1
    assert found[0].calib_vignetting
    assert found[0].calib_distortion
    assert found[0].calib_tca
    remove(run.name)
    assert not (folder / "sixbit-own.xml").exists()


@pytest.mark.parametrize(
    ("calibration", "said"),
    [
        ({"vignetting": Model("pa", (0.1, float("nan"), 0.0))}, "knows no"),
        ({"vignetting": Model("acm", (0.1, 0.2, 0.0))}, "knows no"),
        ({"distortion": Model("ptlens", (0.1,))}, "knows no"),
        ({}, "nothing to keep"),
    ],
)
def test_numbers_that_cannot_be_are_refused(calibration: dict[str, Model], said: str) -> None:
    with pytest.raises(CalibrationError, match=said):
        add(setting(), "nothing", **calibration)  # type: ignore[arg-type]
    assert runs() == ()


def test_fall_off_needs_an_aperture_and_shading_a_body() -> None:
    with pytest.raises(CalibrationError, match="aperture"):
        add(setting(None), "1 frame", vignetting=Model("pa", OPEN))
    with pytest.raises(CalibrationError, match="which body"):
        add(setting(model=""), "1 frame", shading=CAST.to_json())


def test_nothing_half_written_where_the_folder_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(DOWN)
    before = sorted(own_folder().iterdir())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(PhotoError, match="full"):
        keep(OPEN)
    assert sorted(own_folder().iterdir()) == before


def test_two_at_once_choose_two_names() -> None:
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda f_number: keep(OPEN, f_number), [2.0 + 0.5 * n for n in range(8)]))
    assert len({run.name for run in added}) == 8
    assert {run.f_number for run in runs()} == {run.f_number for run in added}


def test_a_damaged_record_is_named_and_does_not_stop_the_others() -> None:
    run, other = keep(OPEN), keep(DOWN, 8.0)
    well = json.loads(run.path.read_text())
    damaged = ["{", "[]", '{"sixbit_calibration": 99}', json.dumps({"sixbit_calibration": 1, "kinds": ["magic"]})]
    for name, value in (("date", 7), ("lens_id", ["x"]), ("focal_mm", 1e999), ("f_number", "wide"), ("made", 1)):
        damaged.append(json.dumps(well | {name: value}))
    for text in (*damaged, "[" * 100_000):
        run.path.write_text(text)
        reload_catalogue()
        with pytest.warns(UserFileWarning, match=run.path.name):
            known = catalogue()
        assert [one.name for one in known.runs] == [other.name]
        assert run.path.exists()
    run.path.unlink()
    reload_catalogue()
    catalogue()


def test_a_run_whose_xml_is_gone_is_named_and_can_be_taken_back(tmp_path: Path) -> None:
    run, other = keep(OPEN), keep(DOWN, 8.0)
    lensfun.install()
    run.xml.unlink()
    reload_catalogue()
    with refused(CatalogueError, f"remove {run.name}", Code.RUN):
        export(tmp_path / "out.xml")
    remove(other.name)
    remove(run.name)
    assert runs() == ()


def test_shading_is_of_lens_body_and_aperture() -> None:
    add(setting(), "2 flat frames", shading=CAST.to_json())
    found = compiled(shading=1.0)
    assert found.made_from["corrections"] == ["shading"]
    assert [corner_gain(found, k) for k in range(3)] == pytest.approx([1 / 0.9, 1, 1 / 1.05], abs=1e-4)
    other = M10._replace(model=Tagged("LEICA M11", "EXIF Model"))
    assert "LEICA M10" in compiled(shot=other).made_from["left_out"]["shading"]
    assert "does not say its camera" in compiled(shot=Shot()).made_from["left_out"]["shading"]
    assert "f/16" in compiled(16.0).made_from["left_out"]["shading"]
    half = compiled(shading=0.5)
    assert corner_gain(half, 0) == pytest.approx(0.9**-0.5, abs=1e-4)
    assert half.digest != found.digest


NAME = "Summicron-M 1:2/35 ASPH."
CODED = M10._replace(known_to_body=Tagged(NAME, "EXIF LensModel"))
M11 = CODED._replace(model=Tagged("LEICA M11", "EXIF Model"))
BY_CODE = CODED._replace(known_to_body=Tagged("six-bit code 39", "MakerNote LensType"))


def left_out(kind: str, shot: Shot, **more: Any) -> str:
    choices = Choices(crop_factor=1.0, f_number=2.0, kinds={kind: 1.0}, scale="none", **more)
    return str(compile_filter(LENS, shot, choices, size=(601, 401)).made_from["left_out"].get(kind, ""))


def test_what_a_body_has_left_is_used_for_that_body_and_coding_alone() -> None:
    run = keep(DOWN, compensated=NAME)
    assert runs() == (run,)
    assert not list(own_folder().glob("*.xml"))  # which others would take for the lens's own
    assert corner_gain(compiled(shot=CODED, vignetting=1.0)) == pytest.approx(1 / 0.67, rel=1e-3)
    assert f"LEICA M10 that knew the lens ({NAME})" in run.origin
    for shot in (M10, M11, BY_CODE, Shot()):
        assert "a camera that knew the lens, as that has left it" in left_out("vignetting", shot)
    uncoded = keep(OPEN, days=1)
    assert "vignetting" in catalogue().lenses[LENS].best_calibrations()
    assert corner_gain(compiled(shot=CODED, vignetting=1.0)) == pytest.approx(1 / 0.67, rel=1e-3)
    assert corner_gain(compiled(vignetting=1.0)) == pytest.approx(1 / 0.4, rel=1e-3)
    assert "has compensated it" in left_out("vignetting", BY_CODE)
    assert "has compensated it" in left_out("vignetting", M11)
    # Who wants it corrected all the same gets what was measured of it, if anything was.
    for shot, light in ((CODED, 0.67), (BY_CODE, 0.4)):
        choices = Choices(crop_factor=1.0, f_number=2.0, kinds={"vignetting": 1.0}, scale="none", compensated="correct")
        assert corner_gain(compile_filter(LENS, shot, choices, size=(601, 401))) == pytest.approx(1 / light, rel=1e-3)
    remove(run.name)
    assert "has compensated it" in left_out("vignetting", CODED)
    remove(uncoded.name)
    assert not list(own_folder().iterdir())


def test_shading_that_was_measured_with_the_lens_known_is_used_for_no_other() -> None:
    run = add(setting(compensated=NAME), "2 flat frames", shading=CAST.to_json())
    assert compiled(shot=CODED, shading=1.0).made_from["corrections"] == ["shading"]
    assert "a camera that knew the lens" in left_out("shading", M10)
    remove(run.name)
    add(setting(), "2 flat frames", shading=CAST.to_json())
    assert compiled(shading=1.0).made_from["corrections"] == ["shading"]
    assert "the camera knew the lens" in left_out("shading", CODED)


def test_a_record_of_before_serves_its_body_however_that_knew_the_lens(tmp_path: Path) -> None:
    """Records did not tell that once, and were used for all photos of their body."""
    for run in (keep(OPEN), add(setting(), "2 flat frames", shading=CAST.to_json())):
        fields = json.loads(run.path.read_text())
        del fields["compensated"], fields["known_if_said"]
        run.path.write_text(json.dumps(fields))
    reload_catalogue()
    for shot in (M10, CODED, BY_CODE):
        assert corner_gain(compiled(shot=shot, vignetting=1.0)) == pytest.approx(1 / 0.4, rel=1e-3)
        assert compiled(shot=shot, shading=1.0).made_from["corrections"] == ["shading"]
    assert "has compensated it" in left_out("vignetting", M11)
    # It stays so when its aperture is said, and with another owner.
    corrected = user_database.correct_aperture(runs()[0].name, 4.0)
    assert corrected.compensated is None
    assert corrected in runs()
    write_bundle(tmp_path / "lens.json", LENS)
    for run in runs():
        remove(run.name)
    assert [run.compensated for run in read_bundle(tmp_path / "lens.json")] == [None, None]
    with pytest.raises(CalibrationError, match="not there already"):
        read_bundle(tmp_path / "lens.json")


def test_a_day_that_is_none_is_told_when_the_aperture_is_said() -> None:
    run = keep(OPEN)
    fields = json.loads(run.path.read_text())
    run.path.write_text(json.dumps({**fields, "date": "yesterday"}))
    reload_catalogue()
    with pytest.raises(CatalogueError, match="was changed"):
        user_database.correct_aperture(run.name, 4.0)
    assert [one.name for one in runs()] == [run.name]


def test_lensfun_is_not_told_what_a_body_has_left(tmp_path: Path) -> None:
    keep(DOWN, compensated=NAME)
    lensfun.install()
    assert not (own_folder().parents[1] / "lensfun" / "sixbit-own.xml").exists()
    with pytest.raises(CalibrationError, match="no calibration of yours that lensfun could read"):
        export(tmp_path / "mine.xml")
    keep(OPEN)
    export(tmp_path / "mine.xml")
    lens = lensfunpy.Database(paths=[str(tmp_path / "mine.xml")], load_common=False, load_bundled=False).lenses[0]
    assert lens.interpolate_vignetting(35, 2, 1000).terms == pytest.approx(OPEN, abs=1e-7)


def test_no_body_compensates_distortion() -> None:
    run = add(setting(None, compensated=NAME), "5 photos", distortion=Model("poly3", (0.01,)))
    assert run.compensated == ""
    assert "distortion" in compiled().made_from["corrections"]


def test_of_what_a_body_has_left_its_name_is_needed() -> None:
    with pytest.raises(CalibrationError, match="it is not known which"):
        add(setting(model="", compensated=NAME), "1 flat frame", vignetting=Model("pa", OPEN))


def test_the_aperture_of_what_a_body_has_left_is_corrected() -> None:
    run = keep(DOWN, 2.0, compensated=NAME)
    corrected = user_database.correct_aperture(run.name, 5.6)
    assert (corrected.f_number, corrected.compensated) == (5.6, NAME)
    assert [one.name for one in runs()] == [corrected.name]


def test_who_says_the_aperture_knows_the_fall_off_better_than_by_a_guess() -> None:
    guessed, said = Known((0.3,) * 11, 1.0), Known((0.01,) * 11, 1.0)
    run = add(
        setting(2.0),
        "1 flat frame, f/2 as the camera guessed",
        known={"vignetting": guessed},
        known_if_said={"vignetting": said},
        vignetting=Model("pa", DOWN),
    )
    assert runs()[0] == run
    corrected = user_database.correct_aperture(run.name, 2.8)
    assert (corrected.known, corrected.known_if_said) == ({"vignetting": said}, {})
    assert corrected.source == "1 flat frame, f/2.8"


def test_each_kind_bears_its_own_error() -> None:
    light, colour = Known((0.02,) * 11, 1.0), Known((0.3,) * 11, 1.0)
    add(
        setting(),
        "2 flat frames",
        vignetting=Model("pa", OPEN),
        shading=CAST.to_json(),
        known={"vignetting": light, "shading": colour},
    )
    (run,) = runs()
    assert run.origin.endswith(": 2 flat frames, fall-off ± 0.039 EV in the corner, shading ± 0.59 % in the corner")
    told = {one.kind: one.source for one in catalogue().lenses[LENS].calibrations if one.own}
    assert told["vignetting"].endswith(": 2 flat frames, ± 0.039 EV in the corner")
    assert told["shading"].endswith(": 2 flat frames, ± 0.59 % in the corner")
    made = compiled().made_from["calibrations"]
    assert {kind: made[kind]["source"] for kind in told} == told


def test_of_several_runs_programs_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(lensfun, "renew", lambda: told.append(len(runs())))
    with user_database.together():
        keep(OPEN)
        with user_database.together():
            keep(DOWN, 8.0)
        assert not told
    assert told == [2]
    assert set(compiled(8.0).made_from["corrections"]) >= {"vignetting"}
    remove(runs()[0].name)
    assert told == [2, 1]


def test_light_and_colour_are_applied_apart() -> None:
    add(setting(), "2 flat frames", vignetting=Model("pa", OPEN), shading=CAST.to_json())
    both, colour, light = compiled(), compiled(shading=1.0), compiled(vignetting=1.0)
    points = [[0.0, 0.0], [100.0, 50.0], [300.0, 390.0]]
    assert np.allclose(light.gains(points)[0], light.gains(points)[2])
    assert np.allclose(colour.gains(points)[1], 1)
    apart = compile_filter(
        LENS,
        M10,
        Choices(crop_factor=1.0, f_number=2.0, kinds={"vignetting": 1.0, "shading": 1.0}, scale="none"),
        size=(601, 401),
    )
    assert np.allclose(apart.gains(points), colour.gains(points) * light.gains(points), atol=3e-4)
    assert set(both.made_from["corrections"]) >= {"vignetting", "shading"}


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = keep(OPEN)
    assert main(["calibrate", "list"]) == 0
    assert run.name in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["calibrate", "list", "--lens", "no-such-lens"])
    assert caught.value.code == 2
    assert "no-such-lens" in capsys.readouterr().err
    assert main(["calibrate", "export", "-o", str(tmp_path / "a b.xml")]) == 0
    assert main(["calibrate", "remove", run.name]) == 0
    assert main(["calibrate", "remove", run.name]) == 1
    assert main(["calibrate", "export", "-o", str(tmp_path / "none.xml")]) == 1
    assert not (tmp_path / "none.xml").exists()
    removed, exported = capsys.readouterr().err.splitlines()
    way_out = ". `sixbit calibrate list` lists yours, `sixbit calibrate` makes one."
    assert removed.endswith(f"these there are: there are none{way_out}")
    assert exported.endswith(f"nothing was exported{way_out}")


def test_a_centre_is_the_mean_of_those_that_were_seen(tmp_path: Path) -> None:
    """By how well each run knows the distortion; a run that saw none says nothing of it."""

    def kept(centre: tuple[float, float] | None, error: float | None) -> None:
        known = {"distortion": Known((error,) * 11, 1.0)} if error else {}
        add(setting(), "5 photos of straight lines", known=known, centre=centre, distortion=Model("poly3", (0.01,)))

    def centres() -> tuple[tuple[float, float], list[float]]:
        out = tmp_path / "own.xml"
        export(out, LENS)
        found = ElementTree.parse(out).find("lens/center")
        assert found is not None
        entry = catalogue().calibration_entries(LENS, ["distortion"])["distortion"]
        return entry.centre, [float(found.get(name, 0)) for name in "xy"]

    kept((0.05, -0.02), 0.1)
    kept(None, 0.01)
    assert centres() == ((0.05, -0.02), [0.05, -0.02])
    kept((0.03, 0.0), 0.2)  # a quarter of the weight
    entry, written = centres()
    assert entry == pytest.approx((0.046, -0.016))
    assert written == pytest.approx([0.046, -0.016])
    kept((0.01, 0.01), None)
    assert centres() == ((0.01, 0.01), [0.01, 0.01])


def test_a_photo_has_only_one_aperture() -> None:
    """Of what it was said to be the last counts, and a guess not at all; of other photos each counts at its own."""
    sure, wide = Known((0.02,) * 11, 1.0), Known((0.3,) * 11, 1.0)

    def kept(f_number: float, days: int, photos: tuple[str, ...], *, guessed: bool = False) -> user_database.Run:
        return add(
            setting(f_number),
            "1 flat frame",
            known={"vignetting": wide if guessed else sure},
            known_if_said={"vignetting": sure} if guessed else None,
            learnt_from=photos,
            date=START + timedelta(days=days),
            vignetting=Model("pa", OPEN),
        )

    said = kept(2.8, 0, ("a", "b"))
    guess = kept(4.0, 1, ("a", "b"), guessed=True)
    other = kept(4.0, 2, ("c",))
    assert that_count([said, guess, other], "vignetting") == [said, other]
    again = kept(2.0, 3, ("b",))
    assert that_count([said, guess, other, again], "vignetting") == [other, again]
    assert that_count([guess], "vignetting") == [guess]


def test_colours_of_a_photo_are_of_one_aperture_only() -> None:
    for f_number, days in ((2.0, 0), (8.0, 1)):
        date = START + timedelta(days=days)
        frames = f"frames at f/{f_number:g}"
        add(setting(f_number), frames, shading=CAST.to_json(), learnt_from=("a",), date=date)
    source = compiled(f_number=8.0).made_from["calibrations"]["shading"]["source"]
    assert "frames at f/8" in source
    assert "frames at f/2" not in source
    assert "shading" not in compiled(f_number=2.0).made_from["calibrations"]


def test_a_record_of_a_lens_that_is_gone_is_passed_over() -> None:
    run = keep(OPEN)
    text = run.path.read_text().replace(LENS, "no-such-lens")
    (own_folder() / f"gone{SUFFIX}").write_text(text)
    reload_catalogue()
    assert sixbit.match(Shot())
    assert LENS in catalogue().lenses


def test_how_well_it_is_known_is_kept_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    known = {"distortion": Known((0.0,) * 10 + (0.06,), 0.84)}
    run = add(
        setting(), "5 photos of straight lines", known=known, centre=(0.05, -0.02), distortion=Model("poly3", (0.01,))
    )
    assert runs() == (run,)
    told = "5 photos of straight lines, ± 0.12 % of the half diagonal in the corner, measured out to 84 %"
    assert main(["lenses", "--json"]) == 0
    assert told in capsys.readouterr().out
    assert told in compiled().made_from["calibrations"]["distortion"]["source"]
    entry = catalogue().calibration_entries(LENS, ["distortion"])["distortion"]
    assert entry.centre == (0.05, -0.02)
    size = compile_filter(LENS, M10, Choices(crop_factor=1.0), size=(1501, 1001))
    assert size.centre == pytest.approx((750 + 25, 500 - 10), abs=0.1)
    # A record from before has neither.
    fields = json.loads(run.path.read_text())
    del fields["known"], fields["centre"]
    run.path.write_text(json.dumps(fields))
    reload_catalogue()
    assert runs() == (run._replace(known={}, centre=None),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("known", []),
        ("known", {"vignetting": {"error": [0] * 11, "reach": 1}}),
        ("known", {"distortion": {"error": [0] * 10, "reach": 1}}),
        ("known", {"distortion": {"error": [0] * 10 + [-1], "reach": 1}}),
        ("known", {"distortion": {"error": [0] * 10 + ["1"], "reach": 1}}),
        ("known", {"distortion": {"error": [0] * 11}}),
        ("known_if_said", {"vignetting": {"error": [0] * 11, "reach": 1}}),
        ("compensated", 7),
        ("centre", [0.1]),
        ("centre", [0.1, 0.6]),
        ("centre", [0.1, float("nan")]),
        ("centre", "middle"),
    ],
)
def test_a_record_that_knows_what_cannot_be_is_passed_over(name: str, value: object) -> None:
    run = add(setting(), "5 photos", distortion=Model("poly3", (0.01,)))
    fields = json.loads(run.path.read_text())
    run.path.write_text(json.dumps({**fields, name: value}))
    reload_catalogue()
    with pytest.warns(UserFileWarning, match=run.path.name):
        assert runs() == ()


def test_two_measurements_of_the_same_are_averaged_by_their_errors() -> None:
    def measured(term: float, error: float, days: int, **more: object) -> None:
        known = {"distortion": Known((error,) * 11, 1.0)} if error else {}
        date = START + timedelta(days=days)
        add(setting(), "5 photos", known=known, date=date, distortion=Model("poly3", (term,)), **more)  # type: ignore[arg-type]

    def found() -> float:
        entry = catalogue().calibration_entries(LENS, ["distortion"])["distortion"]
        return float(entry.lens.interpolate_distortion(35).terms[0])

    measured(0.010, 0.1, 0)
    measured(0.020, 0.2, 1)
    assert found() == pytest.approx(0.012)
    measured(0.030, 0.1, 2)
    assert found() == pytest.approx((4 * 0.01 + 0.02 + 4 * 0.03) / 9)
    measured(0.050, 0.0, 3)  # nobody knows how well
    assert found() == pytest.approx(0.05)
    measured(0.060, 0.1, 4)
    assert found() == pytest.approx(0.06)


def test_measurements_are_averaged_whatever_model_they_found() -> None:
    """A poor one that came later does not take the place of a good one, as its model is another."""

    def measured(kind: str, model: Model, error: float, days: int) -> None:
        known = {kind: Known((error,) * 11, 1.0)}
        add(
            setting(half_diagonal_px=3000.0),
            "5 photos",
            known=known,
            date=START + timedelta(days=days),
            **{kind: model},
        )

    def found(kind: str) -> list[float]:
        lens = catalogue().calibration_entries(LENS, [kind])[kind].lens
        return list((lens.interpolate_distortion if kind == "distortion" else lens.interpolate_tca)(35).terms)

    measured("distortion", Model("poly3", (0.010,)), 0.1, 0)
    measured("distortion", Model("ptlens", (0.005, 0.020, -0.005)), 0.2, 1)
    assert found("distortion") == pytest.approx([0.001, 0.012, -0.001])
    # It has no common form with the others.
    measured("distortion", Model("poly5", (0.09, -0.01)), 0.5, 2)
    assert found("distortion") == pytest.approx([0.001, 0.012, -0.001])
    measured("distortion", Model("poly5", (0.03, -0.01)), 0.01, 3)
    assert found("distortion")[:2] == pytest.approx([0.03, -0.01])
    measured("tca", Model("linear", (1.001, 0.999)), 0.1, 0)
    measured("tca", Model("poly3", (1.002, 0.998, 0.001, 0.0, 0.0, 0.002)), 0.1, 1)
    assert found("tca") == pytest.approx([1.0015, 0.9985, 0.0005, 0.0, 0.0, 0.001])


def test_a_photo_counts_once_however_often_it_was_measured(tmp_path: Path) -> None:
    """By `sixbit learn` and by itself: of the runs that share it the surest counts, and comes back if that goes."""

    def measured(term: float, error: float, days: int, *photos: str, f_number: float | None = None) -> str:
        known = {"distortion": Known((error,) * 11, 1.0)}
        date, model = START + timedelta(days=days), Model("poly3", (term,))
        return add(setting(f_number), "photos", known=known, date=date, distortion=model, learnt_from=photos).name

    def found() -> list[float]:
        export(tmp_path / "mine.xml")
        (lens,) = lensfunpy.Database(paths=[str(tmp_path / "mine.xml")], load_common=False, load_bundled=False).lenses
        entry = catalogue().calibration_entries(LENS, ["distortion"])["distortion"]
        return [float(one.interpolate_distortion(35).terms[0]) for one in (entry.lens, lens)]

    measured(0.010, 0.1, 0, "a", "b")
    assert found() == pytest.approx([0.01, 0.01])
    surest = measured(0.020, 0.05, 1, "b", "c")
    assert found() == pytest.approx([0.02, 0.02])
    measured(0.040, 0.1, 2, "c", "d")  # which shares none with the first
    assert found() == pytest.approx([0.02, 0.02])
    measured(0.030, 0.05, 3, "e")
    assert found() == pytest.approx([0.025, 0.025])
    remove(surest)
    assert found() == pytest.approx([(0.01 + 0.04 + 4 * 0.03) / 6] * 2)


CENTRE = (0.05, -0.02)


def with_centre(**more: object) -> user_database.Run:
    known = {"distortion": Known((0.01,) * 11, 1.0)}
    model = Model("poly3", (0.01,))
    return add(setting(None, **more), "5 photos", known=known, centre=CENTRE, date=START, distortion=model)  # type: ignore[arg-type]


def centre_in(shot: Shot, size: tuple[int, int] = (1501, 1001)) -> tuple[float, float]:
    """The optical centre of a picture, in px from its middle."""
    x, y = compile_filter(LENS, shot, Choices(crop_factor=1.0, scale="none"), size=size).centre
    return round(x - (size[0] - 1) / 2, 6), round(y - (size[1] - 1) / 2, 6)


@pytest.mark.parametrize(
    ("turned", "size", "centre"),
    [
        (1, (1501, 1001), (25, -10)),
        (2, (1501, 1001), (-25, -10)),
        (3, (1501, 1001), (-25, 10)),
        (4, (1501, 1001), (25, 10)),
        (5, (1001, 1501), (-10, 25)),
        (6, (1001, 1501), (10, 25)),
        (7, (1001, 1501), (10, -25)),
        (8, (1001, 1501), (-10, -25)),
        (1, (1001, 1501), (0, 0)),  # somebody has turned it
        (6, (1501, 1001), (0, 0)),
    ],
)
def test_the_optical_centre_turns_with_the_picture(
    turned: int, size: tuple[int, int], centre: tuple[float, float]
) -> None:
    with_centre()
    assert centre_in(M10._replace(turned=turned), size) == pytest.approx(centre)


def test_in_a_crop_mode_the_optical_centre_is_farther_from_the_middle() -> None:
    with_centre()
    found = compile_filter(LENS, M10, Choices(crop_factor=1.5, scale="none"), size=(1501, 1001))
    assert found.centre == pytest.approx((750 + 37.5, 500 - 15))


def test_the_optical_centre_is_kept_as_the_sensor_lay() -> None:
    assert with_centre(turned=6).centre == (-0.02, -0.05)
    assert with_centre(turned=None).centre is None


def test_the_optical_centre_is_of_the_body_that_it_was_seen_on(tmp_path: Path) -> None:
    """An adapter is beside the middle, not the lens; a later run that does not see it says nothing of it."""
    with_centre()
    date, known = START + timedelta(days=1), {"distortion": Known((0.5,) * 11, 1.0)}
    add(setting(None), "1 photo", known=known, date=date, distortion=Model("poly3", (0.02,)))
    add(setting(), "1 flat frame", vignetting=Model("pa", OPEN), date=date)
    assert centre_in(M10) == (25, -10)
    assert centre_in(M10._replace(model=Tagged("LEICA M11", "EXIF Model"))) == (0, 0)

    def exported() -> str:
        export(tmp_path / "mine.xml")
        return (tmp_path / "mine.xml").read_text()

    assert '<center x="0.05" y="-0.02" />' in exported()
    add(setting(None, model="LEICA M11"), "1 photo", date=date, distortion=Model("poly3", (0.02,)))
    assert "center" not in exported()


def test_grades_that_are_not_asked_for_are_not_mixed_in() -> None:
    add(setting(2.0), "2 stops in the corner", vignetting=Model("pa", OPEN), grade=Grade.PUBLISHED)
    add(setting(5.6), "1 flat frame", vignetting=Model("pa", DOWN))

    def gain(f_number: float, *grades: Grade) -> float:
        kinds = {"vignetting": 1.0}
        choices = Choices(crop_factor=1.0, f_number=f_number, kinds=kinds, scale="none", grades=grades)
        return corner_gain(compile_filter(LENS, M10, choices, size=(601, 401)))

    assert gain(2.0, Grade.MEASURED) == 1.0
    assert gain(5.6, Grade.PUBLISHED) == 1.0
    assert gain(2.0, Grade.MEASURED, Grade.PUBLISHED) == pytest.approx(1 / 0.4, rel=1e-3)
    assert gain(5.6, Grade.MEASURED) == pytest.approx(1 / 0.67, rel=1e-3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (' focal="35"', ' focal="wide"'),
        ('k1="-0.9"', 'k1="x"'),
        ('k1="-0.9"', 'k1="nan"'),
        ("<cropfactor>1<", "<cropfactor>x<"),
        ("1.5:1", "3:0"),
    ],
)
def test_a_run_whose_numbers_were_changed_stops_no_other(tmp_path: Path, old: str, new: str) -> None:
    damaged = keep(OPEN)
    lensfun.install()
    text = damaged.xml.read_text()
    assert old in text
    damaged.xml.write_text(text.replace(old, new))
    reload_catalogue()
    other = keep(DOWN, 8.0)
    with refused(CatalogueError, f"{damaged.name}.xml: was changed", Code.RUN):
        export(tmp_path / "out.xml")
    remove(other.name)
    remove(damaged.name)
    assert runs() == ()


def test_a_record_with_half_a_character_is_passed_over() -> None:
    run = keep(OPEN)
    run.path.write_text(json.dumps(json.loads(run.path.read_text()) | {"source": "\ud800"}))
    reload_catalogue()
    with pytest.warns(UserFileWarning, match=run.path.name):
        assert runs() == ()


def test_a_px_of_a_small_photo_is_much_of_the_sensor() -> None:
    def measured(factor: float, error: float, half_diagonal: float | None, days: int) -> None:
        known, date = {"tca": Known((error,) * 11, 1.0)}, START + timedelta(days=days)
        one = setting(half_diagonal_px=half_diagonal)
        add(one, "1 photo", known=known, date=date, tca=Model("linear", (factor, 1.0)))

    def found() -> float:
        entry = catalogue().calibration_entries(LENS, ["tca"])["tca"]
        return float(entry.lens.interpolate_tca(35).terms[0])

    measured(1.002, 0.1, 3000.0, 0)
    measured(1.001, 0.1, 1000.0, 1)
    assert found() == pytest.approx(1.0019)
    measured(1.005, 0.001, None, 2)  # nobody knows of what
    assert found() == pytest.approx(1.005)


def test_a_record_that_is_taken_back_amid_the_reading_is_no_damage(recwarn: pytest.WarningsRecorder) -> None:
    gone, other = keep(OPEN), keep(DOWN, 8.0)

    def taken_back_before(path: Path) -> str:
        gone.path.unlink(missing_ok=True)
        return path.read_text()

    assert len(list(readable(taken_back_before, [gone.path, other.path]))) == 1
    assert not recwarn.list
