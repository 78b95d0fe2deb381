"""Files with transcripts: lists of recordings, Kaldi's folders, a file beside each recording."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from components.example_gen.kaldi_files import KALDI_FILES, look_up
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Reject
from components.example_gen.speech_splits import SPLIT_FOLDERS
from components.example_gen.text_files import encoding_of, other_format, read_lines
from modules.common.errors import DataError
from modules.common.text_encodings import describe_garbled
from modules.common.transcript_columns import FindRecording, NoSuchColumn, UnclearColumns
from modules.common.transcript_tables import read_table
from modules.common.transcripts import (
    SOUND_SUFFIXES,
    RecordingIndex,
    Row,
    is_mostly_hanzi,
    normalize,
    without_pinyin,
)

_BESIDE = (".txt", ".trn", ".lab")
# What Common Voice's readers did not confirm.
_UNCONFIRMED = {"invalidated", "other", "reported"}
_NO_ROW = Row(recording="", text="")
_FILES_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A transcript and its place.

    Attributes:
        file: Relative to the data folder.
        where: Such as `line 12`; empty where the file holds one transcript.
        row: What it says.
        fault: Why it cannot be read.
    """

    file: str
    where: str
    row: Row = _NO_ROW
    fault: str = ""

    def reject(self, reason: str, kind: str = "bad") -> Reject:
        """Makes a reject of it."""
        return Reject(self.file, self.where, reason, kind)


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """What may be the list: a file, several of one name, or the files beside the recordings."""

    name: str
    lines: Sequence[Line] = ()
    error: UnclearColumns | None = None
    hanzi: int = 0
    named: int = 0

    @property
    def score(self) -> tuple[bool, int, int]:
        is_confirmed = PurePosixPath(self.name).stem.lower() not in _UNCONFIRMED
        return is_confirmed and self.named > 0, self.hanzi, self.named


def best_list(files: Sequence[str], index: RecordingIndex, config: ReadConfig) -> list[Line]:
    """Reads what gives most recordings a text in hanzi; failing that, any text.

    Files of one name in several folders are one list, and so are `train.csv` and `test.csv` in one
    folder; all files that are named as the recording beside them are another.

    Args:
        files: Paths relative to the data folder.
        index: The recordings.
        config: What the reader is told.

    Raises:
        DataError: If no list names a recording, if the one that names most cannot be read, or if
            two that name as many give different texts.
    """
    find = finder(index)
    beside = [file for file in files if _recording_beside(file, index)]
    groups: dict[str, list[str]] = {}
    for file in sorted(set(files) - set(beside)):
        path = PurePosixPath(file)
        if path.name not in KALDI_FILES:
            groups.setdefault(_list_name(path), []).append(file)
    candidates = [_candidate(parts, find, config, set(files)) for parts in groups.values()]
    if beside:
        lines = [read_beside(file, config) for file in beside]
        candidates.append(_scored(f"the files beside recordings, such as {beside[0]}", lines, find))
    clear = [candidate for candidate in candidates if candidate.error is None]
    best = max(clear, key=lambda candidate: candidate.score, default=_Candidate(name=""))
    _refuse_unclear(candidates, best, files, config)
    _refuse_contradiction(candidates, best, find, config)
    return list(best.lines)


def read_list(
    file: str, find: FindRecording, config: ReadConfig, files: Collection[str] = ()
) -> list[Line]:
    """Reads a list.

    Where `wav.scp` lies beside it, as in Kaldi's folders, that says which file an ID is, and
    `utt2spk` who speaks.

    Args:
        file: Relative to the data folder.
        find: Finds recordings.
        config: What the reader is told.
        files: All that were found, Kaldi's among them.

    Raises:
        UnclearColumns: If its columns can be read in more than one way, or in none.
        DataError: If Kaldi's files say what cannot be read.
    """
    path = os.path.join(config.data_dir, file)
    what = other_format(path)
    if what and not what.startswith("JSON"):
        raise UnclearColumns(f"expected a list as text, found {what}")
    encoding = encoding_of(path)
    entries = read_table(read_lines(path), find)
    rows = look_up([entry.row or _NO_ROW for entry in entries], file, find, config, files)
    return [
        Line(
            file=file,
            where=entry.where,
            row=row,
            fault=entry.fault or _garbled(row, encoding),
        )
        for entry, row in zip(entries, rows, strict=True)
    ]


