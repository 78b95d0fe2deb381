"""Reads one recording as PCM at the task's rate. Light: for processes without TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np

from components.example_gen.file_bytes import read_file
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Record, Reject
from modules.common.declaring.sources import SkipFile
from modules.common.sound.settings import SpeechSettings
from modules.common.sound.sound_files import pcm16, read_sound, resample

MIN_SECONDS = 0.1
"""Less is no speech and no music, and no window of a spectrum."""
SILENCE_PEAK_DBFS = -80.0
"""A peak below this is silence: under 4 of the 32,768 steps of 16 bits."""


def read_recording(
    path: str, config: ReadConfig, records: Callable[[bytes], Iterator[Record]]
) -> Iterator[Record | Reject]:
    """Reads a recording, or says why not.

    Args:
        path: Relative to the data folder.
        config: Its settings have `sample_rate_hz` and `max_seconds`, perhaps
            `min_file_bytes`.
        records: Makes records of the PCM.

    Yields:
        What `records` gives, or one reject.
    """
    try:
        pcm = read_pcm(path, config)
    except SkipFile as error:
        yield Reject(path, "", str(error), SET_ASIDE)
    except OSError as error:
        yield Reject(path, "", f"the file cannot be read: {error.strerror or error}")
    except ValueError as error:
        yield Reject(path, "", str(error))
    else:
        yield from records(pcm)


def read_pcm(path: str, config: ReadConfig) -> bytes:
    """Decodes a recording, mixes it to mono and resamples it.

    Args:
        path: Relative to the data folder.
        config: As for `read_recording`.

    Returns:
        16-bit little-endian mono PCM at `sample_rate_hz`.

    Raises:
        SkipFile: If the file is smaller than is wanted.
        OSError: If it cannot be read.
        ValueError: With the reason, if it cannot be used.
    """
    contents = read_file(os.path.join(config.data_dir, path))
    settings = config.settings
    least_bytes = settings.min_file_bytes if isinstance(settings, SpeechSettings) else 0
    if contents and len(contents) < least_bytes:
        raise SkipFile(f"{len(contents):,} bytes, fewer than min_file_bytes={least_bytes}")
    samples, rate_hz = read_sound(contents, settings.max_seconds)
    seconds = len(samples) / rate_hz
    if seconds < MIN_SECONDS:
        raise ValueError(f"the recording lasts {seconds:.3f} s, less than {MIN_SECONDS:g} s")
    if np.abs(samples).max() < 10 ** (SILENCE_PEAK_DBFS / 20):
        raise ValueError(
            f"the recording is silent: mixed to mono, its peak is below {SILENCE_PEAK_DBFS:g} dBFS"
        )
    return pcm16(resample(samples, rate_hz, settings.sample_rate_hz))
