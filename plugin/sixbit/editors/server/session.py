"""The requests of an editor, a method each, and the pictures and filters that it has asked for so far."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sixbit.editors.server import asked
from sixbit.editors.server.asked import Request
from sixbit.lenses.catalogue import catalogue
from sixbit.manifest import manifest
from sixbit.values.errors import ArgumentError, Code, InstallError, PhotoError
from sixbit.values.kinds import KINDS, TRUSTED, Grade
from sixbit.values.sentence import parts
from sixbit.values.shot import Shot, Tagged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sixbit.editors.server.pictures import OpenPicture
    from sixbit.export.presets import Preset
    from sixbit.values.filter import Filter
    from sixbit.values.lens import Lens

PROTOCOL = 1
MOST_PIXELS = 1 << 30
OF_LENSFUN = ("distortion", "tca", "vignetting")
"""The kinds of correction that lensfun knows."""
FIGURES = ("focal_mm", "f_number", "distance_m")
KEPT_FILTERS = 256
"""A dialog asks for a new one whenever a slider moves; the oldest go."""

T = TypeVar("T")
Answer = dict[str, Any]
Progress = Callable[[float], None]


class Session:
    """Keeps what outlives a request; ``log`` is the file for tracebacks of internal errors, None if there is none."""

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._pictures: dict[int, OpenPicture] = {}
        self._filters: dict[int, Filter] = {}
        self._numbers = 0
        self._calibrations: list[subprocess.Popen[bytes]] = []

    def answer(self, request: Request, progress: Progress) -> Answer:
        """Do what is asked and return the result; ``progress`` hears the share that is done, and may raise."""
        requests: dict[str, Callable[[Request], Answer]] = {
            "hello": self._hello,
            "identify": self._identify,
            "lenses": self._lenses,
            "compile": self._compile,
            "open": self._open,
            "apply": lambda request: self._apply(request, progress),
            "preview": self._preview,
            "close": self._close,
            "remember": self._remember,
            "forget": self._forget,
            "presets": self._presets,
            "batch": lambda request: self._batch(request, progress),
            "measure_tca": self._measure_tca,
            "keep": self._keep_by_hand,
            "lens_tags": self._lens_tags,
            "lens_module": self._lens_module,
            "install_lensfun": self._install_lensfun,
            "calibrate": self._calibrate,
            "export": self._export,
            "quit": lambda request: {},
        }
        do = request.get("do")
        if not isinstance(do, str) or do not in requests:
            raise ArgumentError(f"There is no request {do!r}; there are {', '.join(requests)}.")
        return requests[do](request)

    def _hello(self, request: Request) -> Answer:
        if request.get("protocol") != PROTOCOL:
            raise ArgumentError(
                f"The plug-in speaks protocol {request.get('protocol')!r} and this Sixbit {PROTOCOL}: they are of "
                "different versions.",
                Code.VERSION,
            )
        modules = {"native": "sixbit.engines._kernel", "gmic": "gmic"}
        engines = [
            name for name in manifest()["engines"] if name not in modules or importlib.util.find_spec(modules[name])
        ]
        log = None if self._log is None else str(self._log)
        return {"protocol": PROTOCOL, "version": manifest()["version"], "engines": engines, "log": log}

    def _identify(self, request: Request) -> Answer:
        from sixbit.lenses.compensation import perhaps_done
        from sixbit.lenses.match import against, identity_record, match

        shot = asked.shot(request)
        found = match(shot)
        answer = identity_record(shot.path or Path(), shot, found)
        answer["said"], answer["said_unmarked"] = parts(found.evidence), parts(perhaps_done(shot))
        answer["placed"] = parts((*found.place.evidence, *filter(None, [found.place.refused])))
        answer["photo"] = None if shot.path is None else str(shot.path)
        answer["size"] = [shot.width, shot.height] if shot.width and shot.height else None
        answer["remembered"] = found.is_remembered
        lens, figures = next(iter(shot.lens_names), None), (shot.focal_mm, shot.f_number, shot.distance_m)
        answer["tags"] = {
            "lens": lens and lens.value,
            **{name: known and known.value for name, known in zip(FIGURES, figures, strict=True)},
        }
        answer["orientation"], answer["turned"] = shot.orientation, shot.turned
        if request.get("lens") is not None:
            against_it = against(shot, asked.lens(request))
            answer["against"], answer["said_against"] = list(map(str, against_it)), parts(against_it)
        return answer

    def _lenses(self, request: Request) -> Answer:
        from sixbit.install import lensfun

        lenses, installed = [], []
        with suppress(InstallError):
            installed = [str(grade) for grade in lensfun.installed()]
        for lens in catalogue().lenses.values():
            best = lens.best_calibrations(Grade)
            grades = {kind: str(best[kind].grade) if kind in best else None for kind in KINDS}
            lenses.append(
                {
                    "id": lens.lens_id,
                    "name": lens.name,
                    "maker": lens.maker,
                    "focal_min": lens.focal_min,
                    "focal_max": lens.focal_max,
                    "f_number_open": lens.f_number_open,
                    "calibrations": grades,
                    "errors": {kind: one.error for kind, one in best.items() if one.error},
                    **_in_lensfun(lens),
                }
            )
        return {"lenses": lenses, "installed": installed}

    def _compile(self, request: Request) -> Answer:
        from sixbit.compiler.choose import NO_COLOURS
        from sixbit.compiler.compile import compile_filter
        from sixbit.lenses.place import Place
        from sixbit.values.marks import NAMESPACE, PREFIX, marks

        size = asked.size(request, "size")
        shot = asked.shot(request)._replace(width=size[0], height=size[1]) if asked.has_shot(request) else Shot()
        if "turned" in request:
            shot = shot._replace(turned=asked.orientation(request, "turned"))
        if request.get("compensated_for") is not None:
            shot = shot._replace(known_to_body=Tagged(asked.text(request, "compensated_for"), "the editor"))
        place = Place(frame=asked.frame(request)) if "frame" in request else None
        not_here = {"tca": NO_COLOURS} if request.get("colourless") is True else {}
        lens, choices = asked.text(request, "lens"), asked.choices(request)
        more: dict[str, Any] = {
            "size": size,
            "measured_tca": asked.measured_tca(request),
            "by_hand": asked.by_hand(request),
            "place": place,
            "not_here": not_here,
        }
        window = None if request.get("window") is None else asked.rectangle(request, "window", size)
        filter = compile_filter(lens, shot, choices, **more)
        if window:
            filter = filter.window(*window)
        editable = {}
        if request.get("editable") is True:
            from sixbit.compiler.editable import compile_editable

            interpolation = asked.interpolation(request)
            text = compile_editable(lens, shot, choices, window=window, interpolation=interpolation, **more)[1]
            editable["editable"] = text
        if len(self._filters) >= KEPT_FILTERS:
            del self._filters[min(self._filters)]
        made_from = filter.made_from
        return {
            "filter": self._keep(self._filters, filter),
            "digest": filter.digest,
            "made_from": dict(made_from),
            "left_out": parts(dict(made_from["left_out"])),
            "identity": filter.is_identity,
            "error_px": filter.error_px,
            "marks": marks(made_from["corrections"], asked.texts(request, "already_corrected", ()), filter.digest),
            "namespaces": {PREFIX: NAMESPACE},
            **editable,
        }

    def _open(self, request: Request) -> Answer:
        from sixbit.editors.server.pictures import CHANNELS, TYPES, OpenPicture
        from sixbit.values.light import linear, srgb

        channels, kind = asked.whole(request, "channels"), asked.text(request, "type")
        if channels not in CHANNELS or kind not in TYPES:
            raise ArgumentError(f"A picture of {channels} channels of {kind!r} cannot be opened.")
        width, height = asked.side(request.get("width"), "width"), asked.side(request.get("height"), "height")
        if width * height > MOST_PIXELS:
            raise ArgumentError(f"A picture of {width}x{height} pixels is too large.")
        icc = asked.icc(request)
        pixels = _mapped(request, (height, width, channels), kind, writable=False)
        transfer: Any
        light = None
        if request.get("linear") is True:
            transfer = linear()
        elif icc is None:
            transfer = srgb()
        else:
            from sixbit.photos.profiles import curve_of_profile

            try:
                transfer = curve_of_profile(icc)
            except PhotoError as error:
                transfer, light = error, str(error.reason)
        stands_for = None if request.get("stands_for") is None else asked.size(request, "stands_for")
        picture = OpenPicture(pixels, transfer, stands_for)
        number = self._keep(self._pictures, picture)
        return {"picture": number, "light": light, "colourless": picture.is_colourless}

    def _apply(self, request: Request, progress: Progress) -> Answer:
        from sixbit.editors.server.pictures import overlap

        picture, filter = self._picture(request), self._filter(request)
        out = _mapped(request, picture.pixels.shape, picture.pixels.dtype.name, writable=True)
        if overlap(picture.pixels, out):
            raise ArgumentError("A picture cannot be corrected in place: give a file, or a part of it, of its own.")
        picture.apply(filter, out, request.get("interpolation") or manifest()["interpolations"][0], progress)
        return {}

    def _preview(self, request: Request) -> Answer:
        from sixbit.engines import Region

        picture = self._picture(request)
        filter = None if request.get("filter") is None else self._filter(request)
        view, size = Region(*asked.rectangle(request, "view", picture.size)), asked.size(request, "size")
        picture.preview(filter, view, size, _mapped(request, (size[1], size[0], 3), "uint8", writable=True))
        return {}

    def _measure_tca(self, request: Request) -> Answer:
        from sixbit.photos.jpeg import has_halved_chroma

        photo = None if request.get("photo") is None else asked.path(request, "photo")
        found = self._picture(request).tca(photo is not None and has_halved_chroma(photo))
        if isinstance(found, str):
            return {"why_not": found}
        model, said = found
        return {"model": model.name, "terms": list(model.terms), "said": said}

    def _keep_by_hand(self, request: Request) -> Answer:
        from sixbit.calibration.frames import Setting
        from sixbit.calibration.keep import add
        from sixbit.compiler.compile import models_of
        from sixbit.lenses.place import Place

        by_hand = asked.by_hand(request)
        if by_hand is None:
            raise ArgumentError("`by_hand` is what is to be kept.")
        lens, choices, place = asked.lens(request), asked.choices(request), Place(frame=asked.frame(request))
        wanted = models_of(lens, None, choices, size=asked.size(request, "size"), place=place)
        sensor = wanted.picture.alone.sensor
        setting = Setting(
            lens,
            sensor.crop_factor,
            wanted.made_from["focal_mm"],
            sensor.aspect_ratio,
            choices.f_number,
            choices.distance_m,
        )
        return {"run": add(setting, "by eye", **by_hand.models(wanted.picture.alone)).name}

    def _close(self, request: Request) -> Answer:
        self._picture(request)
        del self._pictures[request["picture"]]
        return {}

    def _remember(self, request: Request) -> Answer:
        from sixbit.lenses.remembered import keep

        keep(asked.shot(request), asked.lens(request).lens_id)
        return {}

    def _forget(self, request: Request) -> Answer:
        from sixbit.lenses.remembered import forget

        return {"forgotten": forget(asked.shot(request))}

    def _presets(self, request: Request) -> Answer:
        from sixbit.export.presets import load, names
        from sixbit.values.errors import PresetError

        if request.get("preset") is not None:
            return {"presets": [_preset_record(asked.preset(request))], "wrong": []}
        presets, wrong = [], []
        for name in names():
            try:
                presets.append(_preset_record(load(name)))
            except PresetError as error:
                wrong.append(str(error))
        return {"presets": presets, "wrong": wrong}

    def _batch(self, request: Request, progress: Progress) -> Answer:
        from sixbit.export.batch import batch
        from sixbit.export.batch.outcome import as_json

        if not (photos := asked.texts(request, "photos", ())):
            raise ArgumentError("`photos` is a list of paths, of photos and of folders.")
        done = batch(
            photos,
            asked.path(request, "folder"),
            asked.preset(request),
            progress=lambda done, together, outcome: progress(done / together),
        )
        return {
            "counts": dict(done.counts),
            "before": done.before,
            "failures": [as_json(outcome) for outcome in done.failures],
            "report": str(done.report),
            "table": done.table(),
        }

    def _lens_tags(self, request: Request) -> Answer:
        from sixbit.tags.lens import lens_tags
        from sixbit.values.marks import COMPENSATED, NAMESPACE, PREFIX, own_key

        choices = asked.choices(request)
        tags = lens_tags(asked.lens(request), f_number=choices.f_number, focal_mm=choices.focal_mm)
        if request.get("compensated_for") is not None:
            tags[own_key(COMPENSATED)] = asked.text(request, "compensated_for")
        return {"tags": tags, "namespaces": {PREFIX: NAMESPACE}}

    def _lens_module(self, request: Request) -> Answer:
        from sixbit.editors.server.darktable import lens_modules

        images, photos = asked.numbers(request, "images"), asked.texts(request, "photos", ())
        if len(images) != len(photos):
            raise ArgumentError("`images` and `photos` are of one length.")
        return {"modules": lens_modules(asked.path(request, "library"), images, photos)}

    def _install_lensfun(self, request: Request) -> Answer:
        from sixbit.install import lensfun

        grade = asked.text(request, "grade")
        if grade not in [*Grade] or grade in TRUSTED:
            raise ArgumentError(f"`grade` is one that is off by default, not {grade!r:.60}.")
        return {"done": lensfun.add(Grade(grade))}

    def _calibrate(self, request: Request) -> Answer:
        self._calibrations.append(_started_calibration(asked.lens(request).lens_id, self._log))
        return {}

    def _export(self, request: Request) -> Answer:
        from sixbit.editors.server.export import export_photo

        lens = None if request.get("lens") is None else asked.lens(request).lens_id
        preset = asked.preset(request)
        if request.get("lowest_grade") is not None:
            preset = replace(preset, lowest_grade=asked.grade(request, "lowest_grade"))
        return export_photo(
            asked.path(request, "photo"),
            asked.path(request, "folder"),
            preset,
            lens=lens,
            force=request.get("force") is True,
            sidecar=None if request.get("sidecar") is None else asked.path(request, "sidecar"),
            original=None if request.get("original") is None else asked.path(request, "original"),
            name=None if request.get("name") is None else asked.text(request, "name"),
            as_it_is=request.get("as_it_is") is True,
            corrected=request.get("corrected") is True,
        )

    def _keep(self, kept: dict[int, T], value: T) -> int:
        self._numbers += 1
        kept[self._numbers] = value
        return self._numbers

    def _picture(self, request: Request) -> OpenPicture:
        return asked.kept(self._pictures, request, "picture")

    def _filter(self, request: Request) -> Filter:
        return asked.kept(self._filters, request, "filter")


def _mapped(request: Request, shape: tuple[int, ...], kind: str, *, writable: bool) -> NDArray[Any]:
    """Map the file that the request names into memory, from its offset on."""
    from sixbit.editors.server.pictures import map_file

    return map_file(asked.text(request, "file"), asked.whole(request, "offset"), shape, kind, writable=writable)


def _in_lensfun(lens: Lens) -> Answer:
    """Tell by which name lensfun knows the lens: that of the entry with its calibrations, if there is one.

    ``unsure`` is the entry of a grade that is off by default, where there is no other.
    """
    trusted, best = lens.best_calibrations(), lens.best_calibrations(Grade)
    unsure = next((best[kind] for kind in OF_LENSFUN if kind in best), None)
    if unsure is None or any(kind in trusted for kind in OF_LENSFUN):
        told = None
    else:
        told = {"grade": str(unsure.grade), "lensfun": unsure.model}
    return {"lensfun": next((found.model for found in trusted.values()), lens.name), "unsure": told}


def _preset_record(preset: Preset) -> Answer:
    grades = [str(grade) for grade in preset.choices.grades]
    return {"name": preset.name, "label": preset.label, "content": preset.content(), "grades": grades}


def _started_calibration(lens: str, log: Path | None) -> subprocess.Popen[bytes]:
    """Start `sixbit calibrate`, which opens its page in the browser, and outlives the server and the editor."""
    command = [sys.executable, "-P", "-m", "sixbit", "calibrate", "--lens", lens]
    into = Path(os.devnull) if log is None else log.with_name("calibrate.log")
    if into.exists() and not into.is_file():  # a pipe would be waited for
        into = Path(os.devnull)
    with into.open("ab") as said:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            creationflags=getattr(subprocess, "DETACHED_PROCESS", 0),
        )
