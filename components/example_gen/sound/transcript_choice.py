"""Which of the files in a folder has the transcripts: lists, or the files beside the recordings."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from components.example_gen.read_config import ReadConfig
from components.example_gen.sound.kaldi_files import KALDI_FILES
from components.example_gen.sound.speech_splits import split_word
from components.example_gen.sound.transcript_lists import Line, finder, read_beside, read_list
from components.example_gen.text_files import read_lines
from modules.common.runtime.errors import DataError
from modules.common.sound.transcript_columns import (
    FindRecording,
    NoSuchColumn,
    UnclearColumns,
    refuse_column_in_text,
)
from modules.common.sound.transcripts import RecordingIndex, holds_hanzi, is_mostly_hanzi, normalize

_BESIDE = (".txt", ".trn", ".lab")
# What Common Voice's readers did not confirm.
_UNCONFIRMED = {"invalidated", "other", "reported"}
_FILES_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """What may be the list: a file, several of one name, or the files beside the recordings."""

    name: str
    lines: Sequence[Line] = ()
    error: UnclearColumns | None = None
    hanzi: int = 0
    named: int = 0

    @property
    def is_unconfirmed(self) -> bool:
        return PurePosixPath(self.name).stem.lower() in _UNCONFIRMED

    @property
    def score(self) -> tuple[bool, int, int]:
        return self.named > 0 and not self.is_unconfirmed, self.hanzi, self.named


def best_list(
    files: Sequence[str], index: RecordingIndex, config: ReadConfig
) -> tuple[list[Line], Mapping[str | None, str]]:
    """Reads what gives most recordings a text in hanzi; failing that, any text.

    Files of one name in several folders are one list, and so are `train.csv` and `test.csv` in one
    folder; all files that are named as the recording beside them are another.

    Args:
        files: Paths relative to the data folder.
        index: The recordings.
        config: What the reader is told.

    Returns:
        The transcripts; and, by recording, the list of Common Voice's that names what its readers
        did not confirm, and that is not read.

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
            groups.setdefault(_list_name(path, config), []).append(file)
    candidates = [_candidate(parts, index, find, config, files) for parts in groups.values()]
    for ending in _BESIDE:
        parts = [file for file in beside if file.lower().endswith(ending)]
        candidates += [_candidate_beside(parts, find, config)] if parts else []
    clear = [candidate for candidate in candidates if candidate.error is None]
    best = max(clear, key=lambda candidate: candidate.score, default=_Candidate(name=""))
    _refuse_unclear(candidates, best, files, config)
    _refuse_contradiction(candidates, best, find, config)
    unconfirmed = {
        find(line.row.recording): other.name
        for other in clear
        if other is not best and other.is_unconfirmed
        for line in other.lines
    }
    return list(best.lines), unconfirmed


def _recording_beside(file: str, index: RecordingIndex) -> bool:
    path = PurePosixPath(file)
    return path.suffix.lower() in _BESIDE and index.has_in_folder(str(path.with_suffix("")))


def _list_name(path: PurePosixPath, config: ReadConfig) -> str:
    """Names the list that a file is, or is a part of."""
    if word := split_word(path.stem, config.settings):
        return f"{path.parent}/{path.stem.replace(word, '*')}{path.suffix}"
    return path.name


def _candidate_beside(parts: Sequence[str], find: FindRecording, config: ReadConfig) -> _Candidate:
    name = f"the files beside recordings, such as {parts[0]},"
    lines = [read_beside(file, config) for file in parts]
    candidate = _score(name, lines, find)
    texts = [line.row.text.split() for line in lines if holds_hanzi(line.row.text)]
    try:
        refuse_column_in_text(texts, texts)
    except UnclearColumns as error:
        return replace(candidate, error=error)
    return candidate


def _candidate(
    parts: Sequence[str],
    index: RecordingIndex,
    find: FindRecording,
    config: ReadConfig,
    files: Collection[str],
) -> _Candidate:
    try:
        lines = [line for part in parts for line in read_list(part, index, find, config, files)]
    except UnclearColumns as error:
        cells = (
            cell
            for part in parts
            for line in read_lines(os.path.join(config.data_dir, part))
            for cell in line.replace(",", " ").replace('"', " ").split()
        )
        named = len({found for cell in cells if (found := find(cell)) is not None})
        return _Candidate(name=parts[0], error=error, named=named)
    return _score(parts[0], lines, find)


def _score(name: str, lines: Sequence[Line], find: FindRecording) -> _Candidate:
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
    texts = {find(line.row.recording): _say(line) for line in best.lines}
    for other in candidates:
        if other is best or other.score != best.score:
            continue
        for line in other.lines:
            recording = find(line.row.recording)
            mine, its = texts.get(recording, ""), _say(line)
            if recording and mine and its and mine != its:
                raise DataError(
                    f"{best.name} and {other.name} in {config.data_dir} name as many recordings, "
                    f"but say {mine!r} and {its!r} of {recording}: take one away, or name a list "
                    f"as --data FOLDER/LIST"
                )


def _say(line: Line) -> str:
    try:
        return normalize(line.row.text)
    except ValueError:
        return ""
