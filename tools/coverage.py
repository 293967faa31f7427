"""The lenses that are calibrated, and those that are not, as Markdown tables: ``python -m tools.coverage``.

``python -m tools.coverage FILE`` puts them into a file, each between the two comments that mark its place there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sixbit.lenses.catalogue import Catalogue, load
from sixbit.manifest import data_path
from sixbit.values.kinds import KINDS, Grade
from sixbit.values.lens import Lens


def coverage(known: Catalogue) -> str:
    """Every lens that has a calibration, with the grade of each kind.

    >>> print(coverage(load(data_path("lens_db"))).splitlines()[0])
    | lens | code | distortion | tca | vignetting |
    """
    kinds = [kind for kind in KINDS if kind != "shading"]
    lines = [f"| lens | code | {' | '.join(kinds)} |", f"|---|---|{'---|' * len(kinds)}"]
    return "\n".join([*lines, *(_row(lens, kinds) for lens in known.lenses.values() if lens.calibrations)])


def makers(known: Catalogue) -> str:
    """How many lenses of each maker have a calibration, and how good a one.

    >>> print(makers(load(data_path("lens_db"))).splitlines()[0])
    | maker | lenses | measured or published | computed or single alone | none |
    """
    lines = ["| maker | lenses | measured or published | computed or single alone | none |", "|---|---|---|---|---|"]
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
    """Print the tables, or put them into the file that is named."""
    known = load(data_path("lens_db"))
    tables = {"coverage": coverage(known), "makers": makers(known)}
    if len(sys.argv) < 2:
        print(*tables.values(), sep="\n\n")
        return
    page = Path(sys.argv[1])
    text = page.read_text(encoding="utf-8")
    places = [name for name in tables if f"<!-- {name} -->" in text and f"<!-- /{name} -->" in text]
    if not places:
        marks = " or ".join(f"<!-- {name} --> and <!-- /{name} -->" for name in tables)
        sys.exit(f"{page} has no place for a table: write {marks} where it belongs.")
    for name in places:
        head, _, rest = text.partition(f"<!-- {name} -->")
        text = f"{head}<!-- {name} -->\n{tables[name]}\n<!-- /{name} -->{rest.partition(f'<!-- /{name} -->')[2]}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
