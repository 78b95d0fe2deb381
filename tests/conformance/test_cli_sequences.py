"""The command line with sequences: music is written as files, and a conversation is held."""

from __future__ import annotations

import json
from pathlib import Path

import mido
import pytest
import soundfile
from smoke import SmokeRun
from test_cli import lianxi

pytestmark = pytest.mark.e2e

_STEPS, _BPM = 128, 90.0
_SECONDS = _STEPS / 4 * 60 / _BPM


def composed(run: SmokeRun, folder: Path, seed: int) -> tuple[Path, Path]:
    """Orders music, as MIDI and as sound."""
    folder.mkdir()
    song, sound = folder / "song.mid", folder / "song.wav"
    written = ["--out", str(song), "--wav", str(sound)]
    wanted = ["--steps", str(_STEPS), "--bpm", str(_BPM), "--seed", str(seed)]
    common = ["--env", "smoke", "--root", str(run.root)]
    process = lianxi("predict", "music_rbm", *written, *wanted, *common)
    assert process.returncode == 0, process.stderr
    assert str(song) in process.stdout and str(sound) in process.stdout
    return song, sound


@pytest.mark.smoke_of("music_rbm")
def test_music_is_written_as_midi_and_sound(run_of_one: SmokeRun, tmp_path: Path) -> None:
    song, sound = composed(run_of_one, tmp_path / "first", 7)
    file = mido.MidiFile(song)
    struck = [message for message in file if message.type == "note_on" and message.velocity]
    assert len(struck) > 20
    assert all(24 <= message.note <= 101 for message in struck)
    assert file.length == pytest.approx(_SECONDS, rel=0.01)
    samples, rate_hz = soundfile.read(sound)
    assert _SECONDS * 0.99 < len(samples) / rate_hz < _SECONDS + 5
    assert 0.05 < abs(samples).max() <= 1
    for path, its in zip(composed(run_of_one, tmp_path / "again", 7), (song, sound), strict=True):
        assert path.read_bytes() == its.read_bytes()
    other, _ = composed(run_of_one, tmp_path / "other", 8)
    assert other.read_bytes() != song.read_bytes()


@pytest.mark.smoke_of("seq2seq_chatbot")
def test_a_line_gets_several_replies_with_scores(run_of_one: SmokeRun) -> None:
    common = ["--env", "smoke", "--root", str(run_of_one.root), "--json"]
    process = lianxi("predict", "seq2seq_chatbot", "你好", "-", *common, stdin="在吗\n")
    assert process.returncode == 0, process.stderr
    first, second = (json.loads(line) for line in process.stdout.splitlines())
    for answer in (first, second):
        [replies], [scores] = answer["replies"], answer["scores"]
        count = len([reply for reply in replies if reply])
        assert count > 1 and len(set(replies[:count])) == count
        assert scores[:count] == sorted(scores[:count], reverse=True)


@pytest.mark.smoke_of("seq2seq_chatbot")
def test_a_conversation_goes_on_after_a_line_that_is_too_long(run_of_one: SmokeRun) -> None:
    said = "你好\n\n" + "长" * 10_000 + "\n你好\n你好\n你好\nquit\n再见\n"
    drawn = ["--temperature", "1.5", "--top-p", "1", "--seed", "3"]
    common = ["--env", "smoke", "--root", str(run_of_one.root)]
    first, again = (
        lianxi("predict", "seq2seq_chatbot", *drawn, *common, stdin=said) for _ in range(2)
    )
    assert first.returncode == 1
    note, error = first.stderr.splitlines()
    assert note.startswith("note: a smoke model answers: ") and error.startswith("error: ")
    replies = first.stdout.splitlines()
    assert len(replies) == 4 and all(replies)
    # What is drawn differs from line to line, and a whole talk can be had again.
    assert len(set(replies)) > 1
    assert again.stdout == first.stdout
