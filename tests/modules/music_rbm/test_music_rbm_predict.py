"""How music is ordered at the command line, and what is written."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from asked import read_request, show
from PIL import Image

from modules.common.asking.asking import asker_of
from modules.common.midi.note_state import NOTES, consistent, from_midi, list_notes, to_midi
from modules.common.runtime.errors import DataError
from modules.music_rbm.sample.composing import compose
from modules.music_rbm.task import TASK


def answered(steps: int = 64) -> dict[str, np.ndarray]:
    music = np.random.default_rng(7).random((steps, NOTES)) < 0.02
    return {"note_state": music[None].astype(np.uint8)}


def test_an_order_says_only_what_the_person_said() -> None:
    assert read_request(TASK) == ("serving_default", {})
    _, request = read_request(
        TASK, "", steps="256", gibbs_steps="9", temperature="0.5", seed="7", bpm="90"
    )
    assert request == {"steps": [256], "seed": [7], "gibbs_steps": [9], "temperature": [0.5]}


def test_what_an_order_says_the_task_serves() -> None:
    options = asker_of(TASK).options
    served = {entry.name: entry for entry in TASK.serving.inputs}
    assert set(options) - set(served) == {"primer_steps", "bpm", "wav", "picture"}
    assert set(served) <= set(options)
    assert options["steps"] is served["steps"] and options["primer"].kind == "midi"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"steps": "many"}, "steps: expected a whole number, 1 to 4096, found 'many'"),
        ({"steps": "0"}, "steps: expected 1 to 4096, found 0"),
        ({"steps": "4097"}, "steps: expected 1 to 4096, found 4097"),
        ({"gibbs_steps": "0"}, "gibbs_steps: expected 1 to 1000, found 0"),
        ({"temperature": "hot"}, "temperature: expected a number, more than 0, found 'hot'"),
        ({"seed": "1.5"}, "seed: expected a whole number, found '1.5'"),
        ({"seed": "9223372036854775808"}, "seed: expected a whole number, found"),
        ({"bpm": "nan"}, "bpm: expected 20 to 400, found nan"),
        ({"bpm": "500"}, "bpm: expected 20 to 400, found 500"),
        ({"wav": "no_such_folder/a.wav"}, "wav takes the path of a file to write, found no folder"),
        ({"picture": "/"}, "picture takes the path of a file to write, found no folder for '/'"),
        ({"primer": "none.mid"}, "takes the path of a MIDI file as primer, found no file"),
        ({"primer_steps": "8"}, "primer_steps says how much of a primer is kept; name one"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_request(TASK, **given)


def test_an_input_is_refused() -> None:
    with pytest.raises(
        DataError,
        match=r"music_rbm takes no input, what is wanted is said by options, found 'a\.mid'",
    ):
        read_request(TASK, "a.mid")


def test_a_primer_is_the_beginning_of_a_tune(tmp_path: Path) -> None:
    path = tmp_path / "tune.mid"
    tune = compose(np.random.default_rng(2)).note_state
    path.write_bytes(to_midi(tune))

    def primer(**given: str) -> Any:
        [found] = read_request(TASK, primer=str(path), **given)[1]["primer"]
        assert found.dtype == np.uint8
        return found

    np.testing.assert_array_equal(primer(), tune[:64])
    np.testing.assert_array_equal(primer(primer_steps="16"), tune[:16])
    np.testing.assert_array_equal(primer(primer_steps="4000", steps="4000"), tune)
    with pytest.raises(DataError, match="steps is 32, fewer than the 64 that are kept"):
        primer(steps="32")
    with pytest.raises(DataError, match="primer_steps: expected 1 to 4096, found 0"):
        primer(primer_steps="0")


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"a text", "cannot be used: expected a MIDI file, which begins with MThd"),
        (to_midi(np.zeros((8, NOTES))), "cannot be used: expected notes, found none"),
    ],
)
def test_a_primer_that_is_none(tmp_path: Path, contents: bytes, said: str) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(contents)
    with pytest.raises(DataError, match=said):
        read_request(TASK, primer=str(path))


def test_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = answered()
    song, sound, roll = (tmp_path / name for name in ("song.mid", "song.wav", "song.png"))
    said = show(TASK, {}, answer, song, bpm="60", wav=str(sound), picture=str(roll))
    [music] = answer["note_state"]
    notes = len(list_notes(music))
    assert said.splitlines() == [
        f"{song}\t{notes} notes, 16.0 s, 64 steps",
        str(sound),
        str(roll),
    ]
    file = mido.MidiFile(song)
    assert file.length == pytest.approx(16.0, rel=1e-4)
    strikes = [message for message in file if message.type == "note_on"]
    assert len(strikes) == notes > 20
    written = from_midi(song)
    np.testing.assert_array_equal(written, consistent(music)[: len(written)])
    assert not music[len(written) :].any()
    with wave.open(str(sound)) as read:
        assert read.getnframes() / read.getframerate() == pytest.approx(16.5, abs=0.01)
    assert Image.open(io.BytesIO(roll.read_bytes())).format == "PNG"

    monkeypatch.chdir(tmp_path)
    assert show(TASK, {}, answer, None).startswith("music_rbm.mid\t")
    assert (tmp_path / "music_rbm.mid").read_bytes() != song.read_bytes()


def test_the_same_music_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        out, sound = tmp_path / f"{name}.mid", tmp_path / f"{name}.wav"
        show(TASK, {}, answered(), out, wav=str(sound))
    for kind in ("mid", "wav"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_music_too_long_for_a_sound_is_written_and_said(tmp_path: Path) -> None:
    out = tmp_path / "a.mid"
    with pytest.raises(DataError, match=r"a\.mid is written, but not .*: expected music of at mos"):
        show(TASK, {}, answered(4096), out, bpm="20", wav=str(tmp_path / "a.wav"))
    assert out.exists() and not (tmp_path / "a.wav").exists()
