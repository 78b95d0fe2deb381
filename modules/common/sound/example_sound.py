"""Recordings for the example requests of tasks that hear: a tone that fades, twice.

By the standard library alone, since declarations are imported whenever tasks are listed.
"""

from __future__ import annotations

import array
import io
import math
import wave

RATE_HZ = 16_000
_SECONDS = 0.6
_LOUDNESS = 0.3
_FADING = 8.0


def recording(tone_hz: float) -> bytes:
    """Makes the bytes of a WAV file of 0.6 s, 16 bits, at 16 kHz.

    Args:
        tone_hz: Fundamental frequency.
    """
    samples = array.array("h")
    for number in range(int(_SECONDS * RATE_HZ)):
        time_s = number / RATE_HZ
        fading = _LOUDNESS * math.exp(-_FADING * (time_s % (_SECONDS / 2)))
        angle = 2 * math.pi * tone_hz * time_s
        partials = math.sin(angle) + math.sin(angle * 2) / 2 + math.sin(angle * 3) / 3
        value = fading * partials
        samples.append(round(32767 * value))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(samples.tobytes())
    return file.getvalue()
