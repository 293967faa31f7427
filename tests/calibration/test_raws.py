"""Raw files that are no TIFF: what they say of the lens is read, and tags go to a sidecar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sixbit import PhotoError, Status, match, read_shot
from sixbit.lenses.catalogue import catalogue
from sixbit.tags.write import write_lens_tags
from sixbit.values.errors import Code
from tests.scenery.raws import cr3, raf
from tests.scenery.refusals import refused


@pytest.mark.parametrize("build", [cr3, raf])
def test_a_raw_file_is_identified_and_tagged(build: Callable[..., bytes], tmp_path: Path) -> None:
    photo = tmp_path / f"L1.{build.__name__.upper()}"
    photo.write_bytes(build())
    shot = read_shot(photo)
    assert match(shot).lens is catalogue().lenses["summicron-35-asph"]
    assert (shot.focal_mm and shot.focal_mm.value, shot.f_number and shot.f_number.value) == (35, 2.8)
    photo.write_bytes(build("----"))
    assert match(read_shot(photo)).status is Status.UNTAGGED
    before = photo.read_bytes()
    sidecar = write_lens_tags(photo, catalogue().lenses["elmarit-28-iv"])
    assert sidecar == photo.with_name(photo.name + ".xmp")
    assert photo.read_bytes() == before
    found = match(read_shot(photo)).lens
    assert found is not None
    assert found.lens_id == "elmarit-28-iv"


@pytest.mark.parametrize("build", [cr3, raf])
def test_a_damaged_raw_file_is_told(build: Callable[..., bytes], tmp_path: Path) -> None:
    photo = tmp_path / "L1.raw"
    whole = build()
    for end in (20, 60, 120, 170):
        photo.write_bytes(whole[:end])
        with refused(PhotoError, r"L1\.raw: is damaged.*Get it again", Code.DAMAGED):
            read_shot(photo)
