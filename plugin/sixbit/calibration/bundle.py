"""Calibrations passed from one owner to another: one JSON file, which holds what was measured and nothing of who did.

No photo, path, place, serial number or name of a person stands in it, and no time finer than a day. What somebody else
wrote is believed in nothing: every value has its type, its length and its bounds, and the curves have to be a lens's.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sixbit.calibration.frames import Setting
from sixbit.calibration.keep import add, remove, runs, together
from sixbit.compiler.compile import compile_optics
from sixbit.compiler.optics import MODELS, Optics, Sensor, SensorPicture, distortion, tca, vignetting
from sixbit.compiler.shading import Shading, shading_of
from sixbit.files.replace import write_whole
from sixbit.lenses.catalogue import catalogue
from sixbit.lenses.lensfun_xml import TERMS, models_kept
from sixbit.lenses.own import Run, read_centre
from sixbit.lenses.turned import MIDDLE
from sixbit.manifest import manifest
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import CalibrationError, CatalogueError, Code, CompileError, SixbitError
from sixbit.values.kinds import TRUSTED, Grade
from sixbit.values.known import Known
from sixbit.values.lens import Lens, Model
from sixbit.values.polynomial import evaluate
from sixbit.values.sentence import Sentence

FORMAT = 1
LARGEST = 1_000_000
"""Bytes of a file that is read."""
MOST_RUNS = 200
LONGEST = 200
"""Characters of a text."""
HIGHEST_POWER = 12
"""Of a shading's polynomials."""
LENS = {"sixbit_bundle", "sixbit", "lens_id", "lens", "runs"}
RUN = (
    "date",
    "source",
    "grade",
    "make",
    "model",
    "crop_factor",
    "aspect_ratio",
    "focal_mm",
    "f_number",
    "distance_m",
    "models",
)
SHADING, KNOWN, CENTRE, COMPENSATED = "shading", "known", "centre", "compensated"


class _Measured(NamedTuple):
    """One run of a bundle, checked."""

    setting: Setting
    source: str
    grade: Grade
    date: datetime.date
    models: Mapping[str, Model]
    shading: Mapping[str, Any] | None
    known: Mapping[str, Known]
    centre: tuple[float, float] | None


def write_bundle(out: Path, lens_id: str) -> int:
    """Write the user's own runs with a lens for another owner; returns how many. What was imported is not passed on.

    Raises CompileError for an identity that is not known, CalibrationError if there are none, CatalogueError for a run
    that cannot be read.
    """
    own = [run for run in runs(lens_id) if not run.imported]
    if not own:
        why = Sentence(
            "There is no calibration of yours of {lens}; nothing was exported.", lens=catalogue().lens(lens_id).name
        )
        raise CalibrationError(why, Code.NO_RUN)
    content = {
        "sixbit_bundle": FORMAT,
        "sixbit": manifest()["version"],
        "lens_id": lens_id,
        "lens": own[-1].lens,
        "runs": [_record(run) for run in own],
    }
    write_whole(out, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return len(own)


def _record(run: Run) -> dict[str, Any]:
    models = {kind: {"model": model.name, "terms": list(model.terms)} for kind, model in models_kept(run).items()}
    of_run = {name: getattr(run, name) for name in RUN if name != "models"}
    record = of_run | {"date": run.date[:10], "models": models}
    if run.known:
        record[KNOWN] = {kind: known._asdict() for kind, known in run.known.items()}
    if run.compensated != "":
        record[COMPENSATED] = run.compensated
    if run.centre:
        record[CENTRE] = list(run.centre)
    return record | {SHADING: shading_of(run).to_json()} if run.shading else record


def read_bundle(path: Path) -> tuple[Run, ...]:
    """Take over somebody else's calibrations, each as a run that is marked as imported.

    Everything is checked before anything is kept. Raises CalibrationError for a file that is no bundle or holds what
    cannot be, and for one that is there already; PhotoError where it cannot be kept.
    """
    measured = _checked(path)
    kept: list[Run] = []
    with together():
        try:
            for one in measured:
                run = add(
                    one.setting,
                    one.source,
                    shading=one.shading,
                    known=one.known,
                    known_if_said=None,
                    centre=one.centre,
                    date=None,
                    imported=one.date,
                    grade=one.grade,
                    learnt_from=(),
                    **one.models,
                )
                kept.append(run)
        except BaseException:
            for run in kept:
                remove(run.name)
            raise
    return tuple(kept)


def _checked(path: Path) -> list[_Measured]:
    try:
        read = _read(path)
        if isinstance(read, dict) and repr(read.get("sixbit_bundle", FORMAT)) != repr(FORMAT):
            why = Sentence("was written by another version of Sixbit (format {format} is read).", format=FORMAT)
            raise CalibrationError(why, Code.VERSION, subject=path)
        content = _object(read, LENS, "it")
        _text(content, "sixbit", "lens")
        lens = _lens(content["lens_id"])
        listed = content["runs"]
        if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_RUNS:
            raise ValueError(f"`runs` is no list of 1 to {MOST_RUNS}")
        measured = [_run(lens, record) for record in listed]
    except CalibrationError:
        raise
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError, SixbitError) as error:
        why = Sentence("holds no calibration that can be taken over ({why}).", why=_reason(error))
        raise CalibrationError(why, Code.BUNDLE, subject=path) from error
    new = {_key_of(one): one for one in measured}
    for run in runs(lens.lens_id):
        with suppress(CatalogueError):
            new.pop(_key(_record(run)), None)
    if not new:
        raise CalibrationError("holds nothing that is not there already.", Code.NO_RUN, subject=path)
    return list(new.values())