def read_beside(file: str, config: ReadConfig) -> Line:
    """Reads the file beside a recording: `A11_0.wav.trn`, `A11_0.trn` or `A11_0.txt`.

    The words are in its first line, which may begin with the recording's name; further lines may
    have pinyin and phonemes, and no hanzi.
    """
    path = os.path.join(config.data_dir, file)
    lines = [line.strip() for line in read_lines(path)]
    text, *others = [line for line in lines if line] or [""]
    recording = os.path.splitext(file)[0]
    if sum(map(is_mostly_hanzi, others)):
        return Line(
            file=file,
            where="",
            fault=f"expected the words in one line, found {len(others) + 1} lines of text",
        )
    name, _, words = text.partition("\t" if "\t" in text else " ")
    if words.strip() and _stem(name) == _stem(PurePosixPath(file).stem):
        text = words.strip()
    row = Row(recording=recording, text=without_pinyin(text))
    return Line(file=file, where="", row=row, fault=_garbled(row, encoding_of(path)))


def finder(index: RecordingIndex) -> FindRecording:
    """Makes a function that finds recordings, and gives the name itself where it means several."""
    known: dict[str, str | None] = {}

    def find(name: str) -> str | None:
        if name not in known:
            try:
                known[name] = index.find(name) or index.find_loosely(name)
            except ValueError:
                known[name] = name
        return known[name]

    return find


def _garbled(row: Row, encoding: str) -> str:
    """Why a transcript or a speaker is no text; empty where it is."""
    return describe_garbled(row.text, encoding) or describe_garbled(row.speaker, encoding)


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in SOUND_SUFFIXES else path.name


def _recording_beside(file: str, index: RecordingIndex) -> bool:
    path = PurePosixPath(file)
    return path.suffix.lower() in _BESIDE and index.has_in_folder(str(path.with_suffix("")))


def _list_name(path: PurePosixPath) -> str:
    """Names the list that a file is, or is a part of."""
    if path.stem.lower() in SPLIT_FOLDERS:
        return f"{path.parent}/*{path.suffix}"
    return path.name


def _candidate(
    parts: Sequence[str], find: FindRecording, config: ReadConfig, files: Collection[str]
) -> _Candidate:
    try:
        lines = [line for part in parts for line in read_list(part, find, config, files)]
    except UnclearColumns as error:
        cells = (
            cell
            for part in parts
            for line in read_lines(os.path.join(config.data_dir, part))
            for cell in line.replace(",", " ").replace('"', " ").split()
        )
        named = len({found for cell in cells if (found := find(cell)) is not None})
        return _Candidate(name=parts[0], error=error, named=named)
    return _scored(parts[0], lines, find)


def _scored(name: str, lines: Sequence[Line], find: FindRecording) -> _Candidate:
    named = [line for line in lines if find(line.row.recording) is not None]
    hanzi = sum(is_mostly_hanzi(line.row.text) for line in named)
    return _Candidate(name=name, lines=lines, hanzi=hanzi, named=len(named))


def _refuse_unclear(
    candidates: Sequence[_Candidate], best: _Candidate, files: Sequence[str], config: ReadConfig
) -> None:
    """Raises `DataError` if nothing can be read, or if less than what is not clear would give."""
    unclear = [candidate for candidate in candidates if candidate.error is not None]
    if best.named:
        unclear = [
            candidate
            for candidate in unclear
            if candidate.named > best.named and not isinstance(candidate.error, NoSuchColumn)
        ]
    if unclear:
        first = max(unclear, key=lambda candidate: candidate.named)
        raise DataError(f"{first.name} in {config.data_dir} is not clear: {first.error}")
    if not best.named:
        raise DataError(
            f"none of {', '.join(files[:_FILES_SHOWN])} in {config.data_dir} names a recording of "
            f"it; {config.task_name} reads {config.source.layout}"
        )


def _refuse_contradiction(
    candidates: Sequence[_Candidate], best: _Candidate, find: FindRecording, config: ReadConfig
) -> None:
    """Raises `DataError` if another list says as much, and something else."""
    texts = {find(line.row.recording): _said(line) for line in best.lines}
    for other in candidates:
        if other is best or other.score != best.score:
            continue
        for line in other.lines:
            recording = find(line.row.recording)
            mine, its = texts.get(recording, ""), _said(line)
            if recording and mine and its and mine != its:
                raise DataError(
                    f"{best.name} and {other.name} in {config.data_dir} name as many recordings, "
                    f"but say {mine!r} and {its!r} of {recording}: take one away, or name a list "
                    f"as --data FOLDER/LIST"
                )


def _said(line: Line) -> str:
    try:
        return normalize(line.row.text)
    except ValueError:
        return ""
