"""Small Debian systems with the real GIMP and darktable in them, or RawTherapee, Chromium, GEGL, compilers.

    root = system_root("trixie")
    root.run(["darktable-cli", "--version"])

A system is made once by mmdebstrap (three minutes) and kept in the tests' cache, unpacked and packed. What runs in it
sees the tree read-only, with folders of its own where programs write; no network, and no process outlives the command.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.scenery.programs import CACHE, missing

SUITES = ("trixie", "forky")
"""GIMP 3.0 with darktable 5.0, and GIMP 3.2 with darktable 5.4: older suites have no GIMP 3."""

BROWSER = "chromium"
"""The system of a browser, of the older suite."""

EMULATOR = "qemu"
"""The system that compiles for other processors and runs what comes of it, of the older suite."""

RAW_DEVELOPER = "rawtherapee"
"""The system of RawTherapee's command line, of the older suite."""

GEGL = "gegl"
"""The system that compiles GEGL operations and runs them without GIMP, of the older suite."""

GMIC = "gmic"
"""The system of G'MIC's command line and of GIMP 2.10 with G'MIC-Qt, of Debian 12."""

DEBIAN = {GMIC: "bookworm"}
"""The suites of Debian that other systems are made of than the older suite."""

EDITORS = ["gimp", "gir1.2-gimp-3.0", "darktable", "liblensfun-bin"]
PYTHON = ["python3", "python3-gi", "python3-gi-cairo", "python3-venv", "python3-pyatspi"]
DESKTOP = ["xvfb", "xauth", "x11-utils", "x11-apps", "xdotool", "openbox", "dbus", "dbus-x11", "at-spi2-core"]
AROUND = ["imagemagick", "ca-certificates", "adwaita-icon-theme", "fonts-dejavu-core", "procps", "mount"]
# The same typelib is packaged under another name in each suite.
GEXIV2 = {"trixie": "gir1.2-gexiv2-0.10", "forky": "gir1.2-gexiv2-0.16"}

APT_OPTIONS = [
    'Acquire::Check-Valid-Until "false"',
    'Acquire::Languages "none"',
    'Acquire::Retries "3"',
    'APT::Install-Recommends "false"',
]
MAKING_TIMEOUT = 1200

# --kill-child: the first process of the pid namespace dies with unshare, and all others and their mounts with it.
_ALONE = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child"]

_ENTER = r"""
set -euo pipefail
root=$1; shift
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null zero full random urandom tty; do
  touch "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm"
for folder in dev/shm tmp var/tmp run mnt root; do
  mount -t tmpfs -o mode=1777 "${folder##*/}" "$root/$folder"
done
mkdir -m 700 "$root/run/user"
while [ "$1" != -- ]; do
  mkdir -p "$root$2"; mount --bind "$1" "$root$2"; shift 2
done
shift
mount -o remount,bind,ro "$root"
exec chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LANG=C.UTF-8 \
  XDG_RUNTIME_DIR=/run/user GSETTINGS_BACKEND=memory "$@"
"""

_DESKTOP = r"""
set -euo pipefail
export DISPLAY=:99
Xvfb "$DISPLAY" -screen 0 1400x900x24 -nolisten tcp >/tmp/xvfb.log 2>&1 &
for attempt in $(seq 100); do xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done
exec dbus-run-session -- bash -c 'openbox >/dev/null 2>&1 & exec "$@"' desktop "$@"
"""


class RootError(RuntimeError):
    """A system that cannot be made here; the message says why."""