def _read(path: Path) -> Any:
    if not path.is_file():
        raise ValueError("there is no such file" if not path.exists() else "it is no file")
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1000} kB")

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no number")

    return json.loads(data.decode("utf-8"), parse_constant=refuse)


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON: {error}"
    if isinstance(error, OSError):
        return str(error.strerror or error)
    return str(error).rstrip(".")


def _object(value: Any, names: set[str], what: str, optional: Iterable[str] = ()) -> dict[str, Any]:
    """A JSON object with these fields and no other."""
    if not isinstance(value, dict):
        raise TypeError(f"{what} is no object")
    if missing := sorted(names - value.keys()):
        raise ValueError(f"{what} lacks {', '.join(missing)}")
    if more := sorted(value.keys() - names - {*optional}):
        raise ValueError(f"{what} has {more[0]!r:.40}, which is not known")
    return value


def _text(record: Mapping[str, Any], *names: str, may_be_empty: bool = False) -> None:
    for name in names:
        value = record[name]
        if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
            raise ValueError(f"`{name}` is no text of one line and {LONGEST} characters at most")
        if not (value.strip() or may_be_empty):
            raise ValueError(f"`{name}` is empty")


def _number(name: str, value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"`{name}` is {value!r:.40}, not a number from {least:g} to {most:g}")
    return float(value)


def _lens(lens_id: Any) -> Lens:
    lens = catalogue().lenses.get(lens_id) if isinstance(lens_id, str) else None
    if lens is None:
        raise ValueError(f"{lens_id!r:.60} is no lens that is known here")
    if lens.is_adapter:
        raise ValueError(f"{lens.name} is no lens")
    return lens


def _run(lens: Lens, value: Any) -> _Measured:
    record = _object(value, {*RUN}, "a run", (SHADING, KNOWN, CENTRE, COMPENSATED))
    compensated = record.setdefault(COMPENSATED, "")
    _text(record, "source")
    texts = ["make", "model"] if compensated is None else ["make", "model", COMPENSATED]
    _text(record, *texts, may_be_empty=True)
    if not isinstance(record["date"], str) or len(record["date"]) != 10:
        raise ValueError(f"`date` is {record['date']!r:.40}, not a day such as 2026-01-31")
    date = datetime.date.fromisoformat(record["date"])
    if record["grade"] not in [*TRUSTED]:
        raise ValueError(f"`grade` is {record['grade']!r:.40}, not one of {', '.join(TRUSTED)}")
    f_number, distance = record["f_number"], record["distance_m"]
    setting = Setting(
        lens,
        _number("crop_factor", record["crop_factor"], 0.5, 12),
        _number("focal_mm", record["focal_mm"], 1, 2000),
        _number("aspect_ratio", record["aspect_ratio"], 1, 5),
        None if f_number is None else _number("f_number", f_number, 0.5, 128),
        None if distance is None else _number("distance_m", distance, 0.01, 1e5),
        record["make"],
        record["model"],
        compensated=compensated,
    )
    for wrong in (lens.out_of_reach(setting.focal_mm, slack=0.06), lens.too_wide(setting.f_number)):
        if wrong:
            raise CompileError(wrong)
    if not isinstance(record["models"], dict):
        raise TypeError("`models` is no object")
    models = {kind: _model(kind, model, setting) for kind, model in record["models"].items()}
    shading = _shading(record.get(SHADING))
    if not models and not shading:
        raise ValueError("a run holds nothing")
    if ("vignetting" in models or shading) and f_number is None:
        raise ValueError("its fall-off or shading is of no f-number")
    if (shading or compensated) and not setting.model.strip():
        raise ValueError("its shading, or what a body has left of its fall-off, is of no body")
    known = record.get(KNOWN, {})
    measured = {*models, SHADING} if shading else {*models}
    if not isinstance(known, dict) or not known.keys() <= measured:
        raise ValueError("`known` is not of what was measured")
    errors = {kind: Known.from_json(one) for kind, one in known.items()}
    grade, centre = Grade(record["grade"]), read_centre(record.get(CENTRE))
    _check_usable(setting, models, centre)
    return _Measured(setting, record["source"], grade, date, models, shading, errors, centre)


