"""Phonemes become mouth shapes."""

import pytest

from renderer.media import Phoneme
from renderer.visemes import CLASSES, timed, visemes


@pytest.mark.parametrize(
    ("symbol", "names"),
    [("p", ("PP",)), ("ˈm", ("PP",)), ("f", ("FF",)), ("uː", ("U",)), ("ˈA", ("E", "I")), ("aɪ", ("aa", "I")), ("tʃ", ("CH",)),
     ("", ("sil",)), (",", ("sil",)), ("☃", ("sil",))],
)  # fmt: skip
def test_visemes(symbol: str, names: tuple[str, ...]) -> None:
    assert visemes(symbol) == names and set(names) <= set(CLASSES)


def test_times_are_shared_out_without_gap_or_overlap() -> None:
    assert timed([Phoneme("aɪ", 0, 101), Phoneme("p", 101, 200)]) == [("aa", 0, 50), ("I", 50, 101), ("PP", 101, 200)]
