"""Logs. Viewers' text only ever appears under ``pii.`` keys."""

import logging
import sys

import structlog


def setup(*, verbose: bool = False, quiet: bool = False) -> None:
    """Readable lines on standard error; ``verbose`` adds debug, ``quiet`` leaves warnings and errors."""
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *names: structlog.PrintLogger(sys.stderr),  # the standard error of now: tests change it
        cache_logger_on_first_use=False,
    )
    for noisy in ("aiortc", "aioice", "httpx", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
