"""chinese_asr: sample speech: eSpeak NG's Mandarin voices read generated sentences.

Written in the layout of THCHS-30, split into `train` and `test`: no voice and no sentence is in
both. A voice is a vocal tract (a variant of eSpeak's), a pitch, a range and a rate. The sample
shows that the whole chain learns; it is not a measure of what the model can do with people.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from modules.chinese_asr.sample.espeak import Voice, require, synthesizer
from modules.chinese_asr.sample.sentences import Words, sentences
from modules.chinese_asr.task import Settings
from modules.common.runtime import progress
from modules.common.runtime.errors import LianxiError
from modules.common.sound.sound_files import resample, wav_bytes

SAMPLE_RATE_HZ = 16_000

# Variants of the vocal tract that are voiced throughout and read at the library's normal rate:
# no whisper, croak or robot. Those of the two sides are no near copies of each other.
TRAIN_VARIANTS = (
    *("max", "f2", "Mike", "f4", "m3", "belinda", "Alex", "f5", "ed", "Annie", "m7", "steph"),
    *("paul", "aunty", "robert", "linda", "m4", "miguel", "Reed", "adam"),
    *("john", "grandma", "Nguyen", "benjamin", "Gene", "iven3", "m6", "Michael", "Hugo", "edward"),
)
EVAL_VARIANTS = ("f1", "m8", "f3", "sandro", "Mario")

# A new process takes longer to start than a voice of a small sample takes to read.
_VOICES_PER_PROCESS = 3
_EVAL_SHARE = 0.1
_EVAL_VOICES_SHARE = 0.2
_WORDS_PER_MINUTE = (160, 236)
_PITCH = (30, 71)
_PITCH_RANGE = (35, 66)
_SILENCE_S = (0.05, 0.3)
_SNR_DB = (25.0, 50.0)
_PEAK_DB = (-15.0, -1.0)


@dataclass(frozen=True)
class Speaker:
    """A voice and what it reads.

    Attributes:
        name: As in file names: `A01` and on for training, `D01` and on held out.
        side: `train` or `test`.
        voice: How it sounds.
        texts: Words of each utterance.
    """

    name: str
    side: str
    voice: Voice
    texts: tuple[Words, ...]

    def utterances(self) -> list[tuple[str, Words]]:
        """Name, as in `A01_000`, and words of each utterance."""
        return [(f"{self.name}_{number:03d}", words) for number, words in enumerate(self.texts)]


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `wav/{train,test}/SPEAKER_NUMBER.wav` and `doc/trans/{train,test}.word.txt`.

    Recordings are 16-bit WAV at 16 kHz, one to six seconds long.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_utterances`, how many, of
            which a tenth is in `test`; `sample_voices`, how many read them, of which a fifth is in
            `test`; `sample_text`, `sentences` or `digits`.

    Raises:
        DataError: If eSpeak NG is not installed, or the numbers cannot be.
        LianxiError: If a process that speaks died.
    """
    require()
    cast = speakers(settings)
    for side in ("train", "test"):
        (folder / "wav" / side).mkdir(parents=True, exist_ok=True)
        lines = [
            f"{name} {' '.join(words)}\n"
            for speaker in cast
            if speaker.side == side
            for name, words in speaker.utterances()
        ]
        transcript = folder / "doc" / "trans" / f"{side}.word.txt"
        transcript.parent.mkdir(parents=True, exist_ok=True)
        transcript.write_text("".join(lines), encoding="utf-8")
    groups = [
        cast[start : start + _VOICES_PER_PROCESS]
        for start in range(0, len(cast), _VOICES_PER_PROCESS)
    ]
    done, total = 0, sum(len(speaker.texts) for speaker in cast)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        readings = [
            threads.submit(_in_new_process, folder, settings.seed, group) for group in groups
        ]
        try:
            for reading in as_completed(readings):
                done += reading.result()
                progress.report(progress.Progress(done=done, total=total, unit="recording"))
        finally:
            threads.shutdown(cancel_futures=True)


