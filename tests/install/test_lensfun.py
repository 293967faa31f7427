"""What is put beside lensfun's stock database hides nothing of it, and nothing of the user's is touched."""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lensfunpy
import pytest

from sixbit.cli.ways_out import WAYS_OUT
from sixbit.install import lensfun as module
from sixbit.install.lensfun import doctor, install, uninstall
from sixbit.install.placed import Placed, place, recorded
from sixbit.values.errors import Code, InstallError, UserFileWarning
from sixbit.values.kinds import Grade
from sixbit.values.ways_out import way_out
from tests.scenery.refusals import refused

STOCK = """<?xml version="1.0"?>
<lensdatabase version="{version}">
<mount><name>Leica M</name><compat>M42</compat></mount>
<camera><maker>Leica Camera AG</maker><model>Leica M10</model><mount>Leica M</mount><cropfactor>1</cropfactor></camera>
<lens><maker>Leica Camera AG</maker><model>Summicron-M 1:2/35</model><model lang="en">Summicron 35</model>
<mount>Leica M</mount><cropfactor>1</cropfactor>
<calibration><distortion model="poly3" focal="35" k1="0.01"/></calibration></lens>
</lensdatabase>
"""
OURS = """<?xml version="1.0" encoding="utf-8"?>
<!-- The notice. -->
<lensdatabase version="1">
<mount><name>LEICA M</name></mount>
<camera><maker>Leica Camera AG</maker><model>LEICA M10</model><mount>Leica M</mount><cropfactor>2</cropfactor></camera>
<lens><maker>Leica Camera AG</maker><model>Summicron-M 1:2/35</model>
<mount>Leica M</mount><mount>Sony E</mount><cropfactor>1.0</cropfactor>
<calibration><distortion model="poly3" focal="35" k1="0.02"/>
<vignetting model="pa" focal="35" aperture="2" distance="1000" k1="-0.5" k2="0" k3="0"/></calibration></lens>
<lens><maker>Voigtländer</maker><model>Nokton 50mm f/1.5</model><mount>Leica M</mount><cropfactor>1</cropfactor></lens>
</lensdatabase>
"""
COMPUTED = OURS.replace("Nokton 50mm f/1.5", "Nokton 50mm f/1.5 computed")
NEWER = '<lensdatabase version="2"></lensdatabase>'


@pytest.fixture
def lensfun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's lensfun folder, with the small stock database above, in a place with an awkward name."""
    data = tmp_path / "the user's “data” \n 📷"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    stock = data / "lensfun/updates/version_1"
    stock.mkdir(parents=True)
    (stock / "rf-leica.xml").write_text(STOCK.format(version=1))
    (stock / "timestamp.txt").write_text("99999999999\n")
    return data / "lensfun"


