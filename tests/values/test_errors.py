"""Errors and sentences that travel between processes, and keep what they say."""

from __future__ import annotations

import pickle

import pytest

import sixbit.values.errors
from sixbit.values.errors import Code, NotCorrectedError, PhotoError, SixbitError
from sixbit.values.sentence import Sentence, codes, parts

KINDS = [
    kind for kind in vars(sixbit.values.errors).values() if isinstance(kind, type) and issubclass(kind, SixbitError)
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reason", ["is empty.", Sentence("{lens} is empty.", Code.FORMAT, lens="it")])
def test_an_error_comes_whole_from_another_process(kind: type[SixbitError], reason: str) -> None:
    error = kind(reason, Code.DAMAGED, subject="a\nb.jpg")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error) == f"a\\nb.jpg: {reason}"
    assert (again.reason, again.code, again.subject) == (reason, Code.DAMAGED, "a\nb.jpg")
    assert again.values == getattr(reason, "values", {})


def test_a_sentence_brings_its_code() -> None:
    assert PhotoError(Sentence("no curve", Code.PROFILE)).code is Code.PROFILE
    assert PhotoError(Sentence("no curve", Code.PROFILE), Code.DAMAGED).code is Code.DAMAGED
    assert PhotoError("no curve").code is PhotoError.code
    again = pickle.loads(pickle.dumps(Sentence("{code}", Code.SIZE, code=31)))
    assert (again, again.code, again.values) == ("31", Code.SIZE, {"code": 31})
    assert parts(again) == {"template": "{code}", "values": {"code": 31}, "code": "size"}


def test_the_text_of_a_sentence_is_the_same_with_a_code() -> None:
    assert Sentence("near {focal:g} mm", Code.OTHER_USE, focal=35.0) == Sentence("near {focal:g} mm", focal=35.0)
    inner = Sentence("why", Code.APERTURE)
    assert list(codes(Sentence("{one}: {other}", Code.GRADE, one=inner, other="x"))) == [Code.GRADE, Code.APERTURE]


@pytest.mark.parametrize("code", Code)
def test_the_status_of_a_photo_that_is_not_corrected(code: Code) -> None:
    status = NotCorrectedError("", code).status
    told = ("ambiguous", "unknown", "untagged", "not_m", "already_corrected", "reshaped")
    by_camera = "already_corrected" if code is Code.COMPENSATED else "uncalibrated"
    assert status == (str(code) if code in told else by_camera)
