from functools import partial

import pytest

from workers.engines.latentsync.kept import Kept


class Maker:
    """Counts what it is asked to make."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def ask(self, kept: Kept[str, str], keys: str) -> None:
        for key in keys:
            assert kept.get(key, partial(self._make, key)) == key.upper()

    def _make(self, key: str) -> str:
        self.made.append(key)
        return key.upper()


def test_a_value_is_made_once() -> None:
    maker, kept = Maker(), Kept[str, str](2)
    maker.ask(kept, "abab")
    assert maker.made == ["a", "b"]


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    maker, kept = Maker(), Kept[str, str](2)
    maker.ask(kept, "abacab")
    assert maker.made == ["a", "b", "c", "b"]


def test_what_could_not_be_made_is_made_the_next_time() -> None:
    maker, kept = Maker(), Kept[str, str](2)

    def fail() -> str:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it says nothing
        kept.get("a", fail)
    maker.ask(kept, "a")
    assert maker.made == ["a"]


def test_cleared_it_keeps_nothing() -> None:
    maker, kept = Maker(), Kept[str, str](2)
    maker.ask(kept, "ab")
    kept.clear()
    maker.ask(kept, "ba")
    assert maker.made == ["a", "b", "b", "a"]
