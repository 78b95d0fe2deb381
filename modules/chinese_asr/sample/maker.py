"""chinese_asr: sample speech: eSpeak NG's Mandarin voices read generated sentences.

Written in the layout of THCHS-30, split into `train` and `test`: no voice and no sentence is in
both. A voice is a vocal tract (a variant of eSpeak's, longer or shorter), a pitch, a range and a
rate; each is recorded under all conditions, which the folder tells. The sample
shows that the whole chain learns; it is not a measure of what the model can do with people.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from modules.chinese_asr.sample.conditions import (
    CONDITIONS,
    Samples,
    add_noise,
    add_room,
    choose,
)
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
# Said a little slower or faster after it was spoken, so that the vocal tract is longer or shorter.
_TRACT = (0.94, 1.06)
_SILENCE_S = (0.05, 0.3)
_PEAK_DB = (-15.0, -1.0)
_REMEMBERED = 4


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
    """Writes `wav/{train,test}/CONDITION/SPEAKER_NUMBER.wav` and `doc/trans/*.word.txt`.

    Recordings are 16-bit WAV at 16 kHz, one to six seconds long.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_utterances`, how many, of
            which a tenth is in `test`; `sample_voices`, how many read them, of which a fifth is in
            `test`; `sample_text`, `sentences` or `digits`; `sample_conditions`, under which each
            voice is recorded in turn.

    Raises:
        DataError: If eSpeak NG is not installed, or the numbers cannot be.
        LianxiError: If a process that speaks died.
    """
    require()
    conditions = choose(settings.sample_conditions)
    cast = speakers(settings)
    for side in ("train", "test"):
        for condition in conditions:
            (folder / "wav" / side / condition).mkdir(parents=True, exist_ok=True)
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
            threads.submit(_in_new_process, folder, settings.seed, conditions, group)
            for group in groups
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


def _in_new_process(
    folder: Path, seed: int, conditions: Sequence[str], group: Sequence[Speaker]
) -> int:
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
            return executor.submit(_read_aloud, folder, seed, conditions, group).result()
        except BrokenProcessPool as error:
            raise LianxiError(
                "a process that speaks with eSpeak NG died; if memory ran out, close other programs"
            ) from error


def _read_aloud(
    folder: Path, seed: int, conditions: Sequence[str], group: Sequence[Speaker]
) -> int:
    """Writes what some speakers read, one after the other."""
    engine = synthesizer()
    for speaker in group:
        key = int.from_bytes(speaker.name.encode(), "big")
        tract = np.random.default_rng([seed, key]).uniform(*_TRACT)
        said: deque[Samples] = deque(maxlen=_REMEMBERED)
        for number, (name, words) in enumerate(speaker.utterances()):
            # Speakers begin with different ones, so that each is as frequent as the others.
            condition = conditions[(number + int(speaker.name[1:])) % len(conditions)]
            rng = np.random.default_rng([seed, key, number])
            voice = _hasten(speaker.voice, rng.uniform(*CONDITIONS[condition].haste))
            spoken = engine.speak(" ".join(words), voice) / np.float32(32768)
            said.append(resample(spoken, round(engine.rate_hz * tract), SAMPLE_RATE_HZ))
            recorded = _record(rng, said[-1], condition, said)
            path = folder / "wav" / speaker.side / condition / f"{name}.wav"
            path.write_bytes(wav_bytes(recorded, SAMPLE_RATE_HZ))
    return sum(len(speaker.texts) for speaker in group)


def _hasten(voice: Voice, factor: float) -> Voice:
    return replace(voice, words_per_minute=round(voice.words_per_minute * factor))


def _record(
    rng: np.random.Generator, sound: Samples, condition: str, said: Sequence[Samples]
) -> npt.NDArray[np.float32]:
    """What a microphone makes of `sound`: silence around it, a room, noise, another gain."""
    before, after = (int(rng.uniform(*_SILENCE_S) * SAMPLE_RATE_HZ) for _ in range(2))
    speech = add_room(rng, np.pad(sound, (before, after)), condition, SAMPLE_RATE_HZ)
    loudness = float(np.sqrt(np.mean(sound**2)))
    mixed = add_noise(rng, speech, loudness, condition, list(said), SAMPLE_RATE_HZ)
    peak = 10 ** (rng.uniform(*_PEAK_DB) / 20)
    return (mixed / np.abs(mixed).max() * peak).astype(np.float32)
