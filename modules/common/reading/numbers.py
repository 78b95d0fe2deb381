"""Numbers as people write them in tables: the one reading of them.

A comma or a point may part groups of three digits or stand before the decimals, so a single number
such as `1,234` can be read in two ways. `decimal_mark` settles it from the whole column. Nothing is
guessed: what no other number settles is refused, with both readings.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from modules.common.reading.table_sources import Convention
from modules.common.runtime.errors import DataError

DecimalMark = str
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
# Programs write commas between columns and points before decimals; spreadsheets of countries with
# decimal commas write semicolons or tabs.
_OF_PROGRAMS = frozenset(",|")
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
    cells: Iterable[str] | Mapping[str, int],
    setting: str = AUTO,
    points_are_usual: bool = False,
) -> DecimalMark:
    """Finds what stands before the decimals in a column.

    Args:
        cells: All cells of the column, or of several that were written alike; or how often each
            comes.
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
    # Numbers that one mark alone fits, those of them that no slip of the hand looks like, and those
    # that both fit.
    told: dict[DecimalMark, Counter[str]] = {POINT: Counter(), COMMA: Counter()}
    sure: set[DecimalMark] = set()
    untold: Counter[str] = Counter()
    for cell, count in Counter(cells).items():
        plain = _plain(cell).removesuffix("%").rstrip()
        if "," not in plain and "." not in plain:
            continue
        fitting = [mark for mark, pattern in _PATTERNS.items() if pattern.fullmatch(plain)]
        if len(fitting) == 2:
            untold[cell.strip()] += count
        elif fitting:
            told[fitting[0]][cell.strip()] += count
            sure |= set(fitting) if _SURE.fullmatch(plain) else set()
    return _settle(told, sure, untold, points_are_usual)


def _settle(
    told: Mapping[DecimalMark, Counter[str]],
    sure: Collection[DecimalMark],
    untold: Counter[str],
    points_are_usual: bool,
) -> DecimalMark:
    counts = {mark: sum(examples.values()) for mark, examples in told.items()}
    likelier = max(counts, key=counts.__getitem__)
    most, both = counts[likelier], sum(counts.values())
    if both - most > _MIN_SETTLING_SHARE * both:
        point, comma = (next(iter(told[mark])) for mark in (POINT, COMMA))
        raise DataError(
            f"some numbers have a decimal point and others a decimal comma: {point!r} and "
            f"{comma!r}; write all in one way, or say --set decimal_mark=point or "
            f"--set decimal_mark=comma, and the others are quarantined"
        )
    is_enough = most > _MIN_SETTLING_SHARE * (most + sum(untold.values()))
    if most and (likelier in sure or is_enough):
        return likelier
    if not untold or (points_are_usual and not any("," in text for text in untold)):
        return POINT
    shown = next(iter(untold))
    readings = {mark: parse_number(shown.removesuffix("%"), mark) for mark in (POINT, COMMA)}
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


def settle_numbers(cells: Mapping[str, int], setting: str, delimiters: Collection[str]) -> str:
    """Finds what stands before the decimals, as a `Convention` does.

    Args:
        cells: How often each cell comes.
        setting: A key of `DECIMAL_MARKS`.
        delimiters: Those of the tables.
    """
    return decimal_mark(cells, setting, points_are_usual=_OF_PROGRAMS.issuperset(delimiters))


NUMBERS = Convention(name="decimal_mark", settle=settle_numbers, parse=parse_number)
"""How columns of numbers are read."""
