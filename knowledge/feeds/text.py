"""Text files of any encoding, line by line: the encoding is told from a sample, the rest is decoded as it is read."""

import codecs
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from knowledge.product import CatalogueError

SAMPLE = 256 * 1024  # bytes
MAX_LINE = 4 << 20  # bytes; a longer line is cut there, and the reader above refuses it as a cell
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
LIKELY = ("cp1252", "cp1250", "cp1251", "cp1254", "cp1258", "cp874", "gb18030", "big5", "cp949")
STRANGE = "bytes that are not {} were read as Windows-1252; check the letters with accents"
CONTROLS = bytes([*range(9), *range(14, 27), *range(28, 32)])  # in no text, whatever its 8-bit encoding
Warn = Callable[[int, str], None]


def sample(path: Path, size: int = SAMPLE) -> bytes:
    """The first bytes. Raises CatalogueError when the file cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror})") from None


def encoding_of(path: Path) -> str:
    """The codec of a text file. Raises CatalogueError for binary files."""
    head = sample(path)
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    if wide := _wide(head):
        return wide
    if len(head) - len(head.translate(None, CONTROLS)) > len(head) // 100:
        raise CatalogueError(f"{path}: not a text file; export the catalogue as CSV in UTF-8")
    if _is_utf8(head):
        return "utf-8"
    if (found := DECLARED.match(head)) and (name := _codec(found[1].decode("ascii"))):
        return name
    return _guessed(head)


def _is_utf8(head: bytes) -> bool:
    """Whether a sample is UTF-8; one that is but for a few lines counts, and those lines are told of later."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
    except UnicodeDecodeError:
        lines = [line for line in head.split(b"\n") if not line.isascii()]
        good = sum(_decodes(line) for line in lines)
        return good > len(lines) / 2
    return True


def _decodes(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wide(head: bytes) -> str:
    """UTF-16 without its mark: every other byte of Latin text is zero."""
    for name, at in (("utf-16-le", 1), ("utf-16-be", 0)):
        zeros = head[at::2].count(0)
        if zeros > len(head) * 0.3 and head[1 - at :: 2].count(0) < len(head) // 100:
            return name
    return ""


def _codec(name: str) -> str:
    """A declared codec's Python name; empty when there is none, or when it is not one of text."""
    try:
        found = codecs.lookup(name)
        return found.name if isinstance("".encode(found.name), bytes) else ""
    except (LookupError, ValueError, UnicodeError):
        return ""


def _guessed(head: bytes) -> str:
    """The likeliest of the codecs that exports come in; Windows' Western one where nothing tells."""
    from charset_normalizer import from_bytes

    part = head[:65_536]
    for name in ("cp932", "euc_jp"):  # to a counter of letters Japanese looks like Korean; kana give it away
        if _share_of_kana(part, name) > 0.1:
            return name
    best = from_bytes(part, cp_isolation=list(LIKELY)).best()
    found = _codec(best.encoding) if best else "cp1252"
    western = part.decode("cp1252", errors="replace")
    return "cp1252" if found == "cp1250" and western == part.decode("cp1250", errors="replace") else found


def _share_of_kana(part: bytes, name: str) -> float:
    text = part.decode(name, errors="replace")
    letters = [letter for letter in text if ord(letter) > 127]
    if letters.count("\ufffd") > 2:  # the sample may end inside a letter
        return 0.0
    return sum("\u3040" <= letter <= "\u30ff" for letter in letters) / max(len(letters), 1)


def lines(path: Path, encoding: str, warn: Warn) -> Iterator[str]:
    """Lines with their ends. A line that is not in the file's encoding is read as Windows-1252, with a warning."""
    head = sample(path)
    if encoding.startswith("utf-16") or (b"\r" in head and b"\n" not in head):
        with io.TextIOWrapper(path.open("rb"), encoding, errors="replace", newline="") as wide:
            yield from iter(lambda: wide.readline(MAX_LINE), "")
        return
    number = 0
    with path.open("rb") as file:
        while raw := file.readline(MAX_LINE):
            number += 1
            if len(raw) == MAX_LINE:
                _rest_of_line(file)
            yield _decoded(raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw, encoding, number, warn)


def _rest_of_line(file: BinaryIO) -> None:
    """Pass over what is left of an endless line: taken for a line of its own it would be read as another row."""
    while (piece := file.readline(MAX_LINE)) and not piece.endswith(b"\n"):
        pass


def _western(error: UnicodeError) -> tuple[str, int]:
    """What cannot be decoded is read as Windows-1252, byte by byte: the usual stranger in a file of another encoding."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error("hawker.western", _western)


def pieces(path: Path, encoding: str, warn: Warn, size: int = 1 << 16) -> Iterator[str]:
    """The text in pieces, for formats that do not care for lines. Bytes of another encoding: as in ``lines``."""
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    strict, lenient = codecs.getincrementaldecoder(name)(), codecs.getincrementaldecoder(name)("hawker.western")
    number, warned = 1, False
    with path.open("rb") as file:
        while raw := file.read(size):
            try:
                if not warned:
                    strict.decode(raw)
            except UnicodeDecodeError:
                warned = True
                warn(number, STRANGE.format(encoding))
            number += raw.count(b"\n")
            yield lenient.decode(raw)
        yield lenient.decode(b"", True)


def _decoded(raw: bytes, encoding: str, number: int, warn: Warn) -> str:
    try:
        return raw.decode("utf-8" if encoding == "utf-8-sig" else encoding)
    except UnicodeDecodeError:
        warn(number, STRANGE.format(encoding))
        return raw.decode(encoding, errors="hawker.western")


def whole(path: Path, encoding: str, limit: int, warn: Warn) -> str:
    """A whole text file of at most ``limit`` bytes. Raises CatalogueError when it is larger."""
    if (size := path.stat().st_size) > limit:
        raise CatalogueError(
            f"{path}: {size >> 20} MiB; a file of this format is read whole and may have {limit >> 20} MiB; "
            "split it, or export CSV or JSON Lines"
        )
    return "".join(pieces(path, encoding, warn))
