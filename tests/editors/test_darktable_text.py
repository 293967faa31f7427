"""What the script in darktable shows, in the Lua that darktable has."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from lupa.lua54 import LuaRuntime

from sixbit.manifest import data_path, plugin_source

LIBRARY = plugin_source("darktable") / "lib"
STUB = """
package.preload["darktable"] = function()
  local nothing = function() end
  return {
    configuration = { running_os = "linux", config_dir = %s },
    gettext = { bindtextdomain = nothing, dgettext = nothing },
  }
end
package.preload["sixbit/lib/json"] = function() return dofile(%s) end
return dofile(%s).shown
"""


@pytest.fixture
def shown(tmp_path: Path) -> Any:
    own = tmp_path / "lua" / "sixbit"
    own.mkdir(parents=True)
    shutil.copy(data_path("manifest.json"), own)
    paths = (tmp_path, LIBRARY / "json.lua", LIBRARY / "text.lua")
    return LuaRuntime(encoding=None).execute((STUB % tuple(json.dumps(str(path)) for path in paths)).encode())


def test_a_name_is_shown_on_one_line_and_from_left_to_right(shown: Any) -> None:
    odd = "a\x1b[2J\x07\n\x7f\x9b\u2028\u202e\u200f\u2066\u061cb".encode()
    assert shown(odd) == b"a?[2J?????????b"
    good = "Größe – “日本語” 📷 ‰.jpg".encode()
    assert shown(good) == good
