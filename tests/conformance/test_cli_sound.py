"""The command line with sound: recordings of every kind are answered, and made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from smoke import SmokeRun
from test_cli import lianxi

pytestmark = pytest.mark.e2e

_KINDS = ("wav", "flac", "ogg", "mp3")


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of spoken digits, in THCHS-30's layout."""
    folder = tmp_path_factory.mktemp("files") / "speech"
    wanted = ["--sample-text", "digits", "--sample-voices", "5", "--seed", "7"]
    process = lianxi("sample", "chinese_asr", str(folder), "--count", "60", *wanted)
    assert process.returncode == 0, process.stderr
    assert len(list(folder.glob("wav/*/*/*.wav"))) == 60
    return folder


@pytest.mark.smoke_of("chinese_asr")
def test_recordings_of_every_kind_are_answered(
    run_of_one: SmokeRun, speech: Path, tmp_path: Path
) -> None:
    recording = sorted(speech.glob("wav/train/clean/*.wav"))[0]
    samples, rate_hz = soundfile.read(recording)
    for kind in _KINDS:
        soundfile.write(tmp_path / f"speech.{kind}", samples, rate_hz)
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    named = [str(tmp_path / f"speech.{kind}") for kind in _KINDS]
    common = ["--env", "smoke", "--root", str(run_of_one.root)]
    process = lianxi("predict", "chinese_asr", str(tmp_path / "bad.wav"), *named, *common)
    assert process.returncode == 1
    assert "bad.wav" in process.stderr and "Traceback" not in process.stderr
    answers = dict(line.split(": ", 1) for line in process.stdout.splitlines())
    assert list(answers) == named
    texts = {answer.split("\t")[0] for answer in answers.values()}
    # What mp3 leaves out may cost a small model a digit, not more.
    assert len(texts) <= 2
    assert all(set(text) <= set("零一二三四五六七八九") and text for text in texts)


@pytest.mark.smoke_of("chinese_asr")
def test_evaluate_tells_texts_and_conditions_apart(run_of_one: SmokeRun, speech: Path) -> None:
    common = ["--env", "smoke", "--root", str(run_of_one.root), "--json"]
    process = lianxi("evaluate", "chinese_asr", "--data", str(speech), "--all", *common)
    assert process.returncode == 0, process.stderr
    slices = json.loads(process.stdout)["slices"]
    assert slices["overall"]["example_count"] == 60
    assert slices["overall"]["cer"] < 0.5
    counted = [slices[f"text_length={band}"]["example_count"] for band in ("1-5", "6-10")]
    assert sum(counted) == 60
    conditions = ("clean", "noisy", "reverberant", "far", "fast")
    counted = [slices[f"condition={name}"]["example_count"] for name in conditions]
    assert sum(counted) == 60 and min(counted) >= 10


@pytest.mark.smoke_of("audio_style_transfer")
def test_a_recording_comes_back_in_the_style_of_another(
    run_of_one: SmokeRun, speech: Path, tmp_path: Path
) -> None:
    content, style = sorted(speech.glob("wav/train/clean/*.wav"))[:2]
    named = ["--content", str(content), "--style", str(style), "--iterations", "5"]
    out = tmp_path / "both.wav"
    common = ["--out", str(out), "--env", "smoke", "--root", str(run_of_one.root)]
    process = lianxi("predict", "audio_style_transfer", *named, *common)
    assert process.returncode == 0, process.stderr
    made, its_rate_hz = soundfile.read(out)
    samples, rate_hz = soundfile.read(content)
    assert len(made) / its_rate_hz == pytest.approx(len(samples) / rate_hz, abs=0.05)
    assert abs(made).max() > 0.01
