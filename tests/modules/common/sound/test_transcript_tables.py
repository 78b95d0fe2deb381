"""Lists of recordings as tables: by header in any order, by values, or refused."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from components.example_gen.sound.transcript_lists import finder
from modules.common.sound.transcript_columns import NoSuchColumn, UnclearColumns, role_of
from modules.common.sound.transcript_tables import read_table
from modules.common.sound.transcripts import RecordingIndex

_TEXTS = ["今天天气很好", "我们明天去爬山", "请把门关上", "他在学校读书", "火车晚点了"]
_NAMES = [f"S{number // 2}_{number}" for number in range(5)]
_FIND = finder(RecordingIndex([f"wav/{name}.wav" for name in [*_NAMES, "A_1", "my first"]]))


def rows(lines: Sequence[str]) -> list[tuple[str, str, str]]:
    """Recording, text and speaker of each row; all must be readable."""
    entries = read_table(lines, _FIND)
    assert not [entry.fault for entry in entries if entry.fault]
    return [
        (entry.row.recording, entry.row.text, entry.row.speaker) for entry in entries if entry.row
    ]


def table(mark: str, *columns: Sequence[object], header: Sequence[str] = ()) -> list[str]:
    """Lines of columns."""
    lines = [mark.join(map(str, row)) for row in zip(*columns, strict=True)]
    return [mark.join(header), *lines] if header else lines


_PATHS = [f"wav/{name}.wav" for name in _NAMES]
_SPEAKERS = ["S0", "S0", "S1", "S1", "S2"]
_BYTES = [19244, 19245, 19246, 19247, 19248]
_SECONDS = ["3.2", "4.1", "2.9", "3.2", "5.0"]


@pytest.mark.parametrize(
    ("line", "recording", "text"),
    [
        ("A_1 绿 是 阳春 烟景\n", "A_1", "绿 是 阳春 烟景"),
        ("A_1\t绿 是\r\n", "A_1", "绿 是"),
        ("A_1.wav,今天，天气好", "A_1.wav", "今天，天气好"),
        ("A_1.wav,今天,天气好", "A_1.wav", "今天,天气好"),
        ('"A_1.wav","今天, 天气"', "A_1.wav", "今天, 天气"),
        ("A_1,今天 天气", "A_1", "今天 天气"),
        ("A_1|今天 天气", "A_1", "今天 天气"),
        ("A_1;今天 天气", "A_1", "今天 天气"),
        ("my first.WAV 今天 天气", "my first.WAV", "今天 天气"),
        ("\ufeffA_1 今天", "A_1", "今天"),
        ("A_1.wav\t广 guang3 州 zhou1 女 nv3", "A_1.wav", "广州女"),
        ("A_1", "A_1", ""),
        ("name 名字", "name", "名字"),
        ("D_1 the words", "D_1", "the words"),
        ('A_1.wav,"今天', "A_1.wav", "今天"),
    ],
)
def test_two_columns_without_a_header(line: str, recording: str, text: str) -> None:
    assert rows([line]) == [(recording, text, "")]


@pytest.mark.parametrize(
    ("mark", "header", "columns"),
    [
        ("\t", ("UtteranceID", "SpeakerID", "Transcription"), (_NAMES, _SPEAKERS, _TEXTS)),
        ("\t", ("Speaker_ID", "Utterance ID", "TRANSCRIPT"), (_SPEAKERS, _NAMES, _TEXTS)),
        ("\t", ("client_id", "path", "sentence", "age"), (_SPEAKERS, _PATHS, _TEXTS, _BYTES)),
        ("\t", ("sentence", "age", "path", "spk"), (_TEXTS, _BYTES, _PATHS, _SPEAKERS)),
        (",", ("text", "speaker", "duration", "file"), (_TEXTS, _SPEAKERS, _SECONDS, _PATHS)),
        ("|", ("id", "text", "spk_id"), (_NAMES, _TEXTS, _SPEAKERS)),
        (";", ("说话人", "文本", "音频路径"), (_SPEAKERS, _TEXTS, _PATHS)),
        (" ", ("spk", "utt", "text"), (_SPEAKERS, _NAMES, _TEXTS)),
    ],
)
def test_columns_in_any_order_under_a_header(
    mark: str, header: Sequence[str], columns: Sequence[Sequence[object]]
) -> None:
    found = rows(table(mark, *columns, header=header))
    assert [text for _, text, _ in found] == _TEXTS
    assert [_FIND(recording) for recording, _, _ in found] == _PATHS
    assert [speaker for _, _, speaker in found] == _SPEAKERS


@pytest.mark.parametrize(
    ("mark", "header", "columns"),
    [
        (",", ("wav_filename", "wav_filesize", "transcript"), (_PATHS, _BYTES, _TEXTS)),
        (",", ("path", "text", "duration"), (_PATHS, _TEXTS, _SECONDS)),
        (",", ("audio", "sentence"), (_PATHS, _TEXTS)),
        ("\t", ("transcription", "file_name"), (_TEXTS, _PATHS)),
        (",", ("文件名", "文本"), (_PATHS, _TEXTS)),
        ("\t", ("id", "path", "text"), (range(5), _PATHS, _TEXTS)),
        (" ", ("ID", "transcript"), (_NAMES, _TEXTS)),
        ("\t", (), (range(5), _PATHS, _TEXTS)),
        (",", (), (_NAMES, _PATHS, _TEXTS)),
        ("\t", (), (_TEXTS, _PATHS)),
    ],
)
def test_texts_without_speakers(
    mark: str, header: Sequence[str], columns: Sequence[Sequence[object]]
) -> None:
    found = rows(table(mark, *columns, header=header))
    assert [text for _, text, _ in found] == _TEXTS
    assert [_FIND(recording) for recording, _, _ in found] == _PATHS
    assert {speaker for _, _, speaker in found} == {""}


def test_a_third_column_is_the_speaker_where_values_say_so() -> None:
    assert [speaker for _, _, speaker in rows(table("\t", _PATHS, _TEXTS, _SPEAKERS))] == _SPEAKERS
    people = ["小王", "小王", "小李", "小李", "小王"]
    assert [speaker for _, _, speaker in rows(table("\t", _PATHS, _TEXTS, people))] == people


@pytest.mark.parametrize(
    ("mark", "columns", "shown"),
    [
        ("\t", (_NAMES, _SPEAKERS, _TEXTS), "S0_0 | S0 | 今天天气很好"),
        (",", (_PATHS, _BYTES, _TEXTS), "wav/S0_0.wav | 19244 | 今天天气很好"),
        (",", (_PATHS, _TEXTS, _SECONDS), "wav/S0_0.wav | 今天天气很好 | 3.2"),
        ("\t", (_PATHS, _TEXTS, _SECONDS), "wav/S0_0.wav | 今天天气很好 | 3.2"),
        (
            "\t",
            (_PATHS, _TEXTS, ["男", "女", "男", "女", "女"]),
            "wav/S0_0.wav | 今天天气很好 | 男",
        ),
        ("\t", (_PATHS, _TEXTS, list("abcde")), "wav/S0_0.wav | 今天天气很好 | a"),
        ("\t", (_PATHS, _TEXTS, _SPEAKERS, _BYTES), "| S0 | 19244"),
        ("\t", (_PATHS, _TEXTS, _TEXTS), "| 今天天气很好 | 今天天气很好"),
        (" ", (_NAMES, _SPEAKERS, _TEXTS), "S0_0 | S0 | 今天天气很好"),
        (
            " ",
            (_NAMES, ["今 天", "明天 好", "请 你 来", "他", "火 车"], _SECONDS),
            "S1_2 | 请 | 你 | 来 | 2.9",
        ),
        (
            ",",
            (_PATHS, ["今,天", "明,天,好", "请,你", "他,来", "火,车"], _SECONDS),
            "wav/S0_1.wav | 明 | 天 | 好 | 4.1",
        ),
        (",", (_PATHS, _TEXTS, ["男", "女", "男", "女", "女"]), "今天天气很好 | 男"),
        (",", (_PATHS, _TEXTS, ["北京"] * 5), "今天天气很好 | 北京"),
        (" ", (_PATHS, _TEXTS, ["男", "女", "男", "女", "女"]), "今天天气很好 | 男"),
        (" ", (_PATHS, _TEXTS, ["北京"] * 5), "今天天气很好 | 北京"),
        (" ", (_PATHS, _TEXTS, ["", "teens", "", "sixties", "teens"]), "我们明天去爬山 | teens"),
        ("\t", (_PATHS, _TEXTS, ["train"] * 3 + ["test"] * 2), "今天天气很好 | train"),
        ("|", (_NAMES, _TEXTS, _TEXTS), "S0_0 | 今天天气很好 | 今天天气很好"),
    ],
)
def test_more_columns_than_are_understood_are_shown(
    mark: str, columns: Sequence[Sequence[object]], shown: str
) -> None:
    with pytest.raises(UnclearColumns, match="columns and no header that says") as was:
        read_table(table(mark, *columns), _FIND)
    assert shown in str(was.value)


@pytest.mark.parametrize(
    "header", [("clip_name", "len", "said"), ("path", "duration"), ("text", "len"), ("abc", "def")]
)
def test_a_header_without_a_recording_or_a_text_is_named(header: Sequence[str]) -> None:
    columns = [_PATHS, _SECONDS, _TEXTS] if len(header) == 3 else [_PATHS, _TEXTS]
    with pytest.raises(NoSuchColumn, match="no column is known as that of the") as was:
        read_table(table(",", *columns, header=header), _FIND)
    assert " | ".join(header) in str(was.value) and "wav_filename" not in header
    assert "path, file, filename" in str(was.value) and "sentence" in str(was.value)


def test_two_texts_that_differ_are_both_named() -> None:
    header = ("path", "text", "sentence")
    assert [
        text for _, text, _ in rows(table("\t", _PATHS, _TEXTS, _TEXTS, header=header))
    ] == _TEXTS
    pinyin = ["jin1 tian1"] * 5
    assert [
        text for _, text, _ in rows(table("\t", _PATHS, pinyin, _TEXTS, header=header))
    ] == _TEXTS
    with pytest.raises(UnclearColumns, match="columns text and sentence may both be the text"):
        read_table(table("\t", _PATHS, _TEXTS, _TEXTS[::-1], header=header), _FIND)


def test_commas_and_quotes_under_a_header() -> None:
    lines = [
        "path,duration,text",
        'wav/S0_0.wav,1,"今天, ""天气"""',
        "wav/S0_1.wav,2,今天,天气",
        'wav/S1_2.wav,3,"今天',
        'wav/S1_3.wav,4,"今天',
        '天气",',
        "wav/S2_4.wav,5,好,,",
        "path,duration,text",
    ]
    assert [text for _, text, _ in rows(lines)] == [
        '今天, "天气"', "今天,天气", "今天", "今天 天气", "好"
    ]  # fmt: skip
    entries = read_table(["path,text,duration", "wav/S0_0.wav,今天,好,1", "wav/S0_1.wav"], _FIND)
    assert [entry.fault for entry in entries] == [
        "expected 3 columns, found 4: wav/S0_0.wav | 今天 | 好 | 1",
        "expected 3 columns, found 1: wav/S0_1.wav",
    ]
    assert [entry.where for entry in entries] == ["line 2", "line 3"]


