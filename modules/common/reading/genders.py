"""Genders as people write them in tables, in words or codes: the one reading of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

from modules.common.reading.numbers import NO_VALUE
from modules.common.reading.table_sources import Convention
from modules.common.runtime.errors import DataError

FEMALE, MALE = "female", "male"
AUTO = "auto"
GENDER_CODES: Mapping[str, Mapping[str, str]] = {
    AUTO: {},
    # GB/T 2261.1, as in registers; ISO 5218 has the same. 0 is unknown, 9 not stated.
    "1_male_2_female": {"1": MALE, "2": FEMALE},
    "1_male_0_female": {"1": MALE, "0": FEMALE},
    "0_male_1_female": {"0": MALE, "1": FEMALE},
}
"""Values of the setting `gender_codes`, and what the codes mean."""

_STANDARD = "1_male_2_female"
_WORDS = {
    MALE: "男 男性 男生 男士 男孩 男子 男童 男人 先生 雄 m male man men boy mr mr. masculine ♂",
    FEMALE: "女 女性 女生 女士 女孩 女子 女童 女人 小姐 太太 雌 f female woman women girl mrs mrs. "
    "ms ms. miss feminine ♀",
}
_BY_WORD = {word: gender for gender, words in _WORDS.items() for word in words.split()}
_UNKNOWN = frozenset(
    ("未知", "未知性别", "不详", "不明", "未说明", "未说明的性别", "未填", "保密", "其他", "其它",
     "中性", "u", "x", "unknown", "other", "unspecified", "undisclosed", "not stated")
)  # fmt: skip
_CODE = re.compile(r"([0-9])(?:\.0+)?")
_FEW = 0.05


def parse_gender(text: str, codes: str = AUTO) -> str:
    """Reads a gender in any of the usual spellings.

    Args:
        text: What the cell holds.
        codes: A key of `GENDER_CODES`, what digits mean; by `auto` none is understood.

    Returns:
        `male` or `female`.

    Raises:
        ValueError: For anything else, with what it is.
    """
    plain = _plain(text)
    if gender := _BY_WORD.get(plain):
        return gender
    meant = GENDER_CODES[codes]
    if code := _code(plain):
        if gender := meant.get(code):
            return gender
        if not meant:
            raise ValueError(f"{_EXPECTED}, found {text!r}, whose meaning nothing tells")
        if code in "09" and codes == _STANDARD:
            raise ValueError(
                f"{_EXPECTED}, found {text!r}, which says that the gender is not known"
            )
    if plain in _UNKNOWN or (plain and plain in NO_VALUE):
        raise ValueError(f"{_EXPECTED}, found {text!r}, which says that the gender is not known")
    raise ValueError(f"{_EXPECTED}, found {text!r}")


def is_gender(text: str) -> bool:
    """Tells whether a cell is a gender in words."""
    return _plain(text) in _BY_WORD


def settle_codes(cells: Mapping[str, int], setting: str, delimiters: Collection[str] = ()) -> str:
    """Finds out what digits stand for, from the whole column.

    Args:
        cells: How often each cell comes.
        setting: A key of `GENDER_CODES`; other than `auto` it settles the matter.
        delimiters: Not used.

    Returns:
        A key of `GENDER_CODES`.

    Raises:
        DataError: If the codes can be read in two ways.
    """
    if setting != AUTO:
        return setting
    counts: dict[str, int] = {}
    for cell, count in cells.items():
        if code := _code(_plain(cell)):
            counts[code] = counts.get(code, 0) + count
    if "2" in counts or ("1" in counts and "9" in counts):
        return _STANDARD
    if sum(counts.values()) <= _FEW * sum(cells.values()):
        return AUTO
    found = " and ".join(sorted(counts))
    if not counts.keys() & {"0", "1"}:
        raise DataError(f"{_EXPECTED}, found the codes {found}, which mean nothing that is known")
    raise DataError(
        f"the codes {found} for genders can be read in several ways: 1 as male and 0 as female "
        f"(--set gender_codes=1_male_0_female), 0 as male and 1 as female "
        f"(gender_codes=0_male_1_female), or 1 as male, 2 as female and 0 as unknown "
        f"(gender_codes=1_male_2_female); say it by that setting"
    )


def _code(plain: str) -> str:
    match = _CODE.fullmatch(plain)
    return match[1] if match else ""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


_EXPECTED = "expected 男, 女, male, female, M or F"

GENDERS = Convention(name="gender_codes", settle=settle_codes, parse=parse_gender)
"""How columns of genders are read."""
