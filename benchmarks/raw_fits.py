"""How far the opcodes of every calibrated lens are from its filter, at two crops and two apertures.

python -m benchmarks.raw_fits
"""

from __future__ import annotations

import time

import numpy as np

from tests.scenery.opcode_fits import Case, Error, cases, error_of, wanted_of


def main() -> None:
    """Print the distribution of the errors, and the worst lenses."""
    start = time.process_time()
    found: list[tuple[Case, Error]] = []
    refused: list[str] = []
    for case in cases():
        if (wanted := wanted_of(case)) is not None:
            try:
                found.append((case, error_of(wanted)))
            except Exception as error:
                refused.append(f"{case}: {error}")
    print(f"{len(found)} cases of {len({case.lens_id for case, _ in found})} lenses, {len(refused)} refused")
    print("\n".join(refused))
    for name in ("full_px", "even_px", "light"):
        values = np.array([getattr(error, name) for _, error in found])
        median, tenth, most = np.percentile(values, [50, 90, 100])
        worst = found[int(values.argmax())][0]
        print(f"{name:8s} median {median:.6f}, p90 {tenth:.6f}, max {most:.6f} ({worst})")
    told = max(abs(error.even_px - error.told_px) for _, error in found)
    loud = sorted({case.lens_id for case, error in found if error.told_px > 0.5})
    print(f"the error told of the four terms is within {told:.4f} px; above 0.5 px: {', '.join(loud)}")
    maps = sorted({(case.lens_id, case.f_number) for case, error in found if error.maps})
    print(f"fall-off by gain maps: {', '.join(f'{lens} at f/{n:g}' for lens, n in maps)}")
    print(f"{(time.process_time() - start) / max(len(found), 1):.3f} s of processor a case")


if __name__ == "__main__":
    main()
