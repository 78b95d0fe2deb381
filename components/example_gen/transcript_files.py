"""Transcripts of speech, read from their files and paired with the recordings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Reject
from components.example_gen.text_files import read_lines
from modules.common.errors import DataError
from modules.common.transcripts import RecordingIndex, Row, is_mostly_hanzi, normalize, parse_row


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A transcript and its place.

    Attributes:
        file: Relative to the data folder.
        where: Such as `line 12`; empty where the file holds one transcript.
        row: What it says.
    """

    file: str
    where: str
    row: Row

    def reject(self, reason: str, kind: str = "bad") -> Reject:
        """Makes a reject of it."""
        return Reject(self.file, self.where, reason, kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """What belongs together, and what is left over.

    Attributes:
        texts: Normalized transcripts by recording.
        speakers: Speakers by recording, where the transcripts name them.
        rejects: Transcripts without a recording, and those that cannot be used.
        without: Recordings without a transcript.
    """

    texts: Mapping[str, str]
    speakers: Mapping[str, str]
    rejects: Sequence[Reject]
    without: Sequence[str]


def read_transcripts(files: Sequence[str], index: RecordingIndex, config: ReadConfig) -> list[Line]:
    """Reads all transcripts, as the source's arrangement has them.

    Args:
        files: Paths relative to the data folder.
        index: The recordings; of several lists the one is read that names most of them.
        config: Its source must be a `SpeechSource`.

    Raises:
        DataError: If none of several lists names a recording.
    """
    arrangement = config.source.arrangement
    if arrangement == "beside":
        return [_beside(file, config) for file in files]
    if arrangement == "lines":
        return [line for file in files for line in _lines(file, config)]
    return _best_list(files, index, config)


def pair(lines: Sequence[Line], recordings: Sequence[str], index: RecordingIndex) -> Pairs:
    """Pairs transcripts with recordings.

    A name that agrees with a recording's path goes first; only then are names looked at whose
    folders do not agree, and they get what is left.

    Args:
        lines: The transcripts.
        recordings: Paths relative to the data folder.
        index: Of the recordings.
    """
    taken: dict[str, Line] = {}
    rejects: list[Reject] = []
    unmatched = []
    for line in lines:
        try:
            found = index.find(line.row.recording)
        except ValueError as error:
            rejects.append(line.reject(str(error)))
            continue
        if found is None:
            unmatched.append(line)
        else:
            rejects += _take(line, found, taken)
    exactly_taken = set(taken)
    for line in unmatched:
        try:
            found = index.find_loosely(line.row.recording)
        except ValueError as error:
            rejects.append(line.reject(str(error)))
            continue
        if found is None or found in exactly_taken:
            rejects.append(line.reject(f"there is no recording for {line.row.recording!r}"))
        else:
            rejects += _take(line, found, taken)
    texts, speakers = {}, {}
    for recording, line in taken.items():
        try:
            texts[recording] = normalize(line.row.text)
        except ValueError as error:
            rejects.append(line.reject(str(error)))
        if line.row.speaker:
            speakers[recording] = line.row.speaker
    without = [recording for recording in recordings if recording not in taken]
    return Pairs(texts=texts, speakers=speakers, rejects=rejects, without=without)


def _take(line: Line, recording: str, taken: dict[str, Line]) -> list[Reject]:
    """Gives a recording its transcript, unless it has one."""
    earlier = taken.setdefault(recording, line)
    if earlier is line:
        return []
    place = " ".join(filter(None, (earlier.file, earlier.where)))
    if earlier.row.text == line.row.text:
        return [line.reject(f"{recording} has the same transcript in {place}", SET_ASIDE)]
    return [line.reject(f"{recording} has another transcript in {place}")]


def _beside(file: str, config: ReadConfig) -> Line:
    """Reads the file beside a recording: `A11_0.wav.trn`, or `A11_0.trn`."""
    text = next(filter(str.strip, read_lines(os.path.join(config.data_dir, file))), "")
    return Line(file=file, where="", row=Row(recording=os.path.splitext(file)[0], text=text))


def _lines(file: str, config: ReadConfig) -> Iterator[Line]:
    for number, line in enumerate(read_lines(os.path.join(config.data_dir, file)), start=1):
        row = parse_row(line)
        if row is not None:
            yield Line(file=file, where=f"line {number}", row=row)


def _best_list(files: Sequence[str], index: RecordingIndex, config: ReadConfig) -> list[Line]:
    """Reads the list that gives most recordings a text in hanzi; failing that, any text.

    Files of one name in several folders are one list.
    """
    lists: dict[str, list[str]] = {}
    for file in files:
        lists.setdefault(os.path.basename(file), []).append(file)
    best: tuple[tuple[int, int], list[Line]] = ((0, 0), [])
    for parts in lists.values():
        lines = [line for file in parts for line in _lines(file, config)]
        named = [line for line in lines if _names_a_recording(line.row, index)]
        score = (sum(is_mostly_hanzi(line.row.text) for line in named), len(named))
        best = max(best, (score, lines), key=lambda scored: scored[0])
    if not best[1]:
        raise DataError(
            f"none of {', '.join(files[:5])} in {config.data_dir} names a recording of it at the "
            f"beginning of a line; {config.task_name} reads {config.source.layout}"
        )
    return best[1]


def _names_a_recording(row: Row, index: RecordingIndex) -> bool:
    try:
        return bool(index.find(row.recording) or index.find_loosely(row.recording))
    except ValueError:
        return True
