"""The user's folders, against platformdirs."""

from __future__ import annotations

import platformdirs
import pytest

from sixbit.machine import user_config, user_data


@pytest.mark.parametrize("base", [None, "", "  ", "/somewhere/else", "~/data", "/with space/ü"])
def test_are_where_platformdirs_says(base: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        if base is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, base)
    assert user_data() == platformdirs.user_data_path("sixbit")
    assert user_config() == platformdirs.user_config_path("sixbit")
