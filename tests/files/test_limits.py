"""The limits on what a file may claim: the docs' table, the bytes that pictures take, and files that go beyond."""

from __future__ import annotations

import io
import itertools
import time
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from sixbit.files import exiv2, jpeg, jxl, limits, png
from sixbit.files.find import find_blocks
from sixbit.files.limits import Limit, most_pixels, table
from sixbit.files.xmp_text import edited, has
from sixbit.values.errors import PhotoError
from tests.scenery import hostile
from tests.scenery.new_formats import jxl as jxl_file

DOCS = Path(__file__).parents[2] / "docs" / "limits.md"
LIMIT = 65_000


def shown(limit: Limit) -> str:
    """A limit as the docs show it."""
    scale, unit = next(
        (size, f"{name}B") for size, name in ((1 << 40, "T"), (1 << 20, "M"), (1, "")) if not limit % size
    )
    number = f"{limit // scale:,}".replace(",", " ") if limit.unit == "bytes" else f"{limit:,}".replace(",", " ")
    return f"| {number} {unit if limit.unit == 'bytes' and scale > 1 else limit.unit} | {limit.says} |"


def test_the_docs_show_the_table() -> None:
    rows = [shown(limit) for limit in table().values()]
    assert [line for line in DOCS.read_text().splitlines() if line.startswith("| ") and line[2].isdigit()] == rows


def test_large_ones_are_allowed_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(limits.LARGE_VARIABLE, raising=False)
    assert (most_pixels(), most_pixels(large=True)) == (limits.PIXELS, limits.LARGE_PIXELS)
    for said, most in (("1", limits.LARGE_PIXELS), ("0", limits.PIXELS), ("", limits.PIXELS)):
        monkeypatch.setenv(limits.LARGE_VARIABLE, said)
        assert most_pixels() == most


def blank_jpegs(size: tuple[int, int]) -> dict[str, bytes]:
    """White and black pictures, which take the fewest bytes, by each encoder and in each of its ways."""
    found = {}
    for mode, white, progressive, optimised, sampling, interval in itertools.product(
        ("L", "RGB"), (0, 255), (False, True), (False, True), (0, 1, 2), (0, 1)
    ):
        file = io.BytesIO()
        how: dict[str, Any] = {"progressive": progressive, "optimize": optimised, "restart_marker_rows": interval}
        how |= {} if mode == "L" else {"subsampling": sampling}
        picture = Image.new(mode, size, white if mode == "L" else (white,) * 3)
        picture.save(file, "JPEG", quality=1, **how)
        found[f"{mode} {white} {how}"] = file.getvalue()
    for chroma in ("444", "422", "420", "411", "440"):
        pixels = np.full((size[1], size[0], 3), 255, np.uint8)
        found[chroma] = bytes(imagecodecs.jpeg8_encode(pixels, 1, subsampling=chroma, optimize=True))
    return found


def test_no_blank_picture_has_too_few_bytes() -> None:
    least = {}
    for name, data in blank_jpegs((1203, 1001)).items():
        frame, scans = jpeg.frame_in(data), jpeg.scans_in(data)
        assert frame is not None
        assert scans.end == len(data)
        least[name] = (scans.end - scans.start) / (frame.blocks * frame.least_bits / 8)
    assert min(least.values()) >= 1, min(least, key=lambda name: least[name])
    assert min(least.values()) < 1.2  # and the bound is near what there is


def test_scans_are_counted_up_to_the_end_of_the_first_picture() -> None:
    data = hostile.jpeg(progressive=True)
    one = jpeg.scans_in(data).number
    assert one == data.count(b"\xff\xda")
    assert jpeg.scans_in(data + hostile.jpeg_of_scans(300)).number == one
    assert jpeg.scans_in(hostile.jpeg_of_scans(300)).number == one + 300


def test_the_texts_of_a_png_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INFLATED", 2_500_000)
    inflate = png.Inflater()
    assert [inflate(hostile.bomb(1)) is None for _ in range(5)] == [False, False, True, True, True]
    packet = hostile.xmp('dc:format="x"')
    text = b"XML:com.adobe.xmp\0\1\0\0\0"

    late = hostile.chunk(b"iTXt", text + hostile.bomb(1)) * 3 + hostile.chunk(b"iTXt", text + zlib.compress(packet))
    assert find_blocks(io.BytesIO(hostile.png(chunks=late))).xmp != packet


