"""Export presets: what is done to each photo of a batch. Sixbit's own stand in the manifest, the user's in files.

A user's preset is a JSON file in the user's configuration folder; its name is that of the file. The schema of both,
with a word on every field, is ``preset.schema.json``.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.machine import user_config
from sixbit.manifest import manifest
from sixbit.values.errors import SixbitError, photo_name
from sixbit.values.kinds import KINDS, Grade

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

PLACEHOLDERS = ("stem", "lens", "camera", "date", "time", "preset")
"""What a template for file names may hold, in braces."""
PROFILES = ("sRGB", "Adobe RGB")
"""The colour profiles that a preset calls by name."""
DEPTHS = {"JPEG": (8,), "PNG": (8, 16), "TIFF": (8, 16, 32)}
"""Bits a channel that the formats hold."""
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Names of presets: they are names of files, and typed on the command line."""


class PresetError(SixbitError, ValueError):
    """A preset that does not exist or makes no sense; the message says which field, why, and what would be right."""


@dataclass(frozen=True)
class Preset:
    """What is done to a photo; every field is described in ``preset.schema.json``.

    >>> load("web-jpeg").long_side
    2048
    """

    name: str
    label: str
    format: str
    corrections: tuple[str, ...] = KINDS
    strength: Mapping[str, float] = field(default_factory=dict)
    lowest_grade: Grade = Grade.PUBLISHED
    auto_tca: bool = False
    assumed_f_number: float | None = None
    assumed_distance_m: float | None = None
    lens: str | None = None
    ambiguous: str = "skip"
    unknown: str = "skip"
    untagged: str = "skip"
    not_m: str = "skip"
    uncalibrated: str = "skip"
    already_corrected: str = "skip"
    scale: str | float = "fill"
    interpolation: str = "bicubic"
    depth: int | None = None
    quality: int | None = None
    chroma: str | None = None
    profile: str | None = None
    long_side: int | None = None
    sharpening: Mapping[str, float] | None = None
    metadata: str = "keep"
    file_name: str = "{stem}"
    exists: str = "number"

    @property
    def grades(self) -> tuple[Grade, ...]:
        """The grades of calibrations that are used.

        >>> [str(grade) for grade in load("archive").grades]
        ['measured', 'published']
        """
        grades = tuple(Grade)
        return grades[: grades.index(self.lowest_grade) + 1]

    @property
    def suffix(self) -> str:
        """The suffix of the files that are written."""
        return {"JPEG": ".jpg", "TIFF": ".tif", "PNG": ".png"}[self.format]

    def content(self) -> dict[str, Any]:
        """What its file says, every field in the order of the schema: ``Preset.of(name, content)`` makes it again."""
        values = asdict(self)
        values["corrections"], values["lowest_grade"] = list(self.corrections), str(self.lowest_grade)
        return {name: values[name] for name in schema()["properties"]}

    @classmethod
    def of(cls, name: str, content: Mapping[str, Any]) -> Preset:
        """The preset of that name and content; raises PresetError, with a line for everything that is wrong."""
        if wrong := check(content):
            lines = "".join(f"\n  {sentence}" for sentence in wrong)
            raise PresetError(f"The preset {name!r} cannot be used:{lines}")
        return cls._of_valid(name, content)

    @classmethod
    def _of_valid(cls, name: str, content: Mapping[str, Any]) -> Preset:
        values = dict(content)
        if "corrections" in values:
            values["corrections"] = tuple(kind for kind in KINDS if kind in values["corrections"])
        if "lowest_grade" in values:
            values["lowest_grade"] = Grade(values["lowest_grade"])
        return cls(name=name, **values)

    @property
    def digest(self) -> str:
        """A hash of all that decides what a photo becomes; two presets that differ in name and label alone share it."""
        content = self.content()
        del content["label"]
        if "{preset}" in self.file_name:
            content["preset"] = self.name
        if self.profile is not None and self.profile not in PROFILES:
            content["profile"] = _hash(_profile_file(self.profile).read_bytes())
        return _hash(json.dumps(content, sort_keys=True).encode())


def folder() -> Path:
    """Return where the user's presets are; the folder need not exist yet."""
    return user_config() / "presets"


def names() -> list[str]:
    """The names of all presets: Sixbit's own in their order, then the user's.

    >>> names()[:2]
    ['archive', 'full-jpeg']
    """
    own = list(manifest()["presets"])
    return own + [name for name in user_names() if name not in own]


def user_names() -> list[str]:
    """The names of the user's presets, whether they can be used or not."""
    try:
        return sorted(path.stem for path in folder().glob("*.json") if path.is_file())
    except OSError:
        return []


