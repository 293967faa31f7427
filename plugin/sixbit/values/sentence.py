"""Words for the user that other programs can say in another language: English, with the template it was made from."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sixbit.values.errors import Code, SixbitError, photo_name

Say = Callable[[object], str]
"""Says a sentence, or a fixed text, in some language; :class:`str` says it in English."""

_PLACE = re.compile(r"\{\{|\}\}|\{([a-z_]\w{0,40})(?::[+]?(?:\.\d)?[a-z%]?)?\}")
"""What may stand in braces in a template that somebody else has written; it asks for no attributes, and no widths."""
_DEEPEST = 100


class Sentence(str):
    """A template with its values put in; a tuple among them is a choice of names.

    Nothing in it tells what to do on the command line or in a window: whoever shows it adds that, by its ``code`` if it
    tells of a trouble. Its text is the same without that.

    >>> said = Sentence("{name} fits {lenses}.", name="'Summicron 50'", lenses=("Summicron III", "Summicron IV"))
    >>> said
    "'Summicron 50' fits Summicron III or Summicron IV."
    >>> said.template
    '{name} fits {lenses}.'
    >>> Sentence("the photo does not say its aperture", Code.APERTURE).code.value
    'aperture'
    """

    __slots__ = ("code", "template", "values")
    template: str
    code: Code | None
    values: dict[str, Any]

    def __new__(cls, template: str, code: Code | None = None, /, **values: Any) -> Sentence:
        """Make the sentence of a template in the notation of :meth:`str.format`.

        Its values write to no terminal, and are of one line, but for sentences; of an exception, its words are one.
        """
        values = {name: _told(value) for name, value in values.items()}
        words = {name: either(*value) if isinstance(value, tuple) else value for name, value in values.items()}
        said = super().__new__(cls, _filled(template, words))
        said.template, said.code, said.values = template, code, values
        return said

    @property
    def without_code(self) -> Sentence:
        """Its words as a mere fact, where nothing is left to be done about it."""
        return Sentence(self.template, **self.values)

    def __getnewargs_ex__(self) -> tuple[tuple[str, Code | None], dict[str, Any]]:
        return (self.template, self.code), self.values


def sentence_of(words: object) -> Sentence:
    """Words as a sentence, whose template they are, if they are none yet: a fixed text is translated then.

    >>> sentence_of("It is empty, as {} is.").template
    'It is empty, as {{}} is.'
    """
    return words if isinstance(words, Sentence) else Sentence(str(words).replace("{", "{{").replace("}", "}}"))


def _filled(template: str, words: Mapping[str, Any]) -> str:
    """Put values into a template; after a name that ends in ASPH. there is no second full stop."""
    return re.sub(r"\.\.(?= |$)", ".", template.format(**words))


def _told(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_told, value))
    if isinstance(value, BaseException):
        value = of_error(value)
    return _OF_THE_SYSTEM.get(value) or photo_name(value) if type(value) is str else value


_OF_THE_SYSTEM = {
    str(said): said
    for said in (
        Sentence("No such file or directory"),
        Sentence("Not a directory"),
        Sentence("Is a directory"),
        Sentence("File exists"),
        Sentence("Directory not empty"),
        Sentence("File name too long"),
        Sentence("Permission denied"),
        Sentence("Operation not permitted"),
        Sentence("Read-only file system"),
        Sentence("No space left on device"),
        Sentence("Input/output error"),
        Sentence("Invalid argument"),
    )
}
"""What the system says of files, in Python's words, where these are a value."""


def of_error(error: BaseException) -> str:
    """The words of an exception, as a sentence if it was raised with one; of what it is about, that comes first.

    >>> of_error(SixbitError(Sentence("is {size} bytes long.", size=3), subject="a.jpg")).template
    '{subject}: {reason}'
    """
    said = error.reason if isinstance(error, SixbitError) else next(iter(error.args), None)
    if isinstance(error, SixbitError) and error.subject is not None:
        return Sentence("{subject}: {reason}", subject=str(error.subject), reason=said)
    return said if isinstance(said, Sentence) else str(error)


