"""Export presets say what is done to each photo of a batch. Sixbit's own stand in the manifest, the user's in files.

A user's preset is a JSON file in the user's configuration folder; its name is that of the file. The schema of both,
with a word on every field, is ``preset.schema.json``.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixbit.files.parts import content_of
from sixbit.files.reading import of_library, reading
from sixbit.machine import user_config
from sixbit.manifest import manifest
from sixbit.values.choices import Choices, read_number, with_strength
from sixbit.values.errors import Code, PresetError
from sixbit.values.kinds import KINDS, Grade
from sixbit.values.sentence import Sentence, all_of, in_a_row

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

PLACEHOLDERS = ("stem", "lens", "camera", "date", "time", "preset")
"""The words that a template for file names may hold in braces."""
PROFILES = ("sRGB", "Adobe RGB")
"""The colour profiles that a preset calls by name."""
FORBIDDEN = '/\\:*?"<>|'
"""Characters that no file name has on every system."""
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Names of presets: they are names of files, and typed on the command line."""


@cache
def schema() -> dict[str, Any]:
    """Return the JSON schema of a preset, with the kinds, grades and interpolations that Sixbit has.

    >>> schema()["properties"]["format"]["enum"]
    ['JPEG', 'TIFF', 'PNG']
    """
    content: dict[str, Any] = json.loads(Path(__file__).with_name("preset.schema.json").read_text(encoding="utf-8"))
    known = {"kind": KINDS, "grade": tuple(Grade), "interpolation": manifest()["interpolations"]}
    content["$defs"] = {name: {"enum": [str(one) for one in words]} for name, words in known.items()}
    content["properties"]["corrections"]["default"] = list(KINDS)
    return content


def _values(content: Mapping[str, Any]) -> dict[str, Any]:
    """Convert what a file says of some fields into the values of a Preset."""
    values = dict(content)
    if "corrections" in values:
        values["corrections"] = tuple(kind for kind in KINDS if kind in values["corrections"])
    if "lowest_grade" in values:
        values["lowest_grade"] = Grade(values["lowest_grade"])
    return values


_DEFAULT = _values({name: rule["default"] for name, rule in schema()["properties"].items() if "default" in rule})


@dataclass(frozen=True)
class Preset:
    """Says what is done to a photo; every field is described in ``preset.schema.json``.

    >>> load("web-jpeg").long_side
    2048
    """

    name: str
    label: str
    format: str
    corrections: tuple[str, ...] = _DEFAULT["corrections"]
    strength: Mapping[str, float] = field(default_factory=dict)
    lowest_grade: Grade = _DEFAULT["lowest_grade"]
    auto_tca: bool = _DEFAULT["auto_tca"]
    assumed_f_number: float | None = _DEFAULT["assumed_f_number"]
    assumed_distance_m: float | None = _DEFAULT["assumed_distance_m"]
    lens: str | None = _DEFAULT["lens"]
    ambiguous: str = _DEFAULT["ambiguous"]
    unknown: str = _DEFAULT["unknown"]
    untagged: str = _DEFAULT["untagged"]
    not_m: str = _DEFAULT["not_m"]
    uncalibrated: str = _DEFAULT["uncalibrated"]
    already_corrected: str = _DEFAULT["already_corrected"]
    reshaped: str = _DEFAULT["reshaped"]
    compensated: str = _DEFAULT["compensated"]
    scale: str | float = _DEFAULT["scale"]
    interpolation: str = _DEFAULT["interpolation"]
    depth: int | None = _DEFAULT["depth"]
    quality: int | None = _DEFAULT["quality"]
    chroma: str | None = _DEFAULT["chroma"]
    profile: str | None = _DEFAULT["profile"]
    long_side: int | None = _DEFAULT["long_side"]
    sharpening: Mapping[str, float] | None = _DEFAULT["sharpening"]
    metadata: str = _DEFAULT["metadata"]
    file_name: str = _DEFAULT["file_name"]
    exists: str = _DEFAULT["exists"]
    raw_settings: str = _DEFAULT["raw_settings"]

    @property
    def choices(self) -> Choices:
        """Return what it says of a correction; its lens is for those photos only that it says to choose one for.

        >>> [str(grade) for grade in load("archive").choices.grades]
        ['measured', 'published']
        """
        grades = tuple(Grade)
        return Choices(
            kinds=with_strength(self.corrections, self.strength),
            scale=self.scale,
            grades=grades[: grades.index(self.lowest_grade) + 1],
            compensated=self.compensated,
        )

    @property
    def suffix(self) -> str:
        """Return the suffix of the files that are written."""
        return {"JPEG": ".jpg", "TIFF": ".tif", "PNG": ".png"}[self.format]

    def content(self) -> dict[str, Any]:
        """Return what its file says, with every field: ``Preset.of(name, content)`` makes it again."""
        values = asdict(self)
        values["corrections"], values["lowest_grade"] = list(self.corrections), str(self.lowest_grade)
        return {name: values[name] for name in schema()["properties"]}

    @classmethod
    def of(cls, name: str, content: Mapping[str, Any]) -> Preset:
        """Make a preset of a file's content. Raises PresetError, with a line for everything that is wrong."""
        if wrong := check(content):
            lines = in_a_row([Sentence("\n  {sentence}", sentence=sentence) for sentence in wrong], "")
            raise PresetError(
                Sentence("The preset {name} cannot be used:{wrong}", Code.PRESET_FILE, name=repr(name), wrong=lines)
            )
        return cls(name=name, **_values(content))

    @property
    def digest(self) -> str:
        """Hash all that decides what a photo becomes; two presets that differ in name and label alone share it."""
        content = self.content()
        del content["label"]
        if "{preset}" in self.file_name:
            content["preset"] = self.name
        if self.profile is not None and self.profile not in PROFILES:
            content["profile"] = _hash(content_of(_profile_file(self.profile)))
        return _hash(json.dumps(content, sort_keys=True).encode())


