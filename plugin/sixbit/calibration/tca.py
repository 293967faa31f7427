"""Lateral colour of a lens from sharp photos: measured in each (:mod:`sixbit.measure.tca`), and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sixbit.calibration.keep import Setting, add
from sixbit.lenses.own import Run
from sixbit.measure.displacement import sharp_blocks
from sixbit.measure.tca import MeasuredTca, fit_tca
from sixbit.photos.jpeg import has_halved_chroma
from sixbit.values.errors import CalibrationError
from sixbit.values.watch import Progress, silent


@dataclass(frozen=True, eq=False)
class TcaResult:
    """Lateral colour of a lens, with how it was set and the photos that it was found in."""

    setting: Setting
    photos: tuple[str, ...]
    found: MeasuredTca

    @property
    def verdict(self) -> tuple[str, ...]:
        """What was found, in words."""
        return self.found.verdict


def measure_tca(
    paths: Sequence[str | Path],
    lens: str | None = None,
    *,
    crop_factor: float | None = None,
    focal_mm: float | None = None,
    f_number: float | None = None,
    progress: Progress = silent,
) -> TcaResult:
    """Measure the lateral colour of a lens from sharp photos that it took.

    ``lens`` is its identity, where the photos do not say it; so are the rest. Raises CalibrationError, with the reason,
    if the photos have not enough edges, or no colour, or are corrected already; PhotoError for files that are no
    photos. Nothing is kept: see :func:`keep`.
    """
    from sixbit.calibration.frames import check_untouched, open_frame, setting_of

    if not paths:
        raise CalibrationError("Give at least one sharp photo with edges all over it.")
    shots, sizes, names, blocks = [], [], [], []
    for number, path in enumerate(paths):
        progress(number / len(paths) * 0.6, f"reading {Path(path).name}")
        frame = open_frame(path)
        if "tca" in frame.shot.already_corrected:
            check_untouched([frame.shot])
        if frame.pixels.ndim < 3 or frame.pixels.shape[2] < 3:
            raise CalibrationError(f"{frame.name}: has no colours, so no lateral colour can be seen in it.")
        shots.append(frame.shot)
        sizes.append(frame.size)
        names.append(frame.name)

        def told(share: float, step: str, number: int = number) -> None:
            progress((number + share) / len(paths) * 0.6, step)

        halved = has_halved_chroma(path)
        blocks.append(sharp_blocks(frame.pixels, frame.transfer, halved_chroma=halved, progress=told))
        del frame
    setting = setting_of(shots, sizes, lens, crop_factor=crop_factor, focal_mm=focal_mm, f_number=f_number)

    def fitting(share: float, step: str) -> None:
        progress(0.6 + 0.4 * share, step)

    try:
        found = fit_tca(blocks, setting.aspect_ratio, fitting)
    except CalibrationError as error:
        raise CalibrationError(
            f"{names[0] if len(names) == 1 else 'These photos'}: {error}. Take a sharp photo with strong edges out to "
            "the corners, such as a front with windows or bare branches against the sky."
        ) from error
    return TcaResult(setting, tuple(names), found)


def keep(result: TcaResult) -> Run:
    """Keep a result in the user's database, for every program."""
    count = len(result.photos)
    source = f"edges of {count} photo{'s' if count > 1 else ''}"
    return add(result.setting, source, tca=result.found.model)
