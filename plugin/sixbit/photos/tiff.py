"""TIFF: pixels by tifffile, in the number of bits they have; Exif at the head of the file, where its offsets hold."""

from __future__ import annotations

import logging
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sixbit.files import bigtiff, tiff
from sixbit.files.exiv2 import exif_of_tiff
from sixbit.files.photoshop import iptc_of, resources_of, without_iptc
from sixbit.photos.colour import SRGB, curve_of_table, of_exif, of_icc
from sixbit.photos.metadata import Metadata
from sixbit.photos.photo import Photo
from sixbit.photos.resolution import is_well_told
from sixbit.photos.stale import NO_CREDENTIALS
from sixbit.photos.tiff_segments import JPEGS, check_segments
from sixbit.values.errors import Code, PhotoError
from sixbit.values.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tifffile import TiffPage

_WHITE_IS_ZERO = 0
_BLACK_IS_ZERO = 1
_RGB = 2
_PALETTE = 3
_YCBCR = 6
_CFA = 32803
_LINEAR_RAW = 34892
_REDUCED = 1
_COEFFICIENTS, _SUBSAMPLING, _REFERENCES = 529, 530, 532
_KEPT_COMPRESSIONS = {1: None, 5: "lzw", 8: "zlib", 32946: "zlib", 32773: "packbits", 34925: "lzma", 50000: "zstd"}
_TILE, _USUAL_TILE = 16, 1024
"""Sides of tiles are multiples of the one (TIFF 6.0, section 15), and may be the other of any picture."""
_LARGEST_CLASSIC = 4_200_000_000


@dataclass(frozen=True)
class TiffEncoding:
    """How a TIFF was made, as tifffile names it."""

    compression: str | None = "zlib"
    predictor: bool = True
    tile: tuple[int, int] | None = None
    alpha: int = 2
    """TIFF 6.0 ExtraSamples: 0 unspecified, 1 premultiplied, 2 alpha."""
    separate: bool = False


def read(path: Path, file: BinaryIO, most: int) -> Photo:
    """Decode the first page of a TIFF, of ``most`` pixels at most.

    What is not grey or RGB in whole or floating numbers is refused.
    """
    import numpy as np
    import tifffile

    # What it has to say of a broken file is in the error, or does not matter.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        with tifffile.TiffFile(file) as container:
            page = container.pages.first
            notes: list[str] = []
            _check(path, page)
            check_segments(path, file, page, most)
            pixels = page.asarray()
            if pixels.shape != page.shape:
                raise ValueError("it does not say how its pixels are stored")
            pixels, alpha = _arranged(path, page, pixels, notes)
            if container.pages.is_multipage and not int(container.pages[1].aspage().subfiletype) & _REDUCED:
                notes.append(Sentence("only the first page was corrected; the others were left out"))
            if page.tags.valueof(tiff.SUB_IFDS):
                notes.append(
                    Sentence("previews in directories of their own (SubIFDs), which are not corrected, were left out")
                )
            grey = page.photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO)
            encoding = _encoding(page, alpha, notes)
            tags = {number: page.tags.valueof(number) for number in (tiff.XMP, tiff.IPTC, tiff.RESOURCES, tiff.LAYERS)}
            if tiff.CREDENTIALS in page.tags:
                notes.append(NO_CREDENTIALS)
            icc, curve = _bytes(page.iccprofile), page.tags.valueof(tiff.TRANSFER_FUNCTION)
            is_big = container.is_bigtiff
    except (ValueError, struct.error, OSError, RuntimeError, LookupError, TypeError, ArithmeticError) as error:
        raise PhotoError(
            Sentence("the TIFF is damaged or cut short ({error}).", error=error), Code.DAMAGED, subject=path
        ) from error
    if tags[tiff.LAYERS] is not None:
        notes.append(Sentence("Photoshop layers, which show the uncorrected picture, were left out"))
    resources = _bytes(tags[tiff.RESOURCES]) or b""
    iptc = _bytes(tags[tiff.IPTC])
    if iptc is not None:  # where the standard wants it; what Photoshop keeps in its resources is a copy
        resources = without_iptc(resources) + resources_of(iptc)
    exif = _exif_of_bigtiff(file) if is_big else exif_of_tiff(file)
    if exif is None:
        notes.append(Sentence("its Exif data cannot be read and was left out"))
    metadata = Metadata(exif, _bytes(tags[tiff.XMP]), resources)
    steps = np.ravel(curve).tolist() if isinstance(curve, tuple | np.ndarray) else ()
    colour = of_icc(icc) or of_exif(exif, steps) or SRGB
    if steps and icc is None and curve_of_table(steps) is None:
        notes.append(Sentence("its TransferFunction, whose channels differ or do not rise, was left out"))
    return Photo(path, "TIFF", pixels, colour, metadata, encoding, grey=grey, notes=tuple(notes))


def _exif_of_bigtiff(file: BinaryIO) -> bytes | None:
    try:
        return bigtiff.classic(file, tiff.PICTURE_TAGS)
    except tiff.StructureError:
        return None


