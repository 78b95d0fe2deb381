"""Spans of data: which there are of a path with `{SPAN}`, `{VERSION}`, or `{YYYY}{MM}{DD}` in it.

They mean what TFX's ExampleGen takes them for: a span is a whole number, or a day, counted from
1970-01-01; `{SPAN:3}` has three digits; of a span the newest version counts. TFX looks for the
newest span only, and says of a path that is none no more than that a pattern did not match. Light:
whoever waits for spans looks often.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modules.common.reading.data_files import is_folder, is_there, list_folder
from modules.common.runtime.errors import DataError, WrongUsage

PLACEHOLDERS = "{SPAN}, {SPAN:3}, {VERSION}, or {YYYY}, {MM} and {DD}"

_PLACEHOLDER = re.compile(r"\{(SPAN|VERSION|YYYY|MM|DD)(?::([^{}]*))?\}")
_DATE_DIGITS = {"YYYY": 4, "MM": 2, "DD": 2}
_EPOCH = datetime.date(1970, 1, 1)
_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Span:
    """A span that is there, in its newest version.

    Attributes:
        number: The span; of a date, the days since 1970-01-01, as TFX counts them.
        version: The newest version, where the path has `{VERSION}`.
        path: Its folder or file.
        is_date: Whether the path has the date.
    """

    number: int
    version: int | None = None
    path: str
    is_date: bool = False

    @property
    def name(self) -> str:
        """The span as its path has it: a number, or a date."""
        return word_span(self.number, self.is_date)

    @property
    def label(self) -> str:
        """The span in words, with its version."""
        return self.name if self.version is None else f"{self.name}, version {self.version}"


def word_span(number: int, is_date: bool) -> str:
    """Gives a span as its path has it.

    Args:
        number: The span.
        is_date: Whether it is a day.
    """
    return str(_EPOCH + datetime.timedelta(number)) if is_date else str(number)


def word_spans(spans: Sequence[Span]) -> str:
    """Names spans, no more than a few of many."""
    names = [span.label for span in spans]
    if len(names) > _SHOWN:
        names[2 : 2 - _SHOWN] = ["…"]
    return "; ".join(names) if any("," in name for name in names) else ", ".join(names)


def find_fixed_part(data: str) -> str:
    """Gives the folder in which spans lie.

    Args:
        data: Path or URI.

    Returns:
        What comes before the first part of the path that has a placeholder; empty where none has,
        or where there is something that is called just so.
    """
    found = _PLACEHOLDER.search(data)
    if not found or ("://" not in data and os.path.exists(data)):
        return ""
    return os.path.dirname(data[: found.start()]) or "."


def is_below(path: str, folder: str) -> bool:
    """Tells whether a path is a folder, or lies in it, whatever links lead there."""
    path, folder = os.path.realpath(path), os.path.realpath(folder)
    return os.path.commonpath([path, folder]) == folder


def find_spans(data: str, up_to: str = "") -> list[Span]:
    """Finds all spans that are there, each in its newest version.

    Args:
        data: Path or URI with placeholders, local or remote. Hidden names stand for none of them.
        up_to: The newest that counts, as a person names it: `20`, `2026-11-30`, or `20:3`, which is
            version 3 of it.

    Returns:
        Folders that hold a file, or files; the newest span last.

    Raises:
        WrongUsage: If the placeholders do not go together.
        DataError: If there is no span, if what stands in a placeholder's place is no number or
            date, or if two paths are the same span.
    """
    data = data.rstrip("/")
    _check(data)
    base = find_fixed_part(data)
    if not ("://" in base or os.path.isdir(base)):
        raise DataError(
            f"nothing matches {data}: {base} is no folder; expected there folders or files like "
            f"{os.path.relpath(data, base)}"
        )
    pattern = os.path.relpath(data, base) if "://" not in data else data[len(base) :].lstrip("/")
    parts = pattern.split("/")
    found: dict[int, dict[int | None, Span]] = {}
    for path, tokens in _walk(base, parts, {}):
        span = _make_span(path, tokens)
        versions = found.setdefault(span.number, {})
        if span.version in versions:
            raise DataError(
                f"{versions[span.version].path} and {path} are both span {span.label}; expected "
                "one, so move the other away"
            )
        versions[span.version] = span
    if not found:
        what = f"; in {base} there is {_list(base)}" if "://" not in base else ""
        raise DataError(
            f"nothing matches {data}; expected folders or files like it, with whole numbers in the "
            "place of {SPAN} and {VERSION}, or dates in the place of {YYYY}, {MM} and {DD}" + what
        )
    newest = [
        versions[max(versions, key=lambda version: -1 if version is None else version)]
        for _, versions in sorted(found.items())
    ]
    return _end_with(up_to, found, newest, data) if up_to else newest


def _end_with(
    up_to: str, found: dict[int, dict[int | None, Span]], newest: list[Span], data: str
) -> list[Span]:
    """Leaves out the spans after the one that a person named."""
    name, colon, version = up_to.partition(":")
    number = next((each.number for each in newest if each.name == name), -1)
    wanted = [
        span
        for each, span in found.get(number, {}).items()
        if (str(each) == version if colon else span in newest)
    ]
    if not wanted:
        raise DataError(f"{data} has no span {up_to}; there are {word_spans(newest)}")
    return [span for span in newest if span.number < number] + wanted


def choose_window(spans: Sequence[Span], count: int, data: str) -> list[Span]:
    """Takes the newest spans, as TFX's rolling range does: by their numbers, without a gap.

    Args:
        spans: What `find_spans` found.
        count: How many.
        data: What was asked for.

    Returns:
        As many as were asked for, the newest last.

    Raises:
        DataError: If one is not there.
    """
    newest, known = spans[-1], {span.number: span for span in spans}
    wanted = range(newest.number, newest.number - count, -1)
    gap = next((number for number in wanted if number not in known), None)
    if gap is not None:
        word = word_span(gap, newest.is_date)
        lacking = f"there is no span {word}, only" if gap >= 0 else "there are only"
        raise DataError(
            f"expected the newest {count:,} spans of {data}, up to {newest.name}; {lacking} "
            f"{word_spans(spans)}. Add what is missing, or ask for fewer: --spans "
            f"{newest.number - gap}"
        )
    return [known[number] for number in reversed(wanted)]


def _check(data: str) -> None:
    """Raises `WrongUsage` where placeholders do not go together."""
    names = [match[1] for match in _PLACEHOLDER.finditer(data)]
    dates = [name for name in names if name in _DATE_DIGITS]
    for match in _PLACEHOLDER.finditer(data):
        width = match[2]
        is_number = width is not None and width.isascii() and width.isdigit()
        if width is not None and (match[1] in _DATE_DIGITS or not is_number or int(width) < 1):
            raise WrongUsage(
                f"{match[0]} in {data} has a width that is none; expected a number of digits after "
                "SPAN or VERSION, such as {SPAN:3}, and none after YYYY, MM and DD"
            )
    if dates and "SPAN" in names:
        raise WrongUsage(f"{data} has both {{SPAN}} and a date; expected one of them")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongUsage(f"{data} has {{{twice[0]}}} more than once; expected it once")
    if dates and len(dates) < len(_DATE_DIGITS):
        lacking = ", ".join(f"{{{name}}}" for name in _DATE_DIGITS if name not in dates)
        raise WrongUsage(
            f"{data} has {{{'}, {'.join(dates)}}} without {lacking}; a date has all three"
        )
    if names == ["VERSION"]:
        raise WrongUsage(f"{data} has {{VERSION}} without {{SPAN}} or a date; a version is of one")


def _walk(
    folder: str, parts: Sequence[str], tokens: dict[str, str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Gives what matches the parts of a path below a folder, with the texts of placeholders."""
    part, rest = parts[0], parts[1:]
    if not _PLACEHOLDER.search(part):
        path = os.path.join(folder, part)
        if rest:
            yield from _walk(path, rest, tokens) if is_folder(path) else ()
        elif _is_data(path):
            yield path, tokens
        return
    loose, exact = _compile(part, exact=False), _compile(part, exact=True)
    for name in list_folder(folder):
        path = os.path.join(folder, name)
        match = None if name.startswith(".") and not part.startswith(".") else loose.fullmatch(name)
        if match is None or (rest and not is_folder(path)):
            continue
        below = (
            list(_walk(path, rest, tokens | match.groupdict()))
            if rest
            else [(path, tokens | match.groupdict())] * _is_data(path)
        )
        if not below:
            continue
        if not exact.fullmatch(name):
            if not rest and "." not in part and not is_folder(path):
                # A file beside folders of data, such as a note.
                continue
            raise DataError(
                f"{path} is in the place of {part}, and is none; expected "
                f"{_describe(part)}. Move it away, or give it a name that begins with a point"
            )
        yield from below


