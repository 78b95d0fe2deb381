"""The real utterances in ../shared/data, read as they are."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest
import soundfile
from speech_corpora import (
    LIST,
    RATE_HZ,
    SIDE,
    WORDS,
    features,
    ingest,
    read_folder,
)

from components.example_gen.sound.speech import SpeechExampleGen


def test_aishell_3_as_it_is(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = shared_data / "speech" / "aishell3"
    assert LIST.matches(data) and not WORDS.matches(data) and not SIDE.matches(data)
    found = ingest(monkeypatch, SpeechExampleGen, LIST, data, tmp_path)
    assert found.counts == {"examples": 30, "quarantined": 0, "set_aside": 0}
    train, held_out = found.values("speaker", "train"), found.values("speaker", "eval")
    assert len(train) == 24 and len(held_out) == 6 and train.isdisjoint(held_out)
    assert "三百二十八万一千一百三十八点四八" in found.values("text")
    seconds = sum(soundfile.info(path).duration for path in data.glob("wav/*.wav"))
    pcm = sum(len(example["pcm"]) for example in found.all)
    assert pcm / 2 / RATE_HZ == pytest.approx(seconds, abs=0.01)


def test_aishell_1_as_it_is(shared_data: Path) -> None:
    records, rejects = read_folder(LIST, shared_data / "speech" / "aishell1", eval_on="train")
    assert features(records["train"], "text") == ["广州市房地产中介协会分析"]
    assert features(records["eval"], "speaker") == ["S0724"]
    assert {place: reject.reason for place, reject in rejects.items()} == {
        "text line 2": "there is no recording for "
        "'test/resources/dataset/librispeech-1995-1837-0001'"
    }


def test_how_fast_real_speech_is_read(shared_data: Path, capsys: pytest.CaptureFixture) -> None:
    """Prints; what it asserts is only that all was read."""
    began = time.perf_counter()
    records, _ = read_folder(LIST, shared_data / "speech" / "aishell3")
    took_s = time.perf_counter() - began
    pcm = sum(len(record.features["pcm"]) for split in records.values() for record in split)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with capsys.disabled():
        print(
            f"\n30 utterances, {pcm / 2 / RATE_HZ:.1f} s of sound: {took_s:.2f} s in one process, "
            f"{peak_mib:.0f} MiB"
        )
    assert pcm / 2 / RATE_HZ == pytest.approx(110.8, abs=0.1)
