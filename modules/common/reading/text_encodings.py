"""Encodings of text as people have it: which one bytes are in, and text that was decoded wrongly.

Every reader of text asks here. UTF-8 and UTF-16, with or without a byte order mark, GB 18030, which
holds GBK and GB 2312, and Big5 where it is sure. No files here, and nothing heavy.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator

PROBE_BYTES = 1 << 16
"""So many bytes of a file's beginning are enough for `detect`."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # It begins like the mark of UTF-16.
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GB, _BIG5 = "gb18030", "cp950"
_WORDS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    _GB: "GB 18030",
    _BIG5: "Big5",
    "utf-32": "UTF-32",
}
_NOT_WRITTEN = frozenset({"Cc", "Cn", "Co"})
_NEARLY_ALL, _SELDOM = 0.9, 0.6
_MIN_ASCII_SHARE = 0.02
_UNDECODABLE = re.compile("[\ufffd\0]")
_LOST = re.compile("[\ufffd?]+")
_FIRST_CHINESE = "\u2e80"
# The first character of those that take three bytes in UTF-8 and that Chinese text has: “, —, 一.
_FIRST_TELLING = "\u2010"
_Verdict = Callable[[list[str]], bool]


def detect(head: bytes) -> str:
    """Tells the encoding of a text from its beginning, or from all of it.

    Lines vote between UTF-8 and GB 18030: much UTF-8 text is valid GB 18030 too, so one bad line
    must not make mojibake of a UTF-8 file. What neither reads is left to UTF-8, so that bad lines
    are rejected one by one.

    Args:
        head: The text, or `PROBE_BYTES` of it or more.

    Returns:
        The name of a codec that leaves a byte order mark out.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        found = [name for name in ("utf-16-le", "utf-16-be") if _is_utf16(head, name)]
        if len(found) == 1:
            return found[0]
    lines = head.split(b"\n")
    if len(head) >= PROBE_BYTES:
        lines.pop()  # It may end within a character.
    telling = [line for line in lines if not line.isascii()]
    readable = {name: sum(_decodes(line, name) for line in telling) for name in ("utf-8", _GB)}
    if 2 * readable["utf-8"] >= readable[_GB]:
        return "utf-8"
    return _BIG5 if _is_big5(b"".join(telling)) else _GB


def decode(content: bytes) -> str:
    """Decodes a whole text; bytes that do not decode become U+FFFD."""
    return content.decode(detect(content), errors="replace")


def describe_garbled(text: str, encoding: str) -> str:
    """Says why a line or a cell is no text.

    Args:
        text: As it was decoded, undecodable bytes as U+FFFD.
        encoding: What it was decoded from, a name that `detect` gives.

    Returns:
        What was expected and what was found; empty where nothing is wrong.
    """
    if text.isascii() and "\0" not in text:
        return ""
    if _UNDECODABLE.search(text):
        mine = _WORDS.get(encoding, "UTF-16")
        other = "UTF-8" if encoding == _GB else "GB 18030"
        return (
            f"expected {mine}, which the file is in, found other bytes; if they are {other}, "
            f"bring the file to one of them"
        )
    if encoding == _GB and _was_utf8(text, _gb_bytes, _is_surely_gb):
        return "expected GB 18030, which the file is in, found UTF-8; bring the file to one of them"
    return describe_mojibake(text)


def describe_mojibake(text: str) -> str:
    """Says that text was UTF-8, was taken for another encoding, and was encoded again.

    Much UTF-8 is valid in other encodings, so that nothing else would tell. Text that was written
    so is hardly ever UTF-8 of three bytes a character as well.

    Args:
        text: A line or a cell, its white space as it was.

    Returns:
        What was expected and what was found; empty where nothing is wrong.
    """
    text = text.replace("\ufffd", "?")
    if text.isascii():
        return ""
    mistaken = next(_find_mistaken(text), "")
    if not mistaken:
        return ""
    return f"expected text, found UTF-8 that was taken for {mistaken} and encoded again; undo that"


def _find_mistaken(text: str) -> Iterator[str]:
    if max(text) < _FIRST_CHINESE:
        for name, to_bytes in _LATIN.items():
            if _was_utf8(text, to_bytes, _is_surely_latin):
                yield name
    elif not _is_common(text) and _was_utf8(text, _gb_bytes, _is_surely_gb):
        yield "GBK"


def _is_utf16(head: bytes, encoding: str) -> bool:
    """Whether bytes without a mark are surely UTF-16: nothing else is so free of odd characters."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    ascii_count = sum(character < "\x80" for character in text)
    if not text or ascii_count < _MIN_ASCII_SHARE * len(text):
        return False
    return not any(
        unicodedata.category(character) in _NOT_WRITTEN
        for character in set(text) - set("\t\n\r\ufeff")
    )


