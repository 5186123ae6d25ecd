"""Virtual time for tests: the loop that replays use, and a Worker without a thread."""

from agent.virtual import VirtualLoop as VirtualLoop
from agent.virtual import run as run
from renderer.worker import Inline as Inline
