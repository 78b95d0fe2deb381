"""Sound files, read and written outside the graph: at ingestion and at the command line.

Four kinds are read: WAV, FLAC, Ogg (Vorbis and Opus) and MP3, of any rate, sample format and
number of channels. No TensorFlow; the graph reads WAV itself, in `modules.common.wav`.
"""

from __future__ import annotations

import io
import math
import wave
import zlib

import numpy as np
import soundfile
import soxr

PCM16_FULL_SCALE = 32768.0
"""What a sample of 1.0 is as a 16-bit integer."""

# Frames decoded at once: the channels of a long recording are never in memory together.
_BLOCK_FRAMES = 1 << 18
_OGG_HEADER_BYTES = 27
_OGG_LAST_PAGE = 4
_MIRRORED_BYTES = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


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
    _check_not_cut_off(contents)
    try:
        with soundfile.SoundFile(io.BytesIO(contents)) as file:
            declared, rate_hz = int(file.frames), int(file.samplerate)
            if declared > max_seconds * rate_hz:
                raise ValueError(
                    f"the recording lasts {declared / rate_hz:.1f} s, more than the "
                    f"{max_seconds:g} s that are read"
                )
            samples = _decode(file, declared)
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


def resampled(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
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


def is_wav(contents: bytes) -> bool:
    """Tells whether a file begins as a WAV file does."""
    return contents[:4] == b"RIFF" and contents[8:12] == b"WAVE"


def _decode(file: soundfile.SoundFile, declared: int) -> np.ndarray:
    """Reads up to the declared length, or to where decoding fails."""
    blocks = []
    done = 0
    while done < declared:
        try:
            block = file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            break
        if not len(block):
            break
        blocks.append(block.mean(axis=1))
        done += len(block)
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _check_not_cut_off(contents: bytes) -> None:
    """Raises `ValueError` for a cut that libsndfile does not tell of: it reads what is left."""
    if is_wav(contents):
        _check_wav(contents)
    elif contents[:4] == b"OggS":
        _check_ogg(contents)


def _check_wav(contents: bytes) -> None:
    position = 12
    while position + 8 <= len(contents):
        size = int.from_bytes(contents[position + 4 : position + 8], "little")
        left = len(contents) - position - 8
        if contents[position : position + 4] == b"data":
            if size > left:
                raise ValueError(
                    f"the WAV file is cut off: its header declares {size:,} bytes of samples, "
                    f"{left:,} follow"
                )
            return
        position += 8 + size + size % 2
    raise ValueError("the WAV file has no samples' chunk; is it cut off?")


def _check_ogg(contents: bytes) -> None:
    """Walks the pages: a decoder passes over damaged ones, and says nothing of missing ones."""
    position, number, is_last = 0, 0, False
    while contents[position : position + 4] == b"OggS":
        number += 1
        segments = int.from_bytes(contents[position + 26 : position + 27], "little")
        end = position + _OGG_HEADER_BYTES + segments
        end += sum(contents[position + _OGG_HEADER_BYTES : end])
        page = contents[position:end]
        if len(page) < max(end - position, _OGG_HEADER_BYTES):
            raise ValueError(f"the Ogg file is cut off within its page {number}")
        if _ogg_checksum(page) != int.from_bytes(page[22:26], "little"):
            raise ValueError(f"the Ogg file is damaged: the checksum of its page {number} is wrong")
        is_last = bool(page[5] & _OGG_LAST_PAGE)
        position = end
    if not is_last:
        what = "damaged" if position < len(contents) else "cut off"
        raise ValueError(f"the Ogg file is {what} after its page {number}, which is not the last")


def _ogg_checksum(page: bytes) -> int:
    """Ogg's CRC has zlib's polynomial, but takes bits in the other order and begins with zeros."""
    mirrored = (page[:22] + bytes(4) + page[26:]).translate(_MIRRORED_BYTES)
    checksum = zlib.crc32(mirrored, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(checksum.to_bytes(4, "little").translate(_MIRRORED_BYTES), "big")
