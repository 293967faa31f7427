"""A short share of `python -m benchmarks.gimp_sequences`: actions in random order leave image, undo and marks right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.scenery.gimp import GimpHome
from tests.scenery.gimp_sequences import faults_of
from tests.scenery.root import SUITES, system_root

SEEDS = range(1000, 1006)


def test_random_sequences(tmp_path: Path) -> None:
    """With a window, and undo, in the newer version; without one in the older."""
    homes = {suite: GimpHome(system_root(suite), tmp_path / suite) for suite in SUITES}
    for home in homes.values():
        home.take_operation()

    def told(suite: str) -> list[str]:
        return [fault for _seed, fault in faults_of(homes[suite], SEEDS, window=suite == SUITES[-1])]

    with ThreadPoolExecutor() as pool:
        for faults in pool.map(told, SUITES):
            assert faults == [""] * len(SEEDS), "\n".join(faults)