PLAIN = Preset("", "", "")
"""How a photo is corrected where no preset says."""


def folder() -> Path:
    """Return where the user's presets are; the folder need not exist yet."""
    return user_config() / "presets"


def names() -> list[str]:
    """Return the names of all presets: Sixbit's own in their order, then the user's.

    >>> names()[:2]
    ['archive', 'full-jpeg']
    """
    own = list(manifest()["presets"])
    return own + [name for name in user_names() if name not in own]


def user_names() -> list[str]:
    """Return the names of the user's presets, whether they can be used or not."""
    try:
        return sorted(path.stem for path in folder().glob("*.json") if path.is_file())
    except OSError:
        return []


def load(name_or_path: str | Path) -> Preset:
    """Read a preset by its name, or of a file (a path that ends with ``.json``). Raises PresetError.

    A user's preset goes before Sixbit's own of the same name.

    >>> load("web-jpg")
    Traceback (most recent call last):
    sixbit.values.errors.PresetError: There is no preset 'web-jpg'; did you mean 'web-jpeg'?
    """
    name = str(name_or_path)
    if isinstance(name_or_path, Path) or name.endswith(".json"):
        return _load_file(Path(name_or_path))
    path = folder() / f"{name}.json"
    if NAME.fullmatch(name) and os.path.isfile(path):  # noqa: PTH113 - a name may be longer than one can be
        return _load_file(path)
    if name in manifest()["presets"]:
        return Preset(name=name, **_values(manifest()["presets"][name]))
    near = nearest(name, names())
    if near:
        raise PresetError(Sentence("There is no preset {name}; did you mean {near}?", name=repr(name), near=repr(near)))
    raise PresetError(Sentence("There is no preset {name}.", name=repr(name)))


def save(name: str, preset: Preset) -> Path:
    """Write a preset of the user's, and return its file. Raises PresetError if there is one of that name."""
    from sixbit.files.replace import write_whole

    if not NAME.fullmatch(name):
        why = Sentence(
            "{name} is no name for a preset; one is of a-z, 0-9 and hyphens, as 'my-prints'.", name=repr(name)
        )
        raise PresetError(why, Code.NAME)
    if name in names():
        raise PresetError(Sentence("There is a preset {name} already.", name=repr(name)), Code.NAME)
    path = folder() / f"{name}.json"
    write_whole(path, json.dumps(preset.content(), indent=2, ensure_ascii=False) + "\n", make_folder=True)
    return path


