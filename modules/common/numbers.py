"""Numbers as people write them in tables: the one reading of them.

A comma or a point may part groups of three digits or stand before the decimals, so a single number
such as `1,234` can be read in two ways. `decimal_mark` settles it from the whole column. Nothing is
guessed: what no other number settles is refused, with both readings.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

from modules.common.errors import DataError

DecimalMark = Literal[".", ","]
POINT: DecimalMark = "."
COMMA: DecimalMark = ","
AUTO = "auto"
DECIMAL_MARKS: Mapping[str, DecimalMark | None] = {AUTO: None, "point": POINT, "comma": COMMA}
"""Values of the setting `decimal_mark`, and what they say."""

NO_VALUE = frozenset(
    ("", "-", "--", "---", "—", "——", "–", ".", "..", "...", "…", "……", "/", "\\", "?",
     "#n/a", "#na", "#value!", "#ref!", "#div/0!", "n/a", "na", "n.a.", "nan", "null", "nil",
     "none", "<na>", "nd", "缺失", "缺", "无", "空", "暂无", "暂缺", "无数据", "不详")
)  # fmt: skip
"""What stands where there is no value, in lower case."""

_BLANKS = re.compile(r"\s+")
_TRANSLATED = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-",
     "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "˙": "'", "、": ",", "٬": ",", "٫": "."}
)  # fmt: skip
_GROUPED = "[1-9][0-9]{0,2}(?:%s[0-9]{3})+"
_EXPONENT = r"(?:e[+-]?[0-9]{1,3})?"
# A mark may also be the one that parts groups, but then it is not the one before the decimals.
_PATTERNS: Mapping[DecimalMark, re.Pattern[str]] = {
    mark: re.compile(
        rf"[+-]?(?:(?:{_GROUPED % re.escape(other)}|{_GROUPED % ' '}|{_GROUPED % chr(39)})"
        rf"(?:{re.escape(mark)}[0-9]*)?"
        rf"|(?:[0-9]+(?:{re.escape(mark)}[0-9]*)?|{re.escape(mark)}[0-9]+){_EXPONENT})"
    )
    for mark, other in ((POINT, COMMA), (COMMA, POINT))
}
# Both marks, two of the same, or a zero first: a slip of the hand does not look so.
_SURE = re.compile(r"[+-]?(?:.*[.].*,.*|.*,.*[.].*|.*,.*,.*|.*[.].*[.].*|0+[.,].*)")
_USUAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,40})?")
_MIN_SETTLING_SHARE = 0.05


def parse_number(text: str, mark: DecimalMark) -> float:
    """Reads a number.

    Args:
        text: What the cell holds. Full-width digits, blanks of any kind and apostrophes between
            groups of three digits, any minus sign and an exponent are understood.
        mark: What stands before the decimals; the other mark may part groups of three.

    Raises:
        ValueError: If it is not a finite number, with what it is.
    """
    if mark == POINT and _USUAL.fullmatch(text):
        return float(text)
    plain = _plain(text)
    if not _PATTERNS[mark].fullmatch(plain):
        raise ValueError(_why_not(text, plain, mark))
    digits = plain.replace(COMMA if mark == POINT else POINT, "").replace(" ", "").replace("'", "")
    value = float(digits.replace(mark, "."))
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {text.strip()!r}")
    return value


def is_number(text: str) -> bool:
    """Tells whether a cell holds a number, by either mark; a percentage is one too."""
    plain = _plain(text).removesuffix("%").rstrip()
    return any(pattern.fullmatch(plain) for pattern in _PATTERNS.values())


def is_no_value(text: str) -> bool:
    """Tells whether a cell is empty, or says that there is no value."""
    return unicodedata.normalize("NFKC", text).strip().lower() in NO_VALUE or not text.strip()


def decimal_mark(
    cells: Iterable[str], setting: str = AUTO, points_are_usual: bool = False
) -> DecimalMark:
    """Finds what stands before the decimals in a column.

    Args:
        cells: All cells of the column, or of several that were written alike.
        setting: A key of `DECIMAL_MARKS`; other than `auto` it settles the matter.
        points_are_usual: Whether a lone point stands before decimals where nothing tells, since
            the file is laid out as programs write it.

    Returns:
        The mark. Where no number has one, it does not matter, and it is a point.

    Raises:
        DataError: If numbers can be read in two ways and nothing settles it, or if as many are
            written in one way as in the other.
    """
    known = DECIMAL_MARKS[setting]
    if known is not None:
        return known
    examples: dict[DecimalMark, list[str]] = {POINT: [], COMMA: []}
    sure: dict[DecimalMark, int] = {POINT: 0, COMMA: 0}
    open_: list[str] = []
    for cell in cells:
        plain = _plain(cell).removesuffix("%").rstrip()
        if "," not in plain and "." not in plain:
            continue
        fitting = [mark for mark, pattern in _PATTERNS.items() if pattern.fullmatch(plain)]
        if len(fitting) == 2:
            open_.append(cell.strip())
        elif fitting:
            examples[fitting[0]].append(cell.strip())
            sure[fitting[0]] += bool(_SURE.fullmatch(plain))
    return _settle(examples, sure, open_, points_are_usual)


def _settle(
    examples: Mapping[DecimalMark, list[str]],
    sure: Mapping[DecimalMark, int],
    undecided: list[str],
    points_are_usual: bool,
) -> DecimalMark:
    likelier, other = sorted((POINT, COMMA), key=lambda mark: -len(examples[mark]))
    most, least = len(examples[likelier]), len(examples[other])
    if least > _MIN_SETTLING_SHARE * (most + least):
        raise DataError(
            f"some numbers have a decimal point and others a decimal comma: "
            f"{examples[POINT][0]!r} and {examples[COMMA][0]!r}; write all in one way, or say "
            f"--set decimal_mark=point or --set decimal_mark=comma, and the others are quarantined"
        )
    told = sure[likelier] or most > _MIN_SETTLING_SHARE * (most + len(undecided))
    if most and told:
        return likelier
    if not undecided:
        return POINT
    if points_are_usual and not any("," in text for text in undecided):
        return POINT
    shown = undecided[0]
    readings = {mark: parse_number(shown, mark) for mark in (POINT, COMMA)}
    raise DataError(
        f"{shown!r} can be read as {readings[POINT]:.15g} (--set decimal_mark=point) or as "
        f"{readings[COMMA]:.15g} (--set decimal_mark=comma), and no other number of the column "
        f"settles which; say it by that setting"
    )


def _plain(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text.replace("´", "'")).translate(_TRANSLATED)
    return _BLANKS.sub(" ", normal).strip().lower()


def _why_not(text: str, plain: str, mark: DecimalMark) -> str:
    shown = text.strip()
    if is_no_value(text):
        return (
            f"expected a number, found {shown!r}" if shown else "expected a number, found nothing"
        )
    if plain.strip("+-") in ("inf", "infinity"):
        return f"expected a finite number, found {shown!r}"
    if plain.endswith("%") and _PATTERNS[mark].fullmatch(plain.removesuffix("%").rstrip()):
        value = parse_number(plain.removesuffix("%"), mark)
        return f"expected a number, found {shown!r}, which is {value:g} or {value / 100:g}"
    other: DecimalMark = COMMA if mark == POINT else POINT
    if _PATTERNS[other].fullmatch(plain):
        named = {POINT: "a decimal point", COMMA: "a decimal comma"}
        return f"expected {named[mark]}, as others of the column have, found {shown!r}"
    if re.fullmatch(r"[+-]?[0-9][0-9., ']*[0-9]", plain):
        return f"expected groups of three digits, found {shown!r}"
    return f"expected a number, found {shown!r}"
