"""Files that a person names: found, read, and refused with the reason."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from modules.common.asking.request_files import find_named_file, read_picture, read_recording
from modules.common.runtime.errors import DataError, MissingDataError
from modules.common.sound.sound_files import read_sound, wav_bytes


def test_a_file_may_lie_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.png").write_bytes(b"")
    assert find_named_file("some_task", "a picture", "~/a.png") == tmp_path / "a.png"


@pytest.mark.parametrize("text", ["", "nothing.png", "."])
def test_what_is_no_file_is_named_as_it_was_typed(text: str) -> None:
    with pytest.raises(MissingDataError, match=f"^some_task takes the path of a p, .* '{text}'$"):
        find_named_file("some_task", "a p", text)


def test_a_picture_is_read_and_what_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    Image.new("RGB", (3, 2), "red").save(path, "webp")
    with Image.open(io.BytesIO(read_picture("some_task", str(path)))) as found:
        assert found.size == (3, 2)
    path.write_bytes(b"no picture")
    with pytest.raises(DataError, match=f"^{path} cannot be used: "):
        read_picture("some_task", str(path))


def test_wav_stays_as_it_is_for_the_graph_to_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(wav_bytes(np.zeros(10), 8000) + b"what follows")
    assert read_recording("some_task", str(path)) == path.read_bytes()


def test_flac_becomes_mono_wav_at_its_own_rate(tmp_path: Path) -> None:
    path = tmp_path / "a"
    stereo = np.array([[0.5, 0.0], [0.25, -0.25]] * 50)
    soundfile.write(path, stereo, 11_025, format="FLAC", subtype="PCM_16")
    made = read_recording("some_task", str(path))
    assert made[:4] == b"RIFF"
    samples, rate_hz = read_sound(made)
    np.testing.assert_array_equal(samples, [0.25, 0.0] * 50)
    assert rate_hz == 11_025


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(b"no recording")
    with pytest.raises(DataError, match=f"^{path} is not a recording that can be used: "):
        read_recording("some_task", str(path))
