"""A chat of 10,000 comments a second for a minute, replayed through a show: python -m bench.flood [seconds] [comments a second]

Thousands of viewers greet, praise, insult, advertise and repeat themselves; a few ask in passing; ten planted buyers ask what
decides a purchase. Prints what became of every comment, in what order the buyers were answered, memory and time. Ends with 1
when a comment is missing, memory grows, or anybody is answered while a buyer waits.
"""

import asyncio
import random
import resource
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from agent import observe
from agent.app import CATALOGUE, Progress, open_catalogue, open_retriever
from agent.config import load
from agent.replay import Options, Replayed, replay
from bench.show import ROOT, machine
from connectors.events import ChatEvent

SECONDS, A_SECOND = 60, 10_000
VIEWERS = 8_000
AFTER_S = 90.0  # the show goes on, so that all who wait are answered or shed
FLAT_MB = 40  # growth from the first quarter of the flood to its end
BUYERS = (
    "how much is the lumora lamp?", "价格多少，那个台灯有货吗", "¿hacen envíos a México?", "มีเก็บเงินปลายทางไหมคะ",
    "do you have the linen shirt in size L?", "còn hàng túi không shop", "is there any discount on the fan today?",
    "quanto custa a garrafa?", "wie lange dauert der Versand nach Österreich?", "イヤホンの在庫ありますか",
)  # fmt: skip
PRAISE = ("so cute", "love it", "好看", "สวยมาก", "que lindo", "amei", "wow", "trop beau", "かわいい", "mantap",
          "lol", "😍😍", "🔥")  # fmt: skip
GREETINGS = ("hi", "hello from Berlin", "大家好", "สวัสดีค่ะ", "hola", "oi gente", "bonsoir", "こんばんは", "halo kak", "namaste")
INSULTS = ("you are so ugly", "shut up bot", "垃圾", "callate estupida", "scheiß show", "goblok")
ADVERTS = ("FREE FOLLOWERS check my bio", "加微信 cheap{n} 有福利", "slot gacor maxwin {n}", "https://win{n}.xyz click here",
           "gana dinero en casa, telegram t.me/rich{n}", "my number is 081 234 {n:04d}, call me")  # fmt: skip
STORIES = ("i am at work right now number {n}", "mine came yesterday {n}", "我昨天收到了{n}", "estoy en el bus {n}",
           "ordered {n} already")  # fmt: skip
