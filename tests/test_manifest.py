"""The manifest against its schema, and against what stands beside it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

import sixbit
from sixbit.engines import ENGINES
from sixbit.manifest import data_path, manifest
from sixbit.values.kinds import Grade

SCHEMA = json.loads((Path(sixbit.__file__).parent / "manifest.schema.json").read_text(encoding="utf-8"))


def test_the_manifest_keeps_its_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(manifest(), SCHEMA)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("version", "1"),
        ("engines", ["opencl"]),
        ("grades", {"measured": "yes"}),
        ("presets", {"Web JPEG": {}}),
        ("tags", {}),
        ("colour", "red"),
    ],
)
def test_a_wrong_manifest_is_told(place: str, wrong: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest() | {place: wrong}, SCHEMA)


def test_nothing_of_it_is_written_twice() -> None:
    assert sixbit.__version__ == manifest()["version"]
    assert set(ENGINES) == set(manifest()["engines"])
    assert [*Grade] == [*manifest()["grades"]]
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    assert "project" not in project


def test_data_is_found() -> None:
    assert data_path("lens_db").is_dir()
    assert not data_path("no such thing").exists()
