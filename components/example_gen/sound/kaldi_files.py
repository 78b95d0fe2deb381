"""What lies beside a list in Kaldi's folders: which file an utterance is, and who speaks."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from components.example_gen.read_config import ReadConfig
from components.example_gen.text_files import read_lines
from modules.common.runtime.errors import DataError
from modules.common.sound.transcript_columns import FindRecording
from modules.common.sound.transcripts import Row

KALDI_FILES = ("wav.scp", "utt2spk", "segments")
"""`spk2utt` says nothing more."""


def look_up(
    rows: Sequence[Row],
    file: str,
    find: FindRecording,
    config: ReadConfig,
    files: Collection[str],
) -> list[Row]:
    """Looks up paths and speakers in Kaldi's files beside a list; without them rows stay.

    Args:
        rows: Of the list.
        file: The list, relative to the data folder.
        find: Finds recordings.
        config: What the reader is told.
        files: All that were found, relative to the data folder.

    Raises:
        DataError: If utterances are parts of recordings, or come from commands.
    """
    scp, speakers, segments = (os.path.join(os.path.dirname(file), name) for name in KALDI_FILES)
    if scp not in files:
        return list(rows)
    if segments in files:
        raise DataError(
            f"{segments} in {config.data_dir} says that utterances are parts of recordings; "
            f"{config.task_name} reads a recording for each: cut them, such as with "
            f"extract-segments of Kaldi, and take {segments} away"
        )
    path_of = _mapping(scp, config)
    piped = next((path for path in path_of.values() if path.endswith("|")), "")
    if piped:
        raise DataError(
            f"{scp} in {config.data_dir} gives commands, such as {piped!r}, which are not run; "
            f"expected paths: write the recordings, such as with wav-copy of Kaldi"
        )
    speaker_of = _mapping(speakers, config) if speakers in files else {}
    return [_look_up(row, path_of, speaker_of, find) for row in rows]


def _look_up(
    row: Row, path_of: Mapping[str, str], speaker_of: Mapping[str, str], find: FindRecording
) -> Row:
    path = path_of.get(row.recording, row.recording)
    return Row(
        recording=path if find(path) is not None else row.recording,
        text=row.text,
        speaker=row.speaker or speaker_of.get(row.recording, ""),
    )


def _mapping(file: str, config: ReadConfig) -> Mapping[str, str]:
    """Reads lines of a key and a value."""
    lines = read_lines(os.path.join(config.data_dir, file))
    parted = [line.strip().split(None, 1) for line in lines]
    return {pair[0]: pair[1] for pair in parted if len(pair) > 1}
