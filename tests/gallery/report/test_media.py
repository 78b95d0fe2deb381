"""Pictures and sounds of a report: small, and no more than there is room for."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from gallery.report.media import ROOM_BYTES, Media
from gallery.report.pieces import Picture, Sound, Text
from modules.common.sound.sound_files import wav_bytes


def noise_png(width: int, height: int) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def contents(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])


def test_a_picture_is_made_smaller_and_keeps_its_shape() -> None:
    found = Media().picture(noise_png(1000, 500), "a photo")
    assert isinstance(found, Picture)
    assert (found.width, found.height, found.is_small) == (320, 160, False)
    assert Image.open(io.BytesIO(contents(found.uri))).size == (320, 160)


def test_of_a_tiny_picture_every_pixel_stays() -> None:
    png = noise_png(8, 8)
    found = Media().picture(png, "a digit")
    assert isinstance(found, Picture) and found.is_small
    shown = Image.open(io.BytesIO(contents(found.uri)))
    assert np.array_equal(np.asarray(shown), np.asarray(Image.open(io.BytesIO(png))))


def test_what_is_no_picture_is_said() -> None:
    found = Media().picture(b"no picture", "a photo")
    assert isinstance(found, Text) and "cannot be shown" in found.text


@pytest.mark.parametrize(
    ("rate_hz", "shown_hz"), [(16_000, 16_000), (8_000, 16_000), (44_100, 24_000)]
)
def test_a_sound_keeps_its_length_at_a_rate_that_mp3_knows(rate_hz: int, shown_hz: int) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * rate_hz) / rate_hz) / 2
    found = Media().sound(wav_bytes(tone, rate_hz), "a tone")
    assert isinstance(found, Sound) and not found.note
    samples, found_hz = soundfile.read(io.BytesIO(contents(found.uri)))
    assert found_hz == shown_hz
    assert len(samples) / found_hz == pytest.approx(2, abs=0.1)
    assert "Waveform of a tone" in found.drawing


def test_a_long_sound_is_cut_and_says_so() -> None:
    found = Media().sound(wav_bytes(np.zeros(40 * 8000), 8000), "silence")
    assert isinstance(found, Sound)
    assert found.note == "the first 16 of 40.0 s"
    assert soundfile.info(io.BytesIO(contents(found.uri))).duration == pytest.approx(16, abs=0.1)


def test_no_more_is_taken_than_there_is_room_for() -> None:
    media = Media(300_000)
    shown = [media.picture(noise_png(320, 320), "noise") for _ in range(10)]
    pictures = [each for each in shown if isinstance(each, Picture)]
    assert 0 < len(pictures) < len(shown)
    assert sum(len(each.uri) for each in pictures) <= 300_000 < ROOM_BYTES
    assert isinstance(shown[-1], Text) and "left out" in shown[-1].text
    # What is small still has room.
    assert isinstance(media.picture(noise_png(8, 8), "a digit"), Picture)
