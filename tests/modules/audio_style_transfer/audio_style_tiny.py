"""A tiny network, sounds and a servable, for the tests of audio_style_transfer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import soundfile
import tensorflow as tf

from modules.audio_style_transfer import transfer
from modules.audio_style_transfer.model import build_model
from modules.audio_style_transfer.network import CONTENT_SECONDS, WIDTH_FRAMES, Network
from modules.audio_style_transfer.sample import maker
from modules.audio_style_transfer.signatures import AudioStyleTransferServable
from modules.audio_style_transfer.task import TASK, Settings

BINS, FILTERS, HOP, RATE_HZ = 9, 12, 256, 11025
SMOKE = TASK.resolve({"precision": "float32"}, smoke=True)
TINY = TASK.resolve(
    {"precision": "float32", "n_fft": 256, "filters": 16, "phase_rounds": 4}, smoke=True
)


def network(seed: int = 1, filters: int = FILTERS) -> Network:
    """A network of a few bins."""
    rng = np.random.default_rng(seed)
    kernel = rng.standard_normal((WIDTH_FRAMES * BINS, filters)).astype(np.float32) / 8
    return Network(tf.constant(kernel), HOP, CONTENT_SECONDS * RATE_HZ / HOP)


def frames(count: int, seed: int) -> np.ndarray:
    """Log magnitudes, float32 `[count, BINS]`."""
    rng = np.random.default_rng(seed)
    return np.square(rng.standard_normal((count, BINS))).astype(np.float32)


def melody(seconds: float, tones_hz: tuple[float, ...], rate_hz: int = RATE_HZ) -> np.ndarray:
    """Tones that fade, five a second, one after the other; float32 `[n]`."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    tone_hz = np.asarray(tones_hz)[(time_s * 5).astype(int) % len(tones_hz)]
    tone = np.sin(2 * np.pi * np.cumsum(tone_hz) / rate_hz)
    return (0.5 * tone * np.exp(-6 * (time_s % 0.2))).astype(np.float32)


def clips(folder: Path) -> list[np.ndarray]:
    """A plucked melody, a rhythm and a voice of the sample, at `RATE_HZ`; float32 `[n]` each."""
    maker.write_sample(folder, Settings(seed=3, sample_clips=3))
    paths = sorted(folder.iterdir())
    return [soundfile.read(path, dtype="float32")[0][::2] for path in paths]


class NoTransform:
    """In place of Transform's output: answers need none of it."""

    def transform_features_layer(self) -> SimpleNamespace:
        return SimpleNamespace(_saved_model_loader_tracked_dict={})

    def raw_feature_spec(self) -> dict[str, tf.io.FixedLenFeature]:
        return {
            "pcm": tf.io.FixedLenFeature([1], tf.string),
            "name": tf.io.FixedLenFeature([1], tf.string),
        }


class Answering(AudioStyleTransferServable):
    """Takes excerpts as they are in place of Transform's graph."""

    excerpts: Any = None

    def transform(self, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"excerpt": tf.constant(self.excerpts)}


def servable(settings: Settings, style: np.ndarray) -> Answering:
    """A servable whose evaluation takes `style`."""
    return Answering(
        TASK,
        settings,
        build_model(settings, None),
        NoTransform(),  # type: ignore[arg-type]
        {"style": style},
    )


def sizes(settings: Settings) -> transfer.Sizes:
    """How sounds are cut up."""
    return transfer.Sizes.of(settings)
