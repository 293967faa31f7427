"""The frames a calibration is made from: decoded to linear light, and how the lens was set when they were taken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.calibration.keep import Setting
from sixbit.export.correct import lens_of
from sixbit.files.tiff_read import BoundedFile, read_ifd
from sixbit.lenses.aperture import aperture_of
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.match import crop_factor_of
from sixbit.measure.frame import DecodedFrame
from sixbit.tags.read import opened, read_shot
from sixbit.values.errors import CalibrationError, PhotoError, photo_name
from sixbit.values.kinds import SPOKEN
from sixbit.values.shot import Shot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


RAW_SUFFIXES = frozenset({".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl"})
_DNG_VERSION = 0xC612


def open_frame(path: str | Path) -> DecodedFrame:
    """Decode a JPEG, TIFF, PNG, HEIC or raw frame. Raises PhotoError, naming it and the way out."""
    path = Path(path)
    shot = read_shot(path)
    if _is_raw(path):
        return _open_raw(path, shot)
    from sixbit.photos.decode import decode

    photo = decode(path)
    pixels = photo.pixels[:, :, :3] if photo.alpha else photo.pixels
    return DecodedFrame(path, shot, pixels, photo.transfer, is_jpeg=photo.format == "JPEG")


def check_untouched(shots: Sequence[Shot]) -> None:
    """Refuse frames whose marks claim that something of the lens is corrected already."""
    for shot in shots:
        if shot.already_corrected:
            done = ", ".join(SPOKEN[kind] for kind in shot.already_corrected)
            marks = ", ".join(mark.tag for mark in shot.marks)
            raise CalibrationError(
                f"{photo_name(shot.path or '')}: {done} is corrected already ({marks}), so the lens cannot be seen in "
                "it; take the frame as it left the camera."
            )


def setting_of(
    shots: Sequence[Shot],
    sizes: Sequence[tuple[int, int]],
    lens_id: str | None = None,
    *,
    crop_factor: float | None = None,
    focal_mm: float | None = None,
    f_number: float | None = None,
    distance_m: float | None = None,
) -> Setting:
    """How the lens was set in all of these frames: from their tags, where it is not given.

    ``sizes`` are their widths and heights in px. Raises CalibrationError if they differ in camera, aperture or shape,
    or if the crop factor is not known; PhotoError if the lens is not.
    """
    lens = lens_of(shots[0], lens_id)[0]
    said = {(s.make.value if s.make else "", s.model.value if s.model else "") for s in shots}
    if len(said) > 1:
        names = " and ".join(sorted(" ".join(body).strip() or "none" for body in said))
        raise CalibrationError(f"These frames come from different cameras ({names}); give those of one.")
    make, model = said.pop()
    body = catalogue().body_for(make, model)
    ratios = [max(size) / max(min(size), 1) for size in sizes]
    if max(ratios) / min(ratios) > 1.01:
        raise CalibrationError("These frames differ in shape; give frames of the whole sensor.")
    if crop_factor is None:
        told = crop_factor_of(shots[0], body)
        if told is None:
            raise CalibrationError("The sensor of this camera is not known; say its crop factor with --crop.")
        crop_factor = told.value * shots[0].digital_zoom
    apertures = {round(a, 2) for s in shots if (a := aperture_of(lens, s, f_number, body).f_number)}
    if len(apertures) > 1:
        listed = " and ".join(f"f/{a:g}" for a in sorted(apertures))
        raise CalibrationError(f"These frames were taken at {listed}; calibrate one aperture after the other.")
    if f_number is not None and f_number < 0.9 * lens.f_number_open:
        raise CalibrationError(f"{lens.name} opens to f/{lens.f_number_open:g} at most, so not to f/{f_number:g}.")
    focal = lens.focal_min
    if lens.focal_min != lens.focal_max:
        tagged = shots[0].focal_mm
        focal = focal_mm or (tagged.value if tagged else 0.0)
        if not 0.95 * lens.focal_min <= focal <= 1.05 * lens.focal_max:
            raise CalibrationError(f"{lens.name} has several focal lengths; say which it was with --focal MM.")
    tagged = shots[0].distance_m
    return Setting(
        lens=lens,
        crop_factor=float(crop_factor),
        focal_mm=float(focal),
        aspect_ratio=ratios[0],
        f_number=apertures.pop() if apertures else None,
        distance_m=distance_m or (tagged.value if tagged else None),
        make=make,
        model=model,
    )


def _is_raw(path: Path) -> bool:
    """By its suffix, or by the tag that every DNG has."""
    if path.suffix.lower() in RAW_SUFFIXES:
        return True
    with opened(path) as file:
        head = file.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None:
            return False
        at = int.from_bytes(head[4:], "little" if order == "<" else "big")
        return _DNG_VERSION in read_ifd(BoundedFile(file), at, order)


def _open_raw(path: Path, shot: Shot) -> DecodedFrame:
    try:
        import rawpy
    except ImportError as error:
        raise PhotoError(
            f"{photo_name(path)}: raw files need rawpy: pip install 'sixbit[calibrate]'; or give a TIFF."
        ) from error
    from sixbit.values.light import linear

    try:
        with rawpy.imread(str(path)) as raw:
            pixels = raw.postprocess(
                half_size=True,
                gamma=(1, 1),
                no_auto_bright=True,
                adjust_maximum_thr=0.0,  # white stays the camera's white, however bright the brightest pixel is
                output_bps=16,
                user_wb=[1, 1, 1, 1],
                output_color=rawpy.ColorSpace.raw,
                user_flip=0,
            )
            matrix = _to_srgb(raw.rgb_xyz_matrix)
            grey = raw.num_colors == 1
    except (rawpy.LibRawError, ValueError, OSError) as error:
        said = error.args[0] if error.args else error  # rawpy hands LibRaw's words on as bytes
        why = said.decode(errors="replace") if isinstance(said, bytes) else said
        raise PhotoError(
            f"{photo_name(path)}: LibRaw cannot decode it ({why}); copy it again from where it came, or give a TIFF "
            "made from it."
        ) from error
    # A sensor without colours comes as one plane, or as three that are alike.
    return DecodedFrame(path, shot, pixels[:, :, 0] if grey else pixels, linear(), None if grey else matrix)


def _to_srgb(xyz_to_camera: NDArray[Any]) -> NDArray[np.float64] | None:
    """From white-balanced camera colours to linear sRGB, as dcraw has it (``cam_xyz_coeff``); None if not known."""
    import numpy as np

    # IEC 61966-2-1:1999, section 5.2: linear sRGB to XYZ.
    srgb_to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]],
    )
    to_camera = np.asarray(xyz_to_camera, np.float64)[:3, :3] @ srgb_to_xyz
    whites = to_camera.sum(axis=1, keepdims=True)
    if np.any(whites <= 0):
        return None
    inverse: NDArray[np.float64] = np.linalg.inv(to_camera / whites)
    return inverse
