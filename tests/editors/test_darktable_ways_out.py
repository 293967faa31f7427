"""What can be done in darktable about every kind of trouble, by the script's own table in its own Lua."""

from __future__ import annotations

from typing import Any

import pytest
from lupa.lua54 import LuaRuntime

from sixbit.manifest import plugin_source
from sixbit.values.errors import Code

LIBRARY = plugin_source("darktable") / "lib"


@pytest.fixture(scope="module")
def script() -> Any:
    lua: Any = LuaRuntime()
    lua.execute('package.preload["sixbit/lib/text"] = function() return { translated = function(m) return m end } end')
    table = lua.execute(f"return dofile([[{LIBRARY / 'ways_out.lua'}]])")
    told = lua.eval("function(told, words, ...) return told(words, { ... }) end")
    return {"table": dict(table.by_code), "told": lambda words, *codes: told(table.told, words, *codes)}


def test_every_code_has_a_way_out(script: Any) -> None:
    assert script["table"].keys() == {str(code) for code in Code}
    assert all(said.endswith(".") for said in script["table"].values())


def test_no_way_out_is_of_the_command_line(script: Any) -> None:
    of_the_program = {said for said in script["table"].values() if "--" in said or "sixbit " in said}
    assert of_the_program == {"Run `sixbit doctor`; it names the mend."}  # where there is no other


def test_what_it_names_is_in_the_script(script: Any) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in LIBRARY.parent.rglob("*.lua"))
    named = {name for said in script["table"].values() for name in said.split("“")[1:]}
    assert len(named) > 3
    for name in named:
        assert f'_("{name.split("”")[0]}' in sources, name


def test_sentences_and_clauses(script: Any) -> None:
    told = script["told"]
    assert told("L1.tif: is empty.", "damaged") == "L1.tif: is empty. Get it again from where it came."
    assert told("several lenses fit", "ambiguous") == "several lenses fit; choose one in the panel “Leica M lens”"
    assert told("it failed", "of tomorrow") == told("it failed") == "it failed"
