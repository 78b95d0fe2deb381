"""Transcripts: normalized text, names of recordings and speakers."""

from __future__ import annotations

import pytest

from modules.common.reading.length_bands import length_band
from modules.common.sound.transcripts import RecordingIndex, is_mostly_hanzi, normalize, speaker_of


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("绿 是 阳春\t烟景", "绿是阳春烟景"),
        ("“你好”，世界！（笑）……《书》·、。", "你好世界笑书"),
        ("ＡＢＣ 12３ Ok", "abc123ok"),
        ("二〇一七年", "二〇一七年"),
        ("㐀 𠀀 龥", "㐀𠀀龥"),
        ("豈", "豈"),
        ("Café", "café"),
        ("３０％", "30"),
    ],
)
def test_a_transcript_is_reduced_to_what_is_said(text: str, wanted: str) -> None:
    assert normalize(text) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no hanzi, digits or Latin letters"),
        (" ，。 ", "holds no hanzi"),
        ("你好 привет", "expected hanzi, digits and Latin letters in the transcript, found 'п'"),
        ("こんにちは", "found 'こ'"),
        ("你\ufffd好", "neither UTF-8 nor GB 18030"),
    ],
)
def test_a_transcript_that_cannot_be_used_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        normalize(text)


def test_bands_have_the_lengths_that_they_say() -> None:
    bands = {count: length_band("字" * count) for count in (1, 5, 6, 10, 11, 20, 21, 300)}
    assert bands == {
        1: "1-5", 5: "1-5", 6: "6-10", 10: "6-10", 11: "11-20", 20: "11-20", 21: "21+", 300: "21+"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("那很不明智", True),
        ("na4 hen3", False),
        ("ji2 bian4|即便", False),
        ("我们用app", True),
        ("12", False),
    ],
)
def test_a_text_is_mostly_hanzi_or_not(text: str, is_so: bool) -> None:
    assert is_mostly_hanzi(text) is is_so


@pytest.mark.parametrize(
    ("recording", "speaker"),
    [
        ("wav/train/A11_005.wav", "A11"),
        ("data/anna-3_2.flac", "anna"),
        ("wav/BAC009S0724W0121.wav", "S0724"),
        ("wav/SSB00050112.wav", "SSB0005"),
        ("20170001P00003I0019.wav", "20170001P00003"),
        ("G0013/T0055G0013S0001.wav", "T0055G0013"),
        ("wav/0001.wav", "wav/0001.wav"),
        ("wav/_1.wav", "wav/_1.wav"),
    ],
)
def test_a_name_tells_the_speaker(recording: str, speaker: str) -> None:
    assert speaker_of(recording) == speaker


def test_recordings_are_found_by_path_or_id() -> None:
    index = RecordingIndex(["wav/S1/01.wav", "wav/S2/01.flac", "wav/S2/02.wav", "wav/S2/02.mp3"])
    assert index.find("S1/01") == "wav/S1/01.wav"
    assert index.find("wav/S2/01.wav") == "wav/S2/01.flac"
    assert index.find("/corpus/wav/S2/01.flac") == "wav/S2/01.flac"
    assert index.find("wav\\S2\\02.mp3") == "wav/S2/02.mp3"
    assert index.find("S3/01") is None and index.find("03") is None and index.find("") is None
    with pytest.raises(ValueError, match=r"'01' names several recordings: wav/S1/01.wav, wav/S2"):
        index.find("01")
    with pytest.raises(ValueError, match="several"):
        index.find("S2/02")


def test_names_of_other_places_are_found_loosely() -> None:
    index = RecordingIndex(["BAC009S0724W0121.wav", "a/1.wav", "b/1.wav"])
    assert index.find("test/resources/aishell-BAC009S0724W0121") is None
    assert index.find_loosely("test/resources/aishell-BAC009S0724W0121") == "BAC009S0724W0121.wav"
    assert index.find_loosely("elsewhere/BAC009S0724W0121.wav") == "BAC009S0724W0121.wav"
    assert index.find_loosely("librispeech-1995-1837-0001") is None
    with pytest.raises(ValueError, match="several"):
        index.find_loosely("c/1.wav")
