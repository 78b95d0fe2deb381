"""Files with transcripts: lists of recordings, Kaldi's folders, a file beside each recording."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Reject
from components.example_gen.sound.kaldi_files import look_up
from components.example_gen.text_files import encoding_of, other_format, read_head, read_lines
from modules.common.reading.text_encodings import describe_garbled, detect
from modules.common.sound.transcript_columns import (
    FindRecording,
    UnclearColumns,
    show_columns,
)
from modules.common.sound.transcript_tables import read_table
from modules.common.sound.transcripts import (
    SOUND_SUFFIXES,
    RecordingIndex,
    Row,
    is_mostly_hanzi,
    without_pinyin,
)

_NO_ROW = Row(recording="", text="")


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


def read_list(
    file: str,
    index: RecordingIndex,
    find: FindRecording,
    config: ReadConfig,
    files: Collection[str] = (),
) -> list[Line]:
    """Reads a list. What it names is looked for beside it first.

    Where `wav.scp` lies beside it, as in Kaldi's folders, that says which file an ID is, and
    `utt2spk` who speaks.

    Args:
        file: Relative to the data folder.
        index: The recordings.
        find: Finds them.
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
            row=_beside_list(row, file, index),
            fault=entry.fault or _is_garbled(row, encoding),
        )
        for entry, row in zip(entries, rows, strict=True)
    ]


def read_beside(file: str, config: ReadConfig) -> Line:
    """Reads the file beside a recording: `A11_0.wav.trn`, `A11_0.trn` or `A11_0.txt`.

    The words are in its first line, which may begin with the recording's name; further lines may
    have pinyin and phonemes, and no hanzi.
    """
    # One look at each: there may be a hundred thousand. More than the beginning is no sentence.
    content = read_head(os.path.join(config.data_dir, file))
    encoding = detect(content)
    lines = content.decode(encoding, errors="replace").replace("\r", "\n").split("\n")
    text, *others = [line.strip() for line in lines if line.strip()] or [""]
    recording = os.path.splitext(file)[0]
    if sum(map(is_mostly_hanzi, others)):
        fault = f"expected the words in one line, found {len(others) + 1} lines of text"
        return Line(file=file, where="", row=Row(recording=recording, text=""), fault=fault)
    name, _, words = text.partition("\t" if "\t" in text else " ")
    if words.strip() and _stem(name) == _stem(PurePosixPath(file).stem):
        text = words.strip()
    if len(cells := text.split("\t")) > 1:
        fault = f"expected the words alone, found columns: {show_columns(cells)}"
        return Line(file=file, where="", row=Row(recording=recording, text=""), fault=fault)
    row = Row(recording=recording, text=without_pinyin(text))
    return Line(file=file, where="", row=row, fault=_is_garbled(row, encoding))


def _beside_list(row: Row, file: str, index: RecordingIndex) -> Row:
    """Names the recording that lies where a list says, seen from the list, if one does."""
    path = os.path.normpath(os.path.join(os.path.dirname(file), row.recording.replace("\\", "/")))
    return replace(row, recording=path) if index.has_in_folder(path) else row


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


def _is_garbled(row: Row, encoding: str) -> str:
    """Why a transcript or a speaker is no text; empty where it is."""
    return describe_garbled(row.text, encoding) or describe_garbled(row.speaker, encoding)


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in SOUND_SUFFIXES else path.name
