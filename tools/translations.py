"""The texts that Sixbit shows in other languages, put into the files of its translations.

``python -m tools.translations`` brings every file in ``plugin/sixbit/translations/`` up to date: new texts come in
untranslated, those that are gone go, and what is translated stays. ``python -m tools.translations LANGUAGE`` begins a
language that there is no file of, by its code, such as fr. How many texts each lacks is told at the end.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import polib

from sixbit.manifest import manifest, plugin_source
from sixbit.translations import FOLDER
from sixbit.translations.markup import texts_of_page, texts_of_script
from sixbit.values.kinds import SPOKEN

PACKAGE = plugin_source("gimp").parents[1]
_CALLS = {"_", "say", "Sentence"}
"""What is called with a text that is translated; errors of Sixbit's are such calls, too."""


def texts() -> dict[str, list[str]]:
    """Find every text that is translated, with the files that it stands in, in the order of the files."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        if (reader := _READERS.get(path.suffix)) is None or not path.is_file():
            continue
        name = path.relative_to(PACKAGE).as_posix()
        for text in reader(path):
            places = found.setdefault(text, [])
            if name not in places:
                places.append(name)
    for text in SPOKEN.values():
        found.setdefault(text, []).append("values/kinds.py")
    for text in _of_the_manifest():
        found.setdefault(text, []).append("manifest.json")
    return {text: places for text, places in found.items() if _says_something(text)}


def _says_something(text: str) -> bool:
    """Whether there are words beside the values."""
    return bool(re.sub(r"\{.*?\}", "", text).strip(" :.,;()=±"))


def _of_the_manifest() -> Iterator[str]:
    known = manifest()
    yield from (preset["label"] for preset in known["presets"].values())
    yield from (text for words in known["hosts"]["gimp"]["procedures"].values() for text in words.values())
    yield from known["hosts"]["darktable"]["actions"].values()
    yield from known["hosts"]["darktable"]["storages"].values()


def _of_python(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            text = node.args[0]
            called = node.func.id in _CALLS | _errors()
            if called and isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value
            elif node.func.id == "progress" and len(node.args) > 1:
                step = node.args[1]
                if isinstance(step, ast.Constant) and isinstance(step.value, str):
                    yield step.value
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "WaysOut":
            module = importlib.import_module(".".join(("sixbit", *path.relative_to(PACKAGE).with_suffix("").parts)))
            yield from getattr(module, ast.unparse(node.target)).values()


@cache
def _errors() -> frozenset[str]:
    """The names of the errors with a reason for the user, wherever they are defined."""
    found = {"SixbitError", "StructureError", "BoxError", "RequestError", "StoppedError"}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")]
    kinds = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while new := {kind.name for kind in kinds if {ast.unparse(base) for base in kind.bases} & found} - found:
        found |= new
    return frozenset(found)


def _of_lua(path: Path) -> Iterator[str]:
    for text in re.findall(r'\b_\(\s*("(?:[^"\\]|\\.)*")\s*\)', path.read_text(encoding="utf-8")):
        yield ast.literal_eval(text)


def _of_script(path: Path) -> Iterator[str]:
    yield from texts_of_script(path.read_text(encoding="utf-8"))


def _of_page(path: Path) -> Iterator[str]:
    if path.parent.name == "static":  # the words of one that is filled in stand where that is done
        yield from texts_of_page(path.read_text(encoding="utf-8"))


_READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    ".py": _of_python,
    ".lua": _of_lua,
    ".js": _of_script,
    ".html": _of_page,
}


def brought_up_to_date(language: str) -> polib.POFile:
    """Return the catalogue of a language with today's texts, each with the translation that it has."""
    path = FOLDER / f"{language}.po"
    before = polib.pofile(str(path), wrapwidth=0) if path.exists() else polib.POFile(wrapwidth=0)
    said = {entry.msgid: entry for entry in before}
    after = polib.POFile(wrapwidth=0)
    after.metadata = before.metadata or {
        "Project-Id-Version": "Sixbit",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for text, places in texts().items():
        entry = said.get(text) or polib.POEntry(msgid=text)
        entry.occurrences = [(place, "") for place in places]
        after.append(entry)
    return after


def main() -> None:
    """Bring the files up to date, or begin one."""
    for language in sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.po")):
        if not re.fullmatch("[a-z]{2,3}", language):
            sys.exit(f"{language!r} is no code of a language, such as fr.")
        catalogue = brought_up_to_date(language)
        catalogue.save(str(FOLDER / f"{language}.po"))
        print(f"{language}: {len(catalogue.untranslated_entries())} of {len(catalogue)} texts are not translated")


if __name__ == "__main__":
    main()
