"""The body's motion: the person's own footage, cut over only where two moments look alike.

A pure function of (seed, frame number): which footage frame is shown at frame k never depends on how k was reached.
"""

import random
from bisect import bisect_right
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.avatar.pack import AvatarError
from renderer.media import FPS, HEIGHT, WIDTH, Planes

BLEND = 8  # frames over which one moment becomes another
SHORTEST, LONGEST = 8 * FPS, 26 * FPS  # how long footage runs before it may, and must, jump
CACHED_GROUPS = 6  # decoded groups of pictures kept: 10 frames of 1.4 MB each


class Motion:
    """Which footage frames make frame k: one, or two that are being blended."""

    def __init__(self, frames: int, jumps: list[list[int]], seed: int) -> None:
        self.frames = frames
        self._jumps = sorted((a, b) for a, b in jumps if b < frames - BLEND) or [(frames - BLEND - 1, 0)]
        self._rng = random.Random(seed)
        first = self._rng.choice(self._jumps)[1]
        self._starts = [0]  # show frame at which each stretch begins
        self._places = [first]  # footage frame it begins at

    def at(self, k: int) -> tuple[int, int, float]:
        """(frame, other, share of other) at show frame ``k``; share is 0 outside a blend."""
        while self._starts[-1] <= k:
            self._extend()
        i = bisect_right(self._starts, k) - 1
        here = self._places[i] + k - self._starts[i]
        left = self._starts[i + 1] - k  # frames until the next stretch
        if left > BLEND:
            return here, here, 0.0
        share = (BLEND - left + 1) / (BLEND + 1)
        return min(here, self.frames - 1), self._places[i + 1] - left, share

    def _extend(self) -> None:
        """Plan one stretch more: run for a while, then jump from a place that has a look-alike."""
        begin, place = self._starts[-1], self._places[-1]
        recent = self._recent(begin)
        can = [(a, b) for a, b in self._jumps if place + SHORTEST <= a <= place + LONGEST and b > BLEND]
        fresh = [pair for pair in can if not any(low <= pair[1] <= high for low, high in recent)]
        options = fresh or can or [pair for pair in self._jumps if pair[0] > place + BLEND and pair[1] > BLEND]
        end, to = self._rng.choice(options) if options else (self.frames - 1, BLEND + 1)
        self._starts.append(begin + max(1, end - place))
        self._places.append(to)

    def _recent(self, begin: int) -> list[tuple[int, int]]:
        """Footage spans shown within the 20 s before ``begin``."""
        out = []
        for i in range(len(self._starts) - 1):
            if self._starts[i + 1] > begin - 20 * FPS:
                out.append((self._places[i], self._places[i] + self._starts[i + 1] - self._starts[i]))
        return out


class Footage:
    """Random access to motion.mp4: decodes a group of pictures at a time and keeps the last few."""

    def __init__(self, path: Path, frames: int) -> None:
        import av

        self._path, self._frames = path, frames
        self._groups: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()
        try:
            self._box: Any = av.open(str(path), format="mp4")  # no guessing: a playlist would open what it names
            self._stream = self._box.streams.video[0]
            self._stream.thread_type = "NONE"  # one thread is the renderer's whole allowance
            size = (self._stream.width, self._stream.height)
        except (av.FFmpegError, IndexError, OSError) as error:
            raise AvatarError(f"{path}: cannot be read as video ({error}); restore the pack or make it again") from None
        if size != (WIDTH, HEIGHT):
            raise AvatarError(f"{path}: {size[0]}×{size[1]} pixels, expected {WIDTH}×{HEIGHT}; make the pack again")
        if 0 < self._stream.frames < frames:
            raise AvatarError(f"{path}: fewer pictures ({self._stream.frames}) than its pack says; make the pack again")
        self._tick = 1 / (FPS * float(self._stream.time_base or 0.04))  # pts of one frame
        self._decoder: Any = None
        self._next = -1  # index of the frame the decoder gives next

    def frame(self, index: int) -> Planes:
        """I420 of footage frame ``index``; read-only, shared."""
        group = index // 10
        if group not in self._groups:
            self._groups[group] = self._decode(group)
            while len(self._groups) > CACHED_GROUPS:
                self._groups.popitem(last=False)
        self._groups.move_to_end(group)
        pictures = self._groups[group]
        planes: Planes = pictures[min(index - group * 10, len(pictures) - 1)]
        return planes

    def _decode(self, group: int) -> NDArray[np.uint8]:
        first, count = group * 10, min(10, self._frames - group * 10)
        if self._next != first:
            self._box.seek(round(first * self._tick), stream=self._stream)
            self._decoder = self._box.decode(self._stream)
        out = np.empty((count, HEIGHT * 3 // 2, WIDTH), np.uint8)
        filled = 0
        for frame in self._decoder:
            index = round(frame.pts / self._tick)
            if index >= first:
                out[filled] = frame.to_ndarray(format="yuv420p")
                filled += 1
            if filled == count:
                break
        self._next = first + count
        if not filled:
            raise AvatarError(f"{self._path}: frame {first} cannot be decoded; restore the pack or make it again")
        out.setflags(write=False)
        return out[:filled]
