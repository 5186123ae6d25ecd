"""How much of the machine a language model's words are worth, language by language, from what became of those before."""

from collections import Counter

MISSES = 3  # answers in a row whose words were late or did not pass: then it is asked more seldom
EVERY = 6  # of the answers that it could have worded, so that a model which has become better is found out


class Trust:
    """A small model is fluent in a language or two; in the others its words cost the voice its time and are refused."""

    def __init__(self) -> None:
        self._misses: Counter[str] = Counter()  # in a row, by language
        self._passed_over: Counter[str] = Counter()

    def asks(self, language: str) -> bool:
        """Whether to ask the model for the next answer in this language."""
        if self._misses[language] < MISSES:
            return True
        self._passed_over[language] += 1
        return self._passed_over[language] % EVERY == 0

    def learn(self, language: str, *, spoken: bool) -> None:
        """Its words came in time and passed, or not."""
        self._misses[language] = 0 if spoken else self._misses[language] + 1