def _compile(part: str, *, exact: bool) -> re.Pattern[str]:
    """Makes a pattern of names; an exact one lets only digits, as many as wanted, be numbers."""
    pattern, end = "", 0
    for match in _PLACEHOLDER.finditer(part):
        pattern += re.escape(part[end : match.start()])
        width = _DATE_DIGITS.get(match[1]) or match[2]
        token = (rf"[0-9]{{{width}}}" if width else "[0-9]+") if exact else ".+"
        # Dates are often written without anything between.
        token = f".{{{width}}}" if not exact and match[1] in _DATE_DIGITS else token
        pattern += f"(?P<{match[1]}>{token})"
        end = match.end()
    return re.compile(pattern + re.escape(part[end:]))


def _describe(part: str) -> str:
    words = []
    for match in _PLACEHOLDER.finditer(part):
        if match[1] in _DATE_DIGITS:
            words.append(f"{_DATE_DIGITS[match[1]]} digits for {match[0]}")
        else:
            words.append(f"{f'{match[2]} digits' if match[2] else 'digits'} for {match[0]}")
    return ", ".join(words)


def _make_span(path: str, tokens: dict[str, str]) -> Span:
    version = int(tokens["VERSION"]) if "VERSION" in tokens else None
    if "SPAN" in tokens:
        return Span(number=int(tokens["SPAN"]), version=version, path=path)
    try:
        date = datetime.date(*(int(tokens[name]) for name in _DATE_DIGITS))
    except ValueError:
        text = "-".join(tokens[name] for name in _DATE_DIGITS)
        raise DataError(
            f"{path} is in the place of a date, and {text} is none; expected a day of the "
            "calendar. Correct its name, or give it one that begins with a point"
        ) from None
    return Span(number=(date - _EPOCH).days, version=version, path=path, is_date=True)


def _is_data(path: str) -> bool:
    """Whether something is a file, or a folder that holds one."""
    if not is_folder(path):
        return is_there(path)
    names = [name for name in list_folder(path) if not name.startswith(".")]
    return any(_is_data(os.path.join(path, name)) for name in names)


def _list(folder: str) -> str:
    names = sorted(list_folder(folder))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "nothing") + more
