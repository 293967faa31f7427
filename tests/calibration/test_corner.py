"""The fall-off that a manual's figure tells, from the command line to the filter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sixbit.calibration.corner import keep_corner
from sixbit.calibration.frames import Setting
from sixbit.calibration.keep import add, runs
from sixbit.cli.main import main
from sixbit.compiler.compile import compile_filter
from sixbit.lenses.catalogue import catalogue, reload_catalogue
from sixbit.measure.corner import fall_off
from sixbit.values.choices import Choices
from sixbit.values.errors import Code, SixbitError
from sixbit.values.kinds import Grade
from sixbit.values.lens import Model

LENS = "super-elmar-18"


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    reload_catalogue()
    yield
    reload_catalogue()


def gain_in_corner(f_number: float, crop_factor: float = 1.0) -> float:
    choices = Choices(crop_factor=crop_factor, f_number=f_number, kinds={"vignetting": 1.0}, scale="none")
    return float(compile_filter(LENS, choices=choices, size=(601, 401)).gains([[0.0, 0.0]])[1, 0])


def test_a_figure_is_used_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "corner", "2", "--lens", LENS, "--aperture", "3.8"]) == 0
    assert "2 stops in the corner, the shape that of other lenses" in capsys.readouterr().out
    assert gain_in_corner(3.8) == pytest.approx(4, rel=1e-3)
    assert {one.grade for one in catalogue().lenses[LENS].calibrations} == {Grade.PUBLISHED}
    assert main(["calibrate", "corner", "1", "--lens", LENS, "--aperture", "f/8"]) == 0
    assert gain_in_corner(8) == pytest.approx(2, rel=1e-3)
    assert gain_in_corner(3.8) == pytest.approx(4, rel=1e-3)


def test_a_flat_goes_before_a_figure() -> None:
    lens = catalogue().lenses[LENS]
    add(Setting(lens, 1.0, 18.0, f_number=3.8), "1 flat frame", vignetting=Model("pa", (-0.5, 0.0, 0.0)))
    keep_corner(3.0, Choices(lens=LENS, f_number=3.8))
    assert gain_in_corner(3.8) == pytest.approx(2, rel=1e-3)


def test_the_corner_may_be_of_a_smaller_frame() -> None:
    (run,) = [keep_corner(1.0, Choices(lens=LENS, f_number=3.8, crop_factor=1.5))]
    assert run.crop_factor == 1.5
    assert gain_in_corner(3.8, 1.5) == pytest.approx(2, rel=1e-3)
    assert gain_in_corner(3.8) == 1.0


def test_one_stop_down_a_fast_lens_has_another_shape() -> None:
    """At three quarters of the half diagonal."""

    def light(f_number: float) -> float:
        k1, k2, k3 = fall_off(2.0, f_number, 1.4).terms
        return 1 + k1 * 0.75**2 + k2 * 0.75**4 + k3 * 0.75**6

    assert light(2.0) > 1.15 * light(1.4)


@pytest.mark.parametrize(
    ("stops", "choices", "code"),
    [
        (2.0, Choices(lens=LENS), Code.APERTURE),
        (2.0, Choices(lens=LENS, f_number=2.0), Code.APERTURE),
        (9.0, Choices(lens=LENS, f_number=4.0), Code.ARGUMENT),
        (2.0, Choices(lens="tri-elmar-16-18-21", f_number=4.0), Code.FOCAL_LENGTH),
        (2.0, Choices(lens="no-lens", f_number=4.0), Code.NO_SUCH_LENS),
    ],
)
def test_a_figure_that_cannot_be_is_refused(stops: float, choices: Choices, code: Code) -> None:
    with pytest.raises(SixbitError) as refused:
        keep_corner(stops, choices)
    assert refused.value.code is code
    assert runs() == ()


def test_the_command_line_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "corner", "9", "--lens", LENS, "--aperture", "4"]) == 1
    assert "No lens is known to lose 9 stops" in capsys.readouterr().err
