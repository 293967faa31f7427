"""Damage to XML and JSON: to what stands in them, and to how it is written."""

from __future__ import annotations

import copy
import json
import re
from random import Random
from typing import Any

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31mFAKE"
TEXTS = ("", " ", ESCAPES, "two\nlines\rthree", "nan", "inf", "1e400", "-1", "0", "1/0", "0/0", "1e-320", "\u202egpj.x")
TEXTS += ("\ud800", "a" * 5000, "9" * 400, "9" * 5000, "{0.__class__}", "{stem", "%s%n", "<b>&amp;", "\0", ".", "true")
TEXTS += (
    "35",
    "1.4",
    "4294967295",
    "summicron-35-asph",
    "correct",
    "copy",
    "measured",
    "distortion",
    "uint16",
    "\u2028",
)
NUMBERS = (
    0,
    -0.0,
    1,
    -1,
    2,
    3,
    0.5,
    1e-300,
    1e300,
    float("inf"),
    float("nan"),
    255,
    65535,
    1 << 31,
    (1 << 63) - 1,
    1 << 64,
)
NUMBERS += (10**400, 35, 48, 32, 1 << 20)
VALUES = (None, True, False, [], {}, [[]], [None], {"a": None}, ["a", 1], "code")


def xml(data: bytes, random: Random) -> bytes:
    """Damage XML: a value, an element, a name, or its outermost layer."""
    kind = random.random()
    if kind < 0.12:
        return _outside(data, random)
    if kind < 0.55:
        spans = [
            one.span(1) for one in re.finditer(rb"=\s*[\"']([^\"']*)[\"']|>([^<>]+)<", data) if one.span(1) != (-1, -1)
        ]
        spans += [one.span(1) for one in re.finditer(rb">([^<>]+)<", data)]
        if not spans:
            return data
        start, end = random.choice(spans)
        text = random.choice(TEXTS) if random.random() < 0.7 else str(random.choice(NUMBERS))
        value = text.encode("utf-8", "surrogatepass")
        if random.random() < 0.7:
            value = re.sub(rb"[<&\"\0-\x08\x0e-\x1f]", lambda one: b"&#%d;" % one[0][0], value)
        return data[:start] + value + data[end:]
    spans = [one.span() for one in re.finditer(rb"<[^<>]*>[^<]*", data)]
    if not spans:
        return data
    start, end = random.choice(spans)
    piece = data[start:end]
    if kind < 0.68:
        return data[:start] + data[end:]
    if kind < 0.82:
        return data[:start] + piece * random.choice((2, 3, 50, 600)) + data[end:]
    if kind < 0.9:
        name = re.sub(
            rb"[\w:.-]+", random.choice((b"rdf:li", b"lens", b"x:y", b"model", b"9", b"xml:a")), piece, count=1
        )
        return data[:start] + name + data[end:]
    other = random.choice(spans)
    return data[:start] + data[other[0] : other[1]] + data[start:]


def _outside(data: bytes, random: Random) -> bytes:
    depth = random.choice((10, 300, 8000))
    many = b"".join(b"<dc:p%d>a</dc:p%d>" % (k, k) for k in range(random.choice((20, 400))))
    steps = b'<rdf:li stEvt:action="saved" stEvt:when="2026-01-01"/>' * random.choice((20, 400))
    history = b'<xmpMM:History xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stEvt="http://ns.adobe.com/xap/1.0/'
    history += b'sType/ResourceEvent#"><rdf:Seq>' + steps + b"</rdf:Seq></xmpMM:History>"
    laughs = b'<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;"><!ENTITY n "&m;&m;&m;&m;&m;">]>'
    wide = data.decode("utf-8", "replace")
    end = data.find(b"</rdf:Description>")
    inside = random.choice((many, history, b"<dc:title>&n;</dc:title>"))
    return random.choice(
        (
            b"<a>" * depth + data,
            b"<a>" * depth + b"</a>" * depth,
            laughs + data,
            laughs + data.replace(b"Rome", b"&n;").replace(b"Leica", b"&n;"),
            b'<?xml version="1.0" encoding="utf-16"?>' + data,
            b'<?xml version="1.0" encoding="bogus"?>' + data,
            wide.encode("utf-16"),
            b"\xef\xbb\xbf" + data,
            data[: data.rfind(b"<")],
            data if end < 0 else data[:end] + inside + data[end:],
        )
    )


def json_lines(data: bytes, random: Random) -> bytes:
    """Damage a value of JSON, or of one of several lines of it."""
    lines = data.splitlines(keepends=True) if data.startswith(b'{"') and data.count(b"\n{") else [data]
    at = random.randrange(len(lines))
    kind = random.random()
    if len(lines) > 1 and kind < 0.06:
        return b"".join(lines[:at] + lines[at + 1 :])
    if len(lines) > 1 and kind < 0.1:
        lines.insert(random.randrange(len(lines)), lines[at])
        return b"".join(lines)
    lines[at] = _json(lines[at], random)
    return b"".join(lines)


def _json(line: bytes, random: Random) -> bytes:
    kind = random.random()
    if kind < 0.04:
        return random.choice(
            (b"[" * 100_000, b'{"a":' * 100_000, b"", b"null\n", b"[]\n", b"{}\n", b"1e400\n", b'"\xff"\n')
        )
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return line[: random.randrange(len(line) + 1)]
    places = list(_places(content))
    if not places:
        return line
    box, key = random.choice(places)
    _change(box, key, random)
    return _written(content, line) + (b"\n" if line.endswith(b"\n") and kind > 0.06 else b"")


def _written(content: Any, line: bytes) -> bytes:
    try:
        return json.dumps(content).encode()
    except (ValueError, RecursionError):
        return line


def _places(content: Any) -> Any:
    """Every place that holds a value: what it is in, and its key."""
    if isinstance(content, dict | list):
        for key in content if isinstance(content, dict) else range(len(content)):
            yield content, key
            yield from _places(content[key])


def _change(box: Any, key: Any, random: Random) -> None:
    kind = random.random()
    if kind < 0.1:
        del box[key]
    elif kind < 0.16 and isinstance(box, dict):
        box[random.choice(TEXTS)] = box.pop(key)
    elif kind < 0.22 and isinstance(box, list):
        box += box * random.choice((1, 8, 100))
    elif kind < 0.5:
        box[key] = random.choice(NUMBERS)
    elif kind < 0.75:
        box[key] = random.choice(TEXTS)
    elif kind < 0.8:
        box[key] = [box[key]]
    elif kind < 0.84 and isinstance(box[key], str) and len(box[key]) < 5000:
        box[key] = box[key] * random.choice((2, 40))
    else:
        box[key] = copy.deepcopy(random.choice(VALUES))
