"""What is in the sdist and in the wheel, and that the wheel works where nothing can be compiled."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from sixbit.manifest import manifest
from tests.scenery import CLONE, PHOTO
from tests.scenery.wheel import wheel
from tools import wheels

PACKAGE = CLONE / "plugin/sixbit"
COMPILED = {".so", ".pyd", ".pyc"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(tmp_path_factory.mktemp("wheel"))


def sources() -> set[str]:
    return {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in COMPILED
    }


def test_the_wheel_has_all_that_works_without_a_clone(made: Path) -> None:
    names = {*zipfile.ZipFile(made).namelist()}
    code_of_engines = {name for name in sources() if name.endswith((".cpp", ".hpp"))}
    assert not sources() - code_of_engines - names
    data = {f"sixbit/data/lens_db/{path.name}" for path in (CLONE / "lens_db").iterdir() if path.is_file()}
    assert not data - names
    assert {wheels.KERNEL, wheels.OPERATION, "sixbit/data/manifest.json"} <= names
    assert {name.partition("/")[0] for name in names} == {"sixbit", f"sixbit-{manifest()['version']}.dist-info"}
    assert {name for name in names if Path(name).suffix in COMPILED} == {wheels.KERNEL, wheels.OPERATION}


def test_the_wheel_says_what_it_is(made: Path) -> None:
    assert made.name == f"sixbit-{manifest()['version']}-cp311-abi3-manylinux_{wheels.GLIBC}_x86_64.whl"
    packed = zipfile.ZipFile(made)
    (name,) = (name for name in packed.namelist() if name.endswith("/METADATA"))
    said = message_from_string(packed.read(name).decode())
    wanted = said.get_all("Requires-Dist", [])
    assert said["Requires-Python"] == ">=3.11"
    assert not [one for one in wanted if re.match("setuptools|pytest|pybind11", one) and "extra ==" not in one]
    assert len([one for one in wanted if "pycolmap" in one and 'platform_machine != "aarch64"' in one]) > 0


def test_the_sdist_is_enough_to_build_from(made: Path) -> None:
    sdist = made.with_name(f"sixbit-{manifest()['version']}.tar.gz")
    with tarfile.open(sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert not {f"plugin/{name}" for name in sources()} - names
    assert {"setup.py", "setup.cfg", "pyproject.toml", "manifest.json", "tools/build_gegl.py", "LICENSE"} <= names
    assert not {name for name in names if Path(name).suffix in COMPILED}


def test_it_works_in_a_fresh_environment_without_a_compiler(made: Path, tmp_path: Path) -> None:
    """As ``python -m tools.release`` does it, but with the libraries that the tests have."""
    env = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", env], check=True)
    (site,) = env.glob("lib/*/site-packages")
    install = ["-m", "pip", "--python", env / "bin/python", "install", "--quiet", "--no-deps", "--no-index", made]
    subprocess.run([sys.executable, *install], check=True)
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    assert libraries
    (site / "libraries.pth").write_text("\n".join(libraries) + "\n")
    (tmp_path / "work").mkdir()
    alone = {"PATH": str(env / "bin"), "HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [env / "bin/python", CLONE / "tools/smoke.py", PHOTO],
        cwd=tmp_path / "work",
        env=alone | {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "all of it works" in done.stdout
