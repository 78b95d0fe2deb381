"""MFCC of batches of recordings, against those of each recording by itself."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import tensorflow as tf

from modules.common.sound import audio, pcm

SIZES = (512, 320, 40, 20)
LENGTHS = [0, 5_000, 1, 320, 9_999, 4_999, 319]


def recordings(lengths: list[int]) -> list[bytes]:
    rng = np.random.default_rng(0)
    return [rng.integers(-(2**15), 2**15, length).astype("<i2").tobytes() for length in lengths]


@pytest.mark.parametrize("group", [1, 6_000, 20_000, 10**6])
def test_a_batch_gives_what_each_recording_gives_alone(
    group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcm, "_GROUP_SAMPLES", group)
    batch = recordings(LENGTHS)
    found, n_frames = tf.function(pcm.mfcc)(tf.constant(batch), 16_000, *SIZES)
    assert found.shape == (len(batch), 1 + max(LENGTHS) // 320, 20)
    np.testing.assert_array_equal(n_frames, [1 + length // 320 for length in LENGTHS])
    for row, frames, count in zip(batch, found.numpy(), n_frames.numpy(), strict=True):
        samples = np.frombuffer(row, "<i2").astype(np.float32) / 2**15
        alone = audio.mfcc(tf.constant(samples), 16_000, *SIZES)
        np.testing.assert_allclose(frames[:count], alone, rtol=0, atol=2e-4)
        assert not frames[count:].any()


def test_real_recordings_have_the_mfcc_of_librosa(shared_data: Path) -> None:
    clips = [
        librosa.load(path, sr=16_000)[0] for path in sorted(shared_data.glob("speech/**/*.wav"))
    ]
    whole = [np.rint(clip * (2**15 - 1)).astype("<i2") for clip in clips]
    found, n_frames = pcm.mfcc(tf.constant([clip.tobytes() for clip in whole]), 16_000, *SIZES)
    for clip, frames, count in zip(whole, found.numpy(), n_frames.numpy(), strict=True):
        expected = librosa.feature.mfcc(
            y=clip.astype(np.float32) / 2**15,
            sr=16_000,
            n_fft=512,
            hop_length=320,
            n_mels=40,
            n_mfcc=20,
        )
        np.testing.assert_allclose(frames[:count], expected.T, rtol=0, atol=1e-3)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_works_in_a_graph_of_sessions(count: int) -> None:
    batch = recordings(LENGTHS[:count])
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        given = tf.compat.v1.placeholder(tf.string, [None])
        outputs = pcm.mfcc(given, 16_000, *SIZES)
        assert outputs[0].shape.as_list() == [None, None, 20]
        found, n_frames = session.run(outputs, {given: np.array(batch, object)})
    assert len(found) == len(n_frames) == count
    if count:
        expected, _ = pcm.mfcc(tf.constant(batch), 16_000, *SIZES)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4)


def test_samples_are_those_that_were_coded() -> None:
    batch = [np.array(row, "<i2").tobytes() for row in ([-(2**15), 2**15 - 1, 1], [], [2])]
    samples, lengths = pcm.samples_of(tf.constant(batch))
    np.testing.assert_array_equal(lengths, [3, 0, 1])
    expected = np.array([[-(2**15), 2**15 - 1, 1], [0, 0, 0], [2, 0, 0]]) / 2**15
    np.testing.assert_array_equal(samples, expected.astype(np.float32))