def _load_file(path: Path) -> Preset:
    with reading(path, PresetError, Code.PRESET_FILE):
        try:
            content = json.loads(content_of(path).decode(), parse_constant=_no_number)
        except FileNotFoundError as error:
            raise PresetError("there is no such file.", Code.NOT_FOUND) from error
        except OSError as error:
            raise PresetError(Sentence("cannot be read: {error}.", error=of_library(error)), Code.NO_ACCESS) from error
        except (ValueError, RecursionError) as error:
            raise PresetError(Sentence("is not JSON: {error}.", error=of_library(error)), Code.PRESET_FILE) from error
    try:
        return Preset.of(path.stem, content)
    except RecursionError as error:
        raise PresetError("has too many braces in one another.", Code.PRESET_FILE, subject=path) from error


def _no_number(word: str) -> None:
    """Refuse NaN, which is within all limits."""
    raise ValueError(f"it has no number {word}")


# What is wrong with a preset ----------------------------------------------------------------------------------------


def check(content: Any) -> list[str]:
    """Return what is wrong with the content of a preset: the field, what it must be, and the nearest right value.

    >>> for sentence in check({"label": "Web", "format": "JPG", "qualty": 85}):
    ...     print(sentence)
    `qualty` is no field of a preset; did you mean `quality`?
    `format` is 'JPG'; it must be 'JPEG', 'TIFF' or 'PNG'; the nearest right value is 'JPEG'.
    """
    from jsonschema import Draft202012Validator

    errors = sorted(Draft202012Validator(schema()).iter_errors(content), key=lambda error: list(map(str, error.path)))
    wrong: dict[str, str] = {}
    for field_name, sentence in (told for error in errors for told in _told(error)):
        wrong.setdefault(field_name, sentence)  # of several rules that a value breaks, the first is told
    return list(wrong.values()) or list(_unusable(content))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like this one, if any is."""
    by_case = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(word.casefold(), by_case, n=1, cutoff=0.5)
    return by_case[close[0]] if close else None


def _told(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Say in words what an error of jsonschema is about: pairs of a field and a sentence."""
    name, value, rule = ".".join(map(str, error.path)), error.instance, error.schema
    if error.validator == "required":
        for field_name in rule["required"]:
            if field_name not in value:
                missing = Sentence("`{field}` is missing.", field=field_name)
                if name:
                    missing = Sentence("`{field}` is missing in `{group}`.", field=field_name, group=name)
                yield f"{name}.{field_name}", missing
    elif error.validator == "additionalProperties":
        known = rule["properties"]
        for field_name in value:
            if field_name not in known:
                near = nearest(field_name, known)
                hint = Sentence("there are {known}.", known=", ".join(known))
                if near:
                    hint = Sentence("did you mean `{near}`?", near=near)
                where = f"`{name}`" if name else Sentence("a preset")
                no_field = Sentence(
                    "`{field}` is no field of {where}; {hint}", field=field_name, where=where, hint=hint
                )
                yield f"{name}.{field_name}", no_field
    else:
        yield name, _refusal(name, value, _allowed(rule), _nearest(value, rule))


def _refusal(name: str, value: Any, allowed: str, right: Any = None) -> str:
    """Say that a field cannot have a value; ``right`` is the nearest value that it can have, None if none is near."""
    subject = f"`{name}`" if name else Sentence("the preset")
    said = Sentence("{subject} is {value}; it must be {allowed}", subject=subject, value=_shown(value), allowed=allowed)
    if right is None:
        return Sentence("{said}.", said=said)
    return Sentence("{said}; the nearest right value is {right}.", said=said, right=_shown(right))


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _allowed(rule: Mapping[str, Any]) -> str:
    """Say in words what a rule of the schema allows."""
    if "$ref" in rule:
        return _allowed(schema()["$defs"][Path(rule["$ref"]).name])
    if "enum" in rule:
        values = _choice(map(_shown, rule["enum"]))
        if "where" not in rule:
            return values
        return Sentence("{values} for {formats}", values=values, formats=all_of(rule["where"]))
    if "anyOf" in rule:
        return _choice(map(_allowed, rule["anyOf"]))
    limits: str = ""
    if "minimum" in rule:
        limits = Sentence(" from {least} to {most}", least=rule["minimum"], most=rule["maximum"])
    elif "minLength" in rule:
        limits = Sentence(" of one or more characters")
        if "maxLength" in rule:
            limits = Sentence(" of 1 to {most} characters", most=rule["maxLength"])
    items = _allowed(rule["items"]) if "items" in rule else ""
    words = {
        "number": Sentence("a number{limits}", limits=limits),
        "integer": Sentence("a whole number{limits}", limits=limits),
        "string": Sentence("a text{limits}", limits=limits),
        "boolean": Sentence("true or false"),
        "array": Sentence("a list of one or more of {items}, each once", items=items),
        "object": Sentence("fields in braces"),
        "null": "null",
    }
    return _choice(words[kind] for kind in _kinds(rule))


