"""Speech that has been made once, kept for when the same is said again: in memory, and on disk for the next show.

What is kept is found by its text, language, voice and that voice's version. A text says its price, so that whatever the
catalogue's version is, what is found is what is to be said; a price that has changed makes another text, and what a change
leaves as it was need not be made again.
"""

import hashlib
import threading
from collections import Counter, OrderedDict
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import structlog

from renderer.media import Phoneme, Speech, Utterance
from renderer.voice.base import Voice

log = structlog.get_logger()

MEMORY_BYTES = 64 << 20  # about twenty minutes of speech
DISK_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Key:
    """What was said, and by whom. ``version`` is of the voice: another one may sound otherwise."""

    text: str
    language: str
    voice: str
    version: str = ""

    @property
    def file(self) -> str:
        return hashlib.sha256("\0".join(astuple(self)).encode()).hexdigest() + ".npz"


class SpeechCache:
    """Bounded, the least lately used goes first. ``get`` may be called from any thread, ``speak`` from the voice's own."""

    def __init__(
        self, folder: Path | None = None, *, memory_bytes: int = MEMORY_BYTES, disk_bytes: int = DISK_BYTES
    ) -> None:
        """``folder``: where to keep speech between shows; None: nowhere."""
        self._folder, self._limit, self._disk_limit = folder, memory_bytes, disk_bytes
        self._kept: OrderedDict[Key, Speech] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()  # memory | disk | spoken
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            _trim(folder, disk_bytes)

    @property
    def bytes(self) -> int:
        """Of sound in memory."""
        return self._bytes

    def __contains__(self, key: Key) -> bool:
        return key in self._kept

    def get(self, key: Key, utterance: Utterance) -> Speech | None:
        """The speech from memory, as ``utterance``'s; None when it is not there."""
        with self._lock:
            if (speech := self._kept.get(key)) is None:
                return None
            self._kept.move_to_end(key)
        self.counts["memory"] += 1
        return replace(speech, utterance=utterance)

    def speak(self, key: Key, voice: Voice, utterance: Utterance) -> Speech:
        """The speech from disk or, when it is not there, from the voice. Raises VoiceError as that does."""
        speech = self._load(key, utterance)
        self.counts["disk" if speech else "spoken"] += 1
        if speech is None:
            speech = voice.speak(utterance)
            if speech.voice != key.voice:
                return speech  # another voice stood in for this one; the next time it may be back
            self._save(key, speech)
        self.keep(key, speech)
        return speech

    def keep(self, key: Key, speech: Speech) -> None:
        """Keep speech in memory that has been put together from parts."""
        with self._lock:
            if key not in self._kept:
                self._bytes += speech.pcm.nbytes
            self._kept[key] = speech
            while self._bytes > self._limit:
                self._bytes -= self._kept.popitem(last=False)[1].pcm.nbytes

    def _load(self, key: Key, utterance: Utterance) -> Speech | None:
        path = self._folder / key.file if self._folder else None
        if path is None or not path.is_file():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                spans, symbols = kept["spans"].tolist(), kept["symbols"].tolist()
                phonemes = tuple(Phoneme(str(s), int(a), int(b)) for s, (a, b) in zip(symbols, spans, strict=True))
                speech = Speech(utterance, kept["pcm"].astype(np.int16).reshape(-1), phonemes, key.voice)
            path.touch()
            return speech
        except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
            log.warning("voice.kept_speech_unreadable", path=str(path), why=repr(error), instead="spoken anew")
            return None

    def _save(self, key: Key, speech: Speech) -> None:
        if self._folder is None:
            return
        path = self._folder / key.file
        draft = path.with_suffix(".part")
        spans = np.array([(p.start, p.end) for p in speech.phonemes], np.int64).reshape(-1, 2)
        try:
            with draft.open("wb") as file:
                np.savez(file, pcm=speech.pcm, spans=spans, symbols=np.array([p.symbol for p in speech.phonemes], np.str_))
            draft.rename(path)
        except OSError as error:  # a full disk must not silence the host
            log.warning("voice.speech_not_kept", path=str(path), why=str(error))
            draft.unlink(missing_ok=True)


def _trim(folder: Path, limit: int) -> None:
    """Delete what was used longest ago until no more than ``limit`` bytes are left."""
    found = sorted(((p.stat().st_mtime, p.stat().st_size, p) for p in folder.glob("*.npz")), reverse=True)
    total = 0
    for _, size, path in found:
        total += size
        if total > limit:
            path.unlink(missing_ok=True)