def in_a_row(sentences: Sequence[str], mark: str = ", ") -> str:
    """Sentences one after the other, each of which keeps its parts.

    >>> facts = in_a_row(["1997-2010", Sentence("focuses to {near:g} m", near=0.7)])
    >>> facts
    '1997-2010, focuses to 0.7 m'
    >>> parts(facts)["values"]["others"]
    {'template': 'focuses to {near:g} m', 'values': {'near': 0.7}}
    """
    if len(sentences) < 2:
        return sentences[0] if sentences else ""
    half = len(sentences) // 2  # so that a long row is not deep
    return Sentence(
        f"{{one}}{mark}{{others}}", one=in_a_row(sentences[:half], mark), others=in_a_row(sentences[half:], mark)
    )


def all_of(names: Sequence[str]) -> str:
    """Names that all count, as a sentence that keeps each.

    >>> all_of(["f/2", "f/4"])
    'f/2 and f/4'
    """
    if len(names) < 2:
        return names[0] if names else ""
    half = len(names) // 2
    return Sentence("{one} and {others}", one=all_of(names[:half]), others=all_of(names[half:]))


def either(*names: str) -> str:
    """Names as a choice.

    >>> either("Summilux", "Summicron", "Elmar")
    'Summilux, Summicron or Elmar'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def codes(said: Any) -> Iterator[Code]:
    """The codes of a sentence, and of the sentences among its values.

    >>> why = Sentence("the photo does not say its aperture", Code.APERTURE)
    >>> [code.value for code in codes(Sentence("fall-off: {why}", why=why))]
    ['aperture']
    """
    if isinstance(said, Sentence):
        if said.code:
            yield said.code
        for value in said.values.values():
            yield from codes(value)


def parts(said: Any) -> Any:
    """A sentence as JSON values, for a program that translates the template; anything else as it is.

    >>> parts(Sentence("no calibration is near {focal:g} mm", Code.OTHER_USE, focal=35.0))
    {'template': 'no calibration is near {focal:g} mm', 'values': {'focal': 35.0}, 'code': 'other_use'}
    """
    if isinstance(said, Sentence):
        if any(isinstance(value, float) and not math.isfinite(value) for value in said.values.values()):
            return str(said)  # JSON has no such numbers
        code = {"code": str(said.code)} if said.code else {}
        return {"template": said.template, "values": parts(said.values), **code}
    if isinstance(said, dict):
        return {name: parts(value) for name, value in said.items()}
    return [parts(one) for one in said] if isinstance(said, tuple | list) else said


def of_parts(told: Any, depth: int = 0) -> str:
    """A sentence again, of what :func:`parts` gave, which may come from a file that somebody else has written.

    Raises an exception of any kind where there is none; a sentence has sentences in it ``_DEEPEST`` deep at most.

    >>> of_parts(parts(Sentence("{name} fits {lenses}.", name="'Summicron'", lenses=("III", "IV"))))
    "'Summicron' fits III or IV."
    """
    if isinstance(told, str):
        return told
    if depth > _DEEPEST:
        raise ValueError("no sentence of Sixbit's")
    template, values = str(told["template"]), {str(name): _of_parts(one, depth) for name, one in told["values"].items()}
    places = [found[1] for found in _PLACE.finditer(template) if found[1]]
    # What stood in it twice, level after level, would become as long as there is room for.
    if {"{", "}"} & {*_PLACE.sub("", template)} or len(places) > len({*places}):
        raise ValueError("no template of Sixbit's")
    return Sentence(template, Code(told["code"]) if "code" in told else None, **values)


def _of_parts(value: Any, depth: int) -> Any:
    if isinstance(value, list):
        return tuple(of_parts(one, depth + 1) for one in value)
    return of_parts(value, depth + 1) if isinstance(value, dict) else value


def in_words(said: object, translated: Callable[[str], str]) -> str:
    """A sentence in another language, by what translates its template; any other text is looked up whole.

    Of an error, its reason is translated, and what it is about stands before that as in English.

    >>> in_words(Sentence("{kind} is measured", kind="fall-off"), {"{kind} is measured": "{kind} ist gemessen"}.get)
    'fall-off ist gemessen'
    """
    if isinstance(said, SixbitError):
        named = "" if said.subject is None else f"{photo_name(said.subject)}: "
        return f"{named}{in_words(said.reason, translated)}"
    if not isinstance(said, Sentence):
        return translated(str(said))
    return _filled(translated(said.template), {name: _value(value, translated) for name, value in said.values.items()})


def _value(value: Any, translated: Callable[[str], str]) -> Any:
    if isinstance(value, tuple):
        *others, last = (_value(one, translated) for one in value)
        return translated("{others} or {last}").format(others=", ".join(others), last=last) if others else last
    return in_words(value, translated) if isinstance(value, Sentence) else value
