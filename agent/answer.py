"""Found facts → the plain answer: which sentences, in which order, how many, and what is said when nothing was found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.phrasebook import Phrasebook as Phrasebook
from agent.phrasebook import phrasebook as phrasebook
from agent.statements import Sentence as Sentence
from agent.statements import price, state
from knowledge.product import Fact
from knowledge.retrieve import Found, Retriever

_NAME = re.compile(r"[^\W\d_]{2,24}")
NAMED = 2  # askers of one answer that are named
SHORT, LONG = 2, 5  # sentences of an answer: usually, and to one who asks to be told everything
KINDS = {"offtopic": "refusal", "injection": "refusal", "spam": "refusal", "greeting": "smalltalk", "thanks": "smalltalk",
         "bye": "smalltalk", "praise": "smalltalk", "host": "smalltalk"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What the host would say. ``kind``: fact, missing (not in the catalogue), unknown, refusal or smalltalk."""

    text: str
    sentences: tuple[Sentence, ...]
    language: str
    facts: tuple[Fact, ...]
    kind: str
    card_handle: str = ""


def answer_question(
    question: str, language: str | None, retriever: Retriever, *, on_air: str = "", last: str = "", askers: Sequence[str] = ()
) -> tuple[Found, Answer]:
    """One question, answered from the catalogue alone. ``language`` is to answer in; None: the asker's."""
    found = retriever.find(question, language=language, on_air=on_air, last=last)
    return found, compose(found, language or found.asked.language, askers=askers)


def compose(found: Found, language: str, *, askers: Sequence[str] = ()) -> Answer:
    """Say what was found, in two sentences unless more is asked; to one or two ``askers`` by name, where it is a plain one."""
    book = phrasebook(language)
    kind, sentences = _composed(found, book)
    if names := list(dict.fromkeys(name for asker in askers if (name := spoken_name(asker))))[:NAMED]:
        sentences = [_addressed(book, book.listed(names), sentences[0]), *sentences[1:]]
    facts = tuple(dict.fromkeys(f for s in sentences for f in s.facts if f.field != "title"))
    card = next((f.handle for s in sentences for f in s.facts if f.handle), "")
    text = book.tables["style"]["join"].join(s.text for s in sentences)
    return Answer(text, tuple(sentences), book.language, facts, kind, card)


def spoken_name(asker: str) -> str:
    """A viewer's name as it may be said: one word of letters written like a name; "" for anything else."""
    name = asker.strip()
    if not _NAME.fullmatch(name):
        return ""
    cased = name[0].isupper() and name[1:].islower()
    return name if cased or not (name[0].isupper() or name[0].islower()) else ""


def _addressed(book: Phrasebook, name: str, sentence: Sentence) -> Sentence:
    text = sentence.text
    if book.language == "en" and text.split(" ")[0].rstrip(",.") in (
        "The",
        "We",
        "Yes",
        "No",
        "You",
        "In",
        "That",
        "Which",
        "Nothing",
        "Delivery",
    ):
        text = text[0].lower() + text[1:]
    return Sentence(book.say("address", "style", asker=name, sentence=text), sentence.facts, sentence.text)


def _composed(found: Found, book: Phrasebook) -> tuple[str, list[Sentence]]:
    asked = found.asked
    if asked.kind in KINDS:
        extra = price(found, book, [h.fact for h in found.facts]) if found.facts else []
        return KINDS[asked.kind], [
            Sentence(book.say("refusal" if asked.kind == "injection" else asked.kind)),
            *extra[:1],
        ]
    if found.facts:
        said = state(found, book)
        return "fact", (said + _missing(found, book))[: LONG if asked.everything else SHORT]
    if found.missing:
        return "missing", _missing(found, book)[:1]
    if found.instead and book.has("instead", "say"):
        items = [book.say("list_item", name=f.product, value=book.value(f.value)) for f in found.instead]
        return "unknown", [Sentence(book.say("instead", items=book.listed(items)), found.instead)]
    return "unknown", [Sentence(book.say(_unknown(found)))]


def _unknown(found: Found) -> str:
    if found.unsold:
        return "unsold"
    if found.which:
        return "which"
    return "list_none" if found.asked.limit or found.verdict == "no" else "unclear"


def _missing(found: Found, book: Phrasebook) -> list[Sentence]:
    out = []
    for handle, field in found.missing:
        facts = tuple(fact for fact in found.titles if fact.handle == handle)
        name = found.title(handle)
        if not name:
            out.append(Sentence(book.say("missing_store", label=book.label(field or "features"))))
        elif field and book.has(field, "labels"):
            out.append(Sentence(book.say("missing", name=name, label=book.label(field)), facts))
        else:
            out.append(Sentence(book.say("missing_plain", name=name), facts))
    return out