def test_blank_lines_are_passed_over() -> None:
    assert rows(["\n", "\ufeffid\n", " \t\r\n", "A_1 好\r\n", ",,,\n"]) == [("A_1", "好", "")]
    assert read_table([], _FIND) == [] == read_table(["", "\ufeff"], _FIND)


def test_json_an_object_a_line_or_an_array() -> None:
    objects: list[object] = [
        {"audio_filepath": path, "duration": 3.2, "text": text, "lang": None}
        for path, text in zip(_PATHS, _TEXTS, strict=True)
    ]
    wanted = [(path, text, "") for path, text in zip(_PATHS, _TEXTS, strict=True)]
    lines = [json.dumps(item) for item in objects]
    assert rows(lines) == wanted
    assert rows(json.dumps(objects, indent=1, ensure_ascii=False).splitlines()) == wanted
    entries = read_table([*lines, "{broken"], _FIND)
    assert (entries[-1].where, entries[-1].fault) == (
        "line 6", "expected a JSON object, found something else"
    )  # fmt: skip
    face = json.dumps({"audio": {"path": "A_1.wav", "bytes": None}, "sentence": "好"})
    assert rows([face]) == [("A_1.wav", "好", "")]
    wenet = json.dumps({"key": "A_1", "wav": "/x/A_1.wav", "txt": "好"})
    assert rows([wenet]) == [("/x/A_1.wav", "好", "")]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['{"a.wav": "好", "b.wav": "坏"}'], "its columns are a.wav | b.wav"),
        (["["], "it is no JSON that can be read"),
        (['["a.wav", "好"]'], "has not an object a line"),
        (["{", '"path": "a.wav"', "}"], "has not an object a line"),
    ],
)
def test_json_of_another_kind_is_refused(lines: list[str], said: str) -> None:
    with pytest.raises(UnclearColumns) as was:
        read_table(lines, _FIND)
    assert said in str(was.value).replace("\n", " ")


def test_headers_are_known_in_any_case_and_with_any_marks() -> None:
    assert {
        role_of(name) for name in ("WAV_Filename", "wavFilename", "Wav-filename ", "ＰＡＴＨ")
    } == {"recording"}
    assert role_of("duration") is None and role_of("") is None


def test_blanks_within_a_column_under_a_header_of_blanks() -> None:
    lines = table(" ", _PATHS, ["jin1 hao3"] * 5, _TEXTS, header=("path", "pinyin", "text"))
    with pytest.raises(UnclearColumns, match=r"wav/S0_0.wav \| hao3 \| 今天天气很好"):
        read_table(lines, _FIND)
