"""Turns what went wrong into words: the one place where an exception becomes a message.

What a person can mend says so itself (`LianxiError`). What the system refuses comes as exceptions
of many libraries, which wrap one another and often leave only the system's own words: these are
what is looked for. Anything else is a fault of the code, and is named by its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modules.common.runtime.errors import LianxiError

_LONGEST_CHARS = 500
# Beam says which step ran, which tells a person nothing.
_BEAM_SUFFIX = re.compile(r" \[while running '[^']*'\]")
# An error that comes out of another process, or out of Beam, is often no more than text.
_QUOTED = re.compile(
    r"^(?:[\w.]+\.)?(?:LianxiError|WrongUsage|TaskError|DataError|MissingDataError|SettingError|"
    r"GateError|ConfigError): ",
    re.M,
)
_RAISED = re.compile(r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(\S.*)$", re.M)
# TensorFlow names the device on which something failed as if it were a folder.
_DEVICE = re.compile(r"/job:[\w:/]+")
_PATH = re.compile(r"'(?P<quoted>/[^'\n]+)'|(?P<bare>/[^\s;,:'\"\[]+)")


@dataclass(frozen=True)
class _Refusal:
    """What the system refuses.

    Attributes:
        signs: Regular expression for the words by which it is known.
        said: What is said of it; `{path}` is the place, where one is known, and `{elsewhere}` how
            to choose another.
    """

    signs: str
    said: str


_ELSEWHERE = "choose another folder with --root"
_READ_ONLY = r"Read-only file system|attempt to write a readonly database"
_FORBIDDEN = r"Permission denied|Operation not permitted"
_REFUSALS = (
    _Refusal(
        r"No space left on device|Disk quota exceeded|database or disk is full|\bENOSPC\b",
        "the disk is full, or its quota is used up{path}; free some space, or "
        "{elsewhere} (for temporary files, with the variable TMPDIR)",
    ),
    _Refusal(
        _READ_ONLY,
        "cannot write{path}: it is read-only; make it writable, or {elsewhere}",
    ),
    _Refusal(
        _FORBIDDEN,
        "no permission{path}; change who may read and write there, or {elsewhere}",
    ),
    _Refusal(
        r"Not a directory|\[Errno 17\] File exists",
        "expected a folder, found a file{path}; move the file, or {elsewhere}",
    ),
    _Refusal(
        r"file is not a database|database disk image is malformed|unable to open database file",
        "the metadata of earlier runs is damaged{path}; move that file away and run again: pushed "
        "models stay, and everything else is made anew",
    ),
    _Refusal(
        r"database (?:table )?is locked",
        "another program holds the metadata of earlier runs{path}; end it, or wait for it, and run "
        "again",
    ),
    _Refusal(
        r"disk I/O error|Input/output error",
        "the disk reports an error{path}; look whether it is full, damaged or gone, or {elsewhere}",
    ),
    _Refusal(
        r"File too large",
        "a file grew beyond what the system allows{path}; raise the limit with ulimit -f, and run "
        "again",
    ),
    _Refusal(
        r"Too many open files",
        "more files are open than the system allows; raise the limit with ulimit -n, and run again",
    ),
    _Refusal(
        r"\bMemoryError\b|Cannot allocate memory|OOM when allocating|bad_alloc|ResourceExhausted|"
        r"Unable to allocate|failed to map segment|can't start new thread",
        "memory ran out; close other programs, or give less data or smaller settings",
    ),
    _Refusal(
        r"^UnicodeEncodeError",
        "this terminal cannot show what is to be printed; set PYTHONIOENCODING=utf-8",
    ),
)


def explain(error: BaseException, metadata: str = "", elsewhere: str = _ELSEWHERE) -> str:
    """Says what went wrong, for people.

    Args:
        error: The exception, with those that it came of.
        metadata: The file with TFX's metadata, which SQLite's own messages do not name.
        elsewhere: How a person chooses another place.

    Returns:
        The message of the person's error in the chain; else what the system refused; else the
        type of the error and its first line.
    """
    found = _mendable(error) or _explain_refusal(error, metadata, elsewhere)
    if found:
        return found
    text = _BEAM_SUFFIX.sub("", str(error)).strip()
    # From workers elsewhere come whole tracebacks, which end with what went wrong.
    if raised := _RAISED.findall(text):
        return str(raised[-1])[:_LONGEST_CHARS]
    first_line = (text.splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line[:_LONGEST_CHARS]}"


def is_fault(error: BaseException) -> bool:
    """Whether nothing is known of the error but its type: the fault is in the code."""
    return not (_mendable(error) or _explain_refusal(error))


def forbidden_place(error: BaseException) -> str:
    """Gives the path that a program may not read or write.

    Args:
        error: The exception, with those that it came of.

    Returns:
        Empty where that is not what went wrong, or the path is not known.
    """
    if _mendable(error):
        return ""
    for each in reversed(list(chain(error))):
        text = f"{type(each).__name__}: {each}"
        if re.search(f"{_READ_ONLY}|{_FORBIDDEN}", text) and (path := _place(each)):
            return path
    return ""


def exit_code(error: BaseException) -> int:
    """Gives what a command ends with that failed so."""
    return next((each.exit_code for each in chain(error) if isinstance(each, LianxiError)), 1)


def chain(error: BaseException) -> Iterator[BaseException]:
    """Gives an exception and those that it came of, the last one first."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _mendable(error: BaseException) -> str:
    for each in chain(error):
        if isinstance(each, LianxiError):
            return _BEAM_SUFFIX.sub("", str(each))
    parts = _QUOTED.split(str(error))
    if len(parts) == 1:
        return ""
    # A traceback that goes on after it begins with a blank line.
    return _BEAM_SUFFIX.sub("", parts[-1].split("\n\n")[0]).strip()


def _explain_refusal(error: BaseException, metadata: str = "", elsewhere: str = _ELSEWHERE) -> str:
    for each in reversed(list(chain(error))):
        text = f"{type(each).__name__}: {each}"
        for refusal in _REFUSALS:
            if re.search(refusal.signs, text, re.M):
                is_metadata = "database" in refusal.signs and "database" in text
                path = metadata if is_metadata and metadata else _place(each)
                place = f" ({path})" if path else ""
                return refusal.said.format(path=place, elsewhere=elsewhere)
    # One that was handled on the way says nothing of what came later, so only the last counts.
    if isinstance(error, OSError) and error.strerror:
        path = _place(error)
        return f"the system refuses{f' {path}' if path else ''}: {error.strerror.lower()}"
    return ""


def _place(error: BaseException) -> str:
    """Gives the path that an error is about, or an empty string."""
    if isinstance(error, OSError) and error.filename is not None:
        return str(error.filename)
    found = _PATH.search(_DEVICE.sub("", str(error)))
    return (found["quoted"] or found["bare"]) if found else ""
