"""The filter as a text of G'MIC's own commands, which keeps to what G'MIC has had since 2.9.

An expression for every pixel goes through G'MIC's interpreter, its own commands do not. So the polynomials of the
radius are evaluated at nodes some pixels apart, and enlarged by ``resize``; ``warp`` fetches pixels; ``map``, and
``warp`` along a table, follow the curve to light and back.

``resize`` to (n - 1) * step + 1 pixels, linear and with G'MIC's boundary 0, puts node k on pixel k * step.
"""

from __future__ import annotations

import json
from textwrap import indent

from sixbit.engines.gmic.curves import curve, tables
from sixbit.engines.gmic.text import filled, horner, number, of_plane
from sixbit.engines.pieces import line_size
from sixbit.values.arrays import FloatArray
from sixbit.values.filter import Filter
from sixbit.values.light import TransferCurve, srgb

TILE = (2048, 1024)
"""Pixels of the output at a time, across and down: each command shares a plane of them out among G'MIC's threads."""


def script(filter: Filter, transfer: TransferCurve | None = None) -> str:
    """Return the correction as a G'MIC command file, to be saved as ``something.gmic``.

    It defines the command ``sixbit_correct`` for pictures of the size the filter was compiled for, with 1, 3 or 4
    channels, and ``sixbit_check``, which says what it cannot be used for; ``transfer`` is the curve to linear light
    (sRGB by default).

    >>> from sixbit.values.filter import Filter
    >>> wider = Filter(width=6, height=4, centre=(2.5, 1.5), half_diagonal=3.6, warp=((0.98, 0.0, 0.01),))
    >>> print(script(wider).splitlines()[2])
    #     gmic lens.gmic photo.png sixbit_correct -output out.png
    """
    transfer = transfer or srgb()
    prepare = "_sixbit_prepare $white" * bool(tables(transfer)) + " _sixbit_map" * (filter.gain_map is not None)
    parts = [_whole(filter, prepare), _tile(filter)]
    if filter.warps:
        parts.append(_points(filter))
    if filter.brightens:
        parts.append(_gains(filter))
    if filter.gain_map is not None:
        parts.append(_map(filter.gain_map))
    return "\n".join([*parts, curve(transfer)])


