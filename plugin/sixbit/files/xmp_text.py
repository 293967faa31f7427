"""An XMP packet edited as text: what to do with one that exiv2 cannot read, and that is to be kept as it is.

Of such a packet other programs read little or nothing; ExifTool, and Sixbit itself, read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from xml.sax.saxutils import escape

from sixbit.files.exiv2 import loaded_exiv2
from sixbit.files.xmp import XmpError, picture_in, read_packet, text_of_packet

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_VALUE = re.compile(
    r"""<([\w.-]+:[\w.-]+)(?:\s[^<>]*)?>([^<>]*)</\1\s*>|\s[\w.-]+:[\w.-]+\s*=\s*(?:"([^"]*)"|'([^']*)')"""
)
"""A value of a property as an element, or as an attribute."""


def edited(packet: bytes, without: Iterable[str], put: Mapping[str, str | Sequence[str]]) -> bytes:
    """The packet without the properties whose keys begin so, by exiv2's names, and with those in ``put``.

    A value that is no text becomes a list. Raises XmpError for a packet that is no XML, or holds no RDF.

    >>> packet = b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></r:RDF>'
    >>> read_packet(edited(packet, (), {"Xmp.aux.Lens": "Elmar"})).properties
    {'aux:Lens': 'Elmar'}
    """
    text = text_of_packet(packet)
    for key in without:
        text = _without(text, key)
    for key in put:
        text = _without(text, key, whole=True)
    end = [found.start() for found in re.finditer(r"</(?:[\w.-]+:)?RDF\s*>", text)]
    if not end:
        raise XmpError("it holds no RDF")
    result = (text[: end[-1]] + _description(put) + text[end[-1] :]).encode()
    read_packet(result)
    return result


def without_pictures(packet: bytes) -> bytes:
    """The packet without the values that are pictures in base64.

    >>> without_pictures(b"<a:b><a:c>/9j/4AAQ</a:c><a:c>text</a:c></a:b>")
    b'<a:b><a:c>text</a:c></a:b>'
    """

    def shortened(found: re.Match[str]) -> str:
        value = next(filter(None, found.group(2, 3, 4)), "")
        return found[0] if picture_in(unescape(value)) is None else ""

    return _VALUE.sub(shortened, text_of_packet(packet)).encode()


def has(packet: bytes, key: str) -> bool:
    """True if the packet has this property, by exiv2's name."""
    text = text_of_packet(packet)
    return _without(text, key, whole=True) != text


def _description(put: Mapping[str, str | Sequence[str]]) -> str:
    if not put:
        return ""
    elements, spaces = "", {"rdf": _RDF}
    for key, value in put.items():
        _, prefix, name = key.split(".", 2)
        spaces[prefix] = loaded_exiv2().XmpProperties.ns(prefix)
        content = escape(value) if isinstance(value, str) else "".join(f"<rdf:li>{escape(v)}</rdf:li>" for v in value)
        content = content if isinstance(value, str) else f"<rdf:Seq>{content}</rdf:Seq>"
        elements += f"<{prefix}:{name}>{content}</{prefix}:{name}>"
    declared = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in spaces.items())
    return f'<rdf:Description {declared} rdf:about="">{elements}</rdf:Description>\n'


def _without(text: str, key: str, whole: bool = False) -> str:
    """The text of a packet without a property, or without those whose names begin so unless it is the ``whole`` one."""
    _, prefix, name = key.split(".", 2)
    rest = r"(?![\w.-])" if whole else r"[\w.-]*"
    for known in _prefixes(text, prefix):
        full = re.escape(f"{known}:{name}") + rest
        text = _without_elements(text, re.compile(rf"<(/?)({full})(?:\s[^<>]*)?>"))
        text = re.sub(rf"""\s{full}\s*=\s*(?:"[^"]*"|'[^']*')""", "", text)
    return text


def _without_elements(text: str, tag: re.Pattern[str]) -> str:
    """The text without the elements of these tags, each up to the first end of its name; in one pass."""
    kept, at = [], 0
    begin: re.Match[str] | None = None
    for found in tag.finditer(text):
        if begin is None and not found[1]:
            begin = found
        if begin and (found[1] or (found is begin and found[0].endswith("/>"))) and found[2] == begin[2]:
            kept.append(text[at : begin.start()])
            at, begin = found.end(), None
    return "".join(kept) + text[at:]


def _prefixes(text: str, prefix: str) -> set[str]:
    """The prefixes by which the packet calls the namespace that exiv2 calls ``prefix``."""
    exiv2 = loaded_exiv2()
    try:
        space = re.escape(exiv2.XmpProperties.ns(prefix))
    except exiv2.Exiv2Error:  # one that it does not know
        return {prefix}
    return set(re.findall(rf"""xmlns:([\w.-]+)\s*=\s*["']{space}["']""", text))
