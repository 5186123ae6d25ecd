"""When the catalogue changes under a running show: what waits is taken back and said anew, what is heard is put right."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

import structlog

from agent.changes import Ledger, cited, correction, why
from agent.journal import Journal
from agent.rundown import Rundown
from agent.triage import Question
from knowledge.product import Fact
from knowledge.shelf import Change
from renderer.media import SAMPLES_PER_FRAME, Card, Utterance
from renderer.stage import Stage

log = structlog.get_logger()

TURNS_REMEMBERED = 50  # recalled turns of which a sentence may still be on its way to the stage


class Revision:
    """Judges every queued and heard sentence by the facts it cites. All methods belong to the event loop's thread."""

    def __init__(
        self, stage: Stage, journal: Journal, rundown: Rundown, card: Callable[[str], Card | None], now_s: Callable[[], float]
    ) -> None:
        self._stage, self._journal, self._rundown, self._card, self._now_s = stage, journal, rundown, card, now_s
        self.ledger = Ledger()
        self.again: deque[tuple[Question, int]] = deque()  # to be answered anew, from this sentence on
        self.wrong: deque[tuple[Utterance, list[Fact]]] = deque()  # heard, to be corrected
        self.recalled: OrderedDict[str, None] = OrderedDict()  # turns whose later sentences must not be said
        self._hearing: Utterance | None = None
        self._corrected: set[tuple[str, str]] = set()  # (sentence, fact)

    def changed(self, changes: Sequence[Change]) -> None:
        """Facts have changed: journal and cards follow. Then ``review``."""
        self.ledger.enter(changes)
        at_s, pts = self._now_s(), self._stage.emitted * SAMPLES_PER_FRAME
        for change in changes:
            self._journal.changed(at_s, pts, change)
        touched = {change.fact.handle for change in changes}
        self._stage.renew_cards(lambda u: self._card(u.meta["handle"]) if u.meta.get("handle") in touched else u.card)
        log.info("catalogue.changed", facts=len(changes), products=len(touched), version=changes[-1].version)

    def heard(self, utterance: Utterance, kind: str) -> None:
        """The stage says that a sentence has begun or ended."""
        self._hearing = utterance if kind == "start" else None

    def review(self) -> bool:
        """Take back answers and corrections that no longer hold; True when one that is heard wants a correction."""
        for speech in self._stage.withdraw(lambda u: u.kind == "correction" and bool(self.outdated(u))):
            self._wrong(speech.utterance)
        while bad := next((u for u in self._stage.queued if u.kind == "answer" and self.outdated(u)), None):
            self.recall(bad)
        heard = [u for u in (self._hearing, self._stage.playing) if u is not None]
        self._corrected = {pair for pair in self._corrected if pair[0] in {u.id for u in heard}}
        return any([self._wrong(utterance) for utterance in heard])

    def outdated(self, utterance: Utterance) -> list[Fact]:
        return self.ledger.outdated(cited(utterance))

    def _wrong(self, utterance: Utterance) -> bool:
        """Note that a sentence needs a correction, unless it has one or what changed needs none."""
        facts = [fact for fact in self.outdated(utterance) if (utterance.id, fact.id) not in self._corrected]
        if not facts or correction(facts, self._rundown, utterance.language) is None:
            return False
        self._corrected |= {(utterance.id, fact.id) for fact in facts}
        self.wrong.append((utterance, facts))
        self.revised(utterance, "corrected", why(facts))
        return True

    def recall(self, utterance: Utterance) -> None:
        """An answer that no longer holds: from this sentence on, or an earlier one nobody heard, it is composed anew."""
        reason = why(self.outdated(utterance))
        back = [speech.utterance for speech in self._stage.withdraw(lambda u: _same(u, utterance))]
        for each in back if utterance in back else (*back, utterance):
            self.revised(each, "rewritten", reason)
        if utterance.turn not in self.recalled:
            number = min(each.meta["number"] for each in (*back, utterance))
            self.again.append((utterance.meta["asked"], number))
            self.recalled[utterance.turn] = None
            self._journal.outcome(utterance.turn, "rewritten")
        while len(self.recalled) > TURNS_REMEMBERED:
            self.recalled.popitem(last=False)

    def revised(self, utterance: Utterance, outcome: str, reason: str) -> None:
        """On record: a sentence was rewritten, dropped or corrected, and why."""
        self._journal.revised(self._now_s(), utterance.id, utterance.turn, utterance.kind, utterance.text, outcome, reason)
        log.info("sentence." + outcome, utterance=utterance.id, reason=reason)


def _same(one: Utterance, other: Utterance) -> bool:
    """Whether two sentences belong to one answer."""
    return one.kind == other.kind == "answer" and one.turn == other.turn
