"""chinese_asr: eSpeak NG's Mandarin voices, through its C library.

The library is one per process and speaks one text at a time. Its flutter and breath noise go on
from one text to the next, so the same samples come only from the same texts in the same order in a
new process.

Source: https://github.com/espeak-ng/espeak-ng, `src/include/espeak-ng/speak_lib.h` of 1.52.
"""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from modules.common.runtime.errors import DataError

_LANGUAGE = "cmn"
_SYNCHRONOUS = 2  # The callback gets the samples during espeak_Synth; nothing is played.
_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_PHONEMES_ASCII = 0
_RATE, _PITCH, _RANGE = 1, 3, 4
_SEED = 1  # Else the clock seeds the breath noise.

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


@dataclass(frozen=True)
class Voice:
    """How a text is read.

    Attributes:
        variant: Name of one of the library's voice variants; it says how the vocal tract is.
        words_per_minute: Rate, 80 to 450. 175 is about four characters a second.
        pitch: Mean pitch, 0 to 99; 50 is the variant's own.
        pitch_range: How lively, 0 to 99; 50 is the variant's own.
    """

    variant: str
    words_per_minute: int
    pitch: int
    pitch_range: int


class Synthesizer:
    """The library of this process.

    Attributes:
        rate_hz: Sample rate of what it says.
    """

    def __init__(self) -> None:
        """Loads the library.

        Raises:
            DataError: If the package `espeakng-loader` is not installed, or has no Mandarin.
        """
        library, data = _is_installed()
        self._library = ctypes.CDLL(library)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self.rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT)
        if self.rate_hz <= 0:
            raise DataError(
                f"eSpeak NG does not start with its data in {data}; install the package "
                "espeakng-loader anew"
            )
        self._variants = {path.name for path in Path(data, "voices", "!v").glob("*")}
        self._blocks: list[npt.NDArray[np.int16]] = []
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: Voice) -> npt.NDArray[np.int16]:
        """Reads a text aloud.

        Args:
            text: Hanzi; blanks between words keep it from reading characters of two as one.
            voice: How.

        Returns:
            Samples `[n]` at `rate_hz`.

        Raises:
            DataError: If there is no such voice, or the library refuses the text.
        """
        self._set_voice(voice.variant)
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
        for parameter, value in (
            (_RATE, voice.words_per_minute),
            (_PITCH, voice.pitch),
            (_RANGE, voice.pitch_range),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._blocks.clear()
        encoded = text.encode()
        status = self._library.espeak_Synth(
            encoded, ctypes.c_size_t(len(encoded) + 1), 0, 1, 0, _CHARS_UTF8, None, None
        )
        if status != 0 or not self._blocks:
            raise DataError(f"eSpeak NG's voice {voice.variant!r} cannot read {text!r}")
        return np.concatenate(self._blocks)

    def phonemes(self, text: str) -> str:
        """What is read for `text`, in eSpeak's letters: syllables with their tones, as `ni214`."""
        self._set_voice("")
        encoded = ctypes.create_string_buffer(text.encode())
        rest = ctypes.c_void_p(ctypes.addressof(encoded))
        clauses = []
        while rest.value:
            found = self._library.espeak_TextToPhonemes(
                ctypes.byref(rest), _CHARS_UTF8, _PHONEMES_ASCII
            )
            clauses.append(found.decode())
        return " ".join(clauses)

    def _set_voice(self, variant: str) -> None:
        name = f"{_LANGUAGE}+{variant}" if variant else _LANGUAGE
        # For a variant that it does not know, the library speaks as if none had been named.
        is_known = not variant or variant in self._variants
        if not is_known or self._library.espeak_SetVoiceByName(name.encode()) != 0:
            raise DataError(
                f"eSpeak NG has no voice {name!r}; install the package espeakng-loader anew"
            )

    def _receive(self, samples: object, count: int, events: object) -> int:
        if samples and count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


@functools.cache
def synthesizer() -> Synthesizer:
    """The one of this process; raises as `Synthesizer` does."""
    return Synthesizer()


def require() -> None:
    """Makes sure that there is something to speak with, without loading it.

    Raises:
        DataError: If the package `espeakng-loader` is not installed; says what to do.
    """
    _is_installed()


def _is_installed() -> tuple[str, str]:
    """Paths of the library and of its data."""
    try:
        import espeakng_loader
    except ImportError as error:
        raise DataError(
            "the sample speech of chinese_asr is read by eSpeak NG, which is not installed: run "
            "`pip install 'lianxi[speech]'`, or pass recordings of your own with --data"
        ) from error
    return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
