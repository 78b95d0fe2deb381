"""What the columns of lists of recordings are called, and what their values say. No files here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from modules.common.sound.transcripts import holds_hanzi, is_mostly_hanzi

FindRecording = Callable[[str], "str | None"]
"""Gives the recording that a path or ID names, if there is one."""

# Letters and digits alone, in lower case: `wav_filename`, `WavFilename` and `Wav Filename` are one.
_SPELLINGS = {
    "recording": (
        *("path", "file", "filename", "filepath", "wav", "wavfilename", "wavfile", "wavpath"),
        *("audio", "audiofile", "audiofilename", "audiofilepath", "audiopath", "audioname"),
        *("clip", "clippath", "recording", "sound", "soundfile", "soundpath", "source", "mp3"),
        *("flac", "文件", "文件名", "路径", "文件路径", "音频", "音频文件", "音频文件名"),
        *("音频路径", "录音", "录音文件", "语音", "语音文件"),
    ),
    "id": (
        *("id", "key", "name", "utt", "uttid", "utterance", "utteranceid", "uttname", "uid"),
        *("audioid", "fileid", "recordingid", "wavid", "clipid", "编号", "音频编号"),
    ),
    "text": (
        *("text", "txt", "transcript", "transcripts", "transcription", "transcriptions"),
        *("sentence", "words", "content", "label", "target", "trans", "hanzi", "文本", "内容"),
        *("文字", "文本内容", "转写", "转写文本", "转录", "转录文本", "句子", "标注", "标注文本"),
        *("汉字",),
    ),
    "speaker": (
        *("speaker", "speakerid", "speakername", "spk", "spkid", "spkname", "spkr", "clientid"),
        *("user", "userid", "reader", "readerid", "说话人", "说话人编号", "发音人", "录音人"),
        *("朗读者", "讲话人"),
    ),
    "condition": (
        *("condition", "environment", "noisetype", "环境", "录音环境", "噪声类型"),
    ),
}  # fmt: skip
_ROLES = {spelling: role for role, spellings in _SPELLINGS.items() for spelling in spellings}
_GENDERS = {"男", "女", "男性", "女性", "m", "f", "male", "female", "man", "woman"}
_NO_NAMES = {
    *("", "train", "training", "dev", "val", "valid", "validation", "test", "teens", "twenties"),
    *("thirties", "fourties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"),
    *_GENDERS,
}  # fmt: skip
_MOST, _HALF, _MANY = 0.9, 0.5, 0.3
_MIN_LINES = 3
"""Of fewer lines no habit can be told: two words that begin with a letter are no column."""
_MAX_NAME_HANZI = 4
_SHOWN, _SHOWN_CHARS = 8, 24


class UnclearColumns(ValueError):
    """Columns that can be read in more than one way, or in none; the message shows them."""


class NoSuchColumn(UnclearColumns):
    """A header without a column for the text or the recording: perhaps of another kind of list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Which column is what.

    Attributes:
        recording: Position of the recording's path or ID.
        text: Position of the transcript.
        speaker: Position of the speaker, if there is one.
        condition: Position of how the recording was made, if there is one.
    """

    recording: int
    text: int
    speaker: int | None = None
    condition: int | None = None


def role_of(cell: str) -> str | None:
    """Tells what a column is by its header: `recording`, `id`, `text`, `speaker` or `condition`."""
    kept = (c for c in unicodedata.normalize("NFKC", cell).casefold() if c.isalnum())
    return _ROLES.get("".join(kept))


def word_expected() -> str:
    """Says which headers are understood."""
    recording, text, speaker = (
        ", ".join(_SPELLINGS[role][:4]) for role in ("recording", "text", "speaker")
    )
    return (
        f"a column for the recording ({recording}, utterance_id, audio_filepath, …) and one for "
        f"the text ({text}, sentence, …), perhaps one for the speaker ({speaker}, client_id, …)"
    )


def by_header(header: Sequence[str], rows: Sequence[Sequence[str]], find: FindRecording) -> Columns:
    """Chooses columns by their headers; among several of a kind by what they hold.

    Args:
        header: Cells of the first line.
        rows: Cells of the others; shorter ones are filled up.
        find: Finds recordings.

    Raises:
        NoSuchColumn: If there is none for the recording or for the text.
        UnclearColumns: If several texts differ.
    """
    roles = [role_of(cell) for cell in header]
    paths = [place for kind in ("recording", "id") for place in _places(roles, kind)]
    texts = _places(roles, "text")
    if not paths or not texts:
        missing = " and ".join(
            what for what, found in (("recording", paths), ("text", texts)) if not found
        )
        raise NoSuchColumn(
            f"no column is known as that of the {missing}: its columns are {show_columns(header)}; "
            f"expected {word_expected()}"
        )
    named = {place: _share(rows, place, lambda cell: find(cell) is not None) for place in paths}
    recording = next(
        (place for place in paths if named[place] >= _HALF), max(paths, key=lambda p: named[p])
    )
    return Columns(
        recording=recording,
        text=_one_text(header, rows, texts),
        speaker=next(iter(_places(roles, "speaker")), None),
        condition=next(iter(_places(roles, "condition")), None),
    )


def by_values(
    rows: Sequence[Sequence[str]], find: FindRecording, may_name_speaker: bool
) -> Columns:
    """Chooses columns where no header says what they are.

    Args:
        rows: Cells, as many in each row, two at least.
        find: Finds recordings.
        may_name_speaker: Whether a third column may be the speaker.

    Raises:
        UnclearColumns: If there are more columns than values tell.
    """
    count = len(rows[0])
    named = [_share(rows, place, lambda cell: find(cell) is not None) for place in range(count)]
    in_hanzi = [_share(rows, place, is_mostly_hanzi) for place in range(count)]
    if count == 2:
        is_turned = named[1] > named[0] and in_hanzi[0] > in_hanzi[1]
        return Columns(recording=1, text=0) if is_turned else Columns(recording=0, text=1)
    if count == 3:
        texts = [place for place in range(3) if in_hanzi[place] >= _HALF]
        if 0 not in texts and texts != [2] and may_name_speaker and _are_speakers(rows):
            return Columns(recording=0, text=1, speaker=2)
        columns = _after_an_id(rows, named, texts, find)
        if columns is not None:
            return columns
    raise UnclearColumns(too_many(rows[0]))


def too_many(cells: Sequence[str]) -> str:
    """Says that there are more columns than are understood without a header."""
    return (
        f"it has {len(cells)} columns and no header that says what they are: "
        f"{show_columns(cells)}; "
        f"expected path and text (and the speaker, where tabs part them), or a header above: "
        f"{word_expected()}"
    )


def refuse_column_in_text(texts: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> None:
    """Looks for a column that would be read as a part of each text.

    Args:
        texts: Parts of each text that holds hanzi.
        rows: All cells of the lines that they are from.

    Raises:
        UnclearColumns: If texts of several parts nearly all begin, or end, with one that has no
            hanzi; or if all have two, of which the second is always the same or one is a gender.
    """
    parted = [parts for parts in texts if len(parts) > 1]
    if len(parted) < max(_MIN_LINES, _MANY * len(texts)):
        return
    are_pairs = {len(parts) for parts in texts} == {2}
    for place in (0, -1):
        values = [parts[place] for parts in parted]
        others = sum(not holds_hanzi(value) for value in values)
        if others >= _MOST * len(parted) or (
            are_pairs and _is_category(values, may_be_one=place == -1)
        ):
            raise UnclearColumns(too_many(max(rows, key=len)))


def _is_category(values: Sequence[str], may_be_one: bool) -> bool:
    """Whether values of a column are genders and the like, or all the same."""
    found = {value.casefold() for value in values}
    return found <= _NO_NAMES or (may_be_one and len(found) == 1)


def show_columns(cells: Sequence[str]) -> str:
    """Shows cells to a person."""
    short = [
        cell if len(cell) <= _SHOWN_CHARS else f"{cell[:_SHOWN_CHARS]}…" for cell in cells[:_SHOWN]
    ]
    return " | ".join(short) + (" | …" if len(cells) > _SHOWN else "")


def _places(roles: Sequence[str | None], role: str) -> list[int]:
    return [place for place, found in enumerate(roles) if found == role]


def _share(rows: Sequence[Sequence[str]], place: int, holds: Callable[[str], bool]) -> float:
    cells = [row[place] for row in rows if place < len(row)]
    return sum(map(holds, cells)) / len(cells) if cells else 0.0


def _one_text(header: Sequence[str], rows: Sequence[Sequence[str]], texts: list[int]) -> int:
    """Of several columns of texts the one in hanzi; those must say the same."""
    in_hanzi = [place for place in texts if _share(rows, place, is_mostly_hanzi) >= _HALF] or texts
    first, *others = in_hanzi
    for other in others:
        for row in rows:
            if max(first, other) < len(row) and row[first] != row[other]:
                raise UnclearColumns(
                    f"the columns {header[first]} and {header[other]} may both be the text, and "
                    f"differ: {show_columns([row[first], row[other]])}; take one away or rename it"
                )
    return first


def _are_speakers(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a third column holds speakers, as far as values tell.

    A part of the recording's name does. Numbers, genders, splits and a value for each line do not:
    those may be lengths, counts or IDs.
    """
    if all(row[2] and row[2] in row[0] for row in rows):
        return True
    values = [row[2] for row in rows]
    if all(re.fullmatch(r"[\d.:,]*", value) for value in values):
        return False
    if {value.casefold() for value in values} <= _NO_NAMES or not all(map(may_be_name, values)):
        return False
    return len(rows) < _MIN_LINES or len(set(values)) <= _MOST * len(values)


def _after_an_id(
    rows: Sequence[Sequence[str]],
    named: Sequence[float],
    texts: list[int],
    find: FindRecording,
) -> Columns | None:
    """An ID, then a recording and its text in either order; the ID must name no other one."""
    ids = [row[0] for row in rows]
    if len(texts) != 1 or texts == [0] or len(set(ids)) < len(ids):
        return None
    text = texts[0]
    recording = 3 - text
    if named[recording] < _HALF:
        return None
    if any(find(row[0]) not in (None, find(row[recording])) for row in rows):
        return None
    return Columns(recording=recording, text=text)


def may_be_name(speaker: str) -> bool:
    """Whether a speaker is no sentence, and no number such as a length in seconds."""
    is_sentence = is_mostly_hanzi(speaker) and len(speaker) > _MAX_NAME_HANZI
    return not is_sentence and re.fullmatch(r"\d+[.,]\d+", speaker) is None


def is_path_of_transcript(text: str) -> bool:
    """Whether a transcript is the target of a link that was unpacked as text."""
    return PurePosixPath(text.strip().replace("\\", "/")).suffix.lower() in (".trn", ".wav")
