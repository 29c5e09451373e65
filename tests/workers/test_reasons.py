"""Users are told why in one line, however much a library has to say."""

from workers.reasons import LONGEST, brief


def test_a_reason_is_the_first_line_of_an_error() -> None:
    assert brief(RuntimeError("out of memory\n  at 0x7f\n" * 9)) == "out of memory"


def test_a_reason_is_short() -> None:
    assert len(brief(RuntimeError("x" * 9999))) == LONGEST


def test_an_error_that_says_nothing_goes_by_its_name() -> None:
    assert brief(KeyError()) == "KeyError"
