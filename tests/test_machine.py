"""The user's folder, against platformdirs."""

from __future__ import annotations

import platformdirs
import pytest

from sixbit.machine import user_data


@pytest.mark.parametrize("base", [None, "", "  ", "/somewhere/else", "~/data", "/with space/ü"])
def test_is_where_platformdirs_says(base: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if base is None:
        monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_DATA_HOME", base)
    assert user_data() == platformdirs.user_data_path("sixbit")