@pytest.fixture
def lens_db(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A small ``lens_db`` to be installed."""
    folder = tmp_path / "lens_db"
    folder.mkdir()
    (folder / "leica.xml").write_text(OURS, encoding="utf-8")
    (folder / "computed.xml").write_text(COMPUTED, encoding="utf-8")
    (folder / "newer.xml").write_text(NEWER)
    monkeypatch.setattr(module, "data_path", lambda name: tmp_path / name)
    return folder


def tree(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def lenses_of(*files: Path) -> dict[str, Any]:
    known = lensfunpy.Database(paths=[str(file) for file in files], load_common=False, load_bundled=False)
    return {lens.model: lens for lens in known.lenses}


def test_installed_beside_the_stock_database(lensfun: Path, lens_db: Path) -> None:
    before = tree(lensfun)
    said = install()
    assert said == [f"{lensfun}/sixbit-leica.xml: installed"]
    added = {path.name for path in set(tree(lensfun)) - set(before)}
    assert added == {"sixbit-leica.xml"}
    assert before.items() <= tree(lensfun).items()


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(lensfun: Path, lens_db: Path) -> None:
    before = tree(lensfun.parent)
    assert install(dry_run=True) == [f"{lensfun}/sixbit-leica.xml: would be installed"]
    assert tree(lensfun.parent) == before
    install()
    before = tree(lensfun.parent)
    assert uninstall(dry_run=True) == [f"{lensfun}/sixbit-leica.xml: would be removed"]
    assert tree(lensfun.parent) == before


def test_a_stock_lens_keeps_all_it_has_and_gains_what_it_lacks(lensfun: Path, lens_db: Path) -> None:
    install()
    written = lensfun / "sixbit-leica.xml"
    assert "<!-- The notice. -->" in written.read_text(encoding="utf-8")
    found = lenses_of(lensfun / "updates/version_1/rf-leica.xml", written)
    assert set(found) == {"Summicron-M 1:2/35", "Nokton 50mm f/1.5"}
    summicron = found["Summicron-M 1:2/35"]
    assert summicron.interpolate_distortion(35).terms[0] == pytest.approx(0.01)
    assert summicron.interpolate_vignetting(35, 2, 1000).terms[0] == pytest.approx(-0.5)
    assert sorted(summicron.mounts) == ["Leica M", "Sony E"]
    assert "Summicron 35" in written.read_text(encoding="utf-8")


def test_stock_cameras_and_mounts_are_not_written_again(lensfun: Path, lens_db: Path) -> None:
    install()
    text = (lensfun / "sixbit-leica.xml").read_text(encoding="utf-8")
    assert "<camera>" not in text
    assert "<name>" not in text


def test_a_stock_lens_of_a_newer_format_is_left_alone(lensfun: Path, lens_db: Path) -> None:
    (lensfun / "updates/version_1/rf-leica.xml").write_text(STOCK.format(version=2))
    install()
    assert set(lenses_of(lensfun / "sixbit-leica.xml")) == {"Nokton 50mm f/1.5"}


def test_the_newest_stock_database_is_the_one_that_counts(lensfun: Path, lens_db: Path, tmp_path: Path) -> None:
    for name, stamp in (("a", "5"), ("b", "7.0"), ("c", "6")):
        (tmp_path / name / "version_1").mkdir(parents=True)
        (tmp_path / name / "version_1/x.xml").write_text(STOCK.format(version=1))
        (tmp_path / name / "version_1/timestamp.txt").write_text(stamp)
    places = tuple(tmp_path / name for name in ("a", "b", "c", "nowhere"))
    found = module._stock_files(module.LensfunFolder("a program", lensfun, places))
    assert found == [tmp_path / "b/version_1/x.xml"]


def test_a_lens_in_a_file_of_the_user_is_left_to_it(lensfun: Path, lens_db: Path) -> None:
    (lensfun / "mine.xml").write_text(STOCK.format(version=1))
    (lensfun / "broken.xml").write_text("<lensdatabase")
    install()
    assert set(lenses_of(lensfun / "sixbit-leica.xml")) == {"Nokton 50mm f/1.5"}


def test_computed_calibrations_only_when_asked_for(lensfun: Path, lens_db: Path) -> None:
    install(unsure=[Grade.COMPUTED])
    assert (lensfun / "sixbit-computed.xml").exists()
    assert all(finding.well for finding in doctor())
    install()
    assert not (lensfun / "sixbit-computed.xml").exists()


def test_a_grade_that_was_asked_for_stays_when_the_files_are_renewed(lensfun: Path, lens_db: Path) -> None:
    (lens_db / "single.xml").write_text(COMPUTED, encoding="utf-8")
    install(unsure=[Grade.SINGLE])
    module.renew()
    assert (lensfun / "sixbit-single.xml").exists()
    assert not (lensfun / "sixbit-computed.xml").exists()


def test_installing_again_renews(lensfun: Path, lens_db: Path) -> None:
    install()
    assert install() == [f"{lensfun}/sixbit-leica.xml: as it should be"]
    (lens_db / "leica.xml").write_text(OURS.replace("Nokton 50", "Nokton 35"), encoding="utf-8")
    [finding] = doctor()
    assert not finding.well
    assert "another version" in finding.message
    assert install() == [f"{lensfun}/sixbit-leica.xml: renewed"]
    assert "Nokton 35mm f/1.5" in lenses_of(lensfun / "sixbit-leica.xml")
    (lens_db / "leica.xml").rename(lens_db / "m.xml")
    install()
    assert [path.name for path in lensfun.glob("*.xml")] == ["sixbit-m.xml"]
    assert "Nokton 35mm f/1.5" in lenses_of(lensfun / "sixbit-m.xml")


@pytest.mark.parametrize("link", [False, True])
def test_a_file_of_the_user_with_our_name_is_kept(lensfun: Path, lens_db: Path, tmp_path: Path, link: bool) -> None:
    own = lensfun / "sixbit-leica.xml"
    if link:
        own.symlink_to(tmp_path / "nowhere.xml")
    else:
        own.write_text("mine")
    [said] = install()
    assert "kept, it is not Sixbit's" in said
    [finding] = doctor()
    assert not finding.well
    assert str(own) in finding.message
    uninstall()
    assert own.is_symlink() if link else own.read_text() == "mine"


def test_a_file_that_the_user_changed_is_kept(lensfun: Path, lens_db: Path) -> None:
    install()
    changed = lensfun / "sixbit-leica.xml"
    changed.write_text("changed")
    assert "kept, it was changed" in install()[0]
    assert "kept, it was changed" in uninstall()[0]
    assert changed.read_text() == "changed"


def test_uninstall_leaves_everything_as_it_was(lensfun: Path, lens_db: Path) -> None:
    (lensfun / "mine.xml").write_text(NEWER)
    before = tree(lensfun)
    install()
    assert uninstall() == [f"{lensfun}/sixbit-leica.xml: removed"]
    assert tree(lensfun) == before
    assert uninstall() == ["nothing of Sixbit's is installed for lensfun"]


def test_a_file_removed_by_hand_is_no_trouble(lensfun: Path, lens_db: Path) -> None:
    install()
    (lensfun / "sixbit-leica.xml").unlink()
    [finding] = doctor()
    assert not finding.well
    assert finding.code
    assert way_out(finding.code, WAYS_OUT, finding.values).startswith("`sixbit install lensfun`, then start ")
    assert install() == [f"{lensfun}/sixbit-leica.xml: installed"]
    (lensfun / "sixbit-leica.xml").unlink()
    uninstall()


def test_flatpak_programs_have_a_folder_of_their_own(lensfun: Path, lens_db: Path) -> None:
    sandbox = Path.home() / ".var/app/org.darktable.Darktable"
    sandbox.mkdir(parents=True)
    install()
    assert (sandbox / "data/lensfun/sixbit-leica.xml").exists()
    assert [finding.subject for finding in doctor()] == [
        "lensfun in programs of this system",
        "lensfun in darktable (Flatpak)",
    ]
    uninstall()
    assert not (sandbox / "data/lensfun").exists()


def test_a_folder_that_cannot_be_written(lensfun: Path, lens_db: Path) -> None:
    sandbox = Path.home() / ".var/app/org.gimp.GIMP"
    sandbox.mkdir(parents=True)
    (sandbox / "data").write_text("a file, where a folder should be")
    with refused(InstallError, r"sixbit-leica\.xml: cannot be written", Code.NOT_WRITABLE):
        install()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file grows beyond 500 bytes: less than the database, more than nothing.

    For as long as it must be and no longer: the limit is on the tests' own log, too.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_half_written(lensfun: Path, lens_db: Path) -> None:
    before = tree(lensfun.parent)
    with full_disk(), refused(InstallError, "Make room", Code.DISK_FULL):
        install()
    assert tree(lensfun.parent) == before | {Placed.path().with_suffix(".lock"): b""}


@pytest.mark.parametrize("content", ["{", "[]", '{"lensfun": 3}'])
def test_a_damaged_record(lensfun: Path, lens_db: Path, content: str) -> None:
    record = lensfun.parent / "sixbit/installed.json"
    record.parent.mkdir()
    record.write_text(content)
    [finding] = doctor()
    assert not finding.well
    assert "cannot be read" in finding.message
    with pytest.warns(UserFileWarning, match=r"installed\.json: .*cannot be read.*set aside as installed"):
        install()
    assert record.with_name("installed.json.damaged-1").read_text() == content
    [finding] = doctor()
    assert finding.well
    uninstall()
    assert not list(lensfun.glob("*.xml"))


def test_a_record_that_may_not_be_read_stays(lensfun: Path, lens_db: Path) -> None:
    record = lensfun.parent / "sixbit/installed.json"
    record.mkdir(parents=True)
    with refused(InstallError, r"installed\.json: .*cannot be read.*take it away", Code.USER_FILE):
        install()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in its folders")
def test_pipes_are_not_waited_for(lensfun: Path, lens_db: Path) -> None:
    lensfun.mkdir(parents=True, exist_ok=True)
    os.mkfifo(lensfun / "own.xml")
    install()
    (lensfun / "sixbit.xml").unlink(missing_ok=True)
    for placed in [path for path in lensfun.glob("*.xml") if path.name != "own.xml"]:
        placed.unlink()
        os.mkfifo(placed)
    assert not doctor()[0].well
    record = lensfun.parent / "sixbit/installed.json"
    record.unlink()
    os.mkfifo(record)
    assert "it is no plain file" in doctor()[0].message
    with refused(InstallError, r"installed\.json: .*cannot be read.*take it away", Code.USER_FILE):
        install()


def test_two_installs_at_once_both_stand_in_the_record(lensfun: Path, lens_db: Path) -> None:
    def one(number: int) -> None:
        with recorded():
            before = {Path(name): b"<lensdatabase/>" for name in Placed.load().files("lensfun")}
            place("lensfun", {**before, lensfun / f"{number}.xml": b"<lensdatabase/>"})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    assert set(Placed.load().files("lensfun")) == {str(lensfun / f"{number}.xml") for number in range(24)}


# With the whole of lens_db and lensfun's own database --------------------------------------------------------------

BODIES = [("Leica Camera AG", "Leica M10"), ("Leica Camera AG", "Leica SL2"), ("Sony", "ILCE-7M3")]


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """lensfun's own database, and the same with what is installed read after it."""
    spec = importlib.util.find_spec("lensfunpy")
    assert spec
    assert spec.submodule_search_locations
    bundled = sorted(map(str, (Path(spec.submodule_search_locations[0]) / "db_files").glob("*.xml")))
    data = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(data))
        patch.setenv("HOME", str(data))
        install(unsure=[Grade.COMPUTED, Grade.SINGLE])
    added = sorted(map(str, (data / "lensfun").glob("*.xml")))
    stock, both = (
        lensfunpy.Database(paths=files, load_common=False, load_bundled=False) for files in (bundled, bundled + added)
    )
    assert len(both.lenses) > len(stock.lenses) + 100
    return stock, both