ASIDES = ("are you a robot?", "who won the match?", "what is it made of?", "is it heavy", "can you show the back", "有保修吗",
          "how old are you {n}", "does anybody know song {n}?")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of comment and how many of a hundred are of it."""

    share: int
    texts: tuple[str, ...]


MIX = (Kind(38, PRAISE), Kind(15, GREETINGS), Kind(10, INSULTS), Kind(17, ADVERTS), Kind(14, STORIES), Kind(6, ASIDES))


def flood(seconds: float, a_second: int, *, seed: int = 7) -> Iterator[ChatEvent]:
    """The comments in order of time; the buyers' come within the first half, with ids that begin with "buyer"."""
    dice, total = random.Random(seed), int(seconds * a_second)
    planted = dict(zip(sorted(dice.sample(range(total // 2), len(BUYERS))), range(len(BUYERS)), strict=True))
    texts = [kind.texts for kind in MIX for _ in range(kind.share)]
    for number in range(total):
        at_s = number / a_second
        if number in planted:
            who = planted[number]
            yield ChatEvent("replay", f"buyer{who}", f"Buyer{'abcdefghij'[who]}", BUYERS[who], at_s=at_s)
            continue
        text = dice.choice(dice.choice(texts)).format(n=dice.randrange(5_000))
        yield ChatEvent("replay", f"c{number}", f"viewer{dice.randrange(VIEWERS)}", text, at_s=at_s)


class Flood:
    """The flood as a connector; measures memory as it goes."""

    platform = "replay"

    class Config(BaseModel):
        seconds: float = SECONDS
        a_second: int = A_SECOND

    def __init__(self, config: "Flood.Config") -> None:
        self.config, self.memory = config, list[float]()

    async def events(self) -> AsyncIterator[ChatEvent]:
        loop, beat = asyncio.get_running_loop(), 0.0
        start = loop.time()
        for event in flood(self.config.seconds, self.config.a_second):
            if event.at_s >= beat:
                beat += 0.1  # the comments of a tenth of a second come at once
                await asyncio.sleep(max(0.0, start + event.at_s - loop.time()))
                self.memory.append(resident_mb())
            yield event


def resident_mb() -> float:
    """Memory of this process now."""
    with Path("/proc/self/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def run(folder: Path, chat: Flood) -> Replayed:
    """Replay the flood over the example catalogue; the journal lies in ``folder``."""
    config = load(ROOT / "hawker.toml")
    progress = Progress(lambda text: None)
    store = open_catalogue(config, folder, progress)
    options = Options(folder / "journal.sqlite", datetime(2026, 1, 5, tzinfo=UTC), seconds=chat.config.seconds + AFTER_S)
    return replay(
        config, chat, options, catalogue=folder / CATALOGUE, opens=lambda now: open_retriever(config, store, progress, now)
    )


def answered(journal: Path) -> list[tuple[str, str]]:
    """(id, text) of the comments that had a turn of their own, in the order of the turns."""
    sql = """SELECT id, text FROM comments WHERE decision IN ('answered', 'unanswered', 'failed')
        ORDER BY CAST(substr(turn, 2) AS INT)"""
    with closing(sqlite3.connect(journal)) as db:
        return list(db.execute(sql))


def reasons(journal: Path) -> list[tuple[str, str, int]]:
    """(decision, reason, how many), the most frequent first; what a reason says of one comment is left out."""
    sql = """SELECT decision, CASE decision WHEN 'merged' THEN 'asks the same as a waiting one' ELSE reason END AS why, count(*)
        FROM comments GROUP BY decision, why ORDER BY 3 DESC LIMIT 16"""
    with closing(sqlite3.connect(journal)) as db:
        return list(db.execute(sql))


def early(order: list[str]) -> int:
    """How many of the first ten answers that follow the first buyer's are a buyer's."""
    first = next((place for place, id in enumerate(order) if id.startswith("buyer")), len(order))
    return sum(id.startswith("buyer") for id in order[first : first + len(BUYERS)])


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    a_second = int(sys.argv[2]) if len(sys.argv) > 2 else A_SECOND
    observe.setup(quiet=True)
    chat = Flood(Flood.Config(seconds=seconds, a_second=a_second))
    with tempfile.TemporaryDirectory() as folder:
        done = run(Path(folder), chat)
        order = answered(Path(folder) / "journal.sqlite")
        why = reasons(Path(folder) / "journal.sqlite")
    sys.exit(0 if printed(chat, done, order, why) else 1)


def printed(chat: Flood, done: Replayed, order: list[tuple[str, str]], why: list[tuple[str, str, int]]) -> bool:
    """Print the figures; whether they hold."""
    sent = int(chat.config.seconds * chat.config.a_second)
    fates = dict(done.comments)
    heard = fates.pop("heard")
    print(f"{machine()}\n{sent:,} comments in {chat.config.seconds:.0f} s of the show, replayed in {done.wall_s:.0f} s")
    print(f"heard {heard:,} = {' + '.join(f'{count:,} {fate}' for fate, count in fates.items() if count)}")
    for decision, reason, count in why:
        print(f"  {count:8,}  {decision}: {reason}")
    print("answered, in order:")
    for place, (id, text) in enumerate(order[:16], 1):
        print(f"  {place:2} {id:8} {text}")
    quarter = max(chat.memory[: max(1, len(chat.memory) // 4)])
    grown = max(chat.memory) - quarter
    print(f"memory {quarter:.0f} MB after a quarter of the flood, {max(chat.memory):.0f} MB at most: {grown:+.0f} MB")
    ahead = early([id for id, _ in order])
    print(f"of the ten answers from the first buyer's on, {ahead} are the planted buyers'")
    return sent == heard == sum(fates.values()) and grown < FLAT_MB and ahead == len(BUYERS)


if __name__ == "__main__":
    main()