def load(name_or_path: str | Path) -> Preset:
    """A preset by its name, or of a file (a path that ends with ``.json``); raises PresetError.

    A user's preset goes before Sixbit's own of the same name.

    >>> load("web-jpg")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    sixbit.export.presets.PresetError: There is no preset 'web-jpg'; did you mean 'web-jpeg'? ...
    """
    name = str(name_or_path)
    if isinstance(name_or_path, Path) or name.endswith(".json"):
        return _load_file(Path(name_or_path))
    path = folder() / f"{name}.json"
    if NAME.fullmatch(name) and path.is_file():
        return _load_file(path)
    if name in manifest()["presets"]:
        return Preset._of_valid(name, manifest()["presets"][name])
    near = nearest(name, names())
    hint = f"did you mean {near!r}? `sixbit presets` lists them." if near else "`sixbit presets` lists them."
    raise PresetError(f"There is no preset {name!r}; {hint}")


def save(name: str, preset: Preset) -> Path:
    """Write a user's preset, and return its file; one of that name must not exist yet."""
    from sixbit.files.replace import replacing

    if not NAME.fullmatch(name):
        raise PresetError(f"{name!r} is no name for a preset; one is of a-z, 0-9 and hyphens, as 'my-prints'.")
    if name in names():
        raise PresetError(f"There is a preset {name!r} already; choose another name.")
    path = folder() / f"{name}.json"
    with replacing(path, make_folder=True) as file:
        file.write((json.dumps(preset.content(), indent=2, ensure_ascii=False) + "\n").encode())
    return path


