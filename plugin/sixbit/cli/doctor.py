"""`sixbit doctor`: what other programs find of Sixbit."""

from __future__ import annotations

import argparse

from sixbit.cli import DONE, SOME_FAILED
from sixbit.cli.install import HOSTS, module_of
from sixbit.cli.ways_out import WAYS_OUT
from sixbit.values.errors import photo_name
from sixbit.values.ways_out import way_out

SUMMARY = "tell what other programs will find of Sixbit, and how to mend what is wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command takes no arguments."""


def run(_options: argparse.Namespace) -> int:
    """Tell each finding, and how to mend what is wrong."""
    findings = [finding for part in ("server", *HOSTS, "readers") for finding in module_of(part).doctor()]
    for finding in findings:
        mark = "WRONG" if not finding.well else "well " if finding.asked else "-    "
        print(f"{mark}  {photo_name(finding.subject)}: {photo_name(finding.message)}")
        if finding.code:
            print(f"       {way_out(finding.code, WAYS_OUT, finding.values)}")
    return DONE if all(finding.well for finding in findings) else SOME_FAILED
