"""How often the language model's words pass the guard, and how long they take: python -m bench.phrasing [questions] [config]

Asks the labelled English questions of one shop; without a configuration the embedded model is measured.
"""

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from agent.answer import Answer, Sentence, answer_question
from agent.config import Llm, load
from agent.llm import LLMError, Phraser
from agent.words import verdict_of
from bench.answers import CATALOGUE, QUESTIONS, open_retriever
from bench.show import machine


def cases(count: int) -> list[tuple[str, Answer]]:
    """Questions with the plain answers that code composes for them."""
    retriever = open_retriever(CATALOGUE, Path(tempfile.gettempdir()) / "hawker-bench-answers.sqlite")
    rows = [json.loads(line) for line in QUESTIONS[0].read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["lang"] == "en"]
    random.Random(3).shuffle(rows)
    answers = [(row["q"], answer_question(row["q"], None, retriever, on_air=row.get("on_air", ""))[1]) for row in rows]
    return [(question, answer) for question, answer in answers if answer.kind == "fact"][:count]


async def measure(config: Llm, asked: list[tuple[str, Answer]]) -> None:
    phraser, passed, copies, seconds = Phraser(config), 0, 0, list[float]()
    await phraser.warm()
    for question, answer in asked:
        began, text = time.perf_counter(), ""
        try:
            async for piece in phraser.phrase(
                answer.text, list(answer.facts), language=answer.language, question=question,
                persona="warm, brief and honest; never pushy", recent=[],
            ):  # fmt: skip
                text += piece
        except LLMError as error:
            text = f"({error})"
        seconds.append(time.perf_counter() - began)
        verdict = verdict_of(Sentence(text.strip(), answer.facts), answer, plain=False)
        passed += verdict.ok
        copies += verdict.ok and text.strip() == answer.text
        print(f"{'passes' if verdict.ok else verdict.reason:17} {answer.text}\n{'':17} {' '.join(text.split())[:160]}")
    await phraser.close()
    print(f"\nmachine: {machine()}\nmodel: {config.base_url or 'embedded SmolLM2-135M'} {config.model}")
    print("| answers | pass the guard | of them copies | median s | p95 s |\n|---|---|---|---|---|")
    p95 = sorted(seconds)[int(len(seconds) * 0.95)]
    print(f"| {len(asked)} | {passed} | {copies} | {statistics.median(seconds):.2f} | {p95:.2f} |")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    config = load(Path(sys.argv[2])).llm if len(sys.argv) > 2 else Llm(timeout_s=30)
    asyncio.run(measure(config, cases(count)))


if __name__ == "__main__":
    main()
