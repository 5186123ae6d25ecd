"""Texts made comparable: whatever a price or a word is dressed up in, it is read as viewers would hear it."""

import re
import unicodedata

INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    r"\uffa0\U000e0000-\U000e01ef]"
)
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
# Letters of other alphabets that look like Latin ones. For finding words only: what is spoken is never changed.
_ALIKE = str.maketrans({
    other: latin
    for latin, others in {
        "a": "аαᴀɑ", "b": "ьʙβ", "c": "сᴄϲ", "d": "ԁᴅđ", "e": "еεᴇєɛ", "f": "ꜰƒ", "g": "ɡɢց", "h": "һʜн", "i": "іιɪıї",
        "j": "јᴊ", "k": "кκᴋ", "l": "ӏʟłǀ", "m": "мᴍ", "n": "ոɴη", "o": "оοᴏøσօ", "p": "рρᴘ", "q": "ԛ", "r": "гʀ", "s": "ѕꜱ",
        "t": "тτᴛ", "u": "υᴜս", "v": "νѵᴠ", "w": "ԝωᴡ", "x": "хχ", "y": "уγʏ", "z": "ᴢ",
    }.items()
    for other in others
})  # fmt: skip
_LEET = str.maketrans("013457@$!|", "oieastasil")
_SPACED_OUT = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ ._*\-]){3,}[^\W\d_](?![^\W\d_])")
_MIXED = re.compile(r"(?=\S*[a-z])(?=\S*[0-9@$!|])\S{3,}")
_MARKS = re.compile(r"[\u0300-\u036f\u20d0-\u20f0]")


def normalise(text: str) -> str:
    """NFKC without invisible characters: full-width digits, ligatures and look-alike spacing come out plain."""
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("’", "'")


def bare(text: str) -> str:
    """Without the accents of Latin letters."""
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text)))


def disguises(text: str) -> tuple[str, ...]:
    """The ways in which a text may be read, in lower case: as it stands, and without each common disguise.

    >>> "ignore" in disguises("I.G.N.O.R.E")[-1] and "ignore" in disguises("1gn0re аll")[-1]
    True
    """
    plain = re.sub(r"[^\S\n]+", " ", normalise(text)).casefold()
    alike = bare(plain).translate(_ALIKE)
    joined = _SPACED_OUT.sub(lambda found: re.sub(r"[ ._*\-]", "", found[0]), alike)
    letters = _MIXED.sub(lambda found: found[0].translate(_LEET), joined)
    return tuple(dict.fromkeys((plain, alike, letters)))
