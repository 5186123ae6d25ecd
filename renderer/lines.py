"""The sentences that wait on the stage, in order, each whole or in the parts that it is voiced in."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from renderer.media import SAMPLES_PER_FRAME, Card, Pcm, Speech, Utterance

CardOf = Callable[[Utterance], Card | None]


@dataclass(frozen=True, slots=True)
class Line:
    """Speech ready to play: its sound padded to whole frames and one mouth code a frame."""

    speech: Speech
    pcm: Pcm
    codes: NDArray[np.float32]

    @property
    def frames(self) -> int:
        return len(self.codes)

    @property
    def utterance(self) -> Utterance:
        return self.speech.utterance

    def progress(self, at: int) -> float:
        """How much of the sentence's text has been said at frame ``at`` of this part, 0…1."""
        begin, end = self.speech.span
        return begin + (end - begin) * at / self.frames


def line(speech: Speech, codes: NDArray[np.float32]) -> Line:
    """A line of as many frames as there are ``codes`` (frames, …)."""
    pcm = np.zeros(len(codes) * SAMPLES_PER_FRAME, np.int16)
    pcm[: len(speech.pcm)] = speech.pcm[: len(pcm)]
    return Line(speech, pcm, codes)


def carded(line: Line, card: CardOf) -> Line:
    """The line with the card of now."""
    utterance = replace(line.utterance, card=card(line.utterance))
    return replace(line, speech=replace(line.speech, utterance=utterance))


def closing(line: Line) -> Line:
    """The line as the last part of its sentence."""
    return replace(line, speech=replace(line.speech, span=(line.speech.span[0], 1.0)))


class Lines:
    """A queue of lines. Of a sentence that has begun, only what is still to be played is in it."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self.open: Line | None = None  # the last line taken, when parts of its sentence are still to come

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines)

    def put(self, line: Line, *, first: bool = False) -> bool:
        """Queue a line: behind all others or, with ``first``, before the next sentence; a further part behind its sentence.

        False: the sentence that it belongs to has been withdrawn or closed, and it is not queued.
        """
        if not line.speech.opens:
            return self._extend(line)
        self._lines.insert(self._begun() if first else len(self._lines), line)
        return True

    def _extend(self, line: Line) -> bool:
        places = [i for i, each in enumerate(self._lines) if each.utterance.id == line.utterance.id]
        if places:
            if self._lines[places[-1]].speech.closes:
                return False
            self._lines.insert(places[-1] + 1, line)
            return True
        if self.open is None or self.open.utterance.id != line.utterance.id:
            return False
        self._lines.appendleft(line)
        return True

    def take(self) -> Line | None:
        """The line to play next; None when nothing waits, or when the open sentence's next part does not yet."""
        if not self._lines or (self.open is not None and not self._begun()):
            return None
        line = self._lines.popleft()
        self.open = None if line.speech.closes else line
        return line

    def close(self, utterance: Utterance) -> Line | None:
        """No more parts of this sentence will come. Returns its last line when that has been taken already."""
        for i in reversed(range(len(self._lines))):
            if self._lines[i].utterance.id == utterance.id:
                self._lines[i] = closing(self._lines[i])
                return None
        if self.open is None or self.open.utterance.id != utterance.id:
            return None
        last, self.open = self.open, None
        return last

    def withdraw(self, which: Callable[[Utterance], bool]) -> list[Speech]:
        """Take out sentences that have not begun; of one in parts the first is returned."""
        keep, out = deque(list(self._lines)[: self._begun()]), list[Speech]()
        for line in list(self._lines)[self._begun() :]:
            if not which(line.utterance):
                keep.append(line)
            elif line.speech.opens:
                out.append(line.speech)
        self._lines = keep
        return out

    def renew_cards(self, card: CardOf) -> None:
        self._lines = deque(carded(line, card) for line in self._lines)
        self.open = carded(self.open, card) if self.open else None

    def _begun(self) -> int:
        """How many of the lines belong to a sentence that has begun: those that do not open one, at the front."""
        return next((i for i, line in enumerate(self._lines) if line.speech.opens), len(self._lines))
