"""The parts of the build that setup.cfg cannot say: what is in C++, and the data that stands at the top of the repo."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

TOP = Path(__file__).parent
sys.path.append(str(TOP))

from tools import build_gegl  # noqa: E402


class BuildWithData(build_py):
    """Copy the manifest and the lens database into the wheel; a clone reads them where they stand."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        data = Path(self.build_lib) / "sixbit" / "data"
        data.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / "manifest.json", data)
        shutil.copytree(TOP / "lens_db", data / "lens_db", dirs_exist_ok=True)


class BuildWithOperation(build_ext):
    """Build GIMP's editable filter along with the kernel, where GEGL's headers are; all else works without it."""

    def run(self) -> None:
        super().run()
        inside = build_gegl.BUILT.relative_to(TOP / "plugin")
        out = build_gegl.BUILT if self.inplace or self.editable_mode else Path(self.build_lib) / inside
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            build_gegl.build(out)
        except (OSError, subprocess.CalledProcessError) as error:
            self.warn(f"GIMP's editable filter was not built: {error}")


GCC_FLAGS = ["-std=c++17", "-O3", "-g0", "-fvisibility=hidden", "-fno-math-errno", "-fno-trapping-math", "-pthread"]

kernel = Extension(
    "sixbit.engines._kernel",
    ["plugin/sixbit/engines/kernel/kernel.cpp"],
    depends=[str(header.relative_to(TOP)) for header in sorted(TOP.glob("plugin/sixbit/engines/kernel/*.hpp"))],
    py_limited_api=True,
    language="c++",
    extra_compile_args=["/std:c++17", "/EHsc"] if sys.platform == "win32" else GCC_FLAGS,
    extra_link_args=[] if sys.platform == "win32" else ["-pthread"],
    # Without a compiler Sixbit installs all the same, and uses its other engines.
    optional=True,
)

setup(
    version=json.loads((TOP / "manifest.json").read_text(encoding="utf-8"))["version"],
    ext_modules=[kernel],
    cmdclass={"build_py": BuildWithData, "build_ext": BuildWithOperation},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
