"""XMP packets: the properties that tell of a photo and its lens, and what darktable has done to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sixbit.values.marks import NAMESPACE, PREFIX

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PREFIXES = {
    "http://ns.apple.com/adjustment-settings/1.0/": "aas",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
    "http://ns.adobe.com/photoshop/1.0/panorama-profile": "panorama",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://leica-camera.com/digital-shift-assistant/1.0/": "xmpDSA",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    NAMESPACE: PREFIX,
}
"""Of the names of properties, by the namespaces that are read."""
_REFERENCE = "{http://ns.adobe.com/xap/1.0/sType/ResourceRef#}"
"""What a part of a property that names another file is called by (XMP specification part 2, section 1.2.3.3)."""
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_NOT_IN_XML = bytes(byte for byte in range(0x20) if byte not in b"\t\n\r")
"""The bytes of UTF-8 that are no character of XML (section 2.2)."""
_LATIN = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}
"""The characters that stand for bytes that could not be decoded."""
_DARKTABLE = "{http://darktable.sf.net/}"
_STEP = re.compile(r"Xmp\.darktable\.history\[(\d{1,5})\]/darktable:(\w+)")
"""A property of a step of darktable's history, as exiv2 calls it."""
_IN_LISTS = ("operation", "enabled")
"""Those of darktable's first files: lists, one for each property, with an item for each step."""


class XmpError(ValueError):
    """The packet cannot be read, or is one that no photo needs (entities of its own)."""


class Packet(NamedTuple):
    """``properties`` by name (``aux:Lens``), the items of a list joined by spaces.

    Parts of a reference to another file have the names of both, with a slash: ``xmpMM:DerivedFrom/stRef:filePath``.
    """

    properties: Mapping[str, str]
    darktable_modules: frozenset[str] = frozenset()
    """The modules that are switched on at the end of darktable's history."""


def read_packet(packet: bytes) -> Packet:
    """Read an XMP packet.

    Raises XmpError for broken XML, and for any document type declaration: that is where entities are defined, which
    can grow without bound.

    >>> read_packet(b'''<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    ...     <r:Description xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:Lens="Elmar-M 1:2.8/50"/>
    ... </r:RDF>''').properties
    {'aux:Lens': 'Elmar-M 1:2.8/50'}
    """
    root = _parsed(packet)
    rdf = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
    properties: dict[str, str] = {}
    modules: frozenset[str] = frozenset()
    for description in () if rdf is None else rdf.findall(f"{_RDF}Description"):
        for name, value in description.attrib.items():
            if known := _known(name):
                properties.setdefault(known, value)
        for element in description:
            if known := _known(element.tag):
                items = [item.text or "" for item in element.iter(f"{_RDF}li")]
                properties.setdefault(known, " ".join(items) if items else element.text or "")
                for part, value in _reference(element):
                    properties.setdefault(f"{known}/stRef:{part}", value)
        history = description.find(f"{_DARKTABLE}history")
        end = description.get(f"{_DARKTABLE}history_end") or description.findtext(f"{_DARKTABLE}history_end")
        if history is not None:
            modules |= _modules_on([_step(item) for item in history.iter(f"{_RDF}li")], end)
        else:
            lists = {name: description.iterfind(f"{_DARKTABLE}history_{name}//{_RDF}li") for name in _IN_LISTS}
            modules |= _modules_on(_steps({name: [item.text or "" for item in lists[name]] for name in lists}), end)
    return Packet(properties, modules)


def says_something(packet: bytes) -> bool:
    """True if a packet has properties, of any namespace; raises XmpError as :func:`read_packet`.

    >>> says_something(b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description/></r:RDF>')
    False
    """
    root = _parsed(packet)
    described = root.iter(f"{_RDF}Description")
    return any(len(one) or any(not name.startswith(_RDF) for name in one.attrib) for one in described)


def in_utf8(packet: bytes) -> bytes:
    """The packet as exiv2 takes it: one that is no UTF-8, or has characters that are none of XML, is encoded anew."""
    try:
        packet.decode()
    except UnicodeDecodeError:
        return text_of_packet(packet).encode()
    is_well = _encoding(packet) == "utf-8-sig" and len(packet.translate(None, _NOT_IN_XML)) == len(packet)
    return packet if is_well else text_of_packet(packet).encode()


