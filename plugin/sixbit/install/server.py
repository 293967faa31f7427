"""How plug-ins start the server, and whether that works.

What an editor is given stands in a ``server.json`` beside the plug-in: ``command``, ``python`` and ``version``.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import Any

from sixbit.install.placed import Finding
from sixbit.manifest import manifest
from sixbit.values.errors import Code

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
    from sixbit.lenses.catalogue import catalogue
    from sixbit.values.errors import CatalogueError

    try:
        known = catalogue().lenses.values()
        calibrated = sum(bool(lens.calibrations) for lens in known)
        findings.append(Finding("database", True, f"{len(known)} lenses, {calibrated} with calibrations"))
    except CatalogueError as error:
        findings.append(Finding("database", False, str(error), error.code))
    return findings