@dataclass(frozen=True)
class SystemRoot:
    """A Debian system in a folder; ``run`` runs a command in it."""

    suite: str
    path: Path

    def run(
        self,
        command: Sequence[str | Path],
        *,
        timeout: float,
        binds: Mapping[str, Path] | None = None,
        env: Mapping[str, str] | None = None,
        own_network: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the system, in namespaces of its own, and return what it printed and its exit status.

        ``binds`` are folders from outside by the place they have inside, below /mnt or /root (the home folder);
        they can be written to. Everything else that is written is gone afterwards. When ``timeout`` seconds have
        passed, the command and all it has started are killed and subprocess.TimeoutExpired is raised. Without
        ``own_network`` the command shares that of the caller.
        """
        places = [str(part) for inside, outside in (binds or {}).items() for part in (outside.resolve(), inside)]
        variables = [f"{name}={value}" for name, value in (env or {}).items()]
        enter = [*_ALONE, *(["--net"] if own_network else []), "--ipc", "bash", "-c", _ENTER, "enter", str(self.path)]
        return subprocess.run(
            [*enter, *places, "--", *variables, *map(str, command)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )

    def run_gui(
        self,
        command: Sequence[str | Path],
        *,
        timeout: float,
        binds: Mapping[str, Path] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a virtual screen of 1400x900, with a window manager and a session bus."""
        return self.run(["bash", "-c", _DESKTOP, "desktop", *command], timeout=timeout, binds=binds, env=env)


def system_root(suite: str) -> SystemRoot:
    """Return the system of a suite, made now if need be; skip the test with the reason where that cannot be done."""
    root = _tried_once(suite)
    if isinstance(root, RootError):
        missing(f"a system of Debian {suite}: {root}")
        raise root
    return root


@cache
def _tried_once(suite: str) -> SystemRoot | RootError:
    try:
        return make_root(suite, CACHE / "roots")
    except RootError as error:
        return error


def make_root(suite: str, folder: Path) -> SystemRoot:
    """Make the system of a suite in a folder; mend it from its packed copy; leave it alone if it is whole."""
    if os.geteuid() != 0:
        raise RootError("only the root user can make and enter one")
    allowed = subprocess.run([*_ALONE, "--net", "--ipc", "true"], capture_output=True, text=True, check=False)
    if allowed.returncode:
        raise RootError(f"namespaces are not to be had here ({allowed.stderr.strip()})")
    folder.mkdir(parents=True, exist_ok=True)
    root, packed, record = folder / suite, folder / f"{suite}.tar.zst", folder / f"{suite}.json"
    with _locked(folder / f"{suite}.lock"):
        with suppress(OSError, ValueError, RootError):
            recipe, contents = json.loads(record.read_text())
            if recipe == _recipe(suite):
                if _contents(root) != contents:
                    _unpack(packed, root)
                if _contents(root) == contents:
                    return SystemRoot(suite, root)
        record.unlink(missing_ok=True)
        _make(suite, packed)
        _unpack(packed, root)
        record.write_text(json.dumps([_recipe(suite), _contents(root)]))
    return SystemRoot(suite, root)


def _recipe(suite: str) -> str:
    """Return the recipe of a system: one made by another recipe is made anew."""
    return " ".join([suite, *sorted(_packages(suite))])


def _packages(suite: str) -> list[str]:
    if suite == BROWSER:
        return ["chromium", "fonts-dejavu-core"]
    if suite == RAW_DEVELOPER:
        return ["rawtherapee", "exiv2", "procps"]
    if suite == EMULATOR:
        return ["g++", "g++-aarch64-linux-gnu", "qemu-user"]
    if suite == GEGL:
        return ["g++", "libgegl-dev", "pkgconf"]
    if suite == GMIC:
        return ["gmic", "gimp", "gimp-gmic", "python3-pyatspi", *DESKTOP, *AROUND]
    return [*EDITORS, *PYTHON, *DESKTOP, *AROUND, GEXIV2[suite]]


def _contents(root: Path) -> str:
    """Return a digest of the tree, by names and sizes: in a fraction of a second it shows what was lost or cut."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            path = f"{folder}/{name}"
            digest.update(f"{path.removeprefix(str(root))}\0{os.lstat(path).st_size}\n".encode(errors="replace"))
    return digest.hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait for whoever makes the same system at the same time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(suite: str, packed: Path) -> None:
    _install_tool("mmdebstrap")
    _install_tool("zstd")
    partial = packed.with_name(f"{suite}.part.tar.zst")
    make = [*_ALONE, "--mount-proc", "mmdebstrap", "--mode=root", "--variant=apt"]
    make += [f"--include={','.join(_packages(suite))}", *(f"--aptopt={option}" for option in APT_OPTIONS)]
    make += [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("man", "doc", "locale", "help")]
    try:
        done = subprocess.run(
            [*make, DEBIAN.get(suite, suite if suite in SUITES else SUITES[0]), str(partial), _mirror()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=MAKING_TIMEOUT,
            check=False,
        )
        if done.returncode:
            raise RootError(f"mmdebstrap failed: {done.stderr[-2000:]}")
        partial.replace(packed)
    except subprocess.TimeoutExpired as error:
        raise RootError(f"mmdebstrap was not done after {MAKING_TIMEOUT} s") from error
    finally:
        partial.unlink(missing_ok=True)


def _unpack(packed: Path, root: Path) -> None:
    _install_tool("zstd")
    if str(root) + "/" in Path("/proc/self/mounts").read_text():
        raise RootError(f"something is mounted below {root}")
    for stale in (partial := root.with_suffix(".part"), root):
        if stale.exists():
            shutil.rmtree(stale)
    partial.mkdir()
    done = subprocess.run(
        ["tar", "--zstd", "-C", partial, "-xpf", packed, "--exclude=./dev/*"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise RootError(f"{packed} cannot be unpacked: {done.stderr[-500:]}")
    partial.rename(root)


def _install_tool(name: str) -> None:
    """Install a program of a Debian package of the same name, as a machine of the tests alone may well be given one."""
    if shutil.which(name):
        return
    if not shutil.which("apt-get"):
        raise RootError(f"{name} is not installed")
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", name]
    done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        subprocess.run(["apt-get", "update", "-q"], capture_output=True, timeout=300, check=False)
        done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RootError(f"{name} cannot be installed: {done.stderr[-500:]}")


def _mirror() -> str:
    """Return the mirror that apt takes Debian from on this machine."""
    query = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    query += ["Created-By: Packages", "Component: main", "Label: Debian"]
    for attempt in range(2):
        done = subprocess.run(query, capture_output=True, text=True, timeout=60, check=False)
        if mirrors := done.stdout.split():
            return mirrors[0]
        if not attempt:
            # The label is known only once the lists are there.
            subprocess.run(["apt-get", "update", "-q"], capture_output=True, timeout=300, check=False)
    raise RootError("apt has no mirror of Debian")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or SUITES:
        print(make_root(wanted, CACHE / "roots").path)
