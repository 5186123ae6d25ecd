"""What the guard says about a sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a sentence may be spoken; ``reason`` is machine-readable, ``detail`` is what was found."""

    ok: bool
    reason: str = "backed"
    detail: str = ""


BACKED = Verdict(True)


def refused(reason: str, detail: str = "") -> Verdict:
    return Verdict(False, reason, detail[:200])


def unless(found: str, reason: str) -> Verdict:
    """Refused for ``reason`` when something was found."""
    return refused(reason, found) if found else BACKED
