"""Phonemes → visemes: the fifteen classes commonly used for lip sync, from IPA and from misaki's one-letter diphthongs."""

from collections.abc import Iterable

from renderer.media import Phoneme

CLASSES = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")
STRESS = "ˈˌ"

_SOUNDS = {
    "PP": "p b m ʙ ɓ ɱ ᵐ", "FF": "f v ɸ β ʋ", "TH": "θ ð", "DD": "t d ɾ ʈ ɖ ɗ ʔ T",
    "kk": "k g ɡ ŋ h x ɣ q ɢ χ ʁ ħ ʕ ɦ ɠ c ɟ ç ʝ", "CH": "ʃ ʒ ʧ ʤ ɕ ʑ ʂ ʐ tʃ dʒ tɕ dʑ ʨ ʥ ꭧ", "SS": "s z ts dz ʦ ʣ",
    "nn": "n l ɲ ɳ ɭ ʎ ɫ ɬ ɮ", "RR": "ɹ r ɻ ʀ ɽ ɺ", "aa": "a ɑ æ ʌ ɐ ɒ ä ɶ", "E": "e ɛ ə ɚ ɜ ɝ ᵊ ɘ ɤ œ ø ᵻ ɞ",
    "I": "i ɪ j y ɨ ʏ ɥ ɯ", "O": "o ɔ ɵ", "U": "u ʊ w ʉ ʍ ɰ",
}  # fmt: skip
_DIPHTHONGS = {"A": ("E", "I"), "I": ("aa", "I"), "O": ("O", "U"), "W": ("aa", "U"), "Y": ("O", "I"), "Q": ("E", "U")}
_TABLE = {sound: name for name, sounds in _SOUNDS.items() for sound in sounds.split()}


def visemes(symbol: str) -> tuple[str, ...]:
    """Classes that a phoneme passes through, in order; punctuation and unknown signs are silence.

    >>> visemes("ˈA"), visemes("aɪ"), visemes("p"), visemes(",")
    (('E', 'I'), ('aa', 'I'), ('PP',), ('sil',))
    """
    plain = symbol.lstrip(STRESS).rstrip("ːˑ")
    if plain in _DIPHTHONGS:
        return _DIPHTHONGS[plain]
    if plain in _TABLE:
        return (_TABLE[plain],)
    letters = [_TABLE[letter] for letter in plain if letter in _TABLE]
    merged = [name for i, name in enumerate(letters) if i == 0 or name != letters[i - 1]]
    return tuple(merged) or ("sil",)


def timed(phonemes: Iterable[Phoneme]) -> list[tuple[str, int, int]]:
    """(viseme, start, end) in samples; a diphthong's time is shared out evenly."""
    out = []
    for phoneme in phonemes:
        names = visemes(phoneme.symbol)
        step = (phoneme.end - phoneme.start) / len(names)
        for i, name in enumerate(names):
            out.append((name, round(phoneme.start + i * step), round(phoneme.start + (i + 1) * step)))
    return out
