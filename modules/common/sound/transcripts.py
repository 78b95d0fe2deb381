"""Transcripts of speech: normalized text, and the names of recordings and speakers.

No TensorFlow here, and no files: `components.example_gen` reads those.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from modules.common.reading.file_endings import SOUND

SOUND_SUFFIXES = tuple(f".{ending}" for ending in SOUND)

NOT_SAID = "not said"
"""Stands for a condition that neither list nor path tells."""

_HANZI = "〇\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_IS_HANZI = re.compile(f"[{_HANZI}]")
# AISHELL-1 and -3, ST-CMDS and aidatatang write the speaker into the ID without a mark after it.
_KNOWN_IDS = re.compile(
    r"BAC\d{3}(?P<aishell1>S\d{4})W\d{4}|(?P<aishell3>SSB\d{4})\d{4}"
    r"|(?P<stcmds>\d{8}P\d{5})[A-Z]\d{4}|(?P<aidatatang>T\d{4}G\d{4})S\d{4}"
)
_PINYIN = re.compile(r"[a-zü:]+[0-6]", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A transcript as a file has it.

    Attributes:
        recording: Path or ID of the recording.
        text: The words, not normalized.
        speaker: The speaker, or empty where the file does not say.
        condition: How the recording was made, or empty where the file does not say.
    """

    recording: str
    text: str
    speaker: str = ""
    condition: str = ""


def holds_hanzi(text: str) -> bool:
    """Tells whether there is a hanzi in a text."""
    return _IS_HANZI.search(text) is not None


def is_mostly_hanzi(text: str) -> bool:
    """Tells whether at least half of a text's letters are hanzi, and at least one is."""
    hanzi = len(_IS_HANZI.findall(text))
    letters = sum(character.isalpha() for character in text)
    return hanzi > 0 and 2 * hanzi >= letters


def normalize(text: str) -> str:
    """Reduces a transcript to what is to be recognized.

    Hanzi, digits and Latin letters, these in lower case; full-width forms become the usual ones
    (NFKC). Blanks, punctuation and signs are left out.

    Args:
        text: As a person wrote it.

    Raises:
        ValueError: If nothing is left, or if there are letters of another script, which could be
            neither kept nor left out.
    """
    kept = []
    for character in unicodedata.normalize("NFKC", text).lower():
        if character == "\ufffd":
            raise ValueError("the transcript is neither UTF-8 nor GB 18030")
        if _IS_HANZI.match(character) or character.isdecimal():
            kept.append(str(unicodedata.digit(character, character)))
        elif character.isalpha():
            if not unicodedata.name(character, "").startswith("LATIN"):
                raise ValueError(
                    f"expected hanzi, digits and Latin letters in the transcript, found "
                    f"{character!r}"
                )
            kept.append(character)
    if not kept:
        raise ValueError("the transcript holds no hanzi, digits or Latin letters")
    return "".join(kept)


def speaker_of(recording: str) -> str:
    """Reads the speaker off a recording's name.

    Args:
        recording: Path relative to the data folder: `wav/train/A11_005.wav`.

    Returns:
        What precedes the first `_` or `-`: `A11`; of AISHELL's IDs, their part for the speaker.
        Where there is none, the recording is a speaker of its own, named by its whole path.
    """
    stem = PurePosixPath(recording).stem
    if match := _KNOWN_IDS.fullmatch(stem):
        return next(filter(None, match.groups()))
    prefix, mark, _ = re.sub("[_-]", "\0", stem, count=1).partition("\0")
    return prefix if mark and prefix else recording


def condition_of(recording: str, words: Sequence[str]) -> str:
    """Reads off a recording's path how it was made.

    Args:
        recording: Path relative to the data folder: `wav/test/noisy/D4_750.wav`.
        words: In lower case. Folders count, and parts of the name that `_`, `-` or `.` part.

    Returns:
        The word that stands last in the path; `not said` where none does.
    """
    path = PurePosixPath(recording.lower())
    parts = [*path.parts[:-1], *re.split(r"[_\-.]", path.stem)]
    return next((part for part in reversed(parts) if part in words), NOT_SAID)


class RecordingIndex:
    """Finds recordings by what transcripts call them."""

    def __init__(self, recordings: Iterable[str]) -> None:
        """Indexes recordings.

        Args:
            recordings: Paths relative to the data folder.
        """
        self._by_stem: dict[str, list[str]] = {}
        for recording in recordings:
            self._by_stem.setdefault(PurePosixPath(recording).stem, []).append(recording)

    def has_in_folder(self, name: str) -> bool:
        """Tells whether there is a recording of just this path, its ending left out or not."""
        return any(
            name in (recording, recording[: -len(PurePosixPath(recording).suffix)])
            for recording in self._by_stem.get(_parts(name)[-1], [])
        )

    def find(self, name: str) -> str | None:
        """Finds the recording that a path or ID names.

        Folders must agree as far as both have them; the kind of file need not.

        Args:
            name: `wav/SSB00050112.wav`, `/corpus/wav/SSB00050112.wav` or `SSB00050112`.

        Returns:
            A path, or `None` where there is no such recording.

        Raises:
            ValueError: If there are several.
        """
        named = _parts(name)
        found = [
            recording
            for recording in self._by_stem.get(named[-1], [])
            if all(a == b for a, b in zip(reversed(named), reversed(_parts(recording))))  # noqa: B905
        ]
        if name in found:
            return name
        kind = PurePosixPath(name).suffix.lower()
        exact = (
            [recording for recording in found if recording.lower().endswith(kind)] if kind else []
        )
        return _only(name, exact or found)

    def find_loosely(self, name: str) -> str | None:
        """Finds a recording by the end of a name alone.

        Args:
            name: A path whose folders are those of another place, or an ID with the name of its
                corpus before it: `aishell-BAC009S0724W0121`.

        Returns:
            As `find`.

        Raises:
            ValueError: As `find`.
        """
        stem = _parts(name)[-1]
        found = self._by_stem.get(stem) or self._by_stem.get(stem.partition("-")[2])
        return _only(name, found or [])


def _parts(name: str) -> list[str]:
    """A path's parts, what says nothing and the ending of a sound file left out."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    last = PurePosixPath(parts[-1]) if parts else PurePosixPath()
    stem = last.stem if last.suffix.lower() in SOUND_SUFFIXES else last.name
    return [*parts[:-1], stem]


def _only(name: str, found: list[str]) -> str | None:
    if len(found) > 1:
        raise ValueError(f"{name!r} names several recordings: {', '.join(sorted(found)[:3])}")
    return found[0] if found else None


def without_pinyin(text: str) -> str:
    """Leaves out the pinyin after each hanzi, as AISHELL-3 has it."""
    tokens = text.split()
    hanzi, pinyin = tokens[::2], tokens[1::2]
    if len(tokens) < 2 or len(hanzi) != len(pinyin):
        return text
    is_pair = all(_IS_HANZI.fullmatch(token) for token in hanzi) and all(
        _PINYIN.fullmatch(token) for token in pinyin
    )
    return "".join(hanzi) if is_pair else text
