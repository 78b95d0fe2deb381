"""MFCC: seconds of sound per second, the pipelines' way against librosa file by file.

    python benchmarks/mfcc.py                      # 40 chirps in noise of 1 to 8 s, from a seed
    python benchmarks/mfcc.py FOLDER --rounds 30   # every wav, flac, ogg and mp3 below the folder

Recordings are decoded, mixed to mono and resampled beforehand; what is timed begins with samples in
memory. "batch" is what Transform calls, all recordings in one call from 16-bit PCM, decoding
included; "one by one" the same function for one recording at a time; librosa gets float samples.
All three take turns within a round, so that a busy machine slows all alike, and their results are
compared in the same run. Ratios are medians of the rounds' ratios: of elapsed time, in which ours
uses every core, and of processor time, which other programs do not lengthen.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import librosa
import numpy as np
import scipy.signal
import tensorflow as tf
from told import tell_figure

from modules.common.sound import audio, pcm

_SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}
_FULL_SCALE = 2**15


class Setting(NamedTuple):
    """How cepstra are taken; the words on the command line, in this order."""

    rate_hz: int
    n_fft: int
    hop: int
    n_mels: int
    n_mfcc: int


DEFAULT_SETTINGS = (Setting(16_000, 512, 320, 40, 20), Setting(22_050, 2048, 512, 128, 20))


def chirps(rate_hz: int, count: int = 40, seed: int = 0) -> list[np.ndarray]:
    """Draws tones that rise through noise, of 1 to 8 s."""
    rng = np.random.default_rng(seed)
    clips = []
    for seconds in rng.uniform(1, 8, count):
        times_s = np.arange(int(seconds * rate_hz)) / rate_hz
        tone = scipy.signal.chirp(times_s, rng.uniform(50, 500), seconds, rng.uniform(1e3, 6e3))
        clips.append(0.5 * tone + 0.05 * rng.standard_normal(len(times_s)))
    return clips


def recordings(folder: Path | None, rate_hz: int) -> list[np.ndarray]:
    """Reads the recordings at a rate, int16 `[n]` each."""
    if folder is None:
        clips = chirps(rate_hz)
    else:
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
        if not paths:
            raise SystemExit(f"expected wav, flac, ogg or mp3 files below {folder}, found none")
        clips = [librosa.load(path, sr=rate_hz)[0] for path in paths]
    return [
        np.clip(np.rint(clip * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2")
        for clip in clips
    ]


def ways(clips: list[np.ndarray], setting: Setting) -> dict[str, Callable[[], list[np.ndarray]]]:
    """The three ways to the cepstra of every clip, `[frames, n_mfcc]` each, ready to be timed."""
    floats = [clip.astype(np.float32) / _FULL_SCALE for clip in clips]
    batch = tf.constant([clip.tobytes() for clip in clips])
    whole = tf.function(
        lambda recordings: pcm.mfcc(recordings, *setting),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    single = tf.function(
        lambda samples: audio.mfcc(samples, *setting),
        input_signature=[tf.TensorSpec([None], tf.float32)],
    )
    rate_hz, n_fft, hop, n_mels, n_mfcc = setting

    def by_batch() -> list[np.ndarray]:
        coefficients, counts = whole(batch)
        rows = zip(coefficients.numpy(), counts.numpy(), strict=True)
        return [row[:count] for row, count in rows]

    def by_librosa() -> list[np.ndarray]:
        return [
            librosa.feature.mfcc(
                y=samples, sr=rate_hz, n_fft=n_fft, hop_length=hop, n_mels=n_mels, n_mfcc=n_mfcc
            ).T
            for samples in floats
        ]

    return {
        "librosa": by_librosa,
        "one by one": lambda: [single(samples).numpy() for samples in floats],
        "batch": by_batch,
    }


def compare(clips: list[np.ndarray], setting: Setting, rounds: int) -> None:
    """Times the three ways in turns and prints a line for each."""
    sound_s = sum(map(len, clips)) / setting.rate_hz
    print(f"{len(clips)} recordings, {sound_s:.0f} s, {setting}")
    runs = ways(clips, setting)
    results = {name: run() for name, run in runs.items()}
    taken_s: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter(), time.process_time()
            run()
            end = time.perf_counter(), time.process_time()
            taken_s[name].append((end[0] - start[0], end[1] - start[1]))
    for name, seconds in taken_s.items():
        differences = [
            np.abs(ours - theirs).max()
            for ours, theirs in zip(results[name], results["librosa"], strict=True)
        ]
        elapsed, processor = np.median(np.divide(taken_s["librosa"], seconds), axis=0)
        print(
            f"  {name:<10}  {sound_s / np.median(seconds, axis=0)[0]:7,.0f} s of sound a second, "
            f"{elapsed:4.1f} x librosa (processor time {processor:.1f} x), "
            f"largest difference {max(differences):.1e} dB"
        )
        if name == "batch":
            tell_figure(f"{setting.rate_hz:,} Hz, elapsed", elapsed)
            tell_figure(f"{setting.rate_hz:,} Hz, processor", processor)


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="recordings; drawn where left out")
    parser.add_argument("--rounds", type=int, default=20, help="turns of each way; default 20")
    parser.add_argument(
        "--setting",
        nargs=5,
        type=int,
        metavar=("RATE_HZ", "N_FFT", "HOP", "N_MELS", "N_MFCC"),
        help="instead of speech at 16 kHz (512 320 40 20) and librosa's defaults at 22.05 kHz",
    )
    given = parser.parse_args()
    for setting in [Setting(*given.setting)] if given.setting else DEFAULT_SETTINGS:
        compare(recordings(given.folder, setting.rate_hz), setting, given.rounds)


if __name__ == "__main__":
    main()
