"""What an editor can ask of the engine: one method a request, and the pictures and filters it has asked for so far."""

from __future__ import annotations

import base64
import binascii
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sixbit.catalogue import catalogue
from sixbit.kinds import KINDS, TRUSTED, Grade
from sixbit.manifest import manifest
from sixbit.shot import Shot

if TYPE_CHECKING:
    from sixbit.filters import CorrectionFilter
    from sixbit.hosts.pictures import Picture

PROTOCOL = 1
MOST_PIXELS = 1 << 30
LONGEST_SIDE = 1 << 20
KEPT_FILTERS = 256
"""A dialog asks for a new one whenever a slider moves; the oldest go."""

T = TypeVar("T")
Request = dict[str, Any]
Answer = dict[str, Any]
Progress = Callable[[float], None]


class ArgumentError(ValueError):
    """A request that makes no sense; the message says why."""


class Session:
    """All that is kept between requests. ``log`` is where an internal error leaves its traceback, if anywhere."""

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._pictures: dict[int, Picture] = {}
        self._filters: dict[int, CorrectionFilter] = {}
        self._numbers = 0

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
            "quit": lambda request: {},
        }
        do = request.get("do")
        if not isinstance(do, str) or do not in requests:
            raise ArgumentError(f"There is no request {do!r}; there are {', '.join(requests)}.")
        return requests[do](request)

    def _hello(self, request: Request) -> Answer:
        if request.get("protocol") != PROTOCOL:
            raise ArgumentError(
                f"The plug-in speaks protocol {request.get('protocol')!r} and the engine {PROTOCOL}: they are of "
                "different versions. Run `sixbit install` for this editor again."
            )
        modules = {"native": "sixbit.engines._kernel", "gmic": "gmic"}
        engines = [
            name for name in manifest()["engines"] if name not in modules or importlib.util.find_spec(modules[name])
        ]
        log = None if self._log is None else str(self._log)
        return {"protocol": PROTOCOL, "version": manifest()["version"], "engines": engines, "log": log}

    def _identify(self, request: Request) -> Answer:
        from sixbit.identification import identity_record
        from sixbit.matching import match

        shot = _shot(request)
        answer = identity_record(shot.path or Path(), shot, match(shot))
        answer["photo"] = None if shot.path is None else str(shot.path)
        answer["size"] = [shot.width, shot.height] if shot.width and shot.height else None
        answer["orientation"] = shot.orientation
        return answer

    def _lenses(self, request: Request) -> Answer:
        lenses = []
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
                }
            )
        return {"lenses": lenses}

    def _compile(self, request: Request) -> Answer:
        from sixbit.compiler import CompileError, compile_filter

        size = _size(request, "size")
        shot = _shot(request)._replace(width=size[0], height=size[1]) if _has_shot(request) else Shot()
        scale = request.get("scale", "fill")
        try:
            correction = compile_filter(
                _text(request, "lens"),
                shot,
                size=size,
                crop_factor=_number(request, "crop_factor"),
                focal_mm=_number(request, "focal_mm"),
                f_number=_number(request, "f_number"),
                distance_m=_number(request, "distance_m"),
                corrections=_texts(request, "corrections", KINDS),
                strength=_strength(request),
                scale=scale if scale in ("fill", "none") else _number(request, "scale") or 1.0,
                grades=_grades(request),
            )
        except CompileError as error:
            raise ArgumentError(str(error)) from error
        if request.get("window") is not None:
            correction = correction.window(*_rectangle(request, "window", size))
        if len(self._filters) >= KEPT_FILTERS:
            del self._filters[min(self._filters)]
        return {
            "filter": self._keep(self._filters, correction),
            "digest": correction.digest,
            "made_from": dict(correction.made_from),
            "identity": correction.is_identity,
            "error_px": correction.error_px,
        }

    def _open(self, request: Request) -> Answer:
        from sixbit.hosts.pictures import CHANNELS, TYPES, Picture, map_file
        from sixbit.light import LightError, linear, srgb

        channels, kind = _whole(request, "channels"), _text(request, "type")
        if channels not in CHANNELS or kind not in TYPES:
            raise ArgumentError(f"A picture of {channels} channels of {kind!r} cannot be opened.")
        width, height = _side(request.get("width"), "width"), _side(request.get("height"), "height")
        if width * height > MOST_PIXELS:
            raise ArgumentError(f"A picture of {width}x{height} pixels is too large.")
        icc = _icc(request)
        pixels = map_file(
            _text(request, "file"), _whole(request, "offset"), (height, width, channels), kind, writable=False
        )
        transfer: Any
        light = None
        if request.get("linear") is True:
            transfer = linear()
        elif icc is None:
            transfer = srgb()
        else:
            from sixbit.profiles import curve_of_profile

            try:
                transfer = curve_of_profile(icc)
            except LightError as error:
                transfer, light = error, str(error)
        return {"picture": self._keep(self._pictures, Picture(pixels, transfer)), "light": light}

    def _apply(self, request: Request, progress: Progress) -> Answer:
        from sixbit.hosts.pictures import map_file, overlap

        picture, correction = self._picture(request), self._filter(request)
        file, offset = _text(request, "file"), _whole(request, "offset")
        pixels = picture.pixels
        out = map_file(file, offset, pixels.shape, pixels.dtype.name, writable=True)
        if overlap(pixels, out):
            raise ArgumentError("A picture cannot be corrected in place: give a file, or a part of it, of its own.")
        picture.apply(correction, out, request.get("interpolation") or "bicubic", progress)
        return {}

    def _preview(self, request: Request) -> Answer:
        from sixbit.engines import Region
        from sixbit.hosts.pictures import map_file

        picture = self._picture(request)
        correction = None if request.get("filter") is None else self._filter(request)
        view, size = Region(*_rectangle(request, "view", picture.size)), _size(request, "size")
        out = map_file(_text(request, "file"), _whole(request, "offset"), (size[1], size[0], 3), "uint8", writable=True)
        picture.preview(correction, view, size, out)
        return {}

    def _close(self, request: Request) -> Answer:
        self._picture(request)
        del self._pictures[request["picture"]]
        return {}

    def _remember(self, request: Request) -> Answer:
        from sixbit.remember import remember

        lens, shot = _text(request, "lens"), _shot(request)
        if lens not in catalogue().lenses:
            raise ArgumentError(f"There is no lens with the identity {lens!r}; `lenses` lists them.")
        remember(shot, lens)
        return {}

    def _keep(self, kept: dict[int, T], value: T) -> int:
        self._numbers += 1
        kept[self._numbers] = value
        return self._numbers

    def _picture(self, request: Request) -> Picture:
        return _kept(self._pictures, request, "picture")

    def _filter(self, request: Request) -> CorrectionFilter:
        return _kept(self._filters, request, "filter")


