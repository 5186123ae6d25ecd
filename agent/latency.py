"""From a comment to its answer's first sound: the stages of each turn, put together once it has been heard."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import structlog

from agent.journal import Journal
from agent.turn import Turn
from renderer.media import SAMPLE_RATE
from renderer.stage import Cue

log = structlog.get_logger()

KNOWN = ("wait_chosen", "retrieve", "words", "voice", "queue")  # what a turn has timed itself
REMEMBERED = 50  # turns of which something is still awaited


class Latency:
    """A turn may be heard before it is finished, as its later sentences are voiced while the first is heard."""

    def __init__(self, journal: Journal, now_s: Callable[[float], float]) -> None:
        """``now_s`` gives the show's seconds for a reading of the clock."""
        self._journal, self._now_s = journal, now_s
        self._awaited: OrderedDict[str, float] = OrderedDict()  # turn → when its comment came; its sound is still to be heard
        self._heard: OrderedDict[str, dict[str, float]] = OrderedDict()  # turn → milliseconds; it is still to be finished
        self._finished: OrderedDict[str, Turn] = OrderedDict()  # its sound is still to be heard

    @property
    def awaited(self) -> int:
        """Answers on their way whose first sound nobody has heard."""
        return len(self._awaited)

    def queued(self, turn: str, at_s: float) -> None:
        """The first sound of an answer goes to the stage; its comment came at ``at_s`` seconds of the show."""
        _put(self._awaited, turn, at_s)

    def recalled(self, turn: str) -> None:
        """The answer is taken back: it will not be heard."""
        for each in (self._awaited, self._heard, self._finished):
            each.pop(turn, None)

    def heard(self, turn: str, cue: Cue) -> None:
        """The answer's first sentence begins to be heard."""
        at_s = self._awaited.pop(turn, None)
        if at_s is None:
            return
        lead = cue.first_sound / SAMPLE_RATE
        total = self._now_s(cue.clock_s) + lead - at_s
        _put(self._heard, turn, {"lead": lead * 1000, "comment_to_voice": total * 1000})
        if done := self._finished.pop(turn, None):
            self.finished(done)

    def finished(self, turn: Turn) -> None:
        """All of the answer has been voiced, and the turn is in the journal."""
        ms = self._heard.pop(turn.id, None)
        if ms is None:
            if turn.id in self._awaited:
                _put(self._finished, turn.id, turn)
            return
        rest = ms["comment_to_voice"] - ms["lead"] - sum(turn.ms.get(stage, 0.0) for stage in KNOWN)
        turn.ms |= {stage: round(value, 2) for stage, value in (ms | {"wait_stage": rest}).items()}
        self._journal.timed(turn.id, turn.ms)
        log.info("turn.done", turn=turn.id, source=turn.source, kind=turn.answer and turn.answer.kind, **turn.ms)


def _put(where: OrderedDict[str, Any], turn: str, value: Any) -> None:
    where[turn] = value
    while len(where) > REMEMBERED:
        where.popitem(last=False)
