"""Makes the data of `benchmarks/scale.py`: as many names, pictures or hours of speech as are asked.

Names are drawn; pictures are drawn, each another; speech is what Lianxi's sample says, linked many
times under other names, so that hours of it take no more of the disk than minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_FIRST_GIVEN = 0x4E00
_GIVEN = 2_000
_BATCH = 50_000
_CLASSES = 5
_SIDE_PX = 224
_SPOKEN = 600
_SPEECH_SETTINGS = {"sample_utterances": _SPOKEN, "sample_voices": 10}


def make_names(folder: Path, count: int) -> None:
    """Writes `names.csv`: names of two or three characters, whose last says the gender in part."""
    rng = np.random.default_rng(1)
    leaning = rng.beta(0.4, 0.4, _GIVEN)
    with (folder / "names.csv").open("w", encoding="utf-8") as file:
        file.write("姓名,性别\n")
        for start in range(0, count, _BATCH):
            rows = min(_BATCH, count - start)
            surname = rng.integers(0, len(_SURNAMES), rows)
            given = rng.integers(0, _GIVEN, (rows, 2))
            is_long = rng.random(rows) < 0.7
            is_male = rng.random(rows) < leaning[given[:, 1]]
            for row in range(rows):
                first = chr(_FIRST_GIVEN + given[row, 0]) if is_long[row] else ""
                name = _SURNAMES[surname[row]] + first + chr(_FIRST_GIVEN + given[row, 1])
                file.write(f"{name},{'男' if is_male[row] else '女'}\n")


def make_pictures(folder: Path, count: int) -> None:
    """Writes JPEG pictures, a folder for each of five classes, of stripes at its own angle."""
    for number in range(_CLASSES):
        (folder / f"class {number}").mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(_draw_picture, folder), range(count), chunksize=200))


def _draw_picture(folder: Path, number: int) -> None:
    rng = np.random.default_rng(number)
    angle = np.pi * (number % _CLASSES) / _CLASSES
    y, x = np.mgrid[:_SIDE_PX, :_SIDE_PX] / _SIDE_PX
    wave = np.sin(2 * np.pi * rng.uniform(4, 8) * (x * np.cos(angle) + y * np.sin(angle)))
    colour = rng.uniform(60, 120, 3)
    pixels = 128 + wave[..., None] * colour + rng.normal(0, 8, (_SIDE_PX, _SIDE_PX, 3))
    path = folder / f"class {number % _CLASSES}" / f"{number:06d}.jpg"
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=85)


def make_speech(folder: Path, hours: float, spoken: Path) -> None:
    """Writes `wav/{train,test}` and `doc/trans` in THCHS-30's layout.

    Args:
        folder: Where.
        hours: Length of all recordings together.
        spoken: Where the recordings that are linked lie; spoken first, if absent.
    """
    if not spoken.is_dir():
        unfinished = spoken.with_suffix(".unfinished")
        subprocess.run([sys.executable, __file__, str(unfinished)], check=True)
        unfinished.rename(spoken)
    left_s = {"train": hours * 3600 * 0.9, "test": hours * 3600 * 0.1}
    (folder / "doc" / "trans").mkdir(parents=True)
    for side, seconds in left_s.items():
        (folder / "wav" / side).mkdir(parents=True)
        lines = (spoken / "doc" / "trans" / f"{side}.word.txt").read_text("utf-8").splitlines()
        with (folder / "doc" / "trans" / f"{side}.word.txt").open("w", encoding="utf-8") as file:
            for number in range(10**6):
                name, _, text = lines[number % len(lines)].partition(" ")
                source = spoken / "wav" / side / f"{name}.wav"
                speaker, _, rest = name.partition("_")
                copy = f"{speaker}c{number // len(lines):03d}_{rest}"
                os.link(source, folder / "wav" / side / f"{copy}.wav")
                file.write(f"{copy} {text}\n")
                # 16-bit mono at 16 kHz, after a header of 44 bytes.
                seconds -= (source.stat().st_size - 44) / 32_000
                if seconds <= 0:
                    break


def _speak(folder: Path) -> None:
    from modules.chinese_asr.sample.maker import write_sample
    from modules.common.declaring.registry import load_task
    from modules.common.declaring.settings import SAMPLE, tell

    told = tell(load_task("chinese_asr").resolve(_SPEECH_SETTINGS), SAMPLE)
    folder.mkdir(parents=True)
    write_sample(folder, told)


if __name__ == "__main__":
    _speak(Path(sys.argv[1]))
