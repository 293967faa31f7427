"""What is said and refused of a photo that takes much memory, before it is decoded."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from sixbit.calibration.frames import opening
from sixbit.cli.main import main
from sixbit.export import memory
from sixbit.export.batch import batch
from sixbit.export.correct import correct
from sixbit.export.memory import foretold, needed
from sixbit.export.presets import PLAIN, load
from sixbit.machine import Memory
from sixbit.values.errors import Code, PhotoError
from tests.scenery import batch_photos, hostile
from tests.scenery.refusals import refused

GIGABYTE = 1 << 30


def there(monkeypatch: pytest.MonkeyPatch, total: int, free: int, swap: int = 0) -> None:
    monkeypatch.setattr(memory, "memory", lambda: Memory(total, free, total + swap))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A photo whose header claims 100 MP; nothing is decoded to find out."""
    data = bytearray(batch_photos.png(60, 40, batch_photos.KNOWN))
    struct.pack_into(">II", data, 16, 12_000, 8_000)
    path = tmp_path / "large.png"
    path.write_bytes(data)
    return path


def test_a_photo_that_can_never_fit_is_refused(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    there(monkeypatch, GIGABYTE // 2, GIGABYTE // 2)
    with refused(PhotoError, "takes about .* of memory, and this computer has 0.5 GB with its swap", Code.TOO_LARGE):
        foretold(large)
    with refused(PhotoError, "of memory", Code.TOO_LARGE):
        correct(large, tmp_path / "out.jpg")
    with refused(PhotoError, "of memory", Code.TOO_LARGE):
        opening(large)
    assert main(["calibrate", "lines", str(large), "--dry-run"]) == 1
    assert "use a computer with more memory" in capfd.readouterr().err
    assert not (tmp_path / "out.jpg").exists()


@pytest.mark.parametrize(
    ("side", "large", "words", "code"),
    [
        (1 << 24, False, "more than 1073741824 are never opened", Code.TOO_LARGE),
        (20_000, False, "more than 250000000 are not opened unasked", Code.MANY_PIXELS),
        (20_000, True, "takes about .* of memory", Code.TOO_LARGE),
    ],
)
def test_pixels_that_are_not_decoded_are_no_matter_of_memory(
    side: int, large: bool, words: str, code: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there(monkeypatch, GIGABYTE, GIGABYTE)
    photo = tmp_path / "photo.heic"
    photo.write_bytes(hostile.with_size(hostile.heic(), side, side))
    with refused(PhotoError, words, code):
        foretold(photo, PLAIN, large)
    (failure,) = batch([photo], tmp_path / "out", load("full-jpeg"), large=large, memory=GIGABYTE).failures
    assert re.search(words, failure.message)
    assert failure.codes == (code,)


def test_swap_counts(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch, GIGABYTE // 2, GIGABYTE // 2, swap=8 * GIGABYTE)
    assert "are free: it may take long" in foretold(large)
    assert "large.png, which takes about" in opening(large)


def test_a_word_goes_before_what_takes_more_than_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(batch_photos.jpeg(120, 80, batch_photos.KNOWN))
    words = ["correct", str(photo), "-o", str(tmp_path / "out.jpg")]
    assert main(words) == 0
    assert capfd.readouterr().err == ""
    there(monkeypatch, 8 * GIGABYTE, needed(photo, PLAIN) - 1)
    assert main(words) == 0
    said = capfd.readouterr().err
    assert said.startswith(f"sixbit: {photo}: takes about 0.0 GB of memory, and 0.0 GB are free")
    assert main(["calibrate", "lines", str(photo), "--dry-run"]) == 1
    assert f"sixbit: {photo}: takes about" in capfd.readouterr().err


def test_what_is_no_photo_is_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    assert foretold(tmp_path / "a.jpg") == foretold(tmp_path / "none.jpg") == ""
