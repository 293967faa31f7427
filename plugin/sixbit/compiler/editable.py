"""A correction that stays editable in GIMP: the compiled filter and its parts, as the text of an operation of GEGL.

The operation, ``sixbit:lens-correction`` (``engines/gegl``), takes the text as its property ``correction``, and the
strengths of the four kinds (0..200 %) as properties of their own: they act without another text. At full strength it
applies the compiled filter itself; at any other it makes a warp and gains from the parts, and fills the frame anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from sixbit.compiler.by_hand import ByHand
from sixbit.compiler.compile import compile_optics, models_of
from sixbit.compiler.optics import Optics, SensorPicture
from sixbit.engines.native import weights
from sixbit.engines.pieces import piece_size
from sixbit.lenses.match import Match
from sixbit.lenses.place import Place
from sixbit.values.choices import USUAL, Choices
from sixbit.values.filter import Filter
from sixbit.values.lens import Lens, Model
from sixbit.values.polynomial import Polynomial
from sixbit.values.sentence import Sentence
from sixbit.values.shot import Shot

VERSION = 1


def compile_editable(
    lens: Lens | Match | str,
    shot: Shot | None = None,
    choices: Choices = USUAL,
    *,
    size: tuple[int, int] | None = None,
    measured_tca: tuple[Model, str] | str | None = None,
    by_hand: ByHand | None = None,
    place: Place | None = None,
    not_here: Mapping[str, Sentence] = MappingProxyType({}),
    window: tuple[int, int, int, int] | None = None,
    interpolation: str = "bicubic",
) -> tuple[Filter, str]:
    """Compile all of each kind that is chosen; return the filter at full strength, and the text of the operation.

    The arguments are those of :func:`sixbit.compiler.compile.compile_filter`; the strengths of ``choices`` are for the
    operation's own properties. ``window`` is the layer (x, y, width, height) where that was cut out of the photo.
    Raises :class:`CompileError` as that does.

    >>> full, text = compile_editable("summicron-35-asph", choices=Choices(crop_factor=1.0), size=(5984, 3992))
    >>> text.split()[:5], full.made_from["corrections"]
    (['sixbit', '1', 'size', '5984', '3992'], ['distortion', 'tca'])
    """
    full = replace(choices, kinds=dict.fromkeys(choices.kinds, 1.0))
    wanted = models_of(
        lens, shot, full, size=size, measured_tca=measured_tca, by_hand=by_hand, place=place, not_here=not_here
    )
    filter = compile_optics(wanted.optics, wanted.picture, choices.scale, wanted.made_from)
    text = editable_text(wanted.optics, wanted.picture, choices.scale, filter, window, interpolation)
    return (filter.window(*window) if window else filter), text


def editable_text(
    optics: Optics,
    picture: SensorPicture,
    scale: str | float,
    filter: Filter,
    window: tuple[int, int, int, int] | None = None,
    interpolation: str = "bicubic",
) -> str:
    """Write optics, and the filter that they were compiled to for a picture, as the text of the operation.

    Words and their numbers, with a blank between any two; points are in px of the layer, radii r in half diagonals of
    the photo's frame, polynomials in ascending powers of r:

    ======================= ============================================================================================
    ``sixbit``              the version of the format
    ``size``                width and height of the layer
    ``half``                the half diagonal, in px
    ``centre``              the optical centre in the output, and in the source
    ``warp``, ``gain``      the filter's polynomials: each once, or once for red, green and blue
    ``map``                 the filter's gain map, if it has one: planes, rows, columns and nodes
    ``step``                the size of the pieces of the kernel, in px
    ``even``, ``odd``       the weights of the interpolation, see ``kernel/job.hpp``: each once a pair of neighbours
    ``distortion``          source over output radius before scaling, at the output radius
    ``red``, ``blue``       radius over that of green, at the radius of green in the source
    ``light``               what fall-off leaves, at the source radius
    ``shading``             what shading leaves of red, green and blue, at the source radius: all but what is in the map
    ``scale``               0: by a factor; 1: filled; 2: filled, and moved; then the factor, and the point that stays
    ``frame``               left, top, width and height of the picture that is filled
    ======================= ============================================================================================

    >>> from sixbit.compiler.optics import distortion
    >>> square = SensorPicture(5, 5, 1.0)
    >>> bent = Optics(distortion=(distortion("poly3", [0.5]), square.sensor))
    >>> text = editable_text(bent, square, "none", compile_optics(bent, square, "none"))
    >>> text.partition(" half")[0], text.partition(" scale ")[2]
    ('sixbit 1 size 5 5', '0 1.0 2.0 2.0 frame 0 0 5 5')
    """
    left, top, width, height = window or (0, 0, picture.width, picture.height)
    words: list[tuple[str, Iterable[float]]] = [("sixbit", [VERSION]), ("size", [width, height])]
    part = filter.window(left, top, width, height) if window else filter
    words += [("half", [part.half_diagonal]), ("centre", [*part.centre, *(part.source_centre or part.centre)])]
    words += [*(("warp", plane) for plane in part.warp), *(("gain", plane) for plane in part.gain)]
    if part.gain_map is not None:
        words += [("map", [*part.gain_map.shape, *part.gain_map.ravel().tolist()])]
    words += [("step", [piece_size(part)])]
    for name, rows in zip(("even", "odd"), weights(interpolation), strict=True):
        words += [(name, row) for row in rows.tolist()]
    words += _parts(optics, picture)
    # A part that is filled is moved besides.
    way = 0 if scale != "fill" else 2 if picture.is_off_centre else 1
    middle = ((picture.width - 1) / 2, (picture.height - 1) / 2)
    x, y = middle if picture.is_off_centre else picture.centre(optics.sensor)
    words += [("scale", [way, float(scale) if isinstance(scale, int | float) else 1.0, x - left, y - top])]
    words += [("frame", [-left, -top, picture.width, picture.height])]
    return " ".join(f"{word} {' '.join(map(repr, numbers))}" for word, numbers in words)


def _parts(optics: Optics, picture: SensorPicture) -> Iterator[tuple[str, Polynomial]]:
    """The models, as polynomials of radii in half diagonals."""
    half = picture.half_diagonal
    if optics.distortion:
        factor, sensor = optics.distortion
        yield "distortion", _stretched(factor, half * picture.per_half_short_side(sensor))
    if optics.tca:
        factors, sensor = optics.tca
        for name, factor in zip(("red", "blue"), factors, strict=True):
            yield name, _stretched(factor, half * picture.per_half_short_side(sensor))
    if optics.vignetting:
        light, sensor = optics.vignetting
        yield "light", _stretched(light, half * picture.per_half_diagonal(sensor))
    if optics.shading and picture.centre(optics.sensor) == picture.middle:
        shading, sensor = optics.shading
        for plane in shading.planes:
            yield "shading", _stretched(plane.radial, half * picture.per_half_diagonal(sensor))


def _stretched(polynomial: Polynomial, by: float) -> Polynomial:
    """A polynomial of by * r."""
    return tuple(coefficient * by**power for power, coefficient in enumerate(polynomial))