def calibrations(lens: Any) -> tuple[Any, ...]:
    focal = lens.min_focal
    models = (
        lens.interpolate_distortion(focal),
        lens.interpolate_tca(focal),
        lens.interpolate_vignetting(focal, 4.0, 1000.0),
    )
    return tuple(model and (model.model, *model.terms) for model in models)


def test_no_entry_of_the_stock_database_is_lost_or_changed(databases: tuple[Any, Any]) -> None:
    stock, both = databases
    lenses = {(lens.maker, lens.model, lens.crop_factor): lens for lens in both.lenses}
    for lens in stock.lenses:
        still = lenses[lens.maker, lens.model, lens.crop_factor]
        assert calibrations(still) == calibrations(lens), lens.model
        assert set(lens.mounts) <= set(still.mounts), lens.model
    cameras = {(camera.maker, camera.model, camera.variant): camera for camera in both.cameras}
    for camera in stock.cameras:
        same = cameras[camera.maker, camera.model, camera.variant]
        assert (same.mount, same.crop_factor) == (camera.mount, camera.crop_factor), camera.model


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[1])
def test_every_stock_lens_still_gets_the_same_answer(databases: tuple[Any, Any], body: tuple[str, str]) -> None:
    """Editors take lensfun's first answer to the name in the tags."""
    stock, both = databases
    camera_before, camera_after = stock.find_cameras(*body)[0], both.find_cameras(*body)[0]
    asked = 0
    for name in {lens.model for lens in stock.lenses}:
        before = stock.find_lenses(camera_before, None, name)
        if before:
            after = both.find_lenses(camera_after, None, name)
            assert calibrations(after[0]) == calibrations(before[0]), name
            asked += 1
    assert asked > 20


def test_every_calibrated_lens_is_found_by_its_name(databases: tuple[Any, Any]) -> None:
    """And no name is taken for that of a computed calibration, which none but its own name may ask for."""
    _, both = databases
    camera = both.find_cameras("Leica Camera AG", "Leica M10")[0]
    ours = [lens for lens in both.lenses if {"Leica M", "Canon RF"} <= set(lens.mounts)]
    for lens in ours:
        found = both.find_lenses(camera, None, lens.model)
        if found or any(calibrations(lens)):
            assert calibrations(found[0]) == calibrations(lens), f"{lens.model} is taken for {found[0].model}"
    assert len(ours) > 100


def test_lensfun_reads_them_from_where_they_are_put(tmp_path: Path) -> None:
    install()
    ask = (
        "import lensfunpy; known = lensfunpy.Database(load_bundled=False); "
        "camera = known.find_cameras('Xiaomi', 'Xiaomi 12S Ultra')[0]; "
        "print(known.find_lenses(camera, None, 'Summicron-M 1:2/35 ASPH.')[0].model)"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "Summicron-M 1:2/35 Asph.", done.stderr
