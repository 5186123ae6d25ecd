"""Whether the machine keeps up: when pictures come late, what can be done without is left undone."""

import structlog

from renderer.stage import Stage

log = structlog.get_logger()

LOOKED_AT = 125  # frames, five seconds: what is judged at once
BEHIND, CAUGHT_UP = 0.1, 0.02  # share of late pictures from which the machine is behind, and below which it is not


class Strain:
    """The language model's wording and speech made ahead are for a machine that has the time: the picture is not."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._emitted = self._repeated = 0
        self._behind = False

    def __call__(self) -> bool:
        """Whether the pictures of the last seconds came late."""
        frames = self._stage.emitted - self._emitted
        if frames >= LOOKED_AT:
            late = (self._stage.repeated - self._repeated) / frames
            self._emitted, self._repeated = self._stage.emitted, self._stage.repeated
            behind = late > (CAUGHT_UP if self._behind else BEHIND)
            if behind != self._behind:
                log.info("show.strained" if behind else "show.caught_up", late=round(late, 2))
            self._behind = behind
        return self._behind