def _check_usable(setting: Setting, models: Mapping[str, Model], centre: tuple[float, float] | None) -> None:
    """Raise CompileError for what would correct no photo: it would stand in the way of all that else is known."""
    sensor = Sensor(setting.crop_factor, setting.aspect_ratio, centre or MIDDLE)
    optics: dict[str, Any] = {kind: (MODELS[kind](*model), sensor) for kind, model in models.items()}
    compile_optics(Optics(**optics), SensorPicture(round(1000 * setting.aspect_ratio), 1000, setting.crop_factor))


def _model(kind: str, value: Any, setting: Setting) -> Model:
    if kind not in TERMS:
        raise ValueError(f"{kind!r:.40} is no kind of correction")
    record = _object(value, {"model", "terms"}, kind)
    name, terms = record["model"], record["terms"]
    if not isinstance(name, str) or name not in TERMS[kind]:
        raise ValueError(f"lensfun has no {kind} model {name!r:.40}")
    if not isinstance(terms, list) or len(terms) != len(TERMS[kind][name]):
        raise ValueError(f"{kind} has not the {len(TERMS[kind][name])} terms of {name}")
    # As they are kept, so that they are known again.
    model = Model(name, tuple(float(f"{_number(f'terms of {kind}', term, -10, 10):.9g}") for term in terms))
    corner = 1.0 if kind == "vignetting" else math.hypot(setting.aspect_ratio, 1)
    r: FloatArray = np.linspace(0, corner, 401)
    for curve in _curves(kind, model, r):
        if kind == "vignetting" and not (np.min(curve) > 0.004 and np.max(curve) < 4):
            raise ValueError("its fall-off is no lens's")
        if kind != "vignetting" and not (np.all(np.diff(r * curve) > 0) and np.all(np.abs(curve - 1) < 0.6)):
            raise ValueError(f"its {kind} folds the picture over")
    return model


def _curves(kind: str, model: Model, r: FloatArray) -> Iterator[FloatArray]:
    if kind == "tca":
        yield from (evaluate(plane, r) for plane in tca(*model))
    else:
        yield evaluate((distortion if kind == "distortion" else vignetting)(*model), r)


def _shading(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    record = _object(value, {"red", "blue", "landscape"}, SHADING)
    if not isinstance(record["landscape"], bool):
        raise TypeError("`landscape` is neither true nor false")
    for colour in ("red", "blue"):
        plane = _object(record[colour], {"radial", "surface"}, f"{SHADING} of {colour}")
        for name, most in (("radial", HIGHEST_POWER + 1), ("surface", (HIGHEST_POWER + 1) ** 2)):
            if not isinstance(plane[name], list) or len(plane[name]) > most:
                raise ValueError(f"`{name}` of a shading is no list of at most {most}")
        for term in plane["surface"]:
            if not isinstance(term, list) or len(term) != 3:
                raise ValueError("a surface's term is not two powers and a number")
            if not all(type(power) is int and 0 <= power <= HIGHEST_POWER for power in term[:2]):
                raise ValueError(f"a surface's powers are not from 0 to {HIGHEST_POWER}")
        for number in [*plane["radial"], *(term[2] for term in plane["surface"])]:
            _number(SHADING, number, -10, 10)
    shading = Shading.from_json(record)
    side: FloatArray = np.linspace(-1, 1, 41)
    x, y = np.meshgrid(side, side)
    inside = np.hypot(x, y) <= 1
    for plane_shading in (shading.red, shading.blue):
        seen = plane_shading.at(x, y)[inside]
        if not (np.min(seen) > 0.1 and np.max(seen) < 10):
            raise ValueError("its colour shading is no sensor's")
    return shading.to_json()


def _key(record: Mapping[str, Any]) -> str:
    """Tell runs apart by what was measured."""
    said = {name: record.get(name) for name in (*RUN, SHADING)}
    return json.dumps({**said, COMPENSATED: record.get(COMPENSATED, "")}, sort_keys=True)


def _key_of(one: _Measured) -> str:
    of_setting = {name: value for name, value in vars(one.setting).items() if name != "lens"}
    models = {kind: {"model": model.name, "terms": list(model.terms)} for kind, model in one.models.items()}
    record = {
        "source": one.source,
        "grade": one.grade,
        "date": one.date.isoformat(),
        "models": models,
        SHADING: one.shading,
    }
    return _key({**of_setting, **record})