def packet_of_texts(tags: Mapping[str, str]) -> Packet:
    """The packet that exiv2 has read: texts by names such as ``Xmp.aux.Lens``. Those of Exif are passed over.

    >>> packet_of_texts({"Xmp.aux.Lens": "Elmar-M 1:2.8/50", "Exif.Photo.FNumber": "4/1"}).properties
    {'aux:Lens': 'Elmar-M 1:2.8/50'}
    """
    own = {name: text for name, text in tags.items() if name.startswith("Xmp.")}
    steps: dict[int, dict[str, str]] = {}
    for name, text in own.items():
        if found := _STEP.fullmatch(name):
            steps.setdefault(int(found[1]), {})[found[2]] = text
    in_order = [steps[number] for number in sorted(steps)] or _steps(
        {name: own.get(f"Xmp.darktable.history_{name}", "").split(", ") for name in _IN_LISTS}
    )
    modules = _modules_on(in_order, own.get("Xmp.darktable.history_end"))
    return Packet({name[4:].replace(".", ":", 1): text for name, text in own.items()}, modules)


_PICTURES = ("/9j/", "iVBORw0KGgo", "UklGR", "SUkqA", "TU0AK")
"""What JPEG, PNG, WebP and TIFF begin with as base64; what HEIF and AVIF do, see below."""


def picture_in(text: str) -> bytes | None:
    """The picture that the text of a property holds in base64, as thumbnails and originals are; None if it holds none.

    >>> picture_in("/9j/4AAQ"), picture_in("a text")
    (b'\\xff\\xd8\\xff\\xe0\\x00\\x10', None)
    """
    from base64 import b64decode

    begin = text[:64].lstrip()
    # A box "ftyp" comes first in HEIF and AVIF, whose size stands before it (ISO/IEC 14496-12, section 4.3).
    if not begin.startswith(_PICTURES) and not (begin.startswith("AAAA") and begin[6:].startswith("Z0eXB")):
        return None
    digits = "".join(text.split()).rstrip("=")
    try:
        return b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:
        return None


def _parsed(packet: bytes) -> Element:
    from xml.etree import ElementTree

    text = text_of_packet(packet)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise XmpError("a document type declaration")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise XmpError(str(error)) from error


def _encoding(packet: bytes) -> str:
    """UTF-8, or UTF-16 with or without a mark of its byte order (XMP specification part 1, section 7.1)."""
    return {b"\xff\xfe": "utf-16-le", b"<\0": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\0<": "utf-16-be"}.get(
        packet[:2], "utf-8-sig"
    )


def text_of_packet(packet: bytes) -> str:
    """The packet as text, without the padding that leaves room to edit it."""
    encoding = _encoding(packet)
    # Bytes that are no UTF-8 are letters of Latin-1, as older programs write them.
    text = packet.decode(encoding, "surrogateescape" if encoding == "utf-8-sig" else "replace").lstrip("\ufeff")
    text = text.translate(_LATIN)
    text = text.encode().translate(None, _NOT_IN_XML).decode().strip()
    # Python parses text as it is; an encoding named in it would be refused as contradicting that.
    return text.partition("?>")[2] if text.startswith("<?xml") else text


def _reference(element: Element) -> Iterator[tuple[str, str]]:
    """The parts of a reference: attributes of the property, or elements in it or in a description of it."""
    for inner in (element, *element.findall(f"{_RDF}Description")):
        values = [*inner.attrib.items(), *((part.tag, part.text or "") for part in inner)]
        yield from ((n.removeprefix(_REFERENCE), value) for n, value in values if n.startswith(_REFERENCE))


def _known(name: str) -> str | None:
    uri, _, local = name.removeprefix("{").rpartition("}")
    return f"{_PREFIXES[uri]}:{local}" if uri in _PREFIXES else None


def _step(item: Element) -> dict[str, str]:
    """One step of darktable's history: its properties are attributes of the item, or elements within it."""
    found = {key: value for part in (item, *item.findall(f"{_RDF}Description")) for key, value in part.attrib.items()}
    found.update({child.tag: child.text or "" for child in item})
    return {key.removeprefix(_DARKTABLE): value for key, value in found.items() if key.startswith(_DARKTABLE)}


def _steps(lists: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """The steps of darktable's history, where each property has a list of its own.

    >>> _steps({"operation": ["lens", "crop"], "enabled": ["1", "0"]})[1]
    {'operation': 'crop', 'enabled': '0'}
    """
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=False)]


def _modules_on(steps: list[dict[str, str]], end: str | None) -> frozenset[str]:
    """The modules of darktable that are on after the last step that counts, by the names they have there.

    A later step of the same module replaces the earlier one, and steps from ``history_end`` on are undone.

    >>> _modules_on([{"operation": "lens", "enabled": "1"}, {"operation": "lens", "enabled": "0"}], "1")
    frozenset({'lens'})
    """
    last = int(end) if end and end.isascii() and end.isdigit() and len(end) < 10 else len(steps)
    on = {}
    for step in steps[:last]:
        on[step.get("operation", ""), step.get("multi_priority", "0")] = step.get("enabled") == "1"
    return frozenset(operation for (operation, _), enabled in on.items() if enabled)