def speakers(settings: Settings) -> list[Speaker]:
    """The cast: voices and sentences of either side, none in both.

    Args:
        settings: As in `write_sample`.

    Raises:
        DataError: If there is no such text.
    """
    utterances, voices = settings.sample_utterances, settings.sample_voices
    texts = sentences(settings.sample_text, utterances, settings.seed)
    held_out = max(round(_EVAL_SHARE * utterances), 1)
    heard = max(round(_EVAL_VOICES_SHARE * voices), 1)
    rng = np.random.default_rng(settings.seed)
    ways = _settings(rng, voices)
    sides = (
        ("train", "A", TRAIN_VARIANTS, ways[heard:], texts[held_out:]),
        ("test", "D", EVAL_VARIANTS, ways[:heard], texts[:held_out]),
    )
    return [
        Speaker(
            name=f"{letter}{number + 1:02d}",
            side=side,
            voice=Voice(variants[number % len(variants)], *drawn),
            texts=tuple(read[number :: len(chosen)]),
        )
        for side, letter, variants, chosen, read in sides
        for number, drawn in enumerate(chosen)
    ]


def _settings(rng: np.random.Generator, count: int) -> list[tuple[int, int, int]]:
    """Different rates, pitches and ranges, in an order of chance."""
    found: dict[tuple[int, int, int], None] = {}
    while len(found) < count:
        drawn = (rng.integers(*bounds) for bounds in (_WORDS_PER_MINUTE, _PITCH, _PITCH_RANGE))
        rate, pitch, pitch_range = (int(value) for value in drawn)
        found[rate, pitch, pitch_range] = None
    return list(found)


def _in_new_process(folder: Path, seed: int, group: Sequence[Speaker]) -> int:
    """Has some speakers read in a new process, so that the same seed gives the same samples.

    Returns:
        How many recordings were written.
    """
    executor = ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    with executor:
        try:
            return executor.submit(_read_aloud, folder, seed, group).result()
        except BrokenProcessPool as error:
            raise LianxiError(
                "a process that speaks with eSpeak NG died; if memory ran out, close other programs"
            ) from error


def _read_aloud(folder: Path, seed: int, group: Sequence[Speaker]) -> int:
    """Writes what some speakers read, one after the other."""
    engine = synthesizer()
    for speaker in group:
        key = int.from_bytes(speaker.name.encode(), "big")
        for number, (name, words) in enumerate(speaker.utterances()):
            spoken = engine.speak(" ".join(words), speaker.voice)
            sound = resample(spoken / np.float32(32768), engine.rate_hz, SAMPLE_RATE_HZ)
            recorded = _record(np.random.default_rng([seed, key, number]), sound)
            path = folder / "wav" / speaker.side / f"{name}.wav"
            path.write_bytes(wav_bytes(recorded, SAMPLE_RATE_HZ))
    return sum(len(speaker.texts) for speaker in group)


def _record(rng: np.random.Generator, sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What a microphone in a room makes of `sound`: silence around it, noise, another gain."""
    before, after = (int(rng.uniform(*_SILENCE_S) * SAMPLE_RATE_HZ) for _ in range(2))
    speech = np.pad(sound, (before, after))
    noise = _noise(rng, len(speech))
    noise_rms = np.sqrt(np.mean(sound**2)) * 10 ** (-rng.uniform(*_SNR_DB) / 20)
    mixed = speech + noise / np.sqrt(np.mean(noise**2)) * noise_rms
    peak = 10 ** (rng.uniform(*_PEAK_DB) / 20)
    return (mixed / np.abs(mixed).max() * peak).astype(np.float32)


def _noise(rng: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    """Noise `[count]` between white, equally loud in all frequencies, and pink."""
    spectrum = np.fft.rfft(rng.standard_normal(1 << count.bit_length()))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** -rng.uniform(0, 0.5)
    return np.fft.irfft(spectrum)[:count]
