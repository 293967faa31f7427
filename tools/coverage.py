"""The lenses that are calibrated, and those that are not, as a Markdown table: ``python -m tools.coverage``.

``python -m tools.coverage FILE`` puts the table into a file, between the two comments that mark its place.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sixbit.lenses.catalogue import Catalogue, load
from sixbit.manifest import data_path
from sixbit.values.kinds import KINDS, Grade
from sixbit.values.lens import Lens

BEGIN = "<!-- coverage -->"
END = "<!-- /coverage -->"


def coverage(known: Catalogue) -> str:
    """Every lens that has a calibration, the grade of each kind, and how many lenses of each maker have none.

    >>> print(coverage(load(data_path("lens_db"))).splitlines()[0])
    | lens | code | distortion | tca | vignetting |
    """
    kinds = [kind for kind in KINDS if kind != "shading"]
    lines = [f"| lens | code | {' | '.join(kinds)} |", f"|---|---|{'---|' * len(kinds)}"]
    lines += [_row(lens, kinds) for lens in known.lenses.values() if lens.calibrations]
    lines += ["", "| maker | lenses | measured or published | computed or single alone | none |"]
    lines.append("|---|---|---|---|---|")
    for maker in dict.fromkeys(lens.maker for lens in known.lenses.values()):
        lenses = [lens for lens in known.lenses.values() if lens.maker == maker and not lens.is_adapter]
        trusted = sum(bool(lens.best_calibrations()) for lens in lenses)
        unsure = sum(bool(lens.calibrations) for lens in lenses) - trusted
        lines.append(f"| {maker} | {len(lenses)} | {trusted} | {unsure} | {len(lenses) - trusted - unsure} |")
    return "\n".join(lines)


def _row(lens: Lens, kinds: list[str]) -> str:
    grades = {kind: str(calibration.grade) for kind, calibration in lens.best_calibrations(Grade).items()}
    codes = ", ".join(dict.fromkeys(str(code.code) for code in lens.codes))
    return f"| {lens.name} | {codes} | {' | '.join(grades.get(kind, '') for kind in kinds)} |"


def main() -> None:
    """Print the table, or put it into the file that is named."""
    table = coverage(load(data_path("lens_db")))
    if len(sys.argv) < 2:
        print(table)
        return
    page = Path(sys.argv[1])
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        sys.exit(f"{page} has no place for the table: write {BEGIN} and {END} where it belongs.")
    page.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
