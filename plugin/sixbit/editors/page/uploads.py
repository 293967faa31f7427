"""A photo that was dropped on the page, and what the page is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sixbit.editors.page.steps import Findings
from sixbit.editors.page.trouble import Trouble
from sixbit.editors.page.work import Look
from sixbit.values.sentence import Sentence

LONGEST_NAME = 120


@dataclass
class Upload:
    """A photo that was dropped. ``path`` is ours, ``name`` the user's, made fit to be shown."""

    number: int
    step: str
    name: str
    path: Path
    status: str = "arriving"
    """``arriving``, ``reading``, ``ready``, ``used`` or ``refused``."""
    reason: Sentence | Trouble | None = None
    """Why it is refused."""
    look: Look | None = None
    brought: str = ""
    """In words, by the last measurement."""
    drawn: tuple[int, bytes] | None = None
    """A picture of that, by a number of its own."""
    digest: str = ""
    """That of its bytes: the same photo may be dropped twice."""

    @property
    def is_usable(self) -> bool:
        """True if it can be measured and shown."""
        return self.status in ("ready", "used")

    def as_json(self) -> dict[str, Any]:
        """Return it as the page is told of it, in no language yet."""
        return {
            "number": self.number,
            "name": self.name,
            "status": self.status,
            "reason": self.reason or "",
            "about": self.look.about if self.look else "",
            "note": self.look.note if self.look else "",
            "brought": self.brought,
            "picture": f"drawn-{self.drawn[0]}" if self.drawn else f"frame-{self.number}" if self.look else "",
        }


def groups_of(frames: list[Upload]) -> list[list[Upload]]:
    """Sort photos by camera, what that has compensated, and aperture, the widest first and those without it last."""
    groups: dict[tuple[str, str, float], list[Upload]] = {}
    for frame in frames:
        look = frame.look
        camera, knew, f_number = (look.camera, look.compensated, look.f_number) if look else ("", "", None)
        groups.setdefault((camera, knew, f_number or float("inf")), []).append(frame)
    return [groups[key] for key in sorted(groups)]


def hand_out(
    findings: Findings, frames: Iterable[Upload], numbers: Iterator[int], named: Callable[[object], Sentence]
) -> Findings:
    """Give each photo what it brought, and return the rest, in which all have the user's names."""
    for frame in frames:
        if of_photo := findings.photos.get(frame.path.name):
            frame.brought = named(of_photo.words)
            frame.drawn = (next(numbers), of_photo.picture) if of_photo.picture else None
    pictures = tuple((named(caption), picture) for caption, picture in findings.pictures)
    return replace(findings, verdict=tuple(map(named, findings.verdict)), pictures=pictures, photos={})