def _choice(names: Iterable[str]) -> str:
    names = tuple(names)
    return names[0] if len(names) == 1 else Sentence("{names}", names=names)


def _kinds(rule: Mapping[str, Any]) -> list[str]:
    kinds = rule.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _nearest(value: Any, rule: Mapping[str, Any]) -> Any:
    """Return the value most like this one that a rule of the schema allows, None if none is near."""
    if "anyOf" in rule:
        return next((near for one in rule["anyOf"] if (near := _nearest(value, one)) is not None), None)
    text, number = str(value).casefold(), _as_number(value)
    if "enum" in rule:
        numbers = [one for one in rule["enum"] if isinstance(one, int)]
        if numbers and number is not None:
            return min(numbers, key=lambda one: abs(one - number))
        return nearest(text, [one for one in rule["enum"] if isinstance(one, str)])
    if number is not None and "minimum" in rule:
        inside = min(max(number, rule["minimum"]), rule["maximum"])
        return round(inside) if "integer" in _kinds(rule) or inside == round(inside) else inside
    if "boolean" in _kinds(rule):
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(text)
    return None


def _as_number(value: Any) -> float | None:
    """Return a number, also one that is written as a text; None if it is none."""
    with suppress(ValueError):
        number = read_number(str(value))
        return number if math.isfinite(number) else None
    return None


def _unusable(content: Mapping[str, Any]) -> Iterator[str]:
    """Say what the schema cannot know to be wrong; the content keeps it."""
    from sixbit.lenses.catalogue import catalogue

    choosing = [name for name in ("ambiguous", "unknown", "untagged", "not_m") if content.get(name) == "choose"]
    if choosing and content.get("lens") is None:
        since = Sentence("the identity of a lens, since `{field}` is 'choose'", field=choosing[0])
        yield _no_lens(_refusal("lens", None, since))
    words = Sentence(
        "a file name without any of {characters}, and in braces nothing but {placeholders}",
        characters=" ".join(FORBIDDEN),
        placeholders=tuple(PLACEHOLDERS),
    )
    profiles = Sentence("{profiles}, or the path of an .icc file that exists", profiles=_choice(map(_shown, PROFILES)))
    rights: dict[str, tuple[str, Callable[[str], str | None]]] = {
        "lens": (Sentence("the identity of a lens"), lambda lens: nearest(lens, catalogue().lenses)),
        "file_name": (words, _right_template),
        "profile": (profiles, _right_profile),
    }
    for name, (allowed, right) in rights.items():
        value = content.get(name)
        if value is not None and value != (near := right(value)):
            refusal = _refusal(name, value, allowed, near)
            yield _no_lens(refusal) if name == "lens" else refusal


def _no_lens(why: str) -> Sentence:
    return Sentence("{why}", Code.NO_SUCH_LENS, why=why)


def _right_template(template: str) -> str:
    """Return the template for file names that is most like this one, and can be filled in."""

    def right(part: re.Match[str]) -> str:
        text = part[0]
        if text in ("{{", "}}"):  # a brace of the name itself
            return text
        if text.startswith("{"):
            return f"{{{nearest(text.strip('{}'), PLACEHOLDERS) or 'stem'}}}"
        return "-" if text in FORBIDDEN + "}" or not text.isprintable() else text

    filled = re.sub(r"\{\{|\}\}|\{[^{}]*\}?|.", right, template, flags=re.DOTALL)
    return filled if filled.strip(" .") else "{stem}"


def _right_profile(profile: str) -> str | None:
    path = _profile_file(profile)
    is_file = path.suffix.lower() in (".icc", ".icm") and os.path.isfile(path)  # noqa: PTH113 - as above
    return profile if is_file else nearest(profile, PROFILES)


def _profile_file(profile: str) -> Path:
    return Path(profile).expanduser()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
