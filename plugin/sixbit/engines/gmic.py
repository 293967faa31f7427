"""The filter applied by G'MIC: the second opinion, and a command file that anyone can run.

:func:`script` writes the correction as G'MIC commands; :func:`apply` runs that very text through gmic-py. The text
keeps to what G'MIC has had since 2.9, so that the command line of a stable Linux runs it too.
"""

from __future__ import annotations

import json
import math
import re

import numpy as np

from sixbit.engines import Region, Work
from sixbit.values.arrays import FloatArray
from sixbit.values.errors import Code, EngineError
from sixbit.values.filter import Filter
from sixbit.values.light import TransferCurve, srgb
from sixbit.values.polynomial import Polynomial, evaluate
from sixbit.values.sentence import Sentence

WARPS = {"bilinear": 1, "bicubic": 2}
"""G'MIC's numbers for its interpolations; its cubic one is Catmull-Rom, as ours."""

BAND = 2_000_000
"""Pixels of the output at a time: G'MIC holds a picture, and each map it needs, in 32-bit floats."""

NODES = 4096
"""Intervals of a transfer curve that is written as a table."""


def apply(work: Work) -> None:
    """Apply a filter by gmic-py, in one thread whatever is asked for; Python lets no other thread run meanwhile.

    Raises :class:`EngineError` if G'MIC is not installed or has no such interpolation.
    """
    if work.interpolation not in WARPS:
        why = f"G'MIC has no {work.interpolation} interpolation; it has {' and '.join(sorted(WARPS))}."
        raise EngineError(why, Code.ENGINE)
    try:
        import gmic
    except ImportError as error:
        needed = Sentence(
            "The G'MIC engine needs gmic-py, which there is for Linux only.", Code.MISSING_PART, package="gmic"
        )
        raise EngineError(needed) from error
    region = work.region
    white = np.iinfo(work.pixels.dtype).max if work.pixels.dtype.kind == "u" else 1
    text = re.sub(r'([\\"${}])', r"\\\1", script(work.filter, work.transfer))
    rows = max(1, BAND // region.width)
    try:
        interpreter = gmic.Gmic()
        interpreter.run(f'command "{text}"')
        for y in range(0, region.height, rows):
            band = Region(region.x, region.y + y, region.width, min(rows, region.height - y))
            left, top, right, bottom = _source_part(work.filter, band)
            part = np.ascontiguousarray(work.pixels[top:bottom, left:right])
            arguments = (white, WARPS[work.interpolation], *band, left, top)
            images = interpreter.run(
                f"_sixbit_region {','.join(map(str, arguments))}", gmic.ImageList([gmic.Image.from_yxc(part)])
            )
            # G'MIC's axes are x, y, z, channel. The values are whole numbers in range already, if they have to be.
            work.out[y : y + band.height] = images[0].as_numpy()[:, :, 0].swapaxes(0, 1)
    except gmic.GmicException as error:
        raise EngineError(f"G'MIC could not apply the correction: {error}.", Code.ENGINE) from error


def _source_part(filter: Filter, region: Region) -> tuple[int, int, int, int]:
    """Return bounds (left, top, right, bottom) in the source that hold all a region of the output is made from."""
    extents = []
    for first, length, centre in zip(region[:2], region[2:], filter.centre, strict=True):
        extents.append(np.array([first, first + length - 1]) - centre)
    near = math.hypot(*(0 if ends[0] < 0 < ends[1] else np.abs(ends).min() for ends in extents))
    far = math.hypot(*(np.abs(ends).max() for ends in extents))
    radii = np.linspace(near, far, 256) / filter.half_diagonal
    factors = np.concatenate([evaluate(polynomial, radii) for polynomial in filter.warp])
    bounds = []
    source_centre = filter.source_centre or filter.centre
    for ends, centre, size in zip(extents, source_centre, (filter.width, filter.height), strict=True):
        reach = centre + np.outer(ends, (factors.min(), factors.max()))
        # Two pixels for the interpolation, one for what lies between the radii looked at.
        low = int(np.clip(np.floor(reach.min()) - 3, 0, size - 1))
        bounds.append((low, int(np.clip(np.ceil(reach.max()) + 4, low + 1, size))))
    (left, right), (top, bottom) = bounds
    return left, top, right, bottom


def script(filter: Filter, transfer: TransferCurve | None = None) -> str:
    """Return the correction as a G'MIC command file, to be saved as ``something.gmic``.

    It defines the command ``sixbit_correct`` for pictures of the size the filter was compiled for, with 1, 3 or 4
    channels; ``transfer`` is the curve to linear light (sRGB by default).

    >>> from sixbit.values.filter import Filter
    >>> wider = Filter(width=6, height=4, centre=(2.5, 1.5), half_diagonal=3.6, warp=((0.98, 0.0, 0.01),))
    >>> print(script(wider).splitlines()[2])
    #     gmic lens.gmic photo.png sixbit_correct -output out.png
    """
    gain = [_gain(filter)] if filter.brightens else []
    return "\n".join([_header(filter), _warp(filter), *gain, _light(transfer or srgb())])


def _header(filter: Filter) -> str:
    width, height = filter.width, filter.height
    gain = "\n  _sixbit_gain $3,$4,$5,$6" if filter.brightens else ""
    return rf"""# A lens correction by Sixbit, for pictures of {width} x {height} pixels and channels gray, RGB or RGBA.
# Usage, with this file saved as lens.gmic:
#     gmic lens.gmic photo.png sixbit_correct -output out.png
# It takes pictures of 8 bits, or of 16 bits if any value is above 255. For a TIFF of 16 bits: -output out.tif,uint16
# G'MIC keeps neither the metadata nor the colour profile of a photo.
# Made from: {json.dumps(dict(filter.made_from), sort_keys=True)}

sixbit_correct :
  repeat $! _sixbit_correct[$>] done

_sixbit_correct :
  if {{w!={width}||h!={height}}}
    error "This correction is for pictures of {width} x {height} pixels; this one has "{{w}}" x "{{h}}"."
  fi
  if {{s!=1&&s!=3&&s!=4}} error "This correction is for gray, RGB and RGBA; this picture has "{{s}}" channels." fi
  _sixbit_region {{iM>255?65535:255}},2,0,0,{width},{height},0,0

# Arguments: white; 1 for bilinear, 2 for bicubic; x, y, width and height of the part of the output to make; x, y of
# the picture, which is a part of the source that holds enough.
_sixbit_region :
  shared 0,{{s==4?2:s-1}} _sixbit_decode[-1] $1 remove[-1]
  _sixbit_warp $2,$3,$4,$5,$6,$7,$8{gain}
  shared 0,{{s==4?2:s-1}} _sixbit_encode[-1] $1 remove[-1]
  if {{$1>1}} round cut 0,$1 fi
"""


def _warp(filter: Filter) -> str:
    """Write the commands that fetch each output point from where it comes from.

    Source points outside of the picture are sent where G'MIC finds zeros; the outer pixels are repeated beforehand
    for those that are inside but have neighbours that are not.
    """
    if not filter.warps:
        return """_sixbit_warp :
  crop {$2-$6},{$3-$7},{$2-$6+$4-1},{$3-$7+$5-1}
"""
    x, y = map(_number, filter.source_centre or filter.centre)
    points = "\n".join(
        f"_sixbit_points_{k} :\n"
        f'  $4,$5,1,2,"{_radius(filter, 2)}; p = {_horner(polynomial)}; '
        f"px = {x}+dx*p; py = {y}+dy*p; "
        f"px<-0.5 || px>{filter.width - 0.5!r} || py<-0.5 || py>{filter.height - 0.5!r} ? "
        '[-9,-9] : [px-$6+2,py-$7+2]"\n'
        for k, polynomial in enumerate(filter.warp)
    )
    if len(filter.warp) == 1:
        planes = "  _sixbit_points_0 $* warp[0] [1],0,$1,0 keep[0]"
    else:
        planes = """  if {s<3}
    _sixbit_points_1 $* warp[0] [1],0,$1,0 keep[0]
  else
    split c
    _sixbit_points_0 $* warp[0] [-1],0,$1,0 remove[-1]
    _sixbit_points_2 $* warp[2] [-1],0,$1,0 remove[-1]
    _sixbit_points_1 $* warp[1] [-1],0,$1,0
    if {$!>4} warp[3] [-1],0,$1,0 fi
    remove[-1]
    append c
  fi"""
    return f"""{points}
_sixbit_warp :
  crop -2,-2,{{w+1}},{{h+1}},1
{planes}
"""


def _gain(filter: Filter) -> str:
    """Write the commands that multiply linear light by the gain; a picture of one channel gets that of green."""
    factors = [_horner(polynomial) for polynomial in filter.gain]
    if filter.gain_map is None:
        read, nodes = "", ""
    else:
        planes, rows, columns = filter.gain_map.shape
        x_step = (columns - 1) / max(filter.width - 1, 1)
        y_step = (rows - 1) / max(filter.height - 1, 1)
        read = f"m = I(#-1,(x+$1)*{x_step!r},(y+$2)*{y_step!r},0,1,1); "
        # A row at a time: G'MIC takes no text of any length for a picture.
        nodes = "".join(
            "".join(f"\n  ({','.join(map(repr, row))})" for row in plane) + f"\n  append[-{rows}--1] y"
            for plane in filter.gain_map.tolist()
        )
        nodes += f"\n  append[-{planes}--1] c"
        length = max(planes, len(factors))
        factors = [f"({factors[min(k, len(factors) - 1)]})*m[{min(k, planes - 1)}]" for k in range(length)]
    green = "" if len(factors) == 1 else "\n  if {0,s<3} channels[-1] 1 fi"
    return f"""_sixbit_gain :{nodes}
  $3,$4,1,{len(factors)},"{_radius(filter, 1)}; {read}[{", ".join(factors)}]"{green}
  shared[0] 0,{{0,s==4?2:s-1}} mul[-1] [-2] keep[0]
"""


def _light(curve: TransferCurve) -> str:
    """Write the commands from code values to linear light and back."""
    if curve.is_linear:
        return """_sixbit_decode :
  div $1

_sixbit_encode :
  mul $1
"""
    samples = curve.linear.shape[1]
    codes = np.linspace(0, 1, samples)
    # The sRGB profiles of cameras differ from the standard by rounding: take them for it within a code of 16 bits.
    if np.abs(srgb().encode(curve.linear) - codes).max() < 1 / 65535:
        _, slope = curve.slopes(0)
        return f"""_sixbit_decode :
  fill "v = i/$1; v<=0.04045 ? v/12.92 : v<=1 ? ((v+0.055)/1.055)^2.4 : 1+(v-1)*{slope!r}"

_sixbit_encode :
  fill "$1*(i<=0.04045/12.92 ? i*12.92 : i<=1 ? 1.055*i^(1/2.4)-0.055 : 1+(i-1)/{slope!r})"
"""
    at = np.linspace(0, 1, NODES + 1)
    slopes = np.array([curve.slopes(k) for k in range(len(curve.linear))]).T
    # Nodes lie closer together in the dark, so that the way back is smooth for curves that start flat (gamma 2.2).
    decode = np.stack([np.interp(at**2, codes, plane) for plane in curve.linear])
    encode = np.stack([np.interp(at**4, plane, codes) for plane in curve.linear])
    return "\n".join([_table("decode", decode, slopes), _table("encode", encode, 1 / slopes)])


def _table(name: str, values: FloatArray, slopes: FloatArray) -> str:
    rows = ";".join(",".join(f"{value:.9g}" for value in row) for row in values)
    below, above = (f"[{','.join(f'{slope:.9g}' for slope in ends)}][k]" for ends in slopes)
    given, wanted, at = ("i/$1", "1", "sqrt(v)") if name == "decode" else ("i", "$1", "sqrt(sqrt(v))")
    return f"""_sixbit_{name} :
  ({rows})
  fill[0] "k = min(c,{len(values) - 1}); v = {given};
    {wanted}*(v<0 ? v*{below} : v>1 ? 1+(v-1)*{above} : i(#1,{at}*{NODES},k,0,0,1,1))"
  keep[0]
"""


def _radius(filter: Filter, first: int) -> str:
    """Write the radius at a point of the part whose x and y are the arguments from ``first`` on."""
    x, y = map(_number, filter.centre)
    return f"dx = x+${first}-{x}; dy = y+${first + 1}-{y}; rho = sqrt(dx*dx+dy*dy)/{_number(filter.half_diagonal)}"


def _horner(polynomial: Polynomial) -> str:
    """Write a polynomial of ascending powers as an expression in ``rho``.

    >>> _horner((1.0, 0.0, -0.5))
    '(1.0)+rho*((0.0)+rho*((-0.5)))'
    """
    text = _number(polynomial[-1])
    for coefficient in polynomial[-2::-1]:
        text = f"{_number(coefficient)}+rho*({text})"
    return text


def _number(value: float) -> str:
    """Write a number to all its digits, safe after any operator."""
    return f"({float(value)!r})"