def _bytes(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    # IPTC is often called LONG by its writers, in the byte order of the file; as bytes or words it is a tuple.
    numbers = value if isinstance(value, tuple) else (value,)
    if not numbers or not all(isinstance(number, int) and 0 <= number < 1 << 32 for number in numbers):
        return None  # of no type that it could have
    return bytes(numbers) if max(numbers) < 256 else struct.pack(f"<{len(numbers)}I", *numbers)


def _check(path: Path, page: TiffPage) -> None:
    if tiff.DNG_VERSION in page.tags or page.photometric in (_CFA, _LINEAR_RAW):
        raise PhotoError("is a raw file.", Code.RAW, subject=path)
    if page.subfiletype & _REDUCED:
        raise PhotoError("begins with a preview, as raw files do.", Code.RAW, subject=path)
    if page.photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR):
        kind = getattr(page.photometric, "name", page.photometric)
        raise PhotoError(Sentence("its colours are stored as {kind}.", kind=str(kind)), Code.FORMAT, subject=path)
    if _is_ycbcr(page) and page.tags.valueof(_SUBSAMPLING, (2, 2)) not in ((1, 1), [1, 1]):
        raise PhotoError("stores its colours subsampled (YCbCr), and not as a JPEG.", Code.FORMAT, subject=path)
    if page.axes not in ("YX", "YXS", "SYX"):
        raise PhotoError(
            Sentence("is a stack of pictures ({axes}), not a photo.", axes=page.axes), Code.FORMAT, subject=path
        )


def _arranged(path: Path, page: TiffPage, pixels: NDArray[Any], notes: list[str]) -> tuple[NDArray[Any], int]:
    """Pixels as (height, width) or (height, width, 3 or 4), full range; and what the fourth channel is."""
    import numpy as np

    if page.axes == "SYX":
        pixels = np.ascontiguousarray(np.moveaxis(pixels, 0, 2))
    if page.photometric == _PALETTE and page.colormap is not None:
        pixels = (page.colormap.T >> 8).astype(np.uint8)[pixels]
        notes.append(Sentence("its palette became RGB"))
    else:
        pixels = _full_range(path, pixels, page.bitspersample, notes)
    if _is_ycbcr(page):
        pixels = _rgb_of_ycbcr(path, page, pixels)
        notes.append(Sentence("YCbCr became RGB"))
    if page.photometric == _WHITE_IS_ZERO:
        pixels = pixels.copy()
        light = pixels[..., 0] if pixels.ndim == 3 else pixels  # and no alpha behind it
        np.subtract(1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max, light, out=light)
        notes.append(Sentence("white is zero became black is zero"))
    colours = 3 if page.photometric in (_RGB, _PALETTE, _YCBCR) else 1
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if channels < colours:
        raise PhotoError(
            Sentence("is said to be RGB and has {channels} channels.", channels=channels), Code.DAMAGED, subject=path
        )
    if channels > colours + 1:
        notes.append(Sentence("{count} further channels were left out", count=channels - colours - 1))
    if channels > colours:
        if colours == 1:
            pixels = pixels[:, :, [0, 0, 0, 1]]
        pixels = np.ascontiguousarray(pixels[:, :, :4])
    return pixels, int(page.extrasamples[0]) if page.extrasamples else 2


