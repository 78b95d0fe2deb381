r"""Whether a corpus's layout is read whole, and what that takes, by `lianxi run --dry-run`.

    python benchmarks/speech_layouts.py thchs30 DIR
    python benchmarks/speech_layouts.py aishell1 DIR --seconds 0.3

Recordings are written in the layout, under the names and in the numbers of the corpus, each a
tone of its own; only they are short. Prints what the dry run counted, with the time of all
processes and the most memory that they had at once. Texts are made of a few hundred characters.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from modules.common.sound.sound_files import wav_bytes

_RATE_HZ = 16_000
_CHARACTERS = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜"
_TEXT = 14
_LOOK_EVERY_S = 0.5


def thchs30() -> Iterator[tuple[str, str, str]]:
    """Gives split, speaker and name of 13,388 utterances of 30 speakers, A to D."""
    for split, count, speakers in (
        ("train", 10_000, [f"{group}{n}" for group in "ABC" for n in (2, 4, 6, 7, 8, 9, 11)]),
        ("dev", 893, [f"{group}{n}" for group in "ABC" for n in (2, 4, 6, 7, 8, 9, 11)]),
        ("test", 2495, [f"D{n}" for n in (4, 6, 7, 8, 11, 12, 13, 21, 31)]),
    ):
        for number in range(count):
            speaker = speakers[number % len(speakers)]
            offset = {"train": 0, "dev": 500, "test": 750}[split]
            yield split, speaker, f"{speaker}_{offset + number // len(speakers)}"


def aishell1() -> Iterator[tuple[str, str, str]]:
    """Gives split, speaker and name of 141,600 utterances of 400 speakers."""
    first = 2
    for split, count, speakers in (
        ("train", 120_098, 340),
        ("dev", 14_326, 40),
        ("test", 7176, 20),
    ):
        for number in range(count):
            speaker = f"S{first + number % speakers:04d}"
            yield split, speaker, f"BAC009{speaker}W{122 + number // speakers:04d}"
        first += speakers


def write_thchs30(folder: Path, seconds: float) -> int:
    """Writes `data/*.wav`, each with a `.wav.trn`, and links to them in a folder for each split."""
    count = 0
    (folder / "data").mkdir(parents=True)
    for split, _, name in thchs30():
        (folder / "data" / f"{name}.wav").write_bytes(_tone(count, seconds))
        text = f"{' '.join(_text(count))}\npin1 yin1\np in1 y in1\n"
        (folder / "data" / f"{name}.wav.trn").write_text(text, encoding="utf-8")
        (folder / split).mkdir(exist_ok=True)
        (folder / split / f"{name}.wav").symlink_to(f"../data/{name}.wav")
        count += 1
    return count


def write_aishell1(folder: Path, seconds: float) -> int:
    """Writes `wav/SPLIT/SPEAKER/*.wav` and one transcript of all, its words parted by blanks."""
    lines = []
    for number, (split, speaker, name) in enumerate(aishell1()):
        path = folder / "wav" / split / speaker / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_tone(number, seconds))
        lines.append(f"{name} {' '.join(_text(number))}\n")
    (folder / "transcript").mkdir()
    transcript = folder / "transcript" / "aishell_transcript_v0.8.txt"
    transcript.write_text("".join(lines), encoding="utf-8")
    return len(lines)


def _tone(number: int, seconds: float) -> bytes:
    time_s = np.arange(round(seconds * _RATE_HZ)) / _RATE_HZ
    samples = 0.3 * np.sin(2 * np.pi * (100 + number % 3000) * time_s)
    return wav_bytes(samples.astype(np.float32), _RATE_HZ)


def _text(number: int) -> str:
    rng = np.random.default_rng(number)
    return "".join(_CHARACTERS[place] for place in rng.integers(0, len(_CHARACTERS), _TEXT))


def memory_mib(pid: int) -> float:
    """Adds up what a process and those that it started hold, by proportional shares."""
    try:
        shares = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        own = next(int(line.split()[1]) for line in shares.splitlines() if line.startswith("Pss:"))
        children = Path(f"/proc/{pid}/task").glob("*/children")
        started = {int(child) for path in children for child in path.read_text().split()}
        return own / 1024 + sum(map(memory_mib, started))
    except (OSError, StopIteration):
        return 0.0


def main() -> None:
    """Writes a corpus where it is not there yet, reads it, and prints what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", choices=["thchs30", "aishell1"])
    parser.add_argument("folder", type=Path, help="where recordings and the run are kept")
    parser.add_argument("--seconds", type=float, default=0.3, help="length of a recording")
    chosen = parser.parse_args()
    data = chosen.folder / chosen.corpus
    if not data.exists():
        began_s = time.perf_counter()
        write = {"thchs30": write_thchs30, "aishell1": write_aishell1}[chosen.corpus]
        count = write(data, chosen.seconds)
        print(f"wrote {count:,} recordings in {time.perf_counter() - began_s:.0f} s", flush=True)
    line = [str(Path(sys.executable).parent / "lianxi"), "run", "chinese_asr", "--dry-run"]
    line += ["--json", "--no-cache", "--data", str(data), "--root", str(chosen.folder / "runs")]
    began_s, peak_mib = time.perf_counter(), 0.0
    run = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    watching = threading.Event()

    def watch() -> None:
        nonlocal peak_mib
        while not watching.wait(_LOOK_EVERY_S):
            peak_mib = max(peak_mib, memory_mib(run.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, _ = run.communicate()
    watching.set()
    watcher.join()
    wall_s, times = time.perf_counter() - began_s, os.times()
    told = json.loads(out)
    found = told["dry_run"]
    print(json.dumps({name: found[name] for name in ("by_split", "amounts")}, ensure_ascii=False))
    print(f"quarantined {found['quarantined']}, set aside {found['set_aside']}")
    for each in told["components"]:
        print(f"{each['name']:18}{each['seconds']:8.1f} s")
    cpu_s = times.children_user + times.children_system
    print(f"{wall_s:.0f} s, {cpu_s:.0f} s of the processor, at most {peak_mib:,.0f} MiB")


if __name__ == "__main__":
    main()
