"""The rundown: what the host says on its own, product by product, with a position to come back to.

It goes round the catalogue, or round the seller's own script, for as long as the show lasts. What was said within the last
half hour is not said again the same way: other facts come up, facts are combined, and where nothing new is left the host
asks the room a question now and then and rests as long as the missing lines would have taken.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from agent.answer import phrasebook
from agent.said import WINDOW_S, Said
from agent.script import Script, ScriptLine, Unfilled, fill
from agent.segment import Check, Slot, Wording, known
from agent.segment import PitchLine as PitchLine
from agent.segment import whole as whole
from knowledge.product import Fact, Product

REST_S, LONGEST_REST_S = 3.0, 12.0  # for one line that cannot be said anew; for all of a segment
HURRIED_S = 8.0  # lines that would have to come slower than this to last half an hour are spread out, from the second round on
LONGEST_PACE_S = 30.0
NOTHING_FOR_SALE_S = 1.0  # until the catalogue is gone through again
INVITE_AFTER, INVITE_EVERY_S = 3, 120.0  # missing lines of a segment that make the host ask the room
LATE = timedelta(minutes=30)  # a segment timed this shortly before the show began is still told

Better = Callable[[PitchLine], PitchLine]


class Rundown:
    """Pure but for ``now``: the same arguments give the same lines. Seconds are passed in, and are the show's."""

    def __init__(
        self,
        products: Mapping[str, Product],
        facts: Callable[[str], Sequence[Fact]],
        check: Check,
        *,
        host: str,
        language: str,
        seed: int,
        script: Script | None = None,
        only: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """What is for sale by handle, and ``facts(handle)``, are asked anew for each line: prices are told as they are now.

        What is gone or sold out by then is pitched no more, and what is new from the next round on. ``facts("")`` are the
        store's own. ``only``: of the products in ``script``, nothing but its lines. ``now`` is a moment with its zone.
        """
        self.on_air = ""  # handle of the product being shown
        self.products, self.facts, self.said = products, facts, Said()
        self.better: Better = lambda line: line  # a line in better words, when they are ready
        self._check, self._host, self._book = check, host, phrasebook(language)
        self._script, self._only, self._now, self._began = script, only, now, now()
        self._wording = Wording(language=language, host=host, seed=seed, check=check, said=self.said)
        self._now_s, self._rest_until_s, self._invited_s = 0.0, 0.0, -INVITE_EVERY_S
        self._turn = 0  # rounds gone
        self._timed: set[str] = set()  # handles whose time has come
        self._coming: deque[PitchLine] = deque()
        self._lines = self._all()

    # -- what is asked of it ----------------------------------------------------------------------------------------

    def sells(self, handle: str) -> bool:
        """Whether a product is there and can be ordered."""
        product = self.products.get(handle)
        return product is not None and any(variant.offer.available for variant in product.variants)

    def next(self, now_s: float = 0.0) -> PitchLine | None:
        """The next line, or None when there is nothing to show, or nothing new to say just now."""
        self._now_s = now_s
        while self._coming:
            if line := self.again(self._coming.popleft()):
                return self._begin(line)
        line = self._write()
        return self._begin(line) if line else None

    def coming(self, count: int, now_s: float = 0.0) -> list[PitchLine]:
        """Up to ``count`` lines that will be next, as they stand now."""
        self._now_s = now_s
        while len(self._coming) < count and (line := self._write()):
            self._coming.append(line)
        return list(self._coming)

    def heard(self, text: str, now_s: float) -> None:
        """Viewers hear a line."""
        self.said.note(text, now_s)

    def again(self, line: PitchLine) -> PitchLine | None:
        """The line as it must be told now, from the same pattern; None when there is nothing left to tell."""
        if not line.handle and line.source != "seller":
            return line
        if line.handle and not self.sells(line.handle):
            return None
        if line.source == "seller":
            return self._own(ScriptLine(line.pattern, line.part, 0), line.handle, anew=True)
        return self._wording.again(line, self.products[line.handle], self._known(line.handle))

    def back(self, handle: str, now_s: float = 0.0) -> PitchLine | None:
        """A bridge to the product that an answer interrupted."""
        if not self.sells(handle):
            return None
        line = self._wording.line(("back", ()), self.products[handle], self._known(handle), now_s, kind="bridge")
        return self._noted(line, now_s)

    def disclosure(self, now_s: float = 0.0) -> PitchLine:
        """That the host is an AI: said when it is due, even if every wording was heard of late."""
        line = self._noted(self._wording.plain("disclosure", now_s, kind="disclosure", always=True), now_s)
        assert line is not None
        return line

    # -- the course -------------------------------------------------------------------------------------------------

    def _begin(self, line: PitchLine) -> PitchLine:
        self.on_air = line.handle or self.on_air
        better = self.better(line)
        return line if better is line or self.said.lately(better.text, self._now_s) else better

    def _write(self) -> PitchLine | None:
        if self._now_s < self._rest_until_s:
            return None
        line = next(self._lines, None)
        if line is None and self._now_s >= self._rest_until_s:
            self._lines = self._rounds()  # something may be for sale by the next time
            self._rest_until_s = self._now_s + NOTHING_FOR_SALE_S
        return self._noted(line, self._now_s)

    def _noted(self, line: PitchLine | None, now_s: float) -> PitchLine | None:
        if line:
            self.said.note(line.text, now_s)
        return line

    def _all(self) -> Iterator[PitchLine | None]:
        yield from self._wording.opening()
        for own in self._script.opening if self._script else ():
            if line := self._own(own, ""):
                yield line
        yield from self._rounds()

    def _rounds(self) -> Iterator[PitchLine | None]:
        while True:
            sold = False
            for handle in self._order():
                for each in (*self._due(but=handle), handle):
                    sold = sold or self.sells(each)
                    yield from self._segment(each)
            self._turn += 1
            if not sold:
                return

    def _order(self) -> Iterator[str]:
        if self._script is None or not self._script.segments:
            yield from self.products
            return
        for segment in self._script.segments:
            if segment.at is None or self._is_due(segment.handle):
                yield segment.handle

    def _due(self, but: str) -> list[str]:
        """Products whose time of day has come since this was last asked."""
        timed = [s.handle for s in self._script.segments if s.at] if self._script else []
        due = [handle for handle in timed if handle not in self._timed and self._is_due(handle)]
        self._timed |= {*due, but}
        return [handle for handle in due if handle != but]

    def _is_due(self, handle: str) -> bool:
        at = next((s.at for s in self._script.segments if s.handle == handle and s.at), None) if self._script else None
        if at is None:
            return True
        began = self._began.astimezone()
        when = began.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
        return self._now() >= (when if when >= began - LATE else when + timedelta(days=1))

    # -- one product ------------------------------------------------------------------------------------------------

    def _segment(self, handle: str) -> Iterator[PitchLine | None]:
        """A product's lines, each as it stands when its turn comes; sold-out products are passed over."""
        if not self.sells(handle):
            return
        told, missing, pace_s = set[str](), 0, self._pace_s(handle)
        for step in self._steps(handle):
            if not self.sells(handle):
                return
            line = self._own(step, handle) if isinstance(step, ScriptLine) else self._filled(step, handle, told)
            told |= {fact.id for fact in line.cites[1:]} if line else set()
            missing += line is None
            if line:
                self._rest_until_s = self._now_s + pace_s
                yield line
        yield from self._rest(missing)

    def _pace_s(self, handle: str) -> float:
        """From one line to the next, so that the lines of a small catalogue last until they may be said again."""
        count = len(self._script.segments) if self._script and self._script.segments else len(self.products)
        each_s = WINDOW_S / max(1, count * self._wording.wordings(self._known(handle)))
        return min(each_s, LONGEST_PACE_S) if each_s > HURRIED_S and self._turn else 0.0

    def _steps(self, handle: str) -> list[ScriptLine | Slot]:
        """The seller's lines that are new, and from the catalogue what they leave out."""
        slots = self._wording.slots(self._known(handle), self._turn)
        lines = self._script.lines(handle) if self._script else ()
        fresh = [line for line in lines if self._own(line, handle)]
        if self._only and lines:
            return [*lines]
        covered = {line.part for line in fresh} | ({"words"} if any(line.part == "point" for line in fresh) else set())
        rest = [slot for slot in slots if slot.part not in covered]
        first = [slot for slot in rest if slot.part == "hook"]
        return [*first, *fresh, *(slot for slot in rest if slot.part != "hook")]

    def _rest(self, missing: int) -> Iterator[PitchLine | None]:
        ask = missing >= INVITE_AFTER and self._now_s - self._invited_s >= INVITE_EVERY_S
        if ask and (line := self._wording.plain("invite", self._now_s, kind="pitch")):
            self._invited_s = self._now_s
            yield line
        if missing:
            self._rest_until_s = max(self._rest_until_s, self._now_s + min(LONGEST_REST_S, missing * REST_S))
            yield None

    def _filled(self, slot: Slot, handle: str, told: set[str]) -> PitchLine | None:
        product, facts = self.products[handle], self._known(handle)
        new = (choice for choice in slot.choices if told.isdisjoint(choice[1]))
        return next((line for c in new if (line := self._wording.line(c, product, facts, self._now_s))), None)

    def _own(self, own: ScriptLine, handle: str, *, anew: bool = False) -> PitchLine | None:
        """A line of the seller's, when it holds and has not been said lately; with ``anew`` also when it has."""
        product = self.products[handle] if handle else None
        facts = [*(self.facts(handle) if handle else ()), *self.facts("")]
        try:
            text, cites = fill(own, product, facts, self._book, self._host)
        except Unfilled:
            return None
        if (not anew and self.said.lately(text, self._now_s)) or not self._check(text, [*facts, *cites]):
            return None
        return PitchLine(text, handle, "pitch" if handle else "greeting", own.template, cites, own.part, "seller")

    def _known(self, handle: str) -> list[Fact]:
        return known(self.products[handle], self.facts(handle), self._now())
