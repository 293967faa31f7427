"""Frames of a calibration: what was read is not read again where one of them is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sixbit.calibration.frames import read_frames, remembering
from sixbit.measure.frame import DecodedFrame
from sixbit.values.errors import PhotoError
from sixbit.values.watch import Progress


def test_frames_are_read_once_within_one_memory(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.fromarray(np.full((80, 120, 3), 128, np.uint8)).save(good)
    bad.write_bytes(b"no photo")
    measured: list[str] = []

    def measure(frame: DecodedFrame, _progress: Progress) -> int:
        measured.append(frame.name)
        return 7

    memory: dict[object, object] = {}
    with remembering(memory):
        with pytest.raises(PhotoError):
            read_frames([good, bad], measure)
        assert read_frames([good], measure).measured == (7,)
        assert measured == ["good.png"]
        Image.fromarray(np.full((80, 160, 3), 128, np.uint8)).save(good)  # another photo by this name
        assert read_frames([good], measure).sizes == ((160, 80),)
    assert read_frames([good], measure).measured == (7,)
    assert measured == ["good.png"] * 3
