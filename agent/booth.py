"""The booth: sentences → speech, one at a time, whole where that is quick and clause by clause where it is not."""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace

import structlog

from agent.clauses import clauses, parts
from agent.sentences import ENDS
from renderer.media import RenderError, Speech, Utterance
from renderer.voice.base import Voice
from renderer.voice.cache import Key, SpeechCache
from renderer.voice.finish import joined, shortened
from renderer.worker import Worker

log = structlog.get_logger()

QUICK_S = 0.3  # a sentence that is voiced in this time is voiced whole
USUAL_S = 4.0  # of sound in a sentence
FIRST_PART_S = 1.2  # of sound in the first part of one that is not; each further part may be voiced while the last is heard
GROWTH = (1.0, 2.5)  # how much longer than the one before a part may be: at least, at most
MARGIN = 0.7  # of the time a part is heard in which the next should be ready
SAFETY = 1.2  # what something may take longer than it did before
STAGE_S = 0.6  # from speech to pictures: mouth codes, and what is drawn ahead
MEASURED = "1 2 3 4"  # a text that every language can read
CHARACTERS_A_SECOND = {"zh": 4.5, "ja": 7.0, "th": 11.0, "hi": 12.0}
OTHERS_A_SECOND = 14.0
SLOWLY = 0.3  # how much the last measurement counts
CLAUSE_PAUSE_S, PHRASE_PAUSE_S = 0.1, 0.02  # after a mark; where there is none


