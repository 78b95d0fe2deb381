"""Spectrograms of recordings, with the pitch over them.

    lianxi sample chinese_asr speech
    python docs/drawing/speech_sheet.py sheet.png speech/wav/train/*/A05_00[0-4].wav

The picture of docs/chinese_asr.md is made with this.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import librosa
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from modules.common.sound.sound_files import read_sound, resample

matplotlib.use("agg")

_RATE_HZ = 16_000
_HOP = 160
_TOP_DB = 60
_PITCH_HZ = (50, 400)


def draw(axes: Axes, path: Path) -> None:
    """Draws one recording: decibels over frequency and time, and the pitch on an axis of its own.

    Args:
        axes: Where.
        path: wav, flac, ogg or mp3.
    """
    samples = resample(*_read(path), _RATE_HZ)
    power = np.abs(librosa.stft(samples, n_fft=512, hop_length=_HOP)) ** 2
    seconds = len(samples) / _RATE_HZ
    axes.imshow(
        librosa.power_to_db(power, ref=np.max, top_db=_TOP_DB),
        origin="lower",
        aspect="auto",
        cmap="magma",
        extent=(0, seconds, 0, _RATE_HZ / 2000),
    )
    pitch_hz, is_voiced, _ = librosa.pyin(
        samples, fmin=_PITCH_HZ[0], fmax=_PITCH_HZ[1], sr=_RATE_HZ, hop_length=_HOP
    )
    over = axes.twinx()
    time_s = np.arange(len(pitch_hz)) * _HOP / _RATE_HZ
    over.plot(time_s, np.where(is_voiced, pitch_hz, np.nan), color="cyan", linewidth=2)
    over.set_ylim(0, _PITCH_HZ[1])
    over.set_ylabel("pitch, Hz")
    axes.set_title(f"{path.parent.name}, {path.stem}", loc="left")
    axes.set_xlabel("s")
    axes.set_ylabel("kHz")


def _read(path: Path) -> tuple[np.ndarray, int]:
    return read_sound(path.read_bytes())


def main() -> None:
    """Reads the arguments and draws."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("picture", type=Path, help="PNG to write")
    parser.add_argument("recordings", type=Path, nargs="+", help="recordings to draw")
    arguments = parser.parse_args()
    columns = min(2, len(arguments.recordings))
    rows = -(-len(arguments.recordings) // columns)
    figure = Figure(figsize=(5 * columns, 2.6 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(arguments.recordings) :]:
        axes.remove()
    for axes, path in zip(grid.flat, arguments.recordings, strict=False):
        draw(axes, path)
    figure.savefig(arguments.picture, dpi=90)


if __name__ == "__main__":
    main()
