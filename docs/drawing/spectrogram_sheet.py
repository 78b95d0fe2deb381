"""Spectrograms of recordings side by side, for a page: mel bands in dB, seconds across, Hz up.

    python docs/drawing/spectrogram_sheet.py content.ogg style.ogg result.wav --out sheet.png
    python docs/drawing/spectrogram_sheet.py a.wav b.wav --titles before after --seconds 5

Every recording is brought to one rate, so that the axes are the same; so are the colours, which
span 80 dB below each recording's own loudest.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import librosa
import matplotlib
import numpy as np

matplotlib.use("agg")
import matplotlib.pyplot as plt
from PIL import Image

from modules.common.sound import audio

N_FFT, HOP, BANDS = 2048, 256, 160
_TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000, 16000)
_COLOURS = 64


def levels_db(path: Path, rate_hz: int, seconds: float | None) -> np.ndarray:
    """Reads a recording; mel levels below its own loudest, `[frames, bands]`, -80 to 0 dB."""
    samples, _ = librosa.load(path, sr=rate_hz, duration=seconds)
    levels = audio.decibels(audio.mel(samples, rate_hz, N_FFT, HOP, BANDS)).numpy()
    return levels - levels.max()


def draw(
    sheets: list[np.ndarray], titles: list[str], rate_hz: int, panel_in: tuple[float, float]
) -> plt.Figure:
    """Draws a panel for each recording, as wide as it is long."""
    longest = max(len(levels) for levels in sheets)
    figure, panels = plt.subplots(
        1,
        len(sheets),
        sharey=True,
        squeeze=False,
        layout="constrained",
        figsize=(panel_in[0] * sum(len(levels) / longest for levels in sheets) + 1.2, panel_in[1]),
        width_ratios=[len(levels) for levels in sheets],
    )
    centres_hz = librosa.mel_frequencies(n_mels=BANDS + 2, fmax=rate_hz / 2)[1:-1]
    ticks_hz = [tick for tick in _TICKS_HZ if centres_hz[0] < tick < centres_hz[-1]]
    for panel, levels, title in zip(panels[0], sheets, titles, strict=True):
        picture = panel.imshow(
            levels.T,
            origin="lower",
            aspect="auto",
            cmap=plt.get_cmap("magma", _COLOURS),
            vmin=-audio.TOP_DB,
            vmax=0,
            extent=(0, len(levels) * HOP / rate_hz, -0.5, BANDS - 0.5),
        )
        panel.set_title(title)
        panel.set_xlabel("s")
    panels[0][0].set_ylabel("Hz")
    panels[0][0].set_yticks(np.interp(ticks_hz, centres_hz, np.arange(BANDS)), ticks_hz)
    figure.colorbar(picture, ax=panels[0].tolist(), label="dB", pad=0.01)
    return figure


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", nargs="+", type=Path, help="wav, flac, ogg or mp3")
    parser.add_argument("--titles", nargs="+", help="one each; default: the files' names")
    parser.add_argument("--rate-hz", type=int, default=16_000, help="default 16000")
    parser.add_argument("--seconds", type=float, help="only the first; default: all")
    parser.add_argument("--panel-in", nargs=2, type=float, default=(4.0, 3.0), metavar=("W", "H"))
    parser.add_argument("--out", type=Path, default=Path("spectrograms.png"))
    given = parser.parse_args()
    titles = given.titles or [path.stem for path in given.recordings]
    if len(titles) != len(given.recordings):
        parser.error(f"{len(given.recordings)} recordings need as many titles, got {len(titles)}")
    sheets = [levels_db(path, given.rate_hz, given.seconds) for path in given.recordings]
    draw(sheets, titles, given.rate_hz, tuple(given.panel_in)).savefig(given.out, dpi=100)
    # A palette halves the file: the sounds' colours, and as many greys of the letters.
    Image.open(given.out).convert("RGB").quantize(2 * _COLOURS).save(given.out, optimize=True)


if __name__ == "__main__":
    main()
