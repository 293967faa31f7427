"""Files that are damaged in thousands of ways, and all that once failed: nothing ends Sixbit, or is left behind."""

from __future__ import annotations

from random import Random

from tests.scenery.fuzz.corpus import CORPUS
from tests.scenery.fuzz.mutate import mutated
from tests.scenery.fuzz.run import outcomes
from tests.scenery.fuzz.seeds import SEEDS, whole

CASES, SEED = 2000, 1


def _faults(cases: list[str]) -> list[str]:
    done = list(outcomes(cases, SEED))
    assert {outcome.case for outcome in done} == {*cases}
    return [f"{outcome.case} ({outcome.file}): {outcome.fault}" for outcome in done if outcome.fault]


def test_whole_files_and_all_that_once_failed() -> None:
    assert not _faults([f"whole {seed.name}" for seed in SEEDS] + [f"corpus {name}" for name in CORPUS])


def test_files_that_are_damaged_at_random() -> None:
    assert not _faults([str(number) for number in range(CASES)])


def test_a_process_that_dies_is_a_fault_of_its_case() -> None:
    """``python -m benchmarks.fuzz`` goes on behind it."""
    done = {outcome.case: outcome for outcome in outcomes(["0", "die", "1"], SEED, processes=1)}
    assert done.keys() == {"0", "die", "1"}
    assert "ended with -11" in done["die"].fault
    assert "Fatal Python error" in done["die"].fault
    assert not done["0"].fault


def test_the_same_numbers_do_the_same_damage() -> None:
    for seed in SEEDS:
        made = [mutated(whole(seed), whole(SEEDS[0]), Random("7 1")) for _ in range(2)]
        assert made[0] == made[1]
        assert any(mutated(whole(seed), whole(SEEDS[0]), Random(f"7 {k}")) != whole(seed) for k in range(20))