# What a request says ------------------------------------------------------------------------------------------------


def _kept(kept: dict[int, T], request: Request, name: str) -> T:
    number = _whole(request, name)
    if number not in kept:
        raise ArgumentError(f"There is no {name} {number}.")
    return kept[number]


def _has_shot(request: Request) -> bool:
    return request.get("photo") is not None or request.get("tags") is not None


def _shot(request: Request) -> Shot:
    """What the photo says, or the tags that the editor holds of it."""
    if request.get("photo") is not None:
        from sixbit.tags import read_shot

        return read_shot(_text(request, "photo"))
    from sixbit.hosts.exiv2_tags import shot_of_tags

    tags = request.get("tags")
    if not isinstance(tags, dict):
        raise ArgumentError("Either `photo`, a path, or `tags`, names and texts, is needed.")
    size = None if request.get("size") is None else _size(request, "size")
    return shot_of_tags({name: text for name, text in tags.items() if isinstance(text, str)}, size)


def _text(request: Request, name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str):
        raise ArgumentError(f"`{name}` is a text, not {value!r:.60}.")
    return value


def _whole(request: Request, name: str) -> int:
    value = request.get(name, 0 if name == "offset" else None)
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ArgumentError(f"`{name}` is a whole number from 0 on, not {value!r:.60}.")
    return value


def _side(value: object, name: str) -> int:
    if type(value) is not int or not 1 <= value <= LONGEST_SIDE:
        raise ArgumentError(f"`{name}` is in pixels, from 1 to {LONGEST_SIDE}, not {value!r:.60}.")
    return value


def _size(request: Request, name: str) -> tuple[int, int]:
    value = request.get(name)
    if not isinstance(value, list) or len(value) != 2:
        raise ArgumentError(f"`{name}` is [width, height], not {value!r:.60}.")
    return _side(value[0], name), _side(value[1], name)


def _rectangle(request: Request, name: str, within: tuple[int, int]) -> tuple[int, int, int, int]:
    value = request.get(name)
    if not isinstance(value, list) or len(value) != 4 or any(type(number) is not int for number in value):
        raise ArgumentError(f"`{name}` is [x, y, width, height], not {value!r:.60}.")
    x, y, width, height = value
    if min(x, y) < 0 or min(width, height) < 1 or x + width > within[0] or y + height > within[1]:
        raise ArgumentError(f"`{name}` does not lie within {within[0]}x{within[1]} pixels: {value!r:.60}.")
    return x, y, width, height


def _number(request: Request, name: str) -> float | None:
    value = request.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise ArgumentError(f"`{name}` is a positive number, not {value!r:.60}.")
    return float(value)


def _texts(request: Request, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = request.get(name)
    if value is None:
        return default
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ArgumentError(f"`{name}` is a list of texts, not {value!r:.60}.")
    return tuple(value)


def _grades(request: Request) -> tuple[Grade, ...]:
    try:
        return tuple(Grade(name) for name in _texts(request, "grades", TRUSTED))
    except ValueError as error:
        raise ArgumentError(f"There is no such grade: {error}; there are {', '.join(Grade)}.") from error


def _strength(request: Request) -> dict[str, float]:
    value = request.get("strength")
    if value is None:
        return {}
    if not isinstance(value, dict) or any(type(share) not in (int, float) for share in value.values()):
        raise ArgumentError(f"`strength` is a number by name of a correction, not {value!r:.60}.")
    return value


def _icc(request: Request) -> bytes | None:
    if request.get("icc") is None:
        return None
    try:
        return base64.b64decode(_text(request, "icc"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ArgumentError(f"`icc` is no base64: {error}.") from error