class Booth:
    """Owns the voice. It learns how long each language takes, and keeps what it has said for when it is said again."""

    def __init__(
        self, voice: Voice, worker: Worker, *, cache: SpeechCache | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._voice, self._worker, self._clock = voice, worker, clock
        self.cache = SpeechCache() if cache is None else cache
        self._pace: dict[str, float] = {}  # seconds of work for a second of sound, by language
        self._voicing = 0
        self._rate: dict[str, float] = {}  # characters a second of sound, by language

    # -- estimates ------------------------------------------------------------------------------------------------

    def takes_s(self, text: str, language: str) -> float:
        """Seconds that it will take to voice a text; 0 for what is kept."""
        return 0.0 if self._key(text, language) in self.cache else self.anew_s(text, language)

    def anew_s(self, text: str, language: str) -> float:
        """Seconds to voice a text of this length that has not been said before."""
        return self._pace.get(language, 0.0) * len(text) / self._characters(language)

    def at_most_s(self, text: str, language: str) -> float:
        """Seconds that a text of this length should never need."""
        return SAFETY**2 * self.anew_s(text, language)

    @property
    def paces(self) -> dict[str, float]:
        """Seconds of work for a second of sound, by language."""
        return {language: round(pace, 3) for language, pace in self._pace.items()}

    def usual_s(self, language: str) -> float:
        """Seconds that a sentence usually takes to voice."""
        return self._pace.get(language, 0.0) * USUAL_S

    def slow(self, language: str) -> bool:
        """Whether a sentence in this language is worth preparing."""
        return self.usual_s(language) > QUICK_S

    @property
    def busy(self) -> bool:
        """Whether something is being voiced."""
        return self._voicing > 0

    def first_s(self, text: str, language: str) -> float:
        """Seconds until a sentence can begin to be heard."""
        pieces = self._parts(text, language, 0.0, ())
        begun = next(i for i in range(1, len(pieces) + 1) if self._goes_on(pieces, i, 0.0, language))
        return sum(self.takes_s(piece.strip(), language) for piece in pieces[:begun])

    def _goes_on(self, pieces: Sequence[str], made: int, heard_s: float, language: str) -> bool:
        """Whether a sentence of which so many pieces are made can be heard to its end without a gap.

        What is before it is still heard for ``heard_s`` seconds.
        """
        heard_s += sum(len(piece) for piece in pieces[:made]) / self._characters(language)
        work_s = 0.0
        for piece in pieces[made:]:
            work_s += SAFETY * self.takes_s(piece.strip(), language)
            if work_s > heard_s:
                return False
            heard_s += len(piece) / self._characters(language)
        return True

    async def warm(self, languages: Iterable[str]) -> None:
        """Learn how fast each language is voiced, so that the first answer in it is not made whole by mistake."""
        for language in languages:
            began = self._clock()
            try:
                speech = await self._worker.run(self._voice.speak, Utterance("warm", MEASURED, language))
            except RenderError as error:
                log.warning("voice.not_measured", language=language, why=str(error))
                continue
            self._pace[language] = (self._clock() - began) / max(speech.duration_s, 0.1)

    # -- speech ---------------------------------------------------------------------------------------------------

    async def whole(self, utterance: Utterance) -> Speech:
        """The sentence in one piece. Raises VoiceError."""
        return await self._said(utterance.text, utterance)

    async def parts(
        self, utterance: Utterance, *, heard_s: Callable[[], float] = lambda: 0.0, names: Iterable[str] = ()
    ) -> AsyncIterator[Speech]:
        """The sentence in parts, as soon as it can be heard from its beginning without a gap; whole where that is soon enough.

        ``heard_s`` tells how long what is before it is still heard. It is not cut inside ``names``. Raises VoiceError.
        """
        text, language = utterance.text, utterance.language
        pieces, done, made, given = self._parts(text, language, heard_s(), names), 0, list[Speech](), 0
        for number, piece in enumerate(pieces, 1):
            speech = await self._said(piece.strip(), utterance)
            begin, done = done / len(text), done + len(piece)
            if done < len(text):
                speech = _going_on(speech, piece)
            made.append(replace(speech, span=(begin, done / len(text))))
            if given or self._goes_on(pieces, number, heard_s(), language):
                for each in made[given:]:
                    given += 1
                    yield each
        self._keep(pieces, made)

    def _parts(self, text: str, language: str, heard_s: float, names: Iterable[str]) -> list[str]:
        if SAFETY * self.takes_s(text, language) <= max(QUICK_S, heard_s - STAGE_S):
            return [text]
        names, at = tuple(names), 0
        for clause in clauses(text, language, keep=names)[:-1]:
            at += len(clause)
            if self._key(text[at:], language) in self.cache:  # as it is where only the asker's name is another
                return [*self._cut(text[:at], language, names), text[at:]]
        return self._cut(text, language, names)

    def _cut(self, text: str, language: str, names: Sequence[str]) -> list[str]:
        return parts(text, language, self._sizes(language), keep=names)

    def _keep(self, pieces: Sequence[str], made: Sequence[Speech]) -> None:
        """What was said in parts is kept as a whole, and what came after its first part by itself."""
        for begin in range(min(2, len(made) - 1)):
            speech = joined(made[begin:])
            key = self._key("".join(pieces[begin:]).strip(), speech.utterance.language)
            if speech.voice == key.voice:
                self.cache.keep(key, speech)

    def _sizes(self, language: str) -> Sequence[int]:
        """Characters of the first, second … part."""
        growth = min(max(MARGIN / self._pace.get(language, 1.0), GROWTH[0]), GROWTH[1])
        return [round(FIRST_PART_S * growth**i * self._characters(language)) for i in range(4)]

    async def _said(self, text: str, utterance: Utterance) -> Speech:
        key = self._key(text, utterance.language)
        if kept := self.cache.get(key, utterance):
            return kept
        began, spoken = self._clock(), self.cache.counts["spoken"]
        self._voicing += 1
        try:
            speech = await self._worker.run(self.cache.speak, key, self._voice, replace(utterance, text=text))
        finally:
            self._voicing -= 1
        if self.cache.counts["spoken"] > spoken:
            self._learn(utterance.language, len(text), speech.duration_s, self._clock() - began)
        return replace(speech, utterance=utterance)

    def _key(self, text: str, language: str) -> Key:
        named = getattr(self._voice, "signature", None)
        voice, version = named(language) if named else (self._voice.name, "")
        return Key(text, language, voice, version)

    def _learn(self, language: str, characters: int, sound_s: float, took_s: float) -> None:
        if sound_s <= 0:
            return
        pace, rate = took_s / sound_s, characters / sound_s
        self._pace[language] = _nearer(self._pace.get(language), pace)
        self._rate[language] = _nearer(self._rate.get(language), rate)

    def _characters(self, language: str) -> float:
        """Characters a second of speech."""
        return self._rate.get(language, CHARACTERS_A_SECOND.get(language, OTHERS_A_SECOND))


def _nearer(old: float | None, new: float) -> float:
    return new if old is None else old + SLOWLY * (new - old)


def _going_on(speech: Speech, piece: str) -> Speech:
    """A part with the pause that its last mark asks for, rather than the one that ends every speech."""
    last = piece.strip()[-1:]
    if last in ENDS or last == ".":
        return speech
    return shortened(speech, PHRASE_PAUSE_S if last.isalnum() else CLAUSE_PAUSE_S)