def _load_file(path: Path) -> Preset:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PresetError(f"{photo_name(path)}: there is no such preset.") from error
    except OSError as error:
        raise PresetError(f"{photo_name(path)} cannot be read: {error.strerror or error}.") from error
    except json.JSONDecodeError as error:
        raise PresetError(
            f"{photo_name(path)} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise PresetError(f"{photo_name(path)} is not JSON: {error}.") from error
    return Preset.of(path.stem, content)


# What is wrong with a preset ----------------------------------------------------------------------------------------


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of a preset."""
    content: dict[str, Any] = json.loads(Path(__file__).with_name("preset.schema.json").read_text(encoding="utf-8"))
    return content


def check(content: Any) -> list[str]:
    """What is wrong with the content of a preset, a sentence for each: the field, why, and the nearest right value.

    >>> for sentence in check({"label": "Web", "format": "JPG", "qualty": 85}):
    ...     print(sentence)
    `qualty` is no field of a preset; did you mean `quality`?
    `format` is 'JPG'; the nearest right value is 'JPEG' (of 'JPEG', 'TIFF', 'PNG').
    """
    from jsonschema import Draft202012Validator

    found = sorted(Draft202012Validator(schema()).iter_errors(content), key=lambda error: list(map(str, error.path)))
    sentences = [sentence for error in found for sentence in _sentences(error)]
    return sentences or list(_contradictions(content))


def nearest(word: str, known: list[str]) -> str | None:
    """The known word that is most like this one, if any is."""
    close = difflib.get_close_matches(word.casefold(), [one.casefold() for one in known], n=1, cutoff=0.5)
    return next((one for one in known if close and one.casefold() == close[0]), None)


def _sentences(error: ValidationError) -> Iterator[str]:
    """One wrong thing in words."""
    field_name = ".".join(map(str, error.path)) or "the preset"
    value, rule, limit = error.instance, error.validator, error.validator_value
    if rule == "required":
        for name in limit:
            if name not in value:
                yield f"`{name}` is missing{'' if not error.path else f' in `{field_name}`'}."
    elif rule == "additionalProperties":
        known = list(error.schema["properties"])
        for name in value:
            if name not in known:
                near = nearest(name, known)
                hint = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}."
                yield f"`{name}` is no field of {'a preset' if not error.path else f'`{field_name}`'}; {hint}"
    elif rule == "enum":
        yield _told(field_name, value, _nearest_of(value, limit), f" (of {_listed(limit)})")
    elif rule in ("minimum", "maximum"):
        reason = f", {'below' if rule == 'minimum' else 'above'} what it can be"
        yield _told(field_name, value, limit, "", reason)
    elif rule == "anyOf":  # the scale
        yield _told(field_name, value, _nearest_scale(value), " (of 'fill', 'none', and factors from 0.1 to 10)")
    elif rule == "type":
        kinds = limit if isinstance(limit, list) else [limit]
        wanted = " or ".join(_KIND_WORDS[kind] for kind in kinds)
        yield _told(field_name, value, _as_kind(value, kinds), "", f"; it must be {wanted}")
    elif rule == "minItems":
        yield f"`{field_name}` is empty; name at least one of {', '.join(error.schema['items']['enum'])}."
    elif rule == "uniqueItems":
        yield f"`{field_name}` names something twice."
    else:  # lengths of texts
        yield f"`{field_name}` is {_shown(value)}; {error.message}."


_KIND_WORDS = {
    "number": "a number",
    "integer": "a whole number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "fields in braces",
    "null": "null",
}


def _told(field_name: str, value: Any, right: Any, more: str, reason: str = "") -> str:
    """The sentence on a wrong value; there may be no right one that is near."""
    near = "" if right is None else f"; the nearest right value is {_shown(right)}"
    return f"`{field_name}` is {_shown(value)}{reason}{near}{more}."


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _listed(values: list[Any]) -> str:
    return ", ".join(_shown(value) for value in values)


def _nearest_of(value: Any, allowed: list[Any]) -> Any:
    numbers = [number for number in allowed if isinstance(number, int)]
    if numbers and isinstance(value, int | float):
        return min(numbers, key=lambda number: abs(number - value))
    return nearest(str(value), [text for text in allowed if isinstance(text, str)])


def _nearest_scale(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return min(max(value, 0.1), 10)
    number = _as_kind(value, ["number"])
    return number if number is not None else _nearest_of(value, ["fill", "none"])


def _as_kind(value: Any, kinds: list[str]) -> Any:
    """The value as one of another kind, where it says the same: "85" is 85, "yes" is true."""
    if isinstance(value, str) and ("number" in kinds or "integer" in kinds):
        try:
            number = float(value.replace(",", "."))
        except ValueError:
            return None
        if number == int(number):
            return int(number)
        return number if "number" in kinds else round(number)
    if isinstance(value, float) and "integer" in kinds:
        return round(value)
    if isinstance(value, str) and "boolean" in kinds:
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(value.casefold())
    if isinstance(value, str) and "array" in kinds:
        return [value]
    return None


def _contradictions(content: Mapping[str, Any]) -> Iterator[str]:
    """What each field may be, and all of them together may not; the content keeps the schema."""
    kind, depth = content["format"], content.get("depth")
    if depth is not None and depth not in DEPTHS[kind]:
        yield f"`depth` is {depth}; the nearest right value for {kind} is {max(DEPTHS[kind])}."
    for name in ("quality", "chroma"):
        if kind != "JPEG" and content.get(name) is not None:
            yield f"`{name}` is for a JPEG, and `format` is {kind!r}; the right value is null."
    choosing = [name for name in ("ambiguous", "unknown", "untagged", "not_m") if content.get(name) == "choose"]
    lens = content.get("lens")
    if choosing and lens is None:
        yield f"`lens` is missing: `{choosing[0]}` says to choose it; `sixbit lenses` lists the identities."
    if lens is not None:
        from sixbit.lenses.catalogue import catalogue

        known = catalogue().lenses
        if lens not in known:
            near = nearest(lens, list(known))
            yield f"`lens` is {lens!r}, which is no lens; " + (
                f"the nearest right value is {near!r}." if near else "`sixbit lenses` lists them."
            )
    yield from _wrong_template(content.get("file_name", "{stem}"))
    yield from _wrong_profile(content.get("profile"))


def _wrong_template(template: str) -> Iterator[str]:
    allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        yield f"`file_name` is {_shown(template)}, which cannot be read ({error}); use {allowed}."
        return
    for literal, name, layout, conversion in parts:
        if any(character in '/\\:*?"<>|' or not character.isprintable() for character in literal):
            yield f'`file_name` is {_shown(template)}; it names a file, so it cannot hold any of / \\ : * ? " < > |.'
        if name is not None and (name not in PLACEHOLDERS or layout or conversion):
            near = nearest(name, list(PLACEHOLDERS))
            hint = f"the nearest right value is {{{near}}} (of {allowed})" if near else f"use {allowed}"
            yield f"`file_name` is {_shown(template)}, and {{{name}}} is not known; {hint}."
    if not template.strip(" ."):
        yield "`file_name` is empty but for blanks and dots; the nearest right value is '{stem}'."


def _wrong_profile(profile: str | None) -> Iterator[str]:
    if profile is None or profile in PROFILES:
        return
    if Path(profile).suffix.lower() in (".icc", ".icm"):
        if not _profile_file(profile).is_file():
            yield f"`profile` is {_shown(profile)}; there is no such file."
        return
    near = nearest(profile, list(PROFILES))
    right = f"; the nearest right value is {near!r}" if near else ""
    yield f"`profile` is {_shown(profile)}{right} (of {_listed(list(PROFILES))}, and the path of an .icc file)."


def _profile_file(profile: str) -> Path:
    return Path(profile).expanduser()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