def _is_big5(telling: bytes) -> bool:
    """Whether bytes that are valid GB 18030 are surely Big5: much of each is valid in the other.

    Common hanzi are then nearly all that there is in the one, and seldom in the other.
    """
    if not _decodes(telling, _BIG5):
        return False
    shares = []
    for encoding, first, last in ((_BIG5, 0xA1, 0xC6), ("gb2312", 0xA1, 0xD7)):
        text = telling.decode(_BIG5 if encoding == _BIG5 else _GB)
        content = [
            character.encode(encoding, "replace") for character in text if character > "\x7f"
        ]
        common = sum(len(pair) == 2 and first <= pair[0] <= last for pair in content)
        shares.append(common / max(1, len(content)))
    return shares[0] > _NEARLY_ALL and shares[1] < _SELDOM


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _was_utf8(text: str, to_bytes: Callable[[str], bytes], is_surely: _Verdict) -> bool:
    """Whether the bytes that text was decoded from are UTF-8 with characters of Chinese text.

    Where bytes were lost, such as the last of an odd number, there may be a `?` in their place, and
    the other characters tell.
    """
    try:
        content = to_bytes(text)
    except UnicodeError:
        return False
    was = _LOST.sub("\ufffd", content.decode("utf-8", errors="replace"))
    return is_surely([character for character in was if character >= "\x80"])


def _is_surely_latin(was: list[str]) -> bool:
    chinese = sum("\ufffd" > character >= _FIRST_TELLING for character in was)
    return 1 <= chinese >= len(was) - chinese


def _is_surely_gb(was: list[str]) -> bool:
    """Stricter, since the bytes of two or three hanzi now and then make a character."""
    chinese = [character for character in was if character >= _FIRST_TELLING]
    simplified = sum(_is_in_gb2312(character) for character in chinese)
    return any(map(_is_common, chinese)) and 2 <= simplified > len(was) - simplified


def _is_common(text: str) -> bool:
    """Whether all that is not ASCII is of GB 2312's signs and its first level, the common hanzi."""
    return _is_in_gb2312(text, last_lead=0xD7)


def _is_in_gb2312(text: str, last_lead: int = 0xFE) -> bool:
    try:
        content = text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    if len(content) == 2 * len(text):  # Nothing of it is ASCII, as of most names.
        return max(content[::2]) <= last_lead
    leads = [byte for byte in content if byte >= 0x80][::2]
    return max(leads, default=0) <= last_lead


def _gb_bytes(text: str) -> bytes:
    return text.encode(_GB)


def _windows_bytes(text: str) -> bytes:
    """Windows' Western European; what has no character there is a control character."""
    return b"".join(
        bytes((ord(character),)) if "\x80" <= character < "\xa0" else character.encode("cp1252")
        for character in text
    )


_LATIN: dict[str, Callable[[str], bytes]] = {
    "iso-8859-1": lambda text: text.encode("iso-8859-1"),
    "iso-8859-2": lambda text: text.encode("iso-8859-2"),
    "cp1252": _windows_bytes,
}
