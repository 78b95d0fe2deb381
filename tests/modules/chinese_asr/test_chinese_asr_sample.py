"""chinese_asr's sample speech: layout, split, voices and what eSpeak NG reads."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from modules.chinese_asr.sample import conditions, espeak, maker, sentences
from modules.chinese_asr.task import Settings
from modules.common.declaring.settings import change
from modules.common.runtime import progress
from modules.common.runtime.errors import DataError, SettingError

SMALL = Settings(seed=7, sample_utterances=40, sample_voices=5)
FULL = Settings()


@pytest.fixture(scope="module")
def engine() -> espeak.Synthesizer:
    pytest.importorskip("espeakng_loader")
    return espeak.synthesizer()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("espeakng_loader")
    path = tmp_path_factory.mktemp("speech")
    maker.write_sample(path, SMALL)
    return path


def transcripts(folder: Path, side: str) -> dict[str, list[str]]:
    lines = (folder / "doc" / "trans" / f"{side}.word.txt").read_text(encoding="utf-8")
    return {name: words for name, *words in map(str.split, lines.splitlines())}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def pitch_hz(samples: np.ndarray, rate_hz: int) -> float:
    found, _, _ = librosa.pyin(samples, fmin=50, fmax=400, sr=rate_hz, hop_length=rate_hz // 50)
    return float(np.nanmedian(found))


def test_the_layout_is_that_of_thchs_30(folder: Path) -> None:
    for side, count in (("train", 36), ("test", 4)):
        written = transcripts(folder, side)
        recordings = {path.stem for path in (folder / "wav" / side).glob("*/*.wav")}
        assert len(written) == count
        assert set(written) == recordings
        assert all(re.fullmatch(r"[AD]\d\d_\d\d\d", name) for name in written)
        assert all(re.fullmatch(r"[一-鿿]+", word) for words in written.values() for word in words)
    assert len(contents(folder)) == 40 + 2


def test_recordings_are_16_khz_mono_and_last_as_speech_does(folder: Path) -> None:
    for side in ("train", "test"):
        for name, words in transcripts(folder, side).items():
            [path] = (folder / "wav" / side).glob(f"*/{name}.wav")
            info = soundfile.info(path)
            assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
            characters = sum(map(len, words))
            # Two to six characters a second, up to half a second of silence before and after.
            most = 9 if path.parent.name == "fast" else 6
            assert characters / most < info.duration < characters / 2 + 1.2


def test_every_condition_is_as_frequent_as_the_others(folder: Path) -> None:
    counts = Counter(path.parent.name for path in (folder / "wav").rglob("*.wav"))
    assert set(counts) == set(conditions.CONDITIONS)
    assert max(counts.values()) - min(counts.values()) <= 5


def test_clean_recordings_have_a_noise_floor_well_under_the_speech(folder: Path) -> None:
    levels_db = {"clean": [], "noisy": []}
    for condition, found in levels_db.items():
        for path in sorted((folder / "wav").glob(f"*/{condition}/*.wav")):
            samples, rate_hz = soundfile.read(path, dtype="float32")
            assert 0.15 < np.abs(samples).max() < 0.95
            floor = samples[: rate_hz // 25]
            found.append(20 * np.log10(samples.std() / floor.std()))
    assert 20 < min(levels_db["clean"]) and max(levels_db["clean"]) < 60
    assert np.median(levels_db["noisy"]) < np.median(levels_db["clean"]) - 8


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    reports: list[progress.Progress] = []
    with progress.subscribe(reports.append):
        maker.write_sample(tmp_path / "again", SMALL)
    assert contents(tmp_path / "again") == contents(folder)
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert reports[-1].done == reports[-1].total == 40


def test_another_seed_gives_other_sentences_and_voices() -> None:
    one, other = maker.speakers(SMALL), maker.speakers(change(SMALL, seed=8))
    assert [speaker.texts for speaker in one] != [speaker.texts for speaker in other]
    assert {speaker.voice for speaker in one}.isdisjoint(speaker.voice for speaker in other)


@pytest.mark.parametrize("settings", [SMALL, FULL, change(FULL, sample_voices=60)])
def test_no_voice_and_no_sentence_is_on_both_sides(settings: Settings) -> None:
    cast = maker.speakers(change(settings, seed=3))
    sides = {side: [who for who in cast if who.side == side] for side in ("train", "test")}
    variants, manners, texts = (
        {side: {part for who in those for part in get(who)} for side, those in sides.items()}
        for get in (
            lambda who: [who.voice.variant],
            lambda who: [(who.voice.words_per_minute, who.voice.pitch, who.voice.pitch_range)],
            lambda who: who.texts,
        )
    )
    for found in (variants, manners, texts):
        assert found["train"] and found["test"]
        assert found["train"].isdisjoint(found["test"])
    assert len({who.name for who in cast}) == len({who.voice for who in cast}) == len(cast)
    read = [words for who in cast for words in who.texts]
    assert len(read) == len(set(read)) == settings.sample_utterances
    assert len(texts["test"]) == settings.sample_utterances // 10
    assert len(sides["test"]) == settings.sample_voices // 5


def test_every_character_that_is_held_out_was_trained_on_often() -> None:
    cast = maker.speakers(change(FULL, seed=3, sample_utterances=2000))
    counts = {"train": Counter[str](), "test": Counter[str]()}
    for speaker in cast:
        counts[speaker.side].update("".join(map("".join, speaker.texts)))
    assert min(counts["train"].values()) >= 10
    assert set(counts["test"]) <= set(counts["train"])
    assert "".join(sorted(counts["train"])) == sentences.vocabulary("sentences")
    assert 150 < len(counts["train"]) < 280


def test_the_voices_have_pitches_of_men_and_of_women(folder: Path) -> None:
    pitches_hz = {}
    for speaker in ("A01", "A02", "A03", "A04", "D01"):
        found = (folder / "wav").glob(f"*/*/{speaker}_*.wav")
        paths = sorted(path for path in found if path.parent.name in ("clean", "fast"))[:3]
        read = [soundfile.read(path, dtype="float32") for path in paths]
        pitches_hz[speaker] = pitch_hz(np.concatenate([one for one, _ in read]), read[0][1])
    men, women = [pitches_hz[who] for who in ("A01", "A03")], [pitches_hz["A02"], pitches_hz["A04"]]
    assert max(men) * 1.2 < min(women)
    assert min(women) * 0.7 < pitches_hz["D01"] < 300


def test_pitch_and_rate_are_those_that_are_asked_for(engine: espeak.Synthesizer) -> None:
    def read(words_per_minute: int, pitch: int) -> np.ndarray:
        voice = espeak.Voice("f2", words_per_minute, pitch, 50)
        return engine.speak("我们 今天 去 公园", voice) / np.float32(32768)

    middle, high, fast = read(175, 50), read(175, 80), read(350, 50)
    assert engine.rate_hz == 22_050
    assert pitch_hz(high, 22_050) > 1.1 * pitch_hz(middle, 22_050)
    assert len(fast) < 0.7 * len(middle)
    assert np.abs(middle).max() > 0.2


def test_every_word_is_read_a_syllable_with_a_tone_for_each_character(
    engine: espeak.Synthesizer,
) -> None:
    read = sentences.sentences("sentences", 2000, 5) + sentences.sentences("digits", 200, 5)
    words = {word for text in read for word in text}
    assert set("".join(words)) == set(
        sentences.vocabulary("sentences") + sentences.vocabulary("digits")
    )
    for word in words:
        phonemes = engine.phonemes(word)
        assert len(re.findall(r"[a-zA-Z@&][^\d]*(?:11|21|35|51|55|214)", phonemes)) == len(word)
        assert "(" not in phonemes  # A change to another language.


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("音乐", ["55", "yE51"]),
        ("快乐", ["uai51", "@51"]),
        ("睡觉", ["wei51", "Au51"]),
        ("觉得", ["yE35", "@11"]),
        ("便宜", ["iE51n", "i35"]),
        ("地铁", ["i51", "iE214"]),
        ("时候 很 好", ["35", "ou11", "@214n", "Au214"]),
    ],
)
def test_characters_of_several_readings_are_read_as_their_word_wants(
    engine: espeak.Synthesizer, text: str, syllables: list[str]
) -> None:
    rest = engine.phonemes(text)
    for syllable in syllables:
        assert syllable in rest
        rest = rest[rest.index(syllable) + len(syllable) :]


def test_sentences_are_4_to_16_characters_long_and_digits_3_to_6() -> None:
    lengths = {
        kind: {sum(map(len, words)) for words in sentences.sentences(kind, 1500, 2)}
        for kind in sentences.KINDS
    }
    assert min(lengths["sentences"]) >= 4
    assert 12 <= max(lengths["sentences"]) <= 16
    assert lengths["digits"] == {3, 4, 5, 6}


def test_without_espeak_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(DataError, match=r"lianxi\[speech\].*--data"):
        maker.write_sample(tmp_path, SMALL)
    assert not list(tmp_path.iterdir())


def test_a_voice_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: espeak.Synthesizer
) -> None:
    with pytest.raises(DataError, match="no voice 'cmn.nobody'"):
        engine.speak("你好", espeak.Voice("nobody", 175, 50, 50))
    monkeypatch.setattr(maker, "TRAIN_VARIANTS", ("nobody",))
    with pytest.raises(DataError, match="no voice 'cmn.nobody'"):
        maker.write_sample(tmp_path, SMALL)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample_text": "poems"}, "sample_text takes one of sentences, digits"),
        ({"sample_voices": 1}, "sample_voices takes a whole number, 2 or more"),
        ({"sample_utterances": 8}, "sample_utterances takes a whole number, 10 or more"),
    ],
)
def test_a_sample_that_cannot_be_is_refused(given: dict, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        change(SMALL, **given)


def test_more_texts_than_there_are_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "_MAX_DIGITS", 3)
    assert len(sentences.sentences("digits", 900, 1)) == 900
    with pytest.raises(DataError, match="set sample_utterances lower"):
        sentences.sentences("digits", 1001, 1)


def test_the_processes_that_speak_do_without_tensorflow() -> None:
    code = "import sys, modules.chinese_asr.sample.maker; print('tensorflow' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["False"]
