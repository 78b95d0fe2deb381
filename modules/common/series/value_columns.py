"""Which of several columns of numbers is the series: what was measured, not sums and changes."""

from __future__ import annotations

from collections.abc import Sequence

from modules.common.reading.tables import name_key
from modules.common.runtime.errors import DataError

_SUMS = ("累计", "累積", "累计值", "cumulative", "accumulated", "ytd", "year-to-date", "yeartodate")
_CHANGES = (
    "同比", "环比", "增长", "增速", "增减", "涨跌", "涨幅", "change", "growth",
    "yoy", "pct", "percent", "%",
)  # fmt: skip
_CURRENT = ("当期", "本期", "当月", "本月", "current")
# Of prices, the last of the day: others are known before it is over.
_CLOSES = ("close", "closing", "last", "收盘", "收盘价", "adjclose")


def choose_column(
    names: Sequence[str], usual: Sequence[str], wanted: str = ""
) -> tuple[str, tuple[str, ...]]:
    """Chooses the column of values.

    Args:
        names: Columns that hold numbers, in their order.
        usual: Names that the column goes by, the likeliest first.
        wanted: What a person named; empty for the likeliest: one that goes by a usual name, else
            the first that is neither a sum since January nor a change, a close before an open.

    Returns:
        The column's name, and those of the others.

    Raises:
        DataError: If there is no column of that name, or none that is not a sum.
    """
    if wanted:
        chosen = next((name for name in names if name_key(name) == name_key(wanted)), None)
        if chosen is None:
            raise DataError(
                f"there is no column {wanted!r} of numbers; there are: {', '.join(names) or 'none'}"
            )
    elif names:
        chosen = min(names, key=lambda name: _rank(name, usual))
        if _holds(name_key(chosen), _SUMS):
            raise DataError(
                f"expected values of each month, found only sums since January: "
                f"{', '.join(names)}; --set value_column={names[0]!r} takes them as they are"
            )
    else:
        raise DataError("there is no column of numbers")
    return chosen, tuple(name for name in names if name != chosen)


def _rank(name: str, usual: Sequence[str]) -> tuple[bool, int, bool, bool, bool]:
    key = name_key(name)
    keys = [name_key(other) for other in usual]
    is_derived = _holds(key, _CHANGES)
    return (
        _holds(key, _SUMS),
        keys.index(key) if key in keys else len(keys) + is_derived,
        not any(other in key for other in keys if len(other) > 2),
        not _holds(key, _CURRENT),
        key not in _CLOSES and not key.startswith(("close", "收盘")),
    )


def _holds(key: str, words: Sequence[str]) -> bool:
    return any(word in key for word in words)
