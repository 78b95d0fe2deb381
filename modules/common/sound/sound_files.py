"""Sound files, read and written outside the graph: at ingestion and at the command line.

Four kinds are read: WAV, FLAC, Ogg (Vorbis and Opus) and MP3, of any rate, sample format and
number of channels. No TensorFlow; the graph reads WAV itself, in `modules.common.sound.wav`.
"""

from __future__ import annotations

import io
import math
import wave

import numpy as np
import soundfile
import soxr

from modules.common.sound.sound_checks import check_whole

PCM16_FULL_SCALE = 32768.0
"""What a sample of 1.0 is as a 16-bit integer."""

# Frames decoded at once: the channels of a long recording are never in memory together.
_BLOCK_FRAMES = 1 << 18


def read_sound(contents: bytes, max_seconds: float = math.inf) -> tuple[np.ndarray, int]:
    """Decodes a recording whole and mixes it to mono.

    Args:
        contents: The file's bytes: wav, flac, ogg or mp3.
        max_seconds: A recording that lasts longer is refused before it is decoded, by the length
            that its header declares.

    Returns:
        The mean of the channels, float32 `[n]` in [-1, 1] (beyond, where a file of floats or a
        lossy one holds that), and the rate in Hz.

    Raises:
        ValueError: With the reason, where it does not decode, is cut off or damaged, lasts too
            long, or holds no samples, or samples that are not numbers.
    """
    if not contents:
        raise ValueError("the file is empty")
    counted = check_whole(contents)
    try:
        with soundfile.SoundFile(io.BytesIO(contents)) as file:
            frames, rate_hz = int(file.frames), int(file.samplerate)
            declared = frames if counted is None else min(frames, counted)
            if declared > max_seconds * rate_hz:
                raise ValueError(
                    f"the recording lasts {declared / rate_hz:.1f} s, more than the "
                    f"{max_seconds:g} s that are read"
                )
            samples = _decode(file, frames)
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"expected wav, flac, ogg or mp3, found what does not decode: {error.error_string}"
        ) from error
    if len(samples) < declared:
        raise ValueError(
            f"the recording is cut off or damaged: its header declares {declared:,} samples, "
            f"{len(samples):,} decode"
        )
    if not len(samples):
        raise ValueError("the recording holds no samples")
    if not np.isfinite(samples).all():
        raise ValueError("the recording holds samples that are not numbers")
    return samples, rate_hz


def resample(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Changes the sample rate, band-limited (SoX resampler, high quality).

    Args:
        samples: float32 `[n]`.
        from_hz: Their rate.
        to_hz: Wanted rate.

    Returns:
        float32 `[about n * to_hz / from_hz]`; the samples themselves where the rates agree.
    """
    if from_hz == to_hz:
        return samples
    wanted: np.ndarray = soxr.resample(samples.astype(np.float32), from_hz, to_hz, quality="HQ")
    return wanted


def pcm16(samples: np.ndarray) -> bytes:
    """Codes mono samples as 16-bit PCM, half the size of floats.

    Args:
        samples: Floating point `[n]`; what is beyond [-1, 1] is clipped.

    Returns:
        Little-endian signed integers, 2 bytes a sample; 16-bit sound goes through unchanged.
    """
    scaled = np.rint(np.asarray(samples, np.float64) * PCM16_FULL_SCALE)
    clipped = np.clip(scaled, -PCM16_FULL_SCALE, PCM16_FULL_SCALE - 1)
    coded: bytes = clipped.astype("<i2").tobytes()
    return coded


def wav_bytes(samples: np.ndarray, rate_hz: int) -> bytes:
    """Makes a 16-bit mono WAV file.

    Args:
        samples: Floating point `[n]`; what is beyond [-1, 1] is clipped.
        rate_hz: Their rate.
    """
    encoded = io.BytesIO()
    with wave.open(encoded, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm16(samples))
    return encoded.getvalue()


def _decode(file: soundfile.SoundFile, frames: int) -> np.ndarray:
    """Reads up to the expected length, or to where decoding fails."""
    blocks = []
    done = 0
    while done < frames:
        try:
            block = file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            break
        if not len(block):
            break
        blocks.append(block.mean(axis=1))
        done += len(block)
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
