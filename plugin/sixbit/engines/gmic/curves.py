"""The curve of a picture as commands of G'MIC: tables, and the ways to light and back along them.

In what is written white is 255 for 8 bits, 65535 for 16, and 1 for floating point:

* ``_sixbit_prepare white`` puts the tables at the end of the list, by their names; a straight curve needs none
* ``_sixbit_decode white,c`` turns the last image, code values of colour c, into light of 0..1
* ``_sixbit_encode white,c`` turns it back; to whole values within the range, where white is not 1
"""

from __future__ import annotations

import numpy as np

from sixbit.engines.gmic.text import filled, number, of_plane, table
from sixbit.values.light import TransferCurve, srgb

NODES = 4096
"""Intervals of a transfer curve that is written as a table."""
ENTRIES = 65536
"""Intervals of the table from light, over its square root: half of one is less than a hundredth of an 8-bit level."""


def tables(transfer: TransferCurve) -> tuple[str, ...]:
    """Return the names of the tables that a curve needs."""
    return () if transfer.is_linear else ("sixbit_decode", "sixbit_encode")


def curve(transfer: TransferCurve) -> str:
    """Write the commands for a curve.

    >>> from sixbit.values.light import linear
    >>> print(curve(linear()).splitlines()[0])
    _sixbit_decode :
    """
    if not tables(transfer):
        return _LINEAR
    slopes = np.array([transfer.slopes(k) for k in range(len(transfer.linear))]).T
    # The sRGB profiles of cameras differ from the standard by rounding: take them for it within a code of 16 bits.
    codes = np.linspace(0, 1, transfer.linear.shape[1])
    if np.abs(srgb().encode(transfer.linear) - codes).max() < 1 / 65535:
        prepare, slopes = _SRGB, slopes[:, :1]
    else:
        # Nodes lie closer together in the dark, so that the way back is smooth for curves that start flat (gamma 2.2).
        at = np.linspace(0, 1, NODES + 1)
        decode = table(np.interp(at**2, codes, plane) for plane in transfer.linear)
        encode = table(np.interp(at**4, plane, codes) for plane in transfer.linear)
        prepare = filled(_TABLES, decode=decode, encode=encode, nodes=NODES, curves=len(transfer.linear))
    below, above = ([number(slope) for slope in ends] for ends in slopes)
    return filled(
        prepare + _WAYS,
        entries=ENTRIES,
        curve="0" if len(slopes[0]) == 1 else "$2",
        below=of_plane(below, "$2"),
        above=of_plane(above, "$2"),
    )


_LINEAR = """\
_sixbit_decode :
  div[-1] $1

_sixbit_encode :
  mul[-1] $1
  if {$1>1} round[-1] cut[-1] 0,$1 fi
"""

_SRGB = """# The curve of sRGB: light by code value, and code values by the square root of light.
_sixbit_prepare :
  {$1==255?256:65536},1,1,1,"v = x/(w-1); v<=0.04045 ? v/12.92 : ((v+0.055)/1.055)^2.4"
  name[-1] sixbit_decode
  {<entries>+1},1,1,1,"v = ((x+($1==255)/2)/<entries>)^2; $1*(v<=0.04045/12.92 ? v*12.92 : 1.055*v^(1/2.4)-0.055)"
  if {$1==255} round[-1] fi
  name[-1] sixbit_encode
"""

_TABLES = """# The curve of the picture: light by code value, and code values by the square root of light.
_sixbit_prepare :
<decode>
  {$1==255?256:65536},1,1,<curves>,"i(#-1,sqrt(x/(w-1))*<nodes>,c,0,0,1,1)"
  name[-1] sixbit_decode remove[-2]
<encode>
  {<entries>+1},1,1,<curves>,"$1*i(#-1,sqrt((x+($1==255)/2)/<entries>)*<nodes>,c,0,0,1,1)"
  if {$1==255} round[-1] fi
  name[-1] sixbit_encode remove[-2]
"""

_WAYS = """
_sixbit_decode :
  if {$1==1}
    _sixbit_beyond {<below>},{<above>}
    mul[-2] 65535 +channels[sixbit_decode] <curve> warp[-1] [-3],0,1,1 add[-2,-1] remove[-2]
  else
    +channels[sixbit_decode] <curve> map[-2] [-1],1 remove[-1]
  fi

_sixbit_encode :
  if {$1==1} _sixbit_beyond {1/(<below>)},{1/(<above>)} reverse[-2,-1] fi
  max[-1] 0 sqrt[-1] mul[-1] <entries> +channels[sixbit_encode] <curve>
  if {$1==255} map[-2] [-1],1 remove[-1]
  else warp[-1] [-2],0,1,1 remove[-2]
    if {$1>1} round[-1] else add[-2,-1] fi
  fi

# What the last image has below 0 and above 1, by a slope each.
_sixbit_beyond :
  +min[-1] 0 mul[-1] $1
  +sub[-2] 1 max[-1] 0 mul[-1] $2
  add[-2,-1]
"""
