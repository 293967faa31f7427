"""The choices of a correction check themselves, and need no numpy for it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from sixbit.values.choices import USUAL, Choices, with_strength
from sixbit.values.errors import CompileError
from sixbit.values.kinds import KINDS, Grade


def test_what_is_usual() -> None:
    assert dict(USUAL.kinds) == dict.fromkeys(KINDS, 1.0)
    assert USUAL.grades == (Grade.MEASURED, Grade.PUBLISHED)
    assert Choices() == USUAL


def test_order_does_not_matter() -> None:
    one = Choices(kinds={"tca": 0.5, "distortion": 1.0}, grades=(Grade.COMPUTED, Grade.MEASURED))
    other = Choices(kinds={"distortion": 1.0, "tca": 0.5}, grades=(Grade.MEASURED, Grade.COMPUTED))
    assert one == other
    assert list(one.kinds) == ["distortion", "tca"]
    assert one.grades == (Grade.MEASURED, Grade.COMPUTED)


def test_numbers_stay_as_they_were_given() -> None:
    """The JSON of a filter has them, and its hash is of that."""
    chosen = Choices(f_number=8, scale=2)
    assert (repr(chosen.f_number), repr(chosen.scale)) == ("8", "2")


@pytest.mark.parametrize("name", ["crop_factor", "focal_mm", "f_number", "distance_m"])
@pytest.mark.parametrize("wrong", [0, -1.0, float("nan"), float("inf"), 10**400, 1e6, "2", True, [2.0]])
def test_a_setting_is_a_number_above_zero(name: str, wrong: Any) -> None:
    with pytest.raises(CompileError, match=r"`\w+` is a number above zero|A crop factor of \S+ makes no sense"):
        Choices(**{name: wrong})


@pytest.mark.parametrize("crop_factor", [0.09, 101])
def test_no_sensor_has_such_a_crop_factor(crop_factor: float) -> None:
    with pytest.raises(CompileError, match="makes no sense; full frame is 1"):
        Choices(crop_factor=crop_factor)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kinds": {"colour": 1.0}}, "no correction 'colour'; there are distortion, tca, vignetting, shading"),
        ({"kinds": {"tca": 2.01}}, "from 0 to 2; that of tca is 2.01"),
        ({"kinds": {"tca": -0.1}}, "from 0 to 2"),
        ({"kinds": {"tca": float("nan")}}, "from 0 to 2"),
        ({"kinds": {"tca": "half"}}, "that of tca is 'half'"),
        ({"kinds": {"tca": True}}, "that of tca is True"),
        ({"kinds": None}, "with their strengths, as {'tca': 1.0}; this is None"),
        ({"kinds": ["tca"]}, r"with their strengths, as {'tca': 1.0}; this is \['tca'\]"),
        ({"lens": 5}, "`lens` is the identity of a lens, not 5"),
        ({"scale": 0.09}, "`fill`, `none` or a factor from 0.1 to 10, not 0.09"),
        ({"scale": 10.1}, "not 10.1"),
        ({"scale": "wide"}, "not 'wide'"),
        ({"scale": True}, "not True"),
        ({"scale": float("nan")}, "not nan"),
        ({"grades": None}, "`grades` is a list of grades, not None"),
        ({"grades": "measured"}, "`grades` is a list of grades, not 'measured'"),
        ({"grades": ("guessed",)}, "no grade 'guessed'; there are measured, published, computed, single"),
    ],
)
def test_what_makes_no_sense_is_told(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(CompileError, match=said):
        replace(USUAL, **wrong)


@pytest.mark.parametrize("scale", ["fill", "none", 0.1, 10, 1])
def test_scales(scale: str | float) -> None:
    assert Choices(scale=scale).scale == scale


def test_a_strength_is_checked_even_where_its_kind_is_not_wanted() -> None:
    assert with_strength(KINDS[:2], {"tca": 0.5, "shading": 0.0}) == {"distortion": 1.0, "tca": 0.5}
    for wrong in ({"shading": 2.1}, {"colour": 1.0}):
        with pytest.raises(CompileError):
            with_strength(["tca"], wrong)


def test_choices_travel_to_other_processes_and_do_not_change() -> None:
    chosen = Choices(lens="summicron-35-asph", kinds={"tca": 0.5})
    assert pickle.loads(pickle.dumps(chosen)) == chosen
    assert deepcopy(chosen) == chosen
    with pytest.raises(AttributeError):
        chosen.scale = "none"  # type: ignore[misc]
    with pytest.raises(TypeError):
        USUAL.kinds["tca"] = 0.0  # type: ignore[index]


def test_choices_can_be_a_key() -> None:
    same = Choices(kinds={"tca": 0.5, "distortion": 1.0}), Choices(kinds={"distortion": 1.0, "tca": 0.5})
    assert {Choices(): "usual", same[0]: "other"}[same[1]] == "other"
    assert hash(USUAL) == hash(Choices())


def test_what_is_given_goes_before_others_field_by_field() -> None:
    others = Choices(f_number=8.0, scale="none", kinds={"tca": 0.5}, grades=tuple(Grade))
    assert USUAL.over(others) == others
    assert Choices(lens="summicron-35-asph", f_number=4.0).over(others) == replace(
        others, lens="summicron-35-asph", f_number=4.0
    )
    assert Choices(kinds={"distortion": 1.0}).over(others).kinds == {"distortion": 1.0}


def test_no_numpy_is_needed() -> None:
    asked = "import sys, sixbit.values.choices; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout == "False\n"
