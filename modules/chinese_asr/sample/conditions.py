"""chinese_asr: what a room, a microphone and what else can be heard make of sample speech.

A room is a response of its own for every recording: the direct sound, and after it noise that
decays exponentially, as late reverberation does. The reverberation time is that of living rooms to
halls.

Source: J. Polack, "La transmission de l'énergie sonore dans les salles" (1988): late reverberation
is noise under an exponential; ISO 3382-2 for the reverberation time, in which it falls by 60 dB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import fftconvolve

from modules.common.runtime.errors import DataError

Samples = npt.NDArray[np.floating]
Range = tuple[float, float]

_FIRST_ECHO_S = 0.002
_MAINS_HZ = (50.0, 60.0)
_HARMONICS = 12
_SWELL_HZ = (0.3, 3.0)
_SWELL_DB = 20.0
_VOICES_OF_CHATTER = 4


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How a recording is made.

    Attributes:
        snr_db: Loudness of the speech over that of the noise.
        noises: Kinds of noise of which one is heard.
        haste: Factor of the voice's rate.
        reverberation_s: Time in which an echo falls by 60 dB; `None` for no room.
        direct_db: Energy of the direct sound over that of all echoes.
    """

    snr_db: Range = (25.0, 50.0)
    noises: tuple[str, ...] = ("hiss",)
    haste: Range = (0.9, 1.1)
    reverberation_s: Range | None = None
    direct_db: Range = (0.0, 0.0)


_ALL_NOISES = ("hiss", "hum", "swell", "chatter")
CONDITIONS = {
    "clean": Condition(),
    "noisy": Condition(snr_db=(5.0, 20.0), noises=_ALL_NOISES),
    "reverberant": Condition(reverberation_s=(0.2, 0.7), direct_db=(-3.0, 6.0)),
    "far": Condition(
        snr_db=(10.0, 20.0),
        noises=_ALL_NOISES,
        reverberation_s=(0.2, 0.7),
        direct_db=(-3.0, 6.0),
    ),
    "fast": Condition(haste=(1.2, 1.5)),
}


def choose(names: str) -> list[str]:
    """Reads a setting that names conditions, parted by commas.

    Raises:
        DataError: If there is none, or one is not known.
    """
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in CONDITIONS]
    if unknown or not chosen:
        raise DataError(
            f"sample_conditions is {names!r}; expected some of {', '.join(CONDITIONS)}, parted by "
            "commas"
        )
    return chosen


def add_room(rng: np.random.Generator, speech: Samples, name: str, rate_hz: int) -> Samples:
    """Has speech sound in a room, where the condition has one.

    Args:
        rng: Draws the room.
        speech: Float samples `[n]`, with silence after it for the last echo.
        name: The condition.
        rate_hz: Sample rate.

    Returns:
        `[n]`.
    """
    condition = CONDITIONS[name]
    if condition.reverberation_s is None:
        return speech
    response = room_response(
        rng, rng.uniform(*condition.reverberation_s), rng.uniform(*condition.direct_db), rate_hz
    )
    return fftconvolve(speech, response)[: len(speech)]


def room_response(
    rng: np.random.Generator, reverberation_s: float, direct_db: float, rate_hz: int
) -> Samples:
    """Draws the response of a room to an impulse.

    Args:
        rng: Draws the echoes.
        reverberation_s: Time in which they fall by 60 dB, after which they are left out.
        direct_db: Energy of the direct sound over that of all echoes.
        rate_hz: Sample rate.

    Returns:
        `[reverberation_s * rate_hz]`; the direct sound is 1, at the first sample.
    """
    count = round(reverberation_s * rate_hz)
    decay = 10.0 ** (-3.0 * np.arange(count) / count)
    echoes = rng.standard_normal(count) * decay
    echoes[: round(_FIRST_ECHO_S * rate_hz)] = 0
    echoes *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(echoes**2))
    echoes[0] = 1.0
    return echoes


def add_noise(
    rng: np.random.Generator,
    speech: Samples,
    loudness: float,
    name: str,
    others: Sequence[Samples],
    rate_hz: int,
) -> Samples:
    """Adds noise as loud as the condition has it.

    Args:
        rng: Draws it.
        speech: `[n]`.
        loudness: Root mean square of the speech, silence left out.
        name: The condition.
        others: What was said before, of which chatter is made; at least one.
        rate_hz: Sample rate.
    """
    condition = CONDITIONS[name]
    kind = condition.noises[rng.integers(len(condition.noises))]
    if kind == "chatter":
        noise = _chatter(rng, len(speech), others)
    else:
        noise = _NOISES[kind](rng, len(speech), rate_hz)
    wanted = loudness * 10 ** (-rng.uniform(*condition.snr_db) / 20)
    return speech + noise * (wanted / np.sqrt(np.mean(noise**2)))


def _hiss(rng: np.random.Generator, count: int, rate_hz: int) -> Samples:
    """Noise `[count]` between white, equally loud in all frequencies, and pink."""
    return _coloured(rng, count, rng.uniform(0, 0.5))


def _hum(rng: np.random.Generator, count: int, rate_hz: int) -> Samples:
    """The mains and its harmonics, and a little hiss."""
    mains_hz = _MAINS_HZ[rng.integers(len(_MAINS_HZ))]
    time_s = np.arange(count) / rate_hz
    hum = np.zeros(count)
    for harmonic in range(1, _HARMONICS + 1):
        phase = rng.uniform(0, 2 * np.pi)
        loudness = rng.uniform(0.2, 1.0) / np.sqrt(harmonic)
        hum += loudness * np.sin(2 * np.pi * harmonic * mains_hz * time_s + phase)
    return hum + 0.3 * _coloured(rng, count, 0.5)


def _swell(rng: np.random.Generator, count: int, rate_hz: int) -> Samples:
    """Low noise that comes and goes, as of passing cars and of wind."""
    time_s = np.arange(count) / rate_hz
    cycles = rng.uniform(*_SWELL_HZ) * time_s + rng.uniform()
    return _coloured(rng, count, 0.8) * 10 ** (_SWELL_DB / 40 * np.sin(2 * np.pi * cycles))


def _chatter(rng: np.random.Generator, count: int, others: Sequence[Samples]) -> Samples:
    """Several people at once, of whom nothing can be understood: what was said, backwards."""
    chatter = np.zeros(count)
    for other in others[-_VOICES_OF_CHATTER:]:
        chatter += np.roll(np.resize(other[::-1], count), rng.integers(count))
    return chatter


_NOISES: dict[str, Callable[[np.random.Generator, int, int], Samples]] = {
    "hiss": _hiss,
    "hum": _hum,
    "swell": _swell,
}


def _coloured(rng: np.random.Generator, count: int, slope: float) -> Samples:
    """Noise `[count]` of deviation 1 whose amplitude falls by frequency to the power of `slope`."""
    spectrum = np.fft.rfft(rng.standard_normal(1 << count.bit_length()))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** -slope
    noise = np.fft.irfft(spectrum)[:count]
    return noise / np.std(noise)
