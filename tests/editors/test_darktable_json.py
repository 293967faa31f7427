"""The script's JSON, in the Lua that darktable has: both ways against Python's, names that are no UTF-8 included."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lupa.lua54 import LuaRuntime

from sixbit.manifest import plugin_source

LIBRARY = plugin_source("darktable") / "lib"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(1 << 53), 1 << 53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.booleans() | NUMBERS | TEXTS,
    lambda values: st.lists(values, min_size=1) | st.dictionaries(TEXTS, values, min_size=1),
)

lua: Any = LuaRuntime(encoding=None)
library: Any = lua.execute(f"return dofile({json.dumps(str(LIBRARY / 'json.lua'))})".encode())
decode = library[b"decode"]
encode_text = lua.eval(b"function(json, text) return json.encode(text) end")
again = lua.eval(b"function(json, text) return json.encode(json.decode(text)) end")


@given(VALUES, st.booleans())
def test_what_python_writes_is_read_and_written_again(value: Any, plain: bool) -> None:
    text = json.dumps(value, ensure_ascii=plain).encode()
    assert json.loads(again(library, text)) == value


def test_a_decimal_comma_of_the_users_country_is_written_as_a_point() -> None:
    german: Any = LuaRuntime(encoding=None)
    german.execute(b"local f = string.format string.format = function(...) return (f(...):gsub('%.', ',')) end")
    there = german.execute(f"return dofile({json.dumps(str(LIBRARY / 'json.lua'))})".encode())
    write = german.eval(b"function(json) return json.encode({ a = 0.5, b = 2, c = -1.25 }) end")
    assert json.loads(write(there)) == {"a": 0.5, "b": 2, "c": -1.25}


@given(st.binary())
def test_names_of_files_are_bytes(name: bytes) -> None:
    written: bytes = encode_text(library, name)
    assert b"\n" not in written
    written.decode("ascii" if name.isascii() else "utf-8")
    assert os.fsencode(json.loads(written)) == name
    assert decode(json.dumps(os.fsdecode(name)).encode()) == name


@pytest.mark.parametrize(
    "text", ["[]", "{}", "null", ' [ 1 , {"a" : null } ] ', "-0.5e-3", '"\\ud83d\\udcf7\\/\\b"', "12"]
)
def test_the_rest_of_the_grammar(text: str) -> None:
    expected = json.loads(text)
    if text == "{}":
        assert again(library, b"{}") == b"{}"
    elif "null" in text and text != "null":
        assert json.loads(again(library, text.encode())) == [1, {}]
    else:
        assert json.loads(again(library, text.encode())) == expected


@pytest.mark.parametrize(
    "text", ["", "[", "{", '"', "[1,]", "[1 2]", '{"a"}', '{"a":}', "{1:2}", '"\\x"', '"\\u12"', "nul", "1 2", '"a\nb"']
)
def test_what_is_no_json_is_refused(text: str) -> None:
    from lupa.lua54 import LuaError

    with pytest.raises(LuaError, match="no JSON"):
        decode(text.encode())


@pytest.mark.parametrize("value", ["0/0", "1/0", "print"])
def test_what_json_has_not_is_refused(value: str) -> None:
    from lupa.lua54 import LuaError

    with pytest.raises(LuaError, match="JSON has no"):
        lua.eval(f"function(json) return json.encode({{{value}}}) end".encode())(library)
