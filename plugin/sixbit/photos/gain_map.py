"""HDR gain maps: small pictures behind a JPEG that say how much brighter each place of it is on a screen that can.

A map is stretched over the whole picture, across and down each by itself, and its Exif data does not turn it (Android,
"Ultra HDR Image Format v1.1"). So what moves the picture moves the map alike, at its own size. It holds ratios of
light: a gain of the picture leaves them as they are. What says what they mean stays as the camera wrote it: metadata by
ISO 21496-1, XMP in Adobe's namespace hdrgm, or Apple's, each as far as it was there.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sixbit.engines import apply
from sixbit.files.exiv2 import erase, loaded_exiv2, parsed_xmp, xmp_packet
from sixbit.photos.pixels import fitted
from sixbit.values.polynomial import UNITY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sixbit.values.filter import Filter

    Pixels = NDArray[np.uint8]

ADOBE, APPLE = "Xmp.hdrgm.", "Xmp.HDRGainMap."
MEANING = (ADOBE, APPLE, "Xmp.apdi.")
"""How exiv2 calls the properties that say what a map means."""
DIRECTORY = "Xmp.Container.Directory"
"""The list of the pictures and films behind a picture, in its XMP."""

_ANNOUNCEMENT = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"
 xmlns:Container="http://ns.google.com/photos/1.0/container/"
 xmlns:Item="http://ns.google.com/photos/1.0/container/item/">
<rdf:Description rdf:about="" hdrgm:Version="1.0"><Container:Directory><rdf:Seq>
<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li>
<rdf:li rdf:parseType="Resource">
<Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg" Item:Length="{length}"/></rdf:li>
</rdf:Seq></Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>"""
"""The XMP of a picture that tells of the map behind it ("Ultra HDR Image Format", GContainer)."""


@dataclass(frozen=True, eq=False)
class GainMap:
    """A gain map and all that says what it means. ``pixels`` is (height, width) or (height, width, 3)."""

    pixels: Pixels
    xmp: bytes | None = None
    iso: bytes | None = None
    """The metadata of ISO 21496-1 (annex C.2), without the name of its segment."""
    icc: bytes | None = None
    """The colours in which the gain is meant, where the metadata says so."""
    encoding: Any = None
    """How its JPEG was made."""

    @property
    def needs_maker_note(self) -> bool:
        """True for a map of Apple's first kind: how bright it goes stands in the maker note of its picture."""
        return self.iso is None and not {ADOBE + "GainMapMax", APPLE + "HDRGainMapHeadroom"} & _texts(self.xmp).keys()

    def moved(self, filter: Filter, interpolation: str, engine: str = "auto", threads: int | None = None) -> GainMap:
        """The map of the picture that a filter corrects: moved as its green, in code values, without a gain.

        What comes from outside of the picture gets no gain either.
        """
        import numpy as np

        from sixbit.values.light import linear

        green = replace(filter.green, gain=(UNITY,), gain_map=None)
        pixels = _in_proportion(self.pixels, filter.width, filter.height)
        height, width = pixels.shape[:2]
        own = green.reduced(width, height, filter.width / width, filter.height / height)

        def warped(part: Pixels) -> Pixels:
            return apply(own, part, engine, interpolation=interpolation, transfer=linear(), threads=threads)

        result = warped(pixels)
        outside = warped(np.full((height, width), 255, np.uint8)) == 0
        if outside.any():
            result[outside] = self.without_gain()
        return replace(self, pixels=result)

    def without_gain(self) -> Pixels:
        """The code values that change nothing: one for all channels, or one each ("Ultra HDR Image Format", encoding).

        >>> import numpy as np
        >>> by_iso = struct.pack(">HHB4I10i", 0, 0, 0, 0, 1, 3, 1, -1, 1, 3, 1, 1, 2, 0, 1, 0, 1)  # gamma 1/2
        >>> GainMap(np.zeros((2, 2), np.uint8), iso=by_iso).without_gain().tolist()
        [128]
        """
        import numpy as np

        with suppress(ValueError, struct.error, ZeroDivisionError):
            gains = _gains_by_iso(self.iso) if self.iso is not None else _gains_by_xmp(self.xmp)
            least, largest, gamma = np.array(gains, np.float64).T
            share = np.clip(-least / np.maximum(largest - least, 1e-6), 0, 1)
            codes: Pixels = np.rint(255 * share ** np.clip(gamma, 0.01, 100)).astype(np.uint8)
            return codes[: 1 if self.pixels.ndim == 2 else 3]
        return np.zeros(1, np.uint8)


def is_gain_map(xmp: bytes | None, iso: bytes | None) -> bool:
    """True if a picture says of itself that it is one; what others say of it does not count."""
    return iso is not None or bool({ADOBE + "GainMapMax", APPLE + "HDRGainMapVersion"} & _texts(xmp).keys())


def announced(xmp: bytes | None, gain_map: GainMap, length: int) -> bytes | None:
    """The XMP of a picture with what it has to say of the map behind it, a JPEG of so many bytes; raises Exiv2Error.

    Only Adobe's convention wants it said.
    """
    if ADOBE + "GainMapMax" not in _texts(gain_map.xmp):
        return xmp
    data = parsed_xmp(xmp)
    erase(data, (ADOBE, DIRECTORY))
    for datum in parsed_xmp(_ANNOUNCEMENT.format(length=length).encode()):
        data.add(datum)
    return xmp_packet(data)


def _texts(xmp: bytes | None) -> dict[str, str]:
    """The properties of a packet by exiv2's names, lists with commas; none of one that cannot be read."""
    try:
        return {datum.key(): str(datum.value()) for datum in parsed_xmp(xmp)}
    except loaded_exiv2().Exiv2Error:
        return {}


def _in_proportion(pixels: Pixels, width: int, height: int) -> Pixels:
    """A map in the proportions of the picture of this size, which nearly all have.

    A filter counts radii, which are none in a map that is stretched by much more across than down.
    """
    import numpy as np
    from PIL import Image

    rows, columns = pixels.shape[:2]
    if abs(width * rows / (height * columns) - 1) < 0.01:
        return pixels
    size = fitted(width, height, max(rows, columns))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _gains_by_xmp(xmp: bytes | None) -> list[tuple[float, float, float]]:
    """The least and the largest gain in stops, and the gamma, of each channel or of all, as Adobe's XMP says."""
    said = _texts(xmp)
    columns = []
    for name, default in (("GainMapMin", "0"), ("GainMapMax", "1"), ("Gamma", "1")):
        column = [float(text) for text in said.get(ADOBE + name, default).split(",")]
        columns.append(column * 3 if len(column) == 1 else column)
    return list(zip(*columns, strict=True))


def _gains_by_iso(data: bytes) -> list[tuple[float, float, float]]:
    """Read the least and the largest gain, and the gamma, as ISO 21496-1 says (annex C.2): in fractions.

    By its draft, which phones write too, they are numerators of one denominator (flag 0x08).
    """
    flags = data[4]
    channels = 3 if flags & 0x80 else 1
    gains = []
    for channel in range(channels):
        if flags & 0x08:
            (below,) = struct.unpack_from(">I", data, 5)
            above = struct.unpack_from(">iiI", data, 17 + 20 * channel)
            low, high, gamma = (number / below for number in above)
        else:
            parts = struct.unpack_from(">iIiIII", data, 21 + 40 * channel)
            low, high, gamma = (parts[k] / parts[k + 1] for k in (0, 2, 4))
        gains.append((low, high, gamma))
    return gains
