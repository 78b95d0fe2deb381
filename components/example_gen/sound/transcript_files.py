"""Transcripts of speech, read from their files and paired with the recordings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Reject
from components.example_gen.sound.transcript_choice import best_list
from components.example_gen.sound.transcript_lists import (
    Line,
    finder,
    read_beside,
    read_list,
)
from modules.common.runtime.errors import DataError
from modules.common.sound.transcript_columns import (
    UnclearColumns,
    is_path_of_transcript,
    may_be_name,
)
from modules.common.sound.transcripts import RecordingIndex, is_mostly_hanzi, normalize

_SHOWN = 3
_MIN_SPEAKERS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """What belongs together, and what is left over.

    Attributes:
        texts: Normalized transcripts by recording.
        speakers: Speakers by recording, where the transcripts name them.
        conditions: How recordings were made, by recording, where the transcripts say so.
        files: By recording, the list that its transcript is in; not the file beside it.
        rejects: Transcripts without a recording, and those that cannot be used.
        without: Recordings without a transcript.
    """

    texts: Mapping[str, str]
    speakers: Mapping[str, str]
    conditions: Mapping[str, str]
    files: Mapping[str, str]
    rejects: Sequence[Reject]
    without: Sequence[str]


def read_transcripts(
    files: Sequence[str], index: RecordingIndex, config: ReadConfig
) -> tuple[list[Line], Mapping[str | None, str]]:
    """Reads all transcripts, as the source's arrangement has them.

    Args:
        files: Paths relative to the data folder.
        index: The recordings; of several lists the one is read that names most of them.
        config: Its source must be a `SpeechSource`.

    Returns:
        The transcripts; and, by recording, a list that names it and is not to be read.

    Raises:
        DataError: If none of several lists names a recording, or if a list can be read in more
            than one way.
    """
    arrangement = config.source.arrangement
    if arrangement == "beside":
        return [read_beside(file, config) for file in files], {}
    if arrangement == "lines":
        find = finder(index)
        try:
            lines = [line for file in files for line in read_list(file, index, find, config)]
            return lines, {}
        except UnclearColumns as error:
            raise DataError(f"{config.data_dir}: {error}") from error
    return best_list(files, index, config)


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
        if line.fault:
            rejects.append(line.reject(line.fault))
            continue
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
    texts = {}
    for recording, line in taken.items():
        try:
            texts[recording] = normalize(line.row.text)
        except ValueError as error:
            rejects.append(line.reject(str(error)))
    return Pairs(
        texts=texts,
        speakers={path: line.row.speaker for path, line in taken.items() if line.row.speaker},
        conditions={path: line.row.condition for path, line in taken.items() if line.row.condition},
        files={path: line.file for path, line in taken.items() if line.where},
        rejects=rejects,
        without=[recording for recording in recordings if recording not in taken],
    )


def check_columns(lines: Sequence[Line], pairs: Pairs, config: ReadConfig) -> None:
    """Looks for the signs of a transcript, or a speaker, that is of the wrong column.

    Args:
        lines: The transcripts, as they were read.
        pairs: What became of them.
        config: Names the task and the data.

    Raises:
        DataError: If fewer than half of the texts are in hanzi, or if what is taken for the
            speakers is sentences or numbers, another in each line.
    """
    rows = [line.row for line in lines if not line.fault and line.row.text]
    in_hanzi = sum(is_mostly_hanzi(row.text) for row in rows)
    if rows and 2 * in_hanzi < len(rows):
        others = [row for row in rows if not is_mostly_hanzi(row.text)]
        are_links = all(is_path_of_transcript(row.text) for row in others)
        why = (
            "These are the targets of links that were unpacked as text: unpack the archive where "
            "links are kept, or give the folder that they lead to"
            if are_links
            else f"Is the transcript in another column? A header above the list says which is "
            f"which: {config.source.layout}"
        )
        raise DataError(
            f"{config.task_name} learns Mandarin, but {len(others):,} of {len(rows):,} transcripts "
            f"in {config.data_dir} have few hanzi: "
            f"{_examples((row.recording, row.text) for row in others)}. {why}"
        )
    speakers = list(pairs.speakers.values())
    if len(speakers) >= _MIN_SPEAKERS and len(set(speakers)) == len(speakers):
        if 2 * sum(map(may_be_name, speakers)) < len(speakers):
            raise DataError(
                f"each line in {config.data_dir} has a speaker of its own, and they look like no "
                f"names: {_examples(pairs.speakers.items())}. Is the speaker in another column? "
                f"A header above the list says which is which: {config.source.layout}"
            )


def _examples(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{text!r} for {name}" for name, text in islice(pairs, _SHOWN))


def _take(line: Line, recording: str, taken: dict[str, Line]) -> list[Reject]:
    """Gives a recording its transcript, unless it has one."""
    earlier = taken.setdefault(recording, line)
    if earlier is line:
        return []
    place = " ".join(filter(None, (earlier.file, earlier.where)))
    if earlier.row.text == line.row.text:
        return [line.reject(f"{recording} has the same transcript in {place}", SET_ASIDE)]
    return [line.reject(f"{recording} has another transcript in {place}")]