def test_the_boxes_of_a_jpeg_xl_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    packet = hostile.xmp('dc:format="x"')
    assert jxl.find(io.BytesIO(jxl_file(xmp=packet, compressed=True))).xmp == packet
    assert jxl.find(io.BytesIO(hostile.jxl_of_bombs(65, 1))).xmp is None
    monkeypatch.setattr(limits, "INFLATED", len(packet) - 1)
    assert jxl.find(io.BytesIO(jxl_file(xmp=packet, compressed=True))).xmp is None


@pytest.mark.parametrize(
    "packet",
    [hostile.xmp_of_history(5_000), hostile.xmp_of_properties(4_000), hostile.xmp_of_properties(3_000, 200)],
    ids=["history", "properties", "long ones"],
)
def test_a_packet_is_split_in_time(packet: bytes) -> None:
    before = time.process_time()
    main, extension = exiv2.split_xmp(packet, LIMIT)
    assert time.process_time() - before < 20  # it took minutes
    assert len(main) <= LIMIT
    assert extension is not None

    def values(data: Any) -> list[tuple[str, str]]:
        return sorted((datum.key(), str(datum.value())) for datum in data)

    together = exiv2.parsed_xmp(exiv2.merged_xmp(main, extension))
    assert values(together) == values(exiv2.parsed_xmp(packet))


def test_the_largest_properties_go_to_the_extension() -> None:
    long = "".join(f"<my:long{k}>{'x' * 40_000}</my:long{k}>" for k in range(3))
    packet = hostile.xmp('dc:format="image/jpeg"', long + "<my:lon>kept</my:lon>")
    main, extension = exiv2.split_xmp(packet, LIMIT)
    assert {datum.key() for datum in exiv2.parsed_xmp(main)} >= {"Xmp.dc.format", "Xmp.my.lon"}
    assert len(list(exiv2.parsed_xmp(extension))) == 2


def test_a_packet_of_too_many_values_is_not_given_to_exiv2(tmp_path: Path) -> None:
    packet = hostile.xmp_of_properties(limits.VALUES + 1, 1)
    with pytest.raises(exiv2.loaded_exiv2().Exiv2Error, match="40000 values"):
        exiv2.parsed_xmp(packet)
    tags = hostile.picture_tags(8, 8) + hostile.strips([8], [64], 8)
    path = tmp_path / "photo.tif"
    for told, is_read in ((packet, False), (hostile.xmp_of_properties(10), True)):
        path.write_bytes(hostile.tiff([*tags, (700, 1, len(told), told), (271, 2, 6, b"Leica\0")], bytes(64)))
        with path.open("rb") as file:
            assert (exiv2.exif_of_tiff(file) is not None) is is_read


def test_elements_without_an_end_take_no_time() -> None:
    opened = "<!--" + "<dc:format>" * 40_000 + "-->"
    before = time.process_time()
    assert not has(hostile.xmp("", opened), "Xmp.dc.format")
    assert time.process_time() - before < 20
    nested = hostile.xmp("", "<dc:format>a<dc:format/></dc:format><dc:format/><dc:title>b</dc:title>")
    assert b"<dc:title>b" in edited(nested, ["Xmp.dc.format"], {})
    assert not has(edited(nested, ["Xmp.dc.format"], {}), "Xmp.dc.format")


def test_what_swig_raises_is_an_error_of_exiv2(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        @staticmethod
        def open(source: bytes) -> Any:
            raise OverflowError("Overflow in addition")

    monkeypatch.setattr(exiv2.loaded_exiv2(), "ImageFactory", Broken)
    assert exiv2.read_by_exiv2(b"FUJIFILMCCD-RAW") == (None, None, (0, 0))


def test_a_sidecar_without_end_is_not_read_whole(tmp_path: Path) -> None:
    from sixbit.lenses.catalogue import catalogue
    from sixbit.tags.read import read_shot
    from sixbit.tags.write import write_lens_tags

    (tmp_path / "photo.webp").write_bytes(hostile.webp())
    with (tmp_path / "photo.webp.xmp").open("wb") as file:
        file.truncate(64 << 30)
    assert read_shot(tmp_path / "photo.webp").width == 48
    with pytest.raises(PhotoError, match="the sidecar is longer than 8 MB"):
        write_lens_tags(tmp_path / "photo.webp", catalogue().lens("summicron-35-asph"))


def test_a_ledger_of_brackets_is_one_that_was_cut_short(tmp_path: Path) -> None:
    from sixbit.export.batch.ledger import Ledger

    (tmp_path / "ledger.jsonl").write_bytes(b"[" * 100_000 + b"\n")
    assert Ledger(tmp_path / "ledger.jsonl").targets == {}
