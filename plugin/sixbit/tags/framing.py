"""The frame of a picture by its tags: what was cut out of it, and what else was done to its shape.

Properties as Camera Raw, digiKam, darktable, Hugin, Leica's perspective control and phones write them; those of Camera
Raw are a recipe only, unless ``crs:AlreadyApplied`` says that these pixels were made by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sixbit.files.xmp import Packet
from sixbit.tags.programs import digikam_filters, is_applied, is_true, setting
from sixbit.tags.source import Source, fraction
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Crop, Tagged

CROPPED, STRAIGHTENED, STITCHED = Sentence("cropped"), Sentence("straightened"), Sentence("stitched")
TILTED, BENT, FRAMED = Sentence("changed in perspective"), Sentence("bent"), Sentence("given a border")

DARKTABLE = {
    "ashift": TILTED,
    "borders": FRAMED,
    "clipping": CROPPED,
    "crop": CROPPED,
    "enlargecanvas": FRAMED,
    "liquify": BENT,
    "rotatepixels": STRAIGHTENED,
    "scalepixels": BENT,
}
"""The modules of darktable after which the picture's centre, or its geometry, is not the lens's any more."""

_DIGIKAM = {
    "digikam:RatioCrop": CROPPED,
    "digikam:ratioCrop": CROPPED,
    "transform:crop": CROPPED,
    "digikam:FreeRotationFilter": STRAIGHTENED,
    "digikam:PerspectiveAdjustment": TILTED,
    "digikam:ShearFilter": TILTED,
    "digikam:DistortionFXFilter": BENT,
    "digikam:ContentAwareFilter": BENT,
    "digikam:BorderFilter": FRAMED,
}
"""The filters of digiKam that do (``core/libs/dimg/filters``), as ``digiKam:ImageHistory`` names them."""

_CAMERA_RAW = {
    **dict.fromkeys(("PerspectiveVertical", "PerspectiveHorizontal", "PerspectiveUpright"), (TILTED, 0)),
    **dict.fromkeys(("PerspectiveAspect", "PerspectiveX", "PerspectiveY"), (TILTED, 0)),
    "PerspectiveScale": (TILTED, 100),
    "PerspectiveRotate": (STRAIGHTENED, 0),
    "LensManualDistortionAmount": (BENT, 0),
}
"""Settings of Camera Raw that reshape a picture, with the value at which they do not."""

_EDITOR = (
    r"(?i)adobe photoshop(?! lightroom)|affinity|acdsee|capture one|darktable|digikam|dxo|gimp|imagemagick|irfanview"
    r"|luminar|on1|paint|pixelmator|rawtherapee|snapseed|xnview"
)
"""Programs that crop, by the Software of Exif. Lightroom, which says where it cropped, is none of them."""
_PANORAMA = 6
"""EXIF CustomRendered, as Apple's phones write it of a panorama."""


def crop_in(properties: Mapping[str, str]) -> Tagged[Crop] | None:
    """Find the crop that Camera Raw has made, if it was made straight.

    >>> edges = {"crs:CropLeft": "0.5", "crs:CropTop": "0", "crs:CropRight": "1", "crs:CropBottom": "0.5"}
    >>> crop_in({"crs:AlreadyApplied": "True", "crs:HasCrop": "True", **edges}).value.left
    0.5
    """
    if not _is_cropped(properties) or setting(properties, "CropAngle"):
        return None
    whole = {"Left": "0", "Top": "0", "Right": "1", "Bottom": "1"}
    if not any(f"crs:Crop{side}" in properties for side in whole):
        return None
    edges = [fraction(properties.get(f"crs:Crop{side}", at_border)) for side, at_border in whole.items()]
    crop = Crop(*edges)
    inside = 0 <= crop.left < crop.right <= 1 and 0 <= crop.top < crop.bottom <= 1  # false for NaN, too
    return Tagged(crop, "XMP crs:HasCrop") if inside else None


def reshaping_in(packet: Packet, exif: Source) -> tuple[Tagged[str], ...]:
    """Find what was done to the shape of a picture, other than a crop that is told whole.

    >>> reshaping_in(Packet({"GPano:ProjectionType": "equirectangular"}), Source({}))
    (Tagged(value='stitched', tag='XMP GPano:ProjectionType'),)
    """
    properties = packet.properties
    found = [*_by_camera_raw(properties), *_by_others(properties)]
    for module in sorted(packet.darktable_modules & DARKTABLE.keys()):
        found.append(Tagged(DARKTABLE[module], f"XMP darktable:history, {module}"))
    for name in dict.fromkeys(name for name, _ in digikam_filters(properties)):
        if name in _DIGIKAM:
            found.append(Tagged(_DIGIKAM[name], f"XMP digiKam:ImageHistory, {name}"))
    software = exif.text("Software")
    if software and software.value.startswith("Hugin"):
        found.append(Tagged(STITCHED, software.tag))
    rendered = exif.numbers("CustomRendered")
    if rendered and rendered.value[:1] == (_PANORAMA,):
        found.append(Tagged(STITCHED, rendered.tag))
    return tuple(found)


def editor_in(exif: Source) -> Tagged[str] | None:
    """Find the program that saved a picture, if it is one in which people crop.

    >>> editor_in(Source({"Image Software": "GIMP 2.10.36"})).value
    'GIMP 2.10.36'
    """
    software = exif.text("Software")
    return software if software and re.match(_EDITOR, software.value) else None


def taken_size(exif: Source) -> Tagged[tuple[int, int]] | None:
    """Find the width and height in px that Exif gives the picture."""
    for across, down in (("ExifImageWidth", "ExifImageLength"), ("PixelXDimension", "PixelYDimension")):
        width, height = exif.numbers(across), exif.numbers(down)
        if width and height and width.value and height.value and min(width.value[0], height.value[0]) >= 1:
            return Tagged((int(width.value[0]), int(height.value[0])), width.tag)
    return None


def _by_camera_raw(properties: Mapping[str, str]) -> Iterator[Tagged[str]]:
    if not is_applied(properties):
        return
    if _is_cropped(properties) and crop_in(properties) is None:
        is_straight = not setting(properties, "CropAngle")
        yield Tagged(CROPPED if is_straight else STRAIGHTENED, "XMP crs:HasCrop")
    for name, (deed, idle) in _CAMERA_RAW.items():
        if setting(properties, name, idle) != idle:
            yield Tagged(deed, f"XMP crs:{name}")


def _by_others(properties: Mapping[str, str]) -> Iterator[Tagged[str]]:
    stitched = (name for name in properties if name.startswith(("GPano:", "panorama:")))
    if first := min(stitched, default=None):
        yield Tagged(STITCHED, f"XMP {first}")
    if is_true(properties.get("aux:IsMergedPanorama")):
        yield Tagged(STITCHED, "XMP aux:IsMergedPanorama")
    if is_true(properties.get("xmpDSA:CorrectionAlreadyApplied")):
        yield Tagged(TILTED, "XMP xmpDSA:CorrectionAlreadyApplied")
    if any(name.startswith("aas:Crop") for name in properties):
        yield Tagged(CROPPED, "XMP aas:CropW")


def _is_cropped(properties: Mapping[str, str]) -> bool:
    return is_applied(properties) and is_true(properties.get("crs:HasCrop"))
