"""The metadata of an image: tags as texts, and the size it was taken with.

GIMP 3.0 does not show its metadata's own functions to plug-ins, so the XML that it serializes to is read and written.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from gi.repository import Gimp

Tags = dict[str, str]

LONGEST = 1 << 20
"""Characters of the longest text that is handed to the server; previews and depth maps are longer."""

SIZES = (
    ("Exif.Photo.PixelXDimension", "Exif.Photo.PixelYDimension"),
    ("Exif.Image.ImageWidth", "Exif.Image.ImageLength"),
    ("Xmp.tiff.ImageWidth", "Xmp.tiff.ImageLength"),
)


def tags_of(image: Gimp.Image) -> Tags:
    """Return all tags by exiv2's names."""
    metadata = image.get_metadata()
    if metadata is None:
        return {}
    tags: Tags = {}
    for element in ElementTree.fromstring(metadata.serialize()).iter("tag"):
        text = element.text or ""
        if element.get("encoding") == "base64":
            text = base64.b64decode(text).decode("utf-8", "replace")
        if len(text) <= LONGEST:
            # Of a tag with several values, as XMP's lists have them, all count.
            name = element.get("name", "")
            tags[name] = f"{tags[name]}, {text}" if name in tags else text
    return tags


def original_size(tags: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the size of the picture as the tags say it."""
    for names in SIZES:
        width, height = (tags.get(name, "").strip() for name in names)
        if width.isdecimal() and height.isdecimal() and int(width) and int(height):
            return int(width), int(height)
    return None


def imported_file(image: Gimp.Image) -> str | None:
    """Return the photo that the image was opened from, if it is still there."""
    file = image.get_imported_file()
    path = file.get_path() if file else None
    return path if path and Path(path).is_file() else None


def tagged(image: Gimp.Image, tags: Mapping[str, str | None], namespaces: Mapping[str, str]) -> Gimp.Metadata:
    """Return the image's metadata with these tags, without those that are None.

    ``namespaces`` are those that XMP does not know of itself.
    """
    metadata = image.get_metadata() or Gimp.Metadata.new()
    root = ElementTree.fromstring(metadata.serialize() or "<metadata/>")
    for element in list(root):
        if element.tag == "tag" and element.get("name") in tags:
            root.remove(element)
    known = {space.get("url") for space in root.iter("namespace")}
    for prefix, url in namespaces.items():
        if url not in known:
            # GIMP registers a namespace only if it stands before the tags that are in it.
            root.insert(0, ElementTree.Element("namespace", prefix=prefix, url=url))
    for name, text in tags.items():
        if text is not None:
            ElementTree.SubElement(root, "tag", name=name).text = text
    # Without the declaration, and with an empty element cut short, GIMP passes over the namespace.
    text = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True, short_empty_elements=False)
    return Gimp.Metadata.deserialize(text.decode())
