"""What a filter must be for an engine to apply it, whoever made it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sixbit.values.errors import FilterError
from sixbit.values.filter import FARTHEST, LARGEST_SIDE, MOST_COEFFICIENTS, MOST_NODES, Filter

WELL: dict[str, Any] = {"width": 100, "height": 80, "centre": (49.5, 39.5), "half_diagonal": 64.0}
BENT = (1.0, 0.0, 0.05)
NAN, INF = float("nan"), float("inf")

WRONG: list[tuple[str, Any]] = [
    *(("warp", (BENT,) * count) for count in (0, 2, 4, 7)),
    *(("gain", (BENT,) * count) for count in (0, 2, 9)),
    *((name, value) for name in ("warp", "gain") for value in (((),), (BENT, (), BENT), ((NAN,),), ((1.0, -INF),))),
    *((name, ((0.5,) * (MOST_COEFFICIENTS + 1),)) for name in ("warp", "gain")),
    *(
        ("gain_map", np.ones(shape))
        for shape in ((4, 4), (2, 4, 4), (4, 4, 4), (3, 0, 4), (1, 1, MOST_NODES + 1), (3,))
    ),
    ("gain_map", np.full((1, 2, 2), NAN)),
    ("gain_map", np.ones((1, 2, 2), complex)),
    *(("half_diagonal", value) for value in (0.0, -1.0, 1e-300, NAN, INF, 2 * FARTHEST, "64", None)),
    *((name, value) for name in ("width", "height") for value in (0, -1, 100.0, True, LARGEST_SIDE + 1, "100")),
    *(
        (name, value)
        for name in ("centre", "source_centre")
        for value in ((1.0,), (1.0, 2.0, 3.0), (NAN, 1.0), (INF, 1.0), (1.0, "2"), (2 * FARTHEST, 0.0), 7.0)
    ),
    ("error_px", NAN),
    ("error_gain", "0"),
    ("made_from", ["lens"]),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_no_engine_can_apply_is_refused_when_it_is_made(name: str, value: Any) -> None:
    with pytest.raises(FilterError, match=name):
        Filter(**(WELL | {name: value}))


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_and_when_it_is_read(name: str, value: Any) -> None:
    said = json.loads(Filter(**WELL).to_json())
    said[name] = value.tolist() if isinstance(value, np.ndarray) and value.dtype != complex else value
    if isinstance(said[name], np.ndarray):
        said[name] = "complex"
    with pytest.raises(FilterError):
        Filter.from_json(json.dumps(said))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"text"', "[" * 100_000, '{"sixbit_filter": 1}', "\N{BYTE ORDER MARK}{}"]
    + [Filter(**WELL).to_json().replace("64.0", number) for number in ("1e999", "1" * 400, "1" * 5000, "null", "[]")]
    + [Filter(**WELL).to_json().replace('"warp"', '"gain": [["x"]], "warp"'), Filter(**WELL).to_json()[:-9]],
)
def test_texts_that_are_no_filter(text: str) -> None:
    with pytest.raises(FilterError):
        Filter.from_json(text)


def test_files_that_are_no_filter(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "binary.json", tmp_path, tmp_path / "missing.json"):
        with pytest.raises(FilterError, match="cannot be read"):
            Filter.load(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in its folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "filter.json")
    with pytest.raises(FilterError, match="a pipe"):
        Filter.load(tmp_path / "filter.json")


def test_everything_that_the_compiler_writes_is_taken(tmp_path: Path) -> None:
    most = tuple([1.0] + [0.0] * (MOST_COEFFICIENTS - 1))
    for changes in (
        {},
        {"warp": (most,), "gain": (BENT, most, BENT)},
        {"gain_map": np.ones((3, 65, 97)), "source_centre": (-400.0, 1e6), "half_diagonal": 2**-0.5},
        {"width": 1, "height": 1, "centre": (0.0, 0.0)},
        {"centre": (49, 39), "made_from": {"lens": "x"}},
    ):
        made = Filter(**(WELL | changes))
        made.save(tmp_path / "filter.json")
        assert Filter.load(tmp_path / "filter.json") == made
