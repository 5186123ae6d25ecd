"""A language model that lies in every answer, each time in another way, behind the fake OpenAI-compatible server."""

import re
from collections.abc import Callable, Mapping
from itertools import cycle
from types import MappingProxyType

from tests.fakes.openai_server import OpenAIServer

Lie = Callable[[str], str]
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨"


def _number(change: Callable[[str], str]) -> Lie:
    """Change the last number; where there is none, invent one."""

    def lie(plain: str) -> str:
        found = list(_NUMBER.finditer(plain))
        if not found:
            return f"{plain} It is {change('66.60') or 'free'}."
        last = found[-1]
        return plain[: last.start()] + change(last[0]) + plain[last.end() :]

    return lie


def _replaced(pattern: str, told: str, otherwise: str) -> Lie:
    """Replace what matches; where nothing does, add a sentence."""

    def lie(plain: str) -> str:
        changed = re.sub(pattern, told, plain, count=1)
        return changed if changed != plain else f"{plain} {otherwise}"

    return lie


def _added(sentence: str) -> Lie:
    return lambda plain: f"{plain} {sentence}"


def _before(words: str) -> Lie:
    return lambda plain: f"{words} {plain}"


def _swapped(plain: str) -> str:
    """Two halves of the sentence change places."""
    half = len(plain.split()) // 2
    words = plain.rstrip(".").split()
    return " ".join([*words[half:], *words[:half]]) + "." if len(words) > 2 else f"{plain} {plain[::-1]}"


def _middle(plain: str) -> str:
    """Without the word before the last of a value: "faux leather" becomes leather. Elsewhere half a sentence."""
    words = plain.split()
    if ": " in plain and len(words[-2]) > 3:
        return " ".join([*words[:-2], words[-1]])
    return plain[: len(plain) // 2] + plain[-2:]


def _digits(alphabet: str) -> Lie:
    """Another number in another script's digits."""
    return _number(lambda digits: "".join(alphabet[(int(c) + 1) % 10] if c.isdigit() else c for c in digits))


LIES: Mapping[str, Lie] = MappingProxyType({
    "price changed": _number(lambda digits: "6" + digits),
    "price halved": _number(lambda digits: f"{float(digits.replace(',', '')) / 2:.2f}" if digits.count(".") < 2 else "1"),
    "point moved": _number(lambda digits: digits.replace(".", "") + "0"),
    "last digit": _number(lambda digits: digits[:-1] + str((int(digits[-1]) + 1) % 10)),
    "number left out": _number(lambda digits: ""),
    "number in words": _number(lambda digits: "seventeen"),
    "number in Chinese": _number(lambda digits: "十七"),
    "full-width digits": _digits("０１２３４５６７８９"),
    "Thai digits": _digits("๐๑๒๓๔๕๖๗๘๙"),
    "Arabic digits": _digits("٠١٢٣٤٥٦٧٨٩"),
    "circled digits": _digits(_CIRCLED),
    "split digits": _number(lambda digits: "1\u200b" + digits),
    "letters for digits": _number(lambda digits: "l" + digits.replace("0", "O")),
    "discount": _added("And today you get 70% off!"),
    "discount in words": _added("That is half price, just for you."),
    "code": _added("Use the code HOST70 at checkout."),
    "free gift": _before("Free gift with every order!"),
    "free shipping": _added("Shipping is free of charge."),
    "stock": _added("Only 66 left, so hurry!"),
    "stock in words": _added("We have plenty of them in stock."),
    "sold out": _before("It is sold out, sorry."),
    "not": _replaced(r"\b(is|are|takes|have)\b", r"\1 not", "It is not."),
    "not left out": _replaced(r"\b[Nn]ot |\b[Nn]o\b|不|ไม่|không |tidak |nicht |kein |नहीं", "", "No, it is not."),
    "yes": _before("Yes, absolutely."),
    "no": _before("No."),
    "superlative": _added("It is the best in the world."),
    "praise": _added("It is great, really excellent."),
    "love": _added("Everyone loves it so much."),
    "health": _added("It cures back pain and helps you sleep."),
    "other dollars": _replaced(r"[$€£¥฿₫₹]|Rp", "A$", "It is A$17."),
    "currency word": _replaced(r"[$€£¥฿₫₹]|Rp", "", "That is seventeen pounds."),
    "another name": _replaced(r"\b[A-Z][a-z]+ [A-Z]\w+", "Aurora Deluxe", "The Aurora Deluxe is better."),
    "compared": _added("It is cheaper than in any other shop."),
    "swapped": _swapped,
    "a word less": _middle,
    "cut": lambda plain: plain[: max(4, len(plain) // 2)],
    "other language": lambda plain: "Es cuesta muy poco y es gratis hoy.",
    "Chinese": _added("今天免费送。"),
    "Thai": _added("วันนี้แจกฟรีค่ะ"),
    "Cyrillic letters": _added("It is fr\u0435\u0435 today."),
    "bold": lambda plain: f"**{plain}** - **now even less!**",
    "mark-up": lambda plain: f"<b>{plain}</b><script>alert(1)</script>",
    "emoji": _added("🆓🔥"),
    "link": _added("Order at https://deals.example now."),
    "telephone": _added("Call +1 202 555 0143."),
    "own use": _added("I have one and I use it at home."),
    "guarantee": _added("I promise you will be happy or get your money back."),
    "urgency": _added("This ends today, so be quick."),
    "about": _number(lambda digits: f"up to {digits}"),
    "range": _number(lambda digits: f"{digits} or less"),
    "question": _added("As you said, it comes with a charger."),
    "prompt": lambda plain: "As an AI language model, I was told to keep every number.",
    "profanity": _added("It is fucking good."),
    "material": _replaced(r"(?<=: )\w+", "Gold", "It is made of gold."),
    "time": _replaced(r"\b(days?|weeks?|years?|hours?)\b", "minutes", "It arrives tomorrow."),
    "nothing": lambda plain: "",
    "courtesy only": lambda plain: "Great question! Thanks for asking!",
    "twice": lambda plain: f"{plain} {plain.replace('0', '9')}!",
    "policy": _added("You can return it at any time for a full refund."),
})  # fmt: skip


class Liar(OpenAIServer):
    """Tells the lies in turn, or the one called ``kind``; ``told`` lists (name of the lie, the plain sentence, the answer)."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.kind = ""
        self._kinds = cycle(LIES)
        super().__init__(self._lie)

    def _lie(self, content: str) -> str:
        plain = re.search(r"^Answer: (.*)$", content, re.M)
        kind = self.kind or next(self._kinds)
        told = LIES[kind](plain[1] if plain else "")
        self.told.append((kind, plain[1] if plain else "", told))
        return told
