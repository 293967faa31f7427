"""What is refused, in the words of the command line: the reason, and what can be done about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sixbit.cli.ways_out import told
from sixbit.values.errors import Code, SixbitError


@contextmanager
def refused(
    kind: type[SixbitError], words: str, code: Code | None = None
) -> Iterator[pytest.ExceptionInfo[SixbitError]]:
    """Fail unless this kind of error is raised, whose words with the way out hold the pattern."""
    with pytest.raises(kind) as caught:
        yield caught
    assert re.search(words, told(caught.value)), told(caught.value)
    assert code in (None, caught.value.code)
