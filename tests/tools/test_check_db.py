"""The checker of the database: each fault it knows is put in once, and must be told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sixbit.manifest import data_path
from tools.check_db import problems


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "lens_db"
    shutil.copytree(data_path("lens_db"), copy)
    return copy


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_ours_is_right() -> None:
    assert problems(data_path("lens_db")) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("computed.xml", 'version="1"', 'version="2"', "version 2"),
        ("computed.xml", "</lensdatabase>", "", "cannot be read"),
        ("lensfun-leica.xml", 'model="poly3" focal="50" k1', 'model="acm" focal="50" k1', "no distortion model 'acm'"),
        ("lensfun-leica.xml", 'k1="-0.00072"', 'k9="-0.00072"', "Unknown attribute `k9'"),
        ("lensfun-leica.xml", 'focal="50" k1="-0.00072"', 'k1="-0.00072"', "needs the attribute 'focal'"),
        ("lensfun-leica.xml", 'k1="-0.00072"', 'k1="-0.72"', "folds the picture over"),
        ("lensfun-leica.xml", 'vr="0.9999915"', 'vr="-0.9999915"', "tca of red folds"),
        ("lensfun-leica.xml", 'k1="-0.00072"', 'k1="many"', "could not convert"),
        ("lensfun-leica.xml", "<cropfactor>1</cropfactor>", "<cropfactor>0</cropfactor>", "Invalid lens definition"),
        ("lensfun-leica.xml", "<model>Elmarit-M 1:2.8/90</model>", "", "(Leica Camera AG/(null))"),
        ("lensfun-leica.xml", "<mount>Leica M</mount>", "<mound>Leica M</mound>", "Unknown element <mound>"),
        ("lensfun-misc.xml", "<maker>", "<maker></maker><maker>", "needs a <maker>"),
        ("published.xml", ' k3="0"', "", "needs the attribute 'k3'"),
        ("published.xml", 'k1="-1.8289"', 'k1="-2.0289"', "goes through zero"),
        ("published.xml", 'k1="-1.8289" k2="0.9377"', 'k1="-1.8289" k2="1.4"', "rises again"),
        ("published.xml", 'aperture="1.4"', 'aperture="0"', "must be above 0"),
        ("identities.xml", "Noctilux-M 1:1/50<", "Noctilux-M 1:1.2/50<", "the same"),
        ("identities.xml", "Noctilux-M 1:1/50<", "Summilux-M 1:1.4/21 ASPH.<", "stands in the XML twice"),
        ("calibrations.csv", "summilux-21,vignetting,published", "summilux-21,vignetting,guessed", "guessed"),
        ("calibrations.csv", "summilux-21,vignetting", "summilux-22,vignetting", "summilux-22 is not in lenses.csv"),
        ("calibrations.csv", 'issue 228",1\n', 'issue 228",2\n', "the XML says crop factor 1"),
        (
            "calibrations.csv",
            "lensfun-leica.xml,Elmarit-M 1:2.8/90,",
            "lensfun-leica.xml,Elmarit 90,",
            "calibrations.csv lacks",
        ),
        ("lenses.csv", "summilux-21,Summilux-M", "summilux-24,Summilux-M", "stands twice"),
        ("lenses.csv", "Zeiss Biogon T* 2/35 ZM", "Zeiss Biogon T* 2/36 ZM", "is not read as zm-biogon-35-2"),
        ("sixbit_codes.csv", "elmarit-21,", "elmarit-20,", "which lenses.csv lacks"),
        ("sixbit_codes.csv", "1,1,28/90,elmarit-21,", "64,1,28/90,elmarit-21,", "no six-bit code"),
    ],
)
def test_faults_are_told(folder: Path, file: str, old: str, new: str, told: str) -> None:
    change(folder / file, old, new)
    assert told in " | ".join(problems(folder))


def test_calibration_without_source(folder: Path) -> None:
    table = folder / "calibrations.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    lines[1] = ",".join(lines[1].split(",")[:5]) + ","
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert any("no source" in problem for problem in problems(folder))


def test_calibration_without_comment(folder: Path) -> None:
    path = folder / "lensfun-leica.xml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("<!-- Taken with a Leica M9 -->", ""), encoding="utf-8")
    assert any("needs a comment" in problem for problem in problems(folder))


def test_as_a_command(folder: Path) -> None:
    command = [sys.executable, "-m", "tools.check_db"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "all right" in done.stdout
    change(folder / "published.xml", 'version="1"', 'version="2"')
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "published.xml" in done.stderr
