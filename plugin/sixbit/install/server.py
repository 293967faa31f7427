"""How plug-ins start the server, and whether that works.

What an editor is given stands in a ``server.json`` beside the plug-in: ``command``, ``python`` and ``version``.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import warnings
from typing import Any

from sixbit.install.placed import Finding
from sixbit.manifest import data_path, manifest
from sixbit.values.errors import CatalogueError, Code, UserFileWarning

PATIENCE = 30
"""Seconds that the server has to say its version."""


def server_settings(flatpak: bool) -> dict[str, Any]:
    """Return how to start the server; a Flatpak's sandbox has neither this Python nor its libraries."""
    command = [sys.executable, "-P", "-m", "sixbit"]
    outside = ["flatpak-spawn", "--host"] if flatpak else []
    return {"command": [*outside, *command], "python": sys.executable, "version": manifest()["version"]}


def why_not_running(python: str) -> str:
    """Say why an interpreter does not start the server; empty if it does."""
    # As the plug-in starts it: what is set for this Python is not for that one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            [python, "-P", "-m", "sixbit", "--version"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{python}: {getattr(error, 'strerror', None) or 'it does not answer'}"
    said = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else f"{python}: {said[-1] if said else 'it fails without a word'}"


def doctor() -> list[Finding]:
    """Look at what plug-ins will find behind ``server.json``: Python, the kernel, the lenses."""
    version, python = manifest()["version"], ".".join(map(str, sys.version_info[:3]))
    findings = [Finding("Sixbit", True, f"{version} in Python {python}, {sys.executable}")]
    if importlib.util.find_spec("sixbit.engines._kernel"):
        findings.append(Finding("kernel", True, "the native kernel is there"))
    else:
        slow = "the native kernel was not built: corrections take longer"
        findings.append(Finding("kernel", False, slow, Code.NO_KERNEL))
    return [*findings, *_database()]


def _database() -> list[Finding]:
    """Look at the lenses, and name the files of the user's that cannot be read."""
    from sixbit.lenses.catalogue import load, own_folder

    with warnings.catch_warnings(record=True) as passed_over:
        warnings.simplefilter("always")
        try:
            known = load(data_path("lens_db"), own_folder())
        except CatalogueError as error:
            return [Finding("database", False, str(error), error.code)]
    lenses = known.lenses.values()
    calibrated = sum(bool(lens.calibrations) for lens in lenses)
    findings = [Finding("database", True, f"{len(lenses)} lenses, {calibrated} with calibrations")]
    for one in passed_over:
        if isinstance(one.message, UserFileWarning):
            findings.append(Finding("database", False, str(one.message), one.message.error.code))
    return findings