def _whole(filter: Filter, prepare: str) -> str:
    """Write the commands for whole pictures: the check, and the loop over tiles."""
    across, down = TILE
    return filled(
        _WHOLE,
        prepare=prepare,
        width=filter.width,
        height=filter.height,
        across=across,
        down=down,
        step=line_size(filter),
        tiles_across=-(-filter.width // across),
        tiles_down=-(-filter.height // down),
        # Last, so that nothing is put into the names of others.
        made_from=json.dumps(dict(filter.made_from), sort_keys=True),
    )


_WHOLE = """\
# A lens correction by Sixbit, for pictures of <width> x <height> pixels and channels gray, RGB or RGBA.
# Usage, with this file saved as lens.gmic:
#     gmic lens.gmic photo.png sixbit_correct -output out.png
# It takes pictures of 8 bits, or of 16 bits if any value is above 255. For a TIFF of 16 bits: -output out.tif,uint16
# G'MIC keeps neither the metadata nor the colour profile of a photo. sixbit_check tells whether a photo fits.
# Made from: <made_from>

sixbit_correct :
  repeat $! _sixbit_correct[$>] done

sixbit_check :
  repeat $! _sixbit_check[$>] done

_sixbit_check :
  if {$_version<290} error "This correction needs G'MIC 2.9 or later." fi
  if {w!=<width>||h!=<height>}
    error "This correction is for pictures of <width> x <height> pixels; this one has "{w}" x "{h}"."
  fi
  if {s!=1&&s!=3&&s!=4} error "This correction is for gray, RGB and RGBA; this picture has "{s}" channels." fi

_sixbit_correct :
  _sixbit_check
  white={iM>255?65535:255}
  <width>,<height>,1,{s} name[-1] sixbit_out
  <prepare>
  repeat <tiles_down> y={$>*<down>} rows={ceil((min(<height>-$y,<down>)-1)/<step>)+1}
    repeat <tiles_across> x={$>*<across>} columns={ceil((min(<width>-$x,<across>)-1)/<step>)+1}
      _sixbit_tile $white,2,$x,$y,$columns,$rows,0,0
      image[sixbit_out] [-1],$x,$y remove[-1]
    done
  done
  image[0] [sixbit_out] keep[0]
"""


def _tile(filter: Filter) -> str:
    """Write the command that makes one tile of the output, a plane after the other."""
    once, plane, done = "", _UNMOVED, ""
    if filter.warps:
        once, done = _BOUNDS, "sixbit_points"
        one = len(filter.warp) == 1
        field = _FIELD.replace("<k>", "0" if one else "$k")
        plane = _MOVED if one else field + _MOVED + "  remove[sixbit_field]\n"
        if one:
            once, done = once + field, done + ",sixbit_field"
    if filter.brightens:
        once += "  _sixbit_gains $3,$4,$5,$6,$w,$h\n"
        plane += _BRIGHTENED.replace("<k>", "0" if _gain_planes(filter) == 1 else "$k")
        done += ",sixbit_gains" if done else "sixbit_gains"
    return filled(
        _TILE,
        once=once,
        plane=indent(plane, "  "),
        done=f"remove[{done}]",
        step=line_size(filter),
        width=filter.width,
        height=filter.height,
    )


_TILE = """\
# Put a tile of the corrected picture at the end of the list. Arguments: white; 1 for bilinear, 2 for bicubic; x and y
# of its first node, columns and rows of nodes, which are <step> px apart; x and y of the picture [0], which is a
# part of the whole that holds enough.
_sixbit_tile :
  w={<step>*($5-1)+1} h={<step>*($6-1)+1}
<once>  repeat {0,s} c=$> k={0,s==1||$>==3?1:$>}  # gray and alpha go with green
<plane>    if {$c<3} _sixbit_encode $1,$c elif {$1>1} round[-1] cut[-1] 0,$1 fi
  done
  <done>
  append[-{0,s}--1] c
"""

_UNMOVED = """\
  +crop[0] {$3-$7},{$4-$8},0,$c,{$3-$7+$w-1},{$4-$8+$h-1},0,$c,1
  if {$c<3} _sixbit_decode $1,$c fi
"""

_BOUNDS = """\
  # The part of the picture that is needed, with neighbours; beyond the picture its outer pixels are repeated.
  _sixbit_points $3,$4,$5,$6,$7,$8
  shared[sixbit_points] 0 x0={im} x1={iM} remove[-1]
  shared[sixbit_points] 1 y0={im} y1={iM} remove[-1]
  outside={$x0<-0.5-$7||$x1><width>-0.5-$7||$y0<-0.5-$8||$y1><height>-0.5-$8}
  x0={cut(floor($x0)-1,-2-$7,<width>+1-$7)} x1={cut(floor($x1)+2,-2-$7,<width>+1-$7)}
  y0={cut(floor($y0)-1,-2-$8,<height>+1-$8)} y1={cut(floor($y1)+2,-2-$8,<height>+1-$8)}
  left={$x0-3*$outside} top={$y0-3*$outside}
"""

_FIELD = """\
  +slices[sixbit_points] <k> resize[-1] $w,$h,1,2,3 name[-1] sixbit_field
  shared[-1] 0 sub[-1] $left remove[-1]
  shared[-1] 1 sub[-1] $top remove[-1]
  if $outside _sixbit_outside $3,$4,{$7+$left},{$8+$top},<k> fi
"""

_MOVED = """\
  +crop[0] $x0,$y0,0,$c,$x1,$y1,0,$c,1
  if {$c<3} _sixbit_decode $1,$c fi
  if $outside resize[-1] {w+6},{h+6},1,1,0,0,0.5,0.5 fi  # zeros around
  warp[-1] [sixbit_field],0,$2,1
"""

_BRIGHTENED = """\
  if {$c<3} shared[sixbit_gains] <k> mul[-2] [-1] remove[-1] fi
"""


def _points(filter: Filter) -> str:
    """Write the commands for where the pixels of a tile come from."""
    x, y = map(number, filter.source_centre or filter.centre)
    factors = [horner(polynomial) for polynomial in filter.warp]
    nodes = filled(_POINTS, rho=_rho(filter, line_size(filter)), factor=of_plane(factors, "z"), planes=len(factors))
    outside = filled(_OUTSIDE, rho=_rho(filter, 1), factor=of_plane(factors, "$5"))
    half = {"half_width": filter.width / 2, "half_height": filter.height / 2}
    middle = {"middle": (filter.width - 1) / 2, "centre": (filter.height - 1) / 2}
    return filled(f"{nodes}\n{outside}", x=x, y=y, **half, **middle)


_POINTS = """\
# Where the nodes of a tile come from in the part of the picture, a slice each colour.
_sixbit_points :
  $3,$4,<planes>,2,"<rho>; p = <factor>; px = <x>-$5+dx*p; py = <y>-$6+dy*p;
    [abs(px)<1e8?px:1e8,abs(py)<1e8?py:1e8]"
  name[-1] sixbit_points
"""

_OUTSIDE = """\
# Send points of the last image that lie outside of the picture to the zeros on its left. Lines between nodes are not
# exact enough to tell which these are, where it is a matter of less than a hundredth of a pixel.
_sixbit_outside :
  +channels[-1] 0 sub[-1] {<middle>-$3} abs[-1] sub[-1] <half_width>
  +channels[-2] 1 sub[-1] {<centre>-$4} abs[-1] sub[-1] <half_height>
  max[-2,-1]
  fill[-1] "abs(i)>0.01 ? i : (<rho>; p = <factor>;
    max(abs(<x>+dx*p-<middle>)-<half_width>,abs(<y>+dy*p-<centre>)-<half_height>))"
  gt[-1] 0 mul[-1] 1e9 shared[-2] 0 sub[-1] [-2] remove[-2,-1]
"""


def _gains(filter: Filter) -> str:
    """Write the command for the gains of a tile."""
    planes = _gain_planes(filter)
    factors = ",".join(horner(polynomial) for polynomial in filter.gain)
    rho = _rho(filter, line_size(filter))
    text = filled(_GAINS, rho=rho, factors=factors, factor_planes=len(filter.gain), planes=planes)
    if filter.gain_map is not None:
        _, rows, columns = filter.gain_map.shape
        across, down = (columns - 1) / max(filter.width - 1, 1), (rows - 1) / max(filter.height - 1, 1)
        text += filled(_MAPPED, planes=planes, across=number(across), down=number(down))
    return text


_GAINS = """\
# The gains of a tile.
_sixbit_gains :
  $3,$4,1,<factor_planes>,"<rho>; [<factors>]"
  resize[-1] $5,$6,1,<planes>,3 name[-1] sixbit_gains
"""

_MAPPED = """\
  2,2,1,2,"[($1+x*($5-1))*<across>,($2+y*($6-1))*<down>]" resize[-1] $5,$6,1,2,3
  +warp[sixbit_map] [-1],0,1,1 resize[-1] $5,$6,1,<planes> mul[sixbit_gains] [-1] remove[-2,-1]
"""


def _gain_planes(filter: Filter) -> int:
    return max(len(filter.gain), 1 if filter.gain_map is None else len(filter.gain_map))


def _map(nodes: FloatArray) -> str:
    """Write the command that puts the gain map at the end of the list."""
    planes, rows, _ = nodes.shape
    # A row at a time: G'MIC takes no text of any length for a picture.
    lines = ["_sixbit_map :"]
    for plane in nodes.tolist():
        lines += [f"  ({','.join(map(repr, row))})" for row in plane]
        lines.append(f"  append[-{rows}--1] y")
    return "\n".join([*lines, f"  append[-{planes}--1] c name[-1] sixbit_map\n"])


def _rho(filter: Filter, step: int) -> str:
    """Write the radius at a node of a tile that begins at the first two arguments."""
    x, y = map(number, filter.centre)
    return f"dx = $1+{step}*x-{x}; dy = $2+{step}*y-{y}; rho = sqrt(dx*dx+dy*dy)/{number(filter.half_diagonal)}"