def _full_range(path: Path, pixels: NDArray[Any], bits: int, notes: list[str]) -> NDArray[Any]:
    import numpy as np

    kind = pixels.dtype
    if kind.kind == "f":
        if kind.itemsize != 4:
            notes.append(Sentence("{bits}-bit floating point became 32-bit", bits=kind.itemsize * 8))
        return np.ascontiguousarray(pixels, np.float32)
    if kind.kind == "b" or (kind.kind == "u" and bits < 8):
        notes.append(Sentence("{bits} bits became 8", bits=bits))
        return (pixels.astype(np.uint16) * 255 // ((1 << bits) - 1)).astype(np.uint8)
    if kind == np.uint16 and bits < 16:
        notes.append(Sentence("{bits} bits became 16", bits=bits))
        return (pixels << (16 - bits)) | (pixels >> (2 * bits - 16))
    if kind not in (np.uint8, np.uint16):
        why = Sentence(
            "holds {bits}-bit numbers ({kind}); 8 and 16 bits and floating point are read.", bits=bits, kind=str(kind)
        )
        raise PhotoError(why, Code.FORMAT, subject=path)
    return pixels.astype(kind.newbyteorder("="), copy=False)


def _is_ycbcr(page: TiffPage) -> bool:
    """True if luma and chroma come out of its decoder."""
    return page.photometric == _YCBCR and int(page.compression) not in JPEGS


def _rgb_of_ycbcr(path: Path, page: TiffPage, pixels: NDArray[Any]) -> NDArray[Any]:
    """Luma and chroma as RGB, by the coefficients and references that the file states (TIFF 6.0, section 21)."""
    import numpy as np

    if pixels.ndim != 3 or pixels.shape[2] < 3:
        raise PhotoError("is said to be YCbCr, and has no three channels.", Code.DAMAGED, subject=path)
    if pixels.dtype != np.uint8:
        raise PhotoError("stores its colours as YCbCr in more than 8 bits.", Code.FORMAT, subject=path)
    red, green, blue = _numbers(page, _COEFFICIENTS, [0.299, 0.587, 0.114])
    references = np.array(_numbers(page, _REFERENCES, [0, 255, 128, 255, 128, 255]), np.float32)
    black, white = references[::2], references[1::2]
    if green <= 0 or (white <= black).any():
        raise PhotoError("does not say what its YCbCr values mean.", Code.DAMAGED, subject=path)
    scale = np.array([255, 127, 127], np.float32) / (white - black)
    result = pixels.copy()
    for row in result:  # a row at a time, for the memory it takes
        luma, of_blue, of_red = ((row[:, :3] - black) * scale).T
        made = [luma + (2 - 2 * red) * of_red, luma, luma + (2 - 2 * blue) * of_blue]
        made[1] = (luma - red * made[0] - blue * made[2]) / green
        row[:, :3] = np.rint(np.clip(np.stack(made, axis=1), 0, 255))
    return result


def _numbers(page: TiffPage, tag: int, default: list[float]) -> list[float]:
    """Rational numbers of a tag: pairs of whole ones, as tifffile has them."""
    told = page.tags.valueof(tag)
    if told is None:
        return default
    if len(told) != 2 * len(default) or 0 in told[1::2]:
        raise ValueError("the numbers of its YCbCr values are broken")
    return [above / below for above, below in zip(told[::2], told[1::2], strict=True)]


def _encoding(page: TiffPage, alpha: int, notes: list[str]) -> TiffEncoding:
    compression = int(page.compression)
    if compression not in _KEPT_COMPRESSIONS:
        notes.append(
            Sentence(
                "compression {name} became lossless Deflate", name=str(getattr(page.compression, "name", compression))
            )
        )
    tile = (page.tilelength, page.tilewidth) if page.is_tiled else None
    if tile and (any(side % _TILE for side in tile) or max(tile) > max(_USUAL_TILE, *page.shape)):
        tile = None  # none that is written
    return TiffEncoding(
        _KEPT_COMPRESSIONS.get(compression, "zlib"), page.predictor != 1, tile, alpha, page.axes == "SYX"
    )


def write(file: BinaryIO, photo: Photo, pixels: NDArray[Any], metadata: Metadata) -> list[str]:
    """Encode pixels as a TIFF, compressed as the source if that is one, else by Deflate."""
    import numpy as np
    import tifffile

    notes: list[str] = []
    encoding = photo.encoding if isinstance(photo.encoding, TiffEncoding) else TiffEncoding()
    exif = metadata.exif or tiff.EMPTY
    big = pixels.nbytes > _LARGEST_CLASSIC
    head = None if big else _head(exif)
    if head is not None:
        file.write(head)
        file.seek(0)
    else:
        why = Sentence("a TIFF of this size cannot hold it") if big else Sentence("it is broken")
        notes.append(Sentence("its Exif data was left out: {why}", why=why))
    parts = (
        (tiff.XMP, tiff.BYTE, metadata.xmp),
        (tiff.IPTC, tiff.UNDEFINED, iptc_of(metadata.resources)),
        (tiff.RESOURCES, tiff.UNDEFINED, without_iptc(metadata.resources)),
    )
    colour = pixels.ndim == 3 and pixels.shape[2] >= 3
    alpha = pixels.ndim == 3 and pixels.shape[2] in (2, 4)
    # It complains of the empty structure that it is given to fill.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with tifffile.TiffWriter(file, append=head is not None, bigtiff=big) as writer:
        writer.write(
            np.moveaxis(pixels, 2, 0) if encoding.separate and colour else pixels,
            photometric="rgb" if colour else "minisblack",
            planarconfig=("separate" if encoding.separate else "contig") if colour else None,
            extrasamples=[encoding.alpha] if alpha else None,
            compression=encoding.compression,
            predictor=encoding.predictor and encoding.compression in ("lzw", "zlib", "zstd", "lzma"),
            tile=encoding.tile,
            iccprofile=photo.profile,
            extratags=[(tag, kind, len(data), data, True) for tag, kind, data in parts if data],
            metadata=None,
            software=False,
        )
    if head is not None:
        notes += _adopt(file, exif)
    return notes


def _head(exif: bytes) -> bytes | None:
    """The Exif block as the beginning of a TIFF that has no directory yet; None if it is broken."""
    try:
        tiff.Structure(exif).first()
    except tiff.StructureError:
        return None
    return exif[:4] + b"\0\0\0\0" + exif[8:] + b"\0" * (len(exif) % 2)


def _adopt(file: BinaryIO, exif: bytes) -> list[str]:
    """Give the directory of the pixels the entries of the Exif block, whose offsets hold in the file as they are.

    A resolution that is no number would make the whole file unreadable for some programs: a note tells of it.
    """
    entries = [entry for entry in tiff.Structure(exif).first() if entry.tag not in tiff.PICTURE_TAGS]
    adopted = [entry for entry in entries if is_well_told(entry)]
    tiff.Structure(file).put_first(adopted)
    return [] if adopted == entries else [Sentence("its resolution, which is not told in numbers, was left out")]
