"""Plots of lenses: what is drawn, and what is said when nothing can be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sixbit.plots.lens import IMAGE_CIRCLE_MM, LensCurves, plot_lenses
from sixbit.values.errors import Code, SixbitError
from tests.scenery.refusals import refused

HEIGHT = np.linspace(0.01, IMAGE_CIRCLE_MM, 50)
R = HEIGHT / IMAGE_CIRCLE_MM
WHOLE = LensCurves(
    HEIGHT,
    distortion_percent=-1.1 * R**2,
    red_um=4 * R - 7 * R**3,
    blue_um=-6 * R,
    vignetting_stops={2.0: -2 * R**2, 4.0: -(R**2), 2.8: -1.5 * R**2},
    notes=("distortion: measured (lensfun)", "fall-off: published"),
)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that were saved."""
    figures: list[Any] = []
    savefig = Figure.savefig

    def keep(figure: Any, *arguments: Any, **named: Any) -> None:
        figures.append(figure)
        savefig(figure, *arguments, **named)

    monkeypatch.setattr(Figure, "savefig", keep)
    return figures


def texts(figure: Any) -> list[str]:
    own = [text for part in (figure, *figure.subfigs) for text in part.texts]
    return [text.get_text() for text in [*own, *(t for axes in figure.axes for t in axes.texts)]]


def test_whole_lens(tmp_path: Path, drawn: list[Any]) -> None:
    plot_lenses({"Summicron-M 1:2/35 Asph.": WHOLE}, tmp_path / "lens.png", [1.0, 2.64])
    with Image.open(tmp_path / "lens.png") as picture:
        assert picture.size == (1200, 500)
        assert np.asarray(picture).min() < 60
    (figure,) = drawn
    distortion, colour, vignetting = figure.axes
    assert WHOLE.distortion_percent is not None
    assert WHOLE.blue_um is not None
    assert np.array_equal(distortion.lines[0].get_ydata(), WHOLE.distortion_percent)
    assert np.array_equal(colour.lines[1].get_ydata(), WHOLE.blue_um)
    assert vignetting.get_legend_handles_labels()[1] == ["ƒ/2", "ƒ/2.8", "ƒ/4"]
    corners = sorted(line.get_xdata()[0] for line in vignetting.lines if list(line.get_ydata()) == [0, 1])
    assert corners == pytest.approx([8.195, 21.633], abs=1e-3)
    assert {"Summicron-M 1:2/35 Asph.", "crop 1", "crop 2.64"} <= set(texts(figure))
    assert any("distortion: measured (lensfun)" in text for text in texts(figure))
    assert "no calibration" not in texts(figure)


def test_small_values_stay_small(tmp_path: Path, drawn: list[Any]) -> None:
    plot_lenses({"Good": LensCurves(HEIGHT, distortion_percent=0.01 * R)}, tmp_path / "lens.png")
    low, high = drawn[0].axes[0].get_ylim()
    assert low < -0.5
    assert high > 0.5


def test_lenses_that_are_compared_have_one_scale(tmp_path: Path, drawn: list[Any]) -> None:
    lenses = {"Good": LensCurves(HEIGHT, distortion_percent=0.01 * R), "Bad": WHOLE, "None": LensCurves(HEIGHT)}
    plot_lenses(lenses, tmp_path / "lens.png")
    with Image.open(tmp_path / "lens.png") as picture:
        assert picture.size == (1200, 1500)
    assert {"Good", "Bad", "None"} <= set(texts(drawn[0]))
    good, bad = drawn[0].axes[0], drawn[0].axes[3]
    assert good.get_ylim() == bad.get_ylim()
    assert good.get_ylim()[1] - good.get_ylim()[0] >= np.ptp(WHOLE.distortion_percent)


def test_without_calibrations(tmp_path: Path, drawn: list[Any]) -> None:
    plot_lenses({"$\\frac{ $x_": LensCurves(HEIGHT, notes=["$\\bad$"] * 90)}, tmp_path / "lens.png", [1.33, 1.53])
    assert texts(drawn[0]).count("no calibration") == 3


def test_the_same_lens_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        plot_lenses({"Lens": WHOLE}, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_format_that_is_none(tmp_path: Path) -> None:
    with refused(SixbitError, r"another ending, such as \.png", Code.ENDING):
        plot_lenses({"Lens": WHOLE}, tmp_path / "lens.docx")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with refused(SixbitError, "no folder.*Make that folder first", Code.NO_FOLDER):
        plot_lenses({"Lens": WHOLE}, tmp_path / "none" / "lens.png")


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with refused(SixbitError, r"matplotlib.*pip install 'sixbit\[plot\]'", Code.MISSING_PART):
        plot_lenses({"Lens": WHOLE}, tmp_path / "lens.png")
