"""`sixbit doctor`: what other programs find of Sixbit."""

from __future__ import annotations

import argparse

from sixbit.cli import DONE, SOME_FAILED

SUMMARY = "tell what other programs will find of Sixbit, and how to mend what is wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    # It takes none.


def run(_options: argparse.Namespace) -> int:
    """Tell each finding, and the mend."""
    from sixbit.install.darktable import doctor_darktable
    from sixbit.install.gimp import doctor_gimp
    from sixbit.install.lensfun import doctor_lensfun
    from sixbit.install.server import doctor_server

    findings = [*doctor_server(), *doctor_gimp(), *doctor_darktable(), *doctor_lensfun()]
    for finding in findings:
        print(f"{'well ' if finding.well else 'WRONG'}  {finding.subject}: {finding.message}")
        if finding.mend:
            print(f"       {finding.mend}")
    return DONE if all(finding.well for finding in findings) else SOME_FAILED
