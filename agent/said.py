"""What has been said of late, so that nothing is said the same way twice within half an hour."""

from collections import OrderedDict

WINDOW_S = 1_860.0  # a minute over, as lines are chosen some seconds before they are heard
MOST = 4_096  # lines remembered at most; half an hour of speech is about 600


class Said:
    """Lines with the second at which they were last said. Bounded by time and by number."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._at: OrderedDict[str, float] = OrderedDict()

    def note(self, text: str, now_s: float) -> None:
        """A line is said at ``now_s``; times never go back."""
        key = _key(text)
        self._at[key] = now_s
        self._at.move_to_end(key)
        while self._at and (len(self._at) > MOST or now_s - next(iter(self._at.values())) > self._window_s):
            self._at.popitem(last=False)

    def lately(self, text: str, now_s: float) -> bool:
        """Whether it was said within the window."""
        at = self._at.get(_key(text))
        return at is not None and now_s - at <= self._window_s

    def __len__(self) -> int:
        return len(self._at)


def _key(text: str) -> str:
    return " ".join(text.casefold().split())
